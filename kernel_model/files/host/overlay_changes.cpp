// SPDX-License-Identifier: GPL-2.0-or-later
// The overlay's calls that make names: mkdir, mknod, bind, link, symlink.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/inotify.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/files/host/overlay.h"
#include "kernel_model/files/rights/inode_flags.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

std::string_view without_slashes(std::string_view path) {
    while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
    return path;
}

// The root, "." and ".." have no name that could be made or removed (LAST_NORM).
bool has_name(std::string_view path) {
    const std::string_view last = path.substr(path.rfind('/') + 1);
    return !last.empty() && last != "." && last != "..";
}

}  // namespace

SysResult<OverlayFileSystem::Place> OverlayFileSystem::place_of(const Caller& caller, Walk walked) {
    Place p;
    p.guest = std::move(walked.under);
    p.existing = std::move(walked.node);
    auto above = TRY(layers_.find(caller.process, parent_of(p.guest)));
    p.parent = std::move(above);
    if (p.parent) p.parent->mount = walked.under_mount;
    if (p.parent && p.parent->kind == LayerKind::Bind) {
        p.directory = &layers_.directory_of(*p.parent);
        p.relative = p.parent->relative == "." ? name_of(p.guest)
                                               : p.parent->relative + "/" + name_of(p.guest);
    } else {
        p.directory = &layers_.scratch();
        p.relative = relative_of(p.guest);
        p.scratch = true;
    }
    return p;
}

SysResult<OverlayFileSystem::Place> OverlayFileSystem::place(const Caller& caller,
                                                             std::string_view path, Errno special) {
    if (path.empty()) return tl::make_unexpected(Errno::NoEnt);
    if (path.size() >= abi::kPathMax) return tl::make_unexpected(Errno::NameTooLong);
    // The last component is not followed if it is a link, even before a trailing slash.
    const std::string_view name = without_slashes(path);
    auto walked = TRY(layers_.walk(caller, name, false));
    if (!has_name(name)) return tl::make_unexpected(special);
    auto p = place_of(caller, std::move(walked));
    if (p) p->slash = name.size() != path.size();
    return p;
}

SysResult<void> OverlayFileSystem::prepare(const Credentials& credentials, const Place& p) {
    if (!p.parent) return tl::make_unexpected(Errno::NoEnt);
    if (read_only(*p.parent)) return tl::make_unexpected(Errno::Rofs);
    if (p.parent->kind == LayerKind::Bind && !layers_.writable(*p.parent))
        return tl::make_unexpected(Errno::Rofs);
    const bool modelled = special_->owns(p.guest) || special_->owns(p.parent->guest);
    // proc's own lookup says that there is no such name.
    const auto in_proc = Mounts::in_proc(p.guest);
    if (modelled && !p.existing && in_proc && !in_proc->rest.empty())
        return tl::make_unexpected(Errno::NoEnt);
    if (modelled && in_proc && in_proc->rest.starts_with("/sys/"))
        return tl::make_unexpected(Errno::Acces);
    if (modelled && !is_below(p.guest, "/dev")) return tl::make_unexpected(Errno::Perm);
    if ((p.existing && p.existing->kind == LayerKind::Special) ||
        (p.scratch && Layers::reserved(p.guest)))
        return tl::make_unexpected(Errno::Perm);
    TRY(inode_permission(credentials, p.parent->status, abi::kWOk | abi::kXOk));
    if (p.scratch && !p.existing && !may_add_file()) return tl::make_unexpected(Errno::NoSpc);
    return p.scratch ? copy_up_directory(parent_of(p.guest)) : SysResult<void>();
}

// Makes what has no bytes of its own.
SysResult<void> OverlayFileSystem::make(const Caller& caller, const Place& where,
                                        std::uint32_t mode,
                                        const std::function<int(int, const char*)>& on_host,
                                        std::uint64_t device) {
    const auto parent = TRY(where.directory->parent(where.relative));
    const auto made = [&] {
        return host_result(on_host(parent.first.get(), parent.second.c_str()));
    };
    if (!where.scratch) {
        TRY(made());
        tell_made(where, mode);
        return settle_in_bind(caller, where, mode);
    }
    auto kept = new_attributes(caller, where, mode);
    kept->rdevice = device;
    TRY(put_in_scratch(where.guest, std::move(kept), made));
    modified_directory(where);
    tell_made(where, mode);
    return {};
}

