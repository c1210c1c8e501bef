// SPDX-License-Identifier: GPL-2.0-or-later
// Open regular files and directories of the root, a bind or the scratch layer.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/inotify.h"
#include "kernel_model/files/host/inode.h"
#include "kernel_model/files/host/overlay.h"
#include "sim/base/try.h"

namespace uprobesim {

class RegularFile final : public File {
public:
    RegularFile(OverlayFileSystem& files, std::shared_ptr<Inode> inode)
        : files_(files),
          events_(files.events()),
          inode_(std::move(inode)),
          told_(inode_->failures_told()) {}
    RegularFile(const RegularFile&) = delete;
    RegularFile& operator=(const RegularFile&) = delete;
    ~RegularFile() override {
        if (tells)
            events_->of_file(*this, (flags & abi::kOAccmode) != abi::kORdonly
                                        ? abi::kInCloseWrite
                                        : abi::kInCloseNowrite);
    }

    SysResult<std::uint64_t> read(std::uint64_t offset, std::span<std::byte> to) override {
        if ((flags & abi::kONoatime) == 0)
            files_.accessed(*inode_, dentry ? mount_of(*dentry).get() : nullptr);
        return inode_->read(offset, to);
    }
    SysResult<std::uint64_t> write(std::uint64_t offset, std::span<const std::byte> from) override {
        auto n = inode_->write(offset, from);
        if (n) files_.modified(*inode_);
        return n;
    }
    bool seekable() const override { return true; }
    SysResult<FileStatus> status() override {
        const FileStatus shown = files_.status_of(*inode_);
        if ((shown.mode & abi::kIfmt) == 0) return tl::make_unexpected(Errno::Io);
        return shown;
    }
    SysResult<std::uint64_t> size() override { return inode_->size(); }
    SysResult<void> clear(std::uint64_t begin, std::uint64_t end) override {
        auto done = inode_->clear(begin, end);
        if (done) files_.modified(*inode_);
        return done;
    }
    SysResult<void> truncate(std::uint64_t size) override {
        auto done = inode_->truncate(size);
        if (done) files_.modified(*inode_);
        return done;
    }
    SysResult<void> reserve(std::uint64_t begin, std::uint64_t end) override {
        return inode_->reserve(begin, end);
    }
    // What failed since it was told last: once to each description (file_check_and_advance_wb_err).
    SysResult<void> sync() override {
        (void)inode_->write_back(0, ~std::uint64_t{0} / kPageSize);
        return flush();
    }
    SysResult<void> flush() override {
        files_.flush_state();
        return tell_failure();
    }
    void remove_set_ids(const Credentials& writer) override {
        files_.remove_set_ids(*inode_, writer);
    }
    std::optional<FileKey> watched_key() override { return inode_->key(); }
    std::shared_ptr<File> place() override {
        const auto same = std::make_shared<RegularFile>(files_, inode_);
        same->dentry = dentry;
        same->flags = abi::kOPath;
        return same;
    }
    std::optional<std::uint64_t> next_data(std::uint64_t from) override {
        const bool known = inode_->use && inode_->use->known();
        return known ? inode_->use->next_data(from) : std::optional(from);
    }
    std::optional<std::uint64_t> next_hole(std::uint64_t from) override {
        const bool known = inode_->use && inode_->use->known();
        return known ? std::optional(inode_->use->next_hole(from)) : std::nullopt;
    }
    Splices splices() const override { return {.from = true, .to = true}; }
    std::shared_ptr<FileBacking> backing() override { return inode_; }
    const std::shared_ptr<Inode>& inode() const { return inode_; }

private:
    SysResult<void> tell_failure() {
        if (std::exchange(told_, inode_->failures()) == inode_->failures()) return {};
        return tl::make_unexpected(inode_->last_failure());
    }

    OverlayFileSystem& files_;
    std::shared_ptr<FileEvents> events_;
    std::shared_ptr<Inode> inode_;
    std::uint64_t told_;  // how many of the inode's failures this description knows
};

// An open file that holds what was found, with a descriptor of the host file: what its name becomes
// does not matter.
class NodeFile : public File {
public:
    NodeFile(OverlayFileSystem& files, Node node)
        : files_(files), events_(files.events()), node_(std::move(node)) {}
    NodeFile(const NodeFile&) = delete;
    NodeFile& operator=(const NodeFile&) = delete;
    ~NodeFile() override {
        if (tells) events_->of_file(*this, abi::kInCloseNowrite | abi::kInIsdir);
    }
    std::optional<FileKey> watched_key() override { return node_.key(); }
    std::shared_ptr<File> place() override {
        auto same = files_.hold(node_);
        same->dentry = dentry;
        same->flags = abi::kOPath;
        return same;
    }
    SysResult<FileStatus> status() override { return TRY(files_.node_of(*this)).status; }
    std::uint64_t kernel_bytes() const override {
        return kBytes + node_.guest.size() + node_.relative.size();
    }
    Node& node() { return node_; }

protected:
    OverlayFileSystem& files_;
    std::shared_ptr<FileEvents> events_;
    Node node_;
};

// A name that was opened with O_PATH, of anything but a directory.
class PathFile final : public NodeFile {
public:
    using NodeFile::NodeFile;
};

// The list of entries is read at each rewind, so that a program may remove entries while it
// reads them.
class OpenDirectory final : public NodeFile {
public:
    OpenDirectory(OverlayFileSystem& files, Process* process, Node node)
        : NodeFile(files, std::move(node)), process_(process) {}

    SysResult<std::uint64_t> read(std::uint64_t, std::span<std::byte>) override {
        return tl::make_unexpected(Errno::IsDir);
    }
    bool seekable() const override { return true; }
    SysResult<FileStatus> status() override {
        if (dentry && dentry->removed()) return *dentry->last_status();
        return NodeFile::status();
    }
    SysResult<std::uint64_t> size() override {
        return static_cast<std::uint64_t>(node_.status.size);
    }
    SysResult<std::vector<DirEntry>> entries() override {
        if (dentry && dentry->removed()) return tl::make_unexpected(Errno::NoEnt);
        if (position == 0 || !read_once_) {
            files_.accessed(node_);
            auto now = TRY(files_.list(files_.reader(process_), dentry->inner()));
            entries_ = std::move(now);
            read_once_ = true;
            std::uint64_t bytes = kernel_bytes();
            for (const DirEntry& entry : entries_) bytes += sizeof entry + entry.name.capacity();
            charge.resize(bytes);
        }
        return entries_;
    }

private:
    Process* process_;
    std::vector<DirEntry> entries_;
    bool read_once_ = false;
};

}  // namespace uprobesim
