// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/credentials.h"

#include <algorithm>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/acl.h"
#include "kernel_model/files/file.h"

namespace uprobesim {

Credentials Credentials::of_user(std::uint32_t uid, std::uint32_t gid,
                                 std::vector<std::uint32_t> groups) {
    Credentials made{.uid = Ids::all(uid), .gid = Ids::all(gid), .groups = {}};
    if (uid != 0) made.effective = made.permitted = 0;
    if (!groups.empty())
        made.groups = std::make_shared<SupplementaryGroups>(
            SupplementaryGroups{.ids = std::move(groups), .charge = {}});
    return made;
}

namespace {

// cred_cap_issubset: who makes a user namespace gains nothing by what it may do there.
bool contains(const Credentials& own, const Credentials& next) {
    if (own.space == next.space) return (next.permitted & ~own.permitted) == 0;
    for (const UserNamespace* at = next.space.get(); at != nullptr; at = at->parent.get()) {
        if (at->parent == own.space && at->owner == own.uid.effective) return true;
    }
    return false;
}

}  // namespace

bool Credentials::capable_in(const UserSpace& target, Capability capability) const {
    for (const UserNamespace* at = target.get();; at = at->parent.get()) {
        if (at == space.get()) return has(capability);
        if (at == nullptr) return false;  // the first, and it is not the own one
        if (at->parent == space && at->owner == uid.effective) return true;
    }
}

bool Credentials::capable_over(const FileStatus& status, Capability capability) const {
    return has(capability) && (space == nullptr ||
                               (user_inside(space, status.uid) && group_inside(space, status.gid)));
}

const std::vector<std::uint32_t>& Credentials::group_list() const {
    static const std::vector<std::uint32_t> none;
    return groups ? groups->ids : none;
}

bool Credentials::in_group(std::uint32_t group) const {
    return group == gid.fs || std::ranges::find(group_list(), group) != group_list().end();
}

bool Credentials::in_effective_group(std::uint32_t group) const {
    return group == gid.effective || std::ranges::find(group_list(), group) != group_list().end();
}

// generic_permission: the class decides first, then the capabilities.
bool Credentials::permit(const FileStatus& status, std::uint32_t wanted) const {
    wanted &= 7;
    const bool owner = status.uid == uid.fs;
    // Without bits for the group a list permits nothing (acl_permission_check).
    const auto by_list = owner || (status.mode & abi::kIrwxg) == 0
                             ? std::nullopt
                             : acl_permits(status, *this, wanted);
    const unsigned shift = owner ? 6 : in_group(status.gid) ? 3 : 0;
    if (by_list.value_or((wanted & ~(status.mode >> shift)) == 0)) return true;
    const bool directory = (status.mode & abi::kIfmt) == abi::kIfDir;
    const bool reads = directory ? (wanted & abi::kWOk) == 0 : wanted == abi::kROk;
    if (reads && capable_over(status, Capability::DacReadSearch)) return true;
    // Nobody executes a file that no class may execute.
    const bool executable =
        directory || (wanted & abi::kXOk) == 0 || (status.mode & abi::kIxugo) != 0;
    return executable && capable_over(status, Capability::DacOverride);
}

bool Credentials::owns(const FileStatus& status) const {
    return status.uid == uid.fs || capable_over(status, Capability::Fowner);
}

std::uint32_t Credentials::mode_of_new(const FileStatus& directory, std::uint32_t mode) const {
    constexpr std::uint32_t kRunsAsGroup = abi::kIsgid | abi::kIxgrp;
    if ((mode & kRunsAsGroup) != kRunsAsGroup || (directory.mode & abi::kIsgid) == 0 ||
        (mode & abi::kIfmt) == abi::kIfDir)
        return mode;
    const bool may = in_group(directory.gid) || capable_over(directory, Capability::Fsetid);
    return may ? mode : mode & ~abi::kIsgid;
}

std::uint32_t Credentials::set_ids_lost(const FileStatus& status) const {
    if (capable_over(status, Capability::Fsetid)) return 0;
    // Without the right to execute it is no set-group-ID bit; a member of the group keeps it.
    const bool group = (status.mode & abi::kIxgrp) != 0 || !in_group(status.gid);
    return status.mode & (abi::kIsuid | (group ? abi::kIsgid : 0));
}

Credentials Credentials::for_access() const {
    Credentials real = *this;
    real.uid.fs = uid.real;
    real.gid.fs = gid.real;
    if (!secure(abi::kSecbitNoSetuidFixup)) real.effective = is_root(uid.real) ? permitted : 0;
    return real;
}

bool Credentials::may_signal(const Credentials& target) const {
    return uid.effective == target.uid.saved || uid.effective == target.uid.real ||
           uid.real == target.uid.saved || uid.real == target.uid.real ||
           capable_in(target.space, Capability::Kill);
}

bool Credentials::differ_to_observers(const Credentials& next) const {
    return uid.effective != next.uid.effective || gid.effective != next.gid.effective ||
           uid.fs != next.uid.fs || gid.fs != next.gid.fs || !contains(*this, next);
}

}  // namespace uprobesim
