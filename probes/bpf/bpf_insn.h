// SPDX-License-Identifier: GPL-2.0-or-later
// One BPF instruction, as struct bpf_insn has it, and what it is (RFC 9669). What arm64's JIT
// compiler makes of it is in jit_size.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "probes/elf/bytes.h"

namespace uprobesim {

inline constexpr std::uint64_t kBpfInsnBytes = 8;

struct BpfInsn {
    std::uint8_t code = 0;
    std::uint8_t dst = 0;
    std::uint8_t src = 0;
    std::int16_t offset = 0;
    std::int32_t imm = 0;

    unsigned insn_class() const { return code & 7u; }
    unsigned operation() const { return code & 0xf0u; }  // of ALU and JMP
    bool from_register() const { return (code & 8u) != 0; }
    unsigned mode() const { return code & 0xe0u; }  // of LD, LDX, ST, STX
    // Bytes, of LDX, ST and STX.
    unsigned size() const;

    bool is_alu() const { return insn_class() == 4 || insn_class() == 7; }
    bool is_jump_class() const { return insn_class() == 5 || insn_class() == 6; }
    bool is_wide_constant() const { return code == 0x18; }  // takes two instructions' place
    bool is_exit() const { return code == 0x95; }
    bool is_call() const { return code == 0x85; }
    bool is_indirect_call() const { return code == 0x8d; }
    bool is_goto() const { return code == 0x05 || code == 0x06; }
    bool is_conditional() const;
    bool is_atomic() const { return insn_class() == 3 && mode() == 0xc0; }
    // In instructions from the one after it, of a goto and a conditional jump.
    std::int64_t jump() const { return code == 0x06 ? imm : offset; }
};

// ALU and JMP operations that are told apart.
enum class BpfAlu : std::uint8_t {
    Add = 0x00,
    Sub = 0x10,
    Mul = 0x20,
    Div = 0x30,
    Or = 0x40,
    And = 0x50,
    Lsh = 0x60,
    Rsh = 0x70,
    Neg = 0x80,
    Mod = 0x90,
    Xor = 0xa0,
    Mov = 0xb0,
    Arsh = 0xc0,
    End = 0xd0
};
enum class BpfJump : std::uint8_t {
    Equal = 0x10,
    Greater = 0x20,
    GreaterEqual = 0x30,
    AnySet = 0x40,
    NotEqual = 0x50,
    SignedGreater = 0x60,
    SignedGreaterEqual = 0x70,
    Less = 0xa0,
    LessEqual = 0xb0,
    SignedLess = 0xc0,
    SignedLessEqual = 0xd0,
    May = 0xe0  // may_goto: whether the budget of iterations is spent
};

// What `src` says of a wide constant and of a call.
inline constexpr std::uint8_t kBpfPseudoFunction = 4;  // of a wide constant
inline constexpr std::uint8_t kBpfPseudoCall = 1, kBpfPseudoKernelCall = 2;

// As many as there are whole.
std::vector<BpfInsn> bpf_insns(Bytes bytes);
// Whether there is such an instruction; of the second half of a wide constant, no.
bool is_bpf_insn(const BpfInsn& insn);

// The arm64 instructions that arm64's JIT compiler makes of it and that are executed, those of
// helper calls left out (they are in the price of the call), of an exit that is not the last
// instruction. `wide`: what a wide constant holds; nullopt: an address of the kernel.
std::uint64_t jit_size(const BpfInsn& insn, std::optional<std::uint64_t> wide);

}  // namespace uprobesim
