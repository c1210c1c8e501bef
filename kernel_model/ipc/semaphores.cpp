// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/ipc/semaphores.h"

#include <algorithm>
#include <utility>

#include "sim/base/try.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kSetBytes = 512, kSemaphoreBytes = 64, kUndoBytes = 128;

void finish(PendingOperations& operations, SysResult<void> result) {
    operations.result = result;
    operations.leave();
    operations.done.wake();
}

}  // namespace

void PendingOperations::leave() {
    if (set != nullptr) set->pending.erase(at);
    set = nullptr;
}

// count_semcnt: only the operation that blocks counts.
std::uint64_t SemaphoreSet::waiting(std::size_t number, bool for_zero) const {
    return static_cast<std::uint64_t>(
        std::ranges::count_if(pending, [&](const PendingOperations* waits) {
            const abi::Sembuf& operation = waits->operations[waits->blocking];
            return operation.number == number && (operation.change == 0) == for_zero;
        }));
}

SysResult<SemaphoreSet*> SemaphoreSets::make(const IpcLimits& limits, std::int32_t key,
                                             std::uint32_t count) {
    if (semaphores_ + count > limits.semaphores || table_.all().size() >= limits.sets)
        return tl::make_unexpected(Errno::NoSpc);
    const std::uint64_t bytes = kSetBytes + count * kSemaphoreBytes;
    if (memory_ != nullptr && !memory_->has_room(bytes)) return tl::make_unexpected(Errno::NoMem);
    auto set = std::make_unique<SemaphoreSet>();
    set->key = key;
    set->semaphores.resize(count);
    set->charge = MemoryCharge(memory_, bytes);
    semaphores_ += count;
    return &table_.add(std::move(set), limits.sets, limits.next_set_id);
}

// freeary.
void SemaphoreSets::remove(SemaphoreSet& set) {
    while (!set.pending.empty()) finish(*set.pending.front(), tl::make_unexpected(Errno::Idrm));
    semaphores_ -= set.semaphores.size();
    table_.remove(set);
}

// perform_atomic_semop.
SysResult<void> SemaphoreSets::perform(SemaphoreSet& set,
                                       const std::vector<abi::Sembuf>& operations, const Pid& pid,
                                       std::size_t& blocking, std::int64_t now) {
    std::vector<std::int32_t> values;
    std::map<std::uint16_t, std::int32_t> undo;
    const auto given_back = [&](std::uint16_t number) -> std::int32_t {
        const auto of_process = set.undo.find(pid.first);
        return of_process == set.undo.end() ? 0 : of_process->second[number];
    };
    const auto roll_back = [&](Errno error) -> SysResult<void> {
        while (!values.empty()) {
            set.semaphores[operations[values.size() - 1].number].value = values.back();
            values.pop_back();
        }
        return tl::make_unexpected(error);
    };
    for (std::size_t i = 0; i < operations.size(); ++i) {
        const abi::Sembuf& operation = operations[i];
        std::int32_t& value = set.semaphores[operation.number].value;
        const std::int32_t result = value + operation.change;
        if ((operation.change == 0 && value != 0) || result < 0) {
            blocking = i;
            return roll_back(Errno::Again);
        }
        if (result > abi::kSemvmx) return roll_back(Errno::Range);
        if ((operation.flags & abi::kSemUndo) != 0) {
            const auto at = undo.try_emplace(operation.number, given_back(operation.number)).first;
            at->second -= operation.change;
            if (at->second < -abi::kSemvmx - 1 || at->second > abi::kSemvmx)
                return roll_back(Errno::Range);
        }
        values.push_back(value);
        value = result;
    }
    for (const abi::Sembuf& operation : operations) set.semaphores[operation.number].pid = pid;
    if (!undo.empty()) {
        auto& kept = set.undo[pid.first];
        if (kept.empty()) {
            kept.resize(set.semaphores.size());
            set.charge.grow(kUndoBytes + 2 * set.semaphores.size());
        }
        for (const auto& [number, change] : undo) kept[number] = static_cast<std::int16_t>(change);
    }
    set.operation_time = now;
    return {};
}

void SemaphoreSets::wait(SemaphoreSet& set, const std::shared_ptr<PendingOperations>& operations) {
    operations->set = &set;
    operations->at = set.pending.insert(set.pending.end(), operations.get());
    operations->charge = MemoryCharge(
        memory_, sizeof(PendingOperations) + operations->operations.size() * sizeof(abi::Sembuf));
}

// update_queue: what one of them changes may let an earlier one go on.
void SemaphoreSets::settle(SemaphoreSet& set, std::int64_t now) {
    for (auto it = set.pending.begin(); it != set.pending.end();) {
        PendingOperations& waits = **it++;
        auto done = perform(set, waits.operations, waits.pid, waits.blocking, now);
        if (!done && done.error() == Errno::Again) continue;
        const bool changes = done && std::ranges::any_of(waits.operations, [](const auto& one) {
                                 return one.change != 0;
                             });
        finish(waits, done);
        if (changes) it = set.pending.begin();
    }
}

// exit_sem.
void SemaphoreSets::exit(const Pid& pid, std::int64_t now) {
    for (const auto& [index, set] : table_.all()) {
        const auto mine = set->undo.find(pid.first);
        if (mine == set->undo.end()) continue;
        for (std::size_t i = 0; i < mine->second.size(); ++i) {
            if (mine->second[i] == 0) continue;
            Semaphore& semaphore = set->semaphores[i];
            semaphore.value = std::clamp(semaphore.value + mine->second[i], 0, abi::kSemvmx);
            semaphore.pid = pid;
        }
        set->undo.erase(mine);
        set->charge.resize(set->charge.bytes() - kUndoBytes - 2 * set->semaphores.size());
        set->operation_time = now;
        settle(*set, now);
    }
}

}  // namespace uprobesim
