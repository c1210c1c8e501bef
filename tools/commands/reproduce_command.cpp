// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <filesystem>

#include "sim/base/try.h"
#include "tools/charts/charts.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/html/report_text.h"
#include "tools/picture/chart_svg.h"
#include "tools/published/reproduce.h"
#include "tools/published/scaling.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kMostStarts = 10'000;
constexpr std::uint64_t kMostSeed = 1'000'000'000;

constexpr std::string_view kReproduceDescription =
    R"(Runs every published row of the list thread "arm64: uprobes: Simulate STP for pushing fp/lr into
user stack" and prints the result next to the published figure, with the deviation; then what
would have to be true for the thread's grep and redis tables, and the thread's claims as checks.
TABLE is the name of one of the tables; --list prints all names. The table "scaling", which is not
among those of the thread, has the 42 rows of 1 to 64 CPUs on the Kunpeng916: with the tolerance of
each and which were used to fit the machine, on both profiles that explain the rows of 64 CPUs.)";

constexpr std::string_view kReproduceExamples = R"(uprobesim reproduce
uprobesim reproduce next-20241104-sim-stp
uprobesim reproduce app-grep
uprobesim reproduce -f csv -o rows.csv
uprobesim reproduce scaling --starts 48
uprobesim reproduce scaling --set machine.contention.handover-transfers=1
uprobesim reproduce --svg charts)";

OptionTable reproduce_options_table() {
    OptionTable table;
    table
        .text("rows", "FILE",
              "published rows, a TOML file (default linux-arm-kernel-2024, built in)")
        .from(ValueSource::File);
    table.flag("list", "list the tables and their titles");
    table.text("svg", "DIR", "also write a chart of each table to DIR").from(ValueSource::Folder);
    table.text("starts", "N",
               fmt::format("of scaling: starts of which the mean is taken (default {})", kStarts));
    table.text("seed", "N", "of scaling: of the first start (default 1)");
    add_set_option(table, "of scaling: change one key, machine.KEY or kernel.KEY; can be repeated");
    add_report_options(table, charted_formats());
    return table;
}

void write_charts(const Reproduction& all, const std::string& folder) {
    const std::vector<Chart> charts = reproduce_charts(all);
    for (std::size_t t = 0; t < charts.size(); ++t) {
        auto file = ReportOutput::open(folder + "/" + all.tables[t].published.id + ".svg");
        if (!file) throw HostError("open of a chart", file.error().line());
        file->write(charts_svg(all.tables[t].published.title, {charts[t]}));
    }
}

Result<int> run_scaling(const CommandLine& line, const ReportOptions& options) {
    ScalingRequest request;
    request.starts = TRY(line.number("starts", kStarts, kMostStarts));
    if (request.starts == 0) return user_error("at least one start is needed", "--starts", "");
    request.first_seed = TRY(line.number("seed", 1, kMostSeed));
    TRY(read_settings(line, request.settings));
    const auto data =
        TRY(line.about("rows", load_scaling(line.one("rows", std::string(kScalingRows)))));
    auto output = TRY(ReportOutput::open(options.output, stdout));
    const auto scaling = TRY(reproduce_scaling(data, request));
    output.write(TRY(report_text({.document = [&] { return scaling_document(scaling); },
                                  .json = [&] { return scaling_json(scaling); },
                                  .charts = [&] { return scaling_charts(scaling); }},
                                 options, output.on_terminal())));
    if (!line.given("svg")) return 0;
    auto file = TRY(ReportOutput::open(line.one("svg", "") + "/scaling.svg", stdout));
    file.write(charts_svg(scaling.data.title, scaling_charts(scaling)));
    return 0;
}

Result<int> run_reproduce(const CommandLine& line, const OptionDefaults& defaults) {
    const auto options = TRY(read_report_options(line, charted_formats(), defaults.no_color));
    if (line.rest().size() > 1)
        return user_error("at most one table can be named", line.rest()[1], "see --list");
    if (line.given("list")) {
        TRY(refuse_report_options(line, "--list prints names, no report", LinesGo::WhereReportsGo));
        if (!line.rest().empty())
            return user_error("--list prints the names of all tables", line.rest().front(),
                              "name no table with it");
    }
    if (!line.rest().empty() && line.rest().front() == kScaling) return run_scaling(line, options);
    for (const char* const option : {"starts", "seed", "set"}) {
        if (line.given(option))
            return user_error("an option of the table scaling", fmt::format("--{}", option), "");
    }
    const auto published =
        TRY(line.about("rows", load_published(line.one("rows", "linux-arm-kernel-2024"))));
    auto output = TRY(ReportOutput::open(options.output, stdout));
    if (line.given("list")) {
        std::string text;
        for (const PublishedTable& table : published)
            text += fmt::format("{:<38}{}\n", table.id, table.title);
        const auto scaling = TRY(load_scaling(kScalingRows));
        text += fmt::format("{:<38}{}\n", kScaling, scaling.title);
        output.write(text);
        return 0;
    }
    const std::string charts = line.one("svg", "");
    std::error_code error;
    if (!charts.empty() && !std::filesystem::is_directory(charts, error))
        return user_error("no such folder", charts, "make it first");
    const auto all = TRY(reproduce(published, line.rest().empty() ? "" : line.rest().front()));
    output.write(TRY(report_text({.document = [&] { return reproduce_document(all); },
                                  .json = [&] { return reproduction_json(all); },
                                  .charts = [&] { return reproduce_charts(all); }},
                                 options, output.on_terminal())));
    if (!charts.empty()) write_charts(all, charts);
    return 0;
}

}  // namespace

Command reproduce_command() {
    return {.name = "reproduce",
            .meaning = "published tables next to simulated ones",
            .help = {{"[options] [TABLE]"}, kReproduceDescription, kReproduceExamples, {}},
            .words = ValueSource::Table,
            .options = reproduce_options_table,
            .run = run_reproduce};
}

}  // namespace uprobesim
