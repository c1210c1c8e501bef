// SPDX-License-Identifier: GPL-2.0-or-later
// The overlay's answers about names, and the calls that change them.
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/overlay.h"
#include "kernel_model/task/process.h"

namespace uprobesim {

SysResult<FileStatus> OverlayFileSystem::status(Process* process, std::string_view cwd, std::string_view path, bool follow) {
    auto walked = layers_.walk(process, cwd, path, follow);
    if (!walked) return tl::make_unexpected(walked.error());
    if (!walked->node) return tl::make_unexpected(Errno::NoEnt);
    if (follow && walked->node->special && walked->node->special->magic) return walked->node->special->magic->status();
    return walked->node->status;
}

SysResult<std::string> OverlayFileSystem::read_link(Process* process, std::string_view cwd, std::string_view path) {
    auto walked = layers_.walk(process, cwd, path, false);
    if (!walked) return tl::make_unexpected(walked.error());
    if (!walked->node) return tl::make_unexpected(Errno::NoEnt);
    if (!walked->node->is_link()) return tl::make_unexpected(Errno::Inval);
    if (walked->node->special) return walked->node->special->link;
    return layers_.directory_of(*walked->node).read_link(walked->node->relative);
}

SysResult<void> OverlayFileSystem::access(Process* process, std::string_view cwd, std::string_view path, std::uint32_t mode, bool follow) {
    auto walked = layers_.walk(process, cwd, path, follow);
    if (!walked) return tl::make_unexpected(walked.error());
    if (!walked->node) return tl::make_unexpected(Errno::NoEnt);
    const FileStatus& s = walked->node->status;
    if ((mode & 2) != 0 && walked->node->kind == LayerKind::Bind && !layers_.writable(*walked->node)) return tl::make_unexpected(Errno::Rofs);
    const std::uint32_t uid = process != nullptr ? process->uid : 0;
    if (uid == 0) {
        // The superuser may do all but execute what nobody may execute.
        if ((mode & 1) != 0 && !walked->node->is_directory() && (s.mode & 0111) == 0) return tl::make_unexpected(Errno::Acces);
        return {};
    }
    const std::uint32_t shift = s.uid == uid ? 6 : (process != nullptr && s.gid == process->gid) ? 3 : 0;
    if ((mode & ~(s.mode >> shift) & 7) != 0) return tl::make_unexpected(Errno::Acces);
    return {};
}

SysResult<void> OverlayFileSystem::make_directory(std::string_view cwd, std::string_view path, std::uint32_t mode) {
    auto where = place(cwd, path, false);
    if (!where) return tl::make_unexpected(where.error() == Errno::Busy ? Errno::Exist : where.error());
    if (where->existing) return tl::make_unexpected(Errno::Exist);
    if (where->scratch) {
        if (auto done = copy_up_directory(parent_of(where->guest)); !done) return done;
    }
    auto parent = where->directory->parent(where->relative);
    if (!parent) return tl::make_unexpected(parent.error());
    if (mkdirat(parent->first.get(), parent->second.c_str(), 0755) != 0) return tl::make_unexpected(guest_errno(errno));
    if (where->scratch) {
        new_attributes(where->guest, abi::kIfDir | (mode & 07777));
        touched(parent_of(where->guest));
    }
    return {};
}

SysResult<void> OverlayFileSystem::remove(std::string_view cwd, std::string_view path, bool directory) {
    auto where = place(cwd, path, false);
    if (!where) return tl::make_unexpected(where.error());
    if (!where->existing) return tl::make_unexpected(Errno::NoEnt);
    const Node& node = *where->existing;
    if (directory && !node.is_directory()) return tl::make_unexpected(Errno::NotDir);
    if (!directory && node.is_directory()) return tl::make_unexpected(Errno::IsDir);
    if (node.kind == LayerKind::Synthetic || (node.kind == LayerKind::Bind && !layers_.writable(node))) return tl::make_unexpected(Errno::Busy);
    if (directory) {
        auto entries = list(nullptr, where->guest);
        if (!entries) return tl::make_unexpected(entries.error());
        if (entries->size() > 2) return tl::make_unexpected(Errno::NotEmpty);
    }
    if (node.kind != LayerKind::Root) {
        auto parent = layers_.directory_of(node).parent(node.relative);
        if (!parent) return tl::make_unexpected(parent.error());
        if (unlinkat(parent->first.get(), parent->second.c_str(), directory ? AT_REMOVEDIR : 0) != 0) {
            return tl::make_unexpected(guest_errno(errno));
        }
    }
    if (node.kind != LayerKind::Bind) {
        if (auto below = layers_.root().status(relative_of(where->guest))) layers_.hide(where->guest);
        layers_.attributes.erase(where->guest);
        touched(parent_of(where->guest));
    }
    return {};
}

SysResult<void> OverlayFileSystem::rename(std::string_view cwd_from, std::string_view from, std::string_view cwd_to, std::string_view to,
                                          bool no_replace) {
    auto source = place(cwd_from, from, false);
    if (!source) return tl::make_unexpected(source.error());
    auto target = place(cwd_to, to, false);
    if (!target) return tl::make_unexpected(target.error());
    if (!source->existing) return tl::make_unexpected(Errno::NoEnt);
    if (target->existing && no_replace) return tl::make_unexpected(Errno::Exist);
    if (source->guest == target->guest) return {};
    if (target->guest.rfind(source->guest + "/", 0) == 0) return tl::make_unexpected(Errno::Inval);
    if (source->directory != target->directory) return tl::make_unexpected(Errno::Xdev);
    // A directory that the layers below hold would have to be copied whole: as overlayfs, leave that to the program.
    if (source->scratch && source->existing->is_directory() && layers_.root().status(relative_of(source->guest)) && !layers_.hidden(source->guest)) {
        return tl::make_unexpected(Errno::Xdev);
    }
    if (target->existing) {
        const bool directory = target->existing->is_directory();
        if (directory && !source->existing->is_directory()) return tl::make_unexpected(Errno::IsDir);
        if (!directory && source->existing->is_directory()) return tl::make_unexpected(Errno::NotDir);
        if (auto gone = remove(cwd_to, to, directory); !gone) return gone;
    }
    if (source->scratch) {
        auto own = copy_up(*source->existing);
        if (!own) return tl::make_unexpected(own.error());
        if (auto done = copy_up_directory(parent_of(target->guest)); !done) return done;
    }
    auto a = source->directory->parent(source->relative);
    auto b = target->directory->parent(target->relative);
    if (!a) return tl::make_unexpected(a.error());
    if (!b) return tl::make_unexpected(b.error());
    if (renameat(a->first.get(), a->second.c_str(), b->first.get(), b->second.c_str()) != 0) return tl::make_unexpected(guest_errno(errno));
    if (!source->scratch) return {};
    if (layers_.root().status(relative_of(source->guest))) layers_.hide(source->guest);
    // What lies below a directory moves with it.
    std::map<std::string, FileStatus> moved;
    for (auto it = layers_.attributes.begin(); it != layers_.attributes.end();) {
        if (it->first == source->guest || it->first.rfind(source->guest + "/", 0) == 0) {
            moved[target->guest + it->first.substr(source->guest.size())] = it->second;
            it = layers_.attributes.erase(it);
        } else {
            ++it;
        }
    }
    layers_.attributes.merge(moved);
    return {};
}

SysResult<void> OverlayFileSystem::link(std::string_view cwd_from, std::string_view from, std::string_view cwd_to, std::string_view to) {
    auto walked = layers_.walk(nullptr, cwd_from, from, false);
    if (!walked) return tl::make_unexpected(walked.error());
    if (!walked->node) return tl::make_unexpected(Errno::NoEnt);
    if (walked->node->is_directory()) return tl::make_unexpected(Errno::Perm);
    auto target = place(cwd_to, to, false);
    if (!target) return tl::make_unexpected(target.error());
    if (target->existing) return tl::make_unexpected(Errno::Exist);
    auto own = copy_up(*walked->node);
    if (!own) return tl::make_unexpected(own.error());
    if (&layers_.directory_of(*own) != target->directory) return tl::make_unexpected(Errno::Xdev);
    if (target->scratch) {
        if (auto done = copy_up_directory(parent_of(target->guest)); !done) return done;
    }
    auto a = target->directory->parent(own->relative);
    auto b = target->directory->parent(target->relative);
    if (!a) return tl::make_unexpected(a.error());
    if (!b) return tl::make_unexpected(b.error());
    if (linkat(a->first.get(), a->second.c_str(), b->first.get(), b->second.c_str(), 0) != 0) return tl::make_unexpected(guest_errno(errno));
    if (target->scratch) layers_.attributes[target->guest] = layers_.attributes[own->guest];
    return {};
}

SysResult<void> OverlayFileSystem::symlink(std::string_view target, std::string_view cwd, std::string_view path) {
    if (target.empty()) return tl::make_unexpected(Errno::NoEnt);
    auto where = place(cwd, path, false);
    if (!where) return tl::make_unexpected(where.error() == Errno::Busy ? Errno::Exist : where.error());
    if (where->existing) return tl::make_unexpected(Errno::Exist);
    if (where->scratch) {
        if (auto done = copy_up_directory(parent_of(where->guest)); !done) return done;
    }
    auto parent = where->directory->parent(where->relative);
    if (!parent) return tl::make_unexpected(parent.error());
    if (symlinkat(std::string(target).c_str(), parent->first.get(), parent->second.c_str()) != 0) return tl::make_unexpected(guest_errno(errno));
    if (where->scratch) new_attributes(where->guest, abi::kIfLnk | 0777);
    return {};
}

SysResult<Node> OverlayFileSystem::writable_node(std::string_view cwd, std::string_view path, bool follow) {
    auto walked = layers_.walk(nullptr, cwd, path, follow);
    if (!walked) return tl::make_unexpected(walked.error());
    if (!walked->node) return tl::make_unexpected(Errno::NoEnt);
    return copy_up(*walked->node);
}

SysResult<void> OverlayFileSystem::change_mode(std::string_view cwd, std::string_view path, std::uint32_t mode) {
    auto node = writable_node(cwd, path, true);
    if (!node) return tl::make_unexpected(node.error());
    if (node->kind == LayerKind::Scratch) {
        FileStatus& a = layers_.attributes.try_emplace(node->guest, node->status).first->second;
        a.mode = (a.mode & abi::kIfmt) | (mode & 07777);
        return {};
    }
    auto parent = layers_.directory_of(*node).parent(node->relative);
    if (!parent) return tl::make_unexpected(parent.error());
    if (fchmodat(parent->first.get(), parent->second.c_str(), mode & 07777, 0) != 0) return tl::make_unexpected(guest_errno(errno));
    return {};
}

SysResult<void> OverlayFileSystem::change_owner(std::string_view cwd, std::string_view path, std::uint32_t uid, std::uint32_t gid, bool follow) {
    auto node = writable_node(cwd, path, follow);
    if (!node) return tl::make_unexpected(node.error());
    if (node->kind != LayerKind::Scratch) {
        auto parent = layers_.directory_of(*node).parent(node->relative);
        if (!parent) return tl::make_unexpected(parent.error());
        if (fchownat(parent->first.get(), parent->second.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW) != 0) return tl::make_unexpected(guest_errno(errno));
        return {};
    }
    FileStatus& a = layers_.attributes.try_emplace(node->guest, node->status).first->second;
    if (uid != ~0u) a.uid = uid;
    if (gid != ~0u) a.gid = gid;
    return {};
}

SysResult<void> OverlayFileSystem::set_times(std::string_view cwd, std::string_view path, const Times& times, bool follow) {
    auto node = writable_node(cwd, path, follow);
    if (!node) return tl::make_unexpected(node.error());
    if (node->kind != LayerKind::Scratch) {
        auto parent = layers_.directory_of(*node).parent(node->relative);
        if (!parent) return tl::make_unexpected(parent.error());
        const timespec ts[2] = {{times.atime_s, times.set_atime ? times.atime_ns : UTIME_OMIT}, {times.mtime_s, times.set_mtime ? times.mtime_ns : UTIME_OMIT}};
        if (utimensat(parent->first.get(), parent->second.c_str(), ts, AT_SYMLINK_NOFOLLOW) != 0) return tl::make_unexpected(guest_errno(errno));
        return {};
    }
    FileStatus& a = layers_.attributes.try_emplace(node->guest, node->status).first->second;
    if (times.set_atime) {
        a.atime_s = times.atime_s;
        a.atime_ns = times.atime_ns;
    }
    if (times.set_mtime) {
        a.mtime_s = times.mtime_s;
        a.mtime_ns = times.mtime_ns;
    }
    return {};
}

SysResult<std::string> OverlayFileSystem::real_directory(Process* process, std::string_view cwd, std::string_view path) {
    auto walked = layers_.walk(process, cwd, path, true);
    if (!walked) return tl::make_unexpected(walked.error());
    if (!walked->node) return tl::make_unexpected(Errno::NoEnt);
    if (!walked->node->is_directory()) return tl::make_unexpected(Errno::NotDir);
    return walked->guest;
}

namespace {

Result<HostDirectory> open_host_directory(const std::string& path, const char* what, const char* hint) {
    HostFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return user_error(std::string(what) + " cannot be opened: " + std::strerror(errno), path, hint);
    return HostDirectory(std::move(fd));
}

Result<Layers::Bind> make_bind(const BindMount& mount) {
    if (mount.guest.empty() || mount.guest.front() != '/') return user_error("the guest path of a bind must be absolute", mount.guest, "--bind HOST:/GUEST[:rw]");
    std::string guest;
    std::string_view left = mount.guest;
    while (!left.empty()) {
        const std::size_t slash = left.find('/');
        const std::string_view part = left.substr(0, slash);
        if (part == ".." || part == ".") return user_error("the guest path of a bind must not hold . or ..", mount.guest);
        if (!part.empty()) guest += "/" + std::string(part);
        left = slash == std::string_view::npos ? std::string_view() : left.substr(slash + 1);
    }
    if (guest.empty()) guest = "/";
    struct stat s {};
    if (stat(mount.host.c_str(), &s) != 0) return user_error(std::string("the host path of a bind cannot be opened: ") + std::strerror(errno), mount.host, "--bind HOST:/GUEST[:rw]");
    if (S_ISDIR(s.st_mode)) {
        auto dir = open_host_directory(mount.host, "the host path of a bind", "");
        if (!dir) return tl::make_unexpected(dir.error());
        return Layers::Bind{guest, std::move(*dir), ".", mount.writable, false};
    }
    if (guest == "/") return user_error("a file cannot be bound to /", mount.host);
    // The file's own name after links are resolved, in its real directory.
    char* real = realpath(mount.host.c_str(), nullptr);
    const std::string path = real != nullptr ? real : mount.host;
    std::free(real);
    const std::size_t slash = path.rfind('/');
    auto dir = open_host_directory(slash == 0 ? "/" : path.substr(0, slash), "the host path of a bind", "");
    if (!dir) return tl::make_unexpected(dir.error());
    return Layers::Bind{guest, std::move(*dir), path.substr(slash + 1), mount.writable, true};
}

}  // namespace

Result<std::unique_ptr<FileSystem>> FileSystem::create(Machine& machine, const FileSystemOptions& options) {
    auto root = open_host_directory(options.root, "the root directory", "name a directory of arm64 Debian packages with --root, or fetch one: tools/setup/fetch-sysroot");
    if (!root) return tl::make_unexpected(root.error());
    std::string scratch_path = options.scratch;
    std::string temporary;
    if (scratch_path.empty()) {
        const char* base = std::getenv("TMPDIR");
        temporary = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/uprobesim-XXXXXX";
        if (mkdtemp(temporary.data()) == nullptr) throw HostError("mkdtemp of the scratch layer", std::strerror(errno));
        scratch_path = temporary;
    }
    auto scratch = open_host_directory(scratch_path, "the scratch directory", "make it first, or leave --scratch out");
    if (!scratch) return tl::make_unexpected(scratch.error());
    std::vector<Layers::Bind> binds;
    for (const BindMount& mount : options.binds) {
        auto bind = make_bind(mount);
        if (!bind) return tl::make_unexpected(bind.error());
        binds.push_back(std::move(*bind));
    }
    return std::make_unique<OverlayFileSystem>(machine, std::move(*root), std::move(*scratch), std::move(binds), temporary);
}

}  // namespace uprobesim
