// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/host/layers.h"

#include <algorithm>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/files/disk_space.h"
#include "kernel_model/files/host/scratch_state.h"
#include "kernel_model/files/mount.h"
#include "kernel_model/task/process.h"
#include "sim/base/try.h"

namespace uprobesim {

using namespace abi;

bool Node::is_directory() const {
    return (status.mode & kIfmt) == kIfDir;
}
bool Node::is_link() const {
    return (status.mode & kIfmt) == kIfLnk;
}

std::string relative_of(const std::string& guest) {
    return guest == "/" ? "." : guest.substr(1);
}
std::string parent_of(const std::string& guest) {
    const std::size_t slash = guest.rfind('/');
    return slash == 0 ? "/" : guest.substr(0, slash);
}
std::string child_of(const std::string& guest, std::string_view name) {
    return (guest == "/" ? guest : guest + "/") + std::string(name);
}
std::string name_of(const std::string& guest) {
    return guest.substr(guest.rfind('/') + 1);
}
bool is_below(const std::string& guest, const std::string& directory) {
    if (directory == "/") return guest != "/";
    return guest.size() > directory.size() && guest[directory.size()] == '/' &&
           guest.compare(0, directory.size(), directory) == 0;
}

FileStatus merged_status(const FileStatus& kept, const FileStatus& host) {
    FileStatus s = kept;
    // Of a device the host has a plain file.
    const std::uint32_t type = kept.mode & kIfmt;
    const bool device = type == kIfChr || type == kIfBlk;
    s.mode = (device ? type : host.mode & kIfmt) | (kept.mode & ~kIfmt);
    s.links = host.links;
    s.size = host.size;
    put_modelled_size(s);
    if (s.use && s.use->known())
        s.blocks = static_cast<std::int64_t>(s.use->pages() * (kPageSize / 512));
    return s;
}

namespace {
// The namespace of this inode, if a process of `of` has an id there: it or one above.
const PidNamespace* space_of_inode(const PidNamespace* of, std::uint64_t inode) {
    while (of != nullptr && of->inode != inode) of = of->parent.get();
    return of;
}

// proc_fd_permission: a process reaches its own descriptors, whoever it has become.
bool own_descriptors(const Caller& caller, const Node& node) {
    if (!node.special || caller.process == nullptr) return false;
    const auto place = Mounts::in_proc(node.guest);
    if (!place || name_of(node.guest) != "fd") return false;
    const auto space =
        place->space == 0 ? nullptr : space_of_inode(caller.process->pid_space(), place->space);
    if (place->space != 0 && space == nullptr) return false;
    const std::string own = "/" + std::to_string(caller.process->id().in(space)) + "/";
    return place->rest.starts_with(own);
}
}  // namespace

// The directories named on the command line may have any mode on the host.
bool Layers::may_search(const Caller& caller, const Node& directory) const {
    return directory.guest == "/" ||
           (directory.kind == LayerKind::Bind && directory.relative == ".") ||
           caller.credentials.permit(directory.status, kXOk) || own_descriptors(caller, directory);
}

bool Layers::may_list(const Caller& caller, const Node& directory) const {
    return caller.credentials.permit(directory.status, kROk) || own_descriptors(caller, directory);
}

bool Layers::hidden(const std::string& guest) const {
    if (hidden_.empty()) return false;
    for (std::string at = guest; at != "/"; at = parent_of(at)) {
        if (hidden_.count(at) != 0) return true;
    }
    return false;
}

void Layers::hide(const std::string& guest) {
    constexpr std::uint64_t kHiddenBytes = 80;
    if (!hidden_.insert(guest).second) return;
    hidden_bytes_ += kHiddenBytes + guest.size();
    settle_charge();
}

std::vector<std::string> Layers::bind_points_in(const std::string& guest) const {
    std::vector<std::string> names;
    for (const Bind& b : binds_) {
        if (b.guest != "/" && parent_of(b.guest) == guest) names.push_back(name_of(b.guest));
    }
    return names;
}

const HostDirectory& Layers::directory_of(const Node& node) const {
    switch (node.kind) {
        case LayerKind::Bind: return binds_[node.bind].directory;
        case LayerKind::Scratch: return scratch_;
        default: return root_;
    }
}

bool Layers::writable(const Node& node) const {
    return node.kind == LayerKind::Scratch ||
           (node.kind == LayerKind::Bind && binds_[node.bind].writable);
}

namespace {
bool missing(Errno e) {
    return e == Errno::NoEnt || e == Errno::NotDir;
}
}  // namespace

void Layers::put_host_file(Node& node, HostFile file) {
    node.host = file.status.key();
    node.fd = std::make_shared<const HostFd>(std::move(file.fd));
    if (node.kind == LayerKind::Scratch) {
        auto& kept = attributes[node.host];
        // A file that was put there from outside.
        if (!kept) {
            kept = std::make_shared<FileStatus>(file.status);
            kept->device = kDevice;
            kept->inode = inode_number_of(node.guest) | std::uint64_t{1} << 41;
            kept->atime_s = kept->ctime_s = kept->mtime_s;
            kept->atime_ns = kept->ctime_ns = kept->mtime_ns;
            settle_charge();
            if (adopted) adopted(node.guest, kept);
        }
        node.attributes = kept;
    }
    node.status = status_in(node, file.status);
}

FileStatus Layers::status_in(const Node& node, const FileStatus& host) {
    if (node.attributes) return merged_status(*node.attributes, host);
    const std::uint64_t device = node.kind == LayerKind::Bind ? kDevice + 1 + node.bind : kDevice;
    return shown.shown(host, node.guest, device);
}

FileStatus Layers::status_now(const Node& node) {
    if (node.fd) return status_in(node, status_of_host_fd(node.fd->get()));
    return node.attributes ? *node.attributes : node.status;
}

SysResult<HostFd> Layers::open(const Node& node, int host_flags) const {
    if (!node.fd) return tl::make_unexpected(Errno::Nxio);
    auto fd = open_host_file(node.fd->get(), host_flags);
    if (fd || fd.error() != Errno::NoEnt) return fd;
    // A host without /proc: by the name, if it still is the file's.
    fd = directory_of(node).open(node.relative, host_flags);
    if (fd && status_of_host_fd(fd->get()).key() != node.host)
        return tl::make_unexpected(Errno::NoEnt);
    return fd;
}

SysResult<std::string> Layers::link_target(const Node& link) const {
    if (link.special && link.special->barred) return tl::make_unexpected(*link.special->barred);
    if (link.special) return link.special->link;
    if (!link.fd) return tl::make_unexpected(Errno::Inval);
    return host_link_target(link.fd->get());
}

// The bind with the longest path that contains `guest`.
const Layers::Bind* Layers::bind_of(const std::string& guest) const {
    const Bind* best = nullptr;
    for (const Bind& b : binds_) {
        const bool inside = guest == b.guest || is_below(guest, b.guest);
        if (inside && (best == nullptr || b.guest.size() > best->guest.size())) best = &b;
    }
    return best;
}

SysResult<std::optional<Node>> Layers::find_in_bind(const Bind& bind, const std::string& guest) {
    Node node;
    node.guest = guest;
    node.kind = LayerKind::Bind;
    node.bind = static_cast<std::size_t>(&bind - binds_.data());
    if (guest == bind.guest) {
        node.relative = bind.relative;
    } else {
        if (bind.file) return std::nullopt;
        node.relative = guest.substr(bind.guest == "/" ? 1 : bind.guest.size() + 1);
    }
    auto found = bind.directory.find(node.relative);
    if (!found && missing(found.error())) return std::nullopt;
    put_host_file(node, TRY(std::move(found)));
    return node;
}

SysResult<std::optional<Node>> Layers::find_in_scratch(const std::string& guest) {
    Node node;
    node.guest = guest;
    node.kind = LayerKind::Scratch;
    node.relative = relative_of(guest);
    auto found = scratch_.find(node.relative);
    if (!found && missing(found.error())) return std::nullopt;
    put_host_file(node, TRY(std::move(found)));
    return node;
}

SysResult<std::optional<Node>> Layers::find_in_root(const std::string& guest) {
    if (!shows_root(guest)) return std::nullopt;
    Node node;
    node.guest = guest;
    node.kind = LayerKind::Root;
    node.relative = relative_of(guest);
    if (guest == "/") node.attributes = top;
    auto found = root_.find(node.relative);
    if (!found && missing(found.error())) return std::nullopt;
    put_host_file(node, TRY(std::move(found)));
    return node;
}

bool Layers::reserved(const std::string& guest) {
    static const std::string name = "/" + std::string(ScratchState::kFolder);
    if (of_tmpfs(guest) || guest == Mounts::kQueues ||
        is_below(guest, std::string(Mounts::kQueues)) || Mounts::in_proc(guest))
        return false;
    return guest == name || is_below(guest, name);
}

bool Layers::of_tmpfs(const std::string& guest) {
    return guest.starts_with(Mounts::kFolder) && guest.size() > Mounts::kFolder.size();
}

SysResult<std::optional<Node>> Layers::find(Process* process, const std::string& guest) {
    if (of_tmpfs(guest)) return find_in_scratch(guest);
    if (const Bind* bind = bind_of(guest)) return find_in_bind(*bind, guest);
    if (reserved(guest)) return std::nullopt;
    Node node;
    node.guest = guest;
    if (special_.owns(guest)) {
        node.kind = LayerKind::Special;
        node.special = special_.find(process, guest);
        if (node.special) {
            node.status = node.special->status;
            return node;
        }
        // Directories such as /dev/shm may still be made in the scratch layer.
    }
    // The top directory shows the root's attributes, whatever the scratch directory's mode.
    if (guest != "/") {
        if (auto found = TRY(find_in_scratch(guest))) return found;
    }
    if (auto found = TRY(find_in_root(guest))) return found;
    const auto holds_bind = [&](const Bind& b) { return is_below(b.guest, guest); };
    // /boot holds the kernel's configuration, whatever the root has.
    if (guest != "/boot" && std::none_of(binds_.begin(), binds_.end(), holds_bind))
        return std::nullopt;
    node.kind = LayerKind::Synthetic;
    node.relative = relative_of(guest);
    node.status.mode = kIfDir | 0755;
    node.status.device = kDevice;
    node.status.inode = inode_number_of(guest);
    return node;
}

}  // namespace uprobesim
