// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/transfer/file_transfer.h"

#include <algorithm>
#include <vector>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/inotify.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/abi/resource.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/files/pipe.h"
#include "kernel_model/syscall/transfer/permission_events.h"
#include "kernel_model/syscall/transfer/socket_transfer.h"
#include "kernel_model/syscall/transfer/terminal_calls.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

constexpr std::uint64_t kPiece = 65536;  // of a stream's write, at most

// The state of a transfer. `bad_pointer`: not even its first byte is accessible.
struct Moved {
    std::uint64_t bytes = 0;
    bool bad_pointer = false;
    bool failed = false;
    Errno error{};
};

Moved move(UserMemory memory, File& file, Direction direction, VAddr buffer, std::uint64_t size,
           std::uint64_t offset) {
    Moved moved;
    if (size == 0) {
        // Devices and pipes still report their own errors. Files may copy as they do otherwise:
        // memcpy takes no null pointer, for no bytes either.
        std::byte none{};
        const std::span<std::byte> nothing(&none, 0);
        auto n =
            direction == Direction::Read ? file.read(offset, nothing) : file.write(offset, nothing);
        moved.failed = !n && n.error() != Errno::Again;
        if (moved.failed) moved.error = n.error();
        return moved;
    }
    const Access access = direction == Direction::Read ? Access::Write : Access::Read;
    const auto done =
        memory.for_each_span(buffer, size, access, [&](std::span<std::byte> span) -> std::uint64_t {
            auto n = direction == Direction::Read ? file.read(offset + moved.bytes, span)
                                                  : file.write(offset + moved.bytes, span);
            if (!n) {
                moved.failed = true;
                moved.error = n.error();
                return 0;
            }
            moved.bytes += *n;
            return *n;
        });
    moved.bad_pointer = !done && moved.bytes == 0 && !moved.failed;
    // At the end of a file nothing is stored. One whose position the host keeps would lose a byte.
    std::byte byte{};
    if (moved.bad_pointer && direction == Direction::Read && file.seekable() &&
        !file.host_position() && file.read(offset, std::span(&byte, 1)) == 0u)
        moved.bad_pointer = false;
    return moved;
}

using Buffers = std::span<const abi::Iovec>;

// The caller's bytes from `skip` on, as far as they can be read.
std::uint64_t gather(UserMemory memory, Buffers buffers, std::uint64_t skip,
                     std::span<std::byte> to) {
    std::uint64_t done = 0;
    for (const auto& b : buffers) {
        if (done == to.size()) break;
        if (skip >= b.length) {
            skip -= b.length;
            continue;
        }
        const std::uint64_t wanted = std::min(b.length - skip, to.size() - done);
        const auto got =
            memory.for_each_span(VAddr(b.base + skip), wanted, Access::Read, [&](auto span) {
                std::ranges::copy(span, to.begin() + static_cast<std::ptrdiff_t>(done));
                done += span.size();
                return std::uint64_t{span.size()};
            });
        if (got.value_or(0) < wanted) break;
        skip = 0;
    }
    return done;
}

bool scatter(UserMemory memory, Buffers buffers, std::span<const std::byte> from) {
    for (const auto& b : buffers) {
        const auto part = from.first(std::min<std::uint64_t>(b.length, from.size()));
        if (!memory.write(VAddr(b.base), part)) return false;
        from = from.subspan(part.size());
    }
    return true;
}

// Of what is in the pipe and is wanted, how much can be stored, in whole pages.
std::uint64_t storable(UserMemory memory, Buffers buffers, const Pipe& pipe, std::uint64_t total) {
    const std::uint64_t wanted = std::min(total, pipe.bytes());
    std::uint64_t reached = 0;
    for (const auto& b : buffers) {
        if (reached == wanted) break;
        const std::uint64_t size = std::min(b.length, wanted - reached);
        const std::uint64_t here = memory.reachable(VAddr(b.base), size, Access::Write);
        reached += here;
        if (here < size) return reached - reached % kPageSize;
    }
    return total;
}

// A page of the caller's memory at a time.
Moved move_pages(UserMemory memory, File& file, Direction direction, Buffers buffers,
                 std::uint64_t offset, std::uint64_t most) {
    Moved all;
    for (const auto& b : buffers) {
        if (b.length == 0) continue;
        const std::uint64_t done = all.bytes;
        all = move(memory, file, direction, VAddr(b.base), std::min(b.length, most - done),
                   offset + done);
        const std::uint64_t moved = all.bytes;
        all.bytes += done;
        if (moved < b.length) break;
    }
    return all;
}

