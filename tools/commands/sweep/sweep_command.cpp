// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sim/base/try.h"
#include "tools/charts/charts.h"
#include "tools/cli/default_profiles.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/commands/sub_command.h"
#include "tools/commands/sweep/sweep_base.h"
#include "tools/commands/sweep/sweep_files.h"
#include "tools/commands/sweep/sweep_submit.h"
#include "tools/fork/jobs.h"
#include "tools/html/report_text.h"
#include "tools/sweep/slurm.h"
#include "tools/sweep/sweep_report.h"

namespace uprobesim {
namespace {

constexpr std::string_view kSweepDescription =
    R"(Carries out a plan: a base command (run, compare, bench, estimate or a scenario) at every point
of its axes: kernels, machines, settings (lists, ranges, Latin hypercube samples, also within the
confidence of the figures), probes, handlers, CPUs, seeds. docs/sweep.md describes the file.

Points of run and compare that differ in cost parameters only are priced from one run, as whatif
does. Others run in child processes, --jobs at a time, each within the plan's limits on the host's
time and memory.

Results are rows of one SQLite file, PLAN.sqlite. They are keyed by the contents of what they
depend on: the tool, the command, the profiles, the files that it names. A second start does only
what is missing or has changed. It can be killed at any moment; what is finished is kept. A failed
point is kept with its reason, and is made again with --retry-failed.

submit --slurm makes the missing points an array job of Slurm, whose tasks write their results as
files of the folder PLAN.parts; words after -- are options of sbatch. docs/cluster.md says more.

status counts what is done, and asks Slurm what the tasks do. collect prints the points with their
figures. indices tells which axis a figure depends on, of a plan with a sample of the design
saltelli. plot draws a figure over the axes, as a page (-f html). All four read PLAN.sqlite, the
files of its chunks and PLAN.parts, or the files and folders that are named.)";

constexpr std::string_view kSweepExamples = R"(uprobesim sweep plan.toml
uprobesim sweep run plan.toml --jobs 8 --retry-failed
uprobesim sweep run plan.toml --chunk 3/20
uprobesim sweep submit --slurm plan.toml -- --partition=long --cpus-per-task=4
uprobesim sweep status plan.toml
uprobesim sweep collect plan.toml -f csv -o points.csv
uprobesim sweep collect plan.toml --figures probe_ns,cycles_per_hit --sort probe_ns --top 5
uprobesim sweep collect plan.toml --into all.sqlite -f csv -o points.csv
uprobesim sweep indices plan.toml --figures probe_ns
uprobesim sweep plot plan.toml --figures probe_ns -f html -o plan.html)";

constexpr SubCommand kSweepSubCommands[] = {
    {"run", "PLAN.toml", "do what is missing: the same as PLAN.toml alone"},
    {"status", "PLAN.toml [RESULTS...]", "how many points are done, failed and missing, and why"},
    {"collect", "PLAN.toml [RESULTS...]", "the points with their parameters and figures"},
    {"indices", "PLAN.toml [RESULTS...]", "Sobol indices: which axis a figure depends on"},
    {"plot", "PLAN.toml [RESULTS...]", "a figure over the axes: which matters, lines, heat maps"},
    {"submit", "PLAN.toml [-- SBATCH-OPTIONS...]", "the missing points as an array job of Slurm"},
};

OptionTable sweep_options_table() {
    OptionTable table;
    table.section("Running");
    table.text("jobs", "N", "run so many processes at a time (default: the host's CPUs)")
        .short_name('j');
    table.flag("retry-failed", "make failed points again");
    table.flag("no-share", "let each run begin at its own start, also where they are the same");
    table.text("chunk", "I/N",
               "only the Ith of N parts of the points, with a results file of its own; submit: N, "
               "so many points for each task");
    table.text("only", "FILE", "run: only the points whose numbers are its lines: 17 or 17-40")
        .from(ValueSource::File);
    table.text("results", "FILE", "the results file (default: PLAN.sqlite)")
        .from(ValueSource::File);
    table
        .text("parts", "FOLDER",
              "run: results as a file of this folder, no database, for file systems that hosts "
              "share; others: where such files are (default: PLAN.parts)")
        .from(ValueSource::Folder);
    table.section("Cluster");
    table.flag("slurm", "submit: to Slurm, by sbatch");
    table.flag("dry-run", "submit: write the job's files, and tell how to submit it");
    table.section("Output");
    table.text("figures", "NAME[,NAME...]",
               "collect: only these figures; indices, plot: these (default: the first)");
    table.text("into", "FILE", "collect: store all results in this SQLite file too")
        .from(ValueSource::File);
    add_report_options(table, charted_formats());
    return table;
}

// The program that runs now, even where its file has been replaced meanwhile.
constexpr const char* kSelf = "/proc/self/exe";

// A limit is of one run: then each is a process of its own.
bool share_starts(const CommandLine& line, const Plan& plan, const SweepBase& base) {
    return base.attaches_late && !line.given("no-share") && plan.time_limit_ns == 0 &&
           plan.memory_limit_bytes == 0;
}

