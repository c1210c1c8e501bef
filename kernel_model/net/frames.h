// SPDX-License-Identifier: GPL-2.0-or-later
// The frames of lo, for those who listen to them (packet sockets): each is heard as it leaves, and
// as it comes back.
#pragma once

#include <cstdint>
#include <span>

namespace uprobesim {

class FrameListener;
class Network;

inline constexpr std::size_t kLinkHeaderBytes = 14, kLinkAddressBytes = 6;

struct LinkFrame {
    std::span<const std::byte> bytes;  // from the link header on
    std::uint16_t protocol = 0;        // in network order
    bool checksum_missing = false;     // no card completes it on lo
    const FrameListener* sender = nullptr;
};

class FrameListener {
public:
    FrameListener() = default;
    FrameListener(const FrameListener&) = delete;
    FrameListener& operator=(const FrameListener&) = delete;
    virtual ~FrameListener() = default;
    // The protocol of the frames that it hears (abi::kFramesOf*); 0: none.
    virtual std::uint16_t hears() const = 0;
    // `type`: abi::kPacketHost and its like.
    virtual void take(const LinkFrame& frame, std::uint8_t type) = 0;
};

void show_frame(Network& network, const LinkFrame& frame);
// The same of a packet that begins with an IP header.
void show_packet(Network& network, std::span<const std::byte> packet, bool checksum_missing);

}  // namespace uprobesim
