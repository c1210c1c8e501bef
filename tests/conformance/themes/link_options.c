// SPDX-License-Identifier: GPL-2.0-or-later
// Packet sockets and their options, SO_BINDTODEVICE; what lo can be asked and told by ioctl.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define LACKS "qemu 7.2 knows few of these"

static int get_packet(int fd, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    if (getsockopt(fd, SOL_PACKET, name, &value, &size) != 0) return -errno;
    return value;
}
static int set_packet(int fd, int name, int value) {
    return setsockopt(fd, SOL_PACKET, name, &value, sizeof value);
}

NATIVE(options_of_packet_sockets_are_kept, LACKS) {
    static const int kNames[] = {PACKET_VERSION,
                                 PACKET_RESERVE,
                                 PACKET_AUXDATA,
                                 PACKET_ORIGDEV,
                                 PACKET_VNET_HDR,
                                 PACKET_LOSS,
                                 PACKET_QDISC_BYPASS,
                                 PACKET_TIMESTAMP,
                                 19,
                                 23,
                                 PACKET_COPY_THRESH};
    const int raw = (int)NEED(socket(AF_PACKET, SOCK_RAW, 0)),
              cooked = (int)NEED(socket(AF_PACKET, SOCK_DGRAM, 0));
    for (unsigned i = 0; i < sizeof kNames / sizeof *kNames - 1; ++i) {
        printf("%d: %d", kNames[i], get_packet(raw, kNames[i]));
        for (int value = -1; value <= 3; ++value) {
            const int done = set_packet(raw, kNames[i], value);
            printf(", %d %d %d", value, done < 0 ? errno : 0, get_packet(raw, kNames[i]));
        }
        printf("\n");
    }
    SHOW(set_packet(cooked, PACKET_VNET_HDR, 1));
    SHOW(setsockopt(raw, SOL_PACKET, PACKET_VERSION, kNames, 8));
    SHOW(setsockopt(raw, SOL_PACKET, PACKET_AUXDATA, kNames, 8));
    SHOW(setsockopt(raw, SOL_PACKET, PACKET_AUXDATA, kNames, 2));
    SHOW(set_packet(raw, 1000, 1));
    SHOW(get_packet(raw, 1000));
    SHOW(setsockopt(raw, IPPROTO_IP, 1, kNames, 4));
}

NATIVE(a_packet_socket_has_memberships_and_statistics, LACKS) {
    struct packet_mreq wanted = {.mr_ifindex = 1, .mr_type = PACKET_MR_PROMISC};
    struct tpacket_stats counts = {5, 5};
    socklen_t size = sizeof counts;
    const int raw = (int)NEED(socket(AF_PACKET, SOCK_RAW, 0));
    SHOW(setsockopt(raw, SOL_PACKET, PACKET_DROP_MEMBERSHIP, &wanted, sizeof wanted));
    SHOW(setsockopt(raw, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &wanted, sizeof wanted));
    SHOW(setsockopt(raw, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &wanted, 4));
    SHOW(setsockopt(raw, SOL_PACKET, PACKET_DROP_MEMBERSHIP, &wanted, sizeof wanted));
    wanted.mr_ifindex = 99;
    SHOW(setsockopt(raw, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &wanted, sizeof wanted));
    SHOW(getsockopt(raw, SOL_PACKET, PACKET_STATISTICS, &counts, &size));
    printf("%u %u %u\n", counts.tp_packets, counts.tp_drops, size);
}

NATIVE(rings_of_packet_sockets_are_checked, LACKS) {
    struct tpacket_req ring = {.tp_block_size = 4096, .tp_block_nr = 1, .tp_frame_size = 4096};
    struct tpacket_req3 large = {.tp_block_size = 4096,
                                 .tp_block_nr = 1,
                                 .tp_frame_size = 4096,
                                 .tp_frame_nr = 1,
                                 .tp_sizeof_priv = 0x80000100};
    const int raw = (int)NEED(socket(AF_PACKET, SOCK_RAW, 0));
    SHOW(setsockopt(raw, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring));
    ring.tp_frame_nr = 1, ring.tp_frame_size = 4090;
    SHOW(setsockopt(raw, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring));
    ring.tp_frame_size = 32, ring.tp_frame_nr = 128;
    SHOW(setsockopt(raw, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring));
    ring.tp_block_size = 100;
    SHOW(setsockopt(raw, SOL_PACKET, PACKET_TX_RING, &ring, sizeof ring));
    SHOW(setsockopt(raw, SOL_PACKET, PACKET_RX_RING, &ring, 4));
    ring.tp_block_nr = 0;
    SHOW(setsockopt(raw, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring));
    SHOW(set_packet(raw, PACKET_VERSION, TPACKET_V3));
    SHOW(setsockopt(raw, SOL_PACKET, PACKET_RX_RING, &large, sizeof large));
    large.tp_sizeof_priv = 4096;
    SHOW(setsockopt(raw, SOL_PACKET, PACKET_RX_RING, &large, sizeof large));
}

