// SPDX-License-Identifier: GPL-2.0-or-later
#include "steps.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

volatile int signals_taken, last_signal;

long need_value(long value, const char* expression) {
    if (value >= 0) return value;
    printf("needed: %s: %s\n", expression, strerrorname_np(errno));
    _exit(99);
}

void make_file(const char* name, const char* text) {
    const int fd = (int)NEED(open(name, O_CREAT | O_TRUNC | O_WRONLY, 0644));
    NEED(write(fd, text, strlen(text)));
    close(fd);
}

void show_file(const char* name) {
    char text[4096];
    const int fd = open(name, O_RDONLY);
    if (fd < 0) {
        printf("%s: no file: %s\n", name, strerrorname_np(errno));
        return;
    }
    const ssize_t size = read(fd, text, sizeof text);
    printf("%s: \"%.*s\"\n", name, size < 0 ? 0 : (int)size, text);
    close(fd);
}

void make_owned_file(const char* name, uid_t user, gid_t group, mode_t mode) {
    make_file(name, "text");
    NEED(chown(name, user, group));
    NEED(chmod(name, mode));
}

int may_open(const char* name, int flags) {
    const int fd = open(name, flags);
    if (fd >= 0) close(fd);
    return fd < 0 ? -1 : 0;
}

void write_text(const char* name, const char* text) {
    const int fd = open(name, O_WRONLY);
    if (fd < 0) {
        SHOW(fd);
        return;
    }
    printf("%s <- %s: ", name, text);
    SHOW(write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1);
    close(fd);
}

pid_t child_of(void (*run)(void)) {
    const pid_t pid = (pid_t)NEED(fork());
    if (pid != 0) return pid;
    run();
    _exit(0);
}

pid_t user_child_of(void (*run)(void)) {
    const pid_t pid = (pid_t)NEED(fork());
    if (pid != 0) return pid;
    NEED(setgroups(0, NULL));
    NEED(setresgid(1000, 1000, 1000));
    NEED(setresuid(1000, 1000, 1000));
    run();
    _exit(0);
}

void show_status(const char* name, int status) {
    if (WIFEXITED(status))
        printf("%s: status %d\n", name, WEXITSTATUS(status));
    else if (WIFSIGNALED(status))
        printf("%s: signal SIG%s%s\n", name, sigabbrev_np(WTERMSIG(status)),
               WCOREDUMP(status) ? ", core" : "");
    else if (WIFSTOPPED(status))
        printf("%s: stopped by SIG%s\n", name, sigabbrev_np(WSTOPSIG(status)));
    else if (WIFCONTINUED(status))
        printf("%s: continued\n", name);
}

void show_end(const char* name, pid_t child) {
    int status = 0;
    NEED(waitpid(child, &status, 0));
    show_status(name, status);
}

pid_t paused_child(void) {
    const pid_t pid = (pid_t)NEED(fork());
    if (pid == 0) {
        for (;;) pause();
    }
    return pid;
}

pid_t ended_child(void) {
    const pid_t pid = (pid_t)NEED(fork());
    if (pid == 0) _exit(0);
    waitpid(pid, NULL, 0);
    return pid;
}

void sleep_ms(long ms) {
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

void until_asleep(pid_t pid) {
    char name[64], text[512];
    snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
    for (int tries = 0; tries < 2000; ++tries) {
        const int fd = open(name, O_RDONLY);
        const ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
        if (fd >= 0) close(fd);
        text[size < 0 ? 0 : size] = 0;
        const char* end = strrchr(text, ')');
        if (end != NULL && end[1] == ' ' && end[2] == 'S') return;
        sleep_ms(1);
    }
}

static void taken(int signal) {
    signals_taken = signals_taken + 1;
    last_signal = signal;
}

void count_signal(int signal, int flags) {
    struct sigaction action = {.sa_flags = flags};
    action.sa_handler = taken;
    NEED(sigaction(signal, &action, NULL));
}

sigset_t signal_set(int signal) {
    sigset_t set;
    sigemptyset(&set);
    if (signal != 0) sigaddset(&set, signal);
    return set;
}

void block_signal(int signal) {
    const sigset_t set = signal_set(signal);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

void unblock_signal(int signal) {
    const sigset_t set = signal_set(signal);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int signal_is_pending(int signal) {
    sigset_t set;
    sigpending(&set);
    return sigismember(&set, signal);
}
