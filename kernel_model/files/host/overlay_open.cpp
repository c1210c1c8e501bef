// SPDX-License-Identifier: GPL-2.0-or-later
// open: looks the name up, then makes the file, or opens an existing one by its kind.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/mount.h"
#include "kernel_model/files/event/memory_file.h"
#include "kernel_model/files/host/overlay.h"
#include "kernel_model/files/host/regular_file.h"
#include "kernel_model/files/host/special_files.h"
#include "kernel_model/files/pipe.h"
#include "kernel_model/files/rights/inode_flags.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

bool writes(std::uint32_t flags) {
    return (flags & (abi::kOAccmode | abi::kOTrunc)) != 0;
}

// The permissions that an open requires (acc_mode).
std::uint32_t rights_for(std::uint32_t flags) {
    return (writes(flags) ? abi::kWOk : 0u) |
           ((flags & abi::kOAccmode) != abi::kOWronly ? abi::kROk : 0u);
}

// get_write_access: before anything is changed.
SysResult<void> take_write_access(File& file, std::uint32_t flags) {
    if (!writes(flags)) return {};
    auto hold = TRY(FileBacking::hold(file.backing(), FileUse::Written));
    if ((flags & abi::kOAccmode) != abi::kORdonly) file.write_access = std::move(hold);
    return {};
}

}  // namespace

SysResult<FileSystem::OpenResult> OverlayFileSystem::open(const Caller& caller,
                                                          std::string_view path,
                                                          std::uint32_t flags, std::uint32_t mode) {
    if ((flags & abi::kOPath) != 0)
        flags &= abi::kOPath | abi::kODirectory | abi::kONofollow | abi::kOCloexec;
    const bool creates = (flags & abi::kOCreat) != 0;
    const bool exclusive = creates && (flags & abi::kOExcl) != 0;
    const bool follow = (flags & abi::kONofollow) == 0 && !exclusive;
    auto walked = TRY(layers_.walk(caller, path, follow));
    OpenResult result;
    result.components = std::max(walked.components, 1u);
    result.created = !walked.node;
    std::string guest = walked.guest;
    const auto mount = walked.mount;
    const auto removed = walked.removed;
    if ((flags & abi::kOTmpfile) == abi::kOTmpfile)
        return open_unnamed(caller, walked, flags, mode);
    if (!walked.node) {
        if (!creates) return tl::make_unexpected(Errno::NoEnt);
        if (walked.directory_wanted) return tl::make_unexpected(Errno::IsDir);
        result.file = TRY(create(caller, std::move(walked), flags, mode));
    } else {
        const Node& node = *walked.node;
        if (exclusive) return tl::make_unexpected(Errno::Exist);
        result.file = TRY(open_found(caller, node, flags, mode, removed.get()));
        if (follow && node.special && node.special->magic) {
            // The result has the dentry of the file that was opened again, or is that file itself.
            if (result.file != node.special->magic) result.file->flags = flags;
            return result;
        }
    }
    // A FIFO has set its flags itself, without O_DIRECT.
    if (dynamic_cast<const PipeEnd*>(result.file.get()) == nullptr) result.file->flags = flags;
    result.file->dentry =
        removed ? std::const_pointer_cast<Dentry>(removed) : dentries_.at(guest, mount);
    return result;
}

