// SPDX-License-Identifier: GPL-2.0-or-later
// Who waits on which futex word. A word in private memory is named by its address space and
// address, one in a shared mapping by what backs it, so that processes meet there.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "kernel_model/abi/futex.h"
#include "sim/base/units.h"

namespace uprobesim {

struct Task;
class Mm;

struct FutexKey {
    std::uint64_t space = 0;  // of private words; 0: shared
    std::uint64_t device = 0, inode = 0;
    std::uint64_t at = 0;  // address, or offset in what backs it
    constexpr auto operator<=>(const FutexKey&) const = default;
};

// The key of the word at `address`; `is_private`: the guest says that no other process uses it.
FutexKey futex_key(const Mm& mm, VAddr address, bool is_private);

// What a waiting task keeps.
struct FutexWait {
    FutexKey key;
    std::uint32_t bitset = abi::kFutexBitsetMatchAny;
    bool woken = false;
    // Of who wants the word's lock (with priority inheritance), not only to be woken: who holds it.
    std::optional<TaskId> holder{};
    VAddr word{};
};

class Futexes {
public:
    // The task waits from now on; its `futex` says on what.
    void add(Task& task);
    // It waits no longer, woken or not.
    void remove(Task& task);
    // Wakes up to `most` whose bitset has one of these, in the order they came. Value: how many.
    std::uint32_t wake(const FutexKey& key, std::uint32_t most,
                       std::uint32_t bitset = abi::kFutexBitsetMatchAny);
    // Up to `most` wait on `to` instead. Value: how many.
    std::uint32_t requeue(const FutexKey& from, const FutexKey& to, std::uint32_t most);
    // The lock goes to who waits first, and its word says so, with `flags`.
    void hand_over(const FutexKey& key, std::uint32_t flags);
    // The words whose locks that somebody waits for are held by the task.
    std::vector<FutexKey> held_by(TaskId holder) const;
    // The first who waits; null: nobody.
    Task* first(const FutexKey& key) const;
    bool empty() const { return waiters_.empty(); }

private:
    std::map<FutexKey, std::deque<Task*>> waiters_;
};

}  // namespace uprobesim
