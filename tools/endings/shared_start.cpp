// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/endings/shared_start.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "probes/hit/uprobes.h"
#include "sim/base/try.h"
#include "sim/cost/access_plan.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tools/cli/exit_code.h"
#include "tools/endings/start_difference.h"

namespace uprobesim {

struct SharedStart::Ending {
    std::size_t number = 0;
    SimulationRequest request;
    std::string why_alone = "the attach point was not reached";
    MachineProfile machine{};
    KernelProfile kernel{};
    Provenance provenance{};
    std::vector<SpecRow> specs{};
    Uprobes::Set probes{};
    bool ready = false;
};

SharedStart::SharedStart(ForkedRuns& runs, std::function<void()> in_child)
    : runs_(runs), in_child_(std::move(in_child)) {}
SharedStart::~SharedStart() = default;

void SharedStart::add(std::size_t number, SimulationRequest request) {
    endings_.push_back(std::make_unique<Ending>());
    endings_.back()->number = number;
    endings_.back()->request = std::move(request);
}

const SharedStart::Ending* SharedStart::find(std::size_t number) const {
    const auto ending = std::find_if(endings_.begin(), endings_.end(), [&](const auto& candidate) {
        return candidate->number == number;
    });
    return ending == endings_.end() ? nullptr : ending->get();
}

std::string SharedStart::why_alone(std::size_t number) const {
    const Ending* const ending = find(number);
    return ending == nullptr ? "" : ending->why_alone;
}

// Its probes are added as they would be in a run of its own: by its kernel, and before anything
// runs.
Outcome SharedStart::prepare(Ending& ending, Machine& machine, Uprobes& uprobes) {
    const SimulationRequest& request = ending.request;
    ending.machine = TRY(load_machine_profile(request.machine, request.settings));
    ending.kernel = TRY(load_kernel_profile(request.kernel, request.settings));
    ending.provenance = TRY(provenance_of(request, ending.machine, ending.kernel));
    const MachineProfile machine_before = machine.profile;
    const KernelProfile kernel_before = machine.kernel_profile;
    Uprobes::Set probes_before = uprobes.exchange({});
    machine.become(ending.machine, ending.kernel);
    auto specs = add_probes(uprobes, request.probes);
    machine.become(machine_before, kernel_before);
    ending.probes = uprobes.exchange(std::move(probes_before));
    ending.specs = TRY(std::move(specs));
    return {};
}

void SharedStart::added(Machine& machine, Uprobes& uprobes) {
    for (const auto& ending : endings_) {
        if (auto prepared = prepare(*ending, machine, uprobes); !prepared) {
            refused_[ending->number] = {prepared.error(), kExitUserMistake};
            ending->why_alone.clear();
        } else {
            ending->ready = true;
        }
    }
}

void SharedStart::reached(Kernel& kernel, Uprobes& uprobes, RunReport& report) {
    for (const auto& ending : endings_) {
        if (!ending->ready) continue;
        const PriceList prices(ending->machine, ending->kernel);
        const AccessPlan accesses(ending->machine, ending->kernel);
        ending->why_alone = kernel.files().why_not_separate();
        if (ending->why_alone.empty())
            ending->why_alone = difference_so_far(kernel, {ending->kernel, prices, accesses});
        if (ending->why_alone.empty() && runs_.fork(ending->number))
            return go_on_as(*ending, kernel, uprobes, report);
    }
}

void SharedStart::go_on_as(Ending& ending, Kernel& kernel, Uprobes& uprobes, RunReport& report) {
    in_child_();
    kernel.files().separate();
    Machine& machine = kernel.machine();
    machine.become(ending.machine, ending.kernel);
    if (Legs* legs = kernel.legs(); legs != nullptr)
        legs->change(AccessPlan(machine.profile, machine.kernel_profile));
    uprobes.exchange(std::move(ending.probes));
    // Of a later start, the program is not known yet.
    ending.provenance.program = std::move(report.provenance.program);
    ending.provenance.program_hash = std::move(report.provenance.program_hash);
    report.provenance = std::move(ending.provenance);
    report.specs = std::move(ending.specs);
    now_ = &ending.request;
    runs_.begin();
}

}  // namespace uprobesim
