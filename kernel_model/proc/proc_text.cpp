// SPDX-License-Identifier: GPL-2.0-or-later
// /proc and /sys without the directories of processes.
#include "kernel_model/proc/proc_text.h"

#include <fmt/format.h>

#include <array>

#include "kernel_model/abi/clock.h"
#include "kernel_model/abi/hwcap.h"
#include "kernel_model/log/kernel_log.h"
#include "kernel_model/proc/proc_net.h"
#include "kernel_model/task/process.h"

namespace uprobesim {
namespace {

using Context = ProcContext;

template <std::size_t N>
struct Literal {
    char text[N] = {};
    constexpr Literal(const char (&given)[N]) { std::copy_n(given, N, text); }
};
template <Literal kText>
std::string just(const Context&) {
    return kText.text;
}

unsigned cpus(const Context& c) {
    return c.system != nullptr ? c.system->cpu_count() : 1;
}
std::uint64_t now(const Context& c) {
    return c.system != nullptr ? c.system->monotonic_ns() : 0;
}
// CLOCK_BOOTTIME of the reader's namespace of times, less that of the first.
std::int64_t boottime_offset(const Context& c) {
    const Task* const reader = c.system != nullptr ? c.system->current() : nullptr;
    const TimeSpace space = reader != nullptr ? reader->process->time_space : nullptr;
    return space ? space->boottime_ns : 0;
}
std::uint64_t idle(const Context& c) {
    return c.system != nullptr ? c.system->idle_ns() : 0;
}

std::string cpuinfo(const Context& c) {
    const MachineProfile& machine = c.machine.profile;
    std::string features;
    for (const abi::Hwcap& hwcap : abi::kHwcaps) {
        if (abi::has(machine.isa.features, hwcap)) features += fmt::format(" {}", hwcap.name);
    }
    // loops_per_jiffy is the timer's, and HZ 250.
    const std::uint64_t loops = static_cast<std::uint64_t>(machine.counter_hz.value) / 250;
    const std::uint64_t midr = machine.isa.midr_el1();
    std::string text;
    for (unsigned n = 0; n < cpus(c); ++n) {
        text += fmt::format(
            "processor\t: {}\nBogoMIPS\t: {}.{:02}\nFeatures\t:{}\nCPU implementer\t: {:#04x}\n"
            "CPU architecture: 8\nCPU variant\t: {:#x}\nCPU part\t: {:#05x}\nCPU revision\t: "
            "{}\n\n",
            n, loops / 2000, loops / 20 % 100, features, midr >> 24, midr >> 20 & 15,
            midr >> 4 & 0xfff, midr & 15);
    }
    return text;
}

std::string cpu_list(const Context& c) {
    return cpus(c) == 1 ? "0\n" : fmt::format("0-{}\n", cpus(c) - 1);
}

// One line for each, with a count for each CPU: none is counted here.
std::string per_cpu(const Context& c, std::initializer_list<std::string_view> names) {
    std::string text = "     ";
    for (unsigned n = 0; n < cpus(c); ++n) text += fmt::format("{:>11}", fmt::format("CPU{}", n));
    for (const std::string_view name : names) {
        text += fmt::format("\n{:>8}:", name);
        for (unsigned n = 0; n < cpus(c); ++n) text += fmt::format("{:>11}", 0);
    }
    return text + "\n";
}
std::string interrupts(const Context& c) {
    return per_cpu(c, {"IPI0", "IPI1", "Err"});
}
std::string softirqs(const Context& c) {
    return per_cpu(c, {"HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED",
                       "HRTIMER", "RCU"});
}

std::string version(const Context& c) {
    return linux_banner(c.machine.tell_release()) + '\n';
}

std::string uptime(const Context& c) {
    const std::uint64_t boot = now(c) + static_cast<std::uint64_t>(boottime_offset(c));
    const std::uint64_t up = boot / 10'000'000, rest = idle(c) / 10'000'000;
    return fmt::format("{}.{:02} {}.{:02}\n", up / 100, up % 100, rest / 100, rest % 100);
}

struct Census {
    std::size_t tasks = 0, running = 0, blocked = 0, processes = 0;
};
Census census(const Context& c) {
    Census all;
    if (c.system == nullptr) return all;
    for (const auto& [pid, process] : c.system->processes()) {
        ++all.processes;
        for (const auto& [id, task] : process->tasks) {
            ++all.tasks;
            all.running += task->state == TaskState::Runnable;
        }
    }
    return all;
}

std::string loadavg(const Context& c) {
    const Census all = census(c);
    const Task* const reader = c.system != nullptr ? c.system->current() : nullptr;
    const PidNamespace* const space = reader != nullptr ? reader->process->pid_space() : nullptr;
    const std::int32_t last = c.system != nullptr ? c.system->ids().last(space) : 0;
    return fmt::format("0.00 0.00 0.00 {}/{} {}\n", all.running, all.tasks, last);
}

// In hundredths of seconds. User and system time are known for all CPUs together; each CPU shows an
// equal share.
std::string stat(const Context& c) {
    CpuTime sum;
    if (c.system != nullptr) {
        for (const auto& [pid, process] : c.system->processes())
            sum += c.system->cpu_time(*process);
    }
    const auto line = [&](const std::string& name, std::uint64_t share) {
        return fmt::format(
            "{} {} 0 {} {} 0 0 0 0 0 0\n", name, sum.user_ns / abi::kUserTickNs / share,
            sum.system_ns / abi::kUserTickNs / share, idle(c) / abi::kUserTickNs / share);
    };
    std::string text = line("cpu ", 1);
    for (unsigned n = 0; n < cpus(c); ++n) text += line(fmt::format("cpu{}", n), cpus(c));
    const Census all = census(c);
    return text + fmt::format(
                      "intr 0\nctxt 0\nbtime {}\nprocesses {}\nprocs_running {}\nprocs_blocked 0\n",
                      (c.realtime_ns - now(c) - static_cast<std::uint64_t>(boottime_offset(c))) /
                          1'000'000'000,
                      all.processes, all.running);
}

template <std::string (*text)(const Network&)>
std::string net(const ProcContext& c) {
    return c.system == nullptr ? "" : text(c.system->loopback());
}

// Fixed values are those of Debian's arm64 kernels after boot.
constexpr ProcRow kRows[] = {
    {"/proc/cmdline", just<"console=hvc0\n">},
    {"/proc/consoles", just<"hvc0                 -W- (EC   )  229:0\n">},
    {"/proc/cpuinfo", cpuinfo},
    {"/proc/devices",
     just<"Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/ptmx\n 10 misc\n136 pts\n229 hvc\n\n"
          "Block devices:\n  7 loop\n254 virtblk\n">},
    {"/proc/diskstats", just<" 254       0 vda 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n">},
    {"/proc/filesystems",
     just<"nodev\tsysfs\nnodev\ttmpfs\nnodev\tbdev\nnodev\tproc\nnodev\tdevtmpfs\n"
          "nodev\tsockfs\nnodev\tpipefs\nnodev\tramfs\nnodev\tdevpts\nnodev\tmqueue\n">},
    {"/proc/interrupts", interrupts},
    {"/proc/key-users", proc_key_users},
    {"/proc/keys", proc_keys},
    {"/proc/loadavg", loadavg},
    {"/proc/locks", proc_locks},
    {"/proc/meminfo", proc_meminfo},
    {"/proc/misc", just<"237 loop-control\n126 userfaultfd\n">},
    {"/proc/modules", just<"">},
    {"/proc/partitions", just<"major minor  #blocks  name\n\n">},
    {"/proc/net/dev", net<proc_net_dev>},
    {"/proc/net/if_inet6", net<proc_net_if_inet6>},
    {"/proc/net/route", net<proc_net_route>},
    {"/proc/net/tcp", net<proc_net_tcp>},
    {"/proc/net/tcp6", net<proc_net_tcp6>},
    {"/proc/net/udp", net<proc_net_udp>},
    {"/proc/net/udp6", net<proc_net_udp6>},
    {"/proc/net/unix", net<proc_net_unix>},
    {"/proc/softirqs", softirqs},
    {"/proc/stat", stat},
    {"/proc/swaps", just<"Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n">},
    {"/proc/sysvipc/msg", proc_msg},
    {"/proc/sysvipc/sem", proc_sem},
    {"/proc/sysvipc/shm", proc_shm},
    {"/proc/tty/drivers", just<"">},
    {"/proc/uptime", uptime},
    {"/proc/version", version},
    {"/proc/vmstat", proc_vmstat},
    {"/proc/zoneinfo", just<"Node 0, zone      DMA\n  pages free     0\n">},
    {"/sys/class/net/lo/address", just<"00:00:00:00:00:00\n">},
    {"/sys/class/net/lo/flags", just<"0x9\n">},
    {"/sys/class/net/lo/ifindex", just<"1\n">},
    {"/sys/class/net/lo/mtu", just<"65536\n">},
    {"/sys/class/net/lo/operstate", just<"unknown\n">},
    {"/sys/devices/system/clocksource/clocksource0/available_clocksource",
     just<"arch_sys_counter\n">},
    {"/sys/devices/system/clocksource/clocksource0/current_clocksource", just<"arch_sys_counter\n">,
     0644},
    {"/sys/devices/system/cpu/isolated", just<"\n">},
    {"/sys/devices/system/cpu/kernel_max", just<"511\n">},
    {"/sys/devices/system/cpu/offline", just<"\n">},
    {"/sys/devices/system/cpu/online", cpu_list},
    {"/sys/devices/system/cpu/possible", cpu_list},
    {"/sys/devices/system/cpu/present", cpu_list},
    {"/sys/devices/system/node/has_cpu", just<"0\n">},
    {"/sys/devices/system/node/has_memory", just<"0\n">},
    {"/sys/devices/system/node/node0/cpulist", cpu_list},
    {"/sys/devices/system/node/node0/distance", just<"10\n">},
    {"/sys/devices/system/node/node0/meminfo", node_meminfo},
    {"/sys/devices/system/node/node0/numastat", node_numastat},
    {"/sys/devices/system/node/online", just<"0\n">},
    {"/sys/devices/system/node/possible", just<"0\n">},
    {"/sys/kernel/mm/transparent_hugepage/defrag",
     just<"always defer defer+madvise [madvise] never\n">, 0644},
    {"/sys/kernel/mm/transparent_hugepage/enabled", just<"always madvise [never]\n">, 0644},
    {"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", just<"2097152\n">},
    {"/sys/kernel/profiling", just<"0\n">, 0644},
    {"/sys/kernel/uevent_seqnum", just<"0\n">},
};

}  // namespace

// Of version 4.
std::string new_uuid(Entropy& entropy) {
    std::array<std::byte, 16> bytes{};
    entropy.fill(bytes);
    bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};
    bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += fmt::format("{:02x}", static_cast<unsigned>(bytes[i]));
    }
    return text + "\n";
}

std::span<const ProcRow> proc_table() {
    return kRows;
}

}  // namespace uprobesim
