// SPDX-License-Identifier: GPL-2.0-or-later
// The values that options of IP and TCP take.
#include <linux/in6.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "behaviour.h"
#include "inet_steps.h"

#define WHY "qemu 7.2 checks some values itself"

static void try_values(int fd, int level, int name, const int* values, int count) {
    for (int i = 0; i < count; ++i) {
        int value = -77;
        socklen_t size = sizeof value;
        const long set = setsockopt(fd, level, name, &values[i], sizeof values[i]);
        const int error = set == 0 ? 0 : errno;
        NEED(getsockopt(fd, level, name, &value, &size));
        printf("level %d, option %d: %d: %s, then %d\n", level, name, values[i], strerror(error),
               value);
    }
}
#define TRY_VALUES(fd, level, name)                                                              \
    do {                                                                                         \
        static const int v[] = {-2, -1, 0, 1, 2, 3, 5, 6, 88, 127, 128, 255, 256, 32767, 32768}; \
        try_values(fd, level, name, v, (int)(sizeof v / sizeof v[0]));                           \
    } while (0)

NATIVE(options_of_ipv4_take_these_values, WHY) {
    const int fd = udp(AF_INET), stream = (int)NEED(socket(AF_INET, SOCK_STREAM, 0));
    TRY_VALUES(fd, SOL_IP, IP_TTL);
    TRY_VALUES(fd, SOL_IP, IP_TOS);
    TRY_VALUES(stream, SOL_IP, IP_TOS);
    TRY_VALUES(fd, SOL_IP, IP_MTU_DISCOVER);
    TRY_VALUES(fd, SOL_IP, IP_MULTICAST_TTL);
    TRY_VALUES(fd, SOL_IP, IP_MULTICAST_LOOP);
    TRY_VALUES(fd, SOL_IP, IP_MINTTL);
    TRY_VALUES(fd, SOL_IP, IP_RECVTTL);
    TRY_VALUES(fd, SOL_IP, IP_PKTINFO);
}
NATIVE(options_of_ipv6_take_these_values, WHY) {
    const int fd = udp(AF_INET6);
    TRY_VALUES(fd, SOL_IPV6, IPV6_UNICAST_HOPS);
    TRY_VALUES(fd, SOL_IPV6, IPV6_MULTICAST_HOPS);
    TRY_VALUES(fd, SOL_IPV6, IPV6_MULTICAST_LOOP);
    TRY_VALUES(fd, SOL_IPV6, IPV6_TCLASS);
    TRY_VALUES(fd, SOL_IPV6, IPV6_MTU_DISCOVER);
    TRY_VALUES(fd, SOL_IPV6, IPV6_MINHOPCOUNT);
    TRY_VALUES(fd, SOL_IPV6, IPV6_DONTFRAG);
    TRY_VALUES(fd, SOL_IPV6, IPV6_RECVTCLASS);
}
NATIVE(options_of_tcp_take_these_values, WHY) {
    const int fd = (int)NEED(socket(AF_INET, SOCK_STREAM, 0));
    TRY_VALUES(fd, SOL_TCP, TCP_KEEPIDLE);
    TRY_VALUES(fd, SOL_TCP, TCP_KEEPINTVL);
    TRY_VALUES(fd, SOL_TCP, TCP_KEEPCNT);
    TRY_VALUES(fd, SOL_TCP, TCP_SYNCNT);
    TRY_VALUES(fd, SOL_TCP, TCP_USER_TIMEOUT);
    TRY_VALUES(fd, SOL_TCP, TCP_MAXSEG);
    TRY_VALUES((int)NEED(socket(AF_INET6, SOCK_STREAM, 0)), SOL_IPV6, IPV6_TCLASS);
    const int hops = 3;
    SHOW(setsockopt(fd, SOL_IP, IP_MULTICAST_TTL, &hops, sizeof hops));
    TRY_VALUES(udp(AF_INET), SOL_SOCKET, SO_RCVLOWAT);
}
NATIVE(a_byte_is_enough_for_options_of_ipv4, WHY) {
    const int fd = udp(AF_INET);
    const unsigned char byte = 9;
    int value = -1;
    socklen_t size = 1;
    SHOW(setsockopt(fd, SOL_IP, IP_TTL, &byte, 1));
    SHOW(getsockopt(fd, SOL_IP, IP_TTL, &value, &size));
    printf("%#x of %d\n", (unsigned)value, (int)size);
    size = 3;
    SHOW(getsockopt(fd, SOL_IP, IP_TTL, &value, &size));
    printf("%#x of %d\n", (unsigned)value, (int)size);
    size = 0;
    SHOW(getsockopt(fd, SOL_IP, IP_TTL, &value, &size));
    SHOW(size);
    SHOW(setsockopt(fd, SOL_IP, IP_TTL, &byte, 0));
}
NATIVE(the_mtu_is_that_of_the_way_to_the_peer, WHY) {
    union address name;
    const int in = bound(AF_INET, &name), fd = udp(AF_INET);
    int value = 0;
    socklen_t size = sizeof value;
    SHOW(getsockopt(in, SOL_IP, IP_MTU, &value, &size));
    NEED(connect(fd, &name.any, sizeof name.v4));
    SHOW(getsockopt(fd, SOL_IP, IP_MTU, &value, &size));
    SHOW(value);
}
