// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's uprobe benchmark, on a simulated machine.
#include <fmt/format.h>

#include "sim/base/try.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tools/bench/bench_report.h"
#include "tools/cli/build_info.h"
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
of one hit are spent. The deviation is 0.000 because a simulated run is exactly repeatable.

VARIANT is one of uprobe-nop, uprobe-push, uprobe-ret, uretprobe-nop, uretprobe-push,
uretprobe-ret (default: all six).)";

constexpr std::string_view kExamples = R"(uprobesim bench
uprobesim bench --lines --kernels next-20240909,next-20240909+stp
uprobesim bench uprobe-push uretprobe-push --kernels v6.12,v6.13,v6.13+stp-copy
uprobesim bench --branch-protection --lines
uprobesim bench uprobe-push --machine generic-a72 --set kernel.slot-copy=if-changed)";

OptionTable options_table() {
    OptionTable table;
    add_kernels_option(table, "kernel profiles: names or TOML files (default next-20241104)");
    add_machine_option(table, "machine profile: a name or a TOML file (default kunpeng916)");
    add_set_option(table, "change one key, machine.KEY or kernel.KEY; can be repeated");
    table.flag("branch-protection",
               "build the targets as distributions do: they begin with bti c or paciasp");
    table.text("hits", "N", "number of hits to count, after the first ones (default 1000)");
    table.flag("lines", "print the benchmark's lines only, without the breakdown");
    add_report_options(table, all_formats());
    return table;
}

Result<BenchTable> run_kernel(const TriggerRequest& request, MachineProfile machine,
                              KernelProfile kernel, const std::vector<TriggerVariant>& variants) {
    const PriceList prices(machine, kernel);
    BenchTable table{std::move(machine), std::move(kernel), request.branch_protection, {}};
    for (const TriggerVariant& variant : variants) {
        TriggerRequest one = request;
        one.variant = variant;
        auto counts = TRY(count_trigger(one));
        const TriggerCost cost = price_trigger(counts, prices);
        table.rows.push_back({variant, std::move(counts), cost});
    }
    return table;
}

Result<int> run_bench(const CommandLine& line, const OptionDefaults& defaults) {
    const auto options = TRY(read_report_options(line, all_formats(), defaults.no_color));
    const auto kernels = TRY(line.names("kernels", "next-20241104"));
    const auto hits = TRY(line.number("hits", 1000, kMaxHits));
    if (hits == 0) return user_error("at least one hit is needed", "--hits", "");

    TriggerRequest request;
    request.machine = TRY(line.name("machine", "kunpeng916"));
    request.branch_protection = line.given("branch-protection");
    request.hits = hits;
    BenchReport report{std::string(tool_version()), line.all("set"), {}};
    TRY(read_settings(line, request.settings));
    std::vector<TriggerVariant> variants;
    for (const std::string& word : line.rest()) {
        auto variant = TRY(parse_trigger_variant(word));
        variants.push_back(std::move(variant));
    }
    if (variants.empty()) variants = all_trigger_variants();

    const auto machine =
        TRY(line.about("machine", load_machine_profile(request.machine, request.settings)));
    std::vector<KernelProfile> profiles;
    for (const std::string& kernel : kernels) {
        auto profile = TRY(line.about("kernels", load_kernel_profile(kernel, request.settings)));
        profiles.push_back(std::move(profile));
    }

    auto output = TRY(ReportOutput::open(options.output, stdout));
    for (std::size_t i = 0; i < kernels.size(); ++i) {
        request.kernel = kernels[i];
        auto table = TRY(run_kernel(request, machine, std::move(profiles[i]), variants));
        report.tables.push_back(std::move(table));
    }
    if (options.format == ReportFormat::Json) {
        output.write(bench_report_json(report));
    } else {
        output.write(line.given("lines")
                         ? bench_lines_text(report)
                         : written(bench_document(report), options.style(output.on_terminal())));
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
