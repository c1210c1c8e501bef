// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/files/mount_args.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "kernel_model/abi/limits.h"
#include "kernel_model/landlock/domain.h"
#include "kernel_model/syscall/files/proc_options.h"
#include "kernel_model/task/mount_locks.h"
#include "sim/base/try.h"

namespace uprobesim {

using namespace abi;

SysResult<std::string> path_text(SysCall& call, VAddr pointer) {
    auto text = call.memory().read_string(pointer, kPathMax);
    if (!text) return tl::make_unexpected(Errno::Fault);
    if (text->size() >= kPathMax) return tl::make_unexpected(Errno::NameTooLong);
    return std::move(*text);
}

SysResult<FileSystem::Located> place_argument(SysCall& call, std::int32_t directory, VAddr pointer,
                                              bool follow, bool empty) {
    if (call.kernel.files().mounts() == nullptr) return tl::make_unexpected(Errno::NoSys);
    const auto path = TRY(path_text(call, pointer));
    Caller caller = call.caller();
    if (path.empty() && !empty) return tl::make_unexpected(Errno::NoEnt);
    if (directory != kAtFdcwd && (path.empty() || path.front() != '/')) {
        const auto file = call.process.files.share(directory);
        if (!file) return tl::make_unexpected(Errno::Badf);
        const auto status = TRY(file->status());
        const bool is_directory = (status.mode & kIfmt) == kIfDir;
        if (path.empty()) {
            if (!file->dentry) return tl::make_unexpected(Errno::Inval);
            return FileSystem::Located{mount_of(*file->dentry), file->dentry->inner(),
                                       is_directory};
        }
        if (!is_directory) return tl::make_unexpected(Errno::NotDir);
        caller = caller.starting_at(file->dentry);
    }
    return call.kernel.files().locate(caller, path.empty() ? "." : path, follow);
}

std::shared_ptr<MountNamespace> namespace_of(SysCall& call) {
    const auto& root = call.process.fs->root;
    if (root && mount_of(*root)) return mount_of(*root)->space.lock();
    return call.kernel.files().mounts()->first();
}

bool may_mount(SysCall& call) {
    const auto space = namespace_of(call);
    return call.capable_in(space ? space->owned_by : nullptr, Capability::SysAdmin);
}

bool bars_mounts(const SysCall& call) {
    return restricting_files(call.cred().landlock) != nullptr;
}

namespace {

// Only regular files take write access to their mount: what is written to a device or a FIFO is
// not written to the file system.
bool writes_to_mount(File& file) {
    if (!file.dentry || (file.flags & kOAccmode) == kORdonly || (file.flags & kOPath) != 0)
        return false;
    const auto status = file.status();
    return status && (status->mode & kIfmt) == kIfReg && mount_of(*file.dentry) != nullptr;
}

template <class Wanted>
bool any_written(const SysCall& call, Wanted wanted) {
    for (const auto& [pid, process] : call.kernel.processes().all()) {
        for (const auto& [fd, entry] : process->files.all()) {
            if (writes_to_mount(*entry.file) && wanted(*mount_of(*entry.file->dentry))) return true;
        }
    }
    return false;
}

}  // namespace

bool written(const SysCall& call, const SuperBlock& super) {
    return any_written(call, [&](const Mount& mount) { return mount.super.get() == &super; });
}
bool written(const SysCall& call, const Mount& mount) {
    return any_written(call, [&](const Mount& other) { return &other == &mount; });
}

SysResult<void> room_for_mounts(SysCall& call, std::size_t more) {
    const auto most = static_cast<std::size_t>(call.kernel.sysctls().number("fs/mount-max"));
    const Mounts& mounts = *call.kernel.files().mounts();
    if (mounts.count() + more > most) return tl::make_unexpected(Errno::NoSpc);
    if (!mounts.has_room(more)) return tl::make_unexpected(Errno::NoMem);
    return {};
}

SysResult<void> room_for_tree(SysCall& call, std::size_t tree, const FileSystem::Located& at) {
    const std::size_t copies = call.kernel.files().mounts()->copies(tree, *at.mount, at.inner);
    return room_for_mounts(call, tree + copies);
}

namespace {

struct TmpfsOptions {
    FileSystem::TmpfsTop top;
    std::optional<std::uint64_t> pages, inodes;  // those that are given
};

// shmem_show_options.
std::string shown_options(const TmpfsOptions& options, const UserSpace& space) {
    constexpr std::uint32_t kUsualMode = 01777;
    std::string text;
    if (options.pages) text += fmt::format(",size={}k", *options.pages * (kPageSize / 1024));
    if (options.inodes) text += fmt::format(",nr_inodes={}", *options.inodes);
    if (options.top.mode != kUsualMode) text += fmt::format(",mode={:03o}", options.top.mode);
    if (options.top.uid != 0) text += fmt::format(",uid={}", shown_user(space, options.top.uid));
    if (options.top.gid != 0) text += fmt::format(",gid={}", shown_group(space, options.top.gid));
    return text;
}

// Of a ramfs that is all that counts; it has always ignored the rest.
std::string mode_alone(std::string_view text) {
    std::string mode;
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        const std::string_view option = text.substr(0, comma);
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
        if (option.starts_with("mode=")) mode = option;
    }
    return mode;
}

// memparse: a number with a unit; a share of the memory for sizes.
std::optional<std::uint64_t> size_of(std::string_view text, std::uint64_t memory, bool share) {
    std::uint64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    if (text.empty()) return number;
    if (text.size() > 1) return std::nullopt;
    if (text.front() == '%') return share ? std::optional(memory / 100 * number) : std::nullopt;
    const std::size_t unit = std::string_view("kmgt").find(static_cast<char>(text.front() | 0x20));
    return unit == std::string_view::npos ? std::nullopt : std::optional(number << 10 * (unit + 1));
}

SysResult<void> put_size(TmpfsOptions& options, std::string_view name, std::string_view value,
                         std::uint64_t memory) {
    const auto number = size_of(value, memory, name == "size");
    if (!number) return tl::make_unexpected(Errno::Inval);
    if (name == "size") options.pages = page_ceil(*number) / kPageSize;
    if (name == "nr_blocks") options.pages = *number;
    if (name == "nr_inodes") options.inodes = *number;
    return {};
}

// The ids are those of the caller's user namespace.
SysResult<void> put_rights(FileSystem::TmpfsTop& top, std::string_view name, std::string_view value,
                           const UserSpace& space) {
    std::uint32_t number = 0;
    const char* const end = value.data() + value.size();
    const auto read = std::from_chars(value.data(), end, number, name == "mode" ? 8 : 10);
    if (read.ec != std::errc() || read.ptr != end) return tl::make_unexpected(Errno::Inval);
    if (name == "mode") {
        top.mode = number & kAllModeBits;
        return {};
    }
    const auto id = name == "gid" ? group_outside(space, number) : user_outside(space, number);
    if (!id) return tl::make_unexpected(Errno::Inval);
    (name == "gid" ? top.gid : top.uid) = *id;
    return {};
}

constexpr std::array<std::string_view, 3> kSizes = {"size", "nr_blocks", "nr_inodes"},
                                          kRights = {"mode", "uid", "gid"};
constexpr std::array<std::string_view, 5> kKept = {"huge", "mpol", "inode32", "inode64", "noswap"};

bool among(std::span<const std::string_view> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

// shmem_parse_one.
SysResult<void> put_option(SysCall& call, TmpfsOptions& options, std::string_view option) {
    const std::size_t equals = option.find('=');
    const std::string_view name = option.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : option.substr(equals + 1);
    if (among(kKept, name)) return {};
    if (among(kSizes, name)) {
        TRY(put_size(options, name, value, call.kernel.machine().memory.limit_bytes()));
    } else if (among(kRights, name)) {
        TRY(put_rights(options.top, name, value, call.cred().space));
    } else {
        return tl::make_unexpected(Errno::Inval);
    }
    return {};
}

SysResult<TmpfsOptions> tmpfs_options(SysCall& call, std::string_view text) {
    TmpfsOptions options;
    options.top.uid = call.cred().uid.fs;
    options.top.gid = call.cred().gid.fs;
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        const std::string_view option = text.substr(0, comma);
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
        if (!option.empty()) TRY(put_option(call, options, option));
    }
    return options;
}

// mount_capable: proc is of the namespace of processes, sysfs of that of the network; devtmpfs is
// not for user namespaces.
bool may_make(SysCall& call, std::string_view type) {
    if (type == "proc") {
        const PidNamespace* const processes = call.process.pid_space();
        return call.capable_in(processes != nullptr ? processes->owned_by : nullptr,
                               Capability::SysAdmin);
    }
    if (type != "sysfs") return call.capable(Capability::SysAdmin);
    const auto& network = call.process.space(NamespaceKind::Net);
    return call.capable_in(network ? network->owned_by : nullptr, Capability::SysAdmin);
}

// 0 stands for no limit.
std::uint64_t limit(std::uint64_t given) {
    return given == 0 ? ~std::uint64_t{0} : given;
}

}  // namespace

