// SPDX-License-Identifier: GPL-2.0-or-later
// The guest's file tree: a read-only root directory, directories added by --bind, a scratch layer
// that receives all writes, and modelled /proc, /dev and /sys. Host accesses are confined by the
// host kernel (openat2).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel_model/files/caller.h"
#include "kernel_model/files/dentry.h"
#include "kernel_model/files/disk_space.h"
#include "kernel_model/files/file.h"
#include "kernel_model/files/file_events.h"
#include "kernel_model/files/mount.h"
#include "kernel_model/files/special_tree.h"
#include "kernel_model/files/system_view.h"
#include "sim/base/error.h"
#include "sim/machine.h"

namespace uprobesim {

struct BindMount {
    std::string host;
    std::string guest;
    bool writable = false;
};

// Bytes that the guest has written to the host's standard output and error, by descriptor. Of a run
// that repeats an earlier one, those that this has written are not written again.
struct HostOutput {
    std::array<std::uint64_t, 3> written{}, repeated{};
};

struct FileSystemOptions {
    std::string root;  // host directory
    std::vector<BindMount> binds;
    std::string scratch;  // host directory kept; empty: a temporary one, removed at the end
    // The limit of the size of files there, in bytes.
    std::optional<std::uint64_t> scratch_limit = std::nullopt;
    HostOutput* output = nullptr;  // null: nobody asks
};

class FileSystem {
public:
    // `machine`: memory for page caches. `special`: the modelled trees, /proc, /dev and /sys.
    static Result<std::unique_ptr<FileSystem>> create(Machine& machine,
                                                      std::unique_ptr<SpecialTree> special,
                                                      const FileSystemOptions& options);
    virtual ~FileSystem() = default;

