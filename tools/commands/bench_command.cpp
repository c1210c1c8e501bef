// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's uprobe benchmark, on a simulated machine.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "sim/base/try.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tools/bench/bench_report.h"
#include "tools/bench/producers_report.h"
#include "tools/charts/charts.h"
#include "tools/cli/build_info.h"
#include "tools/cli/default_profiles.h"
#include "tools/cli/handler_option.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/html/report_text.h"
#include "tools/picture/chart_svg.h"
#include "tools/sliders/report_sheets.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kMaxHits = 1'000'000'000;
constexpr std::uint64_t kMostStarts = 10'000;
constexpr unsigned kMostCpus = 64;

constexpr std::string_view kDescription =
    R"(Runs the kernel's uprobe benchmark (selftests/bpf, trig-uprobe-*) on a simulated machine: a loop
around one function, a probe with an empty BPF program on its first instruction, one producer.
Prints the benchmark's own line, to be compared with a measured one, and below it where the cycles
of one hit are spent. Its cycles are those of an iteration of the loop: a hit, as run counts it, and
the loop's own instructions (explain has the probed one only). The deviation is 0.000 because a
simulated run is exactly repeatable.

With --producers so many threads of one process hit the probe, each on a CPU of its own, and wait
for each other's cache lines and locks: which lines is in the kernel profile, what their way costs
in the machine profile. The order in which CPUs get a line hardly changes once they have begun, so
that a row is the mean of --starts, with their range.

VARIANT is one of uprobe-nop, uprobe-push, uprobe-ret, uretprobe-nop, uretprobe-push,
uretprobe-ret (default: all six).)";

constexpr std::string_view kExamples = R"(uprobesim bench
uprobesim bench --lines --kernels next-20240909,next-20240909+stp
uprobesim bench uprobe-push uretprobe-push --kernels v6.12,v6.13,v6.13+stp-copy
uprobesim bench --branch-protection --lines
uprobesim bench uprobe-push --machines kunpeng916,neoverse-n1 --kernels v6.1,v6.12,v6.13
uprobesim bench uprobe-push --handler hist
uprobesim bench --producers 1,2,4,8,16,32,64 uprobe-nop uprobe-push --kernel v6.13 --svg charts
uprobesim bench --producers 8 --pin 0,8,16,24,32,40,48,56 uprobe-ret --machine kunpeng916
uprobesim bench uprobe-push --machine generic-a72 --set kernel.slot-copy=if-changed)";

OptionTable options_table() {
    OptionTable table;
    add_kernels_option(
        table, fmt::format("kernel profiles: names or TOML files (default {})", kDefaultKernel));
    add_machines_option(
        table, fmt::format("machine profiles: names or TOML files (default {})", kDefaultMachine));
    add_set_option(table, "change one key, machine.KEY or kernel.KEY; can be repeated");
    add_handler_option(table);
    table.flag("branch-protection",
               "build the targets as distributions do: they begin with bti c or paciasp");
    table.text("hits", "N", "number of hits to count, after the first ones (default 1000)");
    table.text("producers", "LIST", "numbers of threads that hit the probe, 1 to 64: 1,2,4,8");
    table.text(
        "starts", "N",
        fmt::format("of --producers: starts of which the mean is taken (default {})", kStarts));
    table.text("pin", "WORD",
               "of --producers: compact (default), scatter, or a list of the machine's CPUs");
    table.flag("threads", "of --producers: run the threads, do not repeat a recorded hit");
    table.text("svg", "DIR", "of --producers: also write a chart of each kernel to DIR")
        .from(ValueSource::Folder);
    table.flag("lines", "print the benchmark's lines only, without the breakdown");
    add_report_options(table, charted_formats());
    return table;
}

