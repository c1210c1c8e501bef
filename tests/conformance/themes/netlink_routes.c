// SPDX-License-Identifier: GPL-2.0-or-later
// AF_NETLINK sockets of NETLINK_ROUTE: netlink(7), rtnetlink(7).
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define QEMU_LACKS "qemu 7.2 knows some messages of netlink only"

static int route;
static char answer[32768];

static void open_route(void) {
    route = (int)NEED(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
}

struct request {
    struct nlmsghdr header;
    union {
        struct rtgenmsg any;
        struct ifinfomsg link;
        struct ifaddrmsg address;
        struct rtmsg route;
    };
};

static ssize_t ask(int type, int flags, int family, size_t size) {
    struct request request = {.header = {.nlmsg_len = (unsigned)(NLMSG_HDRLEN + size),
                                         .nlmsg_type = (unsigned short)type,
                                         .nlmsg_flags = (unsigned short)(NLM_F_REQUEST | flags),
                                         .nlmsg_seq = 7}};
    request.any.rtgen_family = (unsigned char)family;
    return send(route, &request, request.header.nlmsg_len, 0);
}

static void show_text(const char* name, const struct rtattr* attribute) {
    printf(" %s=%s", name, (const char*)RTA_DATA(attribute));
}
static void show_ip(const char* name, int family, const struct rtattr* attribute) {
    char text[64];
    printf(" %s=%s", name, inet_ntop(family, RTA_DATA(attribute), text, sizeof text));
}

static void show_link(struct nlmsghdr* message) {
    struct ifinfomsg* link = NLMSG_DATA(message);
    int left = (int)IFLA_PAYLOAD(message);
    if (link->ifi_index != 1) return;
    printf("link %d type %d up %d running %d", link->ifi_index, link->ifi_type,
           (link->ifi_flags & IFF_UP) != 0, (link->ifi_flags & IFF_RUNNING) != 0);
    for (struct rtattr* a = IFLA_RTA(link); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
        if (a->rta_type == IFLA_IFNAME) show_text("name", a);
        if (a->rta_type == IFLA_MTU) printf(" mtu=%u", *(unsigned*)RTA_DATA(a));
        if (a->rta_type == IFLA_ADDRESS) printf(" address of %d", (int)RTA_PAYLOAD(a));
    }
    printf("\n");
}

static void show_address(struct nlmsghdr* message) {
    struct ifaddrmsg* address = NLMSG_DATA(message);
    int left = (int)IFA_PAYLOAD(message);
    printf("address family %d /%d scope %d index %u", address->ifa_family, address->ifa_prefixlen,
           address->ifa_scope, address->ifa_index);
    for (struct rtattr* a = IFA_RTA(address); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
        if (a->rta_type == IFA_LABEL) show_text("label", a);
        if (a->rta_type == IFA_ADDRESS) show_ip("address", address->ifa_family, a);
        if (a->rta_type == IFA_LOCAL) show_ip("local", address->ifa_family, a);
        if (a->rta_type == IFA_FLAGS) printf(" flags=%x", *(unsigned*)RTA_DATA(a));
    }
    printf("\n");
}

static void show_route(struct nlmsghdr* message) {
    struct rtmsg* row = NLMSG_DATA(message);
    int left = (int)RTM_PAYLOAD(message);
    if (row->rtm_family != AF_INET) return;
    printf("route table %d type %d scope %d protocol %d /%d", row->rtm_table, row->rtm_type,
           row->rtm_scope, row->rtm_protocol, row->rtm_dst_len);
    for (struct rtattr* a = RTM_RTA(row); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
        if (a->rta_type == RTA_DST) show_ip("to", AF_INET, a);
        if (a->rta_type == RTA_PREFSRC) show_ip("from", AF_INET, a);
        if (a->rta_type == RTA_OIF) printf(" oif=%u", *(unsigned*)RTA_DATA(a));
    }
    printf("\n");
}

// Until NLMSG_DONE or an error.
static void show_answers(void) {
    for (;;) {
        ssize_t size = recv(route, answer, sizeof answer, 0);
        if (size <= 0) {
            printf("recv: %s\n", strerrorname_np(errno));
            return;
        }
        for (struct nlmsghdr* m = (void*)answer; NLMSG_OK(m, (unsigned)size);
             m = NLMSG_NEXT(m, size)) {
            if (m->nlmsg_seq != 7) printf("sequence %u\n", m->nlmsg_seq);
            if (m->nlmsg_type == NLMSG_DONE) {
                printf("done, multi %d\n", (m->nlmsg_flags & NLM_F_MULTI) != 0);
                return;
            }
            if (m->nlmsg_type == NLMSG_ERROR) {
                const struct nlmsgerr* e = NLMSG_DATA(m);
                printf("error %d for type %d\n", e->error, e->msg.nlmsg_type);
                return;
            }
            if (m->nlmsg_type == RTM_NEWLINK) show_link(m);
            if (m->nlmsg_type == RTM_NEWADDR) show_address(m);
            if (m->nlmsg_type == RTM_NEWROUTE) show_route(m);
            if ((m->nlmsg_flags & NLM_F_MULTI) == 0) return;
        }
    }
}

NATIVE(links_are_dumped, QEMU_LACKS) {
    open_route();
    SHOW(ask(RTM_GETLINK, NLM_F_DUMP, AF_UNSPEC, sizeof(struct ifinfomsg)));
    show_answers();
}

NATIVE(addresses_are_dumped, QEMU_LACKS) {
    open_route();
    SHOW(ask(RTM_GETADDR, NLM_F_DUMP, AF_UNSPEC, sizeof(struct ifaddrmsg)));
    show_answers();
    SHOW(ask(RTM_GETADDR, NLM_F_DUMP, AF_INET6, sizeof(struct ifaddrmsg)));
    show_answers();
    SHOW(ask(RTM_GETADDR, NLM_F_DUMP, AF_INET, sizeof(struct rtgenmsg)));
    show_answers();
}

NATIVE(routes_are_dumped, QEMU_LACKS) {
    open_route();
    SHOW(ask(RTM_GETROUTE, NLM_F_DUMP, AF_INET, sizeof(struct rtmsg)));
    show_answers();
}

NATIVE(neighbours_of_lo_are_none, QEMU_LACKS) {
    open_route();
    SHOW(ask(RTM_GETNEIGH, NLM_F_DUMP, AF_INET, sizeof(struct ifinfomsg)));
    show_answers();
}

NATIVE(one_link_is_asked_by_index, QEMU_LACKS) {
    struct request request = {.header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
                                         .nlmsg_type = RTM_GETLINK,
                                         .nlmsg_flags = NLM_F_REQUEST,
                                         .nlmsg_seq = 7}};
    open_route();
    request.link.ifi_index = 1;
    SHOW(send(route, &request, request.header.nlmsg_len, 0));
    show_answers();
    request.link.ifi_index = 1234;
    SHOW(send(route, &request, request.header.nlmsg_len, 0));
    show_answers();
    request.link.ifi_index = 0;
    SHOW(send(route, &request, request.header.nlmsg_len, 0));
    show_answers();
}

