// SPDX-License-Identifier: GPL-2.0-or-later
// Page caches, attributes and disk space of the overlay's files.
#include "kernel_model/files/host/overlay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/mount.h"
#include "kernel_model/files/acl.h"
#include "kernel_model/files/host/special_files.h"
#include "kernel_model/files/pipe.h"
#include "kernel_model/files/rights/inode_flags.h"
#include "kernel_model/files/xattr.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {
constexpr std::size_t kMostLost = 1000;   // files that are named; a guest makes as many as it likes
constexpr std::size_t kInodesKept = 128;  // with a host descriptor each
constexpr std::uint64_t kInodeBytes = 512;  // beside what each open file is charged
constexpr std::uint64_t kAllPages = ~std::uint64_t{0} / kPageSize;

bool put_access_time(FileStatus& a, FileTime now, AccessTimes times) {
    if ((a.inode_flags & abi::kFsNoatime) != 0) return false;
    if (!access_shows(a, now, times)) return false;
    a.atime_s = now.s;
    a.atime_ns = now.ns;
    return true;
}
}  // namespace

OverlayFileSystem::OverlayFileSystem(Machine& machine, std::unique_ptr<SpecialTree> special,
                                     HostDirectory root, HostDirectory scratch,
                                     std::vector<Layers::Bind> binds, TemporaryFolder temporary,
                                     std::shared_ptr<DiskSpace> space)
    : machine_(machine),
      special_(std::move(special)),
      layers_(std::move(root), std::move(scratch), std::move(binds), *special_, &machine.memory),
      temporary_(std::move(temporary)),
      dentries_(&machine.memory),
      lost_charge_(&machine.memory),
      events_(std::make_shared<FileEvents>([this](const std::string& inner) {
          const auto found = layers_.find(nullptr, inner);
          return found && *found ? std::optional((*found)->key()) : std::nullopt;
      })),
      limited_(space != nullptr),
      space_(space ? std::move(space) : std::make_shared<DiskSpace>()) {
    layers_.top_mount = mounts_.first()->top;
    dentries_.set_top(layers_.top_mount);
}

OverlayFileSystem::~OverlayFileSystem() {
    finish();
}

void OverlayFileSystem::forget_reads() {
    inodes_.clear();
    layers_.shown.forget_reads();
}

void OverlayFileSystem::finish() {
    for (auto& [key, inode] : inodes_) (void)inode->write_back(0, kAllPages);
    inodes_.clear();
    if (state_) drop_directory(std::string(Mounts::kFolder));
    flush_state();
    temporary_.remove();
}

void OverlayFileSystem::set_clock(std::function<std::uint64_t()> now_ns) {
    now_ns_ = now_ns;
    special_->set_clock(std::move(now_ns));
}

std::shared_ptr<File> OverlayFileSystem::host_stdio(int fd) {
    return make_host_stdio(fd, {}, output_);
}

void OverlayFileSystem::modified(const std::shared_ptr<FileStatus>& attributes) const {
    const FileTime at = now();
    attributes->mtime_s = attributes->ctime_s = at.s;
    attributes->mtime_ns = attributes->ctime_ns = at.ns;
    if (keeps(*attributes)) state_->touched(attributes);
}

void OverlayFileSystem::modified(Inode& inode) const {
    if (inode.attributes) {
        modified(inode.attributes);
    } else if (inode.kept) {
        inode.kept->modified(now());
    }
}

void OverlayFileSystem::remove_set_ids(Inode& inode, const Credentials& writer) {
    if (inode.attributes) {
        FileStatus& shown = *inode.attributes;
        const std::uint32_t gone = writer.set_ids_lost(shown);
        const bool capable = has_attribute(shown.xattrs, kCapabilityAttribute);
        if (gone == 0 && !capable) return;
        shown.mode &= ~gone;
        // Not even the superuser's write leaves them (security_inode_killpriv).
        if (capable)
            shown.xattrs = without_attribute(shown.xattrs, kCapabilityAttribute, machine_.memory);
        if (keeps(*inode.attributes)) state_->changed(inode.attributes);
    } else if (inode.kept && inode.kept->set_ids != 0) {
        inode.kept->set_ids &= ~writer.set_ids_lost(status_of(inode));
    }
}

void OverlayFileSystem::accessed(Inode& inode, const Mount* mount) const {
    const AccessTimes times = access_times(mount, false);
    if (inode.attributes) {
        if (put_access_time(*inode.attributes, now(), times) && keeps(*inode.attributes))
            state_->touched(inode.attributes);
    } else if (inode.kept) {
        inode.kept->accessed(now(), times);
    }
}

void OverlayFileSystem::accessed(const Node& node) {
    const AccessTimes times = access_times(node.mount.get(), node.is_directory());
    if (times == AccessTimes::Never) return;
    if (node.attributes) {
        if (put_access_time(*node.attributes, now(), times) && keeps(*node.attributes))
            state_->touched(node.attributes);
    } else if (node.fd && (node.kind == LayerKind::Root || node.kind == LayerKind::Bind)) {
        layers_.shown.kept(status_of_host_fd(node.fd->get()))->accessed(now(), times);
    }
}

