// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/base/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include "sim/base/write_all.h"

namespace uprobesim {
namespace {

constexpr std::size_t kBufferBytes = 65536;
constexpr unsigned kMaxLinks = 40;  // as Linux follows
constexpr unsigned kMaxNames = 100;

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// /dev/stdout, /dev/fd/3: a descriptor that the caller opened. Opening it again would lose its
// position, and empty a file that others write to as well.
std::optional<int> descriptor_named(std::string_view path) {
    if (path == "/dev/stdout") return STDOUT_FILENO;
    if (path == "/dev/stderr") return STDERR_FILENO;
    for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
        if (!path.starts_with(folder)) continue;
        int fd = -1;
        const char* end = path.data() + path.size();
        const auto [stop, error] = std::from_chars(path.data() + folder.size(), end, fd);
        if (error == std::errc() && stop == end && fd >= 0) return fd;
    }
    return std::nullopt;
}

// Where the links of the last name lead; errno is set where it fails.
std::optional<std::string> without_links(std::string path) {
    for (unsigned links = 0; !descriptor_named(path); ++links) {
        std::array<char, PATH_MAX> target{};
        const ssize_t n = readlink(path.c_str(), target.data(), target.size());
        if (n < 0) break;  // no link, or nothing there
        if (links == kMaxLinks || n == PATH_MAX) {
            errno = ELOOP;
            return std::nullopt;
        }
        const std::string to(target.data(), static_cast<std::size_t>(n));
        path = to.starts_with('/') ? to : fmt::format("{}/{}", folder_of(path), to);
    }
    return path;
}

int copy_of_descriptor(int fd) {
    const int flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY) {
        errno = EBADF;
        return -1;
    }
    return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

// The file that is replaced keeps its mode and owner; false: the owner cannot be given.
bool take_attributes(int from, int to) {
    struct stat old {
    }, made{};
    if (fstat(from, &old) != 0 || fstat(to, &made) != 0) return false;
    if ((old.st_uid != made.st_uid || old.st_gid != made.st_gid) &&
        fchown(to, old.st_uid, old.st_gid) != 0)
        return false;
    return fchmod(to, old.st_mode & 0777) == 0;
}

std::string temporary_name(unsigned number) {
    return fmt::format(".uprobesim-{}-{}.part", getpid(), number);
}

}  // namespace

