// SPDX-License-Identifier: GPL-2.0-or-later
// Extended attributes (fs/xattr.c) of a tmpfs: user, trusted, security, and access control lists.
#include <algorithm>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/acl.h"
#include "kernel_model/files/mount.h"
#include "kernel_model/files/rights/inode_flags.h"
#include "kernel_model/files/xattr.h"
#include "kernel_model/loader/file_capabilities.h"
#include "kernel_model/memory/shared_memory.h"
#include "kernel_model/syscall/path_argument.h"
#include "kernel_model/syscall/transfer/file_transfer.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

// All of a file's attributes may take this much, as KERNFS_USER_XATTR_SIZE_LIMIT. Each change
// copies them.
constexpr std::uint64_t kMostBytes = 128u << 10;

// How the calls of three forms name their file.
enum class Form { Path, Link, Descriptor };

struct Target {
    PathArgument path;
    Form form;
    FileStatus status;
};

template <Form kForm>
SysResult<Target> target_of(SysCall& call) {
    Target target{.path = {}, .form = kForm, .status = {}};
    if (kForm == Form::Descriptor) {
        target.path.caller = call.caller();
        target.path.file = call.process.files.share(call.int32(0));
        if (!target.path.file || (target.path.file->flags & kOPath) != 0)
            return tl::make_unexpected(Errno::Badf);
        call.path = KernelPath::SysFstat;
        target.status = TRY(target.path.file->status());
        return target;
    }
    target.path = TRY(path_argument(call, kAtFdcwd, call.address(0)));
    call.units = component_count(target.path.path);
    target.status =
        TRY(call.kernel.files().status(target.path.caller, target.path.path, kForm == Form::Path));
    return target;
}

SysResult<std::string> name_of(SysCall& call) {
    auto name = call.memory().read_string(call.address(1), kXattrNameMax + 1);
    if (!name) return tl::make_unexpected(Errno::Fault);
    if (name->empty() || name->size() > kXattrNameMax) return tl::make_unexpected(Errno::Range);
    return std::move(*name);
}

// xattr_permission.
SysResult<void> permitted(const Credentials& cred, const FileStatus& status, std::string_view name,
                          bool writes) {
    if (writes && fixed(status)) return tl::make_unexpected(Errno::Perm);
    if (name.starts_with("security.") || name.starts_with("system.")) return {};
    const Errno refusal = writes ? Errno::Perm : Errno::NoData;
    if (name.starts_with("trusted."))
        return cred.capable(Capability::SysAdmin) ? SysResult<void>()
                                                  : tl::make_unexpected(refusal);
    if (name.starts_with("user.")) {
        const std::uint32_t kind = status.mode & kIfmt;
        if (kind != kIfReg && kind != kIfDir) return tl::make_unexpected(refusal);
        if (kind == kIfDir && (status.mode & kIsvtx) != 0 && writes && !cred.owns(status))
            return tl::make_unexpected(Errno::Perm);
    }
    return inode_permission(cred, status, writes ? kWOk : kROk);
}

// xattr_resolve_name: the kinds that the file system keeps.
SysResult<void> known(std::string_view name) {
    for (const std::string_view prefix : {"user.", "trusted.", "security."}) {
        if (!name.starts_with(prefix)) continue;
        return name.size() > prefix.size() ? SysResult<void>() : tl::make_unexpected(Errno::Inval);
    }
    return tl::make_unexpected(Errno::NotSup);
}

// The root, its binds, memory files and each tmpfs. The modelled trees and a ramfs keep none; nor
// has a pipe or a socket a file system.
SysResult<void> keeps(SysCall& call, const FileStatus& status) {
    constexpr std::uint64_t kRoot = 0xfe00;
    if (status.device >= kRoot || status.device == SharedMemory::kDevice) return {};
    const Mounts* const mounts = call.kernel.files().mounts();
    const auto super = mounts != nullptr ? mounts->tmpfs_of(status.device) : nullptr;
    if (super && super->type == "tmpfs") return {};
    return tl::make_unexpected(Errno::NotSup);
}

SysResult<void> put(SysCall& call, const Target& target,
                    std::map<std::string, std::string, std::less<>> values) {
    PhysicalMemory& memory = call.kernel.machine().memory;
    const auto next = attributes_of(std::move(values), memory);
    if (next && (next->bytes() > kMostBytes || !memory.has_room(0)))
        return tl::make_unexpected(Errno::NoSpc);
    FileSystem& files = call.kernel.files();
    if (target.path.file) return files.set_xattrs_of(target.path.caller, *target.path.file, next);
    return files.set_xattrs(target.path.caller, target.path.path, target.form == Form::Path, next);
}