SysResult<std::shared_ptr<File>> OverlayFileSystem::create(const Caller& caller, Walk walked,
                                                           std::uint32_t flags,
                                                           std::uint32_t mode) {
    const auto where = TRY(place_of(caller, std::move(walked)));
    TRY(check_name_right(caller, where, right_to_make(abi::kIfReg)));
    if (auto ready = prepare(caller.credentials, where); !ready) {
        // /proc has no create operation: EACCES from open, EPERM from other calls.
        const bool modelled = ready.error() == Errno::Perm && special_->owns(where.guest);
        return tl::make_unexpected(modelled ? Errno::Acces : ready.error());
    }
    HostFd fd;
    const auto open_new = [&]() -> SysResult<void> {
        fd = TRY(where.directory->open(where.relative, O_RDWR | O_CREAT | O_EXCL, 0644));
        return {};
    };
    mode = abi::kIfReg | (mode & abi::kAllModeBits);
    std::shared_ptr<FileStatus> kept;
    if (where.scratch) {
        kept = new_attributes(caller, where, mode);
        TRY(put_in_scratch(where.guest, kept, open_new));
        modified_directory(where);
        use_of(status_of_host_fd(fd.get()).key(), 0, kept->device);
    } else {
        TRY(open_new());
        TRY(settle_in_bind(caller, where, fd.get(), mode & abi::kAllModeBits));
    }
    // The node is what was made, whatever has taken its name since.
    Node made;
    made.kind = where.scratch ? LayerKind::Scratch : LayerKind::Bind;
    made.bind = where.scratch ? 0 : where.parent->bind;
    made.guest = where.guest;
    made.mount = where.parent->mount;
    made.relative = where.relative;
    made.status = status_of_host_fd(fd.get());
    made.host = made.status.key();
    made.attributes = std::move(kept);
    made.status = layers_.status_in(made, made.status);
    auto file = std::make_shared<RegularFile>(*this, inode_for(made, std::move(fd), true));
    TRY(take_write_access(*file, flags));
    tell_made(where, abi::kIfReg);
    // The file stays, also where it may not be opened. It is not cut, as it is new.
    file->rights_refused = TRY(check_open_rights(caller, made, flags & ~abi::kOTrunc));
    return file;
}

std::shared_ptr<File> OverlayFileSystem::hold(const Node& node) {
    return nodes_met_.add(std::make_shared<PathFile>(*this, node));
}

SysResult<std::shared_ptr<File>> OverlayFileSystem::open_found(const Caller& caller,
                                                               const Node& node,
                                                               std::uint32_t flags,
                                                               std::uint32_t mode,
                                                               const Dentry* removed) {
    const bool only_path = (flags & abi::kOPath) != 0;
    const bool magic = node.special && node.special->magic;
    if (node.is_link() && !(magic && (flags & abi::kONofollow) == 0)) {
        // O_NOFOLLOW met a link; O_PATH may hold it.
        if ((flags & abi::kODirectory) != 0) return tl::make_unexpected(Errno::NotDir);
        if (!only_path) return tl::make_unexpected(Errno::Loop);
        return hold(node);
    }
    if (magic) return open_again(caller, node.special->magic, flags, mode);
    if (node.is_directory()) {
        if (writes(flags) || (flags & abi::kOCreat) != 0) return tl::make_unexpected(Errno::IsDir);
        auto directory = TRY(open_directory(caller, node, flags));
        directory->rights_refused = TRY(check_open_rights(caller, node, flags, removed));
        return directory;
    }
    if ((flags & abi::kODirectory) != 0) return tl::make_unexpected(Errno::NotDir);
    if (only_path) return hold(node);
    TRY(inode_permission(caller.credentials, node.status, rights_for(flags)));
    const std::uint32_t kind = node.status.mode & abi::kIfmt;
    const bool device = kind == abi::kIfChr || kind == abi::kIfBlk;
    if (device && node.mount && (node.mount->flags & abi::kMsNodev) != 0)
        return tl::make_unexpected(Errno::Acces);
    if (kind == abi::kIfReg && !node.special && writes(flags) && read_only(node))
        return tl::make_unexpected(Errno::Rofs);
    TRY(appends_only(node.status, flags));
    if ((flags & abi::kONoatime) != 0 && !caller.credentials.owns(node.status))
        return tl::make_unexpected(Errno::Perm);
    const std::uint32_t refused = TRY(check_open_rights(caller, node, flags));
    auto file = TRY(open_kind(caller, node, flags));
    file->rights_refused = refused;
    return file;
}

