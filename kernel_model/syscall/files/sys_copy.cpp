// SPDX-License-Identifier: GPL-2.0-or-later
// System calls that copy bytes from one open file to another. All go through a buffer of the
// simulator, so they work with any two files.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/inotify.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/abi/socket.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/files/pipe.h"
#include "kernel_model/files/rights/inode_flags.h"
#include "kernel_model/net/socket.h"
#include "kernel_model/syscall/files/two_files.h"
#include "kernel_model/syscall/transfer/file_transfer.h"
#include "kernel_model/syscall/transfer/permission_events.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

constexpr std::uint64_t kPiece = 65536;
constexpr std::uint32_t kKnownFlags = kSpliceFMove | kSpliceFNonblock | kSpliceFMore | kSpliceFGift;

// The position of a call's reads or writes: an offset in the caller's memory, which is written
// back, or the file's own position.
class End {
public:
    explicit End(File& of) : file(of) {}
    SysResult<void> take_offset(SysCall& call, VAddr at) {
        if (at == VAddr(0)) return {};
        if (!file.seekable()) return tl::make_unexpected(Errno::Spipe);
        const auto given = call.memory().get<std::int64_t>(at);
        if (!given) return tl::make_unexpected(Errno::Fault);
        if (*given < 0) return tl::make_unexpected(Errno::Inval);
        at_ = at;
        offset_ = static_cast<std::uint64_t>(*given);
        return {};
    }
    // As it is given: the caller's checks come in an order of their own.
    SysResult<void> take_unchecked(SysCall& call, VAddr at) {
        if (at == VAddr(0)) return {};
        const auto given = call.memory().get<std::uint64_t>(at);
        if (!given) return tl::make_unexpected(Errno::Fault);
        at_ = at;
        offset_ = *given;
        return {};
    }
    std::uint64_t offset() const { return at_ != VAddr(0) ? offset_ : file.position; }
    void advance(std::uint64_t n) {
        if (at_ != VAddr(0)) {
            offset_ += n;
        } else if (file.seekable() && !file.host_position()) {
            file.position += n;
        }
    }
    bool put_back(SysCall& call) const {
        return at_ == VAddr(0) || call.memory().put(at_, offset_);
    }

    File& file;

private:
    VAddr at_;
    std::uint64_t offset_ = 0;
};

// The size of the next piece. Bytes of a stream are read only if there is space for them, because
// they cannot be put back; each page of a file fills one slot of the target pipe.
std::uint64_t room_for(const End& from, File& to) {
    const auto* end = dynamic_cast<PipeEnd*>(&to);
    if (end == nullptr || end->pipe()->readers() == 0) return kPiece;
    const std::uint64_t room = std::min(kPiece, end->pipe()->free_slots() * kPageSize);
    return from.file.seekable() ? std::min(room, kPageSize - from.offset() % kPageSize) : room;
}

// Nobody reads the target any more: nothing is read for it (wait_for_space, splice_pipe_to_pipe,
// which waits for its source before).
bool is_broken(const End& from, File& to) {
    const auto* end = dynamic_cast<PipeEnd*>(&to);
    if (end == nullptr || end->pipe()->readers() != 0) return false;
    const auto* source = dynamic_cast<PipeEnd*>(&from.file);
    return source == nullptr || !source->pipe()->empty() || source->pipe()->writers() == 0;
}

// A pipe keeps what it gives until the target has taken it.
SysResult<std::uint64_t> read_piece(const End& from, std::span<std::byte> bytes) {
    const auto* source = dynamic_cast<PipeEnd*>(&from.file);
    if (source == nullptr || source->pipe()->empty()) return from.file.read(from.offset(), bytes);
    return source->pipe()->look(bytes);
}

void drop_piece(End& from, std::uint64_t bytes) {
    if (const auto* source = dynamic_cast<PipeEnd*>(&from.file)) source->pipe()->drop(bytes);
    from.advance(bytes);
}

// Bytes that the target took, and the error that ended it before all were taken.
struct Taken {
    std::uint64_t bytes = 0;
    std::optional<Errno> error = std::nullopt;
};

