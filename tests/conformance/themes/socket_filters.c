// SPDX-License-Identifier: GPL-2.0-or-later
// Filters of sockets: which programs are taken, and what they leave of a packet.
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <sys/un.h>

#include "behaviour.h"
#include "inet_steps.h"

#define NO_FILTERS "qemu-aarch64 has no SO_DETACH_FILTER and SO_GET_FILTER"
#ifndef SO_ATTACH_BPF
#define SO_ATTACH_BPF 50
#endif

static int attach_many(int fd, struct sock_filter* code, unsigned short count) {
    struct sock_fprog program = {count, code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}
#define ATTACH(fd, ...)                                  \
    attach_many(fd, (struct sock_filter[]){__VA_ARGS__}, \
                sizeof((struct sock_filter[]){__VA_ARGS__}) / sizeof(struct sock_filter))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)
#define RETURN_A BPF_STMT(BPF_RET | BPF_A, 0)
#define ABS(size, at) BPF_STMT(BPF_LD | (size) | BPF_ABS, at)

static int detach(int fd) {
    int none = 0;
    return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none);
}
static int lock_filter(int fd, int on) {
    return setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on);
}

// A datagram socket and one that is connected to it.
static int receiver, sender;
static void start_udp(int family) {
    union address name;
    receiver = bound(family, &name);
    sender = udp(family);
    NEED(connect(sender, &name.any, length_of(&name)));
}
static void start_unix(int type) {
    int ends[2];
    NEED(socketpair(AF_UNIX, type, 0, ends));
    receiver = ends[0];
    sender = ends[1];
}
static void show_next(void) {
    char bytes[100] = "";
    const ssize_t size = recv(receiver, bytes, sizeof bytes - 1, MSG_DONTWAIT);
    if (size < 0) {
        printf("  nothing: %s\n", strerrorname_np(errno));
    } else {
        printf("  %zd: %s\n", size, bytes);
    }
}
static void pass(const char* text) {
    SHOW(send(sender, text, strlen(text), 0));
    show_next();
}
// The number that a program of a load at `at` returns, as the length that it leaves of a datagram.
static void show_loaded(unsigned short code, unsigned at) {
    char bytes[4096] = "";
    char text[4000];
    memset(text, 'x', sizeof text);
    if (ATTACH(receiver, {code, 0, 0, at}, RETURN_A) != 0) {
        printf("  %#x at %#x: %s\n", code, at, strerrorname_np(errno));
        return;
    }
    NEED(send(sender, text, sizeof text, 0));
    const ssize_t size = recv(receiver, bytes, sizeof bytes, MSG_DONTWAIT);
    printf("  %#x at %#x: %zd\n", code, at, size < 0 ? -1 : size);
}

