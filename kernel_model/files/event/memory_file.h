// SPDX-License-Identifier: GPL-2.0-or-later
// memfd: a file of simulated memory, with seals.
#pragma once

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/file.h"
#include "kernel_model/memory/shared_memory.h"

namespace uprobesim {

class MemoryFile final : public File {
public:
    // `seals`: the initial seals. All open descriptions of a memfd share `Shared`.
    struct Shared {
        std::shared_ptr<SharedMemory> memory;
        std::uint32_t seals = 0;
        FileStatus status;
    };
    MemoryFile(std::shared_ptr<Shared> shared, std::uint32_t open_flags)
        : shared_(std::move(shared)) {
        flags = open_flags;
        name = shared_->memory->path();
    }

    SysResult<std::uint64_t> read(std::uint64_t offset, std::span<std::byte> to) override {
        return shared_->memory->read(offset, to);
    }
    SysResult<std::uint64_t> write(std::uint64_t offset, std::span<const std::byte> from) override;
    bool seekable() const override { return true; }
    SysResult<FileStatus> status() override;
    void remove_set_ids(const Credentials& writer) override;
    FileStatus* own_status() override { return &shared_->status; }
    SysResult<std::uint64_t> size() override { return shared_->memory->size(); }
    SysResult<void> truncate(std::uint64_t size) override;
    SysResult<void> clear(std::uint64_t begin, std::uint64_t end) override;
    std::optional<std::uint64_t> next_data(std::uint64_t from) override {
        return shared_->memory->next_data(from);
    }
    std::optional<std::uint64_t> next_hole(std::uint64_t from) override {
        return shared_->memory->next_hole(from);
    }
    std::shared_ptr<FileBacking> backing() override { return shared_->memory; }
    Splices splices() const override { return {.from = true, .to = true}; }
    bool write_sealed() const override {
        return (shared_->seals & (abi::kFSealWrite | abi::kFSealFutureWrite)) != 0;
    }

    bool mode_sealed() const override { return (shared_->seals & abi::kFSealExec) != 0; }

    std::uint32_t seals() const { return shared_->seals; }
    // `mapped`: a writable shared mapping exists.
    SysResult<void> add_seals(std::uint32_t seals, bool mapped);
    const std::shared_ptr<Shared>& shared() const { return shared_; }

private:
    std::shared_ptr<Shared> shared_;
};

}  // namespace uprobesim
