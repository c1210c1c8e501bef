// SPDX-License-Identifier: GPL-2.0-or-later
// System calls on mappings. Checks are in Linux's order, so that a call with several errors fails
// with the same errno.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/mman.h"
#include "kernel_model/abi/prctl.h"
#include "kernel_model/abi/resource.h"
#include "kernel_model/files/event/process_file.h"
#include "kernel_model/ipc/ipc.h"
#include "kernel_model/syscall/memory/memory_args.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

// MAP_HUGE_2MB and MAP_HUGE_1GB.
constexpr std::uint64_t kMapHugeSizes = 21ul << 26 | 30ul << 26;
constexpr std::uint64_t kKnownMapFlags = kMapType | kMapFixed | kMapAnonymous | kMapGrowsdown |
                                         kMapDenywrite | kMapExecutable | kMapLocked |
                                         kMapNoreserve | kMapPopulate | kMapNonblock | kMapStack |
                                         kMapHugetlb | kMapHugeSizes | kMapFixedNoreplace;

// PROT_BTI is nothing on a machine without BTI.
Prot prot_from(const SysCall& call, std::uint64_t bits) {
    const bool bti = call.kernel.machine().profile.isa.has(IsaFeature::Bti);
    const bool read = (bits & kProtRead) != 0;
    const bool implied = read && (call.process.options.personality & kReadImpliesExec) != 0;
    return {.read = read,
            .write = (bits & kProtWrite) != 0,
            .exec = (bits & kProtExec) != 0 || implied,
            .guarded = bti && (bits & kProtBti) != 0};
}

// map_deny_write_exec: by prctl, no memory is both, or becomes executable.
bool denies(const SysCall& call, const Prot& wanted, bool was_executable) {
    if (call.process.options.mdwe == 0 || !wanted.exec) return false;
    return wanted.write || !was_executable;
}
bool all_executable(const Mm& mm, VRange range) {
    for (VAddr at = range.begin; at < range.end;) {
        const Vma* const vma = mm.find(at);
        if (vma == nullptr || !vma->prot.exec) return false;
        at = vma->range.end;
    }
    return true;
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
    if (file->is_secret()) {
        // secretmem_mmap
        if (!request.shared) return tl::make_unexpected(Errno::Inval);
        if (!may_lock_more(call, page_ceil(call.args[1]))) return tl::make_unexpected(Errno::Again);
        request.marks |= mark::kLocked | mark::kDontDump | mark::kSecret;
    }
    TRY(file->may_map(call.args[5], page_ceil(call.args[1])));
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

// MAP_POPULATE, and memory that is locked at once.
void fill_mapping(SysCall& call, const MapRequest& request, VRange range, bool locked) {
    Mm& mm = *call.process.mm;
    const std::uint64_t flags = call.args[3];
    const bool populate = (flags & kMapPopulate) != 0 && (flags & kMapNonblock) == 0;
    const bool lazily = (mm.default_marks() & mark::kLockedOnFault) != 0;
    if ((!locked || lazily) && !populate) return;
    if (request.prot.none()) return;
    // Write-faulting private writable memory, as populate_vma_page_range does.
    const Access access = request.prot.write && !request.shared ? Access::Write : Access::Read;
    mm.populate(range, access, call.task.id);
}

// Of memory without a file.
SysResult<void> take_type(MapRequest& request, std::uint64_t type) {
    if (type != kMapPrivate && type != kMapShared && type != kMapDroppable)
        return tl::make_unexpected(Errno::Inval);
    if (type != kMapPrivate && request.grows_down) return tl::make_unexpected(Errno::Inval);
    request.shared = type == kMapShared;
    if (type != kMapDroppable) return {};
    request.no_reserve = true;
    request.marks |= mark::kWipeOnFork | mark::kDontDump;
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
                       .prot = prot_from(call, call.args[2]),
                       .fixed = (flags & kMapFixed) != 0 && (flags & kMapFixedNoreplace) == 0,
                       .fixed_noreplace = (flags & kMapFixedNoreplace) != 0,
                       .grows_down = (flags & kMapGrowsdown) != 0,
                       .no_reserve = (flags & kMapNoreserve) != 0};
    if (anonymous) {
        TRY(take_type(request, flags & kMapType));
    } else {
        TRY(take_file(call, request, flags));
    }
    if (denies(call, request.prot, true)) return Errno::Acces;
    Mm& mm = *call.process.mm;
    const bool locked = ((flags & kMapLocked) != 0 || (mm.default_marks() & mark::kLocked) != 0);
    if ((flags & kMapLocked) != 0 && !may_lock(call)) return Errno::Perm;
    if (locked && !may_lock_more(call, page_ceil(length))) return Errno::Again;
    if ((flags & kMapLocked) != 0) request.marks |= mark::kLocked;
    if (request.fixed && sealed(mm, {request.hint, request.hint + page_ceil(length)}))
        return Errno::Perm;
    const auto mapped = TRY(mm.map(request));
    fill_mapping(call, request, {mapped, mapped + page_ceil(length)}, locked);
    return mapped.value;
}

