// SPDX-License-Identifier: GPL-2.0-or-later
// Runs that end before their program: a time, a signal to the simulator, a deadlock.
#include <csignal>

#include "tests/tools/simulation/tiny_guest.h"
#include "tools/format/document_writers.h"
#include "tools/report/report_document.h"
#include "tools/simulation/run_status.h"
#include "tools/simulation/simulation.h"

namespace uprobesim {
namespace {

constexpr std::uint32_t kLoop = 0x14000000;  // b .
constexpr std::uint32_t kSvc = 0xd4000001;
// read(the pipe's end, sp, 1): pipe2(sp, 0); ldr w0, [sp]; mov x1, sp; mov x2, #1; mov x8, #63
const std::vector<std::uint32_t> kReadsOwnPipe{0xd10043ff, 0x910003e0, 0xd2800001, 0xd2800768,
                                               kSvc,       0xb94003e0, 0x910003e1, 0xd2800022,
                                               0xd28007e8, kSvc};

SimulationRequest request_for(const TinyGuest& guest) {
    SimulationRequest request;
    request.files.root = guest.root();
    request.program.arguments = {"/p"};
    return request;
}

RunReport run(const SimulationRequest& request, const Observers& observers = {}) {
    auto report = simulate(request, nullptr, observers);
    if (!report) FAIL(report.error().error.line());
    return *report;
}

}  // namespace

TEST_CASE("a run ends at the simulated time it is given, the same every time", "[tools][limits]") {
    TinyGuest guest;
    guest.add_program("p", {kLoop});
    SimulationRequest request = request_for(guest);
    request.max_ns = 3'000'000;
    const RunReport report = run(request);
    CHECK(report.exit.kind == ExitKind::LimitReached);
    CHECK(exit_code_of(report.exit) == 125);
    CHECK(report.elapsed_ns >= 3'000'000);
    CHECK(report.elapsed_ns < 3'100'000);
    CHECK(run_report_json(run(request)) == run_report_json(report));
}

TEST_CASE("a sleep is cut at the simulated time a run is given", "[tools][limits]") {
    TinyGuest guest;
    // nanosleep({100, 0}, NULL) from the stack
    guest.add_program("p", {0xd10043ff, 0xd2800c81, 0xf90003e1, 0xf90007ff, 0x910003e0, 0xd2800001,
                            0xd2800ca8, kSvc});
    SimulationRequest request = request_for(guest);
    request.max_ns = 2'000'000'000;
    const RunReport report = run(request);
    CHECK(report.exit.kind == ExitKind::LimitReached);
    CHECK(report.elapsed_ns >= 2'000'000'000);
    CHECK(report.elapsed_ns < 2'001'000'000);
}

TEST_CASE("a signal to the simulator ends a run with what was done until then", "[tools][limits]") {
    TinyGuest guest;
    guest.add_program("p", {kLoop});
    RunStatus status;
    std::raise(SIGTERM);
    const RunReport report = run(request_for(guest), {.status = &status});
    CHECK(report.exit.kind == ExitKind::Interrupted);
    CHECK(exit_code_of(report.exit) == 128 + SIGTERM);
    CHECK(exit_text(report.exit).find("interrupted") != std::string::npos);
    CHECK(run_report_json(report).find("\"end\": \"interrupted\"") != std::string::npos);
}

TEST_CASE("the state of a run changes nothing in its report", "[tools][limits]") {
    TinyGuest guest;
    guest.add_program("p", {0xd2800060, 0xd2800bc8, kSvc});
    const RunReport alone = run(request_for(guest));
    RunStatus status;
    std::raise(SIGUSR1);
    CHECK(run_report_json(run(request_for(guest), {.status = &status})) == run_report_json(alone));
}

TEST_CASE("a deadlock lists what each task waits for", "[tools][limits]") {
    TinyGuest guest;
    guest.add_program("p", kReadsOwnPipe);
    const RunReport report = run(request_for(guest));
    CHECK(report.exit.kind == ExitKind::Deadlock);
    REQUIRE(report.exit.waiting.size() == 1);
    CHECK(report.exit.waiting[0].call == "read");
    CHECK(report.exit.waiting[0].waits_for.starts_with("descriptor 3, pipe:["));
    const std::string line = waiting_text(report.exit.waiting[0]);
    CHECK(line.starts_with("task 1000 (p) waits in read for descriptor 3, pipe:["));
    CHECK(document_text(run_document(report)).find(line) != std::string::npos);
    CHECK(run_report_json(report).find("\"waits_for\": \"descriptor 3, pipe:[") !=
          std::string::npos);
}

}  // namespace uprobesim
