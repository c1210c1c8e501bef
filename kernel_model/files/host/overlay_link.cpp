// SPDX-License-Identifier: GPL-2.0-or-later
// The overlay's link: another name of a file, found by a name or by a descriptor.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/inotify.h"
#include "kernel_model/files/host/overlay.h"
#include "kernel_model/files/host/regular_file.h"
#include "kernel_model/files/rights/inode_flags.h"
#include "sim/base/try.h"

namespace uprobesim {

// may_linkat, with fs.protected_hardlinks as Debian sets it: who neither owns a file nor may read
// and write it gives it no name.
SysResult<void> OverlayFileSystem::check_link(const Credentials& credentials,
                                              const FileStatus& status) const {
    if (credentials.owns(status)) return {};
    constexpr std::uint32_t kGroupBits = abi::kIsgid | abi::kIxgrp;
    const bool safe = (status.mode & abi::kIfmt) == abi::kIfReg &&
                      (status.mode & abi::kIsuid) == 0 &&
                      (status.mode & kGroupBits) != kGroupBits &&
                      credentials.permit(status, abi::kROk | abi::kWOk);
    return safe ? SysResult<void>() : tl::make_unexpected(Errno::Perm);
}

SysResult<void> OverlayFileSystem::link(const Caller& caller, std::string_view from, bool follow,
                                        const std::shared_ptr<const Dentry>& to_start,
                                        std::string_view to) {
    auto walked = TRY(layers_.walk(caller, from, follow));
    if (!walked.node) return tl::make_unexpected(Errno::NoEnt);
    if (follow && walked.node->special && walked.node->special->magic) {
        const auto file = walked.node->special->magic;
        return link_of(caller, *file, to_start, to);
    }
    const auto target = TRY(place(caller.starting_at(to_start), to, Errno::Exist));
    return link_node(caller, *walked.node, target);
}

// A descriptor's file gets another name while it has one, or if it never had any.
SysResult<void> OverlayFileSystem::link_of(const Caller& caller, File& file,
                                           const std::shared_ptr<const Dentry>& to_start,
                                           std::string_view to) {
    const auto target = TRY(place(caller.starting_at(to_start), to, Errno::Exist));
    const auto* regular = dynamic_cast<const RegularFile*>(&file);
    if (regular != nullptr && regular->inode()->unnamed)
        return link_unnamed(caller, file, *regular->inode(), target);
    const auto shown = TRY(file.status());
    auto node = node_by_name(file, shown.key());
    if (!node) return tl::make_unexpected(Errno::NoEnt);
    return link_node(caller, *node, target);
}

SysResult<void> OverlayFileSystem::link_node(const Caller& caller, const Node& node,
                                             const Place& target) {
    if (target.existing) return tl::make_unexpected(Errno::Exist);
    if (target.slash) return tl::make_unexpected(Errno::NoEnt);
    const bool one_system =
        target.scratch
            ? node.kind == LayerKind::Scratch || node.kind == LayerKind::Root
            : node.kind == LayerKind::Bind && &layers_.directory_of(node) == target.directory;
    // filename_create asks for a right to write before do_linkat compares the mounts.
    TRY(check_parent_writable(target));
    if (node.mount != target.parent->mount) return tl::make_unexpected(Errno::Xdev);
    TRY(check_link(caller.credentials, node.status));
    TRY(check_link_rights(caller, node, target));
    TRY(prepare(caller.credentials, target));
    if (!one_system) return tl::make_unexpected(Errno::Xdev);
    if (node.is_directory() || fixed(node.status)) return tl::make_unexpected(Errno::Perm);
    auto own = TRY(copy_up(node));
    const auto a = TRY(target.directory->parent(own.relative));
    const auto b = TRY(target.directory->parent(target.relative));
    const bool told = own.attributes && keeps(target.guest);
    if (told) state_->made(target.guest, own.attributes);
    const auto done =
        host_result(linkat(a.first.get(), a.second.c_str(), b.first.get(), b.second.c_str(), 0));
    if (!done && told) state_->undo();
    if (!done) return done;
    changed(own);
    modified_directory(target);
    events_->of_inode(own.key(), abi::kInAttrib);
    tell_made(target, abi::kIfReg);
    return {};
}

SysResult<void> OverlayFileSystem::link_unnamed(const Caller& caller, File& file, Inode& inode,
                                                const Place& target) {
    if (target.existing) return tl::make_unexpected(Errno::Exist);
    // d_tmpfile: its directory is the one that it was made in.
    if (const auto& directory = file.dentry ? file.dentry->parent() : nullptr;
        directory && restricting_files(caller.credentials.landlock) != nullptr)
        TRY(check_link_rights(caller, landlock_path(*directory, keys()),
                              {.file = inode.key(), .mode = abi::kIfReg},
                              target.parent && directory->inner() == target.parent->guest, target));
    TRY(prepare(caller.credentials, target));
    if (!target.scratch) return tl::make_unexpected(Errno::Xdev);
    const auto b = TRY(target.directory->parent(target.relative));
    const std::string own = fmt::format("/proc/self/fd/{}", inode.fd());
    TRY(put_in_scratch(target.guest, inode.attributes, [&] {
        return host_result(
            linkat(AT_FDCWD, own.c_str(), b.first.get(), b.second.c_str(), AT_SYMLINK_FOLLOW));
    }));
    const FileKey host = inode.status().key();
    inodes_[host] = inode.shared_from_this();
    if (inode.use) uses_[host] = inode.use;
    inode.on_end = nullptr;
    modified_directory(target);
    tell_made(target, abi::kIfReg);
    return {};
}

}  // namespace uprobesim
