// SPDX-License-Identifier: GPL-2.0-or-later
// The overlay's calls that make, remove and move names.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/files/host/overlay.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

constexpr std::uint32_t kSticky = 01000;

std::string_view without_slashes(std::string_view path) {
    while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
    return path;
}

// The root, "." and ".." have no name that could be made or removed (LAST_NORM).
bool has_name(std::string_view path) {
    const std::string_view last = path.substr(path.rfind('/') + 1);
    return !last.empty() && last != "." && last != "..";
}

SysResult<void> host_result(int returned) {
    if (returned != 0) return tl::make_unexpected(guest_errno(errno));
    return {};
}

}  // namespace

SysResult<OverlayFileSystem::Place> OverlayFileSystem::place_of(Walk walked) {
    Place p;
    p.guest = std::move(walked.guest);
    p.existing = std::move(walked.node);
    auto above = TRY(layers_.find(actor_process_, parent_of(p.guest)));
    p.parent = std::move(above);
    if (p.parent && p.parent->kind == LayerKind::Bind) {
        p.directory = &layers_.directory_of(*p.parent);
        p.relative = p.parent->relative == "." ? name_of(p.guest)
                                               : p.parent->relative + "/" + name_of(p.guest);
    } else {
        p.directory = &layers_.scratch();
        p.relative = relative_of(p.guest);
        p.scratch = true;
    }
    return p;
}

SysResult<OverlayFileSystem::Place> OverlayFileSystem::place(std::string_view cwd,
                                                             std::string_view path, Errno special) {
    use_actor();
    if (path.empty()) return tl::make_unexpected(Errno::NoEnt);
    if (path.size() >= abi::kPathMax) return tl::make_unexpected(Errno::NameTooLong);
    // The last component is the name itself, a link too, even where a slash follows.
    const std::string_view name = without_slashes(path);
    auto walked = TRY(layers_.walk(actor_process_, cwd, name, false));
    if (!has_name(name)) return tl::make_unexpected(special);
    auto p = place_of(std::move(walked));
    if (p) p->slash = name.size() != path.size();
    return p;
}

SysResult<void> OverlayFileSystem::prepare(const Place& p) {
    if (!p.parent) return tl::make_unexpected(Errno::NoEnt);
    if (p.parent->kind == LayerKind::Bind && !layers_.writable(*p.parent))
        return tl::make_unexpected(Errno::Rofs);
    const bool modelled = special_->owns(p.guest) || special_->owns(p.parent->guest);
    if (modelled && !is_below(p.guest, "/dev")) return tl::make_unexpected(Errno::Perm);
    if (p.existing && p.existing->kind == LayerKind::Special)
        return tl::make_unexpected(Errno::Perm);
    if (!layers_.credentials.permit(p.parent->status, 3)) return tl::make_unexpected(Errno::Acces);
    return p.scratch ? copy_up_directory(parent_of(p.guest)) : SysResult<void>();
}

// A sticky directory's entries belong to their owners.
bool OverlayFileSystem::may_remove(const Place& p) const {
    const std::uint32_t uid = layers_.credentials.uid;
    if (uid == 0 || (p.parent->status.mode & kSticky) == 0) return true;
    return p.existing->status.uid == uid || p.parent->status.uid == uid;
}

SysResult<void> OverlayFileSystem::make_directory(std::string_view cwd, std::string_view path,
                                                  std::uint32_t mode) {
    auto where = TRY(place(cwd, path, Errno::Exist));
    if (where.existing) return tl::make_unexpected(Errno::Exist);
    TRY(prepare(where));
    auto parent = TRY(where.directory->parent(where.relative));
    const unsigned host_mode = where.scratch ? 0755 : mode & 07777;
    TRY(host_result(mkdirat(parent.first.get(), parent.second.c_str(), host_mode)));
    if (where.scratch) new_attributes(where, abi::kIfDir | (mode & 01777));
    return {};
}

SysResult<void> OverlayFileSystem::make_fifo(std::string_view cwd, std::string_view path,
                                             std::uint32_t mode) {
    auto where = place(cwd, path, Errno::Exist);
    if (!where) return tl::make_unexpected(where.error());
    if (where->existing) return tl::make_unexpected(Errno::Exist);
    if (where->slash) return tl::make_unexpected(Errno::NoEnt);
    TRY(prepare(*where));
    if (!where->scratch)
        return tl::make_unexpected(Errno::Perm);  // nothing for the host's programs to wait at
    auto parent = TRY(where->directory->parent(where->relative));
    TRY(host_result(mkfifoat(parent.first.get(), parent.second.c_str(), 0644)));
    new_attributes(*where, abi::kIfIfo | (mode & 07777));
    return {};
}

