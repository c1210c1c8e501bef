// SPDX-License-Identifier: GPL-2.0-or-later
// Scheduling (linux/sched.h, linux/membarrier.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::int32_t kSchedOther = 0, kSchedFifo = 1, kSchedRr = 2, kSchedBatch = 3,
                              kSchedIdle = 5, kSchedDeadline = 6;

inline constexpr std::int32_t kSchedResetOnFork = 0x40000000;  // in sched_setscheduler's policy
inline constexpr std::uint64_t kSchedFlagResetOnFork = 0x01, kSchedFlagKeepPolicy = 0x08,
                               kSchedFlagKeepParams = 0x10, kSchedFlagUtilClamp = 0x60,
                               kSchedFlagAll = 0x7f;

inline constexpr std::int32_t kMembarrierCmdQuery = 0x0, kMembarrierCmdGlobal = 0x1,
                              kMembarrierCmdGlobalExpedited = 0x2,
                              kMembarrierCmdRegisterGlobalExpedited = 0x4,
                              kMembarrierCmdPrivateExpedited = 0x8,
                              kMembarrierCmdRegisterPrivateExpedited = 0x10,
                              kMembarrierCmdPrivateExpeditedSyncCore = 0x20,
                              kMembarrierCmdRegisterPrivateExpeditedSyncCore = 0x40,
                              kMembarrierCmdPrivateExpeditedRseq = 0x80,
                              kMembarrierCmdRegisterPrivateExpeditedRseq = 0x100,
                              kMembarrierCmdGetRegistrations = 0x200;
inline constexpr std::uint32_t kMembarrierFlagCpu = 1;

inline constexpr std::int32_t kMinNice = -20, kMaxNice = 19;
inline constexpr std::uint64_t kMinRtPriority = 1, kMaxRtPriority = 99;

// --- restartable sequences (linux/rseq.h)

inline constexpr std::uint32_t kRseqFlagUnregister = 1;
inline constexpr std::uint32_t kRseqCpuUninitialized = ~std::uint32_t{0};
// Of the first version of struct rseq.
inline constexpr std::uint32_t kRseqFirstSize = 32, kRseqAlign = 32;

struct Rseq {
    std::uint32_t cpu_id_start = 0, cpu_id = 0;
    std::uint64_t rseq_cs = 0;  // struct rseq_cs of the critical section; 0: outside of one
    std::uint32_t flags = 0, node_id = 0, mm_cid = 0;
};

struct RseqCs {
    std::uint32_t version, flags;
    std::uint64_t start_ip, post_commit_offset, abort_ip;
};

}  // namespace uprobesim::abi
