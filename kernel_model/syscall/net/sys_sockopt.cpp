// SPDX-License-Identifier: GPL-2.0-or-later
// setsockopt and getsockopt. Options whose value is one int are rows in net/options.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "kernel_model/abi/netlink.h"
#include "kernel_model/net/network.h"
#include "kernel_model/net/packet_fields.h"
#include "kernel_model/net/socket.h"
#include "kernel_model/syscall/net/control_message.h"
#include "kernel_model/syscall/net/filter_options.h"
#include "kernel_model/syscall/net/group_options.h"
#include "kernel_model/syscall/net/link_options.h"
#include "kernel_model/syscall/net/packet_control.h"
#include "kernel_model/syscall/net/socket_args.h"
#include "kernel_model/syscall/process_fd.h"
#include "kernel_model/syscall/time_args.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

bool is_receive_timeout(std::int32_t name) {
    return name == abi::kSoRcvtimeoOld || name == abi::kSoRcvtimeoNew;
}
bool is_timeout(std::int32_t name) {
    return is_receive_timeout(name) || name == abi::kSoSndtimeoOld || name == abi::kSoSndtimeoNew;
}

// Whether sockets of this family and type have options at this level.
SysResult<void> check_level(const Socket& socket, std::int32_t level) {
    if (level == abi::kSolSocket) return {};
    if (socket.family() == abi::kAfNetlink && level == abi::kSolNetlink) return {};
    if (socket.family() == abi::kAfPacket && level == abi::kSolPacket) return {};
    if (socket.family() == abi::kAfNetlink || socket.family() == abi::kAfPacket)
        return tl::make_unexpected(Errno::NoProtoOpt);
    if (socket.family() == abi::kAfUnix) return tl::make_unexpected(Errno::NotSup);
    const bool tcp = socket.type() == abi::kSockStream;
    if ((level == abi::kSolTcp && tcp) || (level == abi::kSolUdp && !tcp) || level == abi::kSolIp)
        return {};
    if (level == abi::kSolIpv6 && socket.family() == abi::kAfInet6) return {};
    return tl::make_unexpected(Errno::NoProtoOpt);
}

SysOutcome unknown(SysCall& call, std::int32_t level, std::int32_t name) {
    call.kernel.counters().note_unmodelled(fmt::format("socket option {} of level {}", name, level),
                                           "answered ENOPROTOOPT");
    return Errno::NoProtoOpt;
}

SysOutcome set_timeout(SysCall& call, Socket& socket, std::int32_t name, std::uint32_t length) {
    if (length < sizeof(TimeVal)) return Errno::Inval;
    const auto time = call.memory().get<TimeVal>(call.address(3));
    if (!time) return Errno::Fault;
    if (time->microseconds < 0 || time->microseconds >= 1'000'000) return Errno::Dom;
    const std::int64_t seconds = std::clamp<std::int64_t>(time->seconds, 0, kMaxSeconds);
    const std::uint64_t ns = time->seconds < 0
                                 ? 0
                                 : static_cast<std::uint64_t>(seconds) * kNsPerSecond +
                                       static_cast<std::uint64_t>(time->microseconds) * 1000;
    (is_receive_timeout(name) ? socket.receive_timeout_ns : socket.send_timeout_ns) = ns;
    return 0;
}

SysOutcome set_linger(SysCall& call, Socket& socket, std::uint32_t length) {
    if (length < 8) return Errno::Inval;
    const auto linger = call.memory().get<std::array<std::int32_t, 2>>(call.address(3));
    if (!linger) return Errno::Fault;
    socket.lingers = (*linger)[0] != 0;
    socket.linger_s = (*linger)[1];
    return 0;
}

// The two that every kernel has.
SysOutcome set_congestion(SysCall& call, std::uint32_t length) {
    const auto text = call.memory().read_string(call.address(3), std::min(length, 15u));
    if (!text) return Errno::Fault;
    return *text == "cubic" || *text == "reno" ? SysOutcome(0) : SysOutcome(Errno::NoEnt);
}

