// SPDX-License-Identifier: GPL-2.0-or-later
// The overlay's answers about names, and the calls that change modes, owners and times.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/host/overlay.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

constexpr std::uint32_t kSetIds = 06000;

// What a link in /proc/PID/fd leads to; null: the path is none.
std::shared_ptr<File> open_file_of(const Walk& walked) {
    return walked.node && walked.node->special ? walked.node->special->magic : nullptr;
}

void put_owner(FileStatus& a, std::uint32_t uid, std::uint32_t gid) {
    if (uid != ~0u) a.uid = uid;
    if (gid != ~0u) a.gid = gid;
    // chown(2): set-ID bits of a file do not survive.
    if ((a.mode & abi::kIfmt) == abi::kIfReg) a.mode &= ~kSetIds;
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

void put_change_time(FileStatus& a, std::uint64_t now) {
    a.ctime_s = static_cast<std::int64_t>(now / 1000000000u);
    a.ctime_ns = static_cast<std::int64_t>(now % 1000000000u);
}

}  // namespace

SysResult<FileStatus> OverlayFileSystem::status(Process* process, std::string_view cwd,
                                                std::string_view path, bool follow) {
    use(process);
    auto walked = layers_.walk(process, cwd, path, follow);
    if (!walked) return tl::make_unexpected(walked.error());
    if (!walked->node) return tl::make_unexpected(Errno::NoEnt);
    if (follow && walked->node->special && walked->node->special->magic) {
        return walked->node->special->magic->status();
    }
    return walked->node->status;
}

SysResult<std::string> OverlayFileSystem::read_link(Process* process, std::string_view cwd,
                                                    std::string_view path) {
    use(process);
    auto walked = layers_.walk(process, cwd, path, false);
    if (!walked) return tl::make_unexpected(walked.error());
    if (!walked->node) return tl::make_unexpected(Errno::NoEnt);
    if (!walked->node->is_link()) return tl::make_unexpected(Errno::Inval);
    if (walked->node->special) return walked->node->special->link;
    return layers_.directory_of(*walked->node).read_link(walked->node->relative);
}

SysResult<void> OverlayFileSystem::access(Process* process, std::string_view cwd,
                                          std::string_view path, std::uint32_t mode, bool follow) {
    use(process);
    auto walked = layers_.walk(process, cwd, path, follow);
    if (!walked) return tl::make_unexpected(walked.error());
    if (!walked->node) return tl::make_unexpected(Errno::NoEnt);
    const Node& node = *walked->node;
    if ((mode & 2) != 0 && node.kind == LayerKind::Bind && !layers_.writable(node)) {
        return tl::make_unexpected(Errno::Rofs);
    }
    const FileStatus status = follow && node.special && node.special->magic
                                  ? node.special->magic->status().value_or(node.status)
                                  : node.status;
    if (!layers_.credentials.permit(status, mode)) return tl::make_unexpected(Errno::Acces);
    return {};
}

SysResult<std::string> OverlayFileSystem::real_directory(Process* process, std::string_view cwd,
                                                         std::string_view path) {
    use(process);
    auto walked = layers_.walk(process, cwd, path, true);
    if (!walked) return tl::make_unexpected(walked.error());
    if (!walked->node) return tl::make_unexpected(Errno::NoEnt);
    if (!walked->node->is_directory()) return tl::make_unexpected(Errno::NotDir);
    if (walked->guest != "/" && !layers_.credentials.permit(walked->node->status, 1)) {
        return tl::make_unexpected(Errno::Acces);
    }
    return walked->guest;
}

SysResult<void> OverlayFileSystem::rights_to_change(const FileStatus& status) const {
    if (actor_.uid == 0 || actor_.uid == status.uid) return {};
    return tl::make_unexpected(Errno::Perm);
}

SysResult<Node> OverlayFileSystem::writable_node(std::string_view cwd, std::string_view path,
                                                 bool follow) {
    use_actor();
    auto walked = layers_.walk(actor_process_, cwd, path, follow);
    // An open file has its name again; that of a stream of the host leads nowhere but to itself.
    if (const auto file = walked ? open_file_of(*walked) : nullptr; file && follow)
        walked = layers_.walk(actor_process_, "/", file->path, false);
    if (!walked) return tl::make_unexpected(walked.error());
    if (!walked->node) return tl::make_unexpected(Errno::NoEnt);
    if (walked->node->kind == LayerKind::Bind && !layers_.writable(*walked->node)) {
        return tl::make_unexpected(Errno::Rofs);
    }
    TRY(rights_to_change(walked->node->status));
    return copy_up(*walked->node);
}

