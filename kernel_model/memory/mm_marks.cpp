// SPDX-License-Identifier: GPL-2.0-or-later
// What madvise, mlock and mseal keep with mappings.
#include <algorithm>
#include <utility>

#include "kernel_model/memory/mm.h"
#include "kernel_model/memory/page_rights.h"

namespace uprobesim {

template <class Same, class Change>
SysResult<void> Mm::edit(VRange range, Same same, Change change) {
    bool hole = false;
    for (VAddr at = range.begin; at < range.end;) {
        const auto found = first_ending_after(at);
        if (found == vmas_.end() || found->first >= range.end) {
            hole = true;
            break;
        }
        hole = hole || found->second.range.begin > at;
        const VRange part{std::max(at, found->second.range.begin),
                          std::min(range.end, found->second.range.end)};
        at = part.end;
        if (same(found->second)) continue;
        if (part != found->second.range && is_full(1)) return tl::make_unexpected(Errno::NoMem);
        split_at(part.begin);
        split_at(part.end);
        change(vmas_.at(part.begin));
    }
    merge_around(range);
    if (hole) return tl::make_unexpected(Errno::NoMem);
    return {};
}

SysResult<void> Mm::set_marks(VRange range, std::uint32_t set, std::uint32_t clear) {
    // mlock_fixup: what is secret stays locked as it is.
    constexpr std::uint32_t kLocks = mark::kLocked | mark::kLockedOnFault;
    const auto now = [&](const Vma& vma) {
        const std::uint32_t kept = (vma.marks & mark::kSecret) != 0 ? kLocks : 0;
        return (vma.marks & ~(clear & ~kept)) | (set & ~kept);
    };
    return edit(
        range, [&](const Vma& vma) { return vma.marks == now(vma); },
        [&](Vma& vma) { vma.marks = now(vma); });
}

SysResult<void> Mm::set_policy(VRange range, MemoryPolicy policy) {
    return edit(
        range, [&](const Vma& vma) { return vma.policy == policy; },
        [&](Vma& vma) { vma.policy = policy; });
}

// userfaultfd_register
SysResult<void> Mm::watch(VRange range, const std::shared_ptr<FaultWatch>& watch,
                          std::uint8_t kinds) {
    auto it = first_ending_after(range.begin);
    if (it == vmas_.end()) return tl::make_unexpected(Errno::NoMem);
    if (it->first >= range.end) return tl::make_unexpected(Errno::Inval);
    for (; it != vmas_.end() && it->first < range.end; ++it) {
        const Vma& vma = it->second;
        if (vma.file != nullptr || vma.shared) return tl::make_unexpected(Errno::Inval);
        if (vma.watch && vma.watch != watch && vma.watch->active())
            return tl::make_unexpected(Errno::Busy);
    }
    if (is_full(2)) return tl::make_unexpected(Errno::NoMem);
    // Holes in the range are no error.
    static_cast<void>(edit(
        range, [&](const Vma& vma) { return vma.watch == watch && vma.watched == kinds; },
        [&](Vma& vma) {
            vma.watch = watch;
            vma.watched = kinds;
        }));
    return {};
}

SysResult<void> Mm::unwatch(VRange range) {
    const auto first = first_ending_after(range.begin);
    if (first == vmas_.end()) return tl::make_unexpected(Errno::NoMem);
    if (first->first >= range.end) return tl::make_unexpected(Errno::Inval);
    if (is_full(2)) return tl::make_unexpected(Errno::NoMem);
    static_cast<void>(edit(
        range, [](const Vma& vma) { return vma.watch == nullptr; },
        [&](Vma& vma) {
            vma.watch->clear(range, FaultWatch::Mark::Protected);
            vma.watch = nullptr;
            vma.watched = 0;
        }));
    return {};
}

SysResult<void> Mm::check_watched(VRange range) const {
    const Vma* const vma = find(range.begin);
    if (vma == nullptr || !vma->watch || !vma->watch->active() || range.end > vma->range.end)
        return tl::make_unexpected(Errno::NoEnt);
    return {};
}

SysResult<void> Mm::fill(VAddr page, std::span<const std::byte> bytes, bool protect) {
    const Vma& vma = *find(page);
    FaultWatch& watch = *vma.watch;
    if (protect && (vma.watched & FaultWatch::kProtected) == 0)
        return tl::make_unexpected(Errno::Inval);
    if (space_->lookup(page) || watch.has(page, FaultWatch::Mark::Poisoned))
        return tl::make_unexpected(Errno::Exist);
    const auto frame = bytes.empty() ? zero_frame() : machine_.memory.allocate();
    if (!frame) return tl::make_unexpected(Errno::NoMem);
    if (bytes.empty()) machine_.memory.add_ref(*frame);
    std::ranges::copy(bytes, machine_.memory.bytes(*frame).begin());
    const bool room = !protect || watch.set(page, FaultWatch::Mark::Protected);
    if (room && space_->map(page, *frame, leaf_rights(vma.prot, !bytes.empty() && !protect)))
        return {};
    if (room && protect) watch.clear({page, page + kPageSize}, FaultWatch::Mark::Protected);
    machine_.memory.release(*frame);
    return tl::make_unexpected(Errno::NoMem);
}

// validate_move_areas
SysResult<void> Mm::check_move(VRange to, VRange from, const FaultWatch& watch) const {
    constexpr std::uint32_t kLocks = mark::kLocked | mark::kLockedOnFault;
    const Vma *const target = find(to.begin), *const source = find(from.begin);
    if (target == nullptr || source == nullptr) return tl::make_unexpected(Errno::NoEnt);
    const bool alike = source->prot == target->prot &&
                       (source->marks & kLocks) == (target->marks & kLocks) &&
                       to.end <= target->range.end && from.end <= source->range.end;
    const bool anonymous =
        source->file == nullptr && !source->shared && target->file == nullptr && !target->shared;
    if (!alike || !anonymous || !source->prot.write || target->watch.get() != &watch)
        return tl::make_unexpected(Errno::Inval);
    return {};
}

SysResult<void> Mm::move_page(VAddr to, VAddr from, bool holes) {
    if (space_->lookup(to) || find(to)->watch->has(to, FaultWatch::Mark::Poisoned))
        return tl::make_unexpected(Errno::Exist);
    const auto there = space_->lookup(from);
    if (!there) return holes ? SysResult<void>() : tl::make_unexpected(Errno::NoEnt);
    const VRange page{from, from + kPageSize};
    if (is_zero(there->frame)) {
        if (const auto filled = fill(to, {}, false); !filled) return filled;
    } else {
        if (!has_own_page(from)) return tl::make_unexpected(Errno::Busy);
        machine_.memory.add_ref(there->frame);
        if (!space_->map(to, there->frame, leaf_rights(find(to)->prot, true))) {
            machine_.memory.release(there->frame);
            return tl::make_unexpected(Errno::NoMem);
        }
    }
    if (const auto gone = discard(page); !gone) return tl::make_unexpected(gone.error());
    return {};
}

SysResult<void> Mm::poison(VAddr page) {
    FaultWatch& watch = *find(page)->watch;
    if (space_->lookup(page) || watch.has(page, FaultWatch::Mark::Poisoned))
        return tl::make_unexpected(Errno::Exist);
    if (!watch.set(page, FaultWatch::Mark::Poisoned)) return tl::make_unexpected(Errno::NoMem);
    return {};
}

// mwriteprotect_range
SysResult<void> Mm::protect_watched(VRange range, bool on) {
    for (VAddr at = range.begin; at < range.end;) {
        const Vma* const vma = find(at);
        if (vma == nullptr || !vma->watch || (vma->watched & FaultWatch::kProtected) == 0)
            return tl::make_unexpected(Errno::NoEnt);
        const VRange part{at, std::min(vma->range.end, range.end)};
        at = part.end;
        if (!on) {
            vma->watch->clear(part, FaultWatch::Mark::Protected);
            continue;
        }
        bool room = true;
        space_->for_each_mapped(part, [&](VAddr page, Translation) {
            room = room && vma->watch->set(page, FaultWatch::Mark::Protected);
            if (room) space_->protect(page, leaf_rights(vma->prot, false));
        });
        if (!room) return tl::make_unexpected(Errno::NoMem);
    }
    return {};
}

std::optional<Mm::Asked> Mm::take_asked(TaskId task) {
    // After every system call.
    if (!asked_) [[likely]]
        return std::nullopt;
    auto asked = std::exchange(asked_, std::nullopt);
    if (asked && asked->fault.task != task) return std::nullopt;
    return asked;
}

std::uint64_t Mm::locked_bytes_in(VRange range) const {
    std::uint64_t sum = 0;
    for (auto it = first_ending_after(range.begin); it != vmas_.end() && it->first < range.end;
         ++it) {
        const Vma& vma = it->second;
        if ((vma.marks & mark::kLocked) == 0) continue;
        sum += std::min(range.end, vma.range.end) - std::max(range.begin, vma.range.begin);
    }
    return sum;
}

std::uint64_t Mm::locked_bytes() const {
    return locked_bytes_in({VAddr(0), kTaskSize});
}

bool Mm::any_marked(VRange range, std::uint32_t marks) const {
    for (auto it = first_ending_after(range.begin); it != vmas_.end() && it->first < range.end;
         ++it) {
        if ((it->second.marks & marks) != 0) return true;
    }
    return false;
}

}  // namespace uprobesim
