// SPDX-License-Identifier: GPL-2.0-or-later
// The data of a regular file, and its page cache. Reads and writes go to the host file; mapped
// pages are frames of simulated memory that are kept in step with it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "kernel_model/files/dentry.h"
#include "kernel_model/files/disk_space.h"
#include "kernel_model/files/host.h"
#include "kernel_model/memory/backing.h"
#include "sim/mem/physical_memory.h"

namespace uprobesim {

class Inode final : public FileBacking {
public:
    Inode(PhysicalMemory& memory, FileKey key, HostFd fd, bool writable,
          std::shared_ptr<const Dentry> dentry)
        : memory_(memory),
          key_(key),
          fd_(std::move(fd)),
          writable_(writable),
          dentry_(std::move(dentry)) {}
    Inode(const Inode&) = delete;
    Inode& operator=(const Inode&) = delete;
    ~Inode() override;

    FileKey key() const override { return key_; }
    std::uint64_t size() const override;
    std::optional<PAddr> page(std::uint64_t index) override;
    void mark_dirty(std::uint64_t index) override { dirty_.insert(index); }
    void write_back(std::uint64_t first_index, std::uint64_t pages) override;
    std::string path() const override { return dentry_->path(); }

    SysResult<std::uint64_t> read(std::uint64_t offset, std::span<std::byte> to);
    SysResult<std::uint64_t> write(std::uint64_t offset, std::span<const std::byte> from);
    SysResult<void> truncate(std::uint64_t size);
    SysResult<void> clear(std::uint64_t begin, std::uint64_t end);
    SysResult<void> reserve(std::uint64_t begin, std::uint64_t end);
    bool writable() const { return writable_; }
    void make_writable(HostFd fd) {
        fd_ = std::move(fd);
        writable_ = true;
    }
    FileStatus status() const { return status_of_host_fd(fd_.get()); }
    int fd() const { return fd_.get(); }

    // Attributes that the guest has set or the model keeps, for files of the scratch layer; null:
    // those of the host file.
    std::shared_ptr<FileStatus> attributes;
    // Of a bind's file: which bind.
    std::optional<std::size_t> bind;
    // Space charged against the scratch limit; null if unlimited.
    std::shared_ptr<DiskUse> use;

private:
    void drop_pages_from(std::uint64_t index);

    PhysicalMemory& memory_;
    FileKey key_;
    HostFd fd_;
    bool writable_;
    std::shared_ptr<const Dentry> dentry_;  // the name by which it was first opened
    std::map<std::uint64_t, PAddr> pages_;
    // Pages written through a shared mapping. They stay in the set, because the guest may write
    // again without a fault.
    std::set<std::uint64_t> dirty_;
};

}  // namespace uprobesim
