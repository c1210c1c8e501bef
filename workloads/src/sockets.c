// SPDX-License-Identifier: GPL-2.0-or-later
// Sockets that a program connects to itself over loopback: TCP and its ends, UDP, AF_UNIX with descriptors and names,
// options, errors. Prints every answer. No arguments.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "show.h"

static char buf[1 << 20];
static struct sockaddr_in here, closed;
static socklen_t length;
static int server, c, d;

static struct sockaddr* any(void* address) {
    return address;
}

// A connection to ourselves: c, and d at the server.
static void connect_pair(void) {
    c = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(c, any(&here), sizeof here) != 0) perror("connect");
    d = accept(server, 0, 0);
}

static void close_pair(void) {
    close(c);
    close(d);
}

static int option(int fd, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    return getsockopt(fd, level, name, &value, &size) < 0 ? -errno : value;
}

static int set(int fd, int level, int name, int value) {
    return setsockopt(fd, level, name, &value, sizeof value);
}

static void tcp_basics(void) {
    puts("-- tcp");
    server = socket(AF_INET, SOCK_STREAM, 0);
    here = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    closed = here;
    closed.sin_port = htons(1);
    SHOW(bind(server, any(&here), sizeof here));
    SHOW(listen(server, 5));
    length = sizeof here;
    SHOW(getsockname(server, any(&here), &length));
    POLL(server);
    fcntl(server, F_SETFL, O_NONBLOCK);
    SHOW(accept(server, 0, 0));
    connect_pair();
    POLL(c);
    POLL(server);
    int waiting = -1;
    SHOW(send(c, "hello", 5, 0));
    POLL(d);
    SHOW(ioctl(d, FIONREAD, &waiting));
    SHOW(waiting);
    SHOW(recv(d, buf, 3, MSG_PEEK));
    SHOW(recv(d, buf, 100, 0));
    SHOW(recv(d, buf, 100, MSG_DONTWAIT));
    SHOW(send(c, "12345678", 8, 0));
    struct iovec parts[2] = {{buf, 3}, {buf + 10, 20}};
    SHOW(readv(d, parts, 2));
    struct timeval time = {0, 20000};
    SHOW(setsockopt(d, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    SHOW(recv(d, buf, 1, 0));
    puts("half closed");
    SHOW(shutdown(c, SHUT_WR));
    POLL(c);
    POLL(d);
    SHOW(read(d, buf, 10));
    SHOW(write(c, "x", 1));
    SHOW(write(d, "yz", 2));
    SHOW(read(c, buf, 10));
    close(d);
    POLL(c);
    SHOW(read(c, buf, 10));
    close(c);
}

static void tcp_ends(void) {
    puts("-- the peer closes, then we write");
    connect_pair();
    close(d);
    SHOW(write(c, "x", 1));
    POLL(c);
    SHOW(option(c, SOL_SOCKET, SO_ERROR));
    SHOW(write(c, "x", 1));
    SHOW(read(c, buf, 10));
    close(c);
    connect_pair();
    close(d);
    SHOW(write(c, "x", 1));
    SHOW(write(c, "x", 1));
    SHOW(write(c, "x", 1));
    close(c);
    puts("-- it closes with unread data");
    connect_pair();
    SHOW(write(c, "hello", 5));
    SHOW(write(d, "foo", 3));
    close(d);
    POLL(c);
    SHOW(read(c, buf, 10));
    SHOW(read(c, buf, 10));
    SHOW(read(c, buf, 10));
    SHOW(write(c, "x", 1));
    struct sockaddr_in peer;
    length = sizeof peer;
    SHOW(getpeername(c, any(&peer), &length));
    close(c);
    puts("-- it lingers no time");
    connect_pair();
    struct linger none = {1, 0};
    SHOW(setsockopt(d, SOL_SOCKET, SO_LINGER, &none, sizeof none));
    close(d);
    SHOW(option(c, SOL_SOCKET, SO_ERROR));
    SHOW(option(c, SOL_SOCKET, SO_ERROR));
    POLL(c);
    close(c);
    puts("-- nobody listens");
    c = socket(AF_INET, SOCK_STREAM, 0);
    POLL(c);
    SHOW(connect(c, any(&closed), sizeof closed));
    POLL(c);
    SHOW(read(c, buf, 1));
    SHOW(write(c, buf, 1));
    close(c);
    c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    SHOW(connect(c, any(&closed), sizeof closed));
    usleep(1000);
    POLL(c);
    SHOW(connect(c, any(&closed), sizeof closed));
    SHOW(connect(c, any(&here), sizeof here));
    usleep(1000);
    SHOW(connect(c, any(&here), sizeof here));
    SHOW(connect(c, any(&here), sizeof here));
    d = accept(server, 0, 0);
    close_pair();
}

static void tcp_flow(void) {
    puts("-- bounded buffers");
    connect_pair();
    fcntl(c, F_SETFL, O_NONBLOCK);
    fcntl(d, F_SETFL, O_NONBLOCK);
    long sent = 0, received = 0, n;
    while ((n = write(c, buf, 65536)) > 0) sent += n;
    printf("%s after %s\n", strerrorname_np(errno), sent > 1000000 ? "much" : "little");
    POLL(c);
    while (received < sent) {
        n = read(d, buf, sizeof buf);
        if (n > 0) received += n;
        if (n <= 0) usleep(1000);
    }
    SHOW(received - sent);
    POLL(c);
    SHOW(shutdown(d, SHUT_RD));
    POLL(d);
    SHOW(shutdown(d, SHUT_RDWR));
    POLL(d);
    POLL(c);
    close_pair();
}

static void ipv6(void) {
    puts("-- ipv6");
    char text[100];
    struct sockaddr_in6 six = {.sin6_family = AF_INET6}, peer;
    int listener = socket(AF_INET6, SOCK_STREAM, 0);
    SHOW(bind(listener, any(&six), sizeof six));
    SHOW(listen(listener, 5));
    length = sizeof six;
    SHOW(getsockname(listener, any(&six), &length));
    six.sin6_addr = in6addr_loopback;
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = six.sin6_port};
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int family = 0; family < 2; ++family) {
        c = socket(family ? AF_INET : AF_INET6, SOCK_STREAM, 0);
        SHOW(family ? connect(c, any(&four), sizeof four) : connect(c, any(&six), sizeof six));
        length = sizeof peer;
        d = accept(listener, any(&peer), &length);
        printf("%u %s\n", length, inet_ntop(AF_INET6, &peer.sin6_addr, text, sizeof text));
        close_pair();
    }
    c = socket(AF_INET, SOCK_STREAM, 0);
    SHOW(bind(c, any(&four), sizeof four));
    close(c);
    close(listener);
}

