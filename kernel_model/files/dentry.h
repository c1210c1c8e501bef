// SPDX-License-Identifier: GPL-2.0-or-later
// Names of the guest's file tree, as long as an open file, a mapping or a working directory refers
// to them (struct dentry). A rename changes the one entry that is renamed; those below it follow
// because their paths are computed.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace uprobesim {

class Dentry {
public:
    Dentry(std::shared_ptr<Dentry> parent, std::string name)
        : parent_(std::move(parent)), name_(std::move(name)) {}
    Dentry(const Dentry&) = delete;
    Dentry& operator=(const Dentry&) = delete;
    ~Dentry();

    // The absolute path it has now; a name that was removed is followed by " (deleted)" (d_path).
    std::string path() const;
    bool removed() const { return removed_; }

private:
    friend class DentryTree;
    std::string names() const;

    std::shared_ptr<Dentry> parent_;  // null: the top of the tree
    std::string name_;
    bool removed_ = false;
    std::map<std::string, std::weak_ptr<Dentry>, std::less<>> children_;
};

class DentryTree {
public:
    // The entry of a canonical absolute path.
    std::shared_ptr<Dentry> at(std::string_view path);
    // A name of the tree has changed or gone. Nothing happens where no entry refers to it.
    void renamed(std::string_view from, std::string_view to);
    void removed(std::string_view path);

private:
    // Takes the entry out of its directory; null: nothing refers to this path.
    std::shared_ptr<Dentry> detach(std::string_view path);

    std::shared_ptr<Dentry> root_ = std::make_shared<Dentry>(nullptr, "");
};

}  // namespace uprobesim
