// SPDX-License-Identifier: GPL-2.0-or-later
// Limits of resources.
#include "kernel_model/abi/resource.h"
#include "kernel_model/syscall/syscall.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

struct LimitBytes {
    std::uint64_t soft, hard;
};

// do_prlimit, and what takes the limit over.
SysResult<void> change_limit(SysCall& call, Process& process, std::uint32_t which,
                             const LimitBytes& wanted) {
    ResourceLimit& limit = process.limits[which];
    if (wanted.soft > wanted.hard) return tl::make_unexpected(Errno::Inval);
    constexpr std::uint64_t kMaxFiles = 1048576;  // fs.nr_open
    if (which == abi::kRlimitNofile && wanted.hard > kMaxFiles)
        return tl::make_unexpected(Errno::Perm);
    if (wanted.hard > limit.hard && !call.capable(Capability::SysResource))
        return tl::make_unexpected(Errno::Perm);
    limit = {wanted.soft, wanted.hard};
    if (which == abi::kRlimitNofile) process.files.set_limit(limit.soft);
    if (which == abi::kRlimitStack) process.mm->set_stack_limit(limit.soft);
    if (which == abi::kRlimitAs || which == abi::kRlimitData)
        process.mm->set_limits(process.limits[abi::kRlimitAs].soft,
                               process.limits[abi::kRlimitData].soft);
    return {};
}

SysOutcome limit_call(SysCall& call, Process& process, std::uint32_t which, VAddr new_at,
                      VAddr old_at) {
    if (which >= process.limits.size()) return Errno::Inval;
    UserMemory memory = call.memory();
    const LimitBytes old{process.limits[which].soft, process.limits[which].hard};
    if (new_at != VAddr(0)) {
        const auto wanted = memory.get<LimitBytes>(new_at);
        if (!wanted) return Errno::Fault;
        TRY(change_limit(call, process, which, *wanted));
    }
    if (old_at != VAddr(0) && !memory.put(old_at, old)) return Errno::Fault;
    return 0;
}

// check_prlimit_permission.
bool may_limit(const SysCall& call, const Process& process) {
    if (&process == &call.process || call.capable_in(process.cred->space, Capability::SysResource))
        return true;
    const auto same = [](const Ids& theirs, std::uint32_t own) {
        return theirs.real == own && theirs.effective == own && theirs.saved == own;
    };
    return same(process.cred->uid, call.cred().uid.real) &&
           same(process.cred->gid, call.cred().gid.real);
}

SysOutcome sys_prlimit64(SysCall& call) {
    if (call.args[2] != 0 && !call.memory().get<LimitBytes>(call.address(2))) return Errno::Fault;
    const Task* task = call.task_of(call.int32(0));
    if (task == nullptr) return Errno::Srch;
    if (!may_limit(call, *task->process)) return Errno::Perm;
    return limit_call(call, *task->process, call.uint32(1), call.address(2), call.address(3));
}
SysOutcome sys_getrlimit(SysCall& call) {
    if (call.args[1] == 0) return Errno::Fault;
    return limit_call(call, call.process, call.uint32(0), VAddr(0), call.address(1));
}
SysOutcome sys_setrlimit(SysCall& call) {
    if (call.args[1] == 0) return Errno::Fault;
    return limit_call(call, call.process, call.uint32(0), call.address(1), VAddr(0));
}

constexpr SyscallRow kLimitsRows[] = {
    {163, "getrlimit", sys_getrlimit, Support::Full, KernelPath::SysPrctl, {}},
    {164, "setrlimit", sys_setrlimit, Support::Full, KernelPath::SysPrctl, {}},
    {261, "prlimit64", sys_prlimit64, Support::Full, KernelPath::SysPrctl, {}},
};

}  // namespace

std::span<const SyscallRow> limit_syscalls() {
    return kLimitsRows;
}

}  // namespace uprobesim
