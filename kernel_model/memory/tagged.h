// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses with a tag in the top byte, which EL0's loads, stores and branches ignore
// (TCR_EL1.TBI0; Documentation/arch/arm64/tagged-pointers.rst and tagged-address-abi.rst).
#pragma once

#include "sim/base/units.h"

namespace uprobesim {

// untagged_addr: without its tag. Addresses of the kernel's half, where bit 55 is set, have none.
constexpr VAddr untagged(VAddr a) {
    constexpr std::uint64_t kTag = std::uint64_t{0xff} << 56;
    return (a.value >> 55 & 1) != 0 ? a : VAddr(a.value & ~kTag);
}

}  // namespace uprobesim
