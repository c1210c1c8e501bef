// SPDX-License-Identifier: GPL-2.0-or-later
// eventfd: a counter. Reads return and reset it, writes add to it.
#pragma once

#include "kernel_model/files/anon_file.h"

namespace uprobesim {

class EventFile final : public AnonFile {
public:
    EventFile(std::uint64_t count, bool semaphore, std::uint32_t open_flags)
        : AnonFile("eventfd", open_flags), count_(count), semaphore_(semaphore) {}

    SysResult<std::uint64_t> read(std::uint64_t, std::span<std::byte> to) override;
    SysResult<std::uint64_t> write(std::uint64_t, std::span<const std::byte> from) override;
    // One more than the 8 bytes transferred, to detect a longer write, which is an error since
    // Linux 6.9. A longer read is not.
    std::uint64_t record_bytes() const override { return sizeof count_ + 1; }
    // Up to a count that write cannot reach, which poll tells as an error.
    void signal_event() override;
    std::uint32_t poll() override;
    std::string fdinfo() const override;
    FileCosts costs() const override {
        return {.read = KernelPath::SysReadEventfd, .write = KernelPath::SysWriteEventfd};
    }

private:
    static constexpr std::uint64_t kOverflown = ~std::uint64_t{0}, kMaxCount = kOverflown - 1;

    std::uint64_t count_;
    bool semaphore_;
};

}  // namespace uprobesim
