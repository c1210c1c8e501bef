// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "tools/format/number_text.h"
#include "tools/report/attach_blocks.h"
#include "tools/report/contention_report.h"
#include "tools/report/report_blocks.h"
#include "tools/report/report_document.h"

namespace uprobesim {
namespace {

// Of what the shares are: with several CPUs, of the time in which they did something.
double share_of(const RunReport& r, const Totals& t) {
    return r.cpus == 1 ? t.total_ns : t.busy_ns;
}

double probe_ns(const RunReport& r, const Totals& t) {
    return to_ns(t.hit_cycles + t.placing_cycles, r.frequency_hz);
}

bool has_probes(const RunReport& r, const Totals& t) {
    return !r.probes.empty() || t.placing_cycles.value != 0;
}

// How many times as long as without probes; with several CPUs, of what they worked.
std::string answer(const RunReport& r, const Totals& t) {
    const double without_ns = share_of(r, t) - probe_ns(r, t);
    if (t.hits != 0 && without_ns > 0) {
        return fmt::format(
            "probes cost {:.1f}x: {} of {}{}", share_of(r, t) / without_ns, counted(t.hits, "hit"),
            short_duration(t.mean_hit_cycles() * 1e9 / r.frequency_hz),
            placing_counts(t) ? fmt::format(", {} to place the breakpoints",
                                            short_duration(to_ns(t.placing_cycles, r.frequency_hz)))
                              : "");
    }
    return fmt::format("{}{} simulated: {}, {}", r.probes.empty() ? "" : kNoProbeHit,
                       short_duration(t.total_ns), counted(r.user_insns.value, "instruction"),
                       counted(t.exceptions, "exception"));
}

std::string cpi_text(const RunReport& r) {
    if (r.user_insns.value == 0) return "-";
    return fmt::format("{:.2f}",
                       in_cycles(r.user_cycles) / static_cast<double>(r.user_insns.value));
}

Tone tone_of(const ExitSummary& exit) {
    return exit.kind == ExitKind::Exited ? Tone::Plain : Tone::Alarm;
}

void add_times(Facts& facts, const RunReport& r, const Totals& t) {
    const double whole = share_of(r, t);
    std::string shares = fmt::format("user {} ({}) + kernel {} ({})", duration_text(t.user_ns),
                                     percent(t.user_ns, whole), duration_text(t.kernel_ns),
                                     percent(t.kernel_ns, whole));
    if (r.idle_ns != 0)
        shares += fmt::format(" + idle {}", duration_text(static_cast<double>(r.idle_ns)));
    if (r.cpus == 1) {
        facts.add("simulated time", fmt::format("{} = {}", duration_text(t.total_ns), shares));
        return;
    }
    facts.add("simulated time", fmt::format("{} on {} CPUs", duration_text(t.total_ns), r.cpus));
    facts.add("CPU time", shares);
    std::string busy;
    for (std::size_t cpu = 0; cpu < r.cpu_busy_ns.size(); ++cpu)
        busy += fmt::format("{}CPU {} {}", cpu == 0 ? "" : ", ", cpu, busy_share(r, t, cpu));
    facts.add("busy", busy);
}

void add_hits(Facts& facts, const RunReport& r, const Totals& t) {
    const double hz = r.frequency_hz;
    facts.add("probe hits", fmt::format("{}: {} stepped, {} emulated", grouped(t.hits),
                                        grouped(t.stepped), grouped(t.emulated)));
    std::uint64_t returns = 0, missed = 0;
    for (const ProbeRow& probe : r.probes) {
        returns += probe.returns;
        missed += probe.missed_returns;
    }
    if (missed != 0)
        facts.add("returns",
                  fmt::format("{} probed, {} missed: the kernel probes the returns of 64 "
                              "nested calls of a thread",
                              grouped(returns), grouped(missed)));
    facts.add("mean cost of a hit", fmt::format("{} cycles, {}", grouped(t.mean_hit_cycles()),
                                                duration_text(t.mean_hit_cycles() * 1e9 / hz)));
    facts.add("probe overhead",
              fmt::format("{} ({} of the time; {} of it to place the breakpoints)",
                          duration_text(probe_ns(r, t)), percent(probe_ns(r, t), share_of(r, t)),
                          duration_text(to_ns(t.placing_cycles, hz))));
}

Facts summary(const RunReport& r, const Totals& t) {
    Facts facts;
    facts.add("guest", exit_text(r.exit), tone_of(r.exit));
    for (const WaitingTask& waiting : r.exit.waiting) facts.add("", waiting_text(waiting));
    add_times(facts, r, t);
    facts.add("EL0 instructions",
              fmt::format("{} in {} cycles ({} cycles each)", grouped(r.user_insns.value),
                          cycles_text(r.user_cycles), cpi_text(r)));
    if (r.counter_reads != 0)
        facts.add("counter reads",
                  fmt::format("{} at EL0, without an exception", grouped(r.counter_reads)));
    facts.add(
        "kernel cycles",
        fmt::format("{}, {} of them hardware entry and return of {}", cycles_text(t.kernel_cycles),
                    cycles_text(t.exception_cycles), counted(t.exceptions, "exception")));
    if (has_probes(r, t)) add_hits(facts, r, t);
    for (const ResultRow& row : r.results)
        facts.add(row.name,
                  row.value ? fmt::format("{} {}", result_text(row), row.unit) : "not found");
    facts.add("memory peak", bytes_text(r.memory_peak_bytes));
    return facts;
}

Table time_table(const RunReport& r, const Totals& t) {
    Table table{
        .columns = {{"where the time goes", Column::Kind::Name}, {"cycles"}, {"time"}, {"share"}}};
    const auto add = [&](std::string_view name, CentiCycles cycles) {
        const double ns = to_ns(cycles, r.frequency_hz);
        if (cycles.value != 0)
            table.add({std::string(name), cycles_cell(cycles), duration_cell(ns),
                       share_cell(ns, share_of(r, t))});
    };
    add("user code", r.user_cycles);
    for (const WorkGroup g : kWorkGroups)
        add(work_group_name(g), t.group_cycles[static_cast<std::size_t>(g)]);
    add("exception entry, return", t.exception_cycles);
    add("waiting for other CPUs", t.wait_cycles);
    return table;
}

// All of them, those that were never hit last.
Table probe_table(const RunReport& r) {
    const ProbeNames names = probe_names(r.probes);
    Table table{.columns = {{names.heading, Column::Kind::Name, "probe"},
                            {"instruction", Column::Kind::Name},
                            {"verdict", Column::Kind::Name},
                            {"hits"},
                            {"stepped", Column::Kind::Number, "", true},
                            {"emulated", Column::Kind::Number, "", true},
                            {"cycles/hit", Column::Kind::Number, "cycles_per_hit"},
                            {"ns/hit", Column::Kind::Number, "ns_per_hit"},
                            {"time", Column::Kind::Number, "time_ns"}},
                .first = kFirstRows};
    std::vector<ProbeRow> probes = r.probes;
    std::stable_sort(probes.begin(), probes.end(), [](const ProbeRow& a, const ProbeRow& b) {
        return a.cycles > b.cycles || (a.cycles == b.cycles && a.hits > b.hits);
    });
    for (const ProbeRow& p : probes) {
        const double ns = to_ns(p.cycles, r.frequency_hz);
        table.add({Cell(names.of(p), p.name), p.instruction, p.verdict, count_cell(p.hits),
                   count_cell(p.stepped), count_cell(p.emulated), mean_cycles_cell(p),
                   p.hits == 0 ? no_cell() : real_cell(ns / static_cast<double>(p.hits), 0),
                   duration_cell(ns)});
    }
    return table;
}

void add_probes(Document& document, const RunReport& r) {
    document.data = probe_table(r);
    Table hit = *document.data;
    const auto quiet = static_cast<std::size_t>(
        std::count_if(r.probes.begin(), r.probes.end(), [](const auto& p) { return p.hits == 0; }));
    hit.rows.resize(hit.rows.size() - quiet);
    const bool some = !hit.rows.empty();
    document.add(std::move(hit));
    if (quiet != 0)
        document.add(Lines{.lines = {fmt::format("  {} never hit",
                                                 counted(quiet, some ? "other probe" : "probe"))},
                           .close = some});
}

Table exception_table(const RunReport& r) {
    Table table{.columns = {{"exceptions by class", Column::Kind::Name}, {"times"}, {"cycles"}}};
    std::vector<ExceptionRow> rows = r.exceptions;
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& a, const auto& b) { return a.cycles > b.cycles; });
    for (const ExceptionRow& e : rows)
        table.add({e.name, count_cell(e.times), cycles_cell(e.cycles)});
    return table;
}