using Values = std::map<std::string, std::string, std::less<>>;
const Values& values_of(const FileStatus& status) {
    static const Values none;
    return status.xattrs ? status.xattrs->values : none;
}

// cap_inode_setxattr; capabilities are judged by themselves.
SysResult<void> security_permits(SysCall& call, std::string_view name) {
    const bool others = name.starts_with("security.") && name != kCapabilityAttribute;
    return others && !call.capable(Capability::SysAdmin) ? tl::make_unexpected(Errno::Perm)
                                                         : SysResult<void>();
}

// The ids of a list in the caller's user namespace as the kernel knows them.
SysResult<void> take_ids(Acl& acl, const UserSpace& space) {
    for (AclEntry& entry : acl) {
        if (entry.tag != AclTag::User && entry.tag != AclTag::Group) continue;
        const auto id = entry.tag == AclTag::User ? user_outside(space, entry.id)
                                                  : group_outside(space, entry.id);
        if (!id) return tl::make_unexpected(Errno::Inval);
        entry.id = *id;
    }
    return {};
}

// And as the caller knows them: none stands for those that it has not.
std::string shown_acl(const FileStatus& status, std::string_view name, const UserSpace& space) {
    Acl acl = acl_of(status, name).value_or(Acl());
    for (AclEntry& entry : acl) {
        if (entry.tag == AclTag::User) entry.id = user_inside(space, entry.id).value_or(kNoId);
        if (entry.tag == AclTag::Group) entry.id = group_inside(space, entry.id).value_or(kNoId);
    }
    return bytes_of(acl);
}

bool is_acl(std::string_view name) {
    return name == kAccessAcl || name == kDefaultAcl;
}

SysResult<void> change_mode(SysCall& call, const Target& target, std::uint32_t mode) {
    FileSystem& files = call.kernel.files();
    if (target.path.file) return files.change_mode_of(target.path.caller, *target.path.file, mode);
    return files.change_mode(target.path.caller, target.path.path, mode, target.form == Form::Path);
}

// set_posix_acl. One that says no more than a mode becomes the mode.
SysResult<void> put_acl(SysCall& call, const Target& target, const std::string& name,
                        std::string_view value) {
    auto acl = TRY(parse_acl(value));
    if (acl) TRY(take_ids(*acl, call.cred().space));
    const std::uint32_t kind = target.status.mode & kIfmt;
    if (kind == kIfLnk) return tl::make_unexpected(Errno::NotSup);
    TRY(keeps(call, target.status));
    const bool access = name == kAccessAcl;
    if (!access && kind != kIfDir)
        return acl ? tl::make_unexpected(Errno::Acces) : SysResult<void>();
    if (!call.cred().owns(target.status)) return tl::make_unexpected(Errno::Perm);
    if (acl && !well_formed(*acl)) return tl::make_unexpected(Errno::Inval);
    Values values = values_of(target.status);
    values.erase(name);
    std::optional<AclMode> mode;
    if (acl && access) mode = mode_of(*acl);
    if (acl && !(mode && mode->whole)) values.emplace(name, bytes_of(*acl));
    TRY(put(call, target, std::move(values)));
    if (!mode) return {};
    return change_mode(call, target,
                       (target.status.mode & kAllModeBits & ~kPermissionBits) | mode->bits);
}

template <Form kForm>
SysOutcome set_attribute(SysCall& call) {
    const std::uint32_t flags = call.uint32(4);
    if ((flags & ~(kXattrCreate | kXattrReplace)) != 0) return Errno::Inval;
    auto name = TRY(name_of(call));
    if (call.args[3] > kXattrSizeMax) return Errno::TooBig;
    std::string value(call.args[3], '\0');
    if (!call.memory().read(call.address(2), std::as_writable_bytes(std::span(value))))
        return Errno::Fault;
    const auto target = TRY(target_of<kForm>(call));
    if (is_acl(name)) return put_acl(call, target, name, value);
    TRY(permitted(call.cred(), target.status, name, true));
    TRY(known(name));
    TRY(keeps(call, target.status));
    if (name == kCapabilityAttribute)
        value = TRY(kept_capabilities(call.cred(), target.status, value));
    TRY(security_permits(call, name));
    Values values = values_of(target.status);
    const bool there = values.contains(name);
    if ((flags & kXattrCreate) != 0 && there) return Errno::Exist;
    if ((flags & kXattrReplace) != 0 && !there) return Errno::NoData;
    values.insert_or_assign(std::move(name), std::move(value));
    return put(call, target, std::move(values));
}

