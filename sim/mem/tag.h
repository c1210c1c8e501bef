// SPDX-License-Identifier: GPL-2.0-or-later
// With TCR_EL1.TBI0, the top byte is no part of an address of the lower half.
#pragma once

#include <cstdint>

namespace uprobesim {

constexpr std::uint64_t without_tag(std::uint64_t address) {
    return (address >> 55 & 1) != 0 ? address : address & ~(std::uint64_t{0xff} << 56);
}

}  // namespace uprobesim
