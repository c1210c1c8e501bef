// SPDX-License-Identifier: GPL-2.0-or-later
// Sockets: families, types, options and flags (asm-generic/socket.h, linux/socket.h, in.h, in6.h,
// tcp.h, udp.h, if.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint16_t kAfUnspec = 0, kAfUnix = 1, kAfInet = 2, kAfInet6 = 10,
                               kAfNetlink = 16, kAfPacket = 17, kAfVsock = 40;

inline constexpr std::uint32_t kSockStream = 1, kSockDgram = 2, kSockRaw = 3, kSockRdm = 4,
                               kSockSeqpacket = 5, kSockPacket = 10;

inline constexpr std::uint32_t kSockNonblock = 04000, kSockCloexec = 02000000;

inline constexpr std::uint32_t kIpprotoIcmp = 1, kIpprotoTcp = 6, kIpprotoUdp = 17,
                               kIpprotoIcmpv6 = 58, kIpprotoUdplite = 136, kIpprotoRaw = 255,
                               kIpprotoMax = 256;

inline constexpr std::int32_t kSolIp = 0, kSolSocket = 1, kSolTcp = 6, kSolUdp = 17, kSolIpv6 = 41,
                              kSolPacket = 263;

inline constexpr std::int32_t kSoDebug = 1, kSoReuseaddr = 2, kSoType = 3, kSoError = 4,
                              kSoDontroute = 5, kSoBroadcast = 6, kSoSndbuf = 7, kSoRcvbuf = 8,
                              kSoKeepalive = 9, kSoOobinline = 10, kSoNoCheck = 11,
                              kSoPriority = 12, kSoLinger = 13, kSoReuseport = 15, kSoPasscred = 16,
                              kSoPeercred = 17, kSoRcvlowat = 18, kSoSndlowat = 19,
                              kSoRcvtimeoOld = 20, kSoSndtimeoOld = 21, kSoBindtodevice = 25,
                              kSoAttachFilter = 26, kSoDetachFilter = 27, kSoPeername = 28,
                              kSoTimestamp = 29, kSoAcceptconn = 30, kSoPeersec = 31,
                              kSoSndbufforce = 32, kSoRcvbufforce = 33, kSoPasssec = 34,
                              kSoTimestampns = 35, kSoMark = 36, kSoTimestamping = 37,
                              kSoProtocol = 38, kSoDomain = 39, kSoPeekOff = 42, kSoLockFilter = 44,
                              kSoBusyPoll = 46, kSoIncomingCpu = 49, kSoAttachBpf = 50,
                              kSoIncomingNapiId = 56, kSoZerocopy = 60, kSoWifiStatus = 41,
                              kSoNofcs = 43, kSoSelectErrQueue = 45, kSoMaxPacingRate = 47,
                              kSoBpfExtensions = 48, kSoCookie = 57, kSoPreferBusyPoll = 69,
                              kSoBufLock = 72, kSoRcvmark = 75, kSoPeerpidfd = 77,
                              kSoRcvtimeoNew = 66, kSoSndtimeoNew = 67;

inline constexpr std::int32_t kIpTos = 1, kIpTtl = 2, kIpHdrincl = 3, kIpPktinfo = 8,
                              kIpPktoptions = 9, kIpMtuDiscover = 10, kIpRecverr = 11,
                              kIpRecvttl = 12, kIpRecvtos = 13, kIpMtu = 14, kIpFreebind = 15,
                              kIpTransparent = 19, kIpRecvorigdstaddr = 20, kIpMinttl = 21,
                              kIpRecvopts = 6, kIpRetopts = 7, kIpPasssec = 18, kIpNodefrag = 22,
                              kIpChecksum = 23, kIpRecvfragsize = 25, kIpRecverrRfc4884 = 26,
                              kIpUnicastIf = 50, kIpBindAddressNoPort = 24, kIpMulticastIf = 32,
                              kIpMulticastTtl = 33, kIpMulticastLoop = 34, kIpAddMembership = 35,
                              kIpDropMembership = 36, kIpMulticastAll = 49, kIpLocalPortRange = 51;

// Of both families.
inline constexpr std::int32_t kMcastJoinGroup = 42, kMcastLeaveGroup = 45;

struct IpMreqn {
    std::uint32_t group, address;  // network order
    std::int32_t index;
};
struct Ipv6Mreq {
    std::array<std::uint8_t, 16> group;
    std::int32_t index;
};
struct GroupReq {
    std::uint32_t index, pad;
    std::array<std::uint8_t, 128> address;  // struct sockaddr_storage
};
static_assert(sizeof(IpMreqn) == 12 && sizeof(Ipv6Mreq) == 20 && sizeof(GroupReq) == 136);

inline constexpr std::int32_t kIpv6Addrform = 1, kIpv62292Pktinfo = 2, kIpv62292Hoplimit = 8,
                              kIpv6Flowinfo = 11, kIpv6UnicastHops = 16, kIpv6MulticastIf = 17,
                              kIpv6MulticastHops = 18, kIpv6MulticastLoop = 19,
                              kIpv6AddMembership = 20, kIpv6DropMembership = 21,
                              kIpv6MtuDiscover = 23, kIpv6Mtu = 24, kIpv6Recverr = 25,
                              kIpv6V6only = 26, kIpv6MulticastAll = 29, kIpv6Recvpktinfo = 49,
                              kIpv6Pktinfo = 50, kIpv6Recvhoplimit = 51, kIpv6Hoplimit = 52,
                              kIpv6Dontfrag = 62, kIpv6Recvtclass = 66, kIpv6Tclass = 67,
                              kIpv6Minhopcount = 73, kIpv6Recvorigdstaddr = 74, kIpv6Freebind = 78;

