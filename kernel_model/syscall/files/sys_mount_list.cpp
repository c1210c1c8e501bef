// SPDX-License-Identifier: GPL-2.0-or-later
// statmount and listmount: what /proc/PID/mountinfo tells, by the numbers of mounts
// (fs/namespace.c).
#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "kernel_model/abi/limits.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/syscall/files/mount_args.h"
#include "kernel_model/task/process.h"
#include "sim/base/try.h"

namespace uprobesim {

using namespace abi;

namespace {

// copy_mnt_id_req: a longer struct of a later kernel must be zero where it is not known.
SysResult<MountRequest> mount_request(SysCall& call) {
    UserMemory memory = call.memory();
    const auto size = memory.get<std::uint32_t>(call.address(0));
    if (!size) return tl::make_unexpected(Errno::Fault);
    if (*size > kPageSize) return tl::make_unexpected(Errno::TooBig);
    if (*size < kMountRequestFirstSize) return tl::make_unexpected(Errno::Inval);
    std::vector<std::byte> bytes(std::max<std::size_t>(*size, sizeof(MountRequest)));
    if (!memory.read(call.address(0), std::span(bytes).first(*size)))
        return tl::make_unexpected(Errno::Fault);
    if (std::ranges::any_of(std::span(bytes).subspan(sizeof(MountRequest)),
                            [](std::byte b) { return b != std::byte{0}; }))
        return tl::make_unexpected(Errno::TooBig);
    MountRequest request{};
    std::memcpy(&request, bytes.data(), sizeof request);
    if (request.spare != 0 || request.mnt_id <= kUniqueMountIds)
        return tl::make_unexpected(Errno::Inval);
    return request;
}

std::uint64_t unique_id(const Mount& mount) {
    return kUniqueMountIds + static_cast<std::uint64_t>(mount.id);
}
// That of a namespace's top is in the mount that the kernel itself starts with.
std::int32_t parent_id(const Mount& mount) {
    return mount.parent != nullptr ? mount.parent->id : 1;
}

// The namespace of the caller, and its root.
struct View {
    std::shared_ptr<MountNamespace> space;
    FileSystem::Located root;
};

SysResult<View> requested_view(SysCall& call, const MountRequest& request) {
    View view{namespace_of(call), TRY(call.kernel.files().locate(call.caller(), "/", true))};
    // Those of others are not looked up.
    if (!view.space || (request.mnt_ns_id != 0 && request.mnt_ns_id != view.space->inode))
        return tl::make_unexpected(Errno::NoEnt);
    return view;
}

// lookup_mnt_in_ns: null: there is none.
const Mount* find_mount(const View& view, std::uint64_t unique) {
    const auto all = mounts_below(*view.space->top);
    const auto found = std::ranges::find(all, unique, [](const Mount* m) { return unique_id(*m); });
    return found == all.end() ? nullptr : *found;
}

// is_path_reachable
bool reachable(const Mount& mount, const Mount& top, const std::string& inner) {
    const Mount* at = &mount;
    std::string place = mount.root;
    while (at != &top && at->parent != nullptr) {
        place = at->point;
        at = at->parent;
    }
    if (at != &top) return false;
    return inner == "/" || place == inner || place.starts_with(inner + "/");
}

bool may_look_beyond(SysCall& call, const View& view) {
    return call.capable_in(view.space->owned_by, Capability::SysAdmin);
}

// mnt_to_attr_flags
std::uint64_t attributes_of(const Mount& mount) {
    std::uint64_t attributes = mount.flags & (kMsRdonly | kMsNosuid | kMsNodev | kMsNoexec);
    if ((mount.flags & kMsNodiratime) != 0) attributes |= kMountAttrNodiratime;
    if ((mount.flags & kMsNosymfollow) != 0) attributes |= kMountAttrNosymfollow;
    if ((mount.flags & kMsNoatime) != 0) return attributes | kMountAttrNoatime;
    return (mount.flags & kMsRelatime) != 0 ? attributes : attributes | kMountAttrStrictatime;
}

// mnt_to_propagation_flags
std::uint64_t propagation_of(const Mount& mount) {
    const std::uint64_t kinds = (mount.peers != 0 ? kMsShared : 0) |
                                (mount.master != 0 ? kMsSlave : 0) |
                                (mount.unbindable ? kMsUnbindable : 0);
    return kinds != 0 ? kinds : kMsPrivate;
}

// The path of `inner` below `top`.
std::string below_top(const std::string& inner, const std::string& top) {
    std::string rest = top == "/" ? inner : inner.substr(top.size());
    return rest.empty() ? "/" : rest;
}

class MountAnswer {
public:
    MountAnswer(const Mount& mount, const View& view, std::uint64_t mask)
        : mount_(mount), view_(view), mask_(mask) {}

    void put_numbers() {
        const SuperBlock& super = *mount_.super;
        if (wants(kStatmountSbBasic)) {
            out.sb_dev_major = device_major(super.device);
            out.sb_dev_minor = device_minor(super.device);
            out.sb_magic = static_cast<std::uint64_t>(super.magic);
            out.sb_flags = super.read_only ? static_cast<std::uint32_t>(kMsRdonly) : 0;
        }
        if (wants(kStatmountMntBasic)) {
            out.mnt_id = unique_id(mount_);
            out.mnt_parent_id = kUniqueMountIds + static_cast<std::uint64_t>(parent_id(mount_));
            out.mnt_id_old = static_cast<std::uint32_t>(mount_.id);
            out.mnt_parent_id_old = static_cast<std::uint32_t>(parent_id(mount_));
            out.mnt_attr = attributes_of(mount_);
            out.mnt_propagation = propagation_of(mount_);
            out.mnt_peer_group = mount_.peers;
            out.mnt_master = mount_.master;
        }
        if (wants(kStatmountPropagateFrom)) out.propagate_from = mount_.master;
        if (wants(kStatmountMntNsId)) out.mnt_ns_id = view_.space->inode;
    }

