// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's uprobe benchmark, on a simulated machine.
#include <fmt/format.h>

#include <memory>

#include "sim/base/try.h"
#include "tools/bench/bench_report.h"
#include "tools/bench/producers.h"
#include "tools/charts/charts.h"
#include "tools/cli/build_info.h"
#include "tools/cli/default_profiles.h"
#include "tools/cli/handler_option.h"
#include "tools/cli/report_options.h"
#include "tools/request/prepared_report.h"
#include "tools/request/producers_request.h"
#include "tools/sliders/report_sheets.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kMaxHits = 1'000'000'000;

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

Result<ProducersBench> read_bench(const CommandLine& line) {
    ProducersBench bench;
    TriggerRequest& request = bench.request;
    bench.kernel_names = TRY(profile_names(line, "kernels", ProfileKind::Kernel, kDefaultKernel));
    request.hits = TRY(line.number("hits", 1000, kMaxHits));
    if (request.hits == 0) return user_error("at least one hit is needed", "--hits", "");
    bench.machine_names =
        TRY(profile_names(line, "machines", ProfileKind::Machine, kDefaultMachine));
    request.machine = bench.machine_names.front();
    request.branch_protection = line.given("branch-protection");
    request.handler = TRY(read_handler_option(line));
    TRY(read_settings(line, request.settings));
    for (const std::string& word : line.rest()) {
        auto variant = TRY(parse_trigger_variant(word));
        bench.variants.push_back(std::move(variant));
    }
    if (bench.variants.empty()) bench.variants = all_trigger_variants();
    for (const std::string& name : bench.machine_names) {
        auto machine = TRY(line.about("machines", load_machine_profile(name, request.settings)));
        bench.machines.push_back(std::move(machine));
    }
    for (const std::string& kernel : bench.kernel_names) {
        auto profile = TRY(line.about("kernels", load_kernel_profile(kernel, request.settings)));
        bench.kernels.push_back(std::move(profile));
    }
    return bench;
}

}  // namespace

OptionTable bench_options() {
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

Result<PreparedReport> prepare_bench(const CommandLine& line, const OptionDefaults&) {
    const auto bench = TRY(read_bench(line));
    if (line.given("producers")) return prepare_producers(line, bench);
    for (const char* const option : {"starts", "pin", "threads", "svg"}) {
        if (line.given(option))
            return user_error("an option of --producers", fmt::format("--{}", option),
                              "add --producers 1,2,4,8");
    }
    return [bench, settings = line.all("set"),
            typed = typed_command("bench", line)]() -> Result<ComputedReport> {
        const auto report =
            std::make_shared<BenchReport>(BenchReport{std::string(tool_version()), settings, {}});
        for (std::size_t i = 0; i < bench.kernels.size(); ++i) {
            TriggerRequest request = bench.request;
            request.kernel = bench.kernel_names[i];
            TRY(run_kernel(request, bench.kernels[i], bench.machines, bench.variants,
                           report->tables));
        }
        return ComputedReport{
            .forms = {.document = [=] { return bench_document(*report); },
                      .json = [=] { return bench_report_json(*report); },
                      .charts = [=] { return bench_charts(*report); },
                      .costs = [=] { return bench_sheet(*report, typed); }},
            .figures = [=] { return figures_of_report("bench", bench_report_json(*report)); },
            .lines = [=] { return bench_lines_text(*report); }};
    };
}

}  // namespace uprobesim
