// SPDX-License-Identifier: GPL-2.0-or-later
// epoll, poll, select, eventfd, signalfd.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static int set, ends[2];
static struct epoll_event event;
static void* volatile nowhere_at = (void*)8;
static volatile int minus_one = -1;

static void make_set(void) {
    set = (int)NEED(epoll_create1(0));
    NEED(pipe(ends));
}
static int add(int fd, uint32_t events) {
    event.events = events, event.data.fd = fd;
    return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}
static int wait_now(void) {
    return epoll_wait(set, &event, 1, 0);
}

BEHAVIOUR(errors_of_epoll_ctl) {
    make_set();
    make_file("file", "");
    SHOW(add(ends[0], EPOLLIN));
    SHOW(add(ends[0], EPOLLIN));
    SHOW(add(-1, EPOLLIN));
    SHOW(add(set, EPOLLIN));
    SHOW(add(open("file", O_RDONLY), EPOLLIN));
    SHOW(epoll_ctl(-1, EPOLL_CTL_ADD, ends[1], &event));
    SHOW(epoll_ctl(ends[0], EPOLL_CTL_ADD, ends[1], &event));
    SHOW(epoll_ctl(set, 77, ends[0], &event));
    SHOW(epoll_ctl(set, EPOLL_CTL_ADD, ends[1], NULL));
    SHOW(epoll_ctl(set, EPOLL_CTL_MOD, ends[1], &event));
    SHOW(epoll_ctl(set, EPOLL_CTL_DEL, ends[1], NULL));
    SHOW(epoll_ctl(set, EPOLL_CTL_DEL, ends[0], NULL));
    SHOW(epoll_create(0));
    SHOW(epoll_create(-1));
    SHOW(epoll_create1(-1));
}

BEHAVIOUR(errors_of_epoll_wait) {
    make_set();
    SHOW(epoll_wait(set, &event, 0, 0));
    SHOW(epoll_wait(set, &event, minus_one, 0));
    SHOW(epoll_wait(-1, &event, 1, 0));
    SHOW(epoll_wait(ends[0], &event, 1, 0));
    NEED(add(ends[1], EPOLLOUT));
    SHOW(epoll_wait(set, nowhere_at, 1, 0));
    SHOW(wait_now());
}

NATIVE(an_edge_is_not_seen_twice_after_a_partial_read, "qemu 7.2 passes it, to be sure") {
    char bytes[10];
    make_set();
    NEED(add(ends[0], EPOLLIN | EPOLLET));
    NEED(write(ends[1], "abcdef", 6));
    SHOW(wait_now());
    SHOW(wait_now());
    NEED(read(ends[0], bytes, 2));
    SHOW(wait_now());
    NEED(write(ends[1], "g", 1));
    SHOW(wait_now());
    SHOW(wait_now());
}

BEHAVIOUR(oneshot_is_armed_again_by_mod) {
    make_set();
    NEED(add(ends[0], EPOLLIN | EPOLLONESHOT));
    NEED(write(ends[1], "a", 1));
    SHOW(wait_now());
    SHOW(wait_now());
    event.events = EPOLLIN | EPOLLONESHOT;
    SHOW(epoll_ctl(set, EPOLL_CTL_MOD, ends[0], &event));
    SHOW(wait_now());
}

BEHAVIOUR(sets_are_nested_up_to_a_depth) {
    int sets[8];
    for (int i = 0; i < 8; ++i) sets[i] = (int)NEED(epoll_create1(0));
    event.events = EPOLLIN;
    for (int i = 1; i < 8; ++i) SHOW(epoll_ctl(sets[i], EPOLL_CTL_ADD, sets[i - 1], &event));
    SHOW(epoll_ctl(sets[0], EPOLL_CTL_ADD, sets[1], &event));
}

// Sets above sets, each of `width` at a level watches all of the level below; the lowest is `fd`.
// Shows how many items each level took until one was refused.
static void stack_sets(int fd, int width, int levels) {
    int below[32] = {fd}, here[32], count = 1;
    for (int level = 0; level < levels; ++level) {
        int taken = 0, refused = 0;
        for (int i = 0; i < width; ++i) {
            here[i] = set = (int)NEED(epoll_create1(0));
            for (int j = 0; j < count && !refused; ++j) {
                refused = add(below[j], EPOLLIN) != 0;
                if (!refused) ++taken;
            }
        }
        SHOW(taken);
        if (refused) SHOW(add(below[count - 1], EPOLLIN));
        for (int i = 0; i < width; ++i) below[i] = here[i];
        count = width;
    }
}
BEHAVIOUR(few_chains_of_sets_lead_to_a_file) {
    for (int width = 2; width <= 26; width += 6) {
        stack_sets((int)NEED(eventfd(0, 0)), width, 5);
        puts("-");
    }
}
BEHAVIOUR(a_file_comes_last_below_many_sets) {
    const int lowest = (int)NEED(epoll_create1(0));
    stack_sets(lowest, 8, 3);
    set = lowest;
    SHOW(add((int)NEED(eventfd(0, 0)), EPOLLIN));
    set = (int)NEED(epoll_create1(0));
    SHOW(add(lowest, EPOLLIN));
    SHOW(add((int)NEED(dup(lowest)), EPOLLIN));
}

