// SPDX-License-Identifier: GPL-2.0-or-later
// What happens to files, told to those who watch them (fsnotify): inotify and dnotify. Watches are
// by inode, so a file keeps its own under any name.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kernel_model/abi/inotify.h"
#include "kernel_model/files/dentry.h"
#include "kernel_model/memory/backing.h"

namespace uprobesim {

struct FileEvent {
    std::uint32_t mask = 0;  // IN_*
    std::uint32_t cookie = 0;
    std::string_view name{};  // of an entry of the watched directory; empty: the file itself
    bool unlinked = false;    // the entry has no name any more
};

class FileEvents {
public:
    class Watch {
    public:
        Watch() = default;
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;
        virtual void told(const FileEvent&) = 0;
        // The file is gone; the watch has been removed.
        virtual void gone() = 0;

    protected:
        virtual ~Watch() = default;

    private:
        friend class FileEvents;
        bool dropped_ = false;
    };

    // `key_of`: the file of a path in the tree without mounts, as all paths here are.
    using KeyOf = std::function<std::optional<FileKey>(const std::string& inner)>;
    explicit FileEvents(KeyOf key_of) : key_of_(std::move(key_of)) {}

    bool quiet() const { return watches_.empty(); }
    void add(const FileKey& file, std::shared_ptr<Watch> watch);
    void remove(const FileKey& file, const Watch& watch);

    // To the watches of the directory in which the file has this name (null: none), and to its own.
    void of_file(const FileKey& file, const Dentry* name, std::uint32_t mask);
    void of_file_at(const FileKey& file, const std::string& path, std::uint32_t mask);
    void of_inode(const FileKey& file, std::uint32_t mask);
    void of_entry(const std::string& directory, std::string_view name, std::uint32_t mask,
                  std::uint32_t cookie = 0);
    // The last name and the last use of it are gone.
    void of_end(const FileKey& file) { end(file, abi::kInDeleteSelf); }
    // Its file system is no longer mounted (fsnotify_unmount_inodes).
    void of_unmount(const FileKey& file, bool directory) {
        end(file, abi::kInUnmount | (directory ? abi::kInIsdir : 0));
    }
    std::uint32_t new_cookie() { return ++cookie_; }

private:
    void tell(const FileKey& file, const FileEvent& event);
    // The last that is told of it; then its watches are removed.
    void end(const FileKey& file, std::uint32_t mask);

    KeyOf key_of_;
    // In the order in which they were added.
    std::map<FileKey, std::list<std::shared_ptr<Watch>>> watches_;
    std::uint32_t cookie_ = 0;
};

}  // namespace uprobesim
