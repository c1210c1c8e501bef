// SPDX-License-Identifier: GPL-2.0-or-later
// prctl: one row per option.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "kernel_model/abi/prctl.h"
#include "kernel_model/syscall/process/sys_capability.h"
#include "kernel_model/syscall/process/sys_seccomp.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {
namespace {

constexpr std::size_t kCommSize = 16;

SysOutcome put_int(SysCall& call, std::int32_t value) {
    if (!call.memory().put(call.address(1), value)) return Errno::Fault;
    return 0;
}

// An argument from this one on is not 0.
bool has_more(const SysCall& call, std::size_t from) {
    return std::any_of(call.args.begin() + static_cast<std::ptrdiff_t>(from), call.args.begin() + 5,
                       [](std::uint64_t value) { return value != 0; });
}

SysOutcome set_pdeathsig(SysCall& call) {
    if (call.args[1] > static_cast<std::uint64_t>(kSignalCount)) return Errno::Inval;
    call.process.options.parent_death_signal = call.int32(1);
    return 0;
}
SysOutcome get_pdeathsig(SysCall& call) {
    return put_int(call, call.process.options.parent_death_signal);
}
SysOutcome get_dumpable(SysCall& call) {
    return std::uint64_t{call.process.options.dumpable};
}
SysOutcome set_dumpable(SysCall& call) {
    if (call.args[1] > 1) return Errno::Inval;
    call.process.options.dumpable = call.uint32(1);
    return 0;
}
SysOutcome set_name(SysCall& call) {
    const auto name = call.memory().read_string(call.address(1), kCommSize - 1);
    if (!name) return Errno::Fault;
    call.task.comm = *name;
    return 0;
}
SysOutcome get_name(SysCall& call) {
    std::array<char, kCommSize> bytes{};
    std::memcpy(bytes.data(), call.task.comm.data(),
                std::min(call.task.comm.size(), kCommSize - 1));
    if (!call.memory().put(call.address(1), bytes)) return Errno::Fault;
    return 0;
}
// A real-time task has no slack to set.
SysOutcome set_timer_slack(SysCall& call) {
    Task& task = call.task;
    if (task.sched.is_real_time()) return 0;
    const auto wanted = static_cast<std::int64_t>(call.args[1]);
    task.timer_slack_ns = wanted <= 0 ? task.default_slack_ns : call.args[1];
    return 0;
}
SysOutcome get_timer_slack(SysCall& call) {
    return call.task.sched.is_real_time() ? 0 : call.task.timer_slack_ns;
}
SysOutcome set_no_new_privs(SysCall& call) {
    if (call.args[1] != 1 || call.args[2] != 0 || call.args[3] != 0 || call.args[4] != 0)
        return Errno::Inval;
    call.process.options.no_new_privileges = true;
    return 0;
}
SysOutcome get_no_new_privs(SysCall& call) {
    if (has_more(call, 1)) return Errno::Inval;
    return call.process.options.no_new_privileges ? 1u : 0u;
}
SysOutcome get_tid_address(SysCall& call) {
    if (!call.memory().put(call.address(1), call.task.clear_child_tid.value)) return Errno::Fault;
    return 0;
}
SysOutcome set_subreaper(SysCall& call) {
    call.process.options.child_subreaper = call.args[1] != 0;
    return 0;
}
SysOutcome get_subreaper(SysCall& call) {
    return put_int(call, call.process.options.child_subreaper ? 1 : 0);
}
SysOutcome set_thp(SysCall& call) {
    if (has_more(call, 2)) return Errno::Inval;
    call.process.options.thp_disabled = call.args[1] != 0;
    return 0;
}
SysOutcome get_thp(SysCall& call) {
    if (has_more(call, 1)) return Errno::Inval;
    return call.process.options.thp_disabled ? 1u : 0u;
}
// tagged_addr_ctrl: the ABI only; the machine has no memory tags whose checks could be chosen.
SysOutcome set_tagged_addr(SysCall& call) {
    if (call.args[2] != 0 || call.args[3] != 0 || call.args[4] != 0) return Errno::Inval;
    if ((call.args[1] & ~abi::kPrTaggedAddrEnable) != 0) return Errno::Inval;
    call.task.tif_tagged_addr = (call.args[1] & abi::kPrTaggedAddrEnable) != 0;
    return 0;
}
SysOutcome get_tagged_addr(SysCall& call) {
    if (call.args[1] != 0 || call.args[2] != 0 || call.args[3] != 0 || call.args[4] != 0)
        return Errno::Inval;
    return call.task.tif_tagged_addr ? 1u : 0u;
}
// Statistical only.
SysOutcome set_timing(SysCall& call) {
    return call.args[1] == 0 ? SysOutcome(0) : SysOutcome(Errno::Inval);
}
// PR_MCE_KILL: when a task is told of memory that fails, which here does not happen.
SysOutcome set_machine_check(SysCall& call) {
    if (has_more(call, 3)) return Errno::Inval;
    std::uint32_t& policy = call.process.options.machine_check_policy;
    if (call.args[1] == abi::kPrMceKillClear) {
        if (call.args[2] != 0) return Errno::Inval;
        policy = abi::kPrMceKillDefault;
        return 0;
    }
    if (call.args[1] != abi::kPrMceKillSet || call.args[2] > abi::kPrMceKillDefault)
        return Errno::Inval;
    policy = call.uint32(2);
    return 0;
}
SysOutcome get_machine_check(SysCall& call) {
    if (has_more(call, 1)) return Errno::Inval;
    return std::uint64_t{call.process.options.machine_check_policy};
}
// prctl_set_mm: the fields of the memory's description stay as the loader set them.
SysOutcome set_mm(SysCall& call) {
    constexpr std::uint32_t kDescriptionSize = 104;  // struct prctl_mm_map
    const std::uint64_t field = call.args[1];
    if (call.args[4] != 0) return Errno::Inval;
    if (call.args[3] != 0 && field != abi::kPrSetMmAuxv && field != abi::kPrSetMmMap &&
        field != abi::kPrSetMmMapSize)
        return Errno::Inval;
    if (field == abi::kPrSetMmMapSize) {
        if (!call.memory().put(call.address(2), kDescriptionSize)) return Errno::Fault;
        return 0;
    }
    if (!call.capable(Capability::SysResource)) return Errno::Perm;
    call.kernel.counters().note_unmodelled("prctl PR_SET_MM", "answered EINVAL");
    return Errno::Inval;
}
// As large as the kernel's own copy, saved_auxv.
SysOutcome get_auxv(SysCall& call) {
    constexpr std::size_t kWords = 50;  // AT_VECTOR_SIZE
    if (call.args[3] != 0 || call.args[4] != 0) return Errno::Inval;
    std::vector<std::uint64_t> words = call.process.auxv;
    words.resize(kWords);
    const auto bytes = std::as_bytes(std::span(words));
    const std::size_t room = std::min<std::size_t>(bytes.size(), call.args[2]);
    if (!call.memory().write(call.address(1), bytes.first(room))) return Errno::Fault;
    return std::uint64_t{bytes.size()};
}
// Memory that denies write and execute (prctl_set_mdwe).
SysOutcome set_mdwe(SysCall& call) {
    if (has_more(call, 2)) return Errno::Inval;
    constexpr std::uint32_t kBoth = abi::kPrMdweRefuseExecGain | abi::kPrMdweNoInherit;
    std::uint32_t& bits = call.process.options.mdwe;
    if ((call.args[1] & ~std::uint64_t{kBoth}) != 0 || call.args[1] == abi::kPrMdweNoInherit)
        return Errno::Inval;
    if (bits != 0 && bits != call.args[1]) return Errno::Perm;
    bits = call.uint32(1);
    return 0;
}
SysOutcome get_mdwe(SysCall& call) {
    if (has_more(call, 1)) return Errno::Inval;
    return std::uint64_t{call.process.options.mdwe};
}
// The mitigations are the machine's: no task chooses.
SysOutcome get_speculation(SysCall& call) {
    if (has_more(call, 2)) return Errno::Inval;
    return call.args[1] <= abi::kPrLastSpeculation ? SysOutcome(abi::kPrSpecNotAffected)
                                                   : SysOutcome(Errno::NoDev);
}
SysOutcome set_speculation(SysCall& call) {
    if (has_more(call, 3)) return Errno::Inval;
    if (call.args[1] > abi::kPrLastSpeculation) return Errno::NoDev;
    return call.args[2] == abi::kPrSpecEnable ? SysOutcome(0) : SysOutcome(Errno::Nxio);
}
SysOutcome set_io_flusher(SysCall& call) {
    if (!call.capable(Capability::SysResource)) return Errno::Perm;
    if (call.args[1] > 1 || has_more(call, 2)) return Errno::Inval;
    call.process.options.io_flusher = call.args[1] == 1;
    return 0;
}
SysOutcome get_io_flusher(SysCall& call) {
    if (!call.capable(Capability::SysResource)) return Errno::Perm;
    if (has_more(call, 1)) return Errno::Inval;
    return call.process.options.io_flusher ? 1u : 0u;
}

// ptrauth_prctl_reset_keys
SysOutcome reset_keys(SysCall& call) {
    Machine& machine = call.kernel.machine();
    if (call.args[2] != 0 || call.args[3] != 0 || call.args[4] != 0) return Errno::Inval;
    if (!machine.profile.isa.has(IsaFeature::Pac)) return Errno::Inval;
    if ((call.args[1] & ~std::uint64_t{kAllPointerKeys}) != 0) return Errno::Inval;
    const unsigned which = call.args[1] == 0 ? kAllPointerKeys : call.uint32(1);
    machine.cpu->write_keys(call.task.context, fresh_keys(machine.entropy), which);
    return 0;
}
// ptrauth_set_enabled_keys, ptrauth_get_enabled_keys
SysOutcome set_enabled_keys(SysCall& call) {
    Machine& machine = call.kernel.machine();
    if (call.args[3] != 0 || call.args[4] != 0) return Errno::Inval;
    if (!machine.profile.isa.has(IsaFeature::Pac)) return Errno::Inval;
    const std::uint64_t keys = call.args[1], enabled = call.args[2];
    if ((keys & ~std::uint64_t{kAddressPointerKeys}) != 0 || (enabled & ~keys) != 0)
        return Errno::Inval;
    unsigned& now = call.task.enabled_keys;
    now = static_cast<unsigned>((now & ~keys) | enabled);
    machine.cpu->enable_keys(call.task.context, now);
    return 0;
}
SysOutcome get_enabled_keys(SysCall& call) {
    if (call.args[1] != 0 || call.args[2] != 0 || call.args[3] != 0 || call.args[4] != 0)
        return Errno::Inval;
    if (!call.kernel.machine().profile.isa.has(IsaFeature::Pac)) return Errno::Inval;
    return std::uint64_t{call.task.enabled_keys};
}
// No machine has SVE here; names of anonymous memory are not configured.
SysOutcome not_here(SysCall&) {
    return Errno::Inval;
}

struct PrctlRow {
    std::int32_t option;
    SysFn fn;
};

constexpr PrctlRow kOptions[] = {
    {abi::kPrSetPdeathsig, set_pdeathsig},
    {abi::kPrGetPdeathsig, get_pdeathsig},
    {abi::kPrGetDumpable, get_dumpable},
    {abi::kPrSetDumpable, set_dumpable},
    {abi::kPrGetKeepcaps, get_keepcaps},
    {abi::kPrSetKeepcaps, set_keepcaps},
    {abi::kPrSetName, set_name},
    {abi::kPrGetName, get_name},
    {abi::kPrCapbsetRead, read_bounding},
    {abi::kPrCapbsetDrop, drop_bounding},
    {abi::kPrGetSecurebits, get_securebits},
    {abi::kPrSetSecurebits, set_securebits},
    {abi::kPrCapAmbient, ambient},
    {abi::kPrGetSeccomp, get_seccomp},
    {abi::kPrSetSeccomp, set_seccomp},
    {abi::kPrSetTimerslack, set_timer_slack},
    {abi::kPrGetTimerslack, get_timer_slack},
    {abi::kPrSetChildSubreaper, set_subreaper},
    {abi::kPrGetChildSubreaper, get_subreaper},
    {abi::kPrSetNoNewPrivs, set_no_new_privs},
    {abi::kPrGetNoNewPrivs, get_no_new_privs},
    {abi::kPrGetTidAddress, get_tid_address},
    {abi::kPrSetThpDisable, set_thp},
    {abi::kPrGetThpDisable, get_thp},
    {abi::kPrGetTiming, answer<0>},
    {abi::kPrSetTiming, set_timing},
    {abi::kPrTaskPerfEventsDisable, answer<0>},
    {abi::kPrTaskPerfEventsEnable, answer<0>},
    {abi::kPrMceKill, set_machine_check},
    {abi::kPrMceKillGet, get_machine_check},
    {abi::kPrSetMm, set_mm},
    {abi::kPrGetSpeculationCtrl, get_speculation},
    {abi::kPrSetSpeculationCtrl, set_speculation},
    {abi::kPrSetIoFlusher, set_io_flusher},
    {abi::kPrGetIoFlusher, get_io_flusher},
    {abi::kPrSveSetVl, not_here},
    {abi::kPrSveGetVl, not_here},
    {abi::kPrPacResetKeys, reset_keys},
    {abi::kPrSetTaggedAddrCtrl, set_tagged_addr},
    {abi::kPrGetTaggedAddrCtrl, get_tagged_addr},
    {abi::kPrPacSetEnabledKeys, set_enabled_keys},
    {abi::kPrPacGetEnabledKeys, get_enabled_keys},
    {abi::kPrSetMdwe, set_mdwe},
    {abi::kPrGetMdwe, get_mdwe},
    {abi::kPrGetAuxv, get_auxv},
    {abi::kPrSetVma, not_here},
};

SysOutcome sys_prctl(SysCall& call) {
    for (const PrctlRow& row : kOptions) {
        if (row.option == call.int32(0)) return row.fn(call);
    }
    call.kernel.counters().note_unmodelled(fmt::format("prctl option {}", call.int32(0)),
                                           "answered EINVAL");
    return Errno::Inval;
}

constexpr SyscallRow kPrctlRows[] = {
    {167, "prctl", sys_prctl, Support::Full, KernelPath::SysPrctl, {}}};

}  // namespace

std::span<const SyscallRow> prctl_syscalls() {
    return kPrctlRows;
}

}  // namespace uprobesim
