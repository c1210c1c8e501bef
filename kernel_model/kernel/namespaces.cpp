// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/kernel/namespaces.h"

#include <fmt/format.h>

#include <set>
#include <string>

#include "kernel_model/abi/clone.h"
#include "kernel_model/abi/mount.h"
#include "kernel_model/ipc/ipc.h"
#include "kernel_model/kernel/kernel.h"
#include "kernel_model/net/network.h"
#include "kernel_model/task/mount_locks.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

// What a namespace takes of the kernel's memory at least: that of the network, which is the
// largest.
constexpr std::uint64_t kSpaceBytes = 16384, kVdsoBytes = 2 * kPageSize;

// The mount that a directory of the process is in.
std::shared_ptr<Mount> mount_in_use(Kernel& kernel, const std::shared_ptr<Dentry>& dentry) {
    if (dentry && mount_of(*dentry)) return mount_of(*dentry);
    return kernel.files().mounts()->first()->top;
}

std::shared_ptr<MountNamespace> mounts_of_root(Kernel& kernel, const Process& process) {
    return kernel.files().mounts() == nullptr
               ? nullptr
               : mount_in_use(kernel, process.fs->root)->space.lock();
}

// The process's root and working directory in a copy of its mounts.
void make_mounts(Kernel& kernel, Process& process, const UserSpace& owner) {
    FileSystem& files = kernel.files();
    const auto from = mounts_of_root(kernel, process);
    if (!from) return;
    const auto root = mount_in_use(kernel, process.fs->root);
    const auto cwd = mount_in_use(kernel, process.fs->cwd ? process.fs->cwd : process.fs->root);
    std::shared_ptr<Mount> new_root, new_cwd;
    process.mounts = files.mounts()->copy_namespace(
        *from, [&](const Mount& old, const std::shared_ptr<Mount>& twin) {
            if (&old == root.get()) new_root = twin;
            if (&old == cwd.get()) new_cwd = twin;
        });
    process.mounts->owned_by = owner;
    // Who is the superuser of less gets what others mount, and must not mount for them.
    if (process.mounts->owned_by != from->owned_by) {
        files.mounts()->set_propagation(*process.mounts->top, abi::kMsSlave, true);
        lock_mounts(*process.mounts->top);
    }
    const std::string root_at = process.fs->root ? process.fs->root->inner() : "/";
    const bool keeps = process.fs->cwd && (process.fs->cwd->removed() || !new_cwd);
    const std::string cwd_at = process.fs->cwd ? process.fs->cwd->inner() : root_at;
    process.fs->root = files.dentry_at({new_root, root_at, true});
    if (!keeps) process.fs->cwd = files.dentry_at({new_cwd ? new_cwd : new_root, cwd_at, true});
}

// create_user_ns.
SysResult<void> may_make_user_namespace(Kernel& kernel, const Task& task) {
    constexpr unsigned kDeepest = 32;
    const Credentials& cred = *task.cred;
    if (cred.space && cred.space->level > kDeepest) return tl::make_unexpected(Errno::NoSpc);
    // current_chrooted: one who is in a part of the tree must not get the means to leave it.
    const auto space = mounts_of_root(kernel, *task.process);
    const auto& root = task.process->fs->root;
    if (root && space && (mount_of(*root) != space->top || root->inner() != space->top->root))
        return tl::make_unexpected(Errno::Perm);
    if (!user_inside(cred.space, cred.uid.effective) ||
        !group_inside(cred.space, cred.gid.effective))
        return tl::make_unexpected(Errno::Perm);
    return {};
}

// The namespace of a kind that a process is in; null: the first one.
const void* space_of(const Process& process, NamespaceKind kind) {
    switch (kind) {
        case NamespaceKind::Mnt: return process.mounts.get();
        case NamespaceKind::Uts: return process.uts.get();
        case NamespaceKind::User: return process.cred->space.get();
        default: return process.spaces[static_cast<std::size_t>(kind)].get();
    }
}

// How many there are beside the first.
std::size_t count_of(Kernel& kernel, NamespaceKind kind) {
    if (kind == NamespaceKind::Pid) return kernel.processes().ids().space_count();
    std::set<const void*> there;
    for (const auto& [pid, process] : kernel.processes().all())
        there.insert(space_of(*process, kind));
    return there.size() - 1;
}

// copy_pid_ns, create_pid_namespace.
SysResult<void> may_make_pid_space(const Task& task) {
    constexpr unsigned kDeepest = 32;  // MAX_PID_NS_LEVEL
    const Process& process = *task.process;
    const PidNamespace* const own = process.pid_space();
    if (process.space(NamespaceKind::Pid).get() != own) return tl::make_unexpected(Errno::Inval);
    if (own == nullptr) return {};
    const UserNamespace* at = task.cred->space.get();
    while (at != nullptr && at != own->owned_by.get()) at = at->parent.get();
    if (at != own->owned_by.get()) return tl::make_unexpected(Errno::Inval);
    if (own->level >= kDeepest) return tl::make_unexpected(Errno::NoSpc);
    return {};
}

// inc_ucount: as many as user.max_*_namespaces says, of those that processes are in.
SysResult<void> check_counts(Kernel& kernel, std::uint64_t flags) {
    for (std::size_t i = 0; i < kNamespaceKinds; ++i) {
        const NamespaceName& name = kNamespaceNames[i];
        if ((flags & name.clone_flag) == 0) continue;
        // The first one is not counted.
        const auto most = kernel.sysctls().number(fmt::format("user/max_{}_namespaces", name.file));
        if (static_cast<std::int64_t>(count_of(kernel, static_cast<NamespaceKind>(i))) >= most)
            return tl::make_unexpected(Errno::NoSpc);
    }
    return {};
}

