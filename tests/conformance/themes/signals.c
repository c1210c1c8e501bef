// SPDX-License-Identifier: GPL-2.0-or-later
// Taking signals: actions, masks, alternate stacks, waiting, real-time signals, signalfd.
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define OWN "qemu-aarch64 keeps signals of its own"

BEHAVIOUR(sigaction_refuses_kill_stop_and_wrong_numbers) {
    struct sigaction action = {0};
    SHOW(sigaction(SIGKILL, &action, NULL));
    SHOW(sigaction(SIGSTOP, &action, NULL));
    SHOW(sigaction(SIGKILL, NULL, &action));
    SHOW(sigaction(0, &action, NULL));
    SHOW(sigaction(65, &action, NULL));
    SHOW(sigaction(-1, NULL, &action));
    SHOW(syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4));
    SHOW(syscall(SYS_rt_sigaction, SIGUSR1, (void*)16, NULL, 8));
    SHOW(syscall(SYS_rt_sigaction, SIGUSR1, NULL, (void*)16, 8));
}

NATIVE(unknown_flags_of_an_action_are_cleared, OWN) {
    struct {
        void* handler;
        unsigned long flags;
        void* restorer;
        unsigned long mask;
    } given = {(void*)SIG_IGN, 0x12345678ul | 0x400, 0, 0}, told;
    SHOW(syscall(SYS_rt_sigaction, SIGUSR1, &given, NULL, 8));
    SHOW(syscall(SYS_rt_sigaction, SIGUSR1, NULL, &told, 8));
    SHOW(told.flags & 0x400);
    SHOW(told.flags & 0x12000000 ? 1 : 0);
    SHOW(told.flags & SA_RESTART ? 1 : 0);
}

BEHAVIOUR(an_action_of_ignoring_drops_what_is_pending) {
    block_signal(SIGUSR1);
    raise(SIGUSR1);
    SHOW(signal_is_pending(SIGUSR1));
    signal(SIGUSR1, SIG_IGN);
    SHOW(signal_is_pending(SIGUSR1));
}

BEHAVIOUR(the_mask_is_checked) {
    sigset_t set = signal_set(SIGUSR1), old;
    SHOW(syscall(SYS_rt_sigprocmask, 9, &set, NULL, 8));
    SHOW(syscall(SYS_rt_sigprocmask, 9, NULL, &old, 8));
    SHOW(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 4));
    SHOW(syscall(SYS_rt_sigprocmask, SIG_BLOCK, (void*)16, NULL, 8));
    SHOW(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, (void*)16, 8));
    sigfillset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
    sigprocmask(SIG_SETMASK, NULL, &old);
    SHOW(sigismember(&old, SIGKILL));
    SHOW(sigismember(&old, SIGSTOP));
    SHOW(sigismember(&old, SIGTERM));
}

static volatile int order[16], taken_count;
static void in_order(int signal, siginfo_t* info, void* unused) {
    (void)unused;
    order[taken_count++ & 15] = signal * 100 + info->si_value.sival_int;
}
static void record(int signal) {
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    action.sa_sigaction = in_order;
    sigfillset(&action.sa_mask);
    NEED(sigaction(signal, &action, NULL));
}

