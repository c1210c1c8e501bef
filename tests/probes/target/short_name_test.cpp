// SPDX-License-Identifier: GPL-2.0-or-later
// Names without a path, as bpftrace's guide and libbpf have them: "uprobe:bash:readline",
// "uprobe:libc:malloc", "uprobe/libc.so.6:malloc".
#include "probes/target/short_name.h"

#include <catch2/catch.hpp>
#include <map>

using namespace uprobesim;

namespace {

std::optional<std::string> found(const std::string& name) {
    const std::map<std::string, std::vector<std::string>> tree = {
        {"/usr/bin", {"bash", "libtool", "x"}},
        {"/usr/local/bin", {"x"}},
        {"/lib/aarch64-linux-gnu", {"libc.so.6", "libcap.so.2", "libssl.so.1.1", "libssl.so.3"}},
        {"/usr/lib", {"libold.so", "libold.a", "libx"}}};
    return find_short_name(name, [&](const std::string& folder) {
        const auto names = tree.find(folder);
        return names == tree.end() ? std::vector<std::string>() : names->second;
    });
}

}  // namespace

TEST_CASE("a name without a slash is one to look up", "[spec]") {
    CHECK(is_short_name("libc"));
    CHECK(is_short_name("redis-server"));
    CHECK_FALSE(is_short_name(""));
    CHECK_FALSE(is_short_name("/bin/bash"));
    CHECK_FALSE(is_short_name("./bash"));
    CHECK_FALSE(is_short_name("libc*"));
}

TEST_CASE("programs are found as a shell does, libraries as the dynamic linker does", "[spec]") {
    CHECK(found("bash") == "/usr/bin/bash");
    CHECK(found("x") == "/usr/local/bin/x");
    CHECK(found("libc") == "/lib/aarch64-linux-gnu/libc.so.6");
    CHECK(found("libc.so.6") == "/lib/aarch64-linux-gnu/libc.so.6");
    CHECK(found("libssl") == "/lib/aarch64-linux-gnu/libssl.so.3");
    CHECK(found("libssl.so.1.1") == "/lib/aarch64-linux-gnu/libssl.so.1.1");
    CHECK(found("libold") == "/usr/lib/libold.so");
    CHECK(found("libtool") == "/usr/bin/libtool");
    for (const char* none : {"libca", "libc.so", "libx", "zsh", "c"}) {
        INFO(none);
        CHECK_FALSE(found(none));
    }
}
