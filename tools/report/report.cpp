// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/report/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tools/cli/exit_code.h"
#include "tools/format/number_text.h"

namespace uprobesim {
namespace {

struct ExitName {
    ExitKind kind;
    std::string_view name;
};
constexpr std::array kExitNames = {
    ExitName{ExitKind::Exited, "exited"},
    ExitName{ExitKind::Signalled, "signalled"},
    ExitName{ExitKind::LimitReached, "limit-reached"},
    ExitName{ExitKind::Deadlock, "deadlock"},
    ExitName{ExitKind::Interrupted, "interrupted"},
};

void add_shares(Totals& totals, const AccountShares& accounts) {
    for (std::size_t a = 0; a < kAccountCount; ++a) totals.account_cycles[a] += accounts[a].cycles;
}

}  // namespace

std::string_view work_group_name(WorkGroup group) {
    switch (group) {
        case WorkGroup::SystemCalls: return "system calls";
        case WorkGroup::Faults: return "faults";
        case WorkGroup::Signals: return "signals";
        case WorkGroup::Scheduling: return "scheduling";
        case WorkGroup::Probes: return "probes";
    }
    return "";
}

double to_ns(CentiCycles cycles, double frequency_hz) {
    return static_cast<double>(cycles.value) * 1e7 / frequency_hz;
}

TaskFigures& TaskFigures::operator+=(const TaskFigures& o) {
    insns += o.insns;
    user_cycles += o.user_cycles;
    kernel_cycles += o.kernel_cycles;
    probe_cycles += o.probe_cycles;
    exceptions += o.exceptions;
    hits += o.hits;
    return *this;
}

TaskFigures ProcessRow::figures() const {
    TaskFigures sum;
    for (const ThreadRow& thread : threads) sum += thread.figures;
    return sum;
}

double Totals::mean_hit_cycles() const {
    return hits == 0 ? 0 : in_cycles(hit_cycles) / static_cast<double>(hits);
}

std::uint64_t exceptions_named(const RunReport& report, std::string_view name) {
    for (const ExceptionRow& row : report.exceptions) {
        if (row.name == name) return row.times;
    }
    return 0;
}

void divide_by_account(AccountShares& accounts, CentiCycles cycles, CentiCycles each,
                       const std::function<CentiCycles(std::uint64_t units)>& of_units) {
    AccountShare* last = nullptr;
    for (AccountShare& share : accounts) {
        share.cycles = {};
        if (share.times == 0) continue;
        const CentiCycles price(each.value * share.times + of_units(share.units).value);
        share.cycles = std::min(price, cycles);
        cycles = cycles - share.cycles;
        last = &share;
    }
    if (last != nullptr) last->cycles += cycles;
}

Totals totals_of(const RunReport& report) {
    Totals t;
    for (const PathRow& row : report.paths) {
        t.path_cycles += row.cycles;
        t.kernel_insns += row.insns;
        t.group_cycles[static_cast<std::size_t>(row.group)] += row.cycles;
        add_shares(t, row.accounts);
    }
    for (const ExceptionRow& row : report.exceptions) {
        t.exceptions += row.times;
        t.kernel_insns += row.insns;
        t.exception_cycles += row.cycles;
        add_shares(t, row.accounts);
    }
    for (const LineRow& row : report.lines) {
        for (std::size_t a = 0; a < kAccountCount; ++a) {
            t.wait_cycles += row.accounts[a];
            t.account_cycles[a] += row.accounts[a];
        }
    }
    t.kernel_cycles = t.path_cycles + t.exception_cycles + t.wait_cycles;
    t.user_ns = to_ns(report.user_cycles, report.frequency_hz);
    t.kernel_ns = to_ns(t.kernel_cycles, report.frequency_hz);
    t.busy_ns = t.user_ns + t.kernel_ns;
    // A sum can be priced again; what several CPUs wait for each other cannot.
    t.total_ns = report.cpus == 1 ? t.busy_ns + static_cast<double>(report.idle_ns)
                                  : static_cast<double>(report.elapsed_ns);
    for (const ProbeRow& row : report.probes) {
        t.hits += row.hits;
        t.stepped += row.stepped;
        t.emulated += row.emulated;
    }
    t.hit_cycles = t.account_cycles[static_cast<std::size_t>(Account::ProbeHit)];
    t.placing_cycles = t.account_cycles[static_cast<std::size_t>(Account::ProbePlace)];
    return t;
}

std::string_view exit_kind_name(ExitKind kind) {
    return std::find_if(kExitNames.begin(), kExitNames.end(),
                        [&](const ExitName& e) { return e.kind == kind; })
        ->name;
}

std::optional<ExitKind> exit_kind_named(std::string_view name) {
    for (const ExitName& e : kExitNames) {
        if (e.name == name) return e.kind;
    }
    return std::nullopt;
}

std::string exit_text(const ExitSummary& exit) {
    const std::string detail =
        exit.detail.empty() ? "" : fmt::format(" ({})", printable(exit.detail));
    switch (exit.kind) {
        case ExitKind::Exited: return fmt::format("exited with status {}{}", exit.status, detail);
        case ExitKind::Signalled: return fmt::format("killed by signal {}{}", exit.status, detail);
        case ExitKind::LimitReached: return fmt::format("limit reached{}", detail);
        case ExitKind::Deadlock: return fmt::format("stuck{}", detail);
        case ExitKind::Interrupted:
            return fmt::format("interrupted{}; this is what was done until then", detail);
    }
    return "";
}

std::string waiting_text(const WaitingTask& waiting) {
    std::string text = fmt::format("task {} ({})", waiting.task, waiting.comm);
    if (waiting.task != waiting.process) text += fmt::format(" of process {}", waiting.process);
    if (waiting.call.empty()) return printable(text + " is stopped");
    text += fmt::format(" waits in {}", waiting.call);
    if (!waiting.waits_for.empty()) text += fmt::format(" for {}", waiting.waits_for);
    return printable(text);
}

int exit_code_of(const ExitSummary& exit) {
    switch (exit.kind) {
        case ExitKind::Exited: return exit.status & 0xff;
        case ExitKind::Signalled:
        case ExitKind::Interrupted: return kExitSignalBase + exit.status;
        case ExitKind::LimitReached:
        case ExitKind::Deadlock: break;
    }
    return kExitUnfinished;
}

std::vector<std::string> differences(const CompareReport& report) {
    std::vector<std::string> lines;
    if (report.runs.empty()) return lines;
    const ComparedRun& first = report.runs.front();
    for (const ComparedRun& run : report.runs) {
        const auto differs = [&](std::string_view what, const std::string& here,
                                 const std::string& there) {
            if (here == there) return;
            lines.push_back(fmt::format("'{}' differs from '{}' in its {}: {} against {}",
                                        run.label, first.label, what, here, there));
        };
        const auto stream = [](const std::string& hash, std::uint64_t bytes) {
            return fmt::format("{} bytes, hash {}", bytes, hash);
        };
        differs("exit", exit_text(run.report.exit), exit_text(first.report.exit));
        // A scenario's figures are part of what its programs print.
        if (!first.report.results.empty()) continue;
        differs("output", stream(run.stdout_hash, run.stdout_bytes),
                stream(first.stdout_hash, first.stdout_bytes));
        differs("error output", stream(run.stderr_hash, run.stderr_bytes),
                stream(first.stderr_hash, first.stderr_bytes));
    }
    return lines;
}

}  // namespace uprobesim
