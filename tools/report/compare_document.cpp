// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "tools/format/number_text.h"
#include "tools/format/text_width.h"
#include "tools/report/compare_figures.h"
#include "tools/report/contention_report.h"
#include "tools/report/report_blocks.h"
#include "tools/report/report_document.h"

namespace uprobesim {
namespace {

// With a row for placing the breakpoints there is one less.
constexpr std::size_t kBriefProbes = 3;
constexpr std::size_t kMostLabel = 40;  // columns of a run's label in a sentence
constexpr std::size_t kMostNamed = 2;   // runs in the first line; more are shown as a range

// What the first line says of one run.
struct Told {
    std::string text;
    double value;
    std::string label;
};

std::string told(const Told& one) {
    return fmt::format("{} ({})", one.text, one.label);
}

std::string told(std::vector<Told> all) {
    if (all.size() <= kMostNamed) {
        std::string text;
        for (const Told& one : all) text += (text.empty() ? "" : ", ") + told(one);
        return text;
    }
    const auto [least, most] = std::minmax_element(
        all.begin(), all.end(), [](const Told& a, const Told& b) { return a.value < b.value; });
    return fmt::format("{} to {}", told(*least), told(*most));
}

std::string answer(const CompareReport& report) {
    const std::string title = shortened(visible(report.title), kMostLabel);
    const RunReport& first = report.runs.front().report;
    const double base_ns = totals_of(first).total_ns;
    const bool by_result =
        !first.results.empty() && first.results.front().value && *first.results.front().value != 0;
    std::vector<Told> all;
    for (std::size_t i = 1; i < report.runs.size(); ++i) {
        const RunReport& run = report.runs[i].report;
        const std::string label = shortened(visible(report.runs[i].label), kMostLabel);
        if (by_result && run.results.front().value) {
            const double part = *run.results.front().value / *first.results.front().value;
            all.push_back({fmt::format("{:.1f}%", 100 * part), part, label});
        } else if (!by_result && base_ns > 0) {
            const double times = totals_of(run).total_ns / base_ns;
            all.push_back({fmt::format("{:.1f}x", times), times, label});
        }
    }
    if (all.empty())
        return fmt::format("{}: {} simulated, no run with probes", title, short_duration(base_ns));
    const char* const hits = none_was_hit(report) ? kNoProbeHit : "";
    return by_result ? fmt::format("{}: {}{} with probes at {} of what it is without", title, hits,
                                   first.results.front().name, told(all))
                     : fmt::format("{}: {}probes cost {}", title, hits, told(all));
}

const ProbeRow* same_probe(const RunReport& r, const ProbeRow& probe) {
    const auto same = std::find_if(r.probes.begin(), r.probes.end(),
                                   [&](const ProbeRow& p) { return p.name == probe.name; });
    return same == r.probes.end() ? nullptr : &*same;
}

// The probes that cost most, with what a hit costs in each run; and how often each was hit, where
// the runs differ in that.
Table probe_table(const CompareReport& report) {
    std::vector<const ComparedRun*> probed;
    const RunReport* widest = nullptr;
    for (const ComparedRun& run : report.runs) {
        if (run.report.probes.empty()) continue;
        probed.push_back(&run);
        if (widest == nullptr || run.report.probes.size() > widest->probes.size())
            widest = &run.report;
    }
    Table table{.first = kFirstRows};
    if (widest == nullptr) return table;
    std::vector<ProbeRow> probes = widest->probes;
    std::erase_if(probes, [](const ProbeRow& p) { return p.hits == 0; });
    std::stable_sort(probes.begin(), probes.end(), [](const ProbeRow& a, const ProbeRow& b) {
        return a.cycles > b.cycles || (a.cycles == b.cycles && a.hits > b.hits);
    });

    const ProbeNames names = probe_names(probes);
    table.columns = {{names.heading + ", cycles a hit", Column::Kind::Name},
                     {"instruction", Column::Kind::Name},
                     {"hits"}};
    for (const ComparedRun* run : probed) table.columns.push_back({run->label});
    for (const ProbeRow& probe : probes) {
        const bool equal = std::all_of(probed.begin(), probed.end(), [&](const ComparedRun* run) {
            const ProbeRow* same = same_probe(run->report, probe);
            return same != nullptr && same->hits == probe.hits;
        });
        std::vector<Cell> cells{names.of(probe), probe.instruction,
                                equal ? count_cell(probe.hits) : Cell("differ")};
        for (const ComparedRun* run : probed) {
            const ProbeRow* same = same_probe(run->report, probe);
            if (same == nullptr) {
                cells.push_back(no_cell());
                continue;
            }
            cells.emplace_back(fmt::format("{}{} {}",
                                           equal ? "" : fmt::format("{} x ", grouped(same->hits)),
                                           same->verdict, mean_cycles_cell(*same).text));
        }
        table.add(std::move(cells));
    }
    return table;
}

std::string outcome(const CompareReport& report) {
    const RunReport& last = report.runs.back().report;
    return exit_text(last.exit) + (last.results.empty()
                                       ? ", output and status the same in every run"
                                       : ", the same in every run");
}

void add_difference(Document& document, const CompareReport& report) {
    document.add(Lines{"RUNS DIFFER", differences(report), Tone::Alarm});
}

// Where the figures come from, in few words.
Lines brief_origin(const CompareReport& report, bool alike) {
    const RunReport& last = report.runs.back().report;
    // Those that head no column by their name; the run without probes is on the first.
    std::vector<std::string> kernels;
    for (std::size_t i = 1; i < report.runs.size(); ++i) {
        const ComparedRun& run = report.runs[i];
        const std::string name = shortened(visible(run.report.provenance.kernel.name), kMostLabel);
        if (run.label != run.report.provenance.kernel.name &&
            std::find(kernels.begin(), kernels.end(), name) == kernels.end())
            kernels.push_back(name);
    }
    std::string text = fmt::format(
        "{}Modelled on {}{}, not measured", alike ? fmt::format("Guest {}. ", outcome(report)) : "",
        shortened(visible(last.provenance.machine.name), kMostLabel),
        kernels.empty() ? "" : fmt::format(" ({})", fmt::join(kernels, ", ")));
    if (last.attachment && last.attachment->roi) text += "; counted while attached only";
    if (last.cpus > 1) text += "; " + contention_note(last);
    if (!last.unmodelled.empty()) {
        std::vector<std::string> names;
        for (const UnmodelledRow& row : last.unmodelled) names.push_back(row.name);
        text += fmt::format("; partially modelled: {}", fmt::join(names, ", "));
    }
    std::size_t refused = 0;
    for (const SpecRow& spec : last.specs) refused += spec.refused.size();
    if (refused != 0) text += fmt::format("; {} refused by the kernel", counted(refused, "place"));
    return {.lines = {text + ". --all shows everything."}, .close = true};
}

Facts full_origin(const CompareReport& report, bool alike) {
    Facts facts = provenance_facts(report.runs.back().report.provenance);
    for (const ComparedRun& run : report.runs)
        facts.add(run.label, "kernel " + profile_text(run.report.provenance.kernel));
    if (alike) facts.add("guest", outcome(report));
    return facts;
}

}  // namespace

Document compare_document(const CompareReport& report, CompareDetail detail,
                          ProcessDetail processes) {
    if (report.runs.empty()) return {};
    const bool full = detail == CompareDetail::Full;
    const RunReport& last = report.runs.back().report;
    Document document{fmt::format("uprobesim {}: compare", last.provenance.version),
                      answer(report)};
    document.dense = !full;
    document.add(figure_table(report, detail));
    document.data = figure_table(report, CompareDetail::Full);
    Table probes = probe_table(report);
    if (!full) probes.first = placing_counts(report) ? kBriefProbes - 1 : kBriefProbes;
    document.add(std::move(probes));
    for (const ComparedRun& run : report.runs) {
        if (processes == ProcessDetail::PerProcess)
            document.add(process_table(run.report, "processes, " + run.label));
    }
    const bool alike = differences(report).empty();
    add_difference(document, report);
    if (!full) {
        document.add(brief_origin(report, alike));
        return document;
    }
    document.add(full_origin(report, alike));
    document.add(refused_lines(last));
    document.add(not_placed_lines(last));
    document.add(contention_lines(last));
    document.add(unmodelled_lines(last));
    document.add(lost_write_lines(last));
    document.add(Lines{.lines = {kModelledNote}});
    return document;
}

}  // namespace uprobesim
