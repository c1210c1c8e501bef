// SPDX-License-Identifier: GPL-2.0-or-later
// drivers/block/loop.c, and what the block layer answers for every device (block/ioctl.c).
#include "kernel_model/syscall/block/loop_ioctl.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/block/loop_devices.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

bool valid_block_size(std::uint64_t bytes) {
    return bytes >= LoopDevice::kSector && bytes <= kPageSize && std::has_single_bit(bytes);
}

bool opened_to_write(const File& file) {
    return (file.flags & kOAccmode) != kORdonly;
}

// Loop devices on top of each other read each from the one below, on the host's stack: no bound
// device has more of them below it than this. A file that is bound keeps its own from changing but
// by LOOP_CHANGE_FD, which makes none higher.
constexpr int kMostBelow = 64;
int loops_from(const File* file) {
    int count = 0;
    while (const auto* const loop = dynamic_cast<const LoopFile*>(file)) {
        ++count;
        file = loop->device().file.get();
    }
    return count;
}

// loop_validate_file: no device is its own file, however many are between.
SysResult<std::shared_ptr<File>> backing_argument(SysCall& call, const LoopFile& of,
                                                  std::int32_t fd) {
    auto file = call.process.files.share(fd);
    if (!file || (file->flags & kOPath) != 0) return tl::make_unexpected(Errno::Badf);
    for (const File* below = file.get();;) {
        const auto* const loop = dynamic_cast<const LoopFile*>(below);
        if (loop == nullptr) break;
        if (&loop->device() == &of.device()) return tl::make_unexpected(Errno::Badf);
        if (!loop->device().bound()) return tl::make_unexpected(Errno::Inval);
        below = loop->device().file.get();
    }
    const auto status = TRY(file->status());
    const std::uint32_t kind = status.mode & kIfmt;
    if (kind != kIfReg && kind != kIfBlk) return tl::make_unexpected(Errno::Inval);
    return file;
}

// loop_set_status_from_info
SysResult<void> check_info(const LoopInfo64& info) {
    constexpr std::uint32_t kKeyBytes = 32;
    constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
    if (info.key_bytes > kKeyBytes || info.encryption != 0)
        return tl::make_unexpected(Errno::Inval);
    if (info.offset > kMost || info.size_limit > kMost) return tl::make_unexpected(Errno::Overflow);
    return {};
}

void set_info(LoopDevice& device, const LoopInfo64& info) {
    device.offset = info.offset;
    device.size_limit = info.size_limit;
    device.name = info.name;
    device.name.back() = '\0';
}

// loop_configure
SysOutcome bind(SysCall& call, LoopFile& loop, const LoopConfig& config) {
    constexpr std::uint32_t kSettable = kLoopReadOnly | kLoopStatusFlags | kLoopDirectIo;
    LoopDevice& device = loop.device();
    auto file = TRY(backing_argument(call, loop, static_cast<std::int32_t>(config.fd)));
    if (device.file) return Errno::Busy;
    if (loops_from(file.get()) > kMostBelow) return Errno::NoMem;
    if ((config.info.flags & ~kSettable) != 0) return Errno::Inval;
    if (config.block_size != 0 && !valid_block_size(config.block_size)) return Errno::Inval;
    TRY(check_info(config.info));
    set_info(device, config.info);
    device.flags = config.info.flags;
    if (!opened_to_write(*file) || !opened_to_write(loop)) device.flags |= kLoopReadOnly;
    device.block_size = config.block_size != 0 ? config.block_size : LoopDevice::kSector;
    device.file = std::move(file);
    device.measure();
    return 0;
}

SysOutcome set_fd(SysCall& call, LoopFile& loop) {
    LoopConfig config{};
    config.fd = call.uint32(2);
    return bind(call, loop, config);
}

SysOutcome configure(SysCall& call, LoopFile& loop) {
    const auto config = call.memory().get<LoopConfig>(call.address(2));
    return config ? bind(call, loop, *config) : SysOutcome(Errno::Fault);
}

// The file goes with the last description of the device.
SysOutcome clear_fd(SysCall&, LoopFile& loop) {
    LoopDevice& device = loop.device();
    if (!device.bound()) return Errno::Nxio;
    device.flags |= kLoopAutoclear;
    device.ending = device.opened == 1;
    return 0;
}

