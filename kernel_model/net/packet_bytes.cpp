// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/net/packet_bytes.h"

#include <algorithm>

#include "kernel_model/abi/socket.h"

namespace uprobesim {
namespace {

std::uint32_t sum_of(std::span<const std::byte> bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        sum += std::to_integer<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
    return sum;
}

std::uint16_t folded(std::uint32_t sum) {
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
}

// As it stands in a header: IPv4 has the last four bytes.
std::span<const std::byte> shown(const IpAddress& ip, bool v4) {
    return std::as_bytes(std::span(ip.bytes)).subspan(v4 ? 12 : 0);
}

}  // namespace

std::uint16_t internet_checksum(std::span<const std::byte> bytes) {
    return static_cast<std::uint16_t>(~folded(sum_of(bytes)));
}

void put_u16(std::span<std::byte> at, std::uint16_t value) {
    at[0] = static_cast<std::byte>(value >> 8);
    at[1] = static_cast<std::byte>(value & 0xff);
}

std::vector<std::byte> with_ip_header(const IpAddress& from, const PacketFields& fields,
                                      std::uint8_t protocol, std::span<const std::byte> payload) {
    const bool v4 = fields.to.is_v4();
    std::vector<std::byte> packet(v4 ? kIpHeaderBytes : kIpv6HeaderBytes);
    const std::span<std::byte> head = packet;
    if (v4) {
        head[0] = std::byte{0x45};
        head[1] = std::byte{fields.traffic_class};
        put_u16(head.subspan(2), static_cast<std::uint16_t>(packet.size() + payload.size()));
        head[8] = std::byte{fields.hops};
        head[9] = std::byte{protocol};
    } else {
        put_u16(head, static_cast<std::uint16_t>(0x6000 | fields.traffic_class << 4));
        put_u16(head.subspan(4), static_cast<std::uint16_t>(payload.size()));
        head[6] = std::byte{protocol};
        head[7] = std::byte{fields.hops};
    }
    const std::size_t addresses = v4 ? 12 : 8;
    std::ranges::copy(shown(from, v4), head.subspan(addresses).begin());
    std::ranges::copy(shown(fields.to, v4), head.subspan(addresses + (v4 ? 4 : 16)).begin());
    if (v4) put_u16(head.subspan(10), internet_checksum(head));
    packet.insert(packet.end(), payload.begin(), payload.end());
    return packet;
}

std::vector<std::byte> with_udp_header(const IpAddress& from, std::uint16_t from_port,
                                       const PacketFields& fields, std::uint8_t protocol,
                                       std::span<const std::byte> payload) {
    const bool v4 = fields.to.is_v4();
    const auto length = static_cast<std::uint16_t>(kUdpHeaderBytes + payload.size());
    std::vector<std::byte> packet(kUdpHeaderBytes);
    put_u16(packet, from_port);
    put_u16(std::span(packet).subspan(2), fields.to_port);
    put_u16(std::span(packet).subspan(4), length);
    const std::uint32_t sum =
        sum_of(shown(from, v4)) + sum_of(shown(fields.to, v4)) + protocol + length;
    put_u16(std::span(packet).subspan(6), folded(sum));
    packet.insert(packet.end(), payload.begin(), payload.end());
    return packet;
}

}  // namespace uprobesim
