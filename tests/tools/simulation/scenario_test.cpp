// SPDX-License-Identifier: GPL-2.0-or-later
// What scenario files may say.
#include "tools/simulation/scenario.h"

#include <catch2/catch.hpp>

#include "tests/support/host.h"

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
        {"cpus = 2", "based-on = \"redis-set\"", "3", "'based-on'"},
        {"probes = [\"uprobe:/server:0x78\"]", "probes = \"x\"", "4",
         "'probes' must be an array of texts"},
        {"probes = [\"uprobe:/server:0x78\"]", "probes = [\"server\"]", "4", "'probes': server:"},
        {"ready-timeout = \"1.5s\"", "ready-timeout = \"1.5\"", "17",
         "'process[0].ready-timeout': '1.5'"},
        {"ready-output = \"ready\"", "cwd = \"/\"", "17", "needs ready-port or ready-output"},
        {"probes = [\"uprobe:/server:0x78\"]", "probes = [1]", "4",
         "'probes' holds something else than texts"},
        {"machine.frequency=1e9", "machine.frequency", "5",
         "'settings': 'machine.frequency' is not of the form KEY=VALUE"},
        {"machine.frequency=1e9", "machine.frequenzy=1e9", "5",
         "unknown setting 'machine.frequenzy' (did you mean 'machine.frequency'"},
        {"cpus = 2", "kernels = [\"v6.21\"]", "3",
         "'kernels': no kernel profile named 'v6.21' (did you mean '"},
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

}  // namespace uprobesim
