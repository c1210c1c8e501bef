// SPDX-License-Identifier: GPL-2.0-or-later
// A thread, Linux's task_struct: CPU context, signal state, thread flags.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernel_model/abi/signal.h"
#include "kernel_model/files/credentials.h"
#include "kernel_model/files/fd_table.h"
#include "kernel_model/seccomp/filter.h"
#include "kernel_model/spaces/pid_namespace.h"
#include "kernel_model/task/futex.h"
#include "kernel_model/task/io_counts.h"
#include "kernel_model/task/rseq_state.h"
#include "kernel_model/task/sched_class.h"
#include "kernel_model/task/signal_queue.h"
#include "kernel_model/task/trace.h"
#include "kernel_model/wait/timers.h"
#include "kernel_model/wait/wait_queue.h"
#include "sim/base/units.h"
#include "sim/cpu/cpu.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

struct Process;
class Scheduler;

// Blocked: in a system call, which is entered again on a wake-up. Dead: a zombie until it is
// reaped.
enum class TaskState { Runnable, Blocked, Stopped, Dead };

// What the function of a system call returns when a signal ends its wait; the way back to EL0
// decides by it (do_signal). All but Intr let the call go on where no handler is entered; with one
// RestartSys repeats the call under SA_RESTART, RestartNoIntr always, the others never.
enum class Interrupted : std::uint8_t {
    RestartSys,     // ERESTARTSYS
    RestartNoHand,  // ERESTARTNOHAND
    RestartNoIntr,  // ERESTARTNOINTR
    RestartBlock,   // ERESTART_RESTARTBLOCK: goes on as restart_syscall, until the same deadline
    Intr,           // EINTR
};

// A call that restart_syscall goes on with (struct restart_block).
struct RestartedCall {
    std::uint32_t number = 0;
    std::uint64_t deadline_ns = 0;  // Task::wait_deadline_ns
    std::uint64_t progress = 0;     // Task::call_progress
};

inline constexpr std::uint64_t kUsualSlackNs = 50000;
inline constexpr std::uint64_t kNoDeadline = ~std::uint64_t{0};

// Per-task state of the probe layer (the kernel's struct uprobe_task); opaque here, freed with the
// task and at exec.
struct TaskExtension {
    virtual ~TaskExtension() = default;
};

struct AltStack {
    VAddr sp;
    std::uint64_t size = 0;
    std::uint32_t flags = 2;  // SS_DISABLE
};

struct Task final : Waiter {
    Task() = default;
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    // First of all members: destroying those below may close an end of a FIFO, which wakes these
    // queues.
    ~Task() override { leave_queues(); }

    TaskId id;
    std::shared_ptr<const PidNumbers> numbers;  // in namespaces below the first; null: none
    Pid pid() const { return {id.value, numbers}; }
    std::uint64_t start_ns = 0;  // CLOCK_BOOTTIME of its start
    Process* process = nullptr;
    std::shared_ptr<const Credentials> cred = std::make_shared<Credentials>();
    ContextId context{};
    TaskState state = TaskState::Runnable;
    // --- scheduling; null without a scheduler (tests of handlers)
    Scheduler* scheduler = nullptr;
    unsigned cpu = 0;                            // on which it runs, is queued, or ran last
    std::uint64_t affinity = ~std::uint64_t{0};  // bit: CPU
    std::int32_t nice = 0;
    SchedClass sched;  // after a change of these, Scheduler::changed()
    SchedPast past;
    std::uint16_t io_priority = 0;                 // ioprio_set's
    std::uint64_t timer_slack_ns = kUsualSlackNs;  // kept, and not applied
    std::uint64_t default_slack_ns = kUsualSlackNs;
    // The part of its context's work that is already in task records: a task that calls execve
    // takes over the id of its process.
    InsnCount recorded_insns;
    CentiCycles recorded_cycles;
    CentiCycles user_cycles;       // of its context, already in a CPU's clock
    CentiCycles former_kernel;     // charged to its id before it had it
    bool resumes_call = false;     // Runnable, and will enter its blocked call again
    bool waits_in_fault = false;   // Blocked at EL0: userfaultfd was asked for a page
    bool stopped_in_call = false;  // Stopped while Blocked
    bool was_stopped = false;      // and continued, but has not entered its call again

