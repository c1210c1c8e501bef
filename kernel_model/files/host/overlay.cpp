// SPDX-License-Identifier: GPL-2.0-or-later
// Page caches, attributes and disk space of the overlay's files.
#include "kernel_model/files/host/overlay.h"

#include <algorithm>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/pipe.h"
#include "kernel_model/files/special_files.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {
constexpr std::size_t kInodesKept = 128;  // with a host descriptor each
constexpr std::uint64_t kAllPages = ~std::uint64_t{0} / kPageSize;
}  // namespace

OverlayFileSystem::OverlayFileSystem(Machine& machine, std::unique_ptr<SpecialTree> special,
                                     HostDirectory root, HostDirectory scratch,
                                     std::vector<Layers::Bind> binds, TemporaryFolder temporary,
                                     std::shared_ptr<DiskSpace> space)
    : machine_(machine),
      special_(std::move(special)),
      layers_(std::move(root), std::move(scratch), std::move(binds), *special_),
      temporary_(std::move(temporary)),
      space_(std::move(space)) {}

OverlayFileSystem::~OverlayFileSystem() {
    finish();
}

void OverlayFileSystem::finish() {
    for (auto& [key, inode] : inodes_) inode->write_back(0, kAllPages);
    inodes_.clear();
    temporary_.remove();
}

void OverlayFileSystem::set_clock(std::function<std::uint64_t()> now_ns) {
    now_ns_ = now_ns;
    special_->set_clock(std::move(now_ns));
}

std::shared_ptr<File> OverlayFileSystem::host_stdio(int fd) {
    return make_host_stdio(fd);
}

void OverlayFileSystem::modified(FileStatus* attributes) const {
    if (attributes == nullptr) return;
    const std::uint64_t now = now_ns();
    attributes->mtime_s = attributes->ctime_s = static_cast<std::int64_t>(now / 1000000000u);
    attributes->mtime_ns = attributes->ctime_ns = static_cast<std::int64_t>(now % 1000000000u);
}

std::shared_ptr<FileStatus> OverlayFileSystem::new_attributes(const Credentials& credentials,
                                                              const Place& where,
                                                              std::uint32_t mode) {
    auto kept = std::make_shared<FileStatus>();
    kept->device = layers_.device();
    kept->inode = next_inode_++;
    kept->mode = mode;
    kept->uid = credentials.uid;
    kept->gid = credentials.gid;
    // Files made in a directory with the set-group-ID bit get its group.
    if (where.parent && (where.parent->status.mode & abi::kIsgid) != 0) {
        kept->gid = where.parent->status.gid;
        if ((mode & abi::kIfmt) == abi::kIfDir) kept->mode |= abi::kIsgid;
    }
    modified(kept.get());
    kept->atime_s = kept->mtime_s;
    kept->atime_ns = kept->mtime_ns;
    if (auto host = layers_.scratch().status(where.relative))
        layers_.attributes[{host->device, host->inode}] = kept;
    modified_directory(where);
    return kept;
}

void OverlayFileSystem::modified_directory(const Place& where) {
    if (!where.scratch) return;
    const auto directory = layers_.find(nullptr, parent_of(where.guest));
    if (directory && *directory) modified((*directory)->attributes.get());
}

void OverlayFileSystem::drop_unused() {
    std::erase_if(inodes_, [](const auto& entry) { return entry.second.use_count() == 1; });
}

std::shared_ptr<Inode> OverlayFileSystem::inode_for(const Node& node, HostFd fd, bool writable) {
    if (const auto it = inodes_.find(node.host); it != inodes_.end()) {
        if (writable && !it->second->writable()) it->second->make_writable(std::move(fd));
        return it->second;
    }
    if (inodes_.size() >= kInodesKept) drop_unused();
    // The key is the guest's st_dev and st_ino, which do not change at copy-up.
    const FileKey key{node.status.device, node.status.inode};
    auto inode = std::make_shared<Inode>(machine_.memory, key, std::move(fd), writable,
                                         dentries_.at(node.guest));
    inode->attributes = node.attributes;
    if (node.kind == LayerKind::Bind) inode->bind = node.bind;
    if (node.kind == LayerKind::Scratch) inode->use = use_of(node.host);
    inodes_[node.host] = inode;
    return inode;
}

std::shared_ptr<DiskUse> OverlayFileSystem::use_of(const FileKey& host) {
    if (!space_) return nullptr;
    auto& use = uses_[host];
    if (!use) use = std::make_shared<DiskUse>(space_);
    return use;
}

// To call before the host file loses a name.
void OverlayFileSystem::forget_if_last(const Node& node) {
    if (node.kind == LayerKind::Root || (!node.is_directory() && node.status.links > 1)) return;
    inodes_.erase(node.host);
    uses_.erase(node.host);
    layers_.attributes.erase(node.host);
}

}  // namespace uprobesim
