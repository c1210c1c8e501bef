// SPDX-License-Identifier: GPL-2.0-or-later
// seccomp(2): modes and filters. What they do is in seccomp_check.
#include "kernel_model/syscall/process/sys_seccomp.h"

#include <algorithm>
#include <span>

#include "kernel_model/abi/seccomp.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

constexpr std::uint64_t kMostInsns = 32768;  // MAX_INSNS_PER_PATH
constexpr std::uint64_t kFilterInsns = 4;    // what each filter counts besides its own

SysOutcome set_strict(SysCall& call, std::uint64_t flags, VAddr arguments) {
    if (flags != 0 || arguments != VAddr(0)) return Errno::Inval;
    if (call.task.seccomp.mode == kSeccompModeFilter) return Errno::Inval;
    call.task.seccomp.mode = kSeccompModeStrict;
    return 0;
}

// seccomp_prepare_user_filter
SysResult<std::shared_ptr<SeccompFilter>> read_filter(SysCall& call, VAddr arguments) {
    UserMemory memory = call.memory();
    const auto program = memory.get<BpfProgram>(arguments);
    if (!program) return tl::make_unexpected(Errno::Fault);
    if (program->length == 0 || program->length > kBpfMaxInsns)
        return tl::make_unexpected(Errno::Inval);
    if (!call.process.options.no_new_privileges && !call.has(Capability::SysAdmin))
        return tl::make_unexpected(Errno::Acces);
    auto filter = std::make_shared<SeccompFilter>();
    filter->program.resize(program->length);
    if (!memory.read(VAddr(program->insns), std::as_writable_bytes(std::span(filter->program))))
        return tl::make_unexpected(Errno::Fault);
    if (!is_valid_filter(filter->program)) return tl::make_unexpected(Errno::Inval);
    return filter;
}

// seccomp_can_sync_threads: the first thread that has filters of its own, or null.
const Task* cannot_follow(const SysCall& call) {
    for (const auto& [id, task] : call.process.tasks) {
        if (task.get() == &call.task || task->state == TaskState::Dead) continue;
        const SeccompState& other = task->seccomp;
        if (other.mode == 0) continue;
        const SeccompFilter* own = call.task.seccomp.filter.get();
        if (other.mode != kSeccompModeFilter || own == nullptr ||
            !own->descends_from(other.filter.get()))
            return task.get();
    }
    return nullptr;
}

SysOutcome set_filter(SysCall& call, std::uint64_t flags, VAddr arguments) {
    constexpr std::uint64_t kKnown = kSeccompTsync | kSeccompLog | kSeccompSpecAllow |
                                     kSeccompNewListener | kSeccompTsyncEsrch |
                                     kSeccompWaitKillable;
    constexpr std::uint64_t kTidOrListener = kSeccompTsync | kSeccompNewListener;
    if ((flags & ~kKnown) != 0) return Errno::Inval;
    if ((flags & kTidOrListener) == kTidOrListener && (flags & kSeccompTsyncEsrch) == 0)
        return Errno::Inval;
    if ((flags & (kSeccompWaitKillable | kSeccompNewListener)) == kSeccompWaitKillable)
        return Errno::Inval;
    auto filter = TRY(read_filter(call, arguments));
    if ((flags & kSeccompNewListener) != 0) {
        call.kernel.counters().note_unmodelled("seccomp SECCOMP_FILTER_FLAG_NEW_LISTENER",
                                               "answered EINVAL");
        return Errno::Inval;
    }
    if (call.task.seccomp.mode == kSeccompModeStrict) return Errno::Inval;
    filter->before = call.task.seccomp.filter;
    filter->insns = filter->program.size() + kFilterInsns;
    if (filter->before != nullptr) {
        filter->insns += filter->before->insns;
        filter->count += filter->before->count;
    }
    if (filter->insns - kFilterInsns > kMostInsns) return Errno::NoMem;
    const std::uint64_t bytes = sizeof *filter + filter->program.size() * sizeof(BpfInsn);
    PhysicalMemory& memory = call.kernel.machine().memory;
    if (!memory.has_room(bytes)) return Errno::NoMem;
    if ((flags & kSeccompTsync) != 0) {
        if (const Task* other = cannot_follow(call)) {
            if ((flags & kSeccompTsyncEsrch) != 0) return Errno::Srch;
            return call.number_of(other->pid());
        }
    }
    filter->charge = MemoryCharge(&memory, bytes);
    call.units = filter->program.size();
    const SeccompState state{.mode = kSeccompModeFilter, .filter = std::move(filter)};
    call.task.seccomp = state;
    if ((flags & kSeccompTsync) != 0) {
        for (const auto& [id, task] : call.process.tasks) task->seccomp = state;
    }
    return 0;
}

SysOutcome action_available(SysCall& call, std::uint64_t flags, VAddr at) {
    constexpr std::uint32_t kActions[] = {
        kSeccompRetKillProcess, kSeccompRetKillThread, kSeccompRetTrap, kSeccompRetErrno,
        kSeccompRetUserNotif,   kSeccompRetTrace,      kSeccompRetLog,  kSeccompRetAllow};
    if (flags != 0) return Errno::Inval;
    const auto action = call.memory().get<std::uint32_t>(at);
    if (!action) return Errno::Fault;
    if (std::ranges::find(kActions, *action) == std::end(kActions)) return Errno::NotSup;
    return 0;
}

SysOutcome notification_sizes(SysCall& call, std::uint64_t flags, VAddr at) {
    if (flags != 0) return Errno::Inval;
    constexpr std::array<std::uint16_t, 3> kSizes{80, 24, sizeof(SeccompData)};
    if (!call.memory().put(at, kSizes)) return Errno::Fault;
    return 0;
}

SysOutcome sys_seccomp(SysCall& call) {
    const std::uint64_t flags = call.uint32(1);
    switch (call.uint32(0)) {
        case kSeccompSetModeStrict: return set_strict(call, flags, call.address(2));
        case kSeccompSetModeFilter: return set_filter(call, flags, call.address(2));
        case kSeccompGetActionAvail: return action_available(call, flags, call.address(2));
        case kSeccompGetNotifSizes: return notification_sizes(call, flags, call.address(2));
        default: return Errno::Inval;
    }
}

constexpr SyscallRow kSeccompRows[] = {
    {277, "seccomp", sys_seccomp, Support::Full, KernelPath::SysPrctl, {}},
};

}  // namespace

SysOutcome get_seccomp(SysCall& call) {
    return std::uint64_t{call.task.seccomp.mode};
}

SysOutcome set_seccomp(SysCall& call) {
    switch (call.args[1]) {
        case kSeccompModeStrict: return set_strict(call, 0, VAddr(0));
        case kSeccompModeFilter: return set_filter(call, 0, call.address(2));
        default: return Errno::Inval;
    }
}

std::span<const SyscallRow> seccomp_syscalls() {
    return kSeccompRows;
}

}  // namespace uprobesim
