// SPDX-License-Identifier: GPL-2.0-or-later
// What the tool takes from the host's environment, as values: main() asks the host once, tests
// write their own.
#pragma once

#include <string>

namespace uprobesim {

struct HostPlaces {
    std::string sysroot_variable;  // $UPROBESIM_SYSROOT; empty: not set
    std::string cache_home;        // $XDG_CACHE_HOME, or ~/.cache; empty: the user has no home
    std::string executable;        // the tool's own file, links resolved
};

HostPlaces host_places();

}  // namespace uprobesim