    void put_texts() {
        put_text(kStatmountFsType, out.fs_type, mount_.super->type);
        put_text(kStatmountMntRoot, out.mnt_root, below_top(mount_.root, mount_.super->inner));
        const std::string at = mount_.shown(mount_.root),
                          top = view_.root.mount->shown(view_.root.inner);
        if (reachable(mount_, *view_.root.mount, view_.root.inner))
            put_text(kStatmountMntPoint, out.mnt_point, below_top(at, top));
        if (!mount_.super->options.empty())
            put_text(kStatmountMntOpts, out.mnt_opts, mount_.super->options.substr(1));
    }

    Statmount out{};
    std::string texts;

private:
    bool wants(std::uint64_t what) {
        out.mask |= mask_ & what;
        return (mask_ & what) != 0;
    }
    void put_text(std::uint64_t what, std::uint32_t& at, const std::string& text) {
        if (!wants(what)) return;
        // Where no text is, there is an empty one.
        if (texts.empty()) texts.push_back('\0');
        at = static_cast<std::uint32_t>(texts.size());
        texts += text + '\0';
    }

    const Mount& mount_;
    const View& view_;
    std::uint64_t mask_;
};

SysOutcome sys_statmount(SysCall& call) {
    constexpr std::uint64_t kTexts =
        kStatmountMntRoot | kStatmountMntPoint | kStatmountFsType | kStatmountMntOpts;
    if (call.uint32(3) != 0) return Errno::Inval;
    const MountRequest request = TRY(mount_request(call));
    const View view = TRY(requested_view(call, request));
    const std::uint64_t room = call.args[2];
    if ((request.param & kTexts) != 0 && room == sizeof(Statmount)) return Errno::Overflow;
    const Mount* const mount = find_mount(view, request.mnt_id);
    if (mount == nullptr) return Errno::NoEnt;
    if (!reachable(*mount, *view.root.mount, view.root.inner) && !may_look_beyond(call, view))
        return Errno::Perm;
    MountAnswer answer(*mount, view, request.param);
    answer.put_numbers();
    answer.put_texts();
    if (!answer.texts.empty() && sizeof(Statmount) + answer.texts.size() > room)
        return Errno::Overflow;
    const std::uint64_t fixed = std::min<std::uint64_t>(room, sizeof(Statmount));
    answer.out.size = static_cast<std::uint32_t>(fixed + answer.texts.size());
    UserMemory memory = call.memory();
    if (!memory.write(call.address(1) + sizeof(Statmount), std::as_bytes(std::span(answer.texts))))
        return Errno::Fault;
    const auto numbers = std::as_bytes(std::span(&answer.out, 1)).first(fixed);
    return memory.write(call.address(1), numbers) ? SysOutcome(0) : SysOutcome(Errno::Fault);
}

// do_listmount: the mounts below one, by their numbers, behind `last` or before it.
SysResult<std::vector<std::uint64_t>> listed(SysCall& call, const View& view,
                                             const MountRequest& request, bool reverse) {
    const Mount* top = view.root.mount.get();
    std::string inner = view.root.inner;
    if (request.mnt_id != kLsmtRoot) {
        top = find_mount(view, request.mnt_id);
        if (top == nullptr) return tl::make_unexpected(Errno::NoEnt);
        inner = top->root;
    }
    if (!reachable(*top, *view.root.mount, view.root.inner) && !may_look_beyond(call, view))
        return tl::make_unexpected(Errno::Perm);
    auto all = mounts_below(*view.space->top);
    if (reverse) std::ranges::reverse(all);
    std::vector<std::uint64_t> ids;
    for (const Mount* mount : all) {
        const std::uint64_t id = unique_id(*mount);
        const bool passed = reverse ? id >= request.param : id <= request.param;
        if ((request.param != 0 && passed) || id == request.mnt_id) continue;
        if (reachable(*mount, *top, inner)) ids.push_back(id);
    }
    return ids;
}

SysOutcome sys_listmount(SysCall& call) {
    constexpr std::uint64_t kMostIds = 1000000;
    if ((call.uint32(3) & ~kListmountReverse) != 0) return Errno::Inval;
    if (call.args[2] > kMostIds) return Errno::Overflow;
    const MountRequest request = TRY(mount_request(call));
    if (request.param != 0 && request.param <= kUniqueMountIds) return Errno::Inval;
    const View view = TRY(requested_view(call, request));
    auto ids = TRY(listed(call, view, request, (call.uint32(3) & kListmountReverse) != 0));
    ids.resize(std::min<std::uint64_t>(ids.size(), call.args[2]));
    if (!call.memory().write(call.address(1), std::as_bytes(std::span(ids)))) return Errno::Fault;
    return std::uint64_t{ids.size()};
}

constexpr SyscallRow kMountListRows[] = {
    {457, "statmount", sys_statmount, Support::Partial, KernelPath::SysStat,
     "of the caller's mount namespace", Errno::NoMem},
    {458, "listmount", sys_listmount, Support::Partial, KernelPath::SysGetdents,
     "of the caller's mount namespace", Errno::NoMem},
};

}  // namespace

std::span<const SyscallRow> mount_list_syscalls() {
    return kMountListRows;
}

}  // namespace uprobesim
