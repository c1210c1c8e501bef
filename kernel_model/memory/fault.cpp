// SPDX-License-Identifier: GPL-2.0-or-later
// Page faults, kind by kind, as handle_mm_fault sorts them: each kind is one KernelPath. The page
// tables tell how a page is backed: by the zero page, by a frame with one reference (private to
// this process), or by a shared one (of the page cache, or shared with another process after fork).
#include <algorithm>
#include <cstring>
#include <iterator>

#include "kernel_model/memory/mm.h"
#include "kernel_model/memory/page_rights.h"

namespace uprobesim {

namespace {
constexpr std::uint64_t kFaultAroundPages = 16;  // fault_around_bytes: 64 KiB
constexpr std::uint64_t kPagesPerTable = 512;    // fault-around stays inside one last-level table
}  // namespace

class MmFaults {
public:
    // Without a task nothing is charged.
    MmFaults(Mm& mm, std::optional<TaskId> task, Account account = Account::Guest)
        : mm_(mm), memory_(mm.machine_.memory), task_(task), account_(account) {}

    FaultResult handle(VAddr address, Access access);
    // A private copy of the page's bytes in a frame with one reference, mapped with the mapping's
    // rights but not writable.
    std::optional<PAddr> own_text_page(VAddr address);

private:
    FaultResult page_fault(const Vma& vma, VAddr page, Access access);
    std::optional<FaultResult> watched(const Vma& vma, VAddr address, Access access);
    FaultResult write_protected(const Vma& vma, VAddr page, PAddr frame);
    static FaultResult without_page(Errno why);
    FaultResult anonymous(const Vma& vma, VAddr page, Access access);
    FaultResult file_page(const Vma& vma, VAddr page, Access access);
    FaultResult file_around(const Vma& vma, VAddr page, Access access);
    FaultResult file_copy(const Vma& vma, VAddr page);
    FaultResult file_shared(const Vma& vma, VAddr page);

    // Maps the frame and takes over the caller's reference; drops the reference if there is no
    // memory for a page table.
    FaultResult install(VAddr page, PAddr frame, Prot prot);
    FaultResult done(KernelPath path, std::uint64_t units = 0);
    std::optional<PAddr> copy_of(PAddr frame);

