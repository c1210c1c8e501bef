// SPDX-License-Identifier: GPL-2.0-or-later
// The modelled kernel, as used by the handlers of exceptions and system calls: owns and connects
// the subsystems. The run loop is in run/.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "kernel_model/files/file_system.h"
#include "kernel_model/files/locks/locks.h"
#include "kernel_model/files/pipe.h"
#include "kernel_model/hooks/debug_hook.h"
#include "kernel_model/hooks/trap_client.h"
#include "kernel_model/hooks/trap_observer.h"
#include "kernel_model/kernel/clock.h"
#include "kernel_model/kernel/counters.h"
#include "kernel_model/kernel/exception_gate.h"
#include "kernel_model/kernel/process_table.h"
#include "kernel_model/kernel/signal_queues.h"
#include "kernel_model/kernel/signal_timers.h"
#include "kernel_model/kernel/tracing.h"
#include "kernel_model/memory/memory_rules.h"
#include "kernel_model/memory/user_memory.h"
#include "kernel_model/sysctl/sysctls.h"
#include "kernel_model/task/futex.h"
#include "kernel_model/task/namespaces.h"
#include "kernel_model/task/scheduler.h"
#include "kernel_model/wait/timers.h"
#include "sim/machine.h"

namespace uprobesim {

class Accounting;
class AioContexts;
class Keyrings;
class LoopDevices;
class KernelLog;
class Ipc;
class Network;
class Terminals;
struct InotifyUse;
struct FanotifyUse;

class Kernel {
public:
    // `cpus`: number of simulated CPUs.
    Kernel(Machine& machine, FileSystem& files, unsigned cpus = 1);
    ~Kernel();
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;

    // At most one client; set before the first process starts.
    void attach(TrapClient& client) { client_ = &client; }
    TrapClient* client() { return client_; }
    // Null: none.
    void observe(TrapObserver* observer) {
        observer_ = observer;
        machine_.ledger.observe(observer);
        scheduler_.observe(observer);
    }
    TrapObserver* observer() { return observer_; }
    // Null: none.
    void debug(DebugHook* debugger) {
        debugger_ = debugger;
        if (debugger != nullptr) debugger->begin(*this);
    }
    DebugHook* debugger() { return debugger_; }

    Machine& machine() { return machine_; }
    const Machine& machine() const { return machine_; }
    FileSystem& files() { return files_; }
    ProcessTable& processes() { return processes_; }
    const ProcessTable& processes() const { return processes_; }
    Clock& clock() { return clock_; }
    const Clock& clock() const { return clock_; }
    ExceptionGate& gate() { return gate_; }
    KernelCounters& counters() { return counters_; }
    const KernelCounters& counters() const { return counters_; }
    SignalQueues& signals() { return signals_; }
    Tracing& tracing() { return tracing_; }
    SignalTimers& signal_timers() { return signal_timers_; }
    Scheduler& scheduler() { return scheduler_; }
    Timers& timers() { return timers_; }
    Futexes& futexes() { return futexes_; }
    const std::shared_ptr<FileLocks>& file_locks() const { return file_locks_; }
    // Items of all epoll sets.
    const std::shared_ptr<std::uint64_t>& epoll_watches() const { return epoll_watches_; }
    // Entries of files of which handles were given out (name_to_handle_at).
    std::map<FileKey, std::shared_ptr<Dentry>>& handles() { return handles_; }
    // What a user has of inotify and of fanotify.
    const std::shared_ptr<InotifyUse>& inotify_use(std::uint32_t uid);
    const std::shared_ptr<FanotifyUse>& fanotify_use(std::uint32_t uid);
    // Pages of the pipes of each user.
    const std::shared_ptr<PipePages>& pipe_pages() const { return pipe_pages_; }
    // /proc/sys
    Sysctls& sysctls() { return sysctls_; }
    const MemoryRules& memory_rules() const { return memory_rules_; }
    // Of the first process.
    const std::shared_ptr<UtsNamespace>& first_uts() const { return first_uts_; }
    Ipc& first_ipc() const { return *ipc_; }
    Ipc& ipc_of(const Process& process) const;
    // Page faults that gave it a page.
    std::uint64_t faults(const Task& task) const;
    std::uint64_t faults(const Process& process) const;
    Accounting& accounting() const { return *accounting_; }
    AioContexts& aio() const { return *aio_; }
    Keyrings& keyrings() const { return *keyrings_; }
    LoopDevices& loops() const { return *loops_; }
    // Made when it is first wanted.
    KernelLog& log();
    // The first one, and that of a process.
    const std::shared_ptr<Network>& network() const { return network_; }
    const std::shared_ptr<Network>& network_of(const Process& process) const;
    Terminals& terminals() const { return *terminals_; }

    // CPUs wait for each other's lines, if there are several and the machine's profile says what
    // that costs. `places`: the machine's CPU that each is. Before the first process starts.
    void share_lines(const std::vector<unsigned>& places, std::uint64_t seed);
    // Null: they do not.
    Legs* legs() { return legs_.get(); }
    const Legs* legs() const { return legs_.get(); }

    // The task whose system call is being executed; null outside of system calls.
    Task* current() const { return current_; }
    void set_current(Task* task) { current_ = task; }
    // Whether it may choose the number of a new process in a namespace.
    bool may_choose_ids(const PidNamespace* space) const;
    // Inode numbers of files without a name: pipes, sockets, anonymous inodes.
    std::uint64_t new_inode() { return ++last_inode_; }
    // To call before a descriptor of the process is closed: releases its locks on the file.
    void closing(const Process& process, File& file);

private:
    void charge_timer_interrupt();
    PidNamespace* pid_space() const;  // of the current task

    Machine& machine_;
    FileSystem& files_;
    TrapClient* client_ = nullptr;
    TrapObserver* observer_ = nullptr;
    DebugHook* debugger_ = nullptr;
    std::shared_ptr<Network> network_;
    std::unique_ptr<Terminals> terminals_;
    std::unique_ptr<SystemView> view_;  // for /proc
    std::shared_ptr<FileLocks> file_locks_;
    std::shared_ptr<std::uint64_t> epoll_watches_ = std::make_shared<std::uint64_t>(0);
    std::map<FileKey, std::shared_ptr<Dentry>> handles_;
    std::map<std::uint32_t, std::shared_ptr<InotifyUse>> inotify_use_;
    std::map<std::uint32_t, std::shared_ptr<FanotifyUse>> fanotify_use_;
    std::shared_ptr<PipePages> pipe_pages_ = std::make_shared<PipePages>();
    Sysctls sysctls_;
    MemoryRules memory_rules_;
    std::shared_ptr<UtsNamespace> first_uts_ = std::make_shared<UtsNamespace>();
    std::unique_ptr<Ipc> ipc_;  // the first
    std::unique_ptr<Accounting> accounting_;
    std::unique_ptr<AioContexts> aio_;
    std::unique_ptr<Keyrings> keyrings_;
    std::unique_ptr<LoopDevices> loops_;
    std::unique_ptr<KernelLog> log_;
    Timers timers_;
    Futexes futexes_;
    Scheduler scheduler_;
    Clock clock_;
    ExceptionGate gate_;
    KernelCounters counters_;
    SignalQueues signals_;
    SignalTimers signal_timers_;
    Tracing tracing_;
    std::unique_ptr<Legs> legs_;
    Task* current_ = nullptr;
    std::uint64_t last_inode_ = 1000;
    ProcessTable processes_;  // last: ending processes use the other members
};

}  // namespace uprobesim
