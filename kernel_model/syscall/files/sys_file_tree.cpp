// SPDX-License-Identifier: GPL-2.0-or-later
// System calls that take a path.
#include <fmt/format.h>

#include <algorithm>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/abi/mount.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/files/guest_stat.h"
#include "kernel_model/files/mount.h"
#include "kernel_model/files/pipe.h"
#include "kernel_model/syscall/transfer/file_transfer.h"
#include "kernel_model/syscall/transfer/terminal_calls.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

// A path argument, and the caller with the directory that it starts from.
struct PathArgument {
    Caller caller;
    std::string path;
    std::shared_ptr<File> file;  // set for AT_EMPTY_PATH with an empty path
};

tl::expected<PathArgument, Errno> path_argument(SysCall& call, std::int32_t dirfd, VAddr pointer,
                                                std::uint32_t flags = 0) {
    auto text = call.memory().read_string(pointer, kPathMax);
    if (!text) return tl::make_unexpected(Errno::Fault);
    if (text->size() >= kPathMax) return tl::make_unexpected(Errno::NameTooLong);
    PathArgument argument;
    argument.caller = call.caller();
    argument.path = std::move(*text);
    if (argument.path.empty()) {
        if ((flags & kAtEmptyPath) == 0) return tl::make_unexpected(Errno::NoEnt);
        if (dirfd == kAtFdcwd) {
            argument.path.assign(1, '.');
            return argument;
        }
        argument.file = call.process.files.share(dirfd);
        if (!argument.file) return tl::make_unexpected(Errno::Badf);
        return argument;
    }
    if (argument.path.front() == '/' || dirfd == kAtFdcwd) return argument;
    const auto directory = call.process.files.share(dirfd);
    if (!directory) return tl::make_unexpected(Errno::Badf);
    auto status = directory->status();
    if (!status || (status->mode & kIfmt) != kIfDir) return tl::make_unexpected(Errno::NotDir);
    argument.caller.start = directory->dentry;
    return argument;
}

std::uint64_t component_count(const std::string& path) {
    std::uint64_t n = 0;
    for (std::size_t i = 0; i < path.size(); ++i)
        n += path[i] != '/' && (i == 0 || path[i - 1] == '/');
    return std::max<std::uint64_t>(n, 1);
}

// Prices the walk and turns a SysResult into an outcome.
template <class T>
SysOutcome named(SysCall& call, const PathArgument& p, const SysResult<T>& result) {
    call.units = component_count(p.path);
    if (!result) {
        if (result.error() == Errno::NoEnt) call.path = KernelPath::SysOpenMissing;
        return result.error();
    }
    return 0;
}

SysOutcome add_opened(SysCall& call, std::shared_ptr<File> file, std::uint32_t flags) {
    auto fd = TRY(call.process.files.add(std::move(file), (flags & kOCloexec) != 0));
    return static_cast<std::uint64_t>(fd);
}

// Opening one end of a FIFO blocks until the other end is opened (fifo_open).
SysOutcome open_fifo(SysCall& call, const std::shared_ptr<PipeEnd>& end, std::uint32_t flags) {
    if ((flags & kONonblock) != 0 || !end->waits_for_partner()) return add_opened(call, end, flags);
    call.task.call_holds = end;
    call.wait_on(&end->pipe()->either);
    return Block{};
}

SysOutcome open_at(SysCall& call, std::int32_t dirfd, VAddr name, std::uint32_t flags,
                   std::uint32_t mode) {
    if (call.task.call_holds)
        return open_fifo(call, std::static_pointer_cast<PipeEnd>(call.task.call_holds), flags);
    if ((flags & kOTmpfile) == kOTmpfile) {
        call.kernel.counters().note_unmodelled("openat O_TMPFILE", "answered EOPNOTSUPP");
        return Errno::NotSup;
    }
    // build_open_flags, since 6.3 and in the stable kernels.
    if ((flags & (kOCreat | kODirectory | kOPath)) == (kOCreat | kODirectory)) return Errno::Inval;
    auto p = TRY(path_argument(call, dirfd, name));
    auto opened = call.kernel.files().open(p.caller, p.path, flags, mode & ~call.process.umask);
    if (!opened) return named(call, p, opened);
    call.units = opened->components;
    if (opened->created) call.path = KernelPath::SysCreate;
    if (auto end = std::dynamic_pointer_cast<PipeEnd>(opened->file))
        return open_fifo(call, end, flags);
    if (PtyFile* terminal = opened->file->terminal()) {
        if (const auto error = opened_terminal(call, *terminal, flags)) return *error;
    }
    return add_opened(call, std::move(opened->file), flags);
}