static int gate[2];
static void wait_exclusively(void) {
    struct epoll_event got;
    const int own = (int)NEED(epoll_create1(0));
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLEXCLUSIVE};
    NEED(epoll_ctl(own, EPOLL_CTL_ADD, gate[0], &wanted));
    const int count = epoll_wait(own, &got, 1, 300);
    _exit(count);
}
BEHAVIOUR(exclusive_wakes_one_waiter) {
    pid_t children[3];
    int status, woken = 0;
    NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, gate));
    for (int i = 0; i < 3; ++i) {
        children[i] = child_of(wait_exclusively);
        until_asleep(children[i]);
    }
    NEED(write(gate[1], "x", 1));
    for (int i = 0; i < 3; ++i) {
        waitpid(children[i], &status, 0);
        woken += WEXITSTATUS(status);
    }
    SHOW(woken);
}

BEHAVIOUR(exclusive_has_rules) {
    make_set();
    SHOW(add(ends[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT));
    SHOW(add(ends[0], EPOLLIN | EPOLLEXCLUSIVE));
    event.events = EPOLLIN;
    SHOW(epoll_ctl(set, EPOLL_CTL_MOD, ends[0], &event));
    event.events = EPOLLIN | EPOLLEXCLUSIVE;
    SHOW(epoll_ctl(set, EPOLL_CTL_MOD, ends[0], &event));
    const int inner = epoll_create1(0);
    SHOW(add(inner, EPOLLIN | EPOLLEXCLUSIVE));
}

NATIVE(epoll_pwait2_takes_nanoseconds, "qemu 7.2 has no epoll_pwait2") {
    struct timespec limit = {0, 10000000}, wrong = {0, 1000000000}, before = {-1, 0};
    make_set();
    NEED(add(ends[0], EPOLLIN));
    SHOW(syscall(441, set, &event, 1, &limit, NULL, 8));
    SHOW(syscall(441, set, &event, 1, &wrong, NULL, 8));
    SHOW(syscall(441, set, &event, 1, &before, NULL, 8));
    SHOW(syscall(441, set, &event, 1, (void*)8, NULL, 8));
    NEED(write(ends[1], "a", 1));
    SHOW(syscall(441, set, &event, 1, NULL, NULL, 8));
}

BEHAVIOUR(an_eventfd_counts) {
    uint64_t value = 3;
    const int fd = (int)NEED(eventfd(5, EFD_NONBLOCK));
    SHOW(write(fd, &value, 8));
    SHOW(read(fd, &value, 8));
    SHOW(value);
    SHOW(read(fd, &value, 8));
    SHOW(read(fd, &value, 7));
    SHOW(write(fd, &value, 7));
    value = UINT64_MAX;
    SHOW(write(fd, &value, 8));
    value = UINT64_MAX - 1;
    SHOW(write(fd, &value, 8));
    POLL(fd);
    value = 1;
    SHOW(write(fd, &value, 8));
    SHOW(eventfd(0, 0x1234));
}

BEHAVIOUR(an_eventfd_is_a_semaphore) {
    uint64_t value = 0;
    const int fd = (int)NEED(eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE));
    SHOW(read(fd, &value, 8));
    SHOW(value);
    SHOW(read(fd, &value, 8));
    SHOW(read(fd, &value, 8));
}

BEHAVIOUR(errors_of_poll) {
    struct pollfd one = {-1, POLLIN, 77};
    struct timespec wrong = {0, 1000000000};
    SHOW(poll(&one, 1, 0));
    SHOW(one.revents);
    one.fd = 900;
    SHOW(poll(&one, 1, 0));
    SHOW(one.revents == POLLNVAL);
    SHOW(poll(nowhere_at, 1, 0));
    SHOW(ppoll(&one, 1, &wrong, NULL));
    SHOW(ppoll(&one, 1, (void*)8, NULL));
    SHOW(syscall(SYS_ppoll, &one, 1, NULL, &wrong, 3));
    const struct rlimit few = {10, 10};
    setrlimit(RLIMIT_NOFILE, &few);
    struct pollfd many[11] = {{.fd = -1}};
    SHOW(poll(many, 11, 0));
}

BEHAVIOUR(errors_of_select) {
    fd_set files;
    struct timeval wrong = {-1, 0}, none = {0, 0};
    struct timespec wrong_too = {0, 1000000000};
    FD_ZERO(&files);
    SHOW(select(-1, NULL, NULL, NULL, &none));
    SHOW(select(0, NULL, NULL, NULL, &wrong));
    SHOW(pselect(0, NULL, NULL, NULL, &wrong_too, NULL));
    FD_SET(900, &files);
    SHOW(select(901, &files, NULL, NULL, &none));
    SHOW(select(4, (void*)8, NULL, NULL, &none));
    NEED(pipe(ends));
    FD_ZERO(&files);
    FD_SET(ends[1], &files);
    SHOW(select(ends[1] + 1, NULL, &files, NULL, &none));
    SHOW(FD_ISSET(ends[1], &files) != 0);
    SHOW(select(ends[1] + 1, &files, NULL, NULL, &none));
}

BEHAVIOUR(a_signalfd_reads_signals) {
    struct signalfd_siginfo info;
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGUSR1);
    sigprocmask(SIG_BLOCK, &wanted, NULL);
    const int fd = (int)NEED(signalfd(-1, &wanted, SFD_NONBLOCK));
    SHOW(read(fd, &info, sizeof info));
    kill(getpid(), SIGUSR1);
    POLL(fd);
    SHOW(read(fd, &info, sizeof info - 1));
    SHOW(read(fd, &info, sizeof info));
    SHOW(info.ssi_signo);
    SHOW(info.ssi_pid == (unsigned)getpid());
    SHOW(signalfd(-1, &wanted, 1));
    SHOW(signalfd(0, &wanted, 0));
    SHOW(signalfd(900, &wanted, 0));
    SHOW(write(fd, "x", 1));
}
