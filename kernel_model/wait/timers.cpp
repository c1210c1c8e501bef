// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/wait/timers.h"

namespace uprobesim {

Timers::Id Timers::arm(std::uint64_t at_ns, std::function<void()> expire) {
    const Id id = ++last_id_;
    waiting_.emplace(std::pair(at_ns, id), std::move(expire));
    times_.emplace(id, at_ns);
    return id;
}

Timers::Id Timers::arm_with_interrupt(std::uint64_t at_ns, std::function<void()> expire) {
    return arm(at_ns, [this, expire = std::move(expire)] {
        charge_interrupt_();
        expire();
    });
}

void Timers::cancel(Id id) {
    const auto it = times_.find(id);
    if (it == times_.end()) return;
    waiting_.erase({it->second, id});
    times_.erase(it);
}

std::optional<std::uint64_t> Timers::next_ns() const {
    if (waiting_.empty()) return std::nullopt;
    return waiting_.begin()->first.first;
}

void Timers::expire(std::uint64_t now_ns) {
    while (!waiting_.empty() && waiting_.begin()->first.first <= now_ns) {
        auto first = waiting_.extract(waiting_.begin());
        times_.erase(first.key().second);
        first.mapped()();
    }
}

}  // namespace uprobesim