SysOutcome sys_openat(SysCall& call) {
    return open_at(call, call.int32(0), call.address(1), call.uint32(2), call.uint32(3));
}

SysOutcome sys_openat2(SysCall& call) {
    if (call.args[3] < 24) return Errno::Inval;
    const auto how = call.memory().get<std::array<std::uint64_t, 3>>(call.address(2));
    if (!how) return Errno::Fault;
    if ((*how)[2] != 0) {
        call.kernel.counters().note_unmodelled("openat2 resolve flags", "answered EINVAL");
        return Errno::Inval;
    }
    // Unlike openat, openat2 refuses unknown flags (build_open_flags).
    constexpr std::uint64_t kKnown = kOAccmode | kOCreat | kOExcl | kONoctty | kOTrunc | kOAppend |
                                     kONonblock | kOSync | kOAsync | kODirect | kOLargefile |
                                     kODirectory | kONofollow | kONoatime | kOCloexec | kOPath |
                                     kOTmpfile;
    if (((*how)[0] & ~kKnown) != 0 || ((*how)[1] & ~std::uint64_t{kAllModeBits}) != 0)
        return Errno::Inval;
    if ((*how)[1] != 0 && ((*how)[0] & kOCreat) == 0) return Errno::Inval;
    return open_at(call, call.int32(0), call.address(1), static_cast<std::uint32_t>((*how)[0]),
                   static_cast<std::uint32_t>((*how)[1]));
}

tl::expected<FileStatus, Errno> status_at(SysCall& call, std::uint32_t flags) {
    if ((flags & ~(kAtSymlinkNofollow | kAtNoAutomount | kAtEmptyPath | kAtStatxForceSync |
                   kAtStatxDontSync)) != 0)
        return tl::make_unexpected(Errno::Inval);
    auto p = TRY(path_argument(call, call.int32(0), call.address(1), flags));
    if (p.file) {
        call.path = KernelPath::SysFstat;
        return p.file->status();
    }
    auto status = call.kernel.files().status(p.caller, p.path, (flags & kAtSymlinkNofollow) == 0);
    (void)named(call, p, status);
    return status;
}

SysOutcome sys_newfstatat(SysCall& call) {
    auto status = TRY(status_at(call, call.uint32(3)));
    if (!call.memory().put(call.address(2), to_stat(status))) return Errno::Fault;
    return 0;
}

SysOutcome sys_statx(SysCall& call) {
    auto status = TRY(status_at(call, call.uint32(2)));
    if (!call.memory().put(call.address(4), to_statx(status))) return Errno::Fault;
    return 0;
}

SysOutcome access_at(SysCall& call, std::uint32_t flags) {
    if ((call.uint32(2) & ~(kROk | kWOk | kXOk)) != 0 ||
        (flags & ~(kAtEaccess | kAtSymlinkNofollow | kAtEmptyPath)) != 0)
        return Errno::Inval;
    auto p = TRY(path_argument(call, call.int32(0), call.address(1), flags));
    if ((flags & kAtEaccess) == 0) p.caller.credentials = call.cred().for_access();
    if (p.file) {
        const auto status = TRY(p.file->status());
        return p.caller.credentials.permit(status, call.uint32(2)) ? SysOutcome(0)
                                                                   : SysOutcome(Errno::Acces);
    }
    return named(call, p,
                 call.kernel.files().access(p.caller, p.path, call.uint32(2),
                                            (flags & kAtSymlinkNofollow) == 0));
}
SysOutcome sys_faccessat(SysCall& call) {
    return access_at(call, 0);
}
SysOutcome sys_faccessat2(SysCall& call) {
    return access_at(call, call.uint32(3));
}

