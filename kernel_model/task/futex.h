// SPDX-License-Identifier: GPL-2.0-or-later
// The tasks that wait on futex words. The key of a word in private memory is its address space and
// address; in a shared mapping, the file and offset, so that processes share it.
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
    std::uint64_t at = 0;  // address, or offset in the file
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the <=> for a null pointer.
    constexpr auto operator<=>(const FutexKey&) const = default;
};

// The key of the word at `address`; `is_private`: FUTEX_PRIVATE_FLAG is set.
FutexKey futex_key(const Mm& mm, VAddr address, bool is_private);

// The wait of a task for one word.
struct FutexWait {
    FutexKey key;
    std::uint32_t bitset = abi::kFutexBitsetMatchAny;
    bool woken = false;
    // Set while the task waits for a priority-inheritance lock: its holder.
    std::optional<TaskId> holder{};
    VAddr word{};
    // FUTEX_WAIT_REQUEUE_PI: the lock that the waiter is to be moved to.
    std::optional<FutexKey> requeue_to{};
    VAddr lock{};
    // Set by Futexes::add.
    Task* task = nullptr;
};

class Futexes {
public:
    // Adds the task to the waiters of the keys in its `futex` and `futexes`.
    void add(Task& task);
    // Removes the task, whether it was woken or not.
    void remove(Task& task);
    // Wakes up to `most` tasks whose bitset has one of these bits, in order of arrival. Returns the
    // number woken.
    std::uint32_t wake(const FutexKey& key, std::uint32_t most,
                       std::uint32_t bitset = abi::kFutexBitsetMatchAny);
    // Moves up to `most` waiters to `to`. Returns the number moved.
    std::uint32_t requeue(const FutexKey& from, const FutexKey& to, std::uint32_t most);
    // Gives the lock to the first waiter and writes the word for it, with `flags`.
    void hand_over(const FutexKey& key, std::uint32_t flags);
    // The words of the locks that the task holds and other tasks wait for.
    std::vector<FutexKey> held_by(TaskId holder) const;
    // Moves the first waiter to the lock's word `to`, which `holder` holds.
    void requeue_to_lock(const FutexKey& from, const FutexKey& to, TaskId holder);
    // The waiter that came first, or null; and its wait.
    Task* first(const FutexKey& key) const;
    FutexWait* first_wait(const FutexKey& key) const;
    bool empty() const { return waiters_.empty(); }

private:
    void leave(const FutexWait& wait);

    std::map<FutexKey, std::deque<FutexWait*>> waiters_;
};

}  // namespace uprobesim
