// SPDX-License-Identifier: GPL-2.0-or-later
// Creating and connecting sockets.
#include <algorithm>
#include <array>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/landlock.h"
#include "kernel_model/abi/poll.h"
#include "kernel_model/net/netlink/netlink_socket.h"
#include "kernel_model/net/network.h"
#include "kernel_model/net/packet/packet_socket.h"
#include "kernel_model/net/packet/raw_socket.h"
#include "kernel_model/net/tcp_socket.h"
#include "kernel_model/net/udp_socket.h"
#include "kernel_model/net/unix_socket.h"
#include "kernel_model/syscall/net/landlock_checks.h"
#include "kernel_model/syscall/net/socket_args.h"
#include "kernel_model/syscall/time_args.h"
#include "kernel_model/syscall/transfer/file_transfer.h"
#include "kernel_model/syscall/transfer/socket_transfer.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

constexpr std::uint32_t kTypeBits = 0xf, kMaxTypes = 11;

SysOutcome add_socket(SysCall& call, std::shared_ptr<File> file, std::uint32_t flags) {
    file->flags |= flags & kONonblock;
    file->opened_with = call.task.cred;
    own_inode(call, *file);
    auto fd = TRY(call.process.files.add(std::move(file), (flags & kOCloexec) != 0));
    return static_cast<std::uint64_t>(fd);
}

// The types and protocols of each family; protocol 0 selects the type's default. Raw sockets of
// AF_INET and AF_INET6, netlink and packet sockets have any protocol.
struct Kind {
    std::uint16_t family;
    std::uint32_t type, protocol;
};
constexpr Kind kKinds[] = {
    {kAfUnix, kSockStream, 1},
    {kAfUnix, kSockDgram, 1},
    {kAfUnix, kSockSeqpacket, 1},
    {kAfInet, kSockStream, kIpprotoTcp},
    {kAfInet, kSockDgram, kIpprotoUdp},
    {kAfInet6, kSockStream, kIpprotoTcp},
    {kAfInet6, kSockDgram, kIpprotoUdp},
    {kAfInet, kSockDgram, kIpprotoUdplite},
    {kAfInet6, kSockDgram, kIpprotoUdplite},
};

// In the namespace of the network.
bool net_capable(SysCall& call, Capability capability) {
    const auto& space = call.process.space(NamespaceKind::Net);
    return call.capable_in(space ? space->owned_by : nullptr, capability);
}

SysResult<std::shared_ptr<Socket>> make_packet_socket(SysCall& call, std::uint32_t type,
                                                      std::uint32_t protocol) {
    if (!net_capable(call, Capability::NetRaw)) return tl::make_unexpected(Errno::Perm);
    if (type != kSockRaw && type != kSockDgram && type != kSockPacket)
        return tl::make_unexpected(Errno::SockTNoSupport);
    call.kernel.counters().note_unmodelled("packet sockets",
                                           "they hear UDP, raw sockets and each other, not TCP");
    return std::make_shared<PacketSocket>(call.kernel.network_of(call.process), type, protocol);
}

bool is_ping(std::uint32_t family, std::uint32_t protocol) {
    return (family == kAfInet && protocol == kIpprotoIcmp) ||
           (family == kAfInet6 && protocol == kIpprotoIcmpv6);
}

SysResult<std::shared_ptr<Socket>> make_socket(SysCall& call, std::uint32_t family,
                                               std::uint32_t type, std::uint32_t protocol) {
    if (type >= kMaxTypes) return tl::make_unexpected(Errno::Inval);
    const auto network = call.kernel.network_of(call.process);
    if (family == kAfNetlink) {
        TRY(NetlinkSocket::check(type, protocol));
        return std::make_shared<NetlinkSocket>(network, type, protocol);
    }
    if (family == kAfInet && type == kSockPacket) family = kAfPacket;  // __sock_create
    if (family == kAfPacket) return make_packet_socket(call, type, protocol);
    const auto of_family = [&](const Kind& k) { return k.family == family; };
    if (std::none_of(std::begin(kKinds), std::end(kKinds), of_family)) {
        return tl::make_unexpected(Errno::AfNoSupport);
    }
    if (family == kAfUnix && protocol > 1) return tl::make_unexpected(Errno::ProtoNoSupport);
    if (family == kAfUnix && type == kSockRaw) type = kSockDgram;  // BSD compatibility
    if (family != kAfUnix && protocol >= kIpprotoMax) return tl::make_unexpected(Errno::Inval);
    if (type == kSockRaw) {
        if (protocol == 0) return tl::make_unexpected(Errno::ProtoNoSupport);
        if (!net_capable(call, Capability::NetRaw)) return tl::make_unexpected(Errno::Perm);
        return std::make_shared<RawSocket>(network, static_cast<std::uint16_t>(family), protocol);
    }
    // ping_init_sock: net.ipv4.ping_group_range is empty.
    if (type == kSockDgram && is_ping(family, protocol)) return tl::make_unexpected(Errno::Acces);
    const auto of_type = [&](const Kind& k) { return k.family == family && k.type == type; };
    const auto* kind = std::find_if(std::begin(kKinds), std::end(kKinds), of_type);
    if (kind == std::end(kKinds)) return tl::make_unexpected(Errno::SockTNoSupport);
    if (protocol != 0) {
        kind = std::find_if(kind, std::end(kKinds),
                            [&](const Kind& k) { return of_type(k) && k.protocol == protocol; });
        if (kind == std::end(kKinds)) return tl::make_unexpected(Errno::ProtoNoSupport);
    }
    if (family == kAfUnix) return std::make_shared<UnixSocket>(network, type);
    if (type == kSockStream) return std::make_shared<TcpSocket>(network, kind->family);
    return std::make_shared<UdpSocket>(network, kind->family, kind->protocol);
}

