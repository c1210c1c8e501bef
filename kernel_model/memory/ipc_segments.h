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
#include "kernel_model/spaces/pid_namespace.h"

namespace uprobesim {

struct Process;

struct IpcSegment {
    std::int32_t id = 0, key = 0;  // key 0: IPC_PRIVATE, no lookup by key
    std::uint64_t size = 0;        // as requested
    std::uint32_t mode = 0;        // permissions; kIpcDest, kIpcLocked
    std::uint32_t uid = 0, gid = 0, creator_uid = 0, creator_gid = 0;
    std::uint32_t locked_by = 0;  // kIpcLocked: the user to whose locked memory it counts
    Pid creator, last;
    std::int64_t attach_time = 0, detach_time = 0, change_time = 0;  // seconds
    std::weak_ptr<SharedMemory> memory;
    std::shared_ptr<SharedMemory> keeps;  // until IPC_RMID
    bool orphan = false;                  // its creator has ended
};

class IpcSegments {
public:
    // `space`: a number of the namespace, which no other one has.
    explicit IpcSegments(std::uint64_t space = 0) : first_inode_(kInodeBase + (space << 32)) {}
    static constexpr std::size_t kMostSegments = 32768;  // IPCMNI

    // Null: no such segment. A segment marked for removal exists as long as a process has it
    // mapped.
    IpcSegment* find(std::int32_t id);
    IpcSegment* find_key(std::int32_t key);
    IpcSegment* at_index(std::int32_t index);
    // The segment that a mapping's file belongs to; null: the file is not a segment.
    IpcSegment* segment_of(const FileBacking* file);
    // `wished_id`: as of IpcIds. NoSpc: there would be more segments or pages.
    SysResult<IpcSegment*> make(PhysicalMemory& memory, std::int32_t key, std::uint64_t size,
                                std::uint64_t most_segments, std::uint64_t most_pages,
                                std::int32_t wished_id = -1);
    void remove(IpcSegment& segment);
    // Whether a segment goes when its last mapping or its creator does (kernel.shm_rmid_forced).
    void need_attaches(bool need) { need_attaches_ = need; }
    // exit_shm.
    void process_ended(std::int32_t pid);
    std::int32_t highest_index();
    const std::map<std::int32_t, IpcSegment>& all();

private:
    static constexpr std::uint64_t kInodeBase = std::uint64_t{1} << 33;
    void forget_unused();
    bool is_unused(const IpcSegment& segment) const;

    std::uint64_t first_inode_;
    std::map<std::int32_t, IpcSegment> by_index_;
    IpcIds ids_;
    bool need_attaches_ = false;
};

// The number of mappings of this segment in `mm`.
std::uint64_t attached(const Mm& mm, const IpcSegment& segment);

}  // namespace uprobesim
