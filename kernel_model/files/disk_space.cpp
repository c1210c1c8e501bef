// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/disk_space.h"

#include <algorithm>
#include <iterator>

#include "sim/mem/physical_memory.h"

namespace uprobesim {

DiskSpace::DiskSpace(std::uint64_t bytes)
    : total_(bytes == ~std::uint64_t{0} ? bytes : bytes / kPageSize), free_(total_) {}

bool DiskSpace::resize(std::uint64_t pages, std::uint64_t inodes) {
    const std::uint64_t used = total_ - free_, used_inodes = total_inodes_ - free_inodes_;
    if (used > pages || used_inodes > inodes) return false;
    total_ = pages;
    free_ = pages - used;
    total_inodes_ = inodes;
    free_inodes_ = inodes - used_inodes;
    return true;
}

DiskUse::~DiskUse() {
    release(0, ~std::uint64_t{0});
}

std::uint64_t DiskUse::claim(std::uint64_t offset, std::uint64_t bytes) {
    if (bytes == 0) return 0;
    const std::uint64_t end = (offset + bytes - 1) / kPageSize + 1;
    std::uint64_t at = offset / kPageSize;
    while (at < end) {
        // Either a run that covers `at`, or as much of the gap before the next run as fits the
        // limit.
        const auto next = runs_.upper_bound(at);
        if (next != runs_.begin() && std::prev(next)->second > at) {
            at = std::prev(next)->second;
            continue;
        }
        const std::uint64_t gap_end = next == runs_.end() ? end : std::min(end, next->first);
        const std::uint64_t got = std::min(gap_end - at, space_->free_);
        if (got == 0) break;
        add(at, at + got);
        at += got;
    }
    return std::min(offset + bytes, std::max(offset, at * kPageSize)) - offset;
}

bool DiskUse::claim_all(std::uint64_t offset, std::uint64_t bytes) {
    if (bytes == 0) return true;
    if (missing(offset / kPageSize, (offset + bytes - 1) / kPageSize + 1) > space_->free_)
        return false;
    claim(offset, bytes);
    return true;
}

void DiskUse::release(std::uint64_t begin, std::uint64_t end) {
    const std::uint64_t first = begin / kPageSize + (begin % kPageSize != 0 ? 1 : 0),
                        last = end / kPageSize;
    if (first >= last) return;
    auto it = runs_.upper_bound(first);
    if (it != runs_.begin() && std::prev(it)->second > first) --it;
    while (it != runs_.end() && it->first < last) {
        const auto [run_first, run_end] = *it;
        it = runs_.erase(it);
        if (run_first < first) runs_[run_first] = first;
        if (run_end > last) runs_[last] = run_end;
        const std::uint64_t freed = std::min(run_end, last) - std::max(run_first, first);
        space_->free_ += freed;
        pages_ -= freed;
    }
    charge_.resize(runs_.size() * kRunBytes);
}

std::optional<std::uint64_t> DiskUse::next_data(std::uint64_t from) const {
    const auto next = runs_.upper_bound(from / kPageSize);
    if (next != runs_.begin() && std::prev(next)->second > from / kPageSize) return from;
    return next == runs_.end() ? std::nullopt : std::optional(next->first * kPageSize);
}

std::uint64_t DiskUse::next_hole(std::uint64_t from) const {
    const auto next = runs_.upper_bound(from / kPageSize);
    if (next == runs_.begin() || std::prev(next)->second <= from / kPageSize) return from;
    return std::prev(next)->second * kPageSize;
}

std::uint64_t DiskUse::missing(std::uint64_t first, std::uint64_t end) const {
    std::uint64_t pages = end - first;
    auto it = runs_.upper_bound(first);
    if (it != runs_.begin()) --it;
    for (; it != runs_.end() && it->first < end; ++it) {
        const std::uint64_t from = std::max(first, it->first), to = std::min(end, it->second);
        if (from < to) pages -= to - from;
    }
    return pages;
}

// Adds a range that is not allocated, and merges it with adjacent runs.
void DiskUse::add(std::uint64_t first, std::uint64_t end) {
    space_->free_ -= end - first;
    pages_ += end - first;
    auto next = runs_.lower_bound(first);
    if (next != runs_.end() && next->first == end) {
        end = next->second;
        next = runs_.erase(next);
    }
    if (next != runs_.begin() && std::prev(next)->second == first) {
        std::prev(next)->second = end;
    } else {
        runs_[first] = end;
    }
    charge_.resize(runs_.size() * kRunBytes);
}

}  // namespace uprobesim
