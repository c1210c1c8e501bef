// SPDX-License-Identifier: GPL-2.0-or-later
// System V shared memory segments: lookup by id or key, and lifetime. Attachments are mappings of
// the processes' Mm.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "kernel_model/abi/mman.h"
#include "kernel_model/memory/ipc_ids.h"
#include "kernel_model/memory/mm.h"
#include "kernel_model/memory/shared_memory.h"

namespace uprobesim {

struct Process;

struct IpcSegment {
    std::int32_t id = 0, key = 0;  // key 0: IPC_PRIVATE, no lookup by key
    std::uint64_t size = 0;        // as requested
    std::uint32_t mode = 0;        // permissions; kIpcDest, kIpcLocked
    std::uint32_t uid = 0, gid = 0, creator_uid = 0, creator_gid = 0;
    std::int32_t creator = 0, last = 0;                              // pids
    std::int64_t attach_time = 0, detach_time = 0, change_time = 0;  // seconds
    std::weak_ptr<SharedMemory> memory;
    std::shared_ptr<SharedMemory> keeps;  // until IPC_RMID
};

class IpcSegments {
public:
    static constexpr std::size_t kMaxSegments = 4096;                          // kernel.shmmni
    static constexpr std::uint64_t kMaxBytes = ~std::uint64_t{0} - (1 << 24);  // kernel.shmmax

    // Null: no such segment. A segment marked for removal exists as long as a process has it
    // mapped.
    IpcSegment* find(std::int32_t id);
    IpcSegment* find_key(std::int32_t key);
    IpcSegment* at_index(std::int32_t index);
    // The segment that a mapping's file belongs to; null: the file is not a segment.
    IpcSegment* segment_of(const FileBacking* file);
    // NoSpc: too many segments.
    SysResult<IpcSegment*> make(PhysicalMemory& memory, std::int32_t key, std::uint64_t size);
    void remove(IpcSegment& segment);
    std::int32_t highest_index();
    const std::map<std::int32_t, IpcSegment>& all();

private:
    void forget_unused();

    std::map<std::int32_t, IpcSegment> by_index_;
    IpcIds ids_;
};

// The number of mappings of this segment in `mm`.
std::uint64_t attached(const Mm& mm, const IpcSegment& segment);

}  // namespace uprobesim
