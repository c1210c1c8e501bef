// SPDX-License-Identifier: GPL-2.0-or-later
// All cycles of a run as folded stacks, "program;function;[svc];sys.read 1200", as flamegraph.pl
// and speedscope read them: the program, the function that an exception stopped, the exception, the
// kernel's path. What probes cost is under "[uprobe]" and the probe's name. Cycles at EL0 are a
// function's own, "program;function", by the blocks that were executed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "kernel_model/hooks/trap_observer.h"
#include "sim/base/output_file.h"
#include "sim/cpu/unicorn/block_observer.h"
#include "tools/report/report.h"
#include "tools/views/code_places.h"
#include "tools/views/hit_place.h"

namespace uprobesim {

// A frame's name: without what would end a frame or a line, and not longer than 200 bytes or so.
std::string frame_text(std::string_view name);
// The lines, sorted, in whole cycles: rounded down, and then the largest remainders up, so that
// they sum to the rounded sum.
std::string folded_text(const std::map<std::string, CentiCycles>& stacks);

class FoldedStacks final : public TrapObserver, private BlockObserver {
public:
    enum class Form : std::uint8_t { Folded, Page };
    FoldedStacks(OutputFile file, Form form) : file_(std::move(file)), form_(form) {}

    void use(FileSystem& files, const Uprobes& uprobes);
    void charged(TaskId task, ExceptionClass ec, CentiCycles cycles, Account account) override;
    void waited(TaskId task, SharedLine line, CentiCycles cycles, Account account) override;
    void charged(TaskId task, KernelPath path, std::uint64_t units, CentiCycles cycles,
                 Account account) override;
    void trapped(const Task& task, const Stop& stop, const ExceptionRegisters&) override;
    void exit_work(const Task&) override {}
    bool returning(const Task& task) override;
    void call_entered(const Task& task, const CallRegisters& call) override;
    void task_ended(const Task& task, const TaskEnd&) override;
    // The run is over: what no event has told is the report's. Throws HostError where the file
    // could not be written.
    void finish(const RunReport& report);

    const std::map<std::string, CentiCycles>& stacks() const { return stacks_; }

private:
    // Of charges, the frames on top of a function.
    struct Frames {
        Account account{};
        std::optional<ExceptionClass> exception{};
        // What was done in it: a path, waiting, or an exception of the kernel's own.
        std::optional<KernelPath> path{};
        std::optional<SharedLine> waits_for{};
        std::optional<ExceptionClass> nested{};

        // NOLINTNEXTLINE(modernize-use-nullptr): it takes the 0 of a comparison for a pointer
        auto operator<=>(const Frames&) const = default;
    };
    // Where an exception stopped a program.
    struct Site {
        std::string function;                      // "program;function"
        std::string probe;                         // empty: none
        std::map<Frames, CentiCycles*> charges{};  // of stacks_
    };
    struct Place {
        std::string program;   // empty: the task has not been at EL0
        Site* site = nullptr;  // of its last exception; null: none
        std::optional<ExceptionClass> exception{};
        bool renamed = false;                    // it executes another program
        bool expects = false;                    // trapped, and not charged yet
        std::int64_t user = 0;                   // centicycles at EL0 that are in a stack
        std::optional<CentiCycles> step_from{};  // at EL0 when the step that goes on began
        // Charges to a task that has not been at EL0, by the frames after its program's.
        std::map<std::string, CentiCycles> early;
    };
    Place* place_of(TaskId task);
    CentiCycles& stack(const std::string& frames);
    void add(const std::string& frames, CentiCycles cycles);
    void add(Place& place, const Frames& frames, CentiCycles cycles);
    static std::string text_of(const Frames& frames, const Site* site);
    Site& site_of(const Task& task, const Place& place, VAddr pc);
    Place* note(const Task& task);
    void executed(ContextId context, VAddr block, std::int64_t cycles) override;
    void add_user_rest(const RunReport& report);
    void note_step(const Task& task, Place& place);
    void stop_at(const Task& task, Place& place, VAddr pc);

    OutputFile file_;
    Form form_;
    CodePlaces code_;
    const Uprobes* uprobes_ = nullptr;
    const Task* running_ = nullptr;  // at EL0, as far as is known
    std::map<TaskId, Place> places_;
    std::map<std::pair<std::string, std::string>, Site> sites_;  // by function and probe
    // By process, address and probe, as long as no memory changes hands.
    std::map<std::tuple<const Process*, VAddr, const Uprobe*>, Site*> known_sites_;
    bool observes_ = false;                     // blocks
    std::map<ContextId, const Task*> tasks_;    // that have not ended
    std::map<std::string, std::int64_t> user_;  // cycles at EL0 by stack
    CentiCycles stepped_;                       // in slots
    std::map<std::string, CentiCycles> stacks_;
};

}  // namespace uprobesim
