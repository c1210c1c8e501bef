// SPDX-License-Identifier: GPL-2.0-or-later
// The FileSystem: layers, copy-up on write, attributes and times of what the guest
// made. What is removed from the root is remembered for the run only: a scratch
// directory that is kept holds files, not removals, owners or times.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernel_model/files/file_system.h"
#include "kernel_model/files/host/inode.h"
#include "kernel_model/files/host/layers.h"

namespace uprobesim {

class Pipe;

class OverlayFileSystem final : public FileSystem {
public:
    OverlayFileSystem(Machine& machine, std::unique_ptr<SpecialTree> special, HostDirectory root,
                      HostDirectory scratch, std::vector<Layers::Bind> binds, std::string temporary,
                      std::shared_ptr<DiskSpace> space);
    ~OverlayFileSystem() override;

    SysResult<OpenResult> open(Process*, std::string_view cwd, std::string_view path,
                               std::uint32_t flags, std::uint32_t mode) override;
    SysResult<FileStatus> status(Process*, std::string_view cwd, std::string_view path,
                                 bool follow) override;
    SysResult<std::string> read_link(Process*, std::string_view cwd,
                                     std::string_view path) override;
    SysResult<void> access(Process*, std::string_view cwd, std::string_view path,
                           std::uint32_t mode, bool follow) override;
    SysResult<void> make_directory(std::string_view cwd, std::string_view path,
                                   std::uint32_t mode) override;
    SysResult<void> make_fifo(std::string_view cwd, std::string_view path,
                              std::uint32_t mode) override;
    SysResult<FileStatus> make_socket(Process*, std::string_view cwd, std::string_view path,
                                      std::uint32_t mode) override;
    SysResult<void> remove(std::string_view cwd, std::string_view path, bool directory) override;
    SysResult<void> rename(std::string_view cwd_from, std::string_view from,
                           std::string_view cwd_to, std::string_view to, bool no_replace) override;
    SysResult<void> link(std::string_view cwd_from, std::string_view from, std::string_view cwd_to,
                         std::string_view to) override;
    SysResult<void> symlink(std::string_view target, std::string_view cwd,
                            std::string_view path) override;
    SysResult<void> change_mode(std::string_view cwd, std::string_view path,
                                std::uint32_t mode) override;
    SysResult<void> change_owner(std::string_view cwd, std::string_view path, std::uint32_t uid,
                                 std::uint32_t gid, bool follow) override;
    SysResult<void> set_times(std::string_view cwd, std::string_view path, const Times&,
                              bool follow) override;
    SysResult<void> change_mode_of(File& file, std::uint32_t mode) override;
    SysResult<void> change_owner_of(File& file, std::uint32_t uid, std::uint32_t gid) override;
    SysResult<void> set_times_of(File& file, const Times&) override;
    void act_as(Process&) override;
    SysResult<std::string> real_directory(Process*, std::string_view cwd,
                                          std::string_view path) override;
    void finish() override;
    void set_clock(std::function<std::uint64_t()> now_ns) override;
    const DiskSpace* space() const override { return space_.get(); }
    void set_system_view(const SystemView* system) override { special_->set_system_view(system); }
    std::shared_ptr<File> host_stdio(int fd) override;

    // For open files.
    void modified(FileStatus* attributes) const;  // sets mtime and ctime; null: the host keeps them
    SysResult<std::vector<DirEntry>> list(Process* process, const std::string& guest);
    // Who makes the present call; who opened a directory may be gone. `opener` where no call is
    // made (tests).
    Process* reader(Process* opener) const { return special_->reader(opener); }
    SysResult<FileStatus> directory_status(const std::string& guest);

private:
    // Where a name is about to be made or removed.
    struct Place {
        const HostDirectory* directory = nullptr;
        std::string relative;
        std::string guest;
        bool scratch = false;
        bool slash = false;  // the path ended in '/'
        std::optional<Node> parent;
        std::optional<Node> existing;
    };
    // `special`: what a last name of ".", ".." or the root itself is answered with.
    SysResult<Place> place(std::string_view cwd, std::string_view path, Errno special);
    SysResult<Place> place_of(Walk walked);
    // Whether the caller may add or remove this name: Rofs, Acces, Perm; makes its directory in the
    // scratch layer.
    SysResult<void> prepare(const Place&);
    bool may_remove(const Place&) const;

    void use(const Process* process);
    void use_actor() { layers_.credentials = actor_; }
    SysResult<void> copy_up_directory(const std::string& guest);
    SysResult<void> copy_up_contents(const Node& node);
    SysResult<Node> copy_up(const Node& node);
    SysResult<Node> writable_node(std::string_view cwd, std::string_view path, bool follow);
    // What a link in /proc/PID/fd leads to, where attributes go by the open file; null: they go by
    // the path.
    std::shared_ptr<File> memory_file_at(std::string_view cwd, std::string_view path, bool follow);
    SysResult<void> rights_to_change(const FileStatus& status) const;
    // New attributes for the scratch file that was just made there.
    std::shared_ptr<FileStatus> new_attributes(const Place&, std::uint32_t mode);
    void modified_directory(const Place&);
    SysResult<OpenResult> create(Process*, Walk walked, std::uint32_t mode);
    SysResult<std::shared_ptr<File>> open_special(Process*, const Node&, std::uint32_t flags,
                                                  std::uint32_t mode);
    SysResult<std::shared_ptr<File>> open_fifo(const Node&, std::uint32_t flags);
    std::shared_ptr<Inode> inode_for(const Node& node, HostFd fd, bool writable);
    // What a host file of the scratch layer takes of its limit; null: it has none.
    std::shared_ptr<DiskUse> use_of(const FileKey& host);
    // The names of open files follow a rename or a removal.
    void moved(const std::string& from, const std::string& to);
    void forget_if_last(const Node& node);
    void drop_unused();
    std::uint64_t now_ns() const { return now_ns_ ? now_ns_() : 0; }

    Machine& machine_;
    std::unique_ptr<SpecialTree> special_;
    Layers layers_;
    std::string temporary_;  // host path of a scratch directory to be removed; empty: kept
    std::function<std::uint64_t()> now_ns_;
    Credentials actor_;
    Process* actor_process_ = nullptr;  // of the present system call, for /proc/self
    // By host file, as long as it has a name: a host may give its number to a new file afterwards.
    std::map<FileKey, std::shared_ptr<Inode>> inodes_;
    std::shared_ptr<DiskSpace> space_;                  // null: no limit
    std::map<FileKey, std::shared_ptr<DiskUse>> uses_;  // by host file, as inodes_
    std::map<FileKey, std::weak_ptr<Pipe>> fifos_;      // those that are open
    std::vector<std::weak_ptr<File>> open_;
    std::size_t open_swept_at_ = 64;
    // Beyond what host file systems usually number.
    std::uint64_t next_inode_ = std::uint64_t{1} << 40;
};

}  // namespace uprobesim
