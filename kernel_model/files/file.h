// SPDX-License-Identifier: GPL-2.0-or-later
// An open file description (struct file): what a descriptor refers to. One class per kind: regular,
// directory, device, text of /proc, pipe, socket, terminal, epoll, eventfd and so on.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernel_model/abi/errno.h"
#include "kernel_model/files/dentry.h"
#include "kernel_model/memory/backing.h"
#include "kernel_model/memory/mm.h"
#include "sim/profile/kernel_path.h"

namespace uprobesim {

// struct stat, in host-independent terms; guest_stat.h lays it out for the guest.
struct FileStatus {
    std::uint64_t device = 0, inode = 0, rdevice = 0;
    std::uint32_t mode = 0, links = 1, uid = 0, gid = 0;
    std::int64_t size = 0, blocks = 0;
    std::int32_t block_size = 4096;
    std::int64_t atime_s = 0, mtime_s = 0, ctime_s = 0;
    std::int64_t atime_ns = 0, mtime_ns = 0, ctime_ns = 0;
};

struct DirEntry {
    std::string name;
    std::uint64_t inode = 0;
    std::uint8_t type = 0;  // DT_*
};

struct FileCosts {
    KernelPath read = KernelPath::SysReadFile;
    KernelPath write = KernelPath::SysWriteFile;
    KernelPath close = KernelPath::SysClose;  // of the last reference
};

class WaitQueue;
class Socket;
class PtyFile;

class File {
public:
    // Told when the last reference to a description goes.
    class Watcher {
    public:
        virtual void closed() = 0;

    protected:
        ~Watcher() = default;
    };

    File() = default;
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    virtual ~File();

    // At `offset` for seekable files (others ignore it). Value: bytes moved; 0 at the end.
    // Errno::Again: would block.
    virtual SysResult<std::uint64_t> read(std::uint64_t offset, std::span<std::byte> to);
    virtual SysResult<std::uint64_t> write(std::uint64_t offset, std::span<const std::byte> from);
    virtual bool seekable() const { return false; }
    // True: the host keeps the position (its stdin or stdout is a file); `position` is not used,
    // seek() moves it there.
    virtual bool host_position() const { return false; }
    virtual SysResult<std::uint64_t> seek(std::int64_t, int) {
        return tl::make_unexpected(Errno::Spipe);
    }
    virtual SysResult<FileStatus> status() = 0;
    // The mode, owner and times that can be changed without a name; null: they go by the path.
    virtual FileStatus* own_status() { return nullptr; }
    virtual SysResult<std::uint64_t> size();
    virtual SysResult<void> truncate(std::uint64_t size);
    // The bytes of the range are zero afterwards; the size stays (a hole).
    virtual SysResult<void> clear(std::uint64_t begin, std::uint64_t end);
    // The range has its place on the disk afterwards (fallocate). NoSpc.
    virtual SysResult<void> reserve(std::uint64_t, std::uint64_t) { return {}; }
    virtual SysResult<void> sync() { return {}; }
    // The whole directory: "." and "..", then the root's own entries in the host's order (as any
    // program on the host sees them), then what the scratch layer added, by name. NotDir elsewhere.
    virtual SysResult<std::vector<DirEntry>> entries();
    // What mmap maps; null: ENODEV.
    virtual std::shared_ptr<FileBacking> backing() { return nullptr; }
    // mmap of it is anonymous memory (/dev/zero).
    virtual bool maps_zeros() const { return false; }
    // No new shared mapping may write.
    virtual bool write_sealed() const { return false; }
    virtual SysResult<std::uint64_t> ioctl(std::uint64_t request, std::uint64_t arg,
                                           class UserMemory& memory);
    // How the bytes of one call of the guest come here: a page of its memory at a time, unless one
    // of these says more. A stream's write comes whole, in pieces of 64 KiB, and a blocking one
    // goes on until all is written.
    virtual bool stream() const { return false; }
    // Not 0: one call of the guest is one call here, of at most so many bytes.
    virtual std::uint64_t record_bytes() const { return 0; }
    // Ready now, as poll would say (abi/poll.h).
    virtual std::uint32_t poll();
    // Woken when poll, or whether a read or write would block, may have changed. Null: that never
    // changes.
    virtual WaitQueue* waiters() { return nullptr; }
    // Whether epoll takes it: its kind has a poll operation.
    virtual bool can_poll() { return waiters() != nullptr; }
    virtual Socket* socket() { return nullptr; }
    virtual PtyFile* terminal() { return nullptr; }
    // What calls on it are charged as.
    virtual FileCosts costs() const { return {}; }

    // For /proc and messages: the absolute guest path it has now, or `name`.
    std::string path() const { return dentry ? dentry->path() : name; }
    void watch(Watcher& watcher) { watchers_.push_back(&watcher); }
    void unwatch(Watcher& watcher) { std::erase(watchers_, &watcher); }

    std::shared_ptr<void> end_of_locks;  // releases the locks of this description
    std::uint64_t position = 0;
    std::uint32_t flags = 0;  // O_* as given to open, guest values
    // The name by which it was opened. Null: a file without one, shown as `name` ("pipe:[12]").
    std::shared_ptr<Dentry> dentry;
    std::string name;

private:
    std::vector<Watcher*> watchers_;
};

}  // namespace uprobesim
