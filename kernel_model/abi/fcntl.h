// SPDX-License-Identifier: GPL-2.0-or-later
// File constants of the AArch64 Linux ABI (asm-generic with arm64's own O_* order).
#pragma once

#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint32_t kOAccmode = 3, kORdonly = 0, kOWronly = 1, kORdwr = 2;
inline constexpr std::uint32_t kOCreat = 0100, kOExcl = 0200, kONoctty = 0400, kOTrunc = 01000,
                               kOAppend = 02000;
inline constexpr std::uint32_t kONonblock = 04000, kODsync = 010000, kOAsync = 020000,
                               kODirectory = 040000;
inline constexpr std::uint32_t kONofollow = 0100000, kODirect = 0200000, kOLargefile = 0400000,
                               kONoatime = 01000000;
inline constexpr std::uint32_t kOCloexec = 02000000, kOPath = 010000000,
                               kOTmpfile = 020000000 | kODirectory;

inline constexpr std::int32_t kAtFdcwd = -100;
inline constexpr std::uint32_t kAtSymlinkNofollow = 0x100, kAtRemovedir = 0x200,
                               kAtSymlinkFollow = 0x400;
inline constexpr std::uint32_t kAtNoAutomount = 0x800, kAtEmptyPath = 0x1000, kAtEaccess = 0x200;

inline constexpr std::uint32_t kIfmt = 0170000, kIfSock = 0140000, kIfLnk = 0120000,
                               kIfReg = 0100000, kIfBlk = 0060000, kIfDir = 0040000,
                               kIfChr = 0020000, kIfIfo = 0010000;

inline constexpr std::uint8_t kDtUnknown = 0, kDtFifo = 1, kDtChr = 2, kDtDir = 4, kDtBlk = 6,
                              kDtReg = 8, kDtLnk = 10;
constexpr std::uint8_t dirent_type(std::uint32_t mode) {
    return static_cast<std::uint8_t>((mode & kIfmt) >> 12);
}

inline constexpr std::size_t kPathMax = 4096;
inline constexpr std::size_t kNameMax = 255;
inline constexpr int kLinkLimit = 40;

}  // namespace uprobesim::abi