NATIVE(a_program_is_checked_before_it_is_taken, NO_FILTERS) {
    const int fd = udp(AF_INET);
    struct sock_filter one[] = {RETURN(1)};
    struct sock_fprog program = {1, one};
    SHOW(ATTACH(fd, RETURN(1)));
    SHOW(ATTACH(fd, RETURN_A));
    SHOW(ATTACH(fd, ABS(BPF_W, 0)));
    SHOW(ATTACH(fd, BPF_STMT(BPF_RET | BPF_X, 0)));
    SHOW(ATTACH(fd, BPF_STMT(0xff, 0), RETURN(1)));
    SHOW(ATTACH(fd, BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RETURN(1)));
    SHOW(ATTACH(fd, BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 0), RETURN(1)));
    SHOW(ATTACH(fd, BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), RETURN(1)));
    SHOW(ATTACH(fd, BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), RETURN(1)));
    SHOW(ATTACH(fd, BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 31), RETURN(1)));
    SHOW(ATTACH(fd, BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 32), RETURN(1)));
    SHOW(ATTACH(fd, BPF_STMT(BPF_ALU | BPF_NEG | BPF_X, 0), RETURN(1)));
    SHOW(ATTACH(fd, BPF_STMT(BPF_ST, 15), BPF_STMT(BPF_LD | BPF_MEM, 15), RETURN(1)));
    SHOW(ATTACH(fd, BPF_STMT(BPF_ST, 16), RETURN(1)));
    SHOW(ATTACH(fd, BPF_STMT(BPF_LD | BPF_MEM, 0), RETURN(1)));
    SHOW(ATTACH(fd, BPF_STMT(BPF_JMP | BPF_JA, 0), RETURN(1)));
    SHOW(ATTACH(fd, BPF_STMT(BPF_JMP | BPF_JA, 1), RETURN(1)));
    SHOW(ATTACH(fd, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), RETURN(1)));
    SHOW(ATTACH(fd, BPF_JUMP(BPF_JMP | BPF_JSET | BPF_X, 0, 0, 1), RETURN(1), RETURN(0)));
    SHOW(ATTACH(fd, BPF_STMT(BPF_LDX | BPF_W | BPF_ABS, 0), RETURN(1)));
    SHOW(ATTACH(fd, BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), RETURN(1)));
    SHOW(ATTACH(fd, BPF_STMT(BPF_LDX | BPF_W | BPF_MSH, 0), RETURN(1)));
    program.len = 0;
    SHOW(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
    program.len = 4097;
    SHOW(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
    program.len = 1;
    SHOW(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program - 1));
    SHOW(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program + 1));
    SHOW(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, 3));
    SHOW(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, NULL, sizeof program));
    program.filter = NULL;
    SHOW(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
    program.filter = (struct sock_filter*)16;
    SHOW(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
}

NATIVE(a_load_may_be_of_what_is_known_of_the_packet_only, NO_FILTERS) {
    const int fd = udp(AF_INET);
    for (unsigned i = 0; i <= SKF_AD_MAX; i += 2) {
        printf("%u:", i);
        SHOW(ATTACH(fd, ABS(i % 4 == 0 ? BPF_W : BPF_H, (unsigned)SKF_AD_OFF + i), RETURN(1)));
    }
    SHOW(ATTACH(fd, ABS(BPF_B, (unsigned)SKF_AD_OFF), RETURN(1)));
    SHOW(ATTACH(fd, ABS(BPF_B, ~0u), RETURN(1)));
    SHOW(ATTACH(fd, ABS(BPF_B, (unsigned)SKF_NET_OFF), RETURN(1)));
    SHOW(ATTACH(fd, ABS(BPF_B, (unsigned)SKF_LL_OFF), RETURN(1)));
    SHOW(ATTACH(fd, ABS(BPF_B, 0x80000000u), RETURN(1)));
    SHOW(ATTACH(fd, BPF_STMT(BPF_LD | BPF_B | BPF_IND, (unsigned)SKF_AD_OFF + 1), RETURN(1)));
    SHOW(ATTACH(fd, BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, (unsigned)SKF_AD_OFF + 1), RETURN(1)));
}

NATIVE(a_filter_may_be_taken_off_once, NO_FILTERS) {
    const int fd = udp(AF_INET);
    SHOW(detach(fd));
    SHOW(ATTACH(fd, RETURN(0)));
    SHOW(ATTACH(fd, RETURN(1)));
    SHOW(detach(fd));
    SHOW(detach(fd));
    SHOW(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, NULL, 0));
    SHOW(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, NULL, 4));
}

NATIVE(a_locked_filter_stays, NO_FILTERS) {
    int value = 7;
    socklen_t size = sizeof value;
    const int fd = udp(AF_INET);
    SHOW(getsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &value, &size));
    printf("%d of %u bytes\n", value, size);
    SHOW(lock_filter(fd, 0));
    SHOW(ATTACH(fd, RETURN(1)));
    SHOW(lock_filter(fd, 5));
    SHOW(lock_filter(fd, 1));
    SHOW(lock_filter(fd, 0));
    SHOW(getsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &value, &size));
    printf("%d of %u bytes\n", value, size);
    SHOW(ATTACH(fd, RETURN(1)));
    SHOW(ATTACH(fd, BPF_STMT(0xff, 0)));
    SHOW(detach(fd));
    SHOW(setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &fd, sizeof fd));
}

