// SPDX-License-Identifier: GPL-2.0-or-later
// A queue of bytes, the buffer of pipes and stream sockets.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace uprobesim {

class ByteQueue {
public:
    std::size_t size() const { return bytes_.size() - head_; }
    bool empty() const { return size() == 0; }
    std::span<const std::byte> front(std::size_t most) const {
        return std::span(bytes_).subspan(head_, std::min(most, size()));
    }
    void push(std::span<const std::byte> more) {
        bytes_.insert(bytes_.end(), more.begin(), more.end());
    }
    void drop(std::size_t count) {
        head_ += count;
        // The consumed part is dropped when it is half of the buffer, so that each byte is moved at
        // most once on average.
        if (head_ < bytes_.size() / 2 && head_ != bytes_.size()) return;
        bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
        // A queue that was full once does not keep its memory for ever.
        if (bytes_.capacity() > kKept && bytes_.size() < bytes_.capacity() / 4)
            bytes_.shrink_to_fit();
    }
    void clear() {
        bytes_ = {};
        head_ = 0;
    }
    // What it takes of the host's memory.
    std::size_t capacity() const { return bytes_.capacity(); }

private:
    static constexpr std::size_t kKept = 64 << 10;

    std::vector<std::byte> bytes_;
    std::size_t head_ = 0;
};

}  // namespace uprobesim