    struct OpenResult {
        std::shared_ptr<File> file;
        std::uint32_t components = 1;  // walked, for the cost
        bool created = false;
    };
    // All paths are guest paths: absolute paths start at the caller's root, relative ones at its
    // start directory.
    virtual SysResult<OpenResult> open(const Caller&, std::string_view path, std::uint32_t flags,
                                       std::uint32_t mode) = 0;
    virtual SysResult<FileStatus> status(const Caller&, std::string_view path, bool follow) = 0;
    virtual SysResult<std::string> read_link(const Caller&, std::string_view path) = 0;
    virtual SysResult<void> access(const Caller&, std::string_view path, std::uint32_t mode,
                                   bool follow) = 0;
    // A directory that the caller may search, for chdir.
    virtual SysResult<std::shared_ptr<Dentry>> directory(const Caller&, std::string_view path) = 0;
    virtual SysResult<void> make_directory(const Caller&, std::string_view path,
                                           std::uint32_t mode) = 0;
    virtual SysResult<void> make_fifo(const Caller&, std::string_view path, std::uint32_t mode) = 0;
    // Makes a socket file, for bind, and returns its status, which holds its key. Exist: the name
    // exists.
    virtual SysResult<FileStatus> make_socket(const Caller&, std::string_view path,
                                              std::uint32_t mode) = 0;
    virtual SysResult<void> remove(const Caller&, std::string_view path, bool directory) = 0;
    // `to_start`: the start directory of a relative `to`.
    // `flags`: RENAME_*.
    virtual SysResult<void> rename(const Caller&, std::string_view from,
                                   const std::shared_ptr<const Dentry>& to_start,
                                   std::string_view to, std::uint32_t flags) = 0;
    // `follow`: a symbolic link `from`, or a descriptor's in /proc, is followed.
    virtual SysResult<void> link(const Caller&, std::string_view from, bool follow,
                                 const std::shared_ptr<const Dentry>& to_start,
                                 std::string_view to) = 0;
    // Another name of an open file, which may have none yet (O_TMPFILE).
    virtual SysResult<void> link_of(const Caller&, File&, const std::shared_ptr<const Dentry>&,
                                    std::string_view) {
        return tl::make_unexpected(Errno::Perm);
    }
    // `mode` with the kind, a character or block device.
    virtual SysResult<void> make_device(const Caller&, std::string_view, std::uint32_t,
                                        std::uint64_t) {
        return tl::make_unexpected(Errno::Perm);
    }
    // Where an open symbolic link (O_PATH) leads. NoEnt: the file is none.
    virtual SysResult<std::string> read_link_of(const Caller&, File&) {
        return tl::make_unexpected(Errno::NoEnt);
    }
    // Whether a file may be cut by its name (security_path_truncate). Acces.
    virtual SysResult<void> may_truncate(const Caller&, std::string_view) { return {}; }
    // Replaces the extended attributes; the caller has checked the rights. NotSup: they are not
    // kept there.
    using Xattrs = std::shared_ptr<const ExtendedAttributes>;
    virtual SysResult<void> set_xattrs(const Caller&, std::string_view, bool, const Xattrs&) {
        return tl::make_unexpected(Errno::NotSup);
    }
    virtual SysResult<void> set_xattrs_of(const Caller&, File&, const Xattrs&) {
        return tl::make_unexpected(Errno::NotSup);
    }
    // Replaces the flags of an open file (files/rights); the caller has checked who may.
    // NotSup: they are not kept there.
    virtual SysResult<void> set_inode_flags(const Caller&, File&, std::uint32_t) {
        return tl::make_unexpected(Errno::NotSup);
    }
    // A description that File::place gave, or one of a link in /proc/PID/fd, is opened again.
    virtual SysResult<std::shared_ptr<File>> open_place_again(const Caller&,
                                                              const std::shared_ptr<File>&,
                                                              std::uint32_t) {
        return tl::make_unexpected(Errno::NoSys);
    }
    // What is told of its files; null: nothing.
    virtual const std::shared_ptr<FileEvents>& events() const {
        static const std::shared_ptr<FileEvents> none;
        return none;
    }
    virtual SysResult<void> symlink(const Caller&, std::string_view target,
                                    std::string_view path) = 0;
    virtual SysResult<void> change_mode(const Caller&, std::string_view path, std::uint32_t mode,
                                        bool follow = true) = 0;
    virtual SysResult<void> change_owner(const Caller&, std::string_view path, std::uint32_t uid,
                                         std::uint32_t gid, bool follow) = 0;
    struct Times {
        std::int64_t atime_s = 0, atime_ns = 0, mtime_s = 0, mtime_ns = 0;
        bool set_atime = false, set_mtime = false;
        bool touch = false;  // both are now
    };
    virtual SysResult<void> set_times(const Caller&, std::string_view path, const Times&,
                                      bool follow) = 0;
    // The same for an open file, which may have no name any more.
    virtual SysResult<void> change_mode_of(const Caller&, File& file, std::uint32_t mode) = 0;
    virtual SysResult<void> change_owner_of(const Caller&, File& file, std::uint32_t uid,
                                            std::uint32_t gid) = 0;
    virtual SysResult<void> set_times_of(const Caller&, File& file, const Times& times) = 0;
    // --- mounts (files/mount.h)
    virtual Mounts* mounts() { return nullptr; }
    // What a path leads to: a part of a mount.
    struct Located {
        std::shared_ptr<Mount> mount;
        std::string inner;
        bool directory = false;
        bool is_top() const { return inner == mount->root; }
    };
    virtual SysResult<Located> locate(const Caller&, std::string_view, bool) {
        return tl::make_unexpected(Errno::NoSys);
    }
    virtual std::shared_ptr<Dentry> dentry_at(const Located&) { return nullptr; }
    // The place as an open file without rights to its data (O_PATH).
    virtual SysResult<std::shared_ptr<File>> open_place(const Located&) {
        return tl::make_unexpected(Errno::NoSys);
    }
    // An empty file system in memory whose top has this mode and owner, with these limits.
    struct TmpfsTop {
        std::uint32_t mode = 01777, uid = 0, gid = 0;
        std::uint64_t pages = ~std::uint64_t{0}, inodes = ~std::uint64_t{0};
    };
    virtual SysResult<std::shared_ptr<SuperBlock>> make_tmpfs(const std::string&,
                                                              const std::string&, const TmpfsTop&) {
        return tl::make_unexpected(Errno::NoSys);
    }
    // Removes the files of file systems that are no longer mounted.
    virtual void drop_unmounted() {}
    // Before the first program starts: what was read until then leaves nothing that the guest could
    // notice, neither times nor numbers of files nor memory taken.
    virtual void forget_reads() {}
    // After a fork of the simulator: what the guest has written becomes this process's own. The
    // other one must not change it meanwhile. Throws HostError.
    virtual void separate() {}
    // Why that cannot be; empty: it can.
    virtual std::string why_not_separate() const { return "the files are not its own"; }
    // Writes back dirty shared pages, drops page caches; the scratch layer stays when it was asked
    // for.
    virtual void finish() = 0;
    // Mapped data that the host's disk did not take, by the file's name in the guest, with the
    // first error of each.
    virtual const std::map<std::string, Errno>& lost_writes() const {
        static const std::map<std::string, Errno> none;
        return none;
    }
    // The space of the scratch layer; null: unlimited.
    virtual const DiskSpace* space() const { return nullptr; }
    virtual void set_clock(std::function<std::uint64_t()> now_ns) = 0;
    // Lets /proc show more than the calling process; null: nothing more.
    virtual void set_system_view(const SystemView*) {}
    // Descriptors 0, 1, 2 of the first process: the host's stdin, stdout, stderr.
    virtual std::shared_ptr<File> host_stdio(int fd) = 0;
};

}  // namespace uprobesim
