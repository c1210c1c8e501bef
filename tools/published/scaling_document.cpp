// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tools/format/json_number.h"
#include "tools/format/number_text.h"
#include "tools/published/scaling.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;
using ColumnKind = Column::Kind;

std::string use_text(bool fit) {
    return fit ? "fit" : "held out";
}

bool is_outside(double deviation, double tolerance) {
    return std::fabs(deviation) > tolerance;
}

Cell marked(Cell cell, double deviation, double tolerance) {
    if (!is_outside(deviation, tolerance)) return cell;
    cell.text += " out";
    cell.tone = Tone::Alarm;
    return cell;
}

Table rows_table(const Scaling& scaling) {
    Table table{.columns = {{"row", ColumnKind::Name},
                            {"CPUs", ColumnKind::Number, "cpus"},
                            {"use", ColumnKind::Name},
                            {"published", ColumnKind::Number, "published_mhits_per_s"},
                            {"simulated", ColumnKind::Number, "simulated_mhits_per_s"},
                            {"starts"},
                            {"lowest", ColumnKind::Number, "lowest_mhits_per_s", true},
                            {"highest", ColumnKind::Number, "highest_mhits_per_s", true},
                            {"deviation"},
                            {"tolerance", ColumnKind::Number, "", true},
                            {"other", ColumnKind::Number, "other_mhits_per_s"},
                            {"deviation", ColumnKind::Number, "other_deviation", true}}};
    for (const ScalingRow& row : scaling.rows) {
        const ScalingSeries& series = scaling.data.series[row.series];
        const double tolerance = scaling.tolerance(row);
        table.add(
            {series.name, count_cell(scaling.data.producers[row.place]), use_text(series.fit),
             real_cell(row.published, 3), real_cell(row.simulated.mean(), 3),
             fmt::format("{:.2f}-{:.2f}", row.simulated.rates.front(), row.simulated.rates.back()),
             real_cell(row.simulated.rates.front(), 2), real_cell(row.simulated.rates.back(), 2),
             marked(deviation_cell(row.deviation()), row.deviation(), tolerance),
             number_cell(fmt::format("{:.0f} %", tolerance * 100), fmt::format("{}", tolerance)),
             marked(real_cell(row.other.mean(), 3), row.other_deviation(), tolerance),
             deviation_cell(row.other_deviation())});
    }
    return table;
}

Table groups_table(const Scaling& scaling) {
    Table table{.title = "Deviations, mean and worst of the absolute values",
                .columns = {{"rows", ColumnKind::Name},
                            {"CPUs", ColumnKind::Name},
                            {scaling.data.machine},
                            {"worst"},
                            {scaling.data.other_machine},
                            {"worst"}}};
    for (const ScalingGroup& group : scaling.groups()) {
        const auto part = [](double value) {
            return number_cell(fmt::format("{:.1f} %", value * 100), fmt::format("{:.5f}", value));
        };
        table.add({use_text(group.fit), fmt::format("{} to {}", group.from, group.to),
                   part(group.mean), part(group.worst), part(group.other_mean),
                   part(group.other_worst)});
    }
    return table;
}

Json side_json(const ProducersRow& row, double deviation, double tolerance) {
    return {{"million_hits_per_second", row.mean()},
            {"lowest", row.rates.front()},
            {"highest", row.rates.back()},
            {"deviation", rounded(deviation, 6)},
            {"outside", is_outside(deviation, tolerance)}};
}

}  // namespace

Document scaling_document(const Scaling& scaling) {
    const ScalingData& data = scaling.data;
    Document document{"Published and simulated: many CPUs",
                      fmt::format("{} of {} rows outside their tolerance on {}, {} on {}",
                                  scaling.outside(), scaling.rows.size(), data.machine,
                                  scaling.other_outside(), data.other_machine)};
    document.data = rows_table(scaling);
    document.add(Lines{.lines = {data.title, data.source}, .tone = Tone::Strong});
    document.add(rows_table(scaling));
    document.add(groups_table(scaling));
    document.add(
        Lines{.lines = {fmt::format(
                  "Million hits a second, mean and range of {} starts; 'out': farther than the "
                  "published rows of one kind are apart (5 %, at 8 CPUs 30 %, at 16 "
                  "40 %). 'other' is {}, the other "
                  "explanation of the same rows. Rows that were held out take the same "
                  "way as fitted ones: they test how well the measurement repeats "
                  "itself, more than the model.",
                  scaling.starts, data.other_machine)}});
    return document;
}

std::string scaling_json(const Scaling& scaling) {
    const ScalingData& data = scaling.data;
    Json rows = Json::array(), groups = Json::array();
    for (const ScalingRow& row : scaling.rows) {
        const double tolerance = scaling.tolerance(row);
        rows.push_back({{"row", data.series[row.series].name},
                        {"cpus", data.producers[row.place]},
                        {"kernel", data.series[row.series].kernel},
                        {"fit", data.series[row.series].fit},
                        {"published", row.published},
                        {"tolerance", tolerance},
                        {"simulated", side_json(row.simulated, row.deviation(), tolerance)},
                        {"other", side_json(row.other, row.other_deviation(), tolerance)}});
    }
    for (const ScalingGroup& group : scaling.groups()) {
        groups.push_back({{"fit", group.fit},
                          {"from_cpus", group.from},
                          {"to_cpus", group.to},
                          {"mean", rounded(group.mean, 6)},
                          {"worst", rounded(group.worst, 6)},
                          {"other_mean", rounded(group.other_mean, 6)},
                          {"other_worst", rounded(group.other_worst, 6)}});
    }
    const Json all = {{"schema", "uprobesim.scaling/1"},
                      {"source", data.source},
                      {"machine", data.machine},
                      {"other_machine", data.other_machine},
                      {"starts", scaling.starts},
                      {"outside", scaling.outside()},
                      {"other_outside", scaling.other_outside()},
                      {"rows", std::move(rows)},
                      {"groups", std::move(groups)}};
    return all.dump(2) + "\n";
}

}  // namespace uprobesim
