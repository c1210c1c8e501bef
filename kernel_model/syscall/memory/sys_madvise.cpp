// SPDX-License-Identifier: GPL-2.0-or-later
// madvise and process_madvise (mm/madvise.c).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "kernel_model/abi/limits.h"
#include "kernel_model/abi/mman.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/files/event/process_file.h"
#include "kernel_model/syscall/memory/memory_args.h"
#include "kernel_model/task/trace_access.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

// The effect of each advice.
enum class Advice { Discard, Remove, Populate, Mark, OfPages, Collapse, Ignored };
struct AdviceRow {
    std::int32_t number;
    Advice advice;
    std::uint32_t set = 0, clear = 0;  // Mark
};
constexpr auto kAdvice = std::to_array<AdviceRow>({
    {kMadvNormal, Advice::Mark, 0, mark::kRandom | mark::kSequential},
    {kMadvRandom, Advice::Mark, mark::kRandom, mark::kSequential},
    {kMadvSequential, Advice::Mark, mark::kSequential, mark::kRandom},
    {kMadvWillneed, Advice::Ignored},
    {kMadvDontneed, Advice::Discard},
    {kMadvFree, Advice::Discard},
    {kMadvDontneedLocked, Advice::Discard},
    {kMadvRemove, Advice::Remove},
    {kMadvDontfork, Advice::Mark, mark::kDontFork, 0},
    {kMadvDofork, Advice::Mark, 0, mark::kDontFork},
    {kMadvMergeable, Advice::Mark, mark::kMergeable, 0},
    {kMadvUnmergeable, Advice::Mark, 0, mark::kMergeable},
    {kMadvHugepage, Advice::Mark, mark::kHugePage, mark::kNoHugePage},
    {kMadvNohugepage, Advice::Mark, mark::kNoHugePage, mark::kHugePage},
    {kMadvDontdump, Advice::Mark, mark::kDontDump, 0},
    {kMadvDodump, Advice::Mark, 0, mark::kDontDump},
    {kMadvWipeonfork, Advice::Mark, mark::kWipeOnFork, 0},
    {kMadvKeeponfork, Advice::Mark, 0, mark::kWipeOnFork},
    {kMadvCold, Advice::OfPages},
    {kMadvPageout, Advice::OfPages},
    {kMadvPopulateRead, Advice::Populate},
    {kMadvPopulateWrite, Advice::Populate},
    {kMadvCollapse, Advice::Collapse},
});

// The parts of the range that are mapped, in order; `work` ends the walk with an error. NoMem after
// all of them: something is not mapped.
template <class Fn>
SysResult<void> for_each_mapping(Mm& mm, VRange range, Fn work) {
    bool hole = false;
    for (VAddr at = range.begin; at < range.end;) {
        const Vma* const found = mm.find(at);
        if (found == nullptr) {
            hole = true;
            const auto next = mm.vmas().upper_bound(at);
            if (next == mm.vmas().end() || next->first >= range.end) break;
            at = next->first;
            continue;
        }
        const Vma vma = *found;
        const VRange part{at, std::min(range.end, vma.range.end)};
        TRY(work(vma, part));
        at = part.end;
    }
    if (hole) return tl::make_unexpected(Errno::NoMem);
    return {};
}

SysResult<void> fail(Errno error) {
    return tl::make_unexpected(error);
}

bool is_special(const Vma& vma) {
    return !vma.name.empty() && vma.file != nullptr;  // the kernel's own pages
}

// MADV_FREE frees at once instead of under memory pressure: a program must expect zeros either way.
SysResult<void> discard(SysCall& call, VRange range, std::int32_t advice) {
    Mm& mm = *call.process.mm;
    return for_each_mapping(mm, range, [&](const Vma& vma, VRange part) -> SysResult<void> {
        const bool locked = (vma.marks & mark::kLocked) != 0 && advice != kMadvDontneedLocked;
        if (locked || (advice == kMadvFree && vma.file != nullptr)) return fail(Errno::Inval);
        if ((vma.marks & mark::kSealed) != 0 && !vma.prot.write && vma.file == nullptr)
            return fail(Errno::Perm);
        call.units += TRY(mm.discard(part));
        return {};
    });
}

// Punches a hole into the file.
SysResult<void> remove_pages(SysCall& call, VRange range) {
    Mm& mm = *call.process.mm;
    PhysicalMemory& memory = call.kernel.machine().memory;
    return for_each_mapping(mm, range, [&](const Vma& vma, VRange part) -> SysResult<void> {
        if ((vma.marks & mark::kLocked) != 0 || vma.file == nullptr) return fail(Errno::Inval);
        if (!vma.shared || !vma.may_write) return fail(Errno::Acces);
        for (VAddr page = part.begin; page < part.end; page += kPageSize) {
            const std::uint64_t index = vma.offset_of(page) / kPageSize;
            if (vma.offset_of(page) >= vma.file->size()) break;
            const auto frame = TRY(vma.file->page(index));
            std::ranges::fill(memory.bytes(frame), std::byte{0});
            memory.note_write(frame);
            vma.file->mark_dirty(index);
        }
        return {};
    });
}

