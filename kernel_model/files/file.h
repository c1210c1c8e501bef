// SPDX-License-Identifier: GPL-2.0-or-later
// An open file description (struct file), to which descriptors refer. One class per kind: regular,
// directory, device, text of /proc, pipe, socket, terminal, epoll, eventfd and so on.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernel_model/abi/errno.h"
#include "kernel_model/files/dentry.h"
#include "kernel_model/memory/backing.h"
#include "kernel_model/memory/mm.h"
#include "sim/mem/memory_charge.h"
#include "sim/profile/kernel_path.h"

namespace uprobesim {

struct ExtendedAttributes;
class DiskUse;

// struct stat, in host-independent terms; guest_stat.h lays it out for the guest.
struct FileStatus {
    std::uint64_t device = 0, inode = 0, rdevice = 0;
    std::uint32_t mode = 0, links = 1, uid = 0, gid = 0;
    std::uint32_t inode_flags = 0;  // FS_*_FL (files/rights)
    std::int64_t size = 0, blocks = 0;
    std::int32_t block_size = 4096;
    std::int64_t atime_s = 0, mtime_s = 0, ctime_s = 0;
    std::int64_t atime_ns = 0, mtime_ns = 0, ctime_ns = 0;
    std::int64_t btime_s = 0, btime_ns = 0;  // when it was made; 0: not known
    // Of files whose attributes the model keeps; null: none.
    std::shared_ptr<const ExtendedAttributes> xattrs{};
    std::shared_ptr<const DiskUse> use{};  // which pages have data

    FileKey key() const { return {device, inode}; }
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

// Whether splice moves bytes from it and to it (f_op->splice_read, f_op->splice_write).
struct Splices {
    bool from = false, to = false;
};

class WaitQueue;
struct Credentials;
struct FileOwner;
class Socket;
class PtyFile;

class File {
public:
    // Notified when the last reference to an open file description is dropped.
    class Watcher {
    public:
        virtual void closed() = 0;

    protected:
        ~Watcher() = default;

    private:
        friend class File;
        std::list<Watcher*>::iterator place_;  // in the file's list
    };

    File() = default;
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    virtual ~File();

