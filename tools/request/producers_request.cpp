// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/request/producers_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "sim/base/try.h"
#include "tools/bench/producers_report.h"
#include "tools/charts/charts.h"
#include "tools/cli/build_info.h"
#include "tools/cli/pin_option.h"
#include "tools/cli/report_output.h"
#include "tools/picture/chart_svg.h"

namespace uprobesim {
namespace {

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

Result<ProducersRequest> read_producers(const CommandLine& line, const ProducersBench& bench) {
    ProducersRequest wanted;
    wanted.producers = TRY(read_numbers(line, "producers", 1, kMostCpus));
    wanted.starts = TRY(line.number("starts", kStarts, kMostStarts));
    if (wanted.starts == 0) return user_error("at least one start is needed", "--starts", "");
    wanted.pin = TRY(read_pin(line));
    wanted.real_threads = line.given("threads");
    if (bench.request.branch_protection && wanted.real_threads)
        return user_error("threads are run on targets without branch protection only", "--threads",
                          "leave out one of the two");
    for (const MachineProfile& machine : bench.machines) {
        if (!machine.contention)
            return user_error(fmt::format("the profile of {} does not say what sharing lines costs",
                                          machine.name),
                              "--machine", "give it [contention], or base it on one that has it");
    }
    return wanted;
}

Outcome run_tables(const ProducersBench& bench, const ProducersRequest& wanted,
                   ProducersReport& report) {
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
                request.machine = bench.machine_names[m];
                request.variant = variant;
                auto hit = TRY(record_hit(request));
                auto rows = TRY(sweep(request, hit, bench.machines[m], wanted));
                table.series.push_back({variant, std::move(hit), std::move(rows)});
            }
        }
    }
    return {};
}

}  // namespace

Result<PreparedReport> prepare_producers(const CommandLine& line, const ProducersBench& bench) {
    const auto wanted = TRY(read_producers(line, bench));
    return [bench, wanted, settings = line.all("set"), pin = line.one("pin", "compact"),
            svg = line.given("svg"), folder = line.one("svg", "")]() -> Result<ComputedReport> {
        const auto report = std::make_shared<ProducersReport>(ProducersReport{
            std::string(tool_version()), settings, wanted.starts, pin, wanted.real_threads, {}});
        TRY(run_tables(bench, wanted, *report));
        ComputedReport computed{.forms = {.document = [=] { return producers_document(*report); },
                                          .json = [=] { return producers_json(*report); },
                                          .charts = [=] { return producers_charts(*report); }},
                                .lines = [=] { return producers_lines_text(*report); }};
        if (svg) computed.other_files = [=] { return write_charts(*report, folder); };
        return computed;
    };
}

}  // namespace uprobesim
