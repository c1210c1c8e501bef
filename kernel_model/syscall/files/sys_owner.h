// SPDX-License-Identifier: GPL-2.0-or-later
// Signals of open files (fs/fcntl.c): F_SETOWN and the like, O_ASYNC, F_NOTIFY.
#pragma once

#include <memory>

#include "kernel_model/files/file_owner.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

SysOutcome set_owner(SysCall& call, File& file, std::int32_t who);
SysOutcome get_owner(const SysCall& call, File& file);
SysOutcome set_owner_ex(SysCall& call, File& file, VAddr at);
SysOutcome get_owner_ex(SysCall& call, File& file, VAddr at);
SysOutcome set_owner_signal(File& file, std::int32_t signal);
SysOutcome get_owner_signal(File& file);
void own_by_process(SysCall& call, File& file);
// Sets or clears O_ASYNC (fasync_helper). False: the file signals nobody, and has not the flag.
bool set_async(SysCall& call, File& file, bool on);
SysOutcome notify_directory(SysCall& call, const std::shared_ptr<File>& file, std::uint32_t mask);

// What the signal chosen by F_SETSIG tells; SIGIO itself tells nothing.
struct OwnerNews {
    std::int32_t code;        // POLL_IN and so on
    std::uint32_t band;       // poll bits
    std::int32_t descriptor;  // by which the caller asked to be told
};
OwnerNews message_of(std::int32_t descriptor);  // POLL_MSG
void signal_owner(Kernel& kernel, File& file, OwnerNews news);

}  // namespace uprobesim
