// SPDX-License-Identifier: GPL-2.0-or-later
// Makes random system calls: every number, descriptors and addresses of every kind, buffers that look like what the call
// expects. A process counts; others, several at a time, do the calls and may die of them. Calls of one seed are the same on
// every run. For the simulator only: a real kernel would obey some of them.
// usage: syscall_fuzz SEED CALLS [PROCESSES]
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arguments.h"
#include "random.h"
#include "raw_call.h"

enum { CALLS_OF_A_PROCESS = 2000, NUMBERS = 470, MOST_PROCESSES = 64 };
static const long kPatience = 200000000;  // simulated ns for one round, when calls block
static const struct timespec kLook = {0, 1000000};

// Shared by all: what was done.
static volatile uint64_t* calls_done;

// So that a call that blocks is interrupted.
static void ignore_tick(int number) {
    (void)number;
}

static uint64_t any_call(void) {
    return one_in(200) ? any_number() : below(NUMBERS);
}

// Ends, or splits off what ends, the caller: seldom.
static int ends_the_caller(uint64_t number) {
    return number == SYS_exit || number == SYS_exit_group || number == SYS_rt_sigreturn || number == SYS_execve || number == SYS_execveat;
}

// The first argument names processes, and the process that counts must go on.
static int names_a_process(uint64_t number) {
    switch (number) {
        case SYS_kill:
        case SYS_tkill:
        case SYS_tgkill:
        case SYS_rt_sigqueueinfo:
        case SYS_rt_tgsigqueueinfo:
        case SYS_prlimit64:
        case SYS_ptrace:
        case SYS_pidfd_open:
        case SYS_process_vm_writev: return 1;
        default: return 0;
    }
}

// A copy of the caller with a stack of its own, or none: it makes some calls and ends.
static void split(uint64_t* a) {
    a[0] &= 0xffffffff & ~(uint64_t)(CLONE_VFORK | CLONE_PARENT);
    if (one_in(2)) a[0] = SIGCHLD | (one_in(2) ? CLONE_FILES : 0) | (one_in(2) ? CLONE_FS : 0);
    if ((a[0] & CLONE_VM) == 0) a[1] = 0;
}

static void make_calls(uint64_t seed, uint64_t count) {
    seed_random(seed);
    make_arguments();
    for (uint64_t i = 0; i < count; ++i) {
        if (one_in(2)) refresh_buffer();
        const uint64_t number = any_call();
        uint64_t a[6];
        for (int k = 0; k < 6; ++k) a[k] = any_argument();
        if (ends_the_caller(number) && !one_in(100)) continue;
        if (names_a_process(number)) a[0] = any_process();
        if (number == SYS_clone3 || (number == SYS_clone && !one_in(20))) continue;
        if (number == SYS_clone) split(a);
        __atomic_add_fetch(calls_done, 1, __ATOMIC_RELAXED);
        const long got = raw_call(number, a);
        if (number == SYS_clone && got == 0) count = i + 20;
    }
    _exit(0);
}

static void begin_process(uint64_t seed, uint64_t count) {
    if (fork() != 0) return;
    setpgid(0, 0);
    // What is written to 0, 1 and 2 must not reach the user's terminal.
    for (int fd = 0; fd < 3; ++fd) dup2(open("/dev/null", O_RDWR), fd);
    struct sigaction tick = {.sa_handler = ignore_tick};
    sigaction(SIGALRM, &tick, 0);
    struct itimerval often = {{0, 2000}, {0, 2000}};
    setitimer(ITIMER_REAL, &often, 0);
    make_calls(seed, count);
}

// How many of the processes died by a signal.
static int end_round(int processes) {
    struct timespec began, now;
    clock_gettime(CLOCK_MONOTONIC, &began);
    int died = 0, ended = 0, status;
    while (ended < processes) {
        const pid_t child = waitpid(-1, &status, WNOHANG);
        if (child < 0 && errno == ECHILD) break;
        if (child > 0) {
            ++ended;
            died += WIFSIGNALED(status);
            continue;
        }
        nanosleep(&kLook, 0);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if ((now.tv_sec - began.tv_sec) * 1000000000 + now.tv_nsec - began.tv_nsec > kPatience) break;
    }
    // And those that they split off, wherever they went.
    kill(-1, SIGKILL);
    while (waitpid(-1, &status, 0) > 0) {}
    return died;
}

int main(int argc, char** argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: syscall_fuzz SEED CALLS [PROCESSES]\n");
        return 2;
    }
    const uint64_t seed = strtoull(argv[1], 0, 0), wanted = strtoull(argv[2], 0, 0);
    int processes = argc > 3 ? atoi(argv[3]) : 1;
    if (processes < 1 || processes > MOST_PROCESSES) processes = MOST_PROCESSES;
    // A call may write to the file of the program that runs, which the processes share: it has no name from now on.
    unlink(argv[0]);
    calls_done = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint64_t round = 0, died = 0;
    while (*calls_done < wanted) {
        uint64_t each = (wanted - *calls_done) / (uint64_t)processes + 1;
        if (each > CALLS_OF_A_PROCESS) each = CALLS_OF_A_PROCESS;
        for (int i = 0; i < processes; ++i) begin_process(seed * 1000003 + round * MOST_PROCESSES + (uint64_t)i, each);
        died += (uint64_t)end_round(processes);
        ++round;
    }
    printf("%s\n", *calls_done >= wanted ? "done" : "too few");
    fprintf(stderr, "%lu calls in %lu rounds, %lu processes died\n", (unsigned long)*calls_done, (unsigned long)round, (unsigned long)died);
    return 0;
}
