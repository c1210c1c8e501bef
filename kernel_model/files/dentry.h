// SPDX-License-Identifier: GPL-2.0-or-later
// Names in the guest's file tree that an open file, a mapping or a working directory refers to
// (struct dentry). A rename changes only the renamed entry; the paths of entries below it are
// computed.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel_model/files/met.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

struct FileStatus;
class Mount;

class Dentry {
public:
    // `memory`: what it is charged to; null: nothing.
    Dentry(std::shared_ptr<Dentry> parent, std::string name, PhysicalMemory* memory);
    Dentry(const Dentry&) = delete;
    Dentry& operator=(const Dentry&) = delete;
    ~Dentry();

    // The present absolute path, with " (deleted)" appended if the name was removed (d_path).
    std::string path() const;
    // The path in the tree without mounts (files/mount.h).
    std::string inner() const;
    // Of the top of a mount; null: below one, or a tree without mounts.
    const std::shared_ptr<Mount>& mount() const { return mount_; }
    bool removed() const { return removed_; }
    const std::string& name() const { return name_; }
    // The attributes of a removed directory, for the processes that still use it; null: not
    // removed.
    const std::shared_ptr<FileStatus>& last_status() const { return last_status_; }
    const std::shared_ptr<Dentry>& parent() const { return parent_; }

private:
    friend class DentryTree;
    std::string names() const;
    void settle_charge();

    std::shared_ptr<Dentry> parent_;  // null: the top of the tree, or of a mount
    std::shared_ptr<Mount> mount_;
    std::string name_;
    bool removed_ = false;
    std::shared_ptr<FileStatus> last_status_;
    std::map<std::string, std::weak_ptr<Dentry>, std::less<>> children_;
    MemoryCharge charge_;
};

class DentryTree {
public:
    explicit DentryTree(PhysicalMemory* memory) : memory_(memory) {}

    // The entry of a canonical absolute path, an inner one, in a mount that shows it; null: in the
    // tree's own.
    std::shared_ptr<Dentry> at(std::string_view path,
                               const std::shared_ptr<Mount>& mount = nullptr);
    // The mount of the tree's own top.
    void set_top(const std::shared_ptr<Mount>& mount);
    // To call after a rename or removal. Without an entry for the path they do nothing.
    void renamed(std::string_view from, std::string_view to);
    // Each takes the place of the other.
    void exchanged(std::string_view a, std::string_view b);
    // An entry for a file that never had a name in this directory (d_tmpfile).
    std::shared_ptr<Dentry> unnamed(std::string_view directory, const std::shared_ptr<Mount>& mount,
                                    std::string name, const FileStatus& status);
    // `status`: what it was.
    void removed(std::string_view path, const FileStatus& status);

private:
    // Removes the entry from its directory. Null: there is no entry for this path.
    static std::shared_ptr<Dentry> detach(std::shared_ptr<Dentry> root, std::string_view path);
    static std::shared_ptr<Dentry> below(std::shared_ptr<Dentry> root, std::string_view path,
                                         PhysicalMemory* memory);
    // The tops of the mounts that show the path, with the path from there.
    std::vector<std::pair<std::shared_ptr<Dentry>, std::string>> views(std::string_view path);

    PhysicalMemory* memory_;
    std::shared_ptr<Dentry> root_ = std::make_shared<Dentry>(nullptr, "", nullptr);
    Met<Dentry> tops_;  // of mounts
};

}  // namespace uprobesim