NATIVE(an_acknowledgement_is_an_error_of_zero, QEMU_LACKS) {
    open_route();
    SHOW(ask(NLMSG_NOOP, NLM_F_ACK, AF_UNSPEC, sizeof(struct rtgenmsg)));
    show_answers();
    SHOW(ask(RTM_GETLINK + 1000, NLM_F_ACK, AF_UNSPEC, sizeof(struct rtgenmsg)));
    show_answers();
    SHOW(ask(RTM_GETLINK + 1000, 0, AF_UNSPEC, sizeof(struct rtgenmsg)));
    show_answers();
}

NATIVE(the_kernel_chooses_the_port, QEMU_LACKS) {
    struct sockaddr_nl name = {0};
    socklen_t size = sizeof name;
    open_route();
    SHOW(getsockname(route, (void*)&name, &size));
    SHOW(size);
    SHOW(name.nl_family);
    SHOW(name.nl_pid);
    name = (struct sockaddr_nl){.nl_family = AF_NETLINK};
    SHOW(bind(route, (void*)&name, sizeof name));
    NEED(getsockname(route, (void*)&name, &size));
    SHOW(name.nl_pid == (unsigned)getpid());
    SHOW(name.nl_groups);
    const int first = route;
    open_route();
    name = (struct sockaddr_nl){.nl_family = AF_NETLINK, .nl_pid = (unsigned)getpid()};
    SHOW(bind(route, (void*)&name, sizeof name));
    name.nl_pid = 0;
    SHOW(bind(route, (void*)&name, sizeof name));
    NEED(getsockname(route, (void*)&name, &size));
    SHOW(name.nl_pid != (unsigned)getpid());
    close(first);
}

