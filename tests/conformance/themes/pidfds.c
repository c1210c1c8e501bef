// SPDX-License-Identifier: GPL-2.0-or-later
// pidfds: opening them, sending signals and copying descriptors by them.
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define OWN "qemu-aarch64 keeps signals of its own"

static pid_t target;
NATIVE(pidfd_send_signal_checks_its_arguments, OWN) {
    const pid_t other = paused_child();
    const int fd = (int)NEED(syscall(SYS_pidfd_open, other, 0));
    siginfo_t info = {.si_signo = SIGTERM, .si_code = SI_USER};
    SHOW(syscall(SYS_pidfd_send_signal, -1, 0, NULL, 0));
    SHOW(syscall(SYS_pidfd_send_signal, 0, 0, NULL, 0));
    SHOW(syscall(SYS_pidfd_send_signal, fd, 65, NULL, 0));
    SHOW(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0x100));
    SHOW(syscall(SYS_pidfd_send_signal, fd, SIGTERM, &info, 0));
    SHOW(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, &info, 0));
    SHOW(syscall(SYS_pidfd_send_signal, fd, SIGTERM, (void*)16, 0));
    SHOW(syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0));
    show_end("other", other);
    SHOW(syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0));
}

NATIVE(a_signal_by_descriptor_has_a_scope, OWN) {
    enum { THREAD = 1, THREAD_GROUP = 2, PROCESS_GROUP = 4 };
    const pid_t other = paused_child();
    NEED(setpgid(other, other));
    const int fd = (int)NEED(syscall(SYS_pidfd_open, other, 0));
    SHOW(syscall(SYS_pidfd_send_signal, fd, 0, NULL, THREAD | THREAD_GROUP));
    SHOW(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 8));
    SHOW(syscall(SYS_pidfd_send_signal, fd, 0, NULL, THREAD));
    SHOW(syscall(SYS_pidfd_send_signal, fd, 0, NULL, THREAD_GROUP));
    SHOW(syscall(SYS_pidfd_send_signal, fd, 0, NULL, PROCESS_GROUP));
    SHOW(syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, PROCESS_GROUP));
    show_end("other", other);
    SHOW(syscall(SYS_pidfd_send_signal, fd, 0, NULL, THREAD));
    SHOW(syscall(SYS_pidfd_send_signal, fd, 0, NULL, PROCESS_GROUP));
}

NATIVE(a_pidfd_hangs_up_when_its_process_was_waited_for, OWN) {
    const pid_t other = paused_child();
    const int fd = (int)NEED(syscall(SYS_pidfd_open, other, 0));
    POLL(fd);
    kill(other, SIGKILL);
    show_end("other", other);
    POLL(fd);
}

static void user_continues_by_descriptor(void) {
    const int fd = (int)NEED(syscall(SYS_pidfd_open, target, 0));
    SHOW(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, NULL, 0));
    SHOW(syscall(SYS_pidfd_send_signal, fd, SIGCONT, NULL, 0));
}
NATIVE(a_user_continues_what_is_of_the_session, OWN) {
    target = paused_child();
    AS_USER(user_continues_by_descriptor);
    kill(target, SIGKILL);
    show_end("target", target);
}

NATIVE(a_pidfd_is_of_its_process_and_not_of_its_id, OWN) {
    char last[16];
    const pid_t first = paused_child();
    const int fd = (int)NEED(syscall(SYS_pidfd_open, first, 0));
    kill(first, SIGKILL);
    show_end("first", first);
    const int next = (int)NEED(open("/proc/sys/kernel/ns_last_pid", O_WRONLY));
    NEED(write(next, last, (size_t)snprintf(last, sizeof last, "%d", (int)first - 1)));
    const pid_t second = paused_child();
    SHOW(second == first);
    SHOW(syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0));
    SHOW(kill(second, SIGTERM));
    show_end("second", second);
}

static void user_sends_by_descriptor(void) {
    const int fd = (int)NEED(syscall(SYS_pidfd_open, target, 0));
    SHOW(syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0));
}
NATIVE(pidfd_send_signal_needs_the_right_to_kill, OWN) {
    target = paused_child();
    AS_USER(user_sends_by_descriptor);
    kill(target, SIGKILL);
    show_end("target", target);
}

NATIVE(pidfd_open_checks_its_arguments, OWN) {
    SHOW(syscall(SYS_pidfd_open, ended_child(), 0));
    SHOW(syscall(SYS_pidfd_open, 0, 0));
    SHOW(syscall(SYS_pidfd_open, -1, 0));
    SHOW(syscall(SYS_pidfd_open, getpid(), 1));
    const int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    SHOW(fcntl(fd, F_GETFD));
    char byte;
    SHOW(read(fd, &byte, 1));
    SHOW(write(fd, &byte, 1));
    POLL(fd);
}

NATIVE(a_pidfd_becomes_readable_at_the_end, OWN) {
    const pid_t other = paused_child();
    const int fd = (int)NEED(syscall(SYS_pidfd_open, other, 0));
    POLL(fd);
    kill(other, SIGKILL);
    siginfo_t info;
    NEED(waitid(P_PID, (id_t)other, &info, WEXITED | WNOWAIT));
    struct pollfd one = {fd, POLLIN, 0};
    SHOW(poll(&one, 1, 0));
    SHOW(one.revents);
    show_end("other", other);
}

NATIVE(pidfd_getfd_copies_a_descriptor, OWN) {
    int ends[2];
    NEED(pipe(ends));
    const pid_t other = (pid_t)NEED(fork());
    if (other == 0) {
        dup2(ends[1], 30);
        close(ends[1]);
        for (;;) pause();
    }
    close(ends[1]);
    const int fd = (int)NEED(syscall(SYS_pidfd_open, other, 0));
    int copy = -1;
    for (int i = 0; i < 1000 && copy < 0; ++i) {
        copy = (int)syscall(SYS_pidfd_getfd, fd, 30, 0);
        sleep_ms(1);
    }
    SHOW(fcntl(copy, F_GETFD));
    SHOW(write(copy, "x", 1));
    char byte;
    SHOW(read(ends[0], &byte, 1));
    SHOW(syscall(SYS_pidfd_getfd, fd, 31, 0));
    SHOW(syscall(SYS_pidfd_getfd, fd, 30, 1));
    SHOW(syscall(SYS_pidfd_getfd, 0, 30, 0));
    SHOW(syscall(SYS_pidfd_getfd, -1, 30, 0));
    kill(other, SIGKILL);
    show_end("other", other);
    SHOW(syscall(SYS_pidfd_getfd, fd, 30, 0));
}

static void user_copies(void) {
    const int fd = (int)NEED(syscall(SYS_pidfd_open, target, 0));
    SHOW(syscall(SYS_pidfd_getfd, fd, 0, 0));
}
NATIVE(pidfd_getfd_needs_the_right_to_trace, OWN) {
    target = paused_child();
    AS_USER(user_copies);
    kill(target, SIGKILL);
    show_end("target", target);
}

NATIVE(a_directory_of_proc_names_its_process, OWN) {
    const pid_t other = paused_child();
    char name[32];
    snprintf(name, sizeof name, "/proc/%d", other);
    const int fd = (int)NEED(open(name, O_RDONLY | O_DIRECTORY));
    SHOW(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
    SHOW(syscall(SYS_pidfd_send_signal, (int)NEED(open("/proc", O_RDONLY)), 0, NULL, 0));
    SHOW(syscall(SYS_pidfd_send_signal, (int)NEED(open("/", O_RDONLY)), 0, NULL, 0));
    SHOW(syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0));
    show_end("other", other);
    SHOW(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
}
