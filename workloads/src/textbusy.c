// SPDX-License-Identifier: GPL-2.0-or-later
// Files that are run and written: what ETXTBSY refuses, and the set-ID bits that a write takes away.
// Each execution is a copy of this program, which waits for its standard input to end.
// Usage: textbusy, in a directory that can be written, as the superuser.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "copy_of_this.h"
#include "show.h"

extern char** environ;

struct running {
    pid_t pid;
    int input;
};

// The errno of execve, or 0 and a process that waits; `how` is the program's argument.
static int start(struct running* child, const char* path, const char* how) {
    int input[2], failed[2], error = 0;
    if (pipe2(input, O_CLOEXEC) != 0 || pipe2(failed, O_CLOEXEC) != 0) return errno;
    child->pid = fork();
    if (child->pid == 0) {
        char* arguments[] = {"copy", (char*)how, NULL};
        dup2(input[0], 0);
        execve(path, arguments, environ);
        error = errno;
        if (write(failed[1], &error, sizeof error) < 0) _exit(2);
        _exit(1);
    }
    close(input[0]);
    close(failed[1]);
    if (read(failed[0], &error, sizeof error) != sizeof error) error = 0;
    close(failed[0]);
    child->input = input[1];
    if (error == 0) return 0;
    close(child->input);
    waitpid(child->pid, NULL, 0);
    return error;
}

static void end(struct running* child) {
    close(child->input);
    waitpid(child->pid, NULL, 0);
}

// What execve says, at once.
static long runs(const char* path) {
    struct running child;
    const int error = start(&child, path, "wait");
    if (error == 0) end(&child);
    errno = error;
    return error == 0 ? 0 : -1;
}

static long opens(const char* path, int flags) {
    const int fd = open(path, flags);
    if (fd >= 0) close(fd);
    return fd < 0 ? -1 : 0;
}

static long make(const char* path, const char* text) {
    unlink(path);
    const int fd = open(path, O_CREAT | O_WRONLY, 0755);
    if (fd < 0) return -1;
    if (text == NULL ? copy_of_this(fd) != 0 : write(fd, text, strlen(text)) < 0) return -1;
    return close(fd);
}

static void writers(void) {
    struct running child;
    errno = start(&child, "program", "wait");
    puts("while it runs");
    SHOW(opens("program", O_WRONLY));
    SHOW(opens("program", O_RDWR));
    SHOW(opens("program", O_RDONLY | O_TRUNC));
    SHOW(opens("program", O_WRONLY | O_CREAT | O_TRUNC));
    SHOW(opens("program", O_RDONLY));
    SHOW(truncate("program", 5));
    SHOW(chmod("program", 0711));
    SHOW(link("program", "other"));
    SHOW(opens("other", O_WRONLY));
    SHOW(rename("other", "renamed"));
    SHOW(opens("renamed", O_RDWR));
    SHOW(unlink("renamed"));
    kill(child.pid, SIGKILL);
    siginfo_t info;
    waitid(P_PID, (id_t)child.pid, &info, WEXITED | WNOWAIT);
    puts("before its end is waited for");
    SHOW(opens("program", O_RDWR));
    end(&child);

    errno = start(&child, "program", "fork");
    waitpid(child.pid, NULL, 0);
    puts("while a child runs that it left");
    SHOW(opens("program", O_RDWR));
    close(child.input);
}

static void programs(void) {
    int fd = open("program", O_WRONLY);
    puts("while it is open");
    SHOW(runs("program"));
    close(fd);
    SHOW(runs("program"));
    fd = open("program", O_RDONLY);
    SHOW(runs("program"));
    close(fd);
    fd = open("program", O_RDWR);
    void* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    void* own = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    close(fd);
    puts("while it is mapped");
    SHOW(runs("program"));
    munmap(page, 4096);
    munmap(own, 4096);
    SHOW(runs("program"));
    char line[600], cwd[300];
    snprintf(line, sizeof line, "#!%s/program\n", getcwd(cwd, sizeof cwd));
    make("script", line);
    puts("a script");
    SHOW(runs("script"));
    fd = open("script", O_WRONLY);
    SHOW(runs("script"));
    close(fd);
    fd = open("program", O_WRONLY);
    SHOW(runs("script"));
    close(fd);
    puts("in memory");
    const int memory = memfd_create("program", 0);
    copy_of_this(memory);
    char name[40];
    snprintf(name, sizeof name, "/proc/self/fd/%d", memory);
    SHOW(runs(name) == 0);
    const int again = open(name, O_RDWR);
    SHOW(runs(name));
    close(again);
    struct running child;
    errno = start(&child, name, "wait");
    SHOW(opens(name, O_RDWR));
    SHOW(pwrite(memory, "", 1, 0));
    end(&child);
}

static long bits(const char* path) {
    struct stat status;
    return stat(path, &status) == 0 ? (long)(status.st_mode & 07777) : -1;
}

// In a child that is not the superuser.
static void written_by_another(const char* how, mode_t mode, gid_t group) {
    make("written", "text");
    if (chown("written", 0, group) != 0) return;
    chmod("written", mode);
    fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
        if (setgid(1000) != 0 || setuid(1000) != 0) _exit(1);
        if (strcmp(how, "truncate") == 0) _exit(truncate("written", 2) != 0);
        const int fd = open("written", strcmp(how, "O_TRUNC") == 0 ? O_WRONLY | O_TRUNC : O_RDWR);
        if (strcmp(how, "write") == 0 && write(fd, "x", 1) != 1) _exit(1);
        if (strcmp(how, "nothing") == 0 && write(fd, "x", 0) != 0) _exit(1);
        if (strcmp(how, "ftruncate") == 0 && ftruncate(fd, 1) != 0) _exit(1);
        if (strcmp(how, "fallocate") == 0 && fallocate(fd, 0, 0, 100) != 0) _exit(1);
        if (strcmp(how, "sendfile") == 0 && sendfile(fd, open("script", O_RDONLY), NULL, 1) != 1) _exit(1);
        _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    printf("%s of %o of group %u by another, %d: %lo\n", how, (unsigned)mode, group, status, (unsigned long)bits("written"));
}

static void set_ids(void) {
    static const char* const kHow[] = {"open", "nothing", "write", "sendfile", "O_TRUNC", "truncate", "ftruncate", "fallocate"};
    for (unsigned i = 0; i < sizeof kHow / sizeof *kHow; ++i) {
        written_by_another(kHow[i], 06777, 0);
        written_by_another(kHow[i], 02767, 0);
        written_by_another(kHow[i], 02767, 1000);
    }
    make("written", "text");
    chmod("written", 06777);
    const int fd = open("written", O_WRONLY);
    if (write(fd, "x", 1) != 1) return;
    close(fd);
    printf("write by the superuser: %lo\n", (unsigned long)bits("written"));
}

int main(int count, char** arguments) {
    char byte;
    if (count > 1) {
        if (strcmp(arguments[1], "fork") == 0 && fork() != 0) return 0;
        while (read(0, &byte, 1) > 0) {}
        return 0;
    }
    signal(SIGPIPE, SIG_IGN);
    mkdir("textbusy-files", 0777);
    if (chdir("textbusy-files") != 0 || make("program", NULL) != 0) return 1;
    writers();
    make("program", NULL);
    programs();
    set_ids();
    unlink("program");
    unlink("script");
    unlink("written");
    if (chdir("..") != 0) return 1;
    return rmdir("textbusy-files");
}
