// SPDX-License-Identifier: GPL-2.0-or-later
// System V semaphores and message queues, POSIX message queues (linux/sem.h, linux/msg.h,
// linux/mqueue.h). What all of System V's calls share is in mman.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace uprobesim::abi {

// The device number of the file system of POSIX message queues.
inline constexpr std::uint64_t kMqueueDevice = 19;

inline constexpr std::uint32_t kIpcNowait = 04000;

// semctl
inline constexpr std::int32_t kSemGetpid = 11, kSemGetval = 12, kSemGetall = 13, kSemGetncnt = 14,
                              kSemGetzcnt = 15, kSemSetval = 16, kSemSetall = 17, kSemStat = 18,
                              kSemInfo = 19, kSemStatAny = 20;
inline constexpr std::uint16_t kSemUndo = 0x1000;
// The largest value, of a semaphore and of what an exit adds (SEMVMX, SEMAEM).
inline constexpr std::int32_t kSemvmx = 32767;

struct Sembuf {
    std::uint16_t number;
    std::int16_t change;
    std::uint16_t flags;
};
static_assert(sizeof(Sembuf) == 6);

// msgctl, msgrcv
inline constexpr std::int32_t kMsgStat = 11, kMsgInfo = 12, kMsgStatAny = 13;
inline constexpr std::uint32_t kMsgNoerror = 010000, kMsgExcept = 020000, kMsgCopy = 040000;

// struct ipc64_perm
struct IpcPerm {
    std::int32_t key;
    std::uint32_t uid, gid, creator_uid, creator_gid, mode;
    std::uint16_t sequence, pad;
    std::uint32_t hole;
    std::array<std::uint64_t, 2> unused;
};
static_assert(sizeof(IpcPerm) == 48);

// POSIX message queues
inline constexpr std::uint32_t kMqPrioMax = 32768;
inline constexpr std::int64_t kMqHardMessages = 65536, kMqHardSize = 16 << 20;
struct MqAttr {
    std::int64_t flags, most_messages, message_size, messages;
    std::array<std::int64_t, 4> reserved;
};
static_assert(sizeof(MqAttr) == 64);
inline constexpr std::int32_t kSiMesgq = -3;
inline constexpr std::size_t kNotifyCookie = 32;
inline constexpr std::uint8_t kNotifyWokenup = 1, kNotifyRemoved = 2;

}  // namespace uprobesim::abi
