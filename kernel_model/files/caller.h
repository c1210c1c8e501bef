// SPDX-License-Identifier: GPL-2.0-or-later
// The caller of a file operation: its credentials, root and start directory, which Linux takes from
// the current task and its struct fs.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "kernel_model/files/credentials.h"
#include "kernel_model/files/dentry.h"

namespace uprobesim {

struct Process;

// Default: the simulator itself, with absolute paths only.
struct Caller {
    Process* process = nullptr;  // for /proc/self; null: no such directory
    Credentials credentials;
    std::shared_ptr<const Dentry> root;   // for absolute paths; null: the top of the tree
    std::shared_ptr<const Dentry> start;  // for relative paths; null: `root`
    std::uint64_t resolve = 0;            // RESOLVE_* of openat2
    std::uint32_t umask = 0;  // taken from the modes of new files, but below a default ACL

    // The same caller with another start directory, such as that of a descriptor.
    Caller starting_at(std::shared_ptr<const Dentry> directory) const {
        return {.process = process,
                .credentials = credentials,
                .root = root,
                .start = std::move(directory),
                .resolve = resolve,
                .umask = umask};
    }
};

}  // namespace uprobesim
