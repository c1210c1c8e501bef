// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses with a tag in the top byte, which EL0's loads, stores and branches ignore
// (TCR_EL1.TBI0; Documentation/arch/arm64/tagged-pointers.rst and tagged-address-abi.rst).
#pragma once

#include "sim/base/units.h"
#include "sim/mem/tag.h"

namespace uprobesim {

// untagged_addr: without its tag. Addresses of the kernel's half, where bit 55 is set, have none.
constexpr VAddr untagged(VAddr a) {
    return VAddr(without_tag(a.value));
}

}  // namespace uprobesim
