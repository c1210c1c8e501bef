// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "sim/profile/exception_class.h"
#include "tools/format/number_text.h"
#include "tools/format/text_width.h"
#include "tools/report/contention_report.h"
#include "tools/report/report_blocks.h"
#include "tools/report/report_document.h"

namespace uprobesim {
namespace {

constexpr std::size_t kBriefProbes = 3;
constexpr std::size_t kMostLabel = 40;  // columns of a run's label in a sentence
constexpr std::size_t kMostNamed = 2;   // runs in the first line; more are shown as a range

// What one figure is of each run.
struct Measured {
    const RunReport& report;
    Totals totals;
};

double slowdown(const Measured& run, double base_ns) {
    return base_ns > 0 ? run.totals.total_ns / base_ns : 0;
}

class Figures {
public:
    Figures(const CompareReport& report, CompareDetail detail) : compared_(report) {
        for (const ComparedRun& run : report.runs)
            runs_.push_back({run.report, totals_of(run.report)});
        full_ = detail == CompareDetail::Full;
    }

    Table table() {
        table_.columns = {{compared_.title, Column::Kind::Name, "figure"}};
        for (const ComparedRun& run : compared_.runs) table_.columns.push_back({run.label});
        results();
        times();
        hits();
        exceptions();
        attaching();
        if (full_) cycles();
        return std::move(table_);
    }

private:
    template <class Value>
    void row(const std::string& name, const char* csv, Value value) {
        std::vector<Cell> cells{Cell(name, csv)};
        for (const Measured& run : runs_) cells.push_back(value(run));
        table_.add(std::move(cells));
    }
    template <class Count>
    void count(const std::string& name, const char* csv, Count of) {
        row(name, csv, [&](const Measured& run) { return count_cell(of(run)); });
    }

    // What a scenario reads off each run, and how the others' stand to the first's.
    void results() {
        const std::vector<ResultRow>& first = runs_.front().report.results;
        for (std::size_t i = 0; i < first.size(); ++i) {
            row(fmt::format("{}, {}", first[i].name, first[i].unit), "", [i](const Measured& run) {
                const auto& result = run.report.results[i];
                return result.value ? number_cell(result_text(result), result_text(result))
                                    : no_cell();
            });
            row("  relative to no uprobe",
                fmt::format("{}, relative to no uprobe", first[i].name).c_str(),
                [&](const Measured& run) {
                    const auto& value = run.report.results[i].value;
                    return value && first[i].value ? real_cell(*value / *first[i].value, 3)
                                                   : no_cell();
                });
        }
    }

    void times() {
        row("simulated time, s", "simulated time, s",
            [](const Measured& run) { return real_cell(run.totals.total_ns / 1e9, 6); });
        const double base_ns = runs_.front().totals.total_ns;
        row("slowdown, times", "", [&](const Measured& run) {
            return base_ns > 0 ? real_cell(slowdown(run, base_ns), 3) : no_cell();
        });
        const std::size_t cpus = runs_.front().report.cpu_busy_ns.size();
        for (std::size_t cpu = 0; full_ && cpus > 1 && cpu < cpus; ++cpu) {
            row(fmt::format("  CPU {} busy", cpu), fmt::format("CPU {} busy", cpu).c_str(),
                [&](const Measured& run) {
                    return cpu < run.report.cpu_busy_ns.size()
                               ? share_cell(static_cast<double>(run.report.cpu_busy_ns[cpu]),
                                            run.totals.total_ns)
                               : no_cell();
                });
        }
    }