SysResult<FileStatus> OverlayFileSystem::make_socket(Process* process, std::string_view cwd,
                                                     std::string_view path, std::uint32_t mode) {
    if (process != nullptr) act_as(*process);
    auto where = TRY(place(cwd, path, Errno::Exist));
    if (where.existing) return tl::make_unexpected(Errno::Exist);
    TRY(prepare(where));
    auto parent = TRY(where.directory->parent(where.relative));
    // A socket on the host too, which nobody there listens at.
    const unsigned host_mode = S_IFSOCK | (where.scratch ? 0644 : mode & 07777);
    TRY(host_result(mknodat(parent.first.get(), parent.second.c_str(), host_mode, 0)));
    if (where.scratch) new_attributes(where, abi::kIfSock | (mode & 07777));
    return status(process, cwd, path, false);
}

SysResult<void> OverlayFileSystem::remove(std::string_view cwd, std::string_view path,
                                          bool directory) {
    const std::string_view name = without_slashes(path);
    const bool dots = name.size() >= 2 && name.substr(name.size() - 2) == "..";
    auto where = place(cwd, path,
                       !directory    ? Errno::IsDir
                       : name == "/" ? Errno::Busy
                       : dots        ? Errno::NotEmpty
                                     : Errno::Inval);
    if (!where) return tl::make_unexpected(where.error());
    if (where->parent && where->parent->kind == LayerKind::Bind &&
        !layers_.writable(*where->parent)) {
        return tl::make_unexpected(Errno::Rofs);
    }
    if (!where->existing) return tl::make_unexpected(Errno::NoEnt);
    const Node& node = *where->existing;
    if (where->slash && !node.is_directory()) return tl::make_unexpected(Errno::NotDir);
    const bool bind_point =
        node.kind == LayerKind::Bind && (!where->parent || where->parent->kind != LayerKind::Bind ||
                                         where->parent->bind != node.bind);
    if (!layers_.credentials.permit(where->parent->status, 3))
        return tl::make_unexpected(Errno::Acces);
    if (!may_remove(*where)) return tl::make_unexpected(Errno::Perm);
    if (directory && !node.is_directory()) return tl::make_unexpected(Errno::NotDir);
    if (!directory && node.is_directory()) return tl::make_unexpected(Errno::IsDir);
    if (node.kind == LayerKind::Synthetic || bind_point) return tl::make_unexpected(Errno::Busy);
    if (node.kind == LayerKind::Special && !special_->owns(parent_of(node.guest))) {
        return tl::make_unexpected(Errno::Busy);  // /proc, /dev and /sys themselves
    }
    if (directory) {
        auto entries = TRY(list(nullptr, where->guest));
        if (entries.size() > 2) return tl::make_unexpected(Errno::NotEmpty);
    }
    TRY(prepare(*where));
    if (node.kind != LayerKind::Root) {
        auto parent = TRY(layers_.directory_of(node).parent(node.relative));
        const int flags = directory ? AT_REMOVEDIR : 0;
        TRY(host_result(unlinkat(parent.first.get(), parent.second.c_str(), flags)));
        forget_if_last(node);
    }
    if (node.kind != LayerKind::Bind && layers_.root().status(relative_of(where->guest)))
        layers_.hide(where->guest);
    modified_directory(*where);
    moved(where->guest, where->guest + " (deleted)");
    return {};
}

