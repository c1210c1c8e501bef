// SPDX-License-Identifier: GPL-2.0-or-later
// Who is asked for the pages of a mapping (userfaultfd): a task that faults waits until somebody
// has filled the page. One watch is of one address space.
#pragma once

#include <cstdint>
#include <map>

#include "sim/base/units.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

class WaitQueue;

struct WatchedFault {
    VAddr address;
    bool write = false, protection = false;
    TaskId task;
};

class FaultWatch {
public:
    // Of what it is asked: pages that are not there, writes to pages that it has protected.
    static constexpr std::uint8_t kMissing = 1, kProtected = 2;
    enum class Mark : std::uint8_t { Protected, Poisoned };

    explicit FaultWatch(PhysicalMemory* memory) : charge_(memory), memory_(memory) {}
    FaultWatch(const FaultWatch&) = delete;
    FaultWatch& operator=(const FaultWatch&) = delete;
    virtual ~FaultWatch() = default;

    // False: it was closed, and nobody is asked any more.
    virtual bool active() const = 0;
    // Whether a fault is a signal, and nobody waits.
    virtual bool signals() const = 0;
    // Whether the kernel's own accesses fail.
    virtual bool user_only() const = 0;
    // The queue in which the task that faults waits for an answer.
    virtual WaitQueue& ask(const WatchedFault& fault) = 0;

    bool has(VAddr page, Mark mark) const {
        const auto found = marks_.find(page);
        return found != marks_.end() && found->second == mark;
    }
    // False: there is no memory for it.
    bool set(VAddr page, Mark mark) {
        if (memory_ != nullptr && !memory_->has_room(kMarkBytes)) return false;
        marks_[page] = mark;
        charge_.resize(marks_.size() * kMarkBytes);
        return true;
    }
    void clear(VRange range, Mark mark) {
        std::erase_if(marks_, [&](const auto& entry) {
            return range.contains(entry.first) && entry.second == mark;
        });
        charge_.resize(marks_.size() * kMarkBytes);
    }
    void forget(VRange range) {
        marks_.erase(marks_.lower_bound(range.begin), marks_.lower_bound(range.end));
        charge_.resize(marks_.size() * kMarkBytes);
    }

private:
    static constexpr std::uint64_t kMarkBytes = 64;  // a table's entry here is a node of a map
    std::map<VAddr, Mark> marks_;
    MemoryCharge charge_;
    PhysicalMemory* memory_;
};

}  // namespace uprobesim
