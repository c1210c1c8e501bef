// SPDX-License-Identifier: GPL-2.0-or-later
// What calls on a terminal do beyond moving bytes: job control, settings, timed reads.
#pragma once

#include <optional>

#include "kernel_model/files/tty/pty.h"
#include "kernel_model/syscall/syscall.h"
#include "kernel_model/syscall/transfer/file_transfer.h"

namespace uprobesim {

// Before bytes move. A value: the call ends or waits with it instead.
std::optional<SysOutcome> before_terminal_transfer(SysCall& call, PtyFile& file,
                                                   Direction direction, std::uint64_t size);
SysOutcome terminal_ioctl(SysCall& call, PtyFile& file);
// After the open of a slave: it may be locked, or become the session's controlling terminal.
std::optional<Errno> opened_terminal(SysCall& call, PtyFile& file, std::uint32_t flags);

}  // namespace uprobesim