static void udp(void) {
    puts("-- udp");
    int x = socket(AF_INET, SOCK_DGRAM, 0), y = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, from;
    SHOW(bind(x, any(&at), sizeof at));
    length = sizeof at;
    getsockname(x, any(&at), &length);
    POLL(x);
    SHOW(send(y, "q", 1, 0));
    SHOW(sendto(y, "abc", 3, 0, any(&at), sizeof at));
    POLL(x);
    length = sizeof from;
    SHOW(recvfrom(x, buf, 2, 0, any(&from), &length));
    SHOW(length);
    SHOW(recv(x, buf, 2, MSG_DONTWAIT));
    SHOW(connect(y, any(&at), sizeof at));
    SHOW(send(y, "q", 1, 0));
    SHOW(send(y, "", 0, 0));
    SHOW(recv(x, buf, 10, 0));
    SHOW(recv(x, buf, 10, 0));
    SHOW(sendto(y, buf, 70000, 0, 0, 0));
    close(x);
    SHOW(send(y, "q", 1, 0));
    POLL(y);
    SHOW(send(y, "q", 1, 0));
    close(y);
}

static void options(void) {
    puts("-- options");
    c = socket(AF_INET, SOCK_STREAM, 0);
    SHOW(option(c, SOL_SOCKET, SO_TYPE));
    SHOW(option(c, SOL_SOCKET, SO_RCVBUF));
    SHOW(option(c, SOL_SOCKET, SO_SNDBUF));
    SHOW(set(c, SOL_SOCKET, SO_SNDBUF, 5000));
    SHOW(option(c, SOL_SOCKET, SO_SNDBUF));
    SHOW(set(c, SOL_SOCKET, SO_RCVBUF, 1));
    SHOW(option(c, SOL_SOCKET, SO_RCVBUF));
    SHOW(set(c, IPPROTO_TCP, TCP_NODELAY, 5));
    SHOW(option(c, IPPROTO_TCP, TCP_NODELAY));
    SHOW(option(c, SOL_SOCKET, SO_ACCEPTCONN));
    SHOW(option(server, SOL_SOCKET, SO_ACCEPTCONN));
    SHOW(option(c, SOL_SOCKET, 9999));
    SHOW(set(c, SOL_SOCKET, SO_TYPE, 5));
    SHOW(option(0, SOL_SOCKET, SO_TYPE) != -ENOTSOCK);
    SHOW(option(c, IPPROTO_TCP, TCP_KEEPIDLE));
    SHOW(option(c, IPPROTO_TCP, TCP_KEEPINTVL));
    SHOW(option(c, IPPROTO_TCP, TCP_KEEPCNT));
    SHOW(option(c, IPPROTO_IP, IP_TTL));
    puts("-- errors");
    SHOW(socket(AF_INET, SOCK_SEQPACKET, 0));
    SHOW(socket(AF_INET, SOCK_STREAM, 17));
    int two[2];
    SHOW(socketpair(AF_INET, SOCK_STREAM, 0, two));
    SHOW(send(c, "x", 1, 0));
    SHOW(recv(c, buf, 1, 0));
    SHOW(shutdown(c, 2));
    SHOW(accept(c, 0, 0));
    SHOW(bind(c, any(&here), sizeof here));
    SHOW(bind(c, any(&here), 4));
    struct sockaddr_in far = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000201), .sin_port = htons(9)};
    SHOW(bind(c, any(&far), sizeof far));
    SHOW(shutdown(server, 9));
    SHOW(recv(server, buf, 1, 0));
    SHOW(getpeername(c, any(&far), &length));
    SHOW(lseek(c, 0, 0));
    SHOW(pread(c, buf, 1, 0));
    SHOW(ftruncate(c, 0));
    close(c);
}