NATIVE(the_program_of_a_filter_can_be_read, NO_FILTERS) {
    struct sock_filter code[4] = {{0}};
    socklen_t count = 4;
    const int fd = udp(AF_INET);
    SHOW(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, code, &count));
    printf("%u\n", count);
    SHOW(ATTACH(fd, ABS(BPF_W, 8), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 9, 0, 1), RETURN(1),
                RETURN(0)));
    count = 0;
    SHOW(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, NULL, &count));
    printf("%u\n", count);
    count = 3;
    SHOW(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, code, &count));
    printf("%u\n", count);
    count = 100;
    SHOW(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, code, &count));
    printf("%u\n", count);
    for (int i = 0; i < 4; ++i)
        printf("  %#x %u %u %#x\n", code[i].code, code[i].jt, code[i].jf, code[i].k);
    count = 4;
    SHOW(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, (void*)16, &count));
}

NATIVE(what_is_no_program_cannot_be_attached_by_its_descriptor, NO_FILTERS) {
    int other = -1;
    const int fd = udp(AF_INET);
    SHOW(setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &other, sizeof other));
    other = 0;
    SHOW(setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &other, 8));
    SHOW(setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &other, 2));
    SHOW(setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &fd, sizeof fd));
}

NATIVE(a_datagram_is_seen_with_its_udp_header, NO_FILTERS) {
    start_udp(AF_INET);
    SHOW(ATTACH(receiver, ABS(BPF_B, 8), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 'y', 0, 1),
                RETURN(100), RETURN(0)));
    pass("yes");
    pass("no");
    pass("y");
    pass("");
    SHOW(detach(receiver));
    pass("no");
}

NATIVE(the_value_of_a_filter_cuts_the_datagram, NO_FILTERS) {
    start_udp(AF_INET);
    for (unsigned keep = 0; keep < 14; keep += 3) {
        printf("%u:\n", keep);
        SHOW(ATTACH(receiver, RETURN(keep)));
        pass("text");
    }
    SHOW(ATTACH(receiver, RETURN(10)));
    char bytes[8];
    NEED(send(sender, "text", 4, 0));
    SHOW(recv(receiver, bytes, sizeof bytes, MSG_TRUNC | MSG_DONTWAIT));
}

NATIVE(loads_are_of_any_size_and_place_in_the_packet, NO_FILTERS) {
    start_udp(AF_INET);
    show_loaded(BPF_LD | BPF_W | BPF_LEN, 0);
    show_loaded(BPF_LD | BPF_H | BPF_ABS, 4);
    show_loaded(BPF_LD | BPF_B | BPF_ABS, 8);
    show_loaded(BPF_LD | BPF_B | BPF_ABS, 4007);
    show_loaded(BPF_LD | BPF_B | BPF_ABS, 4008);
    show_loaded(BPF_LD | BPF_H | BPF_ABS, 4007);
    show_loaded(BPF_LD | BPF_B | BPF_IND, 9);
    show_loaded(BPF_LD | BPF_IMM, 50);
    show_loaded(BPF_LD | BPF_B | BPF_ABS, (unsigned)SKF_NET_OFF);
    show_loaded(BPF_LD | BPF_B | BPF_ABS, (unsigned)SKF_NET_OFF + 8);
    show_loaded(BPF_LD | BPF_B | BPF_ABS, (unsigned)SKF_NET_OFF + 9);
    show_loaded(BPF_LD | BPF_B | BPF_ABS, (unsigned)SKF_NET_OFF + 19);
    show_loaded(BPF_LD | BPF_B | BPF_ABS, (unsigned)SKF_NET_OFF + 28);
    show_loaded(BPF_LD | BPF_H | BPF_ABS, (unsigned)SKF_LL_OFF + 12);
    show_loaded(BPF_LD | BPF_B | BPF_ABS, (unsigned)SKF_LL_OFF);
    show_loaded(BPF_LD | BPF_B | BPF_ABS, 0x80000000u);
}

