// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/simulation/scenario_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "tools/format/number_text.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;
using ColumnKind = Column::Kind;

std::string dump(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<std::string> setting_words(const Scenario& scenario) {
    std::vector<std::string> words;
    for (const Setting& s : scenario.settings)
        words.push_back(fmt::format("{}={}", s.key, s.value));
    return words;
}

}  // namespace

Document scenario_list_document(const std::vector<NamedScenario>& scenarios) {
    Table table{.columns = {{"scenario", ColumnKind::Name}, {"description", ColumnKind::Prose}}};
    for (const NamedScenario& s : scenarios) table.add({s.name, s.description});
    Document document{"uprobesim: scenario list",
                      counted(scenarios.size(), "scenario") + ": compare NAME runs one"};
    document.data = table;
    document.add(std::move(table));
    return document;
}

std::string scenario_list_json(const std::vector<NamedScenario>& scenarios) {
    Json list = Json::array();
    for (const NamedScenario& s : scenarios)
        list.push_back({{"name", s.name}, {"description", s.description}});
    return dump({{"schema", "uprobesim.scenario-list/1"}, {"scenarios", std::move(list)}});
}

Document scenario_document(const Scenario& scenario) {
    Document document{fmt::format("uprobesim: scenario {}", scenario.name),
                      fmt::format("scenario {}: {}", scenario.name, scenario.description)};
    Facts facts;
    facts.add("title", scenario.title);
    facts.add("CPUs", std::to_string(scenario.cpus));
    if (!scenario.machine.empty()) facts.add("machine", scenario.machine);
    for (const std::string& kernel : scenario.kernels) facts.add("kernel", kernel);
    for (const std::string& setting : setting_words(scenario)) facts.add("set", setting);
    for (const ScenarioResult& result : scenario.results)
        facts.add("result", fmt::format("{}, {} ({} is better)", result.name, result.unit,
                                        result.higher_is_better ? "higher" : "lower"));
    document.add(std::move(facts));
    Table table{
        .columns = {{"program", ColumnKind::Name}, {"CPU"}, {"arguments", ColumnKind::Prose}}};
    for (const ScenarioProcess& p : scenario.processes)
        table.add({p.name, p.cpu ? count_cell(*p.cpu) : no_cell(),
                   fmt::format("{}", fmt::join(p.arguments, " "))});
    document.data = table;
    document.add(std::move(table));
    return document;
}

std::string scenario_json(const Scenario& scenario) {
    Json programs = Json::array(), results = Json::array();
    for (const ScenarioProcess& p : scenario.processes) {
        programs.push_back({{"name", p.name},
                            {"arguments", p.arguments},
                            {"cpu", p.cpu ? Json(*p.cpu) : Json(nullptr)}});
    }
    for (const ScenarioResult& r : scenario.results)
        results.push_back({{"name", r.name},
                           {"unit", r.unit},
                           {"better", r.higher_is_better ? "higher" : "lower"}});
    return dump({{"schema", "uprobesim.scenario/1"},
                 {"name", scenario.name},
                 {"description", scenario.description},
                 {"title", scenario.title},
                 {"cpus", scenario.cpus},
                 {"kernels", scenario.kernels},
                 {"machine", scenario.machine},
                 {"settings", setting_words(scenario)},
                 {"programs", std::move(programs)},
                 {"results", std::move(results)}});
}

}  // namespace uprobesim
