// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/bpf/bpf_values.h"

#include <cstring>

namespace uprobesim {
namespace {

using ValueKind = BpfValue::Kind;

std::uint64_t immediate(const BpfInsn& insn) {
    return static_cast<std::uint64_t>(std::int64_t{insn.imm});
}

std::optional<std::uint64_t> computed(const BpfInsn& insn, std::uint64_t a, std::uint64_t b) {
    const bool is_64 = insn.insn_class() == 7;
    if (!is_64) {
        a = static_cast<std::uint32_t>(a);
        b = static_cast<std::uint32_t>(b);
    }
    const std::uint64_t shift = b & (is_64 ? 63 : 31);
    std::uint64_t value = 0;
    switch (static_cast<BpfAlu>(insn.operation())) {
        case BpfAlu::Mov:
            if (insn.from_register() && insn.offset != 0) return std::nullopt;  // sign extension
            value = b;
            break;
        case BpfAlu::Add: value = a + b; break;
        case BpfAlu::Sub: value = a - b; break;
        case BpfAlu::Mul: value = a * b; break;
        case BpfAlu::Or: value = a | b; break;
        case BpfAlu::And: value = a & b; break;
        case BpfAlu::Xor: value = a ^ b; break;
        case BpfAlu::Lsh: value = a << shift; break;
        case BpfAlu::Rsh: value = a >> shift; break;
        case BpfAlu::Arsh:
            value = is_64 ? static_cast<std::uint64_t>(static_cast<std::int64_t>(a) >> shift)
                          : static_cast<std::uint32_t>(static_cast<std::int32_t>(a) >> shift);
            break;
        default: return std::nullopt;
    }
    return is_64 ? value : static_cast<std::uint32_t>(value);
}

// Of a section that no program writes.
std::optional<std::uint64_t> constant_at(const BpfData& data, std::uint64_t at, unsigned size) {
    if (!data.constant || at > data.bytes.size() || data.bytes.size() - at < size)
        return std::nullopt;
    std::uint64_t value = 0;
    std::memcpy(&value, data.bytes.data() + at, size);
    return value;
}

}  // namespace

BpfState::BpfState() {
    registers_[1] = registers_[10] = BpfValue::unknown();
}

void BpfState::returned(BpfValue value) {
    registers_[0] = value;
    for (unsigned reg = 1; reg <= 5; ++reg) registers_[reg] = {};
}

void BpfState::merge(const BpfState& other) {
    for (std::size_t reg = 0; reg < registers_.size(); ++reg) {
        if (registers_[reg] == other.registers_[reg]) continue;
        const bool unset = registers_[reg].kind == ValueKind::Unset ||
                           other.registers_[reg].kind == ValueKind::Unset;
        registers_[reg] = unset ? BpfValue() : BpfValue::unknown();
    }
    missed_ &= other.missed_;
}

void BpfState::forget() {
    for (BpfValue& value : registers_) {
        if (value.kind != ValueKind::Unset) value = BpfValue::unknown();
    }
    missed_ = 0;
}

void BpfState::execute(const BpfInsn& insn, std::optional<std::uint64_t> wide,
                       const BpfObject& object) {
    BpfValue& to = registers_[insn.dst];
    if (insn.is_wide_constant()) {
        to = wide ? BpfValue::constant(*wide) : BpfValue::unknown();
        return;
    }
    const BpfValue from = registers_[insn.src];
    if (insn.insn_class() == 1) {
        const auto value =
            from.kind == ValueKind::Data && (insn.code & 0xe0u) == 0x60
                ? constant_at(object.data[from.index],
                              from.number + static_cast<std::uint64_t>(std::int64_t{insn.offset}),
                              insn.size())
                : std::nullopt;
        to = value ? BpfValue::constant(*value) : BpfValue::unknown();
        return;
    }
    if (insn.is_atomic()) {
        if ((insn.imm & 1) != 0) registers_[insn.imm == 0xf1 ? 0 : insn.src] = BpfValue::unknown();
        return;
    }
    if (!insn.is_alu()) return;
    const auto operation = static_cast<BpfAlu>(insn.operation());
    const bool is_64 = insn.insn_class() == 7, reg = insn.from_register();
    if (operation == BpfAlu::Mov && is_64 && reg && insn.offset == 0) {
        to = from;
        return;
    }
    if (operation == BpfAlu::Add && is_64 && !reg && to.kind == ValueKind::Data) {
        to.number += immediate(insn);
        return;
    }
    const auto a = operation == BpfAlu::Mov ? std::optional<std::uint64_t>(0) : to.known();
    const auto b = reg ? from.known() : std::optional(immediate(insn));
    const auto value = a && b ? computed(insn, *a, *b) : std::nullopt;
    to = value ? BpfValue::constant(*value) : BpfValue::unknown();
}

std::optional<bool> BpfState::decides(const BpfInsn& insn) const {
    const bool is_64 = insn.insn_class() == 5;
    auto a = registers_[insn.dst].known();
    auto b = insn.from_register() ? registers_[insn.src].known() : std::optional(immediate(insn));
    if (!a || !b) return std::nullopt;
    if (!is_64) {
        a = static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(*a)});
        b = static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(*b)});
    }
    // Sign extension keeps the order of unsigned values of 32 bits, too.
    const auto s = static_cast<std::int64_t>(*a), t = static_cast<std::int64_t>(*b);
    switch (static_cast<BpfJump>(insn.operation())) {
        case BpfJump::Equal: return *a == *b;
        case BpfJump::NotEqual: return *a != *b;
        case BpfJump::Greater: return *a > *b;
        case BpfJump::GreaterEqual: return *a >= *b;
        case BpfJump::Less: return *a < *b;
        case BpfJump::LessEqual: return *a <= *b;
        case BpfJump::AnySet: return (*a & *b) != 0;
        case BpfJump::SignedGreater: return s > t;
        case BpfJump::SignedGreaterEqual: return s >= t;
        case BpfJump::SignedLess: return s < t;
        case BpfJump::SignedLessEqual: return s <= t;
        default: return std::nullopt;
    }
}

void BpfState::found(std::uint64_t site, bool is_null) {
    for (BpfValue& value : registers_) {
        if (value.kind == ValueKind::Found && value.number == site)
            value = is_null ? BpfValue::constant(0) : BpfValue::unknown();
    }
}

}  // namespace uprobesim