    void hits() {
        if (full_) {
            count("probe hits", "", [](const Measured& run) { return run.totals.hits; });
            count("  stepped", "hits stepped",
                  [](const Measured& run) { return run.totals.stepped; });
            count("  emulated", "hits emulated",
                  [](const Measured& run) { return run.totals.emulated; });
            row("mean cost of a hit, cycles", "", [](const Measured& run) {
                return run.totals.hits == 0 ? no_cell()
                                            : real_cell(run.totals.mean_hit_cycles(), 0);
            });
        } else {
            row("hits stepped + emulated", "", [](const Measured& run) {
                return run.totals.hits == 0
                           ? no_cell()
                           : Cell(fmt::format("{} + {}", grouped(run.totals.stepped),
                                              grouped(run.totals.emulated)));
            });
        }
        row("mean cost of a hit, ns", "", [](const Measured& run) {
            return run.totals.hits == 0
                       ? no_cell()
                       : real_cell(run.totals.mean_hit_cycles() * 1e9 / run.report.frequency_hz, 0);
        });
    }

    // Of whoever attaches: in none of the times above.
    void attaching() {
        if (!runs_.front().report.attachment) return;
        const auto add = [&](const std::string& done, const std::string& to, const auto& of) {
            row(fmt::format("{} at, s", done), "", [&](const Measured& run) {
                const RegistrationRow* event = of(run);
                return event != nullptr && event->at_ns
                           ? real_cell(static_cast<double>(*event->at_ns) / 1e9, 6)
                           : no_cell();
            });
            row(fmt::format("breakpoints {}", done), "", [&](const Measured& run) {
                const RegistrationRow* event = of(run);
                return event != nullptr && event->events != 0 ? count_cell(event->breakpoints)
                                                              : no_cell();
            });
            row(fmt::format("to {}, us", to), "", [&](const Measured& run) {
                const RegistrationRow* event = of(run);
                return event != nullptr && event->events != 0
                           ? real_cell(to_ns(cycles_of(*event), run.report.frequency_hz) / 1e3, 1)
                           : no_cell();
            });
        };
        add("attached", "attach", [](const Measured& run) -> const RegistrationRow* {
            return run.report.attachment ? &run.report.attachment->attach : nullptr;
        });
        if (!runs_.front().report.attachment->detach) return;
        add("detached", "detach", [](const Measured& run) -> const RegistrationRow* {
            const auto& attachment = run.report.attachment;
            return attachment && attachment->detach ? &*attachment->detach : nullptr;
        });
    }

    void exceptions() {
        count("exceptions", "", [](const Measured& run) { return run.totals.exceptions; });
        for (std::size_t e = 0; full_ && e < kExceptionClassCount; ++e) {
            const std::string_view name = exception_class_name(static_cast<ExceptionClass>(e));
            const auto of = [&](const Measured& run) { return exceptions_named(run.report, name); };
            if (std::none_of(runs_.begin(), runs_.end(),
                             [&](const Measured& run) { return of(run) != 0; }))
                continue;
            count(fmt::format("  {}", name), fmt::format("exceptions, {}", name).c_str(), of);
        }
    }

    void cycles() {
        count("EL0 instructions", "",
              [](const Measured& run) { return run.report.user_insns.value; });
        row("user cycles", "",
            [](const Measured& run) { return cycles_cell(run.report.user_cycles); });
        row("kernel cycles", "",
            [](const Measured& run) { return cycles_cell(run.totals.kernel_cycles); });
        row("  for probe hits", "kernel cycles for probe hits",
            [](const Measured& run) { return cycles_cell(run.totals.hit_cycles); });
        row("  to place the breakpoints", "kernel cycles to place the breakpoints",
            [](const Measured& run) { return cycles_cell(run.totals.placing_cycles); });
    }

    const CompareReport& compared_;
    std::vector<Measured> runs_;
    bool full_ = false;
    Table table_;
};

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
    return by_result ? fmt::format("{}: {} with probes at {} of what it is without", title,
                                   first.results.front().name, told(all))
                     : fmt::format("{}: probes cost {}", title, told(all));
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
    document.add(Figures(report, detail).table());
    document.data = Figures(report, CompareDetail::Full).table();
    Table probes = probe_table(report);
    if (!full) probes.first = kBriefProbes;
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
    document.add(contention_lines(last));
    document.add(unmodelled_lines(last));
    document.add(lost_write_lines(last));
    document.add(Lines{.lines = {kModelledNote}});
    return document;
}

}  // namespace uprobesim