void OverlayFileSystem::tell_made(const Place& where, std::uint32_t mode) {
    const bool directory = (mode & abi::kIfmt) == abi::kIfDir;
    if (events_->quiet()) return;
    const auto made = layers_.find(nullptr, where.guest);
    events_->of_entry(parent_of(where.guest), name_of(where.guest),
                      abi::kInCreate | (directory ? abi::kInIsdir : 0),
                      made && *made ? std::optional((*made)->key()) : std::nullopt);
}

// Of a device the host gets a plain file: what it is is in the attributes.
SysResult<void> OverlayFileSystem::make_node(const Caller& caller, const Place& where,
                                             std::uint32_t mode, std::uint64_t device) {
    if (!where.scratch) return tl::make_unexpected(Errno::Perm);
    return make(
        caller, where, mode,
        [](int parent, const char* name) { return mknodat(parent, name, S_IFREG | 0644, 0); },
        device);
}

SysResult<void> OverlayFileSystem::make_device(const Caller& caller, std::string_view path,
                                               std::uint32_t mode, std::uint64_t device) {
    const auto where = TRY(place(caller, path, Errno::Exist));
    if (where.existing) return tl::make_unexpected(Errno::Exist);
    if (where.slash) return tl::make_unexpected(Errno::NoEnt);
    TRY(check_name_right(caller, where, right_to_make(mode)));
    TRY(prepare(caller.credentials, where));
    const bool whiteout = (mode & abi::kIfmt) == abi::kIfChr && device == 0;
    if (!whiteout && !caller.credentials.capable(Capability::Mknod))
        return tl::make_unexpected(Errno::Perm);
    return make_node(caller, where, mode, device);
}

SysResult<void> OverlayFileSystem::make_directory(const Caller& caller, std::string_view path,
                                                  std::uint32_t mode) {
    auto where = TRY(place(caller, path, Errno::Exist));
    if (where.existing) return tl::make_unexpected(Errno::Exist);
    TRY(check_name_right(caller, where, right_to_make(abi::kIfDir)));
    TRY(prepare(caller.credentials, where));
    const std::uint32_t whole = abi::kIfDir | (mode & (abi::kIsvtx | abi::kPermissionBits));
    return make(caller, where, whole,
                [](int parent, const char* name) { return mkdirat(parent, name, 0755); });
}

SysResult<void> OverlayFileSystem::make_fifo(const Caller& caller, std::string_view path,
                                             std::uint32_t mode) {
    const auto where = TRY(place(caller, path, Errno::Exist));
    if (where.existing) return tl::make_unexpected(Errno::Exist);
    if (where.slash) return tl::make_unexpected(Errno::NoEnt);
    TRY(check_name_right(caller, where, right_to_make(abi::kIfIfo)));
    TRY(prepare(caller.credentials, where));
    if (!where.scratch)
        return tl::make_unexpected(Errno::Perm);  // programs of the host could open its other end
    const std::uint32_t whole = abi::kIfIfo | (mode & abi::kAllModeBits);
    return make(caller, where, whole,
                [](int parent, const char* name) { return mkfifoat(parent, name, 0644); });
}

SysResult<FileStatus> OverlayFileSystem::make_socket(const Caller& caller, std::string_view path,
                                                     std::uint32_t mode) {
    auto where = TRY(place(caller, path, Errno::Exist));
    if (where.existing) return tl::make_unexpected(Errno::Exist);
    TRY(check_name_right(caller, where, right_to_make(abi::kIfSock)));
    TRY(prepare(caller.credentials, where));
    // The host file is a socket too, on which no program of the host listens.
    const std::uint32_t whole = abi::kIfSock | (mode & abi::kAllModeBits);
    TRY(make(caller, where, whole, [](int parent, const char* name) {
        return mknodat(parent, name, S_IFSOCK | 0644, 0);
    }));
    return status(caller, path, false);
}

SysResult<void> OverlayFileSystem::symlink(const Caller& caller, std::string_view target,
                                           std::string_view path) {
    if (target.empty()) return tl::make_unexpected(Errno::NoEnt);
    auto where = TRY(place(caller, path, Errno::Exist));
    if (where.existing) return tl::make_unexpected(Errno::Exist);
    if (where.slash) return tl::make_unexpected(Errno::NoEnt);
    TRY(check_name_right(caller, where, right_to_make(abi::kIfLnk)));
    TRY(prepare(caller.credentials, where));
    const std::string text(target);
    return make(
        caller, where, abi::kIfLnk | abi::kPermissionBits,
        [&](int parent, const char* name) { return symlinkat(text.c_str(), parent, name); });
}

}  // namespace uprobesim
