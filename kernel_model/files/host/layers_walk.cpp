// SPDX-License-Identifier: GPL-2.0-or-later
// The walk of a path, component by component, through links from one layer into another
// (path_lookupat).
#include <deque>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/abi/mount.h"
#include "kernel_model/files/host/layers.h"
#include "kernel_model/files/mount.h"
#include "sim/base/try.h"

namespace uprobesim {

using namespace abi;

namespace {

class PathWalk {
public:
    PathWalk(Layers& layers, const Caller& caller, bool follow_last)
        : layers_(layers),
          caller_(caller),
          follow_last_(follow_last),
          top_(caller.root ? caller.root->inner() : "/"),
          top_mount_(caller.root ? mount_of(*caller.root) : layers.top_mount) {}

    SysResult<Walk> run(std::string_view path) {
        if (path.empty()) return tl::make_unexpected(Errno::NoEnt);
        if (path.size() >= kPathMax) return tl::make_unexpected(Errno::NameTooLong);
        if (path.find('\0') != std::string_view::npos) return tl::make_unexpected(Errno::NoEnt);
        TRY(start(path.front() == '/' ? caller_.root : start_of_relative()));
        push_front(path);
        result_.directory_wanted = path.back() == '/';
        while (!left_.empty()) {
            const std::string name = std::move(left_.front());
            left_.pop_front();
            TRY(step(name));
        }
        result_.guest = at_;
        result_.mount = mount_;
        if (result_.under.empty()) {
            result_.under = at_;
            result_.under_mount = mount_;
        }
        if (result_.node && result_.directory_wanted && !result_.node->is_directory())
            return tl::make_unexpected(Errno::NotDir);
        return std::move(result_);
    }

private:
    const std::shared_ptr<const Dentry>& start_of_relative() const {
        return caller_.start ? caller_.start : caller_.root;
    }

    // The directory may have been removed since it was opened: it still is one, and knows its
    // parent.
    SysResult<void> start(const std::shared_ptr<const Dentry>& directory) {
        if (directory != nullptr && directory->removed()) {
            at_ = directory->inner();
            mount_ = mount_of(*directory);
            result_.removed = directory;
            const auto& status = directory->last_status();
            Node node;
            node.kind = LayerKind::Scratch;
            node.guest = at_;
            node.status = *status;
            node.attributes = status;
            result_.node = std::move(node);
            return {};
        }
        result_.removed = nullptr;
        at_ = directory != nullptr ? directory->inner() : "/";
        mount_ = directory != nullptr ? mount_of(*directory) : layers_.top_mount;
        result_.node = TRY(find_at());
        if (!result_.node) return tl::make_unexpected(Errno::NoEnt);
        return {};
    }

    SysResult<void> step(const std::string& name) {
        if (!result_.node) return tl::make_unexpected(Errno::NoEnt);
        if (!result_.node->is_directory()) return tl::make_unexpected(Errno::NotDir);
        if (!layers_.may_search(caller_.credentials, *result_.node))
            return tl::make_unexpected(Errno::Acces);
        if (name.size() > kNameMax) return tl::make_unexpected(Errno::NameTooLong);
        if (name == ".") return {};
        if (result_.removed) {
            if (name != "..") return tl::make_unexpected(Errno::NoEnt);
            ++result_.components;
            return start(result_.removed->parent());
        }
        // Whether the link is followed is decided before its directory is left.
        const std::string before = at_;
        const auto mount_before = mount_;
        at_ = name == ".." ? above() : child_of(at_, name);
        auto found = TRY(find_at());
        result_.under = at_;
        result_.under_mount = mount_;
        if (found && mount_ && !mount_->children.empty()) TRY(enter_mounts(found));
        ++result_.components;
        const bool last = left_.empty();
        const bool follows = !last || follow_last_ || result_.directory_wanted;
        // A link in /proc/self/fd leads to the open file itself, not to its text.
        const bool magic = found && last && found->special && found->special->magic;
        if (found && found->is_link() && follows && !magic) {
            if (mount_ && (mount_->flags & kMsNosymfollow) != 0)
                return tl::make_unexpected(Errno::Loop);
            at_ = before;
            mount_ = mount_before;
            return follow(*found);
        }
        result_.node = std::move(found);
        return {};
    }

    SysResult<void> follow(const Node& link) {
        if (++links_ > kLinkLimit) return tl::make_unexpected(Errno::Loop);
        result_.under.clear();
        std::string target = TRY(layers_.link_target(link));
        if (target.empty()) return tl::make_unexpected(Errno::NoEnt);
        if (target.front() == '/') {
            result_.removed = nullptr;
            at_ = top_;
            mount_ = top_mount_;
            result_.node = TRY(find_at());
        }
        push_front(target);
        return {};
    }

    SysResult<std::optional<Node>> find_at() {
        auto found = TRY(layers_.find(caller_.process, at_));
        if (found) found->mount = mount_;
        return found;
    }

    // What is mounted at this place, and on top of that (follow_managed).
    SysResult<void> enter_mounts(std::optional<Node>& found) {
        while (Mount* const child = mount_->child_at(at_)) {
            mount_ = child->shared_from_this();
            if (at_ != child->root) {
                at_ = child->root;
                found = TRY(find_at());
            } else {
                found->mount = mount_;
            }
        }
        return {};
    }

    // The directory above, from the top of a mount that of its place (follow_dotdot).
    std::string above() {
        while (at_ != top_ || mount_ != top_mount_) {
            if (!mount_ || at_ != mount_->root) return parent_of(at_);
            if (mount_->parent == nullptr) return at_;
            at_ = mount_->point;
            mount_ = mount_->parent->shared_from_this();
        }
        return at_;
    }

    void push_front(std::string_view text) {
        std::deque<std::string> parts;
        while (!text.empty()) {
            const std::size_t slash = text.find('/');
            const std::string_view part = text.substr(0, slash);
            if (!part.empty()) parts.emplace_back(part);
            text = slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1);
        }
        left_.insert(left_.begin(), parts.begin(), parts.end());
    }

    Layers& layers_;
    const Caller& caller_;
    bool follow_last_;
    std::string top_;  // the caller's root, where ".." stops
    std::shared_ptr<Mount> top_mount_;
    std::string at_;  // in `mount_`
    std::shared_ptr<Mount> mount_;
    std::deque<std::string> left_;
    int links_ = 0;
    Walk result_;
};

}  // namespace

SysResult<Walk> Layers::walk(const Caller& caller, std::string_view path, bool follow_last) {
    return PathWalk(*this, caller, follow_last).run(path);
}

}  // namespace uprobesim