Result<int> run(const CommandLine& line, const Points& points, const SweepBase& base,
                PointKeys& keys) {
    const auto chunk = TRY(read_chunk(line));
    const auto jobs = TRY(line.number("jobs", usable_cpus(), kMaxJobs));
    if (jobs == 0) return user_error("a sweep needs at least one job", line.spelled("jobs"));
    auto set = TRY(read_points(line, points, chunk));
    if (base.check) TRY(base.check());
    auto store = TRY(open_results(line, points.plan().file, chunk));
    const auto counts = TRY(run_sweep({.tool = kSelf,
                                       .jobs = jobs,
                                       .retry_failed = line.given("retry-failed"),
                                       .share_starts = share_starts(line, points.plan(), base),
                                       .points = std::move(set)},
                                      points, keys, store));
    fmt::print("{}\n", sweep_summary(counts));
    if (counts.failed != 0) fmt::print("{}\n", failure_summary(counts, points.plan().file));
    return counts.failed == 0 ? kExitSuccess : kExitDiffers;
}

Result<std::vector<PlotData>> plots_of(const SweepResults& results, const Words& figures) {
    std::vector<PlotData> plots;
    for (const std::string& figure : figures.empty() ? Words{""} : figures)
        plots.push_back(TRY(plot_data(results, figure)));
    return plots;
}

Result<int> show(const std::string& name, const CommandLine& line, const ReportOptions& options,
                 const Words& files, const Points& points, PointKeys& keys) {
    auto open = TRY(open_results_to_read(line, points.plan().file, files));
    auto results = TRY(collect_results(points, keys, open.stores));
    if (open.has_parts) results.strangers = open.stores.back().points() - results.from_last;
    if (name == "status") results.slurm = TRY(slurm_status(parts_folder(line, points.plan().file)));
    if (name == "collect" && line.given("into")) {
        auto into = TRY(ResultStore::open(line.one("into", "")));
        into.remember_plan(points.plan().text);
        for (ResultStore& store : open.stores) into.add_all(store);
    }
    const Words figures = line.given("figures") ? TRY(line.names("figures", "")) : Words();
    auto output = TRY(ReportOutput::open(options.output, stdout));
    ReportForms forms;
    std::vector<PlotData> plots;
    if (name == "status") {
        forms.document = [&] { return sweep_status_document(results); };
        forms.json = [&] { return sweep_status_json(results); };
    } else if (name == "collect") {
        auto document = TRY(sweep_document(results, figures));
        forms.document = [made = std::move(document)] { return made; };
        forms.json = [&] { return sweep_json(results); };
        // A page of points none of which is done has no charts.
        if (options.format == ReportFormat::Html || options.format == ReportFormat::Svg)
            plots = plots_of(results, figures).value_or(std::vector<PlotData>());
        forms.charts = [&] { return sweep_charts(results, plots); };
    } else if (name == "plot") {
        plots = TRY(plots_of(results, figures));
        forms.document = [&] { return plot_document(results, plots); };
        forms.json = [&] { return plot_json(results, plots); };
        forms.charts = [&] { return sweep_charts(results, plots); };
    } else {
        auto indices = TRY(indices_of(results, figures));
        forms.document = [&, indices] { return indices_document(points, indices); };
        forms.json = [&, indices] { return indices_json(points, indices); };
    }
    output.write(TRY(report_text(forms, options, output.on_terminal())));
    return kExitSuccess;
}

Result<int> run_sweep_command(const CommandLine& line, const OptionDefaults& defaults) {
    const auto options = TRY(read_report_options(line, charted_formats(), defaults.no_color));
    Words words = line.rest();
    const std::vector<SubCommand> known(std::begin(kSweepSubCommands), std::end(kSweepSubCommands));
    std::string name = "run";
    if (words.empty() || !words.front().ends_with(kPlanSuffix)) {
        std::error_code error;
        const auto chosen = sub_command("sweep", known, words);
        if (!chosen && !words.empty() && std::filesystem::exists(words.front(), error))
            return user_error("a plan's name ends in .toml", words.front(),
                              "for example: uprobesim sweep plan.toml");
        name = TRY(chosen);
        words.erase(words.begin());
    }
    if (words.empty() || (name == "run" && words.size() > 1))
        return user_error(fmt::format("sweep {} needs one plan", name), "",
                          fmt::format("for example: uprobesim sweep {} plan.toml", name));
    const auto plan = TRY(load_plan(words.front()));
    words.erase(words.begin());
    const auto base = TRY(read_sweep_base(plan, defaults));
    const auto points = TRY(Points::make(plan, base.kernel, base.machine));
    PointKeys keys(points, Identity(kSelf, base.root));
    if (name == "run") return run(line, points, base, keys);
    if (name == "submit") {
        if (base.check) TRY(base.check());
        return submit_sweep(line, points, keys, words);
    }
    return show(name, line, options, words, points, keys);
}

}  // namespace

Command sweep_command() {
    return {
        .name = "sweep",
        .meaning = "a command at many points: kernels, machines, cost parameters, samples of them",
        .help = {{"[options] PLAN.toml", "run|status|collect|indices|plot [options] PLAN.toml",
                  "submit --slurm [options] PLAN.toml [-- SBATCH-OPTIONS...]"},
                 kSweepDescription,
                 kSweepExamples,
                 "0 all points are done\n1 run: a point failed"},
        .sub_commands = {std::begin(kSweepSubCommands), std::end(kSweepSubCommands)},
        .words = ValueSource::File,
        .options = sweep_options_table,
        .run = run_sweep_command};
}

}  // namespace uprobesim
