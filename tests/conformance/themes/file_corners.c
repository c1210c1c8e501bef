// SPDX-License-Identifier: GPL-2.0-or-later
// Calls on files that are rarely made: what they refuse.
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/quota.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static void as_user(void) {
    SHOW(swapon("file", 0));
    SHOW(swapoff("file"));
    SHOW(acct(NULL));
}

BEHAVIOUR(swap_and_accounting_are_the_superusers) {
    make_file("file", "");
    AS_USER(as_user);
    SHOW(swapoff("missing"));
    SHOW(swapon("missing", 0));
    SHOW(swapoff("file"));
    SHOW(swapoff("."));
}

BEHAVIOUR(duplicates_are_checked) {
    SHOW(dup(-1));
    SHOW(dup2(-1, 5));
    SHOW(dup2(0, -1));
    SHOW(dup2(0, 1 << 20));
    SHOW(dup3(0, 0, 0));
    SHOW(dup3(0, 5, 1));
    SHOW(dup3(0, 50, O_CLOEXEC));
    SHOW(fcntl(50, F_GETFD));
    SHOW(dup2(50, 50));
    SHOW(dup2(77, 77));
    SHOW(fcntl(0, F_DUPFD, 60));
    SHOW(fcntl(0, F_DUPFD, -1));
    SHOW(fcntl(0, F_DUPFD, 1 << 20));
    SHOW(fcntl(0, F_DUPFD_CLOEXEC, 60));
    SHOW(fcntl(61, F_GETFD));
    SHOW(fcntl(61, F_SETFD, 0));
    SHOW(fcntl(61, F_GETFD));
    SHOW(fcntl(61, 77));
}

BEHAVIOUR(flags_of_a_description) {
    make_file("file", "");
    const int fd = open("file", O_RDWR | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_CREAT | O_NOCTTY);
    SHOW((fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK | O_CREAT | O_CLOEXEC)) ==
         (O_RDWR | O_APPEND | O_NONBLOCK));
    SHOW(fcntl(fd, F_SETFL, O_RDONLY | O_TRUNC));
    SHOW((fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK | O_TRUNC)) == O_RDWR);
    SHOW(fcntl(fd, F_SETFL, O_NONBLOCK));
    SHOW((fcntl(dup(fd), F_GETFL) & O_NONBLOCK) != 0);
    SHOW(fcntl(-1, F_GETFL));
}

BEHAVIOUR(close_range_closes_what_there_is) {
    NEED(dup2(0, 50));
    NEED(dup2(0, 52));
    SHOW(syscall(SYS_close_range, 52, 50, 0));
    SHOW(syscall(SYS_close_range, 50, 51, 99));
    SHOW(syscall(SYS_close_range, 50, 51, 0));
    SHOW(fcntl(50, F_GETFD));
    SHOW(fcntl(52, F_GETFD));
    SHOW(syscall(SYS_close_range, 50, ~0u, 4));
    SHOW(fcntl(52, F_GETFD));
    SHOW(close(77));
    SHOW(close(-1));
}

BEHAVIOUR(lookup_cookies_and_old_calls_are_gone) {
    SHOW(syscall(SYS_lookup_dcookie, 0, 0, 0));
    SHOW(syscall(SYS_nfsservctl, 0, 0, 0));
}

BEHAVIOUR(fifos_wait_for_both_ends) {
    NEED(mkfifo("fifo", 0600));
    SHOW(open("fifo", O_WRONLY | O_NONBLOCK));
    const pid_t child = fork();
    if (child == 0) {
        const int writer = (int)NEED(open("fifo", O_WRONLY));
        NEED(write(writer, "text", 4));
        _exit(0);
    }
    char text[5] = "";
    const int reader = (int)NEED(open("fifo", O_RDONLY));
    SHOW(read(reader, text, 4));
    SHOW(read(reader, text, 4));
    show_end("child", child);
    struct stat status;
    NEED(fstat(reader, &status));
    printf("%o\n", status.st_mode);
    SHOW(lseek(reader, 0, SEEK_SET));
    SHOW(open("fifo", O_RDWR) > 0);
}

BEHAVIOUR(chdir_refuses) {
    make_file("file", "");
    NEED(mkdir("folder", 0755));
    NEED(symlink("self", "self"));
    SHOW(chdir("file"));
    SHOW(chdir("missing"));
    SHOW(chdir("self"));
    SHOW(chdir(""));
    SHOW(chdir((const char*)8));
    SHOW(fchdir(open("file", O_RDONLY)));
    SHOW(fchdir(-1));
    SHOW(fchdir(open("folder", O_PATH)));
    SHOW(chdir(".."));
}

BEHAVIOUR(a_terminal_is_asked_only_of_one) {
    int value = 0;
    make_file("file", "text");
    const int fd = open("file", O_RDONLY);
    SHOW(ioctl(fd, TIOCGPGRP, &value));
    SHOW(ioctl(fd, FIONREAD, &value));
    SHOW(value);
    SHOW(ioctl(fd, FIONBIO, 8));
    SHOW(ioctl(fd, FIONBIO, &value));
    SHOW(ioctl(-1, FIONREAD, &value));
    SHOW(ioctl(open("file", O_PATH), FIONREAD, &value));
    SHOW(ioctl(fd, FIGETBSZ, &value));
    SHOW(value);
}
struct handle {
    struct file_handle head;
    unsigned char bytes[128];
};