NATIVE(real_time_signals_queue_by_number_and_arrival, OWN) {
    sigset_t all, old;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    const int first = 40, second = 41;
    record(first);
    record(second);
    record(SIGUSR1);
    for (int i = 1; i <= 2; ++i) {
        union sigval value = {.sival_int = i};
        sigqueue(getpid(), second, value);
        sigqueue(getpid(), first, value);
        sigqueue(getpid(), SIGUSR1, value);
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
    SHOW(taken_count);
    for (int i = 0; i < taken_count; ++i) SHOW(order[i]);
}

BEHAVIOUR(sigqueue_is_limited) {
    struct rlimit limit = {3, 3};
    NEED(setrlimit(RLIMIT_SIGPENDING, &limit));
    const pid_t pid = (pid_t)NEED(fork());
    if (pid == 0) {
        NEED(setresuid(4242, 4242, 4242));
        block_signal(40);
        union sigval value = {0};
        for (int i = 0; i < 5; ++i) SHOW(sigqueue(getpid(), 40, value));
        SHOW(kill(getpid(), 40));
        _exit(0);
    }
    show_end("child", pid);
}

BEHAVIOUR(sigsuspend_restores_the_mask) {
    count_signal(SIGUSR1, 0);
    block_signal(SIGUSR1);
    raise(SIGUSR1);
    const sigset_t none = signal_set(0);
    SHOW(sigsuspend(&none));
    SHOW(signals_taken);
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    SHOW(sigismember(&now, SIGUSR1));
    SHOW(syscall(SYS_rt_sigsuspend, &none, 4));
    SHOW(syscall(SYS_rt_sigsuspend, (void*)16, 8));
}

NATIVE(sigtimedwait_tells_what_the_signals_kind_has, "qemu-aarch64 has no SIGIO of a pipe") {
    const struct timespec none = {0, 0};
    int ends[2];
    siginfo_t info;
    NEED(pipe(ends));
    block_signal(SIGRTMIN + 3);
    NEED(fcntl(ends[0], F_SETOWN, getpid()));
    NEED(fcntl(ends[0], F_SETSIG, SIGRTMIN + 3));
    NEED(fcntl(ends[0], F_SETFL, O_ASYNC));
    NEED(write(ends[1], "x", 1));
    const sigset_t set = signal_set(SIGRTMIN + 3);
    SHOW(sigtimedwait(&set, &info, &none) > 0);
    SHOW(info.si_code);
    SHOW(info.si_band & 1);
    SHOW(info.si_fd == ends[0]);
}

BEHAVIOUR(sigtimedwait_takes_times_out_and_is_interrupted) {
    block_signal(SIGUSR1);
    sigset_t set = signal_set(SIGUSR1);
    siginfo_t info;
    struct timespec none = {0, 0}, wrong = {0, 1000000000}, negative = {-1, 0}, some = {10, 0};
    SHOW(sigtimedwait(&set, &info, &none));
    SHOW(sigtimedwait(&set, &info, &wrong));
    SHOW(sigtimedwait(&set, &info, &negative));
    raise(SIGUSR1);
    SHOW(sigtimedwait(&set, &info, &none));
    SHOW(info.si_signo);
    SHOW(syscall(SYS_rt_sigtimedwait, &set, &info, &none, 4));
    SHOW(syscall(SYS_rt_sigtimedwait, (void*)16, &info, &none, 8));
    raise(SIGUSR1);
    SHOW(syscall(SYS_rt_sigtimedwait, &set, (void*)16, &none, 8));
    SHOW(signal_is_pending(SIGUSR1));
    count_signal(SIGALRM, SA_RESTART);
    struct itimerval soon = {{0, 0}, {0, 10000}};
    setitimer(ITIMER_REAL, &soon, NULL);
    SHOW(sigtimedwait(&set, &info, &some));
    SHOW(signals_taken);
}

BEHAVIOUR(sigwait_takes_an_ignored_signal_that_is_blocked) {
    signal(SIGUSR2, SIG_IGN);
    block_signal(SIGUSR2);
    raise(SIGUSR2);
    SHOW(signal_is_pending(SIGUSR2));
    sigset_t set = signal_set(SIGUSR2);
    struct timespec none = {0, 0};
    SHOW(sigtimedwait(&set, NULL, &none));
}

BEHAVIOUR(sigpending_takes_a_shorter_set) {
    unsigned long set = 0;
    block_signal(SIGUSR1);
    raise(SIGUSR1);
    SHOW(syscall(SYS_rt_sigpending, &set, 16));
    SHOW(syscall(SYS_rt_sigpending, (void*)16, 8));
    SHOW(syscall(SYS_rt_sigpending, &set, 4));
    SHOW(set);
}

BEHAVIOUR(signalfd_reads_what_is_pending) {
    struct signalfd_siginfo info[3];
    sigset_t set = signal_set(SIGUSR1);
    sigaddset(&set, 40);
    sigprocmask(SIG_BLOCK, &set, NULL);
    const int fd = signalfd(-1, &set, SFD_NONBLOCK);
    SHOW(fd >= 0);
    SHOW(read(fd, info, sizeof info));
    POLL(fd);
    raise(SIGUSR1);
    union sigval value = {.sival_int = 5};
    sigqueue(getpid(), 40, value);
    POLL(fd);
    SHOW(read(fd, info, 10));
    SHOW(read(fd, info, sizeof info) / (ssize_t)sizeof info[0]);
    printf("%u %u code %d value %d\n", info[0].ssi_signo, info[1].ssi_signo, info[1].ssi_code,
           info[1].ssi_int);
    SHOW(write(fd, info, sizeof info));
}

NATIVE(signalfd_checks_its_arguments, OWN) {
    sigset_t set = signal_set(SIGUSR1);
    SHOW(signalfd(-1, &set, 1));
    SHOW(signalfd(99, &set, 0));
    SHOW(signalfd(0, &set, 0));
    SHOW(syscall(SYS_signalfd4, -1, &set, 4, 0));
    SHOW(syscall(SYS_signalfd4, -1, (void*)16, 8, 0));
    const int fd = signalfd(-1, &set, 0);
    SHOW(signalfd(fd, &set, 0) == fd);
}

NATIVE(a_pending_signal_is_taken_by_the_thread_that_unblocks_it, OWN) {
    count_signal(SIGUSR1, 0);
    block_signal(SIGUSR1);
    kill(getpid(), SIGUSR1);
    SHOW(signals_taken);
    unblock_signal(SIGUSR1);
    SHOW(signals_taken);
}