SysResult<std::shared_ptr<File>> OverlayFileSystem::open_kind(const Caller& caller,
                                                              const Node& node,
                                                              std::uint32_t flags) {
    if (node.special) return open_special(caller, node, flags);
    const std::uint32_t type = node.status.mode & abi::kIfmt;
    const bool device = type == abi::kIfChr || type == abi::kIfBlk;
    // Only FIFOs and devices made by the guest are opened: programs of the host could have the
    // other end of others open, and the host's devices are not the guest's.
    const bool own = node.kind == LayerKind::Scratch;
    if (type == abi::kIfIfo && own) return open_fifo(node, flags);
    if (device && own) return open_device(caller, node, flags);
    if (type != abi::kIfReg) return tl::make_unexpected(Errno::Nxio);
    return open_regular(caller, node, flags);
}

namespace {
// Sockets and anonymous inodes, which have no file type (no_open_fops).
bool cannot_be_opened(File& file) {
    const auto status = file.status();
    return file.socket() != nullptr || file.is_secret() ||
           (status && (status->mode & abi::kIfmt) == 0);
}

// O_PATH of such a one.
class NamelessPath final : public File {
public:
    explicit NamelessPath(std::shared_ptr<File> file) : file_(std::move(file)) {
        name = file_->name;
    }
    SysResult<FileStatus> status() override { return file_->status(); }

private:
    std::shared_ptr<File> file_;
};
}  // namespace

// Opens a link in /proc/PID/fd: a new open file description of the same file. Namespaces and what
// is no longer found by its name share theirs.
SysResult<std::shared_ptr<File>> OverlayFileSystem::open_again(const Caller& caller,
                                                               const std::shared_ptr<File>& magic,
                                                               std::uint32_t flags,
                                                               std::uint32_t mode) {
    std::shared_ptr<File> again;
    if (const auto* regular = dynamic_cast<const RegularFile*>(magic.get())) {
        const auto shown = TRY(magic->status());
        const std::uint32_t refused = TRY(check_open_rights(caller, *magic, shown.mode, flags));
        again = TRY(open_inode_again(caller, *magic, regular->inode(), flags));
        again->rights_refused = refused;
    } else if (dynamic_cast<const NodeFile*>(magic.get()) != nullptr) {
        const Node node = TRY(node_of(*magic));
        if (node.is_link()) return tl::make_unexpected(Errno::Loop);
        const bool removed = magic->dentry && magic->dentry->removed();
        again = TRY(open_found(caller, node, flags & ~abi::kOCreat, mode,
                               removed ? magic->dentry.get() : nullptr));
        again->dentry = magic->dentry;
        return again;
    } else if (const auto* in_memory = dynamic_cast<const MemoryFile*>(magic.get())) {
        again = std::make_shared<MemoryFile>(in_memory->shared(), flags);
        TRY(take_write_access(*again, flags));
    } else if (const auto* end = dynamic_cast<const PipeEnd*>(magic.get())) {
        const std::uint32_t refused = TRY(check_open_rights(caller, *magic, abi::kIfIfo, flags));
        const auto other = std::make_shared<PipeEnd>(end->pipe(), flags, end->shown());
        other->events = events_;
        again = other;
        again->rights_refused = refused;
        again->dentry = magic->dentry;
        again->name = magic->name;
        return again;
    } else if (cannot_be_opened(*magic)) {
        if ((flags & abi::kODirectory) != 0) return tl::make_unexpected(Errno::NotDir);
        if ((flags & abi::kOPath) == 0) return tl::make_unexpected(Errno::Nxio);
        return std::make_shared<NamelessPath>(magic);
    } else if (magic->terminal() != nullptr) {
        // A name of the modelled /dev, where nothing else can take it.
        auto opened =
            TRY(open(caller.starting_at(nullptr), magic->path(), flags & ~abi::kOCreat, mode));
        return std::move(opened.file);
    } else if (magic->dentry && dynamic_cast<const TextFile*>(magic.get()) != nullptr) {
        // By its name in /proc, unless something else is mounted there.
        auto opened = open(caller.starting_at(nullptr), magic->path(), flags & ~abi::kOCreat, mode);
        if (!opened) return magic;
        const auto there = opened->file->status(), here = magic->status();
        return there && here && there->key() == here->key() ? opened->file : magic;
    } else {
        return magic;
    }
    if ((flags & abi::kOTrunc) != 0) TRY(again->truncate(0));
    again->dentry = magic->dentry;
    return again;
}

