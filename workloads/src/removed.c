// SPDX-License-Identifier: GPL-2.0-or-later
// A removed directory, as a working directory and as an open file. Usage:
// removed, in a directory that can be written.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "show.h"

static void status(const char* what, int result, const struct stat* s) {
    if (result < 0) {
        show_value(what, result, errno);
    } else {
        printf("%s: mode %o links %lu\n", what, s->st_mode, (unsigned long)s->st_nlink);
    }
}
#define STATUS(call)             \
    do {                         \
        struct stat s;           \
        status(#call, call, &s); \
    } while (0)
// Descriptors count as 0.
#define OPENS(call)                                    \
    do {                                               \
        errno = 0;                                     \
        const int opened = call;                       \
        show_value(#call, opened < 0 ? -1 : 0, errno); \
    } while (0)

int main(void) {
    char bytes[4096], start[2000];
    if (getcwd(start, sizeof start) == NULL) return 1;
    if (mkdir("gone", 0755) != 0 || mkdir("gone/sub", 0700) != 0 || chdir("gone/sub") != 0)
        return 1;
    const int fd = open(".", O_RDONLY), path = open(".", O_PATH);
    STATUS(stat(".", &s));
    SHOW(rmdir("../sub"));
    STATUS(stat(".", &s));
    STATUS(lstat(".", &s));
    STATUS(stat("./", &s));
    STATUS(stat("./.", &s));
    STATUS(fstat(fd, &s));
    STATUS(fstatat(fd, ".", &s, 0));
    STATUS(fstatat(fd, "", &s, AT_EMPTY_PATH));
    STATUS(fstatat(path, ".", &s, 0));
    STATUS(fstatat(AT_FDCWD, "", &s, AT_EMPTY_PATH));
    OPENS(open(".", O_RDONLY));
    OPENS(open(".", O_PATH | O_DIRECTORY));
    OPENS(openat(fd, ".", O_RDONLY));
    SHOW(syscall(SYS_getdents64, fd, bytes, sizeof bytes));
    SHOW(syscall(SYS_getdents64, open(".", O_RDONLY), bytes, sizeof bytes));
    OPENS(open("file", O_CREAT | O_RDWR, 0600));
    OPENS(open("file", O_RDONLY));
    SHOW(mkdir("x", 0700));
    SHOW(symlink("a", "x"));
    SHOW(unlink("a"));
    SHOW(rmdir("."));
    SHOW(access(".", R_OK));
    SHOW(access("a", R_OK));
    SHOW(chdir("."));
    SHOW(fchdir(fd));
    SHOW(syscall(SYS_getcwd, bytes, sizeof bytes));
    STATUS(stat("..", &s));
    OPENS(open("..", O_RDONLY));
    SHOW(chdir(".."));
    printf("in ...%s\n", getcwd(bytes, sizeof bytes) == NULL ? "" : strstr(bytes, "/gone"));
    SHOW(fchdir(fd));
    SHOW(fchdir(path));
    STATUS(stat(".", &s));
    SHOW(chdir(start));
    SHOW(rmdir("gone"));
    STATUS(fstatat(fd, "..", &s, 0));
    return 0;
}
