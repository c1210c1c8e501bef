// SPDX-License-Identifier: GPL-2.0-or-later
// Locks, leases, owners of descriptors, dnotify.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static int fd;

static int lock(int command, short type, off_t start, off_t length) {
    struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    const int result = fcntl(fd, command, &range);
    if (command == F_GETLK || command == F_OFD_GETLK)
        printf("type %d, start %ld, length %ld, pid %d\n", range.l_type, (long)range.l_start,
               (long)range.l_len, range.l_pid > 0 ? 1 : range.l_pid);
    return result;
}

static void contends(void) {
    SHOW(lock(F_SETLK, F_WRLCK, 0, 1));
    SHOW(lock(F_GETLK, F_WRLCK, 0, 0));
    SHOW(lock(F_SETLK, F_WRLCK, 20, 5));
    SHOW(lock(F_SETLK, F_RDLCK, 0, 1));
}

BEHAVIOUR(a_range_is_one_processs) {
    fd = open("file", O_CREAT | O_RDWR, 0644);
    SHOW(lock(F_SETLK, F_WRLCK, 0, 10));
    IN_CHILD(contends);
    SHOW(lock(F_SETLK, F_RDLCK, 0, 10));
    IN_CHILD(contends);
    SHOW(lock(F_SETLK, F_UNLCK, 4, 2));
    IN_CHILD(contends);
    close(open("file", O_RDONLY));
    IN_CHILD(contends);
}

BEHAVIOUR(locks_are_checked) {
    int ends[2];
    NEED(pipe(ends));
    fd = open("file", O_CREAT | O_RDONLY, 0644);
    SHOW(lock(F_SETLK, F_WRLCK, 0, 0));
    SHOW(lock(F_SETLK, F_RDLCK, 0, 0));
    SHOW(lock(F_SETLK, 7, 0, 0));
    SHOW(lock(F_SETLK, F_RDLCK, -1, 0));
    SHOW(lock(F_SETLK, F_RDLCK, 10, -5));
    SHOW(lock(F_SETLK, F_RDLCK, 3, -5));
    SHOW(lock(F_GETLK, F_UNLCK, 0, 0));
    SHOW(fcntl(fd, F_SETLK, 8));
    fd = ends[0];
    SHOW(lock(F_SETLK, F_RDLCK, 0, 0));
    struct flock range = {.l_type = F_RDLCK, .l_pid = 1};
    SHOW(fcntl(fd, F_OFD_SETLK, &range));
}

BEHAVIOUR(two_that_wait_for_each_other_are_a_deadlock) {
    fd = open("file", O_CREAT | O_RDWR, 0644);
    NEED(lock(F_SETLK, F_WRLCK, 0, 1));
    int ends[2];
    char byte;
    NEED(pipe(ends));
    const pid_t child = fork();
    if (child == 0) {
        NEED(lock(F_SETLK, F_WRLCK, 1, 1));
        NEED(write(ends[1], "x", 1));
        NEED(lock(F_SETLKW, F_WRLCK, 0, 1));
        _exit(5);
    }
    NEED(read(ends[0], &byte, 1));
    until_asleep(child);
    SHOW(lock(F_SETLKW, F_WRLCK, 1, 1));
    const int unlocked = lock(F_SETLK, F_UNLCK, 0, 1);
    show_end("child", child);
    SHOW(unlocked);
}

BEHAVIOUR(a_descriptions_locks_are_apart) {
    fd = open("file", O_CREAT | O_RDWR, 0644);
    const int first = fd, second = open("file", O_RDWR);
    SHOW(lock(F_OFD_SETLK, F_WRLCK, 0, 10));
    fd = second;
    SHOW(lock(F_OFD_SETLK, F_RDLCK, 0, 10));
    SHOW(lock(F_OFD_GETLK, F_RDLCK, 0, 10));
    SHOW(lock(F_SETLK, F_RDLCK, 0, 10));
    close(first);
    SHOW(lock(F_OFD_SETLK, F_RDLCK, 0, 10));
}

BEHAVIOUR(flock_is_the_descriptions) {
    const int first = open("file", O_CREAT | O_RDWR, 0644), second = open("file", O_RDONLY);
    SHOW(flock(first, LOCK_EX));
    SHOW(flock(second, LOCK_SH | LOCK_NB));
    SHOW(flock(dup(first), LOCK_SH | LOCK_NB));
    SHOW(flock(second, LOCK_SH | LOCK_NB));
    SHOW(flock(first, LOCK_EX | LOCK_NB));
    SHOW(flock(second, LOCK_UN));
    SHOW(flock(second, 0));
    SHOW(flock(second, LOCK_SH | LOCK_EX));
    SHOW(flock(-1, LOCK_SH));
    SHOW(flock(open("file", O_PATH), LOCK_SH));
}

