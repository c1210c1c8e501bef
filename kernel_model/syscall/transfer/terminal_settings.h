// SPDX-License-Identifier: GPL-2.0-or-later
// The ioctls that read and change a terminal's settings, in their three forms: struct termios,
// termios2 with speeds, and System V's termio; and the locks of settings (drivers/tty/tty_ioctl.c).
#pragma once

#include <optional>

#include "kernel_model/files/tty/pty.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// Empty: `request` is none of them.
std::optional<SysOutcome> settings_ioctl(SysCall& call, Terminal& terminal, std::uint32_t request);
// Whether the request changes something that a process in the background may not.
bool changes_settings(std::uint32_t request);
// Whether the line discipline answers it, which may be none.
bool is_of_discipline(std::uint32_t request);

}  // namespace uprobesim
