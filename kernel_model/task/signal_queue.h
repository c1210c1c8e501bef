// SPDX-License-Identifier: GPL-2.0-or-later
// Pending signals of a task or a process (struct sigpending): by number, those of one number in
// order of arrival. What a queue is asked takes no longer the more signals it holds.
#pragma once

#include <bit>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "kernel_model/abi/signal.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

class SignalQueue {
public:
    // Signals are charged to this memory from now on.
    void account(PhysicalMemory& memory) { charge_ = MemoryCharge(&memory); }

    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }
    // The pending signals, as bits.
    std::uint64_t set() const { return set_; }
    bool holds(Signal signal) const { return (set_ & signal_bit(signal)) != 0; }
    // The oldest of the number, which is pending.
    const SignalInfo& oldest(Signal signal) const { return by_signal_.at(signal).front(); }

    // All, by number and age.
    std::vector<SignalInfo> all() const {
        std::vector<SignalInfo> infos;
        for (const auto& [signal, queued] : by_signal_)
            infos.insert(infos.end(), queued.begin(), queued.end());
        return infos;
    }

    void push(SignalInfo info) {
        set_ |= signal_bit(info.signal);
        std::deque<SignalInfo>& queued = by_signal_[info.signal];
        queued.push_back(std::move(info));
        resize(size_ + 1);
    }
    // Drops the signals of a set.
    void drop(std::uint64_t set) {
        if ((set_ & set) == 0) return;
        std::erase_if(by_signal_,
                      [&](const auto& entry) { return (signal_bit(entry.first) & set) != 0; });
        set_ &= ~set;
        std::size_t left = 0;
        for (const auto& [signal, queued] : by_signal_) left += queued.size();
        resize(left);
    }
    SignalInfo take(Signal signal) {
        const auto it = by_signal_.find(signal);
        SignalInfo info = std::move(it->second.front());
        it->second.pop_front();
        if (it->second.empty()) {
            by_signal_.erase(it);
            set_ &= ~signal_bit(signal);
        }
        resize(size_ - 1);
        return info;
    }

private:
    static constexpr std::uint64_t kBytes = 160;        // struct sigqueue, and its user's allowance
    static constexpr std::uint64_t kNumberBytes = 640;  // what the host takes for a number's first

    void resize(std::size_t size) {
        size_ = size;
        charge_.resize(size * kBytes + by_signal_.size() * kNumberBytes);
    }

    std::map<Signal, std::deque<SignalInfo>> by_signal_;
    std::uint64_t set_ = 0;
    std::size_t size_ = 0;
    MemoryCharge charge_;
};

// The lowest number of a set that is not empty.
inline Signal lowest_signal(std::uint64_t set) {
    return static_cast<Signal>(std::countr_zero(set) + 1);
}

}  // namespace uprobesim
