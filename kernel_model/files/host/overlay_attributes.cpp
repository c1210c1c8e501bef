// SPDX-License-Identifier: GPL-2.0-or-later
// The overlay's answers about names, and what Landlock says of them.
#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/landlock.h"
#include "kernel_model/abi/mount.h"
#include "kernel_model/files/host/overlay.h"
#include "kernel_model/files/host/regular_file.h"
#include "kernel_model/files/rights/inode_flags.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

SysResult<Node> existing(SysResult<Walk> walked) {
    auto found = TRY(std::move(walked));
    if (!found.node) return tl::make_unexpected(Errno::NoEnt);
    return std::move(*found.node);
}

const LandlockDomain* domain_of(const Caller& caller) {
    return restricting_files(caller.credentials.landlock);
}

LandlockEntry entry_of(const Node& node) {
    return {.file = node.key(), .mode = node.status.mode};
}

}  // namespace

SysResult<FileStatus> OverlayFileSystem::status(const Caller& caller, std::string_view path,
                                                bool follow) {
    const Node node = TRY(existing(layers_.walk(caller, path, follow)));
    if (follow && node.special && node.special->magic) return node.special->magic->status();
    // pid_getattr
    if (node.is_directory() && node.special && node.special->barred == Errno::NoEnt)
        return tl::make_unexpected(Errno::NoEnt);
    return node.status;
}

SysResult<std::string> OverlayFileSystem::read_link(const Caller& caller, std::string_view path) {
    const Node node = TRY(existing(layers_.walk(caller, path, false)));
    if (!node.is_link()) return tl::make_unexpected(Errno::Inval);
    accessed(node);
    return layers_.link_target(node);
}

SysResult<std::string> OverlayFileSystem::read_link_of(const Caller&, File& file) {
    auto* held = dynamic_cast<NodeFile*>(&file);
    if (held == nullptr || !held->node().is_link()) return tl::make_unexpected(Errno::NoEnt);
    accessed(held->node());
    return layers_.link_target(held->node());
}

SysResult<void> OverlayFileSystem::access(const Caller& caller, std::string_view path,
                                          std::uint32_t mode, bool follow) {
    const Node node = TRY(existing(layers_.walk(caller, path, follow)));
    if ((mode & abi::kWOk) != 0 && node.kind == LayerKind::Bind && !layers_.writable(node)) {
        return tl::make_unexpected(Errno::Rofs);
    }
    const std::uint32_t kind = node.status.mode & abi::kIfmt;
    const bool of_files = kind == abi::kIfReg || kind == abi::kIfDir || kind == abi::kIfLnk;
    if ((mode & abi::kWOk) != 0 && of_files && read_only(node))
        return tl::make_unexpected(Errno::Rofs);
    if ((mode & abi::kXOk) != 0 && kind == abi::kIfReg && node.mount &&
        (node.mount->flags & abi::kMsNoexec) != 0)
        return tl::make_unexpected(Errno::Acces);
    if (node.is_directory() && node.special && node.special->barred)
        return tl::make_unexpected(*node.special->barred);
    const FileStatus status = follow && node.special && node.special->magic
                                  ? node.special->magic->status().value_or(node.status)
                                  : node.status;
    return inode_permission(caller.credentials, status, mode);
}

SysResult<std::shared_ptr<Dentry>> OverlayFileSystem::directory(const Caller& caller,
                                                                std::string_view path) {
    const auto walked = TRY(layers_.walk(caller, path, true));
    if (!walked.node) return tl::make_unexpected(Errno::NoEnt);
    const Node& node = *walked.node;
    if (!node.is_directory()) return tl::make_unexpected(Errno::NotDir);
    if (node.special && node.special->barred) return tl::make_unexpected(*node.special->barred);
    if (node.guest != "/" && !caller.credentials.permit(node.status, abi::kXOk)) {
        return tl::make_unexpected(Errno::Acces);
    }
    if (walked.removed) return std::const_pointer_cast<Dentry>(walked.removed);
    return dentries_.at(node.guest, node.mount);
}

