// SPDX-License-Identifier: GPL-2.0-or-later
// What threads of one program share: memory, descriptors, signal actions, identity.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernel_model/abi/signal.h"
#include "kernel_model/files/fd_table.h"
#include "kernel_model/memory/mm.h"
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
};

// What prctl and personality keep.
struct ProcessOptions {
    std::int32_t parent_death_signal = 0;
    std::uint32_t dumpable = 1;
    bool keep_capabilities = false;
    bool no_new_privileges = false;
    bool thp_disabled = false;
    bool child_subreaper = false;
    std::uint64_t timer_slack_ns = 50000;
    std::uint32_t personality = 0;
};

// Per-process state of the probe layer (the mm's uprobes_state: XOL area, flags).
struct ProcessExtension {
    virtual ~ProcessExtension() = default;
};

struct Process {
    std::int32_t pid = 0;
    std::int32_t parent_pid = 1;
    std::int32_t group = 0;  // process group and session ids
    std::int32_t session = 0;
    bool alive = true;
    std::unique_ptr<Mm> mm;
    FdTable files;
    std::array<SignalAction, kSignalCount + 1> actions{};  // index: signal number
    std::array<ResourceLimit, 16> limits{};                // index: RLIMIT_*
    std::string cwd = "/";
    std::string exe;  // guest path of the program, links resolved
    std::vector<std::string> arguments;
    std::vector<std::string> environment;
    std::vector<std::uint64_t> auxv;         // as pushed on the stack, for /proc/self/auxv
    VRange argument_area, environment_area;  // where the strings lie, for /proc/self/stat
    VAddr stack_start;
    std::uint32_t umask = 022;
    std::uint32_t uid = 0, gid = 0;
    IntervalTimer real_timer;
    ProcessOptions options;
    // Where handlers return to when SA_RESTORER is not set: the page that stands for the vDSO's sigreturn. 0: not made
    // yet.
    VAddr sigreturn_page;
    std::map<TaskId, std::unique_ptr<Task>> tasks;
    std::unique_ptr<ProcessExtension> extension;
};

}  // namespace uprobesim
