// SPDX-License-Identifier: GPL-2.0-or-later
// net/core/rtnetlink.c (do_setlink), net/ipv4/devinet.c and net/ipv6/addrconf.c (new addresses).
#include "kernel_model/net/netlink/route_changes.h"

#include <cstring>
#include <optional>
#include <string_view>

#include "kernel_model/abi/socket.h"
#include "kernel_model/net/netlink/route_answers.h"
#include "kernel_model/net/network.h"
#include "kernel_model/net/packet_fields.h"

namespace uprobesim {

namespace {

using namespace abi;

// The caller has seen that it is there.
template <class T>
T head_of(std::span<const std::byte> body) {
    T head{};
    std::memcpy(&head, body.data(), sizeof head);
    return head;
}

// The attributes behind the head of a link's message: its name, and what this network cannot have.
struct LinkAttributes {
    std::string_view name;
    std::optional<std::uint32_t> mtu = std::nullopt;
    bool others = false;
};
LinkAttributes attributes_of_link(std::span<const std::byte> body) {
    LinkAttributes found;
    for_each_attribute(body, sizeof(LinkMessage),
                       [&](std::uint16_t type, std::span<const std::byte> value) {
                           if (type == kIflaIfname) {
                               found.name = netlink_text(value);
                           } else if (type == kIflaMtu && value.size() >= 4) {
                               std::memcpy(&found.mtu.emplace(), value.data(), 4);
                           } else if (type != kIflaExtMask) {
                               found.others = true;
                           }
                       });
    return found;
}

// `ip link set lo up` (rtnl_setlink, __rtnl_newlink). Nothing else of lo can be changed, and there
// is no other link.
SysResult<void> change_link(Network& network, const NetlinkHeader& header,
                            std::span<const std::byte> body) {
    const auto link = head_of<LinkMessage>(body);
    const LinkAttributes given = attributes_of_link(body);
    const bool makes = header.type == kRtmNewlink;
    if (link.index < 0 || (link.index == 0 && given.name.empty() && !makes))
        return tl::make_unexpected(Errno::Inval);
    const bool is_lo = link.index == static_cast<std::int32_t>(kLoopbackIndex) ||
                       (link.index == 0 && given.name == "lo");
    if (!is_lo) {
        const bool creates = makes && (header.flags & kNlmCreate) != 0;
        return tl::make_unexpected(creates ? Errno::NotSup : Errno::NoDev);
    }
    if (makes && (header.flags & kNlmExcl) != 0) return tl::make_unexpected(Errno::Exist);
    if (makes && (header.flags & kNlmReplace) != 0) return tl::make_unexpected(Errno::NotSup);
    if (given.others || (!given.name.empty() && given.name != "lo"))
        return tl::make_unexpected(Errno::NotSup);
    if (given.mtu) network.set_mtu(*given.mtu);
    // rtnl_dev_combine_flags.
    const std::uint32_t changed = link.change != 0 ? link.change : ~std::uint32_t{0};
    const bool says = link.flags != 0 || link.change != 0;
    if (says && (changed & kIffUp) != 0) network.set_up((link.flags & kIffUp) != 0);
    return {};
}

// 127.0.0.1/8 and ::1/128, which lo takes by itself when it is up (inet_rtm_newaddr,
// inet6_rtm_newaddr).
SysResult<void> add_address(Network& network, const NetlinkHeader& header,
                            std::span<const std::byte> body) {
    const auto address = head_of<AddressMessage>(body);
    const bool v6 = address.family == kAfInet6;
    if (!v6 && address.family != kAfInet) return tl::make_unexpected(Errno::NotSup);
    auto given = netlink_attribute(body, sizeof address, kIfaLocal);
    if (given.empty() && v6) given = netlink_attribute(body, sizeof address, kIfaAddress);
    const std::size_t size = v6 ? 16 : 4;
    if (given.size() < size || address.prefix > 8 * size) return tl::make_unexpected(Errno::Inval);
    if (address.index != kLoopbackIndex) return tl::make_unexpected(Errno::NoDev);
    IpAddress ip = IpAddress::any(v6);
    std::memcpy(ip.bytes.data() + (16 - size), given.data(), size);
    if (ip != IpAddress::loopback(v6) || address.prefix != (v6 ? 128 : 8))
        return tl::make_unexpected(Errno::NotSup);
    if (network.has_address(v6)) {
        // Replacing it by itself is no change.
        const bool replaces = (header.flags & (kNlmReplace | kNlmExcl)) == kNlmReplace;
        return replaces ? SysResult<void>() : tl::make_unexpected(Errno::Exist);
    }
    network.add_address(v6);
    return {};
}

}  // namespace

SysResult<void> change_route(Network& network, const NetlinkHeader& header,
                             std::span<const std::byte> body) {
    const auto at_least = [&](std::size_t size) { return body.size() >= size; };
    switch (header.type) {
        case kRtmNewlink:
        case kRtmSetlink:
            if (!at_least(sizeof(LinkMessage))) return tl::make_unexpected(Errno::Inval);
            return change_link(network, header, body);
        case kRtmNewaddr:
            if (!at_least(sizeof(AddressMessage))) return tl::make_unexpected(Errno::Inval);
            return add_address(network, header, body);
        default: return tl::make_unexpected(Errno::NotSup);
    }
}

}  // namespace uprobesim
