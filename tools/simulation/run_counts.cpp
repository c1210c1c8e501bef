// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/simulation/run_counts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/insn/insn_class.h"

namespace uprobesim {
namespace {

void by_count(std::vector<NamedCount>& rows) {
    std::sort(rows.begin(), rows.end(), [](const NamedCount& a, const NamedCount& b) {
        return a.times != b.times ? a.times > b.times : a.name < b.name;
    });
}

void sort_paths(std::vector<PathRow>& rows) {
    std::sort(rows.begin(), rows.end(), [](const PathRow& a, const PathRow& b) {
        return a.cycles != b.cycles ? a.cycles > b.cycles : a.name < b.name;
    });
}

void take_user_work(const Kernel& kernel, RunReport& report) {
    const UserWork work = kernel.processes().user_work();
    report.user_insns = work.insns;
    report.user_cycles = work.cycles;
    for (std::size_t c = 0; c < kInsnClassCount; ++c) {
        if (work.by_class[c] != 0)
            report.classes.push_back(
                {std::string(insn_class_name(static_cast<InsnClass>(c))), work.by_class[c]});
    }
    by_count(report.classes);
}

void take_kernel_work(const Ledger& ledger, RunReport& report) {
    const Charges total = ledger.total();
    const PriceList& prices = ledger.prices();
    for (std::size_t e = 0; e < kExceptionClassCount; ++e) {
        const auto ec = static_cast<ExceptionClass>(e);
        const std::uint64_t times = total.exceptions[e];
        if (times == 0) continue;
        ExceptionRow& row = report.exceptions.emplace_back(
            ExceptionRow{std::string(exception_class_name(ec)), times,
                         CentiCycles(prices.exception(ec).value * times)});
        row.insns = prices.exception_insns(ec) * static_cast<double>(times);
        for (std::size_t a = 0; a < kAccountCount; ++a) {
            const std::uint64_t share = ledger.charges(static_cast<Account>(a)).exceptions[e];
            row.accounts[a] = {share, 0, CentiCycles(prices.exception(ec).value * share)};
        }
    }
    for (std::size_t p = 0; p < kKernelPathCount; ++p) {
        const auto path = static_cast<KernelPath>(p);
        const PathCount& count = total.paths[p];
        if (count.times == 0) continue;
        const KernelPathInfo& info = kernel_path_info(path);
        PathRow& row = report.paths.emplace_back(
            PathRow{std::string(info.name), std::string(info.unit), work_group(path), count.times,
                    count.units, prices.path_insns(path, count.times, count.units), count.cycles});
        for (std::size_t a = 0; a < kAccountCount; ++a) {
            const PathCount& share = ledger.charges(static_cast<Account>(a)).paths[p];
            row.accounts[a] = {share.times, share.units, share.cycles};
        }
    }
    sort_paths(report.paths);
}

// What was charged to an id that was no task's is the first process's. The last row is that of
// process 0, which stands for the tasks that have no row of their own, if there are any.
void take_processes(const Kernel& kernel, const ProgramNames& program_name, RunReport& report) {
    std::map<std::int32_t, std::map<std::int32_t, ThreadRow>> processes;
    std::map<std::int32_t, std::int32_t> process_of;
    constexpr std::int32_t kRest = INT32_MAX;
    for (const TaskRecord& record : kernel.processes().task_records()) {
        const std::int32_t pid = record.task == TaskId{} ? kRest : record.process;
        process_of[record.task.value] = pid;
        ThreadRow& row = processes[pid][record.task.value];
        row.name = record.comm;
        row.figures.insns += record.insns;
        row.figures.user_cycles += record.user_cycles;
    }
    for (const auto& [task, ledger] : kernel.machine().ledger.tasks()) {
        const auto found = process_of.find(task.value);
        const std::int32_t pid =
            found != process_of.end() ? found->second : processes.begin()->first;
        TaskFigures& figures = processes[pid][task.value].figures;
        figures.kernel_cycles += ledger.kernel_cycles();
        figures.probe_cycles += ledger.on(Account::ProbeHit) + ledger.on(Account::ProbePlace);
        figures.exceptions += ledger.exceptions;
        figures.hits += ledger.hits;
    }
    for (auto& [pid, threads] : processes) {
        ProcessRow& process =
            report.processes.emplace_back(ProcessRow{pid == kRest ? 0 : pid, "", {}});
        for (auto& [id, thread] : threads) {
            thread.id = id;
            process.threads.push_back(std::move(thread));
        }
        process.name = program_name(pid);
        if (process.name.empty()) process.name = process.threads.front().name;
    }
}

void take_calls(const Kernel& kernel, RunReport& report) {
    for (const auto& [name, times] : kernel.counters().syscalls())
        report.syscalls.push_back({name, times});
    by_count(report.syscalls);
    for (const auto& [name, use] : kernel.counters().unmodelled())
        report.unmodelled.push_back({name, use.times, use.note});
}

std::vector<NotPlacedRow> not_placed(const Uprobe& uprobe) {
    std::vector<NotPlacedRow> rows;
    for (std::size_t m = 0; m < kPlaceMisses.size(); ++m) {
        if (uprobe.not_placed[m] != 0)
            rows.push_back({std::string(kPlaceMisses[m].word), std::string(kPlaceMisses[m].meaning),
                            uprobe.not_placed[m]});
    }
    return rows;
}

void take_probes(const Uprobes& uprobes, RunReport& report) {
    for (const auto& u : uprobes.uprobes()) {
        const std::string_view verdict =
            u->verdict.kind == VerdictKind::Emulate ? handler_name(u->verdict.handler) : "step";
        report.probes.push_back({probe_name(*u), u->binary, u->offset, u->instruction,
                                 std::string(verdict), u->hits, u->stepped, u->emulated, u->cycles,
                                 u->return_consumers != 0, u->returns, u->missed, u->shared,
                                 not_placed(*u)});
    }
}

void take_lines(const Kernel& kernel, RunReport& report) {
    const Legs* legs = kernel.legs();
    if (legs == nullptr) return;
    report.contention = true;
    for (std::size_t l = 0; l < kSharedLineCount; ++l) {
        const LineUse& use = legs->lines().uses()[l];
        if (use.accesses == 0) continue;
        const auto line = static_cast<SharedLine>(l);
        LineRow& row = report.lines.emplace_back(LineRow{
            std::string(shared_line_info(line).name), legs->lines().objects(line), use, {}});
        for (std::size_t a = 0; a < kAccountCount; ++a)
            row.accounts[a] = kernel.machine().ledger.charges(static_cast<Account>(a)).waits[l];
    }
    std::stable_sort(
        report.lines.begin(), report.lines.end(),
        [](const LineRow& a, const LineRow& b) { return a.use.waited > b.use.waited; });
}

}  // namespace

std::string probe_name(const Uprobe& uprobe) {
    return fmt::format("{}:{}:{}", uprobe.usdt ? "usdt" : "uprobe", uprobe.binary, uprobe.symbol);
}

std::vector<PathRow> path_rows(const PriceList& prices, const std::vector<PathUseCount>& uses) {
    std::vector<PathRow> rows;
    for (const PathUseCount& use : uses) {
        const KernelPathInfo& info = kernel_path_info(use.path);
        PathRow& row = rows.emplace_back(
            PathRow{std::string(info.name), std::string(info.unit), work_group(use.path), use.times,
                    use.units, prices.path_insns(use.path, use.times, use.units),
                    CentiCycles(prices.path(use.path).value * use.times) +
                        prices.path_units(use.path, use.units)});
        row.accounts[static_cast<std::size_t>(Account::ProbePlace)] = {row.times, row.units,
                                                                       row.cycles};
    }
    sort_paths(rows);
    return rows;
}

void take_counts(const Kernel& kernel, const Uprobes& uprobes, const ProgramNames& program_name,
                 RunReport& report) {
    take_user_work(kernel, report);
    take_kernel_work(kernel.machine().ledger, report);
    take_processes(kernel, program_name, report);
    take_calls(kernel, report);
    take_probes(uprobes, report);
    take_lines(kernel, report);
    report.idle_ns = kernel.clock().idle_ns();
    report.cpu_busy_ns = kernel.clock().busy_ns();
    report.cpus = report.cpu_busy_ns.size();
    report.counter_reads = kernel.counters().counter_reads();
    report.elapsed_ns = kernel.clock().monotonic_ns();
}

}  // namespace uprobesim
