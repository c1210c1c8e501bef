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
                              kMembarrierCmdGetRegistrations = 0x200;

inline constexpr std::int32_t kMinNice = -20, kMaxNice = 19;
inline constexpr std::uint64_t kMinRtPriority = 1, kMaxRtPriority = 99;

}  // namespace uprobesim::abi