SysOutcome sys_readlinkat(SysCall& call) {
    if (call.int32(3) <= 0) return Errno::Inval;
    auto p = TRY(path_argument(call, call.int32(0), call.address(1)));
    auto target = call.kernel.files().read_link(p.caller, p.path);
    if (!target) return named(call, p, target);
    call.units = component_count(p.path);
    const std::size_t n = std::min<std::size_t>(target->size(), call.uint32(3));
    if (!call.memory().write(call.address(2), std::as_bytes(std::span(target->data(), n))))
        return Errno::Fault;
    return std::uint64_t{n};
}

SysOutcome sys_mkdirat(SysCall& call) {
    auto p = TRY(path_argument(call, call.int32(0), call.address(1)));
    return named(
        call, p,
        call.kernel.files().make_directory(p.caller, p.path, call.uint32(2) & ~call.process.umask));
}

SysOutcome sys_mknodat(SysCall& call) {
    auto p = TRY(path_argument(call, call.int32(0), call.address(1)));
    const std::uint32_t type = call.uint32(2) & kIfmt;
    if (type == kIfIfo)
        return named(call, p,
                     call.kernel.files().make_fifo(
                         p.caller, p.path, call.uint32(2) & kAllModeBits & ~call.process.umask));
    if (type != 0 && type != kIfReg) {
        call.kernel.counters().note_unmodelled("mknodat of a device or socket", "answered EPERM");
        return Errno::Perm;
    }
    return named(call, p,
                 call.kernel.files().open(p.caller, p.path, kOCreat | kOExcl | kOWronly,
                                          call.uint32(2) & kAllModeBits & ~call.process.umask));
}

SysOutcome sys_unlinkat(SysCall& call) {
    if ((call.uint32(2) & ~kAtRemovedir) != 0) return Errno::Inval;
    auto p = TRY(path_argument(call, call.int32(0), call.address(1)));
    return named(
        call, p,
        call.kernel.files().remove(p.caller, p.path, (call.uint32(2) & kAtRemovedir) != 0));
}

SysOutcome rename_at(SysCall& call, std::uint32_t flags) {
    if ((flags & ~kRenameNoreplace) != 0) return Errno::Inval;
    auto from = TRY(path_argument(call, call.int32(0), call.address(1)));
    auto to = TRY(path_argument(call, call.int32(2), call.address(3)));
    const auto renamed = call.kernel.files().rename(from.caller, from.path, to.caller.start,
                                                    to.path, (flags & kRenameNoreplace) != 0);
    return named(call, from, renamed);
}
SysOutcome sys_renameat(SysCall& call) {
    return rename_at(call, 0);
}
SysOutcome sys_renameat2(SysCall& call) {
    return rename_at(call, call.uint32(4));
}

SysOutcome sys_linkat(SysCall& call) {
    if ((call.uint32(4) & ~(kAtSymlinkFollow | kAtEmptyPath)) != 0) return Errno::Inval;
    auto from = TRY(path_argument(call, call.int32(0), call.address(1)));
    auto to = TRY(path_argument(call, call.int32(2), call.address(3)));
    const bool follow = (call.uint32(4) & kAtSymlinkFollow) != 0;
    return named(
        call, to,
        call.kernel.files().link(from.caller, from.path, follow, to.caller.start, to.path));
}

SysOutcome sys_symlinkat(SysCall& call) {
    auto target = call.memory().read_string(call.address(0), kPathMax);
    if (!target) return Errno::Fault;
    if (target->size() >= kPathMax) return Errno::NameTooLong;
    auto p = TRY(path_argument(call, call.int32(1), call.address(2)));
    return named(call, p, call.kernel.files().symlink(p.caller, *target, p.path));
}

