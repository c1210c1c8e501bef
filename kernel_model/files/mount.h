// SPDX-License-Identifier: GPL-2.0-or-later
// Mounts of the guest's own (struct mount): a part of the file tree that is shown at a place of it.
// A part is named by its *inner* path, that of the tree without mounts, where each tmpfs is a
// directory of the scratch layer that no path leads to. A Dentry knows its mount by the top of its
// chain of parents; its path is the one that is shown.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel_model/files/dentry.h"
#include "kernel_model/files/disk_space.h"
#include "kernel_model/spaces/user_namespace.h"
#include "kernel_model/wait/wait_queue.h"

namespace uprobesim {

// What the root is mounted as: on the disk of the machine, as Debian's is.
inline constexpr std::string_view kRootType = "ext4";

// What a mount of proc shows (struct proc_fs_info).
struct ProcOptions {
    enum Hide : std::uint32_t { Off = 0, NoAccess = 1, Invisible = 2, NotPtraceable = 4 };
    std::uint32_t hide = Off;     // hidepid=
    std::uint32_t gid = 0;        // who is in this group sees all
    bool only_processes = false;  // subset=pid
    bool operator==(const ProcOptions&) const = default;
};

// What is mounted. Several mounts may show parts of one.
struct SuperBlock {
    std::string type, source;
    std::uint64_t device = 0;
    std::int64_t magic = 0;
    std::string inner;    // the inner path of its top
    std::string options;  // as /proc/mounts shows them after the mount's own: ",size=4k"
    bool read_only = false;
    std::shared_ptr<DiskSpace> space;  // a tmpfs's own; null: that of the tree
    std::shared_ptr<Namespace> shows;  // of proc: the process ids; null: those of the first
};

class Mount;
// The mounts that exist, by their ids.
using MountTable = std::map<std::int32_t, Mount*>;

struct MountNamespace {
    std::uint64_t inode = 0;
    std::shared_ptr<Mount> top;
    std::uint64_t version = 0;  // counts changes, for poll of /proc/mounts
    std::shared_ptr<WaitQueue> changed = std::make_shared<WaitQueue>();
    UserSpace owned_by{};
};

class Mount : public std::enable_shared_from_this<Mount> {
public:
    // Of the mount that files without a name are in.
    static constexpr std::int32_t kInternalId = 15;

    std::int32_t id = 0;
    std::shared_ptr<SuperBlock> super;
    std::string root;          // the inner path that it shows
    Mount* parent = nullptr;   // null: the top of a namespace, or of a tree that is detached
    std::string point;         // where in the parent: an inner path
    std::uint64_t flags = 0;   // abi::kMsOfMount
    std::uint32_t peers = 0;   // shared with the mounts of this group; 0: with none
    std::uint32_t master = 0;  // receives what is mounted in this group
    bool unbindable = false;
    // How often a path has led to it; how often when MNT_EXPIRE was asked. No use but the next
    // umount2's own may follow.
    std::uint64_t uses = 0;
    std::optional<std::uint64_t> expires{};
    std::weak_ptr<MountNamespace> space;                     // expired: detached
    std::map<std::string, std::shared_ptr<Mount>> children;  // by their points
    std::weak_ptr<Dentry> dentry;                            // of `root`, while one is in use
    MemoryCharge charge;
    std::shared_ptr<MountTable> table;  // that lists it

    bool read_only() const;
    bool in_use() const;  // files and directories of it are open
    // An inner path is of the part that is mounted.
    bool holds(const std::string& inner) const;
    // The absolute path at which an inner path of it is shown.
    std::string shown(const std::string& inner) const;
    // Null: nothing is mounted there.
    Mount* child_at(const std::string& inner) const;
    Mount() = default;
    Mount(const Mount&) = delete;
    Mount& operator=(const Mount&) = delete;
    ~Mount();
};

// The mounts of all namespaces.
class Mounts {
public:
    // Mounts are charged to `memory`; null: to none.
    explicit Mounts(PhysicalMemory* memory);

