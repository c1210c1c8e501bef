// SPDX-License-Identifier: GPL-2.0-or-later
// wait4 and waitid.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define OWN "qemu-aarch64 has threads of its own and another kind of waiting"

static pid_t ends_with(int status) {
    const pid_t pid = (pid_t)NEED(fork());
    if (pid == 0) _exit(status);
    return pid;
}
static pid_t pauses(void) {
    const pid_t pid = (pid_t)NEED(fork());
    if (pid == 0) {
        for (;;) pause();
    }
    return pid;
}
static void show_info(const siginfo_t* info, pid_t pid) {
    printf("signo %d code %d pid %d status %d\n", info->si_signo, info->si_code,
           info->si_pid == pid ? 1 : info->si_pid, info->si_status);
}

BEHAVIOUR(wait_without_children_is_echild) {
    siginfo_t info;
    SHOW(waitpid(-1, NULL, 0));
    SHOW(waitpid(1, NULL, WNOHANG));
    SHOW(waitpid(getpid(), NULL, 0));
    SHOW(waitpid(-getpgrp(), NULL, 0));
    SHOW(waitid(P_ALL, 0, &info, WEXITED));
    SHOW(waitid(P_PID, 1, &info, WEXITED | WNOHANG));
}

BEHAVIOUR(wait_refuses_wrong_options_and_ids) {
    siginfo_t info;
    SHOW(waitpid(-1, NULL, -1));
    SHOW(waitpid(-1, NULL, WEXITED));
    SHOW(waitid(P_ALL, 0, &info, 0));
    SHOW(waitid(P_ALL, 0, &info, WNOHANG));
    SHOW(waitid(P_ALL, 0, &info, WEXITED | 0x40));
    SHOW(waitid((idtype_t)9, 0, &info, WEXITED));
    SHOW(waitid(P_PID, 0, &info, WEXITED));
    SHOW(waitid(P_PID, (id_t)-5, &info, WEXITED));
    SHOW(waitid(P_PGID, (id_t)-5, &info, WEXITED));
}

NATIVE(wait4_of_the_most_negative_pid_is_esrch, OWN) {
    SHOW(syscall(SYS_wait4, (long)(int)0x80000000, NULL, 0, NULL));
}

BEHAVIOUR(wnohang_returns_zero_while_the_child_runs) {
    const pid_t pid = pauses();
    int status = 77;
    siginfo_t info;
    memset(&info, 1, sizeof info);
    SHOW(waitpid(pid, &status, WNOHANG));
    SHOW(status);
    SHOW(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG));
    SHOW(info.si_pid);
    SHOW(info.si_signo);
    kill(pid, SIGTERM);
    show_end("child", pid);
}

BEHAVIOUR(waitid_tells_how_the_child_ended) {
    siginfo_t info;
    pid_t pid = ends_with(300);
    SHOW(waitid(P_PID, (id_t)pid, &info, WEXITED));
    show_info(&info, pid);
    pid = pauses();
    kill(pid, SIGKILL);
    SHOW(waitid(P_ALL, 0, &info, WEXITED));
    show_info(&info, pid);
}

BEHAVIOUR(wnowait_leaves_the_child_waitable) {
    siginfo_t info;
    const pid_t pid = ends_with(3);
    SHOW(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
    show_info(&info, pid);
    SHOW(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
    show_end("child", pid);
    SHOW(waitid(P_PID, (id_t)pid, &info, WEXITED));
}

BEHAVIOUR(stops_and_continues_are_reported_once) {
    siginfo_t info;
    int status = 0;
    const pid_t pid = pauses();
    kill(pid, SIGSTOP);
    SHOW(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT));
    show_info(&info, pid);
    SHOW(waitpid(pid, &status, WUNTRACED) == pid);
    show_status("child", status);
    SHOW(waitpid(pid, &status, WUNTRACED | WNOHANG));
    kill(pid, SIGCONT);
    SHOW(waitid(P_PID, (id_t)pid, &info, WCONTINUED | WNOWAIT));
    show_info(&info, pid);
    SHOW(waitpid(pid, &status, WCONTINUED) == pid);
    show_status("child", status);
    SHOW(waitpid(pid, &status, WCONTINUED | WNOHANG));
    kill(pid, SIGKILL);
    show_end("child", pid);
}

BEHAVIOUR(groups_select_children) {
    const pid_t own = ends_with(1);
    const pid_t other = pauses();
    NEED(setpgid(other, other));
    int status = 0;
    SHOW(waitpid(-other, &status, WNOHANG));
    SHOW(waitpid(0, &status, 0) == own);
    SHOW(waitpid(0, &status, WNOHANG));
    kill(-other, SIGKILL);
    SHOW(waitpid(-other, &status, 0) == other);
    siginfo_t info;
    const pid_t last = ends_with(2);
    SHOW(waitid(P_PGID, 0, &info, WEXITED));
    show_info(&info, last);
}

NATIVE(a_pidfd_selects_its_process, OWN) {
    siginfo_t info;
    const pid_t pid = ends_with(4);
    const int fd = (int)NEED(syscall(SYS_pidfd_open, pid, 0));
    SHOW(waitid(P_PIDFD, (id_t)fd, &info, WEXITED));
    show_info(&info, pid);
    SHOW(waitid(P_PIDFD, (id_t)fd, &info, WEXITED));
    SHOW(waitid(P_PIDFD, 0, &info, WEXITED));
    SHOW(waitid(P_PIDFD, 1000, &info, WEXITED));
    SHOW(waitid(P_PIDFD, (id_t)-1, &info, WEXITED));
}

NATIVE(a_nonblocking_pidfd_is_waited_for_with_eagain, OWN) {
    siginfo_t info;
    const pid_t pid = pauses();
    const int fd = (int)NEED(syscall(SYS_pidfd_open, pid, O_NONBLOCK));
    SHOW(fcntl(fd, F_GETFL) & O_NONBLOCK ? 1 : 0);
    SHOW(waitid(P_PIDFD, (id_t)fd, &info, WEXITED));
    SHOW(waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG));
    kill(pid, SIGKILL);
    show_end("child", pid);
}

