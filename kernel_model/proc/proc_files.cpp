// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/proc/proc_files.h"

#include <fmt/format.h>

#include <charconv>
#include <set>

#include "kernel_model/abi/calls/devices.h"
#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/event/userfault_file.h"
#include "kernel_model/files/host/special_files.h"
#include "kernel_model/files/mount.h"
#include "kernel_model/files/tty/pty.h"
#include "kernel_model/ipc/ipc.h"
#include "kernel_model/proc/inode_number.h"
#include "kernel_model/proc/kernel_config.h"
#include "kernel_model/proc/proc_text.h"
#include "kernel_model/task/process.h"
#include "sim/base/text.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

constexpr std::uint64_t kProcDevice = 0x15, kSysDevice = 0x16, kPtsDevice = 0x17,
                        kBootDevice = 0xfe00;

// /boot/config-RELEASE. A guest that looks for one of another release learns that it is not there.
bool is_config(const std::string& path, const Machine& machine) {
    constexpr std::string_view kBegin = "/boot/config-";
    return path.starts_with(kBegin) && path.substr(kBegin.size()) == machine.tell_release();
}

}  // namespace

std::optional<std::int32_t> listed_number(std::string_view name) {
    std::int32_t number = 0;
    if (name.empty() || !is_digit(name[0]) || (name[0] == '0' && name.size() > 1))
        return std::nullopt;
    const auto end = name.data() + name.size();
    const auto read = std::from_chars(name.data(), end, number);
    return read.ec == std::errc() && read.ptr == end ? std::optional(number) : std::nullopt;
}

std::optional<Pid> process_of_directory(const PidTable& ids, File& file) {
    const auto status = file.status();
    if (!status || status->device != kProcDevice || (status->mode & abi::kIfmt) != abi::kIfDir)
        return std::nullopt;
    const std::string inner = file.dentry ? file.dentry->inner() : file.path();
    const auto place = Mounts::in_proc(inner);
    if (!place || place->rest.empty()) return std::nullopt;
    const PidSpace space = place->space != 0 ? ids.space_of_inode(place->space) : nullptr;
    const auto number = listed_number(place->rest.substr(1));
    if (!number || (place->space != 0 && !space)) return std::nullopt;
    return ids.of(PidTable::outside(space.get(), *number));
}

bool SpecialFiles::owns(const std::string& path) const {
    return below(path, "/proc") || below(path, "/dev") || below(path, "/sys") ||
           below(path, Mounts::kQueues) || below(path, Mounts::kProcs) || is_config(path, machine_);
}

Process* SpecialFiles::reader(Process* opener) const {
    const Task* task = system_ != nullptr ? system_->current() : nullptr;
    return task != nullptr ? task->process : opener;
}

FileStatus SpecialFiles::base_status(std::uint32_t mode) const {
    FileStatus s;
    s.device = kProcDevice;
    s.mode = mode;
    s.block_size = 1024;
    s.atime_s = s.mtime_s = s.ctime_s =
        now_ns_ ? static_cast<std::int64_t>(now_ns_() / 1000000000u) : 0;
    return s;
}

SpecialNode SpecialFiles::text(TextFile::Make make, std::uint32_t mode, std::uint64_t inode) {
    SpecialNode n;
    n.status = base_status(abi::kIfReg | mode);
    n.status.inode = inode;
    n.open = [make = std::move(make), status = n.status](std::uint32_t) {
        return std::make_shared<TextFile>(make, status);
    };
    return n;
}

SpecialNode SpecialFiles::link_to(std::string target) const {
    SpecialNode n;
    n.status = base_status(abi::kIfLnk | abi::kPermissionBits);
    n.status.size = static_cast<std::int64_t>(target.size());
    n.link = std::move(target);
    return n;
}

SpecialNode SpecialFiles::directory(std::vector<std::string> names) const {
    return directory_of([names = std::move(names)] { return names; });
}

