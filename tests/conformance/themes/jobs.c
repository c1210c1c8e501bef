// SPDX-License-Identifier: GPL-2.0-or-later
// Process groups, sessions, stopping and continuing.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static pid_t pauses(void) {
    const pid_t pid = (pid_t)NEED(fork());
    if (pid == 0) {
        for (;;) pause();
    }
    return pid;
}
static void ends(pid_t pid) {
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

BEHAVIOUR(setpgid_follows_its_rules) {
    const pid_t child = pauses();
    SHOW(setpgid(0, -1));
    SHOW(setpgid(-1, 0));
    SHOW(setpgid(99999, 0));
    SHOW(setpgid(getppid(), 0));
    SHOW(setpgid(child, 99999));
    SHOW(setpgid(child, child));
    SHOW(getpgid(child) == child);
    SHOW(setpgid(child, getpgrp()));
    SHOW(setpgid(child, 0));
    SHOW(getpgid(99999));
    SHOW(getpgid(-1));
    ends(child);
}

BEHAVIOUR(a_session_leader_keeps_its_group) {
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        SHOW(setsid() == getpid());
        SHOW(setsid());
        SHOW(setpgid(0, 0));
        SHOW(getsid(0) == getpid());
        SHOW(getpgrp() == getpid());
        _exit(0);
    }
    show_end("child", child);
}

BEHAVIOUR(a_child_of_another_session_cannot_be_moved) {
    int ready[2];
    NEED(pipe(ready));
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        setsid();
        NEED(write(ready[1], "x", 1));
        for (;;) pause();
    }
    char byte;
    NEED(read(ready[0], &byte, 1));
    SHOW(setpgid(child, child));
    SHOW(setpgid(child, getpgrp()));
    SHOW(setpgid(0, child));
    SHOW(getsid(child) == child);
    ends(child);
    SHOW(getsid(child));
}

BEHAVIOUR(a_group_leader_cannot_make_a_session) {
    setpgid(0, 0);
    SHOW(setsid());
    SHOW(getsid(-5));
}

// In place of main, in the program that the behaviour below executes.
__attribute__((constructor)) static void pauses_instead(void) {
    while (getenv("PAUSES") != NULL) pause();
}
NATIVE(after_execve_the_parent_cannot_move_the_child, "qemu-aarch64 executes a program as itself") {
    int ready[2];
    NEED(pipe2(ready, O_CLOEXEC));
    static char* const words[] = {"jobs", NULL};
    static char* const environment[] = {"PAUSES=1", NULL};
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        execve("/proc/self/exe", words, environment);
        _exit(1);
    }
    close(ready[1]);
    char byte;
    SHOW(read(ready[0], &byte, 1));
    SHOW(setpgid(child, child));
    ends(child);
}

BEHAVIOUR(sigstop_stops_a_handler_of_sigcont_runs_after) {
    count_signal(SIGCONT, 0);
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        raise(SIGSTOP);
        _exit(signals_taken);
    }
    int status;
    NEED(waitpid(child, &status, WUNTRACED));
    show_status("child", status);
    kill(child, SIGCONT);
    show_end("child", child);
}

BEHAVIOUR(sigkill_ends_a_stopped_process) {
    const pid_t child = pauses();
    int status;
    kill(child, SIGSTOP);
    NEED(waitpid(child, &status, WUNTRACED));
    kill(child, SIGTERM);
    SHOW(waitpid(child, &status, WNOHANG));
    kill(child, SIGKILL);
    show_end("child", child);
}

BEHAVIOUR(sigcont_drops_pending_stops_and_stops_drop_sigcont) {
    sigset_t set, pending;
    sigemptyset(&set);
    sigaddset(&set, SIGTSTP);
    sigaddset(&set, SIGCONT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    count_signal(SIGCONT, 0);
    raise(SIGTSTP);
    sigpending(&pending);
    SHOW(sigismember(&pending, SIGTSTP));
    raise(SIGCONT);
    sigpending(&pending);
    SHOW(sigismember(&pending, SIGTSTP));
    SHOW(sigismember(&pending, SIGCONT));
    raise(SIGTSTP);
    sigpending(&pending);
    SHOW(sigismember(&pending, SIGCONT));
}

BEHAVIOUR(an_orphaned_group_is_not_stopped_by_the_terminals_signals) {
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        setsid();
        raise(SIGTSTP);
        raise(SIGTTIN);
        raise(SIGTTOU);
        _exit(5);
    }
    show_end("child", child);
}

BEHAVIOUR(a_stopped_group_that_becomes_an_orphan_is_hung_up) {
    int ready[2];
    NEED(pipe(ready));
    const pid_t middle = (pid_t)NEED(fork());
    if (middle == 0) {
        setsid();
        const pid_t last = fork();
        if (last == 0) {
            setpgid(0, 0);
            count_signal(SIGHUP, 0);
            raise(SIGSTOP);
            const char answer = signals_taken == 1 && last_signal == SIGHUP ? 'h' : 'n';
            NEED(write(ready[1], &answer, 1));
            _exit(0);
        }
        int status;
        waitpid(last, &status, WUNTRACED);
        _exit(0);
    }
    close(ready[1]);
    show_end("middle", middle);
    char answer = '-';
    SHOW(read(ready[0], &answer, 1));
    SHOW(answer == 'h');
}

BEHAVIOUR(a_stopped_child_of_the_last_member_tells_its_signal) {
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        setpgid(0, 0);
        raise(SIGTSTP);
        raise(SIGTTIN);
        _exit(2);
    }
    int status;
    NEED(waitpid(child, &status, WUNTRACED));
    show_status("first", status);
    kill(child, SIGCONT);
    NEED(waitpid(child, &status, WUNTRACED));
    show_status("second", status);
    kill(child, SIGCONT);
    show_end("child", child);
}

BEHAVIOUR(a_stopped_sleep_goes_on) {
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        struct timespec time = {0, 50000000}, left = {9, 9};
        _exit(nanosleep(&time, &left) == 0 ? 1 : 2);
    }
    int status;
    kill(child, SIGSTOP);
    NEED(waitpid(child, &status, WUNTRACED));
    sleep_ms(5);
    kill(child, SIGCONT);
    show_end("child", child);
}
