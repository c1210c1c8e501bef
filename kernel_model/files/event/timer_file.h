// SPDX-License-Identifier: GPL-2.0-or-later
// timerfd: a read returns the number of expirations since the last read. Periods after the first
// are counted on demand, so a periodic timer that is not read interrupts only once, as in Linux.
#pragma once

#include "kernel_model/abi/clock.h"
#include "kernel_model/files/anon_file.h"
#include "kernel_model/wait/time_source.h"
#include "kernel_model/wait/timers.h"

namespace uprobesim {

class TimerFile final : public AnonFile {
public:
    // `base`: of CLOCK_REALTIME; null: another clock. `clock_id`: CLOCK_*.
    TimerFile(Timers& timers, const TimeSource& clock, RealTimeBase* base, std::uint32_t open_flags,
              std::int32_t clock_id = abi::kClockMonotonic)
        : AnonFile("timerfd", open_flags),
          timers_(timers),
          clock_(clock),
          base_(base),
          clock_id_(clock_id) {
        if (base_ != nullptr) listener_.attach(base_->was_set);
    }
    TimerFile(const TimerFile&) = delete;
    TimerFile& operator=(const TimerFile&) = delete;
    ~TimerFile() override;

    struct Setting {
        std::uint64_t value_ns = 0;  // time left; 0: not armed
        std::uint64_t interval_ns = 0;
    };
    // `absolute`: value_ns is a time of the timer's clock. `cancels`: reads fail once when the
    // clock is set (TFD_TIMER_CANCEL_ON_SET).
    void set(Setting wanted, bool absolute, bool cancels);
    std::int32_t clock_id() const { return clock_id_; }
    Setting remaining();

    SysResult<std::uint64_t> read(std::uint64_t, std::span<std::byte> to) override;
    std::uint64_t record_bytes() const override { return sizeof expirations_; }
    std::uint32_t poll() override;
    SysResult<std::uint64_t> ioctl(std::uint64_t request, std::uint64_t arg,
                                   UserMemory& memory) override;
    FileCosts costs() const override { return {.read = KernelPath::SysReadTimerfd}; }

private:
    class Listener final : public WaitQueue::Listener {
    public:
        explicit Listener(TimerFile& file) : file_(file) {}

    private:
        bool woken(std::uint32_t) override {
            file_.clock_was_set();
            return true;
        }
        TimerFile& file_;
    };

    void arm(std::uint64_t at_ns);
    void clock_was_set();
    std::uint64_t monotonic(std::uint64_t absolute_ns) const;
    // Updates the number of expirations.
    void settle();

    Timers& timers_;
    const TimeSource& clock_;
    RealTimeBase* base_;
    std::int32_t clock_id_;
    Listener listener_{*this};
    std::uint64_t absolute_ns_ = 0;  // the time of CLOCK_REALTIME that was set; 0: none
    bool cancels_ = false, cancelled_ = false;
    std::uint64_t next_ns_ = 0;  // CLOCK_MONOTONIC; 0: not armed
    std::uint64_t interval_ns_ = 0;
    std::uint64_t expirations_ = 0;
    Timers::Id timer_ = 0;
};

}  // namespace uprobesim
