// SPDX-License-Identifier: GPL-2.0-or-later
// Maps a guest path to a layer: a modelled tree, a bind, the scratch layer or the root. The walk
// goes component by component over canonical guest paths, so that a symbolic link in one layer may
// lead into another; each host access is confined by the host kernel (see HostDirectory).
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kernel_model/files/caller.h"
#include "kernel_model/files/file_system.h"
#include "kernel_model/files/host/host.h"
#include "kernel_model/files/host/shown_files.h"
#include "kernel_model/files/special_tree.h"

namespace uprobesim {

enum class LayerKind { Special, Bind, Scratch, Root, Synthetic };

// A node that exists. `relative` is its path in the layer's host directory.
struct Node {
    LayerKind kind = LayerKind::Root;
    std::size_t bind = 0;  // index, for Bind
    std::string guest;     // canonical
    std::string relative;
    FileStatus status;                       // as the guest sees it
    FileKey host;                            // the host file
    std::shared_ptr<const HostFd> fd;        // of the host file (O_PATH); null: it has none
    std::shared_ptr<FileStatus> attributes;  // for Scratch
    std::optional<SpecialNode> special;
    std::shared_ptr<Mount> mount;  // by which it was found; null: a tree without mounts

    bool is_directory() const;
    bool is_link() const;
    // What stat shows of it stays the same when it is copied up.
    FileKey key() const { return status.key(); }
};

struct Walk {
    std::string guest;         // canonical path of the last component, whether it exists or not
    std::optional<Node> node;  // empty: only the directory of the last component exists
    std::uint32_t components = 0;
    bool directory_wanted = false;  // the path ended in '/'
    // The walk ended in a directory that was removed, which has no name any more.
    std::shared_ptr<const Dentry> removed;
    std::shared_ptr<Mount> mount;  // in which `guest` is
    // The last component's own name, and its mount, where something is mounted on it.
    std::string under;
    std::shared_ptr<Mount> under_mount;
};

class Layers {
public:
    struct Bind {
        std::string guest;  // canonical
        HostDirectory directory;
        std::string relative;  // "." or, where a single file is bound, its name in `directory`
        bool writable;
        bool file;
    };

    // `memory`: what is known of files and names is charged to it.
    Layers(HostDirectory root, HostDirectory scratch, std::vector<Bind> binds, SpecialTree& special,
           PhysicalMemory* memory)
        : shown(memory),
          root_(std::move(root)),
          scratch_(std::move(scratch)),
          binds_(std::move(binds)),
          special_(special),
          charge_(memory) {}

    SysResult<Walk> walk(const Caller& caller, std::string_view path, bool follow_last);
    // Looks up a canonical path without following links. nullopt: no such name.
    SysResult<std::optional<Node>> find(Process* process, const std::string& guest);
    // What the root has there, unless that is hidden.
    SysResult<std::optional<Node>> find_in_root(const std::string& guest);

    const HostDirectory& directory_of(const Node& node) const;
    // What the node shows now, whatever has become of its name.
    FileStatus status_now(const Node& node);
    // The very file that was found, a regular one or a directory.
    SysResult<HostFd> open(const Node& node, int host_flags) const;
    SysResult<std::string> link_target(const Node& link) const;
    const HostDirectory& scratch() const { return scratch_; }
    void change_scratch(HostDirectory scratch) { scratch_ = std::move(scratch); }
    bool has_writable_bind() const {
        return std::any_of(binds_.begin(), binds_.end(), [](const Bind& b) { return b.writable; });
    }
    const HostDirectory& root() const { return root_; }
    const Bind& bind(std::size_t i) const { return binds_[i]; }
    bool writable(const Node& node) const;
    bool may_search(const Caller& caller, const Node& directory) const;
    bool may_list(const Caller& caller, const Node& directory) const;

    // Hides a name of the root, which the guest has removed (a whiteout).
    void hide(const std::string& guest);
    // Names in this directory on which a bind is mounted.
    std::vector<std::string> bind_points_in(const std::string& guest) const;
    bool hidden(const std::string& guest) const;
    // Whether the name is one that the simulator keeps for itself in a scratch directory.
    static bool reserved(const std::string& guest);
    // Whether it is in the directory of a tmpfs that the guest has mounted.
    static bool of_tmpfs(const std::string& guest);
    std::shared_ptr<Mount> top_mount;  // null: a tree without mounts
    // Whether the root's entries at this path are visible.
    bool shows_root(const std::string& guest) const {
        return !hidden(guest) && !special_.owns(guest);
    }
    // Attributes of scratch files that override those of the host file. By host file, so that they
    // survive renames and new links.
    std::map<FileKey, std::shared_ptr<FileStatus>> attributes;
    // To call after a change of them. Each is charged as shmem's inode and dentry.
    void settle_charge() { charge_.resize(attributes.size() * kFileBytes + hidden_bytes_); }
    static constexpr std::uint64_t kFileBytes = 1024;
    // Of the top directory, which is the root's own; null: nothing was changed.
    std::shared_ptr<FileStatus> top;
    // Told of each file of the scratch layer that was made neither by this run nor by an earlier
    // one.
    std::function<void(const std::string& guest, const std::shared_ptr<FileStatus>&)> adopted;
    // What is shown of the files of the root and the binds.
    ShownFiles shown;
    // The st_dev of the root and the scratch layer, which are one file system to the guest.
    static constexpr std::uint64_t kDevice = 0xfe00;
    // What a host file of the node's layer shows: the file's own answer in the guest's terms.
    FileStatus status_in(const Node& node, const FileStatus& host);

private:
    const Bind* bind_of(const std::string& guest) const;
    SysResult<std::optional<Node>> find_in_bind(const Bind& bind, const std::string& guest);
    SysResult<std::optional<Node>> find_in_scratch(const std::string& guest);
    void put_host_file(Node& node, HostFile file);
    HostDirectory root_;
    HostDirectory scratch_;
    std::vector<Bind> binds_;
    SpecialTree& special_;
    std::set<std::string> hidden_;
    std::uint64_t hidden_bytes_ = 0;
    MemoryCharge charge_;
};

// "/a/b" -> "a/b", "/" -> ".".
std::string relative_of(const std::string& guest);
std::string parent_of(const std::string& guest);
std::string child_of(const std::string& guest, std::string_view name);
std::string name_of(const std::string& guest);
bool is_below(const std::string& guest, const std::string& directory);

// The status of a scratch file: size and link count of the host file, all else as kept.
FileStatus merged_status(const FileStatus& kept, const FileStatus& host);

}  // namespace uprobesim