SysOutcome change_fd(SysCall& call, LoopFile& loop) {
    LoopDevice& device = loop.device();
    if (!device.bound()) return Errno::Nxio;
    if ((device.flags & kLoopReadOnly) == 0) return Errno::Inval;
    auto file = TRY(backing_argument(call, loop, call.int32(2)));
    if (file->size().value_or(0) != device.file->size().value_or(0)) return Errno::Inval;
    if (loops_from(file.get()) > loops_from(device.file.get())) return Errno::NoMem;
    device.file = std::move(file);
    return 0;
}

// loop_set_status
SysOutcome change_status(SysCall& call, LoopFile& loop, const LoopInfo64& info) {
    LoopDevice& device = loop.device();
    if (!opened_to_write(loop) && !call.capable(Capability::SysAdmin)) return Errno::Perm;
    if (!device.bound()) return Errno::Nxio;
    TRY(check_info(info));
    set_info(device, info);
    // What is set stays, but that the file goes with the last description.
    device.flags = (device.flags & ~kLoopAutoclear) | (info.flags & kLoopStatusFlags);
    device.measure();
    return 0;
}

SysOutcome set_status64(SysCall& call, LoopFile& loop) {
    const auto info = call.memory().get<LoopInfo64>(call.address(2));
    return info ? change_status(call, loop, *info) : SysOutcome(Errno::Fault);
}

SysOutcome set_status(SysCall& call, LoopFile& loop) {
    const auto info = call.memory().get<LoopInfo>(call.address(2));
    if (!info) return Errno::Fault;
    LoopInfo64 wide{};
    wide.offset = static_cast<std::uint64_t>(std::int64_t{info->offset});
    wide.encryption = static_cast<std::uint32_t>(info->encryption);
    wide.key_bytes = static_cast<std::uint32_t>(info->key_bytes);
    wide.flags = static_cast<std::uint32_t>(info->flags);
    wide.name = info->name;
    return change_status(call, loop, wide);
}

SysResult<LoopInfo64> status_of(const LoopFile& loop) {
    const LoopDevice& device = loop.device();
    if (!device.bound()) return tl::make_unexpected(Errno::Nxio);
    const auto file = TRY(device.file->status());
    LoopInfo64 info{};
    info.device = file.device;
    info.inode = file.inode;
    info.rdevice = (file.mode & kIfmt) == kIfBlk ? file.rdevice : file.device;
    info.offset = device.offset;
    info.size_limit = device.size_limit;
    info.number = device.number;
    info.flags = device.flags;
    info.name = device.name;
    return info;
}

SysOutcome get_status64(SysCall& call, LoopFile& loop) {
    const auto info = TRY(status_of(loop));
    return call.memory().put(call.address(2), info) ? SysOutcome(0) : SysOutcome(Errno::Fault);
}

// loop_info64_to_old: what does not fit is an error.
SysOutcome get_status(SysCall& call, LoopFile& loop) {
    const auto wide = TRY(status_of(loop));
    LoopInfo info{};
    info.number = static_cast<std::int32_t>(wide.number);
    info.device = static_cast<std::uint32_t>(wide.device);
    info.inode = wide.inode;
    info.rdevice = static_cast<std::uint32_t>(wide.rdevice);
    info.offset = static_cast<std::int32_t>(wide.offset);
    info.flags = static_cast<std::int32_t>(wide.flags);
    info.name = wide.name;
    if (info.device != wide.device || info.rdevice != wide.rdevice || info.offset < 0 ||
        static_cast<std::uint64_t>(info.offset) != wide.offset)
        return Errno::Overflow;
    return call.memory().put(call.address(2), info) ? SysOutcome(0) : SysOutcome(Errno::Fault);
}

SysOutcome set_capacity(SysCall&, LoopFile& loop) {
    if (!loop.device().bound()) return Errno::Nxio;
    loop.device().measure();
    return 0;
}

SysOutcome set_direct(SysCall& call, LoopFile& loop) {
    LoopDevice& device = loop.device();
    if (!device.bound()) return Errno::Nxio;
    device.flags &= ~kLoopDirectIo;
    if (call.args[2] != 0) device.flags |= kLoopDirectIo;
    return 0;
}

SysOutcome set_block_size(SysCall& call, LoopFile& loop) {
    LoopDevice& device = loop.device();
    if (!device.bound()) return Errno::Nxio;
    if (!valid_block_size(call.args[2])) return Errno::Inval;
    device.block_size = call.uint32(2);
    return 0;
}

template <class T>
SysOutcome give(SysCall& call, T value) {
    return call.memory().put(call.address(2), value) ? SysOutcome(0) : SysOutcome(Errno::Fault);
}

