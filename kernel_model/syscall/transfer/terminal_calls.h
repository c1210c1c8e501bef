// SPDX-License-Identifier: GPL-2.0-or-later
// System calls on terminals, apart from the transfer of bytes: job control, settings, timed reads.
#pragma once

#include <optional>

#include "kernel_model/files/tty/pty.h"
#include "kernel_model/syscall/syscall.h"
#include "kernel_model/syscall/transfer/file_transfer.h"

namespace uprobesim {

// Checks to do before a transfer. A value replaces the transfer: the call ends or blocks with it.
std::optional<SysOutcome> before_terminal_transfer(SysCall& call, PtyFile& file,
                                                   Direction direction, std::uint64_t size);
SysOutcome terminal_ioctl(SysCall& call, PtyFile& file);
// To call after a slave was opened: fails if it is locked; may make it the session's controlling
// terminal.
std::optional<Errno> opened_terminal(SysCall& call, PtyFile& file, std::uint32_t flags);

}  // namespace uprobesim