// `names` is called when the directory is read, not at each path through it.
SpecialNode SpecialFiles::directory_of(std::function<std::vector<std::string>()> names) const {
    SpecialNode n;
    n.status = base_status(abi::kIfDir | 0555);
    n.status.links = 2;
    n.list = [names = std::move(names)] {
        std::vector<DirEntry> entries;
        for (const auto& name : names()) entries.push_back({name, inode_of(name), abi::kDtUnknown});
        return entries;
    };
    return n;
}

std::optional<SpecialNode> SpecialFiles::find(Process* process, const std::string& path) {
    std::optional<SpecialNode> node;
    if (is_config(path, machine_)) {
        node = text([this] { return kernel_config(machine_.tell_release()); });
        node->status.device = kBootDevice;
    } else if (below(path, Mounts::kQueues)) {
        return find_queue(path.substr(Mounts::kQueues.size()));
    } else if (below(path, "/dev")) {
        node = find_dev(process, path.substr(4));
        if (node) node->status.device = below(path, "/dev/pts") ? kPtsDevice : kDevDevice;
    } else if (below(path, "/sys")) {
        node = find_sys(path.substr(4));
        if (node) node->status.device = kSysDevice;
    } else {
        const auto place = Mounts::in_proc(path);
        if (!place) return std::nullopt;
        PidSpace space;
        if (place->space != 0) {
            if (system_ != nullptr) space = system_->ids().space_of_inode(place->space);
            if (!space) return std::nullopt;
        }
        node = find_proc(space, place->options, process, std::string(place->rest));
    }
    if (node) node->status.inode = inode_of(path);
    return node;
}

// The file system of POSIX message queues shows those of the reader's namespace.
std::optional<SpecialNode> SpecialFiles::find_queue(const std::string& path) {
    if (system_ == nullptr) return std::nullopt;
    PosixQueues& queues = system_->ipc().posix_queues;
    SpecialNode n;
    if (path.empty()) {
        n = directory_of([&queues] {
            std::vector<std::string> names;
            for (const auto& [name, queue] : queues.all()) names.push_back(name);
            return names;
        });
        n.status.mode = abi::kIfDir | abi::kIsvtx | abi::kPermissionBits;
        n.status.device = abi::kMqueueDevice;
        n.status.inode = 1;
        return n;
    }
    auto queue = queues.find(path.substr(1));
    if (queue == nullptr) return std::nullopt;
    n.status = queue->status;
    n.status.size = PosixQueueFile::kShownSize;
    n.open = [queue = std::move(queue), path](std::uint32_t flags) {
        return std::make_shared<PosixQueueFile>(queue, path,
                                                flags & (abi::kOAccmode | abi::kONonblock));
    };
    n.remove = [&queues, path] { queues.remove(path.substr(1)); };
    return n;
}

std::optional<SpecialNode> SpecialFiles::find_dev(Process* process, const std::string& name) {
    if (name.empty()) {
        std::vector<std::string> names = {"fd",     "full",   "kmsg",    "null",        "ptmx",
                                          "pts",    "random", "shm",     "stderr",      "stdin",
                                          "stdout", "tty",    "urandom", "userfaultfd", "zero"};
        for (std::string& loop : loop_names()) names.push_back(std::move(loop));
        std::ranges::sort(names);
        return directory(std::move(names));
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
        n.status.rdevice = abi::kMemMajor << 8 | row.minor;
        n.status.block_size = 4096;
        FileStatus status = n.status;
        status.inode = inode_of("/dev" + name);
        status.device = kDevDevice;
        n.open = [this, device = row.device, status](std::uint32_t) {
            return make_device(device, machine_.entropy, status);
        };
        return n;
    }
    if (name == "/userfaultfd") {
        constexpr std::uint64_t kMiscMajor = 10, kMinor = 126;
        SpecialNode n;
        n.status = base_status(abi::kIfChr | 0600);
        n.status.rdevice = kMiscMajor << 8 | kMinor;
        n.status.inode = inode_of("/dev" + name);
        FileStatus status = n.status;
        status.device = kDevDevice;
        n.open = [status](std::uint32_t) { return std::make_shared<UserfaultDevice>(status); };
        return n;
    }
    if (name == "/fd") return link_to("/proc/self/fd");
    if (name == "/stdin") return link_to("/proc/self/fd/0");
    if (name == "/stdout") return link_to("/proc/self/fd/1");
    if (name == "/stderr") return link_to("/proc/self/fd/2");
    if (name == "/shm") {
        // Files made in it are in the scratch layer.
        SpecialNode n = directory({});
        n.status.mode = abi::kIfDir | abi::kIsvtx | abi::kPermissionBits;
        return n;
    }
    if (auto log = find_log("/dev" + name)) return log;
    if (auto loop = find_loop(name)) return loop;
    return find_terminal(process, name);
}

