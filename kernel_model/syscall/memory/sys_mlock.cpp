// SPDX-License-Identifier: GPL-2.0-or-later
// mlock and its like (mm/mlock.c), mincore. There is no swap, so present pages stay present: to
// lock memory is to fault it in, and to keep count.
#include <algorithm>
#include <array>
#include <vector>

#include "kernel_model/abi/mman.h"
#include "kernel_model/syscall/memory/memory_args.h"
#include "sim/base/try.h"

namespace uprobesim {

Coverage coverage_of(const Mm& mm, VRange range) {
    Coverage coverage;
    for (VAddr at = range.begin; at < range.end;) {
        const Vma* vma = mm.find(at);
        if (vma == nullptr) {
            coverage.whole = false;
            const auto next = mm.vmas().upper_bound(at);
            if (next == mm.vmas().end()) break;
            at = next->first;
            continue;
        }
        if (vma->file != nullptr) coverage.anonymous = false;
        at = vma->range.end;
    }
    return coverage;
}

SysResult<void> populate_locked(SysCall& call, VRange range) {
    Mm& mm = *call.process.mm;
    for (VAddr at = range.begin; at < range.end;) {
        const Vma* const vma = mm.find(at);
        if (vma == nullptr) {
            const auto next = mm.vmas().upper_bound(at);
            if (next == mm.vmas().end()) break;
            at = next->first;
            continue;
        }
        const VRange part{at, std::min(range.end, vma->range.end)};
        at = part.end;
        const bool wanted = (vma->marks & (mark::kLocked | mark::kLockedOnFault)) == mark::kLocked;
        if (!wanted || vma->prot.none()) continue;
        // Locked it is, but its pages are not given to who asks for them.
        if ((vma->marks & mark::kSecret) != 0) return tl::make_unexpected(Errno::NoMem);
        const Access access = vma->prot.write && !vma->shared ? Access::Write : Access::Read;
        if (mm.populate(part, access, call.task.id) * kPageSize != part.size())
            return tl::make_unexpected(Errno::NoMem);
    }
    return {};
}

namespace {

using namespace abi;

constexpr std::uint32_t kLockMarks = mark::kLocked | mark::kLockedOnFault;

SysResult<VRange> lock_argument(const SysCall& call) {
    const std::uint64_t size = page_ceil(call.args[1] + call.address(0).page_offset());
    const VAddr begin = managed(call).page();
    if (begin + size < begin) return tl::make_unexpected(Errno::Inval);
    if (size != 0 && (begin >= Mm::kTaskSize || size > Mm::kTaskSize - begin))
        return tl::make_unexpected(Errno::NoMem);
    return VRange{begin, begin + size};
}

SysOutcome lock_range(SysCall& call, std::uint32_t marks) {
    if (!may_lock(call)) return Errno::Perm;
    Mm& mm = *call.process.mm;
    const VRange range = TRY(lock_argument(call));
    if (range.begin == range.end) return 0;
    const std::uint64_t more = range.size() - mm.locked_bytes_in(range);
    if (!may_lock_more(call, more)) return Errno::NoMem;
    TRY(mm.set_marks(range, marks, kLockMarks & ~marks));
    // A page that cannot be read or written is ENOMEM.
    for (VAddr at = range.begin; at < range.end;) {
        const Vma* const vma = mm.find(at);
        if (vma->prot.none() && marks == mark::kLocked) return Errno::NoMem;
        at = vma->range.end;
    }
    return populate_locked(call, range);
}

SysOutcome sys_mlock(SysCall& call) {
    return lock_range(call, mark::kLocked);
}

SysOutcome sys_mlock2(SysCall& call) {
    if ((call.uint32(2) & ~kMlockOnfault) != 0) return Errno::Inval;
    return lock_range(call, call.uint32(2) == 0 ? mark::kLocked : kLockMarks);
}

SysOutcome sys_munlock(SysCall& call) {
    const VRange range = TRY(lock_argument(call));
    if (range.begin == range.end) return 0;
    return call.process.mm->set_marks(range, 0, kLockMarks);
}

// apply_mlockall_flags: all mappings, whatever lies between them.
void lock_all(Mm& mm, std::uint32_t marks) {
    (void)mm.set_marks({VAddr(0), Mm::kTaskSize}, marks, kLockMarks & ~marks);
}

SysOutcome sys_mlockall(SysCall& call) {
    const std::uint32_t flags = call.uint32(0);
    if (flags == 0 || (flags & ~(kMclCurrent | kMclFuture | kMclOnfault)) != 0 ||
        flags == kMclOnfault)
        return Errno::Inval;
    if (!may_lock(call)) return Errno::Perm;
    Mm& mm = *call.process.mm;
    const std::uint32_t marks = (flags & kMclOnfault) != 0 ? kLockMarks : mark::kLocked;
    if ((flags & kMclCurrent) != 0 && !call.capable(Capability::IpcLock) &&
        mm.mapped_bytes() > call.process.limits[kRlimitMemlock].soft)
        return Errno::NoMem;
    mm.set_default_marks((flags & kMclFuture) != 0 ? marks : 0);
    if ((flags & kMclCurrent) == 0) return 0;
    lock_all(mm, marks);
    (void)populate_locked(call, {VAddr(0), Mm::kTaskSize});
    return 0;
}

SysOutcome sys_munlockall(SysCall& call) {
    call.process.mm->set_default_marks(0);
    lock_all(*call.process.mm, 0);
    return 0;
}

SysOutcome sys_mincore(SysCall& call) {
    const VAddr at = managed(call);
    if (at.page_offset() != 0) return Errno::Inval;
    if (at > Mm::kTaskSize || call.args[1] > Mm::kTaskSize - at) return Errno::NoMem;
    const VRange range{at, at + page_ceil(call.args[1])};
    Mm& mm = *call.process.mm;
    UserMemory memory = call.memory();
    VAddr to = call.address(2);
    const std::uint64_t pages = range.size() / kPageSize;
    if (to > Mm::kTaskSize || pages > Mm::kTaskSize - to) return Errno::Fault;
    // Page by page in chunks, as the kernel does with one page of buffer.
    std::vector<std::byte> chunk;
    for (VAddr page = range.begin; page < range.end;) {
        chunk.clear();
        const VAddr end = std::min(range.end, page + kPageSize * kPageSize);
        for (; page < end; page += kPageSize) {
            const Vma* vma = mm.find(page);
            if (vma == nullptr) return Errno::NoMem;
            bool in_memory = mm.space().lookup(page).has_value();
            if (!in_memory && vma->file != nullptr) {
                const std::uint64_t offset = vma->offset_of(page);
                in_memory = offset < vma->file->size() && vma->file->resident(offset / kPageSize);
            }
            chunk.push_back(std::byte{in_memory});
        }
        if (!memory.write(to, chunk)) return Errno::Fault;
        to += chunk.size();
    }
    return 0;
}

// mm/mseal.c
SysOutcome sys_mseal(SysCall& call) {
    const VAddr at = managed(call);
    if (call.args[2] != 0 || at.page_offset() != 0) return Errno::Inval;
    const std::uint64_t length = page_ceil(call.args[1]);
    if ((call.args[1] != 0 && length == 0) || at + length < at) return Errno::Inval;
    if (length == 0) return 0;
    Mm& mm = *call.process.mm;
    if (at >= Mm::kTaskSize || length > Mm::kTaskSize - at ||
        !coverage_of(mm, {at, at + length}).whole)
        return Errno::NoMem;
    return mm.set_marks({at, at + length}, mark::kSealed, 0);
}

constexpr auto kMlockRows = std::to_array<SyscallRow>({
    {228, "mlock", sys_mlock, Support::Full, KernelPath::SysMadvise, ""},
    {229, "munlock", sys_munlock, Support::Full, KernelPath::SysMadvise, ""},
    {230, "mlockall", sys_mlockall, Support::Full, KernelPath::SysMadvise, ""},
    {231, "munlockall", sys_munlockall, Support::Full, KernelPath::SysMadvise, ""},
    {232, "mincore", sys_mincore, Support::Full, KernelPath::SysMadvise, ""},
    {284, "mlock2", sys_mlock2, Support::Full, KernelPath::SysMadvise, ""},
    {462, "mseal", sys_mseal, Support::Full, KernelPath::SysMadvise, ""},
});

}  // namespace

std::span<const SyscallRow> memory_lock_syscalls() {
    return kMlockRows;
}

}  // namespace uprobesim