SysOutcome sys_fchmod(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file) return bad_descriptor(call);
    if ((file->flags & kOPath) != 0) return bad_descriptor(call);
    auto done = call.kernel.files().change_mode_of(call.caller(), *file, call.uint32(1));
    return done ? SysOutcome(0) : SysOutcome(done.error());
}
SysOutcome sys_fchmodat(SysCall& call) {
    auto p = TRY(path_argument(call, call.int32(0), call.address(1)));
    return named(call, p, call.kernel.files().change_mode(p.caller, p.path, call.uint32(2)));
}
SysOutcome sys_fchown(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file) return bad_descriptor(call);
    if ((file->flags & kOPath) != 0) return bad_descriptor(call);
    auto done =
        call.kernel.files().change_owner_of(call.caller(), *file, call.uint32(1), call.uint32(2));
    return done ? SysOutcome(0) : SysOutcome(done.error());
}
SysOutcome sys_fchownat(SysCall& call) {
    if ((call.uint32(4) & ~(kAtSymlinkNofollow | kAtEmptyPath)) != 0) return Errno::Inval;
    auto p = TRY(path_argument(call, call.int32(0), call.address(1), call.uint32(4)));
    if (p.file)
        return named(call, p,
                     call.kernel.files().change_owner_of(call.caller(), *p.file, call.uint32(2),
                                                         call.uint32(3)));
    return named(call, p,
                 call.kernel.files().change_owner(p.caller, p.path, call.uint32(2), call.uint32(3),
                                                  (call.uint32(4) & kAtSymlinkNofollow) == 0));
}

SysOutcome sys_utimensat(SysCall& call) {
    if ((call.uint32(3) & ~(kAtSymlinkNofollow | kAtEmptyPath)) != 0) return Errno::Inval;
    const std::uint64_t now = call.kernel.clock().realtime_ns();
    FileSystem::Times times{static_cast<std::int64_t>(now / 1000000000u),
                            static_cast<std::int64_t>(now % 1000000000u),
                            0,
                            0,
                            true,
                            true,
                            true};
    times.mtime_s = times.atime_s;
    times.mtime_ns = times.atime_ns;
    if (call.args[2] != 0) {
        const auto given = call.memory().get<std::array<std::int64_t, 4>>(call.address(2));
        if (!given) return Errno::Fault;
        for (const std::size_t i : {1u, 3u}) {
            const std::int64_t ns = (*given)[i];
            if (ns != kUtimeNow && ns != kUtimeOmit && (ns < 0 || ns > 999999999))
                return Errno::Inval;
        }
        if ((*given)[1] == kUtimeOmit && (*given)[3] == kUtimeOmit) return 0;
        times.touch = (*given)[1] == kUtimeNow && (*given)[3] == kUtimeNow;
        times.set_atime = (*given)[1] != kUtimeOmit;
        times.set_mtime = (*given)[3] != kUtimeOmit;
        if ((*given)[1] != kUtimeNow) {
            times.atime_s = (*given)[0];
            times.atime_ns = (*given)[1];
        }
        if ((*given)[3] != kUtimeNow) {
            times.mtime_s = (*given)[2];
            times.mtime_ns = (*given)[3];
        }
    }
    PathArgument p;
    if (call.args[1] == 0) {
        const auto file = call.process.files.share(call.int32(0));
        if (!file) return bad_descriptor(call);
        if ((file->flags & kOPath) != 0) return bad_descriptor(call);
        p.file = file;
    } else {
        auto named_path = TRY(path_argument(call, call.int32(0), call.address(1), call.uint32(3)));
        p = std::move(named_path);
    }
    if (p.file)
        return named(call, p, call.kernel.files().set_times_of(call.caller(), *p.file, times));
    return named(call, p,
                 call.kernel.files().set_times(p.caller, p.path, times,
                                               (call.uint32(3) & kAtSymlinkNofollow) == 0));
}

SysOutcome sys_truncate(SysCall& call) {
    if (static_cast<std::int64_t>(call.args[1]) < 0) return Errno::Inval;
    auto p = TRY(path_argument(call, kAtFdcwd, call.address(0)));
    auto opened = call.kernel.files().open(p.caller, p.path, kOWronly, 0);
    if (!opened) return named(call, p, opened);
    TRY(may_grow(call, *opened->file, call.args[1]));
    auto done = opened->file->truncate(call.args[1]);
    return done ? SysOutcome(0) : SysOutcome(done.error());
}

