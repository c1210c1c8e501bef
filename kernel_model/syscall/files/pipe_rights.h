// SPDX-License-Identifier: GPL-2.0-or-later
// What the caller may have of pipes: the limits in /proc/sys/fs, and whether they bind it.
#pragma once

#include "kernel_model/files/pipe.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

inline PipeRights pipe_rights(SysCall& call) {
    const auto limit = [&](const char* name) {
        return static_cast<std::uint64_t>(call.kernel.sysctls().number(name));
    };
    const bool resource = call.capable(Capability::SysResource);
    return {.most_bytes = limit("fs/pipe-max-size"),
            .soft_pages = limit("fs/pipe-user-pages-soft"),
            .hard_pages = limit("fs/pipe-user-pages-hard"),
            .any_size = resource,
            .any_pages = resource || call.capable(Capability::SysAdmin)};
}

}  // namespace uprobesim
