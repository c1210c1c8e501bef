// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/task/futex.h"

#include <algorithm>

#include "kernel_model/memory/mm.h"
#include "kernel_model/memory/user_memory.h"
#include "kernel_model/task/process.h"
#include "kernel_model/task/scheduler.h"

namespace uprobesim {

FutexKey futex_key(const Mm& mm, VAddr address, bool is_private) {
    const Vma* vma = is_private ? nullptr : mm.find(address);
    if (vma == nullptr || !vma->shared || vma->file == nullptr)
        return {.space = mm.space().id(), .at = address.value};
    const FileKey file = vma->file->key();
    return {.device = file.device, .inode = file.inode, .at = vma->offset_of(address)};
}

void Futexes::add(Task& task) {
    const auto enter = [&](FutexWait& wait) {
        wait.task = &task;
        waiters_[wait.key].push_back(&wait);
    };
    if (task.futex) enter(*task.futex);
    for (FutexWait& wait : task.futexes) enter(wait);
}

void Futexes::leave(const FutexWait& wait) {
    const auto it = waiters_.find(wait.key);
    if (it == waiters_.end()) return;
    std::erase(it->second, &wait);
    if (it->second.empty()) waiters_.erase(it);
}

void Futexes::remove(Task& task) {
    if (task.futex) leave(*task.futex);
    task.futex.reset();
    for (const FutexWait& wait : task.futexes) leave(wait);
    task.futexes.clear();
}

std::uint32_t Futexes::wake(const FutexKey& key, std::uint32_t most, std::uint32_t bitset) {
    const auto it = waiters_.find(key);
    if (it == waiters_.end()) return 0;
    std::uint32_t woken = 0;
    auto& waits = it->second;
    for (auto at = waits.begin(); at != waits.end() && woken < most;) {
        FutexWait& wait = **at;
        if ((wait.bitset & bitset) == 0) {
            ++at;
            continue;
        }
        at = waits.erase(at);
        wait.woken = true;
        wait.task->scheduler->wake(*wait.task);
        ++woken;
    }
    if (waits.empty()) waiters_.erase(it);
    return woken;
}

std::uint32_t Futexes::requeue(const FutexKey& from, const FutexKey& to, std::uint32_t most) {
    const auto it = waiters_.find(from);
    if (it == waiters_.end() || from == to) return 0;
    std::uint32_t moved = 0;
    auto& target = waiters_[to];  // a map keeps its other elements where they are
    while (!it->second.empty() && moved < most) {
        FutexWait* wait = it->second.front();
        it->second.pop_front();
        wait->key = to;
        target.push_back(wait);
        ++moved;
    }
    if (it->second.empty()) waiters_.erase(it);
    if (target.empty()) waiters_.erase(to);
    return moved;
}

void Futexes::requeue_to_lock(const FutexKey& from, const FutexKey& to, TaskId holder) {
    FutexWait& wait = *first_wait(from);
    requeue(from, to, 1);
    wait.holder = holder;
    wait.word = wait.lock;
    wait.requeue_to.reset();
}

// wake_futex_pi and fixup_pi_state_owner: the word keeps its mark of waiters, so the next unlock
// asks the kernel too.
void Futexes::hand_over(const FutexKey& key, std::uint32_t flags) {
    FutexWait& wait = *first_wait(key);
    Task& next = *wait.task;
    const auto word = static_cast<std::uint32_t>(next.pid().own()) | abi::kFutexWaiters | flags;
    (void)UserMemory(*next.process->mm, next.id, next.tif_tagged_addr)
        .put(wait.word, word);  // a fault is ignored: the task reads the word itself
    wake(key, 1);
    const auto rest = waiters_.find(key);
    if (rest == waiters_.end()) return;
    for (FutexWait* waiting : rest->second) waiting->holder = next.id;
}

std::vector<FutexKey> Futexes::held_by(TaskId holder) const {
    std::vector<FutexKey> keys;
    for (const auto& [key, waits] : waiters_) {
        if (waits.front()->holder == holder) keys.push_back(key);
    }
    return keys;
}

FutexWait* Futexes::first_wait(const FutexKey& key) const {
    const auto it = waiters_.find(key);
    return it == waiters_.end() ? nullptr : it->second.front();
}

Task* Futexes::first(const FutexKey& key) const {
    const FutexWait* wait = first_wait(key);
    return wait == nullptr ? nullptr : wait->task;
}

}  // namespace uprobesim
