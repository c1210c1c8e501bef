// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel profile's `simulate-also`: what a kernel that nobody built simulates beyond its decode
// table, by word.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"

namespace uprobesim {

enum class AlsoSimulated : std::uint8_t { SubSp, AddSp, Mov, MovWide, Stp, Paciasp, Bti, kCount };

class AlsoSimulatedSet {
public:
    constexpr void add(AlsoSimulated what) { bits_ |= bit(what); }
    constexpr bool has(AlsoSimulated what) const { return (bits_ & bit(what)) != 0; }
    constexpr bool empty() const { return bits_ == 0; }
    constexpr bool operator==(const AlsoSimulatedSet&) const = default;

private:
    static constexpr std::uint32_t bit(AlsoSimulated what) {
        return 1u << static_cast<unsigned>(what);
    }
    std::uint32_t bits_ = 0;
};

std::string_view also_simulated_name(AlsoSimulated);  // "sub-sp", ...
// The error names no place: the caller knows whether it is a line of a file or a setting.
Result<AlsoSimulatedSet> also_simulated_set(const std::vector<std::string>& names);
// As --set writes it: "sub-sp,mov". Nothing is the empty set.
std::vector<std::string> also_simulated_names(std::string_view list);

}  // namespace uprobesim
