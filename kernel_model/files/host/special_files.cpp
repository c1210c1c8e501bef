// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/host/special_files.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/poll.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/files/host/host.h"

namespace uprobesim {

SysResult<std::uint64_t> TextFile::read(std::uint64_t offset, std::span<std::byte> to) {
    if (offset == 0 || !made_) {
        auto made = make_();
        if (!made) return tl::make_unexpected(made.error());
        text_ = std::move(*made);
        made_ = true;
        charge.resize(kernel_bytes());
    }
    if (offset >= text_.size()) return std::uint64_t{0};
    const std::size_t n = std::min<std::size_t>(to.size(), text_.size() - offset);
    std::memcpy(to.data(), text_.data() + offset, n);
    return std::uint64_t{n};
}

void TextFile::watch_changes(std::function<std::uint64_t()> version,
                             std::shared_ptr<WaitQueue> queue) {
    version_ = std::move(version);
    seen_ = version_();
    queue_ = std::move(queue);
}

std::uint32_t TextFile::poll() {
    if (!version_) return File::poll();
    // mounts_poll: a change is told once.
    const std::uint64_t now = version_();
    const bool changed = std::exchange(seen_, now) != now;
    return abi::kPollReadable | (changed ? abi::kPollErr | abi::kPollPri : 0);
}

namespace {

class DeviceFile final : public File {
public:
    DeviceFile(Device device, Entropy& entropy, const FileStatus& status)
        : device_(device), entropy_(entropy), status_(status) {}

    SysResult<std::uint64_t> read(std::uint64_t, std::span<std::byte> to) override {
        switch (device_) {
            case Device::Null: return std::uint64_t{0};
            case Device::Zero:
            case Device::Full: std::memset(to.data(), 0, to.size()); break;
            case Device::Random: entropy_.fill(to); break;
        }
        return std::uint64_t{to.size()};
    }
    SysResult<std::uint64_t> write(std::uint64_t, std::span<const std::byte> from) override {
        if (device_ == Device::Full) return tl::make_unexpected(Errno::NoSpc);
        return std::uint64_t{from.size()};
    }
    bool ignores_data() const override { return device_ != Device::Random; }
    // lseek succeeds without effect; reads ignore the position.
    bool seekable() const override { return true; }
    SysResult<FileStatus> status() override { return status_; }
    SysResult<std::uint64_t> size() override { return 0; }
    std::optional<std::uint64_t> only_position() const override {
        return device_ == Device::Random ? position : 0;
    }
    bool signals_owner() override { return device_ == Device::Random; }
    bool maps_zeros() const override { return device_ == Device::Zero; }
    Splices splices() const override {
        return {.from = device_ != Device::Null, .to = device_ != Device::Full};
    }
    FileCosts costs() const override {
        return {.read = KernelPath::SysReadDevice, .write = KernelPath::SysWriteDevice};
    }

private:
    Device device_;
    Entropy& entropy_;
    FileStatus status_;
};

class HostStdio final : public File {
public:
    HostStdio(int fd, std::function<void()> before_write, HostOutput* output)
        : fd_(fd), before_write_(std::move(before_write)), output_(output) {}

    // The fill level of a host pipe depends on host timing, so a read waits for all its bytes or
    // the end of file: the same command then gives the same run. A terminal returns lines. EINTR is
    // from a signal that ends the run, so the guest never sees it.
    SysResult<std::uint64_t> read(std::uint64_t, std::span<std::byte> to) override {
        const bool fill = isatty(fd_) == 0;
        std::size_t done = 0;
        while (done < to.size()) {
            const ssize_t n = ::read(fd_, to.data() + done, to.size() - done);
            if (n > 0) {
                done += static_cast<std::size_t>(n);
                if (!fill) break;
            } else if (n == 0) {
                break;
            } else if (errno == EAGAIN) {
                wait(POLLIN);
            } else {
                if (done > 0) break;
                return tl::make_unexpected(guest_errno(errno));
            }
        }
        return std::uint64_t{done};
    }
    SysResult<std::uint64_t> write(std::uint64_t, std::span<const std::byte> from) override {
        std::size_t done = skip(from.size());
        if (done < from.size() && before_write_) before_write_();
        while (done < from.size()) {
            const ssize_t n = ::write(fd_, from.data() + done, from.size() - done);
            if (n >= 0) {
                done += static_cast<std::size_t>(n);
                if (output_ != nullptr)
                    output_->written.at(static_cast<std::size_t>(fd_)) +=
                        static_cast<std::size_t>(n);
            } else if (errno == EAGAIN) {
                wait(POLLOUT);
            } else {
                if (done > 0) break;
                return tl::make_unexpected(guest_errno(errno));
            }
        }
        return std::uint64_t{done};
    }
    SysResult<FileStatus> status() override {
        FileStatus s = status_of_host_fd(fd_);
        if (s.mode == 0) return tl::make_unexpected(Errno::Badf);
        return s;
    }
    // The position of a regular host file is kept by the host: see lseek.
    bool seekable() const override {
        return (status_of_host_fd(fd_).mode & abi::kIfmt) == abi::kIfReg;
    }
    bool host_position() const override { return true; }
    Splices splices() const override { return {.from = true, .to = true}; }
    std::uint64_t kernel_bytes() const override { return 0; }
    SysResult<std::uint64_t> seek(std::int64_t offset, int whence) override {
        const off_t at = lseek(fd_, offset, whence);
        if (at < 0) return tl::make_unexpected(guest_errno(errno));
        return static_cast<std::uint64_t>(at);
    }
    SysResult<std::uint64_t> size() override {
        return static_cast<std::uint64_t>(status_of_host_fd(fd_).size);
    }
    bool can_poll() override {
        return !seekable() && abi::device_major(status_of_host_fd(fd_).rdevice) != 1;
    }
    bool signals_owner() override { return can_poll(); }
    FileCosts costs() const override {
        if (seekable()) return {};
        return {.read = KernelPath::SysReadPipe, .write = KernelPath::SysWritePipe};
    }

private:
    // How many of the next `size` bytes were written by the run that this one repeats.
    std::size_t skip(std::size_t size) {
        if (output_ == nullptr) return 0;
        const auto fd = static_cast<std::size_t>(fd_);
        std::uint64_t& written = output_->written.at(fd);
        const std::uint64_t repeated = output_->repeated.at(fd);
        const std::uint64_t n =
            written < repeated ? std::min<std::uint64_t>(repeated - written, size) : 0;
        written += n;
        return static_cast<std::size_t>(n);
    }
    void wait(short events) {
        pollfd p{fd_, events, 0};
        ::poll(&p, 1, -1);
    }
    int fd_;
    std::function<void()> before_write_;
    HostOutput* output_;
};

}  // namespace

std::shared_ptr<File> make_device(Device device, Entropy& entropy, const FileStatus& status) {
    return std::make_shared<DeviceFile>(device, entropy, status);
}

std::shared_ptr<File> make_host_stdio(int fd, std::function<void()> before_write,
                                      HostOutput* output) {
    auto file = std::make_shared<HostStdio>(fd, std::move(before_write), output);
    file->flags = fd == 0 ? abi::kORdonly : abi::kOWronly;
    file->name = fd == 0 ? "/dev/stdin" : fd == 1 ? "/dev/stdout" : "/dev/stderr";
    // A terminal is open for reading and writing.
    if (isatty(fd) != 0) file->flags = abi::kORdwr;
    return file;
}

}  // namespace uprobesim
