// SPDX-License-Identifier: GPL-2.0-or-later
// What the blocks of a BPF program take, as far as it follows from what registers hold on the ways
// to them.
#pragma once

#include <bitset>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "probes/bpf/bpf_blocks.h"
#include "probes/handlers/bpf_calls.h"
#include "probes/handlers/bpf_tally.h"

namespace uprobesim {

struct BpfLookup {
    HandlerPart hit, miss;
    std::uint64_t hit_insns = 0, miss_insns = 0;
    std::size_t map = 0;
};
struct BpfEdgeWork {
    std::size_t to = 0;
    std::optional<BpfLookup> missed;  // what finds nothing on this way
};
struct BpfBlockWork {
    BpfTally tally;
    std::vector<std::size_t> callees;
    std::vector<BpfEdgeWork> edges;
    bool reached = false, exits = false;
};

// A way back: from the end of one block to the head of another, which is on every way to it.
struct BpfLoop {
    std::size_t from = 0, to = 0;  // blocks
    std::uint64_t at = 0;          // the jump
};

struct BpfFunctionFlow {
    BpfBlocks blocks;
    std::vector<BpfBlockWork> work;
    std::vector<BpfLoop> loops;
    std::optional<BpfState> entry;               // what it is called with; nullopt: it is not
    std::map<std::uint64_t, BpfLookup> lookups;  // by instruction
    std::bitset<11> used;                        // registers
};

class BpfFlow {
public:
    BpfFlow(const BpfObject& object, const BpfCalls& calls) : object_(object), calls_(calls) {}

    // Functions by their number in the object; `blocks` and `work` are set before they are
    // followed.
    BpfFunctionFlow& operator[](std::size_t f) { return functions_[f]; }
    const BpfFunctionFlow& at(std::size_t f) const { return functions_.at(f); }
    // What registers hold, in all blocks; the functions that are called get their entry.
    void follow(std::size_t f);
    // What cannot be known, a line each, of an instruction of a function.
    std::vector<std::string> notes() const;
    void note(std::size_t f, std::uint64_t at, std::string_view what);

private:
    void step(std::size_t f, std::uint64_t at, BpfState& state, BpfBlockWork& out);
    void call(std::size_t f, std::uint64_t at, const BpfReference* to, BpfState& state,
              BpfBlockWork& out);
    void leave(std::size_t f, std::size_t b, const BpfState& state,
               std::map<std::size_t, BpfState>& arriving);
    const BpfFunction& function(std::size_t f) const { return object_.functions[f]; }

    const BpfObject& object_;
    const BpfCalls& calls_;
    std::map<std::size_t, BpfFunctionFlow> functions_;
    std::vector<std::string> notes_;
    std::uint64_t further_ = 0;
};

}  // namespace uprobesim
