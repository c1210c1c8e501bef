// SPDX-License-Identifier: GPL-2.0-or-later
// The headers of packets, for those who look at them: raw sockets and filters.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernel_model/net/packet_fields.h"

namespace uprobesim {

inline constexpr std::size_t kIpHeaderBytes = 20, kIpv6HeaderBytes = 40, kUdpHeaderBytes = 8;

// The checksum of the internet protocols (RFC 1071).
std::uint16_t internet_checksum(std::span<const std::byte> bytes);

// Stores a number in network order.
void put_u16(std::span<std::byte> at, std::uint16_t value);

// A header of IPv4 or IPv6, as the addresses are, and what follows it.
std::vector<std::byte> with_ip_header(const IpAddress& from, const PacketFields& fields,
                                      std::uint8_t protocol, std::span<const std::byte> payload);

// A UDP header and the payload. The checksum is that of the pseudo header alone: on lo no card
// completes it.
std::vector<std::byte> with_udp_header(const IpAddress& from, std::uint16_t from_port,
                                       const PacketFields& fields, std::uint8_t protocol,
                                       std::span<const std::byte> payload);

}  // namespace uprobesim
