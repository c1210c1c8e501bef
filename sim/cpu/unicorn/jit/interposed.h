// SPDX-License-Identifier: GPL-2.0-or-later
// Functions of ours that generated code calls. Beside them stand, in interposed.cpp, those that the
// engine calls in the place of its own of the same names.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {
// See InlineJumps.
void* uprobesim_find_for_place(std::byte* env, std::uint64_t place);
void* uprobesim_find_by_address(std::byte* env);
// Not zero: the block runs. See BlockHeads.
std::uint64_t uprobesim_begin_block(std::byte* env, std::uint64_t id);
// The exceptions that a block ends with; see BlockEnds.
void uprobesim_raise_breakpoint(std::byte* env, std::uint32_t syndrome);
void uprobesim_raise(std::byte* env, std::uint32_t number, std::uint32_t syndrome,
                     std::uint32_t el);
// Jumped to by generated code in the place of the block that it leads to.
void uprobesim_ask_by_address();
}
