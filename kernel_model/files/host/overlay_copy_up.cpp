// SPDX-License-Identifier: GPL-2.0-or-later
// Copy-up: a file or directory of the root is copied to the scratch layer before it is changed.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/host/overlay.h"
#include "sim/base/try.h"

namespace uprobesim {

SysResult<void> OverlayFileSystem::copy_up_directory(const std::string& guest) {
    if (guest == "/" || layers_.scratch().status(relative_of(guest))) return {};
    TRY(copy_up_directory(parent_of(guest)));
    Place where;
    where.guest = guest;
    where.relative = relative_of(guest);
    auto parent = TRY(layers_.scratch().parent(where.relative));
    if (mkdirat(parent.first.get(), parent.second.c_str(), 0755) != 0 && errno != EEXIST) {
        return tl::make_unexpected(guest_errno(errno));
    }
    auto kept = new_attributes({}, where, abi::kIfDir | 0755);
    if (auto lower = layers_.root().status(where.relative); lower && !layers_.hidden(guest)) {
        *kept = *lower;
    } else if (guest == "/dev/shm") {
        kept->mode = abi::kIfDir | abi::kIsvtx | abi::kPermissionBits;
    }
    kept->device = layers_.device();
    return {};
}

SysResult<void> OverlayFileSystem::copy_up_contents(const Node& node) {
    auto from = TRY(layers_.open(node, O_RDONLY));
    auto to = TRY(layers_.scratch().open(node.relative, O_RDWR | O_CREAT | O_EXCL, 0644));
    const FileStatus made = status_of_host_fd(to.get());
    const FileKey key{made.device, made.inode};
    const auto use = use_of(key);
    std::vector<char> buffer(1u << 16);
    int failure =
        use && !use->claim_all(0, static_cast<std::uint64_t>(node.status.size)) ? ENOSPC : 0;
    while (failure == 0) {
        const ssize_t n = ::read(from.get(), buffer.data(), buffer.size());
        if (n == 0) break;
        errno = n < 0 ? errno : ENOSPC;
        if (n < 0 || ::write(to.get(), buffer.data(), static_cast<std::size_t>(n)) != n)
            failure = errno;
    }
    if (failure != 0) {
        uses_.erase(key);
        // A partial copy must not hide the original.
        if (auto parent = layers_.scratch().parent(node.relative)) {
            unlinkat(parent->first.get(), parent->second.c_str(), 0);
        }
        return tl::make_unexpected(guest_errno(failure));
    }
    // Open files and mappings of the original continue with the copy, so that the guest sees one
    // file.
    const auto open = inodes_.find(node.host);
    if (open == inodes_.end() || node.status.links > 1) return {};
    const auto inode = open->second;
    inodes_.erase(open);
    inode->make_writable(std::move(to));
    inode->use = use;
    inodes_[key] = inode;
    return {};
}

SysResult<void> OverlayFileSystem::copy_up_link(const Node& node) {
    const auto parent = TRY(layers_.scratch().parent(node.relative));
    const auto target = TRY(layers_.link_target(node));
    if (symlinkat(target.c_str(), parent.first.get(), parent.second.c_str()) != 0) {
        return tl::make_unexpected(guest_errno(errno));
    }
    return {};
}

SysResult<Node> OverlayFileSystem::copy_up(const Node& node) {
    if (layers_.writable(node)) return node;
    if (node.kind == LayerKind::Bind) return tl::make_unexpected(Errno::Rofs);
    if (node.kind != LayerKind::Root) return tl::make_unexpected(Errno::Perm);
    if (node.is_directory()) {
        TRY(copy_up_directory(node.guest));
    } else {
        TRY(copy_up_directory(parent_of(node.guest)));
        if (!node.is_link() && (node.status.mode & abi::kIfmt) != abi::kIfReg)
            return tl::make_unexpected(Errno::Perm);
        TRY(node.is_link() ? copy_up_link(node) : copy_up_contents(node));
        keep_attributes(node);
    }
    auto copied = TRY(layers_.find(nullptr, node.guest));
    if (!copied) return tl::make_unexpected(Errno::Io);
    return std::move(*copied);
}

// The copy keeps the original's attributes.
void OverlayFileSystem::keep_attributes(const Node& original) {
    auto kept = std::make_shared<FileStatus>(original.status);
    kept->device = layers_.device();
    if (original.status.links > 1)
        kept->inode = next_inode_++;  // its other links stay with the original
    const auto host = layers_.scratch().status(original.relative);
    if (!host) return;
    const FileKey key{host->device, host->inode};
    layers_.attributes[key] = kept;
    if (const auto it = inodes_.find(key); it != inodes_.end()) it->second->attributes = kept;
}

}  // namespace uprobesim
