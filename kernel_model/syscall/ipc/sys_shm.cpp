// SPDX-License-Identifier: GPL-2.0-or-later
// System V shared memory: shmget, shmctl, shmat, shmdt (ipc/shm.c, ipc/util.c).
#include <algorithm>
#include <array>
#include <cstdint>
#include <set>

#include "kernel_model/abi/mman.h"
#include "kernel_model/abi/resource.h"
#include "kernel_model/ipc/ipc.h"
#include "kernel_model/memory/ipc_segments.h"
#include "kernel_model/syscall/ipc/ipc_permissions.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

// struct shmid64_ds of asm-generic.
struct GuestSegment {
    IpcPerm owner;
    std::uint64_t size;
    std::int64_t attach_time, detach_time, change_time;
    std::int32_t creator, last;
    std::uint64_t attached;
    std::array<std::uint64_t, 2> unused;
};
static_assert(sizeof(GuestSegment) == 112);

struct GuestLimits {  // struct shminfo64
    std::uint64_t largest, smallest, most, most_attached, all;
    std::array<std::uint64_t, 4> unused;
};

struct GuestUse {  // struct shm_info
    std::int32_t used, pad;
    std::uint64_t pages, resident, swapped, swap_attempts, swap_successes;
};

IpcSegments& segments(SysCall& call) {
    return call.ipc().segments();
}

std::uint64_t attached_everywhere(SysCall& call, const IpcSegment& segment) {
    std::set<const Mm*> counted;
    std::uint64_t sum = 0;
    for (const auto& [pid, process] : call.kernel.processes().all()) {
        if (process->mm != nullptr && counted.insert(process->mm.get()).second)
            sum += attached(*process->mm, segment);
    }
    return sum;
}

// newseg and hugetlb_file_setup: some may not use huge pages, and there are none reserved.
Errno refuse_huge_pages(SysCall& call) {
    const std::uint32_t size_log = call.uint32(2) >> kMapHugeShift & kMapHugeMask;
    const auto known = std::ranges::find(kHugePageLogs, size_log == 0 ? kDefaultHugeLog : size_log);
    if (known == std::end(kHugePageLogs)) return Errno::Inval;
    const auto group =
        static_cast<std::uint32_t>(call.kernel.sysctls().number("vm/hugetlb_shm_group"));
    if (!call.capable(Capability::IpcLock) && !call.cred().in_effective_group(group))
        return Errno::Perm;
    call.kernel.counters().note_unmodelled("shmget SHM_HUGETLB",
                                           "no huge pages: ENOMEM, as where none is reserved");
    return Errno::NoMem;
}

// What shm_close notes of the segments whose mappings SHM_REMAP replaces.
void note_replaced(SysCall& call, VRange range) {
    const auto& vmas = call.process.mm->vmas();
    for (auto it = vmas.lower_bound(range.begin); it != vmas.end() && it->first < range.end; ++it) {
        IpcSegment* const segment = segments(call).segment_of(it->second.file.get());
        if (segment == nullptr) continue;
        segment->detach_time = seconds_now(call);
        segment->last = call.process.id();
    }
}

SysOutcome sys_shmget(SysCall& call) {
    const std::int32_t key = call.int32(0);
    const std::uint64_t size = call.args[1];
    const std::uint32_t flags = call.uint32(2);
    if (IpcSegment* const there = segments(call).find_key(key)) {
        if ((flags & kIpcCreat) != 0 && (flags & kIpcExcl) != 0) return Errno::Exist;
        if (size > there->size) return Errno::Inval;
        if (!permitted(call, *there, flags)) return Errno::Acces;
        return static_cast<std::uint64_t>(there->id);
    }
    if (key != 0 && (flags & kIpcCreat) == 0) return Errno::NoEnt;
    if (size == 0 || size > call.ipc().limits().segment_bytes) return Errno::Inval;
    if ((flags & kShmHugetlb) != 0) return refuse_huge_pages(call);
    if (page_ceil(size) > call.kernel.machine().memory.limit_bytes()) return Errno::NoMem;
    const IpcLimits& most = call.ipc().limits();
    const auto made =
        TRY(segments(call).make(call.kernel.machine().memory, key, size, most.segments,
                                most.segment_pages, most.next_segment_id));
    call.ipc().id_was_made(kNextSegmentId);
    IpcSegment& segment = *made;
    set_owner(call, segment, flags);
    segment.creator = call.process.id();
    segment.change_time = seconds_now(call);
    return static_cast<std::uint64_t>(segment.id);
}

