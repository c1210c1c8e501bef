// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "tools/audit/audit.h"
#include "tools/estimate/estimate.h"
#include "tools/format/number_text.h"

namespace uprobesim {
namespace {

using ColumnKind = Column::Kind;

constexpr std::size_t kMostSwings = 3;
constexpr std::size_t kMostAdvice = 4;

std::string share_text(double ns) {
    const double share = ns / 1e7;
    return share >= 1000 ? grouped(share) + " %" : fmt::format("{:.3g} %", share);
}

std::string verdict_text(const HitEstimate& hit) {
    return std::string(audit_word(hit.verdict.kind));
}

std::string range_text(const VariedPrices::Range& range, std::string (*text)(double)) {
    return fmt::format("{} ({} to {})", text(range.ns), text(range.low_ns), text(range.high_ns));
}

std::string place_name(const PlaceEstimate& place) {
    return fmt::format("{} on {}", place.kernel, place.machine);
}

// "1.16x as long"; what is less than a tenth longer shows better as a share.
std::string longer_text(double share) {
    return share < 0.1 ? share_text(1e9 * share) + " longer"
                       : fmt::format("{:.3g}x as long", 1 + share);
}

std::string answer(const EstimateReport& r) {
    const PlaceEstimate& place = r.places.front();
    const unsigned cpus = r.hitting ? r.hitting->cpus : 1;
    if (place.waiting && !place.waiting->reaches)
        return fmt::format(
            "{} cannot take so many hits, {}: {} a second is what they do, and nothing else",
            counted(cpus, "CPU"), place_name(place), grouped(place.waiting->nonstop_per_s));
    if (r.has_rates()) {
        return fmt::format("the probes take {} of one CPU, {}: {} runs {}",
                           range_text(place.total.range, share_text), place_name(place),
                           cpus == 1 ? std::string("a thread that is hit so often")
                                     : fmt::format("each of {} threads that share the hits", cpus),
                           longer_text(place.total.range.ns / 1e9 / cpus));
    }
    if (r.targets.size() == 1 && place.hits.front().verdict.kind != VerdictKind::Reject) {
        return fmt::format(
            "a hit takes {}, {}: a rate (--rate, --counts) tells what that is of a "
            "CPU",
            range_text(place.hits.front().range, short_duration), place_name(place));
    }
    return fmt::format("{}, {}: a rate (--rate, --counts) tells what they take of a CPU",
                       counted(r.targets.size(), "probe"), place_name(place));
}

Facts head(const EstimateReport& r) {
    Facts facts;
    for (const PlaceEstimate& place : r.places) {
        const std::string name =
            r.places.size() == 1 ? "model" : (&place == &r.places.front() ? "models" : "");
        facts.add(name, fmt::format("kernel {} [{}], machine {} [{}]", place.kernel,
                                    place.kernel_hash, place.machine, place.machine_hash));
    }
    for (const std::string& setting : r.settings) facts.add("set", setting);
    if (r.hitting) {
        facts.add("hit by",
                  fmt::format("{} in threads of one process{}", counted(r.hitting->cpus, "CPU"),
                              r.has_rates() ? ", at times by chance; rates are of all"
                                            : ", which do nothing else"));
        facts.add("not in it", "first hits; caches that the program finds colder");
        return facts;
    }
    facts.add("not in it",
              "CPUs that wait for each other at shared cache lines and locks (--cpus N has it); "
              "first hits; caches that the program finds colder");
    return facts;
}

std::string target_name(const EstimateTarget& target) {
    const std::string handlers = fmt::format("{}", fmt::join(target.handlers, ", "));
    return fmt::format("{}{}{}{}", target.function, target.wants_return ? " (return)" : "",
                       handlers.empty() ? "" : ": ", handlers);
}

Cell rate_cell(const std::optional<double>& rate) {
    return rate ? number_cell(grouped(*rate, *rate < 10 ? 1 : 0), fmt::format("{}", *rate))
                : no_cell();
}

// The most expensive first.
std::vector<std::size_t> order_of(const EstimateReport& r, const PlaceEstimate& place) {
    std::vector<std::size_t> order(r.targets.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto cost = [&](std::size_t t) {
        return place.hits[t].range.ns * r.targets[t].rate.value_or(1);
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return cost(a) > cost(b); });
    return order;
}

Table hits_table(const EstimateReport& r, const PlaceEstimate& place) {
    Table table{.title = r.places.size() == 1 ? "" : place_name(place),
                .columns = {{"function", ColumnKind::Name},
                            {"verdict", ColumnKind::Name},
                            {"ns a hit"},
                            {"low"},
                            {"high"}},
                .first = kFirstRows};
    if (r.hitting) table.columns.push_back({"it waits"});
    table.columns.insert(table.columns.end(), {{"hits/s"}, {"of a CPU"}});
    table.columns.push_back({r.hitting ? std::string("nonstop") : std::string("CPU full at")});
    const auto ns = [](double value) { return real_cell(value, 0); };
    for (const std::size_t t : order_of(r, place)) {
        const EstimateTarget& target = r.targets[t];
        const HitEstimate& hit = place.hits[t];
        const bool refused = hit.verdict.kind == VerdictKind::Reject;
        std::vector<Cell> row{target_name(target), verdict_text(hit)};
        for (const double part : {hit.range.ns, hit.range.low_ns, hit.range.high_ns})
            row.push_back(refused ? no_cell() : ns(part));
        if (r.hitting) row.push_back(refused ? no_cell() : share_cell(hit.waits_ns, hit.range.ns));
        row.push_back(rate_cell(target.rate));
        const double taken = hit.range.ns * target.rate.value_or(0);
        Cell share = target.rate && !refused ? share_cell(taken, 1e9) : no_cell();
        if (!refused && r.budget && taken / 1e9 > *r.budget) share.tone = Tone::Alarm;
        row.push_back(std::move(share));
        row.push_back(refused ? no_cell()
                              : number_cell(fmt::format("{}/s", grouped(hit.nonstop_per_s)),
                                            fmt::format("{:.0f}", hit.nonstop_per_s)));
        table.add(std::move(row));
    }
    return table;
}

Table totals_table(const EstimateReport& r) {
    Table table{.columns = {{"kernel", ColumnKind::Name},
                            {"machine", ColumnKind::Name},
                            {r.has_rates() ? "of a CPU" : "one hit each"},
                            {"low"},
                            {"high"},
                            {"exceptions"}}};
    for (const PlaceEstimate& place : r.places) {
        const auto cell = [&](double ns) {
            return r.has_rates() ? share_cell(ns, 1e9) : duration_cell(ns);
        };
        double exceptions = 0;
        for (std::size_t t = 0; t < r.targets.size(); ++t)
            exceptions += place.hits[t].exceptions * r.targets[t].rate.value_or(1);
        table.add({place.kernel, place.machine, cell(place.total.range.ns),
                   cell(place.total.range.low_ns), cell(place.total.range.high_ns),
                   number_cell(fmt::format("{}{}", grouped(exceptions), r.has_rates() ? "/s" : ""),
                               fmt::format("{}", exceptions))});
    }
    return table;
}

// What CPUs wait for, and how many hits they take.
Table waiting_table(const EstimateReport& r) {
    Table table{.title = fmt::format("{} on the same lines", counted(r.hitting->cpus, "CPU")),
                .columns = {{"kernel", ColumnKind::Name},
                            {"machine", ColumnKind::Name},
                            {"of it waiting"},
                            {"nonstop"},
                            {"they wait for", ColumnKind::Prose}}};
    for (const PlaceEstimate& place : r.places) {
        const WaitingEstimate& waiting = *place.waiting;
        std::vector<std::size_t> lines;
        for (std::size_t l = 0; l < kSharedLineCount; ++l)
            if (waiting.by_line[l] > 0) lines.push_back(l);
        std::stable_sort(lines.begin(), lines.end(), [&](std::size_t a, std::size_t b) {
            return waiting.by_line[a] > waiting.by_line[b];
        });
        double all = 0;
        for (const double ns : waiting.by_line) all += ns;
        std::vector<std::string> names;
        names.reserve(lines.size());
        for (const std::size_t l : lines)
            names.push_back(
                fmt::format("{} {:.0f} %", kSharedLines[l].name, 100 * waiting.by_line[l] / all));
        table.add(
            {place.kernel, place.machine,
             place.total.range.ns > 0 ? share_cell(waiting.ns, place.total.range.ns) : no_cell(),
             number_cell(grouped(waiting.nonstop_per_s) + "/s",
                         fmt::format("{:.0f}", waiting.nonstop_per_s)),
             names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", "))});
    }
    return table;
}

