// SPDX-License-Identifier: GPL-2.0-or-later
// One hit of a run as a list of events, taken down while the simulator works on it: nothing here
// knows what ought to happen next.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/explain/hit_event.h"

namespace uprobesim {

class HitRecorder final : public TrapObserver {
public:
    // The wanted hit, counted from 1 over all probes and tasks.
    explicit HitRecorder(std::uint64_t wanted) : wanted_(wanted) {}

    void trapped(const Task& task, const Stop& stop, const ExceptionRegisters& registers) override;
    void charged(TaskId task, ExceptionClass ec, CentiCycles cycles, Account) override;
    void charged(TaskId task, KernelPath path, std::uint64_t units, CentiCycles cycles,
                 Account) override;
    void exit_work(const Task& task) override;
    bool returning(const Task& task) override;

    bool found() const { return record_hit_ == wanted_; }
    // The task is back in its program, and a return probe's function has returned.
    bool finished() const { return phase_ == Phase::Done; }
    std::uint64_t hits_seen() const { return hits_; }
    // The probed place: the mapped file's guest path and the offset in it.
    const std::string& file() const { return file_; }
    std::uint64_t file_offset() const { return file_offset_; }
    const HitState& before() const { return before_; }  // as the breakpoint was taken
    const std::vector<HitEvent>& events() const { return events_; }

private:
    enum class Phase { Seeking, Recording, InFunction, Done };

    HitState state_now() const;
    bool mine(TaskId task) const {
        return phase_ == Phase::Recording && task_ != nullptr && task_->id == task;
    }
    HitEvent& add(HitEvent::Kind kind, CentiCycles cycles);
    void add_user(const Stop& stop, bool own);

    std::uint64_t wanted_;
    std::uint64_t hits_ = 0;
    std::uint64_t record_hit_ = 0;
    Phase phase_ = Phase::Seeking;
    const Task* task_ = nullptr;
    std::uint64_t probed_ = 0;  // address
    std::string file_;
    std::uint64_t file_offset_ = 0;
    HitState before_;
    std::vector<HitEvent> events_;
    CentiCycles total_;
    CentiCycles user_cycles_;  // of the task at its last way back to EL0
    InsnCount user_insns_;
    std::uint64_t others_ = 0;
    bool expect_exception_ = false;  // trapped, and not charged yet
};

}  // namespace uprobesim
