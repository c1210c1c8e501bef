// SPDX-License-Identifier: GPL-2.0-or-later
// What a call in a BPF program is priced as, by its helper, its map and the sizes that its
// arguments hold.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "probes/bpf/bpf_values.h"
#include "probes/handlers/bpf_helpers.h"

namespace uprobesim {

struct BpfCall {
    std::vector<HandlerPart> parts;
    std::uint64_t insns = 0;  // of the program, with the call
    // Of a lookup: what it is if it finds nothing, and its map.
    std::optional<HandlerPart> miss;
    std::uint64_t miss_insns = 0;
    std::size_t map = 0;
    std::vector<std::string> notes;  // what is not known, without the place
};

class BpfCalls {
public:
    explicit BpfCalls(const BpfObject& object);

    BpfCall helper(const BpfInsn& insn, const BpfState& state) const;
    // A function of the kernel; its name is empty where the object does not have it.
    BpfCall kernel_function(const std::string& name) const;

private:
    BpfCall map_call(const BpfHelper& helper, const BpfState& state) const;
    BpfCall stack(const BpfHelper& helper, const BpfState& state) const;
    std::uint64_t size(const BpfHelper& helper, const BpfState& state, BpfCall& call) const;
    const BpfMap* map_of(const BpfHelper& helper, const BpfState& state) const;

    const BpfObject& object_;
    BpfTables tables_;
    std::set<std::size_t> deleted_from_;  // maps whose entries some program deletes
};

}  // namespace uprobesim
