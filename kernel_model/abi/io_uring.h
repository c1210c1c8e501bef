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

// enum io_uring_op.
inline constexpr std::uint8_t kUringNop = 0;
inline constexpr std::uint8_t kUringReadv = 1;
inline constexpr std::uint8_t kUringWritev = 2;
inline constexpr std::uint8_t kUringFsync = 3;
inline constexpr std::uint8_t kUringReadFixed = 4;
inline constexpr std::uint8_t kUringWriteFixed = 5;
inline constexpr std::uint8_t kUringPollAdd = 6;
inline constexpr std::uint8_t kUringPollRemove = 7;
inline constexpr std::uint8_t kUringSendmsg = 9;
inline constexpr std::uint8_t kUringRecvmsg = 10;
inline constexpr std::uint8_t kUringTimeout = 11;
inline constexpr std::uint8_t kUringTimeoutRemove = 12;
inline constexpr std::uint8_t kUringAccept = 13;
inline constexpr std::uint8_t kUringCancel = 14;
inline constexpr std::uint8_t kUringLinkTimeout = 15;
inline constexpr std::uint8_t kUringConnect = 16;
inline constexpr std::uint8_t kUringFallocate = 17;
inline constexpr std::uint8_t kUringOpenat = 18;
inline constexpr std::uint8_t kUringClose = 19;
inline constexpr std::uint8_t kUringStatx = 21;
inline constexpr std::uint8_t kUringRead = 22;
inline constexpr std::uint8_t kUringWrite = 23;
inline constexpr std::uint8_t kUringFadvise = 24;
inline constexpr std::uint8_t kUringMadvise = 25;
inline constexpr std::uint8_t kUringSend = 26;
inline constexpr std::uint8_t kUringRecv = 27;
inline constexpr std::uint8_t kUringOpenat2 = 28;
inline constexpr std::uint8_t kUringShutdown = 34;
inline constexpr std::uint8_t kUringRenameat = 35;
inline constexpr std::uint8_t kUringUnlinkat = 36;
inline constexpr std::uint8_t kUringMkdirat = 37;
inline constexpr std::uint8_t kUringSymlinkat = 38;
inline constexpr std::uint8_t kUringLinkat = 39;
inline constexpr std::uint8_t kUringSocket = 45;
inline constexpr std::uint8_t kUringLast = 58;  // of 6.12

inline constexpr std::uint32_t kRegisterBuffers = 0, kUnregisterBuffers = 1, kRegisterFiles = 2,
                               kUnregisterFiles = 3, kRegisterEventfd = 4, kUnregisterEventfd = 5,
                               kRegisterFilesUpdate = 6, kRegisterEventfdAsync = 7,
                               kRegisterProbe = 8, kRegisterEnableRings = 12;

// IORING_TIMEOUT_ABS, IORING_FSYNC_DATASYNC; IORING_SQ_CQ_OVERFLOW of the ring's flags.
inline constexpr std::uint32_t kUringTimeoutAbs = 1, kUringFsyncData = 1, kUringCqOverflow = 2;

}  // namespace uprobesim::abi
