// SPDX-License-Identifier: GPL-2.0-or-later
// How a run ended.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace uprobesim {

// A task at the end of a run that ended by deadlock.
struct WaitingTask {
    std::int32_t task = 0;
    std::int32_t process = 0;
    std::string comm{};
    std::string call{};  // the system call's name; empty: the task is stopped
    // "descriptor 3, pipe:[1004]", "the futex word at 0x7f..., which is 2".
    std::string waits_for{};
};

// Exited, Signalled and Deadlock are the guest's own ends. LimitReached: a limit of the request.
// Interrupted: a signal to the simulator (RunWatch).
enum class ExitKind { Exited, Signalled, LimitReached, Deadlock, Interrupted };
struct ExitSummary {
    ExitKind kind = ExitKind::Exited;
    int status = 0;                      // exit status, or the signal's number
    std::string detail{};                // for people: "SIGSEGV at pc 0x..., address 0x..."
    std::vector<WaitingTask> waiting{};  // Deadlock: what each task waits for
};

}  // namespace uprobesim
