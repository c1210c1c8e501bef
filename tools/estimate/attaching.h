// SPDX-License-Identifier: GPL-2.0-or-later
// What attaching probes to a running system takes, and detaching them: of whoever attaches them,
// not of what is probed.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/cost/prices.h"
#include "sim/profile/kernel_profile.h"

namespace uprobesim {

// What is attached. Each process maps all files that are probed, and has used their pages.
struct Attachment {
    std::uint64_t events = 0;  // probes, returns too
    std::uint64_t places = 0;  // distinct ones, each a breakpoint
    std::uint64_t pages = 0;   // that hold them
    std::uint64_t processes = 0;
};

// On the CPU of the caller, and what it sleeps besides.
struct AttachWork {
    double ns = 0;
    double el1_insns = 0;
    double wait_ns = 0;
};

struct AttachingEstimate {
    Attachment of;
    struct Way {
        AttachWork attach, detach;
    };
    Way events;                // an event for each probe, the first of the system
    std::optional<Way> multi;  // one uprobe_multi link, where the kernel has it
    // Of events for one process only: a mapping of all the files in another one, which gets no
    // breakpoint.
    AttachWork filtered;
};

AttachingEstimate attaching(const Attachment& of, const KernelProfile& kernel,
                            const PriceList& prices);

}  // namespace uprobesim