bool is_tmpfs_option(std::string_view name) {
    return among(kSizes, name) || among(kRights, name) || among(kKept, name);
}

SysResult<void> check_tmpfs_options(SysCall& call, const std::string& options) {
    TRY(tmpfs_options(call, options));
    return {};
}

SysResult<void> remount_tmpfs(SysCall& call, SuperBlock& super, const std::string& text) {
    const auto options = TRY(tmpfs_options(call, text));
    DiskSpace& space = *super.space;
    const std::uint64_t pages = options.pages ? limit(*options.pages) : space.total_pages(),
                        inodes = options.inodes ? limit(*options.inodes) : space.total_inodes();
    return space.resize(pages, inodes) ? SysResult<void>() : tl::make_unexpected(Errno::Inval);
}

SysResult<std::shared_ptr<SuperBlock>> new_file_system(SysCall& call, const std::string& type,
                                                       const std::string& source,
                                                       const std::string& options) {
    FileSystem& files = call.kernel.files();
    if (type == "tmpfs" || type == "ramfs") {
        const auto given =
            TRY(tmpfs_options(call, type == "ramfs" ? mode_alone(options) : options));
        TRY(room_for_mounts(call, 1));
        FileSystem::TmpfsTop top = given.top;
        // By default half of the memory, and as many inodes as that has pages.
        const std::uint64_t half = call.kernel.machine().memory.limit_bytes() / kPageSize / 2;
        if (type == "tmpfs") {
            top.pages = limit(given.pages.value_or(half));
            top.inodes = limit(given.inodes.value_or(half));
        }
        if (type == "ramfs" && options.find("mode=") == std::string::npos) top.mode = 0755;
        auto super = TRY(files.make_tmpfs(type, source, top));
        if (type == "tmpfs") super->options = shown_options(given, call.cred().space);
        if (type == "ramfs" && !mode_alone(options).empty())
            super->options = "," + mode_alone(options);
        if (type == "ramfs") super->magic = 0x858458f6;
        return super;
    }
    // One of each is there already.
    const auto kept = files.mounts()->kept_super(type);
    if (kept == nullptr) return tl::make_unexpected(Errno::NoDev);
    if (!may_make(call, type)) return tl::make_unexpected(Errno::Perm);
    // Each mount of the others is one of its own. That of terminals shows all of them, whoever has
    // opened them.
    if (type == "sysfs" || type == "devtmpfs") return kept;
    const PidSpace processes =
        type == "proc" && call.process.numbers ? call.process.numbers->space : nullptr;
    ProcOptions shown;
    if (type == "proc") shown = TRY(proc_options(call, options, {}));
    auto super = files.mounts()->new_super(
        type, source,
        type == "proc" ? Mounts::proc_of(processes ? processes->inode : 0, shown) : kept->inner);
    super->shows = processes;
    super->options = shown_proc_options(shown);
    super->magic = kept->magic;
    return super;
}