bool bad_type_flags(std::uint32_t type) {
    return (type & ~(kTypeBits | kSockCloexec | kSockNonblock)) != 0;
}

SysOutcome sys_socket(SysCall& call) {
    if (bad_type_flags(call.uint32(1))) return Errno::Inval;
    auto made = TRY(make_socket(call, call.uint32(0), call.uint32(1) & kTypeBits, call.uint32(2)));
    return add_socket(call, std::move(made), call.uint32(1));
}

SysOutcome sys_socketpair(SysCall& call) {
    if (bad_type_flags(call.uint32(1))) return Errno::Inval;
    const std::uint32_t flags = call.uint32(1);
    std::array<std::shared_ptr<UnixSocket>, 2> ends;
    for (auto& end : ends) {
        auto made = TRY(make_socket(call, call.uint32(0), flags & kTypeBits, call.uint32(2)));
        end = std::dynamic_pointer_cast<UnixSocket>(made);
        if (!end) return Errno::NotSup;
    }
    UnixSocket::join(ends[0], ends[1], credentials_of(call.task));
    std::array<std::int32_t, 2> fds{};
    for (std::size_t i = 0; i < 2; ++i) {
        ends[i]->flags |= flags & kONonblock;
        ends[i]->opened_with = call.task.cred;
        own_inode(call, *ends[i]);
        auto fd = call.process.files.add(ends[i], (flags & kOCloexec) != 0);
        if (!fd) {
            if (i == 1) (void)call.process.files.close(fds[0]);
            return fd.error();
        }
        fds[i] = *fd;
    }
    if (call.memory().put(call.address(3), fds)) return 0;
    for (const std::int32_t fd : fds) (void)call.process.files.close(fd);
    return Errno::Fault;
}

SysOutcome sys_bind(SysCall& call) {
    const auto socket = TRY(socket_argument(call, call.int32(0)));
    TRY(check_port(call, *socket, kLandlockNetBindTcp));
    auto given = address_argument(call, call.address(1), call.int32(2));
    // One of AF_INET6 may be cut short: an AF_INET socket does not look at it.
    constexpr std::int32_t kInetBytes = 16;
    if (!given && given.error() == Errno::Inval && socket->family() == kAfInet &&
        call.int32(2) >= kInetBytes && call.uint32(2) <= kMaxAddressBytes)
        return Errno::AfNoSupport;
    auto address = TRY(given);
    const bool path = address.family == kAfUnix && !address.name.empty() && !address.abstract();
    if (path && socket->family() == kAfUnix) {
        const auto made =
            call.kernel.files().make_socket(call.caller(), address.name, kPermissionBits);
        if (!made) return made.error() == Errno::Exist ? Errno::AddrInUse : made.error();
        address.file = FileKey{made->device, made->inode};
    }
    const auto bound = socket->bind(address, credentials_of(call.task));
    if (!bound && address.file)
        (void)call.kernel.files().remove(call.caller(), address.name, false);
    return bound;
}

SysOutcome sys_listen(SysCall& call) {
    const auto socket = TRY(socket_argument(call, call.int32(0)));
    // A negative backlog counts as a very large one.
    constexpr std::uint32_t kMaxBacklog = 4096;  // net.core.somaxconn
    return socket->listen(std::min(call.uint32(1), kMaxBacklog), credentials_of(call.task));
}

