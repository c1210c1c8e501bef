// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sysroot/sysroot.h"

#include <filesystem>
#include <system_error>

namespace uprobesim {
namespace {

// Written last by the script that fetches, so that a half-fetched folder is not taken.
constexpr std::string_view kStamp = ".uprobesim-sysroot";

std::filesystem::path folder_of(const HostPlaces& host) {
    return std::filesystem::path(host.executable).parent_path();
}

}  // namespace

std::vector<SysrootPlace> sysroot_places(const HostPlaces& host, SysrootKind kind) {
    const std::string_view suffix = kind == SysrootKind::Wide ? "-wide" : "";
    std::error_code error;
    std::vector<SysrootPlace> places;
    const auto add = [&](std::string path, std::string_view origin, std::string_view proof) {
        path += suffix;
        const bool found = std::filesystem::exists(path + "/" + std::string(proof), error);
        places.push_back({std::move(path), origin, found});
    };
    if (!host.sysroot_variable.empty()) add(host.sysroot_variable, "$UPROBESIM_SYSROOT", "");
    if (!host.cache_home.empty())
        add(host.cache_home + "/uprobesim/sysroot", "the user's cache", kStamp);
    // build/release/bin/uprobesim and build/sysroot; an installed tool has no build beside it.
    if (!host.executable.empty() &&
        std::filesystem::exists(folder_of(host) / "../CMakeCache.txt", error)) {
        add((folder_of(host) / "../../sysroot").lexically_normal().string(), "the build", kStamp);
    }
    return places;
}

std::string find_sysroot(const HostPlaces& host, SysrootKind kind) {
    for (SysrootPlace& place : sysroot_places(host, kind)) {
        if (place.found) return std::move(place.path);
    }
    return "";
}

std::string default_root(const HostPlaces& host) {
    return host.sysroot_variable.empty() ? find_sysroot(host) : host.sysroot_variable;
}

std::string fetched_sysroot(const HostPlaces& host, SysrootKind kind) {
    // Never into the build's.
    for (SysrootPlace& place : sysroot_places(host, kind)) {
        if (place.origin != "the build") return std::move(place.path);
    }
    return "";
}

std::string fetch_script(const HostPlaces& host) {
    std::error_code error;
    const auto script = (folder_of(host) / UPROBESIM_LIBEXEC / "fetch-sysroot").lexically_normal();
    return std::filesystem::exists(script, error) ? script.string() : "";
}

}  // namespace uprobesim
