// SPDX-License-Identifier: GPL-2.0-or-later
// splice, tee, vmsplice, sendfile, and the limits of pipes.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static int one[2], two[2];
static char data[200000];

static void make_pipes(int flags) {
    NEED(pipe2(one, flags));
    NEED(pipe2(two, flags));
}

BEHAVIOUR(bytes_go_from_a_file_to_a_pipe_and_back) {
    loff_t at = 2;
    make_pipes(0);
    make_file("from", "abcdefgh");
    const int from = open("from", O_RDONLY), to = open("to", O_CREAT | O_RDWR, 0600);
    SHOW(splice(from, &at, one[1], NULL, 3, 0));
    SHOW(at);
    SHOW(lseek(from, 0, SEEK_CUR));
    SHOW(splice(one[0], NULL, to, NULL, 100, 0));
    show_file("to");
    SHOW(splice(from, NULL, one[1], NULL, 100, 0));
    SHOW(splice(from, NULL, one[1], NULL, 100, 0));
}

BEHAVIOUR(errors_of_splice) {
    loff_t at = 0;
    make_pipes(0);
    make_file("file", "abc");
    const int file = open("file", O_RDWR), append = open("file", O_WRONLY | O_APPEND),
              writer = open("file", O_WRONLY);
    SHOW(splice(file, NULL, file, NULL, 1, 0));
    SHOW(splice(-1, NULL, one[1], NULL, 1, 0));
    SHOW(splice(file, NULL, -1, NULL, 1, 0));
    SHOW(splice(writer, NULL, one[1], NULL, 1, 0));
    SHOW(splice(file, NULL, one[0], NULL, 1, 0));
    SHOW(splice(one[0], &at, file, NULL, 1, 0));
    SHOW(splice(file, NULL, one[1], &at, 1, 0));
    NEED(write(one[1], "x", 1));
    SHOW(splice(one[0], NULL, append, NULL, 1, 0));
    SHOW(splice(one[0], NULL, one[1], NULL, 1, 0));
    SHOW(splice(one[0], NULL, file, NULL, 1, 0x100));
    SHOW(splice(file, (void*)8, one[1], NULL, 1, 0));
    SHOW(splice(file, NULL, one[1], NULL, 0, 0));
    SHOW(splice(two[0], NULL, one[1], NULL, 1, SPLICE_F_NONBLOCK));
}

BEHAVIOUR(tee_copies_and_leaves) {
    make_pipes(0);
    NEED(write(one[1], "abcd", 4));
    SHOW(tee(one[0], two[1], 3, 0));
    SHOW(read(two[0], data, 10));
    SHOW(read(one[0], data, 10));
    SHOW(tee(one[0], two[1], 3, SPLICE_F_NONBLOCK));
    SHOW(tee(one[0], one[1], 3, 0));
    SHOW(tee(-1, one[1], 3, 0));
    SHOW(tee(one[0], 0, 3, 0));
    SHOW(tee(one[1], two[1], 3, 0));
    close(one[1]);
    SHOW(tee(one[0], two[1], 3, 0));
}

NATIVE(vmsplice_goes_both_ways, "qemu 7.2 copies and counts otherwise") {
    struct iovec parts[2] = {{data, 3}, {data + 10, 4}};
    make_pipes(0);
    memcpy(data, "abc", 3), memcpy(data + 10, "defg", 4);
    SHOW(vmsplice(one[1], parts, 2, 0));
    char got[10] = "";
    struct iovec to = {got, 9};
    SHOW(vmsplice(one[0], &to, 1, 0));
    printf("%s\n", got);
    SHOW(vmsplice(-1, parts, 1, 0));
    SHOW(vmsplice(one[1], parts, 1025, 0));
    SHOW(vmsplice(one[1], parts, 0, 0));
    SHOW(vmsplice(one[1], (void*)8, 1, 0));
    parts[0].iov_base = (void*)8;
    SHOW(vmsplice(one[1], parts, 1, 0));
    SHOW(vmsplice(one[1], parts, 1, 0x100));
}

NATIVE(a_vmsplice_that_blocks_returns_what_fitted, "qemu 7.2 copies and counts otherwise") {
    struct iovec part = {data, sizeof data};
    make_pipes(0);
    SHOW(vmsplice(one[1], &part, 1, 0) < (long)sizeof data);
    SHOW(vmsplice(one[1], &part, 1, SPLICE_F_NONBLOCK));
}

