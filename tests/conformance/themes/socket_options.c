// SPDX-License-Identifier: GPL-2.0-or-later
// setsockopt, getsockopt, control messages of AF_UNIX, abstract and chosen names.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static int on = 1, got;
static socklen_t size;
static int ends[2];
static void* volatile nowhere = (void*)8;

static int get(int fd, int level, int name) {
    got = -1, size = sizeof got;
    return getsockopt(fd, level, name, &got, &size);
}

BEHAVIOUR(errors_of_setsockopt) {
    const int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0);
    SHOW(setsockopt(-1, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on));
    SHOW(setsockopt(0, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on));
    SHOW(setsockopt(tcp, SOL_SOCKET, SO_OOBINLINE, nowhere, sizeof on));
    SHOW(setsockopt(tcp, SOL_SOCKET, SO_OOBINLINE, &on, 0));
    SHOW(setsockopt(tcp, SOL_SOCKET, 9999, &on, sizeof on));
    SHOW(setsockopt(tcp, SOL_SOCKET, SO_TYPE, &on, sizeof on));
    SHOW(setsockopt(tcp, 500, SO_OOBINLINE, &on, sizeof on));
    SHOW(setsockopt(tcp, IPPROTO_UDP, 1, &on, sizeof on));
    SHOW(setsockopt(tcp, IPPROTO_IP, -1, &on, sizeof on));
    SHOW(setsockopt(tcp, IPPROTO_TCP, -1, &on, sizeof on));
    SHOW(setsockopt(udp, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    SHOW(setsockopt(local, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    SHOW(setsockopt(tcp, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on));
}

BEHAVIOUR(errors_of_getsockopt) {
    const int tcp = socket(AF_INET, SOCK_STREAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0);
    SHOW(get(-1, SOL_SOCKET, SO_TYPE));
    SHOW(get(0, SOL_SOCKET, SO_TYPE));
    size = sizeof got;
    SHOW(getsockopt(tcp, SOL_SOCKET, SO_TYPE, nowhere, &size));
    SHOW(getsockopt(tcp, SOL_SOCKET, SO_TYPE, &got, nowhere));
    SHOW(get(tcp, 500, SO_TYPE));
    SHOW(get(tcp, IPPROTO_UDP, 1));
    SHOW(get(tcp, IPPROTO_IP, -1));
    SHOW(get(tcp, IPPROTO_TCP, -1));
    SHOW(get(tcp, SOL_SOCKET, 9999));
    SHOW(get(local, IPPROTO_TCP, TCP_NODELAY));
    size = (socklen_t)-1;
    SHOW(getsockopt(tcp, SOL_SOCKET, SO_TYPE, &got, &size));
    size = 2;
    SHOW(getsockopt(tcp, SOL_SOCKET, SO_TYPE, &got, &size));
    SHOW(size);
}

BEHAVIOUR(what_a_socket_is) {
    const int tcp = socket(AF_INET, SOCK_STREAM, 0);
    SHOW(get(tcp, SOL_SOCKET, SO_TYPE));
    SHOW(got);
    SHOW(get(tcp, SOL_SOCKET, SO_DOMAIN));
    SHOW(got);
    SHOW(get(tcp, SOL_SOCKET, SO_PROTOCOL));
    SHOW(got);
    SHOW(get(tcp, SOL_SOCKET, SO_ACCEPTCONN));
    SHOW(got);
    SHOW(listen(tcp, 1));
    SHOW(get(tcp, SOL_SOCKET, SO_ACCEPTCONN));
    SHOW(got);
    SHOW(get(tcp, SOL_SOCKET, SO_ERROR));
    SHOW(got);
}

static void force_buffer(void) {
    const int udp = socket(AF_INET, SOCK_DGRAM, 0);
    SHOW(setsockopt(udp, SOL_SOCKET, SO_SNDBUFFORCE, &on, sizeof on));
    SHOW(setsockopt(udp, SOL_SOCKET, SO_MARK, &on, sizeof on));
    SHOW(setsockopt(udp, SOL_SOCKET, SO_PRIORITY, &(int){7}, sizeof on));
    SHOW(setsockopt(udp, SOL_SOCKET, SO_PRIORITY, &(int){6}, sizeof on));
}
NATIVE(buffers_are_doubled_and_bounded, "qemu 7.2 does not know SO_MARK") {
    const int udp = socket(AF_INET, SOCK_DGRAM, 0);
    SHOW(setsockopt(udp, SOL_SOCKET, SO_SNDBUF, &(int){10000}, sizeof on));
    get(udp, SOL_SOCKET, SO_SNDBUF);
    SHOW(got);
    SHOW(setsockopt(udp, SOL_SOCKET, SO_SNDBUF, &(int){1}, sizeof on));
    get(udp, SOL_SOCKET, SO_SNDBUF);
    SHOW(got);
    SHOW(setsockopt(udp, SOL_SOCKET, SO_RCVBUF, &(int){1}, sizeof on));
    get(udp, SOL_SOCKET, SO_RCVBUF);
    SHOW(got);
    AS_USER(force_buffer);
}

static long pass(int type, int fd, int extra) {
    char byte = 'x', control[CMSG_SPACE(4)] = {0};
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr* const c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET, c->cmsg_type = type, c->cmsg_len = CMSG_LEN(4) + (size_t)extra;
    memcpy(CMSG_DATA(c), &fd, 4);
    return sendmsg(ends[0], &message, 0);
}

NATIVE(descriptors_are_passed, "qemu 7.2 converts control messages as it likes") {
    char byte, control[64];
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    int pair[2], passed;
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    NEED(pipe(pair));
    SHOW(pass(SCM_RIGHTS, pair[1], 0));
    SHOW(recvmsg(ends[1], &message, MSG_CMSG_CLOEXEC));
    struct cmsghdr* const c = CMSG_FIRSTHDR(&message);
    SHOW(c != NULL && c->cmsg_type == SCM_RIGHTS);
    SHOW(message.msg_controllen);
    memcpy(&passed, CMSG_DATA(c), 4);
    SHOW(write(passed, "y", 1));
    SHOW(read(pair[0], &byte, 1));
    SHOW(fcntl(passed, F_GETFD));
    SHOW(pass(SCM_RIGHTS, -1, 0));
    SHOW(pass(SCM_RIGHTS, 900, 0));
    SHOW(pass(77, pair[1], 0));
    SHOW(pass(SCM_RIGHTS, pair[1], 100));
    SHOW(pass(SCM_CREDENTIALS, pair[1], 0));
    SHOW(pass(SCM_RIGHTS, pair[1], 0));
    message.msg_controllen = 0;
    SHOW(recvmsg(ends[1], &message, 0));
    SHOW((message.msg_flags & MSG_CTRUNC) != 0);
}

BEHAVIOUR(credentials_are_told) {
    struct ucred peer;
    size = sizeof peer;
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    SHOW(getsockopt(ends[0], SOL_SOCKET, SO_PEERCRED, &peer, &size));
    SHOW(peer.pid == getpid());
    SHOW(peer.uid);
    SHOW(size);
    const int alone = socket(AF_UNIX, SOCK_STREAM, 0);
    SHOW(getsockopt(alone, SOL_SOCKET, SO_PEERCRED, &peer, &size));
    SHOW(peer.pid);
    SHOW((int)peer.uid);
}

BEHAVIOUR(names_of_unix_sockets) {
    struct sockaddr_un name = {AF_UNIX, "socket"}, shown;
    const int one = socket(AF_UNIX, SOCK_STREAM, 0), two = socket(AF_UNIX, SOCK_STREAM, 0);
    size = sizeof shown;
    SHOW(getsockname(one, (void*)&shown, &size));
    SHOW(size);
    SHOW(bind(one, (void*)&name, sizeof name));
    SHOW(bind(two, (void*)&name, sizeof name));
    SHOW(bind(one, (void*)&name, sizeof name));
    size = sizeof shown;
    SHOW(getsockname(one, (void*)&shown, &size));
    SHOW(size);
    SHOW(connect(two, (void*)&name, sizeof name));
    strcpy(name.sun_path, "missing");
    SHOW(connect(two, (void*)&name, sizeof name));
    make_file("file", "");
    strcpy(name.sun_path, "file");
    SHOW(connect(two, (void*)&name, sizeof name));
    strcpy(name.sun_path, "file/x");
    SHOW(bind(two, (void*)&name, sizeof name));
    strcpy(name.sun_path, "missing/x");
    SHOW(bind(two, (void*)&name, sizeof name));
    SHOW(bind(two, (void*)&name, offsetof(struct sockaddr_un, sun_path)));
    size = sizeof shown;
    SHOW(getsockname(two, (void*)&shown, &size));
    SHOW(size);
    SHOW(shown.sun_path[0]);
    const int three = socket(AF_UNIX, SOCK_STREAM, 0), four = socket(AF_UNIX, SOCK_DGRAM, 0);
    memcpy(name.sun_path, "\0abstract", 9);
    SHOW(bind(three, (void*)&name, 11));
    SHOW(bind(four, (void*)&name, 11));
    SHOW(listen(three, 1));
    SHOW(connect(four, (void*)&name, 11));
    SHOW(bind(socket(AF_UNIX, SOCK_STREAM, 0), (void*)&name, sizeof name + 1));
}

BEHAVIOUR(a_closed_peer_is_told) {
    char byte;
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    NEED(write(ends[0], "x", 1));
    close(ends[1]);
    SHOW(read(ends[0], &byte, 1));
    SHOW(read(ends[0], &byte, 1));
    NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
    close(ends[1]);
    SHOW(send(ends[0], "x", 1, MSG_NOSIGNAL));
    NEED(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends));
    NEED(send(ends[0], "", 0, 0));
    SHOW(recv(ends[1], &byte, 1, 0));
    close(ends[0]);
    SHOW(recv(ends[1], &byte, 1, 0));
    POLL(ends[1]);
}
