// SPDX-License-Identifier: GPL-2.0-or-later
// /proc and /sys without the directories of processes.
#include "kernel_model/proc/proc_text.h"

#include <fmt/format.h>

#include <array>

#include "kernel_model/abi/clock.h"
#include "kernel_model/proc/proc_net.h"
#include "kernel_model/task/budgets.h"
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
std::uint64_t idle(const Context& c) {
    return c.system != nullptr ? c.system->idle_ns() : 0;
}

std::string cpuinfo(const Context& c) {
    std::string text;
    for (unsigned n = 0; n < cpus(c); ++n) {
        text += fmt::format(
            "processor\t: {}\nBogoMIPS\t: 100.00\nFeatures\t: fp asimd aes pmull sha1 sha2 crc32 "
            "cpuid\n"
            "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: "
            "0xd08\nCPU revision\t: "
            "3\n\n",
            n);
    }
    return text;
}

std::string cpu_list(const Context& c) {
    return cpus(c) == 1 ? "0\n" : fmt::format("0-{}\n", cpus(c) - 1);
}

std::string meminfo(const Context& c) {
    const std::uint64_t total = c.machine.memory.limit_bytes() / 1024;
    const std::uint64_t free = c.machine.memory.free_bytes() / 1024;
    std::string text;
    const auto row = [&](const char* name, std::uint64_t kb) {
        text += fmt::format("{:<16}{:8} kB\n", name, kb);
    };
    row("MemTotal:", total);
    row("MemFree:", free);
    row("MemAvailable:", free);
    for (const char* name :
         {"Buffers:", "Cached:", "SwapCached:", "Active:", "Inactive:", "SwapTotal:", "SwapFree:",
          "Dirty:", "Writeback:", "Mapped:", "Shmem:"})
        row(name, 0);
    row("CommitLimit:", total / 2);
    row("Committed_AS:", total - free);
    return text +
           "HugePages_Total:       0\nHugePages_Free:        0\nHugepagesize:       2048 kB\n";
}

std::string most_threads(const Context& c) {
    return fmt::format("{}\n", threads_max(c.machine.memory));
}

std::string most_watches(const Context& c) {
    return fmt::format("{}\n", most_epoll_watches(c.machine.memory));
}

std::string version(const Context& c) {
    return fmt::format("Linux version {} (uprobesim) #1 SMP\n", c.machine.kernel_profile.release);
}

std::string uptime(const Context& c) {
    const std::uint64_t up = now(c) / 10'000'000, rest = idle(c) / 10'000'000;
    return fmt::format("{}.{:02} {}.{:02}\n", up / 100, up % 100, rest / 100, rest % 100);
}

struct Census {
    std::size_t tasks = 0, running = 0, blocked = 0, processes = 0;
    std::int32_t last = 0;
};
Census census(const Context& c) {
    Census all;
    if (c.system == nullptr) return all;
    for (const auto& [pid, process] : c.system->processes()) {
        ++all.processes;
        for (const auto& [id, task] : process->tasks) {
            ++all.tasks;
            all.running += task->state == TaskState::Runnable;
            all.last = std::max(all.last, id.value);
        }
    }
    return all;
}

std::string loadavg(const Context& c) {
    const Census all = census(c);
    return fmt::format("0.00 0.00 0.00 {}/{} {}\n", all.running, all.tasks, all.last);
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
                      (c.realtime_ns - now(c)) / 1'000'000'000, all.processes, all.running);
}

std::string osrelease(const Context& c) {
    return c.machine.kernel_profile.release + "\n";
}

// A new one on each reading, of version 4.
std::string uuid(const Context& c) {
    std::array<std::byte, 16> bytes{};
    c.machine.entropy.fill(bytes);
    bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};
    bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += fmt::format("{:02x}", static_cast<unsigned>(bytes[i]));
    }
    return text + "\n";
}

template <std::string (*text)(const Network&)>
std::string net(const ProcContext& c) {
    return c.system == nullptr ? "" : text(c.system->loopback());
}

// Fixed values are those of Debian's arm64 kernels after boot.
constexpr ProcRow kRows[] = {
    {"/proc/cmdline", just<"console=hvc0\n">},
    {"/proc/cpuinfo", cpuinfo},
    {"/proc/filesystems",
     just<"nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\nnodev\tpipefs\n">},
    {"/proc/loadavg", loadavg},
    {"/proc/meminfo", meminfo},
    {"/proc/net/dev", net<proc_net_dev>},
    {"/proc/net/if_inet6", net<proc_net_if_inet6>},
    {"/proc/net/route", net<proc_net_route>},
    {"/proc/net/tcp", net<proc_net_tcp>},
    {"/proc/net/tcp6", net<proc_net_tcp6>},
    {"/proc/net/udp", net<proc_net_udp>},
    {"/proc/net/udp6", net<proc_net_udp6>},
    {"/proc/net/unix", net<proc_net_unix>},
    {"/proc/stat", stat},
    {"/proc/swaps", just<"Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n">},
    {"/proc/tty/drivers", just<"">},
    {"/proc/uptime", uptime},
    {"/proc/version", version},
    {"/proc/sys/fs/epoll/max_user_watches", most_watches, 0644},
    {"/proc/sys/fs/file-max", just<"9223372036854775807\n">, 0644},
    {"/proc/sys/fs/nr_open", just<"1048576\n">, 0644},
    {"/proc/sys/fs/pipe-max-size", just<"1048576\n">, 0644},
    {"/proc/sys/kernel/cap_last_cap", just<"40\n">},
    {"/proc/sys/kernel/hostname", just<"uprobesim\n">, 0644},
    {"/proc/sys/kernel/ngroups_max", just<"65536\n">},
    {"/proc/sys/kernel/osrelease", osrelease},
    {"/proc/sys/kernel/ostype", just<"Linux\n">},
    {"/proc/sys/kernel/pid_max", just<"4194304\n">, 0644},
    {"/proc/sys/kernel/random/boot_id", just<"00000000-0000-4000-8000-000000000000\n">},
    {"/proc/sys/kernel/random/entropy_avail", just<"256\n">},
    {"/proc/sys/kernel/random/uuid", uuid},
    {"/proc/sys/kernel/randomize_va_space", just<"0\n">, 0644},
    {"/proc/sys/kernel/threads-max", most_threads, 0644},
    {"/proc/sys/kernel/version", just<"#1 SMP\n">},
    {"/proc/sys/net/core/somaxconn", just<"4096\n">, 0644},
    {"/proc/sys/net/ipv4/ip_local_port_range", just<"32768\t60999\n">, 0644},
    {"/proc/sys/vm/max_map_count", just<"65530\n">, 0644},
    {"/proc/sys/vm/mmap_min_addr", just<"32768\n">, 0644},
    {"/proc/sys/vm/overcommit_memory", just<"0\n">, 0644},
    {"/proc/sys/vm/overcommit_ratio", just<"50\n">, 0644},
    {"/sys/devices/system/cpu/online", cpu_list},
    {"/sys/devices/system/cpu/possible", cpu_list},
    {"/sys/devices/system/cpu/present", cpu_list},
    {"/sys/kernel/mm/transparent_hugepage/enabled", just<"always madvise [never]\n">},
};

}  // namespace

std::span<const ProcRow> proc_table() {
    return kRows;
}

}  // namespace uprobesim
