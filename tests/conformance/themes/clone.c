// SPDX-License-Identifier: GPL-2.0-or-later
// clone, clone3, fork and vfork: what the child shares, and what is refused.
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

static char stack[65536] __attribute__((aligned(16)));
static int shared_fd, seen;

static int from_memory(int (*run)(void*), int flags) {
    const int pid = (int)NEED(clone(run, stack + sizeof stack, flags, NULL, NULL, NULL, NULL));
    int status = 0;
    NEED(waitpid(pid, &status, __WALL));
    return status;
}

static int opens(void* unused) {
    (void)unused;
    shared_fd = open("/dev/null", O_RDONLY);
    close(0);
    return 3;
}

NATIVE(a_child_with_clone_files_shares_the_descriptors, OWN) {
    SHOW(from_memory(opens, CLONE_FILES | CLONE_VM | SIGCHLD));
    SHOW(fcntl(shared_fd, F_GETFD));
    SHOW(fcntl(0, F_GETFD));
}

NATIVE(a_child_without_clone_files_has_its_own_descriptors, OWN) {
    SHOW(from_memory(opens, CLONE_VM | SIGCHLD));
    SHOW(fcntl(shared_fd, F_GETFD));
    SHOW(fcntl(0, F_GETFD));
}

NATIVE(clone_files_shares_descriptors_without_shared_memory, OWN) {
    const long pid = NEED(syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0));
    if (pid == 0) {
        dup2(0, 9);
        close(0);
        _exit(0);
    }
    waitpid((pid_t)pid, NULL, 0);
    SHOW(fcntl(9, F_GETFD));
    SHOW(fcntl(0, F_GETFD));
}

static int moves(void* unused) {
    (void)unused;
    umask(077);
    return chdir("/") == 0 ? 0 : 1;
}

static void show_where(void) {
    char path[256];
    SHOW(getcwd(path, sizeof path) != NULL && strcmp(path, "/") == 0);
    printf("umask %o\n", umask(0));
}

NATIVE(without_clone_fs_the_directory_is_the_childs_own, OWN) {
    umask(022);
    SHOW(from_memory(moves, CLONE_VM | SIGCHLD));
    show_where();
}

static void handler(int signal) {
    seen = signal;
}
static int sets_handler(void* unused) {
    (void)unused;
    signal(SIGUSR1, handler);
    return 0;
}

NATIVE(clone_sighand_shares_the_actions, OWN) {
    SHOW(from_memory(sets_handler, CLONE_VM | CLONE_SIGHAND | SIGCHLD));
    raise(SIGUSR1);
    SHOW(seen == SIGUSR1);
}

NATIVE(a_forked_child_has_actions_of_its_own, OWN) {
    SHOW(from_memory(sets_handler, CLONE_VM | SIGCHLD));
    struct sigaction action;
    NEED(sigaction(SIGUSR1, NULL, &action));
    SHOW(action.sa_handler == SIG_DFL);
}

NATIVE(clone_refuses_flags_that_contradict, OWN) {
    SHOW(syscall(SYS_clone, CLONE_THREAD | SIGCHLD, 0, 0, 0, 0));
    SHOW(syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0));
    SHOW(syscall(SYS_clone, CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0, 0));
    SHOW(syscall(SYS_clone, CLONE_NEWNS | CLONE_FS | SIGCHLD, 0, 0, 0, 0));
    SHOW(syscall(SYS_clone, CLONE_NEWUSER | CLONE_FS | SIGCHLD, 0, 0, 0, 0));
    SHOW(syscall(SYS_clone, CLONE_PIDFD | CLONE_DETACHED | SIGCHLD, 0, 0, 0, 0));
    SHOW(syscall(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, 0, 0, 0));
    SHOW(syscall(SYS_clone, CLONE_NEWPID | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, 0, 0, 0, 0));
}

NATIVE(clone_parent_makes_a_sibling, OWN) {
    const pid_t me = getpid();
    const pid_t middle = (pid_t)NEED(fork());
    if (middle == 0) {
        const long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
        if (pid == 0) _exit(getppid() == me ? 4 : 5);
        _exit(pid > 0 ? 6 : 7);
    }
    show_end("middle", middle);
    int status = 0;
    SHOW(wait(&status) > 0);
    show_status("sibling", status);
}

NATIVE(the_ids_are_stored_in_parent_and_child, OWN) {
    static int in_parent, in_child;
#ifdef __x86_64__
    const long pid = syscall(SYS_clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0,
                             &in_parent, &in_child, 0);
#else
    const long pid = syscall(SYS_clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0,
                             &in_parent, 0, &in_child);
#endif
    if (pid == 0) _exit(in_child == getpid() ? 1 : 2);
    show_end("child", (pid_t)pid);
    SHOW(in_parent == pid);
    SHOW(in_child);
}

NATIVE(the_exit_signal_is_sent_and_waited_for_with_wclone, OWN) {
    count_signal(SIGUSR1, 0);
    const long pid = syscall(SYS_clone, SIGUSR1, 0, 0, 0, 0);
    if (pid == 0) _exit(1);
    while (signals_taken == 0) sleep_ms(1);
    SHOW(last_signal == SIGUSR1);
    SHOW(waitpid((pid_t)pid, NULL, 0));
    SHOW(waitpid((pid_t)pid, NULL, __WCLONE) == pid);
}

NATIVE(without_an_exit_signal_none_is_sent, OWN) {
    const long pid = syscall(SYS_clone, 0, 0, 0, 0, 0);
    if (pid == 0) _exit(1);
    SHOW(waitpid((pid_t)pid, NULL, 0));
    SHOW(waitpid((pid_t)pid, NULL, __WALL) == pid);
}

NATIVE(an_exit_signal_that_is_none_is_not_sent, OWN) {
    const long numbers[] = {65, 100, 153, 255};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; ++i) {
        const long pid = syscall(SYS_clone, numbers[i], 0, 0, 0, 0);
        if (pid == 0) _exit(1);
        SHOW(waitpid((pid_t)pid, NULL, 0));
        SHOW(waitpid((pid_t)pid, NULL, __WALL) == pid);
    }
}

NATIVE(a_vforked_child_runs_first, OWN) {
    static volatile int step;
    const pid_t pid = vfork();
    if (pid == 0) {
        step = 1;
        _exit(9);
    }
    SHOW(step);
    show_end("child", pid);
}

NATIVE(a_child_in_shared_memory_writes_its_parents, OWN) {
    static volatile int value;
    const pid_t pid = (pid_t)syscall(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) {
        value = 5;
        syscall(SYS_exit, 0);
    }
    SHOW(value);
    int status = 0;
    SHOW(wait(&status) > 0);
    show_status("child", status);
    (void)pid;
}

BEHAVIOUR(pending_signals_and_alarms_are_not_inherited) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR1);
    alarm(1000);
    const pid_t pid = (pid_t)NEED(fork());
    if (pid == 0) {
        sigset_t pending;
        sigpending(&pending);
        _exit(sigismember(&pending, SIGUSR1) * 2 + (alarm(0) != 0));
    }
    show_end("child", pid);
}

DOCUMENTED(the_last_id_is_a_parameter, "proc_sys_kernel(5)", "the next is 7001, the last 7001\n") {
    char text[16] = "";
    const int fd = (int)NEED(open("/proc/sys/kernel/ns_last_pid", O_RDWR));
    NEED(write(fd, "7000", 4));
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) _exit(0);
    NEED(waitpid(child, NULL, 0));
    NEED(pread(fd, text, sizeof text - 1, 0));
    printf("the next is %d, the last %s", (int)child, text);
}