// The flags of a mount are those of mount(2), but for two.
std::int64_t statfs_flags(const Mount& mount) {
    constexpr std::uint64_t kSame = kMsRdonly | kMsNosuid | kMsNodev | kMsNoexec | kMsNoatime |
                                    kMsNodiratime;
    auto flags = static_cast<std::int64_t>(mount.flags & kSame) | kStValid;
    if (mount.read_only()) flags |= static_cast<std::int64_t>(kMsRdonly);
    if ((mount.flags & kMsRelatime) != 0) flags |= kStRelatime;
    if ((mount.flags & kMsNosymfollow) != 0) flags |= kStNosymfollow;
    return flags;
}

SysOutcome put_statfs(SysCall& call, VAddr to, const Mount* mount) {
    Statfs s{};
    s.f_type = kTmpfsMagic;  // the file system on which the kernel paths were measured
    s.f_bsize = s.f_frsize = 4096;
    s.f_namelen = static_cast<std::int64_t>(kNameMax);
    if (mount != nullptr) {
        s.f_type = mount->super->magic;
        s.f_flags = statfs_flags(*mount);
    }
    if (s.f_type == kTmpfsMagic) {
        s.f_blocks = s.f_bfree = s.f_bavail =
            call.kernel.machine().memory.limit_bytes() / kPageSize;
        if (const DiskSpace* space = call.kernel.files().space()) {
            s.f_blocks = space->total_pages();
            s.f_bfree = s.f_bavail = space->free_pages();
        }
        s.f_files = s.f_ffree = 1u << 20;
    }
    return call.memory().put(to, s) ? SysOutcome(0) : SysOutcome(Errno::Fault);
}
SysOutcome sys_statfs(SysCall& call) {
    auto p = TRY(path_argument(call, kAtFdcwd, call.address(0)));
    auto place = call.kernel.files().locate(p.caller, p.path, true);
    if (!place) return named(call, p, place);
    return put_statfs(call, call.address(1), place->mount.get());
}
SysOutcome sys_fstatfs(SysCall& call) {
    const File* const file = call.process.files.get(call.int32(0));
    if (file == nullptr) return bad_descriptor(call);
    return put_statfs(call, call.address(1),
                      file->dentry ? mount_of(*file->dentry).get() : nullptr);
}

SysOutcome sys_chdir(SysCall& call) {
    auto p = TRY(path_argument(call, kAtFdcwd, call.address(0)));
    auto directory = call.kernel.files().directory(p.caller, p.path);
    if (!directory) return named(call, p, directory);
    call.process.cwd = std::move(*directory);
    return 0;
}
SysOutcome sys_fchdir(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file) return bad_descriptor(call);
    auto status = file->status();
    if (!status || (status->mode & kIfmt) != kIfDir) return Errno::NotDir;
    const Caller caller = call.caller().starting_at(file->dentry);
    call.process.cwd = TRY(call.kernel.files().directory(caller, "."));
    return 0;
}
SysOutcome sys_getcwd(SysCall& call) {
    if (call.process.cwd && call.process.cwd->removed()) return Errno::NoEnt;
    std::string cwd = call.process.cwd ? call.process.cwd->path() : "/";
    const std::string root = call.process.root ? call.process.root->path() : "/";
    if (root != "/") {
        if (cwd == root) {
            cwd.assign(1, '/');
        } else if (cwd.starts_with(root + "/")) {
            cwd.erase(0, root.size());
        } else {
            cwd.insert(0, "(unreachable)");
        }
    }
    if (call.args[1] < cwd.size() + 1) return Errno::Range;
    if (!call.memory().write(call.address(0),
                             std::as_bytes(std::span(cwd.c_str(), cwd.size() + 1))))
        return Errno::Fault;
    return std::uint64_t{cwd.size() + 1};
}

SysOutcome sys_umask(SysCall& call) {
    const std::uint32_t old = call.process.umask;
    call.process.umask = call.uint32(0) & kPermissionBits;
    return std::uint64_t{old};
}