    // So many mounts more may be made.
    bool has_room(std::size_t more) const;
    // How many copies of a tree of so many mounts attach() makes.
    std::size_t copies(std::size_t tree, const Mount& at, const std::string& point) const;
    // A mount of a part of a file system, without a place.
    std::shared_ptr<Mount> make(std::shared_ptr<SuperBlock> super, std::string root,
                                std::uint64_t flags);
    const std::shared_ptr<MountNamespace>& first() const { return first_; }
    // Puts a detached tree at a place of a mount, and copies of it where that is shared.
    // `beneath`: what is mounted there then is on the tree's top.
    void attach(const std::shared_ptr<Mount>& tree, Mount& at, const std::string& point,
                bool beneath = false);
    // Takes it from its place, and the copies of it from where it was shared.
    std::shared_ptr<Mount> detach(Mount& mount, bool everywhere = true);
    // A copy of a mount from `root` on, with what is mounted below if `recursive`.
    std::shared_ptr<Mount> copy(const Mount& mount, const std::string& root, bool recursive);
    // A namespace with copies of all mounts. `moved`: told of each old and new mount.
    std::shared_ptr<MountNamespace> copy_namespace(
        const MountNamespace& from,
        const std::function<void(const Mount&, const std::shared_ptr<Mount>&)>& moved);
    // MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE.
    void set_propagation(Mount& mount, std::uint64_t kind, bool recursive);
    // A name below which there are mount points has changed.
    void renamed(const std::string& from, const std::string& to);
    bool is_point(const std::string& inner) const;
    // `inner`: empty for a tmpfs, which gets a directory of its own.
    std::shared_ptr<SuperBlock> new_super(std::string type, std::string source, std::string inner);
    // The tmpfs of a device number; null: none that is mounted.
    std::shared_ptr<SuperBlock> tmpfs_of(std::uint64_t device) const;
    // The file system of a type of which the kernel has one, whether it is mounted or not.
    std::shared_ptr<SuperBlock> kept_super(std::string_view type) const;
    // The directory of POSIX message queues: no path leads to it.
    static constexpr std::string_view kQueues = "/.uprobesim/mqueue";
    // The trees of proc that show another namespace of process ids than the first, by its inode, or
    // that have options: no path leads to them.
    static constexpr std::string_view kProcs = "/.uprobesim/proc";
    static std::string proc_of(std::uint64_t space, const ProcOptions& options = {});
    // The same file system shows something else from now on.
    void change_proc(SuperBlock& super, const ProcOptions& options);
    struct InProc {
        std::uint64_t space = 0;  // inode; 0: the first
        std::string_view rest{};  // below the top of the tree: "", or "/1/fd"
        ProcOptions options{};
    };
    // Where an inner path is in a proc; nothing: in another file system.
    static std::optional<InProc> in_proc(std::string_view inner);
    // The directories of tmpfs: no path leads to it.
    static constexpr std::string_view kFolder = "/.uprobesim/mounts";
    // The directories of file systems that are no longer mounted.
    std::vector<std::string> take_unused();
    std::size_t count() const { return all_->size(); }

private:
    // Of struct mount, and of what the host takes for one.
    static constexpr std::uint64_t kMountBytes = 1024;
    void put(const std::shared_ptr<Mount>& tree, Mount& at, const std::string& point);
    void tuck(const std::shared_ptr<Mount>& tree, Mount& at, const std::string& point);
    static void changed(const Mount& mount);
    std::vector<std::shared_ptr<Mount>> receivers(const Mount& of) const;
    // Whether a mount at `point` propagates into `other`: not into a tree that is not attached,
    // such as the one that is being attached.
    static bool receives(const Mount& other, const std::string& point);
    using Groups = std::map<std::uint32_t, std::size_t>;  // how many mounts each has
    void set_propagation(Mount& mount, std::uint64_t kind, bool recursive, Groups& groups);

    PhysicalMemory* memory_;
    std::shared_ptr<MountTable> all_ = std::make_shared<MountTable>();
    std::vector<std::pair<std::weak_ptr<SuperBlock>, std::string>> supers_;
    std::vector<std::shared_ptr<SuperBlock>> kept_;
    std::shared_ptr<MountNamespace> first_;
    std::int32_t next_id_ = 20;
    std::uint32_t next_group_ = 1;
    std::uint64_t next_device_ = 0x20, next_namespace_ = 0xf0000100;
};

// By the order of their ids, parents first.
std::vector<const Mount*> mounts_below(const Mount& top);
// Null: of no mount (a tree without mounts).
const std::shared_ptr<Mount>& mount_of(const Dentry& dentry);

}  // namespace uprobesim
