// SPDX-License-Identifier: GPL-2.0-or-later
// The library and the process that it is in.
#pragma once

#include <uprobesim/error.h>
#include <uprobesim/export.h>

#include <string>

namespace uprobesim {

// "0.2.0"
UPROBESIM_API std::string version();

// How the CPU engine is used in this process. Reports do not depend on it; speed does, up to two
// times.
struct Engine {
    std::string version;  // "Unicorn 2.0.1"
    bool edited = false;  // the code that it generates is edited: the fast way
    std::string reason;   // why it is not; empty: it is
};
// Runs the engine's self-tests, as each simulation does for itself: some 20 ms.
UPROBESIM_API Expected<Engine> engine();

// Raises this process's soft limit of open files to the hard one, as the command uprobesim does for
// itself: simulated programs then meet their own limit before the host's. Of your process, so the
// library does not do it by itself.
UPROBESIM_API void raise_open_file_limit();

}  // namespace uprobesim
