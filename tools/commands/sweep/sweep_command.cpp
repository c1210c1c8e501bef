// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "sim/base/try.h"
#include "tools/cli/default_profiles.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/commands/sub_command.h"
#include "tools/commands/sweep/sweep_base.h"
#include "tools/html/report_text.h"
#include "tools/sweep/sweep_report.h"

namespace uprobesim {
namespace {

constexpr std::string_view kDescription =
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

status counts what is done. collect prints the points with their figures. indices tells which axis
a figure depends on, of a plan with a sample of the design saltelli. All three read PLAN.sqlite and
the files of its chunks, or the files that are named.)";

constexpr std::string_view kExamples = R"(uprobesim sweep plan.toml
uprobesim sweep run plan.toml --jobs 8 --retry-failed
uprobesim sweep run plan.toml --chunk 3/20
uprobesim sweep status plan.toml
uprobesim sweep collect plan.toml -f csv -o points.csv
uprobesim sweep collect plan.toml --figures probe_ns,cycles_per_hit --sort probe_ns --top 5
uprobesim sweep indices plan.toml --figures probe_ns)";

constexpr SubCommand kSubCommands[] = {
    {"run", "PLAN.toml", "do what is missing: the same as PLAN.toml alone"},
    {"status", "PLAN.toml [RESULTS...]", "how many points are done, failed and missing, and why"},
    {"collect", "PLAN.toml [RESULTS...]", "the points with their parameters and figures"},
    {"indices", "PLAN.toml [RESULTS...]", "Sobol indices: which axis a figure depends on"},
};
constexpr std::string_view kPlanSuffix = ".toml";
constexpr std::string_view kResultsSuffix = ".sqlite";
constexpr std::uint64_t kMaxJobs = 1024;

OptionTable options_table() {
    OptionTable table;
    table.section("Running");
    table.text("jobs", "N", "run so many processes at a time (default: the host's CPUs)")
        .short_name('j');
    table.flag("retry-failed", "make failed points again");
    table.text("chunk", "I/N",
               "only the Ith of N parts of the points, with a results file of its own");
    table.text("results", "FILE", "the results file (default: PLAN.sqlite)")
        .from(ValueSource::File);
    table.section("Output");
    table.text("figures", "NAME[,NAME...]",
               "collect: only these figures; indices: these (default: the first)");
    add_report_options(table, all_formats());
    return table;
}

struct Chunk {
    std::uint64_t number = 1, count = 1;
};

Result<Chunk> read_chunk(const CommandLine& line) {
    Chunk chunk;
    if (!line.given("chunk")) return chunk;
    const std::string text = line.one("chunk", "");
    const char* end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, chunk.number);
    const bool slash = first.ec == std::errc() && first.ptr != end && *first.ptr == '/';
    const auto second = slash ? std::from_chars(first.ptr + 1, end, chunk.count) : first;
    if (!slash || second.ec != std::errc() || second.ptr != end || chunk.number < 1 ||
        chunk.number > chunk.count || chunk.count > kMaxPoints)
        return user_error(fmt::format("'{}' is not I/N with I from 1 to N", text), "--chunk",
                          "for example: --chunk 3/20");
    return chunk;
}

std::string without_suffix(const std::string& plan) {
    return plan.ends_with(kPlanSuffix) ? plan.substr(0, plan.size() - kPlanSuffix.size()) : plan;
}

std::string results_file(const CommandLine& line, const std::string& plan, const Chunk& chunk) {
    if (line.given("results")) return line.one("results", "");
    const std::string part =
        chunk.count == 1 ? "" : fmt::format(".chunk-{}-of-{}", chunk.number, chunk.count);
    return fmt::format("{}{}{}", without_suffix(plan), part, kResultsSuffix);
}