// tcp_set_ulp: there is none to be had.
SysOutcome set_upper_protocol(SysCall& call, std::uint32_t length) {
    if (length == 0) return Errno::Inval;
    const auto text = call.memory().read_string(call.address(3), std::min(length, 15u));
    return text ? Errno::NoEnt : Errno::Fault;
}

// Those of TCP whose value is a name.
std::optional<SysOutcome> set_by_name(SysCall& call, std::int32_t level, std::int32_t name,
                                      std::uint32_t length) {
    if (level != abi::kSolTcp) return std::nullopt;
    if (name == abi::kTcpCongestion) return set_congestion(call, length);
    if (name == abi::kTcpUlp) return set_upper_protocol(call, length);
    return std::nullopt;
}

// --- options whose value is more than a number in a range

using Taken = SysResult<std::int32_t>;

// A byte; the bits of congestion notification are the transport's own in a stream.
Taken type_of_service(Socket& socket, const SocketOption& option, std::int32_t value) {
    constexpr std::int32_t kEcn = 3;
    value &= 0xff;
    if (by_message(socket)) return value;
    return (value & ~kEcn) | (socket.options.get(option.level, option.name) & kEcn);
}

// A stream has no group to send to.
Taken multicast_ttl(Socket& socket, const SocketOption&, std::int32_t value) {
    return by_message(socket) ? Taken(value) : tl::make_unexpected(Errno::Inval);
}

Taken segment_size(Socket&, const SocketOption& option, std::int32_t value) {
    constexpr std::int32_t kSmallest = 88, kLargest = 32767;  // TCP_MIN_MSS, MAX_TCP_WINDOW
    if (value == 0) return option.initial;
    if (value < kSmallest || value > kLargest) return tl::make_unexpected(Errno::Inval);
    return value;
}

// tcp_set_window_clamp: not below half of the smallest buffer, but for none.
Taken window_clamp(Socket&, const SocketOption&, std::int32_t value) {
    constexpr std::int32_t kSmallest = 1152;  // SOCK_MIN_RCVBUF / 2
    return value == 0 ? 0 : std::max(value, kSmallest);
}

// IP_NODEFRAG is of raw sockets, IP_RECVFRAGSIZE of all that send packets.
Taken of_raw(Socket& socket, const SocketOption&, std::int32_t value) {
    return socket.type() == abi::kSockRaw ? Taken(value) : tl::make_unexpected(Errno::NoProtoOpt);
}
Taken of_packets(Socket& socket, const SocketOption&, std::int32_t value) {
    return by_message(socket) ? Taken(value) : tl::make_unexpected(Errno::Inval);
}

// tcp_set_rcvlowat: TCP waits for no more than half of what it can hold.
Taken low_mark(Socket& socket, const SocketOption&, std::int32_t value) {
    constexpr std::int32_t kMostOfTcp = 6291456 / 2;  // net.ipv4.tcp_rmem[2]
    const bool tcp = !by_message(socket) && socket.family() != abi::kAfUnix;
    const std::int32_t most = tcp ? kMostOfTcp : std::numeric_limits<std::int32_t>::max();
    return value < 0 ? most : std::clamp(value, 1, most);
}

// Times of arrival come in one form.
Taken time_form(Socket& socket, const SocketOption& option, std::int32_t value) {
    const bool in_ns = option.name == abi::kSoTimestampns;
    socket.options.set(option.level, in_ns ? abi::kSoTimestamp : abi::kSoTimestampns, 0);
    return value;
}

// There is none of IPv6 for a stream.
Taken multicast_of_v6(Socket& socket, const SocketOption& option, std::int32_t value) {
    if (!by_message(socket)) return tl::make_unexpected(Errno::NoProtoOpt);
    const bool known = value == 0 || value == static_cast<std::int32_t>(kLoopbackIndex);
    if (option.name == abi::kIpv6MulticastIf && !known) return tl::make_unexpected(Errno::NoDev);
    return value;
}

