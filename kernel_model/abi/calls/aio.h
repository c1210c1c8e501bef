// SPDX-License-Identifier: GPL-2.0-or-later
// Linux AIO (linux/aio_abi.h): operations and flags of an iocb.
#pragma once

#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint16_t kIocbPread = 0, kIocbPwrite = 1, kIocbFsync = 2, kIocbFdsync = 3,
                               kIocbPoll = 5, kIocbPreadv = 7, kIocbPwritev = 8;
inline constexpr std::uint32_t kIocbFlagResfd = 1;

}  // namespace uprobesim::abi
