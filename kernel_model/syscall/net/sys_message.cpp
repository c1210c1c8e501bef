// SPDX-License-Identifier: GPL-2.0-or-later
// sendto, recvfrom, and the calls with a struct msghdr: several buffers, an address, control
// messages.
#include <algorithm>
#include <array>
#include <cstring>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/syscall/net/control_message.h"
#include "kernel_model/syscall/net/socket_args.h"
#include "kernel_model/syscall/time_args.h"
#include "kernel_model/syscall/transfer/socket_transfer.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

// struct user_msghdr, struct mmsghdr.
struct MessageHeader {
    std::uint64_t name;
    std::int32_t name_length, pad;
    std::uint64_t vector, vector_count;
    std::uint64_t control, control_length;
    std::uint32_t flags, pad2;
};
static_assert(sizeof(MessageHeader) == 56);
constexpr std::uint64_t kNameLengthAt = 8, kControlLengthAt = 40, kFlagsAt = 48;
constexpr std::uint64_t kManyStride = 64, kManyLengthAt = 56;

// A receive from the error queue (ip_recv_error): the datagram that failed, where it was sent to,
// and a control message with the reason.
SysOutcome receive_error(SysCall& call, Socket& socket, const UserVector& buffers, Incoming& got) {
    auto error = socket.take_queued_error();
    if (!error) return Errno::Again;
    (void)socket.take_error();
    const std::uint64_t size = std::min<std::uint64_t>(error->bytes.size(), buffers.size());
    if (!buffers.write(call.memory(), 0, std::span(error->bytes).first(size))) return Errno::Fault;
    got.from = error->to;
    got.whole = error->bytes.size();
    got.bytes.resize(size);
    got.error = std::move(error);
    return size;
}

SysOutcome receive_urgent(SysCall& call, Socket& socket, const UserVector& buffers,
                          std::uint32_t flags) {
    const std::byte value = TRY(socket.receive_urgent((flags & abi::kMsgPeek) != 0));
    if (buffers.size() == 0) return std::uint64_t{0};
    if (!buffers.write(call.memory(), 0, std::span(&value, 1))) return Errno::Fault;
    return std::uint64_t{1};
}

SysOutcome receive_by_flags(SysCall& call, Socket& socket, const UserVector& buffers,
                            std::uint32_t flags, Incoming& got) {
    const bool inet = is_inet(socket);
    if ((flags & abi::kMsgErrqueue) != 0 && inet) return receive_error(call, socket, buffers, got);
    // Datagrams of AF_INET know no urgent data, and do not look at the flag.
    if ((flags & abi::kMsgOob) != 0 && (!inet || socket.type() == abi::kSockStream))
        return receive_urgent(call, socket, buffers, flags);
    return receive_message(call, socket, buffers, flags, got);
}

SysResult<void> send_address(SysCall& call, Socket& socket, VAddr at, std::int32_t length,
                             Outgoing& message) {
    if (at == VAddr(0) || length == 0) return {};
    // TCP ignores what the address is (it is used only by fast open).
    if (socket.family() != abi::kAfUnix && socket.type() == abi::kSockStream)
        return check_address(call, at, length);
    auto address = TRY(address_argument(call, at, length));
    if (socket.family() == abi::kAfUnix && socket.type() != abi::kSockSeqpacket) {
        if (const auto found = look_up(call, address); !found) return found;
    }
    message.to = std::move(address);
    return {};
}

SysOutcome sys_sendto(SysCall& call) {
    const auto socket = TRY(socket_argument(call, call.int32(0)));
    const auto buffers = TRY(UserVector::of(call, {{call.args[1], call.args[2]}}));
    Outgoing message{.bytes = {},
                     .to = {},
                     .files = {},
                     .sender = credentials_of(call.task),
                     .landlock = call.cred().landlock.get()};
    TRY(send_address(call, *socket, call.address(4), call.int32(5), message));
    return send_message(call, *socket, buffers, std::move(message), call.uint32(3));
}

