// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "tools/format/number_text.h"
#include "tools/whatif/whatif.h"

namespace uprobesim {
namespace {

using ColumnKind = Column::Kind;

constexpr std::size_t kMostChanges = 12;
constexpr std::size_t kHalfBar = 8;

std::string change_text(double before, double after) {
    if (before == after) return "same";
    if (before == 0) return "new";
    return fmt::format("{:+.1f}%", 100 * (after - before) / before);
}

Cell change_cell(double before, double after) {
    return number_cell(change_text(before, after),
                       before == 0 ? "" : fmt::format("{:.5f}", (after - before) / before));
}

std::string answer(const PricedAgain& what) {
    const Answer before = answer_of(what.before), after = answer_of(what.after);
    std::string text =
        fmt::format("simulated time {} -> {} ({})", short_duration(before.total_ns),
                    short_duration(after.total_ns), change_text(before.total_ns, after.total_ns));
    if (totals_of(what.before).hits != 0) {
        const double was = before.mean_hit_cycles * 1e9 / what.before.frequency_hz;
        const double is = after.mean_hit_cycles * 1e9 / what.after.frequency_hz;
        text += fmt::format(", a hit {} -> {} ({})", short_duration(was), short_duration(is),
                            change_text(was, is));
    }
    return text;
}

std::string profile_line(const ProfileId& before, const ProfileId& after) {
    const auto one = [](const ProfileId& id) { return fmt::format("{} [{}]", id.name, id.hash); };
    return before.hash == after.hash ? one(before)
                                     : fmt::format("{} -> {}", one(before), one(after));
}

Facts head(const WhatIfReport& r) {
    const Provenance& before = r.result.before.provenance;
    const Provenance& after = r.result.after.provenance;
    Facts facts;
    facts.add("report", r.label.empty() ? r.file : fmt::format("{}, {}", r.file, r.label));
    facts.add("command", fmt::format("{}", fmt::join(before.arguments, " ")));
    facts.add("kernel", profile_line(before.kernel, after.kernel));
    facts.add("machine", profile_line(before.machine, after.machine));
    const std::vector<KeyChange>& changes = r.result.changes;
    if (changes.empty())
        facts.add("changed", before.kernel.hash == after.kernel.hash &&
                                     before.machine.hash == after.machine.hash
                                 ? "nothing"
                                 : "no cost parameter");
    for (std::size_t i = 0; i < std::min(changes.size(), kMostChanges); ++i)
        facts.add("changed",
                  fmt::format("{}  {} -> {}", changes[i].key, changes[i].before, changes[i].after));
    if (changes.size() > kMostChanges)
        facts.add("", fmt::format("... {} more; -f json shows them",
                                  grouped(std::uint64_t{changes.size() - kMostChanges})));
    return facts;
}

// Before, after, by how much, and the ends of the range where asked for.
class Comparison {
public:
    Comparison(const PricedAgain& what, const char* first) : what_(what) {
        table_.columns = {{first, ColumnKind::Name}, {"before"}, {"after"}, {"change"}};
        if (what.range && what.range->low) table_.columns.push_back({"low"});
        if (what.range && what.range->high) table_.columns.push_back({"high"});
    }
    void add(Cell name, const std::function<double(const RunReport&)>& value,
             const std::function<Cell(double)>& cell) {
        const double before = value(what_.before), after = value(what_.after);
        std::vector<Cell> cells{std::move(name), cell(before), cell(after),
                                change_cell(before, after)};
        if (what_.range && what_.range->low) cells.push_back(cell(value(*what_.range->low)));
        if (what_.range && what_.range->high) cells.push_back(cell(value(*what_.range->high)));
        table_.add(std::move(cells));
    }
    Table table() && { return std::move(table_); }

private:
    const PricedAgain& what_;
    Table table_;
};

Cell cycles_of(double cycles) {
    return real_cell(cycles, 2);
}

Table answer_table(const PricedAgain& what) {
    Comparison rows(what, "answer");
    rows.add(
        {"simulated time", "simulated_time_ns"},
        [](const RunReport& r) { return answer_of(r).total_ns; }, duration_cell);
    rows.add(
        {"kernel cycles", "kernel_cycles"},
        [](const RunReport& r) { return answer_of(r).kernel_cycles; }, cycles_of);
    if (totals_of(what.before).hits != 0) {
        rows.add(
            {"probe overhead", "probe_overhead_ns"},
            [](const RunReport& r) { return answer_of(r).overhead_ns; }, duration_cell);
        rows.add(
            {"cycles per hit", "cycles_per_hit"},
            [](const RunReport& r) { return answer_of(r).mean_hit_cycles; }, cycles_of);
        rows.add(
            {"time per hit", "time_per_hit_ns"},
            [](const RunReport& r) { return answer_of(r).mean_hit_cycles * 1e9 / r.frequency_hz; },
            duration_cell);
    }
    return std::move(rows).table();
}

Table group_table(const PricedAgain& what) {
    Comparison rows(what, "cycles by group");
    rows.add(
        "user code", [](const RunReport& r) { return in_cycles(r.user_cycles); }, cycles_of);
    for (const WorkGroup g : kWorkGroups) {
        const auto cycles = [g](const RunReport& r) {
            return in_cycles(totals_of(r).group_cycles[static_cast<std::size_t>(g)]);
        };
        if (cycles(what.before) != 0 || cycles(what.after) != 0)
            rows.add(std::string(work_group_name(g)), cycles, cycles_of);
    }
    rows.add(
        "exception entry, return",
        [](const RunReport& r) { return in_cycles(totals_of(r).exception_cycles); }, cycles_of);
    return std::move(rows).table();
}

Table path_table(const PricedAgain& what) {
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < what.before.paths.size(); ++i) {
        if (what.before.paths[i].cycles != what.after.paths[i].cycles) rows.push_back(i);
    }
    const auto moved = [&](std::size_t i) {
        return std::abs(in_cycles(what.after.paths[i].cycles) -
                        in_cycles(what.before.paths[i].cycles));
    };
    std::stable_sort(rows.begin(), rows.end(),
                     [&](std::size_t a, std::size_t b) { return moved(a) > moved(b); });
    Table table{.columns = {{"paths changed most", ColumnKind::Name},
                            {"times"},
                            {"before"},
                            {"after"},
                            {"change"}},
                .first = kFirstRows};
    for (const std::size_t i : rows) {
        const PathRow& before = what.before.paths[i];
        const double was = in_cycles(before.cycles), is = in_cycles(what.after.paths[i].cycles);
        table.add({before.name, count_cell(before.times), cycles_of(was), cycles_of(is),
                   change_cell(was, is)});
    }
    return table;
}

// "    ====|========": left of the bar what makes the run shorter, right of it what makes it
// longer.
std::string bar(const Swing& swing, double base_ns, double longest_ns) {
    const auto length = [&](double ns) {
        return static_cast<std::size_t>(
            std::lround(std::max(ns, 0.0) / longest_ns * static_cast<double>(kHalfBar)));
    };
    const std::size_t left =
        length(base_ns - std::min(swing.at_low.total_ns, swing.at_high.total_ns));
    const std::size_t right =
        length(std::max(swing.at_low.total_ns, swing.at_high.total_ns) - base_ns);
    return std::string(kHalfBar - left, ' ') + std::string(left, '=') + "|" +
           std::string(right, '=');
}

Table tornado(const PricedAgain& what) {
    const AnswerRange& range = *what.range;
    const double base_ns = answer_of(what.after).total_ns;
    double longest_ns = 0;
    for (const Swing& s : range.swings) {
        longest_ns = std::max({longest_ns, std::abs(s.at_low.total_ns - base_ns),
                               std::abs(s.at_high.total_ns - base_ns)});
    }
    Table table{.columns = {{"one parameter at a time", ColumnKind::Name},
                            {"confidence", ColumnKind::Name},
                            {"low"},
                            {"high"},
                            {"time moves"},
                            {.heading = std::string(kHalfBar - 4, ' ') + "less|more",
                             .kind = ColumnKind::Name,
                             .drawn = true}},
                .first = kFirstRows};
    for (const Swing& s : range.swings) {
        table.add({s.figure.key, std::string(confidence_name(s.figure.confidence)),
                   fmt::format("{:.4g}", s.low_value), fmt::format("{:.4g}", s.high_value),
                   fmt::format("{} {:>6}", duration_text(s.ns()), percent(s.ns(), base_ns)),
                   bar(s, base_ns, longest_ns)});
    }
    return table;
}

}  // namespace

Document whatif_document(const WhatIfReport& r) {
    const PricedAgain& what = r.result;
    Document document{fmt::format("uprobesim {}: whatif", what.before.provenance.version),
                      answer(what)};
    document.data = answer_table(what);
    document.add(head(r));
    document.add(answer_table(what));
    document.add(group_table(what));
    document.add(path_table(what));
    if (what.range) {
        document.add(Lines{.lines = {fmt::format("If the errors are independent: {} to {}",
                                                 duration_text(what.range->independent_low_ns),
                                                 duration_text(what.range->independent_high_ns))}});
        document.add(tornado(what));
    }
    Lines notes;
    for (const std::string& note : what.notes)
        notes.lines.push_back(fmt::format("Note: {}.", note));
    notes.lines.emplace_back(
        "The counts and the user cycles are those of the saved run; only cost parameters changed. "
        "Times are modelled, not measured.");
    document.add(std::move(notes));
    return document;
}

}  // namespace uprobesim
