// SPDX-License-Identifier: GPL-2.0-or-later
// Advisory locks: flock, and fcntl's commands on ranges.
#include "kernel_model/syscall/files/sys_lock.h"

#include <memory>
#include <utility>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/locks/locks.h"
#include "kernel_model/syscall/transfer/file_transfer.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

struct FlockBytes {
    std::int16_t type, whence;
    std::int32_t pad;
    std::int64_t start, length;
    std::int32_t pid, pad2;
};
static_assert(sizeof(FlockBytes) == 32);

SysResult<FileKey> key_of(File& file) {
    const auto status = TRY(file.status());
    return FileKey{status.device, status.inode};
}

// flock64_to_posix_lock.
SysResult<FileLock> range_of(File& file, const FlockBytes& given) {
    std::int64_t base = 0;
    switch (given.whence) {
        case abi::kSeekSet: break;
        case abi::kSeekCur: base = static_cast<std::int64_t>(file.position); break;
        case abi::kSeekEnd: base = static_cast<std::int64_t>(file.size().value_or(0)); break;
        default: return tl::make_unexpected(Errno::Inval);
    }
    std::int64_t start = 0, end = 0;
    if (__builtin_add_overflow(base, given.start, &start))
        return tl::make_unexpected(Errno::Overflow);
    if (start < 0) return tl::make_unexpected(Errno::Inval);
    FileLock lock;
    lock.begin = static_cast<std::uint64_t>(start);
    if (given.length > 0) {
        if (__builtin_add_overflow(start, given.length - 1, &end))
            return tl::make_unexpected(Errno::Overflow);
        lock.end = static_cast<std::uint64_t>(end) + 1;
    } else if (given.length < 0) {
        if (__builtin_add_overflow(start, given.length, &end) || end < 0)
            return tl::make_unexpected(Errno::Inval);
        lock.end = lock.begin;
        lock.begin = static_cast<std::uint64_t>(end);
    }
    if (given.type < abi::kFRdlck || given.type > abi::kFUnlck)
        return tl::make_unexpected(Errno::Inval);
    lock.type = static_cast<LockType>(given.type);
    return lock;
}

SysOutcome get_lock(SysCall& call, const FileKey& key, FileLock wanted, FlockBytes given) {
    // Only of a description, since 6.5: its own locks in the range (posix_test_locks_conflict).
    const bool own = wanted.type == LockType::None;
    if (own && wanted.pid != -1) return Errno::Inval;
    const LockTable& locks = call.kernel.file_locks()->ranges;
    const auto other = own ? locks.held(key, wanted) : locks.conflict(key, wanted);
    given.type = static_cast<std::int16_t>(LockType::None);
    if (other) {
        const bool to_the_end = other->end == FileLock::kToTheEnd;
        given = {.type = static_cast<std::int16_t>(other->type),
                 .whence = abi::kSeekSet,
                 .pad = 0,
                 .start = static_cast<std::int64_t>(other->begin),
                 .length = to_the_end ? 0 : static_cast<std::int64_t>(other->end - other->begin),
                 .pid = other->pid < 0 ? other->pid : call.number_of(other->pid),
                 .pad2 = 0};
    }
    if (!call.memory().put(call.address(2), given)) return Errno::Fault;
    return 0;
}

}  // namespace

SysOutcome range_lock(SysCall& call, const std::shared_ptr<File>& file, LockCommand command,
                      bool of_description) {
    const auto given = call.memory().get<FlockBytes>(call.address(2));
    if (!given) return Errno::Fault;
    if (of_description && given->pid != 0) return Errno::Inval;
    auto wanted = TRY(range_of(*file, *given));
    const auto key = TRY(key_of(*file));
    wanted.owner = of_description ? static_cast<const void*>(file.get()) : &call.process;
    wanted.pid = of_description ? -1 : call.process.pid;
    wanted.taken_by = wanted.pid;
    if (command == LockCommand::Get) return get_lock(call, key, wanted, *given);
    if (wanted.type == LockType::Read && !may(*file, Direction::Read)) return bad_descriptor(call);
    if (wanted.type == LockType::Write && !may(*file, Direction::Write))
        return bad_descriptor(call);

    LockTable& locks = call.kernel.file_locks()->ranges;
    call.task.call_holds.reset();  // what it waited for, if it did
    if (wanted.type != LockType::None) {
        if (const auto other = locks.conflict(key, wanted)) {
            if (command == LockCommand::Set) return Errno::Again;
            // Only processes can be seen to wait for each other.
            auto waits = of_description ? nullptr : locks.wait_for(wanted.owner, other->owner);
            if (!of_description && !waits) return Errno::Deadlk;
            using Both = std::pair<std::shared_ptr<void>, std::shared_ptr<void>>;
            call.task.call_holds =
                std::make_shared<Both>(locks.request(key, wanted), std::move(waits));
            call.wait_on(&locks.waiters(key));
            return Block{};
        }
        if (of_description) release_with(*file, call.kernel.file_locks());
    }
    wanted.number = ++call.kernel.file_locks()->last_number;
    const auto set = locks.set(key, wanted);
    return set ? SysOutcome(0u) : SysOutcome(set.error());
}

SysOutcome sys_flock(SysCall& call) {
    // Mandatory locks are gone since 5.15; who asks for one is told that it was set.
    if ((call.uint32(1) & abi::kLockMand) != 0) return 0;
    const std::uint32_t operation = call.uint32(1) & ~abi::kLockNb;
    if (operation != abi::kLockSh && operation != abi::kLockEx && operation != abi::kLockUn)
        return Errno::Inval;
    const auto file = call.process.files.share(call.int32(0));
    if (!file || (file->flags & abi::kOPath) != 0) return bad_descriptor(call);
    const auto key = TRY(key_of(*file));
    LockTable& locks = call.kernel.file_locks()->whole_files;
    FileLock wanted{.type = operation == abi::kLockSh   ? LockType::Read
                            : operation == abi::kLockEx ? LockType::Write
                                                        : LockType::None,
                    .owner = file.get(),
                    .taken_by = call.process.pid};
    call.task.call_holds.reset();  // what it waited for, if it did
    if (wanted.type != LockType::None) {
        if (const auto other = locks.conflict(key, wanted)) {
            // A lock is not kept while it is changed to another kind.
            locks.release(key, file.get());
            if ((call.uint32(1) & abi::kLockNb) != 0) return Errno::Again;
            call.task.call_holds = locks.request(key, wanted);
            call.wait_on(&locks.waiters(key));
            return Block{};
        }
        release_with(*file, call.kernel.file_locks());
    }
    wanted.number = ++call.kernel.file_locks()->last_number;
    const auto set = locks.set(key, wanted);
    return set ? SysOutcome(0u) : SysOutcome(set.error());
}

}  // namespace uprobesim