SysOutcome sys_recvfrom(SysCall& call) {
    const auto socket = TRY(socket_argument(call, call.int32(0)));
    const auto buffers = TRY(UserVector::of(call, {{call.args[1], call.args[2]}}));
    Incoming got;
    const SysOutcome result = receive_by_flags(call, *socket, buffers, call.uint32(3), got);
    if (!std::holds_alternative<std::uint64_t>(result) || call.args[4] == 0) return result;
    std::vector<std::byte> from;
    if (got.from) from = address_bytes(*got.from, socket->family());
    if (got.from && got.from->family == abi::kAfUnix && got.from->name.empty()) from.clear();
    TRY(put_address(call, from, call.address(4), call.address(5)));
    return result;
}

SysResult<MessageHeader> read_header(SysCall& call, VAddr at) {
    const auto header = call.memory().get<MessageHeader>(at);
    if (!header) return tl::make_unexpected(Errno::Fault);
    if (header->name != 0 && header->name_length < 0) return tl::make_unexpected(Errno::Inval);
    return *header;
}

SysOutcome send_header(SysCall& call, Socket& socket, VAddr at, std::uint32_t flags) {
    const auto header = TRY(read_header(call, at));
    const auto buffers =
        TRY(UserVector::read_from(call, VAddr(header.vector), header.vector_count));
    // ____sys_sendmsg: control messages are copied to the socket's own memory.
    constexpr std::uint64_t kMostControl = 131072;  // net.core.optmem_max
    if (header.control_length >= kMostControl) return Errno::NoBufs;
    Outgoing message{.bytes = {},
                     .to = {},
                     .files = {},
                     .sender = credentials_of(call.task),
                     .landlock = call.cred().landlock.get()};
    const std::int32_t length =
        std::min(header.name_length, static_cast<std::int32_t>(abi::kMaxAddressBytes));
    TRY(send_address(call, socket, VAddr(header.name), length, message));
    if (header.control_length != 0) {
        TRY(read_control(call, socket, VAddr(header.control), header.control_length, message));
    }
    const std::uint64_t descriptors = message.files.size();
    SysOutcome result = send_message(call, socket, buffers, std::move(message), flags);
    if (std::holds_alternative<std::uint64_t>(result))
        call.kernel.gate().spend(call.task, KernelPath::SysMessage, descriptors);
    return result;
}

SysOutcome receive_header(SysCall& call, Socket& socket, VAddr at, std::uint32_t flags) {
    const auto header = TRY(read_header(call, at));
    const auto buffers =
        TRY(UserVector::read_from(call, VAddr(header.vector), header.vector_count));
    Incoming got;
    SysOutcome result = receive_by_flags(call, socket, buffers, flags, got);
    if (!std::holds_alternative<std::uint64_t>(result)) return result;
    UserMemory memory = call.memory();
    std::uint32_t told = flags & abi::kMsgCmsgCloexec;
    if (got.error) told |= abi::kMsgErrqueue;
    if ((flags & abi::kMsgOob) != 0 && !by_message(socket)) told |= abi::kMsgOob;
    if (by_message(socket) && got.whole > got.bytes.size()) told |= abi::kMsgTrunc;
    if (socket.type() == abi::kSockSeqpacket && socket.family() == abi::kAfUnix && got.whole > 0)
        told |= abi::kMsgEor;
    call.kernel.gate().spend(call.task, KernelPath::SysMessage, got.files.size());
    const std::uint64_t control =
        put_control(call, socket, VAddr(header.control), header.control_length, flags, got, told);
    std::vector<std::byte> from;
    const bool unnamed = got.from && got.from->family == abi::kAfUnix && got.from->name.empty();
    if (got.from && !unnamed) from = address_bytes(*got.from, socket.family());
    if (header.name != 0) {
        const auto size =
            std::min<std::size_t>(from.size(), static_cast<std::size_t>(header.name_length));
        if (!memory.write(VAddr(header.name), std::span(from).first(size))) return Errno::Fault;
        if (!memory.put(at + kNameLengthAt, static_cast<std::int32_t>(from.size())))
            return Errno::Fault;
    }
    if (!memory.put(at + kFlagsAt, told) || !memory.put(at + kControlLengthAt, control))
        return Errno::Fault;
    return result;
}