NATIVE(what_is_known_of_a_packet_can_be_loaded, NO_FILTERS) {
    const int families[] = {AF_INET, AF_INET6};
    const int known[] = {SKF_AD_PROTOCOL,  SKF_AD_PKTTYPE,  SKF_AD_IFINDEX,
                         SKF_AD_NLATTR,    SKF_AD_QUEUE,    SKF_AD_HATYPE,
                         SKF_AD_RXHASH,    SKF_AD_VLAN_TAG, SKF_AD_VLAN_TAG_PRESENT,
                         SKF_AD_PAY_OFFSET};
    for (int f = 0; f < 2; ++f) {
        start_udp(families[f]);
        for (unsigned i = 0; i < sizeof known / sizeof *known; ++i)
            show_loaded(BPF_LD | BPF_W | BPF_ABS, (unsigned)(SKF_AD_OFF + known[i]));
    }
}

NATIVE(the_mark_of_the_sender_is_seen, NO_FILTERS) {
    int mark = 9;
    start_udp(AF_INET);
    SHOW(setsockopt(sender, SOL_SOCKET, SO_MARK, &mark, sizeof mark));
    SHOW(ATTACH(receiver, ABS(BPF_W, (unsigned)(SKF_AD_OFF + SKF_AD_MARK)), RETURN_A));
    pass("text");
}

NATIVE(a_program_calculates, NO_FILTERS) {
    start_udp(AF_INET);
    const struct {
        unsigned short code;
        unsigned a, b;
    } sums[] = {{BPF_ADD, 5, 4},   {BPF_SUB, 13, 4},  {BPF_MUL, 3, 3},  {BPF_DIV, 19, 2},
                {BPF_MOD, 29, 10}, {BPF_AND, 11, 13}, {BPF_OR, 8, 1},   {BPF_XOR, 15, 6},
                {BPF_LSH, 5, 1},   {BPF_RSH, 19, 1},  {BPF_DIV, 19, 0}, {BPF_MOD, 19, 0},
                {BPF_LSH, 10, 32}};
    for (unsigned i = 0; i < sizeof sums / sizeof *sums; ++i) {
        printf("%#x of %u and %u:\n", sums[i].code, sums[i].a, sums[i].b);
        NEED(ATTACH(receiver, BPF_STMT(BPF_LDX | BPF_IMM, sums[i].b),
                    BPF_STMT(BPF_LD | BPF_IMM, sums[i].a),
                    BPF_STMT((unsigned short)(BPF_ALU | BPF_X | sums[i].code), 0), RETURN_A));
        pass("0123456789");
    }
    NEED(ATTACH(receiver, BPF_STMT(BPF_LD | BPF_IMM, (unsigned)-11), BPF_STMT(BPF_ALU | BPF_NEG, 0),
                RETURN_A));
    pass("0123456789");
    NEED(ATTACH(receiver, BPF_STMT(BPF_LD | BPF_IMM, 3), BPF_STMT(BPF_LDX | BPF_IMM, 9),
                ABS(BPF_W, (unsigned)(SKF_AD_OFF + SKF_AD_ALU_XOR_X)), RETURN_A));
    pass("0123456789");
    NEED(ATTACH(receiver, BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 8), BPF_STMT(BPF_MISC | BPF_TXA, 0),
                RETURN_A));
    pass("3123456789");
    NEED(ATTACH(receiver, BPF_STMT(BPF_LD | BPF_IMM, 10), BPF_STMT(BPF_ST, 3),
                BPF_STMT(BPF_LDX | BPF_MEM, 3), BPF_STMT(BPF_LD | BPF_IMM, 0),
                BPF_STMT(BPF_MISC | BPF_TXA, 0), RETURN_A));
    pass("0123456789");
}

NATIVE(unix_messages_are_filtered_and_streams_are_not, NO_FILTERS) {
    const int types[] = {SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM};
    for (int i = 0; i < 3; ++i) {
        start_unix(types[i]);
        SHOW(ATTACH(receiver, ABS(BPF_B, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 'y', 0, 1),
                    RETURN(2), RETURN(0)));
        pass("yes");
        pass("no");
        NEED(ATTACH(receiver, BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), RETURN_A));
        pass("all");
        NEED(detach(receiver));
        pass("text");
    }
}

