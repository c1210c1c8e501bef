// SPDX-License-Identifier: GPL-2.0-or-later
// The classes' names: Arm ARM, ESR_EL1.EC. Costs: the ledger's own sum.
#include "tools/views/exception_log.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "tests/tools/simulation/tiny_guest.h"
#include "tools/simulation/simulation.h"
#include "tools/views/observer_list.h"

namespace uprobesim {
namespace {

constexpr std::uint32_t kBrk5 = 0xd42000a0, kSvc = 0xd4000001;
// mov x8, #172 (getpid); svc; mov x0, #3; mov x8, #94 (exit_group); svc
const std::vector<std::uint32_t> kCalls{0xd2801588, kSvc, 0xd2800060, 0xd2800bc8, kSvc};

struct Logged {
    std::vector<std::string> lines;
    RunReport report;
};

Logged logged(const std::vector<std::uint32_t>& code, const std::string& classes = "",
              std::uint64_t limit = 100) {
    TinyGuest guest;
    guest.add_program("p", code);
    SimulationRequest request;
    request.files.root = guest.root();
    request.program.arguments = {"/p"};
    const std::string path = guest.root() + "/log";
    auto output = LineOutput::open(path, limit, "exceptions");
    REQUIRE(output.has_value());
    ExceptionFilter filter;
    if (!classes.empty()) {
        const auto parsed = ExceptionFilter::parse(classes, "");
        REQUIRE(parsed.has_value());
        filter = *parsed;
    }
    ExceptionLog log(**output, filter);
    ObserverList observers;
    observers.add(log);
    auto report = simulate(request, nullptr,
                           {.observer = observers.observer(),
                            .begin = [&](FileSystem& files, const Uprobes&) { log.use(files); }});
    if (!report) FAIL(report.error().error.line());
    log.finish();
    Logged result{{}, *report};
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) result.lines.push_back(line);
    return result;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("each exception from EL0 is a line with its syndrome and place", "[tools][exceptions]") {
    const Logged got = logged(kCalls);
    // The first instruction's page comes by an instruction abort.
    REQUIRE(got.lines.size() == 3);
    CHECK(contains(got.lines[0], "cpu0 [pid 1000] instruction abort from EL0: IFSC 0x0"));
    CHECK(contains(got.lines[0], "FAR 0x400078; ELR /p+0x78;"));
    CHECK(contains(got.lines[1], "SVC in AArch64: SVC #0; ELR /p+0x80;"));
    CHECK(contains(got.lines[2], "SVC in AArch64: SVC #0; ELR /p+0x8c;"));
}

TEST_CASE("the log has as many lines of a class as the report counts", "[tools][exceptions]") {
    const Logged svc = logged(kCalls, "svc");
    CHECK(svc.lines.size() == exceptions_named(svc.report, "svc"));
    const Logged brk = logged({kBrk5}, "brk");
    REQUIRE(brk.lines.size() == 1);
    CHECK(contains(brk.lines[0], "BRK in AArch64: BRK #5"));
    CHECK(logged(kCalls, "brk,step").lines.empty());
    CHECK(logged(kCalls, "abort").lines.size() == 1);
}

TEST_CASE("logged exceptions beyond the limit are counted", "[tools][exceptions]") {
    const Logged got = logged(kCalls, "", 1);
    REQUIRE(got.lines.size() == 2);
    CHECK(got.lines[1] == "uprobesim: 2 more exceptions are not shown");
}

TEST_CASE("the log changes nothing in the report", "[tools][exceptions]") {
    const Logged seen = logged(kCalls);
    TinyGuest guest;
    guest.add_program("p", kCalls);
    SimulationRequest request;
    request.files.root = guest.root();
    request.program.arguments = {"/p"};
    const auto unseen = simulate(request);
    REQUIRE(unseen.has_value());
    CHECK(run_report_json(seen.report) == run_report_json(*unseen));
}

TEST_CASE("a class that does not exist is refused with those that do", "[tools][exceptions]") {
    const auto parsed = ExceptionFilter::parse("brk,trap", "--log-exceptions-filter");
    REQUIRE_FALSE(parsed.has_value());
    CHECK(contains(parsed.error().line(), "'trap'"));
    CHECK(contains(parsed.error().line(), "software-step"));
}

}  // namespace uprobesim
