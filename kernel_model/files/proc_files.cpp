// SPDX-License-Identifier: GPL-2.0-or-later
// Formats follow proc(5). Figures are those of the simulated machine: one
// Cortex-A72, the memory limit of the run, times from the simulated clock.
#include "kernel_model/files/proc_files.h"

#include <fmt/format.h>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/special_files.h"
#include "kernel_model/task/process.h"

namespace uprobesim {

namespace {

constexpr std::uint64_t kProcDevice = 0x15, kDevDevice = 0x05, kSysDevice = 0x16;

bool below(const std::string& path, const std::string& mount) {
    return path == mount ||
           (path.size() > mount.size() && path.compare(0, mount.size(), mount) == 0 && path[mount.size()] == '/');
}

// A stable inode number for a modelled path: FNV-1a, kept small enough for 32-bit readers.
std::uint64_t inode_of(const std::string& path) {
    std::uint64_t h = 0xcbf29ce484222325u;
    for (const char c : path) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return (h & 0x7fffffff) | 0x40000000;
}

std::string cpuinfo() {
    return "processor\t: 0\nBogoMIPS\t: 100.00\nFeatures\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid\n"
           "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n\n";
}

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const auto& p : parts) text += p + '\0';
    return text;
}

std::string status_text(Process& p) {
    const Task& t = *p.tasks.begin()->second;
    std::uint64_t pending = 0, ignored = 0, caught = 0;
    for (const auto& s : t.pending) pending |= signal_bit(s.signal);
    for (int n = 1; n <= kSignalCount; ++n) {
        const auto handler = p.actions[static_cast<std::size_t>(n)].handler;
        const auto bit = signal_bit(static_cast<Signal>(n));
        if (handler == 1) ignored |= bit;
        if (handler > 1) caught |= bit;
    }
    const std::uint64_t kb = p.mm->mapped_bytes() / 1024, rss = p.mm->resident_pages() * 4;
    return fmt::format(
        "Name:\t{}\nUmask:\t{:04o}\nState:\tR (running)\nTgid:\t{}\nNgid:\t0\nPid:\t{}\nPPid:\t{}\nTracerPid:\t0\n"
        "Uid:\t{}\t{}\t{}\t{}\nGid:\t{}\t{}\t{}\t{}\nFDSize:\t64\nGroups:\t \nVmPeak:\t{:8} kB\nVmSize:\t{:8} "
        "kB\nVmRSS:\t{:8} kB\n"
        "Threads:\t{}\nSigPnd:\t{:016x}\nSigBlk:\t{:016x}\nSigIgn:\t{:016x}\nSigCgt:\t{:016x}\nCpus_allowed:\t1\nCpus_"
        "allowed_list:\t0\n",
        t.comm, p.umask, p.pid, p.pid, p.parent_pid, p.uid, p.uid, p.uid, p.uid, p.gid, p.gid, p.gid, p.gid, kb, kb,
        rss, p.tasks.size(), pending, t.sigmask, ignored, caught);
}

std::string stat_text(Process& p, Machine& machine) {
    const Task& t = *p.tasks.begin()->second;
    // Hundredths of cycles by cycles per second: USER_HZ's hundredths of seconds.
    const double hz = machine.prices.frequency_hz();
    const double cycles = static_cast<double>(machine.cpu->cycles(t.context).value);
    const auto ticks = hz > 0 ? static_cast<std::uint64_t>(cycles / hz) : 0;
    return fmt::format(
        "{} ({}) R {} {} {} 0 -1 4194304 0 0 0 0 {} 0 0 0 20 0 {} 0 0 {} {} 18446744073709551615 0 0 {} 0 0 0 0 0 0 0 "
        "0 0 17 0 0 0 0 0 0 "
        "0 0 {} {} {} {} {} 0\n",
        p.pid, t.comm, p.parent_pid, p.pid, p.pid, ticks, p.tasks.size(), p.mm->mapped_bytes(), p.mm->resident_pages(),
        p.stack_start.value, p.mm->brk_start().value, p.argument_area.begin.value, p.argument_area.end.value,
        p.environment_area.begin.value, p.environment_area.end.value);
}

