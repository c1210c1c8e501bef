// SPDX-License-Identifier: GPL-2.0-or-later
// What happens to files, told to those who watch them (fsnotify). Watches of inotify and dnotify
// are by inode, so a file keeps its own under any name; a listener (fanotify) hears of all files.
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
#include "kernel_model/wait/wait_queue.h"

namespace uprobesim {

struct FileEvent {
    std::uint32_t mask = 0;  // IN_*
    std::uint32_t cookie = 0;
    std::string_view name{};  // of an entry of the watched directory; empty: the file itself
    bool unlinked = false;    // the entry has no name any more
};

class File;

// The same, as listeners hear it.
struct FileHappening {
    std::uint32_t mask = 0;  // FS_*
    FileKey file;            // the directory, if a name in it has changed (`is_entry`)
    bool is_entry = false;
    std::optional<FileKey> parent{};  // of a file that has a name, by which it was used
    std::string_view name{};
    std::optional<FileKey> child{};       // whose name has changed
    std::optional<FileKey> new_parent{};  // FS_RENAME: where it is now
    std::string_view new_name{};
    File* used = nullptr;    // the description by which it was used
    std::int32_t mount = 0;  // in which it was used; 0: in none
};

// What a listener has been asked, to be waited for.
struct FileQuestion {
    bool answered = false, allowed = false;
    WaitQueue waiters;

    void answer(bool allows) {
        if (answered) return;
        answered = true;
        allowed = allows;
        waiters.wake();
    }
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

    class Listener {
    public:
        Listener() = default;
        Listener(const Listener&) = delete;
        Listener& operator=(const Listener&) = delete;
        virtual void happened(const FileHappening& what) = 0;
        // Null: it does not mind.
        virtual std::shared_ptr<FileQuestion> asked(const FileHappening& what) = 0;
        // Whether it may mind anything at all.
        virtual bool asks() const = 0;
        // The file is gone.
        virtual void gone(const FileKey& file) = 0;
        // The highest is asked first.
        virtual unsigned priority() const = 0;

    protected:
        virtual ~Listener() = default;

    private:
        friend class FileEvents;
        std::uint64_t number_ = 0;
    };

    // `key_of`: the file of a path in the tree without mounts, as all paths here are.
    using KeyOf = std::function<std::optional<FileKey>(const std::string& inner)>;
    explicit FileEvents(KeyOf key_of) : key_of_(std::move(key_of)) {}

    bool quiet() const { return watches_.empty() && listeners_.empty(); }
    void add(const FileKey& file, std::shared_ptr<Watch> watch);
    void remove(const FileKey& file, const Watch& watch);

    void listen(Listener& listener);
    void unlisten(const Listener& listener);
    // Whether somebody wants to be asked before files are used.
    bool asks() const;
    // Who was asked; the first comes after one that nobody is.
    struct Asked {
        unsigned below = ~0u;  // the priority, from above
        std::uint64_t number = 0;
    };
    // Asks the next who minds; null: there is none any more.
    std::shared_ptr<FileQuestion> ask_next(Asked& after, File& file, std::uint32_t mask);

    // To the watches of the directory in which the file has this name (null: none), and to its own.
    // `by_path`: listeners may open it again; a change of its attributes or size is told without.
    void of_file(File& file, std::uint32_t mask, bool by_path = true);
    void of_file_at(const FileKey& file, const std::string& path, std::uint32_t mask);
    void of_inode(const FileKey& file, std::uint32_t mask);
    // `child`: whose name it is; nothing: it is not known.
    void of_entry(const std::string& directory, std::string_view name, std::uint32_t mask,
                  const std::optional<FileKey>& child, std::uint32_t cookie = 0);
    // To listeners alone, before both directories are told of their entries.
    struct Name {
        const std::string& directory;
        std::string_view name;
    };
    void of_rename(const Name& from, const Name& to, const FileKey& child, bool is_directory);
    // The last name and the last use of it are gone.
    void of_end(const FileKey& file, bool directory) {
        end(file, abi::kInDeleteSelf | (directory ? abi::kInIsdir : 0));
    }
    // Its file system is no longer mounted (fsnotify_unmount_inodes).
    void of_unmount(const FileKey& file, bool directory) {
        end(file, abi::kInUnmount | (directory ? abi::kInIsdir : 0));
    }
    std::uint32_t new_cookie() { return ++cookie_; }

private:
    void tell(const FileKey& file, const FileEvent& event);
    void hear(const FileHappening& what);
    FileHappening use_of(File& file, const FileKey& key, std::uint32_t mask) const;
    // The last that is told of it; then its watches are removed.
    void end(const FileKey& file, std::uint32_t mask);

    KeyOf key_of_;
    // In the order in which they were added.
    std::map<FileKey, std::list<std::shared_ptr<Watch>>> watches_;
    std::map<std::pair<unsigned, std::uint64_t>, Listener*> listeners_;  // in the order of asking
    std::uint64_t last_listener_ = 0;
    std::uint32_t cookie_ = 0;
};

}  // namespace uprobesim