std::optional<FileKey> OverlayFileSystem::key_at(const std::string& inner) {
    const auto found = layers_.find(nullptr, inner);
    return found && *found ? std::optional((*found)->key()) : std::nullopt;
}

SysResult<void> OverlayFileSystem::may_truncate(const Caller& caller, std::string_view path) {
    const LandlockDomain* const domain = domain_of(caller);
    if (domain == nullptr) return {};
    const Node node = TRY(existing(layers_.walk(caller, path, true)));
    if (node.special && node.special->magic) {
        const auto& file = node.special->magic;
        if (!file->dentry) return {};
        return check_rights(*domain, landlock_path(*file->dentry, keys()),
                            abi::kLandlockFsTruncate);
    }
    if (read_only(node)) return tl::make_unexpected(Errno::Rofs);
    return check_rights(*domain, landlock_path_of(node), abi::kLandlockFsTruncate);
}

SysResult<void> OverlayFileSystem::check_name_right(const Caller& caller, const Place& where,
                                                    std::uint32_t right) {
    const LandlockDomain* const domain = domain_of(caller);
    if (domain == nullptr || !where.parent) return {};
    // mnt_want_write comes before the hooks.
    TRY(check_parent_writable(where));
    return check_rights(*domain, landlock_path_of(*where.parent), right);
}

SysResult<std::uint32_t> OverlayFileSystem::check_open_rights(const Caller& caller,
                                                              const Node& node, std::uint32_t flags,
                                                              const Dentry* removed) {
    const LandlockDomain* const domain = domain_of(caller);
    if (domain == nullptr || (flags & abi::kOPath) != 0) return 0u;
    const LandlockPath path =
        removed != nullptr ? landlock_path(*removed, keys()) : landlock_path_of(node);
    return check_open(*domain, path, node.status.mode, flags);
}

SysResult<std::uint32_t> OverlayFileSystem::check_open_rights(const Caller& caller, File& file,
                                                              std::uint32_t mode,
                                                              std::uint32_t flags) {
    const LandlockDomain* const domain = domain_of(caller);
    // What has no name in a tree is of the kernel's own file systems (is_nouser_or_private).
    if (domain == nullptr || (flags & abi::kOPath) != 0 || !file.dentry) return 0u;
    return check_open(*domain, landlock_path(*file.dentry, keys()), mode, flags);
}

SysResult<void> OverlayFileSystem::check_link_rights(const Caller& caller, const LandlockPath& from,
                                                     const LandlockEntry& moved,
                                                     bool same_directory, const Place& target) {
    const LandlockDomain* const domain = domain_of(caller);
    if (domain == nullptr || !target.parent) return {};
    return check_move(*domain, {.from = from,
                                .to = landlock_path_of(*target.parent),
                                .moved = moved,
                                .same_directory = same_directory});
}

SysResult<void> OverlayFileSystem::check_link_rights(const Caller& caller, const Node& node,
                                                     const Place& target) {
    if (domain_of(caller) == nullptr) return {};
    const std::string above = parent_of(node.guest);
    return check_link_rights(caller, landlock_path(node.mount, above, std::nullopt, keys()),
                             entry_of(node), above == target.parent->guest, target);
}

SysResult<void> OverlayFileSystem::check_rename_rights(const Caller& caller, const Place& source,
                                                       const Place& target, bool exchanges) {
    const LandlockDomain* const domain = domain_of(caller);
    if (domain == nullptr) return {};
    LandlockMove move{.from = landlock_path_of(*source.parent),
                      .to = landlock_path_of(*target.parent),
                      .moved = entry_of(*source.existing)};
    if (target.existing) move.replaced = entry_of(*target.existing);
    move.removes = true;
    move.exchanges = exchanges;
    move.same_directory = source.parent->guest == target.parent->guest;
    return check_move(*domain, move);
}

}  // namespace uprobesim
