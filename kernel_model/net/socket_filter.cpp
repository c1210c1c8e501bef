// SPDX-License-Identifier: GPL-2.0-or-later
// net/core/filter.c
#include "kernel_model/net/socket_filter.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernel_model/net/network.h"

namespace uprobesim {
namespace {

using namespace abi;

constexpr std::size_t kLinkHeader = 14;
constexpr std::uint32_t kVersionShift = 4, kVersion4 = 4;
constexpr std::uint32_t kAttributeHeader = 4, kAttributeType = 0x3fff;  // NLA_TYPE_MASK

// With a header of Ethernet before it, as lo gives it.
std::vector<std::byte> on_link(std::span<const std::byte> packet, std::uint16_t protocol) {
    std::vector<std::byte> frame(kLinkHeader);
    frame[kLinkHeader - 2] = static_cast<std::byte>(protocol >> 8);
    frame[kLinkHeader - 1] = static_cast<std::byte>(protocol & 0xff);
    frame.insert(frame.end(), packet.begin(), packet.end());
    return frame;
}

std::uint16_t protocol_of(std::span<const std::byte> packet) {
    const bool v4 = std::to_integer<std::uint32_t>(packet[0]) >> kVersionShift == kVersion4;
    return v4 ? kEthIp : kEthIpv6;
}

}  // namespace

SeenPacket::SeenPacket(std::vector<std::byte> packet, const Layout& layout, const Network& network)
    : own_(on_link(packet, protocol_of(packet))),
      bytes_(own_),
      network_header_(kLinkHeader),
      data_(kLinkHeader + layout.data),
      payload_(layout.payload),
      of_lo_(true),
      protocol_(protocol_of(packet)),
      mark_(layout.mark),
      hash_(layout.hash),
      network_(network) {}

// bpf_internal_load_pointer_neg_helper
std::optional<std::uint32_t> SeenPacket::load(std::uint32_t at, std::uint32_t size) const {
    std::uint64_t from = 0;
    if (at < kSkfLink) {
        if ((at & 0x80000000) != 0) return std::nullopt;
        from = data_ + std::uint64_t{at};
    } else if (at >= kSkfNet) {
        from = network_header_ + std::uint64_t{at - kSkfNet};
    } else if (of_lo_) {
        from = at - kSkfLink;
    } else {
        return std::nullopt;
    }
    if (from + size > bytes_.size()) return std::nullopt;
    std::uint32_t value = 0;
    for (std::uint32_t i = 0; i < size; ++i)
        value = value << 8 | std::to_integer<std::uint32_t>(bytes_[from + i]);
    return value;
}

// nla_find: where an attribute of this type is, 0 if it is not there.
std::uint32_t SeenPacket::attribute(std::uint32_t at, std::uint32_t end, std::uint32_t type) const {
    const auto data = bytes_.subspan(data_);
    while (end - at >= kAttributeHeader) {
        std::uint16_t size = 0, kind = 0;
        std::memcpy(&size, &data[at], sizeof size);
        std::memcpy(&kind, &data[at + 2], sizeof kind);
        if (size < kAttributeHeader || size > end - at) return 0;
        if ((kind & kAttributeType) == type) return at;
        at += std::min<std::uint32_t>((size + 3u) & ~3u, end - at);
    }
    return 0;
}

std::optional<std::uint32_t> SeenPacket::ancillary(std::uint32_t number, std::uint32_t a,
                                                   std::uint32_t x) const {
    constexpr std::uint32_t kLoIndex = 1;
    // What depends on the device ends the program where there is none.
    const auto of_device = [&](std::uint32_t value) {
        return of_lo_ ? std::optional(value) : std::nullopt;
    };
    switch (number) {
        case kSkfAdProtocol: return protocol_;
        case kSkfAdIfindex: return of_device(kLoIndex);
        case kSkfAdHatype: return of_device(kArphrdLoopback);
        case kSkfAdMark: return mark_;
        case kSkfAdRxhash: return hash_;
        case kSkfAdCpu: return network_.current_cpu();
        case kSkfAdAluXorX: return a ^ x;
        case kSkfAdPayOffset: return payload_;
        case kSkfAdRandom: return network_.random();
        case kSkfAdNlattr:
            if (length() < kAttributeHeader || a > length() - kAttributeHeader) return 0;
            return attribute(a, length(), x);
        case kSkfAdNlattrNest: {
            if (length() < kAttributeHeader || a > length() - kAttributeHeader) return 0;
            std::uint16_t size = 0;
            std::memcpy(&size, &bytes_[data_ + a], sizeof size);
            if (size > length() - a || size < kAttributeHeader) return 0;
            return attribute(a + kAttributeHeader, a + size, x);
        }
        // The kind of packet (to this host), queue and tags of a VLAN.
        default: return 0;
    }
}

std::optional<std::size_t> kept_bytes(const SocketFilter& filter, const SeenPacket& packet,
                                      std::size_t least) {
    const std::uint32_t value = run_program(filter.program, packet).value;
    if (value == 0) return std::nullopt;
    return std::min<std::size_t>(std::max<std::size_t>(value, least), packet.length());
}

}  // namespace uprobesim
