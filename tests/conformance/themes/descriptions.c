// SPDX-License-Identifier: GPL-2.0-or-later
// What fcntl and others ask of an open file description: whether it is another's, who made its
// file, hints; files without a place that keep what is set.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#ifndef F_DUPFD_QUERY
#define F_DUPFD_QUERY 1027
#define F_CREATED_QUERY 1028
#endif
#ifndef F_GET_RW_HINT
#define F_GET_RW_HINT 1035
#define F_SET_RW_HINT 1036
#endif
#define WHY "qemu 7.2 has not these commands"

NATIVE(two_descriptors_are_of_one_description, WHY) {
    make_file("file", "");
    const int one = open("file", O_RDONLY), two = dup(one), other = open("file", O_RDONLY);
    SHOW(fcntl(one, F_DUPFD_QUERY, two));
    SHOW(fcntl(one, F_DUPFD_QUERY, one));
    SHOW(fcntl(one, F_DUPFD_QUERY, other));
    SHOW(fcntl(one, F_DUPFD_QUERY, -1));
    SHOW(fcntl(99, F_DUPFD_QUERY, one));
    SHOW(fcntl(open("file", O_PATH), F_DUPFD_QUERY, one));
}

NATIVE(who_made_a_file_knows_it, WHY) {
    const int made = open("file", O_RDONLY | O_CREAT, 0644);
    SHOW(fcntl(made, F_CREATED_QUERY));
    SHOW(fcntl(dup(made), F_CREATED_QUERY));
    SHOW(fcntl(open("file", O_RDONLY | O_CREAT, 0644), F_CREATED_QUERY));
    SHOW(fcntl(open(".", O_RDWR | O_TMPFILE, 0644), F_CREATED_QUERY));
    SHOW(fcntl(open("/dev/null", O_RDONLY), F_CREATED_QUERY));
    SHOW(fcntl(99, F_CREATED_QUERY));
}

static void hints(void) {
    uint64_t hint = 1;
    const int fd = open("file", O_RDONLY);
    SHOW(fcntl(fd, F_GET_RW_HINT, &hint));
    SHOW(fcntl(fd, F_SET_RW_HINT, &hint));
}

NATIVE(hints_of_writes_are_the_files, WHY) {
    uint64_t hint = 9;
    make_file("file", "");
    const int fd = open("file", O_RDWR);
    SHOW(fcntl(fd, F_GET_RW_HINT, &hint));
    SHOW(hint);
    hint = 3;
    SHOW(fcntl(fd, F_SET_RW_HINT, &hint));
    hint = 0;
    SHOW(fcntl(open("file", O_RDONLY), F_GET_RW_HINT, &hint));
    SHOW(hint);
    hint = 6;
    SHOW(fcntl(fd, F_SET_RW_HINT, &hint));
    SHOW(fcntl(fd, F_SET_RW_HINT, 8));
    AS_USER(hints);
}

NATIVE(a_description_asks_for_its_own_locks, WHY) {
    struct flock range = {.l_type = F_RDLCK, .l_start = 2, .l_len = 3};
    make_file("file", "");
    const int fd = open("file", O_RDWR), other = open("file", O_RDWR);
    NEED(fcntl(fd, F_OFD_SETLK, &range));
    range = (struct flock){.l_type = F_UNLCK};
    SHOW(fcntl(fd, F_OFD_GETLK, &range));
    printf("%d %ld %ld %d\n", range.l_type, (long)range.l_start, (long)range.l_len, range.l_pid);
    range = (struct flock){.l_type = F_UNLCK};
    SHOW(fcntl(other, F_OFD_GETLK, &range));
    printf("%d\n", range.l_type);
    range = (struct flock){.l_type = F_UNLCK};
    SHOW(fcntl(fd, F_GETLK, &range));
}

BEHAVIOUR(mandatory_locks_are_not_taken) {
    SHOW(flock(open(".", O_RDONLY), 32));
    SHOW(flock(-1, 32 | 64));
    SHOW(flock(-1, 3));
    SHOW(flock(-1, LOCK_SH));
}

