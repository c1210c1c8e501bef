// SPDX-License-Identifier: GPL-2.0-or-later
// A record of acct, version 3 (linux/acct.h).
#pragma once

#include <array>
#include <cstdint>

namespace uprobesim::abi {

// AFORK: has not called execve; ACORE: left a core file; AXSIG: was ended by a signal.
inline constexpr std::uint8_t kAcctForked = 0x01, kAcctCore = 0x08, kAcctSignal = 0x10;
inline constexpr std::uint8_t kAcctVersion = 3;
inline constexpr std::uint64_t kAcctTickNs = 10'000'000;  // AHZ: 100 a second

struct AcctRecord {  // struct acct_v3
    std::uint8_t flags, version;
    std::uint16_t tty;
    std::uint32_t exit_code, uid, gid, pid, parent, begin_s;
    float elapsed_ticks;
    // comp_t: a fraction of 13 bits, and an exponent of 3 bits to the base of 8.
    std::uint16_t user_ticks, system_ticks, memory_kib, bytes, blocks, minor_faults, major_faults,
        swaps;
    std::array<char, 16> command;
};
static_assert(sizeof(AcctRecord) == 64);

}  // namespace uprobesim::abi