// The plan's own and those of its chunks, by name.
Words results_files(const CommandLine& line, const std::string& plan, const Words& named) {
    if (!named.empty()) return named;
    Words files{results_file(line, plan, {})};
    if (line.given("results")) return files;
    namespace fs = std::filesystem;
    const fs::path stem(without_suffix(plan));
    const std::string head = stem.filename().string() + ".chunk-";
    const fs::path folder = stem.has_parent_path() ? stem.parent_path() : fs::path(".");
    Words chunks;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with(head) && name.ends_with(kResultsSuffix))
            chunks.push_back((stem.parent_path() / name).string());
    }
    std::sort(chunks.begin(), chunks.end());
    files.insert(files.end(), chunks.begin(), chunks.end());
    return files;
}

Result<std::vector<ResultStore>> open_stores(const Words& files, bool must_exist) {
    std::vector<ResultStore> stores;
    for (const std::string& file : files) {
        auto store = TRY(ResultStore::open_to_read(file));
        if (!store && must_exist) return user_error("there is no such results file", file);
        if (store) stores.push_back(std::move(*store));
    }
    return stores;
}

// The program that runs now, even where its file has been replaced meanwhile.
constexpr const char* kSelf = "/proc/self/exe";

std::uint64_t usable_cpus() {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<std::uint64_t>(CPU_COUNT(&set))
                                                       : 1;
}

Result<int> run(const CommandLine& line, const Points& points, PointKeys& keys) {
    const auto chunk = TRY(read_chunk(line));
    const auto jobs = TRY(line.number("jobs", usable_cpus(), kMaxJobs));
    if (jobs == 0) return user_error("a sweep needs at least one job", line.spelled("jobs"));
    auto store = TRY(ResultStore::open(results_file(line, points.plan().file, chunk)));
    const auto counts = TRY(run_sweep({.tool = kSelf,
                                       .jobs = jobs,
                                       .retry_failed = line.given("retry-failed"),
                                       .range = chunk_of(points.size(), chunk.number, chunk.count)},
                                      points, keys, store));
    fmt::print("{}\n", sweep_summary(counts));
    return counts.failed == 0 ? kExitSuccess : kExitDiffers;
}

Result<int> show(const std::string& name, const CommandLine& line, const ReportOptions& options,
                 const Words& files, const Points& points, PointKeys& keys) {
    auto stores = TRY(open_stores(results_files(line, points.plan().file, files), !files.empty()));
    const auto results = TRY(collect_results(points, keys, stores));
    const Words figures = line.given("figures") ? TRY(line.names("figures", "")) : Words();
    auto output = TRY(ReportOutput::open(options.output, stdout));
    ReportForms forms;
    if (name == "status") {
        forms.document = [&] { return sweep_status_document(results); };
        forms.json = [&] { return sweep_status_json(results); };
    } else if (name == "collect") {
        auto document = TRY(sweep_document(results, figures));
        forms.document = [made = std::move(document)] { return made; };
        forms.json = [&] { return sweep_json(results); };
    } else {
        auto indices = TRY(indices_of(results, figures));
        forms.document = [&, indices] { return indices_document(points, indices); };
        forms.json = [&, indices] { return indices_json(points, indices); };
    }
    output.write(TRY(report_text(forms, options, output.on_terminal())));
    return kExitSuccess;
}

Result<int> run_sweep_command(const CommandLine& line, const OptionDefaults& defaults) {
    const auto options = TRY(read_report_options(line, all_formats(), defaults.no_color));
    Words words = line.rest();
    const std::vector<SubCommand> known(std::begin(kSubCommands), std::end(kSubCommands));
    std::string name = "run";
    if (words.empty() || !words.front().ends_with(kPlanSuffix)) {
        name = TRY(sub_command("sweep", known, words));
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
    if (name == "run") return run(line, points, keys);
    return show(name, line, options, words, points, keys);
}

}  // namespace

Command sweep_command() {
    return {
        .name = "sweep",
        .meaning = "a command at many points: kernels, machines, cost parameters, samples of them",
        .help = {{"[options] PLAN.toml", "run|status|collect|indices [options] PLAN.toml"},
                 kDescription,
                 kExamples,
                 "0 all points are done\n1 run: a point failed"},
        .sub_commands = {std::begin(kSubCommands), std::end(kSubCommands)},
        .words = ValueSource::File,
        .options = options_table,
        .run = run_sweep_command};
}

}  // namespace uprobesim