Moved write_stream(SysCall& call, File& file, Buffers buffers, std::uint64_t total) {
    Moved moved{.bytes = call.task.call_progress};
    std::vector<std::byte> piece;
    while (moved.bytes < total) {
        piece.resize(std::min(total - moved.bytes, kPiece));
        std::uint64_t got = gather(call.memory(), buffers, moved.bytes, piece);
        // pipe_write, tty_write: of a page that cannot be read to its end, no byte is taken.
        if (got < piece.size()) got -= got % kPageSize;
        moved.bad_pointer = got == 0;
        if (got == 0) break;
        const auto n = file.write(0, std::span<const std::byte>(piece).first(got));
        moved.failed = !n;
        if (!n) moved.error = n.error();
        if (!n || *n == 0) break;
        moved.bytes += *n;
    }
    return moved;
}

Moved move_record(SysCall& call, File& file, Direction direction, Buffers buffers,
                  std::uint64_t total) {
    std::vector<std::byte> record(std::min(total, file.record_bytes()));
    Moved moved;
    if (direction == Direction::Write) {
        moved.bad_pointer = gather(call.memory(), buffers, 0, record) < record.size();
        if (moved.bad_pointer) return moved;
    }
    const auto n = direction == Direction::Read ? file.read(0, record) : file.write(0, record);
    moved.failed = !n;
    if (!n) {
        moved.error = n.error();
    } else if (direction == Direction::Read) {
        moved.bad_pointer = !scatter(call.memory(), buffers, std::span(record).first(*n));
        if (!moved.bad_pointer) moved.bytes = *n;
    } else {
        moved.bytes = *n;
    }
    return moved;
}

// pipe_read: of a page of the pipe that cannot be stored as a whole, no byte is taken.
Moved read_pipe(UserMemory memory, File& file, const Pipe& pipe, Buffers buffers,
                std::uint64_t total) {
    if (pipe.bytes() == 0) {
        std::byte none{};
        const auto n = file.read(0, std::span(&none, 1));
        return {.failed = !n, .error = n ? Errno{} : n.error()};
    }
    const std::uint64_t most = storable(memory, buffers, pipe, total);
    if (most == 0) return {.bad_pointer = true};
    return move_pages(memory, file, Direction::Read, buffers, 0, most);
}

struct Start {
    std::uint64_t offset;
    bool moves;
};
Start start_of(File& file, Direction direction, const std::uint64_t* offset) {
    if (direction == Direction::Write && (file.flags & abi::kOAppend) != 0 &&
        !file.host_position() && file.seekable()) {
        return {file.size().value_or(file.position), offset == nullptr};
    }
    if (offset != nullptr) return {*offset, false};
    return {file.position, true};
}

}  // namespace

bool may(const File& file, Direction direction) {
    const std::uint32_t mode = file.flags & abi::kOAccmode;
    // Mode 3 is for ioctl alone.
    if ((file.flags & abi::kOPath) != 0) return false;
    return mode == abi::kORdwr ||
           mode == (direction == Direction::Read ? abi::kORdonly : abi::kOWronly);
}

bool must_wait(SysCall& call, File& file, Errno error, std::uint64_t done) {
    call.task.call_progress = 0;
    if (error == Errno::Pipe) {
        call.kernel.signals().send(
            call.task,
            {.signal = Signal::Pipe, .code = abi::kSiUser, .pid = call.process.id().own()});
    }
    // The host's limit on the size of its stdout is the guest's as well.
    if (error == Errno::Fbig && file.host_position()) {
        call.kernel.signals().send(
            call.task,
            {.signal = Signal::Xfsz, .code = abi::kSiUser, .pid = call.process.id().own()});
    }
    if (error != Errno::Again || (file.flags & abi::kONonblock) != 0) return false;
    if (done > 0 && call.task.tif_sigpending) return false;
    call.task.call_progress = done;
    call.wait_on(file.waiters());
    return true;
}

SysResult<std::uint64_t> may_write(SysCall& call, File& file, std::uint64_t offset,
                                   std::uint64_t count) {
    const std::uint64_t limit = call.process.limits[abi::kRlimitFsize].soft;
    if (count == 0 || !file.backing()) return count;
    if (offset < limit) {
        remove_set_ids(call, file);
        return std::min(count, limit - offset);
    }
    call.kernel.signals().send(
        call.task, {.signal = Signal::Xfsz, .code = abi::kSiUser, .pid = call.process.id().own()});
    return tl::make_unexpected(Errno::Fbig);
}