Node OverlayFileSystem::node_without_fd(const Inode& inode) {
    Node node;
    node.kind = inode.bind ? LayerKind::Bind : LayerKind::Root;
    node.bind = inode.bind.value_or(0);
    node.guest = inode.guest;
    node.attributes = inode.attributes;
    return node;
}

FileStatus OverlayFileSystem::status_of(const Inode& inode) {
    return layers_.status_in(node_without_fd(inode), inode.status());
}

void OverlayFileSystem::lost(const std::string& path, Errno error) {
    constexpr std::uint64_t kLostBytes = 96;
    const bool named = lost_writes_.size() < kMostLost || lost_writes_.contains(path);
    if (lost_writes_.try_emplace(named ? path : "(more files)", error).second)
        lost_charge_.grow(kLostBytes + path.size());
}

// posix_acl_create: the umask counts where the directory gives its files no list of their own.
void OverlayFileSystem::inherit_rights(const Caller& caller, const FileStatus* parent,
                                       FileStatus& made) {
    const std::uint32_t kind = made.mode & abi::kIfmt;
    if (kind == abi::kIfLnk) return;
    auto acl = parent != nullptr ? acl_of(*parent, kDefaultAcl) : std::nullopt;
    if (!acl) {
        made.mode &= ~caller.umask;
        return;
    }
    if (kind == abi::kIfDir)
        made.xattrs = with_attribute(made.xattrs, kDefaultAcl, bytes_of(*acl), machine_.memory);
    if (limit_new(*acl, made.mode))
        made.xattrs = with_attribute(made.xattrs, kAccessAcl, bytes_of(*acl), machine_.memory);
}

std::shared_ptr<FileStatus> OverlayFileSystem::new_attributes(const Caller& caller,
                                                              const Place& where,
                                                              std::uint32_t mode) {
    auto kept = std::make_shared<FileStatus>();
    kept->device = where.parent && Layers::of_tmpfs(where.guest) ? where.parent->status.device
                                                                 : Layers::kDevice;
    kept->inode = next_inode_++;
    // Before the umask takes S_IXGRP away (vfs_prepare_mode).
    kept->mode = where.parent ? caller.credentials.mode_of_new(where.parent->status, mode) : mode;
    kept->uid = caller.credentials.uid.fs;
    kept->gid = caller.credentials.gid.fs;
    if (where.parent) kept->inode_flags = where.parent->status.inode_flags & kInodeFlagsInherited;
    inherit_rights(caller, where.parent ? &where.parent->status : nullptr, *kept);
    // Files made in a directory with the set-group-ID bit get its group.
    if (where.parent && (where.parent->status.mode & abi::kIsgid) != 0) {
        kept->gid = where.parent->status.gid;
        if ((mode & abi::kIfmt) == abi::kIfDir) kept->mode |= abi::kIsgid;
    }
    const FileTime at = now();
    kept->atime_s = kept->mtime_s = kept->ctime_s = at.s;
    kept->atime_ns = kept->mtime_ns = kept->ctime_ns = at.ns;
    kept->btime_s = at.s;
    kept->btime_ns = at.ns;
    return kept;
}

std::shared_ptr<DiskSpace> OverlayFileSystem::space_of(std::uint64_t device) const {
    const auto tmpfs = device == Layers::kDevice ? nullptr : mounts_.tmpfs_of(device);
    return tmpfs && tmpfs->space ? tmpfs->space : space_;
}

// One of the inodes of a file system, for as long as it is held; null: there is none left.
std::shared_ptr<void> OverlayFileSystem::inode_place(std::uint64_t device) const {
    auto space = space_of(device);
    if (!space->take_inode()) return nullptr;
    return {space.get(), [space](void*) { space->give_inode(); }};
}

SysResult<void> OverlayFileSystem::put_in_scratch(const std::string& guest,
                                                  std::shared_ptr<FileStatus> kept,
                                                  const std::function<SysResult<void>()>& make) {
    if (!may_add_file()) return tl::make_unexpected(Errno::NoSpc);
    auto place = inode_place(kept->device);
    if (place == nullptr) return tl::make_unexpected(Errno::NoSpc);
    if (keeps(guest)) state_->made(guest, kept);
    if (auto made = make(); !made) {
        if (keeps(guest)) state_->undo();
        return made;
    }
    const auto host = TRY(layers_.scratch().status(relative_of(guest)));
    inode_places_[host.key()] = std::move(place);
    layers_.attributes[host.key()] = std::move(kept);
    layers_.settle_charge();
    return {};
}

