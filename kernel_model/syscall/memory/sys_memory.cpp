// SPDX-License-Identifier: GPL-2.0-or-later
// System calls on mappings. Checks are in Linux's order, so that a call with several errors fails
// with the same errno.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/mman.h"
#include "kernel_model/abi/resource.h"
#include "kernel_model/syscall/syscall.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

constexpr std::uint64_t kKnownMapFlags = kMapType | kMapFixed | kMapAnonymous | kMapGrowsdown |
                                         kMapDenywrite | kMapExecutable | kMapLocked |
                                         kMapNoreserve | kMapPopulate | kMapNonblock | kMapStack |
                                         kMapHugetlb | kMapFixedNoreplace;

Prot prot_from(std::uint64_t bits) {
    return {.read = (bits & kProtRead) != 0,
            .write = (bits & kProtWrite) != 0,
            .exec = (bits & kProtExec) != 0};
}

// The file of a mapping request, after checking the descriptor's access mode.
SysResult<void> take_file(SysCall& call, MapRequest& request, std::uint64_t flags) {
    const auto file = call.process.files.share(call.int32(4));
    if (file == nullptr || (file->flags & kOPath) != 0) return tl::make_unexpected(Errno::Badf);
    const std::uint64_t type = flags & kMapType;
    const std::uint32_t mode = file->flags & kOAccmode;
    if (type == kMapSharedValidate && (flags & (~kKnownMapFlags | kMapSync)) != 0)
        return tl::make_unexpected(Errno::NotSup);
    if (type != kMapPrivate && type != kMapShared && type != kMapSharedValidate)
        return tl::make_unexpected(Errno::Inval);
    request.shared = type != kMapPrivate;
    if (request.shared && request.prot.write && mode == kORdonly)
        return tl::make_unexpected(Errno::Acces);
    if (mode == kOWronly) return tl::make_unexpected(Errno::Acces);
    if (request.shared && request.prot.write && file->write_sealed())
        return tl::make_unexpected(Errno::Perm);
    if (request.shared) request.may_write = mode == kORdwr && !file->write_sealed();
    request.file = file->backing();
    if (file->maps_zeros()) return {};
    if (request.file == nullptr) return tl::make_unexpected(Errno::NoDev);
    // The mapping keeps the description's access to the file.
    if (request.may_write && file->write_access != nullptr)
        request.file = std::shared_ptr<FileBacking>(file->write_access, request.file.get());
    if (request.grows_down) return tl::make_unexpected(Errno::Inval);
    request.offset = call.args[5];
    return {};
}

SysOutcome sys_mmap(SysCall& call) {
    const std::uint64_t length = call.args[1], flags = call.args[3], offset = call.args[5];
    const bool anonymous = (flags & kMapAnonymous) != 0;
    if (!anonymous) call.path = KernelPath::SysMmapFile;
    if (offset % kPageSize != 0) return Errno::Inval;
    if (!anonymous && call.process.files.get(call.int32(4)) == nullptr) return Errno::Badf;
    if (length == 0) return Errno::Inval;
    if ((flags & kMapHugetlb) != 0) {
        call.kernel.counters().note_unmodelled(
            "mmap MAP_HUGETLB", "no huge pages: ENOMEM, as on a machine that has none reserved");
        return anonymous ? Errno::NoMem : Errno::Inval;
    }
    MapRequest request{.hint = call.address(0),
                       .length = length,
                       .prot = prot_from(call.args[2]),
                       .fixed = (flags & kMapFixed) != 0 && (flags & kMapFixedNoreplace) == 0,
                       .fixed_noreplace = (flags & kMapFixedNoreplace) != 0,
                       .grows_down = (flags & kMapGrowsdown) != 0,
                       .no_reserve = (flags & kMapNoreserve) != 0};
    if (anonymous) {
        const std::uint64_t type = flags & kMapType;
        if (type != kMapPrivate && type != kMapShared) return Errno::Inval;
        request.shared = type == kMapShared;
        if (request.shared && request.grows_down) return Errno::Inval;
    } else {
        TRY(take_file(call, request, flags));
    }
    const auto mapped = TRY(call.process.mm->map(request));
    const bool locked = (flags & kMapLocked) != 0;
    const bool populate = (flags & kMapPopulate) != 0 && (flags & kMapNonblock) == 0;
    if ((locked || populate) && !request.prot.none()) {
        // Write-faulting private writable memory at once, as populate_vma_page_range does.
        const Access access = request.prot.write && !request.shared ? Access::Write : Access::Read;
        const VRange range{mapped, mapped + page_ceil(length)};
        call.process.mm->populate(range, access, call.task.id);
    }
    return mapped.value;
}