std::shared_ptr<File> OverlayFileSystem::memory_file_at(std::string_view cwd, std::string_view path,
                                                        bool follow) {
    if (!follow) return nullptr;
    use_actor();
    const auto walked = layers_.walk(actor_process_, cwd, path, true);
    auto file = walked ? open_file_of(*walked) : nullptr;
    return file && file->own_status() != nullptr ? file : nullptr;
}

SysResult<void> OverlayFileSystem::change_mode(std::string_view cwd, std::string_view path,
                                               std::uint32_t mode) {
    if (const auto file = memory_file_at(cwd, path, true)) return change_mode_of(*file, mode);
    auto node = TRY(writable_node(cwd, path, true));
    if (node.attributes) {
        FileStatus& a = *node.attributes;
        a.mode = (a.mode & abi::kIfmt) | (mode & 07777);
        put_change_time(a, now_ns());
        return {};
    }
    auto parent = TRY(layers_.directory_of(node).parent(node.relative));
    if (fchmodat(parent.first.get(), parent.second.c_str(), mode & 07777, 0) != 0) {
        return tl::make_unexpected(guest_errno(errno));
    }
    return {};
}

SysResult<void> OverlayFileSystem::change_owner(std::string_view cwd, std::string_view path,
                                                std::uint32_t uid, std::uint32_t gid, bool follow) {
    if (actor_.uid != 0 &&
        ((uid != ~0u && uid != actor_.uid) || (gid != ~0u && gid != actor_.gid))) {
        return tl::make_unexpected(Errno::Perm);
    }
    if (const auto file = memory_file_at(cwd, path, follow))
        return change_owner_of(*file, uid, gid);
    auto node = TRY(writable_node(cwd, path, follow));
    if (node.attributes) {
        put_owner(*node.attributes, uid, gid);
        put_change_time(*node.attributes, now_ns());
        return {};
    }
    auto parent = TRY(layers_.directory_of(node).parent(node.relative));
    if (fchownat(parent.first.get(), parent.second.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW) != 0) {
        return tl::make_unexpected(guest_errno(errno));
    }
    return {};
}

SysResult<void> OverlayFileSystem::set_times(std::string_view cwd, std::string_view path,
                                             const Times& times, bool follow) {
    if (const auto file = memory_file_at(cwd, path, follow)) return set_times_of(*file, times);
    auto node = TRY(writable_node(cwd, path, follow));
    if (node.attributes) {
        put_times(*node.attributes, times);
        put_change_time(*node.attributes, now_ns());
        return {};
    }
    auto parent = TRY(layers_.directory_of(node).parent(node.relative));
    const timespec ts[2] = {{times.atime_s, times.set_atime ? times.atime_ns : UTIME_OMIT},
                            {times.mtime_s, times.set_mtime ? times.mtime_ns : UTIME_OMIT}};
    if (utimensat(parent.first.get(), parent.second.c_str(), ts, AT_SYMLINK_NOFOLLOW) != 0) {
        return tl::make_unexpected(guest_errno(errno));
    }
    return {};
}

SysResult<void> OverlayFileSystem::change_mode_of(File& file, std::uint32_t mode) {
    FileStatus* a = file.own_status();
    if (a == nullptr) return change_mode("/", file.path, mode);
    TRY(rights_to_change(*a));
    a->mode = (a->mode & abi::kIfmt) | (mode & 07777);
    put_change_time(*a, now_ns());
    return {};
}

SysResult<void> OverlayFileSystem::change_owner_of(File& file, std::uint32_t uid,
                                                   std::uint32_t gid) {
    FileStatus* a = file.own_status();
    if (a == nullptr) return change_owner("/", file.path, uid, gid, true);
    TRY(rights_to_change(*a));
    if (actor_.uid != 0 &&
        ((uid != ~0u && uid != actor_.uid) || (gid != ~0u && gid != actor_.gid))) {
        return tl::make_unexpected(Errno::Perm);
    }
    put_owner(*a, uid, gid);
    put_change_time(*a, now_ns());
    return {};
}

SysResult<void> OverlayFileSystem::set_times_of(File& file, const Times& times) {
    FileStatus* a = file.own_status();
    if (a == nullptr) return set_times("/", file.path, times, true);
    TRY(rights_to_change(*a));
    put_times(*a, times);
    put_change_time(*a, now_ns());
    return {};
}

}  // namespace uprobesim
