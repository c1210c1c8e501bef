// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/kernel/clock.h"

namespace uprobesim {

std::uint64_t Clock::idle_ns() const {
    CentiCycles idle;
    for (const SimCpu& cpu : scheduler_.cpus()) idle += cpu.idle;
    return scheduler_.to_ns(idle);
}

std::vector<std::uint64_t> Clock::busy_ns() const {
    std::vector<std::uint64_t> busy;
    for (const SimCpu& cpu : scheduler_.cpus())
        busy.push_back(scheduler_.to_ns(cpu.clock - cpu.idle));
    return busy;
}

CpuTime Clock::cpu_time(const Task& task) const {
    CpuTime time{.user_ns = scheduler_.to_ns(machine_.cpu->cycles(task.context))};
    const auto ledger = machine_.ledger.tasks().find(task.id);
    if (ledger == machine_.ledger.tasks().end()) return time;
    const CentiCycles kernel = ledger->second.kernel_cycles() - task.former_kernel;
    time.system_ns = scheduler_.to_ns(kernel);
    return time;
}

CpuTime Clock::cpu_time(const Process& process) const {
    CpuTime sum = process.ended_tasks_time;
    for (const auto& [id, task] : process.tasks) sum += cpu_time(*task);
    return sum;
}

}  // namespace uprobesim