// Rates that the CPUs cannot take, or not for sure.
Lines impossible_lines(const EstimateReport& r) {
    Lines lines;
    for (const PlaceEstimate& place : r.places) {
        if (!place.waiting || !r.has_rates()) continue;
        double rate = 0;
        for (std::size_t t = 0; t < r.targets.size(); ++t)
            if (place.hits[t].verdict.kind != VerdictKind::Reject)
                rate += r.targets[t].rate.value_or(0);
        const std::string most = grouped(place.waiting->nonstop_per_s);
        if (!place.waiting->reaches && &place != &r.places.front())  // which the answer is about
            lines.lines.push_back(fmt::format(
                "{}: {} cannot take so many hits, but {} a second, and nothing else then",
                place_name(place), counted(r.hitting->cpus, "CPU"), most));
        else if (place.waiting->reaches && place.waiting->nonstop_per_s < rate)
            lines.lines.push_back(fmt::format(
                "{}: CPUs that come to hit at the same time hinder each other so much that they "
                "take only {} a second: once that has happened, the rates are not reached any more",
                place_name(place), most));
    }
    return lines;
}

Table swings_table(const EstimateReport& r) {
    const auto& [range, swings] = r.places.front().total;
    Table table{.title = "what the figure hangs on most",
                .columns = {{"cost parameter", ColumnKind::Name},
                            {"value"},
                            {"unit", ColumnKind::Name},
                            {"confidence", ColumnKind::Name},
                            {"of the cost"}}};
    for (std::size_t s = 0; s < std::min(kMostSwings, swings.size()); ++s) {
        const VariedPrices::Swing& swing = swings[s];
        table.add({swing.key, real_cell(swing.value, swing.value < 10 ? 2 : 0), swing.unit,
                   std::string(confidence_name(swing.confidence)),
                   number_cell(fmt::format("{:+.1f} to {:+.1f} %",
                                           100 * (swing.ns_at_low - range.ns) / range.ns,
                                           100 * (swing.ns_at_high - range.ns) / range.ns),
                               fmt::format("{}", swing.ns() / range.ns))});
    }
    return table;
}

