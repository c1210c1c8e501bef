// SPDX-License-Identifier: GPL-2.0-or-later
// Limits and use of resources, priorities (asm-generic/resource.h, linux/resource.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace uprobesim::abi {

// Indexes of Process::limits.
inline constexpr std::size_t kRlimitCpu = 0, kRlimitFsize = 1, kRlimitData = 2, kRlimitStack = 3,
                             kRlimitCore = 4, kRlimitRss = 5, kRlimitNproc = 6, kRlimitNofile = 7,
                             kRlimitMemlock = 8, kRlimitAs = 9, kRlimitLocks = 10,
                             kRlimitSigpending = 11, kRlimitMsgqueue = 12, kRlimitNice = 13,
                             kRlimitRtprio = 14, kRlimitRttime = 15;

inline constexpr std::uint64_t kRlimInfinity = ~std::uint64_t{0};

inline constexpr std::int32_t kRusageSelf = 0, kRusageChildren = -1, kRusageThread = 1;

inline constexpr std::int32_t kPrioProcess = 0, kPrioPgrp = 1, kPrioUser = 2;

}  // namespace uprobesim::abi
