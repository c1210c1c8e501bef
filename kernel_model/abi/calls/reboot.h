// SPDX-License-Identifier: GPL-2.0-or-later
// reboot (linux/reboot.h).
#pragma once

#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint32_t kRebootMagic = 0xfee1dead;
inline constexpr std::uint32_t kRebootSecondMagic[] = {672274793, 85072278, 369367448, 537993216};
inline constexpr std::uint32_t kRebootRestart = 0x01234567, kRebootHalt = 0xcdef0123,
                               kRebootPowerOff = 0x4321fedc, kRebootRestart2 = 0xa1b2c3d4,
                               kRebootSuspend = 0xd000fce2, kRebootKexec = 0x45584543,
                               kRebootCadOff = 0, kRebootCadOn = 0x89abcdef;

}  // namespace uprobesim::abi
