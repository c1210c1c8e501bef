// SPDX-License-Identifier: GPL-2.0-or-later
// sendto, recvfrom, and the calls with a struct msghdr: several buffers, an address, control
// messages.
#include <algorithm>
#include <array>
#include <cstring>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/syscall/net/control_message.h"
#include "kernel_model/syscall/net/socket_args.h"
#include "kernel_model/syscall/net/socket_transfer.h"
#include "kernel_model/syscall/time_args.h"

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
constexpr std::uint64_t kMostMany = 1024;  // UIO_MAXIOV

// MSG_* that ask for what is not modelled.
SysResult<void> check_flags(SysCall& c, std::uint32_t flags) {
    if ((flags & kMsgOob) == 0) return {};
    c.kernel.note_unmodelled("out-of-band data", "answered EOPNOTSUPP");
    return tl::make_unexpected(Errno::NotSup);
}

SysResult<void> send_address(SysCall& c, Socket& socket, VAddr at, std::int32_t length,
                             Outgoing& message) {
    if (at == VAddr(0) || length == 0) return {};
    auto address = address_argument(c, at, length);
    if (!address) return tl::make_unexpected(address.error());
    // TCP looks at no address but for its own use (fast open).
    if (socket.family() != kAfUnix && socket.type() == kSockStream) return {};
    if (socket.family() == kAfUnix && socket.type() != kSockSeqPacket) {
        if (const auto found = look_up(c, *address); !found) return found;
    }
    message.to = std::move(*address);
    return {};
}

SysOutcome sys_sendto(SysCall& c) {
    const auto socket = socket_argument(c, c.int32(0));
    if (!socket) return socket.error();
    const auto buffers = UserVector::of({{c.args[1], c.args[2]}});
    if (!buffers) return buffers.error();
    if (const auto ok = check_flags(c, c.uint32(3)); !ok) return ok.error();
    Outgoing message{.bytes = {}, .to = {}, .files = {}, .sender = credentials_of(c.process)};
    if (const auto to = send_address(c, **socket, c.address(4), c.int32(5), message); !to)
        return to.error();
    return send_message(c, **socket, *buffers, std::move(message), c.uint32(3));
}

SysOutcome sys_recvfrom(SysCall& c) {
    const auto socket = socket_argument(c, c.int32(0));
    if (!socket) return socket.error();
    const auto buffers = UserVector::of({{c.args[1], c.args[2]}});
    if (!buffers) return buffers.error();
    if (const auto ok = check_flags(c, c.uint32(3)); !ok) return ok.error();
    Incoming got;
    const SysOutcome result = receive_message(c, **socket, *buffers, c.uint32(3), got);
    if (!std::holds_alternative<std::uint64_t>(result) || c.args[4] == 0) return result;
    std::vector<std::byte> from;
    if (got.from) from = address_bytes(*got.from, (*socket)->family());
    if (got.from && got.from->family == kAfUnix && got.from->name.empty()) from.clear();
    if (const auto put = put_address(c, from, c.address(4), c.address(5)); !put) return put.error();
    return result;
}

SysResult<MessageHeader> read_header(SysCall& c, VAddr at) {
    const auto header = c.memory().get<MessageHeader>(at);
    if (!header) return tl::make_unexpected(Errno::Fault);
    if (header->name != 0 && header->name_length < 0) return tl::make_unexpected(Errno::Inval);
    return *header;
}

SysOutcome send_header(SysCall& c, Socket& socket, VAddr at, std::uint32_t flags) {
    const auto header = read_header(c, at);
    if (!header) return header.error();
    const auto buffers = UserVector::read_from(c, VAddr(header->vector), header->vector_count);
    if (!buffers) return buffers.error();
    Outgoing message{.bytes = {}, .to = {}, .files = {}, .sender = credentials_of(c.process)};
    const std::int32_t length =
        std::min(header->name_length, static_cast<std::int32_t>(kMostAddressBytes));
    if (const auto to = send_address(c, socket, VAddr(header->name), length, message); !to)
        return to.error();
    if (header->control_length != 0) {
        const auto control =
            read_control(c, socket, VAddr(header->control), header->control_length, message);
        if (!control) return control.error();
    }
    const std::uint64_t descriptors = message.files.size();
    SysOutcome result = send_message(c, socket, *buffers, std::move(message), flags);
    if (std::holds_alternative<std::uint64_t>(result))
        c.kernel.spend(c.task, KernelPath::SysMessage, descriptors);
    return result;
}

