// SPDX-License-Identifier: GPL-2.0-or-later
// Default implementations of the file operations.
#include "kernel_model/files/file.h"

#include <utility>

#include "kernel_model/abi/poll.h"

namespace uprobesim {

File::~File() {
    for (Watcher* watcher : std::exchange(watchers_, {})) watcher->closed();
}

SysResult<std::uint64_t> File::read(std::uint64_t, std::span<std::byte>) {
    return tl::make_unexpected(Errno::Inval);
}
SysResult<std::uint64_t> File::write(std::uint64_t, std::span<const std::byte>) {
    return tl::make_unexpected(Errno::Inval);
}
SysResult<std::uint64_t> File::size() {
    return tl::make_unexpected(Errno::Inval);
}
std::optional<std::uint64_t> File::next_data(std::uint64_t from) {
    return from;
}
SysResult<void> File::truncate(std::uint64_t) {
    return tl::make_unexpected(Errno::Inval);
}
SysResult<void> File::clear(std::uint64_t, std::uint64_t) {
    return tl::make_unexpected(Errno::NotSup);
}
SysResult<std::vector<DirEntry>> File::entries() {
    return tl::make_unexpected(Errno::NotDir);
}
SysResult<std::uint64_t> File::ioctl(std::uint64_t, std::uint64_t, UserMemory&) {
    return tl::make_unexpected(Errno::NotTty);
}

std::uint32_t File::poll() {
    return abi::kPollIn | abi::kPollOut | abi::kPollRdnorm | abi::kPollWrnorm;
}

}  // namespace uprobesim
