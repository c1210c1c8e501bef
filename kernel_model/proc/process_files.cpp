// SPDX-License-Identifier: GPL-2.0-or-later
// The directories /proc/PID and /proc/PID/task/TID. A file may outlive its process: it finds it
// again by its number at each use.
#include <fmt/format.h>

#include <algorithm>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/event/process_file.h"
#include "kernel_model/files/mount.h"
#include "kernel_model/proc/inode_number.h"
#include "kernel_model/proc/mounts_text.h"
#include "kernel_model/proc/proc_files.h"
#include "kernel_model/proc/proc_text.h"
#include "kernel_model/proc/process_memory.h"
#include "kernel_model/task/namespace_file.h"
#include "kernel_model/task/process.h"
#include "kernel_model/task/trace_access.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

constexpr std::string_view kAttributes[] = {"current",   "exec", "fscreate",
                                            "keycreate", "prev", "sockcreate"};

// The files that only those may open who may trace the process (proc_mem_open, lock_trace).
constexpr std::string_view kGuarded[] = {"auxv",         "environ",   "io",      "maps",
                                         "mem",          "numa_maps", "pagemap", "smaps",
                                         "smaps_rollup", "stack",     "syscall"};

bool guarded(std::string_view name) {
    return std::ranges::find(kGuarded, name) != std::end(kGuarded);
}

// `end` is of the process that was meant: its id may be another's now.
Task* task_of(const SystemView& system, std::int32_t pid, TaskId id, const ProcessEnd& end) {
    const auto process = system.processes().find(pid);
    if (end.reaped || process == system.processes().end()) return nullptr;
    const auto task = process->second->tasks.find(id);
    return task != process->second->tasks.end() ? task->second.get() : nullptr;
}

// The open file that `name` is of; null: it is no such name, or there is none.
const FdTable::Entry* entry_of(const Process& p, const std::string& name, std::string_view prefix) {
    if (!name.starts_with(prefix)) return nullptr;
    const auto fd = listed_number(std::string_view(name).substr(prefix.size()));
    const auto found = fd ? p.files.all().find(*fd) : p.files.all().end();
    return found == p.files.all().end() ? nullptr : &found->second;
}

// What a kind of file adds to its fdinfo.
std::string own_lines(File& file, const PidNamespace* space) {
    const auto* const of_process = dynamic_cast<const ProcessFile*>(&file);
    return of_process != nullptr ? of_process->numbers_from(space) : file.fdinfo();
}

// The directory below which the reader has its root, as d_path shows names there.
std::string seen_from(const Process* reader, std::string path) {
    const std::string top = reader != nullptr && reader->fs->root ? reader->fs->root->path() : "/";
    if (top == "/" || !below(path, top)) return path;
    return path.size() == top.size() ? "/" : path.substr(top.size());
}

}  // namespace

// `rest`: "/task", or a name below it.
std::optional<SpecialNode> SpecialFiles::find_thread(const PidSpace& space, Process& process,
                                                     const std::string& rest) {
    if (rest == "/task") {
        SpecialNode n = directory_of([&process, space] {
            std::vector<std::string> ids;
            for (const auto& [id, each] : process.tasks)
                ids.push_back(std::to_string(each->pid().in(space.get())));
            return ids;
        });
        n.status.uid = process.cred->uid.effective;
        n.status.gid = process.cred->gid.effective;
        return n;
    }
    const std::size_t slash = rest.find('/', 6);
    const std::string id = rest.substr(6, slash == std::string::npos ? slash : slash - 6);
    const auto number = listed_number(id);
    const auto task = number ? process.tasks.find(TaskId{PidTable::outside(space.get(), *number)})
                             : process.tasks.end();
    if (task == process.tasks.end()) return std::nullopt;
    return find_process(space, process, *task->second,
                        slash == std::string::npos ? "" : rest.substr(slash), false);
}

