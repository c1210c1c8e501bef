// SPDX-License-Identifier: GPL-2.0-or-later
// Where in each kernel path its accesses to shared lines are, in cycles of a machine.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "sim/base/units.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"

namespace uprobesim {

struct PlannedAccess {
    AccessKind kind = AccessKind::Read;
    SharedLine line = SharedLine::MmapLock;
    CentiCycles at;    // from the path's begin
    CentiCycles held;  // of a lock, a part of the path's own cost

    bool operator==(const PlannedAccess&) const = default;
};

// What a path of `cost` does, in turn: on_work(cycles), the private work before an access, with
// `before` in front of the first; then on_access(access, held). Returns the work after the last.
template <class OnWork, class OnAccess>
CentiCycles go_along(const std::vector<PlannedAccess>& accesses, CentiCycles cost,
                     CentiCycles before, OnWork on_work, OnAccess on_access) {
    CentiCycles done;
    for (const PlannedAccess& access : accesses) {
        const CentiCycles at = std::clamp(access.at, done, cost);
        before += at - done;
        if (before.value != 0) on_work(before);
        before = {};
        const CentiCycles held = std::min(access.held, cost - at);
        on_access(access, held);
        done = at + held;
    }
    return before + (cost - done);
}

class AccessPlan {
public:
    // An instruction takes kernel-cpi: costly operations of the path come after its accesses.
    AccessPlan(const MachineProfile& machine, const KernelProfile& kernel);

    const std::vector<PlannedAccess>& of(KernelPath path) const {
        return paths_[static_cast<std::size_t>(path)];
    }

private:
    std::array<std::vector<PlannedAccess>, kKernelPathCount> paths_;
};

}  // namespace uprobesim
