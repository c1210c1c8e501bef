// SPDX-License-Identifier: GPL-2.0-or-later
// Limits of resources, and what happens at them.
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define OWN "qemu-aarch64 does not pass this limit on"

static void set(int which, rlim_t soft, rlim_t hard) {
    const struct rlimit limit = {soft, hard};
    NEED(setrlimit(which, &limit));
}

BEHAVIOUR(limits_are_checked) {
    struct rlimit limit = {10, 5};
    SHOW(syscall(SYS_setrlimit, RLIMIT_NOFILE, &limit));
    SHOW(syscall(SYS_getrlimit, 16, &limit));
    SHOW(syscall(SYS_setrlimit, 16, &limit));
    SHOW(syscall(SYS_prlimit64, 0, 16, NULL, NULL));
    SHOW(syscall(SYS_prlimit64, 99999, RLIMIT_NOFILE, NULL, &limit));
    SHOW(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, NULL));
}

NATIVE(bad_pointers_of_limits_are_efault, "qemu-aarch64 checks in another order") {
    SHOW(syscall(SYS_getrlimit, RLIMIT_NOFILE, (void*)16));
    SHOW(syscall(SYS_setrlimit, RLIMIT_NOFILE, (void*)16));
    SHOW(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, (void*)16, NULL));
    SHOW(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, (void*)16));
}

static void user_raises(void) {
    struct rlimit limit;
    set(RLIMIT_NOFILE, 50, 100);
    set(RLIMIT_NOFILE, 60, 90);
    limit = (struct rlimit){50, 91};
    SHOW(setrlimit(RLIMIT_NOFILE, &limit));
    limit = (struct rlimit){91, 90};
    SHOW(setrlimit(RLIMIT_NOFILE, &limit));
    SHOW(getrlimit(RLIMIT_NOFILE, &limit));
    printf("%d %d\n", (int)limit.rlim_cur, (int)limit.rlim_max);
}
BEHAVIOUR(a_user_only_lowers_the_hard_limit) {
    AS_USER(user_raises);
}

BEHAVIOUR(prlimit_changes_another_process) {
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        for (;;) pause();
    }
    struct rlimit limit = {33, 44}, old;
    SHOW(prlimit(child, RLIMIT_NOFILE, &limit, NULL));
    SHOW(prlimit(child, RLIMIT_NOFILE, NULL, &old));
    printf("%d %d\n", (int)old.rlim_cur, (int)old.rlim_max);
    kill(child, SIGKILL);
    show_end("child", child);
}

static pid_t other;
static void user_looks_at_other(void) {
    struct rlimit limit;
    SHOW(prlimit(other, RLIMIT_NOFILE, NULL, &limit));
    SHOW(prlimit(getpid(), RLIMIT_NOFILE, NULL, &limit));
}
BEHAVIOUR(prlimit_of_another_users_process_is_eperm) {
    other = (pid_t)NEED(fork());
    if (other == 0) {
        for (;;) pause();
    }
    AS_USER(user_looks_at_other);
    kill(other, SIGKILL);
    show_end("other", other);
}

static void writes_beyond(void) {
    const int fd = (int)NEED(open("file", O_CREAT | O_RDWR, 0600));
    set(RLIMIT_FSIZE, 10, RLIM_INFINITY);
    SHOW(write(fd, "0123456789abcdef", 16));
    count_signal(SIGXFSZ, 0);
    SHOW(write(fd, "x", 1));
    SHOW(pwrite(fd, "x", 1, 100));
    SHOW(ftruncate(fd, 11));
    SHOW(ftruncate(fd, 5));
    SHOW(signals_taken);
}
BEHAVIOUR(a_file_grows_to_its_limit) {
    IN_CHILD(writes_beyond);
}
static void dies_beyond(void) {
    const int fd = (int)NEED(open("file", O_CREAT | O_RDWR, 0600));
    set(RLIMIT_FSIZE, 0, RLIM_INFINITY);
    write(fd, "x", 1) > 0 ? puts("written") : 0;
}
BEHAVIOUR(sigxfsz_ends_the_program) {
    IN_CHILD(dies_beyond);
}

static void spins(void) {
    for (volatile int i = 0;; ++i) {
    }
}
static void spins_with_limit(void) {
    set(RLIMIT_CPU, 1, 2);
    spins();
}
NATIVE(cpu_time_ends_with_sigxcpu, OWN) {
    IN_CHILD(spins_with_limit);
}
static void spins_ignoring(void) {
    signal(SIGXCPU, SIG_IGN);
    set(RLIMIT_CPU, 1, 2);
    spins();
}
NATIVE(at_the_hard_limit_of_cpu_time_is_sigkill, OWN) {
    IN_CHILD(spins_ignoring);
}
static void spins_counting(void) {
    count_signal(SIGXCPU, 0);
    set(RLIMIT_CPU, 1, 10);
    while (signals_taken == 0) {
    }
    struct rlimit now;
    getrlimit(RLIMIT_CPU, &now);
    printf("after one: %d\n", (int)now.rlim_cur);
}
NATIVE(sigxcpu_is_sent_each_second, OWN) {
    IN_CHILD(spins_counting);
}