SysOutcome sys_sendmsg(SysCall& call) {
    const auto socket = TRY(socket_argument(call, call.int32(0)));
    return send_header(call, *socket, call.address(1), call.uint32(2));
}

SysOutcome sys_recvmsg(SysCall& call) {
    const auto socket = TRY(socket_argument(call, call.int32(0)));
    return receive_header(call, *socket, call.address(1), call.uint32(2));
}

// How many messages a call has moved before it had to wait for the next.
struct Moved {
    std::uint64_t messages = 0;
};

// Returns the number of messages transferred. `over`: whether no more is waited for.
template <class Fn, class Over>
SysOutcome many(SysCall& call, Fn one, Over over) {
    const std::uint64_t count = std::min<std::uint64_t>(call.uint32(2), abi::kUioMaxiov);
    std::uint64_t done = 0;
    if (call.task.call_holds)
        done = std::static_pointer_cast<Moved>(call.task.call_holds)->messages;
    while (done < count) {
        const VAddr at = call.address(1) + done * kManyStride;
        const std::uint64_t units = call.units;
        const KernelPath path = call.path;
        SysOutcome result = one(at, done);
        if (std::holds_alternative<Block>(result)) {
            if (done == 0 || !(call.task.tif_sigpending || over())) {
                if (done != 0) call.task.call_holds = std::make_shared<Moved>(Moved{done});
                return result;
            }
            call.task.leave_queues();
        }
        const auto* moved = std::get_if<std::uint64_t>(&result);
        if (moved == nullptr) {
            if (done == 0) return result;
            call.units = units;
            call.path = path;
            break;
        }
        call.units += units;
        if (!call.memory().put(at + kManyLengthAt, static_cast<std::uint32_t>(*moved))) {
            if (done == 0) return Errno::Fault;
            break;
        }
        call.task.call_progress = 0;
        ++done;
        if (over()) break;
    }
    return done;
}

SysOutcome sys_sendmmsg(SysCall& call) {
    const auto socket = TRY(socket_argument(call, call.int32(0)));
    return many(
        call,
        [&](VAddr at, std::uint64_t) { return send_header(call, *socket, at, call.uint32(3)); },
        [] { return false; });
}

// The time is looked at after each message only (recvmmsg(2), BUGS).
SysOutcome sys_recvmmsg(SysCall& call) {
    std::optional<std::uint64_t> timeout;
    if (call.args[4] != 0) {
        UserMemory memory = call.memory();
        timeout = TRY(read_duration(memory, call.address(4)));
    }
    const auto socket = TRY(socket_argument(call, call.int32(0)));
    const std::uint64_t begun = call.kernel.clock().monotonic_ns();
    const std::uint32_t flags = call.uint32(3);
    if ((flags & abi::kMsgCmsgCompat) != 0) return Errno::Inval;
    const bool first_only = (flags & abi::kMsgWaitforone) != 0;
    return many(
        call,
        [&](VAddr at, std::uint64_t done) {
            const bool waits = done == 0 || !first_only;
            return receive_header(call, *socket, at, flags | (waits ? 0u : abi::kMsgDontwait));
        },
        [&] { return timeout && call.kernel.clock().monotonic_ns() - begun >= *timeout; });
}

constexpr SyscallRow kMessageRows[] = {
    {206, "sendto", sys_sendto, Support::Full, KernelPath::SysSendTcp, "", {}, {0}},
    {207, "recvfrom", sys_recvfrom, Support::Full, KernelPath::SysReceiveTcp, "", {}, {0}},
    {211, "sendmsg", sys_sendmsg, Support::Full, KernelPath::SysSendTcp, "", {}, {0}},
    {212, "recvmsg", sys_recvmsg, Support::Full, KernelPath::SysReceiveTcp, "", {}, {0}},
    {243,
     "recvmmsg",
     sys_recvmmsg,
     Support::Partial,
     KernelPath::SysReceiveTcp,
     "its timeout begins again after each wait",
     {},
     {0}},
    {269, "sendmmsg", sys_sendmmsg, Support::Full, KernelPath::SysSendTcp, "", {}, {0}},
};

}  // namespace

std::span<const SyscallRow> message_syscalls() {
    return kMessageRows;
}

}  // namespace uprobesim
