// SPDX-License-Identifier: GPL-2.0-or-later
// System calls on the attributes of a named or open file: access, chmod, chown, utimensat, statfs,
// truncate.
#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/inotify.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/abi/mount.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/files/mount.h"
#include "kernel_model/files/rights/inode_flags.h"
#include "kernel_model/syscall/files/sys_lease.h"
#include "kernel_model/syscall/path_argument.h"
#include "kernel_model/syscall/transfer/file_transfer.h"
#include "kernel_model/task/namespace_file.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

SysOutcome access_at(SysCall& call, std::uint32_t flags) {
    if ((call.uint32(2) & ~(kROk | kWOk | kXOk)) != 0 ||
        (flags & ~(kAtEaccess | kAtSymlinkNofollow | kAtEmptyPath)) != 0)
        return Errno::Inval;
    auto p = TRY(path_argument(call, call.int32(0), call.address(1), flags));
    if ((flags & kAtEaccess) == 0) p.caller.credentials = call.cred().for_access();
    if (p.file) {
        const auto status = TRY(p.file->status());
        TRY(inode_permission(p.caller.credentials, status, call.uint32(2)));
        return 0;
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

SysOutcome sys_fchmod(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file) return bad_descriptor(call);
    if ((file->flags & kOPath) != 0) return bad_descriptor(call);
    auto done = call.kernel.files().change_mode_of(call.caller(), *file, call.uint32(1));
    return done ? SysOutcome(0) : SysOutcome(done.error());
}
SysOutcome change_mode_at(SysCall& call, std::uint32_t flags) {
    if ((flags & ~(kAtSymlinkNofollow | kAtEmptyPath)) != 0) return Errno::Inval;
    auto p = TRY(path_argument(call, call.int32(0), call.address(1), flags));
    FileSystem& files = call.kernel.files();
    if (p.file) return named(call, p, files.change_mode_of(p.caller, *p.file, call.uint32(2)));
    return named(
        call, p,
        files.change_mode(p.caller, p.path, call.uint32(2), (flags & kAtSymlinkNofollow) == 0));
}
SysOutcome sys_fchmodat(SysCall& call) {
    return change_mode_at(call, 0);
}
SysOutcome sys_fchmodat2(SysCall& call) {
    return change_mode_at(call, call.uint32(3));
}
// The new owner and group, of which -1 leaves it as it is.
SysResult<std::pair<std::uint32_t, std::uint32_t>> owner_argument(SysCall& call, std::size_t i) {
    constexpr std::uint32_t kStays = ~0u;
    const UserSpace& space = call.cred().space;
    const auto uid = user_outside(space, call.uint32(i)),
               gid = group_outside(space, call.uint32(i + 1));
    if ((!uid && call.uint32(i) != kStays) || (!gid && call.uint32(i + 1) != kStays))
        return tl::make_unexpected(Errno::Inval);
    return std::pair(uid.value_or(kStays), gid.value_or(kStays));
}

SysOutcome sys_fchown(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file) return bad_descriptor(call);
    if ((file->flags & kOPath) != 0) return bad_descriptor(call);
    const auto [uid, gid] = TRY(owner_argument(call, 1));
    auto done = call.kernel.files().change_owner_of(call.caller(), *file, uid, gid);
    return done ? SysOutcome(0) : SysOutcome(done.error());
}
SysOutcome sys_fchownat(SysCall& call) {
    if ((call.uint32(4) & ~(kAtSymlinkNofollow | kAtEmptyPath)) != 0) return Errno::Inval;
    auto p = TRY(path_argument(call, call.int32(0), call.address(1), call.uint32(4)));
    const auto [uid, gid] = TRY(owner_argument(call, 2));
    if (p.file)
        return named(call, p,
                     call.kernel.files().change_owner_of(call.caller(), *p.file, uid, gid));
    return named(call, p,
                 call.kernel.files().change_owner(p.caller, p.path, uid, gid,
                                                  (call.uint32(4) & kAtSymlinkNofollow) == 0));
}

