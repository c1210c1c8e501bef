// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/files/mount_args.h"

#include <charconv>

#include "kernel_model/abi/limits.h"
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
    const auto& root = call.process.root;
    if (root && mount_of(*root)) return mount_of(*root)->space.lock();
    return call.kernel.files().mounts()->first();
}

bool written(SysCall& call, const SuperBlock& super) {
    for (const auto& [pid, process] : call.kernel.processes().all()) {
        for (const auto& [fd, entry] : process->files.all()) {
            const File& file = *entry.file;
            if (!file.dentry || (file.flags & kOAccmode) == kORdonly) continue;
            const auto& mount = mount_of(*file.dentry);
            if (mount && mount->super.get() == &super) return true;
        }
    }
    return false;
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
    std::string shown;
};

// shmem_parse_one.
SysResult<TmpfsOptions> tmpfs_options(std::string_view text) {
    TmpfsOptions options;
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        std::string_view option = text.substr(0, comma);
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
        if (option.empty()) continue;
        const std::size_t equals = option.find('=');
        const std::string_view name = option.substr(0, equals);
        std::string_view value =
            equals == std::string_view::npos ? std::string_view() : option.substr(equals + 1);
        const bool octal = name == "mode";
        const bool sized = name == "size" || name == "nr_blocks" || name == "nr_inodes";
        if (!octal && !sized && name != "uid" && name != "gid") {
            if (name == "huge" || name == "mpol" || name == "inode32" || name == "inode64" ||
                name == "noswap")
                continue;
            return tl::make_unexpected(Errno::Inval);
        }
        std::uint64_t number = 0;
        const auto read =
            std::from_chars(value.data(), value.data() + value.size(), number, octal ? 8 : 10);
        std::string_view rest(read.ptr,
                              static_cast<std::size_t>(value.data() + value.size() - read.ptr));
        if (sized && rest.size() == 1 &&
            std::string_view("kKmMgGtT%").find(rest.front()) != rest.npos)
            rest = {};
        if (read.ec != std::errc() || !rest.empty()) return tl::make_unexpected(Errno::Inval);
        if (octal) options.top.mode = static_cast<std::uint32_t>(number) & kAllModeBits;
        if (name == "uid") options.top.uid = static_cast<std::uint32_t>(number);
        if (name == "gid") options.top.gid = static_cast<std::uint32_t>(number);
        options.shown += "," + std::string(option);
    }
    return options;
}

}  // namespace

SysResult<void> check_tmpfs_options(const std::string& options) {
    TRY(tmpfs_options(options));
    return {};
}

SysResult<std::shared_ptr<SuperBlock>> new_file_system(SysCall& call, const std::string& type,
                                                       const std::string& source,
                                                       const std::string& options) {
    FileSystem& files = call.kernel.files();
    if (type == "tmpfs" || type == "ramfs") {
        const auto given = TRY(tmpfs_options(options));
        TRY(room_for_mounts(call, 1));
        FileSystem::TmpfsTop top = given.top;
        if (type == "ramfs" && options.find("mode=") == std::string::npos) top.mode = 0755;
        auto super = TRY(files.make_tmpfs(type, source, top));
        super->options = given.shown;
        if (type == "ramfs") super->magic = 0x858458f6;
        return super;
    }
    // One of each is there already.
    for (const auto& [where, child] : files.mounts()->first()->top->children) {
        if (child->super->type != type || child->super->inner != where) continue;
        if (type != "proc") return child->super;
        // Each mount of it is one of its own.
        auto super = files.mounts()->new_super(type, source, where);
        super->magic = child->super->magic;
        return super;
    }
    return tl::make_unexpected(Errno::NoDev);
}

SysResult<void> attach_new(SysCall& call, const std::shared_ptr<SuperBlock>& super,
                           const FileSystem::Located& at, std::uint64_t flags) {
    if (at.mount->space.lock() != namespace_of(call)) return tl::make_unexpected(Errno::Inval);
    // The same file system is not mounted on itself.
    if (at.mount->super == super && at.is_top()) return tl::make_unexpected(Errno::Busy);
    if (!at.directory) return tl::make_unexpected(Errno::NotDir);
    TRY(room_for_tree(call, 1, at));
    Mounts& mounts = *call.kernel.files().mounts();
    mounts.attach(mounts.make(super, super->inner, flags), *at.mount, at.inner);
    return {};
}

SysResult<void> move_mount(SysCall& call, const FileSystem::Located& from,
                           const FileSystem::Located& to) {
    const auto space = namespace_of(call);
    if (to.mount->space.lock() != space) return tl::make_unexpected(Errno::Inval);
    const auto source_space = from.mount->space.lock();
    if (source_space && source_space != space) return tl::make_unexpected(Errno::Inval);
    if (!from.is_top()) return tl::make_unexpected(Errno::Inval);
    const bool detached = source_space == nullptr;
    if (!detached && from.mount->parent == nullptr) return tl::make_unexpected(Errno::Inval);
    if (from.directory != to.directory) return tl::make_unexpected(Errno::Inval);
    if (!detached && from.mount->parent->peers != 0) return tl::make_unexpected(Errno::Inval);
    for (const Mount* at = to.mount.get(); at != nullptr; at = at->parent) {
        if (at == from.mount.get()) return tl::make_unexpected(Errno::Loop);
    }
    Mounts& mounts = *call.kernel.files().mounts();
    TRY(room_for_mounts(call,
                        mounts.copies(mounts_below(*from.mount).size(), *to.mount, to.inner)));
    const auto tree = detached ? from.mount : mounts.detach(*from.mount, false);
    mounts.attach(tree, *to.mount, to.inner);
    return {};
}

}  // namespace uprobesim
