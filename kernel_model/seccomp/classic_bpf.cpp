// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/seccomp/classic_bpf.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace uprobesim {
namespace {

using namespace abi;

constexpr std::uint16_t kClass = 0x07, kOperation = 0xf0;

constexpr std::uint16_t kAllowed[] = {
    kBpfLd | kBpfAbs,
    kBpfLd | kBpfLen,
    kBpfLdx | kBpfLen,
    kBpfLd | kBpfImm,
    kBpfLdx | kBpfImm,
    kBpfLd | kBpfMem,
    kBpfLdx | kBpfMem,
    kBpfSt,
    kBpfStx,
    kBpfAlu | kBpfAdd | kBpfK,
    kBpfAlu | kBpfAdd | kBpfX,
    kBpfAlu | kBpfSub | kBpfK,
    kBpfAlu | kBpfSub | kBpfX,
    kBpfAlu | kBpfMul | kBpfK,
    kBpfAlu | kBpfMul | kBpfX,
    kBpfAlu | kBpfDiv | kBpfK,
    kBpfAlu | kBpfDiv | kBpfX,
    kBpfAlu | kBpfOr | kBpfK,
    kBpfAlu | kBpfOr | kBpfX,
    kBpfAlu | kBpfAnd | kBpfK,
    kBpfAlu | kBpfAnd | kBpfX,
    kBpfAlu | kBpfXor | kBpfK,
    kBpfAlu | kBpfXor | kBpfX,
    kBpfAlu | kBpfLsh | kBpfK,
    kBpfAlu | kBpfLsh | kBpfX,
    kBpfAlu | kBpfRsh | kBpfK,
    kBpfAlu | kBpfRsh | kBpfX,
    kBpfAlu | kBpfNeg,
    kBpfMisc | kBpfTax,
    kBpfMisc | kBpfTxa,
    kBpfRet | kBpfK,
    kBpfRet | kBpfA,
    kBpfJmp | kBpfJa,
    kBpfJmp | kBpfJeq | kBpfK,
    kBpfJmp | kBpfJeq | kBpfX,
    kBpfJmp | kBpfJge | kBpfK,
    kBpfJmp | kBpfJge | kBpfX,
    kBpfJmp | kBpfJgt | kBpfK,
    kBpfJmp | kBpfJgt | kBpfX,
    kBpfJmp | kBpfJset | kBpfK,
    kBpfJmp | kBpfJset | kBpfX,
};

bool is_load(std::uint16_t code, std::uint16_t mode) {
    return code == (kBpfLd | mode) || code == (kBpfLdx | mode);
}
bool is_store(std::uint16_t code) {
    return code == kBpfSt || code == kBpfStx;
}

bool valid_insn(const BpfInsn& insn, std::size_t left) {
    if (std::ranges::find(kAllowed, insn.code) == std::end(kAllowed)) return false;
    switch (insn.code) {
        case kBpfLd | kBpfAbs: return insn.k < sizeof(SeccompData) && insn.k % 4 == 0;
        case kBpfAlu | kBpfDiv | kBpfK: return insn.k != 0;
        case kBpfAlu | kBpfLsh | kBpfK:
        case kBpfAlu | kBpfRsh | kBpfK: return insn.k < 32;
        case kBpfJmp | kBpfJa: return insn.k < left;
        default: break;
    }
    if (is_load(insn.code, kBpfMem) || is_store(insn.code)) return insn.k < kBpfMemWords;
    if ((insn.code & kClass) == kBpfJmp) return insn.jump_true < left && insn.jump_false < left;
    return true;
}

// check_load_and_stores: on each way to an instruction that reads a word, the word was written.
bool words_are_written(std::span<const BpfInsn> program) {
    std::vector<std::uint16_t> at(program.size(), 0xffff);
    std::uint16_t written = 0;
    for (std::size_t pc = 0; pc < program.size(); ++pc) {
        const BpfInsn& insn = program[pc];
        written &= at[pc];
        if (is_store(insn.code)) written |= static_cast<std::uint16_t>(1u << insn.k);
        if (is_load(insn.code, kBpfMem) && (written >> insn.k & 1) == 0) return false;
        if ((insn.code & kClass) != kBpfJmp) continue;
        if (insn.code == (kBpfJmp | kBpfJa)) {
            at[pc + 1 + insn.k] &= written;
        } else {
            at[pc + 1 + insn.jump_true] &= written;
            at[pc + 1 + insn.jump_false] &= written;
        }
        written = 0xffff;
    }
    return true;
}

bool jumps(std::uint16_t operation, std::uint32_t a, std::uint32_t b) {
    switch (operation) {
        case kBpfJeq: return a == b;
        case kBpfJgt: return a > b;
        case kBpfJge: return a >= b;
        default: return (a & b) != 0;
    }
}

std::uint32_t calculated(std::uint16_t operation, std::uint32_t a, std::uint32_t b) {
    switch (operation) {
        case kBpfAdd: return a + b;
        case kBpfSub: return a - b;
        case kBpfMul: return a * b;
        case kBpfDiv: return a / b;
        case kBpfOr: return a | b;
        case kBpfAnd: return a & b;
        case kBpfXor: return a ^ b;
        case kBpfLsh: return a << (b & 31);
        case kBpfRsh: return a >> (b & 31);
        default: return 0 - a;
    }
}

}  // namespace

bool is_valid_filter(std::span<const BpfInsn> program) {
    if (program.empty() || program.size() > kBpfMaxInsns) return false;
    for (std::size_t pc = 0; pc < program.size(); ++pc) {
        if (!valid_insn(program[pc], program.size() - pc - 1)) return false;
    }
    return (program.back().code & kClass) == kBpfRet && words_are_written(program);
}

// NOLINTNEXTLINE(readability-function-cognitive-complexity): an interpreter, a case for each class.
BpfRun run_filter(std::span<const BpfInsn> program, const SeccompData& data) {
    std::uint32_t a = 0, x = 0;
    std::array<std::uint32_t, kBpfMemWords> words{};
    BpfRun run;
    for (std::size_t pc = 0;; ++pc) {
        const BpfInsn& insn = program[pc];
        ++run.executed;
        const std::uint32_t operand = (insn.code & kBpfX) != 0 ? x : insn.k;
        switch (insn.code & kClass) {
            case kBpfLd:
            case kBpfLdx: {
                std::uint32_t value = insn.k;
                if (is_load(insn.code, kBpfAbs))
                    std::memcpy(&value, reinterpret_cast<const std::byte*>(&data) + insn.k, 4);
                if (is_load(insn.code, kBpfLen)) value = sizeof data;
                if (is_load(insn.code, kBpfMem)) value = words[insn.k];
                ((insn.code & kClass) == kBpfLd ? a : x) = value;
                break;
            }
            case kBpfSt: words[insn.k] = a; break;
            case kBpfStx: words[insn.k] = x; break;
            case kBpfAlu:
                // A division by a register that is 0 ends the program with 0.
                if ((insn.code & kOperation) == kBpfDiv && operand == 0) return run;
                a = calculated(insn.code & kOperation, a, operand);
                break;
            case kBpfJmp:
                if (insn.code == (kBpfJmp | kBpfJa)) {
                    pc += insn.k;
                } else {
                    pc += jumps(insn.code & kOperation, a, operand) ? insn.jump_true
                                                                    : insn.jump_false;
                }
                break;
            case kBpfRet: run.value = insn.code == (kBpfRet | kBpfA) ? a : insn.k; return run;
            default: insn.code == (kBpfMisc | kBpfTax) ? x = a : a = x; break;
        }
    }
}

}  // namespace uprobesim