Taken write_all(End& to, std::span<const std::byte> bytes) {
    Taken taken;
    while (taken.bytes < bytes.size()) {
        const auto n = to.file.write(to.offset(), bytes.subspan(taken.bytes));
        if (!n) {
            taken.error = n.error();
            break;
        }
        if (*n == 0) break;
        taken.bytes += *n;
        to.advance(*n);
    }
    return taken;
}

void tell_copy(SysCall& call, End& from, End& to, std::uint64_t bytes) {
    if (bytes == 0) return;
    tell_use(call, from.file, kInAccess);
    tell_use(call, to.file, kInModify);
}

// How many bytes the target may take. sendfile has not looked before whether it takes any
// (do_splice_from).
SysResult<std::uint64_t> may_take(SysCall& call, End& to, std::uint64_t bytes) {
    if (!to.file.splices().to) return tl::make_unexpected(Errno::Inval);
    return may_write(call, to.file, to.offset(), bytes);
}

// Whether SPLICE_F_NONBLOCK says how to wait for it. Of the sockets it does so only for those whose
// reading knows the flag (unix_stream_splice_read); others wait as their own flags say.
bool flag_counts(File& file, bool target) {
    const Socket* const socket = file.socket();
    if (socket == nullptr) return true;
    return !target && socket->family() == kAfUnix && socket->type() == kSockStream;
}

// Continues a transfer after `done` bytes. A blocking write waits and resumes; a read waits only if
// nothing was moved. `nonblocking`: SPLICE_F_NONBLOCK.
SysOutcome copy_permitted(SysCall& call, End& from, End& to, std::uint64_t count,
                          bool nonblocking) {
    std::uint64_t done = call.task.call_progress;
    std::vector<std::byte> buffer(std::min(kPiece, count));
    const auto answer = [&](SysOutcome outcome) -> SysOutcome {
        if (!from.put_back(call) || !to.put_back(call)) return Errno::Fault;
        call.units = done;
        return outcome;
    };
    const auto stopped = [&](File& file, Errno error) -> SysOutcome {
        const bool at_once =
            nonblocking && error == Errno::Again && flag_counts(file, &file == &to.file);
        if (!at_once && must_wait(call, file, error, done)) return answer(Block{});
        return answer(done > 0 ? SysOutcome(done) : SysOutcome(error));
    };
    while (done < count) {
        if (is_broken(from, to.file)) return stopped(to.file, Errno::Pipe);
        const std::uint64_t room = room_for(from, to.file);
        if (room == 0 && done > 0) break;  // at most one ring of the pipe, unlike a write
        if (room == 0) return stopped(to.file, Errno::Again);
        const auto wanted =
            std::span(buffer).first(std::min({std::uint64_t{buffer.size()}, count - done, room}));
        const auto n = read_piece(from, wanted);
        if (!n && done > 0 && n.error() == Errno::Again) break;
        if (!n) return stopped(from.file, n.error());
        if (*n == 0) break;
        const auto allowed = may_take(call, to, *n);
        if (!allowed) return stopped(to.file, allowed.error());
        const Taken taken = write_all(to, wanted.first(*allowed));
        done += taken.bytes;
        drop_piece(from, taken.bytes);
        if (taken.error) return stopped(to.file, *taken.error);
        if (taken.bytes < *n) break;
    }
    call.task.call_progress = 0;
    tell_copy(call, from, to, done);
    return answer(done);
}

SysOutcome copy(SysCall& call, End& from, End& to, std::uint64_t count, bool nonblocking) {
    if (const auto instead = ask_first(call, from.file, kFanAccessPerm, call.task.call_holds))
        return *instead;
    return copy_permitted(call, from, to, count, nonblocking);
}

SysOutcome sys_sendfile(SysCall& call) {
    const auto to = call.process.files.share(call.int32(0));
    const auto from = call.process.files.share(call.int32(1));
    if (!to || !from || !may(*to, Direction::Write) || !may(*from, Direction::Read))
        return bad_descriptor(call);
    if (!from->seekable() || from->host_position())
        return call.args[2] != 0 ? Errno::Spipe : Errno::Inval;
    if (!from->splices().from) return call.args[3] == 0 ? SysOutcome(0) : Errno::Inval;
    // splice_direct: not to files that append.
    if ((to->flags & kOAppend) != 0 && to->seekable()) return Errno::Inval;
    End in(*from), out(*to);
    TRY(in.take_offset(call, call.address(2)));
    return copy(call, in, out, std::min(call.args[3], kMaxRwCount), false);
}