// Address space management takes tagged addresses whether the task has the ABI or not; mmap, brk
// and mremap's new address do not.
VAddr managed(const SysCall& call) {
    return untagged(call.address(0));
}

SysOutcome sys_munmap(SysCall& call) {
    const VAddr at = managed(call);
    const std::uint64_t length = call.args[1];
    if (at.page_offset() != 0 || length == 0 || at > Mm::kTaskSize || length > Mm::kTaskSize - at)
        return Errno::Inval;
    const auto freed = TRY(call.process.mm->unmap({at, at + page_ceil(length)}));
    call.units = freed.own;
    if (freed.of_files != 0)
        call.kernel.gate().spend(call.task, KernelPath::SysMunmapFile, freed.of_files);
    return 0;
}

SysOutcome change_protection(SysCall& call) {
    VAddr begin = managed(call);
    const std::uint64_t length = page_ceil(call.args[1]);
    std::uint64_t prot = call.args[2];
    const std::uint64_t grows = prot & (kProtGrowsdown | kProtGrowsup);
    prot &= ~(kProtGrowsdown | kProtGrowsup);
    if (grows == (kProtGrowsdown | kProtGrowsup)) return Errno::Inval;
    if (begin.page_offset() != 0) return Errno::Inval;
    if (call.args[1] == 0) return 0;
    const VAddr end = begin + length;
    if (length == 0 || end <= begin) return Errno::NoMem;
    if ((prot & ~(kProtRead | kProtWrite | kProtExec | kProtSem)) != 0) return Errno::Inval;
    if (grows == kProtGrowsup) return Errno::Inval;
    if (grows == kProtGrowsdown) {
        const Vma* vma = call.process.mm->find(begin);
        if (vma == nullptr) return Errno::NoMem;
        if (!vma->grows_down) return Errno::Inval;
        begin = vma->range.begin;
    }
    const auto changed = TRY(call.process.mm->protect({begin, end}, prot_from(prot)));
    call.units = changed;
    return 0;
}

SysOutcome sys_mprotect(SysCall& call) {
    return change_protection(call);
}

SysOutcome sys_pkey_mprotect(SysCall& call) {
    // Without permission overlays -1 is the only valid key.
    if (call.int32(3) != -1) return Errno::Inval;
    return change_protection(call);
}

SysOutcome sys_mremap(SysCall& call) {
    Mm& mm = *call.process.mm;
    const VAddr old = managed(call);
    const std::uint64_t old_size = page_ceil(call.args[1]);
    std::uint64_t present = 0;
    if (old < Mm::kTaskSize && old_size <= Mm::kTaskSize - old)
        mm.space().for_each_mapped({old.page(), old.page() + old_size},
                                   [&](VAddr, Translation) { ++present; });
    const auto moved =
        TRY(mm.remap(old, call.args[1], call.args[2], call.args[3], call.address(4)));
    if (moved != old) call.units = present;
    return moved.value;
}

SysOutcome sys_brk(SysCall& call) {
    Mm& mm = *call.process.mm;
    const VAddr before = mm.brk_end();
    const VAddr now = mm.set_brk(call.address(0));
    if (now == before) call.path = KernelPath::SysBrkQuery;
    return now.value;
}

