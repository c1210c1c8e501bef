// SPDX-License-Identifier: GPL-2.0-or-later
// User namespaces: which ids of the first one, by which the kernel knows users and groups, the ids
// inside stand for. A null pointer is the first namespace, where both are the same.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "sim/mem/memory_charge.h"

namespace uprobesim {

struct UserNamespace;
using UserSpace = std::shared_ptr<UserNamespace>;

// What is in a namespace is for the owner of its kind.
struct Namespace {
    explicit Namespace(std::uint64_t own_inode) : inode(own_inode) {}
    Namespace(const Namespace&) = delete;
    Namespace& operator=(const Namespace&) = delete;
    virtual ~Namespace() = default;
    const std::uint64_t inode;
    UserSpace owned_by;  // whose capabilities count in it
    MemoryCharge charge;
};

// `count` ids from `first` on, inside, are those from `outside` on in the first namespace.
struct IdRange {
    std::uint32_t first = 0, outside = 0, count = 0;
};
using IdMap = std::vector<IdRange>;  // empty: none was written

struct UserNamespace final : Namespace {
    using Namespace::Namespace;
    UserSpace parent;
    std::uint32_t owner = 0, group = 0;  // the effective ids of the task that made it
    unsigned level = 0;                  // below the first
    IdMap users, groups, projects;
    bool may_set_groups = true;
};

inline constexpr std::uint32_t kNoId = ~std::uint32_t{0}, kOverflowId = 65534;

// The id of the first namespace for one inside. Nothing: it stands for none.
inline std::optional<std::uint32_t> outside(const IdMap& map, std::uint32_t id) {
    for (const IdRange& range : map) {
        if (id >= range.first && id - range.first < range.count)
            return range.outside + (id - range.first);
    }
    return std::nullopt;
}
inline std::optional<std::uint32_t> inside(const IdMap& map, std::uint32_t id) {
    for (const IdRange& range : map) {
        if (id >= range.outside && id - range.outside < range.count)
            return range.first + (id - range.outside);
    }
    return std::nullopt;
}

// make_kuid, make_kgid.
inline std::optional<std::uint32_t> user_outside(const UserSpace& space, std::uint32_t id) {
    if (id == kNoId) return std::nullopt;
    return space ? outside(space->users, id) : std::optional(id);
}
inline std::optional<std::uint32_t> group_outside(const UserSpace& space, std::uint32_t id) {
    if (id == kNoId) return std::nullopt;
    return space ? outside(space->groups, id) : std::optional(id);
}
// from_kuid, from_kgid.
inline std::optional<std::uint32_t> user_inside(const UserSpace& space, std::uint32_t id) {
    return space ? inside(space->users, id) : std::optional(id);
}
inline std::optional<std::uint32_t> group_inside(const UserSpace& space, std::uint32_t id) {
    return space ? inside(space->groups, id) : std::optional(id);
}
// make_kprojid, from_kprojid.
inline std::optional<std::uint32_t> project_outside(const UserSpace& space, std::uint32_t id) {
    return space ? outside(space->projects, id) : std::optional(id);
}
inline std::optional<std::uint32_t> project_inside(const UserSpace& space, std::uint32_t id) {
    return space ? inside(space->projects, id) : std::optional(id);
}
// What is shown of an id: that of nobody where there is none (from_kuid_munged).
inline std::uint32_t shown_user(const UserSpace& space, std::uint32_t id) {
    return user_inside(space, id).value_or(kOverflowId);
}
inline std::uint32_t shown_group(const UserSpace& space, std::uint32_t id) {
    return group_inside(space, id).value_or(kOverflowId);
}

}  // namespace uprobesim
