// SPDX-License-Identifier: GPL-2.0-or-later
// A BPF function as blocks of instructions that are executed one after the other, and the jumps
// between them.
#pragma once

#include <cstdint>
#include <vector>

#include "probes/bpf/bpf_object.h"

namespace uprobesim {

struct BpfEdge {
    std::size_t to = 0;  // block
    bool taken = false;  // of a conditional jump: not the way to the next instruction
    bool closes_loop = false;
};

struct BpfBlock {
    std::uint64_t begin = 0, end = 0;  // instructions
    std::vector<BpfEdge> edges;        // none: it ends with exit
    bool heads_loop = false;
};

struct BpfBlocks {
    std::vector<BpfBlock> blocks;
    std::vector<std::size_t> order;  // those that can be reached, each before those that it leads
                                     // to, edges that close loops apart
};

// Errors: an instruction that there is not, a jump out of the function, an end without exit.
Result<BpfBlocks> find_blocks(const BpfFunction& function, std::string_view file_name);

}  // namespace uprobesim
