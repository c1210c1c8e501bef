// SPDX-License-Identifier: GPL-2.0-or-later
// What madvise, mlock and mseal keep with mappings.
#include <algorithm>

#include "kernel_model/memory/mm.h"

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
