// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/host/layers.h"

#include <deque>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/limits.h"
#include "sim/base/try.h"

namespace uprobesim {

using namespace abi;

bool Node::is_directory() const {
    return (status.mode & kIfmt) == kIfDir;
}
bool Node::is_link() const {
    return (status.mode & kIfmt) == kIfLnk;
}

std::string relative_of(const std::string& guest) {
    return guest == "/" ? "." : guest.substr(1);
}
std::string parent_of(const std::string& guest) {
    const std::size_t slash = guest.rfind('/');
    return slash == 0 ? "/" : guest.substr(0, slash);
}
std::string child_of(const std::string& guest, std::string_view name) {
    return (guest == "/" ? guest : guest + "/") + std::string(name);
}
std::string name_of(const std::string& guest) {
    return guest.substr(guest.rfind('/') + 1);
}
bool is_below(const std::string& guest, const std::string& directory) {
    if (directory == "/") return guest != "/";
    return guest.size() > directory.size() && guest[directory.size()] == '/' &&
           guest.compare(0, directory.size(), directory) == 0;
}

FileStatus merged_status(const FileStatus& kept, const FileStatus& host) {
    FileStatus s = kept;
    s.mode = (host.mode & kIfmt) | (kept.mode & ~kIfmt);
    s.links = host.links;
    s.size = host.size;
    s.blocks = host.blocks;
    s.block_size = host.block_size;
    return s;
}

bool Credentials::permit(const FileStatus& status, std::uint32_t wanted) const {
    if (uid == 0) {
        // The superuser may do all but execute what nobody may execute.
        return (wanted & 1) == 0 || (status.mode & kIfmt) == kIfDir || (status.mode & 0111) != 0;
    }
    const unsigned shift = status.uid == uid ? 6 : status.gid == gid ? 3 : 0;
    return (wanted & 7 & ~(status.mode >> shift)) == 0;
}

// The directories that the user of the simulator named may have any mode on the host.
bool Layers::may_search(const Node& directory) const {
    return directory.guest == "/" ||
           (directory.kind == LayerKind::Bind && directory.relative == ".") ||
           credentials.permit(directory.status, 1);
}

bool Layers::hidden(const std::string& guest) const {
    if (hidden_.empty()) return false;
    for (std::string at = guest; at != "/"; at = parent_of(at)) {
        if (hidden_.count(at) != 0) return true;
    }
    return false;
}

std::vector<std::string> Layers::bind_points_in(const std::string& guest) const {
    std::vector<std::string> names;
    for (const Bind& b : binds_) {
        if (b.guest != "/" && parent_of(b.guest) == guest) names.push_back(name_of(b.guest));
    }
    return names;
}

const HostDirectory& Layers::directory_of(const Node& node) const {
    switch (node.kind) {
        case LayerKind::Bind: return binds_[node.bind].directory;
        case LayerKind::Scratch: return scratch_;
        default: return root_;
    }
}

bool Layers::writable(const Node& node) const {
    return node.kind == LayerKind::Scratch ||
           (node.kind == LayerKind::Bind && binds_[node.bind].writable);
}

SysResult<std::optional<Node>> Layers::find(Process* process, const std::string& guest) {
    Node node;
    node.guest = guest;
    // The longest bind that holds the path wins.
    const Bind* best = nullptr;
    bool above_bind = false;
    for (const Bind& b : binds_) {
        const bool inside = guest == b.guest || is_below(guest, b.guest);
        if (inside && (best == nullptr || b.guest.size() > best->guest.size())) best = &b;
        above_bind = above_bind || is_below(b.guest, guest);
    }
    const auto missing = [](Errno e) { return e == Errno::NoEnt || e == Errno::NotDir; };
    if (best != nullptr) {
        node.kind = LayerKind::Bind;
        node.bind = static_cast<std::size_t>(best - binds_.data());
        if (guest == best->guest) {
            node.relative = best->relative;
        } else {
            if (best->file) return std::optional<Node>();
            node.relative = guest.substr(best->guest == "/" ? 1 : best->guest.size() + 1);
        }
        auto status = best->directory.status(node.relative);
        if (!status)
            return missing(status.error()) ? SysResult<std::optional<Node>>(std::nullopt)
                                           : tl::make_unexpected(status.error());
        node.status = *status;
        node.host = {status->device, status->inode};
        return node;
    }
    if (special_.owns(guest)) {
        node.kind = LayerKind::Special;
        node.special = special_.find(process, guest);
        if (node.special) {
            node.status = node.special->status;
            return node;
        }
        // Directories such as /dev/shm may still be made in the scratch layer.
    }
    node.relative = relative_of(guest);
    if (auto status = scratch_.status(node.relative)) {
        if (guest != "/") {
            node.kind = LayerKind::Scratch;
            node.host = {status->device, status->inode};
            auto& kept = attributes[node.host];
            // A file of an earlier run, in a scratch directory that was kept.
            if (!kept) {
                kept = std::make_shared<FileStatus>(*status);
                kept->device = device_;
                kept->inode |= std::uint64_t{1} << 41;
            }
            node.attributes = kept;
            node.status = merged_status(*kept, *status);
            return node;
        }
    } else if (!missing(status.error())) {
        return tl::make_unexpected(status.error());
    }
    if (!hidden(guest) && !special_.owns(guest)) {
        auto status = root_.status(node.relative);
        if (status) {
            node.kind = LayerKind::Root;
            node.status = *status;
            node.host = {status->device, status->inode};
            return node;
        }
        if (!missing(status.error())) return tl::make_unexpected(status.error());
    }
    if (above_bind) {
        node.kind = LayerKind::Synthetic;
        node.status.mode = kIfDir | 0755;
        node.status.inode = 2;
        return node;
    }
    return std::optional<Node>();
}

SysResult<Walk> Layers::walk(Process* process, std::string_view cwd, std::string_view path,
                             bool follow_last) {
    if (path.empty()) return tl::make_unexpected(Errno::NoEnt);
    if (path.size() >= kPathMax) return tl::make_unexpected(Errno::NameTooLong);
    if (path.find('\0') != std::string_view::npos) return tl::make_unexpected(Errno::NoEnt);
    Walk result;
    std::string at = path.front() == '/' ? "/" : std::string(cwd);
    std::deque<std::string> left;
    const auto push_front = [&](std::string_view text) {
        std::deque<std::string> parts;
        while (!text.empty()) {
            const std::size_t slash = text.find('/');
            const std::string_view part = text.substr(0, slash);
            if (!part.empty()) parts.emplace_back(part);
            text = slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1);
        }
        left.insert(left.begin(), parts.begin(), parts.end());
    };
    push_front(path);
    result.directory_wanted = path.back() == '/';
    int links = 0;
    // The directory where a relative walk starts may be gone.
    auto here = TRY(find(process, at));
    if (!here) return tl::make_unexpected(Errno::NoEnt);
    result.node = std::move(here);
    while (!left.empty()) {
        const std::string name = std::move(left.front());
        left.pop_front();
        if (!result.node) return tl::make_unexpected(Errno::NoEnt);
        if (!result.node->is_directory()) return tl::make_unexpected(Errno::NotDir);
        if (!may_search(*result.node)) return tl::make_unexpected(Errno::Acces);
        if (name.size() > kNameMax) return tl::make_unexpected(Errno::NameTooLong);
        if (name == ".") continue;
        const std::string next = name == ".." ? parent_of(at) : child_of(at, name);
        auto found = TRY(find(process, next));
        ++result.components;
        const bool last = left.empty();
        if (found && found->is_link() && (!last || follow_last || result.directory_wanted)) {
            // A /proc/self/fd link leads to an open file, whatever its text says.
            if (last && found->special && found->special->magic) {
                at = next;
                result.node = std::move(found);
                continue;
            }
            if (++links > kLinkLimit) return tl::make_unexpected(Errno::Loop);
            std::string target;
            if (found->special) {
                target = found->special->link;
            } else {
                auto text = TRY(directory_of(*found).read_link(found->relative));
                target = text;
            }
            if (target.empty()) return tl::make_unexpected(Errno::NoEnt);
            if (target.front() == '/') {
                at = "/";
                auto top = TRY(find(process, at));
                result.node = std::move(top);
            }
            push_front(target);
            continue;
        }
        at = next;
        result.node = std::move(found);
    }
    result.guest = at;
    if (result.node && result.directory_wanted && !result.node->is_directory())
        return tl::make_unexpected(Errno::NotDir);
    return result;
}

}  // namespace uprobesim
