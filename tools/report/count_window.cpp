// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/report/count_window.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace uprobesim {
namespace {

template <class Row>
const Row* named(const std::vector<Row>& rows, const std::string& name) {
    const auto it =
        std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.name == name; });
    return it == rows.end() ? nullptr : &*it;
}

// What is counted grows, unless a task's counts were given to another.
template <class T>
T less(T to, T from) {
    return from < to ? to - from : T{};
}

void count_only(std::vector<NamedCount>& rows, const std::vector<NamedCount>& from) {
    for (NamedCount& row : rows) {
        if (const NamedCount* before = named(from, row.name)) row.times -= before->times;
    }
    std::erase_if(rows, [](const NamedCount& row) { return row.times == 0; });
    std::sort(rows.begin(), rows.end(), [](const NamedCount& a, const NamedCount& b) {
        return a.times != b.times ? a.times > b.times : a.name < b.name;
    });
}

void take_away(AccountShares& shares, const AccountShares& from) {
    for (std::size_t a = 0; a < kAccountCount; ++a) {
        shares[a].times -= from[a].times;
        shares[a].units -= from[a].units;
    }
}

// Priced anew: a difference of rounded prices is none of the counts that are left.
void count_exceptions(std::vector<ExceptionRow>& rows, const std::vector<ExceptionRow>& from,
                      const PriceList& prices) {
    for (ExceptionRow& row : rows) {
        if (const ExceptionRow* before = named(from, row.name)) {
            row.times -= before->times;
            take_away(row.accounts, before->accounts);
        }
        const CentiCycles each = prices.exception(*find_exception_class(row.name));
        row.cycles = CentiCycles(each.value * row.times);
        row.insns = prices.exception_insns(*find_exception_class(row.name)) *
                    static_cast<double>(row.times);
        divide_by_account(row.accounts, row.cycles, each,
                          [](std::uint64_t) { return CentiCycles(); });
    }
    std::erase_if(rows, [](const ExceptionRow& row) { return row.times == 0; });
}

void count_paths(std::vector<PathRow>& rows, const std::vector<PathRow>& from,
                 const PriceList& prices) {
    for (PathRow& row : rows) {
        if (const PathRow* before = named(from, row.name)) {
            row.times -= before->times;
            row.units -= before->units;
            take_away(row.accounts, before->accounts);
        }
        const KernelPath path = *find_kernel_path(row.name);
        const auto of_units = [&](std::uint64_t units) {
            return units == 0 ? CentiCycles() : prices.path_units(path, units);
        };
        row.cycles = CentiCycles(prices.path(path).value * row.times) + of_units(row.units);
        row.insns = prices.path_insns(path, row.times, row.units);
        divide_by_account(row.accounts, row.cycles, prices.path(path), of_units);
    }
    std::erase_if(rows, [](const PathRow& row) { return row.times == 0; });
    std::sort(rows.begin(), rows.end(), [](const PathRow& a, const PathRow& b) {
        return a.cycles != b.cycles ? a.cycles > b.cycles : a.name < b.name;
    });
}

void count_lines(std::vector<LineRow>& rows, const std::vector<LineRow>& from) {
    for (LineRow& row : rows) {
        const LineRow* before = named(from, row.name);
        if (before == nullptr) continue;
        row.use -= before->use;
        for (std::size_t a = 0; a < kAccountCount; ++a)
            row.accounts[a] = less(row.accounts[a], before->accounts[a]);
    }
    std::erase_if(rows, [](const LineRow& row) { return row.use.accesses == 0; });
}

// Probes have the same order at both ends.
void count_probes(std::vector<ProbeRow>& rows, const std::vector<ProbeRow>& from) {
    for (std::size_t i = 0; i < rows.size() && i < from.size(); ++i) {
        ProbeRow& row = rows[i];
        const ProbeRow& before = from[i];
        row.hits -= before.hits;
        row.stepped -= before.stepped;
        row.emulated -= before.emulated;
        row.cycles = less(row.cycles, before.cycles);
        row.returns -= before.returns;
        row.missed_returns -= before.missed_returns;
        for (NotPlacedRow& miss : row.not_placed) {
            for (const NotPlacedRow& earlier : before.not_placed)
                miss.times -= earlier.reason == miss.reason ? earlier.times : 0;
        }
        std::erase_if(row.not_placed, [](const NotPlacedRow& miss) { return miss.times == 0; });
        row.shared -= before.shared;
    }
}

void count_processes(std::vector<ProcessRow>& rows, const std::vector<ProcessRow>& from) {
    std::map<std::pair<std::int32_t, std::int32_t>, const TaskFigures*> earlier;
    for (const ProcessRow& process : from) {
        for (const ThreadRow& thread : process.threads)
            earlier[{process.pid, thread.id}] = &thread.figures;
    }
    for (ProcessRow& process : rows) {
        for (ThreadRow& thread : process.threads) {
            const auto before = earlier.find({process.pid, thread.id});
            if (before == earlier.end()) continue;
            const TaskFigures& was = *before->second;
            TaskFigures& now = thread.figures;
            now.insns = less(now.insns, was.insns);
            now.user_cycles = less(now.user_cycles, was.user_cycles);
            now.kernel_cycles = less(now.kernel_cycles, was.kernel_cycles);
            now.probe_cycles = less(now.probe_cycles, was.probe_cycles);
            now.exceptions = less(now.exceptions, was.exceptions);
            now.hits = less(now.hits, was.hits);
        }
        std::erase_if(process.threads, [](const ThreadRow& thread) {
            return thread.figures.cycles() == CentiCycles() && thread.figures.insns == InsnCount();
        });
    }
    std::erase_if(rows, [](const ProcessRow& process) { return process.threads.empty(); });
}

}  // namespace

void count_only(RunReport& report, const RunReport& from, const RunReport& to,
                const PriceList& prices) {
    report.user_insns = less(to.user_insns, from.user_insns);
    report.user_cycles = less(to.user_cycles, from.user_cycles);
    report.classes = to.classes;
    count_only(report.classes, from.classes);
    report.exceptions = to.exceptions;
    count_exceptions(report.exceptions, from.exceptions, prices);
    report.paths = to.paths;
    count_paths(report.paths, from.paths, prices);
    report.syscalls = to.syscalls;
    count_only(report.syscalls, from.syscalls);
    report.probes = to.probes;
    count_probes(report.probes, from.probes);
    report.lines = to.lines;
    count_lines(report.lines, from.lines);
    std::map<std::int32_t, std::string> names;
    for (const ProcessRow& process : report.processes) names[process.pid] = process.name;
    report.processes = to.processes;
    count_processes(report.processes, from.processes);
    for (ProcessRow& process : report.processes) {
        if (const auto name = names.find(process.pid); name != names.end())
            process.name = name->second;
    }
    report.idle_ns = less(to.idle_ns, from.idle_ns);
    report.counter_reads = less(to.counter_reads, from.counter_reads);
    report.elapsed_ns = less(to.elapsed_ns, from.elapsed_ns);
    report.cpu_busy_ns = to.cpu_busy_ns;
    for (std::size_t cpu = 0; cpu < report.cpu_busy_ns.size() && cpu < from.cpu_busy_ns.size();
         ++cpu)
        report.cpu_busy_ns[cpu] = less(to.cpu_busy_ns[cpu], from.cpu_busy_ns[cpu]);
}

}  // namespace uprobesim
