// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sysroot/host_places.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace uprobesim {
namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

}  // namespace

HostPlaces host_places() {
    HostPlaces places;
    places.sysroot_variable = variable("UPROBESIM_SYSROOT");
    // The XDG Base Directory Specification tells programs to ignore relative paths.
    places.cache_home = variable("XDG_CACHE_HOME");
    if (!places.cache_home.starts_with('/')) {
        const std::string home = variable("HOME");
        places.cache_home = home.starts_with('/') ? home + "/.cache" : "";
    }
    std::error_code error;
    places.executable = std::filesystem::read_symlink("/proc/self/exe", error).string();
    return places;
}

}  // namespace uprobesim