SysOutcome receive_header(SysCall& c, Socket& socket, VAddr at, std::uint32_t flags) {
    const auto header = read_header(c, at);
    if (!header) return header.error();
    const auto buffers = UserVector::read_from(c, VAddr(header->vector), header->vector_count);
    if (!buffers) return buffers.error();
    Incoming got;
    SysOutcome result = receive_message(c, socket, *buffers, flags, got);
    if (!std::holds_alternative<std::uint64_t>(result)) return result;
    UserMemory memory = c.memory();
    std::uint32_t told = flags & kMsgCmsgCloexec;
    if (socket.by_message() && got.whole > got.bytes.size()) told |= kMsgTrunc;
    if (socket.type() == kSockSeqPacket && got.whole > 0) told |= kMsgEor;
    c.kernel.spend(c.task, KernelPath::SysMessage, got.files.size());
    const std::uint64_t control =
        put_control(c, socket, VAddr(header->control), header->control_length, flags, got, told);
    std::vector<std::byte> from;
    const bool unnamed = got.from && got.from->family == kAfUnix && got.from->name.empty();
    if (got.from && !unnamed) from = address_bytes(*got.from, socket.family());
    if (header->name != 0) {
        const auto size =
            std::min<std::size_t>(from.size(), static_cast<std::size_t>(header->name_length));
        if (!memory.write(VAddr(header->name), std::span(from).first(size))) return Errno::Fault;
        if (!memory.put(at + kNameLengthAt, static_cast<std::int32_t>(from.size())))
            return Errno::Fault;
    }
    if (!memory.put(at + kFlagsAt, told) || !memory.put(at + kControlLengthAt, control))
        return Errno::Fault;
    return result;
}

SysOutcome sys_sendmsg(SysCall& c) {
    const auto socket = socket_argument(c, c.int32(0));
    if (!socket) return socket.error();
    if (const auto ok = check_flags(c, c.uint32(2)); !ok) return ok.error();
    return send_header(c, **socket, c.address(1), c.uint32(2));
}

SysOutcome sys_recvmsg(SysCall& c) {
    const auto socket = socket_argument(c, c.int32(0));
    if (!socket) return socket.error();
    if (const auto ok = check_flags(c, c.uint32(2)); !ok) return ok.error();
    return receive_header(c, **socket, c.address(1), c.uint32(2));
}

// How many messages went through; the first may wait, the others do not once one has been moved.
template <class Fn>
SysOutcome many(SysCall& c, bool first_only_waits, Fn one) {
    const std::uint64_t count = std::min<std::uint64_t>(c.uint32(2), kMostMany);
    std::uint32_t flags = c.uint32(3);
    std::uint64_t done = 0;
    while (done < count) {
        const VAddr at = c.address(1) + done * kManyStride;
        const std::uint64_t units = c.units;
        const KernelPath path = c.path;
        SysOutcome result = one(at, flags | (done > 0 ? kMsgDontWait : 0u));
        const auto* moved = std::get_if<std::uint64_t>(&result);
        if (moved == nullptr) {
            if (done == 0) return result;
            c.units = units;
            c.path = path;
            break;
        }
        c.units += units;
        if (!c.memory().put(at + kManyLengthAt, static_cast<std::uint32_t>(*moved))) {
            if (done == 0) return Errno::Fault;
            break;
        }
        c.task.call_progress = 0;
        ++done;
        if (first_only_waits) flags |= kMsgDontWait;
    }
    return done;
}

SysOutcome sys_sendmmsg(SysCall& c) {
    const auto socket = socket_argument(c, c.int32(0));
    if (!socket) return socket.error();
    if (const auto ok = check_flags(c, c.uint32(3)); !ok) return ok.error();
    return many(c, false,
                [&](VAddr at, std::uint32_t flags) { return send_header(c, **socket, at, flags); });
}

SysOutcome sys_recvmmsg(SysCall& c) {
    const auto socket = socket_argument(c, c.int32(0));
    if (!socket) return socket.error();
    if (const auto ok = check_flags(c, c.uint32(3)); !ok) return ok.error();
    if (c.args[4] != 0) {
        UserMemory memory = c.memory();
        const auto timeout = read_duration(memory, c.address(4));
        if (!timeout) return timeout.error();
    }
    return many(c, (c.uint32(3) & kMsgWaitForOne) != 0, [&](VAddr at, std::uint32_t flags) {
        return receive_header(c, **socket, at, flags);
    });
}

constexpr SyscallRow kRows[] = {
    {206, "sendto", sys_sendto, Support::Full, KernelPath::SysSendTcp, ""},
    {207, "recvfrom", sys_recvfrom, Support::Full, KernelPath::SysReceiveTcp, ""},
    {211, "sendmsg", sys_sendmsg, Support::Full, KernelPath::SysSendTcp, ""},
    {212, "recvmsg", sys_recvmsg, Support::Full, KernelPath::SysReceiveTcp, ""},
    {243, "recvmmsg", sys_recvmmsg, Support::Partial, KernelPath::SysReceiveTcp,
     "its timeout is not looked at; waits for the first message only"},
    {269, "sendmmsg", sys_sendmmsg, Support::Full, KernelPath::SysSendTcp, ""},
};

}  // namespace

std::span<const SyscallRow> message_syscalls() {
    return kRows;
}

}  // namespace uprobesim