SysOutcome sys_utimensat(SysCall& call) {
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
    if (call.args[1] == 0 && call.int32(0) != kAtFdcwd) {
        // do_utimes_fd
        if (call.uint32(3) != 0) return Errno::Inval;
        const auto file = call.process.files.share(call.int32(0));
        if (!file) return bad_descriptor(call);
        if ((file->flags & kOPath) != 0) return bad_descriptor(call);
        p.file = file;
    } else {
        // do_utimes_path
        if ((call.uint32(3) & ~(kAtSymlinkNofollow | kAtEmptyPath)) != 0) return Errno::Inval;
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
    FileSystem& files = call.kernel.files();
    const auto status = files.status(p.caller, p.path, true);
    if (!status) return named(call, p, status);
    const std::uint32_t kind = status->mode & kIfmt;
    if (kind != kIfReg) return kind == kIfDir ? Errno::IsDir : Errno::Inval;
    if (const auto waits = break_leases(call, status->key(), true, false)) return *waits;
    TRY(files.may_truncate(p.caller, p.path));
    // That is the right for it, and not the one to open it for writing.
    p.caller.credentials.landlock = nullptr;
    auto opened = files.open(p.caller, p.path, kOWronly, 0);
    if (!opened) return named(call, p, opened);
    TRY(may_grow(call, *opened->file, call.args[1]));
    TRY(opened->file->truncate(call.args[1]));
    tell_new_size(call, *opened->file);
    return 0;
}

// The flags of a mount are those of mount(2), but for two.
std::int64_t statfs_flags(const Mount& mount) {
    constexpr std::uint64_t kSame =
        kMsRdonly | kMsNosuid | kMsNodev | kMsNoexec | kMsNoatime | kMsNodiratime;
    auto flags = static_cast<std::int64_t>(mount.flags & kSame) | kStValid;
    if (mount.read_only()) flags |= static_cast<std::int64_t>(kMsRdonly);
    if ((mount.flags & kMsRelatime) != 0) flags |= kStRelatime;
    if ((mount.flags & kMsNosymfollow) != 0) flags |= kStNosymfollow;
    return flags;
}

// Of a file that is in no mount: of the kernel's own file systems.
std::int64_t magic_without_mount(File& file) {
    if (dynamic_cast<const NamespaceFile*>(&file) != nullptr) return kNsfsMagic;
    const auto status = file.status();
    switch (status ? status->mode & kIfmt : kIfReg) {
        case kIfIfo: return kPipefsMagic;
        case kIfSock: return kSockfsMagic;
        case 0: return kAnonInodeMagic;
        default: return kTmpfsMagic;
    }
}

SysOutcome put_statfs(SysCall& call, VAddr to, std::int64_t magic, const Mount* mount) {
    Statfs s{};
    s.f_type = magic;
    s.f_bsize = s.f_frsize = 4096;
    s.f_namelen = static_cast<std::int64_t>(kNameMax);
    if (mount != nullptr) {
        s.f_type = mount->super->magic;
        s.f_flags = statfs_flags(*mount);
        s.f_fsid[0] = static_cast<std::int32_t>(mount->super->device);
    }
    if (s.f_type == kTmpfsMagic || s.f_type == kExt4Magic) {
        s.f_blocks = s.f_bfree = s.f_bavail =
            call.kernel.machine().memory.limit_bytes() / kPageSize;
        s.f_files = s.f_ffree = 1u << 20;
        const DiskSpace* const own = mount != nullptr ? mount->super->space.get() : nullptr;
        if (const DiskSpace* space = own != nullptr ? own : call.kernel.files().space()) {
            s.f_blocks = space->total_pages();
            s.f_bfree = s.f_bavail = space->free_pages();
        }
        if (own != nullptr) {
            s.f_files = own->total_inodes();
            s.f_ffree = own->free_inodes();
        }
        // shmem_statfs tells nothing of what has no limit.
        constexpr auto kNone = ~std::uint64_t{0};
        if (s.f_blocks == kNone) s.f_blocks = s.f_bfree = s.f_bavail = 0;
        if (s.f_files == kNone) s.f_files = s.f_ffree = 0;
    }
    return call.memory().put(to, s) ? SysOutcome(0) : SysOutcome(Errno::Fault);
}
SysOutcome sys_statfs(SysCall& call) {
    auto p = TRY(path_argument(call, kAtFdcwd, call.address(0)));
    auto place = call.kernel.files().locate(p.caller, p.path, true);
    if (!place && place.error() == Errno::Inval) {  // a file without a place
        const auto opened = TRY(call.kernel.files().open(p.caller, p.path, kOPath, 0));
        return put_statfs(call, call.address(1), magic_without_mount(*opened.file), nullptr);
    }
    if (!place) return named(call, p, place);
    return put_statfs(call, call.address(1), kTmpfsMagic, place->mount.get());
}
SysOutcome sys_fstatfs(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file) return bad_descriptor(call);
    return put_statfs(call, call.address(1), magic_without_mount(*file),
                      file->dentry ? mount_of(*file->dentry).get() : nullptr);
}

constexpr SyscallRow kAttributesRows[] = {
    {43, "statfs", sys_statfs, Support::Full, KernelPath::SysStat, ""},
    {44, "fstatfs", sys_fstatfs, Support::Full, KernelPath::SysFstat, ""},
    {45, "truncate", sys_truncate, Support::Full, KernelPath::SysTruncate, ""},
    {48, "faccessat", sys_faccessat, Support::Full, KernelPath::SysAccess, ""},
    {52, "fchmod", sys_fchmod, Support::Full, KernelPath::SysSetattr, ""},
    {53, "fchmodat", sys_fchmodat, Support::Full, KernelPath::SysSetattr, ""},
    {54, "fchownat", sys_fchownat, Support::Full, KernelPath::SysSetattr, ""},
    {55, "fchown", sys_fchown, Support::Full, KernelPath::SysSetattr, ""},
    {88, "utimensat", sys_utimensat, Support::Full, KernelPath::SysSetattr, ""},
    {439, "faccessat2", sys_faccessat2, Support::Full, KernelPath::SysAccess, ""},
    {452, "fchmodat2", sys_fchmodat2, Support::Full, KernelPath::SysSetattr, ""},
};

}  // namespace

std::span<const SyscallRow> attribute_syscalls() {
    return kAttributesRows;
}

}  // namespace uprobesim
