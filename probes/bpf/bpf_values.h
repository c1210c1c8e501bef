// SPDX-License-Identifier: GPL-2.0-or-later
// What registers hold, as far as the instructions before tell it: constants, maps, data, what a map
// lookup has returned. The stack is not followed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "probes/bpf/bpf_object.h"

namespace uprobesim {

struct BpfValue {
    enum class Kind : std::uint8_t {
        Unset,  // nothing may be read from it
        Unknown,
        Constant,
        Map,   // `index`
        Data,  // `index`: the section, `number`: where in it
        Found  // by the lookup at instruction `number`, or null
    };
    Kind kind = Kind::Unset;
    std::uint32_t index = 0;
    std::uint64_t number = 0;
    bool operator==(const BpfValue&) const = default;

    static BpfValue constant(std::uint64_t value) { return {Kind::Constant, 0, value}; }
    static BpfValue unknown() { return {Kind::Unknown, 0, 0}; }
    std::optional<std::uint64_t> known() const {
        return kind == Kind::Constant ? std::optional(number) : std::nullopt;
    }
};

class BpfState {
public:
    // At the entry: r1 is the context, r10 the frame.
    BpfState();

    const BpfValue& operator[](unsigned reg) const { return registers_[reg]; }
    // The n-th argument of a call, from 1.
    const BpfValue& argument(unsigned n) const { return registers_[n]; }
    // Of a call: the arguments are gone.
    void returned(BpfValue value);
    void give(unsigned reg, BpfValue value) { registers_[reg] = value; }
    // What holds on both ways.
    void merge(const BpfState& other);
    // All constants, at the head of a loop.
    void forget();
    // Of anything but calls, jumps and references.
    void execute(const BpfInsn& insn, std::optional<std::uint64_t> wide, const BpfObject& object);
    // Whether a conditional jump is taken; nullopt: it depends.
    std::optional<bool> decides(const BpfInsn& insn) const;
    // A lookup's pointer has been compared with null.
    void found(std::uint64_t site, bool is_null);

    // Maps whose key has been looked up in vain on the way here: one bit each of the first 64.
    bool missed(std::size_t map) const { return map < 64 && (missed_ >> map & 1) != 0; }
    void miss(std::size_t map) { missed_ |= map < 64 ? std::uint64_t{1} << map : 0; }

private:
    std::array<BpfValue, 11> registers_;
    std::uint64_t missed_ = 0;
};

}  // namespace uprobesim
