// SPDX-License-Identifier: GPL-2.0-or-later
// Multicast groups on lo, and sockets of IPv6 that become ones of IPv4.
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "behaviour.h"
#include "inet_steps.h"

#define WHY "qemu 7.2 does not know all of these options"

#ifndef IPV6_ADDRFORM
#define IPV6_ADDRFORM 1
#endif

static struct ip_mreqn group_of(const char* address, int interface) {
    struct ip_mreqn group = {.imr_ifindex = interface};
    group.imr_multiaddr.s_addr = inet_addr(address);
    return group;
}
#define CHANGE(fd, name, group) SHOW(setsockopt(fd, SOL_IP, name, &(group), sizeof(group)))

NATIVE(a_group_is_joined_once_and_left_once, WHY) {
    const int fd = udp(AF_INET);
    struct ip_mreqn group = group_of("239.1.2.3", 1);
    CHANGE(fd, IP_ADD_MEMBERSHIP, group);
    CHANGE(fd, IP_ADD_MEMBERSHIP, group);
    CHANGE(fd, IP_DROP_MEMBERSHIP, group);
    CHANGE(fd, IP_DROP_MEMBERSHIP, group);
    SHOW(setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, &group, 4));
}

NATIVE(a_group_is_joined_on_an_interface_that_is_there, WHY) {
    const int fd = udp(AF_INET);
    struct ip_mreqn group = group_of("239.1.2.3", 77);
    CHANGE(fd, IP_ADD_MEMBERSHIP, group);
    group.imr_ifindex = 0;
    CHANGE(fd, IP_ADD_MEMBERSHIP, group);
    CHANGE(fd, IP_DROP_MEMBERSHIP, group);
    group.imr_address.s_addr = inet_addr("10.1.1.1");
    CHANGE(fd, IP_ADD_MEMBERSHIP, group);
    group.imr_address.s_addr = htonl(INADDR_LOOPBACK);
    SHOW(setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, &group, sizeof(struct ip_mreq)));
    group = group_of("10.0.0.1", 1);
    CHANGE(fd, IP_ADD_MEMBERSHIP, group);
    CHANGE(fd, IP_DROP_MEMBERSHIP, group);
}

NATIVE(a_socket_joins_twenty_groups, WHY) {
    const int fd = udp(AF_INET);
    struct ip_mreqn group = group_of("239.1.1.0", 1);
    int count = 0;
    while (setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, &group, sizeof group) == 0) {
        group.imr_multiaddr.s_addr += htonl(1);
        ++count;
    }
    SHOW(count);
    SHOW(setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, &group, sizeof group));
}

NATIVE(a_stream_joins_by_the_option_of_both_families, WHY) {
    const int fd = (int)NEED(socket(AF_INET, SOCK_STREAM, 0));
    struct ip_mreqn group = group_of("239.1.2.3", 1);
    struct group_req request = {.gr_interface = 1};
    struct sockaddr_in* const address = (struct sockaddr_in*)&request.gr_group;
    CHANGE(fd, IP_ADD_MEMBERSHIP, group);
    CHANGE(fd, IP_MULTICAST_IF, group);
    address->sin_family = AF_INET;
    address->sin_addr = group.imr_multiaddr;
    CHANGE(fd, MCAST_JOIN_GROUP, request);
    CHANGE(fd, MCAST_LEAVE_GROUP, request);
    CHANGE(fd, MCAST_LEAVE_GROUP, request);
    address->sin_family = AF_INET6;
    CHANGE(fd, MCAST_JOIN_GROUP, request);
}