BEHAVIOUR(an_owner_is_a_process_or_a_group) {
    int ends[2];
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    SHOW(fcntl(ends[0], F_GETOWN));
    SHOW(fcntl(ends[0], F_SETOWN, getpid()));
    SHOW(fcntl(ends[0], F_GETOWN) == getpid());
    SHOW(fcntl(ends[0], F_SETOWN, -getpgrp()));
    SHOW(syscall(SYS_fcntl, ends[0], F_GETOWN, 0) == -getpgrp());
    SHOW(fcntl(ends[0], F_SETOWN, 999999));
    SHOW(fcntl(ends[0], F_SETOWN, 0));
    SHOW(fcntl(ends[0], F_GETSIG));
    SHOW(fcntl(ends[0], F_SETSIG, SIGUSR1));
    SHOW(fcntl(ends[0], F_GETSIG));
    SHOW(fcntl(ends[0], F_SETSIG, 99));
    struct f_owner_ex owner = {F_OWNER_TID, 0};
    owner.pid = (pid_t)syscall(SYS_gettid);
    SHOW(fcntl(ends[0], F_SETOWN_EX, &owner));
    owner.type = 9;
    SHOW(fcntl(ends[0], F_GETOWN_EX, &owner));
    SHOW(owner.type);
    owner.type = 9;
    SHOW(fcntl(ends[0], F_SETOWN_EX, &owner));
    owner = (struct f_owner_ex){F_OWNER_PID, 999999};
    SHOW(fcntl(ends[0], F_SETOWN_EX, &owner));
}

BEHAVIOUR(o_async_sends_sigio_to_the_owner) {
    int ends[2];
    char byte;
    NEED(pipe(ends));
    count_signal(SIGIO, 0);
    count_signal(SIGUSR1, 0);
    NEED(fcntl(ends[0], F_SETOWN, getpid()));
    NEED(fcntl(ends[0], F_SETFL, O_ASYNC));
    SHOW(fcntl(ends[0], F_GETFL) & O_ASYNC);
    NEED(write(ends[1], "x", 1));
    SHOW(signals_taken);
    NEED(read(ends[0], &byte, 1));
    NEED(fcntl(ends[0], F_SETSIG, SIGUSR1));
    NEED(write(ends[1], "x", 1));
    SHOW(last_signal == SIGUSR1);
    NEED(fcntl(ends[0], F_SETFL, 0));
    NEED(write(ends[1], "x", 1));
    SHOW(signals_taken);
}

BEHAVIOUR(a_lease_is_one_opens) {
    make_file("file", "");
    const int reader = open("file", O_RDONLY), writer = open("file", O_RDWR);
    SHOW(fcntl(reader, F_GETLEASE));
    SHOW(fcntl(reader, F_SETLEASE, F_RDLCK));
    SHOW(fcntl(writer, F_SETLEASE, F_RDLCK));
    SHOW(fcntl(writer, F_SETLEASE, F_WRLCK));
    close(writer);
    SHOW(fcntl(reader, F_SETLEASE, F_RDLCK));
    SHOW(fcntl(reader, F_GETLEASE));
    SHOW(fcntl(reader, F_SETLEASE, F_WRLCK));
    SHOW(fcntl(reader, F_GETLEASE));
    SHOW(fcntl(reader, F_SETLEASE, F_UNLCK));
    SHOW(fcntl(reader, F_GETLEASE));
    SHOW(fcntl(reader, F_SETLEASE, 9));
    SHOW(fcntl(open(".", O_RDONLY), F_SETLEASE, F_RDLCK));
}

static void opens_leased(void) {
    SHOW(open("file", O_RDONLY | O_NONBLOCK) < 0);
    SHOW(errno);
    SHOW(open("file", O_WRONLY | O_NONBLOCK));
    SHOW(open("file", O_WRONLY) < 0);
}

