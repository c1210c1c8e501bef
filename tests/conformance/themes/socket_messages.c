// SPDX-License-Identifier: GPL-2.0-or-later
// Flags of send and receive, out-of-band data, the error queue, messages in bulk.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static int ends[2];
static char data[100];

static void connected_pair(void) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof name;
    const int server = (int)NEED(socket(AF_INET, SOCK_STREAM, 0));
    NEED(bind(server, (void*)&name, sizeof name));
    NEED(listen(server, 1));
    NEED(getsockname(server, (void*)&name, &size));
    ends[0] = (int)NEED(socket(AF_INET, SOCK_STREAM, 0));
    NEED(connect(ends[0], (void*)&name, sizeof name));
    ends[1] = (int)NEED(accept(server, NULL, NULL));
    close(server);
}

static void udp_pair(int family) {
    struct sockaddr_in6 names[2];
    for (int i = 0; i < 2; ++i) {
        socklen_t size = sizeof names[i];
        ends[i] = (int)NEED(socket(family, SOCK_DGRAM, 0));
        memset(&names[i], 0, sizeof names[i]);
        names[i].sin6_family = (unsigned short)family;
        if (family == AF_INET6) names[i].sin6_addr = in6addr_loopback;
        else ((struct sockaddr_in*)&names[i])->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        NEED(bind(ends[i], (void*)&names[i], size));
        NEED(getsockname(ends[i], (void*)&names[i], &size));
    }
    NEED(connect(ends[0], (void*)&names[1], sizeof names[1]));
    NEED(connect(ends[1], (void*)&names[0], sizeof names[0]));
}

static void unix_pair(int type) {
    NEED(socketpair(AF_UNIX, type, 0, ends));
}

static void receive(const char* name, size_t size, int flags) {
    memset(data, 0, sizeof data);
    errno = 0;
    const long got = recv(ends[1], data, size, flags);
    printf("%s: %ld %s \"%s\"\n", name, got, got < 0 ? strerrorname_np(errno) : "", data);
}

BEHAVIOUR(more_joins_datagrams) {
    udp_pair(AF_INET);
    SHOW(send(ends[0], "abc", 3, MSG_MORE));
    receive("nothing", 10, MSG_DONTWAIT);
    SHOW(send(ends[0], "def", 3, MSG_MORE));
    SHOW(send(ends[0], "g", 1, 0));
    receive("all", 10, 0);
    SHOW(send(ends[0], "abc", 3, MSG_MORE));
    SHOW(send(ends[0], "", 0, 0));
    receive("again", 10, 0);
}

BEHAVIOUR(cork_joins_datagrams) {
    int on = 1, off = 0;
    udp_pair(AF_INET);
    SHOW(setsockopt(ends[0], IPPROTO_UDP, UDP_CORK, &on, sizeof on));
    SHOW(send(ends[0], "abc", 3, 0));
    SHOW(send(ends[0], "def", 3, 0));
    receive("nothing", 10, MSG_DONTWAIT);
    SHOW(setsockopt(ends[0], IPPROTO_UDP, UDP_CORK, &off, sizeof off));
    receive("all", 10, 0);
}

BEHAVIOUR(more_of_a_stream_waits_or_goes_at_once) {
    connected_pair();
    SHOW(send(ends[0], "abc", 3, MSG_MORE));
    SHOW(send(ends[0], "def", 3, 0));
    receive("all", 10, MSG_WAITALL | MSG_DONTWAIT);
}

BEHAVIOUR(truncated_datagrams_tell_their_length) {
    udp_pair(AF_INET);
    NEED(send(ends[0], "abcdef", 6, 0));
    receive("peek", 3, MSG_PEEK | MSG_TRUNC);
    receive("cut", 3, MSG_TRUNC);
    receive("none", 3, MSG_DONTWAIT);
    unix_pair(SOCK_DGRAM);
    NEED(send(ends[0], "abcdef", 6, 0));
    receive("unix", 3, MSG_TRUNC);
    unix_pair(SOCK_SEQPACKET);
    NEED(send(ends[0], "abcdef", 6, 0));
    receive("seqpacket", 3, 0);
}

