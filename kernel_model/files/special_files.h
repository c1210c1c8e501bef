// SPDX-License-Identifier: GPL-2.0-or-later
// Files without a host file behind them: text that the kernel makes, character devices, directories
// of such, and the host's stdin, stdout and stderr.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kernel_model/files/file.h"
#include "sim/base/entropy.h"

namespace uprobesim {

// A file whose bytes are fixed when it is opened, as seq_file's are.
class TextFile final : public File {
public:
    TextFile(std::string text, FileStatus status) : text_(std::move(text)), status_(status) {}
    SysResult<std::uint64_t> read(std::uint64_t offset, std::span<std::byte> to) override;
    bool seekable() const override { return true; }
    // What the guest writes goes there, whole; without it a write is an error.
    void on_write(std::function<void(std::string_view)> store) { store_ = std::move(store); }
    SysResult<std::uint64_t> write(std::uint64_t, std::span<const std::byte> from) override {
        if (!store_) return tl::make_unexpected(Errno::Inval);
        store_({reinterpret_cast<const char*>(from.data()), from.size()});
        return std::uint64_t{from.size()};
    }
    SysResult<FileStatus> status() override { return status_; }
    SysResult<std::uint64_t> size() override { return 0; }

private:
    std::string text_;
    std::function<void(std::string_view)> store_;
    FileStatus status_;
};

enum class Device { Null, Zero, Full, Random };
std::shared_ptr<File> make_device(Device device, Entropy& entropy, FileStatus status);

// Descriptor `fd` of the host; reads and writes go there as they come. `before_write`, if any, is
// called first.
std::shared_ptr<File> make_host_stdio(int fd, std::function<void()> before_write = {});

}  // namespace uprobesim
