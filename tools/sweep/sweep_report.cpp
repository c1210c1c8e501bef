// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/sweep_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/base/text.h"
#include "sim/base/try.h"
#include "tools/cli/build_info.h"
#include "tools/format/number_text.h"

namespace uprobesim {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string_view status_of(const std::optional<PointResult>& result) {
    if (!result) return "missing";
    return result->done ? "done" : "failed";
}

// In the order in which the points have them first.
std::vector<std::string> figure_names(const SweepResults& results) {
    std::vector<std::string> names;
    std::map<std::string, bool, std::less<>> known;
    std::string last;
    for (const auto& result : results.results) {
        if (!result || !result->done) continue;
        for (const NamedFigure& figure : parse_figures(result->figures)) {
            if (known.try_emplace(figure.name, true).second) names.push_back(figure.name);
        }
    }
    return names;
}

Result<std::vector<std::string>> wanted_figures(const SweepResults& results,
                                                const std::vector<std::string>& wanted) {
    auto names = figure_names(results);
    if (wanted.empty()) return names;
    for (const std::string& name : wanted) {
        if (std::find(names.begin(), names.end(), name) == names.end())
            return user_error(fmt::format("no point has a figure '{}'", name), "--figures",
                              near_names(name, names));
    }
    return wanted;
}

Cell figure_cell(const Figures& figures, const std::string& name) {
    const auto found = std::find_if(figures.begin(), figures.end(),
                                    [&](const NamedFigure& f) { return f.name == name; });
    if (found == figures.end()) return no_cell();
    return number_cell(grouped(found->value, found->value == std::floor(found->value) ? 0 : 3),
                       fmt::format("{}", found->value));
}

std::map<std::string, std::uint64_t> reasons_of(const SweepResults& results) {
    std::map<std::string, std::uint64_t> reasons;
    for (const auto& result : results.results) {
        if (result && !result->done) ++reasons[result->reason];
    }
    return reasons;
}

OrderedJson header(std::string_view schema, const SweepResults& results) {
    return {{"schema", schema}, {"version", tool_version()}, {"plan", results.plan}};
}

void add_notes(const std::optional<SharedRun>& run, std::vector<std::string>& notes) {
    if (!run) return;
    for (std::size_t begin = 0; begin < run->notes.size();) {
        const std::size_t end = std::min(run->notes.find('\n', begin), run->notes.size());
        std::string note = run->notes.substr(begin, end - begin);
        if (std::find(notes.begin(), notes.end(), note) == notes.end())
            notes.push_back(std::move(note));
        begin = end + 1;
    }
}

// Names, logs and reasons may hold anything that a guest printed.
std::string text_of(const OrderedJson& json) {
    return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace

SweepCounts SweepResults::counts() const {
    SweepCounts counts;
    counts.points = results.size();
    for (const auto& result : results) {
        if (result) ++(result->done ? counts.done : counts.failed);
    }
    return counts;
}

Result<SweepResults> collect_results(const Points& points, PointKeys& keys,
                                     std::vector<ResultStore>& stores) {
    SweepResults all{points.plan().file, &points, {}, {}};
    std::set<std::string> runs;
    all.results.resize(points.size());
    for (ResultStore& store : stores) store.begin_reading();
    for (std::uint64_t point = 0; point < points.size(); ++point) {
        const auto key = TRY(keys.key(point));
        std::optional<PointResult>& best = all.results[point];
        for (ResultStore& store : stores) {
            if (best && best->done) break;
            auto found = store.point(key);
            if (found && (!best || found->done)) best = std::move(found);
            if (best && !best->run.empty() && runs.insert(best->run).second)
                add_notes(store.run(best->run), all.notes);
        }
    }
    for (ResultStore& store : stores) store.commit();
    return all;
}

Document sweep_status_document(const SweepResults& results) {
    const SweepCounts counts = results.counts();
    Document document;
    document.title = fmt::format("uprobesim {}: sweep", tool_version());
    document.answer = fmt::format("{}: {} of {} done, {} failed, {} missing", results.plan,
                                  grouped(counts.done), counted(counts.points, "point"),
                                  grouped(counts.failed), grouped(counts.missing()));
    Table reasons{.title = "Failures",
                  .columns = {{"points"}, {"reason", Column::Kind::Prose}},
                  .first = kFirstRows};
    const auto by_text = reasons_of(results);
    std::vector<std::pair<std::string, std::uint64_t>> rows(by_text.begin(), by_text.end());
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    for (const auto& [reason, points] : rows) reasons.add({count_cell(points), reason});
    document.add(reasons);
    document.add(Lines{"Notes on priced points", results.notes});
    Table data{.columns = {{"points"}, {"done"}, {"failed"}, {"missing"}}};
    data.add({count_cell(counts.points), count_cell(counts.done), count_cell(counts.failed),
              count_cell(counts.missing())});
    document.data = data;
    return document;
}

std::string sweep_status_json(const SweepResults& results) {
    const SweepCounts counts = results.counts();
    OrderedJson json = header("uprobesim.sweep-status/1", results);
    json["notes"] = results.notes;
    json["points"] = counts.points;
    json["done"] = counts.done;
    json["failed"] = counts.failed;
    json["missing"] = counts.missing();
    json["failures"] = OrderedJson::array();
    for (const auto& [reason, points] : reasons_of(results))
        json["failures"].push_back({{"reason", reason}, {"points", points}});
    return text_of(json);
}

Result<Document> sweep_document(const SweepResults& results,
                                const std::vector<std::string>& figures) {
    const auto names = TRY(wanted_figures(results, figures));
    const Plan& plan = results.points->plan();
    Table table{.columns = {{"point"}}, .first = kFirstRows};
    for (const Axis& axis : plan.axes)
        table.columns.push_back(
            {axis.name, axis.is_price ? Column::Kind::Number : Column::Kind::Name});
    table.columns.push_back({"status", Column::Kind::Name});
    for (const std::string& name : names) table.columns.push_back({name});
    for (std::uint64_t point = 0; point < results.results.size(); ++point) {
        const auto& result = results.results[point];
        std::vector<Cell> row{count_cell(point + 1)};
        for (std::size_t a = 0; a < plan.axes.size(); ++a) {
            const std::string text = results.points->text(point, a);
            row.push_back(
                plan.axes[a].is_price
                    ? number_cell(fmt::format("{:.6g}", results.points->number(point, a)), text)
                    : Cell(text));
        }
        row.emplace_back(std::string(status_of(result)));
        const Figures mine = result && result->done ? parse_figures(result->figures) : Figures();
        for (const std::string& name : names) row.push_back(figure_cell(mine, name));
        table.add(std::move(row));
    }
    Document document = sweep_status_document(results);
    document.data = table;
    document.blocks.insert(document.blocks.begin(), std::move(table));
    return document;
}

std::string sweep_json(const SweepResults& results) {
    OrderedJson json = header("uprobesim.sweep-results/1", results);
    json["points"] = OrderedJson::array();
    for (std::uint64_t point = 0; point < results.results.size(); ++point) {
        const auto& result = results.results[point];
        OrderedJson row = {{"point", point + 1},
                           {"parameters", OrderedJson::parse(results.points->parameters(point))},
                           {"status", status_of(result)}};
        if (result && result->done) {
            row["figures"] = OrderedJson::parse(result->figures);
            row["report_hash"] = result->report_hash;
            if (!result->run.empty()) row["run"] = result->run;
        } else if (result) {
            row["reason"] = result->reason;
            row["log"] = result->log;
        }
        json["points"].push_back(std::move(row));
    }
    return text_of(json);
}

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
        return indices.axes[a].total > indices.axes[b].total;
    });
    return order;
}

}  // namespace

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
                            {"total"},
                            {"rows"}},
                .is_list = true};
    for (const CombinationIndices& one : all) {
        for (const std::size_t i : by_total(one.indices)) {
            table.add({one.figure, one.combination,
                       points.plan().axes[points.sampled_axes()[i]].name,
                       real_cell(one.indices.axes[i].first, 4),
                       real_cell(one.indices.axes[i].total, 4), count_cell(one.indices.rows)});
        }
    }
    const CombinationIndices& front = all.front();
    const std::size_t most = by_total(front.indices).front();
    document.answer = fmt::format("{} hangs most on {}: {} of its variance", front.figure,
                                  points.plan().axes[points.sampled_axes()[most]].name,
                                  percent(std::clamp(front.indices.axes[most].total, 0.0, 1.0), 1));
    document.data = table;
    document.add(std::move(table));
    return document;
}

std::string indices_json(const Points& points, const std::vector<CombinationIndices>& all) {
    OrderedJson json = {{"schema", "uprobesim.sweep-indices/1"},
                        {"version", tool_version()},
                        {"plan", points.plan().file},
                        {"indices", OrderedJson::array()}};
    for (const CombinationIndices& one : all) {
        OrderedJson axes = OrderedJson::array();
        for (const std::size_t i : by_total(one.indices))
            axes.push_back({{"axis", points.plan().axes[points.sampled_axes()[i]].name},
                            {"first_order", one.indices.axes[i].first},
                            {"total", one.indices.axes[i].total}});
        json["indices"].push_back({{"figure", one.figure},
                                   {"at", one.combination},
                                   {"mean", one.indices.mean},
                                   {"deviation", one.indices.deviation},
                                   {"rows", one.indices.rows},
                                   {"axes", axes}});
    }
    return text_of(json);
}

}  // namespace uprobesim