// mnt_already_visible
SysResult<std::uint64_t> flags_of_visible(SysCall& call, const SuperBlock& super,
                                          std::uint64_t flags) {
    const auto space = namespace_of(call);
    if ((super.type != "proc" && super.type != "sysfs") || !space || !space->owned_by) return flags;
    constexpr std::uint64_t kTimes = kMsNoatime | kMsNodiratime | kMsRelatime;
    constexpr std::uint64_t kReadOnlyLocked = kMsRdonly << kFlagLockShift;
    for (const Mount* there : mounts_below(*space->top)) {
        if (there->super->type != super.type || there->root != there->super->inner) continue;
        const bool reads_only = there->super->read_only || (there->flags & kReadOnlyLocked) != 0;
        if (reads_only && (flags & kMsRdonly) == 0) continue;
        if ((there->flags & kTimesLocked) != 0 && ((there->flags ^ flags) & kTimes) != 0) continue;
        if (covers_locked(*there, there->root)) continue;
        return flags | (reads_only ? kReadOnlyLocked : 0) | (there->flags & kTimesLocked);
    }
    return tl::make_unexpected(Errno::Perm);
}

SysResult<void> attach_new(SysCall& call, const std::shared_ptr<SuperBlock>& super,
                           const FileSystem::Located& at, std::uint64_t flags) {
    TRY(check_point(at));
    if (at.mount->space.lock() != namespace_of(call)) return tl::make_unexpected(Errno::Inval);
    // The same file system is not mounted on itself.
    if (at.mount->super == super && at.is_top()) return tl::make_unexpected(Errno::Busy);
    if (!at.directory) return tl::make_unexpected(Errno::NotDir);
    TRY(room_for_tree(call, 1, at));
    flags = TRY(flags_of_visible(call, *super, flags));
    Mounts& mounts = *call.kernel.files().mounts();
    mounts.attach(mounts.make(super, super->inner, flags), *at.mount, at.inner);
    return {};
}