static void unix_rights(int from, int to) {
    puts("-- descriptors and credentials");
    union {
        char bytes[CMSG_SPACE(8)];
        struct cmsghdr header;
    } control = {{0}};
    struct iovec part = {"z", 1}, room = {buf, 100};
    struct msghdr out = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.bytes};
    struct cmsghdr* header = CMSG_FIRSTHDR(&out);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(8);
    int ends[2], got[2] = {-1, -1};
    if (pipe(ends) != 0) perror("pipe");
    memcpy(CMSG_DATA(header), ends, 8);
    SHOW(write(from, "ab", 2));
    SHOW(sendmsg(from, &out, 0));
    SHOW(write(from, "cd", 2));
    close(ends[0]);
    SHOW(write(ends[1], "through", 7));
    close(ends[1]);
    char space[100] __attribute__((aligned(8)));
    struct msghdr in = {.msg_iov = &room, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    SHOW(recvmsg(to, &in, 0));
    SHOW(in.msg_controllen);
    memcpy(got, CMSG_DATA(CMSG_FIRSTHDR(&in)), 8);
    SHOW(read(got[0], buf, 10));
    close(got[0]);
    close(got[1]);
    SHOW(read(to, buf, 10));
    SHOW(set(to, SOL_SOCKET, SO_PASSCRED, 1));
    SHOW(write(from, "q", 1));
    in.msg_controllen = sizeof space;
    SHOW(recvmsg(to, &in, 0));
    struct ucred who;
    memcpy(&who, CMSG_DATA(CMSG_FIRSTHDR(&in)), sizeof who);
    SHOW(who.pid == getpid());
}