SysOutcome sectors(SysCall& call, LoopFile& loop) {
    return give(call, loop.device().sectors);
}
SysOutcome bytes(SysCall& call, LoopFile& loop) {
    return give(call, loop.device().bytes());
}
SysOutcome sector_bytes(SysCall& call, LoopFile& loop) {
    return give(call, loop.device().block_size);
}
SysOutcome page_bytes(SysCall& call, LoopFile&) {
    return give(call, static_cast<std::uint32_t>(kPageSize));
}
SysOutcome nothing(SysCall& call, LoopFile&) {
    return give(call, std::uint32_t{0});
}
SysOutcome read_ahead(SysCall& call, LoopFile& loop) {
    return give(call, loop.device().read_ahead);
}
SysOutcome set_read_ahead(SysCall& call, LoopFile& loop) {
    constexpr std::uint64_t kSectorsOfPage = kPageSize / LoopDevice::kSector;
    if (!call.capable(Capability::SysAdmin)) return Errno::Acces;
    loop.device().read_ahead = call.args[2] / kSectorsOfPage * kSectorsOfPage;
    return 0;
}
SysOutcome is_read_only(SysCall& call, LoopFile& loop) {
    return give(call, std::int32_t{loop.device().refuses_writes()});
}
SysOutcome set_read_only(SysCall& call, LoopFile& loop) {
    if (!call.capable(Capability::SysAdmin)) return Errno::Acces;
    const auto wanted = call.memory().get<std::int32_t>(call.address(2));
    if (!wanted) return Errno::Fault;
    loop.device().read_only = *wanted != 0;
    return 0;
}
SysOutcome flush(SysCall& call, LoopFile& loop) {
    if (!call.capable(Capability::SysAdmin)) return Errno::Acces;
    const auto synced = loop.sync();
    return synced ? SysOutcome(0) : SysOutcome(synced.error());
}
// There are no partitions to look for.
SysOutcome read_table(SysCall& call, LoopFile&) {
    return call.capable(Capability::SysAdmin) ? Errno::Inval : Errno::Acces;
}

struct Row {
    std::uint32_t request;
    SysOutcome (*answer)(SysCall&, LoopFile&);
};
constexpr Row kRows[] = {{kLoopSetFd, set_fd},
                         {kLoopConfigure, configure},
                         {kLoopClrFd, clear_fd},
                         {kLoopChangeFd, change_fd},
                         {kLoopSetStatus, set_status},
                         {kLoopGetStatus, get_status},
                         {kLoopSetStatus64, set_status64},
                         {kLoopGetStatus64, get_status64},
                         {kLoopSetCapacity, set_capacity},
                         {kLoopSetDirectIo, set_direct},
                         {kLoopSetBlockSize, set_block_size},
                         {kBlkgetsize, sectors},
                         {kBlkgetsize64, bytes},
                         {kBlksszget, sector_bytes},
                         {kBlkpbszget, sector_bytes},
                         {kBlkiomin, sector_bytes},
                         {kBlkioopt, nothing},
                         {kBlkalignoff, nothing},
                         {kBlkbszget, page_bytes},
                         {kBlkraget, read_ahead},
                         {kBlkfraget, read_ahead},
                         {kBlkraset, set_read_ahead},
                         {kBlkfraset, set_read_ahead},
                         {kBlkroget, is_read_only},
                         {kBlkroset, set_read_only},
                         {kBlkflsbuf, flush},
                         {kBlkrrpart, read_table}};

SysOutcome control(SysCall& call, const LoopControl& file) {
    const auto number = [](const SysResult<std::uint32_t>& made) {
        return made ? SysOutcome(std::uint64_t{*made}) : SysOutcome(made.error());
    };
    switch (call.uint32(1)) {
        case kLoopCtlAdd: return number(file.devices().add(call.int32(2)));
        case kLoopCtlGetFree: return number(file.devices().free());
        case kLoopCtlRemove: {
            if (call.int32(2) < 0) return Errno::Inval;
            TRY(file.devices().remove(call.uint32(2)));
            return 0;
        }
        default: return Errno::NoSys;
    }
}

}  // namespace

std::optional<SysOutcome> loop_ioctl(SysCall& call, const std::shared_ptr<File>& file) {
    if (const auto* const devices = dynamic_cast<const LoopControl*>(file.get()))
        return control(call, *devices);
    auto* const loop = dynamic_cast<LoopFile*>(file.get());
    if (loop == nullptr) return std::nullopt;
    const auto* const row = std::ranges::find(kRows, call.uint32(1), &Row::request);
    return row == std::end(kRows) ? SysOutcome(Errno::Inval) : row->answer(call, *loop);
}

}  // namespace uprobesim
