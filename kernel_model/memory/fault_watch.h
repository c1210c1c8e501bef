// SPDX-License-Identifier: GPL-2.0-or-later
// Faults of a mapping that a program handles (userfaultfd): the task that faults waits until the
// program has filled the page. One watch is of one address space.
#pragma once

#include <cstdint>
#include <iterator>
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
    // Faults that it handles: of pages that are missing, of writes to pages that it has protected.
    static constexpr std::uint8_t kMissing = 1, kProtected = 2;
    enum class Mark : std::uint8_t { Protected, Poisoned };

    explicit FaultWatch(PhysicalMemory* memory) : charge_(memory) {}
    FaultWatch(const FaultWatch&) = delete;
    FaultWatch& operator=(const FaultWatch&) = delete;
    virtual ~FaultWatch() = default;

    // False: it was closed, and the kernel handles all faults.
    virtual bool active() const = 0;
    // Whether the task that faults gets a signal instead of waiting.
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
        if (!charge_.has_room(kMarkBytes)) return false;
        marks_[page] = mark;
        charge_.resize(marks_.size() * kMarkBytes);
        return true;
    }
    void clear(VRange range, Mark mark) {
        for (auto it = marks_.lower_bound(range.begin);
             it != marks_.end() && it->first < range.end;)
            it = it->second == mark ? marks_.erase(it) : std::next(it);
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
};

}  // namespace uprobesim
