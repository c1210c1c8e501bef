// SPDX-License-Identifier: GPL-2.0-or-later
// The implementation of FileSystem: layers, copy-up on write, attributes and times of files made by
// the guest.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernel_model/files/caller.h"
#include "kernel_model/files/dentry.h"
#include "kernel_model/files/file_system.h"
#include "kernel_model/files/host/inode.h"
#include "kernel_model/files/host/layers.h"
#include "kernel_model/files/host/scratch_state.h"
#include "kernel_model/files/met.h"
#include "kernel_model/files/rights/landlock_path.h"
#include "sim/base/temp_folder.h"

namespace uprobesim {

class Pipe;

class OverlayFileSystem final : public FileSystem {
public:
    OverlayFileSystem(Machine& machine, std::unique_ptr<SpecialTree> special, HostDirectory root,
                      HostDirectory scratch, std::vector<Layers::Bind> binds,
                      TemporaryFolder temporary, std::shared_ptr<DiskSpace> space);
    // The scratch directory is kept, and has this from earlier runs.
    Outcome keep_state(const std::string& path);
    void count_output(HostOutput* output) { output_ = output; }
    // A file of the host's disk could not be written.
    void lost(const std::string& path, Errno error);
    OverlayFileSystem(const OverlayFileSystem&) = delete;
    OverlayFileSystem& operator=(const OverlayFileSystem&) = delete;
    ~OverlayFileSystem() override;

    SysResult<OpenResult> open(const Caller&, std::string_view path, std::uint32_t flags,
                               std::uint32_t mode) override;
    SysResult<FileStatus> status(const Caller&, std::string_view path, bool follow) override;
    SysResult<std::string> read_link(const Caller&, std::string_view path) override;
    SysResult<void> access(const Caller&, std::string_view path, std::uint32_t mode,
                           bool follow) override;
    SysResult<void> make_directory(const Caller&, std::string_view path,
                                   std::uint32_t mode) override;
    SysResult<void> make_fifo(const Caller&, std::string_view path, std::uint32_t mode) override;
    SysResult<FileStatus> make_socket(const Caller&, std::string_view path,
                                      std::uint32_t mode) override;
    SysResult<void> remove(const Caller&, std::string_view path, bool directory) override;
    SysResult<void> rename(const Caller&, std::string_view from,
                           const std::shared_ptr<const Dentry>& to_start, std::string_view to,
                           std::uint32_t flags) override;
    SysResult<void> link(const Caller&, std::string_view from, bool follow,
                         const std::shared_ptr<const Dentry>& to_start,
                         std::string_view to) override;
    SysResult<void> link_of(const Caller&, File& file,
                            const std::shared_ptr<const Dentry>& to_start,
                            std::string_view to) override;
    SysResult<void> make_device(const Caller&, std::string_view path, std::uint32_t mode,
                                std::uint64_t device) override;
    SysResult<std::string> read_link_of(const Caller&, File& file) override;
    SysResult<void> may_truncate(const Caller&, std::string_view path) override;
    SysResult<void> set_xattrs(const Caller&, std::string_view path, bool follow,
                               const Xattrs& attributes) override;
    SysResult<void> set_xattrs_of(const Caller&, File& file, const Xattrs& attributes) override;
    SysResult<void> set_inode_flags(const Caller&, File& file, std::uint32_t flags) override;
    const std::shared_ptr<FileEvents>& events() const override { return events_; }
    SysResult<std::shared_ptr<File>> open_place_again(const Caller& caller,
                                                      const std::shared_ptr<File>& place,
                                                      std::uint32_t flags) override {
        return open_again(caller, place, flags, 0);
    }
    // O_PATH of what was found.
    std::shared_ptr<File> hold(const Node& node);
    SysResult<void> symlink(const Caller&, std::string_view target, std::string_view path) override;
    SysResult<void> change_mode(const Caller&, std::string_view path, std::uint32_t mode,
                                bool follow) override;
    SysResult<void> change_owner(const Caller&, std::string_view path, std::uint32_t uid,
                                 std::uint32_t gid, bool follow) override;
    SysResult<void> set_times(const Caller&, std::string_view path, const Times&,
                              bool follow) override;
    SysResult<void> change_mode_of(const Caller&, File& file, std::uint32_t mode) override;
    SysResult<void> change_owner_of(const Caller&, File& file, std::uint32_t uid,
                                    std::uint32_t gid) override;
    SysResult<void> set_times_of(const Caller&, File& file, const Times&) override;
    SysResult<std::shared_ptr<Dentry>> directory(const Caller&, std::string_view path) override;
    Mounts* mounts() override { return &mounts_; }
    SysResult<Located> locate(const Caller&, std::string_view path, bool follow) override;
    std::shared_ptr<Dentry> dentry_at(const Located&) override;
    SysResult<std::shared_ptr<File>> open_place(const Located&) override;
    SysResult<std::shared_ptr<SuperBlock>> make_tmpfs(const std::string& type,
                                                      const std::string& source,
                                                      const TmpfsTop& top) override;
    void drop_unmounted() override;
    void forget_reads() override;
    void separate() override;
    std::string why_not_separate() const override;
    void finish() override;
    void set_clock(std::function<std::uint64_t()> now_ns) override;
    const DiskSpace* space() const override { return limited_ ? space_.get() : nullptr; }
    const std::map<std::string, Errno>& lost_writes() const override { return lost_writes_; }
    void set_system_view(const SystemView* system) override { special_->set_system_view(system); }
    std::shared_ptr<File> host_stdio(int fd) override;