static void unix_pairs(void) {
    puts("-- unix");
    int u[2];
    SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, u));
    SHOW(write(u[0], "hi", 2));
    POLL(u[1]);
    SHOW(write(u[0], "ho", 2));
    SHOW(read(u[1], buf, 10));
    unix_rights(u[0], u[1]);
    int writes = 0;
    fcntl(u[0], F_SETFL, O_NONBLOCK);
    while (write(u[0], "x", 1) == 1) ++writes;
    SHOW(writes);
    POLL(u[0]);
    SHOW(read(u[1], buf, 1000));
    POLL(u[0]);
    SHOW(write(u[0], "left", 4));
    SHOW(write(u[1], "w", 1));
    close(u[1]);
    POLL(u[0]);
    SHOW(read(u[0], buf, 10));
    SHOW(read(u[0], buf, 10));
    SHOW(read(u[0], buf, 10));
    SHOW(write(u[0], "x", 1));
    close(u[0]);
    puts("datagrams");
    SHOW(socketpair(AF_UNIX, SOCK_DGRAM, 0, u));
    SHOW(write(u[0], "12345", 5));
    SHOW(recv(u[1], buf, 3, MSG_TRUNC));
    SHOW(write(u[0], "", 0));
    SHOW(recv(u[1], buf, 3, 0));
    close(u[1]);
    SHOW(write(u[0], "x", 1));
    close(u[0]);
    puts("packets");
    SHOW(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, u));
    SHOW(write(u[0], "12345", 5));
    SHOW(write(u[0], "678", 3));
    SHOW(read(u[1], buf, 3));
    SHOW(read(u[1], buf, 30));
    SHOW(shutdown(u[0], SHUT_WR));
    SHOW(read(u[1], buf, 30));
    POLL(u[1]);
    POLL(u[0]);
    close(u[0]);
    close(u[1]);
}

static void unix_names(void) {
    puts("-- unix names");
    struct sockaddr_un name = {AF_UNIX, "sockets.name"}, peer;
    unlink(name.sun_path);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), other = socket(AF_UNIX, SOCK_STREAM, 0);
    SHOW(bind(listener, any(&name), sizeof name));
    SHOW(bind(other, any(&name), sizeof name));
    SHOW(connect(other, any(&name), sizeof name));
    SHOW(listen(listener, 1));
    SHOW(connect(other, any(&name), sizeof name));
    SHOW(write(other, "early", 5));
    length = sizeof peer;
    d = accept(listener, any(&peer), &length);
    SHOW(length);
    SHOW(read(d, buf, 10));
    length = sizeof peer;
    SHOW(getpeername(other, any(&peer), &length));
    printf("%u %s\n", length, peer.sun_path);
    struct ucred who;
    length = sizeof who;
    SHOW(getsockopt(d, SOL_SOCKET, SO_PEERCRED, &who, &length));
    SHOW(who.pid == getpid());
    SHOW(open(name.sun_path, O_RDWR));
    close(listener);
    int late = socket(AF_UNIX, SOCK_STREAM, 0);
    SHOW(connect(late, any(&name), sizeof name));
    SHOW(unlink(name.sun_path));
    SHOW(connect(late, any(&name), sizeof name));
    POLL(late);
    close(late);
    close(other);
    close(d);
    struct sockaddr_un abstract = {AF_UNIX, "\0sockets"};
    int x = socket(AF_UNIX, SOCK_DGRAM, 0), y = socket(AF_UNIX, SOCK_DGRAM, 0);
    SHOW(bind(x, any(&abstract), 10));
    SHOW(sendto(y, "dg", 2, 0, any(&abstract), 10));
    SHOW(sendto(y, "dg", 2, 0, any(&abstract), 9));
    length = sizeof peer;
    SHOW(recvfrom(x, buf, 10, 0, any(&peer), &length));
    SHOW(length);
    SHOW(bind(y, any(&abstract), 2));
    SHOW(sendto(y, "dg", 2, 0, any(&abstract), 10));
    length = sizeof peer;
    SHOW(recvfrom(x, buf, 10, 0, any(&peer), &length));
    SHOW(length);
    close(x);
    close(y);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    tcp_basics();
    tcp_ends();
    tcp_flow();
    ipv6();
    udp();
    options();
    unix_pairs();
    unix_names();
    return 0;
}