    // Transfers at `offset` in seekable files (others ignore it). Returns the bytes moved, 0 at the
    // end of file. Errno::Again: the call would block.
    virtual SysResult<std::uint64_t> read(std::uint64_t offset, std::span<std::byte> to);
    virtual SysResult<std::uint64_t> write(std::uint64_t offset, std::span<const std::byte> from);
    virtual bool seekable() const { return false; }
    // What lseek answers, whatever is asked (null_lseek, noop_llseek); nothing: it moves.
    virtual std::optional<std::uint64_t> only_position() const { return std::nullopt; }
    // Whether there is an end, from which lseek may count.
    virtual bool has_end() const { return true; }
    // True: `position` is unused, and seek() moves what the file itself or the host keeps (host
    // stdin or stdout that is a file).
    virtual bool host_position() const { return false; }
    virtual SysResult<std::uint64_t> seek(std::int64_t, int) {
        return tl::make_unexpected(Errno::Spipe);
    }
    virtual SysResult<FileStatus> status() = 0;
    // Removes the set-ID bits that a change by `writer` takes away (file_remove_privs).
    virtual void remove_set_ids(const Credentials&) {}
    // The mode, owner and times that the model keeps; null: those of the host file.
    virtual FileStatus* own_status() { return nullptr; }
    virtual SysResult<std::uint64_t> size();
    virtual SysResult<void> truncate(std::uint64_t size);
    // The file that watchers know it by; nothing: it is none that can be watched.
    virtual std::optional<FileKey> watched_key() { return std::nullopt; }
    // Of one that can be watched: another description (O_PATH), whose end nobody is told of, by
    // which it can be opened again when this one is gone.
    virtual std::shared_ptr<File> place() { return nullptr; }
    // The first byte at `from` or behind it that is in a page with data (or in a hole); nothing:
    // there is none before the end of the file.
    virtual std::optional<std::uint64_t> next_data(std::uint64_t from);
    virtual std::optional<std::uint64_t> next_hole(std::uint64_t) { return std::nullopt; }
    // Zeroes the range (punches a hole); the size stays.
    virtual SysResult<void> clear(std::uint64_t begin, std::uint64_t end);
    // Allocates disk space for the range (fallocate). NoSpc: the disk is full.
    virtual SysResult<void> reserve(std::uint64_t, std::uint64_t) { return {}; }
    // What is to be told of writes that failed later than they were made, once to each description:
    // fsync, and close of the last descriptor (flush).
    virtual SysResult<void> sync() { return {}; }
    virtual SysResult<void> flush() { return {}; }
    // All entries of a directory: "." and "..", then the others by name. NotDir for other kinds.
    virtual SysResult<std::vector<DirEntry>> entries();
    // The backing of mappings of the file; null: mmap fails with ENODEV.
    virtual std::shared_ptr<FileBacking> backing() { return nullptr; }
    // Whether these bytes of it may be mapped.
    virtual SysResult<void> may_map(std::uint64_t, std::uint64_t) { return {}; }
    // Whether its mappings are locked, and reached by nobody else (memfd_secret).
    virtual bool is_secret() const { return false; }
    // Whether mmap gives anonymous memory (/dev/zero).
    virtual bool maps_zeros() const { return false; }
    // Whether new writable shared mappings are forbidden (F_SEAL_WRITE).
    virtual bool write_sealed() const { return false; }
    // Whether its execute permissions stay as they are (F_SEAL_EXEC).
    virtual bool mode_sealed() const { return false; }
    virtual SysResult<std::uint64_t> ioctl(std::uint64_t request, std::uint64_t arg,
                                           class UserMemory& memory);
    // How a guest's read or write is split into calls of read() and write(): into pages of its
    // memory, unless one of these two says otherwise. Writes to a stream come in pieces of 64 KiB;
    // a blocking write continues until all bytes are written.
    virtual bool stream() const { return false; }
    // Whether writes take no bytes from the caller's memory: they succeed with a pointer to
    // nothing.
    virtual bool ignores_data() const { return false; }
    // If not 0, a guest's call is one call here, of at most this many bytes.
    virtual std::uint64_t record_bytes() const { return 0; }
    // The present poll events (abi/poll.h).
    virtual std::uint32_t poll();
    // Woken when the result of poll, or whether a read or write would block, may have changed.
    // Null: they never change.
    virtual WaitQueue* waiters() { return nullptr; }
    // Whether it signals an owner (a fasync operation): others refuse O_ASYNC.
    virtual bool signals_owner() { return false; }
    // Whether the file has a poll operation, which epoll requires.
    virtual bool can_poll() { return waiters() != nullptr; }
    virtual Splices splices() const { return {}; }
    virtual Socket* socket() { return nullptr; }
    // F_SET_RW_HINT: kept with the file's pages, where it has some.
    std::uint64_t& write_hint() {
        const auto pages = backing();
        return pages ? pages->write_hint : write_hint_;
    }
    // eventfd_signal: of those that can be told of a completion, one more.
    virtual void signal_event() {}
    // Further lines of /proc/PID/fdinfo.
    virtual std::string fdinfo() const { return {}; }
    virtual PtyFile* terminal() { return nullptr; }
    // The kernel paths charged for calls on the file.
    virtual FileCosts costs() const { return {}; }

    // What the open file takes of the kernel's memory, charged when it gets a descriptor: struct
    // file, dentry and inode at least. 0: it is not charged, as it may outlive the machine.
    static constexpr std::uint64_t kBytes = 1024;
    virtual std::uint64_t kernel_bytes() const { return kBytes; }

    // For /proc and messages: the present absolute guest path, or `name`.
    std::string path() const { return dentry ? dentry->path() : name; }
    void watch(Watcher& watcher) { watcher.place_ = watchers_.insert(watchers_.end(), &watcher); }
    void unwatch(Watcher& watcher) { watchers_.erase(watcher.place_); }
    const std::list<Watcher*>& watchers() const { return watchers_; }

    MemoryCharge charge;
    std::shared_ptr<const Credentials> opened_with;  // f_cred; null: opened by no path
    std::shared_ptr<void> end_of_locks;              // releases the locks of this description
    std::shared_ptr<void> end_of_lease;
    std::shared_ptr<void> directory_watch;  // F_NOTIFY
    std::shared_ptr<FileOwner> owner;       // whom it signals; null: nobody
    std::shared_ptr<void> async;            // while O_ASYNC is set: listens for changes
    bool tells = false;     // its opening was told to watchers: its uses and its end are
    FileHold write_access;  // of a description that may write, of a file that may run
    bool silent = false;    // FMODE_NONOTIFY: of no use of it anybody is told
    bool created = false;   // FMODE_CREATED: this opening made it
    // The rights of Landlock that later calls need and its opener did not have (abi::kLandlockFs*).
    std::uint32_t rights_refused = 0;
    std::uint64_t position = 0;
    std::uint32_t flags = 0;  // O_* as given to open, guest values
    // The directory entry by which the file was opened. Null: none; the file is shown as `name`
    // ("pipe:[12]").
    std::shared_ptr<Dentry> dentry;
    std::string name;

private:
    std::list<Watcher*> watchers_;
    std::uint64_t write_hint_ = 0;
};

}  // namespace uprobesim
