// SPDX-License-Identifier: GPL-2.0-or-later
// The overlay's answers about names.
#include "kernel_model/abi/fcntl.h"
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

}  // namespace

SysResult<FileStatus> OverlayFileSystem::status(const Caller& caller, std::string_view path,
                                                bool follow) {
    const Node node = TRY(existing(layers_.walk(caller, path, follow)));
    if (follow && node.special && node.special->magic) return node.special->magic->status();
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
    if (node.guest != "/" && !caller.credentials.permit(node.status, abi::kXOk)) {
        return tl::make_unexpected(Errno::Acces);
    }
    if (walked.removed) return std::const_pointer_cast<Dentry>(walked.removed);
    return dentries_.at(node.guest, node.mount);
}

}  // namespace uprobesim
