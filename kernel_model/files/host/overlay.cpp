// SPDX-License-Identifier: GPL-2.0-or-later
// Opening and listing files of the root, the binds and the scratch layer.
#include "kernel_model/files/host/overlay.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/event/memory_file.h"
#include "kernel_model/files/host/regular_file.h"
#include "kernel_model/files/pipe.h"
#include "kernel_model/files/special_files.h"
#include "kernel_model/task/process.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {
constexpr std::size_t kInodesKept = 128;  // with a host descriptor each
constexpr std::uint64_t kAllPages = ~std::uint64_t{0} / kPageSize;
}  // namespace

OverlayFileSystem::OverlayFileSystem(Machine& machine, std::unique_ptr<SpecialTree> special,
                                     HostDirectory root, HostDirectory scratch,
                                     std::vector<Layers::Bind> binds, std::string temporary,
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
    if (temporary_.empty()) return;
    std::error_code ignored;
    std::filesystem::remove_all(temporary_, ignored);
    temporary_.clear();
}

void OverlayFileSystem::set_clock(std::function<std::uint64_t()> now_ns) {
    now_ns_ = now_ns;
    special_->set_clock(std::move(now_ns));
}

std::shared_ptr<File> OverlayFileSystem::host_stdio(int fd) {
    return make_host_stdio(fd);
}

void OverlayFileSystem::act_as(Process& process) {
    actor_ = {process.uid, process.gid};
    actor_process_ = &process;
}

void OverlayFileSystem::use(const Process* process) {
    layers_.credentials =
        process != nullptr ? Credentials{process->uid, process->gid} : Credentials{};
}

void OverlayFileSystem::modified(FileStatus* attributes) const {
    if (attributes == nullptr) return;
    const std::uint64_t now = now_ns();
    attributes->mtime_s = attributes->ctime_s = static_cast<std::int64_t>(now / 1000000000u);
    attributes->mtime_ns = attributes->ctime_ns = static_cast<std::int64_t>(now % 1000000000u);
}

