// SPDX-License-Identifier: GPL-2.0-or-later
// A process: the state that its threads share, such as memory, descriptors, signal actions, ids.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "kernel_model/abi/prctl.h"
#include "kernel_model/abi/signal.h"
#include "kernel_model/files/caller.h"
#include "kernel_model/files/fd_table.h"
#include "kernel_model/files/mount.h"
#include "kernel_model/memory/mm.h"
#include "kernel_model/spaces/time_namespace.h"
#include "kernel_model/task/namespaces.h"
#include "kernel_model/task/posix_timer.h"
#include "kernel_model/task/task.h"

namespace uprobesim {

struct SignalAction {
    std::uint64_t handler = 0;  // 0 SIG_DFL, 1 SIG_IGN
    std::uint64_t flags = 0;
    std::uint64_t restorer = 0;
    std::uint64_t mask = 0;
};

struct ResourceLimit {
    std::uint64_t soft = ~std::uint64_t{0};
    std::uint64_t hard = ~std::uint64_t{0};
};

// ITIMER_REAL and alarm, on the simulated clock.
struct IntervalTimer {
    std::uint64_t next_ns = 0;  // 0: not armed
    std::uint64_t interval_ns = 0;
    Timers::Id timer = 0;
};

// Simulated time on CPUs.
struct CpuTime {
    std::uint64_t user_ns = 0;
    std::uint64_t system_ns = 0;
    std::uint64_t total() const { return user_ns + system_ns; }
    CpuTime& operator+=(const CpuTime& o) {
        user_ns += o.user_ns;
        system_ns += o.system_ns;
        return *this;
    }
};

// Changes of state that wait4 reports of a child.
struct ChildEvents {
    std::int32_t ended = 0;    // the status word of wait4
    std::int32_t stopped = 0;  // signal of a stop not yet reported, or 0
    bool continued = false;    // and not yet reported
};

// The end of a process, shared with pidfds that may outlive it.
struct ProcessEnd {
    bool reached = false;
    bool reaped = false;  // waited for: its id is that of nothing
    WaitQueue waiters;    // pollers of pidfds
};

// Set by prctl and personality.
struct ProcessOptions {
    std::int32_t parent_death_signal = 0;
    std::uint32_t dumpable = 1;
    bool no_new_privileges = false;
    bool thp_disabled = false;
    bool child_subreaper = false;
    bool io_flusher = false;
    std::uint32_t membarriers = 0;           // registrations of membarrier, as its commands
    std::uint32_t machine_check_policy = 2;  // PR_MCE_KILL_DEFAULT
    std::uint32_t personality = 0;
    std::uint32_t mdwe = 0;                // memory that denies write and execute: kPrMdwe*
    std::uint32_t coredump_filter = 0x33;  // anonymous memory and headers of ELF files
    // mmf_init_flags: after fork and execve.
    void new_memory() {
        if ((mdwe & abi::kPrMdweNoInherit) != 0) mdwe = 0;
    }
};

inline constexpr std::int32_t kInitPid = 1;

// Where a process stands in the file tree (fs_struct), shared by clone with CLONE_FS.
struct FilePlace {
    std::shared_ptr<Dentry> cwd;   // null: the root
    std::shared_ptr<Dentry> root;  // null: the top of the tree
    std::uint32_t umask = 022;
};

// Ids are those of the first namespace.
struct Process {
    std::int32_t pid = 0;
    std::shared_ptr<const PidNumbers> numbers;  // in namespaces below the first; null: none
    Pid id() const { return {pid, numbers}; }
    // task_active_pid_ns: in which it was made; null: the first.
    PidNamespace* pid_space() const { return numbers ? numbers->space.get() : nullptr; }
    // Process 1 of a namespace, which ends with it.
    bool reaps_space() const { return numbers && numbers->space->reaper == pid; }
    // SIGNAL_UNKILLABLE: takes no signal that it has no handler for, unless from outside.
    bool unkillable = false;
    // Has ended, and waits for all others of its namespace before it tells its parent.
    bool waits_for_space = false;
    std::int32_t parent_pid = kInitPid;
    bool is_init() const { return pid == kInitPid; }
    // Process group and session ids, which ProcessTable changes.
    std::int32_t group = 0;
    std::int32_t session = 0;
    bool alive = true;                  // false: a zombie, without memory and files
    bool executed = false;              // since it was forked: its parent cannot move it any more
    Signal exit_signal = Signal::Chld;  // sent to the parent
    ChildEvents events;                 // for the parent
    WaitQueue children_changed;         // its tasks that wait for children
    WaitQueue signal_arrived;           // readers of pending signals (signalfd)
    std::shared_ptr<ProcessEnd> end = std::make_shared<ProcessEnd>();
    WaitQueue vfork_done;  // the parent's vfork, until exec or exit
    bool vforked = false;  // its parent waits for vfork_done
    CpuTime ended_tasks_time, children_time;
    IoCounts ended_io;  // of ended tasks, and of children that were waited for
    // ru_minflt of ended tasks, and of children that were waited for; ru_maxrss of those children,
    // and of memory that the process had before its last execve.
    std::uint64_t ended_faults = 0, children_faults = 0;
    std::uint64_t children_peak_pages = 0, former_peak_pages = 0;
    std::shared_ptr<Mm> mm;  // the parent's, between vfork and execve
    FdTable files;
    Sharable<std::array<SignalAction, kSignalCount + 1>> actions;  // index: signal number
    std::array<ResourceLimit, 16> limits{};                        // index: RLIMIT_*
    Sharable<FilePlace> fs;
    std::shared_ptr<MountNamespace> mounts;  // null: the first
    std::shared_ptr<UtsNamespace> uts = std::make_shared<UtsNamespace>();
    // In which it is; null: the first. That for its children is among those below.
    std::shared_ptr<TimeNamespace> time_space;
    // By kind, those of IPC, network and control groups, and those of process ids and times that
    // its children will be in; null: the first.
    std::array<std::shared_ptr<Namespace>, kNamespaceKinds> spaces;
    const std::shared_ptr<Namespace>& space(NamespaceKind kind) const {
        return spaces[static_cast<std::size_t>(kind)];
    }
    std::string exe;  // guest path of the program, links resolved
    std::vector<std::string> arguments;
    std::vector<std::string> environment;
    std::vector<std::uint64_t> auxv;         // as pushed on the stack, for /proc/self/auxv
    VRange argument_area, environment_area;  // of the strings, for /proc/self/stat
    VAddr stack_start;
    // Of its first task, also when that has ended: what others judge the process by.
    std::shared_ptr<const Credentials> cred = std::make_shared<Credentials>();
    IntervalTimer real_timer;
    CpuTimer virtual_timer, profiling_timer;  // ITIMER_VIRTUAL, ITIMER_PROF
    std::map<std::int32_t, PosixTimer> posix_timers;
    std::int32_t next_timer_id = 0;
    // The armed ones that count CPU time: task (0: the process), expiry, id.
    std::set<std::tuple<TaskId, std::uint64_t, std::int32_t>> cpu_timers;
    ProcessOptions options;
    MemoryPolicy memory_policy;  // set_mempolicy
    // The page to which handlers return without SA_RESTORER, in place of the vDSO's
    // __kernel_rt_sigreturn. 0: not mapped yet.
    VAddr sigreturn_page;
    SignalQueue pending;  // process-wide: taken by the first task that does not block it
    std::map<TaskId, std::unique_ptr<Task>> tasks;
    std::set<std::int32_t> children;  // pids, zombies included
    std::set<TaskId> tracees;         // of its tasks' ptrace
    struct EndedTracee {
        std::int32_t number = 0, word = 0;  // its number for the tracer, and wait's status
    };
    std::map<TaskId, EndedTracee> ended_tracees;  // threads
    std::int32_t waited_by = 0;  // a zombie that its tracer waits for, before its parent
    std::int32_t oom_score_adj = 0;
    bool oom_victim = false;   // chosen by the OOM killer
    bool core_dumped = false;  // the signal that ended it left a core file
    MemoryCharge charge;       // of the process itself and its strings
};

// The caller of a file operation: credentials and the process's working directory.
inline Caller caller_of(Process& process, const Credentials& credentials) {
    return {.process = &process,
            .credentials = credentials,
            .root = process.fs->root,
            .start = process.fs->cwd,
            .resolve = 0,
            .umask = process.fs->umask};
}
inline Caller caller_of(const Task& task) {
    return caller_of(*task.process, *task.cred);
}

// commit_creds: from now on the task has these.
void set_credentials(Task& task, Credentials next);

}  // namespace uprobesim
