// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/run/tracee_step.h"

#include <cstring>

#include "kernel_model/kernel/kernel.h"

namespace uprobesim {

Stop step_in_place(Kernel& kernel, Task& task) {
    constexpr std::uint32_t kBrk = 0xd4200000;
    Cpu& cpu = *kernel.machine().cpu;
    PhysicalMemory& memory = kernel.machine().memory;
    Mm& mm = *task.process->mm;
    const VAddr next(cpu.read(task.context, Reg::Pc) + 4);
    mm.populate({next.page(), next.page() + kPageSize}, Access::Execute, task.id);
    const auto page = mm.space().lookup(next);
    if (!page || !page->prot.exec) return cpu.step(task.context, mm.space(), task.step_word);
    const auto put = [&](std::uint32_t word) {
        std::memcpy(memory.bytes(page->frame).data() + next.page_offset(), &word, sizeof word);
        memory.note_write(page->frame);
    };
    std::uint32_t original = 0;
    std::memcpy(&original, memory.bytes(page->frame).data() + next.page_offset(), sizeof original);
    put(kBrk);
    Stop stop = cpu.run(task.context, mm.space(), InsnCount(1));
    put(original);
    const bool reached =
        std::holds_alternative<Brk>(stop.why) || std::holds_alternative<BudgetSpent>(stop.why);
    if (reached && cpu.read(task.context, Reg::Pc) == next.value) stop.why = StepDone{};
    return stop;
}

}  // namespace uprobesim