// madvise_populate.
SysResult<void> populate(SysCall& call, VRange range, bool write) {
    Mm& mm = *call.process.mm;
    if (!coverage_of(mm, range).whole) return fail(Errno::NoMem);
    const Access access = write ? Access::Write : Access::Read;
    return for_each_mapping(mm, range, [&](const Vma& vma, VRange part) -> SysResult<void> {
        if (is_special(vma) || (write ? !vma.prot.write : vma.prot.none()))
            return fail(Errno::Inval);
        const std::uint64_t there = mm.populate(part, access, call.task.id);
        return there * kPageSize == part.size() ? SysResult<void>() : fail(Errno::Fault);
    });
}

SysResult<void> set_mark(Mm& mm, VRange range, const AdviceRow& row) {
    return for_each_mapping(mm, range, [&](const Vma& vma, VRange part) -> SysResult<void> {
        if (row.number == kMadvWipeonfork && (vma.file != nullptr || vma.shared))
            return fail(Errno::Inval);
        if ((row.number == kMadvDofork || row.number == kMadvDodump) && is_special(vma))
            return fail(Errno::Inval);
        return mm.set_marks(part, row.set, row.clear);
    });
}

SysResult<void> advise(SysCall& call, const AdviceRow& row, VAddr at, std::uint64_t given) {
    if (at.page_offset() != 0) return fail(Errno::Inval);
    const std::uint64_t length = page_ceil(given);
    if ((given != 0 && length == 0) || at + length < at) return fail(Errno::Inval);
    if (length == 0) return {};
    Mm& mm = *call.process.mm;
    if (at >= Mm::kTaskSize) return fail(Errno::NoMem);
    const VRange range{at, at + length};
    switch (row.advice) {
        case Advice::Discard: return discard(call, range, row.number);
        case Advice::Remove: return remove_pages(call, range);
        case Advice::Populate: return populate(call, range, row.number == kMadvPopulateWrite);
        case Advice::Mark: return set_mark(mm, range, row);
        case Advice::OfPages:
            return for_each_mapping(mm, range, [](const Vma& vma, VRange) -> SysResult<void> {
                return (vma.marks & mark::kLocked) != 0 ? fail(Errno::Inval) : SysResult<void>();
            });
        case Advice::Collapse: return fail(Errno::Inval);  // no huge pages
        case Advice::Ignored: break;
    }
    return coverage_of(mm, range).whole ? SysResult<void>() : fail(Errno::NoMem);
}

const AdviceRow* find_advice(std::int32_t number) {
    const auto* const row = std::ranges::find(kAdvice, number, &AdviceRow::number);
    return row == kAdvice.end() ? nullptr : row;
}

SysOutcome sys_madvise(SysCall& call) {
    const std::int32_t number = call.int32(2);
    if (number == kMadvHwpoison || number == kMadvSoftOffline) {
        call.kernel.counters().note_unmodelled("madvise MADV_HWPOISON",
                                               "EINVAL, as a kernel without CONFIG_MEMORY_FAILURE");
        return Errno::Inval;
    }
    const AdviceRow* const row = find_advice(number);
    if (row == nullptr) return Errno::Inval;
    return advise(call, *row, managed(call), call.args[1]);
}

SysOutcome sys_process_madvise(SysCall& call) {
    if (call.uint32(4) != 0 || call.args[2] > kUioMaxiov) return Errno::Inval;
    std::vector<Iovec> parts(call.args[2]);
    if (!call.memory().read(call.address(1), std::as_writable_bytes(std::span(parts))))
        return Errno::Fault;
    const auto file =
        std::dynamic_pointer_cast<ProcessFile>(call.process.files.share(call.int32(0)));
    if (!file) return Errno::Badf;
    const std::array known = {kMadvCold, kMadvPageout, kMadvWillneed, kMadvCollapse};
    const AdviceRow* const row = find_advice(call.int32(3));
    if (row == nullptr || std::ranges::find(known, row->number) == known.end()) return Errno::Inval;
    Process* const process = call.kernel.processes().find(file->pid());
    if (process == nullptr || !process->alive) return Errno::Srch;
    if (!may_access(call.task, *process)) return Errno::Acces;
    if (process != &call.process && !call.capable(Capability::SysNice)) return Errno::Perm;
    SysCall of_other{.kernel = call.kernel, .process = *process, .task = call.task, .args = {}};
    std::uint64_t done = 0;
    for (const Iovec& part : parts) {
        const auto advised = advise(of_other, *row, untagged(VAddr(part.base)), part.length);
        if (!advised && done == 0) return advised.error();
        if (!advised) break;
        done += part.length;
    }
    return done;
}

constexpr auto kMadviseRows = std::to_array<SyscallRow>({
    {233, "madvise", sys_madvise, Support::Full, KernelPath::SysMadvise, ""},
    {440, "process_madvise", sys_process_madvise, Support::Full, KernelPath::SysMadvise, ""},
});

}  // namespace

std::span<const SyscallRow> madvise_syscalls() {
    return kMadviseRows;
}

}  // namespace uprobesim