std::uint64_t new_number(Kernel& kernel) {
    constexpr std::uint64_t kFirstOwn = 0xf0000000;
    return kFirstOwn + kernel.new_inode();
}

// clone_time_ns: for the children, with the offsets that they would have had.
void make_times(Kernel& kernel, Process& process, const UserSpace& owner) {
    const TimeSpace old = ProcessTable::time_space_of_children(process);
    auto space = std::make_shared<TimeNamespace>(new_number(kernel));
    space->owned_by = owner;
    space->charge = MemoryCharge(&kernel.machine().memory, kSpaceBytes);
    if (old) {
        space->monotonic_ns = old->monotonic_ns;
        space->boottime_ns = old->boottime_ns;
    }
    // There was room for it.
    (void)kernel.processes().prepare_time_space(*space);
    process.spaces[static_cast<std::size_t>(NamespaceKind::Time)] = std::move(space);
}

std::int64_t now_s(Kernel& kernel) {
    return static_cast<std::int64_t>(kernel.clock().realtime_ns() / 1'000'000'000);
}

}  // namespace

SysResult<void> may_make_namespaces(Kernel& kernel, const Task& task, std::uint64_t flags) {
    constexpr std::uint64_t kAll = abi::kCloneNamespaces | abi::kCloneNewtime;
    if ((flags & kAll) == 0) return {};
    const Process& process = *task.process;
    if ((flags & abi::kCloneNewuser) != 0) {
        TRY(may_make_user_namespace(kernel, task));
    } else if (!task.cred->has(Capability::SysAdmin)) {
        return tl::make_unexpected(Errno::Perm);
    }
    TRY(check_counts(kernel, flags));
    if ((flags & abi::kCloneNewpid) != 0) TRY(may_make_pid_space(task));
    if (!kernel.machine().memory.has_room(kSpaceBytes + kVdsoBytes))
        return tl::make_unexpected(Errno::NoMem);
    if ((flags & abi::kCloneNewns) == 0) return {};
    const auto from = mounts_of_root(kernel, process);
    if (!from) return tl::make_unexpected(Errno::Inval);
    if (!kernel.files().mounts()->has_room(mounts_below(*from->top).size()))
        return tl::make_unexpected(Errno::NoMem);
    return {};
}

void enter_user_namespace(Task& task, UserSpace space) {
    Credentials next = *task.cred;
    next.securebits = 0;
    next.inheritable = next.ambient = 0;
    next.effective = next.permitted = next.bounding = abi::kAllCapabilityBits;
    next.space = std::move(space);
    set_credentials(task, std::move(next));
}

PidSpace make_pid_space(Kernel& kernel, const Process& process) {
    return kernel.processes().ids().make_space(process.numbers ? process.numbers->space : nullptr,
                                               new_number(kernel));
}

void make_namespaces(Kernel& kernel, Task& task, std::uint64_t flags) {
    Process& process = *task.process;
    PhysicalMemory* const memory = &kernel.machine().memory;
    const auto number = [&] { return new_number(kernel); };
    if ((flags & abi::kCloneNewuser) != 0) {
        auto space = std::make_shared<UserNamespace>(number());
        space->parent = task.cred->space;
        space->owner = task.cred->uid.effective;
        space->group = task.cred->gid.effective;
        space->level = space->parent ? space->parent->level + 1 : 1;
        space->may_set_groups = !space->parent || space->parent->may_set_groups;
        space->charge = MemoryCharge(memory, kSpaceBytes);
        enter_user_namespace(task, std::move(space));
    }
    const UserSpace& owner = task.cred->space;
    const auto put = [&](NamespaceKind kind, std::shared_ptr<Namespace> space) {
        space->owned_by = owner;
        space->charge = MemoryCharge(memory, kSpaceBytes);
        process.spaces[static_cast<std::size_t>(kind)] = std::move(space);
    };
    if ((flags & abi::kCloneNewns) != 0) make_mounts(kernel, process, owner);
    if ((flags & abi::kCloneNewuts) != 0) {
        process.uts = std::make_shared<UtsNamespace>(*process.uts);
        process.uts->inode = number();
        process.uts->owned_by = owner;
    }
    if ((flags & abi::kCloneNewipc) != 0) {
        // exit_sem: what is to be undone belongs to the old one.
        kernel.ipc_of(process).semaphores.exit(process.id(), now_s(kernel));
        put(NamespaceKind::Ipc, std::make_shared<Ipc>(number(), memory));
    }
    if ((flags & abi::kCloneNewnet) != 0) {
        auto space = std::make_shared<NetNamespace>(number());
        space->network = std::make_shared<Network>(memory, false);
        space->network->owner = owner;
        const Network& before = *kernel.network_of(process);
        space->network->real_time_ns = before.real_time_ns;
        space->network->current_cpu = before.current_cpu;
        space->network->random = before.random;
        put(NamespaceKind::Net, std::move(space));
    }
    if ((flags & abi::kCloneNewpid) != 0) {
        PidSpace space = make_pid_space(kernel, process);
        space->owned_by = owner;
        process.spaces[static_cast<std::size_t>(NamespaceKind::Pid)] = std::move(space);
    }
    if ((flags & abi::kCloneNewtime) != 0) make_times(kernel, process, owner);
    if ((flags & abi::kCloneNewcgroup) != 0)
        put(NamespaceKind::Cgroup, std::make_shared<Namespace>(number()));
}

}  // namespace uprobesim
