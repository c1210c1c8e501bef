// SPDX-License-Identifier: GPL-2.0-or-later
// semget, semop, semtimedop, semctl (ipc/sem.c).
#include <algorithm>
#include <array>

#include "kernel_model/abi/ipc.h"
#include "kernel_model/abi/mman.h"
#include "kernel_model/ipc/ipc.h"
#include "kernel_model/syscall/ipc/ipc_permissions.h"
#include "kernel_model/syscall/time_args.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

struct GuestSet {  // struct semid64_ds of asm-generic
    IpcPerm owner;
    std::int64_t operation_time, change_time;
    std::uint64_t count;
    std::array<std::uint64_t, 2> unused;
};
static_assert(sizeof(GuestSet) == 88);

struct GuestInfo {  // struct seminfo
    std::int32_t map, sets, all, undos, of_set, operations, undo_entries, size, largest, adjust;
};

SemaphoreSets& sets(SysCall& call) {
    return call.ipc().semaphores;
}

SysOutcome sys_semget(SysCall& call) {
    const IpcLimits& limits = call.ipc().limits();
    const std::int32_t key = call.int32(0), count = call.int32(1);
    const std::uint32_t flags = call.uint32(2);
    if (count < 0 || static_cast<std::uint32_t>(count) > limits.semaphores_of_set)
        return Errno::Inval;
    if (const SemaphoreSet* there = key != 0 ? sets(call).table().find_key(key) : nullptr) {
        if ((flags & kIpcCreat) != 0 && (flags & kIpcExcl) != 0) return Errno::Exist;
        if (static_cast<std::size_t>(count) > there->semaphores.size()) return Errno::Inval;
        if (!permitted(call, *there, flags)) return Errno::Acces;
        return static_cast<std::uint64_t>(there->id);
    }
    if (key != 0 && (flags & kIpcCreat) == 0) return Errno::NoEnt;
    if (count == 0) return Errno::Inval;
    SemaphoreSet* const made = TRY(sets(call).make(limits, key, static_cast<std::uint32_t>(count)));
    call.ipc().id_was_made(kNextSetId);
    set_owner(call, *made, flags);
    made->change_time = seconds_now(call);
    return static_cast<std::uint64_t>(made->id);
}

// The call is entered again: somebody did the operations, or the wait is over.
SysOutcome resume_operations(SysCall& call, PendingOperations& waits,
                             const std::optional<std::uint64_t>& timeout) {
    if (waits.result) return *waits.result;
    if (timeout && deadline_passed(call, *timeout)) return Errno::Again;
    call.wait_on(&waits.done);
    return Block{Interrupted::Intr};
}

SysOutcome operate(SysCall& call, const std::optional<std::uint64_t>& timeout) {
    if (call.task.call_holds) {
        return resume_operations(
            call, *std::static_pointer_cast<PendingOperations>(call.task.call_holds), timeout);
    }
    if (call.uint32(2) > call.ipc().limits().operations) return Errno::TooBig;
    if (call.uint32(2) == 0) return Errno::Inval;
    std::vector<Sembuf> operations(call.uint32(2));
    if (!call.memory().read(call.address(1), std::as_writable_bytes(std::span(operations))))
        return Errno::Fault;
    if (call.int32(0) < 0) return Errno::Inval;
    SemaphoreSet* const set = sets(call).table().find(call.int32(0));
    if (set == nullptr) return Errno::Inval;
    const auto beyond = [&](const Sembuf& one) { return one.number >= set->semaphores.size(); };
    if (std::ranges::any_of(operations, beyond)) return Errno::Fbig;
    const bool alters =
        std::ranges::any_of(operations, [](const Sembuf& one) { return one.change != 0; });
    if (!permitted(call, *set, alters ? kIwugo : kIrugo)) return Errno::Acces;
    std::size_t blocking = 0;
    const std::int64_t now = seconds_now(call);
    const auto done = sets(call).perform(*set, operations, call.process.id(), blocking, now);
    if (done) {
        if (alters || !set->pending.empty()) sets(call).settle(*set, now);
        return 0;
    }
    if (done.error() != Errno::Again || (operations[blocking].flags & kIpcNowait) != 0)
        return done.error();
    call.path = KernelPath::SysFutexWait;
    if (timeout && deadline_passed(call, *timeout)) return Errno::Again;
    auto waits = std::make_shared<PendingOperations>();
    waits->operations = std::move(operations);
    waits->pid = call.process.id();
    waits->blocking = blocking;
    sets(call).wait(*set, waits);
    call.task.call_holds = waits;
    call.wait_on(&waits->done);
    return Block{Interrupted::Intr};
}

