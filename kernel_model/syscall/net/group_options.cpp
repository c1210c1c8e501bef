// SPDX-License-Identifier: GPL-2.0-or-later
// Joining and leaving multicast groups, and the interface to send to them by (do_ip_setsockopt,
// do_ipv6_setsockopt).
#include "kernel_model/syscall/net/group_options.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "kernel_model/net/network.h"
#include "kernel_model/net/packet_fields.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

struct GroupRequest {
    IpAddress group;
    GroupPlace place;
};

IpAddress address_of(std::uint32_t in_network_order) {
    return IpAddress::v4(__builtin_bswap32(in_network_order));
}

bool is_stream(const Socket& socket) {
    return !by_message(socket);
}

// struct ip_mreqn, or the struct ip_mreq that it begins with; `least` bytes at least.
SysResult<IpMreqn> read_mreqn(SysCall& call) {
    constexpr std::uint32_t kMreqBytes = 8;
    IpMreqn given{};
    const std::uint32_t length = call.uint32(4) >= sizeof given ? sizeof given : kMreqBytes;
    if (!call.memory().read(call.address(3),
                            std::as_writable_bytes(std::span(&given, 1)).first(length)))
        return tl::make_unexpected(Errno::Fault);
    return given;
}

SysResult<GroupRequest> of_mreqn(SysCall& call) {
    const auto given = TRY(read_mreqn(call));
    return GroupRequest{address_of(given.group), {given.index, address_of(given.address)}};
}

SysResult<GroupRequest> of_mreq6(SysCall& call) {
    const auto given = call.memory().get<Ipv6Mreq>(call.address(3));
    if (!given) return tl::make_unexpected(Errno::Fault);
    return GroupRequest{{given->group}, {.index = given->index}};
}

SysResult<GroupRequest> of_group_req(SysCall& call) {
    const auto given = call.memory().get<GroupReq>(call.address(3));
    if (!given) return tl::make_unexpected(Errno::Fault);
    const bool v6 = call.int32(1) == kSolIpv6;
    const auto group =
        parse_address(std::as_bytes(std::span(given->address)).first(kMaxAddressBytes));
    if (!group || group->family != (v6 ? kAfInet6 : kAfInet))
        return tl::make_unexpected(v6 ? Errno::AddrNotAvail : Errno::Inval);
    return GroupRequest{group->ip, {.index = static_cast<std::int32_t>(given->index)}};
}

struct GroupOption {
    std::int32_t level, name;
    std::uint32_t least;  // bytes
    SysResult<GroupRequest> (*read)(SysCall&);
    bool joins;
    bool of_streams;  // those of the protocol's own are not (EPROTO)
};
constexpr GroupOption kOptions[] = {
    {kSolIp, kIpAddMembership, 8, of_mreqn, true, false},
    {kSolIp, kIpDropMembership, 8, of_mreqn, false, false},
    {kSolIp, kMcastJoinGroup, sizeof(GroupReq), of_group_req, true, true},
    {kSolIp, kMcastLeaveGroup, sizeof(GroupReq), of_group_req, false, true},
    {kSolIpv6, kIpv6AddMembership, sizeof(Ipv6Mreq), of_mreq6, true, false},
    {kSolIpv6, kIpv6DropMembership, sizeof(Ipv6Mreq), of_mreq6, false, false},
    {kSolIpv6, kMcastJoinGroup, sizeof(GroupReq), of_group_req, true, true},
    {kSolIpv6, kMcastLeaveGroup, sizeof(GroupReq), of_group_req, false, true},
};

SysOutcome change_membership(SysCall& call, Socket& socket, const GroupOption& option) {
    // IPv6 looks at the length first.
    if (option.level == kSolIpv6 && call.uint32(4) < option.least) return Errno::Inval;
    if (!option.of_streams && is_stream(socket)) return Errno::Proto;
    if (call.uint32(4) < option.least) return Errno::Inval;
    const GroupRequest request = TRY(option.read(call));
    if (!option.joins) return socket.groups.leave(request.group, request.place);
    return socket.groups.join(request.group, request.place, &call.kernel.machine().memory);
}

// IP_MULTICAST_IF: what getsockopt tells of it is the address alone.
SysOutcome set_interface(SysCall& call, Socket& socket) {
    const std::uint32_t length = call.uint32(4);
    if (is_stream(socket) || length < sizeof(std::uint32_t)) return Errno::Inval;
    GroupPlace place;
    if (length < 2 * sizeof(std::uint32_t)) {
        const auto given = call.memory().get<std::uint32_t>(call.address(3));
        if (!given) return Errno::Fault;
        place.address = address_of(*given);
    } else {
        const auto given = TRY(read_mreqn(call));
        place = {given.index, address_of(given.address)};
    }
    if (place.named() && !place.is_loopback()) return Errno::AddrNotAvail;
    socket.group_interface = place.named() ? kLoopbackIndex : 0;
    socket.options.set(kSolIp, kIpMulticastIf,
                       static_cast<std::int32_t>(__builtin_bswap32(place.address.as_v4())));
    return 0;
}

}  // namespace

std::optional<SysOutcome> set_group_option(SysCall& call, Socket& socket) {
    const std::int32_t level = call.int32(1), name = call.int32(2);
    if (level == kSolIp && name == kIpMulticastIf) return set_interface(call, socket);
    const auto* const option = std::ranges::find_if(
        kOptions, [&](const GroupOption& row) { return row.level == level && row.name == name; });
    if (option == std::end(kOptions)) return std::nullopt;
    return change_membership(call, socket, *option);
}

}  // namespace uprobesim
