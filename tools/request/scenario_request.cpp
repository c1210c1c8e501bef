// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/request/scenario_request.h"

#include <fmt/format.h>

#include <optional>

#include "sim/base/try.h"
#include "tools/cli/quantity.h"
#include "tools/request/guest_environment.h"
#include "tools/simulation/scenario.h"

namespace uprobesim {

Outcome apply_scenario(const CommandLine& line, GuestRequest& guest) {
    const std::string& name = line.rest().front();
    if (line.rest().size() != 1) {
        return user_error(fmt::format("'{}': a scenario takes no arguments", line.rest()[1]), name,
                          "give options only; to run a program of this name: -- " + name);
    }
    for (const char* option : {"cwd", "scratch"}) {
        if (line.given(option))
            return user_error(fmt::format("--{} is for a single program", option), name,
                              "set it in the scenario");
    }
    std::optional<std::uint64_t> ready_timeout;
    if (line.given("ready-timeout"))
        ready_timeout = TRY(parse_duration(line.one("ready-timeout", ""), "--ready-timeout"));
    auto loaded = TRY(load_scenario(name));
    const Scenario& scenario = loaded;
    SimulationRequest& request = guest.simulation;
    if (!line.given("cpus")) request.cpus = scenario.cpus;
    if (request.probes.empty()) request.probes.append(scenario.probes);
    request.settings.insert(request.settings.begin(), scenario.settings.begin(),
                            scenario.settings.end());
    request.scenario = name;
    request.new_files = scenario.files;
    request.results = scenario.results;
    guest.kernels = scenario.kernels;
    if (!scenario.kernels.empty()) request.kernel = scenario.kernels.front();
    if (!scenario.machine.empty()) request.machine = scenario.machine;
    guest.title = scenario.title;
    for (const ScenarioProcess& process : scenario.processes) {
        BackgroundProgram program{
            .name = process.name,
            .program = {},
            .ready_port = process.ready_port,
            .ready_output = process.ready_output,
            .ready_timeout_ns = ready_timeout.value_or(process.ready_timeout_ns)};
        Words environment = process.environment;
        for (std::string& word : line.all("env")) environment.push_back(std::move(word));
        program.program = {.arguments = process.arguments,
                           .environment = guest_environment(environment).value_or(Words{}),
                           .cwd = process.cwd,
                           .uid = request.program.uid};
        // On fewer CPUs than it was written for, it runs on all.
        if (process.cpu && *process.cpu < request.cpus)
            program.program.affinity = std::uint64_t{1} << *process.cpu;
        request.background.push_back(std::move(program));
    }
    request.program = std::move(request.background.back().program);
    request.program_name = std::move(request.background.back().name);
    request.background.pop_back();
    return {};
}

}  // namespace uprobesim
