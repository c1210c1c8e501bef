// SPDX-License-Identifier: GPL-2.0-or-later
// Who may use a System V object (ipc/util.c), and how its owner is shown.
#pragma once

#include "kernel_model/abi/ipc.h"
#include "kernel_model/ipc/ipc.h"
#include "kernel_model/memory/ipc_ids.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

template <class Object>
bool owns(const SysCall& call, const Object& object) {
    const std::uint32_t own = call.cred().uid.effective;
    return own == object.uid || own == object.creator_uid ||
           call.capable_in(call.ipc().owned_by, Capability::SysAdmin);
}

// ipcperms: whether the permissions in `wanted` are granted to the class (owner, group or other) of
// the caller.
template <class Object>
bool permitted(const SysCall& call, const Object& object, std::uint32_t wanted) {
    if (call.capable_in(call.ipc().owned_by, Capability::IpcOwner)) return true;
    const Credentials& own = call.cred();
    const std::uint32_t asked = (wanted >> 6 | wanted >> 3 | wanted) & 7;
    std::uint32_t granted = object.mode;
    if (own.uid.effective == object.uid || own.uid.effective == object.creator_uid) {
        granted >>= 6;
    } else if (own.in_effective_group(object.gid) || own.in_effective_group(object.creator_gid)) {
        granted >>= 3;
    }
    return (asked & ~granted) == 0;
}

template <class Object>
void set_owner(const SysCall& call, Object& object, std::uint32_t mode) {
    object.mode = mode & 0777;
    object.uid = object.creator_uid = call.cred().uid.effective;
    object.gid = object.creator_gid = call.cred().gid.effective;
}

template <class Object>
abi::IpcPerm shown_owner(const SysCall& call, const Object& object) {
    const UserSpace& space = call.cred().space;
    return {.key = object.key,
            .uid = shown_user(space, object.uid),
            .gid = shown_group(space, object.gid),
            .creator_uid = shown_user(space, object.creator_uid),
            .creator_gid = shown_group(space, object.creator_gid),
            .mode = object.mode,
            .sequence = static_cast<std::uint16_t>(IpcIds::sequence_of(object.id)),
            .pad = 0,
            .hole = 0,
            .unused = {}};
}

// IPC_SET: Inval where there is no such user.
template <class Object>
SysResult<void> change_owner(const SysCall& call, Object& object, const abi::IpcPerm& given) {
    const auto uid = user_outside(call.cred().space, given.uid),
               gid = group_outside(call.cred().space, given.gid);
    if (!uid || !gid) return tl::make_unexpected(Errno::Inval);
    object.uid = *uid;
    object.gid = *gid;
    object.mode = (object.mode & ~0777u) | (given.mode & 0777);
    return {};
}

// ktime_get_real_seconds.
inline std::int64_t seconds_now(const SysCall& call) {
    return static_cast<std::int64_t>(call.kernel.clock().realtime_ns() / 1'000'000'000);
}

}  // namespace uprobesim
