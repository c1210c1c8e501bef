// SPDX-License-Identifier: GPL-2.0-or-later
// The sheets of bench and estimate, whose hits are counted apart from any run.
#include <fmt/format.h>

#include "tools/sliders/price_sheet.h"
#include "tools/sliders/report_sheets.h"

namespace uprobesim {
namespace {

// Of commands that take options anywhere.
void tell_commands(PriceSheet& sheet, const std::string& command,
                   const std::vector<std::string>& settings) {
    for (SheetItem& item : sheet.items) item.command = command;
    for (const std::string& setting : settings)
        sheet.known.push_back(setting.substr(0, setting.find('=')));
    sheet.run_instead = command + " --set KEY=VALUE";
}

template <class T, class Add>
void each_nonzero(const T& counts, Add add) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts[i] != 0) add(i);
    }
}

std::vector<SheetRow> rows_of(const TriggerCounts& counts) {
    std::vector<SheetRow> rows;
    each_nonzero(counts.exceptions, [&](std::size_t e) {
        rows.push_back({static_cast<ExceptionClass>(e), static_cast<double>(counts.exceptions[e])});
    });
    for (std::size_t p = 0; p < kKernelPathCount; ++p) {
        const PathCount& path = counts.paths[p];
        if (path.times != 0)
            rows.push_back({static_cast<KernelPath>(p), static_cast<double>(path.times),
                            static_cast<double>(path.units)});
    }
    return rows;
}

std::vector<SheetRow> rows_of(const HitWork& work) {
    std::vector<SheetRow> rows;
    each_nonzero(work.exceptions, [&](std::size_t e) {
        rows.push_back({static_cast<ExceptionClass>(e), work.exceptions[e]});
    });
    each_nonzero(work.times, [&](std::size_t p) {
        rows.push_back({static_cast<KernelPath>(p), work.times[p], work.units[p]});
    });
    return rows;
}

}  // namespace

std::string bench_sheet(const BenchReport& report, const std::string& command) {
    PriceSheet sheet;
    for (const BenchTable& table : report.tables) {
        const std::size_t place = sheet.places.size();
        sheet.places.push_back({table.machine, table.kernel});
        for (const BenchRow& row : table.rows) {
            const auto hits = static_cast<double>(row.counts.iterations);
            SheetItem item{.label = fmt::format("{}, {}", row.variant.name(), table.kernel.name),
                           .place = place,
                           .rows = rows_of(row.counts),
                           .user_cycles = in_cycles(row.counts.user_cycles),
                           .hits = hits};
            if (report.tables.front().machine.name != report.tables.back().machine.name)
                item.label += fmt::format(" on {}", table.machine.name);
            item.answers = {{"a hit", AnswerUnit::Cycles, {"user", "kernel"}, hits},
                            {"throughput", AnswerUnit::MillionsASecond, {"user", "kernel"}, hits}};
            sheet.items.push_back(std::move(item));
        }
    }
    if (sheet.items.empty()) return no_sliders_json("the report has no hit");
    tell_commands(sheet, command, report.settings);
    return sheet.json();
}

std::string estimate_sheet(const EstimateReport& report, const std::string& command) {
    PriceSheet sheet;
    for (const PlaceEstimate& place : report.places) {
        // Waiting is not linear in any figure: a page cannot price it again.
        SheetItem item{.label = fmt::format("{} on {}{}", place.kernel, place.machine,
                                            place.waiting ? ", without what CPUs wait" : ""),
                       .place = sheet.places.size(),
                       .rows = rows_of(place.work),
                       .hits = 1,
                       .lot = static_cast<double>(kUnitLot)};
        if (report.has_rates()) {
            item.answers.push_back({"all probes", AnswerUnit::PercentOfACpu, {"kernel"}});
            item.answers.push_back({"their cycles in a second", AnswerUnit::Cycles, {"kernel"}});
        } else {
            item.answers.push_back({"one hit of each probe", AnswerUnit::Nanoseconds, {"kernel"}});
            item.answers.push_back({"its cycles", AnswerUnit::Cycles, {"kernel"}});
        }
        sheet.places.push_back({place.profiles.machine, place.profiles.kernel});
        if (!item.rows.empty()) sheet.items.push_back(std::move(item));
    }
    if (sheet.items.empty()) return no_sliders_json("the kernel accepts none of the probes");
    tell_commands(sheet, command, report.settings);
    return sheet.json();
}

}  // namespace uprobesim
