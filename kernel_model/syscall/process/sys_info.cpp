// SPDX-License-Identifier: GPL-2.0-or-later
// Information about the system and the process: uname, memory, process ids, random bytes.
#include <algorithm>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/signal/rseq.h"
#include "kernel_model/syscall/syscall.h"
#include "kernel_model/syscall/time_args.h"

namespace uprobesim {
namespace {

struct SysInfoBytes {
    std::int64_t uptime = 0;
    std::array<std::uint64_t, 3> loads{};
    std::uint64_t total_ram = 0, free_ram = 0, shared_ram = 0, buffer_ram = 0, total_swap = 0,
                  free_swap = 0;
    std::uint16_t processes = 0, pad = 0;
    std::uint32_t pad2 = 0;
    std::uint64_t total_high = 0, free_high = 0;
    std::uint32_t unit = 1, pad3 = 0;
};
static_assert(sizeof(SysInfoBytes) == 112);

SysOutcome sys_sysinfo(SysCall& call) {
    const PhysicalMemory& memory = call.kernel.machine().memory;
    SysInfoBytes info;
    const auto up = static_cast<std::int64_t>(call.kernel.clock().monotonic_ns());
    info.uptime = (up + clock_offset(call, abi::kClockBoottime)) / std::int64_t{kNsPerSecond};
    info.total_ram = memory.limit_bytes();
    info.free_ram = memory.free_bytes();
    for (const auto& [pid, process] : call.kernel.processes().all()) {
        info.processes = static_cast<std::uint16_t>(info.processes + process->tasks.size());
    }
    if (!call.memory().put(call.address(0), info)) return Errno::Fault;
    return 0;
}

SysOutcome sys_getrandom(SysCall& call) {
    const std::uint32_t flags = call.uint32(2);
    if ((flags & ~(abi::kGrndNonblock | abi::kGrndRandom | abi::kGrndInsecure)) != 0 ||
        (flags & (abi::kGrndRandom | abi::kGrndInsecure)) ==
            (abi::kGrndRandom | abi::kGrndInsecure)) {
        return Errno::Inval;
    }
    Entropy& entropy = call.kernel.machine().entropy;
    const auto done =
        call.memory().for_each_span(call.address(0), std::min(call.args[1], abi::kMaxRwCount),
                                    Access::Write, [&](std::span<std::byte> to) {
                                        entropy.fill(to);
                                        return to.size();
                                    });
    if (!done) return Errno::Fault;
    call.units = *done;
    return *done;
}

SysOutcome sys_getpid(SysCall& call) {
    return call.number_of(call.process.id());
}
SysOutcome sys_getppid(SysCall& call) {
    return call.number_of(call.process.parent_pid);
}
SysOutcome sys_gettid(SysCall& call) {
    return call.number_of(call.task.pid());
}
SysOutcome sys_rseq(SysCall& call) {
    return register_rseq(call.task, call.address(0), call.uint32(1), call.uint32(2),
                         call.uint32(3));
}

constexpr SyscallRow kInfoRows[] = {
    {172, "getpid", sys_getpid, Support::Full, KernelPath::SysTrivial, {}},
    {173, "getppid", sys_getppid, Support::Full, KernelPath::SysTrivial, {}},
    {178, "gettid", sys_gettid, Support::Full, KernelPath::SysTrivial, {}},
    {179, "sysinfo", sys_sysinfo, Support::Full, KernelPath::SysTrivial, {}},
    {241, "perf_event_open", refuse<Errno::NoSys>, Support::Stub, KernelPath::SysUnknown,
     "answered ENOSYS"},
    {278, "getrandom", sys_getrandom, Support::Full, KernelPath::SysRandom, {}},
    {280, "bpf", refuse<Errno::Perm>, Support::Stub, KernelPath::SysTrivial, "answered EPERM"},
    {293, "rseq", sys_rseq, Support::Full, KernelPath::SysTrivial, {}},
};

}  // namespace

std::span<const SyscallRow> info_syscalls() {
    return kInfoRows;
}

}  // namespace uprobesim