NATIVE(errors_of_bind_and_connect, QEMU_LACKS) {
    struct sockaddr_nl name = {.nl_family = AF_INET};
    open_route();
    SHOW(bind(route, (void*)&name, sizeof name));
    SHOW(bind(route, (void*)&name, 4));
    name.nl_family = AF_NETLINK;
    name.nl_groups = RTMGRP_LINK;
    SHOW(bind(route, (void*)&name, sizeof name));
    name.nl_pid = 12345;
    SHOW(bind(route, (void*)&name, sizeof name));
    name = (struct sockaddr_nl){.nl_family = AF_NETLINK};
    SHOW(connect(route, (void*)&name, sizeof name));
    socklen_t size = sizeof name;
    SHOW(getpeername(route, (void*)&name, &size));
    SHOW(name.nl_pid);
    SHOW(listen(route, 1));
    SHOW(accept(route, NULL, NULL));
    SHOW(shutdown(route, SHUT_RDWR));
}

NATIVE(other_types_and_protocols, QEMU_LACKS) {
    SHOW(socket(AF_NETLINK, SOCK_DGRAM, NETLINK_ROUTE) >= 0);
    SHOW(socket(AF_NETLINK, SOCK_STREAM, NETLINK_ROUTE));
    SHOW(socket(AF_NETLINK, SOCK_SEQPACKET, NETLINK_ROUTE));
    SHOW(socket(AF_NETLINK, SOCK_RAW, 32));
    SHOW(socket(AF_NETLINK, SOCK_RAW, -1));
    SHOW(socket(AF_NETLINK, SOCK_RAW, 8));
    int pair[2];
    SHOW(socketpair(AF_NETLINK, SOCK_RAW, 0, pair));
}

NATIVE(answers_come_from_the_kernel, QEMU_LACKS) {
    struct sockaddr_nl from = {0};
    struct iovec part = {answer, sizeof answer};
    struct msghdr message = {
        .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1};
    open_route();
    NEED(ask(RTM_GETADDR, NLM_F_DUMP, AF_INET, sizeof(struct ifaddrmsg)));
    SHOW(recvmsg(route, &message, MSG_PEEK | MSG_TRUNC) > 16);
    SHOW(from.nl_family);
    SHOW(from.nl_pid);
    SHOW(message.msg_namelen);
    part.iov_len = 10;
    SHOW(recvmsg(route, &message, 0));
    SHOW(message.msg_flags & MSG_TRUNC);
}

NATIVE(nothing_to_receive_is_eagain, QEMU_LACKS) {
    open_route();
    SHOW(recv(route, answer, 10, MSG_DONTWAIT));
    POLL(route);
    NEED(ask(RTM_GETADDR, NLM_F_DUMP, AF_INET, sizeof(struct ifaddrmsg)));
    POLL(route);
    SHOW(send(route, answer, 4, 0));
}

BEHAVIOUR(getifaddrs_finds_lo) {
    struct ifaddrs *all, *one;
    char text[64];
    SHOW(getifaddrs(&all));
    for (one = all; one != NULL; one = one->ifa_next) {
        if (strcmp(one->ifa_name, "lo") != 0 || one->ifa_addr == NULL) continue;
        if (one->ifa_addr->sa_family == AF_INET)
            puts(inet_ntop(AF_INET, &((struct sockaddr_in*)one->ifa_addr)->sin_addr, text,
                           sizeof text));
    }
    SHOW(if_nametoindex("lo"));
    SHOW(if_nametoindex("nonexistent"));
}

BEHAVIOUR(ioctls_tell_the_interface) {
    struct ifreq request = {.ifr_name = "lo"};
    const int fd = (int)NEED(socket(AF_INET, SOCK_DGRAM, 0));
    SHOW(ioctl(fd, SIOCGIFFLAGS, &request));
    SHOW(request.ifr_flags & (IFF_UP | IFF_LOOPBACK | IFF_RUNNING));
    SHOW(ioctl(fd, SIOCGIFINDEX, &request));
    SHOW(request.ifr_ifindex);
    SHOW(ioctl(fd, SIOCGIFMTU, &request));
    SHOW(request.ifr_mtu);
    SHOW(ioctl(fd, SIOCGIFNETMASK, &request));
    SHOW(ioctl(fd, SIOCGIFHWADDR, &request));
    SHOW(request.ifr_hwaddr.sa_family);
    strcpy(request.ifr_name, "none");
    SHOW(ioctl(fd, SIOCGIFFLAGS, &request));
    SHOW(ioctl(fd, SIOCGIFFLAGS, (void*)8));
}