NATIVE(a_unix_message_has_no_headers_and_no_device, NO_FILTERS) {
    start_unix(SOCK_DGRAM);
    show_loaded(BPF_LD | BPF_B | BPF_ABS, (unsigned)SKF_NET_OFF);
    show_loaded(BPF_LD | BPF_B | BPF_ABS, (unsigned)SKF_LL_OFF);
    show_loaded(BPF_LD | BPF_W | BPF_ABS, (unsigned)(SKF_AD_OFF + SKF_AD_PROTOCOL));
    show_loaded(BPF_LD | BPF_W | BPF_ABS, (unsigned)(SKF_AD_OFF + SKF_AD_PAY_OFFSET));
    NEED(ATTACH(receiver, BPF_STMT(BPF_LD | BPF_IMM, 3),
                ABS(BPF_W, (unsigned)(SKF_AD_OFF + SKF_AD_IFINDEX)), RETURN(1)));
    pass("text");
    NEED(ATTACH(receiver, ABS(BPF_W, (unsigned)(SKF_AD_OFF + SKF_AD_HATYPE)), RETURN(1)));
    pass("text");
}

NATIVE(a_filter_does_not_make_room_for_a_sender, NO_FILTERS) {
    start_unix(SOCK_DGRAM);
    int sent = 0;
    while (send(sender, "x", 1, MSG_DONTWAIT) == 1) ++sent;
    printf("%s\n", strerrorname_np(errno));
    SHOW(ATTACH(receiver, RETURN(0)));
    SHOW(send(sender, "x", 1, MSG_DONTWAIT));
    for (char byte; recv(receiver, &byte, 1, MSG_DONTWAIT) == 1;) --sent;
    printf("%d were lost\n", sent);
}

