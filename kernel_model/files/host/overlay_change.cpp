// SPDX-License-Identifier: GPL-2.0-or-later
// The overlay's calls that change modes, owners and times: of a name, and of an open file, which is
// never looked for by its name again.
#include <fcntl.h>
#include <sys/stat.h>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/inotify.h"
#include "kernel_model/files/acl.h"
#include "kernel_model/files/host/overlay.h"
#include "kernel_model/files/host/regular_file.h"
#include "kernel_model/files/rights/inode_flags.h"
#include "kernel_model/files/xattr.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

constexpr std::uint32_t kSetIds = abi::kIsuid | abi::kIsgid;
// Set-ID bits of the guest's are never the host's.
constexpr std::uint32_t kHostModeBits = abi::kAllModeBits & ~kSetIds;

// What a link in /proc/PID/fd leads to; null: the path is none.
std::shared_ptr<File> open_file_of(const Walk& walked) {
    return walked.node && walked.node->special ? walked.node->special->magic : nullptr;
}

SysResult<void> permitted(bool holds) {
    return holds ? SysResult<void>() : tl::make_unexpected(Errno::Perm);
}

// chown_ok and chgrp_ok: the owner gives a file to its own groups; only CAP_CHOWN to others.
SysResult<void> rights_to_give(const Credentials& own, const FileStatus& status, std::uint32_t uid,
                               std::uint32_t gid) {
    if (own.capable_over(status, Capability::Chown)) return {};
    const bool owner = own.uid.fs == status.uid;
    if (uid != ~0u) TRY(permitted(owner && uid == status.uid));
    if (gid != ~0u) TRY(permitted(owner && (gid == status.gid || own.in_group(gid))));
    return {};
}

// vfs_utimes: "now" for both times is what a writer may do.
SysResult<void> rights_to_set(const Credentials& own, const FileStatus& status,
                              const FileSystem::Times& times) {
    if (own.owns(status)) return {};
    if (!times.touch) return tl::make_unexpected(Errno::Perm);
    return inode_permission(own, status, abi::kWOk);
}

// The set-ID bits that a change of the owner takes (chown_common).
std::uint32_t lost_with_owner(const Credentials& own, const FileStatus& status) {
    if ((status.mode & abi::kIfmt) == abi::kIfDir) return 0;
    const bool member = own.in_group(status.gid) || own.capable_over(status, Capability::Fsetid);
    const bool group = (status.mode & abi::kIxgrp) != 0 || !member;
    return abi::kIsuid | (group ? abi::kIsgid : 0);
}

void put_owner(FileStatus& a, std::uint32_t uid, std::uint32_t gid) {
    if (uid != ~0u) a.uid = uid;
    if (gid != ~0u) a.gid = gid;
}

void put_times(FileStatus& a, const FileSystem::Times& times) {
    if (times.set_atime) {
        a.atime_s = times.atime_s;
        a.atime_ns = times.atime_ns;
    }
    if (times.set_mtime) {
        a.mtime_s = times.mtime_s;
        a.mtime_ns = times.mtime_ns;
    }
}

}  // namespace

void OverlayFileSystem::put_change(FileStatus& a, const Change& change) const {
    if (change.xattrs) a.xattrs = *change.xattrs;
    if (change.mode) {
        a.mode = (a.mode & abi::kIfmt) | (*change.mode & abi::kAllModeBits);
        if (auto acl = acl_of(a, kAccessAcl)) {
            put_mode(*acl, a.mode);
            a.xattrs = with_attribute(a.xattrs, kAccessAcl, bytes_of(*acl), machine_.memory);
        }
    }
    if (change.owner) {
        put_owner(a, change.owner->first, change.owner->second);
        if ((a.mode & abi::kIfmt) != abi::kIfDir)
            a.xattrs = without_attribute(a.xattrs, kCapabilityAttribute, machine_.memory);
    }
    a.mode &= ~change.lost_set_ids;
    if (change.times != nullptr) put_times(a, *change.times);
    if (change.inode_flags) a.inode_flags = *change.inode_flags;
    const FileTime at = now();
    a.ctime_s = at.s;
    a.ctime_ns = at.ns;
}

// A file of a bind is the host's: the change is made to what the descriptor refers to.
SysResult<void> OverlayFileSystem::change_on_host(const Node& node, const Change& change) {
    if (change.xattrs || change.inode_flags) return tl::make_unexpected(Errno::NotSup);
    if (!node.fd || node.kind != LayerKind::Bind) return tl::make_unexpected(Errno::Perm);
    const int fd = node.fd->get();
    const auto kept = layers_.shown.kept(status_of_host_fd(fd));
    if (change.mode) {
        TRY(change_host_mode(fd, *change.mode & kHostModeBits));
        kept->set_ids = *change.mode & kSetIds;
    }
    if (change.owner) {
        TRY(change_host_owner(fd, change.owner->first, change.owner->second));
        kept->owner.reset();
        kept->set_ids &= ~change.lost_set_ids;
    }
    if (change.times != nullptr) {
        const Times& t = *change.times;
        TRY(change_host_times(fd, {t.atime_s, t.set_atime ? t.atime_ns : UTIME_OMIT},
                              {t.mtime_s, t.set_mtime ? t.mtime_ns : UTIME_OMIT}));
        const FileTime mtime = kept->mtime;
        kept->modified(now());
        kept->mtime = t.set_mtime ? FileTime{t.mtime_s, t.mtime_ns} : mtime;
        if (t.set_atime) kept->atime = {t.atime_s, t.atime_ns};
    }
    kept->ctime = now();
    return {};
}