std::string limits_text(const Process& p) {
    static constexpr std::pair<const char*, const char*> kNames[] = {
        {"Max cpu time", "seconds"},    {"Max file size", "bytes"},      {"Max data size", "bytes"},
        {"Max stack size", "bytes"},    {"Max core file size", "bytes"}, {"Max resident set", "bytes"},
        {"Max processes", "processes"}, {"Max open files", "files"},     {"Max locked memory", "bytes"},
        {"Max address space", "bytes"}, {"Max file locks", "locks"},     {"Max pending signals", "signals"},
        {"Max msgqueue size", "bytes"}, {"Max nice priority", ""},       {"Max realtime priority", ""},
        {"Max realtime timeout", "us"},
    };
    std::string text = fmt::format("{:<25} {:<20} {:<20} {:<10}\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    const auto show = [](std::uint64_t v) {
        return v == ~std::uint64_t{0} ? std::string("unlimited") : std::to_string(v);
    };
    for (std::size_t i = 0; i < p.limits.size(); ++i) {
        text += fmt::format("{:<25} {:<20} {:<20} {:<10}\n", kNames[i].first, show(p.limits[i].soft),
                            show(p.limits[i].hard), kNames[i].second);
    }
    return text;
}

constexpr const char* kMounts =
    "rootfs / rootfs rw 0 0\nproc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\nudev /dev devtmpfs rw,nosuid 0 0\n"
    "sysfs /sys sysfs ro,nosuid,nodev,noexec,relatime 0 0\n";

}  // namespace

bool SpecialFiles::owns(const std::string& path) {
    return below(path, "/proc") || below(path, "/dev") || below(path, "/sys");
}

FileStatus SpecialFiles::base_status(std::uint32_t mode) const {
    FileStatus s;
    s.device = kProcDevice;
    s.mode = mode;
    s.block_size = 1024;
    s.atime_s = s.mtime_s = s.ctime_s = now_ns_ ? static_cast<std::int64_t>(now_ns_() / 1000000000u) : 0;
    return s;
}

SpecialNode SpecialFiles::text(std::function<std::string()> make, std::uint32_t mode) {
    SpecialNode n;
    n.status = base_status(abi::kIfReg | mode);
    n.open = [make = std::move(make), status = n.status]() { return std::make_shared<TextFile>(make(), status); };
    return n;
}

SpecialNode SpecialFiles::link_to(std::string target) const {
    SpecialNode n;
    n.status = base_status(abi::kIfLnk | 0777);
    n.status.size = static_cast<std::int64_t>(target.size());
    n.link = std::move(target);
    return n;
}

SpecialNode SpecialFiles::directory(std::vector<std::string> names) const {
    SpecialNode n;
    n.status = base_status(abi::kIfDir | 0555);
    n.status.links = 2;
    n.list = [names = std::move(names)] {
        std::vector<DirEntry> entries;
        for (const auto& name : names) entries.push_back({name, inode_of(name), abi::kDtUnknown});
        return entries;
    };
    return n;
}

std::optional<SpecialNode> SpecialFiles::find(Process* process, const std::string& path) {
    std::optional<SpecialNode> node;
    if (below(path, "/dev")) {
        node = find_dev(process, path.substr(4));
        if (node) node->status.device = kDevDevice;
    } else if (below(path, "/sys")) {
        node = find_sys(path.substr(4));
        if (node) node->status.device = kSysDevice;
    } else {
        node = find_proc(process, path.substr(5));
    }
    if (node) node->status.inode = inode_of(path);
    return node;
}