// Opening a device that does not exist fails with ENXIO, which a null result of `open` stands for.
std::optional<SpecialNode> SpecialFiles::find_terminal(Process* process, const std::string& name) {
    constexpr std::uint32_t kTtyGroup = 5;  // gid=5,mode=620: how Debian mounts devpts
    const auto device = [&](std::uint64_t number, std::uint32_t mode) {
        SpecialNode n;
        n.status = base_status(abi::kIfChr | mode);
        n.status.rdevice = number;
        n.status.device = kDevDevice;
        n.status.inode = inode_of("/dev" + name);
        n.open = [](std::uint32_t) { return std::shared_ptr<File>(); };
        return n;
    };
    if (name == "/tty") {
        SpecialNode n = device(abi::kTtyauxMajor << 8, 0666);
        Pty* const own = system_ != nullptr && process != nullptr
                             ? system_->terminals().of_session(process->session)
                             : nullptr;
        if (own != nullptr)
            n.open = [this, own](std::uint32_t) { return system_->terminals().open_slave(*own); };
        return n;
    }
    if (name == "/ptmx" || name == "/pts/ptmx") {
        SpecialNode n = device(abi::kTtyauxMajor << 8 | 2, name == "/ptmx" ? 0666 : 0000);
        if (system_ == nullptr) return n;
        FileStatus slave = base_status(abi::kIfChr | 0620);
        slave.device = kPtsDevice;
        slave.gid = kTtyGroup;
        if (process != nullptr) slave.uid = process->cred->uid.fs;
        n.open = [this, master = n.status,
                  slave](std::uint32_t) -> SysResult<std::shared_ptr<File>> {
            auto file = TRY(system_->terminals().open_master(master, slave));
            file->pty().slave_status.inode =
                inode_of("/dev/pts/" + std::to_string(file->pty().index));
            return file;
        };
        return n;
    }
    if (name == "/pts") {
        return directory_of([this] {
            std::vector<std::string> names = {"ptmx"};
            if (system_ == nullptr) return names;
            for (const std::uint32_t index : system_->terminals().indexes())
                names.push_back(std::to_string(index));
            return names;
        });
    }
    if (system_ == nullptr || !name.starts_with("/pts/")) return std::nullopt;
    const auto index = listed_number(name.substr(5));
    Pty* const pty =
        index ? system_->terminals().find(static_cast<std::uint32_t>(*index)) : nullptr;
    if (pty == nullptr) return std::nullopt;
    SpecialNode n = device(0, 0);
    n.status = pty->slave_status;
    n.open = [this, pty](std::uint32_t) { return system_->terminals().open_slave(*pty); };
    return n;
}

