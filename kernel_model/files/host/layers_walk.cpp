// SPDX-License-Identifier: GPL-2.0-or-later
// The walk of a path, component by component, through links from one layer into another
// (path_lookupat).
#include <deque>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/files/host/layers.h"
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
          top_(caller.root ? caller.root->path() : "/") {}

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
            at_ = directory->path();
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
        at_ = directory != nullptr ? directory->path() : "/";
        result_.node = TRY(layers_.find(caller_.process, at_));
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
        std::string next = child_of(at_, name);
        if (name == "..") next = at_ == top_ ? top_ : parent_of(at_);
        auto found = TRY(layers_.find(caller_.process, next));
        ++result_.components;
        const bool last = left_.empty();
        const bool follows = !last || follow_last_ || result_.directory_wanted;
        // A link in /proc/self/fd leads to the open file itself, not to its text.
        const bool magic = found && last && found->special && found->special->magic;
        if (found && found->is_link() && follows && !magic) return follow(*found);
        at_ = std::move(next);
        result_.node = std::move(found);
        return {};
    }

    SysResult<void> follow(const Node& link) {
        if (++links_ > kLinkLimit) return tl::make_unexpected(Errno::Loop);
        std::string target = TRY(layers_.link_target(link));
        if (target.empty()) return tl::make_unexpected(Errno::NoEnt);
        if (target.front() == '/') {
            result_.removed = nullptr;
            at_ = top_;
            result_.node = TRY(layers_.find(caller_.process, at_));
        }
        push_front(target);
        return {};
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
    std::string at_;
    std::deque<std::string> left_;
    int links_ = 0;
    Walk result_;
};

}  // namespace

SysResult<Walk> Layers::walk(const Caller& caller, std::string_view path, bool follow_last) {
    return PathWalk(*this, caller, follow_last).run(path);
}

}  // namespace uprobesim
