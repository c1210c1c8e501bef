// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers: asm-generic/socket.h, linux/in.h, linux/in6.h, linux/tcp.h, linux/udp.h. Initial values:
// socket(7), ip(7), tcp(7), ipv6(7) and the sysctl defaults there.
#include "kernel_model/net/options.h"

#include <algorithm>

namespace uprobesim {

namespace {

using enum OptionUse;

constexpr SocketOption kOptions[] = {
    {kSolSocket, 1, "SO_DEBUG", Kept, true, 0},
    {kSolSocket, kSoReuseAddr, "SO_REUSEADDR", Acts, true, 0},
    {kSolSocket, kSoType, "SO_TYPE", ReadOnly, false, 0},
    {kSolSocket, kSoError, "SO_ERROR", ReadOnly, false, 0},
    {kSolSocket, 5, "SO_DONTROUTE", Kept, true, 0},
    {kSolSocket, 6, "SO_BROADCAST", Kept, true, 0},
    {kSolSocket, kSoSndBuf, "SO_SNDBUF", Acts, false, 212992},
    {kSolSocket, kSoRcvBuf, "SO_RCVBUF", Acts, false, 212992},
    {kSolSocket, 9, "SO_KEEPALIVE", Kept, true, 0},
    {kSolSocket, 10, "SO_OOBINLINE", Kept, true, 0},
    {kSolSocket, 11, "SO_NO_CHECK", Kept, true, 0},
    {kSolSocket, 12, "SO_PRIORITY", Kept, false, 0},
    {kSolSocket, kSoReusePort, "SO_REUSEPORT", Acts, true, 0},
    {kSolSocket, kSoPassCred, "SO_PASSCRED", Acts, true, 0},
    {kSolSocket, 18, "SO_RCVLOWAT", Kept, false, 1},
    {kSolSocket, 19, "SO_SNDLOWAT", ReadOnly, false, 1},
    {kSolSocket, 29, "SO_TIMESTAMP", Kept, true, 0},
    {kSolSocket, kSoAcceptConn, "SO_ACCEPTCONN", ReadOnly, false, 0},
    {kSolSocket, kSoSndBufForce, "SO_SNDBUFFORCE", Acts, false, 0},
    {kSolSocket, kSoRcvBufForce, "SO_RCVBUFFORCE", Acts, false, 0},
    {kSolSocket, 34, "SO_PASSSEC", Kept, true, 0},
    {kSolSocket, 36, "SO_MARK", Kept, false, 0},
    {kSolSocket, kSoProtocol, "SO_PROTOCOL", ReadOnly, false, 0},
    {kSolSocket, kSoDomain, "SO_DOMAIN", ReadOnly, false, 0},
    {kSolSocket, 42, "SO_PEEK_OFF", Kept, false, -1},
    {kSolSocket, 46, "SO_BUSY_POLL", Kept, false, 0},
    {kSolSocket, 49, "SO_INCOMING_CPU", Kept, false, 0},
    {kSolSocket, 56, "SO_INCOMING_NAPI_ID", ReadOnly, false, 0},
    {kSolSocket, 60, "SO_ZEROCOPY", Kept, true, 0},

    {kSolIp, 1, "IP_TOS", Kept, false, 0},
    {kSolIp, 2, "IP_TTL", Kept, false, 64},
    {kSolIp, 8, "IP_PKTINFO", Kept, true, 0},
    {kSolIp, 10, "IP_MTU_DISCOVER", Kept, false, 1},
    {kSolIp, 11, "IP_RECVERR", Kept, true, 0},
    {kSolIp, 12, "IP_RECVTTL", Kept, true, 0},
    {kSolIp, 13, "IP_RECVTOS", Kept, true, 0},
    {kSolIp, 14, "IP_MTU", ReadOnly, false, 65536},
    {kSolIp, 15, "IP_FREEBIND", Kept, true, 0},
    {kSolIp, 19, "IP_TRANSPARENT", Kept, true, 0},
    {kSolIp, 24, "IP_BIND_ADDRESS_NO_PORT", Kept, true, 0},
    {kSolIp, 33, "IP_MULTICAST_TTL", Kept, false, 1},
    {kSolIp, 34, "IP_MULTICAST_LOOP", Kept, true, 1},
    {kSolIp, 51, "IP_LOCAL_PORT_RANGE", Kept, false, 0},

    {kSolIpv6, 16, "IPV6_UNICAST_HOPS", Kept, false, 64},
    {kSolIpv6, 18, "IPV6_MULTICAST_HOPS", Kept, false, 1},
    {kSolIpv6, 19, "IPV6_MULTICAST_LOOP", Kept, true, 1},
    {kSolIpv6, 23, "IPV6_MTU_DISCOVER", Kept, false, 1},
    {kSolIpv6, 24, "IPV6_MTU", ReadOnly, false, 65536},
    {kSolIpv6, 25, "IPV6_RECVERR", Kept, true, 0},
    {kSolIpv6, kIpv6V6Only, "IPV6_V6ONLY", Acts, true, 0},
    {kSolIpv6, 49, "IPV6_RECVPKTINFO", Kept, true, 0},
    {kSolIpv6, 51, "IPV6_RECVHOPLIMIT", Kept, true, 0},
    {kSolIpv6, 66, "IPV6_RECVTCLASS", Kept, true, 0},
    {kSolIpv6, 67, "IPV6_TCLASS", Kept, false, 0},
    {kSolIpv6, 78, "IPV6_FREEBIND", Kept, true, 0},

    {kSolTcp, 1, "TCP_NODELAY", Kept, true, 0},  // nothing is ever held back here
    {kSolTcp, 2, "TCP_MAXSEG", Kept, false, 536},
    {kSolTcp, 3, "TCP_CORK", Kept, true, 0},
    {kSolTcp, 4, "TCP_KEEPIDLE", Kept, false, 7200},
    {kSolTcp, 5, "TCP_KEEPINTVL", Kept, false, 75},
    {kSolTcp, 6, "TCP_KEEPCNT", Kept, false, 9},
    {kSolTcp, 7, "TCP_SYNCNT", Kept, false, 6},
    {kSolTcp, 8, "TCP_LINGER2", Kept, false, 60},
    {kSolTcp, 9, "TCP_DEFER_ACCEPT", Kept, false, 0},
    {kSolTcp, 10, "TCP_WINDOW_CLAMP", Kept, false, 0},
    {kSolTcp, 12, "TCP_QUICKACK", Kept, true, 1},
    {kSolTcp, 18, "TCP_USER_TIMEOUT", Kept, false, 0},
    {kSolTcp, 23, "TCP_FASTOPEN", Kept, false, 0},
    {kSolTcp, 25, "TCP_NOTSENT_LOWAT", Kept, false, 0},
    {kSolTcp, 30, "TCP_FASTOPEN_CONNECT", Kept, true, 0},
    {kSolTcp, 36, "TCP_INQ", Kept, true, 0},

    {kSolUdp, 1, "UDP_CORK", Kept, true, 0},
    {kSolUdp, 104, "UDP_GRO", Kept, true, 0},
};

}  // namespace

const SocketOption* find_option(std::int32_t level, std::int32_t name) {
    const auto* it =
        std::find_if(std::begin(kOptions), std::end(kOptions),
                     [&](const SocketOption& o) { return o.level == level && o.name == name; });
    return it == std::end(kOptions) ? nullptr : it;
}

std::span<const SocketOption> all_options() {
    return kOptions;
}

std::int32_t OptionValues::get(std::int32_t level, std::int32_t name) const {
    if (const auto it = values_.find({level, name}); it != values_.end()) return it->second;
    const SocketOption* option = find_option(level, name);
    return option == nullptr ? 0 : option->initial;
}

}  // namespace uprobesim
