// SPDX-License-Identifier: GPL-2.0-or-later
// The walk of a path, component by component, through links from one layer into another
// (path_lookupat).
#include <deque>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/abi/mount.h"
#include "kernel_model/files/host/layers.h"
#include "kernel_model/files/mount.h"
#include "kernel_model/task/process.h"
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
          top_(start_is_top() ? caller.start->inner()
               : caller.root  ? caller.root->inner()
                              : "/"),
          top_mount_(start_is_top() ? mount_of(*caller.start)
                     : caller.root  ? mount_of(*caller.root)
                                    : layers.top_mount) {}

    SysResult<Walk> run(std::string_view path) {
        if (path.empty()) return tl::make_unexpected(Errno::NoEnt);
        if (path.size() >= kPathMax) return tl::make_unexpected(Errno::NameTooLong);
        if (path.find('\0') != std::string_view::npos) return tl::make_unexpected(Errno::NoEnt);
        if (path.front() == '/' && resolves(kResolveBeneath))
            return tl::make_unexpected(Errno::Xdev);
        TRY(start(path.front() == '/' && !in_root() ? caller_.root : start_of_relative()));
        if (resolves(kResolveBeneath)) {
            top_ = at_;
            top_mount_ = mount_;
        }
        system_ = system_of(*result_.node);
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
        if (mount_) ++mount_->uses;
        if (result_.node && result_.directory_wanted && !result_.node->is_directory())
            return tl::make_unexpected(Errno::NotDir);
        return std::move(result_);
    }

private:
    bool resolves(std::uint64_t flag) const { return (caller_.resolve & flag) != 0; }
    bool in_root() const { return resolves(kResolveInRoot); }
    bool start_is_top() const { return in_root() && caller_.start != nullptr; }

    // proc_pid_get_link: these lead to a place, not to a text.
    static bool is_magic(const std::string& guest) {
        const std::string name = name_of(guest);
        return Mounts::in_proc(guest) && (name == "exe" || name == "cwd" || name == "root");
    }

    // What differs between any two mounts, also those that the simulator makes.
    static std::string system_of(const Node& node) {
        std::string mount = node.mount ? std::to_string(node.mount->id) : "";
        if (node.kind == LayerKind::Bind) return mount + "." + std::to_string(node.bind);
        if (!node.special) return mount;
        return mount + node.guest.substr(0, node.guest.find('/', 1));
    }

    // What openat2's flags say of a link that would be followed.
    SysResult<void> check_link(const Node& link, bool magic) const {
        const bool any_magic = magic || (link.special && is_magic(link.guest));
        if (resolves(kResolveNoSymlinks) || (resolves(kResolveNoMagiclinks) && any_magic))
            return tl::make_unexpected(Errno::Loop);
        if (magic && resolves(kResolveBeneath | kResolveInRoot))
            return tl::make_unexpected(Errno::Xdev);
        if (link.special && link.special->barred) return tl::make_unexpected(*link.special->barred);
        return {};
    }

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
        if (result_.node->special && result_.node->special->barred)
            return tl::make_unexpected(*result_.node->special->barred);
        if (!layers_.may_search(caller_, *result_.node)) return tl::make_unexpected(Errno::Acces);
        if (name.size() > kNameMax) return tl::make_unexpected(Errno::NameTooLong);
        if (name == ".") return {};
        if (result_.removed) {
            if (name != "..") return tl::make_unexpected(Errno::NoEnt);
            ++result_.components;
            return start(result_.removed->parent());
        }
        if (name == ".." && at_ == top_ && mount_ == top_mount_ && resolves(kResolveBeneath))
            return tl::make_unexpected(Errno::Xdev);
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
        if (found && found->is_link() && follows) TRY(check_link(*found, magic));
        if (found && found->is_link() && follows && !magic) {
            if (mount_ && (mount_->flags & kMsNosymfollow) != 0)
                return tl::make_unexpected(Errno::Loop);
            at_ = before;
            mount_ = mount_before;
            return follow(*found);
        }
        if (found && resolves(kResolveNoXdev) && system_of(*found) != system_)
            return tl::make_unexpected(Errno::Xdev);
        result_.node = std::move(found);
        return {};
    }

    SysResult<void> follow(const Node& link) {
        if (++links_ > kLinkLimit) return tl::make_unexpected(Errno::Loop);
        result_.under.clear();
        std::string target = TRY(layers_.link_target(link));
        if (target.empty()) return tl::make_unexpected(Errno::NoEnt);
        if (target.front() == '/') {
            if (resolves(kResolveBeneath)) return tl::make_unexpected(Errno::Xdev);
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
    std::string system_;  // where the walk began
    std::deque<std::string> left_;
    int links_ = 0;
    Walk result_;
};

}  // namespace

SysResult<Walk> Layers::walk(const Caller& caller, std::string_view path, bool follow_last) {
    return PathWalk(*this, caller, follow_last).run(path);
}

}  // namespace uprobesim
