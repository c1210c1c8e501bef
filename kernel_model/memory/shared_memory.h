// SPDX-License-Identifier: GPL-2.0-or-later
// An unlinked file in memory, as Linux's shmem: backs MAP_SHARED anonymous mappings and memfds.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "kernel_model/memory/backing.h"
#include "sim/mem/memory_charge.h"
#include "sim/mem/physical_memory.h"

namespace uprobesim {

class SharedMemory final : public FileBacking {
public:
    SharedMemory(PhysicalMemory& memory, std::uint64_t inode, std::uint64_t size,
                 std::string path = "/dev/zero (deleted)")
        : memory_(memory),
          inode_(inode),
          size_(size),
          path_(std::move(path)),
          charge_(&memory, kBytes) {}
    ~SharedMemory() override;
    SharedMemory(const SharedMemory&) = delete;
    SharedMemory& operator=(const SharedMemory&) = delete;

    FileKey key() const override { return {.device = kDevice, .inode = inode_}; }
    std::uint64_t size() const override { return size_; }
    SysResult<PAddr> page(std::uint64_t index) override;
    bool resident(std::uint64_t index) const override { return pages_.contains(index); }
    void mark_dirty(std::uint64_t) override {}
    SysResult<void> write_back(std::uint64_t, std::uint64_t) override { return {}; }
    std::string path() const override { return path_; }

    // Short at the end of the file.
    std::uint64_t read(std::uint64_t offset, std::span<std::byte> to);
    // Short if memory runs out; extends the file.
    std::uint64_t write(std::uint64_t offset, std::span<const std::byte> from);
    void resize(std::uint64_t size);
    // Zeroes the range and frees the pages that lie wholly in it, where that is possible.
    void clear(std::uint64_t begin, std::uint64_t end);
    std::uint64_t pages() const { return pages_.size(); }
    // The first byte at `from` or behind it that has a page, or has none.
    std::optional<std::uint64_t> next_data(std::uint64_t from) const;
    std::uint64_t next_hole(std::uint64_t from) const;

    static constexpr std::uint64_t kDevice = 1;  // 00:01, the kernel's internal tmpfs mount

private:
    void zero(std::uint64_t begin, std::uint64_t end);

    PhysicalMemory& memory_;
    std::uint64_t inode_;
    std::uint64_t size_;
    std::string path_;
    std::map<std::uint64_t, PAddr> pages_;
    static constexpr std::uint64_t kBytes = 1024;  // shmem's inode, its dentry and file
    MemoryCharge charge_;
};

}  // namespace uprobesim
