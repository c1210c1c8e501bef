// SPDX-License-Identifier: GPL-2.0-or-later
// Advisory locks on files: ranges that processes (fcntl F_SETLK) and open descriptions
// (F_OFD_SETLK) lock, and whole files that descriptions lock (flock), which do not see the former.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/file.h"
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

    bool overlaps(const FileLock& o) const { return begin < o.end && o.begin < end; }
    bool conflicts(const FileLock& o) const {
        return owner != o.owner && overlaps(o) &&
               (type == LockType::Write || o.type == LockType::Write);
    }
};

class LockTable {
public:
    // The first lock that is in the way of `wanted`.
    std::optional<FileLock> conflict(const FileKey& file, const FileLock& wanted) const;
    // Replaces what the owner has in the range; LockType::None unlocks. NoLck: it has too many.
    SysResult<void> set(const FileKey& file, const FileLock& lock);
    void release(const FileKey& file, const void* owner);
    void release(const void* owner);
    bool holds(const void* owner) const;
    // Woken when locks of this file go.
    WaitQueue& waiters(const FileKey& file) { return files_[file].waiters; }

    // `waiter` waits for `holder`, until the value returned is gone. Null: `holder` waits for it
    // already, over others perhaps.
    std::shared_ptr<void> wait_for(const void* waiter, const void* holder);

private:
    static constexpr std::size_t kMaxPerFile = 4096;
    struct Locked {
        std::vector<FileLock> locks;  // by begin
        WaitQueue waiters;
    };
    void changed(std::map<FileKey, Locked>::iterator at);

    std::map<FileKey, Locked> files_;
    std::shared_ptr<std::map<const void*, const void*>> waits_ =
        std::make_shared<std::map<const void*, const void*>>();
};

struct FileLocks {
    LockTable ranges, whole_files;
};

// The locks of this description go with it.
void release_with(File& file, const std::shared_ptr<FileLocks>& locks);

}  // namespace uprobesim
