// SPDX-License-Identifier: GPL-2.0-or-later
// The data of a regular file, and its page cache. Reads and writes go to the host file; mapped
// pages are frames of simulated memory that are kept in step with it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "kernel_model/files/dentry.h"
#include "kernel_model/files/disk_space.h"
#include "kernel_model/files/host/host.h"
#include "kernel_model/files/host/shown_files.h"
#include "kernel_model/memory/backing.h"
#include "sim/mem/memory_charge.h"
#include "sim/mem/physical_memory.h"

namespace uprobesim {

class Inode final : public FileBacking, public std::enable_shared_from_this<Inode> {
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
    SysResult<PAddr> page(std::uint64_t index) override;
    void mark_dirty(std::uint64_t index) override {
        if (!dirty_.insert(index).second) return;
        if (use && use->claim(index * kPageSize, kPageSize) == 0) use->forget();
        if (on_mapped_write) on_mapped_write();
    }
    SysResult<void> write_back(std::uint64_t first_index, std::uint64_t pages) override;
    std::string path() const override { return dentry_->path(); }

    SysResult<std::uint64_t> read(std::uint64_t offset, std::span<std::byte> to);
    SysResult<std::uint64_t> write(std::uint64_t offset, std::span<const std::byte> from);
    SysResult<void> truncate(std::uint64_t size);
    SysResult<void> clear(std::uint64_t begin, std::uint64_t end);
    SysResult<void> reserve(std::uint64_t begin, std::uint64_t end);
    bool writable() const { return writable_; }
    // How often a page could not be written back, and why at last (errseq_t): each description is
    // told once of what came since it was opened.
    std::uint64_t failures() const { return failures_; }
    // Failures already reported: a description that is opened later does not report them again.
    std::uint64_t failures_told() const { return failures_told_; }
    Errno last_failure() {
        failures_told_ = failures_;
        return last_failure_;
    }
    // Called at each failure with the name of the file; may be null.
    std::function<void(const std::string& path, Errno)> on_failure;
    // Called before a page is first written through a mapping; may be null.
    std::function<void()> on_mapped_write;
    void make_writable(HostFd fd) {
        fd_ = std::move(fd);
        writable_ = true;
    }
    // The data is in a copy of the host file from now on.
    void move_to(HostFd fd) { fd_ = std::move(fd); }
    FileStatus status() const { return status_of_host_fd(fd_.get()); }
    int fd() const { return fd_.get(); }

    // Attributes that the guest has set or the model keeps, for files of the scratch layer; null:
    // those of the host file.
    std::shared_ptr<FileStatus> attributes;
    // What the run keeps of a file of the root or a bind; null: `attributes` has it.
    std::shared_ptr<KeptFile> kept;
    // Of a bind's file: which bind.
    std::optional<std::size_t> bind;
    std::string guest;  // the name by which it was first met
    // It was made without a name (O_TMPFILE) and may get one.
    bool unnamed = false;
    // Called at its end, if its last name is gone by then; null: it has one.
    std::function<void()> on_end;
    MemoryCharge charge;
    // Space charged against the scratch limit; null if unlimited.
    std::shared_ptr<DiskUse> use;

private:
    std::optional<Errno> write_page(std::uint64_t index, std::uint64_t end_of_file);
    using Pages = std::map<std::uint64_t, PAddr>;
    // Bytes `first` to `last` - 1 of a page. A whole page leaves the cache, unless somebody else
    // holds it still. Returns the next page.
    Pages::iterator zero_in_cache(Pages::iterator page, std::uint64_t first, std::uint64_t last);
    void drop_pages_from(std::uint64_t index);

    PhysicalMemory& memory_;
    FileKey key_;
    HostFd fd_;
    bool writable_;
    std::shared_ptr<const Dentry> dentry_;  // the name by which it was first opened
    Pages pages_;
    // Pages written through a shared mapping. They stay in the set, because the guest may write
    // again without a fault.
    std::set<std::uint64_t> dirty_;
    // Pages of dirty_ whose bytes the disk has refused: the cache alone has them.
    std::set<std::uint64_t> refused_;
    std::uint64_t failures_ = 0, failures_told_ = 0;
    Errno last_failure_ = Errno::Io;
};

}  // namespace uprobesim
