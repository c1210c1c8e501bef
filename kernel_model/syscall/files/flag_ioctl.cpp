// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/files/flag_ioctl.h"

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/ioctl.h"
#include "kernel_model/files/mount.h"
#include "kernel_model/files/rights/inode_flags.h"
#include "kernel_model/memory/shared_memory.h"

namespace uprobesim {

namespace {

using namespace abi;

// The same flags in the two forms.
constexpr std::pair<std::uint32_t, std::uint32_t> kForms[] = {{kFsImmutable, kFsXImmutable},
                                                              {kFsAppend, kFsXAppend},
                                                              {kFsNodump, kFsXNodump},
                                                              {kFsNoatime, kFsXNoatime}};

std::uint32_t extended(std::uint32_t flags) {
    std::uint32_t form = 0;
    for (const auto& [flag, bit] : kForms) form |= (flags & flag) != 0 ? bit : 0;
    return form;
}

// Regular files and directories of the root, of a tmpfs and in memory have them.
std::optional<FileStatus> flagged(File& file) {
    const auto status = file.status();
    const std::uint32_t kind = status ? status->mode & kIfmt : 0;
    if (kind != kIfReg && kind != kIfDir) return std::nullopt;
    if (!file.watched_key() && status->device != SharedMemory::kDevice) return std::nullopt;
    return *status;
}

// fileattr_has_fsx: what only the extended form has.
bool more_than_flags(const FsXAttr& form) {
    return (form.xflags & ~extended(~0u)) != 0 || form.extsize != 0 || form.projid != 0 ||
           form.cowextsize != 0;
}

// The flags that the caller gives.
SysResult<std::uint32_t> given_flags(SysCall& call) {
    UserMemory memory = call.memory();
    if (call.uint32(1) == kFsIocSetflags) {
        const auto flags = memory.get<std::uint32_t>(call.address(2));
        return flags ? SysResult<std::uint32_t>(*flags) : tl::make_unexpected(Errno::Fault);
    }
    const auto form = memory.get<FsXAttr>(call.address(2));
    if (!form) return tl::make_unexpected(Errno::Fault);
    if (more_than_flags(*form)) return ~0u;
    std::uint32_t flags = 0;
    for (const auto& [flag, bit] : kForms) flags |= (form->xflags & bit) != 0 ? flag : 0;
    return flags;
}

}  // namespace

std::optional<SysOutcome> get_inode_flags(SysCall& call, const std::shared_ptr<File>& file) {
    const auto status = flagged(*file);
    if (!status) return std::nullopt;
    FsXAttr form{};
    form.xflags = extended(status->inode_flags);
    UserMemory memory = call.memory();
    const bool put = call.uint32(1) == kFsIocGetflags
                         ? memory.put(call.address(2), status->inode_flags)
                         : memory.put(call.address(2), form);
    return put ? SysOutcome(0) : SysOutcome(Errno::Fault);
}

// vfs_fileattr_set, fileattr_set_prepare, shmem_fileattr_set.
std::optional<SysOutcome> set_inode_flags(SysCall& call, const std::shared_ptr<File>& file) {
    const auto status = flagged(*file);
    if (!status) return std::nullopt;
    const auto flags = given_flags(call);
    if (!flags) return flags.error();
    if (const auto mount = file->dentry ? mount_of(*file->dentry) : nullptr;
        mount && mount->read_only())
        return Errno::Rofs;
    const Credentials& own = call.cred();
    if (!own.owns(*status)) return Errno::Perm;
    if (((*flags ^ status->inode_flags) & (kFsAppend | kFsImmutable)) != 0 &&
        !call.capable(Capability::LinuxImmutable))
        return Errno::Perm;
    if ((*flags & ~kInodeFlagsKept) != 0) return Errno::NotSup;
    const auto set = call.kernel.files().set_inode_flags(call.caller(), *file, *flags);
    return set ? SysOutcome(0) : SysOutcome(set.error());
}

}  // namespace uprobesim
