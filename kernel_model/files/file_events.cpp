// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/file_events.h"

#include <vector>

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

void FileEvents::of_file(const FileKey& file, const Dentry* name, std::uint32_t mask) {
    if (quiet()) return;
    if (name != nullptr && name->parent() != nullptr) {
        if (const auto above = key_of_(name->parent()->inner()))
            tell(*above, {.mask = mask, .name = name->name(), .unlinked = name->removed()});
    }
    tell(file, {.mask = mask});
}

void FileEvents::of_file_at(const FileKey& file, const std::string& path, std::uint32_t mask) {
    if (quiet()) return;
    const std::size_t slash = path.rfind('/');
    if (path.size() > 1)
        of_entry(slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1), mask);
    tell(file, {.mask = mask});
}

void FileEvents::of_inode(const FileKey& file, std::uint32_t mask) {
    if (!quiet()) tell(file, {.mask = mask});
}

void FileEvents::of_entry(const std::string& directory, std::string_view name, std::uint32_t mask,
                          std::uint32_t cookie) {
    if (quiet()) return;
    if (const auto key = key_of_(directory))
        tell(*key, {.mask = mask, .cookie = cookie, .name = name});
}

void FileEvents::end(const FileKey& file, std::uint32_t mask) {
    if (quiet()) return;
    tell(file, {.mask = mask});
    const auto at = watches_.find(file);
    if (at == watches_.end()) return;
    const auto all = std::move(at->second);
    watches_.erase(at);
    for (const auto& watch : all) {
        if (!std::exchange(watch->dropped_, true)) watch->gone();
    }
}

}  // namespace uprobesim
