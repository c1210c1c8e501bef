// SPDX-License-Identifier: GPL-2.0-or-later
// The modelled kernel: owns processes, takes every exception and charges it.
// Three places charge: the run loop (user instructions, inside the Cpu),
// exception() and spend().
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernel_model/files/file_system.h"
#include "kernel_model/files/locks.h"
#include "kernel_model/hooks/run_result.h"
#include "kernel_model/hooks/run_watch.h"
#include "kernel_model/hooks/trap_client.h"
#include "kernel_model/hooks/trap_observer.h"
#include "kernel_model/memory/ipc_segments.h"
#include "kernel_model/memory/user_memory.h"
#include "kernel_model/task/futex.h"
#include "kernel_model/task/process.h"
#include "kernel_model/task/scheduler.h"
#include "kernel_model/wait/time_source.h"
#include "kernel_model/wait/timers.h"
#include "sim/base/error.h"
#include "sim/machine.h"

namespace uprobesim {

class Network;
class SyscallDispatcher;
class Terminals;
struct ExecRequest;

struct ProgramRequest {
    std::vector<std::string>
        arguments;  // [0] is also the program; a name without '/' is looked up in the guest's PATH
    std::vector<std::string> environment;  // "K=V"
    std::string cwd = "/";
    std::uint32_t uid = 0;
    std::uint64_t affinity = ~std::uint64_t{0};  // bit: simulated CPU
};

struct RunLimits {
    std::uint64_t max_insns = 0;  // 0: none
    std::uint64_t max_ns = 0;     // of simulated time; 0: none
    RunWatch* watch = nullptr;
};

// What clone and clone3 ask for.
struct CloneRequest {
    std::uint64_t flags = 0;  // CLONE_*, without the signal
    std::int32_t exit_signal = 0;
    VAddr stack;  // of the child; 0: the parent's
    VAddr tls, parent_tid, child_tid;
};

// Something the guest asked for that is only partly modelled, or not at all.
struct UnmodelledUse {
    std::uint64_t times = 0;
    std::string note;
};

class Kernel final : public MmObserver, public SystemView {
public:
    // `cpus`: simulated ones.
    Kernel(Machine& machine, FileSystem& files, unsigned cpus = 1);
    ~Kernel() override;

    // At most one client; set before start().
    void attach(TrapClient& client) { client_ = &client; }
    // Null: nobody.
    void observe(TrapObserver* observer) {
        observer_ = observer;
        machine_.ledger.observe(observer);
    }
    // Makes a process that nobody in the guest is the parent of. UserError when the program cannot
    // be loaded (with the reason; `why`, which may be null, gets what execve would answer, NoEnt
    // when PATH does not have it).
    Outcome start(const ProgramRequest& request, Errno* why = nullptr);
    // Whose end is the run's; the first one where nobody says.
    void set_main(const Process& process) { main_pid_ = process.pid; }
    ExitSummary run(const RunLimits& limits);
    // Up to the moment at which `reached` answers true, asked after each turn of a CPU. A value:
    // the run ended before.
    std::optional<ExitSummary> run_until(const RunLimits& limits,
                                         const std::function<bool()>& reached);

    // The exception gate: counts and charges entry and return of one exception.
    void exception(Task& task, ExceptionClass ec) { machine_.ledger.exception(task.id, ec); }
    void spend(Task& task, KernelPath path, std::uint64_t units = 0) {
        machine_.ledger.spend(task.id, path, units);
    }

    // Simulated time since start on the CPU that works now, in ns.
    std::uint64_t monotonic_ns() const override { return scheduler_.now_ns(); }
    // All CPUs together.
    std::uint64_t idle_ns() const override;
    std::vector<std::uint64_t> busy_ns() const;  // of each simulated CPU
    // Reads of the counter at EL0 that were no exception.
    void note_counter_read() { ++counter_reads_; }
    std::uint64_t counter_reads() const { return counter_reads_; }
    unsigned cpu_count() const override { return static_cast<unsigned>(scheduler_.cpus().size()); }
    // CPU time of one task, or of all of a process, those that ended included.
    CpuTime cpu_time(const Task&) const override;
    CpuTime cpu_time(const Process&) const override;
    // Everything done at EL0 so far.
    UserWork user_work() const;
    // CLOCK_REALTIME: a fixed epoch plus the above.
    std::uint64_t realtime_ns() const { return kEpochNs + monotonic_ns(); }

    // Queues a signal for one task or for a process (force: a synchronous one that cannot be
    // blocked or ignored).
    void send_signal(Task& task, const SignalInfo& info);
    void send_signal(Process& process, const SignalInfo& info);
    void force_signal(Task& task, const SignalInfo& info);
    // Sets or clears TIF_SIGPENDING by what is pending and not blocked (recalc_sigpending).
    void recalc_sigpending(Task& task);
    // Stops or continues all tasks of a process, and tells its parent.
    void stop_process(Process& process, Signal signal);
    void continue_process(Process& process);

    // For the files of this floor: the end of a process (its summary is the run's if it is the
    // first one), of one task, exec.
    void end_process(Process& process, ExitKind kind, int status, std::string detail);
    void end_task(Task& task, int status);
    // A thread of the parent's process, or a process: the child, runnable. Again: too many; NoMem.
    SysResult<Task*> clone(Task& parent, const CloneRequest& request);
    // The zombie's end: its parent has seen it, or wants to see none.
    void reap(Process& zombie);
    // Child processes of this one, by pid.
    std::vector<Process*> children_of(const Process& process) const;
    Task* find_task(TaskId id) const;
    // On success the task's registers are those of the new program.
    SysResult<void> exec(Task& task, const ExecRequest& request);
    const SyscallDispatcher& syscalls() const { return *dispatcher_; }
    Process* find_process(std::int32_t pid) const;
    // Whether anybody listens on this TCP port.
    bool listening(std::uint16_t port) const;
    // Instructions retired at EL0 so far, all tasks.
    InsnCount retired() const { return retired_; }

