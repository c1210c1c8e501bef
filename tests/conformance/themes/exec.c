// SPDX-License-Identifier: GPL-2.0-or-later
// execve and execveat: errors, scripts, what a new program keeps.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define EMULATED "qemu-aarch64 loads programs itself"

static long run(const char* path, const void* words, const void* environment) {
    return syscall(SYS_execve, path, words, environment);
}

static char* const none[] = {NULL};
static char* const name_only[] = {"name", NULL};

static void make_program(const char* name, const char* text, mode_t mode) {
    make_file(name, text);
    NEED(chmod(name, mode));
}

NATIVE(execve_tells_what_is_wrong_with_the_file, EMULATED) {
    make_program("nothing", "", 0755);
    make_program("text", "this is not a program", 0755);
    make_program("plain", "#!/bin/sh\n", 0644);
    make_program("badshell", "#!/no/such/program\n", 0755);
    make_program("blank", "#!\n", 0755);
    make_program("spaces", "#!   \n", 0755);
    make_program("folder-as-shell", "#!/\n", 0755);
    NEED(mkdir("folder", 0755));
    NEED(symlink("loop", "loop"));
    SHOW(run("none", name_only, none));
    SHOW(run("", name_only, none));
    SHOW(run("nothing", name_only, none));
    SHOW(run("text", name_only, none));
    SHOW(run("plain", name_only, none));
    SHOW(run("badshell", name_only, none));
    SHOW(run("blank", name_only, none));
    SHOW(run("spaces", name_only, none));
    SHOW(run("folder-as-shell", name_only, none));
    SHOW(run("folder", name_only, none));
    SHOW(run("loop", name_only, none));
    SHOW(run("text/below", name_only, none));
    SHOW(run((char*)16, name_only, none));
    SHOW(run("/dev/null", name_only, none));
}

NATIVE(execve_of_a_name_that_is_too_long_is_enametoolong, EMULATED) {
    static char name[8192];
    memset(name, 'a', 300);
    SHOW(run(name, name_only, none));
    memset(name, '/', sizeof name - 1);
    SHOW(run(name, name_only, none));
}

NATIVE(execve_counts_the_bytes_of_its_arguments, EMULATED) {
    static char big[140000];
    make_program("script", "#!/proc/self/exe\n", 0755);
    memset(big, 'a', 131072);
    char* const one[] = {"script", big, NULL};
    SHOW(run("script", one, none));
    SHOW(run("script", name_only, one));
    SHOW(run("script", (void*)16, none));
    char* const wild[] = {(char*)16, NULL};
    SHOW(run("script", wild, none));
    SHOW(run("script", name_only, wild));
}

NATIVE(scripts_nest_five_deep, EMULATED) {
    static char text[300], where[256];
    NEED(getcwd(where, sizeof where) == NULL ? -1 : 0);
    for (int i = 0; i < 8; ++i) {
        char name[8];
        snprintf(name, sizeof name, "s%d", i);
        snprintf(text, sizeof text, "#!%s/s%d\n", where, i + 1);
        make_program(name, text, 0755);
    }
    SHOW(run("s0", name_only, none));
}

static int made_program(const char* name) {
    const int from = (int)NEED(open("/proc/self/exe", O_RDONLY));
    const int to = (int)NEED(open(name, O_CREAT | O_WRONLY | O_TRUNC, 0755));
    static char part[65536];
    ssize_t size;
    while ((size = read(from, part, sizeof part)) > 0) NEED(write(to, part, (size_t)size));
    close(from);
    return to;
}

// What a program runs that is executed with the argument "list": it prints and ends. Only the end
// is looked at.
static char* const lists[] = {"name", "nothing-of-that-name", NULL};

static void runs_by_descriptor(void) {
    close(made_program("copy"));
    const int fd = (int)NEED(open("copy", O_RDONLY));
    NEED(syscall(SYS_execveat, fd, "", lists, none, AT_EMPTY_PATH));
}
NATIVE(execveat_executes_an_open_file, EMULATED) {
    IN_CHILD(runs_by_descriptor);
}

