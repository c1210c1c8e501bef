// SPDX-License-Identifier: GPL-2.0-or-later
// What comes of several programs in one simulation, and of one that does not become ready.
// Encodings are the GNU assembler's.
#include <catch2/catch.hpp>
#include <csignal>

#include "tests/tools/format/hostile_text.h"
#include "tests/tools/simulation/tiny_guest.h"
#include "tools/report/report_document.h"
#include "tools/simulation/guest_streams.h"
#include "tools/simulation/run_status.h"
#include "tools/simulation/simulation.h"

namespace uprobesim {
namespace {

// write(1, text, size) and what follows.
std::vector<std::uint32_t> saying(std::uint32_t size, const std::vector<std::uint32_t>& then) {
    const std::uint32_t words = 5 + static_cast<std::uint32_t>(then.size());
    std::vector<std::uint32_t> code{0xd2800020, 0x10000001 | (words - 1) << 5,
                                    0xd2800002 | size << 5, 0xd2800808, 0xd4000001};
    code.insert(code.end(), then.begin(), then.end());
    return code;
}
const std::vector<std::uint32_t> kLoop{0x14000000}, kExit0{0xd2800000, 0xd2800bc8, 0xd4000001};

// Nothing of it is shown.
tl::expected<RunReport, RunRefused> quietly(const SimulationRequest& request,
                                            const Observers& observers = {}) {
    const auto nowhere = [](int fd) { return std::make_shared<DigestedOutput>(fd, -1); };
    const GuestStreams streams{nowhere(0), nowhere(1), nowhere(2)};
    return simulate(request, &streams, observers);
}

SimulationRequest two_programs(const TinyGuest& guest, const std::string& awaited) {
    SimulationRequest request;
    request.files.root = guest.root();
    request.cpus = 2;
    request.scenario = "mine";
    request.program_name = "client";
    request.program.arguments = {"/client"};
    BackgroundProgram& server = request.background.emplace_back();
    server.name = "server";
    server.program.arguments = {"/server"};
    server.ready_output = awaited;
    request.results = {{"rate", "x/s", true, "client", "rate: ([0-9.]+)", 0},
                       {"lives", "1/s", true, "client", "", 10}};
    return request;
}

}  // namespace

TEST_CASE("the next program of a scenario starts when the one before is ready",
          "[tools][scenario]") {
    TinyGuest guest;
    guest.add_program("server", saying(6, kLoop), "ready\n");
    guest.add_program("client", saying(22, kExit0), "at all\nrate: 12.5 x/s\n");
    const SimulationRequest request = two_programs(guest, "ready");
    const auto report = quietly(request);
    if (!report) FAIL(report.error().error.line());
    CHECK(report->exit.kind == ExitKind::Exited);
    REQUIRE(report->results.size() == 2);
    CHECK(report->results[0].value == 12.5);
    CHECK(report->results[1].value > 10 / 0.001);  // it lives for less than a millisecond
    REQUIRE(report->provenance.programs.size() == 2);
    CHECK(report->provenance.programs[0].name == "server");
    CHECK(report->provenance.programs[1].name == "client");
    CHECK(report->provenance.arguments == std::vector<std::string>{"mine"});
    REQUIRE(report->processes.size() == 2);
    CHECK(report->processes[0].name == "server");
    CHECK(report->processes[1].name == "client");
    // The server's CPU never idles.
    REQUIRE(report->cpu_busy_ns.size() == 2);
    CHECK(report->cpu_busy_ns[0] + report->cpu_busy_ns[1] > report->elapsed_ns);
    CHECK(run_report_json(*report) == run_report_json(*quietly(request)));
}

TEST_CASE("a program that ends before it is ready ends the scenario with what it said",
          "[tools][scenario]") {
    TinyGuest guest;
    guest.add_program("server", saying(6, kExit0), "no way");
    guest.add_program("client", saying(2, kExit0), "x\n");
    const auto report = quietly(two_programs(guest, "ready"));
    REQUIRE_FALSE(report.has_value());
    const std::string line = report.error().error.line();
    INFO(line);
    CHECK(line.find("server ended before it was ready") != std::string::npos);
    CHECK(line.find("no way") != std::string::npos);
}

TEST_CASE("a program that never becomes ready ends the scenario after the given simulated time",
          "[tools][scenario]") {
    TinyGuest guest;
    guest.add_program("server", saying(8, kLoop), "not yet\n");
    guest.add_program("client", saying(2, kExit0), "x\n");
    SimulationRequest request = two_programs(guest, "ready");
    request.background.front().ready_timeout_ns = 2'000'000;
    const auto report = quietly(request);
    REQUIRE_FALSE(report.has_value());
    CHECK(report.error().exit_code == 125);
    const std::string line = report.error().error.line();
    INFO(line);
    CHECK(line.find("server was not ready after 2.000 ms of simulated time") != std::string::npos);
    CHECK(line.find("--ready-timeout") != std::string::npos);
    CHECK(line.find("not yet\\x0a") != std::string::npos);

    // A limit of the run that comes first is the reason.
    request.max_ns = 1'000'000;
    const auto limited = quietly(request);
    REQUIRE_FALSE(limited.has_value());
    CHECK(limited.error().exit_code == 125);
    CHECK(limited.error().error.what.find("a limit of the run") != std::string::npos);
}

TEST_CASE("of a program that is not ready is told what was awaited and what there is instead",
          "[tools][scenario]") {
    TinyGuest guest;
    guest.add_program("client", saying(2, kExit0), "x\n");
    guest.add_program("deaf", kLoop);
    // socket(AF_INET, SOCK_STREAM, 0), listen(it, 1): at a port that the kernel chooses
    guest.add_program("elsewhere", {0xd2800040, 0xd2800021, 0xd2800002, 0xd28018c8, 0xd4000001,
                                    0xd2800021, 0xd2801928, 0xd4000001, 0x14000000});
    // clone(SIGCHLD, 0, 0, 0, 0): the child loops, the parent exits
    guest.add_program("daemon",
                      {0xd2800220, 0xd2800001, 0xd2800002, 0xd2800003, 0xd2800004, 0xd2801b88,
                       0xd4000001, 0xb4000080, 0xd2800000, 0xd2800bc8, 0xd4000001, 0x14000000});
    const auto said = [&](const std::string& program) {
        SimulationRequest request = two_programs(guest, "");
        request.background.front().program.arguments = {"/" + program};
        request.background.front().ready_port = 6379;
        request.background.front().ready_timeout_ns = 2'000'000;
        const auto report = quietly(request);
        REQUIRE_FALSE(report.has_value());
        return report.error().error.line();
    };
    CHECK_THAT(said("deaf"), Catch::Contains("server was not ready after 2.000 ms") &&
                                 Catch::Contains("nothing listens on port 6379, nor on another"));
    CHECK_THAT(said("elsewhere"), Catch::Contains("nothing listens on port 6379, but on "));
    CHECK_THAT(said("daemon"),
               Catch::Contains("server went to the background before it was ready") &&
                   Catch::Contains("start it in the foreground"));
    SimulationRequest silent = two_programs(guest, "Ready\n");
    silent.background.front().program.arguments = {"/deaf"};
    silent.background.front().ready_timeout_ns = 2'000'000;
    const auto report = quietly(silent);
    REQUIRE_FALSE(report.has_value());
    CHECK_THAT(report.error().error.line(), Catch::Contains("'Ready\\x0a' was not printed") &&
                                                Catch::Contains("it printed nothing"));
}

TEST_CASE("a program that waits forever before it is ready ends the scenario at once",
          "[tools][scenario]") {
    TinyGuest guest;
    // ppoll(NULL, 0, NULL, NULL, 0)
    guest.add_program("server",
                      saying(8, {0xd2800000, 0xd2800001, 0xd2800002, 0xd2800003, 0xd2800004,
                                 0xd2800928, 0xd4000001}),
                      "not yet\n");
    guest.add_program("client", saying(2, kExit0), "x\n");
    const auto report = quietly(two_programs(guest, "ready"));
    REQUIRE_FALSE(report.has_value());
    CHECK(report.error().exit_code == 125);
    const std::string line = report.error().error.line();
    INFO(line);
    CHECK(line.find("server waits forever and was not ready") != std::string::npos);
    CHECK(line.find("not yet\\x0a") != std::string::npos);
}

TEST_CASE("a signal to the simulator while a program is awaited ends the scenario",
          "[tools][scenario]") {
    TinyGuest guest;
    guest.add_program("server", saying(8, kLoop), "not yet\n");
    guest.add_program("client", saying(2, kExit0), "x\n");
    const SimulationRequest request = two_programs(guest, "ready");
    for (const int number : {SIGINT, SIGTERM}) {
        RunStatus status;
        std::raise(number);
        const auto report = quietly(request, {.status = &status});
        REQUIRE_FALSE(report.has_value());
        CHECK(report.error().exit_code == 128 + number);
        const std::string line = report.error().error.line();
        INFO(line);
        CHECK(line.find("interrupted before server was ready") != std::string::npos);
    }
}

TEST_CASE("a hostile name in a scenario does not reach the terminal as it is",
          "[tools][scenario]") {
    const std::string hostile = "a\x1b[31m\x07\nb";
    TinyGuest guest;
    guest.add_program("server", saying(6, kLoop), "ready\n");
    guest.add_program("client", saying(11, kExit0), "rate: 12.5\n");
    SimulationRequest request = two_programs(guest, "ready");
    request.scenario = hostile;
    request.program_name = hostile;
    request.background.front().name = hostile + "2";
    request.results = {{hostile, hostile, true, hostile, "rate: ([0-9.]+)", 0}};
    const auto report = quietly(request);
    if (!report) FAIL(report.error().error.line());
    CHECK(report->results[0].value == 12.5);
    const Document document = run_document(*report, ProcessDetail::PerProcess);
    check_text_fits(document);
    for (const std::string& written :
         {document_markdown(document), document_csv(document), run_report_json(*report)})
        CHECK(written.find_first_of("\x1b\x07") == std::string::npos);

    // The message of one that is not ready.
    request.background.front().ready_output = "never";
    request.background.front().ready_timeout_ns = 1'000'000;
    const auto refused = quietly(request);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().error.line().find_first_of("\x1b\x07\n") == std::string::npos);
}

