// SPDX-License-Identifier: GPL-2.0-or-later
// Programs that are executed by a descriptor: execveat(2) with a directory, with AT_EMPTY_PATH and
// with what it refuses; fexecve of a file in memory. Each execution is this program again, which
// says what it was called. Usage: execat, in a directory that can be written.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "copy_of_this.h"

extern char** environ;

static void executed(const char* how, int descriptor, const char* path, int flags) {
    char* arguments[] = {"called", "payload", NULL};
    printf("%s: ", how);
    fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
        syscall(SYS_execveat, descriptor, path, arguments, environ, flags);
        printf("%s\n", strerrorname_np(errno));
        fflush(stdout);
        _exit(1);
    }
    waitpid(pid, NULL, 0);
}

int main(int count, char** arguments) {
    if (count > 1) {
        printf("%s, named %s", arguments[0], (const char*)getauxval(AT_EXECFN));
        for (int i = 1; i < count; ++i) printf(" %s", arguments[i]);
        puts("");
        return 0;
    }
    mkdir("execat-files", 0755);
    const int directory = open("execat-files", O_RDONLY | O_DIRECTORY);
    const int file = openat(directory, "program", O_CREAT | O_WRONLY, 0755);
    if (copy_of_this(file) < 0) return 1;
    close(file);
    symlinkat("program", directory, "link");
    const int script = openat(directory, "script", O_CREAT | O_WRONLY, 0755);
    char cwd[300], line[600];
    snprintf(line, sizeof line, "#!%s/execat-files/program\n", getcwd(cwd, sizeof cwd));
    if (write(script, line, strlen(line)) < 0) return 1;
    close(script);
    // Numbers that do not depend on what was opened before.
    const int fd = 20, closing = 21, folder = 22, text = 23, memory = 24;
    dup3(openat(directory, "program", O_PATH), fd, 0);
    dup3(openat(directory, "program", O_RDONLY), closing, O_CLOEXEC);
    dup3(directory, folder, 0);
    dup3(openat(directory, "script", O_RDONLY), text, 0);
    const int made = memfd_create("program", 0);
    if (copy_of_this(made) < 0) return 1;
    dup3(made, memory, 0);

    executed("directory", folder, "program", 0);
    executed("working directory", AT_FDCWD, "execat-files/program", 0);
    executed("path", fd, "", AT_EMPTY_PATH);
    executed("closed at exec", closing, "", AT_EMPTY_PATH);
    executed("memory", memory, "", AT_EMPTY_PATH);
    executed("link", folder, "link", 0);
    executed("no link", folder, "link", AT_SYMLINK_NOFOLLOW);
    executed("not a link", folder, "program", AT_SYMLINK_NOFOLLOW);
    executed("flags", folder, "program", 1);
    executed("empty", fd, "", 0);
    executed("not a directory", fd, "program", 0);
    executed("not open", 99, "program", 0);
    executed("missing", folder, "nothing", 0);
    executed("directory itself", folder, "", AT_EMPTY_PATH);
    executed("no program", text, "", AT_EMPTY_PATH | 0x4000);

    unlinkat(directory, "program", 0);
    unlinkat(directory, "link", 0);
    unlinkat(directory, "script", 0);
    rmdir("execat-files");
    executed("removed", closing, "", AT_EMPTY_PATH);
    return 0;
}
