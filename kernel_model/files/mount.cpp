// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/mount.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "kernel_model/abi/ipc.h"
#include "kernel_model/abi/mount.h"
#include "kernel_model/abi/stat.h"

namespace uprobesim {

namespace {

bool inside(const std::string& path, const std::string& top) {
    if (top == "/") return true;
    return path == top ||
           (path.size() > top.size() && path.starts_with(top) && path[top.size()] == '/');
}

// `path`, which is inside `from`, moved to `to`.
std::string moved_path(const std::string& path, const std::string& from, const std::string& to) {
    const std::string rest = from == "/" ? path : path.substr(from.size());
    if (rest.empty() || rest == "/") return to;
    return (to == "/" ? "" : to) + rest;
}

}  // namespace

bool Mount::read_only() const {
    return (flags & abi::kMsRdonly) != 0 || super->read_only;
}

bool Mount::in_use() const {
    return !dentry.expired();
}

bool Mount::holds(const std::string& inner) const {
    return inside(inner, root);
}

std::string Mount::shown(const std::string& inner) const {
    const std::string top = parent != nullptr ? parent->shown(point) : "/";
    return holds(inner) ? moved_path(inner, root, top) : inner;
}

Mount* Mount::child_at(const std::string& inner) const {
    const auto child = children.find(inner);
    return child == children.end() ? nullptr : child->second.get();
}

Mount::~Mount() {
    if (table) table->erase(id);
    // A child that somebody holds goes on without a place.
    for (const auto& [at, child] : children) child->parent = nullptr;
}

Mounts::Mounts(PhysicalMemory* memory)
    : memory_(memory), first_(std::make_shared<MountNamespace>()) {
    struct Row {
        const char *type, *source, *at;
        std::uint64_t device;
        std::int64_t magic;
        std::uint64_t flags;
    };
    using namespace abi;
    constexpr std::uint64_t kQuiet = kMsNosuid | kMsNoexec | kMsRelatime;
    static constexpr Row kRows[] = {
        {kRootType.data(), "/dev/vda", "/", 0xfe00, kExt4Magic, kMsRelatime},
        {"proc", "proc", "/proc", 0x15, kProcMagic, kQuiet | kMsNodev},
        {"devtmpfs", "udev", "/dev", 0x05, kTmpfsMagic, kMsNosuid | kMsRelatime},
        {"sysfs", "sysfs", "/sys", 0x16, kSysfsMagic, kQuiet | kMsNodev},
        {"devpts", "devpts", "/dev/pts", 0x17, kDevptsMagic, kQuiet},
        {"mqueue", "mqueue", kQueues.data(), kMqueueDevice, kMqueueMagic, 0},
    };
    first_->inode = 0xf0000001;
    for (const Row& row : kRows) {
        auto super = std::make_shared<SuperBlock>();
        super->type = row.type;
        super->source = row.source;
        super->device = row.device;
        super->magic = row.magic;
        super->inner = row.at;
        if (first_->top) kept_.push_back(super);
        if (super->inner == kQueues) continue;
        auto mount = make(std::move(super), row.at, row.flags);
        mount->space = first_;
        if (!first_->top) {
            first_->top = std::move(mount);
            continue;
        }
        Mount* under = first_->top.get();
        for (const auto& [where, child] : first_->top->children) {
            if (inside(row.at, where)) under = child.get();
        }
        put(mount, *under, row.at);
    }
}

// The name of a tree has the inode of its namespace and its options: "/12", "/12.2.1000.0".
std::string Mounts::proc_of(std::uint64_t space, const ProcOptions& options) {
    if (space == 0 && options == ProcOptions{}) return "/proc";
    std::string path = std::string(kProcs) + "/" + std::to_string(space);
    if (options == ProcOptions{}) return path;
    return path + "." + std::to_string(options.hide) + "." + std::to_string(options.gid) + "." +
           (options.only_processes ? "1" : "0");
}

void Mounts::change_proc(SuperBlock& super, const ProcOptions& options) {
    const auto place = in_proc(super.inner);
    if (!place) return;
    const std::string before = std::exchange(super.inner, proc_of(place->space, options));
    for (const auto& [id, mount] : *all_) {
        if (mount->super.get() != &super) continue;
        mount->root = moved_path(mount->root, before, super.inner);
        std::map<std::string, std::shared_ptr<Mount>> children;
        for (auto& [where, child] : mount->children) {
            child->point = moved_path(where, before, super.inner);
            children[child->point] = std::move(child);
        }
        mount->children = std::move(children);
    }
}

std::optional<Mounts::InProc> Mounts::in_proc(std::string_view inner) {
    constexpr std::string_view kFirst = "/proc";
    const auto below = [&](std::string_view top) {
        return inner.starts_with(top) && (inner.size() == top.size() || inner[top.size()] == '/');
    };
    if (below(kFirst)) return InProc{.space = 0, .rest = inner.substr(kFirst.size())};
    if (!below(kProcs) || inner.size() == kProcs.size()) return std::nullopt;
    InProc place;
    const std::string_view named = inner.substr(kProcs.size() + 1);
    const std::string_view name = named.substr(0, named.find('/'));
    std::array<std::uint64_t, 4> numbers{};
    const char* at = name.data();
    const char* const end = name.data() + name.size();
    std::size_t count = 0;
    for (; count < numbers.size(); ++count) {
        const auto read = std::from_chars(at, end, numbers[count]);
        if (read.ec != std::errc()) return std::nullopt;
        at = read.ptr;
        if (at == end) break;
        if (*at++ != '.') return std::nullopt;
    }
    // Either a number alone, or one with all three options.
    if (count != 0 && count + 1 != numbers.size()) return std::nullopt;
    place.space = numbers[0];
    place.options = {static_cast<std::uint32_t>(numbers[1]), static_cast<std::uint32_t>(numbers[2]),
                     numbers[3] != 0};
    place.rest = named.substr(name.size());
    return place;
}

std::shared_ptr<SuperBlock> Mounts::kept_super(std::string_view type) const {
    const auto found = std::ranges::find(kept_, type, &SuperBlock::type);
    return found == kept_.end() ? nullptr : *found;
}

std::shared_ptr<Mount> Mounts::make(std::shared_ptr<SuperBlock> super, std::string root,
                                    std::uint64_t flags) {
    auto mount = std::make_shared<Mount>();
    mount->id = next_id_++;
    mount->super = std::move(super);
    mount->root = std::move(root);
    mount->flags = flags;
    mount->charge = MemoryCharge(memory_, kMountBytes);
    mount->table = all_;
    all_->emplace(mount->id, mount.get());
    return mount;
}

bool Mounts::has_room(std::size_t more) const {
    return memory_ == nullptr || memory_->has_room(more * kMountBytes);
}

void Mounts::changed(const Mount& mount) {
    if (const auto space = mount.space.lock()) {
        ++space->version;
        space->changed->wake();
    }
}

void Mounts::put(const std::shared_ptr<Mount>& tree, Mount& at, const std::string& point) {
    // On top of what is mounted there already.
    Mount* under = &at;
    std::string place = point;
    while (Mount* const above = under->child_at(place)) {
        under = above;
        place = above->root;
    }
    tree->parent = under;
    tree->point = place;
    under->children[place] = tree;
    const std::function<void(Mount&)> enter = [&](Mount& mount) {
        mount.space = under->space;
        for (const auto& [where, child] : mount.children) enter(*child);
    };
    enter(*tree);
    changed(*tree);
}

std::shared_ptr<Mount> Mounts::detach(Mount& mount, bool everywhere) {
    Mount* const from = mount.parent;
    if (from == nullptr) return nullptr;
    if (everywhere) {
        for (const auto& other : receivers(*from)) {
            Mount* const twin = other->child_at(mount.point);
            if (twin != nullptr && twin != &mount && twin->super == mount.super)
                (void)detach(*twin, false);
        }
    }
    changed(mount);
    const auto place = from->children.find(mount.point);
    std::shared_ptr<Mount> taken = std::move(place->second);
    from->children.erase(place);
    taken->parent = nullptr;
    const std::function<void(Mount&)> leave = [&](Mount& left) {
        left.space.reset();
        for (const auto& [where, child] : left.children) leave(*child);
    };
    leave(*taken);
    return taken;
}

std::shared_ptr<Mount> Mounts::copy(const Mount& mount, const std::string& root, bool recursive) {
    auto twin = make(mount.super, root, mount.flags);
    twin->peers = mount.peers;
    twin->master = mount.master;
    if (!recursive) return twin;
    for (const auto& [where, child] : mount.children) {
        if (child->unbindable || !inside(where, root)) continue;
        put(copy(*child, child->root, true), *twin, where);
    }
    return twin;
}

std::shared_ptr<MountNamespace> Mounts::copy_namespace(
    const MountNamespace& from,
    const std::function<void(const Mount&, const std::shared_ptr<Mount>&)>& moved) {
    auto space = std::make_shared<MountNamespace>();
    space->inode = next_namespace_++;
    const std::function<std::shared_ptr<Mount>(const Mount&)> twin_of = [&](const Mount& mount) {
        auto twin = make(mount.super, mount.root, mount.flags);
        twin->peers = mount.peers;
        twin->master = mount.master;
        twin->unbindable = mount.unbindable;
        twin->space = space;
        for (const auto& [where, child] : mount.children) {
            auto below = twin_of(*child);
            below->parent = twin.get();
            below->point = where;
            twin->children[where] = std::move(below);
        }
        moved(mount, twin);
        return twin;
    };
    space->top = twin_of(*from.top);
    return space;
}

void Mounts::renamed(const std::string& from, const std::string& to) {
    for (const auto& [id, mount] : *all_) {
        std::map<std::string, std::shared_ptr<Mount>> children;
        for (auto& [where, child] : mount->children) {
            if (inside(where, from)) child->point = moved_path(where, from, to);
            children[child->point] = child;
        }
        mount->children = std::move(children);
        if (mount->root != "/" && inside(mount->root, from))
            mount->root = moved_path(mount->root, from, to);
    }
}

bool Mounts::is_point(const std::string& inner) const {
    return std::ranges::any_of(
        *all_, [&](const auto& entry) { return entry.second->children.contains(inner); });
}

std::shared_ptr<SuperBlock> Mounts::new_super(std::string type, std::string source,
                                              std::string inner) {
    auto super = std::make_shared<SuperBlock>();
    super->type = std::move(type);
    super->source = std::move(source);
    super->device = next_device_++;
    super->inner = std::move(inner);
    super->magic = abi::kTmpfsMagic;
    if (super->inner.empty()) {
        super->inner = std::string(kFolder) + "/" + std::to_string(super->device);
        supers_.emplace_back(super, super->inner);
    }
    return super;
}

std::shared_ptr<SuperBlock> Mounts::tmpfs_of(std::uint64_t device) const {
    for (const auto& [weak, inner] : supers_) {
        auto super = weak.lock();
        if (super && super->device == device) return super;
    }
    return nullptr;
}

std::vector<std::string> Mounts::take_unused() {
    std::vector<std::string> unused;
    std::erase_if(supers_, [&](const auto& entry) {
        if (!entry.first.expired()) return false;
        unused.push_back(entry.second);
        return true;
    });
    return unused;
}

std::vector<const Mount*> mounts_below(const Mount& top) {
    std::vector<const Mount*> found = {&top};
    for (std::size_t i = 0; i < found.size(); ++i) {
        for (const auto& [where, child] : found[i]->children) found.push_back(child.get());
    }
    std::ranges::stable_sort(found, {}, &Mount::id);
    return found;
}

const std::shared_ptr<Mount>& mount_of(const Dentry& dentry) {
    const Dentry* at = &dentry;
    while (at->parent() != nullptr) at = at->parent().get();
    return at->mount();
}

}  // namespace uprobesim