Table advice_table(const EstimateReport& r) {
    Table table{.title = "cheaper with",
                .columns = {{"change", ColumnKind::Prose},
                            {r.has_rates() ? "of a CPU" : "one hit each"},
                            {"change"}}};
    const double now = r.places.front().total.range.ns;
    for (std::size_t a = 0; a < std::min(kMostAdvice, r.advice.size()); ++a) {
        const EstimateAdvice& advice = r.advice[a];
        table.add({advice.what,
                   r.has_rates() ? share_cell(advice.ns, 1e9) : duration_cell(advice.ns),
                   number_cell(fmt::format("{:+.1f} %", 100 * (advice.ns - now) / now),
                               fmt::format("{}", (advice.ns - now) / now))});
    }
    return table;
}

// Of the probes together; nothing of it is what is probed's.
Table attaching_table(const EstimateReport& r) {
    const Attachment& of = r.places.front().attaching.of;
    Table table{
        .title = fmt::format("attaching {} in {} that {} {}", counted(of.events, "probe"),
                             counted(of.pages, "page"), grouped(of.processes),
                             of.processes == 1 ? "process maps" : "processes map"),
        .columns = {
            {"way", ColumnKind::Name}, {"attach"}, {"and waits"}, {"detach"}, {"and waits"}}};
    const auto add = [&](const PlaceEstimate& place, std::string_view way,
                         const AttachingEstimate::Way& work) {
        const std::string name =
            r.places.size() == 1 ? std::string(way) : fmt::format("{}, {}", way, place_name(place));
        const auto about = [](double ns) {
            return number_cell(fmt::format("about {}", short_duration(ns)), fmt::format("{}", ns));
        };
        table.add({name, duration_cell(work.attach.ns), about(work.attach.wait_ns),
                   duration_cell(work.detach.ns), about(work.detach.wait_ns)});
    };
    for (const PlaceEstimate& place : r.places) {
        if (place.attaching.of.events == 0) continue;
        add(place, "an event each", place.attaching.events);
        if (place.attaching.multi) add(place, "one uprobe_multi link", *place.attaching.multi);
    }
    return table;
}

