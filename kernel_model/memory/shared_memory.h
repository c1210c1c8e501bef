// SPDX-License-Identifier: GPL-2.0-or-later
// What backs a MAP_SHARED anonymous mapping: an unlinked file in memory, as Linux's shmem.
#pragma once

#include <map>

#include "kernel_model/memory/backing.h"
#include "sim/mem/physical_memory.h"

namespace uprobesim {

class SharedMemory final : public FileBacking {
public:
    SharedMemory(PhysicalMemory& memory, std::uint64_t inode, std::uint64_t size)
        : memory_(memory), inode_(inode), size_(size) {}
    ~SharedMemory() override;
    SharedMemory(const SharedMemory&) = delete;
    SharedMemory& operator=(const SharedMemory&) = delete;

    FileKey key() const override { return {.device = kDevice, .inode = inode_}; }
    std::uint64_t size() const override { return size_; }
    std::optional<PAddr> page(std::uint64_t index) override;
    bool resident(std::uint64_t index) const override { return pages_.contains(index); }
    void mark_dirty(std::uint64_t) override {}
    void write_back(std::uint64_t, std::uint64_t) override {}
    std::string path() const override { return "/dev/zero (deleted)"; }

private:
    static constexpr std::uint64_t kDevice = 1;  // 00:01, the kernel's internal tmpfs mount

    PhysicalMemory& memory_;
    std::uint64_t inode_;
    std::uint64_t size_;
    std::map<std::uint64_t, PAddr> pages_;
};

}  // namespace uprobesim
