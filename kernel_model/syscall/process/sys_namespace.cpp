// SPDX-License-Identifier: GPL-2.0-or-later
// unshare and setns. Mounts and host names have namespaces; the other kinds are answered as by a
// kernel built without them.
#include <fmt/format.h>

#include "kernel_model/abi/clone.h"
#include "kernel_model/syscall/syscall.h"
#include "kernel_model/task/namespace_file.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

// The process's root and working directory in the copy of its mounts.
SysResult<void> unshare_mounts(SysCall& call) {
    FileSystem& files = call.kernel.files();
    Mounts* const mounts = files.mounts();
    if (mounts == nullptr) return tl::make_unexpected(Errno::Inval);
    Process& process = call.process;
    const auto in_use = [&](const std::shared_ptr<Dentry>& dentry) {
        return dentry && mount_of(*dentry) ? mount_of(*dentry) : mounts->first()->top;
    };
    const auto root = in_use(process.root), cwd = in_use(process.cwd ? process.cwd : process.root);
    const auto from = root->space.lock();
    if (!from) return tl::make_unexpected(Errno::Inval);
    if (!mounts->has_room(mounts_below(*from->top).size()))
        return tl::make_unexpected(Errno::NoMem);
    std::shared_ptr<Mount> new_root, new_cwd;
    process.mounts =
        mounts->copy_namespace(*from, [&](const Mount& old, const std::shared_ptr<Mount>& twin) {
            if (&old == root.get()) new_root = twin;
            if (&old == cwd.get()) new_cwd = twin;
        });
    const std::string root_at = process.root ? process.root->inner() : "/";
    const bool keeps = process.cwd && (process.cwd->removed() || !new_cwd);
    const std::string cwd_at = process.cwd ? process.cwd->inner() : root_at;
    process.root = files.dentry_at({new_root, root_at, true});
    if (!keeps) process.cwd = files.dentry_at({new_cwd ? new_cwd : new_root, cwd_at, true});
    return {};
}

void unshare_names(Process& process, std::uint64_t inode) {
    process.uts = std::make_shared<UtsNamespace>(*process.uts);
    process.uts->inode = inode;
}

SysOutcome sys_unshare(SysCall& call) {
    const std::uint64_t flags = call.args[0];
    constexpr std::uint64_t kKnown = kCloneThread | kCloneFs | kCloneNewns | kCloneSighand |
                                     kCloneVm | kCloneFiles | kCloneSysvsem | kCloneNewuts |
                                     kCloneNewipc | kCloneNewnet | kCloneNewuser | kCloneNewpid |
                                     kCloneNewcgroup | kCloneNewtime;
    if ((flags & ~kKnown) != 0) return Errno::Inval;
    // Those that threads share cannot be given up by one of several.
    const bool shared = (flags & (kCloneThread | kCloneSighand | kCloneVm | kCloneNewuser)) != 0;
    if (shared && call.process.tasks.size() > 1) return Errno::Inval;
    constexpr std::uint64_t kSpaces = kCloneNamespaces | kCloneNewtime;
    if ((flags & kSpaces & ~kCloneNewuser) != 0 && !call.capable(Capability::SysAdmin) &&
        (flags & kCloneNewuser) == 0)
        return Errno::Perm;
    constexpr std::uint64_t kModelled = kCloneNewns | kCloneNewuts;
    if (const std::uint64_t not_here = flags & kSpaces & ~kModelled; not_here != 0) {
        call.kernel.counters().note_unmodelled(
            fmt::format("unshare 0x{:x}", not_here),
            "this kernel has namespaces of mounts and host names only: answered EINVAL");
        return Errno::Inval;
    }
    if ((flags & kCloneNewns) != 0) TRY(unshare_mounts(call));
    if ((flags & kCloneNewuts) != 0)
        unshare_names(call.process, call.kernel.new_inode() + 0xf0000000);
    return 0;
}

SysOutcome sys_setns(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file) return Errno::Badf;
    const auto* space = dynamic_cast<const NamespaceFile*>(file.get());
    const std::uint64_t type = call.uint32(1);
    if (space == nullptr) return Errno::Inval;
    if (type != 0 && type != name_of(space->kind()).clone_flag) return Errno::Inval;
    // Nobody enters the user namespace that he is in.
    if (space->kind() == NamespaceKind::User) return Errno::Inval;
    if (!call.capable(Capability::SysAdmin)) return Errno::Perm;
    if (space->uts) call.process.uts = space->uts;
    if (space->mounts) {
        if (call.process.tasks.size() > 1) return Errno::Inval;
        call.process.mounts = space->mounts;
        call.process.root = call.kernel.files().dentry_at({space->mounts->top, "/", true});
        call.process.cwd = call.process.root;
    }
    return 0;
}

constexpr SyscallRow kNamespaceRows[] = {
    {97, "unshare", sys_unshare, Support::Partial, KernelPath::SysPrctl,
     "namespaces of mounts and host names; of the other kinds there is one: answered EINVAL"},
    {268, "setns", sys_setns, Support::Full, KernelPath::SysPrctl, {}},
};

}  // namespace

std::span<const SyscallRow> namespace_syscalls() {
    return kNamespaceRows;
}

}  // namespace uprobesim
