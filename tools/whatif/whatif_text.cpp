// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "tools/format/text_table.h"
#include "tools/whatif/whatif.h"

namespace uprobesim {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kTopPaths = 12;
constexpr std::size_t kTopSwings = 12;
constexpr std::size_t kTopChanges = 12;
constexpr std::size_t kHalfBar = 16;

std::string line(std::string_view name, const std::string& value) {
    return fmt::format("  {:<20}  {}\n", name, value);
}

double cycles_of(CentiCycles cycles) {
    return static_cast<double>(cycles.value) / 100;
}

std::string change_text(double before, double after) {
    if (before == after) return "same";
    if (before == 0) return "new";
    return fmt::format("{:+.1f}%", 100 * (after - before) / before);
}

std::string profile_line(const ProfileId& before, const ProfileId& after) {
    const auto one = [](const ProfileId& id) {
        return fmt::format("{} [{}]", printable(id.name), printable(id.hash));
    };
    return before.hash == after.hash ? one(before)
                                     : fmt::format("{} -> {}", one(before), one(after));
}

std::string head_text(const WhatIfReport& r) {
    const Provenance& before = r.result.before.provenance;
    const Provenance& after = r.result.after.provenance;
    std::string out = line(
        "report", printable(r.label.empty() ? r.file : fmt::format("{}, {}", r.file, r.label)));
    out += line("command", printable(fmt::format("{}", fmt::join(before.arguments, " "))));
    out += line("kernel", profile_line(before.kernel, after.kernel));
    out += line("machine", profile_line(before.machine, after.machine));
    const std::vector<KeyChange>& changes = r.result.changes;
    if (changes.empty())
        out += line("changed", before.kernel.hash == after.kernel.hash &&
                                       before.machine.hash == after.machine.hash
                                   ? "nothing"
                                   : "no figure");
    for (std::size_t i = 0; i < std::min(changes.size(), kTopChanges); ++i)
        out += line("changed", printable(fmt::format("{}  {} -> {}", changes[i].key,
                                                     changes[i].before, changes[i].after)));
    if (changes.size() > kTopChanges)
        out += line("", fmt::format("and {} (all of them: -f json)",
                                    counted(changes.size() - kTopChanges, "figure")));
    return out;
}

// Before, after, by how much, and the ends of the range where asked for.
struct Columns {
    const WhatIf& what;

    std::vector<std::string> heading(std::string_view first) const {
        std::vector<std::string> cells{std::string(first), "before", "after", "change"};
        if (what.range && what.range->low) cells.push_back("low");
        if (what.range && what.range->high) cells.push_back("high");
        return cells;
    }
    void add(TextTable& table, std::string_view name,
             const std::function<double(const RunReport&)>& value,
             const std::function<std::string(double)>& text) const {
        const double before = value(what.before), after = value(what.after);
        std::vector<std::string> cells{std::string(name), text(before), text(after),
                                       change_text(before, after)};
        if (what.range && what.range->low) cells.push_back(text(value(*what.range->low)));
        if (what.range && what.range->high) cells.push_back(text(value(*what.range->high)));
        table.add(std::move(cells));
    }
};

std::string cycles_cell(double cycles) {
    return grouped(cycles, 2);
}

std::string answer_table(const WhatIf& what) {
    const Columns columns{what};
    TextTable table(columns.heading("answer"));
    columns.add(
        table, "simulated time", [](const RunReport& r) { return answer_of(r).total_ns; },
        duration_text);
    columns.add(
        table, "kernel cycles", [](const RunReport& r) { return answer_of(r).kernel_cycles; },
        cycles_cell);
    if (totals_of(what.before).hits != 0) {
        columns.add(
            table, "probe overhead", [](const RunReport& r) { return answer_of(r).overhead_ns; },
            duration_text);
        columns.add(
            table, "cycles per hit",
            [](const RunReport& r) { return answer_of(r).mean_hit_cycles; }, cycles_cell);
        columns.add(
            table, "time per hit",
            [](const RunReport& r) { return answer_of(r).mean_hit_cycles * 1e9 / r.frequency_hz; },
            duration_text);
    }
    return "\n" + table.text(kIndent);
}

std::string group_table(const WhatIf& what) {
    const Columns columns{what};
    TextTable table(columns.heading("cycles by group"));
    columns.add(
        table, "user code", [](const RunReport& r) { return cycles_of(r.user_cycles); },
        cycles_cell);
    for (const WorkGroup g : kWorkGroups) {
        const auto cycles = [g](const RunReport& r) {
            return cycles_of(totals_of(r).group_cycles[static_cast<std::size_t>(g)]);
        };
        if (cycles(what.before) != 0 || cycles(what.after) != 0)
            columns.add(table, work_group_name(g), cycles, cycles_cell);
    }
    columns.add(
        table, "exception entry, return",
        [](const RunReport& r) { return cycles_of(totals_of(r).exception_cycles); }, cycles_cell);
    return "\n" + table.text(kIndent);
}

std::string path_table(const WhatIf& what) {
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < what.before.paths.size(); ++i) {
        if (what.before.paths[i].cycles != what.after.paths[i].cycles) rows.push_back(i);
    }
    if (rows.empty()) return "";
    const auto moved = [&](std::size_t i) {
        return std::abs(cycles_of(what.after.paths[i].cycles) -
                        cycles_of(what.before.paths[i].cycles));
    };
    std::stable_sort(rows.begin(), rows.end(),
                     [&](std::size_t a, std::size_t b) { return moved(a) > moved(b); });
    TextTable table({"paths changed most", "times", "before", "after", "change"});
    for (std::size_t i = 0; i < std::min(rows.size(), kTopPaths); ++i) {
        const PathRow& before = what.before.paths[rows[i]];
        const double was = cycles_of(before.cycles),
                     is = cycles_of(what.after.paths[rows[i]].cycles);
        table.add({before.name, grouped(before.times), cycles_cell(was), cycles_cell(is),
                   change_text(was, is)});
    }
    std::string out = "\n" + table.text(kIndent);
    if (rows.size() > kTopPaths)
        out += fmt::format("  and {} less\n", counted(rows.size() - kTopPaths, "path"));
    return out;
}

