// SPDX-License-Identifier: GPL-2.0-or-later
// io_uring (linux/io_uring.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace uprobesim::abi {

struct UringSqe {
    std::uint8_t opcode, flags;
    std::uint16_t priority;
    std::int32_t fd;
    std::uint64_t offset, address;
    std::uint32_t length, op_flags;
    std::uint64_t user_data;
    std::uint16_t buffer_index, personality;
    std::int32_t file_index;
    std::uint64_t address3, pad;
};
static_assert(sizeof(UringSqe) == 64);

struct UringCqe {
    std::uint64_t user_data;
    std::int32_t result;
    std::uint32_t flags;
};
static_assert(sizeof(UringCqe) == 16);

// struct io_sqring_offsets and io_cqring_offsets.
struct UringSqOffsets {
    std::uint32_t head, tail, mask, entries, flags, dropped, array, reserved;
    std::uint64_t user_address;
};
struct UringCqOffsets {
    std::uint32_t head, tail, mask, entries, overflow, cqes, flags, reserved;
    std::uint64_t user_address;
};
struct UringParams {
    std::uint32_t sq_entries, cq_entries, flags, sq_cpu, sq_idle, features, wq_fd;
    std::array<std::uint32_t, 3> reserved;
    UringSqOffsets sq;
    UringCqOffsets cq;
};
static_assert(sizeof(UringParams) == 120);

inline constexpr std::uint32_t kUringCqsize = 8, kUringClamp = 16, kUringDisabled = 64,
                               kUringSubmitAll = 128, kUringCoopTaskrun = 256,
                               kUringTaskrunFlag = 512, kUringSingleIssuer = 4096,
                               kUringDeferTaskrun = 8192;
inline constexpr std::uint32_t kUringFeatures = 1 | 2 | 4 | 8 | 16 | 64 | 256 | 1024 | 2048;
inline constexpr std::uint32_t kUringMostEntries = 32768;
inline constexpr std::uint64_t kUringCqOffset = 0x8000000, kUringSqesOffset = 0x10000000;

inline constexpr std::uint32_t kUringGetEvents = 1, kUringSqWakeup = 2, kUringSqWait = 4,
                               kUringExtArg = 8;
inline constexpr std::uint8_t kSqeFixedFile = 1, kSqeDrain = 2, kSqeLink = 4, kSqeHardlink = 8,
                              kSqeAsync = 16, kSqeSkipSuccess = 64;

enum UringOpcode : std::uint8_t {
    kUringNop = 0,
    kUringReadv = 1,
    kUringWritev = 2,
    kUringFsync = 3,
    kUringReadFixed = 4,
    kUringWriteFixed = 5,
    kUringPollAdd = 6,
    kUringPollRemove = 7,
    kUringSendmsg = 9,
    kUringRecvmsg = 10,
    kUringTimeout = 11,
    kUringTimeoutRemove = 12,
    kUringAccept = 13,
    kUringCancel = 14,
    kUringConnect = 16,
    kUringFallocate = 17,
    kUringOpenat = 18,
    kUringClose = 19,
    kUringStatx = 21,
    kUringRead = 22,
    kUringWrite = 23,
    kUringFadvise = 24,
    kUringMadvise = 25,
    kUringSend = 26,
    kUringRecv = 27,
    kUringOpenat2 = 28,
    kUringShutdown = 34,
    kUringRenameat = 35,
    kUringUnlinkat = 36,
    kUringMkdirat = 37,
    kUringSymlinkat = 38,
    kUringLinkat = 39,
    kUringSocket = 45,
    kUringLast = 58,  // of 6.12
};

inline constexpr std::uint32_t kRegisterBuffers = 0, kUnregisterBuffers = 1, kRegisterFiles = 2,
                               kUnregisterFiles = 3, kRegisterEventfd = 4, kUnregisterEventfd = 5,
                               kRegisterFilesUpdate = 6, kRegisterEventfdAsync = 7,
                               kRegisterProbe = 8, kRegisterEnableRings = 12;

}  // namespace uprobesim::abi
