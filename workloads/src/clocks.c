// SPDX-License-Identifier: GPL-2.0-or-later
// Clocks as the C library reads them (by the vDSO, where there is one) between two direct system calls: the same time,
// the same resolution, the same errors, never back; in a child too. No arguments.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long ns_of(struct timespec t) {
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void compare(int clock) {
    struct timespec before = {0, 0}, read = {0, 0}, after = {0, 0}, raw = {0, 0}, library = {0, 0};
    const long direct = syscall(SYS_clock_gettime, clock, &before);
    const int direct_error = direct < 0 ? errno : 0;
    const int wrapped = clock_gettime(clock, &read);
    const int wrapped_error = wrapped < 0 ? errno : 0;
    syscall(SYS_clock_gettime, clock, &after);
    const long resolved = syscall(SYS_clock_getres, clock, &raw);
    printf("clock %d: %s, %s, resolution %s\n", clock, direct_error == wrapped_error ? "same answer" : "DIFFERS",
           ns_of(before) <= ns_of(read) && ns_of(read) <= ns_of(after) ? "in order" : "NOT IN ORDER",
           clock_getres(clock, &library) == resolved && ns_of(raw) == ns_of(library) ? "the same" : "DIFFERS");
}

static void compare_all(void) {
    for (int clock = 0; clock < 13; ++clock) compare(clock);
    long long last = 0, back = 0;
    for (int i = 0; i < 1000; ++i) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        back += ns_of(now) < last;
        last = ns_of(now);
    }
    struct timeval day;
    struct timespec real;
    gettimeofday(&day, NULL);
    clock_gettime(CLOCK_REALTIME, &real);
    const long long passed = ns_of(real) - (day.tv_sec * 1000000000LL + day.tv_usec * 1000LL);
    printf("back %lld times; gettimeofday %s; time %s\n", back,
           passed >= 0 && passed < 1000000000 ? "agrees" : "DIFFERS",
           time(NULL) - real.tv_sec <= 1 ? "agrees" : "DIFFERS");
    fflush(stdout);
}

int main(void) {
    compare_all();
    fflush(stdout);
    if (fork() == 0) {
        compare_all();
        _exit(0);
    }
    int status;
    wait(&status);
    printf("child %d\n", status);
    return 0;
}
