// SPDX-License-Identifier: GPL-2.0-or-later
// An open regular file of a root, bind or scratch layer.
#pragma once

#include <memory>
#include <string>

#include "kernel_model/files/inode.h"
#include "kernel_model/files/overlay.h"

namespace uprobesim {

class RegularFile final : public File {
public:
    RegularFile(OverlayFileSystem& files, std::shared_ptr<Inode> inode, std::string guest)
        : files_(files), inode_(std::move(inode)), guest_(std::move(guest)) {}

    SysResult<std::uint64_t> read(std::uint64_t offset, std::span<std::byte> to) override { return inode_->read(offset, to); }
    SysResult<std::uint64_t> write(std::uint64_t offset, std::span<const std::byte> from) override {
        auto n = inode_->write(offset, from);
        if (n) files_.touched(guest_);
        return n;
    }
    bool seekable() const override { return true; }
    SysResult<FileStatus> status() override { return files_.status_of(guest_, inode_->status()); }
    SysResult<std::uint64_t> size() override { return inode_->size(); }
    SysResult<void> truncate(std::uint64_t size) override {
        auto done = inode_->truncate(size);
        if (done) files_.touched(guest_);
        return done;
    }
    std::shared_ptr<FileBacking> backing() override { return inode_; }

private:
    OverlayFileSystem& files_;
    std::shared_ptr<Inode> inode_;
    std::string guest_;
};

}  // namespace uprobesim