SysOutcome accept_with(SysCall& call, std::uint32_t flags) {
    if ((flags & ~(kSockCloexec | kSockNonblock)) != 0) return Errno::Inval;
    const auto socket = TRY(socket_argument(call, call.int32(0)));
    // The descriptor is reserved first, so that the connection is not lost if there is none free.
    if (call.process.files.all().size() >= call.process.files.limit()) return Errno::Mfile;
    auto accepted = socket->accept();
    if (!accepted) {
        if (accepted.error() != Errno::Again || (socket->flags & kONonblock) != 0)
            return accepted.error();
        const std::uint64_t timeout = socket->receive_timeout_ns;
        if (timeout != 0 && deadline_passed(call, timeout)) return Errno::Again;
        call.wait_on(socket->waiters(), kPollReadable | kPollEnds, true);
        return Block{interrupted(timeout)};
    }
    if (call.args[1] != 0) {
        const auto peer = (*accepted)->peer();
        // The peer has disconnected already: inet_accept's getname fails.
        if (!peer) return Errno::ConnAborted;
        TRY(put_address(call, address_bytes(*peer, (*accepted)->family()), call.address(1),
                        call.address(2)));
    }
    return add_socket(call, std::move(*accepted), flags);
}
SysOutcome sys_accept(SysCall& call) {
    return accept_with(call, 0);
}
SysOutcome sys_accept4(SysCall& call) {
    return accept_with(call, call.uint32(3));
}

SysOutcome sys_connect(SysCall& call) {
    const auto socket = TRY(socket_argument(call, call.int32(0)));
    call.path = socket->connect_path();
    TRY(check_port(call, *socket, kLandlockNetConnectTcp));
    auto address = TRY(address_argument(call, call.address(1), call.int32(2)));
    if (socket->family() == kAfUnix) {
        TRY(look_up(call, address));
        TRY(check_scope(call, *socket, address));
    }
    const bool waits = (socket->flags & kONonblock) == 0;
    const auto connected = socket->connect(address, credentials_of(call.task), waits);
    if (connected || connected.error() != Errno::Again || !waits) return connected;
    const std::uint64_t timeout = socket->send_timeout_ns;
    if (timeout != 0 && deadline_passed(call, timeout)) {
        return socket->family() == kAfUnix ? Errno::Again : Errno::InProgress;
    }
    call.wait_on(socket->waiters());
    call.wait_on(socket->connect_waiters(address));
    return Block{interrupted(timeout)};
}

SysOutcome sys_getsockname(SysCall& call) {
    const auto socket = TRY(socket_argument(call, call.int32(0)));
    return put_address(call, address_bytes(socket->local(), socket->family()), call.address(1),
                       call.address(2));
}

SysOutcome sys_getpeername(SysCall& call) {
    const auto socket = TRY(socket_argument(call, call.int32(0)));
    const auto peer = TRY(socket->peer());
    return put_address(call, address_bytes(peer, socket->family()), call.address(1),
                       call.address(2));
}

SysOutcome sys_shutdown(SysCall& call) {
    const auto socket = TRY(socket_argument(call, call.int32(0)));
    const std::uint32_t how = call.uint32(1);
    if (how > kShutRdwr) return Errno::Inval;
    return socket->shutdown(how != kShutWr, how != kShutRd);
}

constexpr SyscallRow kSocketRows[] = {
    {198, "socket", sys_socket, Support::Full, KernelPath::SysSocket, "", Errno::Nfile},
    {199, "socketpair", sys_socketpair, Support::Full, KernelPath::SysSocketPair, "", Errno::Nfile},
    {200, "bind", sys_bind, Support::Full, KernelPath::SysBind, "", Errno::NoMem},
    {201, "listen", sys_listen, Support::Full, KernelPath::SysBind, ""},
    {202, "accept", sys_accept, Support::Full, KernelPath::SysAccept, "", Errno::NoMem, {0}},
    {203, "connect", sys_connect, Support::Full, KernelPath::SysConnectTcp, "", Errno::NoBufs, {0}},
    {204, "getsockname", sys_getsockname, Support::Full, KernelPath::SysGetsockname, ""},
    {205, "getpeername", sys_getpeername, Support::Full, KernelPath::SysGetsockname, ""},
    {210, "shutdown", sys_shutdown, Support::Full, KernelPath::SysShutdown, ""},
    {242, "accept4", sys_accept4, Support::Full, KernelPath::SysAccept, "", Errno::NoMem, {0}},
};

}  // namespace

std::span<const SyscallRow> socket_syscalls() {
    return kSocketRows;
}

}  // namespace uprobesim
