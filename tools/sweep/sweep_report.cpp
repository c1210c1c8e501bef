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
    SweepResults all;
    all.plan = points.plan().file;
    all.points = &points;
    std::set<std::string> runs;
    all.results.resize(points.size());
    for (ResultStore& store : stores) store.begin_reading();
    for (std::uint64_t point = 0; point < points.size(); ++point) {
        const std::string key = key_text(TRY(keys.key(point)));
        std::optional<PointResult>& best = all.results[point];
        for (ResultStore& store : stores) {
            const bool last = &store == &stores.back();
            if (best && best->done) {
                if (last && store.is_done(key)) ++all.from_last;
                continue;
            }
            auto found = store.point(key);
            if (last && found) ++all.from_last;
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
    Table jobs{
        .title = "Slurm",
        .columns = {
            {"job", Column::Kind::Name}, {"state", Column::Kind::Name}, {"tasks"}, {"first task"}}};
    for (const SlurmState& row : results.slurm.states)
        jobs.add({row.job, row.state, count_cell(row.tasks), count_cell(row.first_task)});
    document.add(jobs);
    document.add(Lines{.lines = results.slurm.notes});
    if (results.strangers != 0)
        document.add(Lines{
            .lines = {fmt::format("{} of the parts belong to another plan, program, profile or "
                                  "build of the tool",
                                  counted(results.strangers, "row"))}});
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
    if (!results.slurm.states.empty()) {
        json["slurm"] = OrderedJson::array();
        for (const SlurmState& row : results.slurm.states)
            json["slurm"].push_back({{"job", row.job},
                                     {"state", row.state},
                                     {"tasks", row.tasks},
                                     {"first_task", row.first_task}});
    }
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

}  // namespace uprobesim
