// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/rights/landlock_path.h"

#include <vector>

#include "kernel_model/files/file.h"

namespace uprobesim {

namespace {

// "/a/b" -> "/a", "/a" -> "/".
std::string above(const std::string& inner) {
    const std::size_t slash = inner.rfind('/');
    return slash == 0 || slash == std::string::npos ? "/" : inner.substr(0, slash);
}

void put(std::vector<FileKey>& to, const std::string& inner, const KeyOfPath& key_of) {
    if (const auto key = key_of(inner)) to.push_back(*key);
}

// Up to `top`, which is among them.
void climb(std::vector<FileKey>& to, std::string at, const std::string& top,
           const KeyOfPath& key_of) {
    for (;; at = above(at)) {
        put(to, at, key_of);
        if (at == top || at == "/") return;
    }
}

// From the top of a mount: its place counts by what is mounted there, not by itself.
void climb_mounts(std::vector<FileKey>& to, const Mount& mount, const KeyOfPath& key_of) {
    put(to, mount.root, key_of);
    const Mount* at = &mount;
    while (at->parent != nullptr) {
        const std::string point = at->point;
        at = at->parent;
        if (point != at->root) climb(to, above(point), at->root, key_of);
    }
}

}  // namespace

LandlockPath landlock_path(const std::shared_ptr<Mount>& mount, const std::string& inner,
                           const std::optional<FileKey>& own, const KeyOfPath& key_of) {
    LandlockPath path;
    const bool shown = mount == nullptr || mount->holds(inner);
    const std::string top = mount == nullptr ? "/" : shown ? mount->root : mount->super->inner;
    std::string from = inner;
    if (own) path.inside.push_back(*own);
    if (!own || inner != top) {
        if (own) from = above(inner);
        climb(path.inside, from, top, key_of);
    }
    if (mount != nullptr) climb_mounts(path.mount_top, *mount, key_of);
    return path;
}

LandlockPath landlock_path(const Dentry& name, const KeyOfPath& key_of) {
    std::vector<FileKey> removed;
    const Dentry* at = &name;
    for (; at->removed() && at->parent() != nullptr; at = at->parent().get()) {
        if (at->last_status() != nullptr) removed.push_back(at->last_status()->key());
    }
    LandlockPath path = landlock_path(mount_of(name), at->inner(), std::nullopt, key_of);
    path.inside.insert(path.inside.begin(), removed.begin(), removed.end());
    return path;
}

}  // namespace uprobesim
