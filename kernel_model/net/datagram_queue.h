// SPDX-License-Identifier: GPL-2.0-or-later
// Datagrams that arrived at a socket and were not read, the oldest first (sk_receive_queue). Each
// is charged to the guest's memory, and all of them to the socket's receive buffer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include "kernel_model/net/network.h"
#include "kernel_model/net/socket.h"

namespace uprobesim {

// `From`: what the transport knows of a datagram, its sender first.
template <typename From>
class DatagramQueue {
public:
    bool empty() const { return queue_.empty(); }
    // Of the oldest one; 0: there is none.
    std::uint64_t next_bytes() const { return queue_.empty() ? 0 : queue_.front().bytes.size(); }
    const From& next_from() const { return queue_.front().from; }

    // Whether a buffer of this size takes so many bytes more.
    bool fits(std::uint64_t bytes, std::uint64_t buffer) const {
        return charged_ + message_charge(bytes) <= buffer;
    }
    void push(std::span<const std::byte> bytes, From from, const Network& network) {
        const std::uint64_t charge = message_charge(bytes.size());
        charged_ += charge;
        queue_.push_back({.bytes = {bytes.begin(), bytes.end()},
                          .from = std::move(from),
                          .memory = MemoryCharge(network.memory(), charge)});
    }
    // The oldest, which must be there, cut at `most` bytes. With `peek` it stays.
    Incoming take(std::uint64_t most, bool peek) {
        const Datagram& first = queue_.front();
        Incoming got;
        got.whole = first.bytes.size();
        got.bytes.assign(first.bytes.begin(),
                         first.bytes.begin() +
                             static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(most, got.whole)));
        if (!peek) {
            charged_ -= message_charge(got.whole);
            queue_.pop_front();
        }
        return got;
    }

private:
    struct Datagram {
        std::vector<std::byte> bytes;
        From from;
        MemoryCharge memory;
    };
    std::deque<Datagram> queue_;
    std::uint64_t charged_ = 0;
};

}  // namespace uprobesim