NATIVE(the_null_device_is_always_at_its_start, "the same of every device") {
    char byte;
    const int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR);
    SHOW(lseek(null, 5, SEEK_SET));
    SHOW(lseek(null, 0, SEEK_END));
    SHOW(lseek(null, 0, 9));
    NEED(read(zero, &byte, 1));
    SHOW(lseek(zero, -3, SEEK_CUR));
    SHOW(lseek(zero, 0, SEEK_HOLE));
}

NATIVE(advice_and_space_of_what_has_no_pages, "qemu 7.2 lets the host decide") {
    int ends[2], pair[2];
    NEED(pipe(ends));
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    const int fds[] = {ends[0],
                       pair[0],
                       eventfd(0, 0),
                       epoll_create1(0),
                       timerfd_create(CLOCK_REALTIME, 0),
                       open("/dev/null", O_RDWR)};
    for (int i = 0; i < 6; ++i) {
        printf("%d\n", i);
        SHOW(posix_fadvise(fds[i], 0, 1, POSIX_FADV_NORMAL));
        SHOW(posix_fadvise(fds[i], 0, -1, POSIX_FADV_NORMAL));
        SHOW(posix_fadvise(fds[i], 0, 1, 99));
        SHOW(fallocate(fds[i], 0, 0, 1));
        SHOW(fallocate(fds[i], 0x4000, 0, 1));
    }
    SHOW(fallocate(ends[1], 0, 0, 1));
}

static void keeps_modes(void) {
    int ends[2], pair[2];
    struct stat seen;
    NEED(pipe(ends));
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    SHOW(fchmod(ends[0], 0640));
    NEED(fstat(ends[1], &seen));
    printf("%o %u %u\n", seen.st_mode, seen.st_uid, seen.st_gid);
    SHOW(fchmod(pair[0], 0604));
    NEED(fstat(pair[0], &seen));
    printf("%o %u %u\n", seen.st_mode, seen.st_uid, seen.st_gid);
    SHOW(fchown(pair[0], 0, -1));
    SHOW(fchown(ends[0], -1, 1000));
}

NATIVE(pipes_and_sockets_keep_modes_and_owners, "qemu 7.2 lets the host decide") {
    int ends[2];
    struct stat seen;
    NEED(pipe(ends));
    SHOW(fchown(ends[1], 7, 8));
    NEED(fstat(ends[0], &seen));
    printf("%u %u\n", seen.st_uid, seen.st_gid);
    AS_USER(keeps_modes);
}

static void names_what_it_opened(void) {
    SHOW(linkat(99, "", AT_FDCWD, "name", AT_EMPTY_PATH));
    const int own = open(".", O_RDWR | O_TMPFILE, 0644);
    SHOW(linkat(own, "", AT_FDCWD, "own", AT_EMPTY_PATH));
    const pid_t child = fork();
    if (child == 0) {
        SHOW(linkat(own, "", AT_FDCWD, "again", AT_EMPTY_PATH));
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

NATIVE(who_opened_a_file_may_name_it, WHY) {
    NEED(chmod(".", 0777));
    NEED(dup2((int)NEED(open(".", O_RDWR | O_TMPFILE, 0666)), 99));
    AS_USER(names_what_it_opened);
    SHOW(linkat(99, "", AT_FDCWD, "name", AT_EMPTY_PATH));
}

static pid_t sharing_child(void) {
    return (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
}

NATIVE(close_range_leaves_the_others_their_descriptors, "qemu 7.2 has no such clone") {
    NEED(dup2(0, 50));
    pid_t child = (pid_t)NEED(sharing_child());
    if (child == 0) {
        SHOW(syscall(SYS_close_range, 50, 60, 2));
        SHOW(fcntl(50, F_GETFD));
        _exit(0);
    }
    waitpid(child, NULL, 0);
    SHOW(fcntl(50, F_GETFD));
    child = (pid_t)NEED(sharing_child());
    if (child == 0) {
        SHOW(syscall(SYS_close_range, 50, 60, 0));
        _exit(0);
    }
    waitpid(child, NULL, 0);
    SHOW(fcntl(50, F_GETFD));
}
