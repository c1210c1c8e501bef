// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/net/packet_fields.h"

#include "kernel_model/net/network.h"
#include "kernel_model/net/socket.h"

namespace uprobesim {

PacketFields fields_of_packet(const Socket& sender, const PacketWishes& wishes,
                              const IpAddress& to) {
    const auto option = [&](std::int32_t of_v4, std::int32_t of_v6) {
        const std::int32_t value = to.is_v4() ? sender.options.get(abi::kSolIp, of_v4)
                                              : sender.options.get(abi::kSolIpv6, of_v6);
        return static_cast<std::uint8_t>(value);
    };
    return {.to = to,
            .to_port = 0,
            .hops = wishes.hops.value_or(option(abi::kIpTtl, abi::kIpv6UnicastHops)),
            .traffic_class = wishes.traffic_class.value_or(option(abi::kIpTos, abi::kIpv6Tclass)),
            .arrived_ns = sender.now_ns()};
}

}  // namespace uprobesim
