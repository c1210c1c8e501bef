// SPDX-License-Identifier: GPL-2.0-or-later
// newfstatat and statx.
#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/mount.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/files/guest_stat.h"
#include "kernel_model/files/mount.h"
#include "kernel_model/syscall/path_argument.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

constexpr std::uint32_t kStatxHints = kAtNoAutomount | kAtStatxSyncType;

// vfs_empty_path: AT_EMPTY_PATH of an open file needs no path at all. `hints`: flags that do not
// count.
bool is_of_descriptor(const SysCall& call, std::uint32_t flags, std::uint32_t hints) {
    return (flags & ~hints) == kAtEmptyPath && call.int32(0) >= 0 && call.args[1] == 0;
}

SysResult<PathArgument> file_argument(SysCall& call, std::uint32_t flags, std::uint32_t hints) {
    if ((flags & ~(kAtSymlinkNofollow | kAtEmptyPath | kStatxHints)) != 0)
        return tl::make_unexpected(Errno::Inval);
    if (!is_of_descriptor(call, flags, hints))
        return path_argument(call, call.int32(0), call.address(1), flags);
    PathArgument argument;
    argument.file = call.process.files.share(call.int32(0));
    if (!argument.file) return tl::make_unexpected(Errno::Badf);
    return argument;
}

SysResult<FileStatus> status_at(SysCall& call, const PathArgument& p, std::uint32_t flags) {
    if (p.file) {
        call.path = KernelPath::SysFstat;
        return p.file->status();
    }
    auto status = call.kernel.files().status(p.caller, p.path, (flags & kAtSymlinkNofollow) == 0);
    (void)named(call, p, status);
    return status;
}

SysOutcome sys_newfstatat(SysCall& call) {
    const std::uint32_t flags = call.uint32(3);
    const auto p = TRY(file_argument(call, flags, 0));
    auto status = TRY(status_at(call, p, flags));
    if (!call.memory().put(call.address(2), to_stat(status, call.cred().space)))
        return Errno::Fault;
    return 0;
}

// The mount of a file, and whether the file is its top (path_mounted). Without one it is in one of
// the kernel's own.
void put_mount(SysCall& call, const PathArgument& p, bool follow, Statx& out) {
    std::shared_ptr<Mount> mount;
    bool top = false;
    if (!p.file) {
        if (const auto place = call.kernel.files().locate(p.caller, p.path, follow)) {
            mount = place->mount;
            top = mount && place->is_top();
        }
    } else if (p.file->dentry) {
        mount = mount_of(*p.file->dentry);
        top = mount && !p.file->dentry->removed() && p.file->dentry->inner() == mount->root;
    }
    const auto id = static_cast<std::uint64_t>(mount ? mount->id : Mount::kInternalId);
    const bool unique = (call.uint32(3) & kStatxMntIdUnique) != 0;
    out.stx_mask |= unique ? kStatxMntIdUnique : kStatxMntId;
    out.stx_mnt_id = unique ? kUniqueMountIds + id : id;
    out.stx_attributes_mask |= kStatxAttrMountRoot;
    if (top) out.stx_attributes |= kStatxAttrMountRoot;
}

SysOutcome sys_statx(SysCall& call) {
    const std::uint32_t flags = call.uint32(2);
    if ((flags & kAtStatxSyncType) == kAtStatxSyncType) return Errno::Inval;
    if ((call.uint32(3) & kStatxReserved) != 0) return Errno::Inval;
    const auto p = TRY(file_argument(call, flags, kStatxHints));
    auto status = TRY(status_at(call, p, flags));
    Statx shown = to_statx(status, call.cred().space);
    put_mount(call, p, (flags & kAtSymlinkNofollow) == 0, shown);
    return call.memory().put(call.address(4), shown) ? SysOutcome(0) : SysOutcome(Errno::Fault);
}

constexpr SyscallRow kStatRows[] = {
    {79, "newfstatat", sys_newfstatat, Support::Full, KernelPath::SysStat, ""},
    {291, "statx", sys_statx, Support::Full, KernelPath::SysStat, ""},
};

}  // namespace

std::span<const SyscallRow> stat_syscalls() {
    return kStatRows;
}

}  // namespace uprobesim
