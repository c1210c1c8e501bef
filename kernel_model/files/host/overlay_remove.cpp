// SPDX-License-Identifier: GPL-2.0-or-later
// The overlay's unlink, rmdir and rename.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/inotify.h"
#include "kernel_model/files/host/overlay.h"
#include "kernel_model/files/rights/inode_flags.h"
#include "sim/base/try.h"

namespace uprobesim {

SysResult<void> OverlayFileSystem::check_parent_writable(const Place& p) const {
    if (p.parent && read_only(*p.parent)) return tl::make_unexpected(Errno::Rofs);
    if (p.parent && p.parent->kind == LayerKind::Bind && !layers_.writable(*p.parent))
        return tl::make_unexpected(Errno::Rofs);
    return {};
}

SysResult<void> OverlayFileSystem::check_empty(const Place& p) {
    const auto entries = TRY(list(nullptr, p.guest));
    if (entries.size() > 2) return tl::make_unexpected(Errno::NotEmpty);
    return {};
}

SysResult<void> OverlayFileSystem::check_removal(const Caller& caller, const Place& p,
                                                 bool directory) {
    const Credentials& credentials = caller.credentials;
    TRY(check_parent_writable(p));
    if (!p.existing) return tl::make_unexpected(Errno::NoEnt);
    const Node& node = *p.existing;
    if (p.slash && !node.is_directory()) return tl::make_unexpected(Errno::NotDir);
    if (p.slash && !directory) return tl::make_unexpected(Errno::IsDir);
    TRY(check_name_right(caller, p, right_to_remove(directory ? abi::kIfDir : abi::kIfReg)));
    const bool bind_point =
        node.kind == LayerKind::Bind &&
        (!p.parent || p.parent->kind != LayerKind::Bind || p.parent->bind != node.bind);
    TRY(inode_permission(credentials, p.parent->status, abi::kWOk | abi::kXOk));
    TRY(may_take_name(credentials, node.status, p.parent->status));
    if (directory && !node.is_directory()) return tl::make_unexpected(Errno::NotDir);
    if (!directory && node.is_directory()) return tl::make_unexpected(Errno::IsDir);
    // Mount points: binds, /proc, /dev and /sys.
    const bool mount_point =
        node.kind == LayerKind::Special && !special_->owns(parent_of(node.guest));
    const bool mounted = node.mount != p.parent->mount || mounts_.is_point(p.guest);
    if (node.kind == LayerKind::Synthetic || bind_point || mount_point || mounted)
        return tl::make_unexpected(Errno::Busy);
    if (directory) TRY(check_empty(p));
    return {};
}

SysResult<void> OverlayFileSystem::remove(const Caller& caller, std::string_view path,
                                          bool directory) {
    const std::string_view name = path.substr(0, path.find_last_not_of('/') + 1);
    const bool dots = name.ends_with("..");
    const bool root = !path.empty() && name.empty();
    const auto where = TRY(place(caller, path,
                                 !directory ? Errno::IsDir
                                 : root     ? Errno::Busy
                                 : dots     ? Errno::NotEmpty
                                            : Errno::Inval));
    TRY(check_removal(caller, where, directory));
    if (where.existing->special && where.existing->special->remove) {
        where.existing->special->remove();
        dentries_.removed(where.guest, where.existing->status);
        return {};
    }
    TRY(prepare(caller.credentials, where));
    const Node& node = *where.existing;
    if (!directory) events_->of_inode(node.key(), abi::kInAttrib);
    // First: the file of the scratch layer covers the root's until it is gone.
    if (node.kind != LayerKind::Bind && TRY(layers_.root().has(relative_of(where.guest))))
        hide(where.guest);
    if (node.kind != LayerKind::Root) {
        const auto parent = TRY(layers_.directory_of(node).parent(node.relative));
        const bool told = keeps(where.guest) && node.kind == LayerKind::Scratch;
        if (told) state_->removed(where.guest);
        const int flags = directory ? AT_REMOVEDIR : 0;
        if (unlinkat(parent.first.get(), parent.second.c_str(), flags) != 0) {
            const Errno error = guest_errno(errno);
            if (told) state_->undo();
            return tl::make_unexpected(error);
        }
        if (told) state_->settle();
        forget_if_last(node);
    }
    modified_directory(where);
    if (node.kind == LayerKind::Root) forget_if_last(node);
    changed(node, !directory && node.status.links > 1);
    dentries_.removed(where.guest, node.status);
    events_->of_entry(parent_of(where.guest), name_of(where.guest),
                      abi::kInDelete | (directory ? abi::kInIsdir : 0), node.key());
    return {};
}

SysResult<void> OverlayFileSystem::check_replaced(const Credentials& credentials,
                                                  const Place& target, bool directory) {
    const Node& old = *target.existing;
    TRY(may_take_name(credentials, old.status, target.parent->status));
    if (old.is_directory() && !directory) return tl::make_unexpected(Errno::IsDir);
    if (!old.is_directory() && directory) return tl::make_unexpected(Errno::NotDir);
    if (old.kind == LayerKind::Synthetic) return tl::make_unexpected(Errno::Busy);
    if (directory) TRY(check_empty(target));
    return {};
}

// What the two names alone say. False: they are one.
SysResult<bool> OverlayFileSystem::check_rename_names(const Place& source, const Place& target,
                                                      std::uint32_t flags) const {
    const bool exchanges = (flags & abi::kRenameExchange) != 0;
    // do_renameat2: two mounts are told before one that is read-only.
    if (source.parent && target.parent && source.parent->mount != target.parent->mount)
        return tl::make_unexpected(Errno::Xdev);
    if (source.directory != target.directory) return tl::make_unexpected(Errno::Xdev);
    TRY(check_parent_writable(source));
    TRY(check_parent_writable(target));
    if (!source.existing) return tl::make_unexpected(Errno::NoEnt);
    if (exchanges && !target.existing) return tl::make_unexpected(Errno::NoEnt);
    if (target.existing && (flags & abi::kRenameNoreplace) != 0)
        return tl::make_unexpected(Errno::Exist);
    const bool directory = source.existing->is_directory();
    if (!directory && (source.slash || (target.slash && !target.existing)))
        return tl::make_unexpected(Errno::NotDir);
    if (is_below(target.guest, source.guest)) return tl::make_unexpected(Errno::Inval);
    if (is_below(source.guest, target.guest))
        return tl::make_unexpected(exchanges ? Errno::Inval : Errno::NotEmpty);
    return source.guest != target.guest;
}

// A mount does not move, and nothing takes its place.
SysResult<void> OverlayFileSystem::check_no_mount(const Place& place) const {
    if (!place.existing) return {};
    const bool bind = place.scratch ? place.existing->kind == LayerKind::Bind
                                    : place.parent->bind != place.existing->bind;
    if (bind || place.existing->mount != place.parent->mount || mounts_.is_point(place.guest))
        return tl::make_unexpected(Errno::Busy);
    return {};
}

// Whether the root has it too: it would have to be copied with all its contents.
SysResult<bool> OverlayFileSystem::is_lower_directory(const Place& place) {
    return place.existing->is_directory() && place.scratch &&
           TRY(layers_.root().has(place.relative)) && !layers_.hidden(place.guest);
}

SysResult<bool> OverlayFileSystem::check_rename(const Caller& caller, const Place& source,
                                                const Place& target, std::uint32_t flags) {
    const Credentials& credentials = caller.credentials;
    const bool exchanges = (flags & abi::kRenameExchange) != 0;
    const bool two_names = TRY(check_rename_names(source, target, flags));
    TRY(check_rename_rights(caller, source, target, exchanges));
    if (!two_names) return false;
    const Node& moving = *source.existing;
    TRY(prepare(credentials, source));
    TRY(may_take_name(credentials, moving.status, source.parent->status));
    if (moving.kind == LayerKind::Synthetic) return tl::make_unexpected(Errno::Busy);
    if (target.existing) {
        if (target.existing->host == moving.host && target.existing->kind == moving.kind)
            return false;  // two names of one file
        if (exchanges) {
            TRY(may_take_name(credentials, target.existing->status, target.parent->status));
        } else {
            TRY(check_replaced(credentials, target, moving.is_directory()));
        }
    }
    TRY(check_no_mount(source));
    TRY(check_no_mount(target));
    // As overlayfs: EXDEV, on which programs copy it themselves.
    if (TRY(is_lower_directory(source)) || (exchanges && TRY(is_lower_directory(target))))
        return tl::make_unexpected(Errno::Xdev);
    return true;
}

SysResult<void> OverlayFileSystem::rename(const Caller& caller, std::string_view from,
                                          const std::shared_ptr<const Dentry>& to_start,
                                          std::string_view to, std::uint32_t flags) {
    const bool no_replace = (flags & abi::kRenameNoreplace) != 0;
    const bool exchanges = (flags & abi::kRenameExchange) != 0;
    const auto source = TRY(place(caller, from, Errno::Busy));
    const auto target =
        TRY(place(caller.starting_at(to_start), to, no_replace ? Errno::Exist : Errno::Busy));
    if (!TRY(check_rename(caller, source, target, flags))) return {};
    const Node moved = source.scratch ? TRY(copy_up(*source.existing)) : *source.existing;
    TRY(prepare(caller.credentials, target));
    if (exchanges) return exchange(moved, source, target);
    const auto a = TRY(source.directory->parent(source.relative));
    const auto b = TRY(target.directory->parent(target.relative));
    // Both are asked before anything changes: the root may fail to answer.
    const bool covers_source = source.scratch && TRY(layers_.root().has(source.relative));
    const bool covers_target = source.scratch && TRY(layers_.root().has(target.relative));
    // The source is the scratch layer's by now and covers the root's until it has moved.
    if (covers_source) hide(source.guest);
    const bool told = keeps(source.guest) && source.scratch;
    if (told) state_->moved(source.guest, target.guest);
    if (renameat(a.first.get(), a.second.c_str(), b.first.get(), b.second.c_str()) != 0) {
        const Errno error = guest_errno(errno);
        if (told) state_->undo();
        return tl::make_unexpected(error);
    }
    if (told) state_->settle();
    if (target.existing) {
        forget_if_last(*target.existing);
        dentries_.removed(target.guest, target.existing->status);
    }
    dentries_.renamed(source.guest, target.guest);
    mounts_.renamed(source.guest, target.guest);
    // Last: what has moved there covers the root's now.
    if (covers_target) hide(target.guest);
    modified_directory(source);
    modified_directory(target);
    changed(moved);
    if ((flags & abi::kRenameWhiteout) != 0)
        TRY(make_node(caller, TRY(place(caller, from, Errno::Busy)), abi::kIfChr, 0));
    tell_renamed(source, target, false);
    return {};
}

// Both names are there before and after, and cover the root's.
SysResult<void> OverlayFileSystem::exchange(const Node& moved, const Place& source,
                                            const Place& target) {
    const Node other = target.scratch ? TRY(copy_up(*target.existing)) : *target.existing;
    const auto a = TRY(source.directory->parent(source.relative));
    const auto b = TRY(target.directory->parent(target.relative));
    const std::string aside = std::string("/") + std::string(ScratchState::kCopy);
    const auto swap_names = [&] {
        state_->moved(source.guest, aside);
        state_->moved(target.guest, source.guest);
        state_->moved(aside, target.guest);
    };
    const bool told = keeps(source.guest) && source.scratch;
    if (told) swap_names();
    if (renameat2(a.first.get(), a.second.c_str(), b.first.get(), b.second.c_str(),
                  RENAME_EXCHANGE) != 0) {
        const Errno error = guest_errno(errno);
        if (told) swap_names();
        return tl::make_unexpected(error);
    }
    dentries_.exchanged(source.guest, target.guest);
    modified_directory(source);
    modified_directory(target);
    changed(moved);
    changed(other);
    tell_renamed(source, target, true);
    return {};
}

// fsnotify_move, and the same the other way for an exchange.
void OverlayFileSystem::tell_renamed(const Place& source, const Place& target, bool exchanged) {
    if (events_->quiet()) return;
    const auto tell = [&](const Place& from, const Place& to, const Node& moved) {
        const std::uint32_t cookie = events_->new_cookie();
        const std::uint32_t kind = moved.is_directory() ? abi::kInIsdir : 0;
        const std::string old_parent = parent_of(from.guest), new_parent = parent_of(to.guest);
        const FileKey key = moved.key();
        events_->of_rename({old_parent, name_of(from.guest)}, {new_parent, name_of(to.guest)}, key,
                           moved.is_directory());
        if (old_parent == new_parent)
            events_->of_entry(old_parent, name_of(from.guest), abi::kFsRename | kind, key);
        events_->of_entry(old_parent, name_of(from.guest), abi::kInMovedFrom | kind, key, cookie);
        events_->of_entry(new_parent, name_of(to.guest), abi::kInMovedTo | kind, key, cookie);
        if (to.existing && !exchanged) events_->of_inode(to.existing->key(), abi::kInAttrib | kind);
        events_->of_inode(key, abi::kInMoveSelf | kind);
    };
    tell(source, target, *source.existing);
    if (exchanged) tell(target, source, *target.existing);
}

}  // namespace uprobesim