void remove_set_ids(SysCall& call, File& file) {
    file.remove_set_ids(call.cred());
}

SysResult<void> may_grow(SysCall& call, File& file, std::uint64_t size) {
    if (size <= file.size().value_or(0)) {
        remove_set_ids(call, file);
        return {};
    }
    const auto last = may_write(call, file, size - 1, 1);
    return last ? SysResult<void>() : tl::make_unexpected(last.error());
}

void own_inode(SysCall& call, File& file) {
    FileStatus* const inode = file.own_status();
    if (inode == nullptr) return;
    inode->uid = call.cred().uid.fs;
    inode->gid = call.cred().gid.fs;
}

static void tell(SysCall& call, File& file, std::uint32_t mask, bool by_path) {
    const auto& events = call.kernel.files().events();
    if (!events || events->quiet() || file.silent || !file.watched_key()) return;
    const auto status = file.status();
    const bool directory = status && (status->mode & abi::kIfmt) == abi::kIfDir;
    events->of_file(file, mask | (directory ? abi::kInIsdir : 0), by_path);
}

void tell_use(SysCall& call, File& file, std::uint32_t mask) {
    tell(call, file, mask, true);
}

void tell_new_size(SysCall& call, File& file) {
    tell(call, file, abi::kInModify, false);
}

SysOutcome write_failure(SysCall& call, File& file, Errno error) {
    if (must_wait(call, file, error, 0)) return Block{};
    return error;
}

namespace {

// Bytes between the file and the caller's memory, by what kind of file it is.
SysResult<Moved> move_bytes(SysCall& call, File& file, Direction direction, Buffers buffers,
                            std::uint64_t total, const std::uint64_t* offset) {
    const bool writes = direction == Direction::Write;
    const std::uint64_t at = offset != nullptr ? *offset : file.position;
    if (total == 0) return move(call.memory(), file, direction, VAddr(0), 0, at);
    if (writes && file.ignores_data()) {
        const auto n = file.write(at, {});
        return Moved{.bytes = n ? total : 0, .failed = !n, .error = n ? Errno{} : n.error()};
    }
    if (writes && file.stream()) return write_stream(call, file, buffers, total);
    if (file.record_bytes() != 0) return move_record(call, file, direction, buffers, total);
    if (const auto* const end = dynamic_cast<const PipeEnd*>(&file))
        return read_pipe(call.memory(), file, *end->pipe(), buffers, total);
    const Start start = start_of(file, direction, offset);
    if (writes) total = TRY(may_write(call, file, start.offset, total));
    const Moved moved = move_pages(call.memory(), file, direction, buffers, start.offset, total);
    if (start.moves && moved.bytes > 0) file.position = start.offset + moved.bytes;
    return moved;
}

SysOutcome transfer_all(SysCall& call, File& file, Direction direction, Buffers buffers,
                        std::uint64_t total, const std::uint64_t* offset) {
    call.path = direction == Direction::Read ? file.costs().read : file.costs().write;
    if (PtyFile* terminal = file.terminal()) {
        if (auto instead = before_terminal_transfer(call, *terminal, direction, total))
            return *instead;
    }
    if (direction == Direction::Read) {
        if (const auto instead = ask_first(call, file, abi::kFanAccessPerm, call.task.call_holds))
            return *instead;
    }
    // rw_verify_area: before the file's own limits.
    const std::uint64_t at = offset != nullptr ? *offset : file.position;
    if (!file.stream() && static_cast<std::int64_t>(at + total) < 0) return Errno::Inval;
    const bool writes = direction == Direction::Write;
    const Moved moved = TRY(move_bytes(call, file, direction, buffers, total, offset));
    call.units = moved.bytes;
    if (moved.bytes > 0) tell_use(call, file, writes ? abi::kInModify : abi::kInAccess);
    // /dev/kmsg: only writers get a signal.
    if (moved.failed && !writes && moved.error == Errno::Pipe) return Errno::Pipe;
    if (moved.failed && (writes || moved.bytes == 0) &&
        must_wait(call, file, moved.error, moved.bytes))
        return Block{};
    call.task.call_progress = 0;
    if (moved.bytes > 0) return moved.bytes;
    if (moved.bad_pointer) return Errno::Fault;
    if (moved.failed) return moved.error;
    return 0;
}

// read and write of a socket are recvmsg and sendmsg without flags (sock_read_iter).
SysOutcome socket_transfer(SysCall& call, Socket& socket, Direction direction,
                           std::vector<abi::Iovec> parts) {
    const auto buffers = TRY(UserVector::of(call, std::move(parts)));
    if (direction == Direction::Read && buffers.size() == 0) return 0;
    // AF_UNIX was measured with these calls.
    const auto with_price = [&](SysOutcome outcome) {
        if (std::holds_alternative<std::uint64_t>(outcome) && socket.family() != abi::kAfUnix) {
            call.kernel.gate().spend(call.task, KernelPath::SysSocketFile);
        }
        return outcome;
    };
    if (direction == Direction::Write) {
        const Outgoing message{.bytes = {},
                               .to = {},
                               .files = {},
                               .sender = credentials_of(call.task),
                               .landlock = call.cred().landlock.get()};
        return with_price(send_message(call, socket, buffers, message, 0));
    }
    Incoming got;
    return with_price(receive_message(call, socket, buffers, 0, got));
}

// access_ok: the whole range must lie in user space, touched or not.
bool in_user_space(const SysCall& call, std::uint64_t at, std::uint64_t size) {
    const std::uint64_t base = call.accessed(VAddr(at)).value;
    return base <= AddressSpace::kTop && size <= AddressSpace::kTop - base;
}

SysOutcome counted(SysCall& call, Direction direction, SysOutcome outcome) {
    if (std::holds_alternative<Block>(outcome)) return outcome;
    const auto* const bytes = std::get_if<std::uint64_t>(&outcome);
    IoCounts& io = call.task.io;
    const bool reads = direction == Direction::Read;
    ++(reads ? io.reads : io.writes);
    (reads ? io.bytes_read : io.bytes_written) += bytes != nullptr ? *bytes : 0;
    return outcome;
}

}  // namespace

