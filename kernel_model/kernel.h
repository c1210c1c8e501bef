// SPDX-License-Identifier: GPL-2.0-or-later
// The modelled kernel: owns processes, takes every exception, charges it, and
// decides what runs next. Three places charge: the run loop (user instructions,
// inside the Cpu), exception() and spend().
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernel_model/files/file_system.h"
#include "kernel_model/memory/user_memory.h"
#include "kernel_model/task/process.h"
#include "kernel_model/trap_client.h"
#include "kernel_model/trap_observer.h"
#include "sim/base/error.h"
#include "sim/machine.h"

namespace uprobesim {

class SyscallDispatcher;
struct ExecRequest;

struct ProgramRequest {
    std::vector<std::string> arguments;  // [0] is also the program; a name without '/' is looked up in the guest's PATH
    std::vector<std::string> environment;  // "K=V"
    std::string cwd = "/";
    std::uint32_t uid = 0;
};

struct RunLimits {
    std::uint64_t max_insns = 0;  // 0: none
};

enum class ExitKind { Exited, Signalled, LimitReached, Deadlock };
struct ExitSummary {
    ExitKind kind = ExitKind::Exited;
    int status = 0;      // exit status, or the signal's number
    std::string detail;  // for people: "SIGSEGV at pc 0x..., address 0x..."
};

// Something the guest asked for that is only partly modelled, or not at all.
struct UnmodelledUse {
    std::uint64_t times = 0;
    std::string note;
};

class Kernel final : public MmObserver {
public:
    Kernel(Machine& machine, FileSystem& files);
    ~Kernel() override;

    // At most one client; set before start().
    void attach(TrapClient& client) { client_ = &client; }
    // Null: nobody.
    void observe(TrapObserver* observer) {
        observer_ = observer;
        machine_.ledger.observe(observer);
    }
    // Makes the first process. UserError when the program cannot be loaded (with the reason; `why`, which may be null,
    // gets what execve would answer, NoEnt when PATH does not have it).
    Outcome start(const ProgramRequest& request, Errno* why = nullptr);
    ExitSummary run(const RunLimits& limits);

    // The exception gate: counts and charges entry and return of one exception.
    void exception(Task& task, ExceptionClass ec) { machine_.ledger.exception(task.id, ec); }
    void spend(Task& task, KernelPath path, std::uint64_t units = 0) { machine_.ledger.spend(task.id, path, units); }

    // Simulated time since start, in ns: (user + kernel cycles) / frequency, plus what passed with nothing to run.
    std::uint64_t monotonic_ns() const;
    std::uint64_t idle_ns() const { return idle_ns_; }
    // CPU time of one task, or of all of a process.
    struct CpuTime {
        std::uint64_t user_ns = 0;
        std::uint64_t system_ns = 0;
        std::uint64_t total() const { return user_ns + system_ns; }
    };
    CpuTime cpu_time(const Task&) const;
    CpuTime cpu_time(const Process&) const;
    // CLOCK_REALTIME: a fixed epoch plus the above. The epoch is 2024-09-09 00:00:00 UTC.
    std::uint64_t realtime_ns() const { return kEpochNs + monotonic_ns(); }
    static constexpr std::uint64_t kEpochNs = 1725840000ull * 1000000000ull;

    // Queues a signal (force: a synchronous one that cannot be blocked or ignored).
    void send_signal(Task& task, const SignalInfo& info);
    void force_signal(Task& task, const SignalInfo& info);
    // Sets or clears TIF_SIGPENDING by what is pending and not blocked (recalc_sigpending).
    void recalc_sigpending(Task& task);

    // For the files of this floor: the end of a process (its summary is the run's if it is the first one), of one task,
    // exec.
    void end_process(Process& process, ExitKind kind, int status, std::string detail);
    void end_task(Task& task, int status);
    // On success the task's registers are those of the new program.
    SysResult<void> exec(Task& task, const ExecRequest& request);
    const SyscallDispatcher& syscalls() const { return *dispatcher_; }
    Process* find_process(std::int32_t pid) const;
    // Instructions retired at EL0 so far, all tasks.
    InsnCount retired() const { return retired_; }

    void note_unmodelled(const std::string& what, const std::string& note);
    void count_syscall(const std::string& name) { ++syscall_counts_[name]; }
    // A timer was armed or disarmed: look at the process timers before going on.
    void timers_changed();
    const std::map<std::string, UnmodelledUse>& unmodelled() const { return unmodelled_; }
    const std::map<std::string, std::uint64_t>& syscall_counts() const { return syscall_counts_; }

    Machine& machine() { return machine_; }
    FileSystem& files() { return files_; }
    TrapClient* client() { return client_; }
    TrapObserver* observer() { return observer_; }
    const std::map<std::int32_t, std::unique_ptr<Process>>& processes() const { return processes_; }

    void mapped(Mm&, const Vma&) override;
    void unmapping(Mm&, VRange) override;

private:
    friend class SyscallDispatcher;
    friend class SignalDelivery;
    friend struct KernelTestAccess;
    Machine& machine_;
    FileSystem& files_;
    TrapClient* client_ = nullptr;
    TrapObserver* observer_ = nullptr;
    std::map<std::int32_t, std::unique_ptr<Process>> processes_;
    std::map<std::string, UnmodelledUse> unmodelled_;
    std::map<std::string, std::uint64_t> syscall_counts_;

    Outcome load(Process& process, Task& task, const ExecRequest& request, Errno* why);
    void run_task(Task& task);
    void exit_work(Task& task);
    Task* next_runnable();
    bool runnable_others() const;
    bool deadline_ahead() const;
    void resume_woken();
    void interrupt(Task& task);
    bool idle();
    void fire_timers();
    std::uint64_t next_event_ns() const;
    InsnCount budget() const;
    std::uint64_t to_ns(CentiCycles cycles) const;
    std::string waiting_text() const;

    std::unique_ptr<SyscallDispatcher> dispatcher_;
    std::uint64_t hz_;
    std::uint64_t idle_ns_ = 0;
    InsnCount retired_;
    std::uint64_t max_insns_ = 0;
    TaskId last_run_;
    bool timer_armed_ = false;
    std::optional<ExitSummary> summary_;
};

}  // namespace uprobesim