BEHAVIOUR(trunc_of_tcp_discards) {
    connected_pair();
    NEED(send(ends[0], "abcdef", 6, 0));
    memset(data, '.', 6);
    SHOW(recv(ends[1], data, 3, MSG_TRUNC));
    printf("%.6s\n", data);
    receive("rest", 10, 0);
}

BEHAVIOUR(out_of_band_data_of_tcp) {
    int mark = -1;
    connected_pair();
    SHOW(send(ends[0], "ab", 2, 0));
    SHOW(send(ends[0], "cX", 2, MSG_OOB));
    SHOW(send(ends[0], "de", 2, 0));
    POLL(ends[1]);
    receive("before the mark", 10, 0);
    SHOW(ioctl(ends[1], SIOCATMARK, &mark));
    SHOW(mark);
    receive("urgent", 10, MSG_OOB);
    receive("twice", 10, MSG_OOB);
    receive("after", 10, 0);
    SHOW(ioctl(ends[1], SIOCATMARK, &mark));
    SHOW(mark);
}

BEHAVIOUR(urgent_data_inline) {
    int on = 1, mark = -1;
    connected_pair();
    NEED(setsockopt(ends[1], SOL_SOCKET, SO_OOBINLINE, &on, sizeof on));
    NEED(send(ends[0], "ab", 2, 0));
    NEED(send(ends[0], "X", 1, MSG_OOB));
    receive("not urgent", 10, MSG_OOB);
    receive("before", 10, 0);
    SHOW(ioctl(ends[1], SIOCATMARK, &mark));
    SHOW(mark);
    receive("inline", 10, 0);
}

NATIVE(out_of_band_data_of_a_unix_stream, "qemu 7.2 passes it, to be sure") {
    unix_pair(SOCK_STREAM);
    SHOW(send(ends[0], "ab", 2, 0));
    SHOW(send(ends[0], "X", 1, MSG_OOB));
    receive("before", 10, 0);
    receive("urgent", 1, MSG_OOB);
    receive("twice", 1, MSG_OOB);
    unix_pair(SOCK_DGRAM);
    SHOW(send(ends[0], "X", 1, MSG_OOB));
    receive("datagram", 1, MSG_OOB);
}

BEHAVIOUR(the_error_queue_tells_of_refused_datagrams) {
    int on = 1;
    char control[200];
    struct sockaddr_in to, from;
    struct iovec part = {data, sizeof data};
    struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    udp_pair(AF_INET);
    socklen_t size = sizeof to;
    NEED(getsockname(ends[1], (void*)&to, &size));
    close(ends[1]);
    SHOW(setsockopt(ends[0], IPPROTO_IP, IP_RECVERR, &on, sizeof on));
    SHOW(send(ends[0], "abc", 3, 0));
    POLL(ends[0]);
    SHOW(recvmsg(ends[0], &message, MSG_ERRQUEUE));
    SHOW((message.msg_flags & MSG_ERRQUEUE) != 0);
    const struct cmsghdr* c = CMSG_FIRSTHDR(&message);
    SHOW(c != NULL && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR);
    if (c != NULL) {
        const struct sock_extended_err* e = (const void*)CMSG_DATA(c);
        SHOW(e->ee_errno == ECONNREFUSED);
        SHOW(e->ee_origin);
        SHOW(e->ee_type);
        SHOW(e->ee_code);
    }
    SHOW(from.sin_port == to.sin_port);
    SHOW(recvmsg(ends[0], &message, MSG_ERRQUEUE));
}

BEHAVIOUR(a_refused_datagram_is_told_once) {
    udp_pair(AF_INET);
    close(ends[1]);
    SHOW(send(ends[0], "abc", 3, 0));
    POLL(ends[0]);
    SHOW(recv(ends[0], data, 1, MSG_DONTWAIT));
    SHOW(recv(ends[0], data, 1, MSG_DONTWAIT));
}

static void send_parts(void) {
    NEED(send(ends[0], "abc", 3, 0));
    sleep_ms(20);
    NEED(send(ends[0], "def", 3, 0));
}
BEHAVIOUR(waitall_waits_for_all) {
    connected_pair();
    const pid_t child = child_of(send_parts);
    receive("all", 6, MSG_WAITALL);
    show_end("child", child);
    unix_pair(SOCK_STREAM);
    const pid_t other = child_of(send_parts);
    receive("unix", 6, MSG_WAITALL);
    show_end("other", other);
}