BEHAVIOUR(a_conflicting_open_waits_for_the_lease) {
    make_file("file", "");
    fd = open("file", O_RDONLY);
    count_signal(SIGIO, 0);
    NEED(fcntl(fd, F_SETLEASE, F_RDLCK));
    const pid_t child = child_of(opens_leased);
    until_asleep(child);
    SHOW(signals_taken > 0);
    SHOW(fcntl(fd, F_GETLEASE));
    const int given_back = fcntl(fd, F_SETLEASE, F_UNLCK);
    show_end("child", child);
    SHOW(given_back);
}

BEHAVIOUR(dnotify_tells_of_a_directory_once) {
    count_signal(SIGIO, 0);
    fd = open(".", O_RDONLY);
    SHOW(fcntl(fd, F_NOTIFY, DN_CREATE | DN_DELETE));
    make_file("file", "");
    SHOW(signals_taken);
    unlink("file");
    SHOW(signals_taken);
    SHOW(fcntl(fd, F_NOTIFY, DN_CREATE | DN_DELETE | DN_MULTISHOT));
    make_file("file", "");
    unlink("file");
    SHOW(signals_taken);
    SHOW(fcntl(fd, F_NOTIFY, 0));
    make_file("file", "");
    SHOW(signals_taken);
    SHOW(fcntl(open("file", O_RDONLY), F_NOTIFY, DN_CREATE));
}

static volatile int told_code, told_band, told_descriptor;
static void takes_poll(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)context;
    told_code = info->si_code;
    told_band = (int)info->si_band;
    told_descriptor = info->si_fd;
}
static void show_told(int asked) {
    printf("code %d, band %x, %s\n", told_code, told_band,
           told_descriptor == asked ? "its descriptor" : "another");
    told_code = told_band = told_descriptor = 0;
}
static void opens_to_write(void) {
    open("file", O_WRONLY | O_NONBLOCK);
}
NATIVE(a_chosen_signal_tells_the_descriptor,
       "qemu-aarch64 copies si_band and si_fd of no signal but SIGIO") {
    const struct sigaction action = {.sa_sigaction = takes_poll,
                                     .sa_flags = SA_SIGINFO | SA_RESTART};
    int ends[2];
    NEED(sigaction(SIGRTMIN + 1, &action, NULL));
    NEED(pipe(ends));
    NEED(fcntl(ends[0], F_SETSIG, SIGRTMIN + 1));
    NEED(fcntl(ends[0], F_SETOWN, getpid()));
    NEED(fcntl(ends[0], F_SETFL, O_ASYNC));
    NEED(write(ends[1], "x", 1));
    show_told(ends[0]);

    make_file("file", "");
    fd = open(".", O_RDONLY);
    NEED(fcntl(fd, F_SETSIG, SIGRTMIN + 1));
    NEED(fcntl(fd, F_NOTIFY, DN_CREATE));
    make_file("other", "");
    show_told(fd);

    fd = open("file", O_RDONLY);
    NEED(fcntl(fd, F_SETSIG, SIGRTMIN + 1));
    NEED(fcntl(fd, F_SETLEASE, F_RDLCK));
    IN_CHILD(opens_to_write);
    show_told(fd);
}

BEHAVIOUR(dnotify_tells_of_the_directory_itself_and_of_renames_in_it) {
    NEED(mkdir("directory", 0755));
    count_signal(SIGIO, 0);
    fd = open("directory", O_RDONLY);
    SHOW(fcntl(fd, F_NOTIFY, DN_ATTRIB | DN_MULTISHOT));
    NEED(chmod("directory", 0700));
    SHOW(signals_taken);
    SHOW(fcntl(fd, F_NOTIFY, DN_RENAME | DN_MULTISHOT));
    make_file("directory/file", "");
    NEED(rename("directory/file", "directory/name"));
    SHOW(signals_taken);
    NEED(rename("directory/name", "name"));
    NEED(rename("name", "directory/name"));
    SHOW(signals_taken);
}

BEHAVIOUR(who_waits_for_a_signal_of_a_file_is_told_which) {
    const sigset_t waited = signal_set(SIGRTMIN + 1);
    const struct timespec now = {0};
    siginfo_t told;
    block_signal(SIGRTMIN + 1);
    fd = open(".", O_RDONLY);
    NEED(fcntl(fd, F_SETSIG, SIGRTMIN + 1));
    NEED(fcntl(fd, F_NOTIFY, DN_CREATE));
    make_file("file", "");
    SHOW(sigtimedwait(&waited, &told, &now) == SIGRTMIN + 1);
    printf("code %d, band %lx, %s\n", told.si_code, (unsigned long)told.si_band,
           told.si_fd == fd ? "its descriptor" : "another");
}
