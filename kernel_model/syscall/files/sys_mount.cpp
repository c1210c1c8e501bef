// SPDX-License-Identifier: GPL-2.0-or-later
// mount, umount2, chroot and pivot_root, inside the guest's own tree: tmpfs, proc, sysfs and binds.
// The order of the checks is that of fs/namespace.c.
#include <algorithm>

#include "kernel_model/abi/limits.h"
#include "kernel_model/syscall/files/mount_args.h"
#include "kernel_model/syscall/files/proc_options.h"
#include "kernel_model/task/mount_locks.h"
#include "sim/base/try.h"

namespace uprobesim {

using namespace abi;

namespace {

// copy_mount_string: at most a page. nullopt: a null pointer.
SysResult<std::optional<std::string>> string_argument(SysCall& call, std::size_t i) {
    if (call.args[i] == 0) return std::optional<std::string>();
    auto text = call.memory().read_string(call.address(i), kPathMax);
    if (!text) return tl::make_unexpected(Errno::Fault);
    if (text->size() >= kPathMax) return tl::make_unexpected(Errno::Inval);
    return text;
}

// The options of a mount are a page of text.
SysResult<std::string> data_argument(SysCall& call, std::size_t i) {
    if (call.args[i] == 0) return std::string();
    auto text = call.memory().read_string(call.address(i), kPageSize - 1);
    if (!text) return tl::make_unexpected(Errno::Fault);
    return std::move(*text);
}

std::uint64_t mount_flags(std::uint64_t flags) {
    std::uint64_t own = flags & kMsOfMount;
    if ((flags & kMsStrictatime) != 0) {
        own &= ~(kMsRelatime | kMsNoatime);
    } else if ((flags & kMsNoatime) == 0) {
        own |= kMsRelatime;
    } else {
        own &= ~kMsRelatime;
    }
    return own;
}

// Whether the caller sees the mount (check_mnt).
bool is_ours(SysCall& call, const Mount& mount) {
    const auto space = mount.space.lock();
    return space && space == namespace_of(call);
}

SysResult<void> remount(SysCall& call, const FileSystem::Located& at, std::uint64_t flags,
                        const std::string& data) {
    if (!is_ours(call, *at.mount) || !at.is_top()) return tl::make_unexpected(Errno::Inval);
    SuperBlock& super = *at.mount->super;
    const bool own_only = (flags & kMsBind) != 0;
    std::uint64_t own = mount_flags(flags);
    constexpr std::uint64_t kTimes = kMsNoatime | kMsNodiratime | kMsRelatime;
    // Without an option of times they stay as they were.
    if ((flags & (kMsNoatime | kMsNodiratime | kMsRelatime | kMsStrictatime)) == 0)
        own = (own & ~kTimes) | (at.mount->flags & kTimes);
    if (!may_have_flags(*at.mount, own)) return tl::make_unexpected(Errno::Perm);
    if (!own_only) {
        // What came from outside is of a file system of others.
        if ((at.mount->flags & kTimesLocked) != 0 && !call.capable(Capability::SysAdmin))
            return tl::make_unexpected(Errno::Perm);
        if (super.type == "tmpfs" && super.space) TRY(remount_tmpfs(call, super, data));
        if (super.type == "proc") TRY(remount_proc(call, super, data));
        const bool read_only = (flags & kMsRdonly) != 0;
        if (read_only && !super.read_only && written(call, super))
            return tl::make_unexpected(Errno::Busy);
        super.read_only = read_only;
    }
    if (own_only && (own & kMsRdonly) != 0 && (at.mount->flags & kMsRdonly) == 0 &&
        written(call, *at.mount))
        return tl::make_unexpected(Errno::Busy);
    at.mount->flags = own | (at.mount->flags & kMountLocks);
    return {};
}

SysResult<void> change_type(SysCall& call, const FileSystem::Located& at, std::uint64_t flags) {
    if (!at.is_top()) return tl::make_unexpected(Errno::Inval);
    constexpr std::uint64_t kKinds = kMsShared | kMsPrivate | kMsSlave | kMsUnbindable;
    const std::uint64_t kind = flags & kKinds;
    if ((flags & ~(kKinds | kMsRec | kMsSilent)) != 0 || (kind & (kind - 1)) != 0)
        return tl::make_unexpected(Errno::Inval);
    if (!is_ours(call, *at.mount)) return tl::make_unexpected(Errno::Inval);
    call.kernel.files().mounts()->set_propagation(*at.mount, kind, (flags & kMsRec) != 0);
    return {};
}

SysResult<void> bind_tree(SysCall& call, const FileSystem::Located& at, const std::string& from,
                          bool recursive) {
    if (from.empty()) return tl::make_unexpected(Errno::Inval);
    const auto source = TRY(call.kernel.files().locate(call.caller(), from, true));
    TRY(check_point(at));
    if (source.mount->unbindable || !is_ours(call, *at.mount))
        return tl::make_unexpected(Errno::Inval);
    if (!is_ours(call, *source.mount)) return tl::make_unexpected(Errno::Inval);
    if (!recursive && covers_locked(*source.mount, source.inner))
        return tl::make_unexpected(Errno::Inval);
    if (source.directory != at.directory) return tl::make_unexpected(Errno::NotDir);
    TRY(room_for_tree(call, recursive ? mounts_below(*source.mount).size() : 1, at));
    Mounts& mounts = *call.kernel.files().mounts();
    const auto tree = mounts.copy(*source.mount, source.inner, recursive);
    tree->flags &= ~kPlaceLocked;
    mounts.attach(tree, *at.mount, at.inner);
    return {};
}

SysResult<void> move_tree(SysCall& call, const FileSystem::Located& at, const std::string& from) {
    if (from.empty()) return tl::make_unexpected(Errno::Inval);
    const auto source = TRY(call.kernel.files().locate(call.caller(), from, true));
    return move_mount(call, source, at);
}

SysResult<void> mount_new(SysCall& call, const FileSystem::Located& at,
                          const std::optional<std::string>& type, const std::string& source,
                          std::uint64_t flags, const std::string& data) {
    if (!type) return tl::make_unexpected(Errno::Inval);
    auto super = TRY(new_file_system(call, *type, source, data));
    super->read_only = (flags & kMsRdonly) != 0 && super->type != "proc" && super->type != "sysfs";
    return attach_new(call, super, at, mount_flags(flags));
}

SysOutcome sys_mount(SysCall& call) {
    const auto type = TRY(string_argument(call, 2));
    const auto source = TRY(string_argument(call, 0));
    const auto data = TRY(data_argument(call, 4));
    std::uint64_t flags = call.args[3];
    const auto at = TRY(place_argument(call, kAtFdcwd, call.address(1), true));
    if ((flags & kMsMagicMask) == kMsMagic) flags &= ~kMsMagicMask;
    if (bars_mounts(call) || !may_mount(call)) return Errno::Perm;
    if ((flags & (kMsRemount | kMsBind)) == (kMsRemount | kMsBind) || (flags & kMsRemount) != 0)
        return remount(call, at, flags, data);
    if ((flags & kMsBind) != 0)
        return bind_tree(call, at, source.value_or(""), (flags & kMsRec) != 0);
    if ((flags & (kMsShared | kMsPrivate | kMsSlave | kMsUnbindable)) != 0)
        return change_type(call, at, flags);
    if ((flags & kMsMove) != 0) return move_tree(call, at, source.value_or(""));
    return mount_new(call, at, type, source.value_or("none"), flags, data);
}

bool tree_in_use(const Mount& mount) {
    return mount.in_use() || !mount.children.empty();
}

SysOutcome sys_umount2(SysCall& call) {
    const std::uint32_t flags = call.uint32(1);
    if ((flags & ~(kMntForce | kMntDetach | kMntExpire | kUmountNofollow)) != 0)
        return Errno::Inval;
    Mounts* const mounts = call.kernel.files().mounts();
    call.kernel.files().drop_unmounted();
    std::shared_ptr<Mount> gone;
    {
        const auto at =
            TRY(place_argument(call, kAtFdcwd, call.address(0), (flags & kUmountNofollow) == 0));
        if (!may_mount(call)) return Errno::Perm;
        if (!at.is_top() || !is_ours(call, *at.mount) || place_locked(*at.mount))
            return Errno::Inval;
        if (bars_mounts(call)) return Errno::Perm;
        const bool top = at.mount->parent == nullptr;
        if ((flags & kMntExpire) != 0) {
            if (top || (flags & (kMntForce | kMntDetach)) != 0) return Errno::Inval;
            if (tree_in_use(*at.mount)) return Errno::Busy;
            // mntput clears the mark after any other use.
            if (!at.mount->expires || *at.mount->expires + 1 != at.mount->uses) {
                at.mount->expires = at.mount->uses;
                return Errno::Again;
            }
        }
        if (top) return Errno::Busy;
        // The trees that the kernel itself keeps.
        const bool built_in = !top && at.mount->point == at.mount->root &&
                              mounts->kept_super(at.mount->super->type) == at.mount->super;
        if (built_in && (flags & kMntDetach) == 0) return Errno::Busy;
        if ((flags & kMntDetach) == 0 && tree_in_use(*at.mount)) return Errno::Busy;
        gone = mounts->detach(*at.mount);
    }
    gone.reset();
    call.kernel.files().drop_unmounted();
    return 0;
}

SysOutcome sys_chroot(SysCall& call) {
    const auto path = TRY(path_text(call, call.address(0)));
    auto directory = TRY(call.kernel.files().directory(call.caller(), path));
    if (!call.has(Capability::SysChroot)) return Errno::Perm;
    if (!call.process.fs->cwd)
        call.process.fs->cwd = TRY(call.kernel.files().directory(call.caller(), "/"));
    call.process.fs->root = std::move(directory);
    return 0;
}

// The root of the namespace becomes another mount; the old one is shown in it.
SysOutcome sys_pivot_root(SysCall& call) {
    if (!may_mount(call)) return Errno::Perm;
    FileSystem& files = call.kernel.files();
    const auto next = TRY(place_argument(call, kAtFdcwd, call.address(0), true));
    const auto old = TRY(place_argument(call, kAtFdcwd, call.address(1), true));
    if (!next.directory || !old.directory) return Errno::NotDir;
    if (bars_mounts(call)) return Errno::Perm;
    const auto root = TRY(files.locate(call.caller(), "/", true));
    const auto shared_above = [](const Mount& mount) {
        return mount.parent != nullptr && mount.parent->peers != 0;
    };
    if (old.mount->peers != 0 || shared_above(*next.mount) || shared_above(*root.mount))
        return Errno::Inval;
    if (!is_ours(call, *root.mount) || !is_ours(call, *next.mount)) return Errno::Inval;
    if (place_locked(*next.mount)) return Errno::Inval;
    if (next.mount == root.mount || old.mount == root.mount) return Errno::Busy;
    if (!root.is_top() || !next.is_top() || next.mount->parent == nullptr) return Errno::Inval;
    const Mount* above = old.mount.get();
    while (above != nullptr && above != next.mount.get()) above = above->parent;
    if (above == nullptr) return Errno::Inval;
    // Only the top of a namespace has no place, from which it would have to be taken.
    if (root.mount->parent != nullptr) return Errno::Inval;
    const auto space = root.mount->space.lock();
    Mounts& mounts = *files.mounts();
    const auto taken = mounts.detach(*next.mount, false);
    space->top = taken;
    const std::function<void(Mount&)> enter = [&](Mount& mount) {
        mount.space = space;
        for (const auto& [where, child] : mount.children) enter(*child);
    };
    enter(*taken);
    mounts.attach(root.mount, *old.mount, old.inner);
    // chroot_fs_refs: all who had the old root have the new one.
    const auto top = files.dentry_at({taken, taken->root, true});
    const auto before = files.dentry_at(root);
    for (const auto& [pid, process] : call.kernel.processes().all()) {
        const bool same_space =
            process.get() == &call.process || process->mounts == call.process.mounts;
        if (!same_space) continue;
        if (!process->fs->root || process->fs->root == before) process->fs->root = top;
        if (process->fs->cwd == before) process->fs->cwd = top;
    }
    return 0;
}

constexpr SyscallRow kMountRows[] = {
    {39, "umount2", sys_umount2, Support::Full, KernelPath::SysUnlink, {}},
    {40, "mount", sys_mount, Support::Partial, KernelPath::SysCreate,
     "tmpfs, ramfs, proc, sysfs, devtmpfs, devpts, mqueue and binds; others are ENODEV",
     Errno::NoMem},
    {41, "pivot_root", sys_pivot_root, Support::Full, KernelPath::SysCreate, {}},
    {51, "chroot", sys_chroot, Support::Full, KernelPath::SysGetcwd, {}},
};

}  // namespace

std::span<const SyscallRow> mount_syscalls() {
    return kMountRows;
}

}  // namespace uprobesim