SysOutcome sys_semop(SysCall& call) {
    return operate(call, std::nullopt);
}

SysOutcome sys_semtimedop(SysCall& call) {
    if (call.args[3] == 0) return operate(call, std::nullopt);
    UserMemory memory = call.memory();
    const auto timeout = read_duration(memory, call.address(3));
    if (!timeout && timeout.error() == Errno::Fault) return Errno::Fault;
    if (!timeout) {
        // An invalid time comes after the operations.
        if (call.uint32(2) > call.ipc().limits().operations) return Errno::TooBig;
        return Errno::Inval;
    }
    return operate(call, *timeout);
}

// --- semctl

SysOutcome information(SysCall& call) {
    const IpcLimits& limits = call.ipc().limits();
    const bool use = call.int32(2) == kSemInfo;
    const auto number = [](std::uint64_t value) { return static_cast<std::int32_t>(value); };
    const GuestInfo shown{
        .map = number(limits.semaphores),
        .sets = number(limits.sets),
        .all = number(limits.semaphores),
        .undos = number(limits.semaphores),
        .of_set = number(limits.semaphores_of_set),
        .operations = number(limits.operations),
        .undo_entries = number(limits.operations),
        .size = use ? number(sets(call).table().all().size()) : 20,
        .largest = kSemvmx,
        .adjust = use ? number(sets(call).semaphores()) : kSemvmx,
    };
    if (!call.memory().put(call.address(3), shown)) return Errno::Fault;
    return static_cast<std::uint64_t>(sets(call).table().highest_index());
}

SysOutcome status(SysCall& call) {
    const std::int32_t command = call.int32(2);
    const auto& table = sets(call).table();
    const SemaphoreSet* const set =
        command == kIpcStat ? table.find(call.int32(0)) : table.at_index(call.int32(0));
    if (set == nullptr) return Errno::Inval;
    if (command != kSemStatAny && !permitted(call, *set, kIrugo)) return Errno::Acces;
    const GuestSet shown{.owner = shown_owner(call, *set),
                         .operation_time = set->operation_time,
                         .change_time = set->change_time,
                         .count = set->semaphores.size(),
                         .unused = {}};
    if (!call.memory().put(call.address(3), shown)) return Errno::Fault;
    return command == kIpcStat ? std::uint64_t{0} : static_cast<std::uint64_t>(set->id);
}

SysOutcome read_one(SysCall& call) {
    const SemaphoreSet* const set = sets(call).table().find(call.int32(0));
    if (set == nullptr) return Errno::Inval;
    if (!permitted(call, *set, kIrugo)) return Errno::Acces;
    if (call.int32(1) < 0 || call.uint32(1) >= set->semaphores.size()) return Errno::Inval;
    const Semaphore& semaphore = set->semaphores[call.uint32(1)];
    switch (call.int32(2)) {
        case kSemGetval: return semaphore.value;
        case kSemGetpid: return call.number_of(semaphore.pid);
        default: return set->waiting(call.uint32(1), call.int32(2) == kSemGetzcnt);
    }
}

SysOutcome read_all(SysCall& call) {
    const SemaphoreSet* const set = sets(call).table().find(call.int32(0));
    if (set == nullptr) return Errno::Inval;
    if (!permitted(call, *set, kIrugo)) return Errno::Acces;
    std::vector<std::uint16_t> values;
    for (const Semaphore& semaphore : set->semaphores)
        values.push_back(static_cast<std::uint16_t>(semaphore.value));
    if (!call.memory().write(call.address(3), std::as_bytes(std::span(values))))
        return Errno::Fault;
    return 0;
}

