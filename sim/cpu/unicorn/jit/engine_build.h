// SPDX-License-Identifier: GPL-2.0-or-later
// Which build of the engine's library is linked, and its functions. The same source gives other
// offsets with another compiler, so a build is known by the hash of its bytes.
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/cpu/unicorn/jit/engine_layout.h"

namespace uprobesim {

// Null: not one of those that are known.
const EngineBuild* find_build(std::string_view identifier);
const EngineBuild* linked_build();

// Opaque here: TCGContext, CPUState and uc_struct.
using TcgContext = char;

// The library's functions that edits are made with. They are not in its header.
struct EngineCalls {
    TcgOp* (*emit)(TcgContext*, int opcode);
    TcgOp* (*insert_before)(TcgContext*, TcgOp*, int opcode);
    void (*remove)(TcgContext*, TcgOp*);
    TcgTemp* (*new_temp)(TcgContext*, int type, bool local);
    std::uint32_t* (*new_label)(TcgContext*);
    void* (*lookup)(
        std::byte* env);  // helper_lookup_tb_ptr: code of the next block, or the epilogue
    // Called by generated code, and never return: of BRK, and of SVC and what is undefined.
    void (*raise_breakpoint)(std::byte* env, std::uint32_t syndrome);
    void (*raise)(std::byte* env, std::uint32_t number, std::uint32_t syndrome, std::uint32_t el);
};
const EngineCalls& engine_calls();

}  // namespace uprobesim
