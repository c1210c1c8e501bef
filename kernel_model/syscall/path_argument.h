// SPDX-License-Identifier: GPL-2.0-or-later
// Path arguments of system calls.
#pragma once

#include <memory>
#include <string>

#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// A path argument, and the caller with the directory that it starts from.
struct PathArgument {
    Caller caller;
    std::string path;
    std::shared_ptr<File> file;  // set for AT_EMPTY_PATH with an empty path
};

// `flags`: AT_EMPTY_PATH counts.
SysResult<PathArgument> path_argument(SysCall& call, std::int32_t dirfd, VAddr pointer,
                                      std::uint32_t flags = 0);

// For the price of the walk.
std::uint64_t component_count(const std::string& path);

// Prices the walk and turns a SysResult into an outcome.
template <class T>
SysOutcome named(SysCall& call, const PathArgument& p, const SysResult<T>& result) {
    call.units = component_count(p.path);
    if (!result) {
        if (result.error() == Errno::NoEnt) call.path = KernelPath::SysOpenMissing;
        return result.error();
    }
    return 0;
}

}  // namespace uprobesim
