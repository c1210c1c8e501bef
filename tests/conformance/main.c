// SPDX-License-Identifier: GPL-2.0-or-later
// Runs the behaviours of one theme, each in a child of its own with an empty directory of its own.
// Usage: THEME list | all | qemu | native | expected | NAME...
// `list` prints each judge and name. `expected` prints what the documentation of the documented
// ones says.
#include <ftw.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

enum { kSecondsOfOne = 20 };

extern const struct behaviour __start_behaviours[], __stop_behaviours[];

static const char* const kJudges[] = {"qemu", "native", "documented"};

static int wanted(const struct behaviour* row, int count, char** arguments) {
    for (int i = 1; i < count; ++i) {
        if (strcmp(arguments[i], "all") == 0 || strcmp(arguments[i], row->name) == 0 ||
            strcmp(arguments[i], kJudges[row->judge]) == 0)
            return 1;
    }
    return 0;
}

static int remove_one(const char* path, const struct stat* status, int kind, struct FTW* at) {
    (void)status, (void)kind, (void)at;
    remove(path);
    return 0;
}

// 0 where it did not end in time.
static int ended(pid_t child, int* status) {
    const struct timespec limit = {kSecondsOfOne, 0};
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    for (;;) {
        if (waitpid(child, status, WNOHANG) == child) return 1;
        if (sigtimedwait(&children, NULL, &limit) < 0 && errno == EAGAIN) break;
    }
    return waitpid(child, status, WNOHANG) == child;
}

static void run_one(const struct behaviour* row, const sigset_t* mask) {
    const char* where = getenv("TMPDIR");
    char folder[300];
    snprintf(folder, sizeof folder, "%s/behaviour-XXXXXX", where != NULL ? where : "/tmp");
    if (mkdtemp(folder) == NULL || chmod(folder, 0777) != 0) perror(folder);
    printf("== %s\n", row->name);
    const pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        sigprocmask(SIG_SETMASK, mask, NULL);
        if (chdir(folder) != 0) _exit(98);
        row->run();
        _exit(0);
    }
    int status = 0;
    if (!ended(child, &status)) {
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        puts("-- did not end");
    } else if (status != 0) {
        show_status("--", status);
    }
    kill(-child, SIGKILL);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

// A new network namespace of the judge has it down.
static void raise_loopback(void) {
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    ioctl(fd, SIOCSIFFLAGS, &request);
    close(fd);
}

int main(int count, char** arguments) {
    setvbuf(stdout, NULL, _IONBF, 0);
    if (count < 2) return 2;
    raise_loopback();
    sigset_t children, mask;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, &mask);
    for (const struct behaviour* row = __start_behaviours; row < __stop_behaviours; ++row) {
        if (strcmp(arguments[1], "list") == 0)
            printf("%s %s\n", kJudges[row->judge], row->name);
        else if (strcmp(arguments[1], "expected") == 0) {
            if (row->judge == JUDGE_DOCUMENTED) printf("== %s\n%s", row->name, row->expected);
        } else if (wanted(row, count, arguments))
            run_one(row, &mask);
    }
    return 0;
}
