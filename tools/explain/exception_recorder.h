// SPDX-License-Identifier: GPL-2.0-or-later
// One exception of a run as a list of events, from the instruction at EL0 to the return to EL0, and
// if a signal's handler is entered, on to the return from it. As in HitRecorder, nothing here knows
// what ought to happen next.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/explain/exception_kind.h"
#include "tools/explain/hit_event.h"
#include "tools/strace/call_text.h"
#include "tools/views/code_places.h"

namespace uprobesim {

class ExceptionRecorder final : public TrapObserver {
public:
    // The wanted one of its kind, counted from 1 over all tasks in the order in which they are
    // taken; those of kinds that need a path, in the order in which it is charged.
    ExceptionRecorder(const ExceptionKind& kind, std::uint64_t wanted)
        : kind_(kind), wanted_(wanted) {}

    void use(FileSystem& files) { places_.use(files); }
    void trapped(const Task& task, const Stop& stop, const ExceptionRegisters& registers) override;
    void charged(TaskId task, ExceptionClass ec, CentiCycles cycles, Account) override;
    void charged(TaskId task, KernelPath path, std::uint64_t units, CentiCycles cycles,
                 Account) override;
    void exit_work(const Task& task) override;
    bool returning(const Task& task) override;
    void call_entered(const Task& task, const CallRegisters& call) override;
    void call_ended(const Task& task, std::uint64_t result) override;
    void call_interrupted(const Task& task, bool restarts) override;
    void signal_taken(const Task& task, const SignalInfo& info) override;
    void task_ended(const Task& task, const TaskEnd& end) override;

    bool found() const { return found_; }
    // The task is back where the exception was taken.
    bool finished() const { return finished_; }
    std::uint64_t seen() const { return seen_; }
    // Of interrupts: taken while the kernel dealt with another exception; they are not counted.
    std::uint64_t in_the_kernel() const { return in_the_kernel_; }
    const HitState& before() const { return recording().before; }
    const std::vector<HitEvent>& events() const { return recording().events; }
    const std::string& place() const { return recording().place; }
    const std::string& task_name() const { return recording().name; }
    // Empty, or how the task ended: "exited with 0".
    const std::string& end() const { return recording().end; }

private:
    struct Recording {
        const Task* task = nullptr;  // null: it has ended
        HitState before{};
        std::vector<HitEvent> events{};
        CentiCycles total{};
        std::string place{}, name{}, end{};
        std::optional<VAddr> faulted{};       // address of an abort
        bool expects = true;                  // taken, and not charged yet
        bool nested = false;                  // the kernel has taken an exception of its own
        std::uint64_t handler = 0;            // which is about to be entered; 0: none
        std::vector<std::uint64_t> frames{};  // of the handlers that have not returned: sp
        bool at_el0 = false;                  // a handler runs
        std::uint64_t charges = 0;
        std::uint64_t left_ns = 0;  // when the task last did something
        // Since the return to EL0.
        CentiCycles user_cycles{};
        InsnCount user_insns{};
        std::uint64_t others = 0;
        bool wait_told = false;
        std::optional<CallRegisters> call{};  // which has not ended
        std::string entry{};                  // its text, as far as it was known
        const Mm* memory = nullptr;           // that its arguments point to
    };
    const Recording& recording() const { return *chosen_; }
    Recording* find(TaskId task);
    Recording& begin(const Task& task, VAddr pc, const ExceptionRegisters& registers);
    HitState state_of(const Recording& recording) const;
    void note_frame(Recording& recording);
    void note_wait(Recording& recording);
    HitEvent& add(Recording& recording, HitEvent::Kind kind, CentiCycles cycles = {});
    HitEvent* charge(Recording& recording, HitEvent::Kind kind, CentiCycles cycles);
    bool is_sigreturn(const Recording& recording, const Stop& stop) const;
    void count(TaskId task);

    const ExceptionKind& kind_;
    std::uint64_t wanted_;
    std::uint64_t seen_ = 0, in_the_kernel_ = 0;
    CodePlaces places_;
    CallTexts texts_;
    std::map<TaskId, Recording> open_;
    Recording* chosen_ = nullptr;    // of open_; stays in it
    const Task* running_ = nullptr;  // at EL0
    bool found_ = false, finished_ = false;
};

}  // namespace uprobesim
