// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers: asm-generic/socket.h, linux/in.h, linux/in6.h, linux/tcp.h, linux/udp.h. Initial values:
// socket(7), ip(7), tcp(7), ipv6(7) and the sysctl defaults there.
#include "kernel_model/net/options.h"

#include "kernel_model/abi/netlink.h"

namespace uprobesim {

namespace {

using namespace abi;
using enum OptionUse;

constexpr SocketOption kOptions[] = {
    {kSolSocket, kSoDebug, "SO_DEBUG", Kept, true, 0},
    {kSolSocket, kSoReuseaddr, "SO_REUSEADDR", Acts, true, 0},
    {kSolSocket, kSoType, "SO_TYPE", ReadOnly, false, 0},
    {kSolSocket, kSoError, "SO_ERROR", ReadOnly, false, 0},
    {kSolSocket, kSoDontroute, "SO_DONTROUTE", Kept, true, 0},
    {kSolSocket, kSoBroadcast, "SO_BROADCAST", Kept, true, 0},
    {kSolSocket, kSoSndbuf, "SO_SNDBUF", Acts, false, 212992},
    {kSolSocket, kSoRcvbuf, "SO_RCVBUF", Acts, false, 212992},
    {kSolSocket, kSoKeepalive, "SO_KEEPALIVE", Kept, true, 0},
    {kSolSocket, kSoOobinline, "SO_OOBINLINE", Acts, true, 0},
    {kSolSocket, kSoNoCheck, "SO_NO_CHECK", Kept, true, 0},
    {kSolSocket, kSoPriority, "SO_PRIORITY", Kept, false, 0},
    {kSolSocket, kSoReuseport, "SO_REUSEPORT", Acts, true, 0},
    {kSolSocket, kSoPasscred, "SO_PASSCRED", Acts, true, 0},
    {kSolSocket, kSoRcvlowat, "SO_RCVLOWAT", Kept, false, 1},
    {kSolSocket, kSoSndlowat, "SO_SNDLOWAT", ReadOnly, false, 1},
    {kSolSocket, kSoTimestamp, "SO_TIMESTAMP", Acts, true, 0},
    {kSolSocket, kSoTimestampns, "SO_TIMESTAMPNS", Acts, true, 0},
    {kSolSocket, kSoAcceptconn, "SO_ACCEPTCONN", ReadOnly, false, 0},
    {kSolSocket, kSoSndbufforce, "SO_SNDBUFFORCE", Acts, false, 0},
    {kSolSocket, kSoRcvbufforce, "SO_RCVBUFFORCE", Acts, false, 0},
    {kSolSocket, kSoPasssec, "SO_PASSSEC", Kept, true, 0},
    {kSolSocket, kSoMark, "SO_MARK", Kept, false, 0},
    {kSolSocket, kSoProtocol, "SO_PROTOCOL", ReadOnly, false, 0},
    {kSolSocket, kSoDomain, "SO_DOMAIN", ReadOnly, false, 0},
    {kSolSocket, kSoPeekOff, "SO_PEEK_OFF", Kept, false, -1},
    {kSolSocket, kSoBusyPoll, "SO_BUSY_POLL", Kept, false, 0},
    {kSolSocket, kSoIncomingCpu, "SO_INCOMING_CPU", Kept, false, -1},
    {kSolSocket, kSoWifiStatus, "SO_WIFI_STATUS", Kept, true, 0},
    {kSolSocket, kSoNofcs, "SO_NOFCS", Kept, true, 0},
    {kSolSocket, kSoSelectErrQueue, "SO_SELECT_ERR_QUEUE", Kept, true, 0},
    {kSolSocket, kSoMaxPacingRate, "SO_MAX_PACING_RATE", Kept, false, -1},
    {kSolSocket, kSoBpfExtensions, "SO_BPF_EXTENSIONS", ReadOnly, false, 64},
    {kSolSocket, kSoPreferBusyPoll, "SO_PREFER_BUSY_POLL", Kept, true, 0},
    {kSolSocket, kSoBufLock, "SO_BUF_LOCK", Kept, false, 0, 0, 3},
    {kSolSocket, kSoRcvmark, "SO_RCVMARK", Kept, true, 0},
    {kSolSocket, kSoIncomingNapiId, "SO_INCOMING_NAPI_ID", ReadOnly, false, 0},
    {kSolSocket, kSoZerocopy, "SO_ZEROCOPY", Kept, true, 0, 0, 1},

    {kSolIp, kIpTos, "IP_TOS", Acts, false, 0},
    {kSolIp, kIpTtl, "IP_TTL", Acts, false, 64, 1, 255, true},
    {kSolIp, kIpHdrincl, "IP_HDRINCL", Acts, true, 0},
    {kSolIp, kIpPktinfo, "IP_PKTINFO", Acts, true, 0},
    {kSolIp, kIpMtuDiscover, "IP_MTU_DISCOVER", Kept, false, 1, 0, 5},
    {kSolIp, kIpRecverr, "IP_RECVERR", Acts, true, 0},
    {kSolIp, kIpRecvttl, "IP_RECVTTL", Acts, true, 0},
    {kSolIp, kIpRecvtos, "IP_RECVTOS", Acts, true, 0},
    {kSolIp, kIpRecvorigdstaddr, "IP_RECVORIGDSTADDR", Acts, true, 0},
    {kSolIp, kIpRecvopts, "IP_RECVOPTS", Kept, true, 0},
    {kSolIp, kIpRetopts, "IP_RETOPTS", Kept, true, 0},
    {kSolIp, kIpPasssec, "IP_PASSSEC", Kept, true, 0},
    {kSolIp, kIpNodefrag, "IP_NODEFRAG", Kept, true, 0},
    {kSolIp, kIpChecksum, "IP_CHECKSUM", Kept, true, 0},
    {kSolIp, kIpRecvfragsize, "IP_RECVFRAGSIZE", Kept, true, 0},
    {kSolIp, kIpRecverrRfc4884, "IP_RECVERR_RFC4884", Kept, false, 0, 0, 1},
    {kSolIp, kIpMinttl, "IP_MINTTL", Kept, false, 0, 0, 255},
    {kSolIp, kIpMtu, "IP_MTU", ReadOnly, false, 65535},
    {kSolIp, kIpFreebind, "IP_FREEBIND", Kept, true, 0},
    {kSolIp, kIpTransparent, "IP_TRANSPARENT", Kept, true, 0},
    {kSolIp, kIpBindAddressNoPort, "IP_BIND_ADDRESS_NO_PORT", Kept, true, 0},
    {kSolIp, kIpMulticastAll, "IP_MULTICAST_ALL", Acts, false, 1, 0, 1},
    {kSolIp, kIpMulticastIf, "IP_MULTICAST_IF", Acts, false, 0},
    {kSolIp, kIpMulticastTtl, "IP_MULTICAST_TTL", Kept, false, 1, 0, 255, true},
    {kSolIp, kIpMulticastLoop, "IP_MULTICAST_LOOP", Kept, true, 1},
    {kSolIp, kIpLocalPortRange, "IP_LOCAL_PORT_RANGE", Kept, false, 0},

    {kSolIpv6, kIpv6Addrform, "IPV6_ADDRFORM", Acts, false, 0},
    {kSolIpv6, kIpv6MulticastIf, "IPV6_MULTICAST_IF", Kept, false, 0},
    {kSolIpv6, kIpv6MulticastAll, "IPV6_MULTICAST_ALL", Kept, false, 1, 0, 1},
    {kSolIpv6, kIpv6UnicastHops, "IPV6_UNICAST_HOPS", Acts, false, 64, 0, 255, true},
    {kSolIpv6, kIpv6MulticastHops, "IPV6_MULTICAST_HOPS", Kept, false, 1, 0, 255, true},
    {kSolIpv6, kIpv6MulticastLoop, "IPV6_MULTICAST_LOOP", Kept, false, 1, 0, 1},
    {kSolIpv6, kIpv6MtuDiscover, "IPV6_MTU_DISCOVER", Kept, false, 1, 0, 5},
    {kSolIpv6, kIpv6Mtu, "IPV6_MTU", ReadOnly, false, 65536},
    {kSolIpv6, kIpv6Recverr, "IPV6_RECVERR", Acts, true, 0},
    {kSolIpv6, kIpv6V6only, "IPV6_V6ONLY", Acts, true, 0},
    {kSolIpv6, kIpv6Recvpktinfo, "IPV6_RECVPKTINFO", Acts, true, 0},
    {kSolIpv6, kIpv6Recvhoplimit, "IPV6_RECVHOPLIMIT", Acts, true, 0},
    {kSolIpv6, kIpv6Recvtclass, "IPV6_RECVTCLASS", Acts, true, 0},
    {kSolIpv6, kIpv6Tclass, "IPV6_TCLASS", Acts, false, 0, 0, 255, true},
    {kSolIpv6, kIpv62292Pktinfo, "IPV6_2292PKTINFO", Acts, true, 0},
    {kSolIpv6, kIpv62292Hoplimit, "IPV6_2292HOPLIMIT", Acts, true, 0},
    {kSolIpv6, kIpv6Dontfrag, "IPV6_DONTFRAG", Kept, true, 0},
    {kSolIpv6, kIpv6Minhopcount, "IPV6_MINHOPCOUNT", Kept, false, 0, 0, 255},
    {kSolIpv6, kIpv6Recvorigdstaddr, "IPV6_RECVORIGDSTADDR", Acts, true, 0},
    {kSolIpv6, kIpv6Freebind, "IPV6_FREEBIND", Kept, true, 0},

    {kSolTcp, kTcpNodelay, "TCP_NODELAY", Kept, true, 0},  // nothing is ever delayed here
    {kSolTcp, kTcpMaxseg, "TCP_MAXSEG", Kept, false, 536},
    {kSolTcp, kTcpCork, "TCP_CORK", Kept, true, 0},
    {kSolTcp, kTcpKeepidle, "TCP_KEEPIDLE", Kept, false, 7200, 1, 32767},
    {kSolTcp, kTcpKeepintvl, "TCP_KEEPINTVL", Kept, false, 75, 1, 32767},
    {kSolTcp, kTcpKeepcnt, "TCP_KEEPCNT", Kept, false, 9, 1, 127},
    {kSolTcp, kTcpSyncnt, "TCP_SYNCNT", Kept, false, 6, 1, 127},
    {kSolTcp, kTcpLinger2, "TCP_LINGER2", Kept, false, 60},
    {kSolTcp, kTcpDeferAccept, "TCP_DEFER_ACCEPT", Kept, false, 0},
    {kSolTcp, kTcpWindowClamp, "TCP_WINDOW_CLAMP", Kept, false, 0},
    {kSolTcp, kTcpQuickack, "TCP_QUICKACK", Kept, true, 1},
    {kSolTcp, kTcpUserTimeout, "TCP_USER_TIMEOUT", Kept, false, 0, 0},
    {kSolTcp, kTcpFastopen, "TCP_FASTOPEN", Kept, false, 0},
    {kSolTcp, kTcpNotsentLowat, "TCP_NOTSENT_LOWAT", Kept, false, 0},
    {kSolTcp, kTcpFastopenConnect, "TCP_FASTOPEN_CONNECT", Kept, true, 0, 0, 1},
    {kSolTcp, kTcpThinLinearTimeouts, "TCP_THIN_LINEAR_TIMEOUTS", Kept, false, 0, 0, 1},
    {kSolTcp, kTcpThinDupack, "TCP_THIN_DUPACK", Kept, false, 0, 0, 1},
    {kSolTcp, kTcpSaveSyn, "TCP_SAVE_SYN", Kept, false, 0, 0, 2},
    {kSolTcp, kTcpInq, "TCP_INQ", Kept, true, 0, 0, 1},

    {kSolUdp, kUdpCork, "UDP_CORK", Acts, true, 0},
    {kSolUdp, kUdpNoCheck6Tx, "UDP_NO_CHECK6_TX", Kept, true, 0},
    {kSolUdp, kUdpNoCheck6Rx, "UDP_NO_CHECK6_RX", Kept, true, 0},
    {kSolUdp, kUdpSegment, "UDP_SEGMENT", Kept, false, 0, 0, 65535},
    {kSolUdp, kUdpGro, "UDP_GRO", Kept, true, 0},

    // Of the groups, RTMGRP_LINK alone is told of changes.
    {kSolNetlink, kNetlinkAddMembership, "NETLINK_ADD_MEMBERSHIP", Kept, false, 0},
    {kSolNetlink, kNetlinkDropMembership, "NETLINK_DROP_MEMBERSHIP", Kept, false, 0},
    {kSolNetlink, kNetlinkPktinfo, "NETLINK_PKTINFO", Kept, true, 0},
    {kSolNetlink, kNetlinkBroadcastError, "NETLINK_BROADCAST_ERROR", Kept, true, 0},
    {kSolNetlink, kNetlinkNoEnobufs, "NETLINK_NO_ENOBUFS", Kept, true, 0},
    {kSolNetlink, kNetlinkListenAllNsid, "NETLINK_LISTEN_ALL_NSID", Kept, true, 0},
    {kSolNetlink, kNetlinkCapAck, "NETLINK_CAP_ACK", Kept, true, 0},
    {kSolNetlink, kNetlinkExtAck, "NETLINK_EXT_ACK", Kept, true, 0},
    {kSolNetlink, kNetlinkStrictCheck, "NETLINK_GET_STRICT_CHK", Kept, true, 0},
};

}  // namespace

// A packet looks several up.
const SocketOption* find_option(std::int32_t level, std::int32_t name) {
    static const auto by_number = [] {
        std::map<std::pair<std::int32_t, std::int32_t>, const SocketOption*> options;
        for (const SocketOption& option : kOptions)
            options.emplace(std::pair(option.level, option.name), &option);
        return options;
    }();
    const auto found = by_number.find({level, name});
    return found == by_number.end() ? nullptr : found->second;
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
