// SPDX-License-Identifier: GPL-2.0-or-later
// A call has its files until its end: one that waits goes on with them when its descriptor is
// closed meanwhile, or means another file.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "qemu-aarch64 clones threads and processes, and nothing between them"

static int given;  // the descriptor that the child waits at

// A child that shares the descriptors, and waits.
static pid_t waiting(int fd, void (*run)(void)) {
    given = fd;
    fflush(stdout);
    const pid_t child = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        run();
        fflush(stdout);
        _exit(0);
    }
    until_asleep(child);
    return child;
}

// The descriptor is closed, or means /dev/null.
static void take_away(int replaced) {
    const int other = replaced ? NEED(open("/dev/null", O_RDWR)) : -1;
    if (replaced) {
        NEED(dup2(other, given));
        close(other);
    } else {
        close(given);
    }
}

static void reads(void) {
    char text[16] = "";
    SHOW(read(given, text, sizeof text - 1));
    printf("    %s\n", text);
}
static void reads_vectors(void) {
    char text[16] = "";
    const struct iovec parts[] = {{text, 3}, {text + 3, 9}};
    SHOW(readv(given, parts, 2));
    printf("    %s\n", text);
}
static void receives(void) {
    char text[16] = "";
    SHOW(recv(given, text, sizeof text - 1, 0));
    printf("    %s\n", text);
}
static void counts(void) {
    uint64_t value = 0;
    SHOW(read(given, &value, sizeof value));
    SHOW(value);
}
static void writes(void) {
    static char text[70000];
    SHOW(write(given, text, sizeof text));
}
static void locks(void) {
    SHOW(flock(given, LOCK_EX));
}
static void accepts(void) {
    SHOW(accept(given, NULL, NULL) >= 0);
}
static void waits_for_events(void) {
    struct epoll_event event = {0};
    SHOW(epoll_wait(given, &event, 1, 10000));
    SHOW(event.events);
}
static void polls(void) {
    struct pollfd one = {.fd = given, .events = POLLIN};
    SHOW(poll(&one, 1, 10000));
    SHOW(one.revents);
}
static void splices(void) {
    int to[2];
    NEED(pipe(to));
    SHOW(splice(given, NULL, to[1], NULL, 100, 0));
}

static void both_ways(void (*run)(int replaced)) {
    run(0);
    run(1);
}

static void at_a_pipe(void (*run)(void), int replaced) {
    int ends[2];
    NEED(pipe(ends));
    const pid_t child = waiting(ends[0], run);
    take_away(replaced);
    NEED(write(ends[1], "line", 4));
    show_end("child", child);
    close(ends[1]);
}

static void reads_a_pipe(int replaced) {
    at_a_pipe(reads, replaced);
}
NATIVE(a_read_of_a_pipe_goes_on, WHY) {
    both_ways(reads_a_pipe);
}

static void reads_a_pipe_in_parts(int replaced) {
    at_a_pipe(reads_vectors, replaced);
}
NATIVE(a_read_into_vectors_goes_on, WHY) {
    both_ways(reads_a_pipe_in_parts);
}

static void splices_a_pipe(int replaced) {
    at_a_pipe(splices, replaced);
}
NATIVE(a_splice_goes_on, WHY) {
    both_ways(splices_a_pipe);
}

static void writes_a_pipe(int replaced) {
    static char text[80000];
    int ends[2];
    NEED(pipe(ends));
    const pid_t child = waiting(ends[1], writes);
    take_away(replaced);
    size_t all = 0;
    while (all < 70000) all += (size_t)NEED(read(ends[0], text, sizeof text));
    show_end("child", child);
    SHOW(all);
    SHOW(replaced ? 0 : read(ends[0], text, 1));  // nobody can write any more
    close(ends[0]);
}
NATIVE(a_write_to_a_pipe_goes_on, WHY) {
    both_ways(writes_a_pipe);
}