// proc_fd and proc_fdinfo make their entries with d_dont_mount.
SysResult<void> check_point(const FileSystem::Located& at) {
    if (at.mount->super->type != "proc") return {};
    const std::size_t name = at.inner.rfind('/');
    const std::size_t folder = name == 0 ? 0 : at.inner.rfind('/', name - 1);
    const std::string_view kind = std::string_view(at.inner).substr(folder + 1, name - folder - 1);
    return kind == "fd" || kind == "fdinfo" ? tl::make_unexpected(Errno::NoEnt) : SysResult<void>();
}

namespace {

bool is_inside(const Mount* at, const Mount& top) {
    while (at != nullptr && at != &top) at = at->parent;
    return at != nullptr;
}

// propagation_would_overmount: a copy in the child's own group would cover it.
bool would_overmount(const Mount& parent, const Mount& child, const std::string& point) {
    return parent.peers != 0 && child.root == point &&
           (child.peers == parent.peers || child.master == parent.peers);
}

// can_move_mount_beneath
bool may_be_beneath(SysCall& call, const Mount& moved, const FileSystem::Located& to) {
    const Mount& above = *to.mount;
    if (above.parent == nullptr || !to.is_top() || place_locked(above)) return false;
    if (above.child_at(above.root) != nullptr) return false;
    const auto& root = call.process.fs->root;
    if (root && mount_of(*root) == to.mount) return false;
    return !is_inside(&moved, above) && !would_overmount(*above.parent, above, above.point) &&
           !would_overmount(*above.parent, moved, above.point);
}

}  // namespace

// do_move_mount
SysResult<void> move_mount(SysCall& call, const FileSystem::Located& from,
                           const FileSystem::Located& to, bool beneath) {
    TRY(check_point(to));
    const auto space = namespace_of(call);
    if (to.mount->space.lock() != space) return tl::make_unexpected(Errno::Inval);
    const auto source_space = from.mount->space.lock();
    if (source_space && source_space != space) return tl::make_unexpected(Errno::Inval);
    if (!from.is_top()) return tl::make_unexpected(Errno::Inval);
    const bool detached = source_space == nullptr;
    if (place_locked(*from.mount)) return tl::make_unexpected(Errno::Inval);
    if (!detached && from.mount->parent == nullptr) return tl::make_unexpected(Errno::Inval);
    if (from.directory != to.directory) return tl::make_unexpected(Errno::Inval);
    if (!detached && from.mount->parent->peers != 0) return tl::make_unexpected(Errno::Inval);
    if (beneath && !may_be_beneath(call, *from.mount, to)) return tl::make_unexpected(Errno::Inval);
    if (is_inside(beneath ? to.mount->parent : to.mount.get(), *from.mount))
        return tl::make_unexpected(Errno::Loop);
    Mounts& mounts = *call.kernel.files().mounts();
    Mount& at = beneath ? *to.mount->parent : *to.mount;
    const std::string point = beneath ? to.mount->point : to.inner;
    TRY(room_for_mounts(call, mounts.copies(mounts_below(*from.mount).size(), at, point)));
    const auto tree = detached ? from.mount : mounts.detach(*from.mount, false);
    mounts.attach(tree, at, point, beneath);
    return {};
}

}  // namespace uprobesim
