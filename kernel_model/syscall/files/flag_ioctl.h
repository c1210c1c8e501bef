// SPDX-License-Identifier: GPL-2.0-or-later
// The flags of an open file by ioctl, as a tmpfs keeps them (fs/ioctl.c, shmem_fileattr_set).
#pragma once

#include <memory>
#include <optional>

#include "kernel_model/files/file.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// FS_IOC_GETFLAGS, FS_IOC_FSGETXATTR. Nothing: the file has none.
std::optional<SysOutcome> get_inode_flags(SysCall& call, const std::shared_ptr<File>& file);
// FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR.
std::optional<SysOutcome> set_inode_flags(SysCall& call, const std::shared_ptr<File>& file);

}  // namespace uprobesim