// The effect of each madvise advice.
enum class Advice { Discard, DiscardAnonymous, PopulateRead, PopulateWrite, Ignored, Refused };
struct AdviceRow {
    std::int32_t number;
    std::string_view name;
    Advice advice;
};
constexpr auto kAdvice = std::to_array<AdviceRow>({
    {kMadvNormal, "MADV_NORMAL", Advice::Ignored},
    {kMadvRandom, "MADV_RANDOM", Advice::Ignored},
    {kMadvSequential, "MADV_SEQUENTIAL", Advice::Ignored},
    {kMadvWillneed, "MADV_WILLNEED", Advice::Ignored},
    {kMadvDontneed, "MADV_DONTNEED", Advice::Discard},
    {kMadvFree, "MADV_FREE", Advice::DiscardAnonymous},
    {kMadvRemove, "MADV_REMOVE", Advice::Refused},
    {kMadvDontfork, "MADV_DONTFORK", Advice::Refused},
    {kMadvDofork, "MADV_DOFORK", Advice::Ignored},
    {kMadvMergeable, "MADV_MERGEABLE", Advice::Ignored},
    {kMadvUnmergeable, "MADV_UNMERGEABLE", Advice::Ignored},
    {kMadvHugepage, "MADV_HUGEPAGE", Advice::Ignored},
    {kMadvNohugepage, "MADV_NOHUGEPAGE", Advice::Ignored},
    {kMadvDontdump, "MADV_DONTDUMP", Advice::Ignored},
    {kMadvDodump, "MADV_DODUMP", Advice::Ignored},
    {kMadvWipeonfork, "MADV_WIPEONFORK", Advice::Refused},
    {kMadvKeeponfork, "MADV_KEEPONFORK", Advice::Ignored},
    {kMadvCold, "MADV_COLD", Advice::Ignored},
    {kMadvPageout, "MADV_PAGEOUT", Advice::Ignored},
    {kMadvPopulateRead, "MADV_POPULATE_READ", Advice::PopulateRead},
    {kMadvPopulateWrite, "MADV_POPULATE_WRITE", Advice::PopulateWrite},
});

// Whether every page of the range is mapped, and whether all mappings in it are private and
// anonymous.
struct Coverage {
    bool whole = true;
    bool anonymous = true;
};
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

