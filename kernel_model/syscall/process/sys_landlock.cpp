// SPDX-License-Identifier: GPL-2.0-or-later
// Landlock: a task restricts itself by rules. What they forbid is in landlock/, and asked where
// files, sockets, signals and other processes are reached.
#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/landlock.h"
#include "kernel_model/files/event/landlock_file.h"
#include "kernel_model/landlock/abi_version.h"
#include "kernel_model/landlock/domain.h"
#include "kernel_model/syscall/syscall.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

SysResult<const LandlockAbi*> abi_of(SysCall& call) {
    const LandlockAbi* const abi = landlock_abi(call.kernel.machine().tell_release());
    if (abi == nullptr) return tl::make_unexpected(Errno::NoSys);
    return abi;
}

// copy_min_struct_from_user: what this kernel does not know must be zero.
SysResult<LandlockRulesetAttr> attributes(SysCall& call, const LandlockAbi& abi) {
    const std::uint64_t size = call.args[1];
    if (call.args[0] == 0) return tl::make_unexpected(Errno::Fault);
    if (size < sizeof(LandlockRulesetAttr::handled_access_fs))
        return tl::make_unexpected(Errno::Inval);
    if (size > kPageSize) return tl::make_unexpected(Errno::TooBig);
    std::vector<std::byte> bytes(std::max<std::uint64_t>(size, sizeof(LandlockRulesetAttr)));
    if (!call.memory().read(call.address(0), std::span(bytes).first(size)))
        return tl::make_unexpected(Errno::Fault);
    const auto known = static_cast<std::ptrdiff_t>(abi.attr_bytes);
    if (std::any_of(bytes.begin() + known, bytes.end(),
                    [](std::byte b) { return b != std::byte{}; }))
        return tl::make_unexpected(Errno::TooBig);
    LandlockRulesetAttr attr{};
    std::memcpy(&attr, bytes.data(), sizeof attr);
    return attr;
}

SysOutcome sys_landlock_create_ruleset(SysCall& call) {
    const LandlockAbi& abi = *TRY(abi_of(call));
    if (const std::uint32_t flags = call.uint32(2); flags != 0) {
        if (call.args[0] != 0 || call.args[1] != 0) return Errno::Inval;
        if (flags == kLandlockCreateRulesetVersion) return abi.version;
        if (flags == kLandlockCreateRulesetErrata && abi.errata != 0) return abi.errata;
        return Errno::Inval;
    }
    const LandlockRulesetAttr wanted = TRY(attributes(call, abi));
    const auto unknown = [](std::uint64_t rights, std::uint32_t known) {
        return (rights & ~std::uint64_t{known}) != 0;
    };
    if (unknown(wanted.handled_access_fs, abi.files) ||
        unknown(wanted.handled_access_net, abi.network) || unknown(wanted.scoped, abi.scopes))
        return Errno::Inval;
    const LandlockHandled handled{static_cast<std::uint32_t>(wanted.handled_access_fs),
                                  static_cast<std::uint32_t>(wanted.handled_access_net),
                                  static_cast<std::uint32_t>(wanted.scoped)};
    if ((handled.files | handled.network | handled.scopes) == 0) return Errno::NoMsg;
    auto file = std::make_shared<LandlockFile>(handled, &call.kernel.machine().memory);
    return static_cast<std::uint64_t>(TRY(call.process.files.add(std::move(file), true)));
}

// get_ruleset_from_fd
SysResult<std::shared_ptr<LandlockFile>> ruleset_of(SysCall& call, std::int32_t fd) {
    const auto file = call.process.files.share(fd);
    if (!file || (file->flags & kOPath) != 0) return tl::make_unexpected(Errno::Badf);
    auto ruleset = std::dynamic_pointer_cast<LandlockFile>(file);
    if (!ruleset) return tl::make_unexpected(Errno::BadFd);
    return ruleset;
}

