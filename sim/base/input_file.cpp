// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/base/input_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sim/base/try.h"

namespace uprobesim {
namespace {

// What a path names that is no regular file.
std::string_view kind_of(mode_t mode) {
    switch (mode & S_IFMT) {
        case S_IFDIR: return "a folder";
        case S_IFIFO: return "a FIFO";
        case S_IFSOCK: return "a socket";
        default: return "a device";
    }
}

tl::unexpected<UserError> not_opened(int error, const std::string& path, const InputKind& kind) {
    if (error == ENOENT || error == ENOTDIR)
        return user_error(fmt::format("no such {} file", kind.what), path,
                          std::string(kind.remedy.empty() ? "check the path" : kind.remedy));
    return user_error(
        fmt::format("the {} file cannot be opened: {}", kind.what, std::strerror(error)), path,
        error == EACCES ? "check its permissions" : "");
}

tl::unexpected<UserError> too_large(std::uint64_t size, const std::string& path,
                                    const InputKind& kind) {
    return user_error(fmt::format("the {} file is too large: {} bytes", kind.what, size), path,
                      fmt::format("at most {}", size_limit_text(kind.most_bytes)));
}

Result<std::uint64_t> checked_size(const struct stat& s, const std::string& path,
                                   const InputKind& kind) {
    if (!S_ISREG(s.st_mode))
        return user_error(fmt::format("the {} file is {}", kind.what, kind_of(s.st_mode)), path,
                          "give a regular file");
    const auto size = static_cast<std::uint64_t>(s.st_size);
    if (size > kind.most_bytes) return too_large(size, path, kind);
    return size;
}

}  // namespace

std::string size_limit_text(std::uint64_t bytes) {
    constexpr std::uint64_t kMega = std::uint64_t{1} << 20, kGiga = std::uint64_t{1} << 30;
    if (bytes >= kGiga && bytes % kGiga == 0) return fmt::format("{} GiB", bytes / kGiga);
    if (bytes >= kMega && bytes % kMega == 0) return fmt::format("{} MiB", bytes / kMega);
    return fmt::format("{} bytes", bytes);
}

Result<InputFile> InputFile::open(const std::string& path, const InputKind& kind) {
    // Asked before it is opened: opening a device may do something to it. Asked again afterwards:
    // the name may lead to another file by then, and O_NONBLOCK keeps a FIFO from blocking.
    if (path.find('\0') != path.npos) return not_opened(ENOENT, path, kind);
    struct stat s {};
    if (stat(path.c_str(), &s) != 0) return not_opened(errno, path, kind);
    TRY(checked_size(s, path, kind));
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return not_opened(errno, path, kind);
    InputFile file(fd, path, kind, 0);
    if (fstat(fd, &s) != 0) return not_opened(errno, path, kind);
    file.size_ = TRY(checked_size(s, path, kind));
    return file;
}

InputFile::InputFile(InputFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      kind_(other.kind_),
      size_(other.size_) {}

InputFile::~InputFile() {
    if (fd_ >= 0) close(fd_);
}

Result<std::size_t> InputFile::read_head(std::span<std::byte> to) const {
    std::size_t done = 0;
    while (done < to.size()) {
        const ssize_t n = pread(fd_, to.data() + done, to.size() - done, static_cast<off_t>(done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            return user_error(
                fmt::format("the {} file cannot be read: {}", kind_.what, std::strerror(errno)),
                path_);
        if (n == 0) break;
        done += static_cast<std::size_t>(n);
    }
    return done;
}

template <class Buffer>
Result<Buffer> InputFile::whole() const {
    Buffer all;
    // A byte more than it should have: files of /proc say 0 and have more, others may grow.
    std::size_t wanted = static_cast<std::size_t>(size_) + 1;
    for (;;) {
        all.resize(wanted);
        const std::size_t got = TRY(read_head(std::as_writable_bytes(std::span(all))));
        if (got > kind_.most_bytes) return too_large(got, path_, kind_);
        if (got < wanted) {
            all.resize(got);
            return all;
        }
        wanted = static_cast<std::size_t>(
            std::min<std::uint64_t>(2 * std::uint64_t{wanted} + 4096, kind_.most_bytes + 1));
    }
}

Result<std::vector<std::byte>> InputFile::bytes() const {
    return whole<std::vector<std::byte>>();
}

Result<std::string> InputFile::text() const {
    return whole<std::string>();
}

Result<std::string> read_text_file(const std::string& path, const InputKind& kind) {
    const auto file = TRY(InputFile::open(path, kind));
    return file.text();
}

}  // namespace uprobesim
