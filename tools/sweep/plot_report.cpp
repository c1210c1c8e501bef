// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/cli/build_info.h"
#include "tools/format/number_text.h"
#include "tools/sweep/plot_data.h"

namespace uprobesim {
namespace {

std::string interval_or_exact(const Share& share) {
    return share.low == share.high ? std::string("exact")
                                   : fmt::format("{:.3f} to {:.3f}", share.low, share.high);
}

nlohmann::ordered_json share_json(const Share& share) {
    return {{"share", share.value}, {"low", share.low}, {"high", share.high}};
}

}  // namespace

Document plot_document(const SweepResults& results, const std::vector<PlotData>& plots) {
    Document document = sweep_status_document(results);
    document.title = fmt::format("uprobesim {}: sweep plot", tool_version());
    Table table{.title = "Which axis matters",
                .columns = {{"figure", Column::Kind::Name},
                            {"at", Column::Kind::Name},
                            {"axis", Column::Kind::Name},
                            {"first-order"},
                            {"95 %", Column::Kind::Number, "first-order 95 %"},
                            {"total"},
                            {"95 %", Column::Kind::Number, "total 95 %"},
                            {"points"}},
                .is_list = true};
    std::vector<std::string> estimators;
    for (const PlotData& plot : plots) {
        for (const Effects& effects : plot.effects) {
            for (const AxisEffect& axis : effects.axes) {
                table.add({plot.figure, effects.at, axis.name, real_cell(axis.first.value, 4),
                           interval_or_exact(axis.first),
                           axis.total ? real_cell(axis.total->value, 4) : no_cell(),
                           axis.total ? Cell(interval_or_exact(*axis.total)) : no_cell(),
                           count_cell(effects.points)});
            }
            if (std::find(estimators.begin(), estimators.end(), effects.estimators) ==
                estimators.end())
                estimators.push_back(effects.estimators);
        }
    }
    for (const PlotData& plot : plots) {
        if (plot.effects.empty()) {
            estimators.push_back(plot.figure + " is the same at all points");
            continue;
        }
        const AxisEffect& most = plot.effects.front().axes.front();
        if (&plot == &plots.front())
            document.answer = fmt::format(
                "{} hangs most on {}: {} of its variance", plot.figure, most.name,
                percent(std::clamp(most.total ? most.total->value : most.first.value, 0.0, 1.0),
                        1));
    }
    document.data = table;
    document.blocks.insert(document.blocks.begin(),
                           Lines{"How these are estimated", std::move(estimators)});
    document.blocks.insert(document.blocks.begin(), std::move(table));
    return document;
}

std::string plot_json(const SweepResults& results, const std::vector<PlotData>& plots) {
    using Json = nlohmann::ordered_json;
    Json json = {{"schema", "uprobesim.sweep-plot/1"},
                 {"version", tool_version()},
                 {"plan", results.plan},
                 {"plots", Json::array()}};
    for (const PlotData& plot : plots) {
        Json effects = Json::array();
        for (const Effects& one : plot.effects) {
            Json axes = Json::array();
            for (const AxisEffect& axis : one.axes) {
                Json row = {{"axis", axis.name}, {"first_order", share_json(axis.first)}};
                if (axis.total) row["total"] = share_json(*axis.total);
                axes.push_back(std::move(row));
            }
            effects.push_back({{"at", one.at},
                               {"estimators", one.estimators},
                               {"points", one.points},
                               {"axes", std::move(axes)}});
        }
        json["plots"].push_back({{"figure", plot.figure}, {"effects", std::move(effects)}});
    }
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace uprobesim
