// SPDX-License-Identifier: GPL-2.0-or-later
// How much the guest may keep in its scratch layer, in pages as tmpfs counts: what was written, not
// holes, names or directories. A hole that only a shared mapping fills is not counted (Linux would
// send SIGBUS where the disk is full).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

namespace uprobesim {

class DiskSpace {
public:
    explicit DiskSpace(std::uint64_t bytes);
    std::uint64_t total_pages() const { return total_; }
    std::uint64_t free_pages() const { return free_; }

private:
    friend class DiskUse;
    std::uint64_t total_, free_;
};

// What one file takes of it, as long as it has a name or somebody has it open.
class DiskUse {
public:
    explicit DiskUse(std::shared_ptr<DiskSpace> space) : space_(std::move(space)) {}
    DiskUse(const DiskUse&) = delete;
    DiskUse& operator=(const DiskUse&) = delete;
    ~DiskUse();

    // Value: how many of these bytes, from the first on, have their pages now.
    std::uint64_t claim(std::uint64_t offset, std::uint64_t bytes);
    // All of them or none. False: there is not room for them all.
    bool claim_all(std::uint64_t offset, std::uint64_t bytes);
    // The pages that lie wholly in the range.
    void release(std::uint64_t begin, std::uint64_t end);

private:
    std::uint64_t missing(std::uint64_t first, std::uint64_t end) const;
    void add(std::uint64_t first, std::uint64_t end);

    std::shared_ptr<DiskSpace> space_;
    // First page to the page after the last; they do not touch.
    std::map<std::uint64_t, std::uint64_t> runs_;
};

}  // namespace uprobesim
