// SPDX-License-Identifier: GPL-2.0-or-later
// The marks of a fanotify group: what of which files, mounts and file systems it wants to hear.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernel_model/abi/inotify.h"
#include "kernel_model/files/file_events.h"
#include "kernel_model/files/mount.h"

namespace uprobesim {

// Counted by user: fs.fanotify.max_user_groups and max_user_marks.
struct FanotifyUse {
    std::uint64_t groups = 0, marks = 0;
};

// What a mark is on. Of a mount and of a file system only the first two matter.
enum class MarkKind : std::uint8_t { Inode, Mount, FileSystem };
struct MarkPlace {
    MarkKind kind = MarkKind::Inode;
    std::uint64_t number = 0;  // of the mount, or the device
    std::uint64_t inode = 0;
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the <=> for a null pointer.
    constexpr auto operator<=>(const MarkPlace&) const = default;
};

struct FanotifyMark {
    std::uint32_t mask = 0, ignored = 0;
    bool survives_modify = false;   // FAN_MARK_IGNORED_SURV_MODIFY
    bool has_ignore_flags = false;  // FAN_MARK_IGNORE was used: `ignored` has flags of its own
    bool evictable = false;
    // While it lives, the mark of a mount or a file system is one.
    std::weak_ptr<const void> object;
};

// The verdict of all marks of a group on one event.
struct FanotifyMatch {
    std::uint32_t wanted = 0, ignored = 0;
    bool by_old = false, by_new = false;  // FAN_RENAME: by a mark of either directory
};

class FanotifyMarks {
public:
    // `use`: what the user has of marks; null: they are not counted (FAN_UNLIMITED_MARKS).
    explicit FanotifyMarks(std::shared_ptr<FanotifyUse> use) : use_(std::move(use)) {}
    ~FanotifyMarks();
    FanotifyMarks(const FanotifyMarks&) = delete;
    FanotifyMarks& operator=(const FanotifyMarks&) = delete;

    // What fanotify_mark is asked for; `flags`: FAN_MARK_*.
    struct Request {
        MarkPlace place;
        std::weak_ptr<const void> object;
        std::uint32_t mask = 0, flags = 0;
        std::uint32_t kept = 0;  // bits that the user can neither add nor remove
        std::uint64_t most = 0;  // marks of the user
    };
    // NoSpc; Exist: the mark that is there has flags that this one would take away.
    SysResult<void> add(const Request& request);
    // NoEnt: there is none.
    SysResult<void> remove(const Request& request);
    void flush(MarkKind kind);
    // The inode is gone.
    void forget(const FileKey& file);

    // fanotify_group_event_mask: of all marks that the event concerns. A change of the data takes
    // those ignored masks away that do not survive it.
    FanotifyMatch match(const FileHappening& what);
    bool has_permission_marks() const;
    std::size_t count() const { return marks_.size(); }
    std::string fdinfo() const;

private:
    FanotifyMark* find(const MarkPlace& place);
    void apply(const MarkPlace& place, const FileHappening& what, bool as_parent,
               FanotifyMatch& match);

    std::shared_ptr<FanotifyUse> use_;
    std::map<MarkPlace, FanotifyMark> marks_;
};

}  // namespace uprobesim
