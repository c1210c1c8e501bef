// SPDX-License-Identifier: GPL-2.0-or-later
// The overlay's part in mounts: places, and the directories of tmpfs in the scratch layer.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/host/overlay.h"
#include "kernel_model/files/host/regular_file.h"
#include "sim/base/try.h"

namespace uprobesim {

SysResult<FileSystem::Located> OverlayFileSystem::locate(const Caller& caller,
                                                         std::string_view path, bool follow) {
    auto walked = TRY(layers_.walk(caller, path, follow));
    if (!walked.node) return tl::make_unexpected(Errno::NoEnt);
    if (const auto& special = walked.node->special; special && special->magic && follow) {
        const auto& file = special->magic;
        if (!file->dentry) return tl::make_unexpected(Errno::Inval);
        const auto status = TRY(file->status());
        return Located{mount_of(*file->dentry), file->dentry->inner(),
                       (status.mode & abi::kIfmt) == abi::kIfDir};
    }
    return Located{std::move(walked.mount), std::move(walked.guest), walked.node->is_directory()};
}

std::shared_ptr<Dentry> OverlayFileSystem::dentry_at(const Located& place) {
    return dentries_.at(place.inner, place.mount);
}

SysResult<std::shared_ptr<File>> OverlayFileSystem::open_place(const Located& place) {
    auto node = TRY(layers_.find(nullptr, place.inner));
    if (!node) return tl::make_unexpected(Errno::NoEnt);
    node->mount = place.mount;
    std::shared_ptr<File> file;
    if (node->is_directory()) {
        file = nodes_met_.add(std::make_shared<OpenDirectory>(*this, nullptr, std::move(*node)));
    } else {
        file = nodes_met_.add(std::make_shared<PathFile>(*this, std::move(*node)));
    }
    file->flags = abi::kOPath;
    file->dentry = dentry_at(place);
    return file;
}

SysResult<std::shared_ptr<SuperBlock>> OverlayFileSystem::make_tmpfs(const std::string& type,
                                                                     const std::string& source,
                                                                     const TmpfsTop& top) {
    drop_unmounted();
    const int scratch = layers_.scratch().fd();
    std::string folder(Mounts::kFolder.substr(1));
    for (std::size_t slash = folder.find('/');; slash = folder.find('/', slash + 1)) {
        if (mkdirat(scratch, folder.substr(0, slash).c_str(), 0700) != 0 && errno != EEXIST)
            return tl::make_unexpected(guest_errno(errno));
        if (slash == std::string::npos) break;
    }
    auto super = mounts_.new_super(type, source, {});
    super->space = std::make_shared<DiskSpace>();
    super->space->resize(top.pages, top.inodes);
    auto kept = new_attributes({}, {}, abi::kIfDir | top.mode);
    kept->device = super->device;
    kept->inode = 1;
    kept->uid = top.uid;
    kept->gid = top.gid;
    TRY(put_in_scratch(super->inner, std::move(kept), [&] {
        return host_result(mkdirat(scratch, relative_of(super->inner).c_str(), 0755));
    }));
    return super;
}

void OverlayFileSystem::drop_unmounted() {
    drop_unused();  // a file that nobody has open keeps no mount
    for (const std::string& unused : mounts_.take_unused()) {
        if (!events_->quiet()) tell_unmounted(unused);
        drop_directory(unused);
    }
}

void OverlayFileSystem::tell_unmounted(const std::string& guest) {
    const auto top = layers_.find(nullptr, guest);
    if (!top || !*top || !(*top)->attributes) return;
    // All files of the scratch layer that are on this device: there is no list of each tmpfs.
    std::vector<std::pair<FileKey, bool>> files;
    for (const auto& [host, status] : layers_.attributes) {
        if (status->device == (*top)->status.device)
            files.emplace_back(status->key(), (status->mode & abi::kIfmt) == abi::kIfDir);
    }
    std::ranges::sort(files);
    for (const auto& [file, directory] : files) events_->of_unmount(file, directory);
}

// What is known of its files goes first: the host uses their numbers again.
void OverlayFileSystem::drop_directory(const std::string& guest) {
    namespace fs = std::filesystem;
    const fs::path top = "/proc/self/fd/" + std::to_string(layers_.scratch().fd()) + guest;
    std::error_code ignored;
    const auto forget = [&](const fs::path& path) {
        struct stat status {};
        if (lstat(path.c_str(), &status) != 0) return;
        const FileKey key{status.st_dev, status.st_ino};
        inodes_.erase(key);
        uses_.erase(key);
        inode_places_.erase(key);
        fifos_.erase(key);
        layers_.attributes.erase(key);
    };
    for (fs::recursive_directory_iterator it(top, ignored), end; !ignored && it != end;
         it.increment(ignored))
        forget(it->path());
    forget(top);
    layers_.settle_charge();
    fs::remove_all(top, ignored);
}

}  // namespace uprobesim