static int icmp(void) {
    return (int)NEED(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}
NATIVE(a_raw_socket_filters_packets_with_their_ip_header, NO_FILTERS) {
    union address to = loopback(AF_INET);
    struct icmphdr echo = {.type = ICMP_ECHO};
    const int fd = icmp();
    echo.checksum = (unsigned short)~htons(ICMP_ECHO << 8);
    // Only the reply is let pass.
    SHOW(ATTACH(fd, BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_ECHOREPLY, 0, 1), RETURN(24), RETURN(0)));
    NEED(sendto(fd, &echo, sizeof echo, 0, &to.any, sizeof to.v4));
    sleep_ms(20);
    unsigned char bytes[100];
    ssize_t size;
    while ((size = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        printf("  %zd bytes, type %d\n", size, bytes[20]);
}

static void show_links(int fd) {
    static char answer[8192];
    int heard = 0;
    struct pollfd ready = {fd, POLLIN, 0};
    struct {
        struct nlmsghdr head;
        struct rtgenmsg body;
    } ask = {{sizeof ask, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}, {AF_UNSPEC}};
    NEED(send(fd, &ask, sizeof ask, 0));
    while (poll(&ready, 1, 20) > 0 && heard < 10) {
        const ssize_t size = recv(fd, answer, sizeof answer, MSG_DONTWAIT);
        if (size < 0) break;
        ++heard;
        if (((struct nlmsghdr*)answer)->nlmsg_type == NLMSG_DONE) break;
    }
    printf("  %s\n", heard ? "answers" : "silence");
}
NATIVE(a_netlink_socket_filters_what_the_kernel_tells, NO_FILTERS) {
    const int fd = (int)NEED(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
    show_links(fd);
    SHOW(ATTACH(fd, RETURN(0)));
    show_links(fd);
}
NATIVE(a_netlink_socket_filters_by_the_type_of_a_message, NO_FILTERS) {
    const int fd = (int)NEED(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
    // In the machine's order.
    SHOW(ATTACH(fd, ABS(BPF_H, 4), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTM_NEWLINK << 8, 0, 1),
                RETURN(~0u), RETURN(0)));
    show_links(fd);
}

NATIVE(attributes_of_a_message_are_found, NO_FILTERS) {
    struct {
        struct nlattr head;
        char value[4];
    } all[] = {{{8, 5}, "abc"}, {{8, 7}, "def"}, {{8, 7 | NLA_F_NESTED}, {4, 0, 9, 0}}};
    start_unix(SOCK_DGRAM);
    const struct {
        unsigned a, x, nested;
    } asked[] = {{0, 5, 0},  {0, 7, 0},    {0, 8, 0},  {8, 7, 0},  {16, 7, 0},
                 {20, 7, 0}, {1000, 7, 0}, {16, 9, 1}, {16, 8, 1}, {8, 7, 1}};
    for (unsigned i = 0; i < sizeof asked / sizeof *asked; ++i) {
        const unsigned place = asked[i].nested ? SKF_AD_NLATTR_NEST : SKF_AD_NLATTR;
        NEED(ATTACH(receiver, BPF_STMT(BPF_LD | BPF_IMM, asked[i].a),
                    BPF_STMT(BPF_LDX | BPF_IMM, asked[i].x),
                    ABS(BPF_W, (unsigned)SKF_AD_OFF + place), RETURN_A));
        NEED(send(sender, all, sizeof all, 0));
        char bytes[64];
        printf("  %u %u: %zd\n", asked[i].a, asked[i].x,
               recv(receiver, bytes, sizeof bytes, MSG_DONTWAIT));
    }
}

NATIVE(a_listener_with_a_filter_does_not_hear_who_connects, NO_FILTERS) {
    union address name = loopback(AF_INET);
    socklen_t size = sizeof name;
    const int listener = (int)NEED(socket(AF_INET, SOCK_STREAM, 0));
    const int client = (int)NEED(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    NEED(bind(listener, &name.any, sizeof name.v4));
    NEED(listen(listener, 5));
    NEED(getsockname(listener, &name.any, &size));
    SHOW(ATTACH(listener, RETURN(0)));
    SHOW(connect(client, &name.any, size));
    sleep_ms(50);
    struct pollfd ready = {listener, POLLIN, 0};
    SHOW(poll(&ready, 1, 0));
    SHOW(connect(client, &name.any, size));
}

NATIVE(a_connection_has_the_filter_of_its_listener, NO_FILTERS) {
    union address name = loopback(AF_INET);
    socklen_t size = sizeof name;
    const int listener = (int)NEED(socket(AF_INET, SOCK_STREAM, 0));
    sender = (int)NEED(socket(AF_INET, SOCK_STREAM, 0));
    NEED(bind(listener, &name.any, sizeof name.v4));
    NEED(listen(listener, 5));
    NEED(getsockname(listener, &name.any, &size));
    // Segments without data pass, and those that begin with a y.
    const struct sock_filter code[] = {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 12),
                                       BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 2),
                                       BPF_STMT(BPF_MISC | BPF_TAX, 0),
                                       BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
                                       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 2, 0),
                                       BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),
                                       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 'y', 0, 1),
                                       RETURN(~0u),
                                       RETURN(0)};
    struct sock_filter copy[9];
    memcpy(copy, code, sizeof code);
    SHOW(attach_many(listener, copy, 9));
    NEED(connect(sender, &name.any, size));
    receiver = (int)NEED(accept(listener, NULL, NULL));
    NEED(send(sender, "yes", 3, 0));
    sleep_ms(20);
    show_next();
    NEED(send(sender, "no", 2, 0));
    sleep_ms(20);
    show_next();
    // What was dropped is sent again.
    SHOW(detach(receiver));
    struct pollfd ready = {receiver, POLLIN, 0};
    SHOW(poll(&ready, 1, 3000));
    show_next();
}

static int packet_socket(void) {
    return (int)NEED(socket(AF_PACKET, SOCK_DGRAM, 0));
}
NATIVE(a_packet_socket_has_a_filter_too, NO_FILTERS) {
    const int fd = packet_socket();
    SHOW(ATTACH(fd, ABS(BPF_H, 12), RETURN(0)));
    SHOW(ATTACH(fd, BPF_STMT(0xff, 0)));
    SHOW(detach(fd));
    SHOW(detach(fd));
}
