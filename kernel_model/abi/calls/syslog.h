// SPDX-License-Identifier: GPL-2.0-or-later
// Actions of syslog(2) (linux/syslog.h).
#pragma once

#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::int32_t kSyslogClose = 0, kSyslogOpen = 1, kSyslogRead = 2,
                              kSyslogReadAll = 3, kSyslogReadClear = 4, kSyslogClear = 5,
                              kSyslogConsoleOff = 6, kSyslogConsoleOn = 7, kSyslogConsoleLevel = 8,
                              kSyslogSizeUnread = 9, kSyslogSizeBuffer = 10;

}  // namespace uprobesim::abi
