// SPDX-License-Identifier: GPL-2.0-or-later
// The errors of socket, bind, listen, accept, connect and their like, by family.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static struct sockaddr_in loopback(int port) {
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((unsigned short)port),
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
}
static void* volatile nowhere_at = (void*)8;
static int tcp(void) {
    return (int)NEED(socket(AF_INET, SOCK_STREAM, 0));
}
static int udp(void) {
    return (int)NEED(socket(AF_INET, SOCK_DGRAM, 0));
}
static int listener(struct sockaddr_in* name) {
    const int fd = tcp();
    socklen_t size = sizeof *name;
    *name = loopback(0);
    NEED(bind(fd, (void*)name, sizeof *name));
    NEED(listen(fd, 5));
    NEED(getsockname(fd, (void*)name, &size));
    return fd;
}

BEHAVIOUR(errors_of_socket) {
    SHOW(socket(0, SOCK_STREAM, 0));
    SHOW(socket(999, SOCK_STREAM, 0));
    SHOW(socket(-1, SOCK_STREAM, 0));
    SHOW(socket(AF_INET, 75, 0));
    SHOW(socket(AF_INET, -1, 0));
    SHOW(socket(AF_INET, SOCK_SEQPACKET, 0));
    SHOW(socket(AF_INET, SOCK_RDM, 0));
    SHOW(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
    SHOW(socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP));
    SHOW(socket(AF_INET, SOCK_STREAM, IPPROTO_ICMP));
    SHOW(socket(AF_INET, SOCK_STREAM, -1));
    SHOW(socket(AF_INET, SOCK_STREAM, 300));
    SHOW(socket(AF_INET, SOCK_RAW, 0));
    SHOW(socket(AF_UNIX, SOCK_STREAM, 2));
    SHOW(socket(AF_UNIX, SOCK_RDM, 0));
    SHOW(socket(AF_INET6, SOCK_SEQPACKET, 0));
}