SysResult<void> OverlayFileSystem::rename(std::string_view cwd_from, std::string_view from,
                                          std::string_view cwd_to, std::string_view to,
                                          bool no_replace) {
    auto source = place(cwd_from, from, Errno::Busy);
    if (!source) return tl::make_unexpected(source.error());
    auto target = place(cwd_to, to, no_replace ? Errno::Exist : Errno::Busy);
    if (!target) return tl::make_unexpected(target.error());
    for (const Place* p : {&*source, &*target}) {
        if (p->parent && p->parent->kind == LayerKind::Bind && !layers_.writable(*p->parent)) {
            return tl::make_unexpected(Errno::Rofs);
        }
    }
    if (source->directory != target->directory) return tl::make_unexpected(Errno::Xdev);
    if (!source->existing) return tl::make_unexpected(Errno::NoEnt);
    if (target->existing && no_replace) return tl::make_unexpected(Errno::Exist);
    const Node& moving = *source->existing;
    const bool directory = moving.is_directory();
    if (!directory && (source->slash || (target->slash && !target->existing)))
        return tl::make_unexpected(Errno::NotDir);
    if (is_below(target->guest, source->guest)) return tl::make_unexpected(Errno::Inval);
    if (is_below(source->guest, target->guest)) return tl::make_unexpected(Errno::NotEmpty);
    if (source->guest == target->guest) return {};
    TRY(prepare(*source));
    if (!may_remove(*source)) return tl::make_unexpected(Errno::Perm);
    if (moving.kind == LayerKind::Synthetic) return tl::make_unexpected(Errno::Busy);
    if (target->existing) {
        const Node& old = *target->existing;
        if (old.host == moving.host && old.kind == moving.kind) return {};  // two names of one file
        if (!may_remove(*target)) return tl::make_unexpected(Errno::Perm);
        if (old.is_directory() && !directory) return tl::make_unexpected(Errno::IsDir);
        if (!old.is_directory() && directory) return tl::make_unexpected(Errno::NotDir);
        if (old.kind == LayerKind::Synthetic) return tl::make_unexpected(Errno::Busy);
        if (directory) {
            auto entries = TRY(list(nullptr, target->guest));
            if (entries.size() > 2) return tl::make_unexpected(Errno::NotEmpty);
        }
    }
    // A bind is a mount: it does not move, and nothing takes its place.
    for (const Place* p : {&*source, &*target}) {
        const bool own =
            p->scratch ? true
                       : p->parent->bind == (p->existing ? p->existing->bind : p->parent->bind);
        if (p->existing && (!own || (p->scratch && p->existing->kind == LayerKind::Bind)))
            return tl::make_unexpected(Errno::Busy);
    }
    // A directory that the root holds would have to be copied whole: as overlayfs, leave that to
    // the program.
    const bool lower = source->scratch && layers_.root().status(source->relative) &&
                       !layers_.hidden(source->guest);
    if (directory && lower) return tl::make_unexpected(Errno::Xdev);
    if (source->scratch) {
        if (auto own = copy_up(moving); !own) return tl::make_unexpected(own.error());
    }
    TRY(prepare(*target));
    auto a = source->directory->parent(source->relative);
    auto b = target->directory->parent(target->relative);
    if (!a) return tl::make_unexpected(a.error());
    if (!b) return tl::make_unexpected(b.error());
    const int done = renameat(a->first.get(), a->second.c_str(), b->first.get(), b->second.c_str());
    TRY(host_result(done));
    if (target->existing) {
        forget_if_last(*target->existing);
        moved(target->guest, target->guest + " (deleted)");
    }
    moved(source->guest, target->guest);
    if (!source->scratch) return {};
    if (layers_.root().status(source->relative)) layers_.hide(source->guest);
    if (layers_.root().status(target->relative)) layers_.hide(target->guest);
    modified_directory(*source);
    modified_directory(*target);
    return {};
}

SysResult<void> OverlayFileSystem::link(std::string_view cwd_from, std::string_view from,
                                        std::string_view cwd_to, std::string_view to) {
    use_actor();
    auto walked = layers_.walk(actor_process_, cwd_from, from, false);
    if (!walked) return tl::make_unexpected(walked.error());
    if (!walked->node) return tl::make_unexpected(Errno::NoEnt);
    auto target = TRY(place(cwd_to, to, Errno::Exist));
    if (target.existing) return tl::make_unexpected(Errno::Exist);
    if (target.slash) return tl::make_unexpected(Errno::NoEnt);
    const Node& node = *walked->node;
    const bool one_system =
        target.scratch
            ? node.kind == LayerKind::Scratch || node.kind == LayerKind::Root
            : node.kind == LayerKind::Bind && &layers_.directory_of(node) == target.directory;
    TRY(prepare(target));
    if (!one_system) return tl::make_unexpected(Errno::Xdev);
    if (node.is_directory()) return tl::make_unexpected(Errno::Perm);
    auto own = TRY(copy_up(node));
    auto a = target.directory->parent(own.relative);
    auto b = target.directory->parent(target.relative);
    if (!a) return tl::make_unexpected(a.error());
    if (!b) return tl::make_unexpected(b.error());
    const int done =
        linkat(a->first.get(), a->second.c_str(), b->first.get(), b->second.c_str(), 0);
    TRY(host_result(done));
    modified_directory(target);
    return {};
}

SysResult<void> OverlayFileSystem::symlink(std::string_view target, std::string_view cwd,
                                           std::string_view path) {
    if (target.empty()) return tl::make_unexpected(Errno::NoEnt);
    auto where = TRY(place(cwd, path, Errno::Exist));
    if (where.existing) return tl::make_unexpected(Errno::Exist);
    if (where.slash) return tl::make_unexpected(Errno::NoEnt);
    TRY(prepare(where));
    auto parent = TRY(where.directory->parent(where.relative));
    const int done =
        symlinkat(std::string(target).c_str(), parent.first.get(), parent.second.c_str());
    TRY(host_result(done));
    if (where.scratch) new_attributes(where, abi::kIfLnk | 0777);
    return {};
}

}  // namespace uprobesim
