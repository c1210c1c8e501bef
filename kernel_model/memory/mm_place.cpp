// SPDX-License-Identifier: GPL-2.0-or-later
// Placement of mappings, and their limits. The layout is arm64's without randomisation
// (norandmaps): the stack ends at TASK_SIZE; mappings are placed top-down from below the space
// reserved for the stack, and when that is full, bottom-up from a quarter of the address space.
#include <algorithm>

#include "kernel_model/memory/mm.h"

namespace uprobesim {

namespace {
constexpr std::uint64_t kStackGuardGap = 256 * kPageSize;               // stack_guard_gap
constexpr std::uint64_t kSmallestStackRoom = std::uint64_t{128} << 20;  // mmap_base's MIN_GAP
constexpr VAddr kBottomUpBase{page_ceil(AddressSpace::kTop / 4)};       // TASK_UNMAPPED_BASE

// The start of a mapping including its guard gap (vm_start_gap).
VAddr begin_with_guard(const Vma& vma) {
    if (!vma.grows_down) return vma.range.begin;
    return vma.range.begin.value > kStackGuardGap ? vma.range.begin - kStackGuardGap : VAddr(0);
}
}  // namespace

void Mm::place_mmap_base() {
    std::uint64_t room = stack_limit_;
    if (room + kStackGuardGap > room) room += kStackGuardGap;
    room = std::clamp(room, kSmallestStackRoom, kTaskSize.value / 6 * 5);
    mmap_base_ = VAddr(page_ceil(kTaskSize.value - room));
    gaps_known_to_ = kTaskSize;
}

bool Mm::is_free(VRange range) const {
    const auto it = first_ending_after(range.begin);
    return it == vmas_.end() || begin_with_guard(it->second) >= range.end;
}

// Gaps that were found too small are not looked at again, so that many mappings one below the other
// take no longer each.
std::optional<VAddr> Mm::find_gap(std::uint64_t length) const {
    if (length <= largest_known_gap_) {
        gaps_known_to_ = kTaskSize;
        largest_known_gap_ = 0;
    }
    VAddr ceiling = std::min(mmap_base_, gaps_known_to_);
    for (auto it = std::make_reverse_iterator(vmas_.lower_bound(gaps_known_to_));
         it != vmas_.rend(); ++it) {
        const VAddr floor = std::max(it->second.range.end, kLowest);
        if (floor <= ceiling) {
            if (ceiling - floor >= length) {
                gaps_known_to_ = ceiling == mmap_base_ ? kTaskSize : ceiling;
                return ceiling - length;
            }
            largest_known_gap_ = std::max(largest_known_gap_, ceiling - floor);
        }
        ceiling = std::min(ceiling, begin_with_guard(it->second));
        if (ceiling < kLowest) break;
    }
    // All of them are known now; those below the lowest mapping may be looked at again.
    gaps_known_to_ = ceiling < mmap_base_ ? ceiling : kTaskSize;
    if (gaps_known_to_ == kTaskSize) largest_known_gap_ = 0;
    if (ceiling >= kLowest && ceiling - kLowest >= length) return ceiling - length;

    VAddr floor = kBottomUpBase;
    for (auto it = first_ending_after(floor); it != vmas_.end(); ++it) {
        const VAddr top = begin_with_guard(it->second);
        if (top >= floor && top - floor >= length) return floor;
        floor = std::max(floor, it->second.range.end);
    }
    if (kTaskSize - floor >= length) return floor;
    return std::nullopt;
}

void Mm::gap_grew(VRange freed) {
    const auto above = vmas_.lower_bound(freed.end);
    const VAddr top = above == vmas_.end() ? kTaskSize : begin_with_guard(above->second);
    if (top > gaps_known_to_) gaps_known_to_ = top;
    if (gaps_known_to_ >= mmap_base_) gaps_known_to_ = kTaskSize;
}

SysResult<VAddr> Mm::choose_place(const MapRequest& request, std::uint64_t length) const {
    if (request.fixed || request.fixed_noreplace) {
        const VAddr at = request.hint;
        if (at.value > kTaskSize.value - length) return tl::make_unexpected(Errno::NoMem);
        if (at.page_offset() != 0) return tl::make_unexpected(Errno::Inval);
        if (at < kLowest) return tl::make_unexpected(Errno::Perm);
        if (request.fixed_noreplace) {
            const auto it = first_ending_after(at);
            if (it != vmas_.end() && it->second.range.begin < at + length)
                return tl::make_unexpected(Errno::Exist);
        }
        return at;
    }
    if (request.hint.value != 0) {
        // A page-aligned hint is used if it is free. (Linux rounds it up.)
        const VAddr at = std::max(VAddr(page_ceil(request.hint.value)), kLowest);
        if (request.hint <= kTaskSize && at.value <= kTaskSize.value - length &&
            is_free({at, at + length}))
            return at;
    }
    const auto gap = find_gap(length);
    if (!gap) return tl::make_unexpected(Errno::NoMem);
    return *gap;
}

bool Mm::may_grow_by(std::uint64_t bytes, bool counts_as_data) const {
    if (as_limit_ != ~std::uint64_t{0} && mapped_bytes() + bytes > as_limit_) return false;
    if (!counts_as_data || data_limit_ == ~std::uint64_t{0}) return true;
    std::uint64_t data = 0;
    for (const auto& [begin, vma] : vmas_) {
        if (vma.prot.write && !vma.shared && !vma.grows_down) data += vma.range.size();
    }
    return data + bytes <= data_limit_;
}

bool Mm::grow_stack(VmaMap::iterator it, VAddr address) {
    const VAddr new_begin = address.page();
    if (new_begin < kLowest || it->second.range.end - new_begin > stack_limit_) return false;
    if (it != vmas_.begin()) {
        const Vma& below = std::prev(it)->second;
        if (new_begin < below.range.end) return false;
        if (!below.grows_down && !below.prot.none() && new_begin - below.range.end < kStackGuardGap)
            return false;
    }
    const std::uint64_t growth = it->second.range.begin - new_begin;
    if (!may_grow_by(growth, false) || overcommits(growth)) return false;
    auto node = vmas_.extract(it);
    node.key() = new_begin;
    node.mapped().range.begin = new_begin;
    vmas_.insert(std::move(node));
    mapped_bytes_ += growth;
    return true;
}

}  // namespace uprobesim
