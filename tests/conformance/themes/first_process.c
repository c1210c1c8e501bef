// SPDX-License-Identifier: GPL-2.0-or-later
// Process 1: it is there for whoever asks, takes no signal, and lets only the superuser near. The
// judge runs the suite as process 1 of a namespace of its own.
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "qemu-aarch64 shows itself as process 1"

NATIVE(process_1_is_there, WHY) {
    SHOW(kill(1, 0));
    SHOW(tgkill(1, 1, 0));
    SHOW(tgkill(1, getpid(), 0));
    SHOW(getpgid(1) == getpgid(getpid()));
    SHOW(sched_getscheduler(1));
    SHOW(getpriority(PRIO_PROCESS, 1) >= 0);
    SHOW(prlimit(1, RLIMIT_CORE, NULL, NULL));
    SHOW(access("/proc/1/task/1/stat", F_OK));
    const int fd = (int)NEED(syscall(SYS_pidfd_open, 1, 0));
    SHOW(fcntl(fd, F_GETFD));
}

NATIVE(process_1_sleeps_and_has_no_parent, WHY) {
    char text[512] = "";
    const int fd = (int)NEED(open("/proc/1/stat", O_RDONLY));
    NEED(read(fd, text, sizeof text - 1));
    const char* state = strrchr(text, ')');
    int parent = -1;
    if (state != NULL) sscanf(state, ") %*c %d", &parent);
    printf("state %c, parent %d\n", state != NULL ? state[2] : '?', parent);
}

NATIVE(process_1_takes_no_signal, WHY) {
    const int signals[] = {SIGTERM, SIGKILL, SIGSTOP, SIGUSR1, SIGCONT, 40};
    for (unsigned n = 0; n < sizeof signals / sizeof *signals; ++n) SHOW(kill(1, signals[n]));
    SHOW(tgkill(1, 1, SIGKILL));
    SHOW(sigqueue(1, SIGTERM, (union sigval){.sival_int = 1}));
    const int fd = (int)NEED(syscall(SYS_pidfd_open, 1, 0));
    SHOW(syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0));
    sleep_ms(20);
    SHOW(kill(1, 0));
}

static void signals_all(void) {
    SHOW(kill(-1, SIGTERM));
}
NATIVE(all_processes_are_not_process_1, WHY) {
    AS_USER(signals_all);
    SHOW(kill(1, 0));
}

static void user_comes_near(void) {
    char byte;
    struct iovec here = {&byte, 1}, there = {(void*)4096, 1};
    struct sched_param low = {0};
    struct rlimit limit = {1, 1};
    SHOW(kill(1, 0));
    SHOW(kill(1, 70));
    SHOW(sched_setscheduler(1, SCHED_BATCH, &low));
    SHOW(setpriority(PRIO_PROCESS, 1, 5));
    SHOW(prlimit(1, RLIMIT_CORE, &limit, NULL));
    SHOW(process_vm_readv(1, &here, 1, &there, 1, 0));
    SHOW(syscall(SYS_get_robust_list, 1, &there, &here));
    SHOW(ptrace(PTRACE_ATTACH, 1, NULL, NULL));
    SHOW(open("/proc/1/environ", O_RDONLY));
    SHOW(open("/proc/1/fd", O_RDONLY | O_DIRECTORY));
    SHOW(readlink("/proc/1/exe", &byte, 1));
    SHOW(access("/proc/1/cmdline", R_OK));
}
NATIVE(only_the_superuser_comes_near_process_1, WHY) {
    AS_USER(user_comes_near);
}

NATIVE(process_1_is_nobodys_child, WHY) {
    SHOW(waitpid(1, NULL, WNOHANG));
    SHOW(setpgid(1, 0));
    SHOW(syscall(SYS_kcmp, getpid(), 1, 2, 0, 0) > 0);
}

static int by_number(const struct dirent* entry) {
    return atoi(entry->d_name) > 0;
}
NATIVE(proc_lists_process_1_first, WHY) {
    struct dirent** names;
    const int count = scandir("/proc", &names, by_number, versionsort);
    puts(count > 0 ? names[0]->d_name : "none");
}

static int orphan_says;
static void leaves_an_orphan(void) {
    int ready[2];
    NEED(pipe(ready));
    if (fork() == 0) {
        close(ready[1]);
        char byte;
        read(ready[0], &byte, 1);
        for (int n = 0; n < 2000 && getppid() != 1; ++n) sleep_ms(1);
        const int parent = getppid();
        write(orphan_says, &parent, sizeof parent);
        _exit(0);
    }
}
NATIVE(an_orphan_becomes_its_child, WHY) {
    int said[2], parent = 0;
    NEED(pipe(said));
    orphan_says = said[1];
    IN_CHILD(leaves_an_orphan);
    SHOW(read(said[0], &parent, sizeof parent));
    SHOW(parent);
    SHOW(waitpid(-1, NULL, 0));
}
