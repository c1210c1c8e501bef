// SPDX-License-Identifier: GPL-2.0-or-later
// Files of the kernel's log: /dev/kmsg, a record each read, and /proc/kmsg, the stream that
// syslog(2) reads too.
#pragma once

#include <functional>

#include "kernel_model/files/file.h"
#include "kernel_model/log/kernel_log.h"
#include "kernel_model/sysctl/sysctls.h"

namespace uprobesim {

class LogDevice final : public File {
public:
    LogDevice(KernelLog& log, const Sysctls& sysctls, std::function<std::uint64_t()> now_ns,
              const FileStatus& status)
        : log_(log),
          sysctls_(sysctls),
          now_ns_(std::move(now_ns)),
          status_(status),
          next_(log.first()) {}

    // Pipe: the next record was overwritten; a read goes on with the first that is left. Inval: it
    // does not fit, and is passed over.
    SysResult<std::uint64_t> read(std::uint64_t, std::span<std::byte> to) override;
    SysResult<std::uint64_t> write(std::uint64_t, std::span<const std::byte> from) override;
    std::uint64_t record_bytes() const override { return KernelLog::kBytes; }
    bool seekable() const override { return true; }
    bool host_position() const override { return true; }
    SysResult<std::uint64_t> seek(std::int64_t offset, int whence) override;
    SysResult<FileStatus> status() override { return status_; }
    SysResult<std::uint64_t> size() override { return 0; }
    std::uint32_t poll() override;
    WaitQueue* waiters() override { return &log_.waiters(); }
    FileCosts costs() const override {
        return {.read = KernelPath::SysReadDevice, .write = KernelPath::SysWriteDevice};
    }

private:
    bool is_limited();

    KernelLog& log_;
    const Sysctls& sysctls_;
    std::function<std::uint64_t()> now_ns_;
    FileStatus status_;
    std::uint64_t next_;
    // What a writer has had of its share of five seconds.
    std::uint64_t share_began_ns_ = 0;
    unsigned written_ = 0;
};

class LogStream final : public File {
public:
    LogStream(KernelLog& log, const FileStatus& status) : log_(log), status_(status) {}

    SysResult<std::uint64_t> read(std::uint64_t, std::span<std::byte> to) override;
    std::uint64_t record_bytes() const override { return KernelLog::kBytes; }
    bool seekable() const override { return true; }
    SysResult<FileStatus> status() override { return status_; }
    SysResult<std::uint64_t> size() override { return 0; }
    std::uint32_t poll() override;
    WaitQueue* waiters() override { return &log_.waiters(); }
    Splices splices() const override { return {.from = true, .to = false}; }

private:
    KernelLog& log_;
    FileStatus status_;
};

}  // namespace uprobesim