Taken address_form(Socket& socket, const SocketOption&, std::int32_t value) {
    if (value != abi::kAfInet) return tl::make_unexpected(Errno::Inval);
    TRY(socket.become_v4());
    return value;
}

// It cannot change after bind (do_ipv6_setsockopt).
Taken v6_only(Socket& socket, const SocketOption&, std::int32_t value) {
    return socket.local().port == 0 ? Taken(value) : tl::make_unexpected(Errno::Inval);
}

struct OptionRule {
    std::int32_t level, name;
    Taken (*take)(Socket& socket, const SocketOption& option, std::int32_t value);
};
constexpr OptionRule kRules[] = {
    {abi::kSolIp, abi::kIpTos, type_of_service},
    {abi::kSolIpv6, abi::kIpv6Tclass, type_of_service},
    {abi::kSolIp, abi::kIpMulticastTtl, multicast_ttl},
    {abi::kSolIpv6, abi::kIpv6MulticastIf, multicast_of_v6},
    {abi::kSolIpv6, abi::kIpv6MulticastHops, multicast_of_v6},
    {abi::kSolIpv6, abi::kIpv6Addrform, address_form},
    {abi::kSolTcp, abi::kTcpMaxseg, segment_size},
    {abi::kSolTcp, abi::kTcpWindowClamp, window_clamp},
    {abi::kSolIp, abi::kIpNodefrag, of_raw},
    {abi::kSolIp, abi::kIpRecvfragsize, of_packets},
    {abi::kSolSocket, abi::kSoRcvlowat, low_mark},
    {abi::kSolSocket, abi::kSoTimestamp, time_form},
    {abi::kSolSocket, abi::kSoTimestampns, time_form},
    {abi::kSolIpv6, abi::kIpv6V6only, v6_only},
};

// What is stored of a value that the guest gives.
Taken take_value(Socket& socket, const SocketOption& option, std::int32_t value) {
    if (option.has_default && value == -1) {
        value = option.initial;
    } else if (value < option.lowest || value > option.highest) {
        return tl::make_unexpected(Errno::Inval);
    }
    for (const OptionRule& rule : kRules) {
        if (rule.level == option.level && rule.name == option.name)
            value = TRY(rule.take(socket, option, value));
    }
    return option.truth ? static_cast<std::int32_t>(value != 0) : value;
}

SysOutcome sys_setsockopt(SysCall& call) {
    const auto found = TRY(socket_argument(call, call.int32(0)));
    Socket& socket = *found;
    const std::int32_t level = call.int32(1), name = call.int32(2);
    if (call.int32(4) < 0) return Errno::Inval;
    const std::uint32_t length = call.uint32(4);
    TRY(check_level(socket, level));
    if (level == abi::kSolSocket && is_timeout(name))
        return set_timeout(call, socket, name, length);
    if (level == abi::kSolSocket && name == abi::kSoLinger) return set_linger(call, socket, length);
    if (const auto done = set_by_name(call, level, name, length)) return *done;
    if (const auto done = set_group_option(call, socket)) return *done;
    if (auto done = set_link_option(call, socket, level, name, length)) return *done;
    if (auto done = set_filter_option(call, socket, level, name, length)) return *done;
    const SocketOption* option = find_option(level, name);
    if (option == nullptr) return unknown(call, level, name);
    if (option->use == OptionUse::ReadOnly) return Errno::NoProtoOpt;
    std::int32_t value = 0;
    // IPPROTO_IP options also accept a single byte.
    if (length < 4 && (level != abi::kSolIp || length == 0)) return Errno::Inval;
    if (!call.memory().read(
            call.address(3),
            std::as_writable_bytes(std::span(&value, 1)).first(std::min(length, 4u)))) {
        return Errno::Fault;
    }
    // sk_setsockopt: who may say what a packet's mark and priority are.
    const UserSpace& owner = socket.network_owner();
    const bool administers =
        call.capable_in(owner, Capability::NetAdmin) || call.capable_in(owner, Capability::NetRaw);
    constexpr std::int32_t kHighestPriority = 6;
    if (level == abi::kSolSocket && !administers &&
        (name == abi::kSoMark || name == abi::kSoRcvmark ||
         (name == abi::kSoPriority && (value < 0 || value > kHighestPriority))))
        return Errno::Perm;
    const bool forces = name == abi::kSoSndbufforce || name == abi::kSoRcvbufforce;
    if (level == abi::kSolSocket && (forces || name == abi::kSoSndbuf || name == abi::kSoRcvbuf)) {
        if (forces && !call.capable(Capability::NetAdmin)) return Errno::Perm;
        socket.set_buffer(name == abi::kSoSndbuf || name == abi::kSoSndbufforce, value, forces);
        return 0;
    }
    value = TRY(take_value(socket, *option, value));
    socket.options.set(level, name, value);
    socket.option_changed(level, name);
    return 0;
}

