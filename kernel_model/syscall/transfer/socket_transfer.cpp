// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/transfer/socket_transfer.h"

#include <algorithm>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/abi/poll.h"
#include "kernel_model/syscall/time_args.h"
#include "kernel_model/syscall/transfer/file_transfer.h"

namespace uprobesim {

namespace {

constexpr std::uint64_t kStreamPiece = 1 << 18;       // bytes of a stream moved at a time
constexpr std::uint64_t kMaxReceived = 128ull << 20;  // no buffer may be larger

bool waits(const File& file, std::uint32_t flags) {
    return (file.flags & abi::kONonblock) == 0 && (flags & abi::kMsgDontwait) == 0;
}

// EAGAIN for a non-blocking call, else the wait for the socket. The wait ends when SO_RCVTIMEO or
// SO_SNDTIMEO expires, or on a signal if some bytes were moved already.
SysOutcome wait_for(SysCall& call, Socket& socket, std::uint32_t flags, std::uint64_t timeout_ns,
                    std::uint32_t events) {
    const std::uint64_t moved = call.task.call_progress;
    const auto end = [&]() -> SysOutcome {
        call.units = moved;
        if (moved > 0) return moved;
        return Errno::Again;
    };
    if (!waits(socket, flags)) return end();
    if (timeout_ns != 0 && deadline_passed(call, timeout_ns)) return end();
    if (call.task.tif_sigpending && moved > 0) return end();
    call.wait_on(socket.waiters(), events | abi::kPollEnds);
    return Block{interrupted(timeout_ns)};
}

SysOutcome send_failure(SysCall& call, Errno error, std::uint32_t flags) {
    call.units = call.task.call_progress;
    if (call.task.call_progress > 0) return call.task.call_progress;
    if (error == Errno::Pipe && (flags & abi::kMsgNosignal) == 0) {
        call.kernel.signals().send(
            call.task,
            {.signal = Signal::Pipe, .code = abi::kSiUser, .pid = call.process.id().own()});
    }
    return error;
}

}  // namespace

Interrupted interrupted(std::uint64_t timeout_ns) {
    return timeout_ns == 0 ? Interrupted::RestartSys : Interrupted::Intr;
}

SysResult<UserVector> UserVector::of(const SysCall& call, std::vector<abi::Iovec> parts) {
    UserVector all;
    for (abi::Iovec& part : parts) {
        if (static_cast<std::int64_t>(part.length) < 0) return tl::make_unexpected(Errno::Inval);
        part.length = std::min(part.length, abi::kMaxRwCount - all.size_);
        const std::uint64_t base = call.accessed(VAddr(part.base)).value;
        if (base > AddressSpace::kTop || part.length > AddressSpace::kTop - base) {
            return tl::make_unexpected(Errno::Fault);
        }
        all.size_ += part.length;
    }
    all.parts_ = std::move(parts);
    return all;
}

SysResult<UserVector> UserVector::read_from(SysCall& call, VAddr vector, std::uint64_t count) {
    if (count > abi::kUioMaxiov) return tl::make_unexpected(Errno::MsgSize);
    std::vector<abi::Iovec> parts(count);
    if (!call.memory().read(vector, std::as_writable_bytes(std::span(parts))))
        return tl::make_unexpected(Errno::Fault);
    return of(call, std::move(parts));
}

template <class Fn>
bool UserVector::walk(std::uint64_t offset, std::uint64_t size, Fn fn) const {
    std::uint64_t done = 0;
    for (const abi::Iovec& part : parts_) {
        if (done == size) return true;
        if (offset >= part.length) {
            offset -= part.length;
            continue;
        }
        const std::uint64_t here = std::min(part.length - offset, size - done);
        if (!fn(VAddr(part.base + offset), done, here)) return false;
        done += here;
        offset = 0;
    }
    return done == size;
}

bool UserVector::read(UserMemory memory, std::uint64_t offset, std::span<std::byte> to) const {
    return walk(offset, to.size(), [&](VAddr at, std::uint64_t done, std::uint64_t size) {
        return memory.read(at, to.subspan(done, size));
    });
}

bool UserVector::write(UserMemory memory, std::uint64_t offset,
                       std::span<const std::byte> from) const {
    return walk(offset, from.size(), [&](VAddr at, std::uint64_t done, std::uint64_t size) {
        return memory.write(at, from.subspan(done, size));
    });
}

bool UserVector::writable(UserMemory memory, std::uint64_t offset, std::uint64_t size) const {
    return walk(offset, size, [&](VAddr at, std::uint64_t, std::uint64_t here) {
        return memory.reachable(at, here, Access::Write) == here;
    });
}

Ucred credentials_of(const Task& task) {
    const auto& network = task.process->space(NamespaceKind::Net);
    const bool low_ports =
        task.cred->capable_in(network ? network->owned_by : nullptr, Capability::NetBindService);
    return {.pid = task.process->id(),
            .uid = task.cred->uid.effective,
            .gid = task.cred->gid.effective,
            .binds_low_ports = low_ports};
}

SysOutcome send_message(SysCall& call, Socket& socket, const UserVector& buffers, Outgoing message,
                        std::uint32_t flags) {
    call.path = socket.costs().write;
    message.more = (flags & abi::kMsgMore) != 0;
    message.privileged = call.capable_in(socket.network_owner(), Capability::NetAdmin);
    std::uint64_t& moved = call.task.call_progress;
    // Of a message that is too long no more than shows it.
    const std::uint64_t most = by_message(socket) ? socket.longest_message() + 1 : kStreamPiece;
    do {
        std::vector<std::byte> bytes(std::min(buffers.size() - moved, most));
        if (!buffers.read(call.memory(), moved, bytes))
            return send_failure(call, Errno::Fault, flags);
        message.bytes = bytes;
        // The last byte of a stream's message is the urgent one.
        message.urgent = (flags & abi::kMsgOob) != 0 && moved + bytes.size() == buffers.size();
        const auto sent = socket.send(message);
        if (!sent && sent.error() == Errno::Again) {
            const SysOutcome wait =
                wait_for(call, socket, flags, socket.send_timeout_ns, abi::kPollWritable);
            if (std::holds_alternative<Block>(wait))
                call.wait_on(socket.send_waiters(message), abi::kPollWritable | abi::kPollEnds);
            return wait;
        }
        if (!sent) return send_failure(call, sent.error(), flags);
        moved += *sent;
        message.files.clear();
    } while (moved < buffers.size());
    call.units = moved;
    return moved;
}

// A receive that found nothing, or an error, after `moved` bytes.
static SysOutcome receive_failure(SysCall& call, Socket& socket, std::uint32_t flags, Errno error) {
    const std::uint64_t moved = call.task.call_progress;
    if (error == Errno::Again) {
        if (!waits(socket, flags) && moved == 0) call.path = KernelPath::SysReceiveAgain;
        return wait_for(call, socket, flags, socket.receive_timeout_ns, abi::kPollReadable);
    }
    call.units = moved;
    return moved > 0 ? SysOutcome(moved) : SysOutcome(error);
}

SysOutcome receive_message(SysCall& call, Socket& socket, const UserVector& buffers,
                           std::uint32_t flags, Incoming& got) {
    call.path = socket.costs().read;
    std::uint64_t& moved = call.task.call_progress;
    const bool peek = (flags & abi::kMsgPeek) != 0;
    const bool all = (flags & abi::kMsgWaitall) != 0 && !peek && !by_message(socket);
    while (true) {
        const std::uint64_t most =
            std::min(buffers.size() - moved, by_message(socket) ? kMaxReceived : kStreamPiece);
        // A stream keeps what cannot be stored.
        if (!by_message(socket) && most != 0 && socket.readable_bytes() != 0 &&
            (flags & abi::kMsgTrunc) == 0 &&
            !buffers.writable(call.memory(), moved, std::min(most, socket.readable_bytes()))) {
            if (moved > 0) return moved;
            return Errno::Fault;
        }
        auto part = socket.receive(most, peek);
        if (!part) return receive_failure(call, socket, flags, part.error());
        const std::uint64_t size = part->bytes.size();
        // MSG_TRUNC of TCP throws the data away.
        const bool discards =
            (flags & abi::kMsgTrunc) != 0 && socket.family() != abi::kAfUnix && !by_message(socket);
        if (!discards && !buffers.write(call.memory(), moved, part->bytes)) {
            if (moved > 0) return moved;
            return Errno::Fault;
        }
        got = std::move(*part);
        moved += size;
        if (!all || size == 0 || moved == buffers.size() || !got.files.empty()) break;
    }
    call.units = moved;
    // MSG_TRUNC: the result is the datagram's real length.
    if ((flags & abi::kMsgTrunc) != 0 && by_message(socket)) return got.whole;
    return moved;
}

}  // namespace uprobesim
