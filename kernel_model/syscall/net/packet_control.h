// SPDX-License-Identifier: GPL-2.0-or-later
// Control messages of IP sockets: where a packet was sent to, its hops, its class and when it came,
// and what a sender says of one packet (ip(7), ipv6(7), RFC 3542).
#pragma once

#include "kernel_model/net/socket.h"
#include "kernel_model/syscall/net/control_writer.h"

namespace uprobesim {

// One of a sender (ip_cmsg_send, ip6_datagram_send_ctl), of a packet to an IPv4 address or not.
// `privileged`: may mark packets. Inval: no such one, its length or value; NoDev, NetUnreach: it
// cannot be sent from there.
SysResult<void> take_packet_control(const Socket& socket, const ControlHeader& header,
                                    std::span<const std::byte> data, bool to_v4, bool privileged,
                                    PacketWishes& wishes);
// SO_TIMESTAMP, SO_TIMESTAMPNS: when a message came.
void put_arrival(ControlWriter& writer, const Socket& socket, std::uint64_t realtime_ns);
// Those that the receiver has asked for, in Linux's order.
void put_packet_control(ControlWriter& writer, const Socket& socket, const PacketFields& fields);

// IP_PKTOPTIONS of a stream: its own address, and the TTL of its multicast packets.
void put_stream_control(ControlWriter& writer, const Socket& socket);

}  // namespace uprobesim
