// SPDX-License-Identifier: GPL-2.0-or-later
// memfd_secret: memory that only those reach who have it mapped (mm/secretmem.c). It is neither
// read nor written, and its size is given once.
#pragma once

#include <memory>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/files/file.h"
#include "kernel_model/memory/shared_memory.h"

namespace uprobesim {

class SecretFile final : public File {
public:
    static constexpr std::uint64_t kDevice = 0x1a;

    SecretFile(PhysicalMemory& memory, std::uint64_t inode, std::uint32_t uid, std::uint32_t gid)
        : memory_(std::make_shared<SharedMemory>(memory, inode, 0, "/secretmem (deleted)")),
          status_{.device = kDevice,
                  .inode = inode,
                  .mode = abi::kIfReg | 0600u,
                  .links = 1,
                  .uid = uid,
                  .gid = gid} {
        flags = abi::kORdwr | abi::kOLargefile;
        name = memory_->path();
    }

    SysResult<FileStatus> status() override {
        FileStatus s = status_;
        s.size = static_cast<std::int64_t>(memory_->size());
        return s;
    }
    FileStatus* own_status() override { return &status_; }
    SysResult<std::uint64_t> size() override { return memory_->size(); }
    SysResult<void> truncate(std::uint64_t size) override {
        if (memory_->size() != 0) return tl::make_unexpected(Errno::Inval);
        memory_->resize(size);
        return {};
    }
    SysResult<void> reserve(std::uint64_t, std::uint64_t) override {
        return tl::make_unexpected(Errno::NotSup);
    }
    std::shared_ptr<FileBacking> backing() override { return memory_; }
    bool is_secret() const override { return true; }

private:
    std::shared_ptr<SharedMemory> memory_;
    FileStatus status_;
};

}  // namespace uprobesim
