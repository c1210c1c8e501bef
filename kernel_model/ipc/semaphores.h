// SPDX-License-Identifier: GPL-2.0-or-later
// System V semaphores (ipc/sem.c). A semop that must wait is a PendingOperations in its set's list.
// Whoever changes the set does the pending ones that have become possible, in order of arrival, on
// behalf of their tasks, and wakes those.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "kernel_model/abi/ipc.h"
#include "kernel_model/ipc/ipc_limits.h"
#include "kernel_model/ipc/ipc_object.h"
#include "kernel_model/memory/backing.h"
#include "kernel_model/spaces/pid_namespace.h"
#include "kernel_model/wait/wait_queue.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

struct SemaphoreSet;

struct PendingOperations {
    PendingOperations() = default;
    PendingOperations(const PendingOperations&) = delete;
    PendingOperations& operator=(const PendingOperations&) = delete;
    ~PendingOperations() { leave(); }
    void leave();

    std::vector<abi::Sembuf> operations;
    Pid pid;
    std::size_t blocking = 0;                    // the operation that cannot be done
    std::optional<SysResult<void>> result;       // it was done, or its set is gone
    SemaphoreSet* set = nullptr;                 // whose list it is in
    std::list<PendingOperations*>::iterator at;  // in that list
    WaitQueue done;
    MemoryCharge charge;
};

struct Semaphore {
    std::int32_t value = 0;
    Pid pid;  // of the last operation
};

struct SemaphoreSet : IpcObject {
    std::vector<Semaphore> semaphores;
    std::int64_t operation_time = 0;
    std::list<PendingOperations*> pending;
    // What the exit of a process adds to each semaphore (SEM_UNDO), by its id.
    std::map<std::int32_t, std::vector<std::int16_t>> undo;
    MemoryCharge charge;

    std::uint64_t waiting(std::size_t number, bool for_zero) const;
};

class SemaphoreSets {
public:
    explicit SemaphoreSets(PhysicalMemory* memory) : memory_(memory) {}

    // NoSpc, NoMem.
    SysResult<SemaphoreSet*> make(const IpcLimits& limits, std::int32_t key, std::uint32_t count);
    void remove(SemaphoreSet& set);
    // Does the operations, all or none. Again: the one at `blocking` has to wait; Range.
    SysResult<void> perform(SemaphoreSet& set, const std::vector<abi::Sembuf>& operations,
                            const Pid& pid, std::size_t& blocking, std::int64_t now);
    // Adds one to the waiting ones of its set.
    void wait(SemaphoreSet& set, const std::shared_ptr<PendingOperations>& operations);
    // To call after values were set.
    void settle(SemaphoreSet& set, std::int64_t now);
    void exit(const Pid& pid, std::int64_t now);

    const IpcTable<SemaphoreSet>& table() const { return table_; }
    std::uint64_t semaphores() const { return semaphores_; }

private:
    PhysicalMemory* memory_;
    IpcTable<SemaphoreSet> table_;
    std::uint64_t semaphores_ = 0;
};

}  // namespace uprobesim
