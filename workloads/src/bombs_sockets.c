// SPDX-License-Identifier: GPL-2.0-or-later
// Bombs of sockets: queues, connections, names, descriptors in flight.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "bombs.h"

static void fill(int fd) {
    const int large = 1 << 26;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &large, sizeof large);
    while (send(fd, block, 1 << 15, MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
    }
}

static void pairs(long most, int type) {
    many_descriptors();
    long n = 0;
    for (; n < most; ++n) {
        int ends[2];
        if (socketpair(AF_UNIX, type, 0, ends) != 0) break;
        fill(ends[0]);
        fill(ends[1]);
    }
    told("pairs", n, most);
}
static void streams(long most) {
    pairs(most, SOCK_STREAM);
}
static void datagrams(long most) {
    pairs(most, SOCK_DGRAM);
}
static void small_messages(long most) {
    many_descriptors();
    long n = 0;
    for (; n < most; ++n) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0) break;
        const int large = 1 << 26;
        setsockopt(ends[0], SOL_SOCKET, SO_SNDBUFFORCE, &large, sizeof large);
        while (send(ends[0], "m", 1, MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
        }
    }
    told("pairs", n, most);
}

static void empty_sockets(long most) {
    many_descriptors();
    long n = 0;
    while (n < most && socket(AF_INET6, SOCK_STREAM, 0) >= 0) ++n;
    told("sockets", n, most);
}

static int listener(struct sockaddr_in* at, int type) {
    socklen_t size = sizeof *at;
    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const int fd = socket(AF_INET, type, 0);
    if (bind(fd, (struct sockaddr*)at, size) != 0 || (type == SOCK_STREAM && listen(fd, 4096) != 0)) return -1;
    getsockname(fd, (struct sockaddr*)at, &size);
    return fd;
}

static void connections(long most) {
    many_descriptors();
    struct sockaddr_in at;
    const int server = listener(&at, SOCK_STREAM);
    long n = 0;
    for (; n < most; ++n) {
        const int client = socket(AF_INET, SOCK_STREAM, 0);
        if (client < 0 || connect(client, (struct sockaddr*)&at, sizeof at) != 0) break;
        const int accepted = accept(server, NULL, NULL);
        if (accepted < 0) break;
        fill(client);
        fill(accepted);
    }
    told("connections", n, most);
}

static void backlogs(long most) {
    many_descriptors();
    struct sockaddr_in at;
    long n = 0;
    while (n < most) {
        if (n % 4000 == 0 && listener(&at, SOCK_STREAM) < 0) break;
        const int client = socket(AF_INET, SOCK_STREAM, 0);
        if (client < 0 || connect(client, (struct sockaddr*)&at, sizeof at) != 0) break;
        ++n;
    }
    told("connections", n, most);
}

static void udp(long most) {
    many_descriptors();
    struct sockaddr_in at;
    const int sender = socket(AF_INET, SOCK_DGRAM, 0);
    long n = 0;
    for (; n < most; ++n) {
        const int receiver = listener(&at, SOCK_DGRAM);
        if (receiver < 0) break;
        const int large = 1 << 26;
        setsockopt(receiver, SOL_SOCKET, SO_RCVBUFFORCE, &large, sizeof large);
        int error = 0;
        for (int i = 0; i < 200 && error == 0; ++i)
            error = sendto(sender, block, 60000, MSG_DONTWAIT, (struct sockaddr*)&at, sizeof at) < 0;
        if (error) break;
    }
    told("sockets", n, most);
}

static void names(long most) {
    many_descriptors();
    long n = 0;
    for (; n < most; ++n) {
        const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
        struct sockaddr_un name = {.sun_family = AF_UNIX};
        snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "%0100ld", n);
        if (fd < 0 || bind(fd, (struct sockaddr*)&name, sizeof name) != 0) break;
    }
    told("names", n, most);
}

static int send_descriptor(int over, int fd) {
    char control[CMSG_SPACE(sizeof fd)] = {0};
    struct iovec data = {"x", 1};
    const struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return (int)sendmsg(over, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

// Each pair is in flight over the next one, so that a single descriptor holds them all.
static void in_flight(long most) {
    int last = -1;
    long n = 0;
    for (; n < most; ++n) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0) break;
        if (last >= 0 && send_descriptor(ends[0], last) < 0) break;
        close(last);
        close(ends[0]);
        last = ends[1];
    }
    told("pairs", n, most);
}

// Pairs that are in flight over themselves, which nothing refers to any more.
static void in_flight_cycles(long most) {
    long n = 0;
    for (; n < most; ++n) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) break;
        if (send_descriptor(ends[0], ends[1]) < 0 || send_descriptor(ends[1], ends[0]) < 0) break;
        fill(ends[0]);
        close(ends[0]);
        close(ends[1]);
    }
    told("cycles", n, most);
}

// Each hears as many links as a packet socket may.
static void packet_memberships(long most) {
    many_descriptors();
    const struct packet_mreq wanted = {.mr_ifindex = 1, .mr_type = PACKET_MR_MULTICAST, .mr_alen = 6};
    long n = 0;
    for (; n < most; ++n) {
        const int fd = socket(AF_PACKET, SOCK_RAW, 0);
        if (fd < 0) break;
        while (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &wanted, sizeof wanted) == 0) {
        }
    }
    told("sockets", n, most);
}

static int write_back(const char* path, const struct stat* status, int kind, struct FTW* place) {
    (void)status, (void)place;
    if (kind != FTW_F) return 0;
    static char text[4096];
    const int fd = open(path, O_RDWR);
    if (fd < 0) return 0;
    const ssize_t length = read(fd, text, sizeof text);
    if (length > 0) (void)!pwrite(fd, text, (size_t)length, 0);
    close(fd);
    return 0;
}

// Networks that a descriptor keeps, with all their parameters written.
static void network_parameters(long most) {
    many_descriptors();
    long n = 0;
    for (; n < most; ++n) {
        if (unshare(CLONE_NEWNET) != 0 || open("/proc/self/ns/net", O_RDONLY) < 0) break;
        nftw("/proc/sys/net", write_back, 8, FTW_PHYS);
    }
    told("networks", n, most);
}

const struct bomb socket_bombs[] = {
    {"streams", streams},
    {"datagrams", datagrams},
    {"small-messages", small_messages},
    {"empty-sockets", empty_sockets},
    {"connections", connections},
    {"backlogs", backlogs},
    {"udp", udp},
    {"names", names},
    {"in-flight", in_flight},
    {"in-flight-cycles", in_flight_cycles},
    {"packet-memberships", packet_memberships},
    {"network-parameters", network_parameters},
    {NULL, NULL},
};