    // For open files.
    // A descriptor of the guest is closed or synchronised: what a kept scratch directory has to be
    // told is told.
    void flush_state() {
        if (state_) state_->flush();
    }
    void modified(Inode& inode) const;  // sets mtime and ctime
    void remove_set_ids(Inode& inode, const Credentials& writer);
    // A read: sets the time of reading where the mount lets it. `mount`: of the open file, or null.
    void accessed(Inode& inode, const Mount* mount) const;
    void accessed(const Node& node);
    FileStatus status_of(const Inode& inode);
    SysResult<std::vector<DirEntry>> list(Process* process, const std::string& guest);
    // The process that makes the present system call (the one that opened a directory may have
    // ended), or `opener` outside of system calls (tests).
    Process* reader(Process* opener) const { return special_->reader(opener); }
    // An open file as what is changed, by what it holds. Perm: it is none of the tree.
    SysResult<Node> node_of(File&);

private:
    // What the state of a kept scratch directory is told of: not the files of a tmpfs.
    bool keeps(const std::string& guest) const { return state_ && !Layers::of_tmpfs(guest); }
    bool keeps(const FileStatus& status) const {
        return state_ && status.device == Layers::kDevice;
    }
    static bool read_only(const Node& node) { return node.mount && node.mount->read_only(); }
    void drop_directory(const std::string& guest);
    // Tells of the end of every file of a tmpfs.
    void tell_unmounted(const std::string& guest);
    // The place of a name that is to be made or removed.
    struct Place {
        const HostDirectory* directory = nullptr;
        std::string relative;
        std::string guest;
        bool scratch = false;
        bool slash = false;  // the path ended in '/'
        std::optional<Node> parent;
        std::optional<Node> existing;
    };
    // `special`: the error where the last name is ".", ".." or the root itself.
    SysResult<Place> place(const Caller&, std::string_view path, Errno special);
    SysResult<Place> place_of(const Caller&, Walk walked);
    // --- Landlock: what the caller's domain says, where it restricts files
    KeyOfPath keys() {
        return [this](const std::string& inner) { return key_at(inner); };
    }
    std::optional<FileKey> key_at(const std::string& inner);
    LandlockPath landlock_path_of(const Node& node) {
        return landlock_path(node.mount, node.guest, node.key(), keys());
    }
    // That a name is made or removed in its directory.
    SysResult<void> check_name_right(const Caller&, const Place&, std::uint32_t right);
    // That an open is allowed; what later calls lack (File::rights_refused). `removed`: the
    // directory itself, where it has no name any more.
    SysResult<std::uint32_t> check_open_rights(const Caller&, const Node&, std::uint32_t flags,
                                               const Dentry* removed = nullptr);
    // The same of an open file that is opened again.
    SysResult<std::uint32_t> check_open_rights(const Caller&, File& file, std::uint32_t mode,
                                               std::uint32_t flags);
    SysResult<void> check_link_rights(const Caller&, const LandlockPath& from,
                                      const LandlockEntry& moved, bool same_directory,
                                      const Place& target);
    SysResult<void> check_link_rights(const Caller&, const Node&, const Place& target);
    SysResult<void> check_rename_rights(const Caller&, const Place& source, const Place& target,
                                        bool exchanges);
    // Checks whether the caller may add or remove this name (Rofs, Acces, Perm), and makes its
    // directory in the scratch layer.
    SysResult<void> prepare(const Credentials&, const Place&);
    SysResult<void> check_removal(const Caller&, const Place&, bool directory);
    // rename's checks, in Linux's order. False: both names are links to one file, so rename does
    // nothing.
    SysResult<bool> check_rename(const Caller&, const Place& source, const Place& target,
                                 std::uint32_t flags);
    SysResult<bool> check_rename_names(const Place& source, const Place& target,
                                       std::uint32_t flags) const;
    SysResult<void> check_no_mount(const Place&) const;
    SysResult<bool> is_lower_directory(const Place&);
    SysResult<void> check_replaced(const Credentials&, const Place& target, bool directory);
    SysResult<void> check_empty(const Place&);
    SysResult<void> check_parent_writable(const Place&) const;