// generic_copy_file_checks and rw_verify_area: how many of `count` bytes may be copied.
SysResult<std::uint64_t> copied_bytes(SysCall& call, const End& in, const End& out,
                                      std::uint64_t count) {
    TRY(two_regular_files(in.file, out.file));
    const auto source = TRY(in.file.status()), target = TRY(out.file.status());
    // Neither a tmpfs nor the root has a copy operation of its own.
    if (source.device != target.device) return tl::make_unexpected(Errno::Xdev);
    if (immutable(target)) return tl::make_unexpected(Errno::Perm);
    const std::uint64_t from = in.offset(), to = out.offset();
    if (from + count < from || to + count < to) return tl::make_unexpected(Errno::Overflow);
    const auto size = static_cast<std::uint64_t>(source.size);
    count = from >= size ? 0 : std::min(count, size - from);
    constexpr std::uint64_t kMostBytes = ~std::uint64_t{0} >> 1;  // MAX_LFS_FILESIZE
    if (to == kMostBytes) return tl::make_unexpected(Errno::Fbig);
    if (to < kMostBytes) count = std::min(count, kMostBytes - to);
    count = TRY(may_write(call, out.file, to, count));
    if (source.key() == target.key() && to + count > from && to < from + count)
        return tl::make_unexpected(Errno::Inval);
    // As signed numbers the ends are before the begins.
    if (static_cast<std::int64_t>(from) < 0 || static_cast<std::int64_t>(from + count) < 0 ||
        static_cast<std::int64_t>(to) < 0 || static_cast<std::int64_t>(to + count) < 0)
        return tl::make_unexpected(Errno::Inval);
    if (!in.file.backing() || !out.file.backing()) return tl::make_unexpected(Errno::Inval);
    return std::min(count, kMaxRwCount);
}

SysOutcome sys_copy_file_range(SysCall& call) {
    const auto from = call.process.files.share(call.int32(0));
    const auto to = call.process.files.share(call.int32(2));
    if (!to || !from || ((to->flags | from->flags) & kOPath) != 0) return bad_descriptor(call);
    End in(*from), out(*to);
    TRY(in.take_unchecked(call, call.address(1)));
    TRY(out.take_unchecked(call, call.address(3)));
    if (call.uint32(5) != 0) return Errno::Inval;
    const std::uint64_t count = TRY(copied_bytes(call, in, out, call.args[4]));
    return copy(call, in, out, count, false);
}

SysOutcome sys_splice(SysCall& call) {
    const std::uint32_t flags = call.uint32(5);
    if (call.args[4] == 0) return 0;
    if ((flags & ~kKnownFlags) != 0) return Errno::Inval;
    const auto from = call.process.files.share(call.int32(0));
    const auto to = call.process.files.share(call.int32(2));
    if (!to || !from || !may(*to, Direction::Write) || !may(*from, Direction::Read))
        return bad_descriptor(call);
    auto* from_pipe = dynamic_cast<PipeEnd*>(from.get());
    auto* to_pipe = dynamic_cast<PipeEnd*>(to.get());
    if (from_pipe == nullptr && to_pipe == nullptr) return Errno::Inval;
    if (from_pipe != nullptr && to_pipe != nullptr && from_pipe->pipe() == to_pipe->pipe())
        return Errno::Inval;
    if ((from_pipe != nullptr && call.args[1] != 0) || (to_pipe != nullptr && call.args[3] != 0))
        return Errno::Spipe;
    End in(*from), out(*to);
    TRY(out.take_offset(call, call.address(3)));
    TRY(in.take_offset(call, call.address(1)));
    if (to_pipe == nullptr && (to->flags & kOAppend) != 0) return Errno::Inval;
    // Before anything is waited for (do_splice_from, do_splice_read).
    if (!from->splices().from || !to->splices().to) return Errno::Inval;
    return copy(call, in, out, std::min(call.args[4], kMaxRwCount),
                (flags & kSpliceFNonblock) != 0);
}