SysResult<void> OverlayFileSystem::settle_in_bind(const Caller& caller, const Place& where, int fd,
                                                  std::uint32_t mode) {
    const bool link = (status_of_host_fd(fd).mode & abi::kIfmt) == abi::kIfLnk;
    if (where.parent) mode = caller.credentials.mode_of_new(where.parent->status, mode);
    if (!link) TRY(change_host_mode(fd, mode & ~caller.umask & kHostModeBits));
    const FileStatus host = status_of_host_fd(fd);
    layers_.shown.forget(host.key());
    KeptFile& kept = *layers_.shown.kept(host);
    kept.modified(now());
    kept.atime = kept.mtime;
    kept.set_ids = link ? 0 : mode & kSetIds;
    std::pair owner(caller.credentials.uid.fs, caller.credentials.gid.fs);
    if (where.parent && (where.parent->status.mode & abi::kIsgid) != 0) {
        owner.second = where.parent->status.gid;
        if ((host.mode & abi::kIfmt) == abi::kIfDir) kept.set_ids |= abi::kIsgid;
    }
    if (owner != std::pair(host.uid, host.gid)) kept.owner = owner;
    modified_directory(where);
    return {};
}

SysResult<void> OverlayFileSystem::settle_in_bind(const Caller& caller, const Place& where,
                                                  std::uint32_t mode) {
    const auto made = TRY(where.directory->find(where.relative));
    // Another process of the host may have replaced it in the meantime.
    if ((made.status.mode & abi::kIfmt) != (mode & abi::kIfmt))
        return tl::make_unexpected(Errno::NoEnt);
    return settle_in_bind(caller, where, made.fd.get(), mode & abi::kAllModeBits);
}

// What the guest writes into a set-ID file of the host must not run as its owner there.
void OverlayFileSystem::drop_set_ids(const Credentials& credentials, const Node& node, int fd) {
    if (node.kind != LayerKind::Bind || (node.status.mode & kSetIds) == 0) return;
    const FileStatus host = status_of_host_fd(fd);
    if ((host.mode & kSetIds) == 0) return;
    // Where that is refused, the host's kernel drops them at the write.
    if (!change_host_mode(fd, host.mode & kHostModeBits)) return;
    if (credentials.capable_over(node.status, Capability::Fsetid))
        layers_.shown.kept(host)->set_ids |= host.mode & kSetIds;
}

// fsnotify_change.
std::uint32_t OverlayFileSystem::event_of(const Change& change) {
    if (change.inode_flags) return 0;
    if (change.times == nullptr) return abi::kInAttrib;
    if (change.times->set_atime && change.times->set_mtime) return abi::kInAttrib;
    return change.times->set_atime ? abi::kInAccess : abi::kInModify;
}

// setattr_prepare: the change as this caller may make it.
SysResult<OverlayFileSystem::Change> OverlayFileSystem::allowed_change(
    const Credentials& credentials, const FileStatus& status, Change change) {
    // may_setattr
    const bool touches = change.times != nullptr && change.times->touch;
    const bool sets = change.mode || change.owner || (change.times != nullptr && !touches);
    TRY(permitted(!(sets && fixed(status)) && !(touches && immutable(status))));
    if (change.mode) {
        TRY(permitted(credentials.owns(status)));
        if (!credentials.in_group(status.gid) &&
            !credentials.capable_over(status, Capability::Fsetid))
            *change.mode &= ~abi::kIsgid;
    }
    if (change.owner) {
        TRY(rights_to_give(credentials, status, change.owner->first, change.owner->second));
        change.lost_set_ids = lost_with_owner(credentials, status);
    }
    if (change.times != nullptr) TRY(rights_to_set(credentials, status, *change.times));
    return change;
}

SysResult<void> OverlayFileSystem::change_node(const Caller& caller, const Node& node,
                                               const Change& change) {
    if (node.kind == LayerKind::Bind && !layers_.writable(node))
        return tl::make_unexpected(Errno::Rofs);
    if (read_only(node)) return tl::make_unexpected(Errno::Rofs);
    const Change allowed = TRY(allowed_change(caller.credentials, node.status, change));
    if (change.mode && node.is_link()) return tl::make_unexpected(Errno::NotSup);
    const Node own = node.attributes ? node : TRY(copy_up(node));
    if (!own.attributes) {
        TRY(change_on_host(own, allowed));
    } else {
        put_change(*own.attributes, allowed);
        if (keeps(*own.attributes)) state_->changed(own.attributes);
    }
    const std::uint32_t kind = node.is_directory() ? abi::kInIsdir : 0;
    if (const std::uint32_t mask = event_of(change))
        events_->of_file_at(node.key(), node.guest, mask | kind);
    return {};
}

