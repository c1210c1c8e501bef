// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/simulation/run_progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernel_model/kernel/kernel.h"
#include "sim/profile/kernel_profile.h"
#include "tools/format/number_text.h"

namespace uprobesim {
namespace {

// Shorter intervals measure the host's scheduler, not the simulator.
constexpr std::int64_t kMinIntervalNs = 100'000'000;
constexpr double kMinShareForEta = 0.01;  // below it the estimate jumps

double share_of(std::uint64_t done, std::uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(done) / static_cast<double>(whole);
}

}  // namespace

RunFigures run_figures(const Kernel& kernel) {
    RunFigures figures{.simulated_ns = kernel.clock().monotonic_ns(),
                       .insns = kernel.counters().retired().value};
    const Charges total = kernel.machine().ledger.total();
    for (std::size_t path = 0; path < kKernelPathCount; ++path) {
        if (runs_consumers(static_cast<KernelPath>(path))) figures.hits += total.paths[path].times;
    }
    for (const auto& [pid, process] : kernel.processes().all()) {
        if (process->is_init()) continue;
        for (const auto& [id, task] : process->tasks)
            figures.tasks += task->state != TaskState::Dead ? 1 : 0;
    }
    return figures;
}

void RunProgress::begin(const RunPlan& plan, std::int64_t now_ns) {
    plan_ = plan;
    begin_ns_ = last_ns_ = now_ns;
    last_insns_ = 0;
}

// Since the last line, or since the run began where that is too short; negative: not known.
double RunProgress::mips(std::uint64_t insns, std::int64_t now_ns) const {
    const bool lately = now_ns - last_ns_ >= kMinIntervalNs && insns >= last_insns_;
    const std::int64_t elapsed = now_ns - (lately ? last_ns_ : begin_ns_);
    if (elapsed < kMinIntervalNs) return -1;
    const std::uint64_t done = insns - (lately ? last_insns_ : 0);
    return static_cast<double>(done) * 1e3 / static_cast<double>(elapsed);
}

double RunProgress::share_done(const RunFigures& figures) const {
    const double share = std::max({share_of(figures.insns, plan_.max_insns),
                                   share_of(figures.simulated_ns, plan_.max_ns),
                                   share_of(figures.insns, plan_.expected_insns)});
    return std::min(share, 1.0);
}

std::string RunProgress::line(const RunFigures& figures, std::int64_t now_ns) {
    std::string text;
    if (plan_.count > 1) text += fmt::format("run {} of {}: ", plan_.number, plan_.count);
    const double speed = mips(figures.insns, now_ns);
    text += fmt::format(
        "simulated {}, {}{}, {}, {}", duration_text(static_cast<double>(figures.simulated_ns)),
        counted(figures.insns, "EL0 insn"), speed < 0 ? "" : fmt::format(", {:.1f} MIPS", speed),
        counted(figures.hits, "hit"), counted(figures.tasks, "task"));
    if (const double share = share_done(figures); share > 0) {
        text += fmt::format(", {:.0f} % done", std::floor(share * 100));
        const auto elapsed = static_cast<double>(now_ns - begin_ns_);
        if (share >= kMinShareForEta) text += ", " + time_left(elapsed * (1 - share) / share / 1e9);
    }
    last_ns_ = now_ns;
    last_insns_ = figures.insns;
    return text;
}

}  // namespace uprobesim
