// SPDX-License-Identifier: GPL-2.0-or-later
// What packet sockets hear on lo, and their rings of frames (packet(7), packet_mmap).
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "behaviour.h"
#include "inet_steps.h"
#include "steps.h"

#define LACKS "qemu-aarch64 has few options of packet sockets"

enum { kPage = 4096, kFrame = 2048, kEthernet = 14 };

static int packet_socket(int type, int protocol) {
    const struct sockaddr_ll lo = {
        .sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = 1};
    const int fd = (int)NEED(socket(AF_PACKET, type, htons(protocol)));
    NEED(bind(fd, (const struct sockaddr*)&lo, sizeof lo));
    return fd;
}
static int set(int fd, int name, int value) {
    return setsockopt(fd, SOL_PACKET, name, &value, sizeof value);
}
static long send_udp(const char* text) {
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(9999), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = (int)NEED(socket(AF_INET, SOCK_DGRAM, 0));
    const struct sockaddr_in from = {
        .sin_family = AF_INET, .sin_port = htons(8888), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    NEED(bind(fd, (const struct sockaddr*)&from, sizeof from));
    const long sent = sendto(fd, text, strlen(text), 0, (const struct sockaddr*)&to, sizeof to);
    close(fd);
    return sent;
}
static void show_frames(int fd, int skipped) {
    unsigned char bytes[256];
    struct sockaddr_ll from = {0};
    socklen_t length = sizeof from;
    long got;
    while ((got = recvfrom(fd, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr*)&from,
                           &length)) > 0) {
        printf("%ld bytes, protocol %x, interface %d, hardware %d, type %d, address %d of %u\n",
               got, ntohs(from.sll_protocol), from.sll_ifindex, from.sll_hatype, from.sll_pkttype,
               from.sll_halen, length);
        // All of the headers but the identification, the flags and the sums.
        const unsigned char* const ip = bytes + skipped;
        if (ntohs(from.sll_protocol) == ETH_P_IP && ip[9] == IPPROTO_UDP)
            printf("%02x %d %d ports %d %d length %d: %.*s\n", ip[0], ip[3], ip[8],
                   ip[20] << 8 | ip[21], ip[22] << 8 | ip[23], ip[25], (int)got - skipped - 28,
                   ip + 28);
        length = sizeof from;
    }
    show_value("no more", got, errno);
}

