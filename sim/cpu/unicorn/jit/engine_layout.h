// SPDX-License-Identifier: GPL-2.0-or-later
// Where one build of the engine's library keeps what its code generator works on. None of this is
// part of its interface: every figure belongs to a build, is read off that build's machine code,
// and is checked before it is relied on (editor_check.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace uprobesim {

// Bytes from the beginning of the structure that the name begins with.
struct EngineLayout {
    std::size_t uc_cpu;          // uc_struct: CPUState*
    std::size_t uc_tcg;          // uc_struct: TCGContext*
    std::size_t uc_target_bits;  // uc_struct: log2 of the target's page
    std::size_t cpu_env;         // CPUState: CPUARMState*
    std::size_t env_pc;          // CPUARMState
    std::size_t env_flags;       // CPUARMState: hflags, those of the blocks it executes
    std::size_t env_exclusive;   // CPUARMState: the exclusive monitor's address, or -1
    // Before CPUARMState: CPUTLBDescFast and CPUTLBDesc of the first mode; within the latter, the
    // array of CPUIOTLBEntry.
    std::size_t env_to_tlb, env_to_tlb_desc, tlb_desc_io;
    std::size_t env_to_tlb_dirty;  // before CPUARMState: uint16_t, the modes with entries
    std::size_t cpu_jump_cache;    // CPUState: the last block of each hashed address
    std::size_t tcg_nb_globals;    // TCGContext: int; nb_temps follows
    std::size_t tcg_nb_temps;
    std::size_t tcg_epilogue;   // where code goes that finds no next block
    std::size_t tcg_temps;      // array of TCGTemp
    std::size_t tcg_insn_ends;  // array of uint16_t: where each instruction's code ends
    std::size_t tcg_ops;        // head of the list of operations
    std::size_t tcg_env;   // the temporary that holds CPUARMState*, as an offset from TCGContext
    std::size_t tcg_uc;    // uc_struct*
    std::size_t tcg_size;  // of all of TCGContext that is looked at here
};

struct EngineBuild {
    std::string_view identifier;  // SHA-256 of libunicorn.a, in hexadecimal
    EngineLayout layout;
};

// TCGOp, TCGTemp and TranslationBlock of QEMU 5.0.1 (tcg/tcg.h, exec/exec-all.h), on which
// Unicorn 2.0.1 is built, on a host with 64 bits.
struct TcgOp {
    std::uint32_t opcode : 8, inputs : 4, outputs : 4, life : 16;  // inputs and outputs: of calls
    TcgOp* next;
    void* previous;
    std::uint64_t args[10];
    std::uint64_t preferred[2];
};
static_assert(sizeof(TcgOp) == 120);

struct TcgTemp {
    std::uint64_t kind;
    std::int64_t value;
    TcgTemp* base;
    std::int64_t offset;  // from base, of globals
    const char* name;
    std::uint64_t state[2];
};
static_assert(sizeof(TcgTemp) == 56);

struct TranslationBlock {
    std::uint64_t pc, cs_base;
    std::uint32_t flags;
    std::uint16_t size;  // of the guest's code, in bytes
    std::uint16_t insns;
    std::uint32_t cflags, trace;
    std::uint8_t* code;
    std::size_t code_size;
    void* original;
    void* page_next[2];
    std::uint64_t page_address[2];
    std::uint16_t jump_reset[2];   // in its code: behind its jumps to other blocks; 0xffff: none
    std::uint64_t jump_target[2];  // in its code: where these jumps say how far
};
static_assert(offsetof(TranslationBlock, code) == 32);
static_assert(offsetof(TranslationBlock, jump_reset) == 88);
static_assert(offsetof(TranslationBlock, jump_target) == 96);

// Numbers of tcg/tcg-opc.h for this host.
enum class TcgOpcode : std::uint8_t {
    SetLabel = 1,
    Call = 2,
    Branch = 3,
    MoveImmediate32 = 6,
    Load32 = 13,
    Store8 = 14,
    Store32 = 16,
    BranchIf32 = 38,
    MoveImmediate64 = 64,
    MoveIf64 = 66,
    Load64 = 73,
    Add64 = 78,
    And64 = 87,
    Or64 = 88,
    Xor64 = 89,
    ShiftLeft64 = 90,
    BranchIf64 = 103,
    ExitBlock = 130,
    GotoPointer = 132,
};
// TCGCond.
enum class TcgCondition : std::uint8_t { Less = 2, NotEqual = 9 };
// TCGType.
enum class TcgType : std::uint8_t { I32 = 0, I64 = 1 };

}  // namespace uprobesim
