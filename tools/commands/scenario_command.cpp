// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "sim/base/text.h"
#include "sim/base/try.h"
#include "tools/cli/refusal.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/commands/sub_command.h"
#include "tools/html/report_text.h"
#include "tools/simulation/scenario_report.h"

namespace uprobesim {
namespace {

constexpr std::string_view kScenarioDescription =
    R"(A scenario is several programs in one simulation, such as a server and its client, with what is
probed and which figures are read from the output. run and compare take its name, or the path of a
TOML file (workloads/README.md describes the keys).

show prints a built-in one as it is written: copy it to a file and change it. check reads files as
strictly as run does, and prints one line for each: "FILE: ok", or file, line and mistake with
exit status 2.)";

constexpr std::string_view kScenarioExamples = R"(uprobesim compare redis-set
uprobesim run redis-get --kernel v6.12 --cpus 4
uprobesim scenario show redis-set > nginx.toml
uprobesim compare ./nginx.toml)";

constexpr SubCommand kScenarioSubCommands[] = {
    {"list", "", "the built-in scenarios"},
    {"show", "NAME", "the text of a built-in scenario"},
    {"check", "FILE...", "scenarios that you wrote"},
};

OptionTable scenario_options_table() {
    OptionTable table;
    add_report_options(table, all_formats());
    return table;
}

Result<std::string> list(const ReportOptions& options, bool on_terminal) {
    std::vector<NamedScenario> scenarios;
    for (const std::string& name : scenario_names()) {
        const auto scenario = load_scenario(name);
        scenarios.push_back({name, scenario ? scenario->description : scenario.error().line()});
    }
    return report_text({.document = [&] { return scenario_list_document(scenarios); },
                        .json = [&] { return scenario_list_json(scenarios); }},
                       options, on_terminal);
}

// As text: the file itself, to be copied and changed.
Result<std::string> show(const std::string& name, const ReportOptions& options, bool on_terminal) {
    std::string text = scenario_text(name);
    if (text.empty())
        return user_error(fmt::format("no scenario is named '{}'", name), "",
                          near_names(name, scenario_names()));
    if (options.format == ReportFormat::Text) return text;
    const auto scenario = TRY(load_scenario(name));
    return report_text({.document = [&] { return scenario_document(scenario); },
                        .json = [&] { return scenario_json(scenario); }},
                       options, on_terminal);
}

int check_files(const Words& files) {
    int status = 0;
    for (const std::string& file : files) {
        const auto scenario = load_scenario(file);
        if (!scenario) {
            status = refuse(scenario.error());
        } else {
            fmt::print("{}: ok\n", file);
        }
    }
    return status;
}

Result<int> run_scenario(const CommandLine& line, const OptionDefaults& defaults) {
    const auto options = TRY(read_report_options(line, all_formats(), defaults.no_color));
    const std::vector<SubCommand> known(std::begin(kScenarioSubCommands),
                                        std::end(kScenarioSubCommands));
    const auto name = TRY(sub_command("scenario", known, line.rest()));
    const Words words(line.rest().begin() + 1, line.rest().end());
    const auto needs = [&](std::string_view what) {
        return user_error(fmt::format("scenario {} needs {}", name, what), "",
                          "see uprobesim scenario --help");
    };
    if (name == "check") {
        if (words.empty()) return needs("at least one file");
        TRY(refuse_report_options(line, "scenario check prints a line for each file, no report",
                                  LinesGo::ToStdout));
        return check_files(words);
    }
    if (name == "show" && words.size() != 1) return needs("one name");
    if (name == "list" && !words.empty()) return needs("no more words");
    auto output = TRY(ReportOutput::open(options.output, stdout));
    const bool on_terminal = output.on_terminal();
    output.write(name == "show" ? TRY(show(words.front(), options, on_terminal))
                                : TRY(list(options, on_terminal)));
    return 0;
}

}  // namespace

Command scenario_command() {
    return {.name = "scenario",
            .meaning = "several programs in one simulation, for run and compare",
            .help = {{"list", "show NAME", "check FILE..."},
                     kScenarioDescription,
                     kScenarioExamples,
                     {}},
            .sub_commands = {std::begin(kScenarioSubCommands), std::end(kScenarioSubCommands)},
            .words = ValueSource::Scenario,
            .options = scenario_options_table,
            .run = run_scenario};
}

}  // namespace uprobesim
