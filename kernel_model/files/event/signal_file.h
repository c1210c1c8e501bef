// SPDX-License-Identifier: GPL-2.0-or-later
// signalfd: reads take pending signals of whoever reads.
#pragma once

#include "kernel_model/files/anon_file.h"

namespace uprobesim {

class Kernel;

class SignalFile final : public AnonFile {
public:
    SignalFile(Kernel& kernel, std::uint64_t mask, std::uint32_t open_flags)
        : AnonFile("signalfd", open_flags), kernel_(kernel), mask_(mask) {}
    void set_mask(std::uint64_t mask);

    SysResult<std::uint64_t> read(std::uint64_t, std::span<std::byte> to) override;
    std::uint64_t record_bytes() const override { return kMaxPerRead * kRecord; }
    std::uint32_t poll() override;
    WaitQueue* waiters() override;
    KernelPath read_path() const override { return KernelPath::SysReadEventfd; }

private:
    static constexpr std::uint64_t kRecord = 128, kMaxPerRead = 64;

    Kernel& kernel_;
    std::uint64_t mask_;
};

}  // namespace uprobesim
