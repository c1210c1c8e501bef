// SPDX-License-Identifier: GPL-2.0-or-later
// What mount(2) and the calls on mounts as descriptors share.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/mount.h"
#include "kernel_model/files/mount.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

SysResult<std::string> path_text(SysCall& call, VAddr pointer);
// The place that a path leads to. `empty`: an empty path is the descriptor itself.
SysResult<FileSystem::Located> place_argument(SysCall& call, std::int32_t directory, VAddr pointer,
                                              bool follow, bool empty = false);
// The namespace of the caller.
std::shared_ptr<MountNamespace> namespace_of(SysCall& call);
// may_mount.
bool may_mount(SysCall& call);
// Who is restricted by Landlock in calls on files changes no mount: a rule holds for a file
// wherever it is shown (hook_sb_mount and its like).
bool bars_mounts(const SysCall& call);
// Whether a regular file of it is open for writing: through any mount, or through this one.
bool written(const SysCall& call, const SuperBlock& super);
bool written(const SysCall& call, const Mount& mount);
// For so many mounts more: fs.mount-max, NoSpc; the guest's memory, NoMem.
SysResult<void> room_for_mounts(SysCall& call, std::size_t more);
// The same for a tree of so many that is made and attached there, with its copies.
SysResult<void> room_for_tree(SysCall& call, std::size_t tree, const FileSystem::Located& at);

// Inval: no such option of a tmpfs, or not this value.
bool is_tmpfs_option(std::string_view name);
SysResult<void> check_tmpfs_options(SysCall& call, const std::string& options);
// The limits of a mounted tmpfs, by the options of a remount; mode and owner stay.
SysResult<void> remount_tmpfs(SysCall& call, SuperBlock& super, const std::string& options);
// The flags of a new mount of a file system that shows the system's state: in a namespace of an own
// user namespace it may show no more than one that is there (mount_too_revealing). Perm.
SysResult<std::uint64_t> flags_of_visible(SysCall& call, const SuperBlock& super,
                                          std::uint64_t flags);
// NoDev: no such type. Inval: the options.
SysResult<std::shared_ptr<SuperBlock>> new_file_system(SysCall& call, const std::string& type,
                                                       const std::string& source,
                                                       const std::string& options);
SysResult<void> attach_new(SysCall& call, const std::shared_ptr<SuperBlock>& super,
                           const FileSystem::Located& at, std::uint64_t flags);
// `beneath`: below what is mounted there, not on top of it.
SysResult<void> move_mount(SysCall& call, const FileSystem::Located& from,
                           const FileSystem::Located& to, bool beneath = false);
// NoEnt: nothing is mounted there (d_cantmount).
SysResult<void> check_point(const FileSystem::Located& at);

}  // namespace uprobesim