bool SpecialFiles::reads(const Process& reader, const Process& shown) const {
    const Task* const current = system_ != nullptr ? system_->current() : nullptr;
    if (current != nullptr && current->process == &reader) return may_access(*current, shown);
    return may_access(reader, shown);
}

// A file of the table.
std::optional<SpecialNode> SpecialFiles::node_of_row(const PidSpace& space, Process& p, Task& t,
                                                     const ProcessRow& row, bool whole) {
    const auto make = [this, pid = p.pid, id = t.id, end = p.end, make = row.make, whole, task = &t,
                       space]() -> SysResult<std::string> {
        Task* const shown = system_ != nullptr ? task_of(*system_, pid, id, *end) : task;
        if (shown == nullptr) return tl::make_unexpected(Errno::Srch);
        return make({*shown->process, *shown, whole, system_, space.get()});
    };
    SpecialNode n = text(
        make, row.mode, inode_of(fmt::format("{}/{}/{}", p.pid, whole ? 0 : t.id.value, row.name)));
    if (system_ == nullptr) return n;
    n.open = [this, pid = p.pid, id = t.id, end = p.end, open = std::move(n.open),
              store = row.store, control = row.control, guard = guarded(row.name),
              pollable = row.name.starts_with("mount")](
                 std::uint32_t flags) -> SysResult<std::shared_ptr<File>> {
        const Task* const task = task_of(*system_, pid, id, *end);
        if (task == nullptr) return tl::make_unexpected(Errno::Srch);
        if (const Process* const caller = reader(nullptr);
            guard && caller != nullptr && !reads(*caller, *task->process))
            return tl::make_unexpected(Errno::Acces);
        auto file = TRY(open(flags));
        // proc_mounts_operations alone has splice_read.
        std::static_pointer_cast<TextFile>(file)->set_splices({.from = pollable, .to = false});
        if (pollable) {
            const auto mounts = mounts_of(*task->process, system_->mounts());
            if (mounts)
                std::static_pointer_cast<TextFile>(file)->watch_changes(
                    [mounts] { return mounts->version; }, mounts->changed);
        }
        if (control != nullptr)
            std::static_pointer_cast<TextFile>(file)->on_control(
                [mm = std::weak_ptr<Mm>(task->process->mm), control](
                    std::uint64_t request, VAddr at,
                    UserMemory& memory) -> SysResult<std::uint64_t> {
                    const auto shown = mm.lock();
                    if (!shown) return tl::make_unexpected(Errno::Srch);
                    return control(*shown, request, at, memory);
                });
        if (store == nullptr) return file;
        std::static_pointer_cast<TextFile>(file)->on_write(
            [this, pid, id, end, store](std::string_view given) -> SysResult<void> {
                Task* const written = task_of(*system_, pid, id, *end);
                if (written == nullptr) return tl::make_unexpected(Errno::Srch);
                const Task* const writer = system_->current();
                return store(*written, writer != nullptr ? *writer : *written, given);
            });
        return file;
    };
    return n;
}

std::optional<SpecialNode> SpecialFiles::memory_file(Process& p, const std::string& name) {
    const bool map = name == "/pagemap";
    if (!map && name != "/mem") return std::nullopt;
    SpecialNode n;
    n.status = base_status(abi::kIfReg | (map ? 0400 : 0600));
    n.status.inode = inode_of(fmt::format("{}{}", p.pid, name));
    n.open = [this, &p, map, status = n.status](std::uint32_t) -> SysResult<std::shared_ptr<File>> {
        const Process* const caller = reader(&p);
        if (!reads(*caller, p)) return tl::make_unexpected(Errno::Acces);
        return map ? make_page_map(p.mm, status, caller->cred->capable(Capability::SysAdmin))
                   : make_memory_of_process(p.mm, status);
    };
    return n;
}

