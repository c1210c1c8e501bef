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
    waiters_[task.futex->key].push_back(&task);
}

void Futexes::remove(Task& task) {
    if (!task.futex) return;
    const auto it = waiters_.find(task.futex->key);
    task.futex.reset();
    if (it == waiters_.end()) return;
    std::erase(it->second, &task);
    if (it->second.empty()) waiters_.erase(it);
}

std::uint32_t Futexes::wake(const FutexKey& key, std::uint32_t most, std::uint32_t bitset) {
    const auto it = waiters_.find(key);
    if (it == waiters_.end()) return 0;
    std::uint32_t woken = 0;
    auto& tasks = it->second;
    for (auto at = tasks.begin(); at != tasks.end() && woken < most;) {
        Task& task = **at;
        if ((task.futex->bitset & bitset) == 0) {
            ++at;
            continue;
        }
        at = tasks.erase(at);
        task.futex->woken = true;
        task.scheduler->wake(task);
        ++woken;
    }
    if (tasks.empty()) waiters_.erase(it);
    return woken;
}

std::uint32_t Futexes::requeue(const FutexKey& from, const FutexKey& to, std::uint32_t most) {
    const auto it = waiters_.find(from);
    if (it == waiters_.end() || from == to) return 0;
    std::uint32_t moved = 0;
    auto& target = waiters_[to];  // a map keeps its other elements where they are
    while (!it->second.empty() && moved < most) {
        Task* task = it->second.front();
        it->second.pop_front();
        task->futex->key = to;
        target.push_back(task);
        ++moved;
    }
    if (it->second.empty()) waiters_.erase(it);
    if (target.empty()) waiters_.erase(to);
    return moved;
}

// wake_futex_pi and fixup_pi_state_owner: the word keeps its mark of waiters, so the next unlock
// asks the kernel too.
void Futexes::hand_over(const FutexKey& key, std::uint32_t flags) {
    Task& next = *first(key);
    const auto word = static_cast<std::uint32_t>(next.id.value) | abi::kFutexWaiters | flags;
    (void)UserMemory(*next.process->mm, next.id, next.tif_tagged_addr)
        .put(next.futex->word, word);  // a fault is ignored: the task reads the word itself
    wake(key, 1);
    const auto rest = waiters_.find(key);
    if (rest == waiters_.end()) return;
    for (Task* task : rest->second) task->futex->holder = next.id;
}

std::vector<FutexKey> Futexes::held_by(TaskId holder) const {
    std::vector<FutexKey> keys;
    for (const auto& [key, tasks] : waiters_) {
        if (tasks.front()->futex->holder == holder) keys.push_back(key);
    }
    return keys;
}

Task* Futexes::first(const FutexKey& key) const {
    const auto it = waiters_.find(key);
    return it == waiters_.end() ? nullptr : it->second.front();
}

}  // namespace uprobesim
