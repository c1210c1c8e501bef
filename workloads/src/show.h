// SPDX-License-Identifier: GPL-2.0-or-later
// Prints an expression, its value and the error's name: what two kernels must answer alike.
#ifndef SHOW_H
#define SHOW_H

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

static inline void show_value(const char* text, long value, int error) {
    printf("%s = %ld%s%s\n", text, value, value < 0 ? " " : "", value < 0 ? strerrorname_np(error) : "");
}
#define SHOW(expression)                        \
    do {                                        \
        errno = 0;                              \
        long value_ = (long)(expression);       \
        show_value(#expression, value_, errno); \
    } while (0)

// The poll bits of a file, all that there are.
static inline void show_poll(const char* name, int fd) {
    struct pollfd p = {fd, 0x23ff, 0};
    poll(&p, 1, 0);
    printf("poll %s %x\n", name, (unsigned)p.revents);
}
#define POLL(fd) show_poll(#fd, fd)

#endif
