// SPDX-License-Identifier: GPL-2.0-or-later
// User and group ids of the calling task (kernel/sys.c), and what a change of them does to its
// capabilities (security/commoncap.c).
#include <algorithm>
#include <optional>

#include "kernel_model/abi/limits.h"
#include "kernel_model/syscall/syscall.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

constexpr std::uint32_t kUnchanged = ~0u;

// What the caller knows users and groups by (from_kuid_munged), and what its numbers stand for.
using Shown = std::uint32_t (*)(const UserSpace&, std::uint32_t);
using Meant = std::optional<std::uint32_t> (*)(const UserSpace&, std::uint32_t);

std::uint64_t user(SysCall& call, std::uint32_t id) {
    return shown_user(call.cred().space, id);
}
std::uint64_t group(SysCall& call, std::uint32_t id) {
    return shown_group(call.cred().space, id);
}

SysOutcome sys_getuid(SysCall& call) {
    return user(call, call.cred().uid.real);
}
SysOutcome sys_geteuid(SysCall& call) {
    return user(call, call.cred().uid.effective);
}
SysOutcome sys_getgid(SysCall& call) {
    return group(call, call.cred().gid.real);
}
SysOutcome sys_getegid(SysCall& call) {
    return group(call, call.cred().gid.effective);
}

// The first `count` arguments, of which -1 leaves an id as it is. Inval: one stands for nobody.
SysResult<void> take_ids(SysCall& call, std::size_t count, Meant meant) {
    for (std::size_t i = 0; i < count; ++i) {
        if (call.uint32(i) == kUnchanged) continue;
        const auto id = meant(call.cred().space, call.uint32(i));
        if (!id) return tl::make_unexpected(Errno::Inval);
        call.args[i] = *id;
    }
    return {};
}

SysOutcome put_three(SysCall& call, const Ids& ids, Shown shown) {
    UserMemory memory = call.memory();
    const UserSpace& space = call.cred().space;
    const std::array three{shown(space, ids.real), shown(space, ids.effective),
                           shown(space, ids.saved)};
    for (std::size_t i = 0; i < three.size(); ++i) {
        if (!memory.put(call.address(i), three[i])) return Errno::Fault;
    }
    return 0;
}
SysOutcome sys_getresuid(SysCall& call) {
    return put_three(call, call.cred().uid, shown_user);
}
SysOutcome sys_getresgid(SysCall& call) {
    return put_three(call, call.cred().gid, shown_group);
}

// --- what the ids become; `privileged`: CAP_SETUID or CAP_SETGID

bool given(std::uint32_t id, std::initializer_list<std::uint32_t> have) {
    return id == kUnchanged || std::ranges::find(have, id) != have.end();
}

SysResult<Ids> with_id(Ids ids, bool privileged, std::uint32_t id) {
    if (id == kUnchanged) return tl::make_unexpected(Errno::Inval);
    if (privileged) return Ids::all(id);
    if (id != ids.real && id != ids.saved) return tl::make_unexpected(Errno::Perm);
    ids.effective = ids.fs = id;
    return ids;
}

SysResult<Ids> with_real_and_effective(Ids ids, bool privileged, std::uint32_t real,
                                       std::uint32_t effective) {
    const Ids old = ids;
    if (!privileged && (!given(real, {old.real, old.effective}) ||
                        !given(effective, {old.real, old.effective, old.saved})))
        return tl::make_unexpected(Errno::Perm);
    if (real != kUnchanged) ids.real = real;
    if (effective != kUnchanged) ids.effective = effective;
    if (real != kUnchanged || (effective != kUnchanged && effective != old.real))
        ids.saved = ids.effective;
    ids.fs = ids.effective;
    return ids;
}

SysResult<Ids> with_three(Ids ids, bool privileged, std::uint32_t real, std::uint32_t effective,
                          std::uint32_t saved) {
    const Ids old = ids;
    for (const std::uint32_t id : {real, effective, saved}) {
        if (!privileged && !given(id, {old.real, old.effective, old.saved}))
            return tl::make_unexpected(Errno::Perm);
    }
    if (real != kUnchanged) ids.real = real;
    if (effective != kUnchanged) ids.effective = effective;
    if (saved != kUnchanged) ids.saved = saved;
    ids.fs = ids.effective;
    return ids;
}

