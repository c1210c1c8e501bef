// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <filesystem>

#include "sim/base/try.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/published/reproduce.h"

namespace uprobesim {
namespace {

constexpr std::string_view kDescription =
    R"(Runs every published row of the list thread "arm64: uprobes: Simulate STP for pushing fp/lr into
user stack" and prints the result next to the published figure, with the deviation; then what
would have to be true for the thread's grep and redis tables, and the thread's claims as checks.
TABLE is the name of one of the tables; --list prints all names.)";

constexpr std::string_view kExamples = R"(uprobesim reproduce
uprobesim reproduce next-20241104-sim-stp
uprobesim reproduce app-grep
uprobesim reproduce -f csv -o rows.csv
uprobesim reproduce --svg charts)";

OptionTable options_table() {
    OptionTable table;
    table
        .text("rows", "FILE",
              "published rows, a TOML file (default linux-arm-kernel-2024, built in)")
        .from(ValueSource::File);
    table.flag("list", "list the tables and their titles");
    table.text("svg", "DIR", "also write a chart of each table to DIR").from(ValueSource::Folder);
    add_report_options(table, all_formats());
    return table;
}

void write_charts(const Reproduction& all, const std::string& folder) {
    for (const ReproducedTable& table : all.tables) {
        auto file = ReportOutput::open(folder + "/" + table.published.id + ".svg");
        if (!file) throw HostError("open of a chart", file.error().line());
        file->write(reproduction_svg(table));
    }
}

Result<int> run_reproduce(const CommandLine& line, const OptionDefaults& defaults) {
    const auto options = TRY(read_report_options(line, all_formats(), defaults.no_color));
    if (line.rest().size() > 1)
        return user_error("at most one table can be named", line.rest()[1], "see --list");
    const auto published =
        TRY(line.about("rows", load_published(line.one("rows", "linux-arm-kernel-2024"))));
    auto output = TRY(ReportOutput::open(options.output, stdout));
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
    output.write(options.format == ReportFormat::Json
                     ? reproduction_json(all)
                     : TRY(written(reproduce_document(all), options, output.on_terminal())));
    if (!charts.empty()) write_charts(all, charts);
    return 0;
}

}  // namespace

Command reproduce_command() {
    return {.name = "reproduce",
            .meaning = "published tables next to simulated ones",
            .help = {{"[options] [TABLE]"}, kDescription, kExamples, {}},
            .words = ValueSource::Table,
            .options = options_table,
            .run = run_reproduce};
}

}  // namespace uprobesim
