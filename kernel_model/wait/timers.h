// SPDX-License-Identifier: GPL-2.0-or-later
// What happens by itself at a simulated time: ends of sleeps and timeouts, interval timers. The
// kernel's hrtimers, in ns of Kernel::monotonic_ns.
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

    Id arm(std::uint64_t at_ns, std::function<void()> expire);
    // Nothing where the timer has expired, or is 0.
    void cancel(Id id);
    bool empty() const { return waiting_.empty(); }
    // When the next one expires.
    std::optional<std::uint64_t> next_ns() const;
    // Lets those expire that are due, in the order of their times; one that is armed meanwhile and
    // due, too.
    void expire(std::uint64_t now_ns);

private:
    std::map<std::pair<std::uint64_t, Id>, std::function<void()>> waiting_;
    std::map<Id, std::uint64_t> times_;
    Id last_id_ = 0;
};

// A timer that goes with who holds it.
class TimerHandle {
public:
    TimerHandle() = default;
    TimerHandle(Timers& timers, Timers::Id id) : timers_(&timers), id_(id) {}
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
