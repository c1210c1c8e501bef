// SPDX-License-Identifier: GPL-2.0-or-later
// Control messages of IP sockets: where a packet was sent to, its hops, its class, when it came,
// and what a sender says of one packet.
#include <arpa/inet.h>
#include <linux/in6.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"
#include "inet_steps.h"

enum { ROOM = 512 };

static const int on = 1, off = 0;

static void ask(int fd, int level, int name) {
    NEED(setsockopt(fd, level, name, &on, sizeof on));
}
static void show_bytes(const unsigned char* data, size_t size) {
    for (size_t i = 0; i < size; ++i) printf(" %02x", data[i]);
    printf("\n");
}
// Receives with `room` bytes for control messages, and prints each; those with times only by kind.
static void show_received(int fd, size_t room) {
    char text[64];
    static _Alignas(8) char control[ROOM];
    memset(control, 0x5a, sizeof control);
    struct iovec part = {text, sizeof text};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    m.msg_control = control;
    m.msg_controllen = room;
    SHOW(recvmsg(fd, &m, 0));
    printf("flags %#x, control %d\n", (unsigned)m.msg_flags, (int)m.msg_controllen);
    for (struct cmsghdr* c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c)) {
        const size_t size = c->cmsg_len - CMSG_LEN(0);
        printf("level %d, type %d, %d bytes:", c->cmsg_level, c->cmsg_type, (int)size);
        const int port = c->cmsg_type == IP_ORIGDSTADDR || c->cmsg_type == IPV6_ORIGDSTADDR;
        if (c->cmsg_level == SOL_SOCKET) {
            printf(" a time\n");
        } else if (port) {  // which the run chooses
            show_bytes(CMSG_DATA(c) + 4, size - 4);
        } else {
            show_bytes(CMSG_DATA(c), size);
        }
    }
}
static void send_to(int fd, const union address* to) {
    NEED(sendto(fd, "hello", 5, 0, &to->any, length_of(to)));
}
struct control {
    int level, type;
    size_t size;
    const void* data;
};
// A sendmsg with these control messages.
static long send_with(int fd, const union address* to, const struct control* all, int count) {
    static _Alignas(8) char control[ROOM];
    memset(control, 0, sizeof control);
    struct iovec part = {(void*)"hello", 5};
    struct msghdr m = {.msg_name = (void*)to, .msg_namelen = length_of(to), .msg_iov = &part};
    m.msg_iovlen = 1;
    m.msg_control = control;
    m.msg_controllen = sizeof control;
    struct cmsghdr* c = CMSG_FIRSTHDR(&m);
    size_t used = 0;
    for (int i = 0; i < count; ++i) {
        c->cmsg_level = all[i].level;
        c->cmsg_type = all[i].type;
        c->cmsg_len = CMSG_LEN(all[i].size);
        memcpy(CMSG_DATA(c), all[i].data, all[i].size);
        used += CMSG_SPACE(all[i].size);
        c = (struct cmsghdr*)(control + used);
    }
    m.msg_controllen = used;
    return sendmsg(fd, &m, 0);
}
static long send_one(int fd, const union address* to, int level, int type, size_t size,
                     const void* data) {
    const struct control one = {level, type, size, data};
    return send_with(fd, to, &one, 1);
}

#define WHY "qemu 7.2 knows few control messages of IP"

