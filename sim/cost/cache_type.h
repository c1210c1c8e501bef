// SPDX-License-Identifier: GPL-2.0-or-later
// CTR_EL0 of a machine: what its caches need for written code to be executed.
#pragma once

#include <cstdint>

#include "sim/profile/machine_profile.h"

namespace uprobesim {

// As an instruction finds it. Lines of 64 bytes and a PIPT instruction cache, as the Cortex-A72's
// TRM has it for its CTR_EL0 and as all machines here are; IDC (bit 28) and DIC (bit 29) are the
// profile's.
constexpr std::uint64_t cache_type(const MachineProfile& machine) {
    constexpr std::uint64_t kA72 = 0x8444c004;
    return kA72 | std::uint64_t{machine.idc.value != 0} << 28 |
           std::uint64_t{machine.dic.value != 0} << 29;
}

// As Linux answers where it hides DIC (erratum 1542419 of the Neoverse N1, commit 05460849c3b5):
// reads at EL0 trap, and IminLine says lines of 4 KiB, so that fewer of the IC IVAU that trap too
// are made.
constexpr std::uint64_t cache_type_without_dic(const MachineProfile& machine) {
    constexpr std::uint64_t kIminLine = 15, kDic = std::uint64_t{1} << 29, kPageInWords = 10;
    return (cache_type(machine) & ~(kDic | kIminLine)) | kPageInWords;
}

}  // namespace uprobesim
