// SPDX-License-Identifier: GPL-2.0-or-later
// What is mounted in one of a group of mounts appears in its peers and their slaves: Linux,
// Documentation/filesystems/sharedsubtree.rst.
#include <algorithm>
#include <utility>

#include "kernel_model/abi/mount.h"
#include "kernel_model/files/mount.h"

namespace uprobesim {

// The other mounts that show what is mounted in `of`.
std::vector<std::shared_ptr<Mount>> Mounts::receivers(const Mount& of) const {
    std::vector<std::shared_ptr<Mount>> found;
    if (of.peers == 0) return found;
    std::vector<std::uint32_t> groups = {of.peers};
    for (std::size_t i = 0; i < groups.size(); ++i) {
        for (const auto& [id, one] : *all_) {
            auto mount = one->weak_from_this().lock();
            if (!mount || one == &of) continue;
            const bool peer = i == 0 && mount->peers == groups[i];
            if (!peer && mount->master != groups[i]) continue;
            if (mount->peers != 0 && !peer) groups.push_back(mount->peers);
            if (std::ranges::find(found, mount) == found.end()) found.push_back(std::move(mount));
        }
    }
    return found;
}

bool Mounts::receives(const Mount& other, const std::string& point) {
    return !other.space.expired() && other.holds(point);
}

std::size_t Mounts::copies(std::size_t tree, const Mount& at, const std::string& point) const {
    const auto others = receivers(at);
    return tree * static_cast<std::size_t>(std::ranges::count_if(
                      others, [&](const auto& other) { return receives(*other, point); }));
}

// mnt_change_mountpoint: what is mounted there is moved to the top of the tree.
void Mounts::tuck(const std::shared_ptr<Mount>& tree, Mount& at, const std::string& point) {
    auto over = at.children.extract(point);
    put(tree, at, point);
    if (!over) return;
    Mount* under = tree.get();
    while (Mount* const above = under->child_at(under->root)) under = above;
    const auto& moved = over.mapped();
    moved->parent = under;
    moved->point = under->root;
    under->children[under->root] = moved;
}

void Mounts::attach(const std::shared_ptr<Mount>& tree, Mount& at, const std::string& point,
                    bool beneath) {
    const auto place = [&](const std::shared_ptr<Mount>& each, Mount& parent) {
        beneath ? tuck(each, parent, point) : put(each, parent, point);
    };
    const auto others = receivers(at);
    const bool shared = at.peers != 0;
    if (shared && tree->peers == 0) set_propagation(*tree, abi::kMsShared, true);
    for (const auto& other : others) {
        if (!receives(*other, point)) continue;
        const auto twin = copy(*tree, tree->root, true);
        if (other->peers != at.peers) set_propagation(*twin, abi::kMsSlave, true);
        place(twin, *other);
    }
    place(tree, at);
}

void Mounts::set_propagation(Mount& mount, std::uint64_t kind, bool recursive) {
    Groups groups;
    for (const auto& [id, one] : *all_) {
        if (one->peers != 0) ++groups[one->peers];
    }
    set_propagation(mount, kind, recursive, groups);
}

void Mounts::set_propagation(Mount& mount, std::uint64_t kind, bool recursive, Groups& groups) {
    if (recursive) {
        for (const auto& [where, child] : mount.children)
            set_propagation(*child, kind, true, groups);
    }
    mount.unbindable = (kind & abi::kMsUnbindable) != 0;
    if ((kind & abi::kMsShared) != 0) {
        if (mount.peers == 0) {
            mount.peers = next_group_++;
            ++groups[mount.peers];
        }
        return;
    }
    const std::uint32_t group = std::exchange(mount.peers, 0);
    const std::size_t others = group == 0 ? 0 : --groups[group];
    if ((kind & abi::kMsSlave) != 0) {
        // A slave of a group that has no other member has nothing to receive.
        if (others != 0) mount.master = group;
    } else {
        mount.master = 0;
    }
}

}  // namespace uprobesim