std::optional<SpecialNode> SpecialFiles::namespace_link(const Process& p, const std::string& name) {
    for (std::size_t i = 0; i < kNamespaceKinds; ++i) {
        const NamespaceName& kind = kNamespaceNames[i];
        const bool of_children = name == fmt::format("{}_for_children", kind.file) &&
                                 (kind.file == "pid" || kind.file == "time");
        if (name != kind.file && !of_children) continue;
        const auto which = static_cast<NamespaceKind>(i);
        SpecialNode n;
        auto file = std::make_shared<NamespaceFile>(which, base_status(abi::kIfReg | 0444));
        if (which == NamespaceKind::Uts) file->uts = p.uts;
        if (which == NamespaceKind::Mnt)
            file->mounts = mounts_of(p, system_ != nullptr ? system_->mounts() : nullptr);
        file->other = p.spaces[i];
        if (which == NamespaceKind::User) file->other = p.cred->space;
        // The first process of a namespace, which is still to be made, opens it.
        const bool empty = which == NamespaceKind::Pid && p.spaces[i] != nullptr &&
                           static_cast<const PidNamespace&>(*p.spaces[i]).reaper == 0;
        if (which == NamespaceKind::Pid && !of_children)
            file->other = p.numbers ? p.numbers->space : nullptr;
        if (which == NamespaceKind::Time && !of_children) file->other = p.time_space;
        file->name = fmt::format("{}:[{}]", kind.file, file->inode());
        n = link_to(file->name);
        n.magic = std::move(file);
        if (empty && of_children) n.barred = Errno::NoEnt;
        return n;
    }
    return std::nullopt;
}

std::optional<SpecialNode> SpecialFiles::descriptor_file(const PidSpace& space, Process& p,
                                                         const std::string& name) {
    if (name == "/fd" || name == "/fdinfo") {
        SpecialNode node = directory_of([&p] {
            std::vector<std::string> names;
            for (const auto& [fd, entry] : p.files.all()) names.push_back(std::to_string(fd));
            return names;
        });
        node.status.mode = abi::kIfDir | (name == "/fd" ? 0500 : 0555);
        return node;
    }
    if (const auto* entry = entry_of(p, name, "/fd/")) {
        const std::string path = seen_from(reader(&p), entry->file->path());
        const std::uint32_t access = entry->file->flags & abi::kOAccmode;
        SpecialNode node = link_to(path.empty() ? "anon_inode:[file]" : path);
        node.status.mode = abi::kIfLnk | 0100 | (access != abi::kOWronly ? 0400 : 0) |
                           (access != abi::kORdonly ? 0200 : 0);
        node.magic = entry->file;
        return node;
    }
    if (const auto* shown = entry_of(p, name, "/fdinfo/")) {
        const auto status = shown->file->status();
        const auto mount = shown->file->dentry ? mount_of(*shown->file->dentry) : nullptr;
        return text([held = std::weak_ptr(shown->file), cloexec = shown->close_on_exec,
                     id = mount ? mount->id : Mount::kInternalId,
                     inode = status ? status->inode : 0, space]() -> SysResult<std::string> {
            const auto file = held.lock();
            if (!file) return tl::make_unexpected(Errno::NoEnt);
            return fmt::format("pos:\t{}\nflags:\t0{:o}\nmnt_id:\t{}\nino:\t{}\n{}", file->position,
                               file->flags | (cloexec ? abi::kOCloexec : 0), id, inode,
                               own_lines(*file, space.get()));
        });
    }
    return std::nullopt;
}

