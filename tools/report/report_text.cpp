// SPDX-License-Identifier: GPL-2.0-or-later
// Reports for people.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "tools/format/text_table.h"
#include "tools/report/report.h"

namespace uprobesim {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kColumnGap = 4;  // of the comparison
constexpr std::size_t kTopProbes = 10;

std::string joined(const std::vector<std::string>& words) {
    return printable(fmt::format("{}", fmt::join(words, " ")));
}

std::string line(std::string_view name, const std::string& value) {
    return fmt::format("  {:<20}  {}\n", name, value);
}

std::string profile_line(const ProfileId& id) {
    return fmt::format("{} [{}] {}", id.name, id.hash, id.description);
}

std::string provenance_text(const Provenance& p, bool with_kernel) {
    std::string out = line("command", joined(p.arguments));
    for (const ScenarioProgram& program : p.programs)
        out += line("", fmt::format("{}: {}", program.name, joined(program.arguments)));
    for (const std::string& probe : p.probes) out += line("probe", printable(probe));
    for (const std::string& setting : p.settings) out += line("set", printable(setting));
    out += line("program", fmt::format("{} [{}]", printable(p.program), p.program_hash));
    if (with_kernel) out += line("kernel", profile_line(p.kernel));
    out += line("machine", profile_line(p.machine));
    out += line("seed", std::to_string(p.seed));
    return out;
}

std::string cpi_text(const RunReport& r) {
    if (r.user_insns.value == 0) return "-";
    return fmt::format("{:.2f}",
                       in_cycles(r.user_cycles) / static_cast<double>(r.user_insns.value));
}

std::string result_text(const std::optional<double>& value) {
    return value ? fmt::format("{:.2f}", *value) : "-";
}

// Of what the shares are: with several CPUs, of the time in which they did something.
double share_of(const RunReport& r, const Totals& t) {
    return r.cpus == 1 ? t.total_ns : t.busy_ns;
}

std::string busy_share(const RunReport& r, const Totals& t, std::size_t cpu) {
    return cpu < r.cpu_busy_ns.size() ? percent(static_cast<double>(r.cpu_busy_ns[cpu]), t.total_ns)
                                      : "-";
}

std::string summary_text(const RunReport& r, const Totals& t) {
    const double hz = r.frequency_hz;
    std::string out = line("guest", exit_text(r.exit));
    for (const WaitingTask& waiting : r.exit.waiting) out += line("", waiting_text(waiting));
    const std::string shares =
        fmt::format("user {} ({}) + kernel {} ({})", duration_text(t.user_ns),
                    percent(t.user_ns, share_of(r, t)), duration_text(t.kernel_ns),
                    percent(t.kernel_ns, share_of(r, t))) +
        (r.idle_ns == 0 ? ""
                        : fmt::format(" + idle {}", duration_text(static_cast<double>(r.idle_ns))));
    if (r.cpus == 1) {
        out += line("simulated time", fmt::format("{} = {}", duration_text(t.total_ns), shares));
    } else {
        out +=
            line("simulated time", fmt::format("{} on {} CPUs", duration_text(t.total_ns), r.cpus));
        out += line("CPU time", shares);
        std::string busy;
        for (std::size_t cpu = 0; cpu < r.cpu_busy_ns.size(); ++cpu)
            busy += fmt::format("{}CPU {} {}", cpu == 0 ? "" : ", ", cpu, busy_share(r, t, cpu));
        out += line("busy", busy);
    }
    out += line("EL0 instructions",
                fmt::format("{} in {} cycles ({} cycles each)", grouped(r.user_insns.value),
                            cycles_text(r.user_cycles), cpi_text(r)));
    if (r.counter_reads != 0)
        out += line("counter reads",
                    fmt::format("{} at EL0, without an exception", grouped(r.counter_reads)));
    out += line("kernel cycles",
                fmt::format("{}, {} of them hardware entry and return of {} exceptions",
                            cycles_text(t.kernel_cycles), cycles_text(t.exception_cycles),
                            grouped(t.exceptions)));
    if (!r.probes.empty() || t.placing_cycles.value != 0) {
        const double probe_ns = to_ns(t.hit_cycles + t.placing_cycles, hz);
        out += line("probe hits", fmt::format("{}: {} stepped, {} simulated", grouped(t.hits),
                                              grouped(t.stepped), grouped(t.simulated)));
        out +=
            line("mean cost of a hit", fmt::format("{} cycles, {}", grouped(t.mean_hit_cycles()),
                                                   duration_text(t.mean_hit_cycles() * 1e9 / hz)));
        out += line("probe overhead",
                    fmt::format("{} ({} of the time; {} of it to place the breakpoints)",
                                duration_text(probe_ns), percent(probe_ns, share_of(r, t)),
                                duration_text(to_ns(t.placing_cycles, hz))));
    }
    for (const ResultRow& row : r.results)
        out += line(row.name, row.value ? fmt::format("{} {}", result_text(row.value), row.unit)
                                        : "not found");
    out += line("memory peak", bytes_text(r.memory_peak_bytes));
    return out;
}

std::string time_table(const RunReport& r, const Totals& t) {
    TextTable table({"where the time goes", "cycles", "time", "share"});
    const auto add = [&](std::string_view name, CentiCycles cycles) {
        const double ns = to_ns(cycles, r.frequency_hz);
        if (cycles.value != 0)
            table.add({std::string(name), cycles_text(cycles), duration_text(ns),
                       percent(ns, share_of(r, t))});
    };
    add("user code", r.user_cycles);
    for (const WorkGroup g : kWorkGroups) {
        add(work_group_name(g), t.group_cycles[static_cast<std::size_t>(g)]);
    }
    add("exception entry, return", t.exception_cycles);
    return table.empty() ? "" : "\n" + table.text(kIndent);
}

std::string class_table(const RunReport& r) {
    TextTable table({"EL0 instructions by class", "times", "share"});
    const auto all = static_cast<double>(r.user_insns.value);
    for (const NamedCount& c : r.classes)
        table.add({c.name, grouped(c.times), percent(static_cast<double>(c.times), all)});
    return table.empty() ? "" : "\n" + table.text(kIndent);
}

std::string exception_table(const RunReport& r) {
    TextTable table({"exceptions by class", "times", "cycles"});
    for (const ExceptionRow& e : r.exceptions)
        table.add({e.name, grouped(e.times), cycles_text(e.cycles)});
    return table.empty() ? "" : "\n" + table.text(kIndent);
}

std::string path_table(const RunReport& r, const Totals& t) {
    TextTable table({"kernel work by path", "times", "units", "EL1 insns", "cycles", "share"});
    for (const PathRow& p : r.paths) {
        const std::string units = p.unit.empty() ? "" : counted(p.units, p.unit);
        table.add({p.name, grouped(p.times), units, grouped(p.insns), cycles_text(p.cycles),
                   percent(in_cycles(p.cycles), in_cycles(t.kernel_cycles))});
    }
    return table.empty() ? "" : "\n" + table.text(kIndent);
}

std::string syscall_table(const RunReport& r) {
    TextTable table({"system calls", "times"});
    for (const NamedCount& s : r.syscalls) table.add({s.name, grouped(s.times)});
    return table.empty() ? "" : "\n" + table.text(kIndent);
}

std::string mean_cycles(const ProbeRow& p) {
    return p.hits == 0 ? "-" : grouped(in_cycles(p.cycles) / static_cast<double>(p.hits));
}

std::string probe_name(const ProbeRow& p) {
    return printable(fmt::format("{}  {}", p.name, p.instruction));
}

std::string probe_table(const RunReport& r) {
    TextTable table({"probes", "verdict", "hits", "stepped", "simulated", "cycles/hit", "ns/hit"});
    std::size_t quiet = 0;
    for (const ProbeRow& p : r.probes) {
        if (p.hits == 0) {
            ++quiet;
            continue;
        }
        const double ns = to_ns(p.cycles, r.frequency_hz) / static_cast<double>(p.hits);
        table.add({probe_name(p), p.verdict, grouped(p.hits), grouped(p.stepped),
                   grouped(p.simulated), mean_cycles(p), grouped(ns)});
    }
    std::string out = table.empty() ? "" : "\n" + table.text(kIndent);
    if (quiet != 0)
        out += fmt::format("{}  {} never hit\n", out.empty() ? "\n" : "",
                           counted(quiet, out.empty() ? "probe" : "other probe"));
    return out;
}

// The kernel's refusals of a pattern's places, by reason.
std::string refused_text(const std::vector<SpecRow>& specs) {
    std::string out;
    for (const SpecRow& spec : specs) {
        if (spec.refused.empty()) continue;
        std::map<std::string, std::uint64_t> reasons;
        for (const RefusedRow& r : spec.refused) ++reasons[r.reason];
        out += fmt::format("\n  {}: {}, {} refused by the kernel\n", printable(spec.spec),
                           counted(spec.attached, "probe"), counted(spec.refused.size(), "place"));
        for (const auto& [reason, times] : reasons)
            out += fmt::format("    {}: {}\n", counted(times, "place"), printable(reason));
    }
    return out;
}

std::string unmodelled_text(const std::vector<UnmodelledRow>& rows) {
    if (rows.empty()) return "";
    std::string out = "\n  used, but modelled in part only\n";
    for (const UnmodelledRow& u : rows) {
        out += fmt::format("    {} ({}){}\n", printable(u.name), counted(u.times, "time"),
                           u.note.empty() ? "" : ": " + printable(u.note));
    }
    return out;
}

std::string modelled_note() {
    return "\n  Times are modelled from the named profiles, not measured on hardware.\n";
}

// One row of the comparison: a name and a value for each run.
template <class Value>
void add_row(TextTable& table, std::string_view name, const CompareReport& report, Value value) {
    std::vector<std::string> cells{std::string(name)};
    for (const ComparedRun& run : report.runs)
        cells.push_back(value(run.report, totals_of(run.report)));
    table.add(std::move(cells));
}

template <class Count>
void add_count_row(TextTable& table, std::string_view name, const CompareReport& report,
                   Count count) {
    add_row(table, name, report, [&](const RunReport& r, const Totals& t) {
        return grouped(std::uint64_t{count(r, t)});
    });
}

// What the scenario reads off each run, and beside the first run's.
void add_results(TextTable& table, const CompareReport& report) {
    const std::vector<ResultRow>& first = report.runs.front().report.results;
    for (std::size_t i = 0; i < first.size(); ++i) {
        add_row(table, fmt::format("{}, {}", first[i].name, first[i].unit), report,
                [&](const RunReport& r, const Totals&) { return result_text(r.results[i].value); });
        add_row(table,
                fmt::format("  to no uprobe ({} is better)",
                            first[i].higher_is_better ? "higher" : "lower"),
                report, [&](const RunReport& r, const Totals&) {
                    const auto& value = r.results[i].value;
                    return value && first[i].value ? fmt::format("{:.3f}", *value / *first[i].value)
                                                   : "-";
                });
    }
}

std::string compare_table(const CompareReport& report) {
    const bool has_results = !report.runs.front().report.results.empty();
    std::vector<std::string> heading{report.title + (has_results ? "" : " (lower is better)")};
    for (const ComparedRun& run : report.runs) heading.push_back(run.label);
    TextTable table(std::move(heading));
    const double base_ns = totals_of(report.runs.front().report).total_ns;

    add_results(table, report);
    add_row(table, "simulated time, s", report, [](const RunReport&, const Totals& t) {
        return fmt::format("{:.6f}", t.total_ns / 1e9);
    });
    add_row(table, "slowdown, times", report, [&](const RunReport&, const Totals& t) {
        return base_ns > 0 ? fmt::format("{:.3f}", t.total_ns / base_ns) : "-";
    });
    const std::size_t cpus = report.runs.front().report.cpu_busy_ns.size();
    for (std::size_t cpu = 0; cpus > 1 && cpu < cpus; ++cpu) {
        add_row(table, fmt::format("  CPU {} busy", cpu), report,
                [&](const RunReport& r, const Totals& t) { return busy_share(r, t, cpu); });
    }
    add_count_row(table, "probe hits", report,
                  [](const RunReport&, const Totals& t) { return t.hits; });
    add_count_row(table, "  stepped", report,
                  [](const RunReport&, const Totals& t) { return t.stepped; });
    add_count_row(table, "  emulated", report,
                  [](const RunReport&, const Totals& t) { return t.simulated; });
    add_row(table, "mean cost of a hit, cycles", report, [](const RunReport&, const Totals& t) {
        return t.hits == 0 ? "-" : grouped(t.mean_hit_cycles());
    });
    add_row(table, "mean cost of a hit, ns", report, [](const RunReport& r, const Totals& t) {
        return t.hits == 0 ? "-" : grouped(t.mean_hit_cycles() * 1e9 / r.frequency_hz);
    });
    add_count_row(table, "exceptions", report,
                  [](const RunReport&, const Totals& t) { return t.exceptions; });
    for (std::size_t e = 0; e < kExceptionClassCount; ++e) {
        const std::string_view name = exception_class_name(static_cast<ExceptionClass>(e));
        const auto taken = [&](const ComparedRun& run) {
            return exceptions_named(run.report, name) != 0;
        };
        if (std::none_of(report.runs.begin(), report.runs.end(), taken)) continue;
        add_count_row(table, fmt::format("  {}", name), report,
                      [&](const RunReport& r, const Totals&) { return exceptions_named(r, name); });
    }
    add_count_row(table, "EL0 instructions", report,
                  [](const RunReport& r, const Totals&) { return r.user_insns.value; });
    add_row(table, "user cycles", report,
            [](const RunReport& r, const Totals&) { return cycles_text(r.user_cycles); });
    add_row(table, "kernel cycles", report,
            [](const RunReport&, const Totals& t) { return cycles_text(t.kernel_cycles); });
    add_row(table, "  for probe hits", report,
            [](const RunReport&, const Totals& t) { return cycles_text(t.hit_cycles); });
    add_row(table, "  to place the breakpoints", report,
            [](const RunReport&, const Totals& t) { return cycles_text(t.placing_cycles); });
    return table.text(0, kColumnGap);
}

const ProbeRow* same_probe(const RunReport& r, const ProbeRow& probe) {
    const auto same = std::find_if(r.probes.begin(), r.probes.end(),
                                   [&](const ProbeRow& p) { return p.name == probe.name; });
    return same == r.probes.end() ? nullptr : &*same;
}

// The probes that were hit most, with what a hit costs in each run; and how often, where the runs
// differ in that.
std::string compare_probes(const CompareReport& report) {
    std::vector<const ComparedRun*> probed;
    const RunReport* widest = nullptr;
    for (const ComparedRun& run : report.runs) {
        if (run.report.probes.empty()) continue;
        probed.push_back(&run);
        if (widest == nullptr || run.report.probes.size() > widest->probes.size())
            widest = &run.report;
    }
    if (widest == nullptr) return "";
    std::vector<ProbeRow> top = widest->probes;
    std::erase_if(top, [](const ProbeRow& p) { return p.hits == 0; });
    std::stable_sort(top.begin(), top.end(),
                     [](const ProbeRow& a, const ProbeRow& b) { return a.hits > b.hits; });
    const std::size_t all = top.size();
    if (all == 0) return "";
    top.resize(std::min(all, kTopProbes));

    std::vector<std::string> heading{
        all > top.size()
            ? fmt::format("cycles per hit, {} most hit of {} probes hit", top.size(), all)
            : std::string("cycles per hit"),
        "hits"};
    for (const ComparedRun* run : probed) heading.push_back(run->label);
    TextTable table(std::move(heading));
    for (const ProbeRow& probe : top) {
        const bool equal = std::all_of(probed.begin(), probed.end(), [&](const ComparedRun* run) {
            const ProbeRow* same = same_probe(run->report, probe);
            return same != nullptr && same->hits == probe.hits;
        });
        std::vector<std::string> cells{probe_name(probe), equal ? grouped(probe.hits) : "differ"};
        for (const ComparedRun* run : probed) {
            const ProbeRow* same = same_probe(run->report, probe);
            if (same == nullptr) {
                cells.push_back("-");
                continue;
            }
            cells.push_back(fmt::format("{}{} {}",
                                        equal ? "" : fmt::format("{} x ", grouped(same->hits)),
                                        same->verdict, mean_cycles(*same)));
        }
        table.add(std::move(cells));
    }
    return "\n" + table.text(0, kColumnGap);
}

}  // namespace

