// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "sim/base/try.h"
#include "tools/cli/refusal.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/simulation/scenario_report.h"

namespace uprobesim {
namespace {

constexpr std::string_view kScenario = R"(usage: uprobesim scenario list
       uprobesim scenario show NAME
       uprobesim scenario check FILE...

A scenario is several programs in one simulation: a server, its client, what is probed, and which figure counts.
list   names those that are built in
show   prints one as it is written: copy it to a file of your own and change it
check  reads files as strictly as run does: one line each, "FILE: ok" or what is wrong, where, with exit status 2

Examples:
  uprobesim compare redis-set
  uprobesim run redis-get --kernel v6.12 --cpus 4
  uprobesim scenario show redis-set > nginx.toml
  uprobesim compare ./nginx.toml

Options:
)";

OptionTable visible_options() {
    OptionTable table = option_table();
    add_report_options(table, "text, json, csv or md (default text)");
    return table;
}

std::string list(const ReportStyle& style) {
    std::vector<NamedScenario> scenarios;
    for (const std::string& name : scenario_names()) {
        const auto scenario = load_scenario(name);
        scenarios.push_back({name, scenario ? scenario->description : scenario.error().line()});
    }
    return style.format == ReportFormat::Json ? scenario_list_json(scenarios)
                                              : written(scenario_list_document(scenarios), style);
}

// As text: the file itself, to be copied and changed.
Result<std::string> show(const std::string& name, const ReportStyle& style) {
    std::string text = scenario_text(name);
    if (text.empty())
        return user_error(fmt::format("no scenario is named '{}'", name), "",
                          fmt::format("there are {}", fmt::join(scenario_names(), ", ")));
    if (style.format == ReportFormat::Text) return text;
    const auto scenario = TRY(load_scenario(name));
    return style.format == ReportFormat::Json ? scenario_json(scenario)
                                              : written(scenario_document(scenario), style);
}

int check(const Words& files) {
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

}  // namespace

std::string scenario_help() {
    return std::string(kScenario) + option_text(visible_options());
}

int scenario_command(const Words& words, const OptionDefaults&) {
    const auto line = CommandLine::parse("scenario", words, visible_options(), RestOfWords::Mixed);
    if (!line) return refuse(line.error());
    if (line->given("help")) {
        fmt::print("{}", scenario_help());
        return 0;
    }
    const Words& rest = line->rest();
    const std::string what = rest.empty() ? "" : rest.front();
    if (what == "check" && rest.size() > 1) return check(Words(rest.begin() + 1, rest.end()));
    const auto style = read_style(*line, {"text", "json", "csv", "md"});
    if (!style) return refuse(style.error());
    Result<std::string> text = std::string();
    if (what == "list" && rest.size() == 1) {
        text = list(*style);
    } else if (what == "show" && rest.size() == 2) {
        text = show(rest[1], *style);
    } else {
        return refuse({"scenario needs list, show NAME or check FILE...", "",
                       "see uprobesim scenario --help"});
    }
    if (!text) return refuse(text.error());
    std::string path;
    if (auto read = read_output(*line, path); !read) return refuse(read.error());
    auto output = ReportOutput::open(path, stdout);
    if (!output) return refuse(output.error());
    output->write(*text);
    return 0;
}

}  // namespace uprobesim
