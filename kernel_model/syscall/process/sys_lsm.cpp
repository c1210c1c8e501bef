// SPDX-License-Identifier: GPL-2.0-or-later
// lsm_list_modules, lsm_get_self_attr and lsm_set_self_attr. There are two security modules,
// capabilities and Landlock, and neither has an attribute of a process.
#include "kernel_model/abi/calls/lsm.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {
namespace {

using namespace abi;

// In the order that they are asked in.
constexpr std::array<std::uint64_t, 2> kModules{kLsmIdCapability, kLsmIdLandlock};

SysOutcome sys_lsm_list_modules(SysCall& call) {
    UserMemory memory = call.memory();
    if (call.uint32(2) != 0) return Errno::Inval;
    const auto room = memory.get<std::uint32_t>(call.address(1));
    if (!room || !memory.put(call.address(1), std::uint32_t{sizeof kModules})) return Errno::Fault;
    if (*room < sizeof kModules) return Errno::TooBig;
    if (!memory.put(call.address(0), kModules)) return Errno::Fault;
    return kModules.size();
}

// security_getselfattr.
SysOutcome sys_lsm_get_self_attr(SysCall& call) {
    UserMemory memory = call.memory();
    if (call.uint32(0) == kLsmAttrUndef || call.args[2] == 0) return Errno::Inval;
    if (!memory.get<std::uint32_t>(call.address(2))) return Errno::Fault;
    if (call.uint32(3) != 0) {
        if (call.uint32(3) != kLsmFlagSingle || call.args[1] == 0) return Errno::Inval;
        const auto context = memory.get<LsmContext>(call.address(1));
        if (!context) return Errno::Fault;
        if (context->id == kLsmIdUndef) return Errno::Inval;
    }
    if (!memory.put(call.address(2), std::uint32_t{0})) return Errno::Fault;
    return Errno::NotSup;
}

// security_setselfattr.
SysOutcome sys_lsm_set_self_attr(SysCall& call) {
    const std::uint32_t size = call.uint32(2);
    if (call.uint32(3) != 0 || size < sizeof(LsmContext)) return Errno::Inval;
    if (size > kPageSize) return Errno::TooBig;
    UserMemory memory = call.memory();
    const auto context = memory.get<LsmContext>(call.address(1));
    if (!context || memory.reachable(call.address(1), size, Access::Read) < size)
        return Errno::Fault;
    const std::uint64_t needed = sizeof(LsmContext) + context->context_length;
    if (size < context->length || needed < context->context_length || context->length < needed)
        return Errno::Inval;
    return Errno::NotSup;
}

constexpr SyscallRow kLsmRows[] = {
    {459, "lsm_get_self_attr", sys_lsm_get_self_attr, Support::Full, KernelPath::SysPrctl, {}},
    {460, "lsm_set_self_attr", sys_lsm_set_self_attr, Support::Full, KernelPath::SysPrctl, {}},
    {461, "lsm_list_modules", sys_lsm_list_modules, Support::Full, KernelPath::SysPrctl, {}},
};

}  // namespace

std::span<const SyscallRow> lsm_syscalls() {
    return kLsmRows;
}

}  // namespace uprobesim
