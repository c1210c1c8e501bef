// SPDX-License-Identifier: GPL-2.0-or-later
// Counts as perf-stat(1) (section CSV FORMAT), bpftrace and uftrace-report(1) print them.
#include "tools/estimate/hit_counts.h"

#include <catch2/catch.hpp>

using namespace uprobesim;

namespace {

HitCounts counts(std::string_view text) {
    auto read = parse_hit_counts(text, "counts");
    if (!read) FAIL(read.error().line());
    return std::move(*read);
}
std::string mistake(std::string_view text) {
    const auto read = parse_hit_counts(text, "counts");
    return read ? "read as " + read->format : read.error().line();
}

}  // namespace

TEST_CASE("perf stat -x, gives the events and their counts", "[estimate]") {
    const auto read = counts(
        "# started on Fri Nov 27 07:00:00 2026\n"
        "\n"
        "123456,,probe_redis:processCommand,10001234567,100.00,,\n"
        "7,,probe_redis:lookupKey__return,10001234567,100.00,,\n"
        "<not counted>,,probe_redis:call,0,100.00,,\n");
    CHECK(read.format == "perf stat");
    REQUIRE(read.rows.size() == 2);
    CHECK(read.rows[0].name == "probe_redis:processCommand");
    CHECK(read.rows[0].count == 123456);
    CHECK(read.rows[0].line == 3);
    CHECK(read.rows[1].count == 7);
    CHECK_FALSE(read.seconds);
}

TEST_CASE("perf stat -I -x, adds the intervals up and tells the time", "[estimate]") {
    const auto read = counts(
        "     1.000123,100,,probe_redis:call,1000123000,100.00,,\n"
        "     2.000456,150,,probe_redis:call,1000333000,100.00,,\n");
    REQUIRE(read.rows.size() == 1);
    CHECK(read.rows[0].count == 250);
    CHECK(read.seconds.value() == Approx(2.000456));
}

TEST_CASE("an event's name may hold commas", "[estimate]") {
    const auto read = counts("5,,probe_x:map<int,int>,1000,100.00,,\n");
    CHECK(read.rows.at(0).name == "probe_x:map<int,int>");
}

TEST_CASE("the maps of bpftrace are read by their keys", "[estimate]") {
    const auto read = counts(
        "Attaching 2 probes...\n"
        "\n"
        "@[uprobe:/usr/bin/redis-server:lookupKey]: 12\n"
        "@calls[processCommand]: 34567\n");
    CHECK(read.format == "bpftrace map");
    REQUIRE(read.rows.size() == 2);
    CHECK(read.rows[0].name == "uprobe:/usr/bin/redis-server:lookupKey");
    CHECK(read.rows[1].name == "processCommand");
    CHECK(read.rows[1].count == 34567);
}

TEST_CASE("a uftrace report is read by its calls", "[estimate]") {
    const auto read = counts(
        "  Total time   Self time       Calls  Function\n"
        "  ==========  ==========  ==========  ====================\n"
        "    1.152 ms   71.683 us           1  main\n"
        "    1.080 ms    1.813 us       12345  ns::work(int, char)\n");
    CHECK(read.format == "uftrace report");
    REQUIRE(read.rows.size() == 2);
    CHECK(read.rows[1].name == "ns::work(int, char)");
    CHECK(read.rows[1].count == 12345);
}

TEST_CASE("lines of a name and a count are read in either order", "[estimate]") {
    CHECK(counts("main 12\nf 3\n").rows.at(1).count == 3);
    CHECK(counts("12 main\n3 f(int, char)\n").rows.at(1).name == "f(int, char)");
    CHECK(counts("f(int, char) 1,234\n").rows.at(0).count == 1234);
    CHECK(counts("f 1\nf 2\n").rows.at(0).count == 3);
}

TEST_CASE("a line that is no count is named", "[estimate]") {
    CHECK(mistake("") ==
          "counts: the file has no counts (give what perf stat -x, or a bpftrace map "
          "printed)");
    CHECK(mistake("main 12\nhello\n").starts_with("counts:2: 'hello' is no count"));
    CHECK(mistake("main -3\n").starts_with("counts:1: 'main -3' is no count"));
    CHECK(mistake("main nan\n").starts_with("counts:1:"));
    CHECK(mistake("main 1e999\n").starts_with("counts:1:"));
    CHECK(mistake("a\x1b[31mb\n").find('\x1b') == std::string::npos);
    CHECK(mistake("{\"schema\": 1}").starts_with("counts"));
    CHECK(mistake("<not counted>,,probe_x:f,0,100.00,,\n") ==
          "counts: nothing was counted (perf says <not counted>)");
}

TEST_CASE("the function of a counted name", "[estimate]") {
    CHECK(counted_function("probe_redis:processCommand") == "processCommand");
    CHECK(counted_function("probe_redis:processCommand__return") == "processCommand");
    CHECK(counted_function("uprobe:/usr/bin/redis-server:processCommand") == "processCommand");
    CHECK(counted_function("uretprobe:/lib/x.so:ns::f(int)") == "ns::f(int)");
    CHECK(counted_function("ns::f(int)") == "ns::f(int)");
    CHECK(counted_function("processCommand") == "processCommand");
}
