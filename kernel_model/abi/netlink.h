// SPDX-License-Identifier: GPL-2.0-or-later
// Netlink messages of NETLINK_ROUTE (linux/netlink.h, rtnetlink.h, if_link.h, if_addr.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::int32_t kSolNetlink = 270;
inline constexpr std::int32_t kNetlinkAddMembership = 1, kNetlinkDropMembership = 2,
                              kNetlinkPktinfo = 3, kNetlinkBroadcastError = 4,
                              kNetlinkNoEnobufs = 5, kNetlinkListenAllNsid = 8, kNetlinkCapAck = 10,
                              kNetlinkExtAck = 11, kNetlinkStrictCheck = 12;

inline constexpr std::uint32_t kNetlinkRoute = 0, kNetlinkUsersock = 2, kNetlinkUevent = 15,
                               kNetlinkMax = 32;

struct NetlinkHeader {
    std::uint32_t length;
    std::uint16_t type, flags;
    std::uint32_t sequence, port;
};
static_assert(sizeof(NetlinkHeader) == 16);

inline constexpr std::uint16_t kNlmsgError = 2, kNlmsgDone = 3, kNlmsgMinType = 16;
inline constexpr std::uint16_t kNlmRequest = 1, kNlmMulti = 2, kNlmAck = 4, kNlmDump = 0x300,
                               kNlmExcl = 0x200, kNlmReplace = 0x100, kNlmCreate = 0x400,
                               kNlmCapped = 0x100;

inline constexpr std::uint16_t kRtmNewlink = 16, kRtmGetlink = 18, kRtmSetlink = 19,
                               kRtmNewaddr = 20, kRtmGetaddr = 22, kRtmNewroute = 24,
                               kRtmGetroute = 26, kRtmGetneigh = 30, kRtmGetrule = 34,
                               kRtmGetqdisc = 38, kRtmMax = 123;

struct LinkMessage {  // struct ifinfomsg
    std::uint8_t family, pad;
    std::uint16_t type;
    std::int32_t index;
    std::uint32_t flags, change;
};
struct AddressMessage {  // struct ifaddrmsg
    std::uint8_t family, prefix, flags, scope;
    std::uint32_t index;
};
struct RouteMessage {  // struct rtmsg
    std::uint8_t family, to_length, from_length, tos, table, protocol, scope, type;
    std::uint32_t flags;
};

inline constexpr std::uint16_t kIflaAddress = 1, kIflaBroadcast = 2, kIflaIfname = 3, kIflaMtu = 4,
                               kIflaQdisc = 6, kIflaStats = 7, kIflaTxqlen = 13,
                               kIflaOperstate = 16, kIflaLinkmode = 17, kIflaStats64 = 23,
                               kIflaGroup = 27, kIflaExtMask = 29, kIflaPromiscuity = 30,
                               kIflaNumTxQueues = 31, kIflaNumRxQueues = 32, kIflaCarrier = 33;
inline constexpr std::uint16_t kIfaAddress = 1, kIfaLocal = 2, kIfaLabel = 3, kIfaCacheinfo = 6,
                               kIfaFlags = 8;
inline constexpr std::uint16_t kRtaDst = 1, kRtaOif = 4, kRtaPriority = 6, kRtaPrefsrc = 7,
                               kRtaTable = 15;

inline constexpr std::uint32_t kIffLowerUp = 0x10000;

// Groups that listen.
inline constexpr std::uint32_t kRtmgrpLink = 1;
inline constexpr std::uint8_t kIfaPermanent = 0x80;
inline constexpr std::uint8_t kScopeHost = 254, kScopeLink = 253, kTableLocal = 255,
                              kProtocolKernel = 2;
inline constexpr std::uint8_t kRouteLocal = 2, kRouteBroadcast = 3;

}  // namespace uprobesim::abi
