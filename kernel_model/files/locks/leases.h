// SPDX-License-Identifier: GPL-2.0-or-later
// Leases (F_SETLEASE): the holder of one is told by a signal before another opens the file, which
// waits until the lease is given up, or for fs.lease-break-time.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/file.h"
#include "kernel_model/wait/wait_queue.h"

namespace uprobesim {

struct Lease {
    File* file = nullptr;                // the open description that holds it
    std::int32_t descriptor = 0;         // by which it was taken
    std::int32_t type = abi::kFUnlck;    // F_RDLCK or F_WRLCK
    std::int32_t target = abi::kFUnlck;  // what it is to become, once it is being broken
    std::uint64_t until_ns = 0;          // when it is taken away; 0: it is not being broken
    std::int32_t taken_by = 0;           // the process that asked for it
    std::uint64_t number = 0;            // as FileLock::number
    std::int32_t shown() const { return until_ns != 0 ? target : type; }
};

class LeaseTable {
public:
    bool empty() const { return files_.empty(); }
    std::vector<Lease>* of(const FileKey& file) {
        const auto at = files_.find(file);
        return at == files_.end() ? nullptr : &at->second.leases;
    }
    void set(const FileKey& file, const Lease& lease);
    template <class Show>
    void each(const Show& show) const {
        for (const auto& [file, leased] : files_) {
            for (const Lease& lease : leased.leases) show(file, lease);
        }
    }
    // False: it had none.
    bool remove(const FileKey& file, const File& holder);
    WaitQueue& waiters(const FileKey& file) { return files_[file].waiters; }

private:
    struct Leased {
        std::vector<Lease> leases;
        WaitQueue waiters;
    };
    std::map<FileKey, Leased> files_;
};

}  // namespace uprobesim
