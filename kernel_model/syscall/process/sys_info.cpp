// SPDX-License-Identifier: GPL-2.0-or-later
// Information about the system and the process: uname, memory, user and group ids, random bytes.
#include <algorithm>
#include <cstring>

#include "kernel_model/abi/capability.h"
#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/syscall/syscall.h"
#include "sim/profile/kernel_profile.h"

namespace uprobesim {
namespace {

constexpr std::size_t kNameSize = 65;
constexpr std::uint32_t kUnchanged = ~0u;

SysOutcome sys_uname(SysCall& call) {
    const KernelProfile& profile = call.kernel.machine().kernel_profile;
    const std::array<std::string, 6> names = {
        "Linux", "uprobesim", profile.release, "#1 SMP uprobesim", "aarch64", "(none)"};
    std::array<char, kNameSize * 6> bytes{};
    for (std::size_t i = 0; i < names.size(); ++i) {
        std::memcpy(bytes.data() + i * kNameSize, names[i].data(),
                    std::min(names[i].size(), kNameSize - 1));
    }
    if (!call.memory().put(call.address(0), bytes)) return Errno::Fault;
    return 0;
}

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
    info.uptime = static_cast<std::int64_t>(call.kernel.clock().monotonic_ns() / 1'000'000'000u);
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
    return static_cast<std::uint64_t>(call.process.pid);
}
SysOutcome sys_getppid(SysCall& call) {
    return static_cast<std::uint64_t>(call.process.parent_pid);
}
SysOutcome sys_gettid(SysCall& call) {
    return static_cast<std::uint64_t>(call.task.id.value);
}
SysOutcome sys_getuid(SysCall& call) {
    return std::uint64_t{call.process.uid};
}
SysOutcome sys_getgid(SysCall& call) {
    return std::uint64_t{call.process.gid};
}

SysOutcome put_three(SysCall& call, std::uint32_t id) {
    UserMemory memory = call.memory();
    for (std::size_t i = 0; i < 3; ++i) {
        if (!memory.put(call.address(i), id)) return Errno::Fault;
    }
    return 0;
}
SysOutcome sys_getresuid(SysCall& call) {
    return put_three(call, call.process.uid);
}
SysOutcome sys_getresgid(SysCall& call) {
    return put_three(call, call.process.gid);
}

// The real, effective and saved ids are not kept apart: root may set any id, other users only their
// own.
SysOutcome change_id(SysCall& call, std::uint32_t& id, std::size_t arguments,
                     std::size_t effective) {
    for (std::size_t i = 0; i < arguments; ++i) {
        if (call.uint32(i) != kUnchanged && call.uint32(i) != id && call.process.uid != 0)
            return Errno::Perm;
    }
    if (call.uint32(effective) != kUnchanged) {
        id = call.uint32(effective);
    } else if (arguments == 1) {
        return Errno::Inval;
    }
    return 0;
}
SysOutcome sys_setuid(SysCall& call) {
    return change_id(call, call.process.uid, 1, 0);
}
SysOutcome sys_setgid(SysCall& call) {
    return change_id(call, call.process.gid, 1, 0);
}
SysOutcome sys_setreuid(SysCall& call) {
    return change_id(call, call.process.uid, 2, 1);
}
SysOutcome sys_setregid(SysCall& call) {
    return change_id(call, call.process.gid, 2, 1);
}
SysOutcome sys_setresuid(SysCall& call) {
    return change_id(call, call.process.uid, 3, 1);
}
SysOutcome sys_setresgid(SysCall& call) {
    return change_id(call, call.process.gid, 3, 1);
}
SysOutcome sys_setfsuid(SysCall& call) {
    return std::uint64_t{call.process.uid};
}
SysOutcome sys_setfsgid(SysCall& call) {
    return std::uint64_t{call.process.gid};
}

// One supplementary group: the process's own.
SysOutcome sys_getgroups(SysCall& call) {
    if (call.int32(0) < 0) return Errno::Inval;
    if (call.int32(0) == 0) return 1u;
    if (!call.memory().put(call.address(1), call.process.gid)) return Errno::Fault;
    return 1u;
}
SysOutcome sys_setgroups(SysCall& call) {
    if (call.process.uid != 0) return Errno::Perm;
    if (call.uint32(0) > abi::kNgroupsMax) return Errno::Inval;
    UserMemory memory = call.memory();
    for (std::uint64_t i = 0; i < call.uint32(0); ++i) {
        if (!memory.get<std::uint32_t>(call.address(1) + i * sizeof(std::uint32_t)))
            return Errno::Fault;
    }
    return 0;
}

struct CapHeader {
    std::uint32_t version;
    std::int32_t pid;
};

SysOutcome sys_capget(SysCall& call) {
    UserMemory memory = call.memory();
    const auto header = memory.get<CapHeader>(call.address(0));
    if (!header) return Errno::Fault;
    const bool known = header->version == abi::kCapVersion1 ||
                       header->version == abi::kCapVersion2 || header->version == abi::kCapVersion3;
    if (!known) {
        if (!memory.put(call.address(0), abi::kCapVersion3)) return Errno::Fault;
        if (call.args[1] == 0) return 0;
        return Errno::Inval;
    }
    if (header->pid < 0) return Errno::Inval;
    if (header->pid != 0 && call.kernel.processes().find(header->pid) == nullptr)
        return Errno::Srch;
    if (call.args[1] == 0) return 0;
    const std::size_t words = header->version == abi::kCapVersion1 ? 1 : 2;
    for (std::size_t i = 0; i < words; ++i) {
        const std::uint32_t set = call.process.uid == 0 ? abi::kAllCapabilities[i] : 0;
        const std::array<std::uint32_t, 3> data{set, set, 0};  // effective, permitted, inheritable
        if (!memory.put(call.address(1) + i * sizeof data, data)) return Errno::Fault;
    }
    return 0;
}

SysOutcome sys_capset(SysCall& call) {
    if (!call.memory().get<CapHeader>(call.address(0))) return Errno::Fault;
    if (!call.memory().get<std::array<std::uint32_t, 6>>(call.address(1))) return Errno::Fault;
    return 0;
}

constexpr std::string_view kOneId = "real, effective and saved id are one";

constexpr SyscallRow kRows[] = {
    {89, "acct", refuse<Errno::Perm>, Support::Stub, KernelPath::SysTrivial, "answered EPERM"},
    {90, "capget", sys_capget, Support::Full, KernelPath::SysPrctl, {}},
    {91, "capset", sys_capset, Support::Stub, KernelPath::SysPrctl, "accepted, changes nothing"},
    {105, "init_module", refuse<Errno::Perm>, Support::Stub, KernelPath::SysTrivial,
     "answered EPERM"},
    {116, "syslog", refuse<Errno::Perm>, Support::Stub, KernelPath::SysTrivial, "answered EPERM"},
    {117, "ptrace", refuse<Errno::Perm>, Support::Stub, KernelPath::SysTrivial,
     "no tracing inside the simulation: answered EPERM"},
    {142, "reboot", refuse<Errno::Perm>, Support::Stub, KernelPath::SysTrivial, "answered EPERM"},
    {143, "setregid", sys_setregid, Support::Partial, KernelPath::SysIds, kOneId},
    {144, "setgid", sys_setgid, Support::Partial, KernelPath::SysIds, kOneId},
    {145, "setreuid", sys_setreuid, Support::Partial, KernelPath::SysIds, kOneId},
    {146, "setuid", sys_setuid, Support::Partial, KernelPath::SysIds, kOneId},
    {147, "setresuid", sys_setresuid, Support::Partial, KernelPath::SysIds, kOneId},
    {148, "getresuid", sys_getresuid, Support::Full, KernelPath::SysIds, {}},
    {149, "setresgid", sys_setresgid, Support::Partial, KernelPath::SysIds, kOneId},
    {150, "getresgid", sys_getresgid, Support::Full, KernelPath::SysIds, {}},
    {151, "setfsuid", sys_setfsuid, Support::Stub, KernelPath::SysIds, "changes nothing"},
    {152, "setfsgid", sys_setfsgid, Support::Stub, KernelPath::SysIds, "changes nothing"},
    {158, "getgroups", sys_getgroups, Support::Full, KernelPath::SysIds, {}},
    {159, "setgroups", sys_setgroups, Support::Stub, KernelPath::SysIds,
     "accepted, changes nothing"},
    {160, "uname", sys_uname, Support::Full, KernelPath::SysUname, {}},
    {161, "sethostname", refuse<Errno::Perm>, Support::Stub, KernelPath::SysTrivial,
     "answered EPERM"},
    {162, "setdomainname", refuse<Errno::Perm>, Support::Stub, KernelPath::SysTrivial,
     "answered EPERM"},
    {172, "getpid", sys_getpid, Support::Full, KernelPath::SysTrivial, {}},
    {173, "getppid", sys_getppid, Support::Full, KernelPath::SysTrivial, {}},
    {174, "getuid", sys_getuid, Support::Full, KernelPath::SysIds, {}},
    {175, "geteuid", sys_getuid, Support::Full, KernelPath::SysIds, {}},
    {176, "getgid", sys_getgid, Support::Full, KernelPath::SysIds, {}},
    {177, "getegid", sys_getgid, Support::Full, KernelPath::SysIds, {}},
    {178, "gettid", sys_gettid, Support::Full, KernelPath::SysTrivial, {}},
    {179, "sysinfo", sys_sysinfo, Support::Full, KernelPath::SysTrivial, {}},
    {241, "perf_event_open", refuse<Errno::NoSys>, Support::Stub, KernelPath::SysUnknown,
     "answered ENOSYS"},
    {278, "getrandom", sys_getrandom, Support::Full, KernelPath::SysRandom, {}},
    {280, "bpf", refuse<Errno::Perm>, Support::Stub, KernelPath::SysTrivial, "answered EPERM"},
};

}  // namespace

std::span<const SyscallRow> info_syscalls() {
    return kRows;
}

}  // namespace uprobesim