static void makes_processes(void) {
    set(RLIMIT_NPROC, 1, 1);
    SHOW(fork());
    SHOW(syscall(SYS_clone, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, 0, 0, 0, 0));
}
NATIVE(a_user_has_no_more_processes_than_its_limit, OWN) {
    AS_USER(makes_processes);
}
static void root_forks(void) {
    set(RLIMIT_NPROC, 0, 0);
    const pid_t pid = fork();
    if (pid == 0) _exit(2);
    SHOW(pid > 0);
    show_end("child", pid);
}
BEHAVIOUR(the_superusers_processes_are_not_limited) {
    IN_CHILD(root_forks);
}

static void dumps(void) {
    set(RLIMIT_CORE, RLIM_INFINITY, RLIM_INFINITY);
    abort();
}
static void dumps_nothing(void) {
    set(RLIMIT_CORE, 0, 0);
    abort();
}
static void is_terminated(void) {
    set(RLIMIT_CORE, RLIM_INFINITY, RLIM_INFINITY);
    raise(SIGTERM);
}
NATIVE(a_core_is_dumped_where_the_limit_permits_it, OWN) {
    IN_CHILD(dumps);
    IN_CHILD(dumps_nothing);
    IN_CHILD(is_terminated);
    siginfo_t info;
    const pid_t pid = (pid_t)NEED(fork());
    if (pid == 0) dumps();
    NEED(waitid(P_PID, (id_t)pid, &info, WEXITED));
    SHOW(info.si_code == CLD_DUMPED);
}

static void user_nice(void) {
    set(RLIMIT_NICE, 0, 0);
    SHOW(setpriority(PRIO_PROCESS, 0, 5));
    SHOW(setpriority(PRIO_PROCESS, 0, 4));
    errno = 0;
    SHOW(nice(-1));
}
BEHAVIOUR(a_user_cannot_become_less_nice) {
    AS_USER(user_nice);
}

BEHAVIOUR(nofile_limits_new_descriptors) {
    set(RLIMIT_NOFILE, 10, 10);
    SHOW(dup2(0, 10));
    SHOW(dup2(0, 9));
    SHOW(fcntl(0, F_DUPFD, 10));
    while (dup(0) >= 0) {
    }
    SHOW(dup(0));
    SHOW(open("/dev/null", O_RDONLY));
    int ends[2];
    SHOW(pipe(ends));
}

BEHAVIOUR(the_stack_is_limited) {
    struct rlimit limit;
    NEED(getrlimit(RLIMIT_STACK, &limit));
    SHOW(limit.rlim_cur);
}

NATIVE(address_space_is_limited, OWN) {
    set(RLIMIT_AS, 1 << 20, 1 << 20);
    SHOW(mmap(NULL, 64 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
}

NATIVE(usage_is_checked, "qemu-aarch64 checks in another order") {
    struct rusage usage;
    SHOW(syscall(SYS_getrusage, 5, &usage));
    SHOW(syscall(SYS_getrusage, RUSAGE_SELF, (void*)16));
    SHOW(getrusage(RUSAGE_THREAD, &usage));
    SHOW(getrusage(RUSAGE_SELF, &usage));
    SHOW(usage.ru_maxrss > 0);
}

NATIVE(switches_are_counted, "qemu-aarch64 has threads of its own") {
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    for (int i = 0; i < 5; ++i) sleep_ms(1);
    getrusage(RUSAGE_SELF, &after);
    SHOW(after.ru_nvcsw - before.ru_nvcsw >= 5);
}

DOCUMENTED(ids_come_again_below_the_largest, "proc_sys_kernel(5), pid_max",
           "most < 1500 = 1\n"
           "least >= 300 && least < 1000 = 1\n") {
    int most = 0, least = 1 << 30;
    const int fd = (int)NEED(open("/proc/sys/kernel/pid_max", O_WRONLY));
    NEED(write(fd, "1500", 4));
    for (int i = 0; i < 600; ++i) {
        const pid_t child = (pid_t)NEED(fork());
        if (child == 0) _exit(0);
        NEED(waitpid(child, NULL, 0));
        most = child > most ? child : most;
        least = child < least ? child : least;
    }
    SHOW(most < 1500);
    SHOW(least >= 300 && least < 1000);
}