SysOutcome sys_shmat(SysCall& call) {
    VAddr at = call.address(1);
    const std::uint32_t flags = call.uint32(2);
    if (call.int32(0) < 0) return Errno::Inval;
    if (at.value != 0) {
        if ((flags & kShmRnd) != 0) at = at.page();
        if (at.page_offset() != 0 || (at.value == 0 && (flags & kShmRemap) != 0))
            return Errno::Inval;
    } else if ((flags & kShmRemap) != 0) {
        return Errno::Inval;
    }
    IpcSegment* const segment = segments(call).find(call.int32(0));
    if (segment == nullptr) return Errno::Inval;
    const bool exec = (flags & kShmExec) != 0, writes = (flags & kShmRdonly) == 0;
    const std::uint32_t wanted = kIrugo | (writes ? kIwugo : 0) | (exec ? kIxugo : 0);
    if (!permitted(call, *segment, wanted)) return Errno::Acces;
    const std::uint64_t length = page_ceil(segment->size);
    if (at.value != 0 && (flags & kShmRemap) == 0 && at + segment->size < at) return Errno::Inval;
    if ((flags & kShmRemap) != 0 && length <= Mm::kTaskSize.value)
        note_replaced(call, {at, at + length});
    MapRequest request{.hint = at,
                       .length = segment->size,
                       .prot = {.read = true, .write = writes, .exec = exec},
                       .fixed = at.value != 0 && (flags & kShmRemap) != 0,
                       .fixed_noreplace = at.value != 0 && (flags & kShmRemap) == 0,
                       .shared = true,
                       .may_write = writes,
                       .file = segment->memory.lock()};
    const auto mapped = call.process.mm->map(request);
    if (!mapped) return mapped.error() == Errno::Exist ? Errno::Inval : mapped.error();
    segment->attach_time = seconds_now(call);
    segment->last = call.process.id();
    return mapped->value;
}

// The mappings of one segment at the places where a shmat at this address put them.
SysOutcome sys_shmdt(SysCall& call) {
    const VAddr at = call.address(0);
    if (at.page_offset() != 0 || at >= Mm::kTaskSize) return Errno::Inval;
    Mm& mm = *call.process.mm;
    const auto lies_right = [&](const Vma& vma) { return vma.range.begin - at == vma.file_offset; };
    IpcSegment* segment = nullptr;
    for (auto it = mm.vmas().lower_bound(at); it != mm.vmas().end() && segment == nullptr; ++it) {
        if (it->second.file != nullptr && lies_right(it->second))
            segment = segments(call).segment_of(it->second.file.get());
    }
    if (segment == nullptr) return Errno::Inval;
    const auto memory = segment->memory.lock();
    std::vector<VRange> parts;
    for (auto it = mm.vmas().lower_bound(at);
         it != mm.vmas().end() && it->first < at + memory->size(); ++it) {
        if (it->second.file == memory && lies_right(it->second)) parts.push_back(it->second.range);
    }
    for (const VRange part : parts) {
        if (const auto gone = mm.unmap(part); gone) call.units += gone->all();
    }
    segment->detach_time = seconds_now(call);
    segment->last = call.process.id();
    return 0;
}

// --- shmctl: one row per command

struct Command {
    std::int32_t number;
    SysOutcome (*work)(SysCall&, IpcSegment*);
    enum class Finds { Nothing, Id, Index } finds;
};

SysOutcome remove_segment(SysCall& call, IpcSegment* segment) {
    if (!owns(call, *segment)) return Errno::Perm;
    segments(call).remove(*segment);
    return 0;
}

SysOutcome change_segment(SysCall& call, IpcSegment* segment) {
    const auto given = call.memory().get<GuestSegment>(call.address(2));
    if (!given) return Errno::Fault;
    if (!owns(call, *segment)) return Errno::Perm;
    TRY(change_owner(call, *segment, given->owner));
    segment->change_time = seconds_now(call);
    return 0;
}

SysOutcome show_segment(SysCall& call, const IpcSegment& s) {
    const GuestSegment shown{.owner = shown_owner(call, s),
                             .size = s.size,
                             .attach_time = s.attach_time,
                             .detach_time = s.detach_time,
                             .change_time = s.change_time,
                             .creator = call.number_of(s.creator),
                             .last = call.number_of(s.last),
                             .attached = attached_everywhere(call, s),
                             .unused = {}};
    if (!call.memory().put(call.address(2), shown)) return Errno::Fault;
    return call.int32(1) == kIpcStat ? std::uint64_t{0} : static_cast<std::uint64_t>(s.id);
}
SysOutcome status(SysCall& call, IpcSegment* segment) {
    if (!permitted(call, *segment, kIrugo)) return Errno::Acces;
    return show_segment(call, *segment);
}
SysOutcome status_of_any(SysCall& call, IpcSegment* segment) {
    return show_segment(call, *segment);
}

