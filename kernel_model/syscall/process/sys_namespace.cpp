// SPDX-License-Identifier: GPL-2.0-or-later
// unshare and setns.
#include "kernel_model/abi/clone.h"
#include "kernel_model/abi/ioctl.h"
#include "kernel_model/files/event/process_file.h"
#include "kernel_model/ipc/ipc.h"
#include "kernel_model/kernel/namespaces.h"
#include "kernel_model/syscall/namespace_ioctl.h"
#include "kernel_model/task/trace_access.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

constexpr std::uint64_t kSpaces = kCloneNamespaces | kCloneNewtime;

// alloc_fdtable: fs.nr_open may have become lower than the descriptors there are.
bool beyond_limit(SysCall& call) {
    const auto most = static_cast<std::int64_t>(call.kernel.sysctls().number("fs/nr_open"));
    constexpr std::int64_t kWord = 64;  // descriptors come by words of the bitmap
    const auto& all = call.process.files.all();
    return !all.empty() && all.rbegin()->first >= (most + kWord - 1) / kWord * kWord;
}

SysOutcome sys_unshare(SysCall& call) {
    std::uint64_t flags = call.args[0];
    constexpr std::uint64_t kKnown =
        kCloneThread | kCloneFs | kCloneSighand | kCloneVm | kCloneFiles | kCloneSysvsem | kSpaces;
    if ((flags & ~kKnown) != 0) return Errno::Inval;
    // Those that threads share cannot be given up by one of several.
    const bool shared = (flags & (kCloneThread | kCloneSighand | kCloneVm | kCloneNewuser)) != 0;
    if (shared && call.process.tasks.size() > 1) return Errno::Inval;
    TRY(may_make_namespaces(call.kernel, call.task, flags));
    if ((flags & (kCloneFs | kCloneNewns | kCloneNewuser)) != 0) call.process.fs.unshare();
    if ((flags & kCloneFiles) != 0) {
        if (call.process.files.is_shared() && beyond_limit(call)) return Errno::Mfile;
        call.process.files.unshare();
    }
    if ((flags & kCloneSysvsem) != 0)
        call.ipc().semaphores.exit(
            call.process.id(),
            static_cast<std::int64_t>(call.kernel.clock().realtime_ns() / 1'000'000'000));
    make_namespaces(call.kernel, call.task, flags);
    return 0;
}

SysResult<void> enter_mounts(SysCall& call, const std::shared_ptr<MountNamespace>& space) {
    if (!call.has(Capability::SysChroot)) return tl::make_unexpected(Errno::Perm);
    // mntns_install: others would be taken along.
    if (call.process.tasks.size() > 1 || call.process.fs.is_shared())
        return tl::make_unexpected(Errno::Inval);
    call.process.mounts = space;
    call.process.fs->root = call.kernel.files().dentry_at({space->top, "/", true});
    call.process.fs->cwd = call.process.fs->root;
    return {};
}

// userns_install. Nobody enters the one that he is in.
SysResult<void> enter_users(SysCall& call, const UserSpace& space) {
    if (space == call.cred().space || call.process.tasks.size() > 1 || call.process.fs.is_shared())
        return tl::make_unexpected(Errno::Inval);
    if (!call.capable_in(space, Capability::SysAdmin)) return tl::make_unexpected(Errno::Perm);
    enter_user_namespace(call.task, space);
    return {};
}

// pidns_install: of what the caller's children will be. It is its own namespace or one below, so
// that it can know them by a number.
SysResult<void> enter_pids(SysCall& call, const std::shared_ptr<Namespace>& space) {
    if (!is_within(static_cast<const PidNamespace*>(space.get()), call.process.pid_space()))
        return tl::make_unexpected(Errno::Inval);
    call.process.spaces[static_cast<std::size_t>(NamespaceKind::Pid)] = space;
    return {};
}

// That of a process's id, and not of its children's.
std::shared_ptr<Namespace> pids_of(const Process& process) {
    return process.numbers ? process.numbers->space : nullptr;
}

// timens_install.
SysResult<void> enter_times(SysCall& call, const std::shared_ptr<Namespace>& space) {
    if (call.process.tasks.size() > 1) return tl::make_unexpected(Errno::Users);
    call.process.spaces[static_cast<std::size_t>(NamespaceKind::Time)] = space;
    call.kernel.processes().enter_time_space(call.process,
                                             std::static_pointer_cast<TimeNamespace>(space));
    return {};
}

// Whose capabilities count in a namespace of another process.
const UserSpace& owner_of(SysCall& call, const Process& other, NamespaceKind kind) {
    static const UserSpace first;
    if (kind == NamespaceKind::Uts) return other.uts->owned_by;
    if (kind == NamespaceKind::Mnt)
        return (other.mounts ? other.mounts : call.kernel.files().mounts()->first())->owned_by;
    if (kind == NamespaceKind::Pid) return other.numbers ? other.numbers->space->owned_by : first;
    if (kind == NamespaceKind::Time) return other.time_space ? other.time_space->owned_by : first;
    const auto& space = other.spaces[static_cast<std::size_t>(kind)];
    return space ? space->owned_by : first;
}

// Before any is entered: all of them are, or none.
SysResult<void> may_enter_those_of(SysCall& call, const Process& other, std::uint64_t flags) {
    if (!may_access(call.task, other)) return tl::make_unexpected(Errno::Perm);
    for (std::size_t i = 0; i < kNamespaceKinds; ++i) {
        const auto kind = static_cast<NamespaceKind>(i);
        if ((flags & name_of(kind).clone_flag) == 0 || kind == NamespaceKind::User) continue;
        if (!call.capable_in(owner_of(call, other, kind), Capability::SysAdmin))
            return tl::make_unexpected(Errno::Perm);
    }
    return {};
}

// Those of another process, by its descriptor.
SysOutcome enter_those_of(SysCall& call, std::int32_t pid, std::uint64_t flags) {
    const Process* const other = call.kernel.processes().find(pid);
    if (flags == 0 || (flags & ~kSpaces) != 0) return Errno::Inval;
    if (other == nullptr) return Errno::Srch;
    TRY(may_enter_those_of(call, *other, flags));
    if ((flags & kCloneNewuser) != 0) TRY(enter_users(call, other->cred->space));
    if ((flags & ~kCloneNewuser) != 0 && !call.has(Capability::SysAdmin)) return Errno::Perm;
    if ((flags & kCloneNewns) != 0) {
        const auto space = other->mounts ? other->mounts : call.kernel.files().mounts()->first();
        TRY(enter_mounts(call, space));
    }
    if ((flags & kCloneNewuts) != 0) call.process.uts = other->uts;
    if ((flags & kCloneNewpid) != 0) TRY(enter_pids(call, pids_of(*other)));
    if ((flags & kCloneNewtime) != 0) TRY(enter_times(call, other->time_space));
    for (std::size_t kind = 0; kind < kNamespaceKinds; ++kind) {
        if ((flags & kNamespaceNames[kind].clone_flag & ~(kCloneNewpid | kCloneNewtime)) != 0)
            call.process.spaces[kind] = other->spaces[kind];
    }
    return 0;
}

SysOutcome sys_setns(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file) return Errno::Badf;
    const std::uint64_t type = call.uint32(1);
    if (const auto* process = dynamic_cast<const ProcessFile*>(file.get()))
        return enter_those_of(call, process->pid(), type);
    const auto* space = dynamic_cast<const NamespaceFile*>(file.get());
    if (space == nullptr) return Errno::Inval;
    if (type != 0 && type != name_of(space->kind()).clone_flag) return Errno::Inval;
    if (space->kind() == NamespaceKind::User)
        return enter_users(call, std::static_pointer_cast<UserNamespace>(space->other));
    if (!call.has(Capability::SysAdmin) ||
        !call.capable_in(space->owned_by(), Capability::SysAdmin))
        return Errno::Perm;
    if (space->uts) call.process.uts = space->uts;
    if (space->mounts) return enter_mounts(call, space->mounts);
    if (space->kind() == NamespaceKind::Pid) return enter_pids(call, space->other);
    if (space->kind() == NamespaceKind::Time) return enter_times(call, space->other);
    call.process.spaces[static_cast<std::size_t>(space->kind())] = space->other;
    return 0;
}

// ns_get_owner: the user namespace `of` something, as far as the caller may see it: its own one, or
// one below that.
SysResult<UserSpace> visible(const SysCall& call, UserSpace of) {
    for (const UserNamespace* at = of.get(); at != call.cred().space.get(); at = at->parent.get()) {
        if (at == nullptr) return tl::make_unexpected(Errno::Perm);
    }
    return of;
}

bool is_number_request(std::uint64_t request) {
    return request >= kNsGetPidFromPidns && request <= kNsGetTgidInPidns;
}

// NS_GET_PID_FROM_PIDNS and the like: the number of a task, or of its process, in the caller's
// namespace for one of the file's, or the other way round.
SysOutcome translated(SysCall& call, const PidNamespace* space, std::uint64_t request) {
    const bool from = request == kNsGetPidFromPidns || request == kNsGetTgidFromPidns;
    const bool of_task = request == kNsGetPidFromPidns || request == kNsGetPidInPidns;
    const std::int32_t given = call.int32(2);
    const std::int32_t id = from ? PidTable::outside(space, given) : call.id_of(given);
    const ProcessTable& processes = call.kernel.processes();
    const Task* const task = processes.find_task(TaskId{id});
    // A zombie is found by its process.
    const Process* const process = task != nullptr ? task->process : processes.find_any(id);
    if (process == nullptr) return Errno::Srch;
    const Pid pid = of_task && task != nullptr ? task->pid() : process->id();
    const std::int32_t number = pid.in(from ? call.process.pid_space() : space);
    return number != 0 ? SysOutcome(number) : SysOutcome(Errno::Srch);
}

// pidns_get_parent: as far as it is the caller's own one, or one below.
SysOutcome pids_above(SysCall& call, const NamespaceFile& file) {
    const auto* const space = static_cast<const PidNamespace*>(file.other.get());
    if (space == nullptr || !is_within(space->parent.get(), call.process.pid_space()))
        return Errno::Perm;
    return SysOutcome(static_cast<std::uint64_t>(
        TRY(call.process.files.add(file.beside(NamespaceKind::Pid, space->parent), true))));
}

constexpr SyscallRow kNamespaceRows[] = {
    {97, "unshare", sys_unshare, Support::Full, KernelPath::SysPrctl, {}},
    {268, "setns", sys_setns, Support::Full, KernelPath::SysPrctl, {}},
};

}  // namespace

std::optional<SysOutcome> namespace_ioctl(SysCall& call, const NamespaceFile& file,
                                          std::uint64_t request) {
    const bool users = file.kind() == NamespaceKind::User;
    const bool pids = file.kind() == NamespaceKind::Pid;
    if (is_number_request(request)) {
        if (!pids) return Errno::Inval;
        return translated(call, static_cast<const PidNamespace*>(file.other.get()), request);
    }
    if (request != abi::kNsGetUserns && request != abi::kNsGetParent) return std::nullopt;
    if (request == abi::kNsGetParent && pids) return pids_above(call, file);
    if (request == abi::kNsGetParent && !users) return Errno::Inval;
    // The first namespace of users has none above it.
    if (users && !file.other) return Errno::Perm;
    const UserSpace above =
        users ? static_cast<const UserNamespace&>(*file.other).parent : file.owned_by();
    auto space = TRY(visible(call, above));
    return SysOutcome(static_cast<std::uint64_t>(
        TRY(call.process.files.add(file.beside(NamespaceKind::User, std::move(space)), true))));
}

std::span<const SyscallRow> namespace_syscalls() {
    return kNamespaceRows;
}

}  // namespace uprobesim
