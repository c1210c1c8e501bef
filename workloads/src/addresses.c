// SPDX-License-Identifier: GPL-2.0-or-later
// The addresses of sockets that are connected, disconnected (AF_UNSPEC) and connected again: what
// bind() asked for stays, what connect() chose is forgotten.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static unsigned short listening4, listening6, unused;

static const char* name_of(const struct sockaddr_storage* a, unsigned* port) {
    static char text[64];
    if (a->ss_family == AF_INET) {
        const struct sockaddr_in* four = (const struct sockaddr_in*)a;
        *port = ntohs(four->sin_port);
        return inet_ntop(AF_INET, &four->sin_addr, text, sizeof text);
    }
    const struct sockaddr_in6* six = (const struct sockaddr_in6*)a;
    *port = ntohs(six->sin6_port);
    return inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text);
}

static void show(const char* what, int s, int with_port) {
    struct sockaddr_storage a;
    socklen_t size = sizeof a;
    unsigned port = 0;
    if (getsockname(s, (struct sockaddr*)&a, &size) != 0) {
        perror(what);
        return;
    }
    printf("%s: own %s", what, name_of(&a, &port));
    if (with_port) printf(" port %s", port == 0 ? "none" : port == unused ? "bound" : "some");
    size = sizeof a;
    if (getpeername(s, (struct sockaddr*)&a, &size) != 0) {
        printf(", peer: %s\n", strerrorname_np(errno));
    } else {
        printf(", peer %s\n", name_of(&a, &port));
    }
}

static struct sockaddr_in four(unsigned host, unsigned short port) {
    const struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(host)};
    return a;
}
static struct sockaddr_in6 six(const char* host, unsigned short port) {
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    inet_pton(AF_INET6, host, &a.sin6_addr);
    return a;
}

static void connected(int s, const void* a, socklen_t size, const char* what, int with_port) {
    const int result = connect(s, a, size);
    printf("connect %s, ", result == 0 ? "done" : strerrorname_np(errno));
    show(what, s, with_port);
}
static void to4(int s, unsigned host, const char* what) {
    const struct sockaddr_in a = four(host, listening4);
    connected(s, &a, sizeof a, what, 1);
}
static void to6(int s, const char* host, const char* what) {
    const struct sockaddr_in6 a = six(host, listening6);
    connected(s, &a, sizeof a, what, 1);
}
static void to_nobody(int s, int with_port) {
    const struct sockaddr a = {.sa_family = AF_UNSPEC};
    connected(s, &a, sizeof a, "nobody", with_port);
}

static void datagrams6(const char* host, unsigned short port) {
    const int s = socket(AF_INET6, SOCK_DGRAM, 0);
    printf("-- IPv6 datagrams, %s\n", host == NULL ? "not bound" : host);
    if (host != NULL) {
        const struct sockaddr_in6 a = six(host, port);
        printf("bind %d, ", bind(s, (const struct sockaddr*)&a, sizeof a));
        show("bound", s, 1);
    }
    to6(s, "::1", "to ::1");
    to_nobody(s, 1);
    to4(s, INADDR_LOOPBACK, "to IPv4");
    to_nobody(s, 1);
    to6(s, "::ffff:127.0.0.2", "to a mapped address");
    to6(s, "::", "to any");
    to_nobody(s, 1);
    to6(s, "::", "to any");
    to4(s, INADDR_LOOPBACK, "to IPv4");
    close(s);
}

static void datagrams4(unsigned host, unsigned short port, int bound) {
    const int s = socket(AF_INET, SOCK_DGRAM, 0);
    printf("-- IPv4 datagrams, %s\n", bound ? "bound" : "not bound");
    if (bound) {
        const struct sockaddr_in a = four(host, port);
        printf("bind %d, ", bind(s, (const struct sockaddr*)&a, sizeof a));
        show("bound", s, 1);
    }
    to4(s, INADDR_LOOPBACK, "to 127.0.0.1");
    to4(s, INADDR_LOOPBACK + 1, "to 127.0.0.2");
    to_nobody(s, 1);
    to4(s, INADDR_LOOPBACK + 1, "to 127.0.0.2");
    to4(s, INADDR_ANY, "to any");
    to_nobody(s, 1);
    to_nobody(s, 1);
    to6(s, "::1", "to IPv6");
    close(s);
}

static void stream4(unsigned host, int bound) {
    const int s = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    printf("-- IPv4 stream, %s\n", bound ? "bound" : "not bound");
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bound) {
        const struct sockaddr_in a = four(host, unused);
        printf("bind %d, ", bind(s, (const struct sockaddr*)&a, sizeof a));
        show("bound", s, 1);
    }
    for (int i = 0; i < 2; ++i) {
        to4(s, INADDR_LOOPBACK, "to 127.0.0.1");
        to_nobody(s, 1);
    }
    close(s);
}

int main(void) {
    struct sockaddr_in a = four(INADDR_LOOPBACK, 0);
    struct sockaddr_in6 b = six("::1", 0);
    socklen_t size = sizeof a;
    const int listener4 = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener4, (struct sockaddr*)&a, sizeof a);
    listen(listener4, 50);
    getsockname(listener4, (struct sockaddr*)&a, &size);
    listening4 = ntohs(a.sin_port);
    const int listener6 = socket(AF_INET6, SOCK_STREAM, 0);
    bind(listener6, (struct sockaddr*)&b, sizeof b);
    listen(listener6, 50);
    size = sizeof b;
    getsockname(listener6, (struct sockaddr*)&b, &size);
    listening6 = ntohs(b.sin6_port);
    // A port that no socket has, of either kind, and that connect() does not choose.
    for (int is_free = 0; !is_free;) {
        const int stream = socket(AF_INET6, SOCK_STREAM, 0), one = socket(AF_INET6, SOCK_DGRAM, 0);
        unused = unused == 0 ? 20000 : unused + 1;
        b = six("::", unused);
        is_free = bind(stream, (struct sockaddr*)&b, sizeof b) == 0 &&
                  bind(one, (struct sockaddr*)&b, sizeof b) == 0;
        close(stream);
        close(one);
    }

    datagrams6(NULL, 0);
    datagrams6("::", 0);
    datagrams6("::", unused);
    datagrams6("::ffff:127.0.0.1", unused);
    datagrams4(0, 0, 0);
    datagrams4(INADDR_ANY, unused, 1);
    datagrams4(INADDR_LOOPBACK, 0, 1);
    datagrams4(INADDR_LOOPBACK + 2, unused, 1);
    stream4(0, 0);
    stream4(INADDR_ANY, 1);
    stream4(INADDR_LOOPBACK, 1);
    return 0;
}