// --- capabilities that follow user ids

bool has_root(const Credentials& cred, const Ids& ids) {
    return cred.is_root(ids.real) || cred.is_root(ids.effective) || cred.is_root(ids.saved);
}

// cap_emulate_setxuid.
void follow_user(Credentials& next, const Ids& old) {
    if (next.secure(abi::kSecbitNoSetuidFixup)) return;
    if (has_root(next, old) && !has_root(next, next.uid)) {
        if (!next.secure(abi::kSecbitKeepCaps)) next.permitted = next.effective = 0;
        next.ambient = 0;
    }
    const bool was = next.is_root(old.effective), is = next.is_root(next.uid.effective);
    if (was && !is) next.effective = 0;
    if (!was && is) next.effective = next.permitted;
}

// The same for setfsuid: the capabilities of files alone.
void follow_fs_user(Credentials& next, const Ids& old) {
    if (next.secure(abi::kSecbitNoSetuidFixup)) return;
    const bool was = next.is_root(old.fs), is = next.is_root(next.uid.fs);
    if (was && !is) next.effective &= ~abi::kFileCapabilities;
    if (!was && is) next.effective |= next.permitted & abi::kFileCapabilities;
}

SysOutcome put_user(SysCall& call, const SysResult<Ids>& ids) {
    Credentials next = call.cred();
    next.uid = TRY(ids);
    if (next.uid == call.cred().uid) return 0;
    follow_user(next, call.cred().uid);
    set_credentials(call.task, std::move(next));
    return 0;
}

SysOutcome put_group(SysCall& call, const SysResult<Ids>& ids) {
    Credentials next = call.cred();
    next.gid = TRY(ids);
    if (!(next.gid == call.cred().gid)) set_credentials(call.task, std::move(next));
    return 0;
}

SysOutcome sys_setuid(SysCall& call) {
    TRY(take_ids(call, 1, user_outside));
    return put_user(call, with_id(call.cred().uid, call.has(Capability::Setuid), call.uint32(0)));
}
SysOutcome sys_setgid(SysCall& call) {
    TRY(take_ids(call, 1, group_outside));
    return put_group(call, with_id(call.cred().gid, call.has(Capability::Setgid), call.uint32(0)));
}
SysOutcome sys_setreuid(SysCall& call) {
    TRY(take_ids(call, 2, user_outside));
    return put_user(call, with_real_and_effective(call.cred().uid, call.has(Capability::Setuid),
                                                  call.uint32(0), call.uint32(1)));
}
SysOutcome sys_setregid(SysCall& call) {
    TRY(take_ids(call, 2, group_outside));
    return put_group(call, with_real_and_effective(call.cred().gid, call.has(Capability::Setgid),
                                                   call.uint32(0), call.uint32(1)));
}
SysOutcome sys_setresuid(SysCall& call) {
    TRY(take_ids(call, 3, user_outside));
    return put_user(call, with_three(call.cred().uid, call.has(Capability::Setuid), call.uint32(0),
                                     call.uint32(1), call.uint32(2)));
}
SysOutcome sys_setresgid(SysCall& call) {
    TRY(take_ids(call, 3, group_outside));
    return put_group(call, with_three(call.cred().gid, call.has(Capability::Setgid), call.uint32(0),
                                      call.uint32(1), call.uint32(2)));
}

bool may_take_fs(const Ids& ids, bool privileged, std::uint32_t id) {
    return id != kUnchanged &&
           (privileged || given(id, {ids.real, ids.effective, ids.saved, ids.fs}));
}

