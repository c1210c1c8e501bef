// SPDX-License-Identifier: GPL-2.0-or-later
// Paths through a BPF program as sums, which can be compared.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>

#include "probes/handlers/handler.h"
#include "sim/profile/kernel_profile.h"

namespace uprobesim {

// Counts of what is gone along a path.
struct BpfTally {
    std::uint64_t insns = 0;  // of arm64, calls apart
    std::map<std::tuple<KernelPath, std::uint64_t, bool>, std::int64_t> parts;

    void add(const HandlerPart& part, std::int64_t times);
    void add(const BpfTally& other);
    std::uint64_t calls() const;
};

// What instructions a path has on the kernel that all others are based on: the longest path is
// chosen by it.
class BpfWeights {
public:
    BpfWeights();
    double of(const HandlerPart& part) const;
    double of(const BpfTally& tally) const;

private:
    KernelProfile kernel_;
};

}  // namespace uprobesim