    Mm& mm_;
    PhysicalMemory& memory_;
    std::optional<TaskId> task_;
    Account account_;
    bool stack_grown_ = false;
};

FaultResult MmFaults::done(KernelPath path, std::uint64_t units) {
    // The cost of stack growth includes the new page.
    if (stack_grown_) {
        path = KernelPath::FaultStackGrow;
        units = 0;
    }
    if (task_) mm_.machine_.ledger.spend(*task_, path, units, account_);
    return FaultResult::Resolved;
}

FaultResult MmFaults::install(VAddr page, PAddr frame, Prot prot) {
    if (mm_.space_->map(page, frame, prot)) return FaultResult::Resolved;
    memory_.release(frame);
    return FaultResult::OutOfMemory;
}

std::optional<PAddr> MmFaults::copy_of(PAddr frame) {
    const auto copy = memory_.allocate();
    if (copy) std::ranges::copy(memory_.bytes(frame), memory_.bytes(*copy).begin());
    return copy;
}

FaultResult MmFaults::handle(VAddr address, Access access) {
    if (address >= Mm::kTaskSize) return FaultResult::NotMapped;
    auto it = mm_.first_ending_after(address);
    if (it == mm_.vmas_.end()) return FaultResult::NotMapped;
    if (!it->second.range.contains(address)) {
        if (!it->second.grows_down || !mm_.grow_stack(it, address)) return FaultResult::NotMapped;
        stack_grown_ = true;
        it = mm_.first_ending_after(address);
    }
    if (!vma_permits(it->second.prot, access)) return FaultResult::NoRight;
    if (it->second.watch) [[unlikely]] {
        if (const auto result = watched(it->second, address, access)) return *result;
    }
    return page_fault(it->second, address.page(), access);
}

// handle_userfault. Nothing: the kernel handles the fault itself.
std::optional<FaultResult> MmFaults::watched(const Vma& vma, VAddr address, Access access) {
    FaultWatch& watch = *vma.watch;
    const VAddr page = address.page();
    const bool present = mm_.space_->lookup(page).has_value(), write = access == Access::Write;
    if (!present && watch.has(page, FaultWatch::Mark::Poisoned)) return FaultResult::Poisoned;
    if (!watch.active()) return std::nullopt;
    const bool protection = present && write && watch.has(page, FaultWatch::Mark::Protected);
    if (!protection && (present || (vma.watched & FaultWatch::kMissing) == 0)) return std::nullopt;
    if (watch.signals() || !task_) return FaultResult::BeyondFile;
    mm_.asked_ = {vma.watch, {address, write, protection, *task_}};
    return FaultResult::Asked;
}

FaultResult MmFaults::page_fault(const Vma& vma, VAddr page, Access access) {
    const auto present = mm_.space_->lookup(page);
    if (!present)
        return vma.file == nullptr ? anonymous(vma, page, access) : file_page(vma, page, access);
    if (permits(present->prot, access)) return done(KernelPath::FaultSpurious);
    if (access == Access::Write) return write_protected(vma, page, present->frame);
    mm_.space_->protect(page, leaf_rights(vma.prot, present->prot.write));
    return done(KernelPath::FaultSpurious);
}

FaultResult MmFaults::write_protected(const Vma& vma, VAddr page, PAddr frame) {
    if (vma.shared) {
        vma.file->mark_dirty(vma.offset_of(page) / kPageSize);
        mm_.space_->protect(page, leaf_rights(vma.prot, true));
        return done(KernelPath::FaultFileShared);
    }
    const bool zero = mm_.is_zero(frame);
    if (!zero && memory_.refs(frame) == 1) {
        mm_.space_->protect(page, leaf_rights(vma.prot, true));
        return done(KernelPath::FaultCowReuse);
    }
    const auto own = zero ? memory_.allocate() : copy_of(frame);
    if (!own) return FaultResult::OutOfMemory;
    const FaultResult result = install(page, *own, leaf_rights(vma.prot, true));
    if (result != FaultResult::Resolved) return result;
    return done(zero ? KernelPath::FaultZeroToAnon : KernelPath::FaultCowCopy);
}

// A page that the disk does not give is one beyond the end of the file (VM_FAULT_SIGBUS).
FaultResult MmFaults::without_page(Errno why) {
    return why == Errno::NoMem ? FaultResult::OutOfMemory : FaultResult::BeyondFile;
}

FaultResult MmFaults::anonymous(const Vma& vma, VAddr page, Access access) {
    const bool write = access == Access::Write;
    const auto frame = write ? memory_.allocate() : mm_.zero_frame();
    if (!frame) return FaultResult::OutOfMemory;
    if (!write) memory_.add_ref(*frame);
    const FaultResult result = install(page, *frame, leaf_rights(vma.prot, write));
    if (result != FaultResult::Resolved) return result;
    return done(write ? KernelPath::FaultAnonWrite : KernelPath::FaultAnonRead);
}

FaultResult MmFaults::file_page(const Vma& vma, VAddr page, Access access) {
    if (vma.offset_of(page) >= vma.file->size()) return FaultResult::BeyondFile;
    if (access != Access::Write) return file_around(vma, page, access);
    return vma.shared ? file_shared(vma, page) : file_copy(vma, page);
}

// do_fault_around: a window of 16 pages that starts at a 64 KiB boundary or at the start of the
// mapping, whichever is later. Pages that are mapped already, not in the page cache, or beyond the
// end of the file are left out.
FaultResult MmFaults::file_around(const Vma& vma, VAddr page, Access access) {
    const Prot prot = leaf_rights(vma.prot, false);
    const auto map_page = [&](VAddr at) {
        const auto frame = vma.file->page(vma.offset_of(at) / kPageSize);
        if (!frame) return without_page(frame.error());
        memory_.add_ref(*frame);
        return install(at, *frame, prot);
    };
    if (const FaultResult result = map_page(page); result != FaultResult::Resolved) return result;

    constexpr std::uint64_t kWindow = kFaultAroundPages * kPageSize;
    constexpr std::uint64_t kTable = kPagesPerTable * kPageSize;
    const VAddr first = std::max(VAddr(page.value & ~(kWindow - 1)), vma.range.begin);
    const VAddr table_end = VAddr(page.value & ~(kTable - 1)) + kTable;
    const VAddr last = std::min({first + kWindow, vma.range.end, table_end});
    const std::uint64_t end_of_file = vma.file->size();
    std::uint64_t extra = 0;
    for (VAddr at = first; at < last; at += kPageSize) {
        const std::uint64_t offset = vma.offset_of(at);
        if (offset >= end_of_file) break;
        if (!vma.file->resident(offset / kPageSize) || mm_.space_->lookup(at)) continue;
        if (map_page(at) != FaultResult::Resolved) break;
        ++extra;
    }
    if (access == Access::Execute && vma.file->freshly_written())
        return done(KernelPath::FaultSpecialExec);
    return done(access == Access::Execute ? KernelPath::FaultFileExec : KernelPath::FaultFileRead,
                extra);
}

FaultResult MmFaults::file_copy(const Vma& vma, VAddr page) {
    const auto cached = vma.file->page(vma.offset_of(page) / kPageSize);
    if (!cached) return without_page(cached.error());
    const auto own = copy_of(*cached);
    if (!own) return FaultResult::OutOfMemory;
    const FaultResult result = install(page, *own, leaf_rights(vma.prot, true));
    if (result != FaultResult::Resolved) return result;
    return done(KernelPath::FaultFileCow);
}

FaultResult MmFaults::file_shared(const Vma& vma, VAddr page) {
    const std::uint64_t index = vma.offset_of(page) / kPageSize;
    const auto cached = vma.file->page(index);
    if (!cached) return without_page(cached.error());
    vma.file->mark_dirty(index);
    memory_.add_ref(*cached);
    const FaultResult result = install(page, *cached, leaf_rights(vma.prot, true));
    if (result != FaultResult::Resolved) return result;
    return done(KernelPath::FaultFileShared);
}

std::optional<PAddr> MmFaults::own_text_page(VAddr address) {
    const Vma* vma = mm_.find(address);
    if (vma == nullptr || vma->shared) return std::nullopt;
    const VAddr page = address.page();
    const auto present = mm_.space_->lookup(page);
    if (present && !mm_.is_zero(present->frame) && memory_.refs(present->frame) == 1)
        return present->frame;

    std::optional<PAddr> source;
    if (present) {
        source = present->frame;
    } else if (vma->file != nullptr) {
        if (vma->offset_of(page) >= vma->file->size()) return std::nullopt;
        const auto cached = vma->file->page(vma->offset_of(page) / kPageSize);
        if (!cached) return std::nullopt;
        source = *cached;
    }
    const auto own = source ? copy_of(*source) : memory_.allocate();
    if (!own || install(page, *own, leaf_rights(vma->prot, true)) != FaultResult::Resolved)
        return std::nullopt;
    return own;
}

// pagefault_out_of_memory: the fault is repeated as long as the OOM killer frees something.
FaultResult Mm::fault_in(VAddr address, Access access, std::optional<TaskId> task,
                         Account account) {
    constexpr std::uint64_t kMostForOne = 4 * kPageSize;  // the page and its tables
    if (reaped_) return FaultResult::NotMapped;
    FaultResult result{};
    do {
        result = MmFaults(*this, task, account).handle(address, access);
    } while (result == FaultResult::OutOfMemory && !machine_.memory.has_room(kMostForOne) &&
             observer_ != nullptr && observer_->out_of_memory(*this));
    // mm_account_fault.
    if (result == FaultResult::Resolved && task) machine_.ledger.count_fault(*task);
    return result;
}

FaultResult Mm::fault(VAddr address, Access access, TaskId task, Account account) {
    return fault_in(address, access, task, account);
}

std::uint64_t Mm::populate(VRange range, Access access, std::optional<TaskId> task) {
    std::uint64_t there = 0;
    for (VAddr page = range.begin.page(); page < range.end; page += kPageSize) {
        const auto present = space_->lookup(page);
        const bool usable = present && permits(present->prot, access);
        if (!usable && fault_in(page, access, task, Account::Guest) != FaultResult::Resolved) break;
        ++there;
    }
    return there;
}

bool Mm::has_own_page(VAddr address) const {
    const auto present = space_->lookup(address.page());
    return present && !is_zero(present->frame) && machine_.memory.refs(present->frame) == 1;
}

std::optional<PAddr> Mm::own_page(VAddr address) {
    return MmFaults(*this, std::nullopt).own_text_page(address);
}

bool Mm::poke_text(VAddr address, std::uint32_t word, TaskId task) {
    // The cost of placing a breakpoint includes the copy, so it is not charged to `task`.
    static_cast<void>(task);
    if (address.value % 4 != 0) return false;
    const auto frame = MmFaults(*this, std::nullopt).own_text_page(address);
    if (!frame) return false;
    const auto bytes = machine_.memory.bytes(*frame);
    for (std::size_t i = 0; i < 4; ++i)
        bytes[address.page_offset() + i] = static_cast<std::byte>((word >> (8 * i)) & 0xff);
    machine_.memory.note_write(*frame);
    return true;
}

}  // namespace uprobesim
