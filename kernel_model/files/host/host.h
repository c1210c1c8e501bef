// SPDX-License-Identifier: GPL-2.0-or-later
// The only access to the host's file system: a directory descriptor, below which every name is
// looked up by openat2 with the host kernel's confinement. What is read or changed then is what the
// descriptor refers to, whatever has taken its name meanwhile.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "kernel_model/files/file.h"

struct timespec;

namespace uprobesim {

// An owned host descriptor.
class HostFd {
public:
    HostFd() = default;
    explicit HostFd(int fd) : fd_(fd) {}
    HostFd(const HostFd&) = delete;
    HostFd& operator=(const HostFd&) = delete;
    HostFd(HostFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    HostFd& operator=(HostFd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~HostFd();
    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

// Translates an errno of the host (the numbers in use are the same; unknown ones become EIO).
Errno guest_errno(int host_errno);

// What a call of the host returned: 0, or an error, which is in errno.
SysResult<void> host_result(long returned);

FileStatus status_of_host_fd(int fd);

// Changes of the very file that a descriptor refers to; one of O_PATH will do. NotSup: the mode of
// a symbolic link.
SysResult<void> change_host_mode(int fd, std::uint32_t mode);
SysResult<void> change_host_owner(int fd, std::uint32_t uid, std::uint32_t gid);
SysResult<void> change_host_times(int fd, const timespec& atime, const timespec& mtime);
// A descriptor of the same file that reads or writes. Neither a device nor a FIFO is opened: Nxio.
SysResult<HostFd> open_host_file(int fd, int host_flags);

// A file that was looked up: a descriptor (O_PATH) and what it shows.
struct HostFile {
    HostFd fd;
    FileStatus status;
};

class HostDirectory {
public:
    explicit HostDirectory(HostFd fd) : fd_(std::move(fd)) {}

    // `relative`: no leading '/'; "." is the directory itself. Symbolic links are never followed,
    // and no path leaves the directory.
    SysResult<HostFd> open(const std::string& relative, int host_flags, unsigned mode = 0) const;
    SysResult<HostFile> find(const std::string& relative) const;
    SysResult<FileStatus> status(const std::string& relative) const;
    // An error: whether it is there is not known.
    SysResult<bool> has(const std::string& relative) const;
    // The directory that holds `relative` and its last name, for the *at calls.
    SysResult<std::pair<HostFd, std::string>> parent(const std::string& relative) const;
    int fd() const { return fd_.get(); }

private:
    HostFd fd_;
};

// Where a symbolic link leads, of a descriptor (O_PATH).
SysResult<std::string> host_link_target(int fd);
// Entries of a host directory in its own order, without "." and "..".
SysResult<std::vector<DirEntry>> host_entries(int fd);

}  // namespace uprobesim
