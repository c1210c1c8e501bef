// SPDX-License-Identifier: GPL-2.0-or-later
// net/core/rtnetlink.c (do_setlink), net/ipv4/devinet.c and net/ipv6/addrconf.c (new addresses).
#include "kernel_model/net/route_changes.h"

#include <cstring>
#include <string_view>

#include "kernel_model/abi/socket.h"
#include "kernel_model/net/network.h"
#include "kernel_model/net/packet_fields.h"
#include "kernel_model/net/route_answers.h"

namespace uprobesim {

namespace {

using namespace abi;

template <class T>
T head_of(std::span<const std::byte> body) {
    T head{};
    std::memcpy(&head, body.data(), std::min(sizeof head, body.size()));
    return head;
}

// `ip link set lo up`. Nothing else of lo can be changed.
SysResult<void> change_link(Network& network, std::uint16_t type, std::span<const std::byte> body) {
    const auto link = head_of<LinkMessage>(body);
    const auto name = netlink_attribute(body, sizeof link, kIflaIfname);
    const std::string_view text(reinterpret_cast<const char*>(name.data()),
                                name.empty() ? 0 : name.size() - 1);
    const bool is_lo = link.index == static_cast<std::int32_t>(kLoopbackIndex) ||
                       (link.index == 0 && text == "lo");
    if (!is_lo && type == kRtmNewlink && link.index == 0) return tl::make_unexpected(Errno::NotSup);
    if (!is_lo) return tl::make_unexpected(link.index < 0 ? Errno::Inval : Errno::NoDev);
    // rtnl_dev_combine_flags.
    const std::uint32_t changed = link.change != 0 ? link.change : ~std::uint32_t{0};
    const bool says = link.flags != 0 || link.change != 0;
    if (says && (changed & kIffUp) != 0) network.set_up((link.flags & kIffUp) != 0);
    return {};
}

// 127.0.0.1/8 and ::1/128, which lo takes by itself when it is up.
SysResult<void> add_address(Network& network, const NetlinkHeader& header,
                            std::span<const std::byte> body) {
    const auto address = head_of<AddressMessage>(body);
    const bool v6 = address.family == kAfInet6;
    if (!v6 && address.family != kAfInet) return tl::make_unexpected(Errno::NotSup);
    if (address.index != kLoopbackIndex) return tl::make_unexpected(Errno::NoDev);
    auto given = netlink_attribute(body, sizeof address, kIfaLocal);
    if (given.empty()) given = netlink_attribute(body, sizeof address, kIfaAddress);
    const std::size_t size = v6 ? 16 : 4;
    if (given.size() < size) return tl::make_unexpected(Errno::Inval);
    IpAddress ip = IpAddress::any(v6);
    std::memcpy(ip.bytes.data() + (16 - size), given.data(), size);
    if (ip != IpAddress::loopback(v6) || address.prefix != (v6 ? 128 : 8))
        return tl::make_unexpected(Errno::NotSup);
    if (network.has_address(v6)) {
        // Replacing it by itself is no change.
        constexpr std::uint16_t kReplace = 0x100;  // NLM_F_REPLACE
        const bool replaces = (header.flags & (kReplace | kNlmExcl)) == kReplace;
        return replaces ? SysResult<void>() : tl::make_unexpected(Errno::Exist);
    }
    network.add_address(v6);
    return {};
}

}  // namespace

SysResult<void> change_route(Network& network, const NetlinkHeader& header,
                             std::span<const std::byte> body) {
    switch (header.type) {
        case kRtmNewlink:
        case kRtmSetlink: return change_link(network, header.type, body);
        case kRtmNewaddr: return add_address(network, header, body);
        default: return tl::make_unexpected(Errno::NotSup);
    }
}

}  // namespace uprobesim
