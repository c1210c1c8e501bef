// SPDX-License-Identifier: GPL-2.0-or-later
// Exercises: processes. TIMES times (default 1000) fork, vfork and exec of itself and wait, with a pipe to each child,
// memory that parent and child both write, shared memory that both see, and a signal to the child.
//
//     forks [TIMES]
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int failures;

static void check(int right, const char* what, int n) {
    if (right) return;
    ++failures;
    printf("WRONG: %s in round %d\n", what, n);
}

// The child's own copy of memory, and what both see.
static void fork_and_pipe(int n, int* shared) {
    static int private_value;
    int ends[2];
    if (pipe(ends) != 0) exit(3);
    private_value = n;
    *shared = 0;
    const pid_t child = fork();
    if (child == 0) {
        private_value = -1;
        *shared = n;
        char text[32];
        const int length = snprintf(text, sizeof text, "child %d", n);
        _exit(write(ends[1], text, (size_t)length) == length ? n % 100 : 99);
    }
    close(ends[1]);
    char text[32] = "", expected[32];
    snprintf(expected, sizeof expected, "child %d", n);
    ssize_t length = 0, more;
    while ((more = read(ends[0], text + length, sizeof text - 1 - (size_t)length)) > 0) length += more;
    close(ends[0]);
    int status = 0;
    check(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == n % 100, "exit status", n);
    check(strcmp(text, expected) == 0, "text from the pipe", n);
    check(private_value == n, "private memory", n);
    check(*shared == n, "shared memory", n);
}

static void vfork_and_exec(int n) {
    char number[16];
    snprintf(number, sizeof number, "%d", n % 50);
    const pid_t child = vfork();
    if (child == 0) {
        execl("/proc/self/exe", "forks", "--exit", number, (char*)NULL);
        _exit(98);
    }
    int status = 0;
    check(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == n % 50, "exec", n);
}

static void kill_child(int n) {
    const pid_t child = fork();
    if (child == 0) {
        for (;;) pause();
    }
    kill(child, n % 2 == 0 ? SIGTERM : SIGKILL);
    int status = 0;
    check(waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
              WTERMSIG(status) == (n % 2 == 0 ? SIGTERM : SIGKILL), "killed child", n);
}

int main(int argc, char** argv) {
    if (argc == 3 && strcmp(argv[1], "--exit") == 0) return atoi(argv[2]);
    const int times = argc > 1 ? atoi(argv[1]) : 1000;
    int* shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int n = 0; n < times; ++n) {
        fork_and_pipe(n, shared);
        vfork_and_exec(n);
        if (n % 10 == 0) kill_child(n);
    }
    printf("%d rounds: %s\n", times, failures == 0 ? "right" : "WRONG");
    return failures != 0;
}
