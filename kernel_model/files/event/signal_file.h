// SPDX-License-Identifier: GPL-2.0-or-later
// signalfd: reads dequeue pending signals of the reading task.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "kernel_model/abi/poll.h"
#include "kernel_model/abi/signal.h"
#include "kernel_model/files/anon_file.h"

namespace uprobesim {

// The pending signals of the task whose system call is being executed; none outside of system
// calls.
class PendingSignals {
public:
    virtual ~PendingSignals() = default;
    virtual bool any(std::uint64_t set) const = 0;
    virtual std::optional<SignalInfo> take(std::uint64_t set) = 0;
    // Woken when a signal arrives; null outside of any call.
    virtual WaitQueue* arrivals() = 0;
};

class SignalFile final : public AnonFile {
public:
    SignalFile(std::unique_ptr<PendingSignals> signals, std::uint64_t mask,
               std::uint32_t open_flags)
        : AnonFile("signalfd", open_flags), signals_(std::move(signals)), mask_(mask) {}
    void set_mask(std::uint64_t mask);

    SysResult<std::uint64_t> read(std::uint64_t, std::span<std::byte> to) override;
    std::uint64_t record_bytes() const override { return kMaxPerRead * kRecord; }
    std::uint32_t poll() override { return signals_->any(mask_) ? abi::kPollIn : 0; }
    WaitQueue* waiters() override { return signals_->arrivals(); }
    std::string fdinfo() const override { return fmt::format("sigmask:\t{:016x}\n", mask_); }
    FileCosts costs() const override { return {.read = KernelPath::SysReadEventfd}; }

private:
    static constexpr std::uint64_t kRecord = 128, kMaxPerRead = 64;

    std::unique_ptr<PendingSignals> signals_;
    std::uint64_t mask_;
};

}  // namespace uprobesim
