// SPDX-License-Identifier: GPL-2.0-or-later
// The implementation of FileSystem: layers, copy-up on write, attributes and times of files made by
// the guest. Removals from the root are kept for the run only: a kept scratch directory holds
// files, not removals, owners or times.
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
#include "sim/base/temp_folder.h"

namespace uprobesim {

class Pipe;

class OverlayFileSystem final : public FileSystem {
public:
    OverlayFileSystem(Machine& machine, std::unique_ptr<SpecialTree> special, HostDirectory root,
                      HostDirectory scratch, std::vector<Layers::Bind> binds,
                      TemporaryFolder temporary, std::shared_ptr<DiskSpace> space);
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
                           bool no_replace) override;
    SysResult<void> link(const Caller&, std::string_view from, bool follow,
                         const std::shared_ptr<const Dentry>& to_start,
                         std::string_view to) override;
    SysResult<void> symlink(const Caller&, std::string_view target, std::string_view path) override;
    SysResult<void> change_mode(const Caller&, std::string_view path, std::uint32_t mode) override;
    SysResult<void> change_owner(const Caller&, std::string_view path, std::uint32_t uid,
                                 std::uint32_t gid, bool follow) override;
    SysResult<void> set_times(const Caller&, std::string_view path, const Times&,
                              bool follow) override;
    SysResult<void> change_mode_of(const Caller&, File& file, std::uint32_t mode) override;
    SysResult<void> change_owner_of(const Caller&, File& file, std::uint32_t uid,
                                    std::uint32_t gid) override;
    SysResult<void> set_times_of(const Caller&, File& file, const Times&) override;
    SysResult<std::shared_ptr<Dentry>> directory(const Caller&, std::string_view path) override;
    void finish() override;
    void set_clock(std::function<std::uint64_t()> now_ns) override;
    const DiskSpace* space() const override { return space_.get(); }
    void set_system_view(const SystemView* system) override { special_->set_system_view(system); }
    std::shared_ptr<File> host_stdio(int fd) override;

    // For open files.
    void modified(FileStatus* attributes) const;  // sets mtime and ctime; null: the host keeps them
    SysResult<std::vector<DirEntry>> list(Process* process, const std::string& guest);
    // The process that makes the present system call (the one that opened a directory may have
    // ended), or `opener` outside of system calls (tests).
    Process* reader(Process* opener) const { return special_->reader(opener); }
    // An open file as what is changed, by what it holds. Perm: it is none of the tree.
    SysResult<Node> node_of(File&);

private:
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
    // Checks whether the caller may add or remove this name (Rofs, Acces, Perm), and makes its
    // directory in the scratch layer.
    SysResult<void> prepare(const Credentials&, const Place&);
    SysResult<void> check_removal(const Credentials&, const Place&, bool directory);
    // rename's checks, in Linux's order. False: both names are links to one file, so rename does
    // nothing.
    SysResult<bool> check_rename(const Credentials&, const Place& source, const Place& target,
                                 bool no_replace);
    SysResult<void> check_replaced(const Credentials&, const Place& target, bool directory);
    SysResult<void> check_empty(const Place&);
    SysResult<void> check_parent_writable(const Place&) const;

    SysResult<void> copy_up_directory(const std::string& guest);
    SysResult<void> copy_up_contents(const Node& node);
    SysResult<void> copy_up_link(const Node& node);
    void keep_attributes(const Node& original);
    SysResult<Node> copy_up(const Node& node);
    // What chmod, chown or utimensat asks for.
    struct Change {
        std::optional<std::uint32_t> mode = std::nullopt;
        std::optional<std::pair<std::uint32_t, std::uint32_t>> owner = std::nullopt;  // ~0: stays
        const Times* times = nullptr;
    };
    SysResult<void> change_at(const Caller&, std::string_view path, bool follow, const Change&);
    SysResult<void> change_of(const Caller&, File&, const Change&);
    SysResult<void> change_node(const Caller&, const Node&, const Change&);
    SysResult<void> change_on_host(const Node&, const Change&);
    void put_change(FileStatus&, const Change&) const;
    std::optional<Node> node_by_name(const File&, const FileKey& key);
    // New attributes for the scratch file that was just made there.
    std::shared_ptr<FileStatus> new_attributes(const Credentials&, const Place&,
                                               std::uint32_t mode);
    void modified_directory(const Place&);
    // open: makes the file, or opens an existing one by its kind.
    SysResult<std::shared_ptr<File>> create(const Caller&, Walk walked, std::uint32_t mode);
    SysResult<std::shared_ptr<File>> open_found(const Caller&, const Node&, std::uint32_t flags,
                                                std::uint32_t mode);
    SysResult<std::shared_ptr<File>> open_special(const Node&);
    SysResult<std::shared_ptr<File>> open_again(const Caller&, const std::shared_ptr<File>& magic,
                                                std::uint32_t flags, std::uint32_t mode);
    SysResult<std::shared_ptr<File>> open_inode_again(const Caller&, File&,
                                                      const std::shared_ptr<Inode>&,
                                                      std::uint32_t flags);
    SysResult<std::shared_ptr<File>> open_directory(const Caller&, const Node&,
                                                    std::uint32_t flags);
    SysResult<std::shared_ptr<File>> open_regular(const Node&, std::uint32_t flags);
    SysResult<std::shared_ptr<File>> open_fifo(const Node&, std::uint32_t flags);
    std::shared_ptr<Inode> inode_for(const Node& node, HostFd fd, bool writable);
    // The space charged for a host file of the scratch layer; null: no limit.
    std::shared_ptr<DiskUse> use_of(const FileKey& host);
    void forget_if_last(const Node& node);
    void drop_unused();
    std::uint64_t now_ns() const { return now_ns_ ? now_ns_() : 0; }

    Machine& machine_;
    std::unique_ptr<SpecialTree> special_;
    Layers layers_;
    TemporaryFolder temporary_;  // the scratch directory, to be removed; none: it is kept
    std::function<std::uint64_t()> now_ns_;
    DentryTree dentries_;
    // By host file, as long as it has a name: afterwards the host may reuse its inode number.
    std::map<FileKey, std::shared_ptr<Inode>> inodes_;
    std::shared_ptr<DiskSpace> space_;                  // null: no limit
    std::map<FileKey, std::shared_ptr<DiskUse>> uses_;  // by host file, as inodes_
    std::map<FileKey, std::weak_ptr<Pipe>> fifos_;      // those that are open
    // Above the usual inode numbers of host file systems.
    std::uint64_t next_inode_ = std::uint64_t{1} << 40;
};

}  // namespace uprobesim
