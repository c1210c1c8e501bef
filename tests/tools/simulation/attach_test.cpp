// SPDX-License-Identifier: GPL-2.0-or-later
// Whole runs with probes that come late and go early: what is hit, what is counted, what attaching
// takes. Expected figures are those of the programs' words and of the kernel profile's rows.
#include <catch2/catch.hpp>

#include "sim/profile/kernel_profile.h"
#include "tests/tools/simulation/tiny_guest.h"
#include "tools/report/report_document.h"
#include "tools/simulation/guest_streams.h"
#include "tools/simulation/simulation.h"

namespace uprobesim {
namespace {

// Calls a function, 0x1c further, 10,000 times; then exit(0).
const std::vector<std::uint32_t> kCalls{
    0xd284e214,  // mov x20, #10000
    0x94000006,  // bl  function
    0xf1000694,  // subs x20, x20, #1
    0x54ffffc1,  // b.ne -8
    0xd2800000, 0xd2800bc8, 0xd4000001,
    0x91000421,  // function: add x1, x1, #1
    0xd65f03c0,  // ret
};
constexpr std::uint64_t kRounds = 10'000, kEachRound = 5;
const std::string kFunction = "uprobe:/calls:0x94";  // file offset 120 + 28

SimulationRequest request_of(const TinyGuest& guest, const char* attach, const char* detach,
                             Roi roi = Roi::All) {
    SimulationRequest request;
    request.files.root = guest.root();
    request.kernel = "v6.12";
    request.program.arguments = {"/calls"};
    REQUIRE(request.probes.add(kFunction));
    if (attach != nullptr) request.attach.at = *parse_attach_point(attach);
    if (detach != nullptr) request.attach.until = *parse_detach_point(detach);
    request.attach.roi = roi;
    return request;
}

RunReport run(const SimulationRequest& request) {
    const auto nowhere = [](int fd) { return std::make_shared<DigestedOutput>(fd, -1); };
    const GuestStreams streams{nowhere(0), nowhere(1), nowhere(2)};
    auto report = simulate(request, &streams);
    if (!report) FAIL(report.error().error.line());
    return *report;
}

RunReport run_calls(const char* attach, const char* detach, Roi roi = Roi::All) {
    TinyGuest guest;
    guest.add_program("calls", kCalls);
    return run(request_of(guest, attach, detach, roi));
}

std::uint64_t times_of(const RunReport& report, const std::string& path) {
    for (const PathRow& row : report.paths) {
        if (row.name == path) return row.times;
    }
    return 0;
}

}  // namespace

TEST_CASE("a hit is counted from the Nth time on that a place is executed", "[attach]") {
    const RunReport report =
        run_calls("hit:uprobe:/calls:0x94:9001", "hit:uprobe:/calls:0x94:9501");
    REQUIRE(report.attachment);
    REQUIRE(report.attachment->attach.at_ns);
    REQUIRE(report.attachment->detach);
    REQUIRE(report.attachment->detach->at_ns);
    // The 9,001st call to the 9,500th.
    CHECK(report.probes.front().hits == 500);
    CHECK(exceptions_named(report, "brk") == 500);
    CHECK(attach_warnings(report).empty());
}

TEST_CASE("a place can be watched inside a block", "[attach]") {
    // The ret after the first instruction of the function.
    const RunReport report = run_calls("hit:uprobe:/calls:0x98:2", nullptr);
    CHECK(report.probes.front().hits == kRounds - 2);
}

TEST_CASE("watching a place changes nothing of what is counted", "[attach]") {
    TinyGuest guest;
    guest.add_program("calls", kCalls);
    SimulationRequest request = request_of(guest, nullptr, nullptr);
    request.probes = {};
    const RunReport bare = run(request);
    request.attach.at = *parse_attach_point("hit:uprobe:/calls:0x98:9000");
    const RunReport watched = run(request);
    CHECK(watched.user_insns == bare.user_insns);
    CHECK(watched.user_cycles == bare.user_cycles);
    CHECK(watched.memory_peak_bytes == bare.memory_peak_bytes);
    CHECK(watched.elapsed_ns == bare.elapsed_ns);
}

TEST_CASE("probes come at a simulated time and go at another", "[attach]") {
    const RunReport report = run_calls("6us", "+3us");
    REQUIRE(report.attachment);
    const RegistrationRow& came = report.attachment->attach;
    REQUIRE(came.at_ns);
    // A turn ends at most a thousand instructions after the time.
    CHECK(*came.at_ns >= 6'000);
    CHECK(*came.at_ns < 8'000);
    REQUIRE(report.attachment->detach->at_ns);
    CHECK(*report.attachment->detach->at_ns >= *came.at_ns + 3'000);
    CHECK(report.probes.front().hits > 0);
    CHECK(report.probes.front().hits < kRounds / 10);
}

TEST_CASE("attaching takes what the profile says of its events and breakpoints", "[attach]") {
    const RunReport report = run_calls("hit:uprobe:/calls:0x94:1", "hit:uprobe:/calls:0x94:11");
    const RegistrationRow& came = report.attachment->attach;
    const RegistrationRow& went = *report.attachment->detach;
    CHECK(came.processes == 1);
    CHECK(came.pages == 1);
    CHECK(came.breakpoints == 1);
    const auto insns = [](const RegistrationRow& row) {
        double sum = 0;
        for (const PathRow& path : row.paths) sum += path.insns;
        return sum;
    };
    // As measured on 6.12: the first event of the system, an event with its program, a breakpoint.
    CHECK(insns(came) == Approx(17693 + 20605 + 6682));
    CHECK(insns(went) == Approx(24332 + 14305));
    CHECK(came.wait_ns == Approx(16e6));
    CHECK(went.wait_ns == Approx(139e6));
    // It is no work of the guest.
    CHECK(times_of(report, "attach.place") == 0);
    CHECK(times_of(report, "uprobe.place") == 0);
    CHECK(times_of(report, "uprobe.map.check") == 0);
}

TEST_CASE("--roi attach counts what happens while the probes are there", "[attach]") {
    const RunReport part =
        run_calls("hit:uprobe:/calls:0x94:1001", "hit:uprobe:/calls:0x94:1101", Roi::Attach);
    // 100 rounds with a breakpoint each.
    CHECK(part.user_insns == InsnCount(100 * (kEachRound + 1)));
    CHECK(part.probes.front().hits == 100);
    CHECK(exceptions_named(part, "brk") == 100);
    CHECK(exceptions_named(part, "software-step") == 100);
    CHECK(exceptions_named(part, "svc") == 0);
    CHECK(part.syscalls.empty());
    REQUIRE(part.processes.size() == 1);
    CHECK(part.processes.front().figures().insns == part.user_insns);
    CHECK(part.processes.front().figures().hits == 100);
    const Totals t = totals_of(part);
    CHECK(t.hits == 100);
    // What the parts sum to is what the clock says.
    CHECK(t.total_ns == Approx(static_cast<double>(part.elapsed_ns)).margin(2));
}

TEST_CASE("a point that is never reached is said in the report and in one line", "[attach]") {
    const RunReport report = run_calls("hit:uprobe:/calls:0x94:10001", "+1ms", Roi::Attach);
    REQUIRE(report.attachment);
    CHECK_FALSE(report.attachment->attach.at_ns);
    CHECK(report.probes.front().hits == 0);
    CHECK(report.user_insns == InsnCount(0));
    const auto lines = attach_warnings(report);
    REQUIRE(lines.size() == 1);
    CHECK_THAT(lines.front(), Catch::Contains("it was executed 10,000 times"));
    const std::string json = run_report_json(report);
    CHECK_THAT(json, Catch::Contains("\"reached\": false"));
    const auto late = run_calls("5s", nullptr);
    CHECK_THAT(attach_warnings(late).front(), Catch::Contains("--attach-at 5s was never reached"));
}

TEST_CASE("start is how it is without the option", "[attach]") {
    const RunReport plain = run_calls(nullptr, nullptr);
    const RunReport start = run_calls("start", nullptr);
    CHECK(run_report_json(plain) == run_report_json(start));
    CHECK_FALSE(plain.attachment);
}

TEST_CASE("a scenario's probes come when its programs are ready", "[attach][scenario]") {
    TinyGuest guest;
    guest.add_program("calls", kCalls);
    // write(1, "up", 2), then an endless loop.
    guest.add_program(
        "server", {0xd2800020, 0x100000a1, 0xd2800042, 0xd2800808, 0xd4000001, 0x14000000}, "up");
    SimulationRequest request = request_of(guest, "ready", nullptr);
    request.cpus = 2;
    request.scenario = "mine";
    request.program_name = "calls";
    BackgroundProgram& server = request.background.emplace_back();
    server.name = "server";
    server.program.arguments = {"/server"};
    server.ready_output = "up";
    const RunReport report = run(request);
    REQUIRE(report.attachment);
    // Nobody has the file yet: its process gets the breakpoint when it maps it.
    CHECK(report.attachment->attach.processes == 0);
    CHECK(report.attachment->attach.breakpoints == 0);
    CHECK(report.probes.front().hits == kRounds);
    CHECK(times_of(report, "uprobe.place") == 1);
    request.attach.at = *parse_attach_point("ready:server");
    CHECK(run(request).probes.front().hits == kRounds);
}

TEST_CASE("a program whose main() is not found is refused", "[attach]") {
    TinyGuest guest;
    guest.add_program("calls", {0xd2800000, 0xd2800bc8, 0xd4000001});
    SimulationRequest request = request_of(guest, "main", nullptr);
    request.probes = {};
    REQUIRE(request.probes.add("uprobe:/calls:0x78"));
    const auto report = simulate(request);
    REQUIRE_FALSE(report);
    CHECK_THAT(report.error().error.line(), Catch::Contains("main() cannot be found"));
}

}  // namespace uprobesim