static void show_lo(void) {
    SHOW(ask(RTM_GETLINK, NLM_F_DUMP, AF_UNSPEC, sizeof(struct ifinfomsg)));
    show_answers();
    SHOW(ask(RTM_GETADDR, NLM_F_DUMP, AF_UNSPEC, sizeof(struct ifaddrmsg)));
    show_answers();
    SHOW(ask(RTM_GETROUTE, NLM_F_DUMP, AF_INET, sizeof(struct rtmsg)));
    show_answers();
    const int fd = (int)NEED(socket(AF_INET, SOCK_DGRAM, 0));
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    SHOW(connect(fd, (void*)&to, sizeof to));
    close(fd);
}
static void set_link(int type, int index, unsigned flags, unsigned change) {
    struct request request = {.header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
                                         .nlmsg_type = (unsigned short)type,
                                         .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
                                         .nlmsg_seq = 7}};
    request.link = (struct ifinfomsg){.ifi_index = index, .ifi_flags = flags, .ifi_change = change};
    SHOW(send(route, &request, request.header.nlmsg_len, 0));
    show_answers();
}
static void add_address(int family, unsigned char prefix, int flags) {
    const size_t size = family == AF_INET ? 4 : 16;
    struct {
        struct nlmsghdr header;
        struct ifaddrmsg address;
        struct rtattr attribute;
        unsigned char bytes[16];
    } request = {.address = {.ifa_family = (unsigned char)family,
                             .ifa_prefixlen = prefix,
                             .ifa_scope = RT_SCOPE_HOST,
                             .ifa_index = 1}};
    const struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
    memcpy(request.bytes, family == AF_INET ? (const void*)&loopback : &in6addr_loopback, size);
    request.attribute.rta_len = (unsigned short)RTA_LENGTH(size);
    request.attribute.rta_type = IFA_LOCAL;
    request.header = (struct nlmsghdr){
        .nlmsg_len = (unsigned)(NLMSG_LENGTH(sizeof request.address) + RTA_LENGTH(size)),
        .nlmsg_type = RTM_NEWADDR,
        .nlmsg_flags = (unsigned short)(NLM_F_REQUEST | NLM_F_ACK | flags),
        .nlmsg_seq = 7};
    SHOW(send(route, &request, request.header.nlmsg_len, 0));
    show_answers();
}

NATIVE(lo_of_a_new_namespace_is_set_up, QEMU_LACKS) {
    NEED(unshare(CLONE_NEWNET));
    open_route();
    show_lo();
    set_link(RTM_NEWLINK, 1, IFF_UP, IFF_UP);
    show_lo();
    set_link(RTM_SETLINK, 1, 0, IFF_UP);
    SHOW(ask(RTM_GETADDR, NLM_F_DUMP, AF_UNSPEC, sizeof(struct ifaddrmsg)));
    show_answers();
    set_link(RTM_SETLINK, 1, IFF_UP, 0);
    show_lo();
    set_link(RTM_SETLINK, 1, 0, 0);  // says nothing
    show_lo();
    set_link(RTM_SETLINK, 7, IFF_UP, IFF_UP);
    set_link(RTM_NEWLINK, 7, IFF_UP, IFF_UP);
    set_link(RTM_SETLINK, 0, IFF_UP, IFF_UP);
    set_link(RTM_SETLINK, -1, IFF_UP, IFF_UP);
    set_link(RTM_NEWLINK, -1, IFF_UP, IFF_UP);
}
NATIVE(addresses_of_lo_are_added_before_it_is_up, QEMU_LACKS) {
    NEED(unshare(CLONE_NEWNET));
    open_route();
    add_address(AF_INET, 8, NLM_F_CREATE | NLM_F_EXCL);
    SHOW(ask(RTM_GETADDR, NLM_F_DUMP, AF_INET, sizeof(struct ifaddrmsg)));
    show_answers();
    add_address(AF_INET, 8, NLM_F_CREATE | NLM_F_EXCL);
    add_address(AF_INET, 8, NLM_F_CREATE);
    set_link(RTM_NEWLINK, 1, IFF_UP, IFF_UP);
    add_address(AF_INET6, 128, NLM_F_CREATE | NLM_F_EXCL);
    show_lo();
}
static void as_user(void) {
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    open_route();
    set_link(RTM_NEWLINK, 1, IFF_UP, IFF_UP);
    SHOW(ioctl((int)NEED(socket(AF_INET, SOCK_DGRAM, 0)), SIOCSIFFLAGS, &lo));
}
NATIVE(only_its_administrator_changes_lo, QEMU_LACKS) {
    AS_USER(as_user);
}
