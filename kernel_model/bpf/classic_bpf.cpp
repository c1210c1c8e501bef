// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/bpf/classic_bpf.h"

#include <algorithm>
#include <array>
#include <vector>

namespace uprobesim {
namespace {

using namespace abi;

constexpr std::uint16_t kClass = 0x07, kSize = 0x18, kMode = 0xe0, kOperation = 0xf0;

// chk_code_allowed. Loads of a class: bits of kMode and kSize that they may have.
constexpr std::uint16_t kLoads[] = {
    kBpfLd | kBpfAbs,          kBpfLd | kBpfAbs | kBpfH, kBpfLd | kBpfAbs | kBpfB,
    kBpfLd | kBpfInd,          kBpfLd | kBpfInd | kBpfH, kBpfLd | kBpfInd | kBpfB,
    kBpfLd | kBpfLen,          kBpfLd | kBpfImm,         kBpfLd | kBpfMem,
    kBpfLdx | kBpfLen,         kBpfLdx | kBpfImm,        kBpfLdx | kBpfMem,
    kBpfLdx | kBpfMsh | kBpfB,
};
constexpr std::uint16_t kOperations[] = {kBpfAdd, kBpfSub, kBpfMul, kBpfDiv, kBpfMod,
                                         kBpfOr,  kBpfAnd, kBpfXor, kBpfLsh, kBpfRsh};
constexpr std::uint16_t kComparisons[] = {kBpfJeq, kBpfJge, kBpfJgt, kBpfJset};
constexpr std::uint16_t kOthers[] = {
    kBpfSt,          kBpfStx,         kBpfAlu | kBpfNeg, kBpfMisc | kBpfTax,
    kBpfRet | kBpfK, kBpfRet | kBpfA, kBpfJmp | kBpfJa,  kBpfMisc | kBpfTxa,
};

bool holds(std::span<const std::uint16_t> codes, std::uint16_t code) {
    return std::ranges::find(codes, code) != codes.end();
}

bool is_known(std::uint16_t code) {
    if (holds(kLoads, code) || holds(kOthers, code)) return true;
    if ((code & ~(kOperation | kBpfX | kClass)) != 0) return false;
    const auto operation = static_cast<std::uint16_t>(code & kOperation);
    if ((code & kClass) == kBpfAlu) return holds(kOperations, operation);
    return (code & kClass) == kBpfJmp && holds(kComparisons, operation);
}

bool is_load(std::uint16_t code, std::uint16_t mode) {
    return code == (kBpfLd | mode) || code == (kBpfLdx | mode);
}
bool is_store(std::uint16_t code) {
    return code == kBpfSt || code == kBpfStx;
}
bool is_at_fixed_place(std::uint16_t code) {
    return (code & (kClass | kMode)) == (kBpfLd | kBpfAbs);
}

// bpf_anc_helper
constexpr bool is_ancillary(std::uint32_t place) {
    return place >= kSkfAd && place - kSkfAd <= kSkfAdVlanTpid && place % 4 == 0;
}

bool valid_insn(const BpfInsn& insn, std::size_t left) {
    if (!is_known(insn.code)) return false;
    if (is_at_fixed_place(insn.code)) return insn.k < kSkfAd || is_ancillary(insn.k);
    switch (insn.code) {
        case kBpfAlu | kBpfDiv | kBpfK:
        case kBpfAlu | kBpfMod | kBpfK: return insn.k != 0;
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
        case kBpfMod: return a % b;
        case kBpfOr: return a | b;
        case kBpfAnd: return a & b;
        case kBpfXor: return a ^ b;
        case kBpfLsh: return a << (b & 31);
        case kBpfRsh: return a >> (b & 31);
        default: return 0 - a;
    }
}

std::uint32_t size_of(std::uint16_t code) {
    switch (code & kSize) {
        case kBpfH: return 2;
        case kBpfB: return 1;
        default: return 4;
    }
}

struct Registers {
    std::uint32_t a = 0, x = 0;
    std::array<std::uint32_t, kBpfMemWords> words{};
};

// The value that a load gives, or nothing: then the program ends with `end`.
std::optional<std::uint32_t> loaded(const BpfInsn& insn, const BpfData& data, const Registers& at,
                                    std::uint32_t& end) {
    end = 0;
    switch (insn.code & kMode) {
        case kBpfAbs:
            if (!is_ancillary(insn.k)) return data.load(insn.k, size_of(insn.code));
            end = at.a;
            return data.ancillary(insn.k - kSkfAd, at.a, at.x);
        case kBpfInd: return data.load(at.x + insn.k, size_of(insn.code));
        case kBpfMem: return at.words[insn.k];
        case kBpfLen: return data.length();
        case kBpfMsh: {
            const auto byte = data.load(insn.k, 1);
            return byte ? std::optional((*byte & 0xf) * 4) : std::nullopt;
        }
        default: return insn.k;
    }
}

}  // namespace

bool is_valid_program(std::span<const BpfInsn> program) {
    if (program.empty() || program.size() > kBpfMaxInsns) return false;
    for (std::size_t pc = 0; pc < program.size(); ++pc) {
        if (!valid_insn(program[pc], program.size() - pc - 1)) return false;
    }
    return (program.back().code & kClass) == kBpfRet && words_are_written(program);
}

BpfRun run_program(std::span<const BpfInsn> program, const BpfData& data) {
    Registers at;
    BpfRun run;
    for (std::size_t pc = 0;; ++pc) {
        const BpfInsn& insn = program[pc];
        ++run.executed;
        const std::uint32_t operand = (insn.code & kBpfX) != 0 ? at.x : insn.k;
        const auto operation = static_cast<std::uint16_t>(insn.code & kOperation);
        switch (insn.code & kClass) {
            case kBpfLd:
            case kBpfLdx: {
                const auto value = loaded(insn, data, at, run.value);
                if (!value) return run;
                ((insn.code & kClass) == kBpfLd ? at.a : at.x) = *value;
                break;
            }
            case kBpfSt: at.words[insn.k] = at.a; break;
            case kBpfStx: at.words[insn.k] = at.x; break;
            case kBpfAlu:
                // A division by a register that is 0 ends the program with 0.
                run.value = 0;
                if ((operation == kBpfDiv || operation == kBpfMod) && operand == 0) return run;
                at.a = calculated(operation, at.a, operand);
                break;
            case kBpfJmp:
                if (insn.code == (kBpfJmp | kBpfJa)) {
                    pc += insn.k;
                } else {
                    pc += jumps(operation, at.a, operand) ? insn.jump_true : insn.jump_false;
                }
                break;
            case kBpfRet: run.value = insn.code == (kBpfRet | kBpfA) ? at.a : insn.k; return run;
            default: insn.code == (kBpfMisc | kBpfTax) ? at.x = at.a : at.a = at.x; break;
        }
    }
}

}  // namespace uprobesim
