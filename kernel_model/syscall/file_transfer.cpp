// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/file_transfer.h"

#include <algorithm>
#include <vector>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/stat.h"

namespace uprobesim {

namespace {

constexpr std::uint64_t kMaxTransfer = 0x7ffff000;  // MAX_RW_COUNT
constexpr std::uint64_t kMaxVector = 1024;          // UIO_MAXIOV

// One buffer. nullopt: its first byte is a bad pointer.
struct Moved {
    std::uint64_t bytes = 0;
    bool bad_pointer = false;
    bool failed = false;
    Errno error{};
    bool ended = false;  // the file had less
};

Moved move(UserMemory memory, File& file, Direction direction, VAddr buffer, std::uint64_t size, std::uint64_t offset) {
    Moved moved;
    if (size == 0) {
        // Devices and pipes still say what is wrong with them.
        auto n = direction == Direction::Read ? file.read(offset, {}) : file.write(offset, {});
        moved.failed = !n && n.error() != Errno::Again;
        if (moved.failed) moved.error = n.error();
        return moved;
    }
    const Access access = direction == Direction::Read ? Access::Write : Access::Read;
    const auto done = memory.for_each_span(buffer, size, access, [&](std::span<std::byte> span) -> std::uint64_t {
        auto n = direction == Direction::Read ? file.read(offset + moved.bytes, span)
                                              : file.write(offset + moved.bytes, span);
        if (!n) {
            moved.failed = true;
            moved.error = n.error();
            return 0;
        }
        moved.bytes += *n;
        if (*n < span.size()) moved.ended = true;
        return *n;
    });
    moved.bad_pointer = !done && moved.bytes == 0 && !moved.failed;
    return moved;
}

SysOutcome outcome_of(SysCall& call, File& file, const Moved& moved, std::uint64_t total) {
    if (total > 0) return total;
    if (moved.bad_pointer) return Errno::Fault;
    if (!moved.failed) return std::uint64_t{0};
    return write_failure(call, file, moved.error);
}

struct Start {
    std::uint64_t offset;
    bool moves;
};
Start start_of(File& file, Direction direction, const std::uint64_t* offset) {
    if (offset != nullptr) return {*offset, false};
    if (direction == Direction::Write && (file.flags & abi::kOAppend) != 0 && !file.host_position()) {
        return {file.size().value_or(file.position), true};
    }
    return {file.position, true};
}

}  // namespace

bool may(const File& file, Direction direction) {
    const std::uint32_t mode = file.flags & abi::kOAccmode;
    if ((file.flags & abi::kOPath) != 0) return false;
    return direction == Direction::Read ? mode != abi::kOWronly : mode != abi::kORdonly;
}

SysOutcome write_failure(SysCall& call, File& file, Errno error) {
    if (error == Errno::Again && (file.flags & abi::kONonblock) == 0) {
        call.wait_on(file.waiters());
        return Block{};
    }
    if (error == Errno::Pipe) {
        SignalInfo info;
        info.signal = Signal::Pipe;
        info.code = kSiUser;
        info.pid = call.process.pid;
        call.kernel.send_signal(call.task, info);
    }
    return error;
}

SysOutcome transfer(SysCall& call, std::int32_t fd, Direction direction, VAddr buffer, std::uint64_t size,
                    const std::uint64_t* offset) {
    const auto file = call.process.files.share(fd);
    if (!file || !may(*file, direction)) return bad_descriptor(call);
    if (offset != nullptr && static_cast<std::int64_t>(*offset) < 0) return Errno::Inval;
    if (offset != nullptr && !file->seekable()) return Errno::Spipe;
    if (static_cast<std::int64_t>(size) < 0) return Errno::Inval;
    call.path = direction == Direction::Read ? file->read_path() : file->write_path();
    // The whole range must lie in user space, touched or not (access_ok).
    if (size > 0 && (buffer.value >= AddressSpace::kTop || size > AddressSpace::kTop - buffer.value))
        return Errno::Fault;
    const Start start = start_of(*file, direction, offset);
    const Moved moved = move(call.memory(), *file, direction, buffer, std::min(size, kMaxTransfer), start.offset);
    if (start.moves && moved.bytes > 0) file->position = start.offset + moved.bytes;
    call.units = moved.bytes;
    return outcome_of(call, *file, moved, moved.bytes);
}

SysOutcome transfer_vector(SysCall& call, std::int32_t fd, Direction direction, VAddr vector, std::uint64_t count,
                           const std::uint64_t* offset) {
    const auto file = call.process.files.share(fd);
    if (!file || !may(*file, direction)) return bad_descriptor(call);
    if (count > kMaxVector) return Errno::Inval;
    if (offset != nullptr && static_cast<std::int64_t>(*offset) < 0) return Errno::Inval;
    if (offset != nullptr && !file->seekable()) return Errno::Spipe;
    UserMemory memory = call.memory();
    std::vector<abi::Iovec> buffers(count);
    if (!memory.read(vector, std::as_writable_bytes(std::span(buffers)))) return Errno::Fault;
    std::uint64_t sum = 0;
    for (const auto& b : buffers) {
        if (static_cast<std::int64_t>(b.length) < 0 || sum + b.length < sum) return Errno::Inval;
        sum += b.length;
    }
    call.path = direction == Direction::Read ? file->read_path() : file->write_path();
    call.kernel.spend(call.task, KernelPath::SysVector, count);
    const Start start = start_of(*file, direction, offset);
    std::uint64_t total = 0;
    Moved moved;
    for (const auto& b : buffers) {
        if (b.length == 0) continue;
        if (b.base >= AddressSpace::kTop || b.length > AddressSpace::kTop - b.base) {
            moved.bad_pointer = true;
            break;
        }
        moved = move(memory, *file, direction, VAddr(b.base), std::min(b.length, kMaxTransfer - total),
                     start.offset + total);
        total += moved.bytes;
        if (moved.bytes < b.length) break;
    }
    if (start.moves && total > 0) file->position = start.offset + total;
    call.units = total;
    return outcome_of(call, *file, moved, total);
}

}  // namespace uprobesim