SysOutcome sys_tee(SysCall& call) {
    const std::uint32_t flags = call.uint32(3);
    if ((flags & ~kKnownFlags) != 0) return Errno::Inval;
    if (call.args[2] == 0) return 0;
    const auto from = call.process.files.share(call.int32(0));
    const auto to = call.process.files.share(call.int32(1));
    if (!to || !from || !may(*to, Direction::Write) || !may(*from, Direction::Read))
        return bad_descriptor(call);
    auto* source = dynamic_cast<PipeEnd*>(from.get());
    auto* target = dynamic_cast<PipeEnd*>(to.get());
    if (source == nullptr || target == nullptr || source->pipe() == target->pipe())
        return Errno::Inval;
    Pipe& pipe = *source->pipe();
    if (pipe.empty()) {
        if (pipe.writers() == 0) return 0;
        if ((flags & kSpliceFNonblock) != 0) return Errno::Again;
        return write_failure(call, *from, Errno::Again);
    }
    const auto bytes =
        pipe.peek(std::min({call.args[2], kPiece, target->pipe()->free_slots() * kPageSize}));
    if (bytes.empty())
        return (flags & kSpliceFNonblock) != 0 ? SysOutcome(Errno::Again)
                                               : write_failure(call, *to, Errno::Again);
    const auto n = to->write(0, bytes);
    if (!n) return write_failure(call, *to, n.error());
    tell_use(call, *from, kInAccess);
    tell_use(call, *to, kInModify);
    call.units = *n;
    return *n;
}

// iov_iter_get_pages2: what is secret has no pages for others.
bool is_secret(SysCall& call, VAddr vector, std::uint64_t count) {
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, kUioMaxiov); ++i) {
        const auto part = call.memory().get<Iovec>(vector + i * sizeof(Iovec));
        if (!part) return false;
        const VAddr begin(part->base);
        if (part->length != 0 && begin + part->length > begin &&
            call.process.mm->any_marked({begin, begin + part->length}, mark::kSecret))
            return true;
    }
    return false;
}

// The pages are copied, not shared: the caller's later writes to them are not visible in the pipe.
SysOutcome sys_vmsplice(SysCall& call) {
    if ((call.uint32(3) & ~kKnownFlags) != 0) return Errno::Inval;
    const auto file = call.process.files.share(call.int32(0));
    if (!file || (file->flags & kOPath) != 0) return bad_descriptor(call);
    if (dynamic_cast<PipeEnd*>(file.get()) == nullptr) return bad_descriptor(call);
    const Direction direction = may(*file, Direction::Write) ? Direction::Write : Direction::Read;
    if (direction == Direction::Write && is_secret(call, call.address(1), call.args[2]))
        return Errno::Fault;
    const std::uint32_t old = file->flags;
    if ((call.uint32(3) & kSpliceFNonblock) != 0) file->flags |= kONonblock;
    SysOutcome outcome =
        transfer_vector(call, call.int32(0), direction, call.address(1), call.args[2], nullptr);
    file->flags = old;
    // It waits for the first byte only.
    if (std::holds_alternative<Block>(outcome) && call.task.call_progress > 0) {
        call.task.leave_queues();
        call.units = std::exchange(call.task.call_progress, 0);
        return call.units;
    }
    return outcome;
}

constexpr SyscallRow kCopyRows[] = {
    {71, "sendfile", sys_sendfile, Support::Full, KernelPath::SysSendfile, "", {}, {0, 1}},
    {75, "vmsplice", sys_vmsplice, Support::Full, KernelPath::SysSendfile, "", {}, {0}},
    {76, "splice", sys_splice, Support::Full, KernelPath::SysSendfile, "", {}, {0, 2}},
    {77, "tee", sys_tee, Support::Full, KernelPath::SysSendfile, "", {}, {0, 1}},
    {285,
     "copy_file_range",
     sys_copy_file_range,
     Support::Full,
     KernelPath::SysSendfile,
     "",
     {},
     {0, 2}},
};

}  // namespace

std::span<const SyscallRow> copy_syscalls() {
    return kCopyRows;
}

}  // namespace uprobesim
