// SPDX-License-Identifier: GPL-2.0-or-later
// The OOM killer (mm/oom_kill.c): when a page cannot be had, the process with most memory is killed
// and its memory taken at once, as the OOM reaper does.
#include "kernel_model/kernel/kernel.h"

namespace uprobesim {
namespace {

constexpr std::int32_t kScoreAdjMin = -1000;  // OOM_SCORE_ADJ_MIN: never killed

// oom_badness: pages, and the thousandths of the memory that oom_score_adj adds or takes.
std::int64_t badness(const Process& process, const PhysicalMemory& memory) {
    const auto total = static_cast<std::int64_t>(memory.limit_bytes() / kPageSize);
    return static_cast<std::int64_t>(process.mm->resident_pages()) +
           process.oom_score_adj * total / 1000;
}

}  // namespace

// The last of equals is chosen (oom_evaluate_task), which is the youngest.
Process* ProcessTable::oom_victim() const {
    Process* victim = nullptr;
    std::int64_t most = 0;
    for (const auto& [pid, process] : processes_) {
        if (!process->alive || process->mm == nullptr || process->oom_victim ||
            process->is_init() || process->oom_score_adj == kScoreAdjMin)
            continue;
        const std::int64_t points = badness(*process, kernel_.machine().memory);
        if (victim != nullptr && points < most) continue;
        victim = process.get();
        most = points;
    }
    return victim;
}

// True: there may be memory now.
bool ProcessTable::out_of_memory(Mm& wanting) {
    // A process that ends is not waited for, and needs no more.
    if (ending_ != 0) return false;
    Process* const chosen = oom_victim();
    kernel_.counters().note_unmodelled(
        "out of memory", "processes that the OOM killer ended, because --memory was used up");
    if (chosen == nullptr) return false;  // the task that wants memory is ended
    // All that share the memory must go (__oom_kill_process).
    const std::shared_ptr<Mm> memory = chosen->mm;
    for (const auto& [pid, process] : processes_) {
        if (process->mm != memory || !process->alive) continue;
        process->oom_victim = true;
        kernel_.signals().send(*process, {.signal = Signal::Kill, .code = abi::kSiKernel});
    }
    if (memory.get() == &wanting) return false;
    memory->reap();
    return true;
}

}  // namespace uprobesim
