// SPDX-License-Identifier: GPL-2.0-or-later
// Which pages of the scratch layer's and a tmpfs's files have data, and the limits of their sizes,
// in pages as tmpfs counts them: written data, not holes, names or directories; and of inodes. A
// hole that is filled through a shared mapping when the disk is full is not counted (Linux would
// send SIGBUS).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "sim/mem/memory_charge.h"

namespace uprobesim {

class DiskSpace {
public:
    explicit DiskSpace(std::uint64_t bytes);
    // No limit.
    DiskSpace() : DiskSpace(~std::uint64_t{0}) {}
    std::uint64_t total_pages() const { return total_; }
    std::uint64_t free_pages() const { return free_; }
    std::uint64_t total_inodes() const { return total_inodes_; }
    std::uint64_t free_inodes() const { return free_inodes_; }
    // A remount's limits. False: there is more than that already.
    bool resize(std::uint64_t pages, std::uint64_t inodes);
    bool take_inode() { return free_inodes_ != 0 && free_inodes_-- != 0; }
    void give_inode() { ++free_inodes_; }

private:
    friend class DiskUse;
    std::uint64_t total_, free_;
    std::uint64_t total_inodes_ = ~std::uint64_t{0}, free_inodes_ = total_inodes_;
};

// The space charged for one file, as long as it has a name or is open.
class DiskUse {
public:
    // `memory`: what the list of pages is charged to; null: nothing.
    DiskUse(std::shared_ptr<DiskSpace> space, PhysicalMemory* memory)
        : space_(std::move(space)), charge_(memory) {}
    DiskUse(const DiskUse&) = delete;
    DiskUse& operator=(const DiskUse&) = delete;
    ~DiskUse();

    // Allocates pages for the range in order. Returns the number of bytes that fit.
    std::uint64_t claim(std::uint64_t offset, std::uint64_t bytes);
    // Allocates pages for the whole range or, if they do not fit, none (false).
    bool claim_all(std::uint64_t offset, std::uint64_t bytes);
    // Frees the pages that lie wholly in the range.
    void release(std::uint64_t begin, std::uint64_t end);
    // Some of its data is not known here: it is shown without holes.
    void forget() { known_ = false; }
    bool known() const { return known_; }
    bool limited() const { return space_->total_pages() != ~std::uint64_t{0}; }
    std::uint64_t pages() const { return pages_; }
    // The first byte with data, or in a hole, at `from` or behind it.
    std::optional<std::uint64_t> next_data(std::uint64_t from) const;
    std::uint64_t next_hole(std::uint64_t from) const;

private:
    static constexpr std::uint64_t kRunBytes = 64;
    std::uint64_t missing(std::uint64_t first, std::uint64_t end) const;
    void add(std::uint64_t first, std::uint64_t end);

    std::shared_ptr<DiskSpace> space_;
    // Allocated runs: first page to the page after the last. No two are adjacent.
    std::map<std::uint64_t, std::uint64_t> runs_;
    std::uint64_t pages_ = 0;
    bool known_ = true;
    MemoryCharge charge_;
};

}  // namespace uprobesim
