// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/block/loop_devices.h"

#include <algorithm>
#include <cstring>

namespace uprobesim {

void LoopDevice::measure() {
    const std::uint64_t size = file->size().value_or(0);
    std::uint64_t bytes = size > offset ? size - offset : 0;
    if (size_limit != 0) bytes = std::min(bytes, size_limit);
    sectors = bytes / kSector;
}

// __loop_clr_fd
void LoopDevice::release() {
    file.reset();
    sectors = offset = size_limit = 0;
    flags = 0;
    block_size = kSector;
    ending = false;
    name = {};
}

LoopDevices::LoopDevices(PhysicalMemory* memory) : memory_(memory) {
    for (std::uint32_t number = 0; number < kAtStart; ++number) {
        devices_[number] = std::make_shared<LoopDevice>();
        devices_[number]->number = number;  // of the kernel's start: not charged
    }
}

std::shared_ptr<LoopDevice> LoopDevices::find(std::uint32_t number) const {
    const auto it = devices_.find(number);
    return it == devices_.end() ? nullptr : it->second;
}

SysResult<std::uint32_t> LoopDevices::add(std::int64_t number) {
    if (number < 0) {
        number = 0;
        for (const auto& [there, device] : devices_) {
            if (there != number) break;
            ++number;
        }
    }
    if (number >= kMost) return tl::make_unexpected(Errno::NoSpc);
    const auto wanted = static_cast<std::uint32_t>(number);
    if (devices_.contains(wanted)) return tl::make_unexpected(Errno::Exist);
    if (memory_ != nullptr && !memory_->has_room(kBytes)) return tl::make_unexpected(Errno::NoMem);
    auto device = std::make_shared<LoopDevice>();
    device->number = wanted;
    device->charge = MemoryCharge(memory_, kBytes);
    devices_[wanted] = std::move(device);
    return wanted;
}

SysResult<void> LoopDevices::remove(std::uint32_t number) {
    const auto it = devices_.find(number);
    if (it == devices_.end()) return tl::make_unexpected(Errno::NoDev);
    if (it->second->file || it->second->opened != 0) return tl::make_unexpected(Errno::Busy);
    devices_.erase(it);
    return {};
}

SysResult<std::uint32_t> LoopDevices::free() {
    for (const auto& [number, device] : devices_) {
        if (!device->file) return number;
    }
    return add(-1);
}

LoopFile::~LoopFile() {
    if (--device_->opened != 0) return;
    if (device_->file && (device_->ending || (device_->flags & abi::kLoopAutoclear) != 0))
        device_->release();
}

SysResult<std::uint64_t> LoopFile::read(std::uint64_t offset, std::span<std::byte> to) {
    const std::uint64_t end = device_->bytes();
    if (offset >= end) return std::uint64_t{0};
    const std::size_t wanted = std::min<std::uint64_t>(to.size(), end - offset);
    std::size_t done = 0;
    while (done < wanted) {
        const auto n =
            device_->file->read(device_->offset + offset + done, to.subspan(done, wanted - done));
        if (!n) return tl::make_unexpected(Errno::Io);
        if (*n == 0) break;
        done += *n;
    }
    // The file has become shorter (zero_fill_bio).
    std::ranges::fill(to.subspan(done, wanted - done), std::byte{});
    return std::uint64_t{wanted};
}

SysResult<std::uint64_t> LoopFile::write(std::uint64_t offset, std::span<const std::byte> from) {
    if (device_->refuses_writes()) return tl::make_unexpected(Errno::Perm);
    const std::uint64_t end = device_->bytes();
    if (offset >= end) return tl::make_unexpected(Errno::NoSpc);
    const std::size_t wanted = std::min<std::uint64_t>(from.size(), end - offset);
    std::size_t done = 0;
    while (done < wanted) {
        const auto n = device_->file->write(device_->offset + offset + done,
                                            from.subspan(done, wanted - done));
        if (!n || *n == 0) return tl::make_unexpected(Errno::Io);
        done += *n;
    }
    return std::uint64_t{wanted};
}

SysResult<void> LoopFile::clear(std::uint64_t begin, std::uint64_t end) {
    if (!device_->file) return tl::make_unexpected(Errno::Inval);
    return device_->file->clear(device_->offset + begin, device_->offset + end);
}

SysResult<void> LoopFile::sync() {
    return device_->file ? device_->file->sync() : SysResult<void>();
}

}  // namespace uprobesim
