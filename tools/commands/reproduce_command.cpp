// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <filesystem>

#include "sim/base/try.h"
#include "tools/cli/report_command.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/published/reproduce.h"

namespace uprobesim {
namespace {

constexpr std::string_view kHelp = R"(usage: uprobesim reproduce [options] [TABLE]

Runs every published row of the list thread "arm64: uprobes: Simulate STP for pushing fp/lr into user stack" afresh and
prints it beside the published figure, with the deviation; then what would have to be true for its grep and redis
tables, and the thread's claims as checks. TABLE is the name of one of them; --list names them all.

Examples:
  uprobesim reproduce
  uprobesim reproduce next-20241104-sim-stp
  uprobesim reproduce app-grep
  uprobesim reproduce -f csv -o rows.csv
  uprobesim reproduce --svg charts

Options:
)";

OptionTable options_table() {
    OptionTable table = option_table();
    auto add = table.add_options();
    add("rows", text_option("FILE"),
        "other published rows, a TOML file (default linux-arm-kernel-2024, built in)");
    add("list", "name the tables and what each is");
    add("svg", text_option("DIR"), "also write a chart of each table to DIR");
    add_report_options(table, "text, json, csv or md (default text)");
    return table;
}

void write_charts(const Reproduction& all, const std::string& folder) {
    for (const ReproducedTable& table : all.tables) {
        auto file = ReportOutput::open(folder + "/" + table.published.id + ".svg");
        if (!file) throw HostError("open of a chart", file.error().line());
        file->write(reproduction_svg(table));
    }
}

Result<int> run_reproduce(const ReportWords& words) {
    const CommandLine& line = words.line;
    if (line.rest().size() > 1)
        return user_error("at most one table can be named", line.rest()[1], "see --list");
    const auto published = TRY(load_published(line.one("rows", "linux-arm-kernel-2024")));
    auto output = TRY(ReportOutput::open(words.output, stdout));
    if (line.given("list")) {
        std::string text;
        for (const PublishedTable& table : published)
            text += fmt::format("{:<38}{}\n", table.id, table.title);
        output.write(text);
        return 0;
    }
    const std::string charts = line.one("svg", "");
    std::error_code error;
    if (!charts.empty() && !std::filesystem::is_directory(charts, error))
        return user_error("no such folder", charts, "make it first");
    const auto all = TRY(reproduce(published, line.rest().empty() ? "" : line.rest().front()));
    output.write(words.style.format == ReportFormat::Json
                     ? reproduction_json(all)
                     : written(reproduce_document(all), words.style));
    if (!charts.empty()) write_charts(all, charts);
    return 0;
}

}  // namespace

std::string reproduce_help() {
    return std::string(kHelp) + option_text(options_table());
}

int reproduce_command(const Words& words, const OptionDefaults&) {
    return run_report_verb(
        {"reproduce", reproduce_help, options_table, {"text", "json", "csv", "md"}, run_reproduce},
        words);
}

}  // namespace uprobesim
