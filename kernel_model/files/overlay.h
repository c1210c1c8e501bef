// SPDX-License-Identifier: GPL-2.0-or-later
// The FileSystem: layers, copy-up on write, attributes and times of what the guest made.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "kernel_model/files/file_system.h"
#include "kernel_model/files/inode.h"
#include "kernel_model/files/layers.h"

namespace uprobesim {

class OverlayFileSystem final : public FileSystem {
public:
    OverlayFileSystem(Machine& machine, HostDirectory root, HostDirectory scratch, std::vector<Layers::Bind> binds, std::string temporary);
    ~OverlayFileSystem() override;

    SysResult<OpenResult> open(Process*, std::string_view cwd, std::string_view path, std::uint32_t flags, std::uint32_t mode) override;
    SysResult<FileStatus> status(Process*, std::string_view cwd, std::string_view path, bool follow) override;
    SysResult<std::string> read_link(Process*, std::string_view cwd, std::string_view path) override;
    SysResult<void> access(Process*, std::string_view cwd, std::string_view path, std::uint32_t mode, bool follow) override;
    SysResult<void> make_directory(std::string_view cwd, std::string_view path, std::uint32_t mode) override;
    SysResult<void> remove(std::string_view cwd, std::string_view path, bool directory) override;
    SysResult<void> rename(std::string_view cwd_from, std::string_view from, std::string_view cwd_to, std::string_view to, bool no_replace) override;
    SysResult<void> link(std::string_view cwd_from, std::string_view from, std::string_view cwd_to, std::string_view to) override;
    SysResult<void> symlink(std::string_view target, std::string_view cwd, std::string_view path) override;
    SysResult<void> change_mode(std::string_view cwd, std::string_view path, std::uint32_t mode) override;
    SysResult<void> change_owner(std::string_view cwd, std::string_view path, std::uint32_t uid, std::uint32_t gid, bool follow) override;
    SysResult<void> set_times(std::string_view cwd, std::string_view path, const Times&, bool follow) override;
    SysResult<std::string> real_directory(Process*, std::string_view cwd, std::string_view path) override;
    void finish() override;
    void set_clock(std::function<std::uint64_t()> now_ns) override;
    std::shared_ptr<File> host_stdio(int fd) override;

    // For open files: their guest status, and the time of a write.
    FileStatus status_of(const std::string& guest, const FileStatus& host) const;
    void touched(const std::string& guest);
    SysResult<std::vector<DirEntry>> list(Process* process, const std::string& guest);

private:
    // The directory of a name that is about to be made or removed, made writable in the scratch layer where it is not.
    struct Place {
        const HostDirectory* directory = nullptr;
        std::string relative;
        std::string guest;
        bool scratch = false;
        std::optional<Node> existing;
        std::uint32_t components = 0;
    };
    SysResult<Place> place(std::string_view cwd, std::string_view path, bool follow_last, Process* process = nullptr);
    SysResult<void> copy_up_directory(const std::string& guest);
    SysResult<Node> copy_up(const Node& node);
    SysResult<Node> writable_node(std::string_view cwd, std::string_view path, bool follow);
    void new_attributes(const std::string& guest, std::uint32_t mode);
    std::shared_ptr<Inode> inode_for(const Node& node, HostFd fd, bool writable);
    std::uint64_t now_ns() const { return now_ns_ ? now_ns_() : 0; }

    Machine& machine_;
    SpecialFiles special_;
    Layers layers_;
    std::string temporary_;  // host path of a scratch directory to be removed; empty: kept
    std::function<std::uint64_t()> now_ns_;
    std::map<FileKey, std::shared_ptr<Inode>> inodes_;
    std::uint64_t next_inode_ = 1u << 20;
};

}  // namespace uprobesim