NATIVE(a_pipe_has_a_reader_as_long_as_one_waits, WHY) {
    int ends[2];
    NEED(pipe(ends));
    signal(SIGPIPE, SIG_IGN);
    const pid_t child = waiting(ends[0], reads);
    take_away(0);
    NEED(write(ends[1], "a", 1));
    show_end("child", child);
    SHOW(write(ends[1], "a", 1));
}

static void receives_from_a_socket(int replaced) {
    int ends[2];
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    const pid_t child = waiting(ends[0], receives);
    take_away(replaced);
    NEED(write(ends[1], "line", 4));
    show_end("child", child);
    close(ends[1]);
}
NATIVE(a_socket_receives, WHY) {
    both_ways(receives_from_a_socket);
}

static void accepts_a_connection(int replaced) {
    const struct sockaddr_un name = {AF_UNIX, "socket"};
    unlink("socket");
    const int at = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
    NEED(bind(at, (const struct sockaddr*)&name, sizeof name));
    NEED(listen(at, 1));
    const pid_t child = waiting(at, accepts);
    take_away(replaced);
    const int own = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
    NEED(connect(own, (const struct sockaddr*)&name, sizeof name));
    show_end("child", child);
    SHOW(
        connect(NEED(socket(AF_UNIX, SOCK_STREAM, 0)), (const struct sockaddr*)&name, sizeof name));
}
NATIVE(a_socket_accepts_and_then_is_gone, WHY) {
    both_ways(accepts_a_connection);
}

static void counts_an_event(int replaced) {
    const uint64_t one = 1;
    const int fd = NEED(eventfd(0, 0)), same = dup(fd);
    const pid_t child = waiting(fd, counts);
    take_away(replaced);
    NEED(write(same, &one, sizeof one));
    show_end("child", child);
    close(same);
}
NATIVE(an_eventfd_is_read, WHY) {
    both_ways(counts_an_event);
}

static void locks_a_file(int replaced) {
    make_file("file", "");
    const int other = NEED(open("file", O_RDONLY)), fd = NEED(open("file", O_RDONLY));
    NEED(flock(other, LOCK_EX));
    const pid_t child = waiting(fd, locks);
    take_away(replaced);
    NEED(flock(other, LOCK_UN));
    show_end("child", child);
    // With its last descriptor goes the lock.
    SHOW(flock(other, LOCK_EX | LOCK_NB));
    close(other);
}
NATIVE(a_file_is_locked_and_let_go, WHY) {
    both_ways(locks_a_file);
}

static void waits_at_an_epoll(int replaced) {
    int ends[2];
    NEED(pipe(ends));
    const int fd = NEED(epoll_create1(0));
    struct epoll_event event = {.events = EPOLLIN};
    NEED(epoll_ctl(fd, EPOLL_CTL_ADD, ends[0], &event));
    const pid_t child = waiting(fd, waits_for_events);
    take_away(replaced);
    NEED(write(ends[1], "a", 1));
    show_end("child", child);
}
NATIVE(an_epoll_tells_its_events, WHY) {
    both_ways(waits_at_an_epoll);
}

static void polls_a_pipe(int replaced) {
    at_a_pipe(polls, replaced);
}
NATIVE(poll_looks_its_descriptors_up_again, WHY) {
    both_ways(polls_a_pipe);
}

NATIVE(a_read_of_a_terminal_is_not_of_the_file_that_took_its_place, WHY) {
    const int master = NEED(posix_openpt(O_RDWR | O_NOCTTY));
    NEED(grantpt(master));
    NEED(unlockpt(master));
    const int terminal = NEED(open(ptsname(master), O_RDWR | O_NOCTTY));
    make_file("file", "other");
    const pid_t child = waiting(terminal, reads);
    NEED(dup2(NEED(open("file", O_RDONLY)), terminal));
    NEED(write(master, "line\n", 5));
    show_end("child", child);
}
