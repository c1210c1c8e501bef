// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/dentry.h"

#include <utility>

#include "kernel_model/files/file.h"

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
    return parent_ ? parent_->names() + "/" + name_ : std::string();
}

std::string Dentry::path() const {
    if (!parent_) return "/";
    return removed_ ? names() + " (deleted)" : names();
}

std::shared_ptr<Dentry> DentryTree::at(std::string_view path) {
    std::shared_ptr<Dentry> here = root_;
    for (std::string_view name = next_name(path); !name.empty(); name = next_name(path)) {
        const auto known = here->children_.find(name);
        auto next = known != here->children_.end() ? known->second.lock() : nullptr;
        if (!next) {
            next = std::make_shared<Dentry>(here, std::string(name), memory_);
            here->children_.insert_or_assign(std::string(name), next);
        }
        here = std::move(next);
    }
    return here;
}

std::shared_ptr<Dentry> DentryTree::detach(std::string_view path) {
    std::shared_ptr<Dentry> here = root_;
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
    const auto entry = detach(from);
    if (!entry) return;
    const std::size_t slash = to.rfind('/');
    const auto old_parent = std::exchange(entry->parent_, at(to.substr(0, slash)));
    entry->name_ = to.substr(slash + 1);
    entry->settle_charge();
    entry->parent_->children_.insert_or_assign(entry->name_, entry);
}

void DentryTree::removed(std::string_view path, const FileStatus& status) {
    const auto entry = detach(path);
    if (!entry) return;
    entry->removed_ = true;
    entry->last_status_ = std::make_shared<FileStatus>(status);
    entry->last_status_->links = 0;
    entry->settle_charge();
}

}  // namespace uprobesim
