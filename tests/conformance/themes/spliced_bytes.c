// SPDX-License-Identifier: GPL-2.0-or-later
// Where the bytes of a splice are when its target takes only some of them, or none.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "behaviour.h"
#include "inet_steps.h"
#include "steps.h"

enum { kBlock = 65536, kBlocks = 100 };

static int one[2], two[2], ends[2];
static unsigned char data[kBlock];

static int left_in(int fd) {
    int n = -1;
    NEED(ioctl(fd, FIONREAD, &n));
    return n;
}

// Bytes that differ from place to place by a period that no buffer has.
static unsigned char byte_at(long place) {
    return (unsigned char)(place % 251);
}

static long filled;
static long fill(int fd, long most) {
    for (long i = 0; i < most; ++i) data[i] = byte_at(filled + i);
    const long n = write(fd, data, (size_t)most);
    if (n > 0) filled += n;
    return n;
}

// Reads what is there and returns how many bytes; they must be the ones that were filled in.
static long taken;
static long take(int fd) {
    const long n = read(fd, data, sizeof data);
    for (long i = 0; i < n; ++i)
        if (data[i] != byte_at(taken + i)) {
            printf("another byte\n");
            return -1;
        }
    if (n > 0) taken += n;
    return n;
}

// Until the socket takes no more; what is in it and in the pipe is all that was written.
static void splice_until_full(int flags) {
    int why = 0;
    for (int i = 0; i < kBlocks && why == 0; ++i) {
        NEED(fill(one[1], kBlock - left_in(one[0])));
        if (splice(one[0], NULL, ends[0], NULL, kBlock, flags) < 0) why = errno;
    }
    SHOW(why == EAGAIN);
}

static void then_all_comes(void) {
    close(one[1]);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    while (take(ends[1]) > 0) {
    }
    while (splice(one[0], NULL, ends[0], NULL, kBlock, 0) > 0)
        while (take(ends[1]) > 0) {
        }
    SHOW(taken == filled);
}

BEHAVIOUR(what_a_full_socket_does_not_take_stays_in_the_pipe) {
    NEED(pipe(one));
    NEED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends));
    splice_until_full(0);
    then_all_comes();
}

BEHAVIOUR(what_a_full_socket_does_not_take_stays_in_a_pipe_that_does_not_block) {
    NEED(pipe2(one, O_NONBLOCK));
    NEED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends));
    splice_until_full(SPLICE_F_NONBLOCK);
    then_all_comes();
}

static void reads_slowly(void) {
    close(ends[0]);
    long n;
    while ((n = take(ends[1])) > 0) {
    }
    SHOW(n);
    SHOW(taken == 20 * kBlock);
}

static void splice_blocks(int flags) {
    NEED(pipe(one));
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    const pid_t reader = child_of(reads_slowly);
    int whole = 0;
    for (int i = 0; i < 20; ++i) {
        NEED(fill(one[1], kBlock));
        if (i == 10) until_asleep(reader);
        long moved = 0;
        while (moved < kBlock) {
            const long n = splice(one[0], NULL, ends[0], NULL, (size_t)(kBlock - moved), flags);
            NEED(n);
            if (n == 0) break;
            moved += n;
        }
        whole += moved == kBlock;
    }
    close(ends[0]);
    show_end("reader", reader);
    SHOW(whole);
}

BEHAVIOUR(a_splice_to_a_socket_waits_for_its_reader) {
    splice_blocks(0);
}

// The flag speaks of the pipe only (splice_to_socket).
BEHAVIOUR(a_socket_that_blocks_is_waited_for_whatever_the_flag_says) {
    splice_blocks(SPLICE_F_NONBLOCK);
}

// What is sent to ends[0] comes out of ends[1].
static void connect_pair(int family, int type) {
    if (family == AF_UNIX) {
        NEED(socketpair(family, type, 0, ends));
        return;
    }
    union address name = loopback(family);
    socklen_t size = sizeof name;
    int to = (int)NEED(socket(family, type, 0));
    NEED(bind(to, &name.any, length_of(&name)));
    NEED(getsockname(to, &name.any, &size));
    if (type == SOCK_STREAM) NEED(listen(to, 1));
    ends[0] = (int)NEED(socket(family, type, 0));
    NEED(connect(ends[0], &name.any, size));
    ends[1] = type == SOCK_STREAM ? (int)NEED(accept(to, NULL, NULL)) : to;
}

