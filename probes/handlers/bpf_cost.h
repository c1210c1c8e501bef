// SPDX-License-Identifier: GPL-2.0-or-later
// What a program of a BPF object takes on its longest path without loops.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "probes/handlers/bpf_calls.h"
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

struct BpfCost {
    BpfTally longest;
    BpfTally found;  // the longest path of those on which all lookups find their key
    std::vector<std::string> notes;
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

// `program`: one of the object's functions. Errors, besides those of find_blocks: functions that
// call each other, or too deep; no way to an exit; a path that the verifier does not let through.
Result<BpfCost> bpf_cost(const BpfObject& object, const BpfCalls& calls, const BpfWeights& weights,
                         std::size_t program);

}  // namespace uprobesim