static void raw_as_user(void) {
    SHOW(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
    SHOW(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
    SHOW(socket(AF_PACKET, SOCK_RAW, 0));
}
NATIVE(raw_sockets_need_a_capability, "qemu 7.2 lets packet sockets be") {
    SHOW(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0);
    SHOW(socket(AF_INET, SOCK_RAW, IPPROTO_RAW) >= 0);
    SHOW(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6) >= 0);
    SHOW(socket(AF_PACKET, SOCK_RAW, 0) >= 0);
    SHOW(socket(AF_PACKET, SOCK_DGRAM, 0) >= 0);
    SHOW(socket(AF_PACKET, SOCK_STREAM, 0));
    AS_USER(raw_as_user);
}

NATIVE(a_raw_icmp_socket_hears_its_echo, "qemu 7.2 may miss it") {
    unsigned char packet[8] = {8, 0, 0, 0, 0x12, 0x34, 0, 1}, answer[100];
    unsigned sum = 0;
    const int raw = (int)NEED(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
    struct sockaddr_in to = loopback(0);
    for (int i = 0; i < 8; i += 2) sum += (unsigned)(packet[i] << 8 | packet[i + 1]);
    sum = ~sum & 0xffff;
    packet[2] = (unsigned char)(sum >> 8), packet[3] = (unsigned char)sum;
    SHOW(sendto(raw, packet, 8, 0, (void*)&to, sizeof to));
    for (int i = 0; i < 2; ++i) {
        SHOW(recv(raw, answer, sizeof answer, 0));
        SHOW(answer[0]);
        SHOW(answer[9]);
        SHOW(answer[20]);
        SHOW(answer[24]);
    }
}

BEHAVIOUR(errors_of_bind) {
    struct sockaddr_in name = loopback(0);
    SHOW(bind(-1, (void*)&name, sizeof name));
    SHOW(bind(0, (void*)&name, sizeof name));
    const int fd = tcp();
    SHOW(bind(fd, (void*)&name, 3));
    SHOW(bind(fd, (void*)&name, 1000));
    SHOW(bind(fd, (void*)8, sizeof name));
    name.sin_family = AF_UNIX;
    SHOW(bind(fd, (void*)&name, sizeof name));
    name.sin_family = AF_INET6;
    SHOW(bind(fd, (void*)&name, sizeof name));
    name = loopback(0);
    name.sin_addr.s_addr = htonl(0x0a000001);
    SHOW(bind(fd, (void*)&name, sizeof name));
    name = loopback(0);
    SHOW(bind(fd, (void*)&name, sizeof name));
    SHOW(bind(fd, (void*)&name, sizeof name));
}

static void bind_as_user(void) {
    struct sockaddr_in name = loopback(463);
    SHOW(bind(tcp(), (void*)&name, sizeof name));
    SHOW(bind(udp(), (void*)&name, sizeof name));
}
BEHAVIOUR(low_ports_need_a_capability) {
    AS_USER(bind_as_user);
    struct sockaddr_in name = loopback(463);
    SHOW(bind(tcp(), (void*)&name, sizeof name));
    SHOW(bind(tcp(), (void*)&name, sizeof name));
}

NATIVE(errors_of_listen_and_accept, "qemu 7.2 passes unknown flags of accept4 by") {
    SHOW(listen(-1, 1));
    SHOW(listen(0, 1));
    SHOW(listen(udp(), 1));
    SHOW(accept(-1, NULL, NULL));
    SHOW(accept(0, NULL, NULL));
    SHOW(accept(udp(), NULL, NULL));
    SHOW(accept(tcp(), NULL, NULL));
    struct sockaddr_in name, peer;
    socklen_t size = sizeof peer;
    const int fd = listener(&name);
    SHOW(accept4(fd, NULL, NULL, 7));
    fcntl(fd, F_SETFL, O_NONBLOCK);
    SHOW(accept(fd, NULL, NULL));
    const int client = tcp();
    NEED(connect(client, (void*)&name, sizeof name));
    SHOW(accept(fd, (void*)&peer, (void*)8));
    NEED(connect(tcp(), (void*)&name, sizeof name));
    size = (socklen_t)-1;
    SHOW(accept(fd, (void*)&peer, &size));
    NEED(connect(tcp(), (void*)&name, sizeof name));
    size = 4;
    SHOW(accept(fd, (void*)&peer, &size) >= 0);
    SHOW(size);
}

BEHAVIOUR(errors_of_connect) {
    struct sockaddr_in name, wrong;
    const int server = listener(&name);
    SHOW(connect(-1, (void*)&name, sizeof name));
    SHOW(connect(0, (void*)&name, sizeof name));
    const int fd = tcp();
    SHOW(connect(fd, (void*)8, sizeof name));
    SHOW(connect(fd, (void*)&name, 3));
    SHOW(connect(fd, (void*)&name, 1));
    wrong = name, wrong.sin_family = 47;
    SHOW(connect(fd, (void*)&wrong, sizeof wrong));
    SHOW(connect(fd, (void*)&name, sizeof name));
    SHOW(connect(fd, (void*)&name, sizeof name));
    close(server);
    SHOW(connect(tcp(), (void*)&name, sizeof name));
    SHOW(connect(udp(), (void*)&name, 2));
}

BEHAVIOUR(errors_of_the_names) {
    struct sockaddr_in name;
    socklen_t size = sizeof name;
    SHOW(getsockname(-1, (void*)&name, &size));
    SHOW(getsockname(0, (void*)&name, &size));
    const int fd = udp();
    SHOW(getsockname(fd, (void*)8, &size));
    SHOW(getsockname(fd, (void*)&name, (void*)8));
    size = (socklen_t)-1;
    SHOW(getsockname(fd, (void*)&name, &size));
    size = sizeof name;
    SHOW(getpeername(fd, (void*)&name, &size));
    SHOW(getpeername(-1, (void*)&name, &size));
    SHOW(getpeername(0, (void*)&name, &size));
    name = loopback(9);
    NEED(connect(fd, (void*)&name, sizeof name));
    SHOW(getpeername(fd, (void*)8, &size));
    size = (socklen_t)-1;
    SHOW(getpeername(fd, (void*)&name, &size));
}

BEHAVIOUR(errors_of_shutdown) {
    SHOW(shutdown(-1, SHUT_RD));
    SHOW(shutdown(0, SHUT_RD));
    SHOW(shutdown(tcp(), SHUT_RD));
    SHOW(shutdown(tcp(), 3));
    SHOW(shutdown(tcp(), -1));
    SHOW(shutdown(udp(), SHUT_RD));
}

NATIVE(errors_of_socketpair, "qemu 7.2 passes unknown flags by") {
    int pair[2];
    SHOW(socketpair(AF_INET, SOCK_STREAM, 0, pair));
    SHOW(socketpair(AF_INET, SOCK_DGRAM, 0, pair));
    SHOW(socketpair(AF_INET, SOCK_STREAM, IPPROTO_UDP, pair));
    SHOW(socketpair(AF_INET, SOCK_DGRAM, 6, pair));
    SHOW(socketpair(0, SOCK_STREAM, 0, pair));
    SHOW(socketpair(AF_UNIX, 75, 0, pair));
    SHOW(socketpair(AF_UNIX, SOCK_DGRAM, 0, nowhere_at));
    SHOW(socketpair(AF_UNIX, SOCK_STREAM | 0x100000, 0, pair));
}

BEHAVIOUR(a_send_without_destination) {
    char byte = 0;
    struct sockaddr_in nowhere = loopback(0);
    count_signal(13, 0);
    SHOW(send(udp(), &byte, 1, 0));
    SHOW(send(tcp(), &byte, 1, 0));
    SHOW(sendto(udp(), &byte, 1, 0, (void*)&nowhere, sizeof nowhere));
    SHOW(sendto(udp(), &byte, 1, 0, (void*)&nowhere, 3));
    SHOW(sendto(udp(), &byte, 1, 0, (void*)&nowhere, -1));
    nowhere.sin_family = AF_UNIX;
    SHOW(sendto(udp(), &byte, 1, 0, (void*)&nowhere, sizeof nowhere));
    nowhere = loopback(9);
    static char large[70000];
    SHOW(sendto(udp(), large, 65508, 0, (void*)&nowhere, sizeof nowhere));
    SHOW(sendto(udp(), large, sizeof large, 0, (void*)&nowhere, sizeof nowhere));
    SHOW(sendto(udp(), (void*)8, 10, 0, (void*)&nowhere, sizeof nowhere));
    SHOW(recv(tcp(), &byte, 1, 0));
    SHOW(recv(tcp(), &byte, 1, MSG_OOB));
    SHOW(recv(udp(), &byte, 1, MSG_OOB | MSG_DONTWAIT));
    SHOW(recv(udp(), &byte, 1, MSG_ERRQUEUE));
    SHOW(recv(tcp(), &byte, 1, MSG_ERRQUEUE));
    nowhere.sin_addr.s_addr = htonl(INADDR_BROADCAST);
    SHOW(sendto(udp(), &byte, 1, 0, (void*)&nowhere, sizeof nowhere));
}

BEHAVIOUR(a_stream_that_is_connected_does_not_look_at_an_address) {
    struct sockaddr_in name, other = loopback(9);
    const int server = listener(&name), fd = tcp();
    NEED(connect(fd, (void*)&name, sizeof name));
    SHOW(sendto(fd, "a", 1, 0, (void*)&other, sizeof other));
    SHOW(sendto(fd, "a", 1, 0, (void*)&other, 1));
    other.sin_family = AF_UNIX;
    SHOW(sendto(fd, "a", 1, 0, (void*)&other, sizeof other));
    SHOW(sendto(fd, "a", 1, 0, (void*)&other, -1));
    SHOW(sendto(fd, "a", 1, 0, nowhere_at, sizeof other));
    close(server);
}

BEHAVIOUR(udplite_is_there) {
    SHOW(socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE) >= 0);
    SHOW(socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP));
}