static void open_as_user(void) {
    SHOW(socket(AF_INET, SOCK_PACKET, 0));
    SHOW(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
}
NATIVE(who_may_open_sockets_of_packets, LACKS) {
    SHOW(socket(AF_INET, SOCK_PACKET, 0) >= 0);
    AS_USER(open_as_user);
}

NATIVE(a_socket_is_bound_to_a_device, LACKS) {
    char name[IFNAMSIZ];
    socklen_t size = sizeof name;
    const int fd = (int)NEED(socket(AF_INET, SOCK_DGRAM, 0));
    SHOW(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &size));
    SHOW(size);
    SHOW(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "nosuch", 7));
    SHOW(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
    size = 4;
    SHOW(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &size));
    size = sizeof name;
    SHOW(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &size));
    printf("%u %s\n", size, name);
    SHOW(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "", 1));
    SHOW(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, NULL, 4));
}

NATIVE(buffers_are_never_forced_below_nothing, LACKS) {
    const int fd = (int)NEED(socket(AF_INET, SOCK_DGRAM, 0)), less = -4096;
    int is;
    socklen_t size = sizeof is;
    SHOW(setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &less, sizeof less));
    SHOW(getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &is, &size));
    SHOW(is);
    SHOW(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &less, sizeof less));
    SHOW(getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &is, &size));
    SHOW(is);
}

NATIVE(control_messages_have_a_limit, LACKS) {
    static char control[140000];
    struct iovec part = {"x", 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = 131072};
    int ends[2];
    NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
    SHOW(sendmsg(ends[0], &message, 0));
    message.msg_controllen = 0x7fffffff;
    SHOW(sendmsg(ends[0], &message, 0));
}

static int asks_lo(unsigned long request, int mtu) {
    static struct ifreq lo;
    const int fd = (int)NEED(socket(AF_INET, SOCK_DGRAM, 0));
    strcpy(lo.ifr_name, "lo");
    if (mtu != 0) lo.ifr_mtu = mtu;
    const int done = ioctl(fd, request, &lo);
    close(fd);
    return done < 0 ? -errno : lo.ifr_mtu;
}
static void change_as_user(void) {
    SHOW(asks_lo(SIOCSIFMTU, 1500));
}
static int news(int fd) {
    static char bytes[8192];
    if (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) < 0) return -errno;
    return ((const struct nlmsghdr*)bytes)->nlmsg_type;
}
NATIVE(changes_of_lo_are_told, LACKS) {
    struct sockaddr_nl group = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    struct ifreq lo = {.ifr_name = "lo"};
    const int told = (int)NEED(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)),
              fd = (int)NEED(socket(AF_INET, SOCK_DGRAM, 0));
    NEED(bind(told, (struct sockaddr*)&group, sizeof group));
    SHOW(asks_lo(SIOCGIFMTU, 0));
    SHOW(asks_lo(SIOCSIFMTU, 1500));
    SHOW(asks_lo(SIOCGIFMTU, 0));
    SHOW(news(told));
    SHOW(news(told));
    SHOW(asks_lo(SIOCSIFMTU, -5));
    AS_USER(change_as_user);
    NEED(ioctl(fd, SIOCGIFFLAGS, &lo));
    SHOW(ioctl(fd, SIOCSIFFLAGS, &lo));
    SHOW(news(told));
    lo.ifr_flags &= ~IFF_UP;
    SHOW(ioctl(fd, SIOCSIFFLAGS, &lo));
    SHOW(news(told));
    lo.ifr_flags |= IFF_UP;
    SHOW(ioctl(fd, SIOCSIFFLAGS, &lo));
    SHOW(news(told));
    SHOW(asks_lo(SIOCSIFMTU, 65536));
}

NATIVE(routes_by_ioctl_are_checked, LACKS) {
    struct rtentry entry = {.rt_flags = RTF_UP | RTF_HOST};
    const int fd = (int)NEED(socket(AF_INET, SOCK_DGRAM, 0));
    SHOW(ioctl(fd, SIOCADDRT, &entry));
    SHOW(ioctl(fd, SIOCADDRT, NULL));
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000001)};
    memcpy(&entry.rt_dst, &to, sizeof to);
    SHOW(ioctl(fd, SIOCDELRT, &entry));
    SHOW(ioctl(fd, SIOCADDRT, &entry));
}

NATIVE(a_socket_has_an_owner_by_two_names, LACKS) {
    int is = 0, me = getpid(), ends[2];
    const int fd = (int)NEED(socket(AF_INET, SOCK_DGRAM, 0));
    SHOW(ioctl(fd, SIOCSPGRP, &me));
    SHOW(ioctl(fd, FIOGETOWN, &is));
    SHOW(is == me);
    SHOW(ioctl(fd, SIOCGPGRP, &is));
    SHOW(is == me);
    SHOW(ioctl(fd, SIOCSPGRP, NULL));
    NEED(pipe(ends));
    SHOW(ioctl(ends[0], FIOSETOWN, &me));
}