NATIVE(a_packet_socket_of_ip_hears_a_datagram_once, LACKS) {
    const int receiver = (int)NEED(socket(AF_INET, SOCK_DGRAM, 0));
    const struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(9999), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    NEED(bind(receiver, (const struct sockaddr*)&at, sizeof at));
    const int raw = packet_socket(SOCK_RAW, ETH_P_IP), cooked = packet_socket(SOCK_DGRAM, ETH_P_IP);
    SHOW(send_udp("heard"));
    show_frames(raw, kEthernet);
    show_frames(cooked, 0);
}
NATIVE(a_packet_socket_of_all_hears_what_leaves_and_what_comes, LACKS) {
    const int receiver = (int)NEED(socket(AF_INET, SOCK_DGRAM, 0));
    const struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(9999), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    NEED(bind(receiver, (const struct sockaddr*)&at, sizeof at));
    const int all = packet_socket(SOCK_RAW, ETH_P_ALL), in = packet_socket(SOCK_RAW, ETH_P_ALL);
    NEED(set(in, PACKET_IGNORE_OUTGOING, 1));
    SHOW(send_udp("twice"));
    show_frames(all, kEthernet);
    show_frames(in, kEthernet);
    struct tpacket_stats counts;
    socklen_t size = sizeof counts;
    SHOW(getsockopt(all, SOL_PACKET, PACKET_STATISTICS, &counts, &size));
    printf("%u %u\n", counts.tp_packets, counts.tp_drops);
    SHOW(getsockopt(all, SOL_PACKET, PACKET_STATISTICS, &counts, &size));
    printf("%u %u\n", counts.tp_packets, counts.tp_drops);
}
NATIVE(a_frame_that_a_packet_socket_sends_comes_back, LACKS) {
    unsigned char frame[60] = {[12] = 0x88, [13] = 0xb5, [14] = 'x'};
    const int sender = packet_socket(SOCK_RAW, ETH_P_ALL), other = packet_socket(SOCK_RAW, 0x88b5);
    SHOW(send(sender, frame, sizeof frame, 0));
    show_frames(sender, kEthernet);
    show_frames(other, kEthernet);
    frame[0] = 2;
    SHOW(send(sender, frame, sizeof frame, 0));
    show_frames(other, kEthernet);
    SHOW(send(sender, frame, 13, 0));
}
NATIVE(a_cooked_socket_makes_the_link_header, LACKS) {
    struct sockaddr_ll to = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(0x88b5),
                             .sll_ifindex = 1,
                             .sll_halen = 6,
                             .sll_addr = {2, 3, 4, 5, 6, 7}};
    const int sender = packet_socket(SOCK_DGRAM, 0x88b6), other = packet_socket(SOCK_RAW, 0x88b5);
    SHOW(sendto(sender, "text", 4, 0, (struct sockaddr*)&to, sizeof to));
    unsigned char bytes[64];
    SHOW(recv(other, bytes, sizeof bytes, MSG_DONTWAIT));
    for (int i = 0; i < 18; ++i) printf("%02x ", bytes[i]);
    puts("");
    to.sll_ifindex = 99;
    SHOW(sendto(sender, "text", 4, 0, (struct sockaddr*)&to, sizeof to));
}
NATIVE(a_bound_packet_socket_tells_its_link, LACKS) {
    const int fd = packet_socket(SOCK_RAW, ETH_P_IP);
    struct sockaddr_ll at = {0};
    socklen_t size = sizeof at;
    SHOW(getsockname(fd, (struct sockaddr*)&at, &size));
    printf("%u: %x %d %d %d\n", size, ntohs(at.sll_protocol), at.sll_ifindex, at.sll_hatype,
           at.sll_halen);
    at.sll_protocol = 0;
    SHOW(bind(fd, (struct sockaddr*)&at, sizeof at));
    SHOW(getsockname(fd, (struct sockaddr*)&at, &size));
    printf("%x\n", ntohs(at.sll_protocol));
}

