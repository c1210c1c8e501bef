// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/file_events.h"

#include <algorithm>
#include <vector>

#include "kernel_model/files/file.h"
#include "kernel_model/files/mount.h"

namespace uprobesim {

void FileEvents::add(const FileKey& file, std::shared_ptr<Watch> watch) {
    watches_[file].push_back(std::move(watch));
}

void FileEvents::remove(const FileKey& file, const Watch& watch) {
    const auto at = watches_.find(file);
    if (at == watches_.end()) return;
    for (const auto& one : at->second) {
        if (one.get() == &watch) one->dropped_ = true;
    }
    at->second.remove_if([&](const auto& one) { return one.get() == &watch; });
    if (at->second.empty()) watches_.erase(at);
}

// A watch may remove itself, or others, when it is told.
void FileEvents::tell(const FileKey& file, const FileEvent& event) {
    const auto at = watches_.find(file);
    if (at == watches_.end()) return;
    const std::vector<std::shared_ptr<Watch>> all(at->second.begin(), at->second.end());
    for (const auto& watch : all) {
        if (!watch->dropped_) watch->told(event);
    }
}

void FileEvents::listen(Listener& listener) {
    listener.number_ = ++last_listener_;
    listeners_[{~listener.priority(), listener.number_}] = &listener;
}

void FileEvents::unlisten(const Listener& listener) {
    std::erase_if(listeners_, [&](const auto& entry) { return entry.second == &listener; });
}

bool FileEvents::asks() const {
    return std::ranges::any_of(listeners_, [](const auto& entry) { return entry.second->asks(); });
}

std::shared_ptr<FileQuestion> FileEvents::ask_next(Asked& after, File& file, std::uint32_t mask) {
    const auto key = file.watched_key();
    if (!key) return nullptr;
    const FileHappening what = use_of(file, *key, mask);
    for (auto at = listeners_.upper_bound({~after.below, after.number}); at != listeners_.end();
         ++at) {
        after = {~at->first.first, at->first.second};
        if (auto question = at->second->asked(what)) return question;
    }
    return nullptr;
}

// A listener may end when it hears, and with it others.
void FileEvents::hear(const FileHappening& what) {
    for (auto at = listeners_.begin(); at != listeners_.end();) {
        const auto place = at->first;
        at->second->happened(what);
        at = listeners_.upper_bound(place);
    }
}

FileHappening FileEvents::use_of(File& file, const FileKey& key, std::uint32_t mask) const {
    FileHappening what{.mask = mask, .file = key};
    what.used = &file;
    const Dentry* const entry = file.dentry.get();
    if (entry == nullptr) return what;
    if (const auto& mount = mount_of(*entry)) what.mount = mount->id;
    if (entry->parent() == nullptr) return what;
    what.parent = key_of_(entry->parent()->inner());
    what.name = entry->name();
    return what;
}

void FileEvents::of_file(File& file, std::uint32_t mask, bool by_path) {
    const auto key = file.watched_key();
    if (quiet() || !key) return;
    FileHappening what = use_of(file, *key, mask);
    // __fsnotify_parent: a directory is not told of reads and writes of its FIFOs.
    if (file.stream() && (mask & (abi::kInAccess | abi::kInModify)) != 0) what.parent.reset();
    if (!by_path) {
        what.used = nullptr;
        what.mount = 0;
    }
    if (what.parent)
        tell(*what.parent, {.mask = mask, .name = what.name, .unlinked = file.dentry->removed()});
    tell(*key, {.mask = mask});
    hear(what);
}

void FileEvents::of_file_at(const FileKey& file, const std::string& path, std::uint32_t mask) {
    if (quiet()) return;
    const std::size_t slash = path.rfind('/');
    FileHappening what{.mask = mask, .file = file};
    if (path.size() > 1) {
        what.parent = key_of_(slash == 0 ? "/" : path.substr(0, slash));
        what.name = std::string_view(path).substr(slash + 1);
        if (what.parent) tell(*what.parent, {.mask = mask, .name = what.name});
    }
    tell(file, {.mask = mask});
    hear(what);
}

void FileEvents::of_inode(const FileKey& file, std::uint32_t mask) {
    if (quiet()) return;
    tell(file, {.mask = mask});
    hear({.mask = mask, .file = file});
}

void FileEvents::of_entry(const std::string& directory, std::string_view name, std::uint32_t mask,
                          const std::optional<FileKey>& child, std::uint32_t cookie) {
    if (quiet()) return;
    const auto key = key_of_(directory);
    if (!key) return;
    tell(*key, {.mask = mask, .cookie = cookie, .name = name});
    // FS_RENAME, of which listeners are told with both names (of_rename).
    if ((mask & abi::kFsRename) != 0) return;
    hear({.mask = mask, .file = *key, .is_entry = true, .name = name, .child = child});
}

void FileEvents::of_rename(const Name& from, const Name& to, const FileKey& child,
                           bool is_directory) {
    if (listeners_.empty()) return;
    const auto key = key_of_(from.directory);
    if (!key) return;
    hear({.mask = abi::kFsRename | (is_directory ? abi::kInIsdir : 0),
          .file = *key,
          .is_entry = true,
          .name = from.name,
          .child = child,
          .new_parent = key_of_(to.directory),
          .new_name = to.name});
}

void FileEvents::end(const FileKey& file, std::uint32_t mask) {
    if (quiet()) return;
    tell(file, {.mask = mask});
    hear({.mask = mask, .file = file});
    for (const auto& [place, listener] : listeners_) listener->gone(file);
    const auto at = watches_.find(file);
    if (at == watches_.end()) return;
    const auto all = std::move(at->second);
    watches_.erase(at);
    for (const auto& watch : all) {
        if (!std::exchange(watch->dropped_, true)) watch->gone();
    }
}

}  // namespace uprobesim