// Files of the table, and the directories above them.
std::optional<SpecialNode> SpecialFiles::find_in_table(const std::string& path,
                                                       const PidSpace& space) {
    if (auto log = find_log(path)) return log;
    std::set<std::string> names;
    if (path == "/proc") names.insert("kmsg");
    for (const ProcRow& row : proc_table()) {
        if (path == row.path)
            return text(
                [this, make = row.make, space] {
                    return make({machine_, system_, now_ns_ ? now_ns_() : 0, space.get()});
                },
                row.mode, inode_of(path));
        if (!below(row.path, path)) continue;
        const std::string rest = row.path + path.size() + 1;
        names.insert(rest.substr(0, rest.find('/')));
    }
    constexpr std::string_view kParameters = "/proc/sys";
    if (below("/proc/sys", path)) names.insert("sys");
    if (path == kParameters) names.erase("sys");
    for (const SysctlRow& row : sysctl_table()) {
        const std::string whole = std::string(kParameters) + "/" + std::string(row.name);
        if (path == whole) return parameter(row, inode_of(path));
        if (path == "/proc" || !below(whole, path)) continue;
        const std::string rest = whole.substr(path.size() + 1);
        names.insert(rest.substr(0, rest.find('/')));
    }
    if (names.empty()) return std::nullopt;
    return directory({names.begin(), names.end()});
}

// A file of /proc/sys.
SpecialNode SpecialFiles::parameter(const SysctlRow& row, std::uint64_t inode) {
    std::string UtsNamespace::*const of_host = row.name == "kernel/hostname" ? &UtsNamespace::node
                                               : row.name == "kernel/domainname"
                                                   ? &UtsNamespace::domain
                                                   : nullptr;
    SpecialNode n = text(
        [this, &row, of_host]() -> SysResult<std::string> {
            const Process* const process = reader(nullptr);
            if (of_host != nullptr && process != nullptr) return (*process->uts).*of_host + "\n";
            if (row.name == "kernel/random/uuid") return new_uuid(machine_.entropy);
            if (row.name == "kernel/version") return std::string("#1 SMP\n");
            if (row.name == "kernel/pty/nr" && system_ != nullptr)
                return fmt::format("{}\n", system_->terminals().indexes().size());
            return (system_ != nullptr ? system_->sysctls(row.name).text(row)
                                       : std::string(row.text)) +
                   "\n";
        },
        row.mode, inode);
    n.strict = true;
    if (row.kind == SysctlKind::Fixed || system_ == nullptr) return n;
    n.open = [this, &row, of_host,
              open = std::move(n.open)](std::uint32_t flags) -> SysResult<std::shared_ptr<File>> {
        auto file = TRY(open(flags));
        std::static_pointer_cast<TextFile>(file)->set_splices({.from = true, .to = true});
        std::static_pointer_cast<TextFile>(file)->on_write(
            [this, &row, of_host](std::string_view given) -> SysResult<void> {
                if (Process* const process = reader(nullptr);
                    of_host != nullptr && process != nullptr) {
                    const std::string_view line = given.substr(0, given.find('\n'));
                    (*process->uts).*of_host = line.substr(0, static_cast<std::size_t>(row.most));
                    return {};
                }
                return system_->sysctls(row.name).write(row, given);
            });
        return file;
    };
    return n;
}

std::optional<SpecialNode> SpecialFiles::find_sys(const std::string& name) {
    const std::string cpus = "/devices/system/cpu";
    auto node = find_in_table("/sys" + name);
    const unsigned count = system_ != nullptr ? system_->cpu_count() : 1;
    for (unsigned n = 0; n < count; ++n) {
        const std::string cpu = fmt::format("cpu{}", n);
        if (name == fmt::format("{}/{}", cpus, cpu)) return directory({});
        if (name != cpus || !node) continue;
        node->list = [before = std::move(node->list), cpu] {
            auto entries = before();
            entries.push_back({cpu, inode_of(cpu), abi::kDtUnknown});
            return entries;
        };
    }
    return node;
}