BEHAVIOUR(nosignal_is_epipe_only) {
    unix_pair(SOCK_STREAM);
    count_signal(SIGPIPE, 0);
    close(ends[1]);
    SHOW(send(ends[0], "x", 1, MSG_NOSIGNAL));
    SHOW(signals_taken);
    SHOW(send(ends[0], "x", 1, 0));
    SHOW(signals_taken);
    SHOW(write(ends[0], "x", 1));
    SHOW(signals_taken);
}

BEHAVIOUR(a_receive_timeout_is_eagain) {
    const struct timeval short_time = {0, 20000}, wrong = {0, 1000000};
    struct timeval got;
    socklen_t size = sizeof got;
    udp_pair(AF_INET);
    SHOW(setsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &short_time, sizeof short_time));
    receive("timeout", 1, 0);
    SHOW(setsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &wrong, sizeof wrong));
    SHOW(setsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &short_time, 4));
    SHOW(getsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &got, &size));
    SHOW(got.tv_usec);
}

NATIVE(many_messages_at_once, "qemu 7.2 does not look at the time of recvmmsg") {
    struct iovec parts[3] = {{data, 2}, {data + 10, 2}, {data + 20, 2}};
    struct mmsghdr many[3] = {{.msg_hdr = {.msg_iov = &parts[0], .msg_iovlen = 1}}, {.msg_hdr = {.msg_iov = &parts[1], .msg_iovlen = 1}}, {.msg_hdr = {.msg_iov = &parts[2], .msg_iovlen = 1}}};
    udp_pair(AF_INET);
    SHOW(sendmmsg(ends[0], many, 3, 0));
    SHOW(many[2].msg_len);
    SHOW(recvmmsg(ends[1], many, 3, MSG_DONTWAIT, NULL));
    SHOW(recvmmsg(ends[1], many, 3, MSG_DONTWAIT, NULL));
    SHOW(sendmmsg(ends[0], many, 2, 0));
    struct timespec limit = {0, 50000000}, wrong = {0, 1000000000}, before = {-1, 0};
    SHOW(recvmmsg(ends[1], many, 3, MSG_WAITFORONE, NULL));
    SHOW(recvmmsg(ends[1], many, 3, 0, &wrong));
    SHOW(recvmmsg(ends[1], many, 3, 0, &before));
    SHOW(recvmmsg(ends[1], many, 3, 0, (void*)8));
    SHOW(recvmmsg(-1, many, 3, 0, &limit));
    SHOW(recvmmsg(ends[1], (void*)8, 3, MSG_DONTWAIT, NULL));
    SHOW(sendmmsg(ends[0], (void*)8, 3, 0));
    SHOW(sendmmsg(ends[0], many, 0, 0));
}

BEHAVIOUR(errors_of_sendmsg_and_recvmsg) {
    struct iovec part = {data, 3};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    unix_pair(SOCK_STREAM);
    SHOW(sendmsg(-1, &message, 0));
    SHOW(sendmsg(0, &message, 0));
    SHOW(sendmsg(ends[0], (void*)8, 0));
    message.msg_iov = (void*)8;
    SHOW(sendmsg(ends[0], &message, 0));
    message.msg_iov = &part, message.msg_iovlen = 1025;
    SHOW(sendmsg(ends[0], &message, 0));
    message.msg_iovlen = 1, part.iov_base = (void*)8;
    SHOW(sendmsg(ends[0], &message, 0));
    SHOW(send(ends[0], "abc", 3, 0));
    SHOW(recvmsg(ends[1], &message, 0));
    part.iov_base = data, message.msg_control = (void*)8, message.msg_controllen = 30;
    SHOW(sendmsg(ends[0], &message, 0));
    SHOW(recvmsg(ends[1], (void*)8, 0));
    message = (struct msghdr){.msg_iov = &part, .msg_iovlen = (size_t)-1};
    SHOW(recvmsg(ends[1], &message, 0));
    SHOW(recv(ends[1], (void*)8, 3, 0));
}