SysResult<void> OverlayFileSystem::change_at(const Caller& caller, std::string_view path,
                                             bool follow, const Change& change) {
    const Walk walked = TRY(layers_.walk(caller, path, follow));
    if (const auto file = open_file_of(walked); file && follow)
        return change_of(caller, *file, change);
    if (!walked.node) return tl::make_unexpected(Errno::NoEnt);
    return change_node(caller, *walked.node, change);
}

SysResult<void> OverlayFileSystem::change_of(const Caller& caller, File& file,
                                             const Change& change) {
    if (FileStatus* own = file.own_status()) {
        if (change.mode && file.mode_sealed() && ((own->mode ^ *change.mode) & abi::kIxugo) != 0)
            return tl::make_unexpected(Errno::Perm);
        put_change(*own, TRY(allowed_change(caller.credentials, *own, change)));
        // A FIFO has a name that shows the same.
        const bool fifo = (own->mode & abi::kIfmt) == abi::kIfIfo;
        const auto named = fifo ? node_by_name(file, own->key()) : std::nullopt;
        return named ? change_node(caller, *named, change) : SysResult<void>();
    }
    return change_node(caller, TRY(node_of(file)), change);
}

// The entry of an open file's name, if that still leads to the file.
std::optional<Node> OverlayFileSystem::node_by_name(const File& file, const FileKey& key) {
    if (!file.dentry || file.dentry->removed()) return std::nullopt;
    auto found = layers_.find(nullptr, file.dentry->inner());
    if (!found || !*found || (*found)->key() != key) return std::nullopt;
    (*found)->mount = mount_of(*file.dentry);
    return std::move(**found);
}

SysResult<Node> OverlayFileSystem::node_of(File& file) {
    if (auto* held = dynamic_cast<NodeFile*>(&file)) {
        Node& node = held->node();
        node.status = layers_.status_now(node);
        if (node.kind == LayerKind::Bind || node.attributes) return node;
        if (auto found = node_by_name(file, node.key())) node = std::move(*found);
        // The attributes of a removed file of the root are changed in its open files only.
        if (node.kind == LayerKind::Root && file.dentry && file.dentry->removed())
            node.attributes = std::make_shared<FileStatus>(node.status);
        return node;
    }
    const auto* regular = dynamic_cast<const RegularFile*>(&file);
    if (regular == nullptr) return tl::make_unexpected(Errno::Perm);
    Inode& inode = *regular->inode();
    if (!inode.bind) {
        if (auto found = node_by_name(file, inode.key())) return std::move(*found);
        inode.attributes = std::make_shared<FileStatus>(status_of(inode));
    }
    Node node = node_without_fd(inode);
    HostFd own(fcntl(inode.fd(), F_DUPFD_CLOEXEC, 0));
    if (!own) return tl::make_unexpected(guest_errno(errno));
    node.fd = std::make_shared<const HostFd>(std::move(own));
    node.status = layers_.status_now(node);
    return node;
}

SysResult<void> OverlayFileSystem::change_mode(const Caller& caller, std::string_view path,
                                               std::uint32_t mode, bool follow) {
    return change_at(caller, path, follow, {.mode = mode});
}
SysResult<void> OverlayFileSystem::change_owner(const Caller& caller, std::string_view path,
                                                std::uint32_t uid, std::uint32_t gid, bool follow) {
    return change_at(caller, path, follow, {.owner = std::pair(uid, gid)});
}
SysResult<void> OverlayFileSystem::set_times(const Caller& caller, std::string_view path,
                                             const Times& times, bool follow) {
    return change_at(caller, path, follow, {.times = &times});
}
SysResult<void> OverlayFileSystem::set_xattrs(const Caller& caller, std::string_view path,
                                              bool follow, const Xattrs& attributes) {
    return change_at(caller, path, follow, {.xattrs = attributes});
}
SysResult<void> OverlayFileSystem::set_xattrs_of(const Caller& caller, File& file,
                                                 const Xattrs& attributes) {
    return change_of(caller, file, {.xattrs = attributes});
}
// No watcher is told: vfs_fileattr_set sends no event.
SysResult<void> OverlayFileSystem::set_inode_flags(const Caller& caller, File& file,
                                                   std::uint32_t flags) {
    return change_of(caller, file, {.inode_flags = flags});
}
SysResult<void> OverlayFileSystem::change_mode_of(const Caller& caller, File& file,
                                                  std::uint32_t mode) {
    return change_of(caller, file, {.mode = mode});
}
SysResult<void> OverlayFileSystem::change_owner_of(const Caller& caller, File& file,
                                                   std::uint32_t uid, std::uint32_t gid) {
    return change_of(caller, file, {.owner = std::pair(uid, gid)});
}
SysResult<void> OverlayFileSystem::set_times_of(const Caller& caller, File& file,
                                                const Times& times) {
    return change_of(caller, file, {.times = &times});
}

}  // namespace uprobesim