void set_value(SysCall& call, SemaphoreSet& set, std::size_t number, std::int32_t value) {
    set.semaphores[number].value = value;
    set.semaphores[number].pid = call.process.id();
    for (auto& [pid, changes] : set.undo) changes[number] = 0;
}

SysOutcome write_one(SysCall& call) {
    const std::int32_t value = call.int32(3);
    if (value < 0 || value > kSemvmx) return Errno::Range;
    SemaphoreSet* const set = sets(call).table().find(call.int32(0));
    if (set == nullptr) return Errno::Inval;
    if (call.int32(1) < 0 || call.uint32(1) >= set->semaphores.size()) return Errno::Inval;
    if (!permitted(call, *set, kIwugo)) return Errno::Acces;
    set_value(call, *set, call.uint32(1), value);
    set->change_time = seconds_now(call);
    sets(call).settle(*set, set->change_time);
    return 0;
}

SysOutcome write_all(SysCall& call) {
    SemaphoreSet* const set = sets(call).table().find(call.int32(0));
    if (set == nullptr) return Errno::Inval;
    if (!permitted(call, *set, kIwugo)) return Errno::Acces;
    std::vector<std::uint16_t> values(set->semaphores.size());
    if (!call.memory().read(call.address(3), std::as_writable_bytes(std::span(values))))
        return Errno::Fault;
    if (std::ranges::any_of(values, [](std::uint16_t value) { return value > kSemvmx; }))
        return Errno::Range;
    for (std::size_t i = 0; i < values.size(); ++i) set_value(call, *set, i, values[i]);
    set->change_time = seconds_now(call);
    sets(call).settle(*set, set->change_time);
    return 0;
}

SysOutcome change(SysCall& call) {
    const bool removes = call.int32(2) == kIpcRmid;
    std::optional<GuestSet> given;
    if (!removes) {
        given = call.memory().get<GuestSet>(call.address(3));
        if (!given) return Errno::Fault;
    }
    SemaphoreSet* const set = sets(call).table().find(call.int32(0));
    if (set == nullptr) return Errno::Inval;
    if (!owns(call, *set)) return Errno::Perm;
    if (removes) {
        sets(call).remove(*set);
        return 0;
    }
    TRY(change_owner(call, *set, given->owner));
    set->change_time = seconds_now(call);
    return 0;
}

struct Command {
    std::int32_t number;
    SysOutcome (*work)(SysCall&);
};
constexpr Command kCommands[] = {
    {kIpcRmid, change},      {kIpcSet, change},       {kIpcStat, status},
    {kIpcInfo, information}, {kSemInfo, information}, {kSemStat, status},
    {kSemStatAny, status},   {kSemGetall, read_all},  {kSemGetval, read_one},
    {kSemGetpid, read_one},  {kSemGetncnt, read_one}, {kSemGetzcnt, read_one},
    {kSemSetval, write_one}, {kSemSetall, write_all},
};

SysOutcome sys_semctl(SysCall& call) {
    if (call.int32(0) < 0) return Errno::Inval;
    const auto* const command = std::ranges::find(kCommands, call.int32(2), &Command::number);
    return command == std::end(kCommands) ? SysOutcome(Errno::Inval) : command->work(call);
}

// The paths of calls that are alike: a new object, small state, a word of another task.
constexpr auto kSemRows = std::to_array<SyscallRow>({
    {190, "semget", sys_semget, Support::Full, KernelPath::SysEventfd, "", Errno::NoMem},
    {191, "semctl", sys_semctl, Support::Full, KernelPath::SysPrctl, ""},
    {192, "semtimedop", sys_semtimedop, Support::Full, KernelPath::SysFutex, "", Errno::NoMem},
    {193, "semop", sys_semop, Support::Full, KernelPath::SysFutex, "", Errno::NoMem},
});

}  // namespace

std::span<const SyscallRow> semaphore_syscalls() {
    return kSemRows;
}

}  // namespace uprobesim
