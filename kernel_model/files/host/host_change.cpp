// SPDX-License-Identifier: GPL-2.0-or-later
// Opens and changes a host file by a descriptor of it, never by a name.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/host/host.h"

namespace uprobesim {

namespace {

constexpr long kFchmodat2 = 452;  // since Linux 6.6, one number on all architectures

// The name by which the host's kernel reaches the file of a descriptor of ours.
std::string own_descriptor(int fd) {
    return fmt::format("/proc/self/fd/{}", fd);
}

}  // namespace

SysResult<void> change_host_mode(int fd, std::uint32_t mode) {
    if ((status_of_host_fd(fd).mode & abi::kIfmt) == abi::kIfLnk)
        return tl::make_unexpected(Errno::NotSup);
    if (syscall(kFchmodat2, fd, "", mode, AT_EMPTY_PATH) == 0) return {};
    if (errno != ENOSYS) return tl::make_unexpected(guest_errno(errno));
    return host_result(chmod(own_descriptor(fd).c_str(), mode));
}

SysResult<void> change_host_owner(int fd, std::uint32_t uid, std::uint32_t gid) {
    return host_result(fchownat(fd, "", uid, gid, AT_EMPTY_PATH));
}

SysResult<void> change_host_times(int fd, const timespec& atime, const timespec& mtime) {
    const timespec times[2] = {atime, mtime};
    // Before Linux 5.8 the call knows no AT_EMPTY_PATH.
    if (utimensat(fd, "", times, AT_EMPTY_PATH) == 0) return {};
    if (errno != EINVAL) return tl::make_unexpected(guest_errno(errno));
    if ((status_of_host_fd(fd).mode & abi::kIfmt) == abi::kIfLnk)
        return tl::make_unexpected(Errno::NotSup);
    return host_result(utimensat(AT_FDCWD, own_descriptor(fd).c_str(), times, 0));
}

SysResult<HostFd> open_host_file(int fd, int host_flags) {
    const std::uint32_t type = status_of_host_fd(fd).mode & abi::kIfmt;
    if (type != abi::kIfReg && type != abi::kIfDir) return tl::make_unexpected(Errno::Nxio);
    // O_NONBLOCK: a lease that another holds must not stop the simulator.
    host_flags |= O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    const std::string name = own_descriptor(fd);
    HostFd opened(::open(name.c_str(), host_flags | O_NOATIME));
    // Only the file's owner and the superuser may read without a trace.
    if (!opened && errno == EPERM) opened = HostFd(::open(name.c_str(), host_flags));
    if (!opened) return tl::make_unexpected(guest_errno(errno));
    return opened;
}

}  // namespace uprobesim