// A table for each machine: what a hit does is counted once, since machines differ in prices only.
Outcome run_kernel(const TriggerRequest& request, const KernelProfile& kernel,
                   const std::vector<MachineProfile>& machines,
                   const std::vector<TriggerVariant>& variants, std::vector<BenchTable>& tables) {
    const std::string handler = request.handler ? request.handler->name : "";
    std::vector<TriggerCounts> counts;
    for (const TriggerVariant& variant : variants) {
        TriggerRequest one = request;
        one.variant = variant;
        counts.push_back(TRY(count_trigger(one)));
    }
    for (const MachineProfile& machine : machines) {
        const PriceList prices(machine, kernel);
        BenchTable& table = tables.emplace_back(
            BenchTable{machine, kernel, request.branch_protection, {}, handler});
        for (std::size_t i = 0; i < variants.size(); ++i)
            table.rows.push_back({variants[i], counts[i], price_trigger(counts[i], prices)});
    }
    return {};
}

// What is run over producers: each variant on each kernel, on each machine.
struct ProducersBench {
    TriggerRequest request;
    std::vector<std::string> kernel_names;
    std::vector<MachineProfile> machines;
    std::vector<KernelProfile> kernels;
    std::vector<TriggerVariant> variants;
};

Result<std::vector<unsigned>> numbers(const CommandLine& line, const char* option, unsigned least,
                                      unsigned most) {
    std::vector<unsigned> all;
    const auto words = TRY(line.names(option, ""));
    for (const std::string& word : words) {
        unsigned number = 0;
        const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), number);
        if (error != std::errc() || stop != word.data() + word.size() || number < least ||
            number > most)
            return user_error(fmt::format("'{}' is not a number from {} to {}", word, least, most),
                              fmt::format("--{}", option), "a list with commas: 1,2,4,8");
        all.push_back(number);
    }
    return all;
}

Result<PinRequest> pin_request(const CommandLine& line) {
    const std::string word = line.one("pin", "compact");
    if (word == "compact") return PinRequest{};
    if (word == "scatter") return PinRequest{Pinning::Scatter, {}};
    auto cpus = TRY(numbers(line, "pin", 0, kMostCpus - 1));
    for (std::size_t i = 0; i < cpus.size(); ++i) {
        if (std::find(cpus.begin(), cpus.begin() + static_cast<std::ptrdiff_t>(i), cpus[i]) !=
            cpus.begin() + static_cast<std::ptrdiff_t>(i))
            return user_error(fmt::format("CPU {} is listed twice", cpus[i]), "--pin", "");
    }
    return PinRequest{Pinning::List, std::move(cpus)};
}

Outcome write_charts(const ProducersReport& report, const std::string& folder) {
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error))
        return user_error("no such folder", folder, "make it first");
    for (const ProducersTable& table : report.tables) {
        auto file = TRY(ReportOutput::open(
            fmt::format("{}/{}-{}.svg", folder, table.kernel.name, table.machine.name), stdout));
        const ProducersReport one{
            .version = report.version, .settings = {}, .pin = {}, .tables = {table}};
        file.write(charts_svg(fmt::format("{} on {}", table.kernel.name, table.machine.name),
                              producers_charts(one)));
    }
    return {};
}

bool lines_alone(const CommandLine& line, const ReportOptions& options) {
    return line.given("lines") && options.format != ReportFormat::Json &&
           options.format != ReportFormat::Html && options.format != ReportFormat::Svg;
}