SysOutcome sys_munmap(SysCall& call) {
    const VAddr at = managed(call);
    const std::uint64_t length = call.args[1];
    if (at.page_offset() != 0 || length == 0 || at > Mm::kTaskSize || length > Mm::kTaskSize - at)
        return Errno::Inval;
    if (sealed(*call.process.mm, {at, at + page_ceil(length)})) return Errno::Perm;
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
    std::uint64_t known = kProtRead | kProtWrite | kProtExec | kProtSem;
    if (call.kernel.machine().profile.isa.has(IsaFeature::Bti)) known |= kProtBti;
    if ((prot & ~known) != 0) return Errno::Inval;  // arch_validate_prot
    if (grows == kProtGrowsup) return Errno::Inval;
    if (grows == kProtGrowsdown) {
        const Vma* vma = call.process.mm->find(begin);
        if (vma == nullptr) return Errno::NoMem;
        if (!vma->grows_down) return Errno::Inval;
        begin = vma->range.begin;
    }
    Mm& mm = *call.process.mm;
    if (sealed(mm, {begin, end})) return Errno::Perm;
    const Prot wanted = prot_from(call, prot);
    if (denies(call, wanted, all_executable(mm, {begin, end}))) return Errno::Acces;
    const auto changed = TRY(mm.protect({begin, end}, wanted));
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
    const std::uint64_t new_size = page_ceil(call.args[2]);
    if (sealed(mm, {old.page(), old.page() + std::max(old_size, kPageSize)})) return Errno::Perm;
    const VAddr to = call.address(4);
    if ((call.args[3] & kMremapFixed) != 0 && to < Mm::kTaskSize &&
        new_size <= Mm::kTaskSize - to && sealed(mm, {to, to + new_size}))
        return Errno::Perm;
    const Vma* const vma = mm.find(old);
    const bool locked = vma != nullptr && (vma->marks & mark::kLocked) != 0;
    const bool grows = new_size > old_size;
    if (locked && grows && !may_lock_more(call, new_size - old_size)) return Errno::Again;
    std::uint64_t present = 0;
    if (old < Mm::kTaskSize && old_size <= Mm::kTaskSize - old)
        mm.space().for_each_mapped({old.page(), old.page() + old_size},
                                   [&](VAddr, Translation) { ++present; });
    const auto moved =
        TRY(mm.remap(old, call.args[1], call.args[2], call.args[3], call.address(4)));
    if (moved != old) call.units = present;
    if (locked && grows) (void)populate_locked(call, {moved, moved + new_size});
    return moved.value;
}

SysOutcome sys_brk(SysCall& call) {
    Mm& mm = *call.process.mm;
    const VAddr before = mm.brk_end();
    const std::uint64_t growth = call.address(0) > before ? call.address(0) - before : 0;
    if ((mm.default_marks() & mark::kLocked) != 0 && !may_lock_more(call, growth))
        return before.value;
    const VAddr now = mm.set_brk(call.address(0));
    if (now > before && (mm.default_marks() & mark::kLocked) != 0)
        (void)populate_locked(call, {before.page(), now});
    if (now == before) call.path = KernelPath::SysBrkQuery;
    return now.value;
}

