// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/proc/proc_files.h"

#include <fmt/format.h>

#include <set>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/special_files.h"
#include "kernel_model/files/tty/pty.h"
#include "kernel_model/proc/proc_text.h"
#include "kernel_model/task/process.h"
#include "sim/base/fnv.h"

namespace uprobesim {

namespace {

constexpr std::uint64_t kProcDevice = 0x15, kDevDevice = 0x05, kSysDevice = 0x16;

bool below(const std::string& path, const std::string& mount) {
    return path == mount ||
           (path.size() > mount.size() && path.compare(0, mount.size(), mount) == 0 &&
            path[mount.size()] == '/');
}

// A stable inode number for a modelled path, small enough for 32-bit readers.
std::uint64_t inode_of(const std::string& path) {
    return (fnv1a64(path) & 0x7fffffff) | 0x40000000;
}

}  // namespace

bool SpecialFiles::owns(const std::string& path) const {
    return below(path, "/proc") || below(path, "/dev") || below(path, "/sys");
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

SpecialNode SpecialFiles::text(std::function<std::string()> make, std::uint32_t mode) {
    SpecialNode n;
    n.status = base_status(abi::kIfReg | mode);
    n.open = [make = std::move(make), status = n.status]() {
        return std::make_shared<TextFile>(make(), status);
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
        return directory({"fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin",
                          "stdout", "tty", "urandom", "zero"});
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
        n.open = [this, device = row.device, status] {
            return make_device(device, machine_.entropy, status);
        };
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
    return find_terminal(process, name);
}

// Opening a device that does not exist fails with ENXIO, which a null result of `open` stands for.
std::optional<SpecialNode> SpecialFiles::find_terminal(Process* process, const std::string& name) {
    constexpr std::uint64_t kTtyMajor = 5;
    constexpr std::uint32_t kTtyGroup = 5;  // gid=5,mode=620: how Debian mounts devpts
    const auto device = [&](std::uint64_t number, std::uint32_t mode) {
        SpecialNode n;
        n.status = base_status(abi::kIfChr | mode);
        n.status.rdevice = number;
        n.status.device = kDevDevice;
        n.status.inode = inode_of("/dev" + name);
        n.open = [] { return std::shared_ptr<File>(); };
        return n;
    };
    if (name == "/tty") {
        SpecialNode n = device(kTtyMajor << 8, 0666);
        Pty* const own = system_ != nullptr && process != nullptr
                             ? system_->terminals().of_session(process->session)
                             : nullptr;
        if (own != nullptr) n.open = [this, own] { return system_->terminals().open_slave(*own); };
        return n;
    }
    if (name == "/ptmx" || name == "/pts/ptmx") {
        SpecialNode n = device(kTtyMajor << 8 | 2, name == "/ptmx" ? 0666 : 0000);
        if (system_ == nullptr) return n;
        FileStatus slave = base_status(abi::kIfChr | 0620);
        slave.device = kDevDevice;
        slave.gid = kTtyGroup;
        if (process != nullptr) slave.uid = process->cred->uid.fs;
        n.open = [this, master = n.status, slave]() -> std::shared_ptr<File> {
            auto file = system_->terminals().open_master(master, slave);
            if (file)
                file->pty().slave_status.inode =
                    inode_of("/dev/pts/" + std::to_string(file->pty().index));
            return file;
        };
        return n;
    }
    if (name == "/pts") {
        std::vector<std::string> names = {"ptmx"};
        if (system_ != nullptr) {
            for (const std::uint32_t index : system_->terminals().indexes())
                names.push_back(std::to_string(index));
        }
        return directory(names);
    }
    if (system_ == nullptr) return std::nullopt;
    for (const std::uint32_t index : system_->terminals().indexes()) {
        if (name != "/pts/" + std::to_string(index)) continue;
        Pty* const pty = system_->terminals().find(index);
        SpecialNode n = device(0, 0);
        n.status = pty->slave_status;
        n.open = [this, pty] { return system_->terminals().open_slave(*pty); };
        return n;
    }
    return std::nullopt;
}

// Files of the table, and the directories above them.
std::optional<SpecialNode> SpecialFiles::find_in_table(const std::string& path) {
    std::set<std::string> names;
    for (const ProcRow& row : proc_table()) {
        if (path == row.path)
            return text(
                [this, make = row.make] {
                    return make({machine_, system_, now_ns_ ? now_ns_() : 0});
                },
                row.mode);
        if (!below(row.path, path)) continue;
        const std::string rest = row.path + path.size() + 1;
        names.insert(rest.substr(0, rest.find('/')));
    }
    if (names.empty()) return std::nullopt;
    return directory({names.begin(), names.end()});
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
std::vector<std::string> SpecialFiles::proc_names(const Process* reader) {
    std::vector<std::string> names = {"self", "thread-self", "mounts"};
    if (system_ != nullptr) {
        for (const auto& [pid, process] : system_->processes())
            names.push_back(std::to_string(pid));
    }
    if (reader != nullptr && (system_ == nullptr || !system_->processes().contains(reader->pid)))
        names.push_back(std::to_string(reader->pid));
    for (const DirEntry& entry : find_in_table("/proc")->list()) names.push_back(entry.name);
    return names;
}

Process* SpecialFiles::process_of(Process* reader, const std::string& number) const {
    if (reader != nullptr && number == std::to_string(reader->pid)) return reader;
    if (system_ == nullptr) return nullptr;
    for (const auto& [pid, process] : system_->processes()) {
        if (number == std::to_string(pid)) return process.get();
    }
    return nullptr;
}

std::optional<SpecialNode> SpecialFiles::find_proc(Process* reader, const std::string& name) {
    if (name.empty()) return directory(proc_names(reader));
    if (reader != nullptr) {
        const std::string self = std::to_string(reader->pid);
        const Task* task = system_ != nullptr ? system_->current() : nullptr;
        if (name == "/self") return link_to(self);
        if (name == "/mounts") return link_to("self/mounts");
        if (name == "/thread-self")
            return link_to(fmt::format("{}/task/{}", self,
                                       task != nullptr ? std::to_string(task->id.value) : self));
    }
    const std::size_t end = name.find('/', 1);
    Process* process = process_of(reader, name.substr(1, end - 1));
    if (process == nullptr) return find_in_table("/proc" + name);
    std::string rest = end == std::string::npos ? "" : name.substr(end);
    Task* task = process->tasks.empty() ? nullptr : process->tasks.begin()->second.get();
    if (task == nullptr) return std::nullopt;
    if (below(rest, "/task")) return find_thread(*process, rest);
    return find_process(*process, *task, rest, true);
}

// `rest`: "/task", or a name below it.
std::optional<SpecialNode> SpecialFiles::find_thread(Process& process, const std::string& rest) {
    if (rest == "/task") {
        std::vector<std::string> ids;
        for (const auto& [id, each] : process.tasks) ids.push_back(std::to_string(id.value));
        return directory(ids);
    }
    const std::size_t slash = rest.find('/', 6);
    const std::string id = rest.substr(6, slash == std::string::npos ? slash : slash - 6);
    for (const auto& [task_id, each] : process.tasks) {
        if (id == std::to_string(task_id.value))
            return find_process(process, *each,
                                slash == std::string::npos ? "" : rest.substr(slash), false);
    }
    return std::nullopt;
}

// The open file that `name` is of; null: it is no such name, or there is none.
static const FdTable::Entry* entry_of(const Process& p, const std::string& name,
                                      std::string_view prefix) {
    if (!name.starts_with(prefix)) return nullptr;
    for (const auto& [fd, entry] : p.files.all()) {
        if (name.substr(prefix.size()) == std::to_string(fd)) return &entry;
    }
    return nullptr;
}

// A file of the table.
std::optional<SpecialNode> SpecialFiles::node_of_row(Process& p, Task& t, const ProcessRow& row,
                                                     bool whole) {
    std::optional<SpecialNode> node = text(
        [&p, &t, this, make = row.make, whole] {
            return make({p, t, whole, system_});
        },
        row.mode);
    if (row.store == nullptr || system_ == nullptr) return node;
    // The file may outlive the task.
    node->open = [system = system_, pid = p.pid, id = t.id, open = std::move(node->open),
                  store = row.store] {
        auto file = std::static_pointer_cast<TextFile>(open());
        file->on_write([=](std::string_view given) {
            const auto process = system->processes().find(pid);
            if (process == system->processes().end()) return;
            const auto task = process->second->tasks.find(id);
            if (task != process->second->tasks.end()) store(*task->second, given);
        });
        return file;
    };
    return node;
}

std::optional<SpecialNode> SpecialFiles::find_process(Process& p, Task& t, const std::string& name,
                                                      bool whole) {
    std::optional<SpecialNode> node;
    if (name.empty()) {
        std::vector<std::string> names = {"fd", "fdinfo", "cwd", "exe", "root"};
        for (const ProcessRow& row : process_table()) names.emplace_back(row.name);
        if (whole) names.emplace_back("task");
        node = directory(names);
    } else if (name == "/exe" && p.alive) {
        node = link_to(p.exe);
    } else if (name == "/cwd") {
        node = link_to(p.cwd ? p.cwd->path() : "/");
    } else if (name == "/root") {
        node = link_to("/");
    } else if (name == "/fd" || name == "/fdinfo") {
        std::vector<std::string> names;
        for (const auto& [fd, entry] : p.files.all()) names.push_back(std::to_string(fd));
        node = directory(names);
        if (name == "/fd") node->status.mode = abi::kIfDir | 0500;
    } else if (const auto* entry = entry_of(p, name, "/fd/")) {
        const std::string path = entry->file->path();
        node = link_to(path.empty() ? "anon_inode:[file]" : path);
        node->magic = entry->file;
    } else if (const auto* shown = entry_of(p, name, "/fdinfo/")) {
        node = text([&file = *shown->file, cloexec = shown->close_on_exec] {
            return fmt::format("pos:\t{}\nflags:\t0{:o}\nmnt_id:\t15\n", file.position,
                               file.flags | (cloexec ? abi::kOCloexec : 0));
        });
    }
    for (const ProcessRow& row : process_table()) {
        if (!name.empty() && name.substr(1) == row.name) node = node_of_row(p, t, row, whole);
    }
    if (node) {
        node->status.uid = p.cred->uid.effective;
        node->status.gid = p.cred->gid.effective;
    }
    return node;
}

}  // namespace uprobesim
