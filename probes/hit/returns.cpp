// SPDX-License-Identifier: GPL-2.0-or-later
// Return probes: phase U of a hit, and the return of the probed function. On arm64 no memory is
// written: the link register is replaced by the address of the XOL area's slot 0, which holds a
// breakpoint.
#include "probes/hit/probe_state.h"
#include "probes/hit/uprobes.h"
#include "sim/profile/kernel_profile.h"

namespace uprobesim {

void Uprobes::hijack(Task& task, Uprobe& uprobe, VAddr pc) {
    const XolArea* area = area_of(task);
    if (area == nullptr) {
        ++uprobe.missed;
        return;
    }
    Cpu& cpu = *kernel_.machine().cpu;
    const auto done =
        state_of(task).returns.record(uprobe, pc, cpu.read(task.context, Reg::Sp),
                                      VAddr(cpu.read(task.context, Reg::X30)), area->trampoline());
    if (done != ReturnStack::Hijack::Recorded) ++uprobe.missed;
    // prepare_uretprobe looks at the depth before anything else: no work, no lease.
    if (done == ReturnStack::Hijack::TooDeep) return;
    spend(task, KernelPath::UretprobeHijack);
    if (kernel_.machine().kernel_profile.return_instance == ReturnHold::Lease)
        spend(task, KernelPath::UretprobeLease);
    cpu.write(task.context, Reg::X30, area->trampoline().value);
}

// No instruction is stepped or emulated: pc is set to the return address.
void Uprobes::handle_trampoline(Task& task) {
    UprobeTask& state = state_of(task);
    Cpu& cpu = *kernel_.machine().cpu;
    const auto back = state.returns.take(cpu.read(task.context, Reg::Sp));
    if (!back) {
        spend(task, KernelPath::BrkReturn);
        take_bill(task);  // charged to no probe
        kernel_.signals().force(task, {.signal = Signal::Ill, .code = abi::kSiKernel});
        return;
    }
    hit_of(*back->finished.front());
    cpu.write(task.context, Reg::Pc, back->to.value);
    for (Uprobe* uprobe : back->finished) {
        spend(task, KernelPath::UretprobeReturn);
        if (!registered_) {  // the instance outlives the consumers
            ++uprobe->late_returns;
            continue;
        }
        run_return_consumers(task, *uprobe);
        ++uprobe->returns;
    }
    spend(task, KernelPath::BrkReturn);
    back->finished.front()->cycles += take_bill(task);
}

}  // namespace uprobesim
