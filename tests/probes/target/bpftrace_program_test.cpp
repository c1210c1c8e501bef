// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/target/bpftrace_program.h"

#include <catch2/catch.hpp>

using namespace uprobesim;

namespace {

std::vector<BpftraceClause> read(std::string_view text) {
    auto clauses = read_bpftrace_program(text, "t.bt");
    if (!clauses) FAIL(clauses.error().line());
    return std::move(*clauses);
}

}  // namespace

TEST_CASE("a bpftrace program's clauses have probes, predicate and action", "[bpftrace]") {
    const auto clauses = read(R"(#!/usr/bin/env bpftrace
#include <linux/sched.h>
/* before: uprobe:/no:no { } */
config = { max_map_keys = 10 }
struct pair { int a; struct { int b; } c; };
BEGIN { printf("begin {\n"); }
uprobe:/bin/bash:readline,
uretprobe:/bin/bash:readline   // both
/ @n / 2 < 5 && comm == "a/{b" /
{
    @n = count(); /* } */
    if (arg0 == '}') { print("}\"{"); }
}
u:/opt/two:f{@=hist(arg0);}
usdt:/bin/x:"p:q":name { }
END{clear(@n)}
)");
    REQUIRE(clauses.size() == 5);
    CHECK(clauses[0].probes == std::vector<std::string>{"BEGIN"});
    CHECK(clauses[0].action == R"(printf("begin {\n");)");
    CHECK(clauses[1].probes ==
          std::vector<std::string>{"uprobe:/bin/bash:readline", "uretprobe:/bin/bash:readline"});
    CHECK(clauses[1].predicate == R"(@n / 2 < 5 && comm == "a/{b")");
    CHECK(clauses[1].action.starts_with("@n = count();"));
    CHECK(clauses[1].action.ends_with("print(\"}\\\"{\"); }"));
    CHECK(clauses[1].line == 7);
    CHECK(clauses[2].probes == std::vector<std::string>{"u:/opt/two:f"});
    CHECK(clauses[2].action == "@=hist(arg0);");
    CHECK(clauses[3].probes == std::vector<std::string>{"usdt:/bin/x:\"p:q\":name"});
    CHECK(clauses[3].action.empty());
    CHECK(clauses[4].action == "clear(@n)");
}

TEST_CASE("names with brackets and quotes stay whole in a bpftrace program", "[bpftrace]") {
    const auto clauses =
        read("uprobe:/t/a:cpp:\"ns::f(int, char)\",uprobe:/t/a:g(int, int) /pid == 1/ { exit() }");
    REQUIRE(clauses.size() == 1);
    CHECK(clauses[0].probes == std::vector<std::string>{"uprobe:/t/a:cpp:\"ns::f(int, char)\"",
                                                        "uprobe:/t/a:g(int, int)"});
    CHECK(clauses[0].predicate == "pid == 1");
    CHECK(clauses[0].action == "exit()");
}

TEST_CASE("a bpftrace program that cannot be read says where", "[bpftrace]") {
    for (const auto& [text, where] :
         std::vector<std::pair<std::string, std::string>>{{"uprobe:/a:b", "t.bt:1"},
                                                          {"\nuprobe:/a:b {", "t.bt:2"},
                                                          {"\n\n/* x", "t.bt:3"},
                                                          {"uprobe:/a:b { printf(\"x) }", "t.bt:1"},
                                                          {"uprobe:/a:b /x { }", "t.bt:1"},
                                                          {"uprobe:/a:b {\n f((1); }", "t.bt:2"},
                                                          {"uprobe:/a:b { @x[1) = 2; }", "t.bt:1"},
                                                          {"{ }", "t.bt:1"}}) {
        INFO(text);
        const auto clauses = read_bpftrace_program(text, "t.bt");
        REQUIRE_FALSE(clauses);
        CHECK(clauses.error().where == where);
    }
    CHECK(read("").empty());
}

TEST_CASE("a long bpftrace program is read in one pass, and its lines are right", "[bpftrace]") {
    constexpr std::size_t kClauses = 200000;
    std::string text;
    for (std::size_t i = 0; i < kClauses; ++i) text += "a{}\n";
    const auto clauses = read(text);
    REQUIRE(clauses.size() == kClauses);
    bool right = true;
    for (std::size_t i = 0; i < kClauses; ++i) right = right && clauses[i].line == i + 1;
    CHECK(right);
    text = "a{";
    for (std::size_t i = 0; i < kClauses; ++i) text += "'a";
    CHECK(read(text + "'}").size() == 1);
}
