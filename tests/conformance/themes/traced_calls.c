// SPDX-License-Identifier: GPL-2.0-or-later
// What a tracer sees of a call that its tracee waits in.
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "qemu-aarch64 has no ptrace"

static pid_t tracee;
static int ends[2];

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void show_wait(void) {
    int status = 0;
    NEED(waitpid(tracee, &status, __WALL));
    if (WIFSTOPPED(status)) {
        printf("stopped %d event %d\n", WSTOPSIG(status), status >> 16);
    } else {
        show_status("tracee", status);
    }
}

// The names of the calls that matter here, whose numbers differ.
static const char* name_of(uint64_t number) {
    switch (number) {
        case SYS_restart_syscall: return "restart_syscall";
        case SYS_clock_nanosleep: return "clock_nanosleep";
        case SYS_nanosleep: return "nanosleep";
        case SYS_futex: return "futex";
        case SYS_read: return "read";
        case SYS_ppoll: return "ppoll";
        case SYS_exit_group: return "exit_group";
        default: return "another";
    }
}

static void show_call(void) {
    struct __ptrace_syscall_info info;
    memset(&info, 0, sizeof info);
    NEED(ptrace(PTRACE_GET_SYSCALL_INFO, tracee, sizeof info, &info));
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) printf("enters %s\n", name_of(info.entry.nr));
    if (info.op == PTRACE_SYSCALL_INFO_EXIT) printf("returns %lld\n", (long long)info.exit.rval);
}

static void next(void) {
    NEED(ptrace(PTRACE_SYSCALL, tracee, 0, 0));
    show_wait();
    show_call();
}

// The tracer seizes a child that is in `call`, interrupts it, and follows it to its next three
// stops.
static void seize(long (*call)(void)) {
    NEED(pipe(ends));
    tracee = (pid_t)NEED(fork());
    if (tracee == 0) {
        const long result = call();
        _exit(result == 0 ? 3 : 4);
    }
    usleep(100000);
    NEED(ptrace(PTRACE_SEIZE, tracee, 0, PTRACE_O_TRACESYSGOOD));
    NEED(ptrace(PTRACE_INTERRUPT, tracee, 0, 0));
    show_wait();
    next();
}

static void end(void) {
    next();
    NEED(ptrace(PTRACE_CONT, tracee, 0, 0));
    show_wait();
}

static long sleeps(void) {
    const struct timespec time = {.tv_nsec = 300000000};
    return syscall(SYS_nanosleep, &time, NULL);
}

NATIVE(a_sleep_that_a_tracer_interrupts_goes_on_as_restart_syscall, WHY) {
    seize(sleeps);
    end();
}

static long sleeps_by_clock(void) {
    const struct timespec time = {.tv_nsec = 300000000};
    return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &time, NULL);
}

NATIVE(a_sleep_by_a_clock_goes_on_so_too, WHY) {
    seize(sleeps_by_clock);
    end();
}

static long sleeps_until(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += 1;
    return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

NATIVE(a_sleep_until_a_time_is_made_again, WHY) {
    seize(sleeps_until);
    end();
}

static long waits_for_a_word(void) {
    static uint32_t word;
    const struct timespec time = {.tv_nsec = 300000000};
    return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &time, NULL, 0);
}

NATIVE(a_timed_wait_for_a_word_goes_on_as_restart_syscall, WHY) {
    seize(waits_for_a_word);
    end();
}

static long reads(void) {
    char byte;
    return read(ends[0], &byte, 1) == 1 ? 0 : -1;
}

NATIVE(a_read_is_made_again, WHY) {
    seize(reads);
    NEED(write(ends[1], "x", 1));
    end();
}

static long polls(void) {
    struct pollfd asked = {.fd = ends[0], .events = POLLIN};
    return syscall(SYS_ppoll, &asked, 1, NULL, NULL, 0) == 1 ? 0 : -1;
}

NATIVE(a_poll_without_an_end_is_made_again, WHY) {
    seize(polls);
    NEED(write(ends[1], "x", 1));
    end();
}

static long sleeps_long(void) {
    const uint64_t begin = now_ms();
    const struct timespec time = {.tv_nsec = 600000000};
    const long result = syscall(SYS_nanosleep, &time, NULL);
    const uint64_t passed = now_ms() - begin;
    return result != 0 || passed < 600;
}

// The event of a call's own comes in its middle: its entry is not told again.
NATIVE(a_call_that_ends_a_tracee_is_told_once, WHY) {
    tracee = (pid_t)NEED(fork());
    if (tracee == 0) {
        NEED(ptrace(PTRACE_TRACEME, 0, 0, 0));
        raise(SIGSTOP);
        _exit(3);
    }
    show_wait();
    NEED(ptrace(PTRACE_SETOPTIONS, tracee, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXIT));
    struct __ptrace_syscall_info info = {0};
    while (info.entry.nr != SYS_exit_group) {
        NEED(ptrace(PTRACE_SYSCALL, tracee, 0, 0));
        NEED(waitpid(tracee, NULL, 0));
        NEED(ptrace(PTRACE_GET_SYSCALL_INFO, tracee, sizeof info, &info));
    }
    for (int stop = 0; stop < 2; ++stop) {
        NEED(ptrace(PTRACE_SYSCALL, tracee, 0, 0));
        show_wait();
    }
}

// The signal's default action is none: the sleep goes on.
NATIVE(a_tracer_sees_that_a_sleep_is_to_go_on, WHY) {
    tracee = (pid_t)NEED(fork());
    if (tracee == 0) {
        NEED(ptrace(PTRACE_TRACEME, 0, 0, 0));
        raise(SIGSTOP);
        _exit(sleeps_long() == 0 ? 3 : 4);
    }
    show_wait();
    NEED(ptrace(PTRACE_SETOPTIONS, tracee, 0, PTRACE_O_TRACESYSGOOD));
    struct __ptrace_syscall_info info = {0};
    while (info.entry.nr != SYS_nanosleep) {
        NEED(ptrace(PTRACE_SYSCALL, tracee, 0, 0));
        NEED(waitpid(tracee, NULL, 0));
        NEED(ptrace(PTRACE_GET_SYSCALL_INFO, tracee, sizeof info, &info));
    }
    NEED(ptrace(PTRACE_SYSCALL, tracee, 0, 0));
    usleep(100000);
    NEED(kill(tracee, SIGCHLD));
    show_wait();
    show_call();
    NEED(ptrace(PTRACE_SYSCALL, tracee, 0, 0));
    show_wait();
    NEED(ptrace(PTRACE_SYSCALL, tracee, 0, SIGCHLD));
    show_wait();
    show_call();
    end();
}

NATIVE(restart_syscall_has_nothing_to_go_on_with, "qemu-aarch64 does not know restart_syscall") {
    SHOW(syscall(SYS_restart_syscall));
}