    void note_unmodelled(const std::string& what, const std::string& note);
    void count_syscall(const std::string& name) { ++syscall_counts_[name]; }
    // ITIMER_REAL; a `next_ns` of 0 disarms it.
    void set_real_timer(Process& process, std::uint64_t next_ns, std::uint64_t interval_ns);
    // A timer of timer_create; `next_ns` by its clock, 0 disarms it.
    void set_posix_timer(Process& process, PosixTimer& timer, std::uint64_t next_ns,
                         std::uint64_t interval_ns);
    std::uint64_t timer_now(const Process& process, const PosixTimer& timer) const;
    // The signal leaves its queue: a timer's learns how many expirations it stands for, and its
    // timer goes on.
    void signal_taken(Task& task, SignalInfo& info);
    const std::shared_ptr<Network>& network() const { return network_; }
    const Network& loopback() const override { return *network_; }
    Timers& timers() { return timers_; }
    const std::shared_ptr<FileLocks>& file_locks() const { return file_locks_; }
    IpcSegments& ipc_segments() { return ipc_segments_; }
    Terminals& terminals() const override { return *terminals_; }
    // Nobody of the session, outside of this process group, is there to continue what stops in it.
    bool orphaned(std::int32_t group) const;
    // A descriptor of the process is about to go.
    void closing(const Process& process, File& file);
    // The task whose system call is being worked on; null: none is.
    Task* current() const override { return current_; }
    // Charges the interrupt of a timer that nobody in particular waits for.
    void timer_interrupt();
    // For a file without a name: pipes, sockets, anonymous inodes.
    std::uint64_t new_inode() { return ++last_inode_; }
    Futexes& futexes() { return futexes_; }
    Scheduler& scheduler() { return scheduler_; }
    const Scheduler& scheduler() const { return scheduler_; }
    // The task gives its CPU to the next in the queue at its way back to EL0.
    void yield(Task& task) { yields_ = task.id; }
    const std::map<std::string, UnmodelledUse>& unmodelled() const { return unmodelled_; }
    const std::map<std::string, std::uint64_t>& syscall_counts() const { return syscall_counts_; }

    Machine& machine() { return machine_; }
    const Machine& machine() const { return machine_; }
    FileSystem& files() { return files_; }
    TrapClient* client() { return client_; }
    TrapObserver* observer() { return observer_; }
    const std::map<std::int32_t, std::unique_ptr<Process>>& processes() const override {
        return processes_;
    }

    void mapped(Mm&, const Vma&) override;
    void unmapping(Mm&, VRange) override;

private:
    friend class SyscallDispatcher;
    friend class SignalDelivery;
    friend struct KernelTestAccess;
    static constexpr std::int32_t kFirstPid = 1000;

    Machine& machine_;
    FileSystem& files_;
    TrapClient* client_ = nullptr;
    TrapObserver* observer_ = nullptr;
    std::shared_ptr<Network> network_;
    std::unique_ptr<Terminals> terminals_;
    std::map<std::int32_t, std::unique_ptr<Process>> processes_;
    std::map<std::string, UnmodelledUse> unmodelled_;
    std::map<std::string, std::uint64_t> syscall_counts_;

    Outcome load(Process& process, Task& task, ExecRequest request, Errno* why);
    Task& add_task(Process& process, TaskId id, ContextId context);
    std::unique_ptr<Process> fork_process(Task& parent, const CloneRequest& request);
    std::optional<ExitSummary> turn();
    void run_here();
    void run_task(Task& task);
    void tick(Task& task);
    void exit_work(Task& task);
    void resume_call(Task& task);
    void interrupt(Task& task);
    InsnCount budget() const;
    std::optional<ExitSummary> limit_reached() const;
    bool must_end() const;
    void real_timer_expired(Process& process);
    void posix_timer_expired(Process& process, PosixTimer& timer);
    void check_cpu_timers(Process& process);
    Process* process_of(const Mm& mm) const;
    void leave(Task& task, const TaskEnd& end);
    void release_mm(Task& task, Mm& mm);
    void end_other_tasks(Task& survivor);
    void retire(Process& process, TaskId id);
    void bury_ended();
    void leave_children(Process& process);
    bool prepare_signal(Process& process, const SignalInfo& info, bool blocked);
    void notify_parent(Process& child, Signal signal, std::int32_t code, std::int32_t status);

    std::unique_ptr<SyscallDispatcher> dispatcher_;
    std::shared_ptr<FileLocks> file_locks_ = std::make_shared<FileLocks>();
    IpcSegments ipc_segments_;
    Timers timers_{[this] { timer_interrupt(); }};
    Futexes futexes_;
    Scheduler scheduler_;
    std::uint64_t counter_reads_ = 0;
    std::int32_t next_id_;               // of tasks and processes
    std::shared_ptr<FileBacking> vdso_;  // null: none on this machine
    std::int32_t main_pid_ = kFirstPid;
    std::uint64_t last_inode_ = 1000;
    Task* current_ = nullptr;
    InsnCount retired_;
    UserWork ended_work_;                                 // of tasks whose contexts are gone
    std::vector<std::pair<std::int32_t, TaskId>> ended_;  // process and task, to be buried
    std::vector<std::int32_t> unwanted_;                  // zombies nobody will wait for
    RunLimits limits_;
    TaskId yields_;
    std::optional<ExitSummary> summary_;
};

}  // namespace uprobesim
