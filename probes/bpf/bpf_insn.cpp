// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/bpf/bpf_insn.h"

#include <array>

namespace uprobesim {
namespace {

constexpr unsigned kLd = 0, kLdx = 1, kSt = 2, kStx = 3, kJmp = 5, kJmp32 = 6;
constexpr unsigned kMem = 0x60, kMemSigned = 0x80, kAtomic = 0xc0;
constexpr std::uint8_t kFramePointer = 10;

// An atomic operation's immediate: the operation, and whether the old value is wanted.
constexpr std::int32_t kFetch = 1, kExchange = 0xe1, kCompareExchange = 0xf1;

}  // namespace

unsigned BpfInsn::size() const {
    constexpr std::array<unsigned, 4> kSizes = {4, 2, 1, 8};
    return kSizes[(code & 0x18u) >> 3];
}

bool BpfInsn::is_conditional() const {
    if (!is_jump_class()) return false;
    const unsigned op = operation();
    return op != 0x00 && op != 0x80 && op != 0x90 && op <= 0xe0;
}

std::vector<BpfInsn> bpf_insns(Bytes bytes) {
    std::vector<BpfInsn> insns;
    insns.reserve(bytes.size() / kBpfInsnBytes);
    for (std::uint64_t at = 0; at + kBpfInsnBytes <= bytes.size(); at += kBpfInsnBytes) {
        const auto registers = *load<std::uint8_t>(bytes, at + 1);
        insns.push_back({.code = *load<std::uint8_t>(bytes, at),
                         .dst = static_cast<std::uint8_t>(registers & 15u),
                         .src = static_cast<std::uint8_t>(registers >> 4),
                         .offset = *load<std::int16_t>(bytes, at + 2),
                         .imm = *load<std::int32_t>(bytes, at + 4)});
    }
    return insns;
}

bool is_bpf_insn(const BpfInsn& insn) {
    if (insn.dst > kFramePointer || insn.src > kFramePointer) return false;
    switch (insn.insn_class()) {
        case kLd: return insn.is_wide_constant();
        case kLdx: return insn.mode() == kMem || insn.mode() == kMemSigned;
        case kSt: return insn.mode() == kMem;
        case kStx: return insn.mode() == kMem || insn.mode() == kAtomic;
        case kJmp:
            return insn.is_goto() || insn.is_call() || insn.is_indirect_call() || insn.is_exit() ||
                   insn.is_conditional();
        case kJmp32: return insn.is_goto() || insn.is_conditional();
        default: return insn.operation() <= static_cast<unsigned>(BpfAlu::End);
    }
}

namespace {

// MOVZ or MOVN, and a MOVK for each further part of 16 bits that differs.
std::uint64_t constant_size(std::uint64_t value, unsigned bits) {
    std::uint64_t zeros = 0, ones = 0;
    for (unsigned at = 0; at < bits; at += 16) {
        const std::uint64_t part = value >> at & 0xffff;
        zeros += part == 0 ? 1 : 0;
        ones += part == 0xffff ? 1 : 0;
    }
    const std::uint64_t parts = bits / 16, trivial = zeros > ones ? zeros : ones;
    return parts == trivial ? 1 : parts - trivial;
}
std::uint64_t constant_size(const BpfInsn& insn) {
    const bool wide = insn.insn_class() != 4 && insn.insn_class() != kJmp32;
    return constant_size(static_cast<std::uint64_t>(std::int64_t{insn.imm}), wide ? 64 : 32);
}

// 12 bits, shifted by 12 or not; SUB and CMN take the negative ones.
bool fits_add(std::int64_t value) {
    const std::int64_t magnitude = value < 0 ? -value : value;
    return (magnitude & ~std::int64_t{0xfff}) == 0 || (magnitude & ~std::int64_t{0xfff000}) == 0;
}

// A run of ones, rotated, repeated in elements of 2 to 64 bits.
bool fits_logical(std::int32_t imm, bool is_64) {
    std::uint64_t value = is_64 ? static_cast<std::uint64_t>(std::int64_t{imm})
                                : static_cast<std::uint32_t>(imm) * 0x1'0000'0001u;
    if (value == 0 || ~value == 0) return false;
    unsigned size = 64;
    while (size > 2) {
        const unsigned half = size / 2;
        const std::uint64_t mask = (std::uint64_t{1} << half) - 1;
        if ((value & mask) != (value >> half & mask)) break;
        size = half;
    }
    const std::uint64_t mask = size == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << size) - 1;
    value &= mask;
    // Rotated by one, a value of one run of ones differs in two places.
    const std::uint64_t rotated = (value >> 1 | (value & 1) << (size - 1)) & mask;
    return __builtin_popcountll(value ^ rotated) == 2;
}

std::uint64_t alu_size(const BpfInsn& insn) {
    const bool is_64 = insn.insn_class() == 7, reg = insn.from_register();
    const std::uint64_t load = reg ? 0 : constant_size(insn);
    switch (static_cast<BpfAlu>(insn.operation())) {
        case BpfAlu::Mov: return reg ? 1 : load;
        case BpfAlu::Add:
        case BpfAlu::Sub: return reg || fits_add(insn.imm) ? 1 : load + 1;
        case BpfAlu::Or:
        case BpfAlu::And:
        case BpfAlu::Xor: return reg || fits_logical(insn.imm, is_64) ? 1 : load + 1;
        case BpfAlu::Mul: return load + 1;
        case BpfAlu::Div:
            // The verifier puts a test for zero before a division by a register: a jump of two.
            return reg ? 3 : load + 1;
        case BpfAlu::Mod: return reg ? 4 : load + 2;
        case BpfAlu::End: {
            // 16 bits to the other order take a zero extension, too; 64 of the own order nothing.
            const bool swaps = reg || is_64;
            if (swaps) return insn.imm == 16 ? 2 : 1;
            return insn.imm == 64 ? 0 : 1;
        }
        default: return 1;  // NEG, shifts
    }
}

std::uint64_t conditional_size(const BpfInsn& insn) {
    if (insn.from_register() || insn.operation() == static_cast<unsigned>(BpfJump::May)) return 2;
    const bool is_64 = insn.insn_class() == kJmp;
    const bool fits = insn.operation() == static_cast<unsigned>(BpfJump::AnySet)
                          ? fits_logical(insn.imm, is_64)
                          : fits_add(insn.imm);
    return 2 + (fits ? 0 : constant_size(insn));
}

// Offsets go into the instruction if they are multiples of the size and not negative; the frame
// pointer's are made so.
std::uint64_t offset_size(const BpfInsn& insn, std::uint8_t base) {
    if (base == kFramePointer) return 0;
    const auto size = static_cast<int>(insn.size());
    if (insn.offset >= 0 && insn.offset % size == 0 && insn.offset / size < 4096) return 0;
    return constant_size(static_cast<std::uint64_t>(std::int64_t{insn.offset}), 64);
}

// Beyond the loop of four, which is the price of an atomic add.
std::uint64_t atomic_size(const BpfInsn& insn) {
    const std::uint64_t address =
        insn.offset == 0 ? 0 : 1 + constant_size(static_cast<std::uint64_t>(insn.offset), 16);
    if (insn.imm == kCompareExchange) return 3 + address;
    if (insn.imm == kExchange) return address;
    return address + ((insn.imm & kFetch) != 0 ? 1 : 0);
}

}  // namespace

std::uint64_t jit_size(const BpfInsn& insn, std::optional<std::uint64_t> wide) {
    constexpr std::uint64_t kAddress = 3;  // 2 where its lowest 16 bits are zero
    if (insn.is_wide_constant()) return wide ? constant_size(*wide, 64) : kAddress;
    if (insn.is_alu()) return alu_size(insn);
    if (insn.is_call() || insn.is_indirect_call()) return 0;
    if (insn.is_conditional()) return conditional_size(insn);
    if (insn.is_jump_class()) return 1;
    if (insn.is_atomic()) return atomic_size(insn);
    if (insn.insn_class() == kLdx) return 1 + offset_size(insn, insn.src);
    if (insn.insn_class() == kStx) return 1 + offset_size(insn, insn.dst);
    const std::uint64_t value =
        constant_size(static_cast<std::uint64_t>(std::int64_t{insn.imm}), 64);
    return value + 1 + offset_size(insn, insn.dst);  // ST
}

}  // namespace uprobesim