std::optional<SpecialNode> SpecialFiles::find_dev(Process* process, const std::string& name) {
    if (name.empty()) {
        return directory(
            {"fd", "full", "null", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom", "zero"});
    }
    struct Row {
        const char* name;
        Device device;
        std::uint64_t minor;
    };
    static constexpr Row kDevices[] = {{"/null", Device::Null, 3},
                                       {"/zero", Device::Zero, 5},
                                       {"/full", Device::Full, 7},
                                       {"/random", Device::Random, 8},
                                       {"/urandom", Device::Random, 9}};
    for (const Row& row : kDevices) {
        if (name != row.name) continue;
        SpecialNode n;
        n.status = base_status(abi::kIfChr | 0666);
        n.status.rdevice = (1u << 8) | row.minor;
        n.status.block_size = 4096;
        FileStatus status = n.status;
        status.inode = inode_of("/dev" + name);
        status.device = kDevDevice;
        n.open = [this, device = row.device, status] { return make_device(device, machine_.entropy, status); };
        return n;
    }
    if (name == "/fd") return link_to("/proc/self/fd");
    if (name == "/stdin") return link_to("/proc/self/fd/0");
    if (name == "/stdout") return link_to("/proc/self/fd/1");
    if (name == "/stderr") return link_to("/proc/self/fd/2");
    if (name == "/pts") return directory({});
    if (name == "/shm") {
        // What is made in it lies in the scratch layer.
        SpecialNode n = directory({});
        n.status.mode = abi::kIfDir | 01777;
        return n;
    }
    if (name == "/tty") {
        // No controlling terminal in a simulation: opening it is ENXIO, which `open` returning null means.
        SpecialNode n;
        n.status = base_status(abi::kIfChr | 0666);
        n.status.rdevice = 5u << 8;
        n.open = [] { return std::shared_ptr<File>(); };
        return n;
    }
    (void)process;
    return std::nullopt;
}

std::optional<SpecialNode> SpecialFiles::find_sys(const std::string& name) {
    if (name.empty()) return directory({"devices", "kernel"});
    if (name == "/devices") return directory({"system"});
    if (name == "/devices/system") return directory({"cpu"});
    if (name == "/devices/system/cpu") return directory({"cpu0", "online", "possible", "present"});
    if (name == "/devices/system/cpu/cpu0") return directory({});
    if (name == "/devices/system/cpu/online" || name == "/devices/system/cpu/possible" ||
        name == "/devices/system/cpu/present") {
        return text([] { return std::string("0\n"); });
    }
    if (name == "/kernel") return directory({});
    return std::nullopt;
}

std::optional<SpecialNode> SpecialFiles::find_proc(Process* process, const std::string& name) {
    if (name.empty()) {
        std::vector<std::string> names = {"cpuinfo", "filesystems", "loadavg",     "meminfo", "mounts", "self",
                                          "stat",    "sys",         "thread-self", "uptime",  "version"};
        if (process != nullptr) names.insert(names.begin(), std::to_string(process->pid));
        return directory(names);
    }
    if (process != nullptr) {
        const std::string pid = "/" + std::to_string(process->pid);
        if (name == "/self") return link_to(std::to_string(process->pid));
        if (name == "/thread-self")
            return link_to(std::to_string(process->pid) + "/task/" + std::to_string(process->pid));
        if (below(name, pid + "/task" + pid)) return find_process(*process, name.substr(pid.size() + 5 + pid.size()));
        if (name == pid + "/task") return directory({std::to_string(process->pid)});
        if (below(name, pid)) return find_process(*process, name.substr(pid.size()));
    }
    if (name == "/mounts") return process != nullptr ? std::optional(link_to("self/mounts")) : std::nullopt;
    if (name == "/cpuinfo") return text(cpuinfo);
    if (name == "/meminfo") {
        return text([this] {
            const std::uint64_t total = machine_.memory.limit_bytes() / 1024,
                                free = total - machine_.memory.used_bytes() / 1024;
            return fmt::format(
                "MemTotal:       {:8} kB\nMemFree:        {:8} kB\nMemAvailable:   {:8} kB\nBuffers:               0 "
                "kB\n"
                "Cached:                0 kB\nSwapTotal:             0 kB\nSwapFree:              0 kB\n",
                total, free, free);
        });
    }
    if (name == "/version") {
        return text(
            [this] { return fmt::format("Linux version {} (uprobesim) #1 SMP\n", machine_.kernel_profile.release); });
    }
    if (name == "/uptime") {
        return text([this] {
            const std::uint64_t cs = now_ns_ ? now_ns_() / 10000000u % 8640000u : 0;
            return fmt::format("{}.{:02} 0.00\n", cs / 100, cs % 100);
        });
    }
    if (name == "/loadavg") return text([] { return std::string("0.00 0.00 0.00 1/1 1000\n"); });
    if (name == "/stat")
        return text([] {
            return std::string(
                "cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\nintr 0\nctxt 0\nbtime 1725840000\nprocesses "
                "1\nprocs_running 1\nprocs_blocked 0\n");
        });
    if (name == "/filesystems") return text([] { return std::string("nodev\tsysfs\nnodev\tproc\nnodev\ttmpfs\n"); });
    if (name == "/sys") return directory({"kernel", "vm"});
    if (name == "/sys/kernel")
        return directory({"hostname", "ngroups_max", "osrelease", "ostype", "pid_max", "random"});
    if (name == "/sys/vm") return directory({"overcommit_memory", "max_map_count"});
    if (name == "/sys/kernel/random") return directory({"boot_id"});
    struct Row {
        const char* name;
        const char* text;
    };
    static constexpr Row kTexts[] = {{"/sys/kernel/ostype", "Linux\n"},
                                     {"/sys/kernel/hostname", "uprobesim\n"},
                                     {"/sys/kernel/pid_max", "32768\n"},
                                     {"/sys/kernel/ngroups_max", "65536\n"},
                                     {"/sys/vm/overcommit_memory", "0\n"},
                                     {"/sys/vm/max_map_count", "65530\n"},
                                     {"/sys/kernel/random/boot_id", "00000000-0000-4000-8000-000000000000\n"}};
    for (const Row& row : kTexts) {
        if (name == row.name) return text([t = row.text] { return std::string(t); }, 0644);
    }
    if (name == "/sys/kernel/osrelease") return text([this] { return machine_.kernel_profile.release + "\n"; });
    return std::nullopt;
}

std::optional<SpecialNode> SpecialFiles::find_process(Process& p, const std::string& name) {
    std::optional<SpecialNode> node;
    if (name.empty()) {
        node = directory({"auxv", "cmdline", "comm", "cwd", "environ", "exe", "fd", "limits", "maps", "mounts", "root",
                          "stat", "statm", "status", "task"});
    } else if (name == "/maps") {
        node = text([&p] { return p.mm->maps_text(); });
    } else if (name == "/exe") {
        node = link_to(p.exe);
    } else if (name == "/cwd") {
        node = link_to(p.cwd);
    } else if (name == "/root") {
        node = link_to("/");
    } else if (name == "/cmdline") {
        node = text([&p] { return joined(p.arguments); });
    } else if (name == "/environ") {
        node = text([&p] { return joined(p.environment); }, 0400);
    } else if (name == "/auxv") {
        node =
            text([&p] { return std::string(reinterpret_cast<const char*>(p.auxv.data()), p.auxv.size() * 8); }, 0400);
    } else if (name == "/comm") {
        node = text([&p] { return p.tasks.begin()->second->comm + "\n"; }, 0644);
    } else if (name == "/status") {
        node = text([&p] { return status_text(p); });
    } else if (name == "/stat") {
        node = text([&p, this] { return stat_text(p, machine_); });
    } else if (name == "/statm") {
        node = text([&p] {
            return fmt::format("{} {} 0 0 0 0 0\n", p.mm->mapped_bytes() / kPageSize, p.mm->resident_pages());
        });
    } else if (name == "/limits") {
        node = text([&p] { return limits_text(p); });
    } else if (name == "/mounts") {
        node = text([] { return std::string(kMounts); });
    } else if (name == "/fd") {
        std::vector<std::string> names;
        for (const auto& [fd, entry] : p.files.all()) names.push_back(std::to_string(fd));
        node = directory(names);
    } else if (name.rfind("/fd/", 0) == 0) {
        for (const auto& [fd, entry] : p.files.all()) {
            if (name.substr(4) != std::to_string(fd)) continue;
            node = link_to(entry.file->path.empty() ? "anon_inode:[file]" : entry.file->path);
            node->magic = entry.file;
        }
    }
    if (node) {
        node->status.uid = p.uid;
        node->status.gid = p.gid;
    }
    return node;
}

}  // namespace uprobesim
