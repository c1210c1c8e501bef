// SPDX-License-Identifier: GPL-2.0-or-later
// The base of files without a name (the kernel's anonymous inodes).
#pragma once

#include <string>
#include <string_view>

#include "kernel_model/files/file.h"
#include "kernel_model/wait/wait_queue.h"

namespace uprobesim {

class AnonFile : public File {
public:
    // `kind`: "eventfd" and so on, as /proc shows it.
    AnonFile(std::string_view kind, std::uint32_t open_flags) {
        name = "anon_inode:[" + std::string(kind) + "]";
        flags = open_flags;
    }
    // All share one inode, whose mode has no file type.
    SysResult<FileStatus> status() override {
        return FileStatus{.device = 14, .inode = 1, .mode = 0600};
    }
    WaitQueue* waiters() override { return &waiters_; }
    std::optional<std::uint64_t> only_position() const override { return position; }

protected:
    WaitQueue waiters_;
};

}  // namespace uprobesim