SysOutcome sys_msync(SysCall& call) {
    const VAddr at = managed(call);
    const std::uint32_t flags = call.uint32(2);
    if ((flags & ~(kMsAsync | kMsInvalidate | kMsSync)) != 0 || at.page_offset() != 0)
        return Errno::Inval;
    if ((flags & kMsAsync) != 0 && (flags & kMsSync) != 0) return Errno::Inval;
    const std::uint64_t length = page_ceil(call.args[1]);
    if (at + length < at) return Errno::NoMem;
    if (length == 0) return 0;
    if (at >= Mm::kTaskSize || length > Mm::kTaskSize - at) return Errno::NoMem;
    if ((flags & kMsInvalidate) != 0 &&
        call.process.mm->any_marked({at, at + length}, mark::kLocked))
        return Errno::Busy;
    if ((flags & kMsSync) == 0)
        return coverage_of(*call.process.mm, {at, at + length}).whole ? SysOutcome(0)
                                                                      : SysOutcome(Errno::NoMem);
    TRY(call.process.mm->write_back({at, at + length}));
    return 0;
}

// Whether a segment that is removed goes with this part of its mapping: shm_mmap does not find it.
bool was_last_of_segment(SysCall& call, const Vma& vma, VRange part) {
    const IpcSegment* const segment = call.ipc().segments().segment_of(vma.file.get());
    return segment != nullptr && segment->keeps == nullptr && segment->memory.use_count() == 1 &&
           part == vma.range;
}

// mm/mmap.c: a shared mapping is mapped again from another page of its file.
SysOutcome sys_remap_file_pages(SysCall& call) {
    const VAddr at = managed(call).page();
    const std::uint64_t size = page_floor(call.args[1]), index = call.args[3];
    if (call.args[2] != 0 || at + size <= at) return Errno::Inval;
    if (index + size / kPageSize < index) return Errno::Inval;
    Mm& mm = *call.process.mm;
    const Vma* const found = mm.find(at);
    if (found == nullptr || !found->shared || at + size > found->range.end) return Errno::Inval;
    if (was_last_of_segment(call, *found, {at, at + size})) {
        TRY(mm.unmap(found->range));
        return Errno::Inval;
    }
    const Vma vma = *found;
    TRY(mm.map({.hint = at,
                .length = size,
                .prot = vma.prot,
                .fixed = true,
                .shared = true,
                .may_write = vma.may_write,
                .marks = vma.marks,
                .file = vma.file,
                .offset = index * kPageSize}));
    return 0;
}

// Without permission overlays there is no key.
SysOutcome sys_pkey_alloc(SysCall& call) {
    constexpr std::uint64_t kRights = 0xf;  // PKEY_ACCESS_MASK
    if (call.args[0] != 0 || (call.args[1] & ~kRights) != 0) return Errno::Inval;
    return Errno::NoSpc;
}

SysOutcome sys_process_mrelease(SysCall& call) {
    if (call.uint32(1) != 0) return Errno::Inval;
    const auto file =
        std::dynamic_pointer_cast<ProcessFile>(call.process.files.share(call.int32(0)));
    if (!file) return Errno::Badf;
    const Process* const process = call.kernel.processes().find(file->pid());
    if (process == nullptr || !process->alive) return Errno::Srch;
    return Errno::Inval;  // it is not being killed: that takes no time here
}

constexpr auto kMemoryRows = std::to_array<SyscallRow>({
    {214, "brk", sys_brk, Support::Full, KernelPath::SysBrk, ""},
    {215, "munmap", sys_munmap, Support::Full, KernelPath::SysMunmap, ""},
    {216, "mremap", sys_mremap, Support::Full, KernelPath::SysMremap, ""},
    {222, "mmap", sys_mmap, Support::Full, KernelPath::SysMmapAnon, ""},
    {226, "mprotect", sys_mprotect, Support::Full, KernelPath::SysMprotect, ""},
    {227, "msync", sys_msync, Support::Full, KernelPath::SysMadvise, ""},
    {234, "remap_file_pages", sys_remap_file_pages, Support::Full, KernelPath::SysMmapFile, ""},
    {288, "pkey_mprotect", sys_pkey_mprotect, Support::Full, KernelPath::SysMprotect, ""},
    {289, "pkey_alloc", sys_pkey_alloc, Support::Full, KernelPath::SysPrctl, ""},
    {290, "pkey_free", refuse<Errno::Inval>, Support::Full, KernelPath::SysPrctl, ""},
    {448, "process_mrelease", sys_process_mrelease, Support::Full, KernelPath::SysMadvise, ""},
});
}  // namespace

std::span<const SyscallRow> memory_syscalls() {
    return kMemoryRows;
}

}  // namespace uprobesim
