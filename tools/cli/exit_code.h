// SPDX-License-Identifier: GPL-2.0-or-later
// What the tool's exit status means. `run` otherwise exits with the guest's own status, 128 plus
// the signal's number where a signal ended it, or the run itself (SIGINT, SIGTERM: the report says
// so); 125 to 127 are those of env and timeout.
#pragma once

namespace uprobesim {

inline constexpr int kExitDiffers = 1;      // compare: the runs did not print or return the same
inline constexpr int kExitUserMistake = 2;  // option, profile, probe, folder
inline constexpr int kExitHostFailure = 3;  // the host refused something that must work
inline constexpr int kExitUnfinished =
    125;  // the simulation ended before the program: limit, nothing left to run
inline constexpr int kExitNotExecutable = 126;
inline constexpr int kExitNotFound = 127;
inline constexpr int kExitSignalBase = 128;

}  // namespace uprobesim
