// SPDX-License-Identifier: GPL-2.0-or-later
// userfaultfd (linux/userfaultfd.h).
#pragma once

#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint32_t kUffdUserModeOnly = 1;  // UFFD_USER_MODE_ONLY
inline constexpr std::uint64_t kUffdNew = 0xaa00;      // of /dev/userfaultfd
inline constexpr std::uint64_t kUffdioApi = 0xc018aa3f, kUffdioRegister = 0xc020aa00,
                               kUffdioUnregister = 0x8010aa01, kUffdioWake = 0x8010aa02,
                               kUffdioCopy = 0xc028aa03, kUffdioZeropage = 0xc020aa04,
                               kUffdioMove = 0xc028aa05, kUffdioWriteProtect = 0xc018aa06,
                               kUffdioPoison = 0xc020aa08;
inline constexpr std::uint64_t kUffdApi = 0xaa;

// UFFD_FEATURE_*
inline constexpr std::uint64_t kUffdFlagWp = 1 << 0, kUffdMissingShmem = 1 << 5,
                               kUffdSigbus = 1 << 7, kUffdThreadId = 1 << 8,
                               kUffdExactAddress = 1 << 11, kUffdPoison = 1 << 14,
                               kUffdMove = 1 << 16;
// UFFDIO_REGISTER_MODE_*
inline constexpr std::uint64_t kUffdModeMissing = 1, kUffdModeWp = 2;
// The calls of a range that is registered, as bits of their numbers.
inline constexpr std::uint64_t kUffdRangeCalls = 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 8,
                               kUffdProtectCall = 1 << 6;
// UFFDIO_*_MODE_DONTWAKE of all but write protection, and what else they may ask for.
inline constexpr std::uint64_t kUffdDontWake = 1, kUffdCopyWp = 2, kUffdMoveHoles = 2;
inline constexpr std::uint64_t kUffdProtect = 1, kUffdProtectDontWake = 2;
// UFFD_EVENT_PAGEFAULT and UFFD_PAGEFAULT_FLAG_*
inline constexpr std::uint8_t kUffdEventPageFault = 0x12;
inline constexpr std::uint64_t kUffdFaultWrite = 1, kUffdFaultWp = 2;

struct UffdApi {
    std::uint64_t api, features, calls;
};
struct UffdRange {
    std::uint64_t start, length;
};
struct UffdRegister {
    UffdRange range;
    std::uint64_t mode, calls;
};
struct UffdCopy {  // and struct uffdio_move
    std::uint64_t to, from, length, mode;
    std::int64_t done;
};
struct UffdZero {  // and struct uffdio_poison
    UffdRange range;
    std::uint64_t mode;
    std::int64_t done;
};
struct UffdProtect {
    UffdRange range;
    std::uint64_t mode;
};
struct UffdMessage {
    std::uint8_t event, pad[7];
    std::uint64_t flags, address, thread;
};
static_assert(sizeof(UffdRegister) == 32 && sizeof(UffdCopy) == 40 && sizeof(UffdZero) == 32 &&
              sizeof(UffdMessage) == 32);

}  // namespace uprobesim::abi
