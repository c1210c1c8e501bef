// SPDX-License-Identifier: GPL-2.0-or-later
// clone3: its arguments, chosen ids, pidfds.
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define OWN "qemu-aarch64 makes threads and forks only, and refuses other sets of flags itself"

static char stack[4096];

static void handler(int signal) {
    (void)signal;
}
static long clone3(struct clone_args* args, size_t size) {
    return syscall(SYS_clone3, args, size);
}

NATIVE(clone3_checks_its_arguments, OWN) {
    struct clone_args a = {.exit_signal = SIGCHLD};
    SHOW(clone3(NULL, sizeof a));
    SHOW(clone3((void*)16, sizeof a));
    SHOW(clone3(&a, 0));
    SHOW(clone3(&a, CLONE_ARGS_SIZE_VER0 - 1));
    SHOW(clone3(&a, 4097));
    a.exit_signal = 65;
    SHOW(clone3(&a, sizeof a));
    a.exit_signal = (uint64_t)-1;
    SHOW(clone3(&a, sizeof a));
    a.exit_signal = 0x100000000 | SIGCHLD;
    SHOW(clone3(&a, sizeof a));
    a = (struct clone_args){.exit_signal = SIGCHLD, .stack_size = 4096};
    SHOW(clone3(&a, sizeof a));
    a = (struct clone_args){.exit_signal = SIGCHLD, .stack = (uintptr_t)stack};
    SHOW(clone3(&a, sizeof a));
    a = (struct clone_args){.exit_signal = SIGCHLD, .stack = (uint64_t)-65536, .stack_size = 4096};
    SHOW(clone3(&a, sizeof a));
    a = (struct clone_args){.flags = SIGCHLD};
    SHOW(clone3(&a, sizeof a));
    a = (struct clone_args){.flags = CLONE_DETACHED, .exit_signal = SIGCHLD};
    SHOW(clone3(&a, sizeof a));
    a = (struct clone_args){.flags = 1ull << 40, .exit_signal = SIGCHLD};
    SHOW(clone3(&a, sizeof a));
    a = (struct clone_args){.flags = CLONE_PARENT, .exit_signal = SIGCHLD};
    SHOW(clone3(&a, sizeof a));
    a = (struct clone_args){.flags = CLONE_SIGHAND | CLONE_VM | CLONE_CLEAR_SIGHAND,
                            .exit_signal = SIGCHLD};
    SHOW(clone3(&a, sizeof a));
    a = (struct clone_args){.flags = CLONE_PIDFD, .exit_signal = SIGCHLD, .pidfd = 16};
    SHOW(clone3(&a, sizeof a));
}

NATIVE(clone3_takes_longer_arguments_that_are_zero, OWN) {
    struct {
        struct clone_args known;
        uint64_t later[2];
    } a = {.known = {.exit_signal = SIGCHLD}};
    const long pid = clone3(&a.known, sizeof a);
    if (pid == 0) _exit(7);
    SHOW(pid > 0);
    show_end("child", (pid_t)pid);
    a.later[1] = 1;
    SHOW(clone3(&a.known, sizeof a));
}

NATIVE(set_tid_is_checked, OWN) {
    pid_t ids[40] = {1, 1};
    struct clone_args a = {.exit_signal = SIGCHLD, .set_tid = (uintptr_t)ids, .set_tid_size = 40};
    SHOW(clone3(&a, sizeof a));
    a.set_tid_size = 0;
    SHOW(clone3(&a, sizeof a));
    a.set_tid = 0;
    a.set_tid_size = 1;
    SHOW(clone3(&a, sizeof a));
    a.set_tid = (uintptr_t)ids;
    SHOW(clone3(&a, sizeof a));
    ids[0] = 0;
    SHOW(clone3(&a, sizeof a));
    ids[0] = -1;
    SHOW(clone3(&a, sizeof a));
    ids[0] = getpid();
    SHOW(clone3(&a, sizeof a));
}

NATIVE(set_tid_chooses_the_id, OWN) {
    pid_t ids[1] = {23456};
    struct clone_args a = {.exit_signal = SIGCHLD, .set_tid = (uintptr_t)ids, .set_tid_size = 1};
    const long pid = clone3(&a, sizeof a);
    if (pid == 0) _exit(getpid() == 23456 ? 1 : 2);
    SHOW(pid);
    show_end("child", (pid_t)pid);
}

static void chooses_id(void) {
    pid_t ids[1] = {23457};
    struct clone_args a = {.exit_signal = SIGCHLD, .set_tid = (uintptr_t)ids, .set_tid_size = 1};
    SHOW(clone3(&a, sizeof a));
}

NATIVE(set_tid_needs_a_privilege, OWN) {
    AS_USER(chooses_id);
}

NATIVE(a_pidfd_of_clone_refers_to_the_child, OWN) {
    int fd = -1;
    struct clone_args a = {.flags = CLONE_PIDFD, .exit_signal = SIGCHLD, .pidfd = (uintptr_t)&fd};
    const long pid = clone3(&a, sizeof a);
    if (pid == 0) {
        pause();
        _exit(0);
    }
    SHOW(fd >= 0);
    SHOW(fcntl(fd, F_GETFD));
    SHOW(syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0));
    show_end("child", (pid_t)pid);
}

NATIVE(clone_clear_sighand_resets_handlers_but_not_ignored_signals, OWN) {
    signal(SIGUSR1, handler);
    signal(SIGUSR2, SIG_IGN);
    struct clone_args a = {.flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD};
    const long pid = clone3(&a, sizeof a);
    if (pid == 0) {
        struct sigaction one, two;
        sigaction(SIGUSR1, NULL, &one);
        sigaction(SIGUSR2, NULL, &two);
        _exit((one.sa_handler == SIG_DFL) * 2 + (two.sa_handler == SIG_IGN));
    }
    show_end("child", (pid_t)pid);
}

NATIVE(a_word_is_cleared_only_for_those_who_share_the_memory, OWN) {
    int* const word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct clone_args a = {.flags = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID,
                           .exit_signal = SIGCHLD,
                           .child_tid = (uintptr_t)word};
    const long pid = clone3(&a, sizeof a);
    if (pid == 0) _exit(0);
    show_end("child", (pid_t)pid);
    SHOW(*word == pid);
}
