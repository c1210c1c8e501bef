// SPDX-License-Identifier: GPL-2.0-or-later
// What a hit takes of the kernel once everything of a first hit is there (the uprobe_task, the page
// of slots), without running it: the exceptions and paths that Uprobes charges, in its order. For a
// lone task whose instruction does not fault and which no signal or tick interrupts.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "probes/hit/handler_work.h"
#include "probes/verdict/verdict.h"
#include "sim/profile/exception_class.h"
#include "sim/profile/kernel_path.h"
#include "sim/profile/kernel_profile.h"

namespace uprobesim {

// What is attached to one place. A consumer of returns is called at the entry too.
struct ProbeConsumers {
    unsigned entry = 1;         // all of them
    unsigned returns = 0;       // those that also want the function's return
    HandlerWork handlers = {};  // a user stack is taken to be as deep as they keep
};

struct SteadyHit {
    std::array<unsigned, kExceptionClassCount> exceptions{};
    std::vector<PathUse> paths;

    unsigned exceptions_taken() const;
    bool operator==(const SteadyHit&) const = default;
};

// The hit of an entry, and the return of the function if that is wanted. `word` is not refused.
SteadyHit steady_hit(const KernelProfile& kernel, std::uint32_t word,
                     const ProbeConsumers& consumers);

// Of what is emulated.
KernelPath emulate_path(Handler handler, StpForm stp);
KernelPath lookup_path(Lookup lookup);
KernelPath step_end_path(StepEnd step, bool slot_is_kept);

}  // namespace uprobesim
