// SPDX-License-Identifier: GPL-2.0-or-later
// Advisory locks: on ranges, owned by processes (F_SETLK) or open file descriptions (F_OFD_SETLK),
// and on whole files, owned by open file descriptions (flock). The two kinds are independent.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/file.h"
#include "kernel_model/files/locks/leases.h"
#include "kernel_model/wait/wait_queue.h"

namespace uprobesim {

enum class LockType : std::int16_t {
    Read = abi::kFRdlck,
    Write = abi::kFWrlck,
    None = abi::kFUnlck
};

struct FileLock {
    static constexpr std::uint64_t kToTheEnd = ~std::uint64_t{0};
    LockType type = LockType::None;
    std::uint64_t begin = 0, end = kToTheEnd;  // without end
    const void* owner = nullptr;               // the Process or File
    std::int32_t pid = -1;                     // of a Process
    std::int32_t taken_by = 0;                 // the process that asked for it
    std::uint64_t number = 0;                  // in the order in which locks were made

    bool overlaps(const FileLock& o) const { return begin < o.end && o.begin < end; }
    bool conflicts(const FileLock& o) const {
        return owner != o.owner && overlaps(o) &&
               (type == LockType::Write || o.type == LockType::Write);
    }
};

class LockTable {
public:
    // `memory`: what the locks are charged to; null: none.
    explicit LockTable(PhysicalMemory* memory) : charge_(memory) {}

    // The first lock that conflicts with `wanted`.
    std::optional<FileLock> conflict(const FileKey& file, const FileLock& wanted) const;
    // The owner's own first lock in the range.
    std::optional<FileLock> held(const FileKey& file, const FileLock& range) const;
    // Replaces the owner's locks in the range; LockType::None unlocks. NoLck: the file has too many
    // locks.
    SysResult<void> set(const FileKey& file, const FileLock& lock);
    void release(const FileKey& file, const void* owner);
    void release(const void* owner);
    bool holds(const void* owner) const { return by_owner_.contains(owner); }
    // Woken when locks of this file are released.
    WaitQueue& waiters(const FileKey& file) { return files_[file].waiters; }

    // What a task waits for, while the returned value lives.
    std::shared_ptr<void> request(const FileKey& file, const FileLock& wanted);
    // All locks of all files, and what waits for one of them.
    using Shown = std::function<void(const FileKey&, const FileLock&)>;
    void each(const Shown& show) const;
    void each_waiting(const FileKey& file, const FileLock& lock, const Shown& show) const;

    // Records that `waiter` waits for `holder`, as long as the returned value lives. Null: a
    // deadlock, as `holder` waits for `waiter`, perhaps through others.
    std::shared_ptr<void> wait_for(const void* waiter, const void* holder);

private:
    static constexpr std::size_t kMaxPerFile = 4096;
    static constexpr std::uint64_t kLockBytes = 216;  // file_lock
    static constexpr std::uint64_t kFileBytes = 256;  // file_lock_context
    struct Locked {
        std::vector<FileLock> locks;  // by begin
        WaitQueue waiters;
    };
    std::optional<FileLock> first(const FileKey& file,
                                  const std::function<bool(const FileLock&)>& is) const;
    void changed(std::map<FileKey, Locked>::iterator at, const void* owner, std::size_t before);

    std::map<FileKey, Locked> files_;
    std::map<const void*, std::set<FileKey>> by_owner_;  // in which files it has locks
    std::uint64_t count_ = 0;
    MemoryCharge charge_;
    // In the order in which they came.
    struct Request {
        FileKey file;
        FileLock wanted;
    };
    std::shared_ptr<std::list<Request>> requests_ = std::make_shared<std::list<Request>>();
    std::shared_ptr<std::map<const void*, const void*>> waits_ =
        std::make_shared<std::map<const void*, const void*>>();
};

struct FileLocks {
    explicit FileLocks(PhysicalMemory* memory = nullptr) : ranges(memory), whole_files(memory) {}
    LockTable ranges, whole_files;
    LeaseTable leases;
    std::uint64_t last_number = 0;  // of the locks and leases of all tables
};

// Releases the locks of an open file description with it.
void release_with(File& file, const std::shared_ptr<FileLocks>& locks);

}  // namespace uprobesim