static void reads_late(void) {
    SHOW(splice(ends[1], NULL, one[1], NULL, 5, SPLICE_F_NONBLOCK));
}
static void read_late(const char* what, int family, int type) {
    NEED(pipe(one));
    connect_pair(family, type);
    const pid_t reader = child_of(reads_late);
    until_asleep(reader);
    NEED(send(ends[0], "abc", 3, 0));
    show_end(what, reader);
}
BEHAVIOUR(only_streams_of_unix_know_the_flag_when_they_are_read) {
    read_late("AF_UNIX stream", AF_UNIX, SOCK_STREAM);
    read_late("AF_UNIX packets", AF_UNIX, SOCK_SEQPACKET);
    read_late("AF_UNIX datagrams", AF_UNIX, SOCK_DGRAM);
    read_late("TCP", AF_INET, SOCK_STREAM);
    read_late("UDP", AF_INET, SOCK_DGRAM);
}

static void limited(void) {
    const struct rlimit limit = {10, 10};
    const int file = open("file", O_CREAT | O_RDWR, 0600);
    NEED(pipe(one));
    NEED(write(one[1], "abcdefghijklmnopqrstuvwxyz", 26));
    signal(SIGXFSZ, SIG_IGN);
    NEED(setrlimit(RLIMIT_FSIZE, &limit));
    SHOW(splice(one[0], NULL, file, NULL, 26, 0));
    SHOW(left_in(one[0]));
    SHOW(splice(one[0], NULL, file, NULL, 26, 0));
    SHOW(left_in(one[0]));
    char rest[30] = "";
    SHOW(read(one[0], rest, 29));
    printf("%s\n", rest);
}
BEHAVIOUR(what_a_file_may_not_hold_stays_in_the_pipe) {
    IN_CHILD(limited);
    show_file("file");
}

BEHAVIOUR(a_splice_of_a_part_of_a_packet_leaves_the_rest) {
    const int file = open("file", O_CREAT | O_RDWR, 0600);
    char rest[30] = "";
    NEED(pipe2(one, O_DIRECT));
    NEED(write(one[1], "abcdef", 6));
    NEED(write(one[1], "ghi", 3));
    SHOW(splice(one[0], NULL, file, NULL, 2, 0));
    show_file("file");
    SHOW(read(one[0], rest, 3));
    SHOW(read(one[0], rest + 3, 20));
    printf("%s\n", rest);
    NEED(write(one[1], "jkl", 3));
    NEED(write(one[1], "mno", 3));
    SHOW(splice(one[0], NULL, file, NULL, 20, 0));
    show_file("file");
}

BEHAVIOUR(a_pipe_without_a_reader_gets_nothing_of_a_socket) {
    NEED(pipe(one));
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    NEED(write(ends[0], "abc", 3));
    close(one[0]);
    count_signal(SIGPIPE, 0);
    SHOW(splice(ends[1], NULL, one[1], NULL, 3, 0));
    SHOW(signals_taken);
    SHOW(left_in(ends[1]));
}

BEHAVIOUR(a_pipe_without_a_reader_gets_nothing_of_a_pipe) {
    NEED(pipe(one));
    NEED(pipe(two));
    count_signal(SIGPIPE, 0);
    close(two[0]);
    SHOW(splice(one[0], NULL, two[1], NULL, 3, SPLICE_F_NONBLOCK));
    SHOW(signals_taken);
    NEED(write(one[1], "abc", 3));
    SHOW(splice(one[0], NULL, two[1], NULL, 3, 0));
    SHOW(signals_taken);
    SHOW(left_in(one[0]));
    NEED(read(one[0], data, 3));
    close(one[1]);
    SHOW(splice(one[0], NULL, two[1], NULL, 3, 0));
    SHOW(signals_taken);
}
