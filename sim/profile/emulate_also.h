// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel profile's `emulate-also`: hypothetical, what a kernel emulates beyond its decode table,
// by word.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"

namespace uprobesim {

enum class AlsoEmulated : std::uint8_t { SubSp, AddSp, Mov, MovWide, Stp, Paciasp, Bti, kCount };

class AlsoEmulatedSet {
public:
    constexpr void add(AlsoEmulated what) { bits_ |= bit(what); }
    constexpr void remove(AlsoEmulated what) { bits_ &= ~bit(what); }
    constexpr bool has(AlsoEmulated what) const { return (bits_ & bit(what)) != 0; }
    constexpr bool empty() const { return bits_ == 0; }
    std::uint64_t bits() const { return bits_; }
    static AlsoEmulatedSet of_bits(std::uint64_t bits) {
        AlsoEmulatedSet set;
        set.bits_ = static_cast<std::uint32_t>(bits);
        return set;
    }
    constexpr bool operator==(const AlsoEmulatedSet&) const = default;

private:
    static constexpr std::uint32_t bit(AlsoEmulated what) {
        return 1u << static_cast<unsigned>(what);
    }
    std::uint32_t bits_ = 0;
};

std::string_view also_emulated_name(AlsoEmulated);  // "sub-sp", ...
// The error names no place: the caller knows whether it is a line of a file or a setting.
Result<AlsoEmulatedSet> also_emulated_set(const std::vector<std::string>& names);

}  // namespace uprobesim
