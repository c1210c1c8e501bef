// SPDX-License-Identifier: GPL-2.0-or-later
// What a packet's headers say besides its ports: a receiver may ask for it, and a sender may choose
// it for one packet, by control messages (ip(7), ipv6(7)).
#pragma once

#include <cstdint>
#include <optional>

#include "kernel_model/net/address.h"

namespace uprobesim {

class Socket;

struct PacketFields {
    IpAddress to;
    std::uint16_t to_port = 0;
    std::uint8_t hops = 64;          // TTL, or the hop limit
    std::uint8_t traffic_class = 0;  // TOS, or the traffic class
    std::uint64_t arrived_ns = 0;    // CLOCK_REALTIME
};

// What is not said is as the socket's options have it.
struct PacketWishes {
    std::optional<IpAddress> from;
    std::optional<std::uint8_t> hops, traffic_class;
};

// Of a packet that `sender` has for `to`.
PacketFields fields_of_packet(const Socket& sender, const PacketWishes& wishes,
                              const IpAddress& to);

// The index of lo, the only interface.
inline constexpr std::uint32_t kLoopbackIndex = 1;

}  // namespace uprobesim
