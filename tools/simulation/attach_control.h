// SPDX-License-Identifier: GPL-2.0-or-later
// Carries out an AttachPlan: sees when the run is at its points, has the probes placed and taken
// away there, and makes the report's section of it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "kernel_model/kernel/kernel.h"
#include "kernel_model/run/run_loop.h"
#include "probes/hit/place_watch.h"
#include "probes/hit/uprobes.h"
#include "tools/report/report.h"
#include "tools/simulation/attach_point.h"
#include "tools/simulation/run_counts.h"

namespace uprobesim {

class AttachControl {
public:
    AttachControl(Kernel& kernel, RunLoop& run_loop, Uprobes& uprobes, const AttachPlan& plan)
        : kernel_(kernel),
          run_loop_(run_loop),
          uprobes_(uprobes),
          plan_(plan),
          places_(*kernel.machine().cpu) {}
    AttachControl(const AttachControl&) = delete;
    AttachControl& operator=(const AttachControl&) = delete;
    ~AttachControl() { uprobes_.watch_places(nullptr); }

    // After the probes were added and before the first program starts. Refused: the place of a hit
    // is none.
    Outcome begin();
    // The main program is loaded and has not run. Refused: its main() is wanted and not found.
    Outcome main_loaded(const Process& process);
    // A program of the scenario is ready; all that are waited for are.
    void ready(const std::string& program);
    void all_ready();
    // Between two turns of the run loop: acts if the next point is reached.
    void look();

    // Called where probes are about to be placed late.
    void before_attaching(std::function<void()> call) { before_attaching_ = std::move(call); }

    // The counts, and what the plan says of them.
    void finish(const ProgramNames& names, RunReport& report);

private:
    enum class Stage { Waiting, Attached, Detached };

    // The next point to be reached; null: there is none.
    const AttachPoint* next() const;
    void reach();
    void arm();
    std::optional<std::uint64_t> time_of(const AttachPoint& point) const;
    bool is_reached(const AttachPoint& point) const;
    bool watches(AttachPoint::Kind kind) const {
        return plan_.at.kind == kind || plan_.until.kind == kind;
    }
    RunReport counts(const ProgramNames& names) const;
    RegistrationRow row(const AttachPoint& point, const RegistrationWork& work) const;
    RegistrationRow missed(const AttachPoint& point) const;

    Kernel& kernel_;
    RunLoop& run_loop_;
    Uprobes& uprobes_;
    const AttachPlan& plan_;
    PlaceWatch places_;
    Stage stage_ = Stage::Waiting;
    std::map<const AttachPoint*, std::size_t> watched_;  // the places of hits
    std::optional<std::size_t> main_place_;
    std::uint64_t attached_ns_ = 0;
    std::function<void()> before_attaching_;
    std::optional<RegistrationRow> attach_, detach_;
    std::optional<RunReport> before_, after_;  // what is counted; of --roi attach
};

}  // namespace uprobesim