NATIVE(an_accepted_socket_is_in_no_group, WHY) {
    union address name = loopback(AF_INET);
    socklen_t size = sizeof name;
    const int server = (int)NEED(socket(AF_INET, SOCK_STREAM, 0));
    const int client = (int)NEED(socket(AF_INET, SOCK_STREAM, 0));
    struct group_req request = {.gr_interface = 1};
    struct sockaddr_in* const address = (struct sockaddr_in*)&request.gr_group;
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = inet_addr("239.1.2.3");
    NEED(setsockopt(server, SOL_IP, MCAST_JOIN_GROUP, &request, sizeof request));
    NEED(bind(server, &name.any, size));
    NEED(listen(server, 1));
    NEED(getsockname(server, &name.any, &size));
    NEED(connect(client, &name.any, size));
    const int accepted = (int)NEED(accept(server, NULL, NULL));
    CHANGE(accepted, MCAST_LEAVE_GROUP, request);
    CHANGE(server, MCAST_LEAVE_GROUP, request);
}

static void show_datagram(const char* name, int fd) {
    char byte = 0, text[INET6_ADDRSTRLEN] = "";
    union address from = {{0}};
    socklen_t size = sizeof from;
    const long got = recvfrom(fd, &byte, 1, MSG_DONTWAIT, &from.any, &size);
    if (got >= 0) inet_ntop(AF_INET, &from.v4.sin_addr, text, sizeof text);
    printf("%s: %ld \"%c\" from %s\n", name, got, got < 0 ? ' ' : byte, text);
}
static int receiver(const char* address, const union address* port) {
    const int fd = udp(AF_INET), on = 1;
    union address name = {.v4 = {.sin_family = AF_INET, .sin_port = port->v4.sin_port}};
    name.v4.sin_addr.s_addr = inet_addr(address);
    NEED(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    NEED(bind(fd, &name.any, sizeof name.v4));
    return fd;
}
NATIVE(a_datagram_reaches_who_joined_its_group, WHY) {
    union address to;
    close(bound(AF_INET, &to));  // a port that is free
    const int off = 0, sender = udp(AF_INET), joined = receiver("0.0.0.0", &to),
              other = receiver("0.0.0.0", &to), named = receiver("239.1.2.3", &to);
    struct ip_mreqn group = group_of("239.1.2.3", 1);
    to.v4.sin_addr = group.imr_multiaddr;
    SHOW(sendto(sender, "a", 1, 0, &to.any, sizeof to.v4));
    CHANGE(sender, IP_MULTICAST_IF, group);
    SHOW(sendto(sender, "b", 1, 0, &to.any, sizeof to.v4));
    show_datagram("nobody joined", joined);
    CHANGE(joined, IP_ADD_MEMBERSHIP, group);
    SHOW(sendto(sender, "c", 1, 0, &to.any, sizeof to.v4));
    show_datagram("joined", joined);
    show_datagram("other", other);
    show_datagram("named", named);
    SHOW(setsockopt(other, SOL_IP, IP_MULTICAST_ALL, &off, sizeof off));
    group.imr_address.s_addr = htonl(INADDR_LOOPBACK);
    CHANGE(sender, IP_MULTICAST_IF, group);
    SHOW(sendto(sender, "d", 1, 0, &to.any, sizeof to.v4));
    show_datagram("joined", joined);
    show_datagram("other", other);
    CHANGE(joined, IP_DROP_MEMBERSHIP, group);
    SHOW(sendto(sender, "e", 1, 0, &to.any, sizeof to.v4));
    show_datagram("left", joined);
}

NATIVE(groups_of_ipv6_have_errors_of_their_own, WHY) {
    const int fd = udp(AF_INET6), stream = (int)NEED(socket(AF_INET6, SOCK_STREAM, 0));
    const int there = 1, missing = 77;
    struct ipv6_mreq group = {.ipv6mr_interface = 0};
    inet_pton(AF_INET6, "ff02::55", &group.ipv6mr_multiaddr);
    SHOW(setsockopt(fd, SOL_IPV6, IPV6_ADD_MEMBERSHIP, &group, sizeof group));
    group.ipv6mr_interface = 1;
    SHOW(setsockopt(stream, SOL_IPV6, IPV6_ADD_MEMBERSHIP, &group, sizeof group));
    SHOW(setsockopt(stream, SOL_IPV6, IPV6_ADD_MEMBERSHIP, &group, 5));
    SHOW(setsockopt(fd, SOL_IPV6, IPV6_DROP_MEMBERSHIP, &group, sizeof group));
    SHOW(setsockopt(fd, SOL_IPV6, IPV6_ADD_MEMBERSHIP, &group, sizeof group));
    SHOW(setsockopt(fd, SOL_IPV6, IPV6_ADD_MEMBERSHIP, &group, sizeof group));
    SHOW(setsockopt(fd, SOL_IPV6, IPV6_DROP_MEMBERSHIP, &group, sizeof group));
    SHOW(setsockopt(fd, SOL_IPV6, IPV6_MULTICAST_IF, &missing, sizeof missing));
    SHOW(setsockopt(stream, SOL_IPV6, IPV6_MULTICAST_IF, &there, sizeof there));
    SHOW(setsockopt(stream, SOL_IPV6, IPV6_MULTICAST_HOPS, &there, sizeof there));
    SHOW(setsockopt(fd, SOL_IPV6, IPV6_MULTICAST_IF, &there, sizeof there));
}

NATIVE(a_socket_of_ipv6_becomes_one_of_ipv4, WHY) {
    union address name = {.v6 = {.sin6_family = AF_INET6}}, to = loopback(AF_INET);
    socklen_t size = sizeof name;
    const int server = (int)NEED(socket(AF_INET6, SOCK_STREAM, 0)), v4 = AF_INET, v6 = AF_INET6;
    const int client = (int)NEED(socket(AF_INET, SOCK_STREAM, 0));
    int domain = 0;
    socklen_t length = sizeof domain;
    NEED(bind(server, &name.any, sizeof name.v6));
    NEED(listen(server, 1));
    NEED(getsockname(server, &name.any, &size));
    to.v4.sin_port = name.v6.sin6_port;
    NEED(connect(client, &to.any, sizeof to.v4));
    const int fd = (int)NEED(accept(server, NULL, NULL));
    SHOW(setsockopt(server, SOL_IPV6, IPV6_ADDRFORM, &v4, sizeof v4));
    SHOW(setsockopt(fd, SOL_IPV6, IPV6_ADDRFORM, &v6, sizeof v6));
    SHOW(setsockopt(fd, SOL_IPV6, IPV6_ADDRFORM, &v4, sizeof v4));
    SHOW(setsockopt(fd, SOL_IPV6, IPV6_ADDRFORM, &v4, sizeof v4));
    NEED(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length));
    SHOW(domain == AF_INET);
    size = sizeof name;
    NEED(getpeername(fd, &name.any, &size));
    SHOW(name.any.sa_family == AF_INET);
    const struct sockaddr nothing = {.sa_family = AF_UNSPEC};
    const struct sockaddr_in any = {.sin_family = AF_INET};
    SHOW(connect(fd, &nothing, sizeof nothing));
    SHOW(bind(fd, (const struct sockaddr*)&any, sizeof any));
    SHOW(listen(fd, 1));
}

NATIVE(datagrams_of_ipv6_become_ones_of_ipv4, WHY) {
    union address v4_name, v6_name;
    bound(AF_INET, &v4_name);
    bound(AF_INET6, &v6_name);
    const int v4 = AF_INET, fd = udp(AF_INET6), other = udp(AF_INET6);
    SHOW(setsockopt(fd, SOL_IPV6, IPV6_ADDRFORM, &v4, sizeof v4));
    NEED(connect(other, &v6_name.any, sizeof v6_name.v6));
    SHOW(setsockopt(other, SOL_IPV6, IPV6_ADDRFORM, &v4, sizeof v4));
    union address mapped = {.v6 = {.sin6_family = AF_INET6, .sin6_port = v4_name.v4.sin_port}};
    inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped.v6.sin6_addr);
    NEED(connect(fd, &mapped.any, sizeof mapped.v6));
    SHOW(setsockopt(fd, SOL_IPV6, IPV6_ADDRFORM, &v4, sizeof v4));
    SHOW(send(fd, "x", 1, 0));
}