static void runs_by_path_descriptor(void) {
    close(made_program("copy"));
    const int fd = (int)NEED(open("copy", O_PATH | O_CLOEXEC));
    NEED(syscall(SYS_execveat, fd, "", lists, none, AT_EMPTY_PATH));
}
NATIVE(execveat_executes_a_path_descriptor, EMULATED) {
    IN_CHILD(runs_by_path_descriptor);
}

static void runs_in_folder(void) {
    NEED(mkdir("folder", 0755));
    close(made_program("folder/copy"));
    const int fd = (int)NEED(open("folder", O_RDONLY | O_DIRECTORY));
    NEED(syscall(SYS_execveat, fd, "copy", lists, none, 0));
}
NATIVE(execveat_starts_at_a_directory, EMULATED) {
    IN_CHILD(runs_in_folder);
}

NATIVE(execveat_checks_its_arguments, EMULATED) {
    make_program("plain", "x", 0644);
    NEED(symlink("/proc/self/exe", "link"));
    const int plain = (int)NEED(open("plain", O_RDONLY));
    SHOW(syscall(SYS_execveat, -1, "plain", name_only, none, 0));
    SHOW(syscall(SYS_execveat, plain, "plain", name_only, none, 0));
    SHOW(syscall(SYS_execveat, plain, "", name_only, none, 0));
    SHOW(syscall(SYS_execveat, plain, "", name_only, none, AT_EMPTY_PATH));
    SHOW(syscall(SYS_execveat, AT_FDCWD, "link", name_only, none, AT_SYMLINK_NOFOLLOW));
    SHOW(syscall(SYS_execveat, AT_FDCWD, "plain", name_only, none, -1));
    SHOW(syscall(SYS_execveat, -1, "", name_only, none, AT_EMPTY_PATH));
    SHOW(syscall(SYS_execveat, AT_FDCWD, "", name_only, none, AT_EMPTY_PATH));
}

NATIVE(a_file_that_is_open_for_writing_cannot_be_executed, EMULATED) {
    const int fd = made_program("busy");
    SHOW(run("busy", lists, none));
    close(fd);
    const pid_t pid = (pid_t)NEED(fork());
    if (pid == 0) {
        execve("busy", lists, none);
        _exit(1);
    }
    show_end("after close", pid);
}

static void user_executes(void) {
    SHOW(run("secret", name_only, none));
    SHOW(run("closed/program", name_only, none));
}
NATIVE(a_user_needs_the_right_to_execute, EMULATED) {
    make_program("secret", "#!/bin/true\n", 0700);
    NEED(mkdir("closed", 0700));
    make_program("closed/program", "#!/bin/true\n", 0755);
    AS_USER(user_executes);
}

// In place of main, in the program that the behaviour below executes.
__attribute__((constructor)) static void shows_kept(void) {
    if (getenv("KEPT") == NULL) return;
    struct sigaction one, two;
    sigset_t mask, pending;
    sigaction(SIGUSR1, NULL, &one);
    sigaction(SIGUSR2, NULL, &two);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    sigpending(&pending);
    _exit((one.sa_handler == SIG_DFL) | (two.sa_handler == SIG_IGN) << 1 |
          sigismember(&mask, SIGHUP) << 2 | sigismember(&pending, SIGHUP) << 3 |
          (alarm(0) != 0) << 4 | (fcntl(20, F_GETFD) < 0) << 5 | (fcntl(21, F_GETFD) == 0) << 6);
}
NATIVE(what_a_new_program_keeps, EMULATED) {
    static char* const environment[] = {"KEPT=1", NULL};
    const pid_t pid = (pid_t)NEED(fork());
    if (pid == 0) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGHUP);
        count_signal(SIGUSR1, 0);
        signal(SIGUSR2, SIG_IGN);
        sigprocmask(SIG_BLOCK, &set, NULL);
        raise(SIGHUP);
        alarm(1000);
        dup3(0, 20, O_CLOEXEC);
        dup2(0, 21);
        execve("/proc/self/exe", name_only, environment);
        _exit(99);
    }
    show_end("new program", pid);
}
