// SPDX-License-Identifier: GPL-2.0-or-later
// The only access to the host's file system: a directory descriptor, below which all accesses use
// openat2 with the host kernel's confinement.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "kernel_model/files/file.h"

namespace uprobesim {

// An owned host descriptor.
class HostFd {
public:
    HostFd() = default;
    explicit HostFd(int fd) : fd_(fd) {}
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

FileStatus status_of_host_fd(int fd);

class HostDirectory {
public:
    explicit HostDirectory(HostFd fd) : fd_(std::move(fd)) {}

    // `relative`: no leading '/'; "." is the directory itself. Symbolic links are never followed,
    // and no path leaves the directory.
    SysResult<HostFd> open(const std::string& relative, int host_flags, unsigned mode = 0) const;
    SysResult<FileStatus> status(const std::string& relative) const;
    SysResult<std::string> read_link(const std::string& relative) const;
    // The directory that holds `relative` and its last name, for the *at calls.
    SysResult<std::pair<HostFd, std::string>> parent(const std::string& relative) const;
    int fd() const { return fd_.get(); }

private:
    HostFd fd_;
};

// Entries of a host directory in its own order, without "." and "..".
SysResult<std::vector<DirEntry>> host_entries(int fd);

}  // namespace uprobesim