NATIVE(a_receiver_of_ipv4_learns_what_it_asks_for, WHY) {
    union address name;
    const int in = bound(AF_INET, &name), out = udp(AF_INET);
    ask(in, SOL_IP, IP_PKTINFO);
    ask(in, SOL_IP, IP_RECVTTL);
    ask(in, SOL_IP, IP_RECVTOS);
    ask(in, SOL_IP, IP_RECVORIGDSTADDR);
    send_to(out, &name);
    show_received(in, ROOM);
    const int tos = 0x48, ttl = 7;
    SHOW(setsockopt(out, SOL_IP, IP_TOS, &tos, sizeof tos));
    SHOW(setsockopt(out, SOL_IP, IP_TTL, &ttl, sizeof ttl));
    send_to(out, &name);
    show_received(in, ROOM);
    NEED(setsockopt(in, SOL_IP, IP_RECVTOS, &off, sizeof off));
    send_to(out, &name);
    show_received(in, ROOM);
}
NATIVE(a_receiver_of_ipv6_learns_what_it_asks_for, WHY) {
    union address name;
    const int in = bound(AF_INET6, &name), out = udp(AF_INET6);
    ask(in, SOL_IPV6, IPV6_RECVPKTINFO);
    ask(in, SOL_IPV6, IPV6_RECVHOPLIMIT);
    ask(in, SOL_IPV6, IPV6_RECVTCLASS);
    ask(in, SOL_IPV6, IPV6_2292PKTINFO);
    ask(in, SOL_IPV6, IPV6_2292HOPLIMIT);
    ask(in, SOL_IPV6, IPV6_RECVORIGDSTADDR);
    send_to(out, &name);
    show_received(in, ROOM);
    const int class = 0x28, hops = 9;
    SHOW(setsockopt(out, SOL_IPV6, IPV6_TCLASS, &class, sizeof class));
    SHOW(setsockopt(out, SOL_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof hops));
    send_to(out, &name);
    show_received(in, ROOM);
}
NATIVE(an_ipv6_socket_that_receives_ipv4_tells_both, WHY) {
    union address name = {.v6 = {.sin6_family = AF_INET6}};
    socklen_t size = sizeof name;
    const int in = udp(AF_INET6), out = udp(AF_INET);
    NEED(bind(in, &name.any, sizeof name.v6));
    NEED(getsockname(in, &name.any, &size));
    ask(in, SOL_IPV6, IPV6_RECVPKTINFO);
    ask(in, SOL_IPV6, IPV6_RECVHOPLIMIT);
    ask(in, SOL_IPV6, IPV6_RECVTCLASS);
    union address to = loopback(AF_INET);
    to.v4.sin_port = name.v6.sin6_port;
    send_to(out, &to);
    show_received(in, ROOM);
    ask(in, SOL_IP, IP_RECVTTL);
    ask(in, SOL_IP, IP_PKTINFO);
    send_to(out, &to);
    show_received(in, ROOM);
}
NATIVE(the_address_that_a_packet_was_sent_to_is_told, WHY) {
    union address name = {.v4 = {.sin_family = AF_INET}};
    socklen_t size = sizeof name;
    const int in = udp(AF_INET), out = udp(AF_INET);
    NEED(bind(in, &name.any, sizeof name.v4));
    NEED(getsockname(in, &name.any, &size));
    ask(in, SOL_IP, IP_PKTINFO);
    name.v4.sin_addr.s_addr = htonl(0x7f000305);
    send_to(out, &name);
    show_received(in, ROOM);
}
NATIVE(control_messages_that_do_not_fit_are_cut, WHY) {
    union address name;
    const int in = bound(AF_INET6, &name), out = udp(AF_INET6);
    ask(in, SOL_IPV6, IPV6_RECVHOPLIMIT);
    ask(in, SOL_IPV6, IPV6_RECVTCLASS);
    for (size_t room = 0; room <= 48; ++room) {
        send_to(out, &name);
        show_received(in, room);
    }
}
NATIVE(a_sender_chooses_for_one_ipv4_packet, WHY) {
    union address name;
    const int in = bound(AF_INET, &name), out = udp(AF_INET);
    ask(in, SOL_IP, IP_RECVTTL);
    ask(in, SOL_IP, IP_RECVTOS);
    const int ttl = 33, tos = 0x10;
    const unsigned char tos_byte = 0x20;
    SHOW(send_one(out, &name, SOL_IP, IP_TTL, sizeof ttl, &ttl));
    show_received(in, ROOM);
    SHOW(send_one(out, &name, SOL_IP, IP_TOS, sizeof tos, &tos));
    show_received(in, ROOM);
    SHOW(send_one(out, &name, SOL_IP, IP_TOS, 1, &tos_byte));
    show_received(in, ROOM);
    const struct control both[] = {{SOL_IP, IP_TTL, sizeof ttl, &ttl},
                                   {SOL_IP, IP_TOS, sizeof tos, &tos}};
    SHOW(send_with(out, &name, both, 2));
    show_received(in, ROOM);
    send_to(out, &name);
    show_received(in, ROOM);
}
NATIVE(a_sender_chooses_for_one_ipv6_packet, WHY) {
    union address name;
    const int in = bound(AF_INET6, &name), out = udp(AF_INET6);
    ask(in, SOL_IPV6, IPV6_RECVHOPLIMIT);
    ask(in, SOL_IPV6, IPV6_RECVTCLASS);
    const int hops = 33, class = 0x10;
    SHOW(send_one(out, &name, SOL_IPV6, IPV6_HOPLIMIT, sizeof hops, &hops));
    show_received(in, ROOM);
    SHOW(send_one(out, &name, SOL_IPV6, IPV6_TCLASS, sizeof class, &class));
    show_received(in, ROOM);
}
NATIVE(a_sender_chooses_the_address_it_sends_from, WHY) {
    union address name, from;
    socklen_t size = sizeof from;
    const int in = bound(AF_INET, &name), out = udp(AF_INET);
    struct in_pktinfo info = {.ipi_spec_dst = {htonl(0x7f000909)}};
    char text[8];
    SHOW(send_one(out, &name, SOL_IP, IP_PKTINFO, sizeof info, &info));
    SHOW(recvfrom(in, text, sizeof text, 0, &from.any, &size));
    printf("from %s\n", inet_ntoa(from.v4.sin_addr));
    info.ipi_ifindex = 1;
    SHOW(send_one(out, &name, SOL_IP, IP_PKTINFO, sizeof info, &info));
    info.ipi_ifindex = 999;
    SHOW(send_one(out, &name, SOL_IP, IP_PKTINFO, sizeof info, &info));
    info = (struct in_pktinfo){.ipi_spec_dst = {htonl(0x01020304)}};
    SHOW(send_one(out, &name, SOL_IP, IP_PKTINFO, sizeof info, &info));
    union address name6;
    (void)bound(AF_INET6, &name6);
    const int out6 = udp(AF_INET6);
    struct in6_pktinfo info6 = {.ipi6_addr = in6addr_loopback};
    SHOW(send_one(out6, &name6, SOL_IPV6, IPV6_PKTINFO, sizeof info6, &info6));
    info6.ipi6_ifindex = 999;
    SHOW(send_one(out6, &name6, SOL_IPV6, IPV6_PKTINFO, sizeof info6, &info6));
    info6 = (struct in6_pktinfo){.ipi6_addr = {.s6_addr = {0x20, 1}}};
    SHOW(send_one(out6, &name6, SOL_IPV6, IPV6_PKTINFO, sizeof info6, &info6));
}
NATIVE(a_senders_control_messages_are_checked, WHY) {
    union address name, name6;
    (void)bound(AF_INET, &name);
    (void)bound(AF_INET6, &name6);
    const int out = udp(AF_INET), out6 = udp(AF_INET6);
    const int values[] = {-2, -1, 0, 1, 255, 256};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; ++i) {
        SHOW(send_one(out, &name, SOL_IP, IP_TTL, 4, &values[i]));
        SHOW(send_one(out, &name, SOL_IP, IP_TOS, 4, &values[i]));
        SHOW(send_one(out6, &name6, SOL_IPV6, IPV6_HOPLIMIT, 4, &values[i]));
        SHOW(send_one(out6, &name6, SOL_IPV6, IPV6_TCLASS, 4, &values[i]));
    }
    const long wide = 1;
    SHOW(send_one(out, &name, SOL_IP, IP_TTL, 1, &wide));
    SHOW(send_one(out, &name, SOL_IP, IP_TTL, 8, &wide));
    SHOW(send_one(out, &name, SOL_IP, IP_TOS, 2, &wide));
    SHOW(send_one(out, &name, SOL_IP, IP_PKTINFO, 4, &wide));
    SHOW(send_one(out, &name, SOL_IP, 99, 4, &wide));
    SHOW(send_one(out, &name, SOL_IPV6, IPV6_TCLASS, 4, &wide));
    SHOW(send_one(out, &name, SOL_SOCKET, 99, 4, &wide));
    SHOW(send_one(out, &name, SOL_SOCKET, SCM_RIGHTS, 4, &wide));
    SHOW(send_one(out, &name, 99, 99, 4, &wide));
    SHOW(send_one(out6, &name6, SOL_IPV6, IPV6_HOPLIMIT, 1, &wide));
    SHOW(send_one(out6, &name6, SOL_IPV6, IPV6_PKTINFO, 8, &wide));
    SHOW(send_one(out6, &name6, SOL_IPV6, 99, 4, &wide));
    SHOW(send_one(out6, &name6, SOL_IP, IP_TTL, 4, &wide));
    SHOW(send_one(out6, &name6, SOL_SOCKET, 99, 4, &wide));
}
NATIVE(an_ipv6_socket_that_sends_ipv4_chooses_as_one_of_ipv4, WHY) {
    union address name, from, to = {.v6 = {.sin6_family = AF_INET6}};
    socklen_t size = sizeof from;
    const int in = bound(AF_INET, &name), out = udp(AF_INET6);
    ask(in, SOL_IP, IP_RECVTTL);
    ask(in, SOL_IP, IP_RECVTOS);
    to.v6.sin6_port = name.v4.sin_port;
    inet_pton(AF_INET6, "::ffff:127.0.0.1", &to.v6.sin6_addr);
    const int value = 0x18;
    SHOW(send_one(out, &to, SOL_IP, IP_TTL, 4, &value));
    show_received(in, ROOM);
    SHOW(send_one(out, &to, SOL_IP, IP_TOS, 4, &value));
    show_received(in, ROOM);
    SHOW(send_one(out, &to, SOL_IPV6, IPV6_TCLASS, 4, &value));
    show_received(in, ROOM);
    SHOW(send_one(out, &to, SOL_IPV6, IPV6_HOPLIMIT, 1, &value));
    show_received(in, ROOM);
    struct in6_pktinfo info = {.ipi6_addr = in6addr_loopback};
    SHOW(send_one(out, &to, SOL_IPV6, IPV6_PKTINFO, sizeof info, &info));
    inet_pton(AF_INET6, "::ffff:127.0.0.9", &info.ipi6_addr);
    SHOW(send_one(out, &to, SOL_IPV6, IPV6_PKTINFO, sizeof info, &info));
    char text[8];
    SHOW(recvfrom(in, text, sizeof text, 0, &from.any, &size));
    printf("from %s\n", inet_ntoa(from.v4.sin_addr));
    union address name6;
    (void)bound(AF_INET6, &name6);
    SHOW(send_one(out, &name6, SOL_IPV6, IPV6_PKTINFO, sizeof info, &info));
}
static void mark_as_user(void) {
    union address name;
    (void)bound(AF_INET, &name);
    const int value = 1;
    SHOW(send_one(udp(AF_INET), &name, SOL_SOCKET, SO_MARK, 4, &value));
}
NATIVE(a_packet_is_marked_by_who_may, WHY) {
    union address name;
    (void)bound(AF_INET, &name);
    const long value = 1;
    SHOW(send_one(udp(AF_INET), &name, SOL_SOCKET, SO_MARK, 4, &value));
    SHOW(send_one(udp(AF_INET), &name, SOL_SOCKET, SO_MARK, 8, &value));
    SHOW(send_one(udp(AF_INET), &name, SOL_SOCKET, SO_TIMESTAMPING, 4, &value));
    AS_USER(mark_as_user);
}
NATIVE(a_control_message_whose_length_is_wrong_is_refused, WHY) {
    union address name;
    (void)bound(AF_INET, &name);
    const int out = udp(AF_INET);
    _Alignas(8) char control[32] = {0};
    struct iovec part = {(void*)"hello", 5};
    const size_t lengths[] = {0, 1, 15, 16, 19, 20, 32, 33, (size_t)-1};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; ++i) {
        struct cmsghdr* c = (struct cmsghdr*)control;
        *c = (struct cmsghdr){.cmsg_len = lengths[i], .cmsg_level = SOL_IP, .cmsg_type = IP_TTL};
        *(int*)CMSG_DATA(c) = 5;
        struct msghdr m = {.msg_name = &name, .msg_namelen = sizeof name.v4, .msg_iov = &part};
        m.msg_iovlen = 1;
        m.msg_control = control;
        m.msg_controllen = 24;
        SHOW(sendmsg(out, &m, 0));
        m.msg_controllen = 15;  // less than a header
        SHOW(sendmsg(out, &m, 0));
    }
}
NATIVE(times_of_arrival_come_in_one_form, WHY) {
    union address name;
    const int in = bound(AF_INET, &name), out = udp(AF_INET);
    int value = 0;
    socklen_t size = sizeof value;
    ask(in, SOL_SOCKET, SO_TIMESTAMP);
    send_to(out, &name);
    show_received(in, ROOM);
    ask(in, SOL_SOCKET, SO_TIMESTAMPNS);
    SHOW(getsockopt(in, SOL_SOCKET, SO_TIMESTAMP, &value, &size));
    SHOW(value);
    SHOW(getsockopt(in, SOL_SOCKET, SO_TIMESTAMPNS, &value, &size));
    SHOW(value);
    send_to(out, &name);
    show_received(in, ROOM);
    ask(in, SOL_SOCKET, SO_TIMESTAMP);
    SHOW(getsockopt(in, SOL_SOCKET, SO_TIMESTAMPNS, &value, &size));
    SHOW(value);
    NEED(setsockopt(in, SOL_SOCKET, SO_TIMESTAMP, &off, sizeof off));
    send_to(out, &name);
    show_received(in, ROOM);
}
NATIVE(a_time_of_arrival_is_when_the_packet_came, WHY) {
    union address name;
    const int in = bound(AF_INET, &name), out = udp(AF_INET);
    char text[8];
    _Alignas(8) char control[64];
    struct iovec part = {text, sizeof text};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    m.msg_control = control;
    m.msg_controllen = sizeof control;
    struct timespec before, after, came;
    const long long ns = 1000000000;
    long long at = 0, begun = 0, sent = 0;
    ask(in, SOL_SOCKET, SO_TIMESTAMPNS);
    // Stamps may be switched on late: until then they are made when the packet is read.
    for (int tries = 0; tries < 100; ++tries) {
        clock_gettime(CLOCK_REALTIME, &before);
        send_to(out, &name);
        clock_gettime(CLOCK_REALTIME, &after);
        usleep(20000);
        m.msg_controllen = sizeof control;
        NEED(recvmsg(in, &m, 0));
        memcpy(&came, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof came);
        at = came.tv_sec * ns + came.tv_nsec;
        begun = before.tv_sec * ns + before.tv_nsec;
        sent = after.tv_sec * ns + after.tv_nsec;
        if (at <= sent) break;
    }
    SHOW(at >= begun);
    SHOW(at <= sent);
}
NATIVE(messages_of_af_unix_have_a_time_of_arrival, WHY) {
    int pair[2];
    for (int type = SOCK_STREAM; type <= SOCK_SEQPACKET; ++type) {
        if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET) continue;
        NEED(socketpair(AF_UNIX, type, 0, pair));
        ask(pair[0], SOL_SOCKET, SO_TIMESTAMP);
        ask(pair[0], SOL_SOCKET, SO_PASSCRED);
        NEED(write(pair[1], "x", 1));
        char text[8];
        _Alignas(8) char control[128];
        struct iovec part = {text, sizeof text};
        struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
        m.msg_control = control;
        m.msg_controllen = sizeof control;
        SHOW(recvmsg(pair[0], &m, 0));
        for (struct cmsghdr* c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c))
            printf("type %d: level %d, type %d\n", type, c->cmsg_level, c->cmsg_type);
    }
}
NATIVE(a_peek_leaves_the_control_messages, WHY) {
    union address name;
    const int in = bound(AF_INET, &name), out = udp(AF_INET);
    ask(in, SOL_IP, IP_RECVTTL);
    send_to(out, &name);
    char text[8];
    _Alignas(8) char control[64];
    struct iovec part = {text, sizeof text};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    m.msg_control = control;
    m.msg_controllen = sizeof control;
    SHOW(recvmsg(in, &m, MSG_PEEK));
    SHOW(m.msg_controllen);
    show_received(in, ROOM);
}
NATIVE(what_is_kept_back_has_the_first_parts_control_messages, WHY) {
    union address name;
    const int in = bound(AF_INET, &name), out = udp(AF_INET);
    ask(in, SOL_IP, IP_RECVTTL);
    NEED(connect(out, &name.any, sizeof name.v4));
    _Alignas(8) char control[CMSG_SPACE(4)] = {0};
    struct cmsghdr* c = (struct cmsghdr*)control;
    *c = (struct cmsghdr){.cmsg_len = CMSG_LEN(4), .cmsg_level = SOL_IP, .cmsg_type = IP_TTL};
    *(int*)CMSG_DATA(c) = 5;
    struct iovec part = {(void*)"a", 1};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    m.msg_control = control;
    m.msg_controllen = sizeof control;
    SHOW(sendmsg(out, &m, MSG_MORE));
    SHOW(send(out, "b", 1, 0));
    show_received(in, ROOM);
}
NATIVE(a_raw_packet_has_the_senders_hops_and_class, WHY) {
    const int fd = (int)NEED(socket(AF_INET, SOCK_RAW, 253));
    union address name = loopback(AF_INET);
    const int ttl = 3, tos = 8;
    NEED(setsockopt(fd, SOL_IP, IP_TTL, &ttl, sizeof ttl));
    NEED(setsockopt(fd, SOL_IP, IP_TOS, &tos, sizeof tos));
    ask(fd, SOL_IP, IP_RECVTTL);
    ask(fd, SOL_IP, IP_PKTINFO);
    send_to(fd, &name);
    show_received(fd, ROOM);
    send_to(fd, &name);
    unsigned char packet[64];
    SHOW(recv(fd, packet, sizeof packet, 0));
    printf("class %d, hops %d\n", packet[1], packet[8]);
}
NATIVE(the_options_of_a_streams_packets, WHY) {
    union address name;
    const int server = (int)NEED(socket(AF_INET, SOCK_STREAM, 0));
    const int client = (int)NEED(socket(AF_INET, SOCK_STREAM, 0));
    socklen_t size = sizeof name;
    name = loopback(AF_INET);
    NEED(bind(server, &name.any, sizeof name.v4));
    NEED(listen(server, 1));
    NEED(getsockname(server, &name.any, &size));
    NEED(connect(client, &name.any, sizeof name.v4));
    char control[128] = {0};
    size = sizeof control;
    SHOW(getsockopt(client, SOL_IP, IP_PKTOPTIONS, control, &size));
    SHOW(size);
    ask(client, SOL_IP, IP_PKTINFO);
    ask(client, SOL_IP, IP_RECVTTL);
    size = sizeof control;
    SHOW(getsockopt(client, SOL_IP, IP_PKTOPTIONS, control, &size));
    show_bytes((unsigned char*)control, size);
    SHOW(getsockopt(udp(AF_INET), SOL_IP, IP_PKTOPTIONS, control, &size));
}
