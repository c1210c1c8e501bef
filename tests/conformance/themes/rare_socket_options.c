// SPDX-License-Identifier: GPL-2.0-or-later
// Options of sockets that few programs ask for: what they are at first, and which values they take.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define LACKS "qemu-aarch64 does not pass all options on"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

static long get(int fd, int level, int name) {
    int value = -77;
    socklen_t size = sizeof value;
    return getsockopt(fd, level, name, &value, &size) == 0 ? value : -1;
}
static void show_option(int fd, int level, int name, const char* label) {
    errno = 0;
    const long first = get(fd, level, name);
    printf("%s: %ld %s;", label, first, errno != 0 ? strerrorname_np(errno) : "");
    static const int kValues[] = {-1, 0, 1, 2, 3, 4};
    for (unsigned i = 0; i < sizeof kValues / sizeof *kValues; ++i) {
        errno = 0;
        setsockopt(fd, level, name, &kValues[i], sizeof kValues[i]);
        printf(" %d %s", kValues[i], errno != 0 ? strerrorname_np(errno) : "");
        if (errno == 0) printf("%ld", get(fd, level, name));
    }
    puts("");
}
#define OPTION(fd, level, name) show_option(fd, level, name, #fd " " #name)

NATIVE(options_of_any_socket_take_their_values, LACKS) {
    const int tcp = (int)NEED(socket(AF_INET, SOCK_STREAM, 0)),
              udp = (int)NEED(socket(AF_INET, SOCK_DGRAM, 0));
    OPTION(tcp, SOL_SOCKET, SO_WIFI_STATUS);
    OPTION(tcp, SOL_SOCKET, SO_NOFCS);
    OPTION(tcp, SOL_SOCKET, SO_SELECT_ERR_QUEUE);
    OPTION(udp, SOL_SOCKET, SO_SELECT_ERR_QUEUE);
    OPTION(udp, SOL_SOCKET, SO_BPF_EXTENSIONS);
    OPTION(udp, SOL_SOCKET, SO_BUF_LOCK);
    OPTION(udp, SOL_SOCKET, SO_RCVMARK);
    OPTION(udp, SOL_SOCKET, SO_INCOMING_CPU);
    SHOW(get(tcp, SOL_SOCKET, SO_MAX_PACING_RATE));
    SHOW(get(tcp, SOL_SOCKET, SO_SNDBUFFORCE));
    SHOW(get(tcp, SOL_SOCKET, SO_RCVBUFFORCE));
}
NATIVE(options_of_ip_take_their_values, LACKS) {
    const int tcp = (int)NEED(socket(AF_INET, SOCK_STREAM, 0)),
              udp = (int)NEED(socket(AF_INET, SOCK_DGRAM, 0)),
              raw = (int)NEED(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
    OPTION(udp, IPPROTO_IP, IP_RECVOPTS);
    OPTION(udp, IPPROTO_IP, IP_RETOPTS);
    OPTION(udp, IPPROTO_IP, IP_PASSSEC);
    OPTION(udp, IPPROTO_IP, IP_CHECKSUM);
    OPTION(udp, IPPROTO_IP, IP_NODEFRAG);
    OPTION(raw, IPPROTO_IP, IP_NODEFRAG);
    OPTION(udp, IPPROTO_IP, IP_RECVFRAGSIZE);
    OPTION(tcp, IPPROTO_IP, IP_RECVFRAGSIZE);
    OPTION(udp, IPPROTO_IP, 26);
}
NATIVE(options_of_tcp_and_udp_take_their_values, LACKS) {
    const int tcp = (int)NEED(socket(AF_INET, SOCK_STREAM, 0)),
              udp = (int)NEED(socket(AF_INET6, SOCK_DGRAM, 0));
    OPTION(tcp, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS);
    OPTION(tcp, IPPROTO_TCP, TCP_SAVE_SYN);
    OPTION(tcp, IPPROTO_TCP, TCP_WINDOW_CLAMP);
    OPTION(udp, IPPROTO_UDP, 101);
    OPTION(udp, IPPROTO_UDP, 102);
    char name[16] = "x";
    socklen_t size = sizeof name;
    SHOW(getsockopt(tcp, IPPROTO_TCP, TCP_ULP, name, &size));
    SHOW(size);
    SHOW(setsockopt(tcp, IPPROTO_TCP, TCP_ULP, "nothing", 7));
    SHOW(setsockopt(tcp, IPPROTO_TCP, TCP_ULP, "nothing", 0));
}
NATIVE(a_socket_has_a_cookie_of_its_own, LACKS) {
    unsigned long first = 0, again = 0, other = 0;
    socklen_t size = sizeof first;
    const int fd = (int)NEED(socket(AF_INET, SOCK_DGRAM, 0)),
              second = (int)NEED(socket(AF_UNIX, SOCK_DGRAM, 0));
    SHOW(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &first, &size));
    SHOW(size);
    NEED(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &again, &size));
    NEED(getsockopt(second, SOL_SOCKET, SO_COOKIE, &other, &size));
    printf("%d %d %d\n", first != 0, first == again, first == other);
    size = 4;
    SHOW(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &first, &size));
    SHOW(setsockopt(fd, SOL_SOCKET, SO_COOKIE, &first, sizeof first));
}
NATIVE(the_peer_of_a_connection_has_a_descriptor, LACKS) {
    int ends[2], peer = -1;
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    socklen_t size = sizeof peer;
    SHOW(getsockopt(ends[0], SOL_SOCKET, SO_PEERPIDFD, &peer, &size));
    SHOW(size);
    SHOW(peer > ends[1]);
    struct pollfd alive = {peer, POLLIN, 0};
    SHOW(poll(&alive, 1, 0));
    const int alone = (int)NEED(socket(AF_UNIX, SOCK_STREAM, 0));
    SHOW(getsockopt(alone, SOL_SOCKET, SO_PEERPIDFD, &peer, &size));
    const int tcp = (int)NEED(socket(AF_INET, SOCK_STREAM, 0));
    SHOW(getsockopt(tcp, SOL_SOCKET, SO_PEERPIDFD, &peer, &size));
}