Result<OutputFile> OutputFile::open(const std::string& path, std::string_view what) {
    OutputFile file;
    file.path_ = path;
    const auto refused = [&](int error) {
        return user_error(std::strerror(error), path,
                          fmt::format("the {} cannot be written there", what));
    };
    if (path.find('\0') != path.npos) return refused(ENOENT);
    const auto target = without_links(path);
    if (!target) return refused(errno);
    if (const auto descriptor = descriptor_named(*target)) {
        file.fd_ = copy_of_descriptor(*descriptor);
        if (file.fd_ < 0) return refused(errno);
        return file;
    }
    struct stat s {};
    const bool exists = stat(target->c_str(), &s) == 0;
    if (!exists && errno != ENOENT) return refused(errno);
    if (exists) {
        // As the user may write it; not yet emptied.
        file.fd_ = ::open(target->c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
        if (file.fd_ < 0) return refused(errno);
        if (fstat(file.fd_, &s) == 0 && !S_ISREG(s.st_mode)) return file;
    }
    const std::size_t slash = target->rfind('/');
    file.name_ = target->substr(slash == target->npos ? 0 : slash + 1);
    if (file.name_.empty()) return refused(EISDIR);
    file.open_regular(folder_of(*target), exists);
    if (file.fd_ < 0) return refused(file.error_);
    return file;
}

// Before: fd_ is the old file, where there is one. After: what is written to.
void OutputFile::open_regular(const std::string& folder, bool exists) {
    const int old = std::exchange(fd_, -1);
    kind_ = Kind::Unnamed;
    folder_ = ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    error_ = folder_ < 0 ? errno : 0;
    if (folder_ >= 0 && access("/proc/self/fd", X_OK) == 0)
        fd_ = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
    if (folder_ >= 0 && fd_ < 0) {
        kind_ = Kind::Named;
        for (unsigned number = 0; fd_ < 0 && number < kMaxNames; ++number) {
            temporary_ = temporary_name(number);
            fd_ = openat(folder_, temporary_.c_str(),
                         O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
            error_ = fd_ < 0 ? errno : 0;
            if (error_ != EEXIST && error_ != 0) break;
        }
    }
    if (!exists) return;
    if (fd_ >= 0 && take_attributes(old, fd_)) {
        close(old);
        return;
    }
    // It may be written, but nothing beside it, or not as its owner's. Where the host has failed,
    // it is left alone.
    const bool forbidden = fd_ >= 0 || error_ == EACCES || error_ == EPERM || error_ == EROFS;
    if (fd_ >= 0 && kind_ == Kind::Named) unlinkat(folder_, temporary_.c_str(), 0);
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
    if (!forbidden) {
        close(old);
        return;
    }
    kind_ = Kind::InPlace;
    fd_ = old;
    error_ = 0;
}

OutputFile::OutputFile(OutputFile&& other) noexcept {
    *this = std::move(other);
}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
    std::swap(kind_, other.kind_);
    std::swap(path_, other.path_);
    std::swap(name_, other.name_);
    std::swap(temporary_, other.temporary_);
    std::swap(buffer_, other.buffer_);
    std::swap(fd_, other.fd_);
    std::swap(folder_, other.folder_);
    std::swap(error_, other.error_);
    std::swap(emptied_, other.emptied_);
    return *this;
}

OutputFile::~OutputFile() {
    close_all();
}

void OutputFile::close_all() {
    if (fd_ >= 0 && kind_ == Kind::Named) unlinkat(folder_, temporary_.c_str(), 0);
    if (fd_ >= 0) close(fd_);
    if (folder_ >= 0) close(folder_);
    fd_ = folder_ = -1;
}

void OutputFile::write(std::string_view text) {
    if (buffer_.empty() && text.size() >= kBufferBytes) return put(text);
    buffer_ += text;
    if (buffer_.size() >= kBufferBytes) {
        put(buffer_);
        buffer_.clear();
    }
}

void OutputFile::flush() {
    if (kind_ == Kind::Direct) put(std::exchange(buffer_, {}));
}

void OutputFile::put(std::string_view text) {
    if (error_ != 0) return;
    if (kind_ == Kind::InPlace && !std::exchange(emptied_, true) && ftruncate(fd_, 0) != 0)
        error_ = errno;
    if (error_ == 0) error_ = write_all(fd_, text);
}

void OutputFile::commit() {
    put(std::exchange(buffer_, {}));
    if (error_ != 0) fail(error_);
    // What takes the old file's place must be on the disk before it does.
    if (kind_ != Kind::Direct && fsync(fd_) != 0 && errno != EINVAL && errno != EROFS) fail(errno);
    take_name();
    kind_ = Kind::Direct;
    close_all();
}

void OutputFile::take_name() {
    if (kind_ == Kind::Direct || kind_ == Kind::InPlace) return;
    if (kind_ == Kind::Unnamed) {
        const std::string self = fmt::format("/proc/self/fd/{}", fd_);
        int linked = linkat(AT_FDCWD, self.c_str(), folder_, name_.c_str(), AT_SYMLINK_FOLLOW);
        if (linked == 0) return;
        for (unsigned number = 0; linked != 0 && errno == EEXIST && number < kMaxNames; ++number) {
            temporary_ = temporary_name(number);
            linked = linkat(AT_FDCWD, self.c_str(), folder_, temporary_.c_str(), AT_SYMLINK_FOLLOW);
        }
        if (linked != 0) fail(errno);
        kind_ = Kind::Named;
    }
    if (renameat(folder_, temporary_.c_str(), folder_, name_.c_str()) == 0) return;
    // A file that something is mounted on keeps its place.
    if (errno != EBUSY && errno != EXDEV) fail(errno);
    copy_into_place();
}

void OutputFile::copy_into_place() {
    const int to = openat(folder_, name_.c_str(), O_WRONLY | O_TRUNC | O_NOCTTY | O_CLOEXEC);
    if (to < 0) fail(errno);
    std::array<char, kBufferBytes> piece{};
    int error = 0;
    for (off_t at = 0; error == 0;) {
        const ssize_t n = pread(fd_, piece.data(), piece.size(), at);
        if (n == 0) break;
        error = n < 0 ? errno : write_all(to, {piece.data(), static_cast<std::size_t>(n)});
        at += n;
    }
    if (close(to) != 0 && error == 0) error = errno;
    if (error != 0) fail(error);
    unlinkat(folder_, temporary_.c_str(), 0);
}

void OutputFile::fail(int error) const {
    throw HostError("write of " + path_, std::strerror(error));
}

}  // namespace uprobesim
