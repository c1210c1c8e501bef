// SPDX-License-Identifier: GPL-2.0-or-later
// The limit of the scratch layer's size, in pages as tmpfs counts them: written data, not holes,
// names or directories. A hole filled through a shared mapping is not counted (on a full disk Linux
// would send SIGBUS).
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

// The space charged for one file, as long as it has a name or is open.
class DiskUse {
public:
    explicit DiskUse(std::shared_ptr<DiskSpace> space) : space_(std::move(space)) {}
    DiskUse(const DiskUse&) = delete;
    DiskUse& operator=(const DiskUse&) = delete;
    ~DiskUse();

    // Allocates pages for the range in order. Returns the number of bytes that fit.
    std::uint64_t claim(std::uint64_t offset, std::uint64_t bytes);
    // Allocates pages for the whole range or, if they do not fit, none (false).
    bool claim_all(std::uint64_t offset, std::uint64_t bytes);
    // Frees the pages that lie wholly in the range.
    void release(std::uint64_t begin, std::uint64_t end);

private:
    std::uint64_t missing(std::uint64_t first, std::uint64_t end) const;
    void add(std::uint64_t first, std::uint64_t end);

    std::shared_ptr<DiskSpace> space_;
    // Allocated runs: first page to the page after the last. No two are adjacent.
    std::map<std::uint64_t, std::uint64_t> runs_;
};

}  // namespace uprobesim