SysResult<void> add_path_rule(SysCall& call, LandlockRules& rules) {
    const auto rule = call.memory().get<LandlockPathBeneathAttr>(call.address(2));
    if (!rule) return tl::make_unexpected(Errno::Fault);
    if (rule->allowed_access == 0) return tl::make_unexpected(Errno::NoMsg);
    if ((rule->allowed_access & ~std::uint64_t{rules.handled.files}) != 0)
        return tl::make_unexpected(Errno::Inval);
    const auto file = call.process.files.share(rule->parent_fd);
    if (!file) return tl::make_unexpected(Errno::Badf);
    // get_path_from_fd: a file of the kernel's own file systems is above nothing.
    if (!file->dentry) return tl::make_unexpected(Errno::BadFd);
    const auto status = TRY(file->status());
    const auto rights = static_cast<std::uint32_t>(rule->allowed_access);
    if ((status.mode & kIfmt) != kIfDir && (rights & ~kLandlockFsOfFile) != 0)
        return tl::make_unexpected(Errno::Inval);
    if (!rules.has_room()) return tl::make_unexpected(Errno::NoMem);
    rules.allow_at(status.key(), rights);
    return {};
}

SysResult<void> add_port_rule(SysCall& call, LandlockRules& rules) {
    constexpr std::uint64_t kLastPort = 65535;
    const auto rule = call.memory().get<LandlockNetPortAttr>(call.address(2));
    if (!rule) return tl::make_unexpected(Errno::Fault);
    if (rule->allowed_access == 0) return tl::make_unexpected(Errno::NoMsg);
    if ((rule->allowed_access & ~std::uint64_t{rules.handled.network}) != 0 ||
        rule->port > kLastPort)
        return tl::make_unexpected(Errno::Inval);
    if (!rules.has_room()) return tl::make_unexpected(Errno::NoMem);
    rules.allow_port(static_cast<std::uint16_t>(rule->port),
                     static_cast<std::uint32_t>(rule->allowed_access));
    return {};
}

SysOutcome sys_landlock_add_rule(SysCall& call) {
    const LandlockAbi& abi = *TRY(abi_of(call));
    if (call.uint32(3) != 0) return Errno::Inval;
    const auto ruleset = TRY(ruleset_of(call, call.int32(0)));
    switch (call.uint32(1)) {
        case kLandlockRulePathBeneath: return add_path_rule(call, ruleset->rules);
        case kLandlockRuleNetPort:
            return abi.network != 0 ? SysOutcome(add_port_rule(call, ruleset->rules))
                                    : SysOutcome(Errno::Inval);
        default: return Errno::Inval;
    }
}

SysOutcome sys_landlock_restrict_self(SysCall& call) {
    const LandlockAbi& abi = *TRY(abi_of(call));
    if (!call.process.options.no_new_privileges && !call.has(Capability::SysAdmin))
        return Errno::Perm;
    const std::uint32_t flags = call.uint32(1);
    if ((flags & ~abi.restrict_flags) != 0) return Errno::Inval;
    // Only what is logged of domains that are made later changes: there is no audit log here.
    if (call.int32(0) == -1 && flags == kLandlockLogSubdomainsOff) return 0;
    const auto ruleset = TRY(ruleset_of(call, call.int32(0)));
    auto parent = call.cred().landlock;
    if (parent != nullptr && parent->layers() >= kLandlockMaxLayers) return Errno::TooBig;
    if (!call.kernel.machine().memory.has_room(ruleset->rules.charge.bytes())) return Errno::NoMem;
    Credentials next = call.cred();
    next.landlock = std::make_shared<LandlockDomain>(std::move(parent), ruleset->rules);
    set_credentials(call.task, std::move(next));
    return 0;
}

constexpr SyscallRow kLandlockRows[] = {
    {444,
     "landlock_create_ruleset",
     sys_landlock_create_ruleset,
     Support::Full,
     KernelPath::SysEventfd,
     {},
     Errno::NoMem},
    {445, "landlock_add_rule", sys_landlock_add_rule, Support::Full, KernelPath::SysPrctl, {}},
    {446,
     "landlock_restrict_self",
     sys_landlock_restrict_self,
     Support::Full,
     KernelPath::SysPrctl,
     {}},
};

}  // namespace

std::span<const SyscallRow> landlock_syscalls() {
    return kLandlockRows;
}

}  // namespace uprobesim
