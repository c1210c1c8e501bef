// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/overlay.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/regular_file.h"
#include "kernel_model/files/special_files.h"
#include "kernel_model/task/process.h"

namespace uprobesim {

OverlayFileSystem::OverlayFileSystem(Machine& machine, HostDirectory root, HostDirectory scratch, std::vector<Layers::Bind> binds,
                                     std::string temporary)
    : machine_(machine),
      special_(machine),
      layers_(std::move(root), std::move(scratch), std::move(binds), special_),
      temporary_(std::move(temporary)) {}

OverlayFileSystem::~OverlayFileSystem() { finish(); }

void OverlayFileSystem::finish() {
    for (auto& [key, inode] : inodes_) inode->write_back(0, ~std::uint64_t{0} / kPageSize);
    inodes_.clear();
    if (temporary_.empty()) return;
    std::error_code ignored;
    std::filesystem::remove_all(temporary_, ignored);
    temporary_.clear();
}

void OverlayFileSystem::set_clock(std::function<std::uint64_t()> now_ns) {
    now_ns_ = now_ns;
    special_.set_clock(std::move(now_ns));
}

std::shared_ptr<File> OverlayFileSystem::host_stdio(int fd) { return make_host_stdio(fd); }

FileStatus OverlayFileSystem::status_of(const std::string& guest, const FileStatus& host) const {
    const auto it = layers_.attributes.find(guest);
    if (it == layers_.attributes.end()) return host;
    FileStatus s = it->second;
    s.device = host.device;
    s.mode = (host.mode & abi::kIfmt) | (s.mode & ~abi::kIfmt);
    s.links = host.links;
    s.size = host.size;
    s.blocks = host.blocks;
    s.block_size = host.block_size;
    return s;
}

void OverlayFileSystem::touched(const std::string& guest) {
    const auto it = layers_.attributes.find(guest);
    if (it == layers_.attributes.end()) return;
    const std::uint64_t now = now_ns();
    it->second.mtime_s = it->second.ctime_s = static_cast<std::int64_t>(now / 1000000000u);
    it->second.mtime_ns = it->second.ctime_ns = static_cast<std::int64_t>(now % 1000000000u);
}

void OverlayFileSystem::new_attributes(const std::string& guest, std::uint32_t mode) {
    FileStatus s;
    s.mode = mode;
    s.inode = next_inode_++;
    const std::uint64_t now = now_ns();
    s.atime_s = s.mtime_s = s.ctime_s = static_cast<std::int64_t>(now / 1000000000u);
    s.atime_ns = s.mtime_ns = s.ctime_ns = static_cast<std::int64_t>(now % 1000000000u);
    layers_.attributes[guest] = s;
}

std::shared_ptr<Inode> OverlayFileSystem::inode_for(const Node& node, HostFd fd, bool writable) {
    const FileStatus host = status_of_host_fd(fd.get());
    const FileKey key{host.device, host.inode};
    auto& slot = inodes_[key];
    if (!slot) {
        slot = std::make_shared<Inode>(machine_.memory, key, std::move(fd), writable, node.guest);
    } else if (writable && !slot->writable()) {
        slot->make_writable(std::move(fd));
    }
    return slot;
}

SysResult<void> OverlayFileSystem::copy_up_directory(const std::string& guest) {
    if (guest == "/" || layers_.scratch().status(relative_of(guest))) return {};
    if (auto above = copy_up_directory(parent_of(guest)); !above) return above;
    auto parent = layers_.scratch().parent(relative_of(guest));
    if (!parent) return tl::make_unexpected(parent.error());
    if (mkdirat(parent->first.get(), parent->second.c_str(), 0755) != 0 && errno != EEXIST) return tl::make_unexpected(guest_errno(errno));
    if (auto lower = layers_.root().status(relative_of(guest)); lower && !layers_.hidden(guest)) {
        layers_.attributes[guest] = *lower;
    } else {
        new_attributes(guest, abi::kIfDir | 0755);
    }
    return {};
}

SysResult<Node> OverlayFileSystem::copy_up(const Node& node) {
    if (layers_.writable(node)) return node;
    if (node.kind == LayerKind::Bind) return tl::make_unexpected(Errno::Rofs);
    if (node.kind == LayerKind::Special || node.kind == LayerKind::Synthetic) return tl::make_unexpected(Errno::Perm);
    if (node.is_directory()) {
        if (auto done = copy_up_directory(node.guest); !done) return tl::make_unexpected(done.error());
    } else {
        if (auto done = copy_up_directory(parent_of(node.guest)); !done) return tl::make_unexpected(done.error());
        auto parent = layers_.scratch().parent(node.relative);
        if (!parent) return tl::make_unexpected(parent.error());
        if (node.is_link()) {
            auto target = layers_.root().read_link(node.relative);
            if (!target) return tl::make_unexpected(target.error());
            if (symlinkat(target->c_str(), parent->first.get(), parent->second.c_str()) != 0) return tl::make_unexpected(guest_errno(errno));
        } else {
            auto from = layers_.root().open(node.relative, O_RDONLY);
            auto to = layers_.scratch().open(node.relative, O_WRONLY | O_CREAT | O_EXCL, 0644);
            if (!from) return tl::make_unexpected(from.error());
            if (!to) return tl::make_unexpected(to.error());
            std::vector<char> buffer(1u << 16);
            for (;;) {
                const ssize_t n = ::read(from->get(), buffer.data(), buffer.size());
                if (n < 0) return tl::make_unexpected(guest_errno(errno));
                if (n == 0) break;
                if (::write(to->get(), buffer.data(), static_cast<std::size_t>(n)) != n) return tl::make_unexpected(Errno::NoSpc);
            }
        }
        layers_.attributes[node.guest] = node.status;
    }
    auto copied = layers_.find(nullptr, node.guest);
    if (!copied) return tl::make_unexpected(copied.error());
    if (!*copied) return tl::make_unexpected(Errno::Io);
    return **copied;
}

SysResult<OverlayFileSystem::Place> OverlayFileSystem::place(std::string_view cwd, std::string_view path, bool follow_last, Process* process) {
    auto walked = layers_.walk(process, cwd, path, follow_last);
    if (!walked) return tl::make_unexpected(walked.error());
    Place p;
    p.guest = walked->guest;
    p.existing = std::move(walked->node);
    p.components = walked->components;
    if (p.guest == "/") return tl::make_unexpected(p.existing ? Errno::Busy : Errno::NoEnt);
    if (p.existing && p.existing->kind == LayerKind::Special) return tl::make_unexpected(Errno::Perm);
    auto above = layers_.find(process, parent_of(p.guest));
    if (!above) return tl::make_unexpected(above.error());
    if (!*above) return tl::make_unexpected(Errno::NoEnt);
    const Node& parent = **above;
    if (parent.kind == LayerKind::Bind) {
        if (!layers_.writable(parent)) return tl::make_unexpected(Errno::Rofs);
        p.directory = &layers_.directory_of(parent);
        p.relative = parent.relative == "." ? name_of(p.guest) : parent.relative + "/" + name_of(p.guest);
        return p;
    }
    if (parent.kind == LayerKind::Special && p.guest.rfind("/dev/", 0) != 0) return tl::make_unexpected(Errno::Perm);
    p.directory = &layers_.scratch();
    p.relative = relative_of(p.guest);
    p.scratch = true;
    return p;
}

SysResult<FileSystem::OpenResult> OverlayFileSystem::open(Process* process, std::string_view cwd, std::string_view path, std::uint32_t flags,
                                                          std::uint32_t mode) {
    const bool creates = (flags & abi::kOCreat) != 0;
    const bool exclusive = creates && (flags & abi::kOExcl) != 0;
    const bool writes = (flags & abi::kOAccmode) != abi::kORdonly;
    const bool follow = (flags & abi::kONofollow) == 0 && !exclusive;
    auto walked = layers_.walk(process, cwd, path, follow);
    if (!walked) return tl::make_unexpected(walked.error());
    OpenResult result;
    result.components = std::max(walked->components, 1u);

    if (!walked->node) {
        if (!creates) return tl::make_unexpected(Errno::NoEnt);
        if (walked->directory_wanted) return tl::make_unexpected(Errno::IsDir);
        auto where = place(cwd, path, follow, process);
        if (!where) return tl::make_unexpected(where.error());
        if (where->scratch) {
            if (auto done = copy_up_directory(parent_of(where->guest)); !done) return tl::make_unexpected(done.error());
        }
        auto fd = where->directory->open(where->relative, O_RDWR | O_CREAT | O_EXCL, 0644);
        if (!fd) return tl::make_unexpected(fd.error());
        if (where->scratch) {
            new_attributes(where->guest, abi::kIfReg | (mode & 07777));
            layers_.attributes[where->guest].uid = process != nullptr ? process->uid : 0;
            layers_.attributes[where->guest].gid = process != nullptr ? process->gid : 0;
        } else {
            fchmod(fd->get(), mode & 07777);
        }
        Node node;
        node.guest = where->guest;
        result.file = std::make_shared<RegularFile>(*this, inode_for(node, std::move(*fd), true), node.guest);
        result.created = true;
        result.file->flags = flags;
        result.file->path = node.guest;
        return result;
    }

    Node node = std::move(*walked->node);
    if (exclusive) return tl::make_unexpected(Errno::Exist);
    if (node.is_link() && !(node.special && node.special->magic)) {
        // O_NOFOLLOW met a link; O_PATH may hold it.
        if ((flags & abi::kOPath) == 0) return tl::make_unexpected(Errno::Loop);
        result.file = std::make_shared<TextFile>("", node.status);
    } else if (node.special) {
        if (node.special->magic) {
            result.file = node.special->magic;
            return result;
        }
        if ((flags & abi::kODirectory) != 0 && !node.special->is_directory()) return tl::make_unexpected(Errno::NotDir);
        if (node.special->is_directory()) {
            if (writes || creates) return tl::make_unexpected(Errno::IsDir);
            result.file = std::make_shared<DirectoryFile>(node.status, [this, process, guest = node.guest] { return list(process, guest); });
        } else {
            result.file = node.special->open();
            if (!result.file) return tl::make_unexpected(Errno::Nxio);
        }
    } else if (node.is_directory()) {
        if (writes || creates) return tl::make_unexpected(Errno::IsDir);
        result.file = std::make_shared<DirectoryFile>(node.status, [this, process, guest = node.guest] { return list(process, guest); });
    } else if ((flags & abi::kODirectory) != 0) {
        return tl::make_unexpected(Errno::NotDir);
    } else if ((flags & abi::kOPath) != 0) {
        result.file = std::make_shared<TextFile>("", node.status);
    } else {
        if ((node.status.mode & abi::kIfmt) != abi::kIfReg) return tl::make_unexpected(Errno::Nxio);
        const bool truncates = (flags & abi::kOTrunc) != 0;
        if (process != nullptr) {
            const std::uint32_t wanted = (writes || truncates ? 2u : 0u) | ((flags & abi::kOAccmode) != abi::kOWronly ? 4u : 0u);
            if (auto allowed = access(process, cwd, path, wanted, follow); !allowed) return tl::make_unexpected(allowed.error());
        }
        if (writes || truncates) {
            auto own = copy_up(node);
            if (!own) return tl::make_unexpected(own.error());
            node = std::move(*own);
        }
        auto fd = layers_.directory_of(node).open(node.relative, writes || truncates ? O_RDWR : O_RDONLY);
        if (!fd) return tl::make_unexpected(fd.error());
        auto inode = inode_for(node, std::move(*fd), writes || truncates);
        if (truncates) {
            if (auto done = inode->truncate(0); !done) return tl::make_unexpected(done.error());
            touched(node.guest);
        }
        result.file = std::make_shared<RegularFile>(*this, std::move(inode), node.guest);
    }
    result.file->flags = flags;
    result.file->path = node.guest;
    return result;
}

SysResult<std::vector<DirEntry>> OverlayFileSystem::list(Process* process, const std::string& guest) {
    auto found = layers_.find(process, guest);
    if (!found) return tl::make_unexpected(found.error());
    if (!*found) return std::vector<DirEntry>{};
    const Node& node = **found;
    std::vector<DirEntry> entries = {{".", node.status.inode, abi::kDtDir}, {"..", 1, abi::kDtDir}};
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
    if (node.special) add(node.special->list());
    if (node.kind == LayerKind::Bind) {
        auto fd = layers_.directory_of(node).open(node.relative, O_RDONLY | O_DIRECTORY);
        if (!fd) return tl::make_unexpected(fd.error());
        auto own = host_entries(fd->get());
        if (!own) return own;
        add(std::move(*own));
    } else {
        if (!layers_.hidden(guest) && !SpecialFiles::owns(guest)) {
            if (auto fd = layers_.root().open(relative_of(guest), O_RDONLY | O_DIRECTORY)) {
                auto lower = host_entries(fd->get());
                if (!lower) return lower;
                std::erase_if(*lower, [&](const DirEntry& e) { return layers_.hidden(child_of(guest, e.name)); });
                add(std::move(*lower));
            }
        }
        if (auto fd = layers_.scratch().open(relative_of(guest), O_RDONLY | O_DIRECTORY)) {
            auto upper = host_entries(fd->get());
            if (!upper) return upper;
            std::sort(upper->begin(), upper->end(), [](const DirEntry& a, const DirEntry& b) { return a.name < b.name; });
            for (auto& e : *upper) e.inode = 0;  // the guest's own number
            add(std::move(*upper));
        }
    }
    for (const auto& name : layers_.bind_points_in(guest)) add({{name, 0, abi::kDtUnknown}});
    if (guest == "/") add({{"dev", 0, abi::kDtUnknown}, {"proc", 0, abi::kDtUnknown}, {"sys", 0, abi::kDtUnknown}});
    return entries;
}

}  // namespace uprobesim
