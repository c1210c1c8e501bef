// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's uprobe benchmark, on a simulated machine.
#include <fmt/format.h>

#include "sim/base/try.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tools/bench/bench_report.h"
#include "tools/cli/build_info.h"
#include "tools/cli/report_command.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kMaxHits = 1'000'000'000;

constexpr std::string_view kHelp = R"(usage: uprobesim bench [options] [VARIANT...]

The kernel's uprobe benchmark (selftests/bpf, trig-uprobe-*) on a simulated machine: a loop over one function, a probe
with an empty BPF program on its first instruction, one producer. Prints the benchmark's own line, to be pasted beside a
measured one, and under it where the cycles of one hit go. The deviation is 0.000 because a simulated run repeats
exactly.

VARIANT: uprobe-nop, uprobe-push, uprobe-ret, uretprobe-nop, uretprobe-push, uretprobe-ret (default: all six).

Examples:
  uprobesim bench
  uprobesim bench --lines --kernels next-20240909,next-20240909+stp
  uprobesim bench uprobe-push uretprobe-push --kernels v6.12,v6.13,v6.13+stp-copy --machine generic-a72
  uprobesim bench --branch-protection --lines
  uprobesim bench uprobe-push --set kernel.slot-copy=if-changed

Options:
)";

OptionTable options_table() {
    OptionTable table = option_table();
    auto add = table.add_options();
    add("kernels", text_option("A,B,..."),
        "kernel profiles, names or TOML files (default next-20241104)");
    add("machine", text_option("NAME"),
        "machine profile, a name or a TOML file (default kunpeng916)");
    add("set", list_option("KEY=VALUE"),
        "change one figure: machine.KEY or kernel.KEY; can be repeated");
    add("branch-protection",
        "the targets as distributions build them: bti c or paciasp comes first");
    add("hits", text_option("N"), "hits to count, after the first ones (default 1000)");
    add("lines", "the benchmark's lines only, without the break-down");
    add_report_options(table, "text, json, csv or md (default text)");
    return table;
}

Result<BenchTable> run_kernel(const TriggerRequest& request,
                              const std::vector<TriggerVariant>& variants) {
    auto machine = TRY(load_machine_profile(request.machine, request.settings));
    auto kernel = TRY(load_kernel_profile(request.kernel, request.settings));
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

Result<int> run_bench(const ReportWords& words) {
    const CommandLine& line = words.line;
    const auto kernels = TRY(line.names("kernels", "next-20241104"));
    const auto hits = TRY(line.number("hits", 1000, kMaxHits));
    if (hits == 0) return user_error("at least one hit is needed", "--hits", "");

    TriggerRequest request;
    request.machine = line.one("machine", "kunpeng916");
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

    auto output = TRY(ReportOutput::open(words.output, stdout));
    for (const std::string& kernel : kernels) {
        request.kernel = kernel;
        auto table = TRY(run_kernel(request, variants));
        report.tables.push_back(std::move(table));
    }
    if (words.style.format == ReportFormat::Json) {
        output.write(bench_report_json(report));
    } else {
        output.write(line.given("lines") ? bench_lines_text(report)
                                         : written(bench_document(report), words.style));
    }
    return 0;
}

}  // namespace

std::string bench_help() {
    return std::string(kHelp) + option_text(options_table());
}

int bench_command(const Words& words, const OptionDefaults&) {
    return run_report_verb(
        {"bench", bench_help, options_table, {"text", "json", "csv", "md"}, run_bench}, words);
}

}  // namespace uprobesim