// Both return the old id, and never an error.
SysOutcome sys_setfsuid(SysCall& call) {
    const Ids old = call.cred().uid;
    const auto taken = take_ids(call, 1, user_outside);
    if (taken && may_take_fs(old, call.has(Capability::Setuid), call.uint32(0)) &&
        call.uint32(0) != old.fs) {
        Credentials next = call.cred();
        next.uid.fs = call.uint32(0);
        follow_fs_user(next, old);
        set_credentials(call.task, std::move(next));
    }
    return user(call, old.fs);
}
SysOutcome sys_setfsgid(SysCall& call) {
    const Ids old = call.cred().gid;
    const auto taken = take_ids(call, 1, group_outside);
    if (taken && may_take_fs(old, call.has(Capability::Setgid), call.uint32(0)) &&
        call.uint32(0) != old.fs) {
        Credentials next = call.cred();
        next.gid.fs = call.uint32(0);
        set_credentials(call.task, std::move(next));
    }
    return group(call, old.fs);
}

SysOutcome sys_getgroups(SysCall& call) {
    std::vector<std::uint32_t> groups = call.cred().group_list();
    for (std::uint32_t& id : groups) id = shown_group(call.cred().space, id);
    if (call.int32(0) < 0) return Errno::Inval;
    if (call.int32(0) != 0) {
        if (groups.size() > call.uint32(0)) return Errno::Inval;
        if (!call.memory().write(call.address(1), std::as_bytes(std::span(groups))))
            return Errno::Fault;
    }
    return std::uint64_t{groups.size()};
}

SysOutcome sys_setgroups(SysCall& call) {
    // may_setgroups
    const UserSpace& space = call.cred().space;
    if (!call.has(Capability::Setgid) ||
        (space && (space->groups.empty() || !space->may_set_groups)))
        return Errno::Perm;
    if (call.uint32(0) > abi::kNgroupsMax) return Errno::Inval;
    PhysicalMemory& memory = call.kernel.machine().memory;
    const std::uint64_t bytes = call.uint32(0) * sizeof(std::uint32_t);
    if (!memory.has_room(bytes)) return Errno::NoMem;
    std::vector<std::uint32_t> ids(call.uint32(0));
    if (!call.memory().read(call.address(1), std::as_writable_bytes(std::span(ids))))
        return Errno::Fault;
    for (std::uint32_t& id : ids) {
        const auto meant = group_outside(space, id);
        if (!meant) return Errno::Inval;
        id = *meant;
    }
    std::ranges::sort(ids);  // groups_sort: getgroups shows them so
    Credentials next = call.cred();
    next.groups = ids.empty() ? nullptr
                              : std::make_shared<SupplementaryGroups>(SupplementaryGroups{
                                    .ids = std::move(ids), .charge = MemoryCharge(&memory, bytes)});
    set_credentials(call.task, std::move(next));
    return 0;
}

constexpr SyscallRow kIdsRows[] = {
    {143, "setregid", sys_setregid, Support::Full, KernelPath::SysIds, {}},
    {144, "setgid", sys_setgid, Support::Full, KernelPath::SysIds, {}},
    {145, "setreuid", sys_setreuid, Support::Full, KernelPath::SysIds, {}},
    {146, "setuid", sys_setuid, Support::Full, KernelPath::SysIds, {}},
    {147, "setresuid", sys_setresuid, Support::Full, KernelPath::SysIds, {}},
    {148, "getresuid", sys_getresuid, Support::Full, KernelPath::SysIds, {}},
    {149, "setresgid", sys_setresgid, Support::Full, KernelPath::SysIds, {}},
    {150, "getresgid", sys_getresgid, Support::Full, KernelPath::SysIds, {}},
    {151, "setfsuid", sys_setfsuid, Support::Full, KernelPath::SysIds, {}},
    {152, "setfsgid", sys_setfsgid, Support::Full, KernelPath::SysIds, {}},
    {158, "getgroups", sys_getgroups, Support::Full, KernelPath::SysIds, {}},
    {159, "setgroups", sys_setgroups, Support::Full, KernelPath::SysIds, {}},
    {174, "getuid", sys_getuid, Support::Full, KernelPath::SysIds, {}},
    {175, "geteuid", sys_geteuid, Support::Full, KernelPath::SysIds, {}},
    {176, "getgid", sys_getgid, Support::Full, KernelPath::SysIds, {}},
    {177, "getegid", sys_getegid, Support::Full, KernelPath::SysIds, {}},
};

}  // namespace

std::span<const SyscallRow> ids_syscalls() {
    return kIdsRows;
}

}  // namespace uprobesim
