// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/net/frames.h"

#include <algorithm>
#include <vector>

#include "kernel_model/abi/socket.h"
#include "kernel_model/net/network.h"

namespace uprobesim {

namespace {

using namespace abi;

// eth_type_trans: the address of lo is zero.
bool is_for_lo(std::span<const std::byte> frame) {
    return std::ranges::all_of(frame.first(kLinkAddressBytes),
                               [](std::byte b) { return b == std::byte{}; });
}

}  // namespace

void show_frame(Network& network, const LinkFrame& frame) {
    if (network.frame_listeners.empty()) return;
    const std::uint8_t type = is_for_lo(frame.bytes) ? kPacketHost : kPacketOtherHost;
    // dev_queue_xmit_nit: those of all protocols, but for the sender.
    for (FrameListener* const listener : network.frame_listeners) {
        if (listener != frame.sender && listener->hears() == kFramesOfAll)
            listener->take(frame, kPacketOutgoing);
    }
    for (FrameListener* const listener : network.frame_listeners) {
        const std::uint16_t wanted = listener->hears();
        if (wanted == kFramesOfAll || (wanted != 0 && wanted == frame.protocol))
            listener->take(frame, type);
    }
}

void show_packet(Network& network, std::span<const std::byte> packet, bool checksum_missing) {
    if (network.frame_listeners.empty() || packet.empty()) return;
    const bool v4 = std::to_integer<unsigned>(packet[0]) >> 4 == 4;
    const std::uint16_t protocol = v4 ? kFramesOfIp : kFramesOfIpv6;
    std::vector<std::byte> bytes(kLinkHeaderBytes);
    bytes[12] = static_cast<std::byte>(protocol & 0xff);
    bytes[13] = static_cast<std::byte>(protocol >> 8);
    bytes.insert(bytes.end(), packet.begin(), packet.end());
    show_frame(network,
               {.bytes = bytes, .protocol = protocol, .checksum_missing = checksum_missing});
}

}  // namespace uprobesim