std::int32_t int_option(Socket& socket, std::int32_t level, std::int32_t name) {
    if (level == abi::kSolIpv6 && name == abi::kIpv6Addrform) return socket.family();
    if (level != abi::kSolSocket) return socket.options.get(level, name);
    switch (name) {
        case abi::kSoType: return static_cast<std::int32_t>(socket.type());
        case abi::kSoProtocol: return static_cast<std::int32_t>(socket.protocol());
        case abi::kSoDomain: return socket.family();
        case abi::kSoAcceptconn: return socket.listening();
        case abi::kSoError: return static_cast<std::int32_t>(socket.take_error().value_or(Errno{}));
        default: return socket.options.get(level, name);
    }
}

// The value as bytes; empty: no such option.
SysResult<std::vector<std::byte>> value_of(const SysCall& call, Socket& socket, std::int32_t level,
                                           std::int32_t name) {
    const auto bytes_of = [](const auto& value) {
        const auto bytes = std::as_bytes(std::span(&value, 1));
        return std::vector<std::byte>(bytes.begin(), bytes.end());
    };
    if (level == abi::kSolSocket && is_timeout(name)) {
        const std::uint64_t ns =
            is_receive_timeout(name) ? socket.receive_timeout_ns : socket.send_timeout_ns;
        return bytes_of(to_timeval(ns));
    }
    if (level == abi::kSolSocket && name == abi::kSoLinger) {
        return bytes_of(std::array<std::int32_t, 2>{socket.lingers, socket.linger_s});
    }
    if (level == abi::kSolSocket && name == abi::kSoPeercred) {
        return bytes_of(shown_credentials(call, socket.peer_credentials()));
    }
    if (level == abi::kSolSocket && name == abi::kSoCookie)
        return bytes_of(std::uint64_t{socket.inode()});
    if (level == abi::kSolSocket && (name == abi::kSoSndbufforce || name == abi::kSoRcvbufforce))
        return std::vector<std::byte>();
    if (level == abi::kSolSocket && name == abi::kSoPeername) {
        const auto peer = TRY(socket.peer());
        return address_bytes(peer, socket.family());
    }
    if (level == abi::kSolTcp && name == abi::kTcpCongestion)
        return bytes_of(std::array<char, 16>{"cubic"});
    if (level == abi::kSolTcp && name == abi::kTcpInfo) {
        // struct tcp_info: only the state is filled in.
        std::vector<std::byte> info(248);
        info[0] = static_cast<std::byte>(socket.tcp_state());
        return info;
    }
    // The MTU of the way to the peer, and the family of what is connected.
    if ((level == abi::kSolIp && name == abi::kIpMtu) ||
        (level == abi::kSolIpv6 && (name == abi::kIpv6Mtu || name == abi::kIpv6Addrform)))
        TRY(socket.peer());
    if (find_option(level, name) == nullptr) return std::vector<std::byte>();
    return bytes_of(int_option(socket, level, name));
}

