// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/host/host.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/limits.h"
#include "sim/base/try.h"

namespace uprobesim {

HostFd::~HostFd() {
    if (fd_ >= 0) close(fd_);
}

Errno guest_errno(int host_errno) {
    // Numbers 1..34 are the same on all architectures; of the others only these occur here. The
    // guest's own descriptor limit is checked before, so EMFILE of the host is ENFILE to the guest.
    if (host_errno == EMFILE) return Errno::Nfile;
    if (host_errno >= 1 && host_errno <= 34) return static_cast<Errno>(host_errno);
    switch (host_errno) {
        case ENAMETOOLONG: return Errno::NameTooLong;
        case ENOTEMPTY: return Errno::NotEmpty;
        case ELOOP: return Errno::Loop;
        case EOVERFLOW: return Errno::Overflow;
        case EOPNOTSUPP: return Errno::NotSup;
        case EDQUOT: return Errno::NoSpc;
        default: return Errno::Io;
    }
}

SysResult<void> host_result(long returned) {
    if (returned != 0) return tl::make_unexpected(guest_errno(errno));
    return {};
}

FileStatus status_of_host_fd(int fd) {
    struct stat s {};
    FileStatus out;
    if (fstat(fd, &s) != 0) return out;
    out.device = s.st_dev;
    out.inode = s.st_ino;
    out.rdevice = s.st_rdev;
    out.mode = s.st_mode;
    out.links = static_cast<std::uint32_t>(s.st_nlink);
    out.uid = s.st_uid;
    out.gid = s.st_gid;
    out.size = s.st_size;
    out.blocks = s.st_blocks;
    out.block_size = static_cast<std::int32_t>(s.st_blksize);
    out.atime_s = s.st_atim.tv_sec;
    out.atime_ns = s.st_atim.tv_nsec;
    out.mtime_s = s.st_mtim.tv_sec;
    out.mtime_ns = s.st_mtim.tv_nsec;
    out.ctime_s = s.st_ctim.tv_sec;
    out.ctime_ns = s.st_ctim.tv_nsec;
    return out;
}

namespace {

constexpr std::size_t kDeepest = 131072;  // bytes of a path from the root: 32 of PATH_MAX

SysResult<HostFd> open_piece(int directory, const char* path, const open_how& how) {
    for (int tries = 0;; ++tries) {
        const long fd = syscall(SYS_openat2, directory, path, &how, sizeof how);
        if (fd >= 0) return HostFd(static_cast<int>(fd));
        // EAGAIN: the host kernel detected a concurrent rename during the lookup.
        if (errno == EINTR || (errno == EAGAIN && tries < 100)) continue;
        return tl::make_unexpected(guest_errno(errno));
    }
}

}  // namespace

// A tree may be deeper than a path that the host takes at once (PATH_MAX): it is opened in pieces.
// The bound is for the time that one call takes.
SysResult<HostFd> HostDirectory::open(const std::string& relative, int host_flags,
                                      unsigned mode) const {
    open_how how{};
    // O_NONBLOCK: a FIFO that has replaced a file must not block the simulator.
    if ((host_flags & O_PATH) == 0) host_flags |= O_NONBLOCK | O_NOCTTY;
    how.flags = static_cast<std::uint64_t>(host_flags | O_CLOEXEC | O_NOFOLLOW);
    how.mode = (host_flags & O_CREAT) != 0 || (host_flags & O_TMPFILE) == O_TMPFILE ? mode : 0;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    if (relative.size() > kDeepest) return tl::make_unexpected(Errno::NameTooLong);
    HostFd above;
    std::size_t begin = 0;
    while (relative.size() - begin >= abi::kPathMax) {
        const std::size_t slash = relative.rfind('/', begin + abi::kPathMax - 1);
        if (slash == std::string::npos || slash <= begin)
            return tl::make_unexpected(Errno::NameTooLong);
        const open_how directory{O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW, 0, how.resolve};
        above = TRY(open_piece(above ? above.get() : fd_.get(),
                               relative.substr(begin, slash - begin).c_str(), directory));
        begin = slash + 1;
    }
    return open_piece(above ? above.get() : fd_.get(), relative.c_str() + begin, how);
}

SysResult<HostFile> HostDirectory::find(const std::string& relative) const {
    auto fd = TRY(open(relative, O_PATH));
    const FileStatus status = status_of_host_fd(fd.get());
    if (status.mode == 0) return tl::make_unexpected(Errno::Io);
    return HostFile{std::move(fd), status};
}

SysResult<FileStatus> HostDirectory::status(const std::string& relative) const {
    return TRY(find(relative)).status;
}

SysResult<bool> HostDirectory::has(const std::string& relative) const {
    const auto found = open(relative, O_PATH);
    if (found) return true;
    if (found.error() == Errno::NoEnt || found.error() == Errno::NotDir) return false;
    return tl::make_unexpected(found.error());
}

SysResult<std::pair<HostFd, std::string>> HostDirectory::parent(const std::string& relative) const {
    const std::size_t slash = relative.rfind('/');
    auto dir = TRY(
        open(slash == std::string::npos ? "." : relative.substr(0, slash), O_PATH | O_DIRECTORY));
    return std::pair(std::move(dir),
                     slash == std::string::npos ? relative : relative.substr(slash + 1));
}

SysResult<std::string> host_link_target(int fd) {
    std::string target(abi::kPathMax, '\0');
    const ssize_t n = readlinkat(fd, "", target.data(), target.size());
    if (n < 0) return tl::make_unexpected(guest_errno(errno));
    target.resize(static_cast<std::size_t>(n));
    return target;
}

SysResult<std::vector<DirEntry>> host_entries(int fd) {
    // A new open file description, because the position belongs to it.
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    int own = openat(fd, ".", kFlags | O_NOATIME);
    if (own < 0 && errno == EPERM) own = openat(fd, ".", kFlags);
    if (own < 0) return tl::make_unexpected(guest_errno(errno));
    DIR* dir = fdopendir(own);
    if (dir == nullptr) {
        close(own);
        return tl::make_unexpected(guest_errno(errno));
    }
    std::vector<DirEntry> entries;
    errno = 0;  // readdir tells an error from the end by it alone
    while (const dirent* e = readdir(dir)) {
        const std::string name = e->d_name;
        if (name == "." || name == "..") continue;
        entries.push_back({name, e->d_ino, e->d_type});
        errno = 0;
    }
    const int error = errno;
    closedir(dir);
    if (error != 0) return tl::make_unexpected(guest_errno(error));
    return entries;
}

}  // namespace uprobesim