Table path_table(const RunReport& r, const Totals& t) {
    Table table{.columns = {{"kernel work by path", Column::Kind::Name},
                            {"times"},
                            {"units"},
                            {"EL1 insns"},
                            {"cycles"},
                            {"share"}},
                .first = kFirstRows};
    for (const PathRow& p : r.paths) {
        table.add({p.name, count_cell(p.times),
                   p.unit.empty() ? Cell() : Cell(counted(p.units, p.unit)), real_cell(p.insns, 0),
                   cycles_cell(p.cycles),
                   share_cell(in_cycles(p.cycles), in_cycles(t.kernel_cycles))});
    }
    return table;
}

Table count_table(const char* heading, const std::vector<NamedCount>& counts) {
    double all = 0;
    for (const NamedCount& c : counts) all += static_cast<double>(c.times);
    Table table{.columns = {{heading, Column::Kind::Name}, {"times"}, {"share"}},
                .first = kFirstRows};
    for (const NamedCount& c : counts)
        table.add({c.name, count_cell(c.times), share_cell(static_cast<double>(c.times), all)});
    return table;
}

}  // namespace

Document run_document(const RunReport& r, ProcessDetail processes) {
    const Totals t = totals_of(r);
    Document document{fmt::format("uprobesim {}: run", r.provenance.version), answer(r, t)};
    document.add(summary(r, t));
    document.add(time_table(r, t));
    if (processes == ProcessDetail::PerProcess) document.add(process_table(r, "processes"));
    add_probes(document, r);
    document.add(attach_facts(r));
    document.add(attach_table(r));
    document.add(refused_lines(r));
    document.add(not_placed_lines(r));
    document.add(exception_table(r));
    document.add(path_table(r, t));
    document.add(line_table(r));
    document.add(waiting_probe_table(r));
    document.add(count_table("system calls", r.syscalls));
    document.add(count_table("EL0 instructions by class", r.classes));
    document.add(contention_lines(r));
    document.add(unmodelled_lines(r));
    document.add(lost_write_lines(r));
    Facts provenance = provenance_facts(r.provenance);
    provenance.add("kernel", profile_text(r.provenance.kernel));
    document.add(std::move(provenance));
    document.add(Lines{.lines = {kModelledNote}});
    return document;
}

}  // namespace uprobesim
