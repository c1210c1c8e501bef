// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sysroot/sysroot.h"

#include <catch2/catch.hpp>

#include "tests/support/host.h"

using namespace uprobesim;

namespace {

// A host with a user's cache and a build tree below one temporary folder, nothing fetched.
struct Host {
    TempFolder folder;
    HostPlaces places{.sysroot_variable = "",
                      .cache_home = folder.path() + "/cache",
                      .executable = folder.path() + "/build/release/bin/uprobesim"};

    Host() {
        std::filesystem::create_directories(folder.path() + "/build/release/bin");
        folder.write("build/release/CMakeCache.txt", "");
    }

    // As the script leaves a folder when it has fetched all; `whole`: it came to its end.
    std::string fetch(const std::string& name, bool whole = true) {
        std::string path = folder.path() + "/" + name;
        std::filesystem::create_directories(path);
        if (whole) std::ofstream(path + "/.uprobesim-sysroot") << "bookworm\n";
        return path;
    }
};

}  // namespace

TEST_CASE("the sysroot is the variable's, else the cache's, else the build's", "[tools][sysroot]") {
    Host host;
    CHECK(default_root(host.places).empty());
    const std::string build = host.fetch("build/sysroot");
    CHECK(default_root(host.places) == build);
    const std::string cache = host.fetch("cache/uprobesim/sysroot");
    CHECK(default_root(host.places) == cache);
    host.places.sysroot_variable = host.folder.path() + "/own";
    // Not there, but named: the user is told so instead of getting another one.
    CHECK(default_root(host.places) == host.folder.path() + "/own");
}

TEST_CASE("a folder that was not fetched to its end is passed over", "[tools][sysroot]") {
    Host host;
    host.fetch("cache/uprobesim/sysroot", false);
    CHECK(find_sysroot(host.places).empty());
    const std::string build = host.fetch("build/sysroot");
    CHECK(find_sysroot(host.places) == build);
}

TEST_CASE("an installed tool has no build's sysroot", "[tools][sysroot]") {
    const TempFolder usr;
    std::filesystem::create_directories(usr.path() + "/usr/bin");
    std::filesystem::create_directories(usr.path() + "/sysroot");
    std::ofstream(usr.path() + "/sysroot/.uprobesim-sysroot") << "bookworm\n";
    const HostPlaces installed{.sysroot_variable = "",
                               .cache_home = usr.path() + "/cache",
                               .executable = usr.path() + "/usr/bin/uprobesim"};
    const auto places = sysroot_places(installed, SysrootKind::Basic);
    REQUIRE(places.size() == 1);
    CHECK(places[0].origin == "the user's cache");
    CHECK(find_sysroot(installed).empty());
}

TEST_CASE("the wide sysroot is in the same folder as the basic one", "[tools][sysroot]") {
    Host host;
    const std::string wide = host.fetch("cache/uprobesim/sysroot-wide");
    CHECK(find_sysroot(host.places, SysrootKind::Wide) == wide);
    CHECK(find_sysroot(host.places).empty());
}

TEST_CASE("fetching goes to the variable's folder or to the cache, never to a build",
          "[tools][sysroot]") {
    Host host;
    host.fetch("build/sysroot");
    CHECK(fetched_sysroot(host.places, SysrootKind::Basic) ==
          host.places.cache_home + "/uprobesim/sysroot");
    host.places.sysroot_variable = "/srv/arm64";
    CHECK(fetched_sysroot(host.places, SysrootKind::Wide) == "/srv/arm64-wide");
    CHECK(fetched_sysroot(
              {.sysroot_variable = "", .cache_home = "", .executable = "/usr/bin/uprobesim"},
              SysrootKind::Basic)
              .empty());
}
