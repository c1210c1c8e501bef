// SPDX-License-Identifier: GPL-2.0-or-later
// The debugger's side in the simulation: where it stops and how it goes on. What gdb says to that
// comes from a DebugFront, which is called at each stop and returns when the guest is to go on.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "kernel_model/hooks/debug_hook.h"
#include "kernel_model/kernel/kernel.h"
#include "probes/hit/uprobes.h"
#include "tools/gdb/hit_stops.h"
#include "tools/gdb/target/breakpoints.h"
#include "tools/gdb/timeline.h"

namespace uprobesim {

class DebugFront {
public:
    virtual ~DebugFront() = default;
    // Returns when it goes on, as Debugger::resume() and the others were told.
    virtual void stopped(Task& task, const StopReason& reason) = 0;
    virtual void exited(std::int32_t pid, ExitKind kind, int status) = 0;
    // Whether gdb wants a stop now.
    virtual bool interrupted() = 0;
    // Whether the signal is one that gdb wants to be passed on without a stop.
    virtual bool passes(Signal signal) const = 0;
    // Whether gdb wants to be told of these.
    virtual bool wants(StopKind event) const = 0;
};

class Debugger final : public DebugHook {
public:
    explicit Debugger(DebugFront& front) : front_(front) {}

    // After begin(): the probes, for stops inside hits.
    void use(const Uprobes& uprobes) { hits_.use(*kernel_, uprobes); }
    // The program that is debugged was loaded. The run stops before its first instruction.
    void program_started(Process& process);

    // --- what gdb says, at a stop

    // How the guest goes on. `step`: the task that executes one instruction, or some until it
    // leaves the range. `signal`: that the task which has stopped is given; nothing: what it would
    // get.
    struct Resume {
        std::optional<TaskId> step;
        VRange range{};
        std::optional<Signal> signal;
    };
    void resume(const Resume& how);
    // Backwards: one instruction of the task, or to the last stop before. The run ends, and
    // begins_anew() until it is there.
    void step_back(const Task& task);
    void continue_back(const Task& task);
    // The process runs on its own from now on.
    void detach(std::int32_t pid);
    void kill() { ends_ = true; }
    // The guest's registers or memory were changed by hand.
    void note_change() { changed_ = true; }
    bool was_changed() const { return changed_; }

    bool is_attached(std::int32_t pid) const { return attached_.contains(pid); }
    const std::set<std::int32_t>& attached() const { return attached_; }
    Breakpoints& breakpoints() { return breakpoints_; }
    HitStops& hits() { return hits_; }
    Kernel& kernel() { return *kernel_; }
    // Whether the run that has ended is to be made again.
    bool begins_anew() const { return anew_; }

    void begin(Kernel& kernel) override;
    bool ends() const override { return ends_ || anew_; }
    DebugNext returning(Task& task) override;
    DebugNext before_piece(Task& task, bool paused) override;
    InsnCount piece(Task& task, InsnCount most) override;
    void trapped(Task& task, const Stop& stop) override;
    std::optional<SignalInfo> signal(Task& task, const SignalInfo& info) override;
    void cloned(Task& parent, Task& child, bool vfork) override;
    void executed(Task& task, TaskId before) override;
    void exited(Process& process, ExitKind kind, int status) override;
    bool starved() override { return false; }

private:
    // A task on its way through one instruction, or out of a range.
    struct Step {
        TaskId task;
        VRange range{};
        InsnCount insns;  // executed where it begins
        VAddr pc;
    };
    Cpu& cpu() { return *kernel_->machine().cpu; }
    VAddr pc_of(const Task& task) { return VAddr(cpu().read(task.context, Reg::Pc)); }
    RunPosition position_of(const Task& task) {
        return {task.id, cpu().insns(task.context) - before_};
    }
    void stop(Task& task, const StopReason& reason);
    void stop_and_send(Task& task, const StopReason& reason);
    bool arrives(Task& task);
    DebugNext next();
    bool step_is_over(const Task& task);
    std::optional<std::uint64_t> left_to_goal(const Task& task);
    void cut_after(const Task& task, std::uint64_t insns);
    void give_up_cuts();

    DebugFront& front_;
    Kernel* kernel_ = nullptr;
    std::set<std::int32_t> attached_;  // processes
    std::int32_t program_ = 0;         // the one that is debugged first
    TaskId first_;                     // its first task
    bool begun_ = false;               // gdb was told of the first stop
    Breakpoints breakpoints_;
    HitStops hits_;
    Timeline timeline_;
    std::optional<Step> step_;
    std::optional<Signal> resume_signal_;
    std::map<TaskId, std::int32_t> vforks_;  // parents that wait, and their children
    std::set<VAddr> cuts_;                   // places for steps and positions
    // The instructions that the task has counted but for gdb is only about to execute: the BRK.
    InsnCount before_;
    std::uint32_t asked_ = 0;
    bool leaves_ = false;  // a signal was sent: the task goes the way back to EL0 again
    bool changed_ = false;
    bool ends_ = false;
    bool anew_ = false;
};

}  // namespace uprobesim