SysResult<std::shared_ptr<File>> OverlayFileSystem::open_inode_again(
    const Caller& caller, File& file, const std::shared_ptr<Inode>& inode, std::uint32_t flags) {
    if ((flags & abi::kODirectory) != 0) return tl::make_unexpected(Errno::NotDir);
    const bool only_path = (flags & abi::kOPath) != 0;
    const auto shown = TRY(file.status());
    if (!only_path) {
        TRY(inode_permission(caller.credentials, shown, rights_for(flags)));
        TRY(appends_only(shown, flags));
    }
    const auto again = std::make_shared<RegularFile>(*this, inode);
    if (only_path || !writes(flags)) return again;
    if (const auto mount = file.dentry ? mount_of(*file.dentry) : nullptr;
        mount && mount->read_only())
        return tl::make_unexpected(Errno::Rofs);
    TRY(take_write_access(*again, flags));
    if (inode->writable()) return again;
    if (inode->bind) {
        if (!layers_.bind(*inode->bind).writable) return tl::make_unexpected(Errno::Rofs);
        drop_set_ids(caller.credentials, TRY(node_of(file)), inode->fd());
        inode->make_writable(TRY(open_host_file(inode->fd(), O_RDWR)));
        return again;
    }
    const auto node = node_by_name(file, inode->key());
    if (!node) return tl::make_unexpected(Errno::NoEnt);
    return open_regular(caller, *node, flags & ~abi::kOTrunc);
}

SysResult<std::shared_ptr<File>> OverlayFileSystem::open_special(const Caller& caller,
                                                                 const Node& node,
                                                                 std::uint32_t flags) {
    if (node.special->strict) {
        const unsigned shift = caller.credentials.uid.effective == node.status.uid ? 6 : 0;
        if ((rights_for(flags) & ~(node.status.mode >> shift)) != 0)
            return tl::make_unexpected(Errno::Acces);
    }
    auto file = TRY(node.special->open(flags));
    if (!file) return tl::make_unexpected(Errno::Nxio);
    return file;
}

// A device that the guest made is the one of this number in /dev.
SysResult<std::shared_ptr<File>> OverlayFileSystem::open_device(const Caller& caller,
                                                                const Node& node,
                                                                std::uint32_t flags) {
    const auto devices = special_->find(caller.process, "/dev");
    if (!devices || !devices->is_directory()) return tl::make_unexpected(Errno::Nxio);
    for (const DirEntry& entry : devices->list()) {
        const auto device = special_->find(caller.process, "/dev/" + entry.name);
        if (!device || !device->open || device->status.rdevice != node.status.rdevice ||
            ((device->status.mode ^ node.status.mode) & abi::kIfmt) != 0)
            continue;
        Node found = node;
        found.special = device;
        return open_special(caller, found, flags);
    }
    return tl::make_unexpected(Errno::Nxio);
}

// O_TMPFILE: the host's file has no name either.
SysResult<FileSystem::OpenResult> OverlayFileSystem::open_unnamed(const Caller& caller,
                                                                  const Walk& walked,
                                                                  std::uint32_t flags,
                                                                  std::uint32_t mode) {
    if (!walked.node) return tl::make_unexpected(Errno::NoEnt);
    if (!walked.node->is_directory()) return tl::make_unexpected(Errno::NotDir);
    Place where;
    where.guest = child_of(walked.guest, fmt::format("#{}", next_inode_));
    where.parent = walked.node;
    where.scratch = walked.node->kind != LayerKind::Bind;
    if (!where.scratch) return tl::make_unexpected(Errno::NotSup);
    TRY(prepare(caller.credentials, where));
    auto fd = TRY(layers_.scratch().open(relative_of(walked.guest), O_TMPFILE | O_RDWR, 0644));
    Node made;
    made.kind = LayerKind::Scratch;
    made.guest = where.guest;
    made.relative = relative_of(where.guest);
    made.status = status_of_host_fd(fd.get());
    made.host = made.status.key();
    made.attributes = new_attributes(caller, where, abi::kIfReg | (mode & abi::kAllModeBits));
    made.status = layers_.status_in(made, made.status);
    const auto inode = new_inode(made, std::move(fd), true);
    // Without a name it is in no table: the host may give its number away when it is gone.
    uses_.erase(made.host);
    inode->unnamed = (flags & abi::kOExcl) == 0;
    inode->on_end = [events = events_, key = made.key()] { events->of_end(key, false); };
    OpenResult result;
    result.created = true;
    result.components = std::max(walked.components, 1u);
    result.file = std::make_shared<RegularFile>(*this, inode);
    TRY(take_write_access(*result.file, flags));
    result.file->flags = flags;
    result.file->dentry =
        dentries_.unnamed(walked.guest, walked.mount, name_of(where.guest), made.status);
    result.file->rights_refused =
        TRY(check_open_rights(caller, *result.file, abi::kIfReg, flags & ~abi::kOTrunc));
    return result;
}

