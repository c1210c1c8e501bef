// SPDX-License-Identifier: GPL-2.0-or-later
// What scenario files may say, and what comes of several programs in one simulation. Encodings are
// the GNU assembler's.
#include "tools/simulation/scenario.h"

#include <catch2/catch.hpp>

#include "tests/tools/simulation/tiny_guest.h"
#include "tools/simulation/guest_streams.h"
#include "tools/simulation/simulation.h"

namespace uprobesim {
namespace {

constexpr std::string_view kWhole = R"(title = "T"
description = "D"
cpus = 2
probes = ["uprobe:/server:0x78"]
settings = ["machine.frequency=1e9"]

[[file]]
path = "/etc/x"
text = "y"

[[process]]
name = "server"
arguments = ["/server", "-v"]
environment = ["A=b"]
cpu = 1
ready-output = "ready"
ready-timeout = "1.5s"

[[process]]
name = "client"
arguments = ["/client"]

[[result]]
name = "rate"
unit = "requests/s"
better = "higher"
process = "client"
pattern = 'rate: ([0-9.]+)'
)";

Result<Scenario> load(const std::string& text) {
    TempFolder folder;
    return load_scenario(folder.write("mine.toml", text));
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

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
tl::expected<RunReport, RunRefused> quietly(const SimulationRequest& request) {
    const auto nowhere = [](int fd) { return std::make_shared<DigestedOutput>(fd, -1); };
    const GuestStreams streams{nowhere(0), nowhere(1), nowhere(2)};
    return simulate(request, &streams);
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

TEST_CASE("a scenario file says all that a run takes", "[tools][scenario]") {
    const auto scenario = load(std::string(kWhole));
    if (!scenario) FAIL(scenario.error().line());
    CHECK(scenario->name == "mine");
    CHECK(scenario->cpus == 2);
    CHECK(scenario->probes.words == std::vector<std::string>{"uprobe:/server:0x78"});
    REQUIRE(scenario->settings.size() == 1);
    CHECK(scenario->settings[0].key == "machine.frequency");
    REQUIRE(scenario->files.size() == 1);
    CHECK(scenario->files[0].text == "y");
    REQUIRE(scenario->processes.size() == 2);
    CHECK(scenario->processes[0].arguments == std::vector<std::string>{"/server", "-v"});
    CHECK(scenario->processes[0].environment == std::vector<std::string>{"A=b"});
    CHECK(scenario->processes[0].cpu == 1u);
    CHECK(scenario->processes[0].ready_output == "ready");
    CHECK(scenario->processes[0].ready_timeout_ns == 1'500'000'000);
    CHECK(scenario->processes[1].ready_timeout_ns == 10'000'000'000);
    CHECK_FALSE(scenario->processes[1].cpu.has_value());
    REQUIRE(scenario->results.size() == 1);
    CHECK(scenario->results[0].higher_is_better);
}

TEST_CASE("what is wrong in a scenario file is told with its line and key", "[tools][scenario]") {
    struct Wrong {
        std::string_view from, to, line, what;
    };
    const Wrong wrongs[] = {
        {"title = \"T\"", "", "", "title"},
        {"cpus = 2", "cpus = 0", "3", "'cpus' is 0 (it must be a whole number from 1 to 64)"},
        {"cpus = 2", "cpu = 2", "3", "'cpu'"},
        {"probes = [\"uprobe:/server:0x78\"]", "probes = \"x\"", "4",
         "'probes' must be an array of texts"},
        {"probes = [\"uprobe:/server:0x78\"]", "probes = [\"server\"]", "4", "'probes': server:"},
        {"ready-timeout = \"1.5s\"", "ready-timeout = \"1.5\"", "17",
         "'process[0].ready-timeout': '1.5'"},
        {"ready-output = \"ready\"", "cwd = \"/\"", "17", "needs ready-port or ready-output"},
        {"probes = [\"uprobe:/server:0x78\"]", "probes = [1]", "4",
         "'probes' holds something else than texts"},
        {"machine.frequency=1e9", "machine.frequency", "5",
         "'settings' holds something else than KEY=VALUE"},
        {"\"A=b\"", "\"A\"", "11", "KEY=VALUE"},
        {"cpu = 1", "cpu = 2", "15",
         "'process[0].cpu' is 2 (it must be a whole number from 0 to 1)"},
        {"name = \"client\"", "name = \"server\"", "20", "the name of another process too"},
        {"better = \"higher\"", "better = \"faster\"", "26", "higher or lower"},
        {"process = \"client\"", "process = \"nobody\"", "27", "names no process"},
        {"([0-9.]+)", "[0-9.]+", "28", "must have one group"},
        {"([0-9.]+)", "([0-9.+)", "28", "is not a regular expression"},
        {"pattern = 'rate: ([0-9.]+)'", "", "23", "needs either a pattern or a count"},
        {"pattern =", "patterns =", "28", "patterns"},
    };
    for (const Wrong& wrong : wrongs) {
        const auto scenario = load(replaced(std::string(kWhole), wrong.from, wrong.to));
        INFO(wrong.to);
        REQUIRE_FALSE(scenario.has_value());
        const std::string line = scenario.error().line();
        INFO(line);
        CHECK(line.find("mine.toml:" + std::string(wrong.line)) != std::string::npos);
        CHECK(line.find(wrong.what) != std::string::npos);
        CHECK(line.find('\n') == std::string::npos);
    }
    CHECK_FALSE(load("title = \"T\"\ndescription = \"D\"\n").has_value());
    CHECK_FALSE(load("title =").has_value());
    CHECK_FALSE(load_scenario("/nonexistent/x.toml").has_value());
    CHECK(load_scenario("no-such").error().line().find("redis-set") != std::string::npos);
}

TEST_CASE("the built-in scenarios can be read", "[tools][scenario]") {
    REQUIRE_FALSE(scenario_names().empty());
    for (const std::string& name : scenario_names()) {
        INFO(name);
        CHECK(load_scenario(name).has_value());
        CHECK(load(scenario_text(name)).has_value());
    }
}

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
