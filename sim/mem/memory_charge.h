// SPDX-License-Identifier: GPL-2.0-or-later
// What an object of the kernel takes of the machine's memory (a memory cgroup's charge of a slab
// object), as long as the charge lives. The bytes are those that the object takes of the host, or
// Linux's where those are more.
#pragma once

#include <cstdint>
#include <utility>

#include "sim/mem/physical_memory.h"

namespace uprobesim {
// NOLINTNEXTLINE(cppcoreguidelines-special-member-functions): = takes its operand by value.
class MemoryCharge {
public:
    // Without a memory nothing is charged.
    MemoryCharge() = default;
    explicit MemoryCharge(PhysicalMemory* memory, std::uint64_t bytes = 0) : memory_(memory) {
        resize(bytes);
    }
    // A copy of the object takes as much again.
    MemoryCharge(const MemoryCharge& other) : MemoryCharge(other.memory_, other.bytes_) {}
    MemoryCharge(MemoryCharge&& other) noexcept
        : memory_(std::exchange(other.memory_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    MemoryCharge& operator=(MemoryCharge other) noexcept {
        std::swap(memory_, other.memory_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~MemoryCharge() {
        if (bytes_ != 0) memory_->uncharge(bytes_);
    }

    // The object has now this size.
    void resize(std::uint64_t bytes) {
        if (bytes == bytes_ || memory_ == nullptr) return;
        if (bytes > bytes_) {
            memory_->charge(bytes - bytes_);
        } else {
            memory_->uncharge(bytes_ - bytes);
        }
        bytes_ = bytes;
    }
    // So much more may be charged.
    bool has_room(std::uint64_t bytes) const {
        return memory_ == nullptr || memory_->has_room(bytes);
    }
    void grow(std::uint64_t bytes) { resize(bytes_ + bytes); }
    std::uint64_t bytes() const { return bytes_; }
    PhysicalMemory* memory() const { return memory_; }

private:
    PhysicalMemory* memory_ = nullptr;
    std::uint64_t bytes_ = 0;
};

}  // namespace uprobesim