Outcome OverlayFileSystem::keep_state(const std::string& path) {
    const auto failed = [this](Errno error) { lost("/", error); };
    state_ = TRY(ScratchState::open(layers_.scratch(), path, failed));
    state_->account(machine_.memory);
    for (const auto& [name, status] : state_->names()) {
        status->device = Layers::kDevice;
        next_inode_ = std::max(next_inode_, status->inode + 1);
        if (name == "/") {
            layers_.top = status;
        } else {
            const auto host = layers_.scratch().status(relative_of(name));
            if (!host)
                return user_error(
                    fmt::format("a file of the scratch directory cannot be looked at: {}",
                                std::strerror(static_cast<int>(host.error()))),
                    path + name);
            layers_.attributes[host->key()] = status;
        }
    }
    layers_.settle_charge();
    for (const std::string& name : state_->hidden()) layers_.hide(name);
    layers_.adopted = [this](const std::string& name, const std::shared_ptr<FileStatus>& status) {
        state_->made(name, status);
    };
    return {};
}

void OverlayFileSystem::hide(const std::string& guest) {
    if (state_) state_->hide(guest);
    layers_.hide(guest);
}

void OverlayFileSystem::modified_directory(const Place& where) {
    const auto directory = layers_.find(nullptr, parent_of(where.guest));
    if (!directory || !*directory || !(*directory)->fd) return;
    if ((*directory)->attributes) {
        modified((*directory)->attributes);
    } else {
        layers_.shown.kept(status_of_host_fd((*directory)->fd->get()))->modified(now());
    }
}

void OverlayFileSystem::drop_unused() {
    std::erase_if(inodes_, [](const auto& entry) { return entry.second.use_count() == 1; });
    inodes_kept_ = std::max(kInodesKept, 2 * inodes_.size());
}

std::shared_ptr<Inode> OverlayFileSystem::inode_for(const Node& node, HostFd fd, bool writable) {
    if (const auto it = inodes_.find(node.host); it != inodes_.end()) {
        if (writable && !it->second->writable()) it->second->make_writable(std::move(fd));
        return it->second;
    }
    if (inodes_.size() >= inodes_kept_) drop_unused();
    auto inode = new_inode(node, std::move(fd), writable);
    inodes_[node.host] = inode;
    return inode;
}

std::shared_ptr<Inode> OverlayFileSystem::new_inode(const Node& node, HostFd fd, bool writable) {
    // The key is the guest's st_dev and st_ino, which do not change at copy-up.
    const FileKey key{node.status.device, node.status.inode};
    auto inode = inodes_met_.add(std::make_shared<Inode>(
        machine_.memory, key, std::move(fd), writable, dentries_.at(node.guest, node.mount)));
    inode->attributes = node.attributes;
    inode->on_failure = [this](const std::string& name, Errno error) { lost(name, error); };
    inode->on_mapped_write = [this, written = inode.get()] { modified(*written); };
    inode->guest = node.guest;
    inode->charge = MemoryCharge(&machine_.memory, kInodeBytes + node.guest.size());
    if (node.kind == LayerKind::Bind) inode->bind = node.bind;
    if (!node.attributes) inode->kept = layers_.shown.kept(inode->status());
    if (node.kind == LayerKind::Scratch && node.attributes) {
        inode->use = use_of(node.host, inode->size(), node.attributes->device);
        node.attributes->use = inode->use;
    }
    return inode;
}

// `size`: of a file that is met first; where its data is is not known.
std::shared_ptr<DiskUse> OverlayFileSystem::use_of(const FileKey& host, std::uint64_t size,
                                                   std::uint64_t device) {
    auto& use = uses_[host];
    if (use) return use;
    use = std::make_shared<DiskUse>(space_of(device), &machine_.memory);
    if (size != 0) use->forget();
    return use;
}

void OverlayFileSystem::changed(const Node& node, bool named) {
    if (!node.attributes) return;
    const FileTime at = now();
    node.attributes->ctime_s = at.s;
    node.attributes->ctime_ns = at.ns;
    if (named && keeps(*node.attributes)) state_->touched(node.attributes);
}

// To call before the host file loses a name.
void OverlayFileSystem::forget_if_last(const Node& node) {
    if (!node.is_directory() && node.status.links > 1) return;
    const auto open = inodes_.find(node.host);
    if (!events_->quiet()) {
        const auto tell = [events = events_, key = node.key(), directory = node.is_directory()] {
            events->of_end(key, directory);
        };
        const auto fifo = fifos_.find(node.host);
        const auto pipe = fifo != fifos_.end() ? fifo->second.lock() : nullptr;
        if (open != inodes_.end()) {
            open->second->on_end = tell;
        } else if (pipe) {
            pipe->at_end = {events_.get(), [tell](void*) { tell(); }};
        } else {
            tell();
        }
    }
    fifos_.erase(node.host);
    if (node.kind == LayerKind::Root) {
        // The host still has it: only who watches has to know.
        if (open != inodes_.end() && open->second->on_end) inodes_.erase(open);
        return;
    }
    inodes_.erase(node.host);
    uses_.erase(node.host);
    inode_places_.erase(node.host);
    layers_.attributes.erase(node.host);
    layers_.settle_charge();
    if (node.kind == LayerKind::Bind) layers_.shown.forget(node.host);
}

}  // namespace uprobesim
