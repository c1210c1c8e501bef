// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/target/spec.h"

#include <catch2/catch.hpp>

using namespace uprobesim;

TEST_CASE("specs are read as bpftrace and perf users write them", "[spec]") {
    const auto one = [](const char* text) {
        auto specs = parse_probe_specs(text);
        REQUIRE(specs);
        REQUIRE(specs->size() == 1);
        return specs->front();
    };
    CHECK(one("uprobe:/bin/grep:main").symbol == "main");
    CHECK(one("u:/bin/grep:main").text == "uprobe:/bin/grep:main");
    CHECK(one("uretprobe:/bin/grep:main").kind == ProbeSpec::Kind::Uretprobe);
    CHECK(one("ur:/bin/grep:main").kind == ProbeSpec::Kind::Uretprobe);
    CHECK(one("uprobe:/bin/grep:main+4").offset == 4);
    CHECK(one("uprobe:/bin/grep:main+0x10").offset == 16);
    CHECK(one("uprobe:/bin/grep:0xbaa0").raw_offset == 0xbaa0u);
    CHECK(one("uprobe:/bin/grep:4096").raw_offset == 4096u);
    CHECK(one("uprobe:/bin/grep:fn_*").has_wildcard());
    CHECK(one("uprobe:/opt/a:b/c:main").binary == "/opt/a:b/c");
}

TEST_CASE("commas separate probes, or more symbols of one binary", "[spec]") {
    const auto specs =
        parse_probe_specs("uprobe:/bin/grep:main,free,u:/lib/libc.so.6:malloc+8,0x40");
    REQUIRE(specs);
    REQUIRE(specs->size() == 4);
    CHECK((*specs)[1].text == "uprobe:/bin/grep:free");
    CHECK((*specs)[2].binary == "/lib/libc.so.6");
    CHECK((*specs)[3].raw_offset == 0x40u);
    CHECK((*specs)[3].binary == "/lib/libc.so.6");
}

TEST_CASE("a spec that cannot be read says what, where and how", "[spec]") {
    for (const char* text :
         {"", "main", "uprobe:", "uprobe:/bin/grep", "uprobe:/bin/grep:", "uprobe::main",
          "uprobe:grep:main", "kprobe:/bin/grep:main", "uprobe:/bin/grep:main+",
          "uprobe:/bin/grep:main+x", "uprobe:/bin/grep:+4", "uprobe:/bin/grep:0x",
          "uprobe:/bin/grep:0xg", "uprobe:/bin/grep:99999999999999999999", "uprobe:/bin/grep:f*+4",
          "uprobe:/bin/grep:main,", "u:/bin/a:b,k:/c:d"}) {
        INFO(text);
        const auto specs = parse_probe_specs(text);
        REQUIRE_FALSE(specs);
        const std::string line = specs.error().line();
        CHECK_FALSE(line.empty());
        CHECK(line.find('\n') == std::string::npos);
        CHECK_FALSE(specs.error().hint.empty());
    }
}

TEST_CASE("wildcards match as a shell's do", "[spec]") {
    CHECK(matches_wildcard("*", ""));
    CHECK(matches_wildcard("*", "main"));
    CHECK(matches_wildcard("ma?n", "main"));
    CHECK(matches_wildcard("m*n*", "main_n"));
    CHECK(matches_wildcard("*alloc", "malloc_calloc"));
    CHECK_FALSE(matches_wildcard("ma?n", "man"));
    CHECK_FALSE(matches_wildcard("m*x", "main"));
    CHECK_FALSE(matches_wildcard("main", "main2"));
    CHECK_FALSE(matches_wildcard("", "a"));
}
