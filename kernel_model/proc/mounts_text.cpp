// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/proc/mounts_text.h"

#include <fmt/format.h>

#include "kernel_model/abi/mount.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/files/mount.h"
#include "kernel_model/proc/inode_number.h"

namespace uprobesim {
namespace {

// Blanks and backslashes as octal numbers (mangle).
std::string escaped(const std::string& text) {
    std::string shown;
    for (const char c : text) {
        if (c == ' ' || c == '\t' || c == '\n' || c == '\\' || c == '#') {
            shown += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
        } else {
            shown += c;
        }
    }
    return shown;
}

std::string options_of(const Mount& m) {
    static constexpr std::pair<std::uint64_t, const char*> kNames[] = {
        {abi::kMsNosuid, ",nosuid"},          {abi::kMsNodev, ",nodev"},
        {abi::kMsNoexec, ",noexec"},          {abi::kMsNoatime, ",noatime"},
        {abi::kMsNodiratime, ",nodiratime"},  {abi::kMsRelatime, ",relatime"},
        {abi::kMsNosymfollow, ",nosymfollow"}};
    std::string text;
    for (const auto& [bit, name] : kNames) {
        if ((m.flags & bit) != 0) text += name;
    }
    return text;
}

struct Row {
    const Mount* mount;
    std::string at;  // below the root of the process
};

std::vector<Row> rows_of(const Process& process, const Mounts* all) {
    std::vector<Row> rows;
    if (all == nullptr) return rows;
    const Mount* top = all->first()->top.get();
    std::string root = "/";
    if (process.fs->root && mount_of(*process.fs->root)) {
        top = mount_of(*process.fs->root).get();
        root = process.fs->root->path();
    }
    while (top->parent != nullptr) top = top->parent;
    for (const Mount* mount : mounts_below(*top)) {
        const std::string at = mount->shown(mount->root);
        if (root == "/") {
            rows.push_back({mount, at});
        } else if (below(at, root)) {
            rows.push_back({mount, at.size() == root.size() ? "/" : at.substr(root.size())});
        }
    }
    return rows;
}

}  // namespace

std::shared_ptr<MountNamespace> mounts_of(const Process& process, const Mounts* all) {
    if (all == nullptr) return nullptr;
    if (process.fs->root && mount_of(*process.fs->root))
        return mount_of(*process.fs->root)->space.lock();
    return all->first();
}

std::string mounts_text(const Process& process, const Mounts* all) {
    std::string text;
    for (const auto& [m, at] : rows_of(process, all))
        text += fmt::format("{} {} {} {}{}{} 0 0\n", escaped(m->super->source), escaped(at),
                            m->super->type, m->read_only() ? "ro" : "rw", options_of(*m),
                            m->super->options);
    return text;
}

std::string mount_info_text(const Process& process, const Mounts* all) {
    std::string text;
    for (const auto& [m, at] : rows_of(process, all)) {
        const std::string& inner = m->super->inner;
        std::string root = inner == "/" ? m->root : m->root.substr(inner.size());
        if (root.empty()) root.assign(1, '/');
        std::string groups;
        if (m->peers != 0) groups += fmt::format("shared:{} ", m->peers);
        if (m->master != 0) groups += fmt::format("master:{} ", m->master);
        if (m->unbindable) groups += "unbindable ";
        text += fmt::format("{} {} {}:{} {} {} {}{} {}- {} {} {}{}\n", m->id,
                            m->parent ? m->parent->id : 1, abi::device_major(m->super->device),
                            abi::device_minor(m->super->device), escaped(root), escaped(at),
                            (m->flags & abi::kMsRdonly) != 0 ? "ro" : "rw", options_of(*m), groups,
                            m->super->type, escaped(m->super->source),
                            m->super->read_only ? "ro" : "rw", m->super->options);
    }
    return text;
}

std::string mount_stats_text(const Process& process, const Mounts* all) {
    std::string text;
    for (const auto& [m, at] : rows_of(process, all))
        text += fmt::format("device {} mounted on {} with fstype {}\n", escaped(m->super->source),
                            escaped(at), m->super->type);
    return text;
}

}  // namespace uprobesim
