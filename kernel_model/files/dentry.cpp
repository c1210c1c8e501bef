// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/dentry.h"

#include <utility>

#include "kernel_model/files/file.h"
#include "kernel_model/files/mount.h"

namespace uprobesim {

namespace {

// struct dentry with its place in the parent, which has the name once more; and what is known of a
// removed directory.
constexpr std::uint64_t kDentryBytes = 256, kRemovedBytes = 160;

// Takes the first component off an absolute path.
std::string_view next_name(std::string_view& path) {
    path.remove_prefix(path.empty() || path.front() != '/' ? 0 : 1);
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(name.size());
    return name;
}

}  // namespace

Dentry::Dentry(std::shared_ptr<Dentry> parent, std::string name, PhysicalMemory* memory)
    : parent_(std::move(parent)), name_(std::move(name)), charge_(memory) {
    settle_charge();
}

void Dentry::settle_charge() {
    charge_.resize(kDentryBytes + 2 * name_.size() + (last_status_ ? kRemovedBytes : 0));
}

Dentry::~Dentry() {
    if (!parent_ || removed_) return;
    const auto self = parent_->children_.find(name_);
    if (self != parent_->children_.end() && self->second.expired()) parent_->children_.erase(self);
}

std::string Dentry::names() const {
    if (parent_) return parent_->names() + "/" + name_;
    const std::string top = path();
    return top == "/" ? std::string() : top;
}

std::string Dentry::path() const {
    if (!parent_) return mount_ ? mount_->shown(mount_->root) : "/";
    return removed_ ? names() + " (deleted)" : names();
}

std::string Dentry::inner() const {
    if (!parent_) return mount_ ? mount_->root : "/";
    const std::string above = parent_->inner();
    return (above == "/" ? above : above + "/") + name_;
}

std::shared_ptr<Dentry> DentryTree::below(std::shared_ptr<Dentry> root, std::string_view path,
                                          PhysicalMemory* memory) {
    std::shared_ptr<Dentry> here = std::move(root);
    for (std::string_view name = next_name(path); !name.empty(); name = next_name(path)) {
        const auto known = here->children_.find(name);
        auto next = known != here->children_.end() ? known->second.lock() : nullptr;
        if (!next) {
            next = std::make_shared<Dentry>(here, std::string(name), memory);
            here->children_.insert_or_assign(std::string(name), next);
        }
        here = std::move(next);
    }
    return here;
}

void DentryTree::set_top(const std::shared_ptr<Mount>& mount) {
    root_->mount_ = mount;
    mount->dentry = root_;
}

std::shared_ptr<Dentry> DentryTree::at(std::string_view path, const std::shared_ptr<Mount>& mount) {
    if (mount == nullptr || mount == root_->mount_) return below(root_, path, memory_);
    auto top = mount->dentry.lock();
    if (!top) {
        top = std::make_shared<Dentry>(nullptr, "", memory_);
        top->mount_ = mount;
        mount->dentry = top;
        tops_.add(top);
    }
    if (mount->root != "/") path.remove_prefix(mount->root.size());
    return below(std::move(top), path, memory_);
}

std::vector<std::pair<std::shared_ptr<Dentry>, std::string>> DentryTree::views(
    std::string_view path) {
    std::vector<std::pair<std::shared_ptr<Dentry>, std::string>> found = {
        {root_, std::string(path)}};
    for (auto& top : tops_.alive()) {
        const std::string& root = top->mount_->root;
        if (root == "/") {
            found.emplace_back(std::move(top), std::string(path));
        } else if (path.size() > root.size() && path.starts_with(root) &&
                   path[root.size()] == '/') {
            found.emplace_back(std::move(top), std::string(path.substr(root.size())));
        }
    }
    return found;
}

std::shared_ptr<Dentry> DentryTree::detach(std::shared_ptr<Dentry> root, std::string_view path) {
    std::shared_ptr<Dentry> here = std::move(root);
    for (std::string_view name = next_name(path); !name.empty(); name = next_name(path)) {
        const auto known = here->children_.find(name);
        if (known == here->children_.end()) return nullptr;
        here = known->second.lock();
        if (!here) return nullptr;
    }
    if (here->parent_) here->parent_->children_.erase(here->name_);
    return here;
}

void DentryTree::renamed(std::string_view from, std::string_view to) {
    for (const auto& [top, path] : views(from)) {
        // A name that has left what this mount shows has none there any more.
        const std::string_view prefix = from.substr(0, from.size() - path.size());
        if (!to.starts_with(prefix)) continue;
        const auto entry = detach(top, path);
        if (!entry || !entry->parent_) continue;
        const std::string_view target = to.substr(prefix.size());
        const std::size_t slash = target.rfind('/');
        const auto old_parent =
            std::exchange(entry->parent_, below(top, target.substr(0, slash), memory_));
        entry->name_ = target.substr(slash + 1);
        entry->settle_charge();
        entry->parent_->children_.insert_or_assign(entry->name_, entry);
    }
}

void DentryTree::exchanged(std::string_view a, std::string_view b) {
    // No other entry has this name.
    const std::string aside = std::string(a.substr(0, a.rfind('/'))) + "/.";
    renamed(a, aside);
    renamed(b, a);
    renamed(aside, b);
}

std::shared_ptr<Dentry> DentryTree::unnamed(std::string_view directory,
                                            const std::shared_ptr<Mount>& mount, std::string name,
                                            const FileStatus& status) {
    auto entry = std::make_shared<Dentry>(at(directory, mount), std::move(name), memory_);
    entry->removed_ = true;
    entry->last_status_ = std::make_shared<FileStatus>(status);
    entry->settle_charge();
    return entry;
}

void DentryTree::removed(std::string_view path, const FileStatus& status) {
    for (const auto& [top, rest] : views(path)) {
        const auto entry = detach(top, rest);
        if (!entry || !entry->parent_) continue;
        entry->removed_ = true;
        entry->last_status_ = std::make_shared<FileStatus>(status);
        entry->last_status_->links = 0;
        entry->settle_charge();
    }
}

}  // namespace uprobesim
