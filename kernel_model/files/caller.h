// SPDX-License-Identifier: GPL-2.0-or-later
// The caller of a file operation: its credentials, root and start directory, which Linux takes from
// the current task and its struct fs.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "kernel_model/files/dentry.h"

namespace uprobesim {

struct FileStatus;
struct Process;

// fsuid, fsgid and the supplementary groups. Default: the superuser.
struct Credentials {
    std::uint32_t uid = 0, gid = 0;
    std::vector<std::uint32_t> groups;

    // `wanted`: abi::kROk, kWOk, kXOk (search, of a directory).
    bool permit(const FileStatus& status, std::uint32_t wanted) const;
    bool in_group(std::uint32_t group) const;
    // The set-ID bits that a file loses when it is written (setattr_should_drop_suidgid).
    std::uint32_t set_ids_lost(const FileStatus& status) const;
};

// Default: the simulator itself, with absolute paths only.
struct Caller {
    Process* process = nullptr;  // for /proc/self; null: no such directory
    Credentials credentials;
    std::shared_ptr<const Dentry> root;   // for absolute paths; null: the top of the tree
    std::shared_ptr<const Dentry> start;  // for relative paths; null: `root`

    // The same caller with another start directory, such as that of a descriptor.
    Caller starting_at(std::shared_ptr<const Dentry> directory) const {
        return {.process = process,
                .credentials = credentials,
                .root = root,
                .start = std::move(directory)};
    }
};

}  // namespace uprobesim
