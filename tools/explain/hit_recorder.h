// SPDX-License-Identifier: GPL-2.0-or-later
// One hit of a run as a list of events, taken down while the simulator works on it: nothing here
// knows what ought to happen next.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel_model/hooks/trap_observer.h"
#include "probes/hit/probe_state.h"

namespace uprobesim {

// What can be seen of the task at one moment.
struct HitState {
    UserRegisters registers;
    StepState step = StepState::Running;
    bool tif_uprobe = false;
    bool tif_singlestep = false;
    bool tif_sigpending = false;
    std::size_t pending_returns = 0;
    std::optional<std::size_t> slot;  // being stepped in
    std::uint32_t slot_word = 0;
    bool slot_kept = false;    // which holds its instruction before and after the hit
    bool slot_shared = false;  // and is of the page that all processes share
    std::optional<std::uint64_t> shared_page;  // address of that one
    std::optional<std::uint64_t> xol_page;     // address
    std::vector<std::uint32_t> xol_words;      // of the slots
    std::size_t slot_bytes = 4;                // of each
    // Instructions of the program by address: around the probe and around the pc, and the second
    // words of slots of 8 bytes. As memory holds them, so with the breakpoint.
    std::map<std::uint64_t, std::uint32_t> code;
};
std::string_view step_state_name(StepState state);  // "UTASK_SSTEP"

struct HitEvent {
    enum class Kind {
        Exception,  // taken from EL0
        Nested,     // an exception taken while in the kernel: charged, without a way back to EL0 of
                    // its own
        Path,       // kernel work that was charged
        ExitWork,   // TIF_UPROBE was seen on the way out
        Eret,       // return to EL0
        User,       // what EL0 did until the next exception
    };
    Kind kind = Kind::Path;
    HitState state;  // at this moment
    CentiCycles cycles;
    CentiCycles total;  // of the hit so far

    ExceptionClass exception{};    // Exception, Nested
    ExceptionRegisters registers;  // Exception; Eret: elr and spsr
    KernelPath path{};             // Path
    std::uint64_t units = 0;
    InsnCount insns;  // User
    bool own = true;  // User: the stepped instruction; false: the function a return probe waits for
    std::uint64_t others = 0;  // User, not own: exceptions meanwhile that are not this hit's
};

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