SysResult<std::shared_ptr<File>> OverlayFileSystem::open_directory(const Caller& caller,
                                                                   const Node& node,
                                                                   std::uint32_t flags) {
    if ((flags & abi::kOPath) == 0 && node.special && node.special->barred)
        return tl::make_unexpected(*node.special->barred);
    if ((flags & abi::kOPath) == 0 && !layers_.may_list(caller, node))
        return tl::make_unexpected(Errno::Acces);
    return nodes_met_.add(std::make_shared<OpenDirectory>(*this, caller.process, node));
}

SysResult<std::shared_ptr<File>> OverlayFileSystem::open_regular(const Caller& caller,
                                                                 const Node& node,
                                                                 std::uint32_t flags) {
    const bool changes = writes(flags);
    // Before the copy: a file that runs is not copied for a write that is refused.
    if (const auto open = inodes_.find(node.host);
        changes && open != inodes_.end() && open->second->executed())
        return tl::make_unexpected(Errno::TxtBsy);
    const Node own = changes ? TRY(copy_up(node)) : node;
    const int host_flags = changes ? O_RDWR : O_RDONLY;
    auto fd = layers_.open(own, host_flags);
    if (!fd && (fd.error() == Errno::Nfile || fd.error() == Errno::Mfile)) {
        drop_unused();
        fd = layers_.open(own, host_flags);
    }
    if (fd && changes) drop_set_ids(caller.credentials, own, fd->get());
    const auto inode = inode_for(own, TRY(std::move(fd)), changes);
    auto file = std::make_shared<RegularFile>(*this, inode);
    TRY(take_write_access(*file, flags));
    if ((flags & abi::kOTrunc) != 0) {
        TRY(inode->truncate(0));
        remove_set_ids(*inode, caller.credentials);
        modified(*inode);
    }
    return file;
}

// The data of a FIFO is in the model; the host's FIFO only holds the name.
SysResult<std::shared_ptr<File>> OverlayFileSystem::open_fifo(const Node& node,
                                                              std::uint32_t flags) {
    if (fifos_.size() >= fifos_kept_) {
        std::erase_if(fifos_, [](const auto& entry) { return entry.second.expired(); });
        fifos_kept_ = 2 * fifos_.size() + 16;
    }
    std::shared_ptr<Pipe> pipe = fifos_[node.host].lock();
    const std::uint32_t mode = flags & abi::kOAccmode;
    if (mode == abi::kOWronly && (flags & abi::kONonblock) != 0 &&
        (pipe == nullptr || pipe->readers() == 0))
        return tl::make_unexpected(Errno::Nxio);
    if (pipe == nullptr) {
        pipe = std::make_shared<Pipe>(PipeOwner{.pages = {}, .memory = &machine_.memory});
        fifos_[node.host] = pipe;
    }
    auto end = std::make_shared<PipeEnd>(std::move(pipe), flags & ~abi::kODirect,
                                         std::make_shared<FileStatus>(node.status));
    end->events = events_;
    return end;
}

}  // namespace uprobesim