// map_files: a link for each mapping of a file, by its addresses.
std::optional<SpecialNode> SpecialFiles::mapped_file(const Process& p, const std::string& name) {
    constexpr std::string_view kFolder = "/map_files";
    if (!below(name, kFolder) || p.mm == nullptr) return std::nullopt;
    const auto name_of = [](const Vma& vma) {
        return fmt::format("{:x}-{:x}", vma.range.begin.value, vma.range.end.value);
    };
    if (name != kFolder) {
        const std::string wanted = name.substr(kFolder.size() + 1);
        const auto at = p.mm->vmas().find(VAddr(std::strtoull(wanted.c_str(), nullptr, 16)));
        if (at == p.mm->vmas().end() || at->second.file == nullptr || name_of(at->second) != wanted)
            return std::nullopt;
        const Vma& vma = at->second;
        SpecialNode link = link_to(vma.file->path());
        link.status.mode = abi::kIfLnk | 0400 | (vma.shared && vma.prot.write ? 0200 : 0);
        return link;
    }
    SpecialNode node = directory_of([mm = p.mm, name_of] {
        std::vector<std::string> names;
        for (const auto& [begin, vma] : mm->vmas())
            if (vma.file != nullptr) names.push_back(name_of(vma));
        return names;
    });
    node.status.mode = abi::kIfDir | 0500;
    return node;
}

// attr, without a security module that has attributes, and ns.
std::optional<SpecialNode> SpecialFiles::attribute_file(Process& p, const std::string& name) {
    if (name == "/attr") return directory({std::begin(kAttributes), std::end(kAttributes)});
    if (name.starts_with("/attr/")) {
        if (std::ranges::find(kAttributes, name.substr(6)) == std::end(kAttributes))
            return std::nullopt;
        return text([]() -> SysResult<std::string> { return tl::make_unexpected(Errno::Inval); },
                    0666);
    }
    if (name == "/ns") {
        std::vector<std::string> names;
        names.reserve(std::size(kNamespaceNames) + 2);
        for (const NamespaceName& kind : kNamespaceNames) names.emplace_back(kind.file);
        names.insert(names.end(), {"pid_for_children", "time_for_children"});
        return directory(names);
    }
    if (name.starts_with("/ns/")) return namespace_link(p, name.substr(4));
    return std::nullopt;
}

std::optional<SpecialNode> SpecialFiles::process_file(const PidSpace& space, Process& p,
                                                      const std::string& name) {
    if (name == "/exe" && p.alive) return link_to(p.exe);
    if (name == "/cwd") return link_to(seen_from(reader(&p), p.fs->cwd ? p.fs->cwd->path() : "/"));
    if (name == "/root")
        return link_to(seen_from(reader(&p), p.fs->root ? p.fs->root->path() : "/"));
    if (auto node = attribute_file(p, name)) return node;
    if (auto node = memory_file(p, name)) return node;
    if (auto node = mapped_file(p, name)) return node;
    return descriptor_file(space, p, name);
}

std::optional<SpecialNode> SpecialFiles::find_process(const PidSpace& space, Process& p, Task& t,
                                                      const std::string& name, bool whole) {
    if (below(name, "/net")) return find_in_table("/proc" + name, space);
    const auto rows = [&](auto each) {
        for (const auto table : {process_table(), process_settings(), process_id_maps()}) {
            for (const ProcessRow& row : table) each(row);
        }
        if (whole) return;
        for (const ProcessRow& row : task_settings()) each(row);
    };
    std::optional<SpecialNode> node;
    if (name.empty()) {
        std::vector<std::string> names = {"attr", "cwd", "exe", "fd",      "fdinfo",
                                          "mem",  "net", "ns",  "pagemap", "root"};
        rows([&](const ProcessRow& row) { names.emplace_back(row.name); });
        if (whole) names.insert(names.end(), {"map_files", "task"});
        node = directory(names);
    } else {
        node = process_file(space, p, name);
        rows([&](const ProcessRow& row) {
            if (name.substr(1) == row.name) node = node_of_row(space, p, t, row, whole);
        });
    }
    if (node) {
        // task_dump_owner: what is not for everybody is the superuser's where the process hides.
        const bool shown = p.options.dumpable == 1 || node->status.mode == (abi::kIfDir | 0555);
        node->status.uid = shown ? p.cred->uid.effective : 0;
        node->status.gid = shown ? p.cred->gid.effective : 0;
        // proc_fd_access_allowed, proc_ns_readlink
        if (node->is_link() && !reads(*reader(&p), p)) node->barred = Errno::Acces;
    }
    return node;
}

}  // namespace uprobesim
