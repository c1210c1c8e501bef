// SPDX-License-Identifier: GPL-2.0-or-later
// Loop devices: each is free, or bound to a file.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "kernel_model/abi/calls/loop.h"
#include "kernel_model/files/file.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

struct LoopDevice {
    static constexpr std::uint32_t kSector = 512;

    std::uint32_t number = 0;
    std::shared_ptr<File> file;  // null: it is free
    std::uint64_t sectors = 0;   // of the device, as they were when it was bound
    std::uint64_t offset = 0, size_limit = 0;
    std::uint32_t flags = 0;  // abi::kLoop*
    std::uint32_t block_size = kSector;
    std::uint64_t read_ahead = 256;  // in sectors; nothing is read before it is wanted
    bool read_only = false;          // BLKROSET
    bool ending = false;             // LOOP_CLR_FD of the only one that has it open
    std::uint32_t opened = 0;        // descriptions
    std::array<char, 64> name{};
    MemoryCharge charge;

    bool bound() const { return file != nullptr && !ending; }
    std::uint64_t bytes() const { return sectors * kSector; }
    bool refuses_writes() const { return read_only || (flags & abi::kLoopReadOnly) != 0; }
    // The size of the file now, from the offset on.
    void measure();
    void release();
};

class LoopDevices {
public:
    // `memory`: what they are charged to; null: to none.
    explicit LoopDevices(PhysicalMemory* memory);

    // Null: there is none.
    std::shared_ptr<LoopDevice> find(std::uint32_t number) const;
    const std::map<std::uint32_t, std::shared_ptr<LoopDevice>>& all() const { return devices_; }
    // LOOP_CTL_ADD; negative: the first number that is not there. Exist, NoMem.
    SysResult<std::uint32_t> add(std::int64_t number);
    // LOOP_CTL_REMOVE. NoDev, Busy.
    SysResult<void> remove(std::uint32_t number);
    // LOOP_CTL_GET_FREE: makes one if all are bound. NoMem.
    SysResult<std::uint32_t> free();

private:
    static constexpr std::uint64_t kBytes = 4096;  // struct loop_device, its queue and disk
    static constexpr std::uint32_t kAtStart = 8;   // CONFIG_BLK_DEV_LOOP_MIN_COUNT
    static constexpr std::uint32_t kMost = 1 << 20;
    PhysicalMemory* memory_;
    std::map<std::uint32_t, std::shared_ptr<LoopDevice>> devices_;
};

// /dev/loopN.
class LoopFile final : public File {
public:
    LoopFile(std::shared_ptr<LoopDevice> device, FileStatus status)
        : device_(std::move(device)), status_(std::move(status)) {
        ++device_->opened;
    }
    LoopFile(const LoopFile&) = delete;
    LoopFile& operator=(const LoopFile&) = delete;
    ~LoopFile() override;

    SysResult<std::uint64_t> read(std::uint64_t offset, std::span<std::byte> to) override;
    SysResult<std::uint64_t> write(std::uint64_t offset, std::span<const std::byte> from) override;
    bool seekable() const override { return true; }
    SysResult<FileStatus> status() override { return status_; }
    FileStatus* own_status() override { return &status_; }
    SysResult<std::uint64_t> size() override { return device_->bytes(); }
    SysResult<void> clear(std::uint64_t begin, std::uint64_t end) override;
    SysResult<void> sync() override;
    Splices splices() const override { return {.from = true, .to = true}; }
    FileCosts costs() const override {
        return {.read = KernelPath::SysReadDevice, .write = KernelPath::SysWriteDevice};
    }
    LoopDevice& device() const { return *device_; }

private:
    std::shared_ptr<LoopDevice> device_;
    FileStatus status_;
};

// /dev/loop-control.
class LoopControl final : public File {
public:
    LoopControl(LoopDevices& devices, FileStatus status)
        : devices_(devices), status_(std::move(status)) {}
    SysResult<FileStatus> status() override { return status_; }
    FileStatus* own_status() override { return &status_; }
    LoopDevices& devices() const { return devices_; }

private:
    LoopDevices& devices_;
    FileStatus status_;
};

}  // namespace uprobesim
