// SPDX-License-Identifier: GPL-2.0-or-later
// What registering probes with processes that run has taken, or taking them away.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "probes/hit/place_miss.h"
#include "sim/profile/kernel_path.h"

namespace uprobesim {

struct RegistrationWork {
    struct Count {
        std::uint64_t times = 0;
        std::uint64_t units = 0;
    };

    std::uint64_t events = 0;       // probes, those of one place each
    std::uint64_t processes = 0;    // with a mapping of a probed file that may hold breakpoints
    std::uint64_t mappings = 0;     // that hold a probed place
    std::uint64_t breakpoints = 0;  // placed, or removed, those of failed events left out
    std::uint64_t pages = 0;        // of processes, that hold them
    std::uint64_t read_in = 0;      // of those, pages that had to be read in first
    // Uprobes whose registration failed, by their numbers; they are not there then.
    struct Failed {
        std::uint32_t uprobe = 0;
        PlaceMiss why{};
    };
    std::vector<Failed> failed;
    std::map<KernelPath, Count> paths;

    void spend(KernelPath path, std::uint64_t times = 1, std::uint64_t units = 0) {
        paths[path].times += times;
        paths[path].units += units;
    }
};

}  // namespace uprobesim