    // The system call of a Blocked task. A handler with a timeout sets `wait_deadline_ns`
    // (CLOCK_MONOTONIC) at its first entry, when it is kNoDeadline, and returns Block; the kernel
    // enters the call again no later than that. The dispatcher resets it when the call ends.
    std::uint32_t blocked_in = 0;
    Interrupted interrupted = Interrupted::RestartSys;  // what that call returns then
    std::optional<RestartedCall> restarted;
    std::uint64_t wait_deadline_ns = kNoDeadline;
    Timers::Id wait_timer = 0;    // set for wait_deadline_ns
    bool waits_killable = false;  // only SIGKILL ends the wait (vfork)
    bool woken = false;           // since its call was entered
    // Whether any state of a wait is left.
    bool waits() const {
        return wait_deadline_ns != kNoDeadline || waits_killable || futex || !futexes.empty() ||
               !waits_on.empty() || call_holds || held_files[0].file;
    }
    std::optional<FutexWait> futex;   // a futex call that waits
    std::vector<FutexWait> futexes;   // the words of a futex_waitv call that waits
    Pid vfork_child;                  // the process that a vfork call waits for
    std::uint64_t call_progress = 0;  // bytes that a transfer moved before it blocked
    // An object that a blocked call keeps between its entries; released when the call ends.
    std::shared_ptr<void> call_holds;
    // The files of a blocked call's descriptors.
    HeldFiles held_files;

    // Thread flags, as in thread_info.
    bool tif_uprobe = false;         // TIF_UPROBE: the probe layer has work on the way back to EL0
    bool tif_singlestep = false;     // TIF_SINGLESTEP: the next instruction is stepped
    bool tif_sigpending = false;     // TIF_SIGPENDING
    bool tif_notify_resume = false;  // TIF_NOTIFY_RESUME: restartable sequences have work there
    bool tif_tagged_addr = false;    // TIF_TAGGED_ADDR: pointers that the kernel uses may have tags
    unsigned enabled_keys = 0;       // of pointer authentication, by PR_PAC_SET_ENABLED_KEYS

    // The instruction word that a step executes (the slot's) while tif_singlestep is set by the
    // probe layer.
    std::uint32_t step_word = 0;
    // The next instruction is step_word, but no step exception follows it: execution continues
    // after the slot.
    bool runs_slot = false;
    // thread.fault_code: the probe layer sets the "not trapped" marker ~0 before a step, fault
    // paths that end in a signal store ESR.
    std::uint64_t fault_code = 0;
    std::uint64_t fault_address = 0;  // thread.fault_address, for the signal frame

    std::uint64_t sigmask = 0;
    std::uint64_t saved_sigmask = 0;  // rt_sigsuspend, ppoll
    bool restore_sigmask = false;
    SignalQueue pending;  // standard signals at most once each
    AltStack altstack;
    SeccompState seccomp;
    VAddr clear_child_tid;
    VAddr robust_list;
    RseqState rseq;
    IoCounts io;
    std::string comm;  // 15 characters, as prctl(PR_SET_NAME)

    std::unique_ptr<TaskExtension> extension;
    std::unique_ptr<Trace> trace;  // null: nobody traces it

    MemoryCharge charge;       // of the task itself
    MemoryCharge wait_charge;  // of its places in wait queues, while it is blocked

private:
    void wake() override;
};

// Clears all state of a wait, after it ended for any reason.
void end_wait(Task& task, Timers& timers, Futexes& futexes);

}  // namespace uprobesim