std::string run_report_text(const RunReport& r) {
    const Totals t = totals_of(r);
    std::string out = fmt::format("uprobesim {}: run\n\n", r.provenance.version);
    out += provenance_text(r.provenance, true) + "\n" + summary_text(r, t);
    out += time_table(r, t) + probe_table(r) + refused_text(r.specs) + exception_table(r) +
           path_table(r, t) + syscall_table(r) + class_table(r);
    return out + unmodelled_text(r.unmodelled) + modelled_note();
}

std::string compare_report_text(const CompareReport& report) {
    if (report.runs.empty()) return "";
    std::string out = compare_table(report) + compare_probes(report) + "\n";
    const RunReport& last = report.runs.back().report;
    out += fmt::format("uprobesim {}: compare\n\n", last.provenance.version) +
           provenance_text(last.provenance, false);
    for (const ComparedRun& run : report.runs)
        out += line(run.label, "kernel " + profile_line(run.report.provenance.kernel));
    const std::vector<std::string> differing = differences(report);
    out += line("guest", differing.empty() ? exit_text(last.exit) +
                                                 (last.results.empty()
                                                      ? ", output and status the same in every run"
                                                      : ", the same in every run")
                                           : "RUNS DIFFER");
    for (const std::string& difference : differing) out += fmt::format("    {}\n", difference);
    return out + refused_text(last.specs) + unmodelled_text(last.unmodelled) + modelled_note();
}

}  // namespace uprobesim