// A file system without extended attributes.
SysOutcome sys_no_xattr(SysCall&) {
    return Errno::NotSup;
}

constexpr SyscallRow kRows[] = {
    {5, "setxattr", sys_no_xattr, Support::Full, KernelPath::SysSetattr, ""},
    {6, "lsetxattr", sys_no_xattr, Support::Full, KernelPath::SysSetattr, ""},
    {7, "fsetxattr", sys_no_xattr, Support::Full, KernelPath::SysSetattr, ""},
    {8, "getxattr", sys_no_xattr, Support::Full, KernelPath::SysSetattr, ""},
    {9, "lgetxattr", sys_no_xattr, Support::Full, KernelPath::SysSetattr, ""},
    {10, "fgetxattr", sys_no_xattr, Support::Full, KernelPath::SysSetattr, ""},
    {11, "listxattr", sys_no_xattr, Support::Full, KernelPath::SysSetattr, ""},
    {12, "llistxattr", sys_no_xattr, Support::Full, KernelPath::SysSetattr, ""},
    {13, "flistxattr", sys_no_xattr, Support::Full, KernelPath::SysSetattr, ""},
    {17, "getcwd", sys_getcwd, Support::Full, KernelPath::SysGetcwd, ""},
    {33, "mknodat", sys_mknodat, Support::Full, KernelPath::SysCreate, "", Errno::NoMem},
    {34, "mkdirat", sys_mkdirat, Support::Full, KernelPath::SysCreate, "", Errno::NoMem},
    {35, "unlinkat", sys_unlinkat, Support::Full, KernelPath::SysUnlink, ""},
    {36, "symlinkat", sys_symlinkat, Support::Full, KernelPath::SysCreate, "", Errno::NoMem},
    {37, "linkat", sys_linkat, Support::Full, KernelPath::SysCreate, "", Errno::NoMem},
    {38, "renameat", sys_renameat, Support::Full, KernelPath::SysCreate, ""},
    {43, "statfs", sys_statfs, Support::Full, KernelPath::SysStat, ""},
    {44, "fstatfs", sys_fstatfs, Support::Full, KernelPath::SysFstat, ""},
    {45, "truncate", sys_truncate, Support::Full, KernelPath::SysTruncate, ""},
    {48, "faccessat", sys_faccessat, Support::Full, KernelPath::SysAccess, ""},
    {49, "chdir", sys_chdir, Support::Full, KernelPath::SysGetcwd, ""},
    {50, "fchdir", sys_fchdir, Support::Full, KernelPath::SysGetcwd, ""},
    {52, "fchmod", sys_fchmod, Support::Full, KernelPath::SysSetattr, ""},
    {53, "fchmodat", sys_fchmodat, Support::Full, KernelPath::SysSetattr, ""},
    {54, "fchownat", sys_fchownat, Support::Full, KernelPath::SysSetattr, ""},
    {55, "fchown", sys_fchown, Support::Full, KernelPath::SysSetattr, ""},
    {56, "openat", sys_openat, Support::Full, KernelPath::SysOpen, "", Errno::NoMem},
    {78, "readlinkat", sys_readlinkat, Support::Full, KernelPath::SysReadlink, ""},
    {79, "newfstatat", sys_newfstatat, Support::Full, KernelPath::SysStat, ""},
    {88, "utimensat", sys_utimensat, Support::Full, KernelPath::SysSetattr, ""},
    {166, "umask", sys_umask, Support::Full, KernelPath::SysTrivial, ""},
    {276, "renameat2", sys_renameat2, Support::Full, KernelPath::SysCreate, ""},
    {291, "statx", sys_statx, Support::Full, KernelPath::SysStat, ""},
    {437, "openat2", sys_openat2, Support::Partial, KernelPath::SysOpen, "without resolve flags",
     Errno::NoMem},
    {439, "faccessat2", sys_faccessat2, Support::Full, KernelPath::SysAccess, ""},
};

}  // namespace

std::span<const SyscallRow> file_tree_syscalls() {
    return kRows;
}

}  // namespace uprobesim
