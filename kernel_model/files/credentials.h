// SPDX-License-Identifier: GPL-2.0-or-later
// The ids and capabilities of a task (struct cred), and what they permit. A task's are replaced and
// never changed, so that tasks share them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kernel_model/abi/capability.h"
#include "kernel_model/spaces/user_namespace.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

using abi::Capability;
class LandlockDomain;
struct FileStatus;

struct Ids {
    std::uint32_t real = 0, effective = 0, saved = 0, fs = 0;
    static constexpr Ids all(std::uint32_t id) { return {id, id, id, id}; }
    constexpr bool operator==(const Ids&) const = default;
};

// Supplementary groups, in the order in which they were set.
struct SupplementaryGroups {
    std::vector<std::uint32_t> ids;
    MemoryCharge charge;
};

// Default: the superuser.
struct Credentials {
    Ids uid, gid;
    std::shared_ptr<const SupplementaryGroups> groups;  // null: none
    std::uint64_t effective = abi::kAllCapabilityBits, permitted = abi::kAllCapabilityBits,
                  inheritable = 0, bounding = abi::kAllCapabilityBits, ambient = 0;
    std::uint32_t securebits = 0;
    std::int32_t request_keyring = 0;                  // KEYCTL_SET_REQKEY_KEYRING
    UserSpace space{};                                 // null: the first user namespace
    std::shared_ptr<const LandlockDomain> landlock{};  // null: restricted by none

    // A user without capabilities, or the superuser.
    static Credentials of_user(std::uint32_t uid, std::uint32_t gid,
                               std::vector<std::uint32_t> groups = {});

    // In the first user namespace: for what is not of any other one.
    bool capable(Capability capability) const { return space == nullptr && has(capability); }
    // In its own user namespace.
    bool has(Capability capability) const { return (effective & bit_of(capability)) != 0; }
    // In any one (ns_capable): its own, one below, or one below that its user made.
    bool capable_in(const UserSpace& target, Capability capability) const;
    // Over a file (capable_wrt_inode_uidgid), whose owner and group must have ids there.
    bool capable_over(const FileStatus& status, Capability capability) const;
    // The user that is the superuser there.
    bool is_root(std::uint32_t user) const {
        return space ? user_inside(space, user) == 0u : user == 0;
    }
    bool secure(std::uint32_t bit) const { return (securebits & bit) != 0; }
    // Of the group of the file system's id, or a supplementary one.
    bool in_group(std::uint32_t group) const;
    // The same by the effective group.
    bool in_effective_group(std::uint32_t group) const;
    const std::vector<std::uint32_t>& group_list() const;

    // `wanted`: abi::kROk, kWOk, kXOk (search, of a directory).
    bool permit(const FileStatus& status, std::uint32_t wanted) const;
    // The file's owner, or who may act as such (inode_owner_or_capable).
    bool owns(const FileStatus& status) const;
    // The mode of what is made in this directory (mode_strip_sgid).
    std::uint32_t mode_of_new(const FileStatus& directory, std::uint32_t mode) const;
    // The set-ID bits that a file loses when it is written (setattr_should_drop_suidgid).
    std::uint32_t set_ids_lost(const FileStatus& status) const;
    // Those by which access(2) judges: the real ids instead of the file system's.
    Credentials for_access() const;
    // May send this user's processes a signal (kill_ok_by_cred).
    bool may_signal(const Credentials& target) const;
    // Whether a change from these to `next` makes a process hard to look into (commit_creds).
    bool differ_to_observers(const Credentials& next) const;
};

}  // namespace uprobesim
