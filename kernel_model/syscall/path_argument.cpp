// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/path_argument.h"

#include <algorithm>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/limits.h"

namespace uprobesim {

using namespace abi;

SysResult<PathArgument> path_argument(SysCall& call, std::int32_t dirfd, VAddr pointer,
                                      std::uint32_t flags) {
    auto text = call.memory().read_string(pointer, kPathMax);
    if (!text) return tl::make_unexpected(Errno::Fault);
    if (text->size() >= kPathMax) return tl::make_unexpected(Errno::NameTooLong);
    PathArgument argument;
    argument.caller = call.caller();
    argument.path = std::move(*text);
    if (argument.path.empty()) {
        if ((flags & kAtEmptyPath) == 0) return tl::make_unexpected(Errno::NoEnt);
        if (dirfd == kAtFdcwd) {
            argument.path.assign(1, '.');
            return argument;
        }
        argument.file = call.process.files.share(dirfd);
        if (!argument.file) return tl::make_unexpected(Errno::Badf);
        return argument;
    }
    if (argument.path.front() == '/' || dirfd == kAtFdcwd) return argument;
    const auto directory = call.process.files.share(dirfd);
    if (!directory) return tl::make_unexpected(Errno::Badf);
    auto status = directory->status();
    if (!status || (status->mode & kIfmt) != kIfDir) return tl::make_unexpected(Errno::NotDir);
    argument.caller.start = directory->dentry;
    return argument;
}

std::uint64_t component_count(const std::string& path) {
    std::uint64_t n = 0;
    for (std::size_t i = 0; i < path.size(); ++i)
        n += path[i] != '/' && (i == 0 || path[i - 1] == '/');
    return std::max<std::uint64_t>(n, 1);
}

}  // namespace uprobesim
