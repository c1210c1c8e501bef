// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/run/tracee_step.h"

#include <cstring>
#include <optional>
#include <vector>

#include "kernel_model/kernel/kernel.h"
#include "kernel_model/memory/peek.h"

namespace uprobesim {

namespace {

// The signed field of `bits` bits from `low` on, in words.
std::int64_t offset_of(std::uint32_t word, unsigned low, unsigned bits) {
    const auto field = static_cast<std::int64_t>(word >> low & ((1u << bits) - 1));
    const std::int64_t sign = std::int64_t{1} << (bits - 1);
    return ((field ^ sign) - sign) * 4;
}

// Where a branch goes if it is taken (Arm ARM, C4.1.66); nothing: it is no branch.
std::optional<VAddr> target_of(Cpu& cpu, const Task& task, VAddr pc, std::uint32_t word) {
    if ((word & 0x7c000000) == 0x14000000) return pc + offset_of(word, 0, 26);  // b, bl
    if ((word & 0xff000000) == 0x54000000) return pc + offset_of(word, 5, 19);  // b.cond
    if ((word & 0x7e000000) == 0x34000000) return pc + offset_of(word, 5, 19);  // cbz, cbnz
    if ((word & 0x7e000000) == 0x36000000) return pc + offset_of(word, 5, 14);  // tbz, tbnz
    if ((word & 0xfe000000) != 0xd6000000) return std::nullopt;
    const unsigned n = word >> 5 & 31;  // br, blr, ret
    return VAddr(n == 31 ? 0 : cpu.read(task.context, xreg(n)));
}

// A word of executable memory that is a breakpoint while this lives.
class Breakpoint {
public:
    Breakpoint(Mm& mm, VAddr at, TaskId task) : memory_(mm.machine().memory), at_(at) {
        constexpr std::uint32_t kBrk = 0xd4200000;
        if (at.value % 4 != 0) return;
        mm.populate({at.page(), at.page() + kPageSize}, Access::Execute, task);
        const auto page = mm.space().lookup(at);
        if (!page || !page->prot.exec) return;
        frame_ = page->frame;
        std::memcpy(&original_, place(), sizeof original_);
        put(kBrk);
    }
    Breakpoint(const Breakpoint&) = delete;
    Breakpoint& operator=(const Breakpoint&) = delete;
    ~Breakpoint() {
        if (frame_) put(original_);
    }

private:
    std::byte* place() { return memory_.bytes(*frame_).data() + at_.page_offset(); }
    void put(std::uint32_t word) {
        std::memcpy(place(), &word, sizeof word);
        memory_.note_write(*frame_);
    }

    PhysicalMemory& memory_;
    VAddr at_;
    std::optional<PAddr> frame_;
    std::uint32_t original_ = 0;
};

}  // namespace

Stop step_in_place(Kernel& kernel, Task& task) {
    Cpu& cpu = *kernel.machine().cpu;
    Mm& mm = *task.process->mm;
    const VAddr pc(cpu.read(task.context, Reg::Pc));
    mm.populate({pc.page(), pc.page() + kPageSize}, Access::Execute, task.id);
    const auto word = peek_value<std::uint32_t>(mm, pc);
    if (!word) return cpu.run(task.context, mm.space(), InsnCount(1));  // the fetch faults
    const auto target = target_of(cpu, task, pc, *word);
    if (target == pc) return cpu.step(task.context, mm.space(), *word);  // a loop of one
    const Breakpoint after(mm, pc + 4, task.id);
    std::optional<Breakpoint> at_target;
    if (target && *target != pc + 4) at_target.emplace(mm, *target, task.id);
    Stop stop = cpu.run(task.context, mm.space(), InsnCount(1));
    const VAddr now(cpu.read(task.context, Reg::Pc));
    // A branch to what cannot be fetched is done, too.
    const auto* abort = std::get_if<Abort>(&stop.why);
    const bool fetch = abort != nullptr && abort->access == Access::Execute;
    const bool ended = fetch || std::holds_alternative<Brk>(stop.why) ||
                       std::holds_alternative<PcAlignment>(stop.why) ||
                       std::holds_alternative<BudgetSpent>(stop.why);
    if (ended && now != pc) stop.why = StepDone{};
    return stop;
}

}  // namespace uprobesim
