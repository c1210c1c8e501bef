// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/run/debugged_run.h"

#include "kernel_model/kernel/kernel.h"
#include "sim/cpu/unicorn/place_stops.h"

namespace uprobesim {

DebuggedRun run_debugged(Kernel& kernel, Task& task, InsnCount bound,
                         const std::function<bool(Task&, VAddr)>& ends_turn) {
    Cpu& cpu = *kernel.machine().cpu;
    DebugHook& debugger = *kernel.debugger();
    const AddressSpace& space = task.process->mm->space();
    InsnCount so_far;
    bool paused = false;
    for (;;) {
        DebuggedRun run;
        if (debugger.before_piece(task, paused) != DebugNext::GoOn) {
            run.stop = {BudgetSpent{}, VAddr(cpu.read(task.context, Reg::Pc)), so_far};
            return run;
        }
        const InsnCount left = so_far < bound ? bound - so_far : InsnCount(0);
        run.stop = cpu.run(task.context, space, debugger.piece(task, left));
        run.stop.retired += so_far;
        so_far = run.stop.retired;
        if (!std::holds_alternative<BudgetSpent>(run.stop.why)) return run;
        const bool at_place = stopped_before_place(cpu);
        if (at_place && ends_turn) run.turn_ends = ends_turn(task, run.stop.pc);
        paused = at_place || stopped_at_watch(cpu).has_value();
        if (run.turn_ends) return run;
        if (!paused && so_far >= bound && !stopped_inside_block(cpu)) return run;
    }
}

}  // namespace uprobesim