// "      ====|========        ": left of the bar what makes the run shorter, right of it what makes
// it longer.
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

std::string figure_text(double value) {
    return fmt::format("{:.4g}", value);
}

std::string tornado(const WhatIf& what) {
    const AnswerRange& range = *what.range;
    const double base_ns = answer_of(what.after).total_ns;
    double longest_ns = 0;
    for (const Swing& s : range.swings) {
        longest_ns = std::max({longest_ns, std::abs(s.at_low.total_ns - base_ns),
                               std::abs(s.at_high.total_ns - base_ns)});
    }
    std::string out = fmt::format("\n  if the errors are independent: {} to {}\n",
                                  duration_text(range.independent_low_ns),
                                  duration_text(range.independent_high_ns));
    if (range.swings.empty()) return out;
    const bool hits = totals_of(what.before).hits != 0;
    TextTable table(
        {"one figure at a time", "confidence", "low", "value", "high", "time moves", "share",
         hits ? "cycles per hit" : "",
         std::string(kHalfBar - 4, ' ') + "less|more" + std::string(kHalfBar - 4, ' ')});
    for (std::size_t i = 0; i < std::min(range.swings.size(), kTopSwings); ++i) {
        const Swing& s = range.swings[i];
        std::string drawn = bar(s, base_ns, longest_ns);
        drawn.resize(2 * kHalfBar + 1, ' ');
        const auto [least, most] = std::minmax(s.at_low.mean_hit_cycles, s.at_high.mean_hit_cycles);
        table.add({s.figure.key, std::string(confidence_name(s.figure.confidence)),
                   figure_text(s.low_value), figure_text(s.figure.value), figure_text(s.high_value),
                   duration_text(s.ns()), percent(s.ns(), base_ns),
                   hits ? fmt::format("{} to {}", grouped(least), grouped(most)) : "", drawn});
    }
    out += "\n" + table.text(kIndent);
    if (range.swings.size() > kTopSwings)
        out += fmt::format("  and {} that move it less\n",
                           counted(range.swings.size() - kTopSwings, "figure"));
    return out;
}

}  // namespace

std::string whatif_text(const WhatIfReport& r) {
    const WhatIf& what = r.result;
    std::string out =
        fmt::format("uprobesim {}: whatif\n\n{}", what.before.provenance.version, head_text(r));
    out += answer_table(what) + group_table(what) + path_table(what);
    if (what.range) out += tornado(what);
    out += "\n";
    for (const std::string& note : what.notes) out += fmt::format("  Note: {}.\n", printable(note));
    out +=
        "  Counts are those of the saved run, user cycles as well; only prices changed. Times are "
        "modelled, not "
        "measured.\n";
    return out;
}

}  // namespace uprobesim