Result<int> run_over_producers(const CommandLine& line, const ReportOptions& options,
                               const ProducersBench& bench) {
    ProducersRequest wanted;
    wanted.producers = TRY(numbers(line, "producers", 1, kMostCpus));
    wanted.starts = TRY(line.number("starts", kStarts, kMostStarts));
    if (wanted.starts == 0) return user_error("at least one start is needed", "--starts", "");
    wanted.pin = TRY(pin_request(line));
    wanted.real_threads = line.given("threads");
    if (bench.request.branch_protection && wanted.real_threads)
        return user_error("threads are run on targets without branch protection only", "--threads",
                          "leave out one of the two");
    ProducersReport report{std::string(tool_version()), line.all("set"),     wanted.starts,
                           line.one("pin", "compact"),  wanted.real_threads, {}};
    for (const MachineProfile& machine : bench.machines) {
        if (!machine.contention)
            return user_error(fmt::format("the profile of {} does not say what sharing lines costs",
                                          machine.name),
                              "--machine", "give it [contention], or base it on one that has it");
    }
    auto output = TRY(ReportOutput::open(options.output, stdout));
    const auto machine_names = TRY(line.names("machines", kDefaultMachine));
    for (std::size_t k = 0; k < bench.kernels.size(); ++k) {
        for (std::size_t m = 0; m < bench.machines.size(); ++m) {
            ProducersTable& table = report.tables.emplace_back(
                ProducersTable{bench.machines[m],
                               bench.kernels[k],
                               bench.request.handler ? bench.request.handler->name : "",
                               {}});
            for (const TriggerVariant& variant : bench.variants) {
                TriggerRequest request = bench.request;
                request.kernel = bench.kernel_names[k];
                request.machine = machine_names[m];
                request.variant = variant;
                auto hit = TRY(record_hit(request));
                auto rows = TRY(sweep(request, hit, bench.machines[m], wanted));
                table.series.push_back({variant, std::move(hit), std::move(rows)});
            }
        }
    }
    output.write(lines_alone(line, options)
                     ? producers_lines_text(report)
                     : TRY(report_text({.document = [&] { return producers_document(report); },
                                        .json = [&] { return producers_json(report); },
                                        .charts = [&] { return producers_charts(report); }},
                                       options, output.on_terminal())));
    if (line.given("svg")) TRY(write_charts(report, line.one("svg", "")));
    return 0;
}

Result<int> run_bench(const CommandLine& line, const OptionDefaults& defaults) {
    const auto options = TRY(read_report_options(line, charted_formats(), defaults.no_color));
    const auto kernels = TRY(line.names("kernels", kDefaultKernel));
    const auto hits = TRY(line.number("hits", 1000, kMaxHits));
    if (hits == 0) return user_error("at least one hit is needed", "--hits", "");

    TriggerRequest request;
    const auto machine_names = TRY(line.names("machines", kDefaultMachine));
    request.machine = machine_names.front();
    request.branch_protection = line.given("branch-protection");
    request.hits = hits;
    request.handler = TRY(read_handler_option(line));
    BenchReport report{std::string(tool_version()), line.all("set"), {}};
    TRY(read_settings(line, request.settings));
    std::vector<TriggerVariant> variants;
    for (const std::string& word : line.rest()) {
        auto variant = TRY(parse_trigger_variant(word));
        variants.push_back(std::move(variant));
    }
    if (variants.empty()) variants = all_trigger_variants();

    std::vector<MachineProfile> machines;
    for (const std::string& name : machine_names) {
        auto machine = TRY(line.about("machines", load_machine_profile(name, request.settings)));
        machines.push_back(std::move(machine));
    }
    std::vector<KernelProfile> profiles;
    for (const std::string& kernel : kernels) {
        auto profile = TRY(line.about("kernels", load_kernel_profile(kernel, request.settings)));
        profiles.push_back(std::move(profile));
    }

    if (line.given("producers")) {
        ProducersBench bench{request, kernels, std::move(machines), std::move(profiles),
                             std::move(variants)};
        return run_over_producers(line, options, bench);
    }
    for (const char* const option : {"starts", "pin", "threads", "svg"}) {
        if (line.given(option))
            return user_error("an option of --producers", fmt::format("--{}", option),
                              "add --producers 1,2,4,8");
    }
    auto output = TRY(ReportOutput::open(options.output, stdout));
    for (std::size_t i = 0; i < kernels.size(); ++i) {
        request.kernel = kernels[i];
        TRY(run_kernel(request, profiles[i], machines, variants, report.tables));
    }
    output.write(
        lines_alone(line, options)
            ? bench_lines_text(report)
            : TRY(report_text(
                  {.document = [&] { return bench_document(report); },
                   .json = [&] { return bench_report_json(report); },
                   .charts = [&] { return bench_charts(report); },
                   .costs = [&] { return bench_sheet(report, typed_command("bench", line)); }},
                  options, output.on_terminal())));
    return 0;
}

}  // namespace

Command bench_command() {
    return {.name = "bench",
            .meaning = "the kernel's uprobe benchmark, with a breakdown of each hit",
            .help = {{"[options] [VARIANT...]"}, kDescription, kExamples, {}},
            .words = ValueSource::Variant,
            .options = options_table,
            .run = run_bench};
}

}  // namespace uprobesim
