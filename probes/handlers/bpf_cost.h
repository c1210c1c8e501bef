// SPDX-License-Identifier: GPL-2.0-or-later
// What a program of a BPF object takes on its longest path without loops.
#pragma once

#include <string>
#include <vector>

#include "probes/handlers/bpf_calls.h"
#include "probes/handlers/bpf_tally.h"

namespace uprobesim {

struct BpfCost {
    BpfTally longest;
    BpfTally found;  // the longest path of those on which all lookups find their key
    std::vector<std::string> notes;
};

// `program`: one of the object's functions. Errors, besides those of find_blocks: functions that
// call each other, or too deep; no way to an exit; a path that the verifier does not let through.
Result<BpfCost> bpf_cost(const BpfObject& object, const BpfCalls& calls, const BpfWeights& weights,
                         std::size_t program);

}  // namespace uprobesim
