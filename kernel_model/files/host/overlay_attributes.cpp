// SPDX-License-Identifier: GPL-2.0-or-later
// The overlay's stat, access and readlink, and changes of mode, owner and times.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/host/overlay.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

constexpr std::uint32_t kSetIds = abi::kIsuid | abi::kIsgid;

// What a link in /proc/PID/fd leads to; null: the path is none.
std::shared_ptr<File> open_file_of(const Walk& walked) {
    return walked.node && walked.node->special ? walked.node->special->magic : nullptr;
}

SysResult<Node> existing(SysResult<Walk> walked) {
    auto found = TRY(std::move(walked));
    if (!found.node) return tl::make_unexpected(Errno::NoEnt);
    return std::move(*found.node);
}

// setattr_prepare: the owner or the superuser may change attributes; only the superuser may change
// the owner.
SysResult<void> rights_to_change(const Credentials& credentials, const FileStatus& status) {
    if (credentials.uid == 0 || credentials.uid == status.uid) return {};
    return tl::make_unexpected(Errno::Perm);
}

SysResult<void> rights_to_give(const Credentials& credentials, std::uint32_t uid,
                               std::uint32_t gid) {
    if (credentials.uid == 0) return {};
    if (uid != ~0u && uid != credentials.uid) return tl::make_unexpected(Errno::Perm);
    if (gid != ~0u && !credentials.in_group(gid)) return tl::make_unexpected(Errno::Perm);
    return {};
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

SysResult<FileStatus> OverlayFileSystem::status(const Caller& caller, std::string_view path,
                                                bool follow) {
    const Node node = TRY(existing(layers_.walk(caller, path, follow)));
    if (follow && node.special && node.special->magic) return node.special->magic->status();
    return node.status;
}

SysResult<std::string> OverlayFileSystem::read_link(const Caller& caller, std::string_view path) {
    const Node node = TRY(existing(layers_.walk(caller, path, false)));
    if (!node.is_link()) return tl::make_unexpected(Errno::Inval);
    if (node.special) return node.special->link;
    return layers_.directory_of(node).read_link(node.relative);
}

SysResult<void> OverlayFileSystem::access(const Caller& caller, std::string_view path,
                                          std::uint32_t mode, bool follow) {
    const Node node = TRY(existing(layers_.walk(caller, path, follow)));
    if ((mode & abi::kWOk) != 0 && node.kind == LayerKind::Bind && !layers_.writable(node)) {
        return tl::make_unexpected(Errno::Rofs);
    }
    const FileStatus status = follow && node.special && node.special->magic
                                  ? node.special->magic->status().value_or(node.status)
                                  : node.status;
    if (!caller.credentials.permit(status, mode)) return tl::make_unexpected(Errno::Acces);
    return {};
}

SysResult<std::shared_ptr<Dentry>> OverlayFileSystem::directory(const Caller& caller,
                                                                std::string_view path) {
    const Node node = TRY(existing(layers_.walk(caller, path, true)));
    if (!node.is_directory()) return tl::make_unexpected(Errno::NotDir);
    if (node.guest != "/" && !caller.credentials.permit(node.status, abi::kXOk)) {
        return tl::make_unexpected(Errno::Acces);
    }
    return dentries_.at(node.guest);
}

SysResult<Node> OverlayFileSystem::writable_node(const Caller& caller, std::string_view path,
                                                 bool follow) {
    auto walked = TRY(layers_.walk(caller, path, follow));
    // A link to an open file is opened by the file's path; a stream of the host has none.
    if (const auto file = open_file_of(walked); file && follow)
        walked = TRY(layers_.walk(caller.starting_at(nullptr), file->path(), false));
    const Node node = TRY(existing(std::move(walked)));
    if (node.kind == LayerKind::Bind && !layers_.writable(node)) {
        return tl::make_unexpected(Errno::Rofs);
    }
    TRY(rights_to_change(caller.credentials, node.status));
    return copy_up(node);
}

std::shared_ptr<File> OverlayFileSystem::memory_file_at(const Caller& caller, std::string_view path,
                                                        bool follow) {
    if (!follow) return nullptr;
    const auto walked = layers_.walk(caller, path, true);
    auto file = walked ? open_file_of(*walked) : nullptr;
    return file && file->own_status() != nullptr ? file : nullptr;
}

SysResult<void> OverlayFileSystem::change_mode(const Caller& caller, std::string_view path,
                                               std::uint32_t mode) {
    if (const auto file = memory_file_at(caller, path, true))
        return change_mode_of(caller, *file, mode);
    auto node = TRY(writable_node(caller, path, true));
    if (node.attributes) {
        FileStatus& a = *node.attributes;
        a.mode = (a.mode & abi::kIfmt) | (mode & abi::kAllModeBits);
        put_change_time(a, now_ns());
        return {};
    }
    auto parent = TRY(layers_.directory_of(node).parent(node.relative));
    if (fchmodat(parent.first.get(), parent.second.c_str(), mode & abi::kAllModeBits, 0) != 0) {
        return tl::make_unexpected(guest_errno(errno));
    }
    return {};
}

SysResult<void> OverlayFileSystem::change_owner(const Caller& caller, std::string_view path,
                                                std::uint32_t uid, std::uint32_t gid, bool follow) {
    TRY(rights_to_give(caller.credentials, uid, gid));
    if (const auto file = memory_file_at(caller, path, follow))
        return change_owner_of(caller, *file, uid, gid);
    auto node = TRY(writable_node(caller, path, follow));
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

SysResult<void> OverlayFileSystem::set_times(const Caller& caller, std::string_view path,
                                             const Times& times, bool follow) {
    if (const auto file = memory_file_at(caller, path, follow))
        return set_times_of(caller, *file, times);
    auto node = TRY(writable_node(caller, path, follow));
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

SysResult<void> OverlayFileSystem::change_mode_of(const Caller& caller, File& file,
                                                  std::uint32_t mode) {
    FileStatus* a = file.own_status();
    if (a == nullptr) return change_mode(caller.starting_at(nullptr), file.path(), mode);
    TRY(rights_to_change(caller.credentials, *a));
    a->mode = (a->mode & abi::kIfmt) | (mode & abi::kAllModeBits);
    put_change_time(*a, now_ns());
    return {};
}

SysResult<void> OverlayFileSystem::change_owner_of(const Caller& caller, File& file,
                                                   std::uint32_t uid, std::uint32_t gid) {
    FileStatus* a = file.own_status();
    if (a == nullptr) return change_owner(caller.starting_at(nullptr), file.path(), uid, gid, true);
    TRY(rights_to_change(caller.credentials, *a));
    TRY(rights_to_give(caller.credentials, uid, gid));
    put_owner(*a, uid, gid);
    put_change_time(*a, now_ns());
    return {};
}

SysResult<void> OverlayFileSystem::set_times_of(const Caller& caller, File& file,
                                                const Times& times) {
    FileStatus* a = file.own_status();
    if (a == nullptr) return set_times(caller.starting_at(nullptr), file.path(), times, true);
    TRY(rights_to_change(caller.credentials, *a));
    put_times(*a, times);
    put_change_time(*a, now_ns());
    return {};
}

}  // namespace uprobesim