static int ring(int fd, int kind, unsigned blocks) {
    const struct tpacket_req shape = {.tp_block_size = kPage,
                                      .tp_block_nr = blocks,
                                      .tp_frame_size = kFrame,
                                      .tp_frame_nr = blocks * (kPage / kFrame)};
    return setsockopt(fd, SOL_PACKET, kind, &shape, sizeof shape);
}
NATIVE(a_ring_is_mapped_whole, LACKS) {
    const int fd = packet_socket(SOCK_RAW, ETH_P_IP);
    const int both = PROT_READ | PROT_WRITE;
    SHOW(mmap(NULL, kPage, both, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
    SHOW(ring(fd, PACKET_RX_RING, 2));
    SHOW(mmap(NULL, kPage, both, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
    SHOW(mmap(NULL, 2 * kPage, both, MAP_SHARED, fd, kPage) == MAP_FAILED ? -1 : 0);
    SHOW(ring(fd, PACKET_TX_RING, 1));
    SHOW(mmap(NULL, 2 * kPage, both, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
    void* at = mmap(NULL, 3 * kPage, both, MAP_SHARED, fd, 0);
    SHOW(at == MAP_FAILED);
    SHOW(ring(fd, PACKET_RX_RING, 0));
    SHOW(ring(fd, PACKET_TX_RING, 2));
    munmap(at, 3 * kPage);
    SHOW(ring(fd, PACKET_RX_RING, 0));
    SHOW(ring(fd, PACKET_TX_RING, 0));
}
NATIVE(options_of_frames_stay_while_there_is_a_ring, LACKS) {
    const int fd = packet_socket(SOCK_RAW, ETH_P_IP);
    SHOW(set(fd, PACKET_VERSION, TPACKET_V2));
    SHOW(ring(fd, PACKET_RX_RING, 1));
    SHOW(ring(fd, PACKET_RX_RING, 1));
    SHOW(set(fd, PACKET_VERSION, TPACKET_V1));
    SHOW(set(fd, PACKET_RESERVE, 4));
    SHOW(set(fd, PACKET_LOSS, 1));
    SHOW(set(fd, PACKET_VNET_HDR, 1));
    SHOW(ring(fd, PACKET_RX_RING, 0));
    SHOW(set(fd, PACKET_VERSION, TPACKET_V1));
    SHOW(set(fd, PACKET_RESERVE, 4));
}
static void show_slots(const unsigned char* at, int frames) {
    for (int i = 0; i < frames; ++i) {
        const struct tpacket2_hdr* head = (const void*)(at + i * kFrame);
        const struct sockaddr_ll* from = (const void*)(at + i * kFrame + 32);
        printf("%d: status %x", i, head->tp_status);
        if (head->tp_status != 0)
            printf(" length %u of %u at %u %u type %d %.5s", head->tp_snaplen, head->tp_len,
                   head->tp_mac, head->tp_net, from->sll_pkttype,
                   (const char*)at + i * kFrame + head->tp_net + 28);
        puts("");
    }
}
NATIVE(datagrams_fill_the_frames_of_a_ring, LACKS) {
    const int receiver = (int)NEED(socket(AF_INET, SOCK_DGRAM, 0));
    const struct sockaddr_in place = {
        .sin_family = AF_INET, .sin_port = htons(9999), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    NEED(bind(receiver, (const struct sockaddr*)&place, sizeof place));
    const int fd = packet_socket(SOCK_RAW, ETH_P_IP);
    NEED(set(fd, PACKET_VERSION, TPACKET_V2));
    NEED(set(fd, PACKET_RESERVE, 16));
    NEED(ring(fd, PACKET_RX_RING, 1));
    unsigned char* at = mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    struct pollfd ready = {fd, POLLIN, 0};
    SHOW(poll(&ready, 1, 0));
    send_udp("first");
    SHOW(poll(&ready, 1, 100));
    show_slots(at, 2);
    send_udp("secon");
    send_udp("third");
    show_slots(at, 2);
    struct tpacket_stats counts;
    socklen_t size = sizeof counts;
    NEED(getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &counts, &size));
    printf("%u %u\n", counts.tp_packets, counts.tp_drops);
    ((struct tpacket2_hdr*)at)->tp_status = TP_STATUS_KERNEL;
    send_udp("again");
    show_slots(at, 2);
    SHOW(recv(fd, &counts, sizeof counts, MSG_DONTWAIT));
}
NATIVE(marked_frames_of_a_ring_are_sent, LACKS) {
    const int fd = packet_socket(SOCK_RAW, 0), other = packet_socket(SOCK_RAW, 0x88b5);
    NEED(set(fd, PACKET_VERSION, TPACKET_V2));
    NEED(ring(fd, PACKET_TX_RING, 1));
    unsigned char* at = mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    for (int i = 0; i < 2; ++i) {
        struct tpacket2_hdr* head = (void*)(at + i * kFrame);
        unsigned char* bytes = at + i * kFrame + TPACKET2_HDRLEN - sizeof(struct sockaddr_ll);
        bytes[12] = 0x88, bytes[13] = 0xb5;
        head->tp_len = 60 + i;
        head->tp_status = TP_STATUS_SEND_REQUEST;
    }
    SHOW(send(fd, NULL, 0, 0));
    show_frames(other, kEthernet);
    SHOW(((struct tpacket2_hdr*)at)->tp_status);
    SHOW(send(fd, NULL, 0, MSG_DONTWAIT));
}
NATIVE(a_ring_of_version_3_comes_and_goes, LACKS) {
    const int fd = packet_socket(SOCK_RAW, ETH_P_ALL);
    struct tpacket_req3 shape = {.tp_block_size = 4 * kPage,
                                 .tp_block_nr = 8,
                                 .tp_frame_size = kFrame,
                                 .tp_frame_nr = 64,
                                 .tp_retire_blk_tov = 64,
                                 .tp_feature_req_word = TP_FT_REQ_FILL_RXHASH};
    SHOW(set(fd, PACKET_VERSION, TPACKET_V3));
    SHOW(setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &shape, sizeof shape));
    SHOW(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &shape, sizeof shape));
    shape.tp_block_nr = shape.tp_frame_nr = 0;
    SHOW(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &shape, sizeof shape));
    SHOW(set(fd, PACKET_VERSION, TPACKET_V2));
    SHOW(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &shape, sizeof shape));
}