NATIVE(a_handle_opens_its_file, "qemu 7.2 opens the handle with the host's layout") {
    struct handle handle = {.head.handle_bytes = 0};
    int mount = 0;
    make_file("file", "text");
    SHOW(name_to_handle_at(AT_FDCWD, "file", &handle.head, &mount, 0));
    SHOW(handle.head.handle_bytes > 0);
    SHOW(name_to_handle_at(AT_FDCWD, "file", &handle.head, &mount, 0));
    const int folder = open(".", O_RDONLY);
    const int fd = open_by_handle_at(folder, &handle.head, O_RDONLY);
    SHOW(fd > 0);
    char text[5] = "";
    SHOW(read(fd, text, 4));
    printf("%s\n", text);
    SHOW(name_to_handle_at(AT_FDCWD, "missing", &handle.head, &mount, 0));
    SHOW(name_to_handle_at(AT_FDCWD, "file", &handle.head, &mount, 0x8));
    SHOW(name_to_handle_at(AT_FDCWD, "", &handle.head, &mount, 0));
    SHOW(name_to_handle_at(folder, "", &handle.head, &mount, AT_EMPTY_PATH));
    handle.head.handle_bytes = 129;
    SHOW(name_to_handle_at(AT_FDCWD, "file", &handle.head, &mount, 0));
    SHOW(open_by_handle_at(folder, &handle.head, O_RDONLY));
    handle.head.handle_bytes = 0;
    SHOW(open_by_handle_at(folder, &handle.head, O_RDONLY));
    SHOW(open_by_handle_at(-1, &handle.head, O_RDONLY));
}

static void opens_by_handle(void) {
    struct handle handle = {.head.handle_bytes = 128};
    int mount;
    SHOW(name_to_handle_at(AT_FDCWD, "file", &handle.head, &mount, 0));
    SHOW(open_by_handle_at(AT_FDCWD, &handle.head, O_RDONLY));
}

static int mount_tmpfs(const char* name) {
    NEED(mkdir(name, 0755));
    return mount("tmpfs", name, "tmpfs", 0, NULL);
}
NATIVE(a_handle_is_of_its_file_system, "qemu 7.2 opens the handle with the host's layout") {
    struct {
        struct file_handle head;
        char bytes[MAX_HANDLE_SZ];
    } link = {.head = {.handle_bytes = MAX_HANDLE_SZ}};
    int mount, ends[2];
    NEED(mount_tmpfs("here"));
    make_file("here/file", "");
    NEED(symlink("file", "here/link"));
    NEED(name_to_handle_at(AT_FDCWD, "here/link", &link.head, &mount, 0));
    const int near = (int)NEED(open("here", O_RDONLY));
    SHOW(open_by_handle_at(near, &link.head, O_RDONLY));
    SHOW(open_by_handle_at(near, &link.head, O_PATH) >= 0);
    NEED(pipe(ends));
    SHOW(open_by_handle_at(ends[0], &link.head, O_PATH));
    NEED(mount_tmpfs("there"));
    SHOW(open_by_handle_at((int)NEED(open("there", O_RDONLY)), &link.head, O_PATH));
}

NATIVE(handles_are_opened_by_the_superuser, "qemu 7.2 opens the handle with the host's layout") {
    make_file("file", "text");
    AS_USER(opens_by_handle);
}

static void reads_own(void) {
    char name[40], text[5] = "";
    struct stat status;
    const int own = (int)NEED(open("file", O_RDONLY));
    snprintf(name, sizeof name, "/proc/self/fd/%d", own);
    const int again = open(name, O_RDONLY);
    SHOW(again > own);
    SHOW(read(again, text, 4));
    NEED(stat("/proc/self", &status));
    SHOW(status.st_uid);
}

NATIVE(a_process_reaches_its_descriptors_as_another_user, "qemu is the process of /proc") {
    make_file("file", "text");
    AS_USER(reads_own);
}

BEHAVIOUR(an_empty_path_has_no_target) {
    char text[8];
    NEED(symlink("to", "link"));
    SHOW(readlink("", text, sizeof text));
    SHOW(readlinkat((int)NEED(open(".", O_RDONLY)), "", text, sizeof text));
    SHOW(readlinkat((int)NEED(open("link", O_PATH | O_NOFOLLOW)), "", text, sizeof text));
    SHOW(readlink(".", text, sizeof text));
}

NATIVE(the_third_mode_is_for_ioctl, "qemu 7.2 opens it to read and write") {
    char byte;
    make_file("file", "text");
    const int fd = (int)NEED(open("file", 3));
    SHOW(read(fd, &byte, 1));
    SHOW(write(fd, "x", 1));
    SHOW(open("file", O_RDWR | O_TMPFILE | O_CREAT, 0600));
}
