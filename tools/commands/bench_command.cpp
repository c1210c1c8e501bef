// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's uprobe benchmark, on a simulated machine.
#include <fmt/format.h>

#include "sim/base/try.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tools/bench/bench_report.h"
#include "tools/cli/build_info.h"
#include "tools/cli/default_profiles.h"
#include "tools/cli/handler_option.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kMaxHits = 1'000'000'000;

constexpr std::string_view kDescription =
    R"(Runs the kernel's uprobe benchmark (selftests/bpf, trig-uprobe-*) on a simulated machine: a loop
around one function, a probe with an empty BPF program on its first instruction, one producer.
Prints the benchmark's own line, to be compared with a measured one, and below it where the cycles
of one hit are spent. Its cycles are those of an iteration of the loop: a hit, as run counts it, and
the loop's own instructions (explain has the probed one only). The deviation is 0.000 because a
simulated run is exactly repeatable.

VARIANT is one of uprobe-nop, uprobe-push, uprobe-ret, uretprobe-nop, uretprobe-push,
uretprobe-ret (default: all six).)";

constexpr std::string_view kExamples = R"(uprobesim bench
uprobesim bench --lines --kernels next-20240909,next-20240909+stp
uprobesim bench uprobe-push uretprobe-push --kernels v6.12,v6.13,v6.13+stp-copy
uprobesim bench --branch-protection --lines
uprobesim bench uprobe-push --machines kunpeng916,neoverse-n1 --kernels v6.1,v6.12,v6.13
uprobesim bench uprobe-push --handler hist
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
    table.flag("lines", "print the benchmark's lines only, without the breakdown");
    add_report_options(table, all_formats());
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

Result<int> run_bench(const CommandLine& line, const OptionDefaults& defaults) {
    const auto options = TRY(read_report_options(line, all_formats(), defaults.no_color));
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

    auto output = TRY(ReportOutput::open(options.output, stdout));
    for (std::size_t i = 0; i < kernels.size(); ++i) {
        request.kernel = kernels[i];
        TRY(run_kernel(request, profiles[i], machines, variants, report.tables));
    }
    if (options.format == ReportFormat::Json) {
        output.write(bench_report_json(report));
    } else {
        output.write(line.given("lines")
                         ? bench_lines_text(report)
                         : TRY(written(bench_document(report), options, output.on_terminal())));
    }
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