std::shared_ptr<FileStatus> OverlayFileSystem::new_attributes(const Place& where,
                                                              std::uint32_t mode) {
    auto kept = std::make_shared<FileStatus>();
    kept->device = layers_.device();
    kept->inode = next_inode_++;
    kept->mode = mode;
    kept->uid = layers_.credentials.uid;
    kept->gid = layers_.credentials.gid;
    // A directory with the set-group-ID bit gives its group to what is made in it.
    if (where.parent && (where.parent->status.mode & 02000) != 0) {
        kept->gid = where.parent->status.gid;
        if ((mode & abi::kIfmt) == abi::kIfDir) kept->mode |= 02000;
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
    // The key is what stat shows, which stays the same when the file is copied up.
    const FileKey key{node.status.device, node.status.inode};
    auto inode = std::make_shared<Inode>(machine_.memory, key, std::move(fd), writable, node.guest);
    inode->attributes = node.attributes;
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

void OverlayFileSystem::moved(const std::string& from, const std::string& to) {
    const auto renamed = [&](const std::string& path) {
        return path == from ? to : to + path.substr(from.size());
    };
    const auto concerned = [&](const std::string& path) {
        return path == from || is_below(path, from);
    };
    for (const auto& weak : open_) {
        if (const auto file = weak.lock(); file && concerned(file->path))
            file->path = renamed(file->path);
    }
    for (const auto& [key, inode] : inodes_) {
        if (concerned(inode->path())) inode->moved_to(renamed(inode->path()));
    }
}

// Before the host file loses a name.
void OverlayFileSystem::forget_if_last(const Node& node) {
    if (node.kind == LayerKind::Root || (!node.is_directory() && node.status.links > 1)) return;
    inodes_.erase(node.host);
    uses_.erase(node.host);
    layers_.attributes.erase(node.host);
}

SysResult<FileSystem::OpenResult> OverlayFileSystem::create(Process* process, Walk walked,
                                                            std::uint32_t mode) {
    OpenResult result;
    result.components = std::max(walked.components, 1u);
    result.created = true;
    actor_process_ = process;
    auto where = TRY(place_of(std::move(walked)));
    if (auto ready = prepare(where); !ready) {
        // /proc has no create operation, which open calls EACCES and others EPERM.
        return tl::make_unexpected(ready.error() == Errno::Perm ? Errno::Acces : ready.error());
    }
    auto fd = TRY(where.directory->open(where.relative, O_RDWR | O_CREAT | O_EXCL, 0644));
    if (where.scratch) {
        new_attributes(where, abi::kIfReg | (mode & 07777));
    } else {
        fchmod(fd.get(), mode & 07777);
    }
    auto made = layers_.find(nullptr, where.guest);
    if (!made || !*made) return tl::make_unexpected(Errno::Io);
    result.file = std::make_shared<RegularFile>(*this, inode_for(**made, std::move(fd), true));
    result.file->path = where.guest;
    return result;
}

SysResult<std::shared_ptr<File>> OverlayFileSystem::open_special(Process* process, const Node& node,
                                                                 std::uint32_t flags,
                                                                 std::uint32_t mode) {
    const SpecialNode& special = *node.special;
    const bool writes = (flags & (abi::kOAccmode | abi::kOTrunc)) != 0;
    if (special.magic) {
        // A new description of the same file; those without a path of their own are shared.
        if (const auto* regular = dynamic_cast<RegularFile*>(special.magic.get())) {
            if (!writes || regular->inode()->writable()) {
                auto again = std::make_shared<RegularFile>(*this, regular->inode());
                again->path = special.magic->path;
                if ((flags & abi::kOTrunc) != 0) {
                    if (auto done = again->truncate(0); !done)
                        return tl::make_unexpected(done.error());
                }
                return again;
            }
        } else if (const auto* in_memory = dynamic_cast<MemoryFile*>(special.magic.get())) {
            auto again = std::make_shared<MemoryFile>(in_memory->shared(), flags);
            if ((flags & abi::kOTrunc) != 0) {
                if (auto done = again->truncate(0); !done) return tl::make_unexpected(done.error());
            }
            return again;
        } else if (const auto* end = dynamic_cast<PipeEnd*>(special.magic.get())) {
            auto again = std::make_shared<PipeEnd>(end->pipe(), flags, end->shown());
            again->path = special.magic->path;
            return again;
        } else if (dynamic_cast<OpenDirectory*>(special.magic.get()) == nullptr &&
                   special.magic->terminal() == nullptr) {
            return special.magic;
        }
        auto again = TRY(open(process, "/", special.magic->path, flags & ~abi::kOCreat, mode));
        return again.file;
    }
    if ((flags & abi::kODirectory) != 0 && !special.is_directory())
        return tl::make_unexpected(Errno::NotDir);
    if (special.is_directory()) {
        if (writes || (flags & abi::kOCreat) != 0) return tl::make_unexpected(Errno::IsDir);
        return std::make_shared<OpenDirectory>(*this, process, node.status);
    }
    const std::uint32_t wanted =
        (writes ? 2u : 0u) | ((flags & abi::kOAccmode) != abi::kOWronly ? 4u : 0u);
    if (!layers_.credentials.permit(node.status, wanted)) return tl::make_unexpected(Errno::Acces);
    auto file = special.open();
    if (!file) return tl::make_unexpected(Errno::Nxio);
    return file;
}

// The bytes of a FIFO are ours; the host's only gives the name.
SysResult<std::shared_ptr<File>> OverlayFileSystem::open_fifo(const Node& node,
                                                              std::uint32_t flags) {
    std::erase_if(fifos_, [](const auto& entry) { return entry.second.expired(); });
    std::shared_ptr<Pipe> pipe = fifos_[node.host].lock();
    const std::uint32_t mode = flags & abi::kOAccmode;
    if (mode == abi::kOWronly && (flags & abi::kONonblock) != 0 &&
        (pipe == nullptr || pipe->readers() == 0))
        return tl::make_unexpected(Errno::Nxio);
    if (pipe == nullptr) {
        pipe = std::make_shared<Pipe>();
        fifos_[node.host] = pipe;
    }
    return std::make_shared<PipeEnd>(std::move(pipe), flags & ~abi::kODirect, node.status);
}

SysResult<FileSystem::OpenResult> OverlayFileSystem::open(Process* process, std::string_view cwd,
                                                          std::string_view path,
                                                          std::uint32_t flags, std::uint32_t mode) {
    use(process);
    const bool only_path = (flags & abi::kOPath) != 0;
    if (only_path) flags &= abi::kOPath | abi::kODirectory | abi::kONofollow | abi::kOCloexec;
    const bool creates = (flags & abi::kOCreat) != 0;
    const bool exclusive = creates && (flags & abi::kOExcl) != 0;
    const bool changes = (flags & (abi::kOAccmode | abi::kOTrunc)) != 0;
    const bool follow = (flags & abi::kONofollow) == 0 && !exclusive;
    auto walked = layers_.walk(process, cwd, path, follow);
    if (!walked) return tl::make_unexpected(walked.error());
    OpenResult result;
    result.components = std::max(walked->components, 1u);

    if (!walked->node) {
        if (!creates) return tl::make_unexpected(Errno::NoEnt);
        if (walked->directory_wanted) return tl::make_unexpected(Errno::IsDir);
        auto made = TRY(create(process, std::move(*walked), mode));
        result = std::move(made);
        result.file->flags = flags;
        open_.push_back(result.file);
        return result;
    }

    Node node = std::move(*walked->node);
    if (exclusive) return tl::make_unexpected(Errno::Exist);
    const std::uint32_t wanted =
        (changes ? 2u : 0u) | ((flags & abi::kOAccmode) != abi::kOWronly ? 4u : 0u);
    const bool regular = (node.status.mode & abi::kIfmt) == abi::kIfReg;
    if (node.is_link() && !(follow && node.special && node.special->magic)) {
        // O_NOFOLLOW met a link; O_PATH may hold it.
        if ((flags & abi::kODirectory) != 0) return tl::make_unexpected(Errno::NotDir);
        if (!only_path) return tl::make_unexpected(Errno::Loop);
        result.file = std::make_shared<TextFile>("", node.status);
    } else if (node.special && !(only_path && !node.is_directory() && !node.special->magic)) {
        auto file = TRY(open_special(process, node, flags, mode));
        result.file = std::move(file);
        if (result.file == node.special->magic) return result;
        if (node.special->magic) node.guest = result.file->path;
    } else if (node.is_directory()) {
        if (changes || creates) return tl::make_unexpected(Errno::IsDir);
        if (!only_path && !layers_.credentials.permit(node.status, wanted))
            return tl::make_unexpected(Errno::Acces);
        result.file = std::make_shared<OpenDirectory>(*this, process, node.status);
    } else if ((flags & abi::kODirectory) != 0) {
        return tl::make_unexpected(Errno::NotDir);
    } else if (only_path) {
        result.file = std::make_shared<TextFile>("", node.status);
    } else {
        if (!layers_.credentials.permit(node.status, wanted))
            return tl::make_unexpected(Errno::Acces);
        // Those of the guest: at a FIFO of the host somebody else may wait.
        if ((node.status.mode & abi::kIfmt) == abi::kIfIfo && node.kind == LayerKind::Scratch) {
            auto end = TRY(open_fifo(node, flags));
            result.file = std::move(end);
            result.file->path = node.guest;
            return result;
        }
        if (!regular) return tl::make_unexpected(Errno::Nxio);
        if (changes) {
            auto own = TRY(copy_up(node));
            node = std::move(own);
        }
        auto fd = layers_.directory_of(node).open(node.relative, changes ? O_RDWR : O_RDONLY);
        if (!fd && (fd.error() == Errno::Nfile || fd.error() == Errno::Mfile)) {
            drop_unused();
            fd = layers_.directory_of(node).open(node.relative, changes ? O_RDWR : O_RDONLY);
        }
        if (!fd) return tl::make_unexpected(fd.error());
        auto inode = inode_for(node, std::move(*fd), changes);
        if ((flags & abi::kOTrunc) != 0) {
            TRY(inode->truncate(0));
            modified(inode->attributes.get());
        }
        result.file = std::make_shared<RegularFile>(*this, std::move(inode));
    }
    result.file->flags = flags;
    result.file->path = node.guest;
    if (open_.size() >= open_swept_at_) {
        std::erase_if(open_, [](const auto& weak) { return weak.expired(); });
        open_swept_at_ = std::max<std::size_t>(64, 2 * open_.size());
    }
    open_.push_back(result.file);
    return result;
}

SysResult<FileStatus> OverlayFileSystem::directory_status(const std::string& guest) {
    auto found = TRY(layers_.find(nullptr, guest));
    if (!found || !found->is_directory()) return tl::make_unexpected(Errno::NoEnt);
    return found->status;
}

SysResult<std::vector<DirEntry>> OverlayFileSystem::list(Process* process,
                                                         const std::string& guest) {
    auto found = TRY(layers_.find(process, guest));
    if (!found) return tl::make_unexpected(Errno::NoEnt);
    const Node& node = *found;
    auto above = layers_.find(process, parent_of(guest));
    const std::uint64_t up = above && *above ? (*above)->status.inode : node.status.inode;
    std::vector<DirEntry> entries = {{".", node.status.inode, abi::kDtDir},
                                     {"..", up, abi::kDtDir}};
    std::set<std::string> seen = {".", ".."};
    const auto add = [&](std::vector<DirEntry> more) {
        for (auto& e : more) {
            if (!seen.insert(e.name).second) continue;
            if (e.type == abi::kDtUnknown || e.inode == 0) {
                if (auto child = layers_.find(process, child_of(guest, e.name)); child && *child) {
                    e.type = abi::dirent_type((*child)->status.mode);
                    e.inode = (*child)->status.inode;
                }
            }
            entries.push_back(std::move(e));
        }
    };
    const auto own = [](const HostDirectory& directory,
                        const std::string& relative) -> SysResult<std::vector<DirEntry>> {
        auto fd = TRY(directory.open(relative, O_RDONLY | O_DIRECTORY));
        return host_entries(fd.get());
    };
    const auto absent = [](Errno e) { return e == Errno::NoEnt || e == Errno::NotDir; };
    if (node.special) add(node.special->list());
    if (node.kind == LayerKind::Bind) {
        auto all = TRY(own(layers_.directory_of(node), node.relative));
        add(std::move(all));
    } else {
        auto upper = own(layers_.scratch(), relative_of(guest));
        if (!upper && !absent(upper.error())) return upper;
        std::set<std::string> covered;
        if (upper) {
            for (const auto& e : *upper) covered.insert(e.name);
        }
        if (!layers_.hidden(guest) && !special_->owns(guest)) {
            auto lower = own(layers_.root(), relative_of(guest));
            if (!lower && !absent(lower.error())) return lower;
            if (lower) {
                // What the scratch layer has too keeps its place in the host's order.
                std::erase_if(*lower, [&](const DirEntry& e) {
                    return layers_.hidden(child_of(guest, e.name)) && covered.count(e.name) == 0;
                });
                for (auto& e : *lower) {
                    if (covered.count(e.name) != 0) e.inode = 0;
                }
                add(std::move(*lower));
            }
        }
        if (upper) {
            std::sort(upper->begin(), upper->end(),
                      [](const DirEntry& a, const DirEntry& b) { return a.name < b.name; });
            for (auto& e : *upper) e.inode = 0;  // the guest's own number
            add(std::move(*upper));
        }
    }
    for (const auto& name : layers_.bind_points_in(guest)) add({{name, 0, abi::kDtUnknown}});
    if (guest == "/")
        add({{"dev", 0, abi::kDtUnknown},
             {"proc", 0, abi::kDtUnknown},
             {"sys", 0, abi::kDtUnknown}});
    return entries;
}

}  // namespace uprobesim