// The names in /proc itself.
std::vector<std::string> SpecialFiles::proc_names(const PidNamespace* space,
                                                  const ProcOptions& options,
                                                  const Process* reader) {
    std::vector<std::string> names = {"self", "thread-self"};
    const auto add = [&](std::int32_t number, const Process& process) {
        if (shows(options, reader, process, ProcOptions::Invisible))
            names.push_back(std::to_string(number));
    };
    if (space != nullptr) {
        for (const auto& [number, id] : space->index.ids) {
            const auto process = system_->processes().find(id);
            if (process != system_->processes().end()) add(number, *process->second);
        }
    } else if (system_ != nullptr) {
        for (const auto& [pid, process] : system_->processes()) add(pid, *process);
    }
    if (reader != nullptr && space == nullptr &&
        (system_ == nullptr || !system_->processes().contains(reader->pid)))
        names.push_back(std::to_string(reader->pid));
    if (options.only_processes) return names;
    names.insert(names.end(), {"mounts", "net"});
    for (const DirEntry& entry : find_in_table("/proc")->list()) {
        if (entry.name != "net") names.push_back(entry.name);
    }
    return names;
}

Process* SpecialFiles::process_of(const PidNamespace* space, Process* reader,
                                  const std::string& number) const {
    const auto listed = listed_number(number);
    if (!listed) return nullptr;
    if (reader != nullptr && *listed != 0 && *listed == reader->id().in(space)) return reader;
    if (system_ == nullptr) return nullptr;
    const auto found = system_->processes().find(PidTable::outside(space, *listed));
    return found == system_->processes().end() ? nullptr : found->second.get();
}

bool SpecialFiles::shows(const ProcOptions& options, const Process* reader, const Process& shown,
                         ProcOptions::Hide least) const {
    if (options.hide == ProcOptions::Off || reader == nullptr) return true;
    if (options.hide != ProcOptions::NotPtraceable &&
        (options.hide < least || reader->cred->in_group(options.gid)))
        return true;
    return reads(*reader, shown);
}

// What is a link to the reader's own.
std::optional<SpecialNode> SpecialFiles::find_own_link(const PidNamespace* space,
                                                       const ProcOptions& options,
                                                       const Process& reader,
                                                       const std::string& name) const {
    // proc_self_get_link: those whom this /proc does not show have no such link.
    const std::int32_t number = reader.id().in(space);
    const auto to_self = [&](std::string target) {
        SpecialNode link = link_to(std::move(target));
        if (number == 0) link.barred = Errno::NoEnt;
        return link;
    };
    const std::string self = std::to_string(number);
    const Task* task = system_ != nullptr ? system_->current() : nullptr;
    if (name == "/self") return to_self(self);
    if (name == "/mounts" && !options.only_processes) return link_to("self/mounts");
    if (name == "/net" && !options.only_processes) return link_to("self/net");
    if (name != "/thread-self") return std::nullopt;
    return to_self(fmt::format("{}/task/{}", self,
                               task != nullptr ? std::to_string(task->pid().in(space)) : self));
}

std::optional<SpecialNode> SpecialFiles::find_proc(const PidSpace& space,
                                                   const ProcOptions& options, Process* reader,
                                                   const std::string& name) {
    if (name.empty())
        return directory_of([this, space, options, reader] {
            return proc_names(space.get(), options, this->reader(reader));
        });
    if (reader != nullptr) {
        if (auto link = find_own_link(space.get(), options, *reader, name)) return link;
    }
    const std::size_t end = name.find('/', 1);
    Process* process = process_of(space.get(), reader, name.substr(1, end - 1));
    if (process == nullptr)
        return options.only_processes ? std::nullopt : find_in_table("/proc" + name, space);
    // proc_pid_lookup
    if (!shows(options, reader, *process, ProcOptions::NotPtraceable)) return std::nullopt;
    std::string rest = end == std::string::npos ? "" : name.substr(end);
    Task* task = process->tasks.empty() ? nullptr : process->tasks.begin()->second.get();
    if (task == nullptr) return std::nullopt;
    if (below(rest, "/task")) return find_thread(space, *process, rest);
    auto node = find_process(space, *process, *task, rest, true);
    // proc_pid_permission
    if (rest.empty() && !shows(options, reader, *process, ProcOptions::NoAccess))
        node->barred = options.hide == ProcOptions::Invisible ? Errno::NoEnt : Errno::Perm;
    return node;
}

}  // namespace uprobesim