TEST_CASE("what a program printed is cut in the message of a scenario that never begins",
          "[tools][scenario]") {
    TinyGuest guest;
    guest.add_program("server", saying(4000, kLoop), std::string(4000, 'a'));
    guest.add_program("client", saying(2, kExit0), "x\n");
    SimulationRequest request = two_programs(guest, "ready");
    request.background.front().ready_timeout_ns = 1'000'000;
    const std::string line = quietly(request).error().error.line();
    CHECK(line.find(std::string(500, 'a') + "...") != std::string::npos);
    CHECK(line.size() < 1000);
}

TEST_CASE("a run that is cut short has no rate of a count", "[tools][scenario]") {
    TinyGuest guest;
    guest.add_program("server", saying(6, kLoop), "ready\n");
    guest.add_program("client", saying(15, kLoop), "rate: 12.5 x/s\n");
    SimulationRequest request = two_programs(guest, "ready");
    request.max_ns = 30'000'000;
    const auto report = quietly(request);
    if (!report) FAIL(report.error().error.line());
    REQUIRE(report->exit.kind == ExitKind::LimitReached);
    REQUIRE(report->results.size() == 2);
    CHECK(report->results[0].value == 12.5);  // the program has printed it
    CHECK_FALSE(report->results[1].value.has_value());
}

}  // namespace uprobesim