    SysResult<void> copy_up_directory(const std::string& guest);
    SysResult<void> copy_up_contents(const Node& node);
    SysResult<void> copy_contents(const Node& node, const HostFd& to, DiskUse* use);
    SysResult<void> copy_up_link(const Node& node);
    std::shared_ptr<FileStatus> attributes_of_copy(const Node& original);
    void hide(const std::string& guest);
    SysResult<Node> copy_up(const Node& node);
    // What chmod, chown or utimensat asks for.
    struct Change {
        std::optional<std::uint32_t> mode = std::nullopt;
        std::optional<std::pair<std::uint32_t, std::uint32_t>> owner = std::nullopt;  // ~0: stays
        const Times* times = nullptr;
        std::optional<Xattrs> xattrs = std::nullopt;
        std::uint32_t lost_set_ids = 0;  // by the change of the owner
        std::optional<std::uint32_t> inode_flags = std::nullopt;
    };
    static std::uint32_t event_of(const Change&);
    static SysResult<Change> allowed_change(const Credentials&, const FileStatus&, Change);
    SysResult<void> change_at(const Caller&, std::string_view path, bool follow, const Change&);
    SysResult<void> change_of(const Caller&, File&, const Change&);
    SysResult<void> change_node(const Caller&, const Node&, const Change&);
    SysResult<void> change_on_host(const Node&, const Change&);
    void put_change(FileStatus&, const Change&) const;
    std::optional<Node> node_by_name(const File&, const FileKey& key);
    // What a file that is made there shows.
    std::shared_ptr<FileStatus> new_attributes(const Caller&, const Place&, std::uint32_t mode);
    void inherit_rights(const Caller&, const FileStatus* parent, FileStatus& made);
    // Makes a host file of the scratch layer that shows `kept`.
    SysResult<void> put_in_scratch(const std::string& guest, std::shared_ptr<FileStatus> kept,
                                   const std::function<SysResult<void>()>& make);
    SysResult<void> make(const Caller&, const Place&, std::uint32_t mode,
                         const std::function<int(int parent, const char* name)>& on_host,
                         std::uint64_t device = 0);
    SysResult<void> make_node(const Caller&, const Place&, std::uint32_t mode,
                              std::uint64_t device);
    void tell_made(const Place&, std::uint32_t mode);
    void modified_directory(const Place&);
    void modified(const std::shared_ptr<FileStatus>& attributes) const;
    FileTime now() const { return file_time(now_ns()); }
    // What was just made in a bind gets the mode that the guest asked for, but no set-ID bits on
    // the host, and the guest's owner in the model.
    SysResult<void> settle_in_bind(const Caller&, const Place&, int fd, std::uint32_t mode);
    SysResult<void> settle_in_bind(const Caller&, const Place&, std::uint32_t mode);
    void drop_set_ids(const Credentials&, const Node&, int fd);
    // open: makes the file, or opens an existing one by its kind.
    SysResult<std::shared_ptr<File>> create(const Caller&, Walk walked, std::uint32_t flags,
                                            std::uint32_t mode);
    SysResult<std::shared_ptr<File>> open_found(const Caller&, const Node&, std::uint32_t flags,
                                                std::uint32_t mode,
                                                const Dentry* removed = nullptr);
    SysResult<std::shared_ptr<File>> open_kind(const Caller&, const Node&, std::uint32_t flags);
    SysResult<std::shared_ptr<File>> open_special(const Caller&, const Node&, std::uint32_t flags);
    SysResult<std::shared_ptr<File>> open_device(const Caller&, const Node&, std::uint32_t flags);
    SysResult<OpenResult> open_unnamed(const Caller&, const Walk& walked, std::uint32_t flags,
                                       std::uint32_t mode);
    SysResult<std::shared_ptr<File>> open_again(const Caller&, const std::shared_ptr<File>& magic,
                                                std::uint32_t flags, std::uint32_t mode);
    SysResult<std::shared_ptr<File>> open_inode_again(const Caller&, File&,
                                                      const std::shared_ptr<Inode>&,
                                                      std::uint32_t flags);
    SysResult<std::shared_ptr<File>> open_directory(const Caller&, const Node&,
                                                    std::uint32_t flags);
    SysResult<std::shared_ptr<File>> open_regular(const Caller&, const Node&, std::uint32_t flags);
    SysResult<std::shared_ptr<File>> open_fifo(const Node&, std::uint32_t flags);
    // An open file's entry in the tree, without a descriptor and a status.
    static Node node_without_fd(const Inode& inode);
    std::shared_ptr<Inode> inode_for(const Node& node, HostFd fd, bool writable);
    std::shared_ptr<Inode> new_inode(const Node& node, HostFd fd, bool writable);
    // The space charged for a host file of the scratch layer; null: no limit.
    std::shared_ptr<DiskUse> use_of(const FileKey& host, std::uint64_t size, std::uint64_t device);
    std::shared_ptr<DiskSpace> space_of(std::uint64_t device) const;
    std::shared_ptr<void> inode_place(std::uint64_t device) const;
    void forget_if_last(const Node& node);
    // The inode of a name that was made, moved or removed has changed. `named`: it has one left.
    void changed(const Node& node, bool named = true);
    SysResult<void> link_node(const Caller&, const Node& node, const Place& target);
    SysResult<void> link_unnamed(const Caller&, File& file, Inode& inode, const Place& target);
    SysResult<void> check_link(const Credentials&, const FileStatus& status) const;
    SysResult<void> exchange(const Node& moved, const Place& source, const Place& target);
    void tell_renamed(const Place& source, const Place& target, bool exchanged);
    void drop_unused();
    std::uint64_t now_ns() const { return now_ns_ ? now_ns_() : 0; }