template <Form kForm>
SysOutcome remove_attribute(SysCall& call) {
    const auto name = TRY(name_of(call));
    const auto target = TRY(target_of<kForm>(call));
    if (is_acl(name)) return put_acl(call, target, name, {});
    TRY(permitted(call.cred(), target.status, name, true));
    TRY(known(name));
    TRY(keeps(call, target.status));
    if (name == kCapabilityAttribute &&
        !call.cred().capable_over(target.status, Capability::Setfcap))
        return Errno::Perm;
    TRY(security_permits(call, name));
    Values values = values_of(target.status);
    if (values.erase(name) == 0) return Errno::NoData;
    return put(call, target, std::move(values));
}

SysOutcome give(SysCall& call, VAddr to, std::uint64_t room, std::string_view bytes) {
    if (room == 0) return std::uint64_t{bytes.size()};
    if (room < bytes.size()) return Errno::Range;
    if (!call.memory().write(to, std::as_bytes(std::span(bytes)))) return Errno::Fault;
    return std::uint64_t{bytes.size()};
}

template <Form kForm>
SysOutcome get_attribute(SysCall& call) {
    const auto name = TRY(name_of(call));
    const auto target = TRY(target_of<kForm>(call));
    if (is_acl(name)) {
        if ((target.status.mode & kIfmt) == kIfLnk) return Errno::NotSup;
    } else {
        TRY(permitted(call.cred(), target.status, name, false));
        TRY(known(name));
    }
    TRY(keeps(call, target.status));
    const Values& values = values_of(target.status);
    const auto found = values.find(name);
    if (found == values.end()) return Errno::NoData;
    const UserSpace& space = call.cred().space;
    std::string shown = found->second;
    if (is_acl(name) && space) shown = shown_acl(target.status, name, space);
    if (name == kCapabilityAttribute) shown = TRY(shown_capabilities(space, shown));
    return give(call, call.address(2), call.args[3], shown);
}

template <Form kForm>
SysOutcome list_attributes(SysCall& call) {
    const auto target = TRY(target_of<kForm>(call));
    // vfs_listxattr: a file system without the operation has none.
    if (!keeps(call, target.status)) return 0;
    std::string all;
    const Values& values = values_of(target.status);
    for (const std::string_view name : {kAccessAcl, kDefaultAcl}) {
        if (values.contains(name)) all.append(name).push_back('\0');
    }
    for (const auto& [name, value] : values) {
        if (is_acl(name)) continue;
        if (name.starts_with("trusted.") && !call.capable(Capability::SysAdmin)) continue;
        all.append(name).push_back('\0');
    }
    if (all.size() > kXattrListMax) return Errno::TooBig;
    return give(call, call.address(1), call.args[2], all);
}

constexpr SyscallRow row(std::uint32_t number, std::string_view name, SysFn function) {
    return {number, name, function, Support::Full, KernelPath::SysSetattr, "", Errno::NoMem};
}

constexpr SyscallRow kXattrRows[] = {
    row(5, "setxattr", set_attribute<Form::Path>),
    row(6, "lsetxattr", set_attribute<Form::Link>),
    row(7, "fsetxattr", set_attribute<Form::Descriptor>),
    row(8, "getxattr", get_attribute<Form::Path>),
    row(9, "lgetxattr", get_attribute<Form::Link>),
    row(10, "fgetxattr", get_attribute<Form::Descriptor>),
    row(11, "listxattr", list_attributes<Form::Path>),
    row(12, "llistxattr", list_attributes<Form::Link>),
    row(13, "flistxattr", list_attributes<Form::Descriptor>),
    row(14, "removexattr", remove_attribute<Form::Path>),
    row(15, "lremovexattr", remove_attribute<Form::Link>),
    row(16, "fremovexattr", remove_attribute<Form::Descriptor>),
};

}  // namespace

std::span<const SyscallRow> xattr_syscalls() {
    return kXattrRows;
}

}  // namespace uprobesim
