// SPDX-License-Identifier: GPL-2.0-or-later
// capget, capset, and prctl's options on capabilities (security/commoncap.c).
#include "kernel_model/syscall/process/sys_capability.h"

#include <optional>

#include "kernel_model/abi/prctl.h"

namespace uprobesim {
namespace {

struct CapHeader {
    std::uint32_t version;
    std::int32_t pid;
};
struct CapWord {
    std::uint32_t effective, permitted, inheritable;
};

// How many words of each set the version has; 0: none, and the caller is told which the kernel
// prefers. Nothing: a bad pointer.
std::optional<std::size_t> words_of(SysCall& call, const CapHeader& header) {
    switch (header.version) {
        case abi::kCapVersion1: return 1;
        case abi::kCapVersion2:
        case abi::kCapVersion3: return 2;
        default: break;
    }
    if (!call.memory().put(call.address(0), abi::kCapVersion3)) return std::nullopt;
    return 0;
}

SysOutcome sys_capget(SysCall& call) {
    UserMemory memory = call.memory();
    const auto header = memory.get<CapHeader>(call.address(0));
    if (!header) return Errno::Fault;
    const auto words = words_of(call, *header);
    if (!words) return Errno::Fault;
    if (*words == 0) return call.args[1] == 0 ? SysOutcome(0) : SysOutcome(Errno::Inval);
    if (header->pid < 0) return Errno::Inval;
    const Task* const of = call.task_of(header->pid);
    if (of == nullptr) return Errno::Srch;
    if (call.args[1] == 0) return 0;
    const Credentials& cred = *of->cred;
    for (std::size_t i = 0; i < *words; ++i) {
        const auto word = [i](std::uint64_t set) {
            return static_cast<std::uint32_t>(set >> (32 * i));
        };
        const CapWord data{word(cred.effective), word(cred.permitted), word(cred.inheritable)};
        if (!memory.put(call.address(1) + i * sizeof data, data)) return Errno::Fault;
    }
    return 0;
}

bool subset(std::uint64_t set, std::uint64_t of) {
    return (set & ~of) == 0;
}

SysOutcome sys_capset(SysCall& call) {
    UserMemory memory = call.memory();
    const auto header = memory.get<CapHeader>(call.address(0));
    if (!header) return Errno::Fault;
    const auto words = words_of(call, *header);
    if (!words) return Errno::Fault;
    if (*words == 0) return Errno::Inval;
    if (header->pid != 0 && header->pid != call.task.pid().own()) return Errno::Perm;
    Credentials next = call.cred();
    next.effective = next.permitted = next.inheritable = 0;
    for (std::size_t i = 0; i < *words; ++i) {
        const auto data = memory.get<CapWord>(call.address(1) + i * sizeof(CapWord));
        if (!data) return Errno::Fault;
        const auto put = [i](std::uint64_t& set, std::uint32_t word) {
            set |= (std::uint64_t{word} << (32 * i)) & abi::kAllCapabilityBits;
        };
        put(next.effective, data->effective);
        put(next.permitted, data->permitted);
        put(next.inheritable, data->inheritable);
    }
    const Credentials& old = call.cred();
    if (!old.has(Capability::Setpcap) && !subset(next.inheritable, old.inheritable | old.permitted))
        return Errno::Perm;
    if (!subset(next.inheritable, old.inheritable | old.bounding) ||
        !subset(next.permitted, old.permitted) || !subset(next.effective, next.permitted))
        return Errno::Perm;
    next.ambient &= next.permitted & next.inheritable;
    set_credentials(call.task, std::move(next));
    return 0;
}

bool valid(std::uint64_t capability) {
    return capability <= abi::kCapLastCap;
}

constexpr SyscallRow kCapabilityRows[] = {
    {90, "capget", sys_capget, Support::Full, KernelPath::SysPrctl, {}},
    {91, "capset", sys_capset, Support::Full, KernelPath::SysPrctl, {}},
};

}  // namespace

SysOutcome read_bounding(SysCall& call) {
    if (!valid(call.args[1])) return Errno::Inval;
    return call.cred().bounding >> call.args[1] & 1;
}

SysOutcome drop_bounding(SysCall& call) {
    if (!call.has(Capability::Setpcap)) return Errno::Perm;
    if (!valid(call.args[1])) return Errno::Inval;
    Credentials next = call.cred();
    next.bounding &= ~(std::uint64_t{1} << call.args[1]);
    set_credentials(call.task, std::move(next));
    return 0;
}

SysOutcome get_securebits(SysCall& call) {
    return std::uint64_t{call.cred().securebits};
}

SysOutcome set_securebits(SysCall& call) {
    const std::uint64_t old = call.cred().securebits, wanted = call.args[1];
    const bool changes_locked = ((old & abi::kSecureAllLocks) >> 1 & (old ^ wanted)) != 0;
    const bool unlocks = (old & abi::kSecureAllLocks & ~wanted) != 0;
    if (changes_locked || unlocks ||
        (wanted & ~std::uint64_t{abi::kSecureAllLocks | abi::kSecureAllBits}) != 0 ||
        !call.has(Capability::Setpcap))
        return Errno::Perm;
    Credentials next = call.cred();
    next.securebits = static_cast<std::uint32_t>(wanted);
    set_credentials(call.task, std::move(next));
    return 0;
}

SysOutcome get_keepcaps(SysCall& call) {
    return call.cred().secure(abi::kSecbitKeepCaps) ? 1u : 0u;
}

SysOutcome set_keepcaps(SysCall& call) {
    if (call.args[1] > 1) return Errno::Inval;
    if (call.cred().secure(abi::kSecbitKeepCapsLocked)) return Errno::Perm;
    Credentials next = call.cred();
    next.securebits &= ~abi::kSecbitKeepCaps;
    if (call.args[1] != 0) next.securebits |= abi::kSecbitKeepCaps;
    set_credentials(call.task, std::move(next));
    return 0;
}

SysOutcome ambient(SysCall& call) {
    const std::uint64_t wanted = call.args[1], capability = call.args[2];
    Credentials next = call.cred();
    if (wanted == abi::kPrAmbientClearAll) {
        if ((capability | call.args[3] | call.args[4]) != 0) return Errno::Inval;
        next.ambient = 0;
        set_credentials(call.task, std::move(next));
        return 0;
    }
    if (!valid(capability) || (call.args[3] | call.args[4]) != 0) return Errno::Inval;
    const std::uint64_t bit = std::uint64_t{1} << capability;
    if (wanted == abi::kPrAmbientIsSet) return (next.ambient & bit) != 0 ? 1u : 0u;
    if (wanted != abi::kPrAmbientRaise && wanted != abi::kPrAmbientLower) return Errno::Inval;
    if (wanted == abi::kPrAmbientRaise && ((next.permitted & next.inheritable & bit) == 0 ||
                                           next.secure(abi::kSecbitNoCapAmbientRaise)))
        return Errno::Perm;
    next.ambient = wanted == abi::kPrAmbientRaise ? next.ambient | bit : next.ambient & ~bit;
    set_credentials(call.task, std::move(next));
    return 0;
}

std::span<const SyscallRow> capability_syscalls() {
    return kCapabilityRows;
}

}  // namespace uprobesim