SysOutcome transfer(SysCall& call, std::int32_t fd, Direction direction, VAddr buffer,
                    std::uint64_t size, const std::uint64_t* offset) {
    const auto file = call.process.files.share(fd);
    if (!file || !may(*file, direction)) return bad_descriptor(call);
    if (offset != nullptr && static_cast<std::int64_t>(*offset) < 0) return Errno::Inval;
    if (offset != nullptr && !file->seekable()) return Errno::Spipe;
    if (static_cast<std::int64_t>(size) < 0) return Errno::Fault;  // access_ok
    if (Socket* socket = file->socket())
        return counted(call, direction,
                       socket_transfer(call, *socket, direction, {{buffer.value, size}}));
    if (!in_user_space(call, buffer.value, size)) return Errno::Fault;
    const abi::Iovec all{buffer.value, std::min(size, abi::kMaxRwCount)};
    return counted(call, direction,
                   transfer_all(call, *file, direction, std::span(&all, 1), all.length, offset));
}

SysOutcome transfer_vector(SysCall& call, std::int32_t fd, Direction direction, VAddr vector,
                           std::uint64_t count, const std::uint64_t* offset) {
    const auto file = call.process.files.share(fd);
    if (!file || !may(*file, direction)) return bad_descriptor(call);
    if (count > abi::kUioMaxiov) return Errno::Inval;
    if (offset != nullptr && static_cast<std::int64_t>(*offset) < 0) return Errno::Inval;
    if (offset != nullptr && !file->seekable()) return Errno::Spipe;
    UserMemory memory = call.memory();
    std::vector<abi::Iovec> buffers(count);
    if (!memory.read(vector, std::as_writable_bytes(std::span(buffers)))) return Errno::Fault;
    if (Socket* socket = file->socket())
        return counted(call, direction,
                       socket_transfer(call, *socket, direction, std::move(buffers)));
    std::uint64_t total = 0;
    for (auto& b : buffers) {
        if (static_cast<std::int64_t>(b.length) < 0) return Errno::Inval;
        if (!in_user_space(call, b.base, b.length)) return Errno::Fault;
        b.length = std::min(b.length, abi::kMaxRwCount - total);  // __import_iovec
        total += b.length;
    }
    const SysOutcome outcome =
        counted(call, direction, transfer_all(call, *file, direction, buffers, total, offset));
    if (!std::holds_alternative<Block>(outcome))
        call.kernel.gate().spend(call.task, KernelPath::SysVector, count);
    return outcome;
}

}  // namespace uprobesim
