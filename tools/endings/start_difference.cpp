// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/endings/start_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sim/base/try.h"
#include "sim/profile/profile_keys.h"

namespace uprobesim {
namespace {

// Slots that are filled when the kernel starts take their memory then, and are filled as it steps.
bool fills_slots_early(const ProfileListing& kernel) {
    const ProfileKey* const slots = kernel.find("slots");
    return slots != nullptr && slots->value == "prefilled";
}

bool same_binds(const std::vector<BindMount>& a, const std::vector<BindMount>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
        return x.host == y.host && x.guest == y.guest && x.writable == y.writable;
    });
}

bool same_program(const ProgramRequest& a, const ProgramRequest& b) {
    return a.arguments == b.arguments && a.environment == b.environment && a.cwd == b.cwd &&
           a.uid == b.uid && a.affinity == b.affinity;
}

// All but kernel, machine, settings and probes. Scenarios of one name are one.
bool same_otherwise(const SimulationRequest& a, const SimulationRequest& b) {
    return a.files.root == b.files.root && same_binds(a.files.binds, b.files.binds) &&
           a.files.scratch == b.files.scratch && a.files.scratch_limit == b.files.scratch_limit &&
           a.attach.at.text == b.attach.at.text && a.attach.until.text == b.attach.until.text &&
           a.attach.roi == b.attach.roi && same_program(a.program, b.program) &&
           a.scenario == b.scenario && a.seed == b.seed && a.max_insns == b.max_insns &&
           a.max_ns == b.max_ns && a.cpus == b.cpus && a.places == b.places &&
           a.memory_bytes == b.memory_bytes && a.counting == b.counting;
}

}  // namespace

Result<std::string> start_difference(const SimulationRequest& a, const SimulationRequest& b) {
    if (a.attach.at.kind == AttachPoint::Kind::Start)
        return std::string("probes are there from the start");
    if (!same_otherwise(a, b)) return std::string("it is another run");
    for (const auto& [kind, name] : {std::pair{ProfileKind::Machine, &SimulationRequest::machine},
                                     std::pair{ProfileKind::Kernel, &SimulationRequest::kernel}}) {
        const auto here = TRY(list_profile(kind, a.*name, a.settings));
        const auto there = TRY(list_profile(kind, b.*name, b.settings));
        for (const KeyDifference& difference : profile_differences(here, there)) {
            if (key_rule(kind, difference.key).first_use == FirstUse::Start)
                return fmt::format("{}.{} is another from the start", profile_kind_name(kind),
                                   difference.key);
        }
        if (kind == ProfileKind::Kernel && (fills_slots_early(here) || fills_slots_early(there)))
            return std::string("the kernel fills its slots at the start");
    }
    return std::string();
}

std::string difference_so_far(const Kernel& kernel, const OtherProfiles& other) {
    const Machine& machine = kernel.machine();
    const Charges total = machine.ledger.total();
    for (std::size_t p = 0; p < kKernelPathCount; ++p) {
        const auto path = static_cast<KernelPath>(p);
        if (total.paths[p].times == 0) continue;
        const bool same_lines =
            kernel.legs() == nullptr || kernel.legs()->plan().of(path) == other.accesses.of(path);
        if (!machine.prices.same(path, other.prices) || !same_lines)
            return fmt::format("{} was taken before and costs something else there",
                               kernel_path_info(path).name);
    }
    for (std::size_t e = 0; e < kExceptionClassCount; ++e) {
        const auto ec = static_cast<ExceptionClass>(e);
        if (total.exceptions[e] != 0 && !machine.prices.same(ec, other.prices))
            return fmt::format("{} was taken before and costs something else there",
                               exception_class_name(ec));
    }
    if (machine.release_told && machine.kernel_profile.release != other.kernel.release)
        return "the guest has asked for the kernel's release";
    return {};
}

}  // namespace uprobesim
