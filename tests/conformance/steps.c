// SPDX-License-Identifier: GPL-2.0-or-later
#include "steps.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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
