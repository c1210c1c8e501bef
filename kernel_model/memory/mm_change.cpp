// SPDX-License-Identifier: GPL-2.0-or-later
// Changes of existing mappings: mprotect, mremap, MADV_DONTNEED, msync.
#include <algorithm>
#include <utility>
#include <vector>

#include "kernel_model/abi/mman.h"
#include "kernel_model/memory/mm.h"
#include "kernel_model/memory/page_rights.h"
#include "sim/base/try.h"

namespace uprobesim {

// A writable shared page may have been written since it was last marked dirty.
void Mm::mark_written(const Vma& vma, VRange range) {
    if (!vma.shared) return;
    space_->for_each_mapped(range, [&](VAddr page, Translation t) {
        if (t.prot.write) vma.file->mark_dirty(vma.offset_of(page) / kPageSize);
    });
}

// Drops the pages of a range.
FreedPages Mm::zap(VRange range) {
    FreedPages freed;
    note_peaks();
    for (auto it = first_ending_after(range.begin); it != vmas_.end() && it->first < range.end;
         ++it) {
        const Vma& vma = it->second;
        const VRange part{std::max(range.begin, vma.range.begin),
                          std::min(range.end, vma.range.end)};
        mark_written(vma, part);
        if (vma.watch) [[unlikely]]
            vma.watch->forget(part);
        space_->for_each_mapped(part, [&](VAddr page, Translation t) {
            // A page of the cache has the reference of its file besides.
            const bool own = vma.file == nullptr || machine_.memory.refs(t.frame) == 1;
            space_->unmap(page);
            ++(own ? freed.own : freed.of_files);
        });
    }
    return freed;
}

std::uint64_t Mm::apply_rights(const Vma& vma, VRange range) {
    std::uint64_t changed = 0;
    space_->for_each_mapped(range, [&](VAddr page, Translation t) {
        // can_change_pte_writable: an exclusive anonymous page becomes writable at once, anything
        // else by a fault.
        bool writable = t.prot.write;
        if (!vma.shared) writable = !is_zero(t.frame) && machine_.memory.refs(t.frame) == 1;
        if (vma.watch && vma.watch->has(page, FaultWatch::Mark::Protected)) writable = false;
        const Prot now = leaf_rights(vma.prot, writable);
        if (vma.shared && t.prot.write && !now.write)
            vma.file->mark_dirty(vma.offset_of(page) / kPageSize);
        if (now != t.prot) space_->protect(page, now);
        ++changed;
    });
    return changed;
}

SysResult<std::uint64_t> Mm::protect(VRange range, Prot prot) {
    if (range.begin.page_offset() != 0) return tl::make_unexpected(Errno::Inval);
    if (range.empty()) return 0;
    if (range.end < range.begin || range.end > kTaskSize) return tl::make_unexpected(Errno::NoMem);
    range.end = VAddr(page_ceil(range.end.value));

    std::uint64_t changed = 0;
    std::optional<Errno> error;
    std::vector<VRange> now_executable;
    // VMA by VMA, as in Linux: after an error the VMAs before it stay changed.
    for (VAddr at = range.begin; at < range.end;) {
        const Vma* found = find(at);
        if (found == nullptr) {
            error = Errno::NoMem;
            break;
        }
        const VRange part{at, std::min(range.end, found->range.end)};
        if (prot.write && !found->may_write) {
            error = Errno::Acces;
            break;
        }
        at = part.end;
        if (found->prot == prot) continue;
        if (part != found->range && is_full(1)) {
            error = Errno::NoMem;
            break;
        }
        const bool becomes_data =
            prot.write && !found->prot.write && !found->shared && !found->grows_down;
        if (becomes_data &&
            (!may_grow_by(0, true) || (!found->no_reserve && overcommits(part.size())))) {
            error = Errno::NoMem;
            break;
        }
        const bool becomes_executable = prot.exec && !found->prot.exec && found->file != nullptr;
        split_at(part.begin);
        split_at(part.end);
        Vma& vma = vmas_.at(part.begin);
        vma.prot = prot;
        changed += apply_rights(vma, part);
        if (becomes_executable) now_executable.push_back(part);
    }
    merge_around(range);
    for (const VRange part : now_executable) {
        if (observer_ != nullptr) observer_->made_executable(*this, part);
    }
    if (error) return tl::make_unexpected(*error);
    return changed;
}

void Mm::unmap_file(const FileBacking& file, std::uint64_t first, std::uint64_t end,
                    Mappers::Copies copies) {
    note_peaks();
    for (const auto& entry : vmas_) {
        const Vma& vma = entry.second;
        const VAddr begin = vma.range.begin;
        if (vma.file.get() != &file) continue;
        const std::uint64_t mapped = vma.file_offset / kPageSize;
        const std::uint64_t pages = vma.range.size() / kPageSize;
        const std::uint64_t from = std::max(first, mapped), to = std::min(end, mapped + pages);
        if (from >= to) continue;
        const VRange part{begin + (from - mapped) * kPageSize, begin + (to - mapped) * kPageSize};
        mark_written(vma, part);
        space_->for_each_mapped(part, [&](VAddr page, Translation t) {
            const std::uint64_t index = vma.offset_of(page) / kPageSize;
            if (copies == Mappers::Copies::Taken ||
                (vma.file->resident(index) && vma.file->page(index) == t.frame))
                space_->unmap(page);
        });
    }
}

SysResult<std::uint64_t> Mm::discard(VRange range) {
    bool hole = false;
    VAddr at = range.begin;
    for (auto it = first_ending_after(range.begin); it != vmas_.end() && it->first < range.end;
         ++it) {
        if (it->first > at) hole = true;
        at = it->second.range.end;
    }
    if (at < range.end) hole = true;
    const std::uint64_t freed = zap(range).all();
    if (hole) return tl::make_unexpected(Errno::NoMem);
    return freed;
}

void Mm::exchange_file(const std::shared_ptr<FileBacking>& from,
                       const std::shared_ptr<FileBacking>& to) {
    for (auto& [begin, vma] : vmas_) {
        if (vma.file != from) continue;
        zap(vma.range);
        vma.file = to;
    }
}

void Mm::reap() {
    reaped_ = true;
    for (const auto& [begin, vma] : vmas_) {
        if (!vma.shared) zap(vma.range);
    }
}

SysResult<void> Mm::write_back(VRange range) {
    VAddr at = range.begin;
    bool hole = false;
    SysResult<void> result;
    for (auto it = first_ending_after(range.begin); it != vmas_.end() && it->first < range.end;
         ++it) {
        const Vma& vma = it->second;
        if (it->first > at) hole = true;
        const VRange part{std::max(range.begin, vma.range.begin),
                          std::min(range.end, vma.range.end)};
        at = part.end;
        if (!vma.shared) continue;
        // page_mkclean: the pages become read-only, so that the next write faults and marks them
        // dirty.
        space_->for_each_mapped(part, [&](VAddr page, Translation t) {
            if (!t.prot.write) return;
            vma.file->mark_dirty(vma.offset_of(page) / kPageSize);
            space_->protect(page, leaf_rights(vma.prot, false));
        });
        const auto written =
            vma.file->write_back(vma.offset_of(part.begin) / kPageSize, part.size() / kPageSize);
        if (!written && result) result = written;
    }
    if (result && (hole || at < range.end)) return tl::make_unexpected(Errno::NoMem);
    return result;
}

SysResult<VAddr> Mm::move(VAddr old, std::uint64_t old_size, std::uint64_t new_size, VAddr to,
                          bool keep_old) {
    if (is_full(3)) return tl::make_unexpected(Errno::NoMem);
    const VRange from{old, old + old_size};
    const Vma* const there = find(old);
    if (there == nullptr) return tl::make_unexpected(Errno::Fault);
    Vma vma = *there;
    vma.file_offset = vma.file != nullptr ? vma.offset_of(old) : 0;
    vma.range = {to, to + new_size};
    // mremap_userfaultfd_prep: what has moved is watched no more.
    vma.watch = nullptr;
    vma.watched = 0;
    const Vma placed = vma;
    insert(std::move(vma));
    bool out_of_memory = false;
    space_->for_each_mapped(from, [&](VAddr page, Translation t) {
        const VAddr target = to + (page - old);
        if (out_of_memory || target >= placed.range.end) return;
        machine_.memory.add_ref(t.frame);
        if (!space_->map(target, t.frame, t.prot)) {
            machine_.memory.release(t.frame);
            out_of_memory = true;
            return;
        }
        space_->unmap(page);
    });
    if (out_of_memory) {
        // Undo the move. It cannot fail: the page tables of the old range still exist.
        space_->for_each_mapped(placed.range, [&](VAddr page, Translation t) {
            const VAddr target = old + (page - to);
            machine_.memory.add_ref(t.frame);
            check_invariant(space_->map(target, t.frame, t.prot), "mremap cannot put a page back");
            space_->unmap(page);
        });
        split_at(placed.range.begin);
        split_at(placed.range.end);
        vmas_.erase(placed.range.begin);
        mapped_bytes_ -= placed.range.size();
        settle_charge();
        gap_grew(placed.range);
        return tl::make_unexpected(Errno::NoMem);
    }
    // copy_vma does not call uprobe_mmap: the breakpoints have moved with the pages, and the part
    // by which the mapping has grown gets none.
    if (!keep_old && old_size != 0) {
        TRY(unmap(from));
    }
    return to;
}

// vma_to_resize: whether the mapping at `old` may have this size.
SysResult<void> Mm::may_resize(VAddr old, std::uint64_t old_size, std::uint64_t new_size) const {
    const Vma* const vma = find(old);
    if (vma == nullptr) return tl::make_unexpected(Errno::Fault);
    if (old_size == 0 && !vma->shared) return tl::make_unexpected(Errno::Inval);
    if (old_size > vma->range.end - old) return tl::make_unexpected(Errno::Fault);
    if (new_size == old_size) return {};
    if (vma->file != nullptr && vma->offset_of(old) + new_size < new_size)
        return tl::make_unexpected(Errno::Inval);
    if (!vma->name.empty() && vma->file != nullptr)  // VM_DONTEXPAND: the kernel's own pages
        return tl::make_unexpected(Errno::Fault);
    const std::uint64_t growth = new_size > old_size ? new_size - old_size : 0;
    const bool data = vma->prot.write && !vma->shared && !vma->grows_down;
    if (growth != 0 && !may_grow_by(growth, data)) return tl::make_unexpected(Errno::NoMem);
    if (data && !vma->no_reserve && overcommits(growth)) return tl::make_unexpected(Errno::NoMem);
    return {};
}

// mremap_to. Each unmapping may take the mapping that is to be moved: it is looked up after them.
SysResult<VAddr> Mm::remap_to(VAddr old, std::uint64_t old_size, std::uint64_t new_size,
                              std::uint64_t flags, VAddr to) {
    const bool fixed = (flags & abi::kMremapFixed) != 0;
    if (fixed) {
        if (to.page_offset() != 0 || new_size > kTaskSize.value ||
            to.value > kTaskSize.value - new_size)
            return tl::make_unexpected(Errno::Inval);
        if (old + old_size > to && to + new_size > old) return tl::make_unexpected(Errno::Inval);
        if (to < kLowest) return tl::make_unexpected(Errno::Perm);
    }
    if (is_full(5)) return tl::make_unexpected(Errno::NoMem);
    if (fixed) {
        TRY(unmap({to, to + new_size}));
    }
    if (old_size > new_size) {
        TRY(unmap({old + new_size, old + old_size}));
        old_size = new_size;
    }
    TRY(may_resize(old, old_size, new_size));
    if (!fixed) {
        const auto gap = find_gap(new_size);
        if (!gap) return tl::make_unexpected(Errno::NoMem);
        to = *gap;
    }
    return move(old, old_size, new_size, to, (flags & abi::kMremapDontunmap) != 0);
}

SysResult<VAddr> Mm::remap(VAddr old, std::uint64_t old_size, std::uint64_t new_size,
                           std::uint64_t flags, VAddr new_address) {
    if ((flags & ~(abi::kMremapMaymove | abi::kMremapFixed | abi::kMremapDontunmap)) != 0)
        return tl::make_unexpected(Errno::Inval);
    const bool may_move = (flags & abi::kMremapMaymove) != 0;
    if ((flags & (abi::kMremapFixed | abi::kMremapDontunmap)) != 0 && !may_move)
        return tl::make_unexpected(Errno::Inval);
    if ((flags & abi::kMremapDontunmap) != 0 && old_size != new_size)
        return tl::make_unexpected(Errno::Inval);
    if (old.page_offset() != 0) return tl::make_unexpected(Errno::Inval);
    old_size = page_ceil(old_size);
    new_size = page_ceil(new_size);
    if (new_size == 0) return tl::make_unexpected(Errno::Inval);
    if (find(old) == nullptr) return tl::make_unexpected(Errno::Fault);
    if ((flags & (abi::kMremapFixed | abi::kMremapDontunmap)) != 0)
        return remap_to(old, old_size, new_size, flags, new_address);

    if (old_size >= new_size) {
        if (old_size > kTaskSize - old) return tl::make_unexpected(Errno::Inval);
        if (old_size > new_size) {
            TRY(unmap({old + new_size, old + old_size}));
        }
        return old;
    }
    TRY(may_resize(old, old_size, new_size));
    if (new_size > kTaskSize.value) return tl::make_unexpected(Errno::NoMem);
    const Vma& vma = *find(old);
    const VAddr new_end = old + new_size;
    if (old + old_size == vma.range.end && new_size <= kTaskSize - old &&
        is_free({vma.range.end, new_end})) {
        Vma& grown = vmas_.at(vma.range.begin);
        const VRange range{grown.range.begin, new_end};
        mapped_bytes_ += range.size() - grown.range.size();
        grown.range = range;
        const Vma placed = grown;
        merge_around(range);
        announce(placed);
        return old;
    }
    if (!may_move) return tl::make_unexpected(Errno::NoMem);
    return remap_to(old, old_size, new_size, flags, new_address);
}

}  // namespace uprobesim
