// SPDX-License-Identifier: GPL-2.0-or-later
// Events at a simulated time: ends of sleeps and timeouts, interval timers. The kernel's hrtimers,
// in ns of CLOCK_MONOTONIC.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

namespace uprobesim {

class Timers {
public:
    using Id = std::uint64_t;  // 0 is no timer

    // `charge_interrupt` charges a timer interrupt that no task in particular waits for.
    explicit Timers(std::function<void()> charge_interrupt = [] {})
        : charge_interrupt_(std::move(charge_interrupt)) {}

    // `expire` charges what the expiry takes.
    Id arm(std::uint64_t at_ns, std::function<void()> expire);
    // Charges a timer interrupt before `expire`.
    Id arm_with_interrupt(std::uint64_t at_ns, std::function<void()> expire);
    // No effect if the timer has expired, or is 0.
    void cancel(Id id);
    bool empty() const { return waiting_.empty(); }
    // When the next one expires.
    std::optional<std::uint64_t> next_ns() const;
    // Expires the timers that are due in the order of their times, those armed meanwhile included.
    void expire(std::uint64_t now_ns);

private:
    std::function<void()> charge_interrupt_;
    std::map<std::pair<std::uint64_t, Id>, std::function<void()>> waiting_;
    std::map<Id, std::uint64_t> times_;
    Id last_id_ = 0;
};

// Cancels its timer when it is destroyed.
class TimerHandle {
public:
    TimerHandle() = default;
    TimerHandle(Timers& timers, Timers::Id id) : timers_(&timers), id_(id) {}
    TimerHandle(const TimerHandle&) = delete;
    TimerHandle& operator=(const TimerHandle&) = delete;
    TimerHandle(TimerHandle&& other) noexcept
        : timers_(std::exchange(other.timers_, nullptr)), id_(std::exchange(other.id_, 0)) {}
    TimerHandle& operator=(TimerHandle&& other) noexcept {
        std::swap(timers_, other.timers_);
        std::swap(id_, other.id_);
        return *this;
    }
    ~TimerHandle() {
        if (timers_ != nullptr) timers_->cancel(id_);
    }

private:
    Timers* timers_ = nullptr;
    Timers::Id id_ = 0;
};

}  // namespace uprobesim