    Machine& machine_;
    std::unique_ptr<SpecialTree> special_;
    Layers layers_;
    HostOutput* output_ = nullptr;
    TemporaryFolder temporary_;  // the scratch directory, to be removed; none: it is kept
    std::function<std::uint64_t()> now_ns_;
    DentryTree dentries_;
    Mounts mounts_{&machine_.memory};
    std::map<std::string, Errno> lost_writes_;
    MemoryCharge lost_charge_;
    std::unique_ptr<ScratchState> state_;  // null: the scratch directory is not kept
    // By host file, as long as it has a name: afterwards the host may reuse its inode number.
    std::map<FileKey, std::shared_ptr<Inode>> inodes_;
    std::shared_ptr<FileEvents> events_;
    bool limited_;
    std::shared_ptr<DiskSpace> space_;
    std::map<FileKey, std::shared_ptr<DiskUse>> uses_;  // by host file, as inodes_
    // Each is one of the inodes that its tmpfs may have, by host file.
    std::map<FileKey, std::shared_ptr<void>> inode_places_;
    std::map<FileKey, std::weak_ptr<Pipe>> fifos_;  // those that are open
    // All that has a descriptor of a host file.
    Met<Inode> inodes_met_;
    Met<File> nodes_met_;  // NodeFile
    // At these sizes of the maps, what is no longer in use is looked for.
    std::size_t inodes_kept_ = 128, fifos_kept_ = 16;
    // Files made by the guest: half as many as the memory has pages, as in a tmpfs.
    bool may_add_file() const {
        return layers_.attributes.size() < machine_.memory.limit_bytes() / kPageSize / 2 &&
               machine_.memory.has_room(Layers::kFileBytes);
    }
    // Above the usual inode numbers of host file systems.
    std::uint64_t next_inode_ = std::uint64_t{1} << 40;
};

}  // namespace uprobesim