SysOutcome limits(SysCall& call, IpcSegment*) {
    const IpcLimits& most = call.ipc().limits();
    const GuestLimits shown{.largest = most.segment_bytes,
                            .smallest = 1,
                            .most = most.segments,
                            .most_attached = most.segments,
                            .all = most.segment_pages,
                            .unused = {}};
    if (!call.memory().put(call.address(2), shown)) return Errno::Fault;
    return static_cast<std::uint64_t>(segments(call).highest_index());
}

SysOutcome use(SysCall& call, IpcSegment*) {
    GuestUse shown{};
    for (const auto& [index, segment] : segments(call).all()) {
        ++shown.used;
        shown.pages += page_ceil(segment.size) / kPageSize;
        shown.resident += segment.memory.lock()->pages();
    }
    if (!call.memory().put(call.address(2), shown)) return Errno::Fault;
    return static_cast<std::uint64_t>(segments(call).highest_index());
}

// shmctl_do_lock: without the right to lock memory, its owner.
bool may_change_lock(const SysCall& call, const IpcSegment& segment) {
    const std::uint32_t own = call.cred().uid.effective;
    return own == segment.uid || own == segment.creator_uid ||
           call.capable_in(call.ipc().owned_by, Capability::IpcLock);
}

// user_shm_lock: all segments that a user has locked have a limit of their own.
bool may_lock_segment(SysCall& call, const IpcSegment& segment) {
    if (call.capable(Capability::IpcLock)) return true;
    std::uint64_t sum = page_ceil(segment.size);
    for (const auto& [index, other] : segments(call).all()) {
        if ((other.mode & kShmLocked) != 0 && other.locked_by == call.cred().uid.real)
            sum += page_ceil(other.size);
    }
    return sum <= call.process.limits[kRlimitMemlock].soft;
}

SysOutcome lock(SysCall& call, IpcSegment* segment) {
    if (!may_change_lock(call, *segment)) return Errno::Perm;
    if (call.process.limits[kRlimitMemlock].soft == 0 &&
        !call.capable_in(call.ipc().owned_by, Capability::IpcLock))
        return Errno::Perm;
    if ((segment->mode & kShmLocked) != 0) return 0;
    if (!may_lock_segment(call, *segment)) return Errno::NoMem;
    segment->mode |= kShmLocked;
    segment->locked_by = call.cred().uid.real;
    return 0;
}
SysOutcome unlock(SysCall& call, IpcSegment* segment) {
    if (!may_change_lock(call, *segment)) return Errno::Perm;
    segment->mode &= ~kShmLocked;
    return 0;
}

constexpr Command kCommands[] = {
    {kIpcRmid, remove_segment, Command::Finds::Id},
    {kIpcSet, change_segment, Command::Finds::Id},
    {kIpcStat, status, Command::Finds::Id},
    {kIpcInfo, limits, Command::Finds::Nothing},
    {kShmLock, lock, Command::Finds::Id},
    {kShmUnlock, unlock, Command::Finds::Id},
    {kShmStat, status, Command::Finds::Index},
    {kShmInfo, use, Command::Finds::Nothing},
    {kShmStatAny, status_of_any, Command::Finds::Index},
};

SysOutcome sys_shmctl(SysCall& call) {
    if (call.int32(0) < 0 || call.int32(1) < 0) return Errno::Inval;
    for (const Command& command : kCommands) {
        if (command.number != call.int32(1)) continue;
        IpcSegment* segment = nullptr;
        if (command.finds != Command::Finds::Nothing) {
            segment = command.finds == Command::Finds::Id ? segments(call).find(call.int32(0))
                                                          : segments(call).at_index(call.int32(0));
            if (segment == nullptr) return Errno::Inval;
        }
        return command.work(call, segment);
    }
    return Errno::Inval;
}

constexpr auto kShmRows = std::to_array<SyscallRow>({
    {194, "shmget", sys_shmget, Support::Full, KernelPath::SysEventfd, "", Errno::NoMem},
    {195, "shmctl", sys_shmctl, Support::Partial, KernelPath::SysPrctl,
     "locking keeps nothing in memory: nothing is ever swapped"},
    {196, "shmat", sys_shmat, Support::Full, KernelPath::SysMmapFile, "", Errno::NoMem},
    {197, "shmdt", sys_shmdt, Support::Full, KernelPath::SysMunmap, ""},
});
}  // namespace

std::span<const SyscallRow> shm_syscalls() {
    return kShmRows;
}

}  // namespace uprobesim
