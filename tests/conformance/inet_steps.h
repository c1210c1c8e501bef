// SPDX-License-Identifier: GPL-2.0-or-later
// Sockets and addresses of lo, of both families.
#ifndef INET_STEPS_H
#define INET_STEPS_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "steps.h"

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};
static inline union address loopback(int family) {
    union address a = {.any = {.sa_family = (unsigned short)family}};
    if (family == AF_INET) {
        a.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else {
        a.v6.sin6_addr = in6addr_loopback;
    }
    return a;
}
static inline socklen_t length_of(const union address* a) {
    return a->any.sa_family == AF_INET ? sizeof a->v4 : sizeof a->v6;
}
static inline int udp(int family) {
    return (int)NEED(socket(family, SOCK_DGRAM, 0));
}
// Bound to a port of lo, which `name` has.
static inline int bound(int family, union address* name) {
    const int fd = udp(family);
    socklen_t size = sizeof *name;
    *name = loopback(family);
    NEED(bind(fd, &name->any, length_of(name)));
    NEED(getsockname(fd, &name->any, &size));
    return fd;
}

#endif
