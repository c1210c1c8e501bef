// SPDX-License-Identifier: GPL-2.0-or-later
// What the tool's exit status means. `run` otherwise exits with the guest's own status, 128 plus
// the signal's number where a signal ended it, or the run itself (SIGINT, SIGTERM: the report says
// so); 125 to 127 are those of env and timeout.
#pragma once

namespace uprobesim {

enum ExitCode : int {
    kExitSuccess = 0,
    kExitDiffers = 1,       // compare: the runs did not print or return the same
    kExitUserMistake = 2,   // option, profile, probe, folder
    kExitHostFailure = 3,   // the host refused something that must work
    kExitUnfinished = 125,  // the simulation ended before the program: a limit, a deadlock
    kExitNotExecutable = 126,
    kExitNotFound = 127,
    kExitSignalBase = 128,
};

}  // namespace uprobesim
