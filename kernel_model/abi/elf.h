// SPDX-License-Identifier: GPL-2.0-or-later
// ELF files and the auxiliary vector, as the loader needs them (linux/elf.h, linux/auxvec.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint16_t kEtExec = 2, kEtDyn = 3, kEmAarch64 = 183;

inline constexpr std::uint32_t kPtLoad = 0x1, kPtInterp = 0x3, kPtGnuStack = 0x6474e551,
                               kPtGnuProperty = 0x6474e553;

inline constexpr std::uint32_t kPfX = 1, kPfW = 2, kPfR = 4;

// A note by "GNU" of PT_GNU_PROPERTY, and GNU_PROPERTY_AARCH64_FEATURE_1_AND in it.
inline constexpr std::uint32_t kNtGnuPropertyType0 = 5, kPropertyFeature1And = 0xc0000000,
                               kFeature1Bti = 1;

inline constexpr std::uint64_t kAtNull = 0, kAtPhdr = 3, kAtPhent = 4, kAtPhnum = 5, kAtPagesz = 6,
                               kAtBase = 7, kAtFlags = 8, kAtEntry = 9, kAtUid = 11, kAtEuid = 12,
                               kAtGid = 13, kAtEgid = 14, kAtPlatform = 15, kAtHwcap = 16,
                               kAtClktck = 17, kAtSecure = 23, kAtRandom = 25, kAtHwcap2 = 26,
                               kAtExecfn = 31, kAtSysinfoEhdr = 33, kAtMinsigstksz = 51;

}  // namespace uprobesim::abi
