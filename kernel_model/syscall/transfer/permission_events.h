// SPDX-License-Identifier: GPL-2.0-or-later
// Permission events of fanotify: before a file is opened or read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// Asks all those who want to be asked, one after the other (fsnotify_perm). The outcome of the call
// while one has not answered, or when one says no; nothing: the file may be used. `asking`: what a
// call that waits keeps of it between its entries.
std::optional<SysOutcome> ask_first(SysCall& call, File& file, std::uint32_t mask,
                                    std::shared_ptr<void>& asking);

}  // namespace uprobesim
