// SPDX-License-Identifier: GPL-2.0-or-later
// Where Debian's arm64 programs are on the host: the folder that guests see as / when --root names
// no other. No path of the source tree is compiled in: the places are looked at when a command
// runs, in the order of the rows that sysroot_places() returns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/sysroot/host_places.h"

namespace uprobesim {

// The second has more programs: those that the tests of processes, threads and sockets run.
enum class SysrootKind { Basic, Wide };

struct SysrootPlace {
    std::string path;
    std::string_view origin;  // "$UPROBESIM_SYSROOT", "the user's cache", "the build" (of a tool
                              // that is run from one)
    bool found = false;
};

// A place that the user named counts as found as soon as it is a folder; the others must have been
// fetched to the end, which a file in them says.
std::vector<SysrootPlace> sysroot_places(const HostPlaces& host, SysrootKind kind);

// The first place found, or "".
std::string find_sysroot(const HostPlaces& host, SysrootKind kind = SysrootKind::Basic);

// What guests see as / without --root: the folder that the user named, be it there or not;
// otherwise the first place found, or "".
std::string default_root(const HostPlaces& host);

// Where `sysroot fetch` puts one when it is given no folder: the first place, or "" if there is
// none.
std::string fetched_sysroot(const HostPlaces& host, SysrootKind kind);

// The script that fetches, relative to the executable; "" if it is not installed.
std::string fetch_script(const HostPlaces& host);

}  // namespace uprobesim
