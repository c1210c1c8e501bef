// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/simulation/guest_streams.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <string_view>

#include "kernel_model/abi/fcntl.h"
#include "sim/base/error.h"
#include "sim/base/fnv.h"
#include "sim/base/input_file.h"

namespace uprobesim {
namespace {

// Any number that no file of the guest has: pipefs is a separate device.
constexpr std::uint64_t kPipeDevice = 14;
constexpr std::size_t kMaxInput = std::size_t{1} << 30;

FileStatus pipe_status(int guest_fd) {
    FileStatus status;
    status.device = kPipeDevice;
    status.inode = static_cast<std::uint64_t>(guest_fd) + 1;
    status.mode = abi::kIfIfo | 0600;
    return status;
}

// The caller has made the stream non-blocking.
void wait_for(int fd, short events) {
    pollfd p{fd, events, 0};
    ::poll(&p, 1, -1);
}

// As pread(2), which signals interrupt.
ssize_t read_at(int fd, std::span<char> to, off_t at) {
    for (;;) {
        const ssize_t n = pread(fd, to.data(), to.size(), at);
        if (n >= 0 || errno != EINTR) return n;
    }
}
// All of it, or what errno says.
bool write_at(int fd, std::string_view text, off_t at) {
    while (!text.empty()) {
        const ssize_t n = pwrite(fd, text.data(), text.size(), at);
        if (n < 0 && errno != EINTR) return false;
        if (n <= 0) continue;
        text.remove_prefix(static_cast<std::size_t>(n));
        at += n;
    }
    return true;
}

class InputReader final : public File {
public:
    explicit InputReader(SharedInput& input) : input_(input) {
        flags = abi::kORdonly;
        name = "/dev/stdin";
    }
    SysResult<std::uint64_t> read(std::uint64_t, std::span<std::byte> to) override {
        const std::string& all = input_.bytes();
        const std::size_t n = std::min(to.size(), all.size() - at_);
        if (n != 0) std::memcpy(to.data(), all.data() + at_, n);
        at_ += n;
        return std::uint64_t{n};
    }
    SysResult<FileStatus> status() override { return pipe_status(0); }
    std::uint32_t poll() override { return 1; }
    std::uint64_t kernel_bytes() const override { return 0; }
    FileCosts costs() const override { return {.read = KernelPath::SysReadPipe}; }

private:
    SharedInput& input_;
    std::size_t at_ = 0;
};

}  // namespace

std::shared_ptr<File> SharedInput::reader() {
    return std::make_shared<InputReader>(*this);
}

SharedInput::~SharedInput() {
    if (store_ >= 0) close(store_);
}

void SharedInput::share() {
    if (read_ || store_ >= 0) return;
    store_ = memfd_create("uprobesim-stdin", MFD_CLOEXEC);
    if (store_ < 0 || !write_at(store_, "-", 0))
        throw HostError("make room for standard input", std::strerror(errno));
}

// What this process does not have yet. Returns whether that is all there will be.
bool SharedInput::take_stored() {
    char complete = '-';
    if (read_at(store_, {&complete, 1}, 0) != 1)
        throw HostError("read of the stored standard input", std::strerror(errno));
    std::array<char, 65536> buffer{};
    for (;;) {
        const auto at = static_cast<off_t>(1 + bytes_.size());
        const ssize_t n = read_at(store_, buffer, at);
        if (n < 0) throw HostError("read of the stored standard input", std::strerror(errno));
        if (n == 0) return complete == '+';
        bytes_.append(buffer.data(), static_cast<std::size_t>(n));
    }
}

const std::string& SharedInput::bytes() {
    if (read_) return bytes_;
    if (store_ < 0) {
        read_host();
    } else {
        // Released with the process that has it, whatever ends that.
        struct flock lock {};
        lock.l_type = F_WRLCK;
        while (fcntl(store_, F_SETLKW, &lock) != 0) {
            if (errno != EINTR) throw HostError("lock of standard input", std::strerror(errno));
        }
        if (!take_stored()) {
            read_host();
            if (!write_at(store_, "+", 0))
                throw HostError("store of standard input", std::strerror(errno));
        }
        lock.l_type = F_UNLCK;
        fcntl(store_, F_SETLK, &lock);
    }
    read_ = true;
    return bytes_;
}

void SharedInput::read_host() {
    std::array<char, 65536> buffer{};
    for (;;) {
        const ssize_t n = ::read(host_fd_, buffer.data(), buffer.size());
        if (n > 0) {
            const auto got = static_cast<std::size_t>(n);
            const auto at = static_cast<off_t>(1 + bytes_.size());
            if (store_ >= 0 && !write_at(store_, {buffer.data(), got}, at))
                throw HostError("store of standard input", std::strerror(errno));
            bytes_.append(buffer.data(), got);
        }
        if (bytes_.size() > kMaxInput)
            throw HostError("read of standard input, which every run is given,",
                            fmt::format("it is larger than {}", size_limit_text(kMaxInput)));
        if (n == 0 || (n < 0 && errno == EBADF)) break;  // closed by the caller: empty
        if (n < 0 && errno == EAGAIN) {
            wait_for(host_fd_, POLLIN);
        } else if (n < 0 && errno != EINTR) {
            throw HostError("read of standard input", std::strerror(errno));
        }
    }
}

void StreamDigest::add(std::span<const std::byte> data) {
    bytes += data.size();
    hash = fnv1a64({reinterpret_cast<const char*>(data.data()), data.size()}, hash);
}

std::string StreamDigest::hash_text() const {
    return fmt::format("{:016x}", hash);
}

DigestedOutput::DigestedOutput(int guest_fd, int host_fd, std::function<void()> before_write)
    : guest_fd_(guest_fd), host_fd_(host_fd), before_write_(std::move(before_write)) {
    flags = abi::kOWronly;
    name = guest_fd == 1 ? "/dev/stdout" : "/dev/stderr";
}

SysResult<std::uint64_t> DigestedOutput::write(std::uint64_t, std::span<const std::byte> from) {
    digest_.add(from);
    const std::size_t more = std::min(from.size(), kept_most_ - kept_.size());
    kept_.append(reinterpret_cast<const char*>(from.data()), more);
    if (host_fd_ >= 0 && before_write_) before_write_();
    // A reader that went away must not change what the guest does, or the runs would differ.
    for (std::size_t done = 0; host_fd_ >= 0 && done < from.size();) {
        const ssize_t n = ::write(host_fd_, from.data() + done, from.size() - done);
        if (n > 0) {
            done += static_cast<std::size_t>(n);
        } else if (n < 0 && errno == EAGAIN) {
            wait_for(host_fd_, POLLOUT);
        } else if (n < 0 && (errno == EPIPE || errno == EBADF)) {
            host_fd_ = -1;
        } else if (n < 0 && errno != EINTR) {
            throw HostError(fmt::format("write of the program's output to {}",
                                        guest_fd_ == 1 ? "stdout" : "stderr"),
                            std::strerror(errno));
        }
    }
    return std::uint64_t{from.size()};
}

SysResult<FileStatus> DigestedOutput::status() {
    return pipe_status(guest_fd_);
}

}  // namespace uprobesim