SysOutcome sys_madvise(SysCall& call) {
    const VAddr at = managed(call);
    const auto row = std::ranges::find(kAdvice, call.int32(2), &AdviceRow::number);
    if (row == kAdvice.end() || at.page_offset() != 0) return Errno::Inval;
    const std::uint64_t length = page_ceil(call.args[1]);
    if ((call.args[1] != 0 && length == 0) || at + length < at) return Errno::Inval;
    if (length == 0) return 0;
    Mm& mm = *call.process.mm;
    const VRange range{at, std::min(at + length, Mm::kTaskSize)};
    const Coverage coverage =
        at < Mm::kTaskSize ? coverage_of(mm, range) : Coverage{.whole = false, .anonymous = true};
    switch (row->advice) {
        case Advice::DiscardAnonymous:
            // MADV_FREE frees at once instead of under memory pressure: a program must expect zeros
            // either way.
            if (!coverage.anonymous) return Errno::Inval;
            [[fallthrough]];
        case Advice::Discard: {
            if (at >= Mm::kTaskSize) return Errno::NoMem;
            const auto freed = TRY(mm.discard(range));
            call.units = freed;
            return 0;
        }
        case Advice::PopulateRead:
        case Advice::PopulateWrite: {
            if (!coverage.whole || range.end != at + length) return Errno::NoMem;
            const Access access =
                row->advice == Advice::PopulateWrite ? Access::Write : Access::Read;
            const std::uint64_t there = mm.populate(range, access, call.task.id);
            return there * kPageSize == range.size() ? SysOutcome(0) : SysOutcome(Errno::Fault);
        }
        case Advice::Refused:
            call.kernel.counters().note_unmodelled(fmt::format("madvise {}", row->name),
                                                   "answered with EINVAL");
            return Errno::Inval;
        case Advice::Ignored: break;
    }
    if (!coverage.whole || range.end != at + length) return Errno::NoMem;
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

SysOutcome sys_msync(SysCall& call) {
    const VAddr at = managed(call);
    const std::uint32_t flags = call.uint32(2);
    if ((flags & ~(kMsAsync | kMsInvalidate | kMsSync)) != 0 || at.page_offset() != 0)
        return Errno::Inval;
    if ((flags & kMsAsync) != 0 && (flags & kMsSync) != 0) return Errno::Inval;
    const std::uint64_t length = page_ceil(call.args[1]);
    if (at + length < at || (call.args[1] != 0 && length == 0)) return Errno::NoMem;
    if (length == 0) return 0;
    if (at >= Mm::kTaskSize || length > Mm::kTaskSize - at) return Errno::NoMem;
    if ((flags & kMsSync) == 0)
        return coverage_of(*call.process.mm, {at, at + length}).whole ? SysOutcome(0)
                                                                      : SysOutcome(Errno::NoMem);
    TRY(call.process.mm->write_back({at, at + length}));
    return 0;
}

// There is no swap, so present pages stay present: to lock memory is to fault it in.
SysOutcome lock_range(SysCall& call, bool populate) {
    const std::uint64_t size = page_ceil(call.args[1] + call.address(0).page_offset());
    const VAddr begin = managed(call).page();
    if (begin + size < begin) return Errno::Inval;
    if (size == 0) return 0;
    if (!call.capable(Capability::IpcLock) && size > call.process.limits[kRlimitMemlock].soft)
        return call.process.limits[kRlimitMemlock].soft == 0 ? Errno::Perm : Errno::NoMem;
    if (begin >= Mm::kTaskSize || size > Mm::kTaskSize - begin) return Errno::NoMem;
    Mm& mm = *call.process.mm;
    if (!coverage_of(mm, {begin, begin + size}).whole) return Errno::NoMem;
    if (!populate) return 0;
    for (VAddr at = begin; at < begin + size;) {
        const Vma* vma = mm.find(at);
        const VRange part{at, std::min(begin + size, vma->range.end)};
        const Access access = vma->prot.write && !vma->shared ? Access::Write : Access::Read;
        const std::uint64_t there = mm.populate(part, access, call.task.id);
        if (there * kPageSize != part.size()) return Errno::NoMem;
        at = part.end;
    }
    return 0;
}

SysOutcome sys_mlock(SysCall& call) {
    return lock_range(call, true);
}
SysOutcome sys_munlock(SysCall& call) {
    return lock_range(call, false);
}
SysOutcome sys_mlock2(SysCall& call) {
    if ((call.uint32(2) & ~kMlockOnfault) != 0) return Errno::Inval;
    return lock_range(call, call.uint32(2) == 0);
}
SysOutcome sys_mlockall(SysCall& call) {
    const std::uint32_t flags = call.uint32(0);
    if (flags == 0 || (flags & ~(kMclCurrent | kMclFuture | kMclOnfault)) != 0 ||
        flags == kMclOnfault)
        return Errno::Inval;
    return 0;
}
SysOutcome sys_munlockall(SysCall&) {
    return 0;
}

constexpr auto kRows = std::to_array<SyscallRow>({
    {214, "brk", sys_brk, Support::Full, KernelPath::SysBrk, ""},
    {215, "munmap", sys_munmap, Support::Full, KernelPath::SysMunmap, ""},
    {216, "mremap", sys_mremap, Support::Full, KernelPath::SysMremap, ""},
    {222, "mmap", sys_mmap, Support::Full, KernelPath::SysMmapAnon, ""},
    {226, "mprotect", sys_mprotect, Support::Full, KernelPath::SysMprotect, ""},
    {227, "msync", sys_msync, Support::Full, KernelPath::SysMadvise, ""},
    {228, "mlock", sys_mlock, Support::Partial, KernelPath::SysMadvise,
     "brings the pages in; nothing is ever swapped"},
    {229, "munlock", sys_munlock, Support::Partial, KernelPath::SysMadvise,
     "nothing is ever swapped"},
    {230, "mlockall", sys_mlockall, Support::Stub, KernelPath::SysMadvise,
     "answered with success; pages still come by faults"},
    {231, "munlockall", sys_munlockall, Support::Stub, KernelPath::SysMadvise,
     "nothing is ever swapped"},
    {232, "mincore", sys_mincore, Support::Full, KernelPath::SysMadvise, ""},
    {233, "madvise", sys_madvise, Support::Partial, KernelPath::SysMadvise,
     "DONTNEED, FREE and POPULATE work; other advice changes nothing, what cannot be ignored is "
     "refused"},
    {284, "mlock2", sys_mlock2, Support::Partial, KernelPath::SysMadvise,
     "brings the pages in; nothing is ever swapped"},
    {288, "pkey_mprotect", sys_pkey_mprotect, Support::Full, KernelPath::SysMprotect, ""},
});
}  // namespace

std::span<const SyscallRow> memory_syscalls() {
    return kRows;
}

}  // namespace uprobesim
