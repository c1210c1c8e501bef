// SPDX-License-Identifier: GPL-2.0-or-later
// Loop devices (linux/loop.h), and requests of block devices (linux/fs.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint64_t kLoopMajor = 7, kMiscMajor = 10, kLoopControlMinor = 237;

inline constexpr std::uint32_t kLoopSetFd = 0x4c00, kLoopClrFd = 0x4c01, kLoopSetStatus = 0x4c02,
                               kLoopGetStatus = 0x4c03, kLoopSetStatus64 = 0x4c04,
                               kLoopGetStatus64 = 0x4c05, kLoopChangeFd = 0x4c06,
                               kLoopSetCapacity = 0x4c07, kLoopSetDirectIo = 0x4c08,
                               kLoopSetBlockSize = 0x4c09, kLoopConfigure = 0x4c0a,
                               kLoopCtlAdd = 0x4c80, kLoopCtlRemove = 0x4c81,
                               kLoopCtlGetFree = 0x4c82;
// LO_FLAGS_*, and those that LOOP_SET_STATUS and LOOP_CONFIGURE may set.
inline constexpr std::uint32_t kLoopReadOnly = 1, kLoopAutoclear = 4, kLoopPartscan = 8,
                               kLoopDirectIo = 16;
inline constexpr std::uint32_t kLoopStatusFlags = kLoopAutoclear | kLoopPartscan;

inline constexpr std::uint32_t kBlkroset = 0x125d, kBlkroget = 0x125e, kBlkrrpart = 0x125f,
                               kBlkgetsize = 0x1260, kBlkflsbuf = 0x1261, kBlkraset = 0x1262,
                               kBlkraget = 0x1263, kBlkfraset = 0x1264, kBlkfraget = 0x1265,
                               kBlksszget = 0x1268, kBlkiomin = 0x1278, kBlkioopt = 0x1279,
                               kBlkalignoff = 0x127a, kBlkpbszget = 0x127b, kBlkbszget = 0x80081270,
                               kBlkgetsize64 = 0x80081272;

struct LoopInfo {
    std::int32_t number;
    std::uint32_t device;
    std::uint64_t inode;
    std::uint32_t rdevice;
    std::int32_t offset, encryption, key_bytes, flags;
    std::array<char, 64> name;
    std::array<std::uint8_t, 32> key;
    std::uint64_t init[2];
    char reserved[4];
};
struct LoopInfo64 {
    std::uint64_t device, inode, rdevice, offset, size_limit;
    std::uint32_t number, encryption, key_bytes, flags;
    std::array<char, 64> name, cipher;
    std::array<std::uint8_t, 32> key;
    std::uint64_t init[2];
};
struct LoopConfig {
    std::uint32_t fd, block_size;
    LoopInfo64 info;
    std::uint64_t reserved[8];
};
static_assert(sizeof(LoopInfo) == 160 && offsetof(LoopInfo, init) == 136);
static_assert(sizeof(LoopInfo64) == 232 && offsetof(LoopInfo64, init) == 216);
static_assert(sizeof(LoopConfig) == 304);

}  // namespace uprobesim::abi
