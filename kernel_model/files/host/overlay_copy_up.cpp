// SPDX-License-Identifier: GPL-2.0-or-later
// Copy-up: a file or directory of the root is copied to the scratch layer before it is changed.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/host/overlay.h"
#include "sim/base/try.h"
#include "sim/base/write_all.h"

namespace uprobesim {

SysResult<void> OverlayFileSystem::copy_up_directory(const std::string& guest) {
    if (guest == "/" || TRY(layers_.scratch().has(relative_of(guest)))) return {};
    TRY(copy_up_directory(parent_of(guest)));
    std::shared_ptr<FileStatus> kept;
    if (const auto lower = TRY(layers_.find_in_root(guest))) {
        kept = attributes_of_copy(*lower);
    } else {
        constexpr std::uint32_t kForAll = abi::kIsvtx | abi::kPermissionBits;
        kept = new_attributes({}, {}, abi::kIfDir | (guest == "/dev/shm" ? kForAll : 0755));
    }
    const auto parent = TRY(layers_.scratch().parent(relative_of(guest)));
    return put_in_scratch(guest, std::move(kept), [&] {
        return host_result(mkdirat(parent.first.get(), parent.second.c_str(), 0755));
    });
}

SysResult<void> OverlayFileSystem::copy_contents(const Node& node, const HostFd& to, DiskUse* use) {
    const auto from = TRY(layers_.open(node, O_RDONLY));
    if (use != nullptr && !use->claim_all(0, static_cast<std::uint64_t>(node.status.size)))
        return tl::make_unexpected(Errno::NoSpc);
    std::vector<char> buffer(1u << 16);
    for (;;) {
        const ssize_t n = ::read(from.get(), buffer.data(), buffer.size());
        if (n == 0) return {};
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return tl::make_unexpected(guest_errno(errno));
        if (const int error = write_all(to.get(), {buffer.data(), static_cast<std::size_t>(n)}))
            return tl::make_unexpected(guest_errno(error));
    }
}

// Half a copy must never cover the original: it gets its name when it is whole.
SysResult<void> OverlayFileSystem::copy_up_contents(const Node& node) {
    const std::string first(state_ ? std::string(ScratchState::kCopy) : node.relative);
    const auto parent = TRY(layers_.scratch().parent(first));
    auto to = TRY(layers_.scratch().open(first, O_RDWR | O_CREAT | O_EXCL, 0644));
    const FileKey key = status_of_host_fd(to.get()).key();
    const auto use = use_of(key, 0, Layers::kDevice);
    const auto kept = attributes_of_copy(node);
    kept->use = use;
    auto done = copy_contents(node, to, use.get());
    if (done)
        done = put_in_scratch(node.guest, kept, [&]() -> SysResult<void> {
            if (!state_) return {};
            const auto place = TRY(layers_.scratch().parent(node.relative));
            return host_result(renameat(parent.first.get(), parent.second.c_str(),
                                        place.first.get(), place.second.c_str()));
        });
    if (!done) {
        uses_.erase(key);
        unlinkat(parent.first.get(), parent.second.c_str(), 0);
        return done;
    }
    // Open files and mappings of the original continue with the copy, so that the guest sees one
    // file.
    const auto open = inodes_.find(node.host);
    if (open == inodes_.end() || node.status.links > 1) return {};
    const auto inode = open->second;
    inodes_.erase(open);
    inode->make_writable(std::move(to));
    inode->kept = nullptr;
    inode->attributes = kept;
    inode->use = use;
    inodes_[key] = inode;
    return {};
}

SysResult<void> OverlayFileSystem::copy_up_link(const Node& node) {
    const auto parent = TRY(layers_.scratch().parent(node.relative));
    const auto target = TRY(layers_.link_target(node));
    return put_in_scratch(node.guest, attributes_of_copy(node), [&] {
        return host_result(symlinkat(target.c_str(), parent.first.get(), parent.second.c_str()));
    });
}

SysResult<Node> OverlayFileSystem::copy_up(const Node& node) {
    if (layers_.writable(node)) return node;
    if (node.kind == LayerKind::Bind) return tl::make_unexpected(Errno::Rofs);
    if (node.kind != LayerKind::Root) return tl::make_unexpected(Errno::Perm);
    if (node.guest == "/") {
        layers_.top = std::make_shared<FileStatus>(node.status);
        if (state_) state_->made("/", layers_.top);
    } else if (node.is_directory()) {
        TRY(copy_up_directory(node.guest));
    } else {
        TRY(copy_up_directory(parent_of(node.guest)));
        if (!node.is_link() && (node.status.mode & abi::kIfmt) != abi::kIfReg)
            return tl::make_unexpected(Errno::Perm);
        TRY(node.is_link() ? copy_up_link(node) : copy_up_contents(node));
    }
    auto copied = TRY(layers_.find(nullptr, node.guest));
    if (!copied) return tl::make_unexpected(Errno::Io);
    return std::move(*copied);
}

// The copy shows what the original did.
std::shared_ptr<FileStatus> OverlayFileSystem::attributes_of_copy(const Node& original) {
    auto kept = std::make_shared<FileStatus>(original.status);
    // It leaves the other names.
    if (!original.is_directory() && original.status.links > 1) kept->inode = next_inode_++;
    return kept;
}

}  // namespace uprobesim
