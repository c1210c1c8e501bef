// SPDX-License-Identifier: GPL-2.0-or-later
// A BPF object file as clang and libbpf know it: its functions, each with what its instructions
// refer to, and its maps. What a function does is not read here.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "probes/bpf/bpf_insn.h"
#include "probes/bpf/btf_maps.h"
#include "sim/base/error.h"

namespace uprobesim {

// What the verifier takes of one program at most.
inline constexpr std::uint64_t kMostBpfInsns = 1'000'000;

struct BpfReference {
    // Extern: a symbol of no section, as a function of the kernel is; Missing: nothing is there.
    enum class Kind { Map, Data, Function, Extern, Missing };
    Kind kind = Kind::Missing;
    std::size_t index = 0;     // of the map, the data section or the function
    std::uint64_t offset = 0;  // into the data
    std::string name = {};     // of what is extern, or missing
};

struct BpfFunction {
    std::string name;
    std::string section;
    bool is_subprogram = false;  // of .text: called by others
    std::vector<BpfInsn> insns;
    std::map<std::uint64_t, BpfReference> references;  // by instruction
};

// A section of data: the kernel has a map for it. What is read-only is known to the verifier.
struct BpfData {
    std::string section;
    bool constant = false;
    std::vector<std::byte> bytes;  // of what is constant
};

struct BpfObject {
    std::string file_name;
    std::vector<BpfFunction> functions;
    std::vector<BpfMap> maps;
    std::vector<BpfData> data;
};

// Errors, each one line: no ELF, another machine, big-endian, no function, too long.
Result<BpfObject> read_bpf_object(Bytes bytes, std::string_view file_name);

}  // namespace uprobesim