// SO_PEERPIDFD: a descriptor of the process that the socket is connected to.
SysOutcome give_peer_file(SysCall& call, const Socket& socket, std::int32_t room) {
    const Pid peer = socket.peer_credentials().pid;
    if (peer.first == 0) return Errno::NoData;
    const SysOutcome made = add_process_fd(call, peer.first, 0);
    const auto* const fd = std::get_if<std::uint64_t>(&made);
    if (fd == nullptr) return made;
    const auto value = static_cast<std::int32_t>(*fd);
    const std::int32_t size = std::min(room, 4);
    UserMemory memory = call.memory();
    if (memory.write(call.address(3),
                     std::as_bytes(std::span(&value, 1)).first(static_cast<std::size_t>(size))) &&
        memory.put(call.address(4), size))
        return 0;
    static_cast<void>(call.process.files.close(value));
    return Errno::Fault;
}

SysOutcome sys_getsockopt(SysCall& call) {
    const auto found = TRY(socket_argument(call, call.int32(0)));
    const std::int32_t level = call.int32(1), name = call.int32(2);
    UserMemory memory = call.memory();
    if (const auto level_ok = check_level(*found, level); !level_ok) {
        // ip_getsockopt has a different errno for an unknown level.
        return found->family() == abi::kAfInet ? Errno::NotSup : level_ok.error();
    }
    const auto room = memory.get<std::int32_t>(call.address(4));
    if (!room) return Errno::Fault;
    if (*room < 0) return Errno::Inval;
    if (level == abi::kSolIp && name == abi::kIpPktoptions) {
        if (by_message(*found)) return Errno::NoProtoOpt;
        std::uint32_t told = 0;
        ControlWriter writer(memory, call.address(3), static_cast<std::uint64_t>(*room), told);
        put_stream_control(writer, *found);
        const auto used = static_cast<std::int32_t>(writer.used());
        return memory.put(call.address(4), used) ? SysOutcome(0) : SysOutcome(Errno::Fault);
    }
    if (level == abi::kSolSocket && name == abi::kSoCookie && *room < 8) return Errno::Inval;
    if (level == abi::kSolSocket && name == abi::kSoPeerpidfd)
        return give_peer_file(call, *found, *room);
    if (level == abi::kSolTcp && name == abi::kTcpUlp)
        return memory.put(call.address(4), std::int32_t{0}) ? SysOutcome(0)
                                                            : SysOutcome(Errno::Fault);
    if (auto done = get_link_option(call, *found, level, name, *room)) return *done;
    if (auto done = get_filter_option(call, *found, level, name, *room)) return *done;
    const auto value = TRY(value_of(call, *found, level, name));
    if (value.empty()) return unknown(call, level, name);
    auto size = std::min<std::size_t>(value.size(), static_cast<std::size_t>(*room));
    // ip_getsockopt: where there is no room for an int, a byte if that holds it.
    if (level == abi::kSolIp && value.size() == 4 && size > 0 && size < 4 &&
        std::all_of(value.begin() + 1, value.end(), [](std::byte b) { return b == std::byte{}; }))
        size = 1;
    if (!memory.write(call.address(3), std::span(value).first(size))) return Errno::Fault;
    if (!memory.put(call.address(4), static_cast<std::int32_t>(size))) return Errno::Fault;
    return std::uint64_t{0};
}

constexpr SyscallRow kSockoptRows[] = {
    {208, "setsockopt", sys_setsockopt, Support::Full, KernelPath::SysSetsockopt, ""},
    {209, "getsockopt", sys_getsockopt, Support::Full, KernelPath::SysGetsockopt, ""},
};

}  // namespace

std::span<const SyscallRow> sockopt_syscalls() {
    return kSockoptRows;
}

}  // namespace uprobesim
