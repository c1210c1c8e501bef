// SPDX-License-Identifier: GPL-2.0-or-later
// Which axis a figure depends on, of a sample that was made for it.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/base/try.h"
#include "tools/cli/build_info.h"
#include "tools/format/number_text.h"
#include "tools/sweep/sweep_report.h"

namespace uprobesim {
namespace {

using OrderedJson = nlohmann::ordered_json;

}  // namespace

Result<std::vector<CombinationIndices>> indices_of(const SweepResults& results,
                                                   const std::vector<std::string>& figures) {
    const Points& points = *results.points;
    const Plan& plan = points.plan();
    if (plan.sample.count == 0 || plan.sample.design != Design::Saltelli)
        return user_error("indices need a sample of the design saltelli", plan.file,
                          "[sample] with design = \"saltelli\"");
    auto names = TRY(wanted_figures(results, figures));
    if (figures.empty() && !names.empty()) names.resize(1);
    // The points of each combination, by their row.
    std::map<std::string, std::size_t> places;
    std::vector<std::string> combinations;
    std::vector<std::vector<Figures>> rows;
    for (std::uint64_t point = 0; point < results.results.size(); ++point) {
        const auto& result = results.results[point];
        if (!result || !result->done) continue;
        const std::string combination = points.combination(point);
        const auto [at, is_new] = places.try_emplace(combination, rows.size());
        if (is_new) {
            combinations.push_back(combination);
            rows.emplace_back(points.sample().rows());
        }
        rows[at->second][points.sample_row(point)] = parse_figures(result->figures);
    }
    std::vector<CombinationIndices> all;
    for (const std::string& name : names) {
        for (std::size_t c = 0; c < rows.size(); ++c) {
            std::vector<std::optional<double>> values;
            for (const Figures& row : rows[c]) {
                const auto found = std::find_if(
                    row.begin(), row.end(), [&](const NamedFigure& f) { return f.name == name; });
                values.push_back(found == row.end() ? std::nullopt : std::optional(found->value));
            }
            if (auto indices = sobol_indices(values, points.sampled_axes().size()))
                all.push_back({combinations[c], name, std::move(*indices)});
        }
    }
    if (all.empty())
        return user_error("there is no figure that changes over the sample", plan.file,
                          "see uprobesim sweep status");
    return all;
}

namespace {

// Axes by their total index, the largest first.
std::vector<std::size_t> by_total(const SobolIndices& indices) {
    std::vector<std::size_t> order(indices.axes.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return indices.axes[a].total.value > indices.axes[b].total.value;
    });
    return order;
}

constexpr const char* kFirstEstimator = "Saltelli et al. 2010, table 2 (b)";
constexpr const char* kTotalEstimator = "Jansen 1999";
constexpr const char* kIntervalEstimator = "bootstrap over the rows, percentiles";

std::string interval_text(const Share& share) {
    return fmt::format("{:.3f} to {:.3f}", share.low, share.high);
}

OrderedJson interval_json(const Share& share) {
    return OrderedJson::array({share.low, share.high});
}

}  // namespace

std::string estimators_text() {
    return fmt::format("first-order: {}; total: {}; 95 %: {}", kFirstEstimator, kTotalEstimator,
                       kIntervalEstimator);
}

Document indices_document(const Points& points, const std::vector<CombinationIndices>& all) {
    Document document;
    document.title = fmt::format("uprobesim {}: sweep indices", tool_version());
    const bool combined = std::any_of(all.begin(), all.end(), [](const CombinationIndices& one) {
        return !one.combination.empty();
    });
    Table table{.columns = {{"figure", Column::Kind::Name},
                            {"at", Column::Kind::Name, {}, !combined},
                            {"axis", Column::Kind::Name},
                            {"first-order"},
                            {"95 %", Column::Kind::Number, "first-order 95 %"},
                            {"total"},
                            {"95 %", Column::Kind::Number, "total 95 %"},
                            {"rows"}},
                .is_list = true};
    for (const CombinationIndices& one : all) {
        for (const std::size_t i : by_total(one.indices)) {
            table.add({one.figure, one.combination,
                       points.plan().axes[points.sampled_axes()[i]].name,
                       real_cell(one.indices.axes[i].first.value, 4),
                       interval_text(one.indices.axes[i].first),
                       real_cell(one.indices.axes[i].total.value, 4),
                       interval_text(one.indices.axes[i].total), count_cell(one.indices.rows)});
        }
    }
    const CombinationIndices& front = all.front();
    const std::size_t most = by_total(front.indices).front();
    document.answer =
        fmt::format("{} hangs most on {}: {} of its variance", front.figure,
                    points.plan().axes[points.sampled_axes()[most]].name,
                    percent(std::clamp(front.indices.axes[most].total.value, 0.0, 1.0), 1));
    document.data = table;
    document.add(std::move(table));
    document.add(Lines{.lines = {estimators_text()}});
    return document;
}

std::string indices_json(const Points& points, const std::vector<CombinationIndices>& all) {
    OrderedJson json = {{"schema", "uprobesim.sweep-indices/1"},
                        {"version", tool_version()},
                        {"plan", points.plan().file},
                        {"estimators",
                         {{"first_order", kFirstEstimator},
                          {"total", kTotalEstimator},
                          {"interval", kIntervalEstimator}}},
                        {"indices", OrderedJson::array()}};
    for (const CombinationIndices& one : all) {
        OrderedJson axes = OrderedJson::array();
        for (const std::size_t i : by_total(one.indices))
            axes.push_back({{"axis", points.plan().axes[points.sampled_axes()[i]].name},
                            {"first_order", one.indices.axes[i].first.value},
                            {"first_order_95", interval_json(one.indices.axes[i].first)},
                            {"total", one.indices.axes[i].total.value},
                            {"total_95", interval_json(one.indices.axes[i].total)}});
        json["indices"].push_back({{"figure", one.figure},
                                   {"at", one.combination},
                                   {"mean", one.indices.mean},
                                   {"deviation", one.indices.deviation},
                                   {"rows", one.indices.rows},
                                   {"axes", axes}});
    }
    // A combination may hold anything that a plan names.
    return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace uprobesim
