// SPDX-License-Identifier: GPL-2.0-or-later
// Layouts and order: net/ipv4/ip_sockglue.c, net/ipv6/datagram.c, net/core/sock.c.
#include "kernel_model/syscall/net/packet_control.h"

#include <array>

namespace uprobesim {

namespace {

// struct in_pktinfo.
struct PacketInfo4 {
    std::uint32_t interface;
    std::array<std::uint8_t, 4> own, to;
};
static_assert(sizeof(PacketInfo4) == 12);
// struct in6_pktinfo.
struct PacketInfo6 {
    std::array<std::uint8_t, 16> address;
    std::uint32_t interface;
};
static_assert(sizeof(PacketInfo6) == 20);

std::array<std::uint8_t, 4> bytes_of_v4(const IpAddress& address) {
    return {address.bytes[12], address.bytes[13], address.bytes[14], address.bytes[15]};
}

template <class T>
T value_of(std::span<const std::byte> data) {
    T value{};
    std::memcpy(&value, data.data(), sizeof value);
    return value;
}

// An address that a packet is to come from: of lo, or none.
SysResult<void> take_source(const IpAddress& from, std::uint32_t interface, bool v4,
                            PacketWishes& wishes) {
    if (interface > kLoopbackIndex) return tl::make_unexpected(Errno::NoDev);
    if (from.is_any()) return {};
    if (from.is_v4() != v4) return tl::make_unexpected(Errno::Inval);
    if (!from.is_loopback()) return tl::make_unexpected(v4 ? Errno::NetUnreach : Errno::Inval);
    wishes.from = from;
    return {};
}

SysResult<void> take_v4(std::int32_t type, std::span<const std::byte> data, PacketWishes& wishes) {
    const auto bad = tl::make_unexpected(Errno::Inval);
    std::int32_t value = 0;
    switch (type) {
        case abi::kIpPktinfo: {
            if (data.size() != sizeof(PacketInfo4)) return bad;
            const auto info = value_of<PacketInfo4>(data);
            IpAddress from = IpAddress::any(false);
            std::copy(info.own.begin(), info.own.end(), from.bytes.begin() + 12);
            return take_source(from, info.interface, true, wishes);
        }
        case abi::kIpTtl:
            if (data.size() != sizeof value) return bad;
            value = value_of<std::int32_t>(data);
            if (value < 1 || value > 255) return bad;
            wishes.hops = static_cast<std::uint8_t>(value);
            return {};
        case abi::kIpTos:
            if (data.size() == sizeof value) {
                value = value_of<std::int32_t>(data);
            } else if (data.size() == 1) {
                value = std::to_integer<std::int32_t>(data[0]);
            } else {
                return bad;
            }
            if (value < 0 || value > 255) return bad;
            wishes.traffic_class = static_cast<std::uint8_t>(value);
            return {};
        default: return bad;
    }
}

// -1: as the socket has it.
SysResult<void> take_byte(std::span<const std::byte> data, std::optional<std::uint8_t>& wish) {
    if (data.size() != sizeof(std::int32_t)) return tl::make_unexpected(Errno::Inval);
    const auto value = value_of<std::int32_t>(data);
    if (value < -1 || value > 255) return tl::make_unexpected(Errno::Inval);
    if (value >= 0) wish = static_cast<std::uint8_t>(value);
    return {};
}

SysResult<void> take_v6(std::int32_t type, std::span<const std::byte> data, PacketWishes& wishes) {
    switch (type) {
        case abi::kIpv6Pktinfo:
        case abi::kIpv62292Pktinfo: {
            if (data.size() < sizeof(PacketInfo6)) return tl::make_unexpected(Errno::Inval);
            const auto info = value_of<PacketInfo6>(data);
            return take_source(IpAddress{info.address}, info.interface, false, wishes);
        }
        case abi::kIpv6Hoplimit:
        case abi::kIpv62292Hoplimit: return take_byte(data, wishes.hops);
        case abi::kIpv6Tclass: return take_byte(data, wishes.traffic_class);
        case abi::kIpv6Flowinfo:
            return data.size() >= 4 ? SysResult<void>() : tl::make_unexpected(Errno::Inval);
        case abi::kIpv6Dontfrag: {
            const bool known = data.size() == 4 && value_of<std::uint32_t>(data) <= 1;
            return known ? SysResult<void>() : tl::make_unexpected(Errno::Inval);
        }
        default: return tl::make_unexpected(Errno::Inval);
    }
}

std::vector<std::byte> destination(const PacketFields& fields, std::uint16_t family) {
    SocketAddress at;
    at.family = family;
    at.ip = fields.to;
    at.port = fields.to_port;
    return address_bytes(at, family);
}

// __sock_cmsg_send. Descriptors and credentials mean nothing here, and are let pass; marks and the
// stamps of what is sent have no effect.
SysResult<void> take_of_socket(std::int32_t type, std::span<const std::byte> data,
                               bool privileged) {
    switch (type) {
        case abi::kScmRights:
        case abi::kScmCredentials: return {};
        case abi::kSoMark:
            if (!privileged) return tl::make_unexpected(Errno::Perm);
            [[fallthrough]];
        case abi::kSoTimestamping:
            return data.size() == 4 ? SysResult<void>() : tl::make_unexpected(Errno::Inval);
        default: return tl::make_unexpected(Errno::Inval);
    }
}

// ip_cmsg_recv_offset.
void put_v4(ControlWriter& writer, const Socket& socket, const PacketFields& fields) {
    const auto asked = [&](std::int32_t name) { return socket.options.is_on(abi::kSolIp, name); };
    const auto to = bytes_of_v4(fields.to);
    if (asked(abi::kIpPktinfo))
        writer.put_value(abi::kSolIp, abi::kIpPktinfo, PacketInfo4{kLoopbackIndex, to, to});
    if (asked(abi::kIpRecvttl))
        writer.put_value(abi::kSolIp, abi::kIpTtl, std::int32_t{fields.hops});
    if (asked(abi::kIpRecvtos)) writer.put_value(abi::kSolIp, abi::kIpTos, fields.traffic_class);
    if (asked(abi::kIpRecvorigdstaddr)) {
        writer.put(abi::kSolIp, abi::kIpRecvorigdstaddr, destination(fields, abi::kAfInet));
    }
}

// ip6_datagram_recv_specific_ctl.
void put_v6(ControlWriter& writer, const Socket& socket, const PacketFields& fields,
            const PacketInfo6& info) {
    const auto asked = [&](std::int32_t name) { return socket.options.is_on(abi::kSolIpv6, name); };
    const std::int32_t hops = fields.hops, traffic_class = fields.traffic_class;
    if (asked(abi::kIpv6Recvhoplimit)) writer.put_value(abi::kSolIpv6, abi::kIpv6Hoplimit, hops);
    if (asked(abi::kIpv6Recvtclass))
        writer.put_value(abi::kSolIpv6, abi::kIpv6Tclass, traffic_class);
    if (asked(abi::kIpv62292Pktinfo)) writer.put_value(abi::kSolIpv6, abi::kIpv62292Pktinfo, info);
    if (asked(abi::kIpv62292Hoplimit))
        writer.put_value(abi::kSolIpv6, abi::kIpv62292Hoplimit, hops);
    if (asked(abi::kIpv6Recvorigdstaddr)) {
        writer.put(abi::kSolIpv6, abi::kIpv6Recvorigdstaddr, destination(fields, abi::kAfInet6));
    }
}

}  // namespace

SysResult<void> take_packet_control(const Socket& socket, const ControlHeader& header,
                                    std::span<const std::byte> data, bool to_v4, bool privileged,
                                    PacketWishes& wishes) {
    if (header.level == abi::kSolSocket) return take_of_socket(header.type, data, privileged);
    if (!by_message(socket)) return {};
    const bool v6_socket = socket.family() == abi::kAfInet6;
    if (!v6_socket || to_v4) {
        if (header.level == abi::kSolIp) return take_v4(header.type, data, wishes);
        // A mapped address to send from.
        const bool source = header.level == abi::kSolIpv6 && header.type == abi::kIpv6Pktinfo;
        if (!v6_socket || !source) return {};
        if (data.size() < sizeof(PacketInfo6)) return tl::make_unexpected(Errno::Inval);
        const auto info = value_of<PacketInfo6>(data);
        const IpAddress from{info.address};
        if (!from.is_v4()) return tl::make_unexpected(Errno::Inval);
        return take_source(from, info.interface, true, wishes);
    }
    if (header.level == abi::kSolIpv6) return take_v6(header.type, data, wishes);
    return {};
}

void put_arrival(ControlWriter& writer, const Socket& socket, std::uint64_t realtime_ns) {
    constexpr std::uint64_t kNs = 1'000'000'000;
    const std::uint64_t seconds = realtime_ns / kNs, rest = realtime_ns % kNs;
    if (socket.options.is_on(abi::kSolSocket, abi::kSoTimestampns)) {
        writer.put_value(abi::kSolSocket, abi::kSoTimestampns, std::array{seconds, rest});
    } else if (socket.options.is_on(abi::kSolSocket, abi::kSoTimestamp)) {
        writer.put_value(abi::kSolSocket, abi::kSoTimestamp, std::array{seconds, rest / 1000});
    }
}

void put_packet_control(ControlWriter& writer, const Socket& socket, const PacketFields& fields) {
    put_arrival(writer, socket, fields.arrived_ns);
    const bool v6 = socket.family() == abi::kAfInet6;
    const PacketInfo6 info{fields.to.bytes, kLoopbackIndex};
    if (v6 && socket.options.is_on(abi::kSolIpv6, abi::kIpv6Recvpktinfo))
        writer.put_value(abi::kSolIpv6, abi::kIpv6Pktinfo, info);
    if (fields.to.is_v4()) {
        put_v4(writer, socket, fields);
    } else if (v6) {
        put_v6(writer, socket, fields, info);
    }
}

void put_stream_control(ControlWriter& writer, const Socket& socket) {
    const auto asked = [&](std::int32_t name) { return socket.options.is_on(abi::kSolIp, name); };
    const auto own = bytes_of_v4(socket.local().ip);
    if (asked(abi::kIpPktinfo))
        writer.put_value(abi::kSolIp, abi::kIpPktinfo, PacketInfo4{0, own, own});
    if (asked(abi::kIpRecvttl))
        writer.put_value(abi::kSolIp, abi::kIpTtl,
                         socket.options.get(abi::kSolIp, abi::kIpMulticastTtl));
    if (asked(abi::kIpRecvtos)) writer.put_value(abi::kSolIp, abi::kIpTos, std::int32_t{0});
}

}  // namespace uprobesim