// Attached to one process, probes are looked at wherever another one maps their files.
Lines filtered_lines(const EstimateReport& r) {
    Lines lines;
    for (const PlaceEstimate& place : r.places) {
        if (place.attaching.of.events == 0) continue;
        lines.lines.push_back(fmt::format(
            "attached to one process only, they take {} of each mapping of {} in another one{}",
            short_duration(place.attaching.filtered.ns),
            place.attaching.of.places == 1 ? "the file" : "the files",
            r.places.size() == 1 ? "" : ", " + place_name(place)));
    }
    return lines;
}

Lines budget_lines(const EstimateReport& r) {
    Lines lines;
    if (!r.budget || !r.has_rates()) return lines;
    for (const PlaceEstimate& place : r.places) {
        lines.lines.push_back(fmt::format(
            "{}: {} {} the budget of {}", place_name(place), share_text(place.total.range.ns),
            r.over_budget(place) ? "exceeds" : "is within", share_text(*r.budget * 1e9)));
        if (r.over_budget(place)) lines.tone = Tone::Alarm;
    }
    return lines;
}

std::vector<Cell> data_row(const EstimateReport& r, const PlaceEstimate& place, std::size_t t) {
    const EstimateTarget& target = r.targets[t];
    const HitEstimate& hit = place.hits[t];
    const auto real = [](double v) { return number_cell("", fmt::format("{:.3f}", v)); };
    const bool refused = hit.verdict.kind == VerdictKind::Reject;
    std::vector<Cell> row(
        {target.binary, target.function, count_cell(target.wants_return ? 1 : 0),
         count_cell(target.file_offset), target.instruction, place.kernel, place.machine,
         verdict_text(hit), count_cell(hit.exceptions), real(hit.el1_insns),
         refused ? no_cell() : real(hit.range.ns), refused ? no_cell() : real(hit.range.low_ns),
         refused ? no_cell() : real(hit.range.high_ns), rate_cell(target.rate),
         !refused && target.rate
             ? number_cell("", fmt::format("{:.6f}", hit.range.ns * *target.rate / 1e9))
             : no_cell()});
    if (r.hitting) {
        row.push_back(count_cell(r.hitting->cpus));
        row.push_back(refused ? no_cell() : real(hit.waits_ns));
        row.push_back(refused ? no_cell() : real(hit.nonstop_per_s));
    }
    return row;
}

Table all_rows(const EstimateReport& r) {
    Table table{.columns = {{"binary", ColumnKind::Name},
                            {"function", ColumnKind::Name},
                            {"return"},
                            {"file_offset"},
                            {"instruction", ColumnKind::Name},
                            {"kernel", ColumnKind::Name},
                            {"machine", ColumnKind::Name},
                            {"verdict", ColumnKind::Name},
                            {"exceptions"},
                            {"el1_insns"},
                            {"ns"},
                            {"low_ns"},
                            {"high_ns"},
                            {"hits_per_s"},
                            {"cpu_share"}}};
    if (r.hitting)
        table.columns.insert(table.columns.end(), {{"cpus"}, {"waits_ns"}, {"nonstop_hits_per_s"}});
    for (const PlaceEstimate& place : r.places) {
        for (std::size_t t = 0; t < r.targets.size(); ++t) {
            table.add(data_row(r, place, t));
        }
    }
    return table;
}

}  // namespace

Document estimate_document(const EstimateReport& report) {
    Document document{fmt::format("uprobesim {}: estimate", report.version), answer(report)};
    document.data = all_rows(report);
    document.add(budget_lines(report));
    document.add(head(report));
    if (report.places.size() > 1) document.add(totals_table(report));
    for (const PlaceEstimate& place : report.places) document.add(hits_table(report, place));
    if (report.hitting) document.add(waiting_table(report));
    document.add(impossible_lines(report));
    document.add(swings_table(report));
    document.add(advice_table(report));
    document.add(attaching_table(report));
    document.add(filtered_lines(report));
    document.add(Lines{.title = report.notes.empty() ? "" : "notes", .lines = report.notes});
    return document;
}

}  // namespace uprobesim