inline constexpr std::int32_t kTcpNodelay = 1, kTcpMaxseg = 2, kTcpCork = 3, kTcpKeepidle = 4,
                              kTcpKeepintvl = 5, kTcpKeepcnt = 6, kTcpSyncnt = 7, kTcpLinger2 = 8,
                              kTcpDeferAccept = 9, kTcpWindowClamp = 10, kTcpInfo = 11,
                              kTcpQuickack = 12, kTcpCongestion = 13, kTcpUserTimeout = 18,
                              kTcpFastopen = 23, kTcpNotsentLowat = 25, kTcpFastopenConnect = 30,
                              kTcpThinLinearTimeouts = 16, kTcpThinDupack = 17, kTcpSaveSyn = 27,
                              kTcpUlp = 31, kTcpTxDelay = 37, kTcpInq = 36;

inline constexpr std::int32_t kUdpCork = 1, kUdpNoCheck6Tx = 101, kUdpNoCheck6Rx = 102,
                              kUdpSegment = 103, kUdpGro = 104;

// Packet sockets (linux/if_packet.h).
inline constexpr std::int32_t kPacketAddMembership = 1, kPacketDropMembership = 2,
                              kPacketRxRing = 5, kPacketStatistics = 6, kPacketCopyThresh = 7,
                              kPacketAuxdata = 8, kPacketOrigdev = 9, kPacketVersion = 10,
                              kPacketHdrlen = 11, kPacketReserve = 12, kPacketTxRing = 13,
                              kPacketLoss = 14, kPacketVnetHdr = 15, kPacketTimestamp = 17,
                              kPacketTxHasOff = 19, kPacketQdiscBypass = 20,
                              kPacketIgnoreOutgoing = 23;
inline constexpr std::int32_t kTpacketV3 = 2;
// TP_STATUS_*: of a frame of a ring, and TP_STATUS_SEND_REQUEST of one to be sent.
inline constexpr std::uint32_t kTpStatusKernel = 0, kTpStatusUser = 1, kTpStatusLosing = 4,
                               kTpStatusCsumNotReady = 8, kTpStatusSendRequest = 1;
// PACKET_HOST and its like: what a frame was for.
inline constexpr std::uint8_t kPacketHost = 0, kPacketOtherHost = 3, kPacketOutgoing = 4;
// ETH_P_ALL, ETH_P_IP and ETH_P_IPV6 in network order.
inline constexpr std::uint16_t kFramesOfAll = 0x0300, kFramesOfIp = 0x0008, kFramesOfIpv6 = 0xdd86;
struct PacketMembership {  // struct packet_mreq
    std::int32_t interface = 0;
    std::uint16_t type = 0, length = 0;
    std::uint8_t address[8] = {};
    bool operator==(const PacketMembership&) const = default;
};
static_assert(sizeof(PacketMembership) == 16);
struct PacketRing {  // struct tpacket_req, tpacket_req3
    std::uint32_t block_size, blocks, frame_size, frames;
    std::uint32_t timeout, private_size, features;
};
static_assert(sizeof(PacketRing) == 28);
inline constexpr std::uint32_t kPacketRingFirst = 16;

inline constexpr std::uint32_t kMsgOob = 0x1, kMsgPeek = 0x2, kMsgDontroute = 0x4, kMsgCtrunc = 0x8,
                               kMsgTrunc = 0x20, kMsgDontwait = 0x40, kMsgEor = 0x80,
                               kMsgWaitall = 0x100, kMsgConfirm = 0x800, kMsgErrqueue = 0x2000,
                               kMsgNosignal = 0x4000, kMsgMore = 0x8000, kMsgWaitforone = 0x10000,
                               kMsgCmsgCloexec = 0x40000000, kMsgCmsgCompat = 0x80000000;

// Control messages of AF_UNIX.
inline constexpr std::int32_t kScmRights = 1, kScmCredentials = 2;

inline constexpr std::size_t kScmMaxFd = 253;

inline constexpr std::uint32_t kShutRd = 0, kShutWr = 1, kShutRdwr = 2;

// Flags of an interface, and the hardware type of lo.
inline constexpr std::uint32_t kIffUp = 0x1, kIffLoopback = 0x8, kIffRunning = 0x40;

inline constexpr std::uint32_t kArphrdLoopback = 772;

// INADDR_LOOPBACK: 127.0.0.1, in host order.
inline constexpr std::uint32_t kInaddrLoopback = 0x7f000001;

// Flag of a listener in /proc/net/unix (__SO_ACCEPTCON).
inline constexpr std::uint32_t kUnixAcceptcon = 0x10000;

inline constexpr std::size_t kMaxAddressBytes = 128;  // sockaddr_storage
inline constexpr std::size_t kMaxUnixAddress = 110;   // sockaddr_un

}  // namespace uprobesim::abi
