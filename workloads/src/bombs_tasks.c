// SPDX-License-Identifier: GPL-2.0-or-later
// Bombs of processes, threads, signals and timers.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bombs.h"

static void forks(long most) {
    (void)most;
    signal(SIGTERM, SIG_IGN);
    // Every process forks until it is refused, so all that there can be are there at once.
    while (fork() >= 0) {
    }
    usleep(1000);
}

static void sleepers(long most) {
    long n = 0;
    for (; n < most; ++n) {
        const pid_t child = fork();
        if (child < 0) break;
        if (child == 0) {
            pause();
            _exit(0);
        }
    }
    told("processes", n, most);
    signal(SIGTERM, SIG_IGN);
    kill(0, SIGTERM);
    kill(-1, SIGKILL);
}

static void zombies(long most) {
    long n = 0;
    for (; n < most; ++n) {
        const pid_t child = fork();
        if (child < 0) break;
        if (child == 0) _exit(0);
    }
    told("zombies", n, most);
    while (wait(NULL) > 0) {
    }
}

// Processes that come and go.
static void short_lives(long most) {
    if (most > 20000) most = 20000;
    long n = 0;
    for (; n < most; ++n) {
        const pid_t child = fork();
        if (child < 0) break;
        if (child == 0) _exit(0);
        waitpid(child, NULL, 0);
    }
    told("processes", n, most);
}

static void* waits(void* nothing) {
    pause();
    return nothing;
}
static void made_threads(void* (*run)(void*), long most) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 1 << 16);
    long n = 0;
    pthread_t thread;
    while (n < most && (errno = pthread_create(&thread, &attributes, run, NULL)) == 0) ++n;
    told("threads", n, most);
}
static void threads(long most) {
    made_threads(waits, most);
}

static long armed_timers(clockid_t clock, struct sigevent event, struct itimerspec when, long most) {
    long n = 0;
    for (; n < most; ++n) {
        int id;
        if (syscall(SYS_timer_create, clock, &event, &id) != 0) break;
        syscall(SYS_timer_settime, id, 0, &when, NULL);
    }
    told("timers", n, most);
    return n;
}

static void timers(long most) {
    const struct sigevent event = {.sigev_notify = SIGEV_NONE};
    armed_timers(CLOCK_MONOTONIC, event, (struct itimerspec){{0, 1000}, {0, 1000}}, most);
}

// Timers that all expire, and whose signals wait.
static void expiring_timers(long most) {
    sigset_t set;
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    const struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    const long n = armed_timers(CLOCK_MONOTONIC, event, (struct itimerspec){{0, 0}, {0, 1000}}, most);
    long taken = 0;
    const struct timespec now = {0, 0};
    usleep(10000);
    while (sigtimedwait(&set, NULL, &now) > 0) ++taken;
    printf("signals: %s\n", taken <= n ? "no more than timers" : "too many");
}

static void cpu_timers(long most) {
    const struct sigevent event = {.sigev_notify = SIGEV_NONE};
    armed_timers(CLOCK_PROCESS_CPUTIME_ID, event, (struct itimerspec){{0, 0}, {1000, 0}}, most);
    volatile long spin = 0;
    while (spin < 20000000) spin = spin + 1;
}

static void queued_signals(long most) {
    sigset_t set;
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (most > 100000) most = 100000;
    long n = 0;
    const union sigval value = {0};
    while (n < most && sigqueue(getpid(), SIGRTMIN + (int)(n % 8), value) == 0) ++n;
    told("signals", n, most);
    const struct timespec now = {0, 0};
    while (sigtimedwait(&set, NULL, &now) > 0) {
    }
}

// Each child has a megabyte of arguments.
static void long_arguments(long most) {
    static char* arguments[64];
    static char text[1 << 16];
    memset(text, 'a', sizeof text - 1);
    for (int i = 3; i < 20; ++i) arguments[i] = text;
    arguments[0] = "bombs";
    arguments[1] = "pause";
    arguments[2] = "1";
    long n = 0;
    for (; n < most; ++n) {
        const pid_t child = fork();
        if (child < 0) break;
        if (child == 0) {
            execv("/proc/self/exe", arguments);
            _exit(1);
        }
        usleep(100);
    }
    told("processes", n, most);
    kill(-1, SIGKILL);
}
static void pause_(long most) {
    (void)most;
    pause();
}

// Processes that wait for many files each.
static void poll_sets(long most) {
    struct rlimit limit = {1 << 16, 1 << 16};
    setrlimit(RLIMIT_NOFILE, &limit);
    int ends[2];
    if (pipe(ends) != 0) return;
    static struct pollfd set[1 << 15];
    for (int i = 0; i < 1 << 15; ++i) {
        set[i].fd = i < 4000 ? dup(ends[0]) : ends[0];
        set[i].events = POLLIN;
    }
    long n = 0;
    for (; n < most; ++n) {
        const pid_t child = fork();
        if (child < 0) break;
        if (child == 0) {
            poll(set, 1 << 15, -1);
            _exit(0);
        }
    }
    told("processes", n, most);
    usleep(1000);
    kill(-1, SIGKILL);
}

// Threads that wait for many descriptions of one pipe each.
static struct pollfd descriptions_of_a_pipe[20000];
static void* polls(void* nothing) {
    poll(descriptions_of_a_pipe, 20000, -1);
    return nothing;
}
static void poll_threads(long most) {
    many_descriptors();
    int ends[2];
    if (pipe(ends) != 0) return;
    char name[32];
    snprintf(name, sizeof name, "/proc/self/fd/%d", ends[0]);
    for (int i = 0; i < 20000; ++i)
        descriptions_of_a_pipe[i] = (struct pollfd){.fd = open(name, O_RDONLY), .events = POLLIN};
    made_threads(polls, most);
}

// Descriptor tables: many descriptors, copied by each fork.
static void descriptor_tables(long most) {
    many_descriptors();
    for (int i = 0; i < 20000; ++i) dup(0);
    sleepers(most);
}

// A process with many mappings, copied by each fork.
static void copied_mappings(long most) {
    char* p = mmap(NULL, 1L << 33, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    for (long n = 0; n < 10000; ++n) mprotect(p + n * 8192, 4096, PROT_READ);
    sleepers(most);
}

// System calls that are not there, by many numbers; and options and requests by many numbers.
static void strange_numbers(long most) {
    if (most > 300000) most = 300000;
    long n = 0;
    for (; n < most; ++n) {
        syscall(100000 + n);
        syscall(SYS_prctl, 1000 + n, 0, 0, 0, 0);
        syscall(SYS_fcntl, 0, 5000 + n, 0);
        syscall(SYS_ioctl, 0, 0x70000000 + n, 0);
    }
    told("numbers", n, most);
}

const struct bomb task_bombs[] = {
    {"forks", forks},
    {"sleepers", sleepers},
    {"zombies", zombies},
    {"short-lives", short_lives},
    {"threads", threads},
    {"timers", timers},
    {"expiring-timers", expiring_timers},
    {"cpu-timers", cpu_timers},
    {"queued-signals", queued_signals},
    {"long-arguments", long_arguments},
    {"pause", pause_},
    {"poll-sets", poll_sets},
    {"poll-threads", poll_threads},
    {"descriptor-tables", descriptor_tables},
    {"copied-mappings", copied_mappings},
    {"strange-numbers", strange_numbers},
    {NULL, NULL},
};
