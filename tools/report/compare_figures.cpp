// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/report/compare_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "sim/profile/exception_class.h"
#include "tools/format/number_text.h"
#include "tools/report/report_blocks.h"

namespace uprobesim {
namespace {

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
        placing_ = full_ || placing_counts(report);
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
        if (placing_) {
            row("  to place the breakpoints, s", "to place the breakpoints, s",
                [](const Measured& run) {
                    const CentiCycles cycles = run.totals.placing_cycles;
                    return cycles.value == 0
                               ? no_cell()
                               : real_cell(to_ns(cycles, run.report.frequency_hz) / 1e9, 6);
                });
        }
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
    bool placing_ = false;  // is told
    Table table_;
};

}  // namespace

Table figure_table(const CompareReport& report, CompareDetail detail) {
    return Figures(report, detail).table();
}

}  // namespace uprobesim