NATIVE(with_ignored_sigchld_children_leave_nothing, OWN) {
    signal(SIGCHLD, SIG_IGN);
    ends_with(1);
    SHOW(waitpid(-1, NULL, 0));
    struct sigaction action = {.sa_flags = SA_NOCLDWAIT};
    action.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &action, NULL);
    ends_with(1);
    SHOW(waitpid(-1, NULL, 0));
}

static volatile int child_code;
static void note_child(int signal, siginfo_t* info, void* unused) {
    (void)signal, (void)unused;
    child_code = info->si_code;
}

NATIVE(sa_nocldstop_keeps_stops_quiet, OWN) {
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_NOCLDSTOP};
    action.sa_sigaction = note_child;
    sigaction(SIGCHLD, &action, NULL);
    const pid_t pid = pauses();
    kill(pid, SIGSTOP);
    int status;
    SHOW(waitpid(pid, &status, WUNTRACED) == pid);
    SHOW(child_code);
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGCHLD, &action, NULL);
    kill(pid, SIGCONT);
    SHOW(waitpid(pid, &status, WCONTINUED) == pid);
    while (child_code == 0) sleep_ms(1);
    SHOW(child_code == CLD_CONTINUED);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    while (child_code == CLD_CONTINUED) sleep_ms(1);
    SHOW(child_code == CLD_KILLED);
}

BEHAVIOUR(wait_with_a_bad_pointer_is_efault) {
    pid_t pid = ends_with(1);
    SHOW(syscall(SYS_wait4, pid, (void*)16, 0, NULL));
    pid = ends_with(1);
    SHOW(syscall(SYS_waitid, P_PID, pid, (void*)16, WEXITED, NULL));
}

NATIVE(a_wait_that_faults_has_reaped_the_child, OWN) {
    const pid_t pid = ends_with(1);
    SHOW(syscall(SYS_wait4, pid, (void*)16, 0, NULL));
    SHOW(syscall(SYS_wait4, pid, NULL, 0, NULL));
}

BEHAVIOUR(usage_of_children_is_added_when_they_are_waited_for) {
    struct rusage one, all;
    const pid_t pid = (pid_t)NEED(fork());
    if (pid == 0) {
        struct timespec now;
        do {
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        } while (now.tv_nsec < 30000000 && now.tv_sec == 0);
        _exit(0);
    }
    SHOW(wait4(pid, NULL, 0, &one) == pid);
    SHOW(one.ru_utime.tv_usec + one.ru_stime.tv_usec >= 20000);
    SHOW(getrusage(RUSAGE_CHILDREN, &all));
    SHOW(all.ru_utime.tv_usec + all.ru_stime.tv_usec >= 20000);
    SHOW(one.ru_maxrss > 0);
}

BEHAVIOUR(exit_statuses_keep_eight_bits) {
    show_end("256", ends_with(256));
    show_end("-1", ends_with(-1));
}

BEHAVIOUR(an_orphan_gets_another_parent) {
    int ends[2];
    NEED(pipe(ends));
    const pid_t me = getpid();
    const pid_t middle = (pid_t)NEED(fork());
    if (middle == 0) {
        const pid_t parent = getpid();
        if (fork() == 0) {
            while (getppid() == parent) sleep_ms(1);
            const char answer = getppid() == me ? 'm' : 'o';
            NEED(write(ends[1], &answer, 1));
            _exit(0);
        }
        _exit(0);
    }
    show_end("middle", middle);
    char answer = 0;
    SHOW(read(ends[0], &answer, 1));
    SHOW(answer == 'o');
}

NATIVE(a_failed_waitid_tells_of_nobody, OWN) {
    siginfo_t info;
    memset(&info, 0x11, sizeof info);
    SHOW(waitid(P_ALL, 0, &info, WEXITED));
    SHOW(info.si_signo);
    SHOW(info.si_pid);
    SHOW(info.si_status);
    // What comes after is not written.
    SHOW(((unsigned char*)&info)[sizeof info - 1]);
}
