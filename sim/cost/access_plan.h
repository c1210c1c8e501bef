// SPDX-License-Identifier: GPL-2.0-or-later
// Where in each kernel path its accesses to shared lines are, in cycles of a machine.
#pragma once

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