NATIVE(ioctls_of_sockets, "qemu 7.2 answers ENOSYS to ioctls that it does not know") {
    int number = -1;
    struct sockaddr_in name;
    const int server = listener(&name), client = tcp();
    SHOW(ioctl(client, SIOCATMARK, &number));
    SHOW(number);
    SHOW(ioctl(udp(), SIOCATMARK, &number));
    SHOW(ioctl(server, FIONREAD, &number));
    SHOW(ioctl(client, FIONREAD, &number));
    SHOW(ioctl(client, FIONREAD, (void*)8));
    SHOW(ioctl(client, 0x1234567, &number));
    SHOW(ioctl(client, FIONBIO, &number));
    SHOW((fcntl(client, F_GETFL) & O_NONBLOCK) != 0);
}

NATIVE(a_packet_socket_takes_an_address_of_any_family,
       "qemu-aarch64 converts the addresses of families that it knows") {
    const int fd = (int)NEED(socket(AF_PACKET, SOCK_RAW, 0));
    static const char frame[60];
    unsigned char to[20] = {0, 0, 0, 0, 1};  // sockaddr_ll: of interface 1, lo
    SHOW(sendto(fd, frame, sizeof frame, 0, (struct sockaddr*)to, sizeof to));
    to[0] = AF_PACKET;
    SHOW(sendto(fd, frame, sizeof frame, 0, (struct sockaddr*)to, sizeof to));
    SHOW(sendto(fd, frame, sizeof frame, 0, (struct sockaddr*)to, 8));
    to[4] = 0;
    SHOW(sendto(fd, frame, sizeof frame, 0, (struct sockaddr*)to, sizeof to));
}