BEHAVIOUR(sendfile_moves_the_offset_or_the_position) {
    off_t at = 1;
    make_pipes(0);
    make_file("from", "abcdefgh");
    const int from = open("from", O_RDONLY), to = open("to", O_CREAT | O_RDWR, 0600);
    SHOW(sendfile(to, from, &at, 3));
    SHOW(at);
    SHOW(lseek(from, 0, SEEK_CUR));
    SHOW(sendfile(to, from, NULL, 2));
    SHOW(lseek(from, 0, SEEK_CUR));
    show_file("to");
    SHOW(sendfile(one[1], from, NULL, 100));
    SHOW(sendfile(to, one[0], NULL, 100));
    SHOW(sendfile(-1, from, NULL, 1));
    SHOW(sendfile(to, -1, NULL, 1));
    SHOW(sendfile(from, from, NULL, 1));
    SHOW(sendfile(to, from, (void*)8, 1));
    at = -1;
    SHOW(sendfile(to, from, &at, 1));
}

static void set_size(void) {
    SHOW(fcntl(one[1], F_SETPIPE_SZ, 1 << 20));
    SHOW(fcntl(one[1], F_SETPIPE_SZ, (1 << 20) + 1));
    SHOW(fcntl(one[1], F_SETPIPE_SZ, 0));
}
BEHAVIOUR(the_size_of_a_pipe_is_limited_for_users) {
    make_pipes(0);
    AS_USER(set_size);
    SHOW(fcntl(one[1], F_SETPIPE_SZ, -1));
    NEED(write(one[1], data, 100000));
    SHOW(fcntl(one[1], F_SETPIPE_SZ, 4096));
    SHOW(fcntl(one[1], F_GETPIPE_SZ));
    make_file("file", "");
    const int file = open("file", O_RDWR);
    SHOW(fcntl(file, F_SETPIPE_SZ, 4096));
    SHOW(fcntl(file, F_GETPIPE_SZ));
}

BEHAVIOUR(splice_between_pipes_and_sockets) {
    int ends[2];
    make_pipes(0);
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    NEED(write(one[1], "abcdef", 6));
    SHOW(splice(one[0], NULL, two[1], NULL, 4, 0));
    SHOW(splice(two[0], NULL, ends[0], NULL, 10, 0));
    SHOW(splice(ends[1], NULL, two[1], NULL, 10, 0));
    SHOW(read(two[0], data, 10));
    close(two[0]);
    count_signal(SIGPIPE, 0);
    SHOW(splice(one[0], NULL, two[1], NULL, 4, 0));
    SHOW(signals_taken);
}

#define NO_SPLICE "qemu-aarch64 asks its own kernel, which reads what it must not"

static void show_kind(const char* kind, int fd) {
    const long from = splice(fd, NULL, one[1], NULL, 8, 0);
    const int why = from < 0 ? errno : 0;
    const long to = splice(two[0], NULL, fd, NULL, 8, SPLICE_F_NONBLOCK);
    printf("%s: from %ld %s, to %ld %s\n", kind, from, strerrorname_np(why), to,
           strerrorname_np(to < 0 ? errno : 0));
    close(fd);
}

NATIVE(files_without_the_operation_cannot_be_spliced, NO_SPLICE) {
    static const char* const kDevices[] = {"/dev/null", "/dev/zero", "/dev/full"};
    sigset_t none = signal_set(0);
    make_pipes(0);
    NEED(write(two[1], "0123456789abcdef0123456789abcdef", 32));
    NEED(mkdir("folder", 0700));
    SHOW(splice(open("folder", O_RDONLY), NULL, one[1], NULL, 1, 0));
    show_kind("eventfd", eventfd(1, 0));
    show_kind("epoll", epoll_create1(0));
    show_kind("timerfd", timerfd_create(CLOCK_MONOTONIC, 0));
    show_kind("signalfd", signalfd(-1, &none, 0));
    show_kind("inotify", inotify_init());
    for (unsigned i = 0; i < sizeof kDevices / sizeof *kDevices; ++i)
        show_kind(kDevices[i], open(kDevices[i], O_RDWR));
}

NATIVE(sendfile_learns_of_its_target_with_the_first_bytes, NO_SPLICE) {
    make_file("empty", "");
    make_file("full", "12345678");
    const int event = eventfd(0, 0);
    SHOW(sendfile(event, open("empty", O_RDONLY), NULL, 8));
    SHOW(sendfile(event, open("full", O_RDONLY), NULL, 8));
    SHOW(sendfile(event, open(".", O_RDONLY), NULL, 8));
}
