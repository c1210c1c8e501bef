// SPDX-License-Identifier: GPL-2.0-or-later
// inotify: which events come, in which order.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static int in;
static char buffer[65536];

static void start(void) {
    in = (int)NEED(inotify_init1(IN_NONBLOCK));
}

// All events that wait: watch, mask, whether there is a cookie, name.
static void show_events(void) {
    for (;;) {
        const ssize_t size = read(in, buffer, sizeof buffer);
        if (size <= 0) break;
        for (char* at = buffer; at < buffer + size;) {
            const struct inotify_event* event = (const struct inotify_event*)at;
            printf("  %d %x%s %s (%u)\n", event->wd, event->mask, event->cookie ? " cookie" : "",
                   event->len ? event->name : "", event->len);
            at += sizeof *event + event->len;
        }
    }
    puts("  -");
}

BEHAVIOUR(a_file_is_opened_read_written_and_closed) {
    char byte;
    make_file("file", "text");
    start();
    SHOW(inotify_add_watch(in, "file", IN_ALL_EVENTS));
    const int reader = open("file", O_RDONLY);
    NEED(read(reader, &byte, 1));
    NEED(read(reader, &byte, 1));
    close(reader);
    const int writer = open("file", O_WRONLY);
    NEED(write(writer, "x", 1));
    close(writer);
    show_events();
    NEED(ftruncate(open("file", O_RDWR), 1));
    NEED(truncate("file", 1));
    NEED(close(open("file", O_WRONLY | O_TRUNC)));
    show_events();
}

BEHAVIOUR(attributes_are_told) {
    make_file("file", "text");
    start();
    NEED(inotify_add_watch(in, "file", IN_ALL_EVENTS));
    NEED(chmod("file", 0600));
    NEED(chown("file", 1, 1));
    NEED(utimensat(AT_FDCWD, "file", NULL, 0));
    NEED(link("file", "second"));
    NEED(setxattr("file", "user.a", "x", 1, 0));
    show_events();
    NEED(unlink("second"));
    show_events();
    NEED(unlink("file"));
    show_events();
}

BEHAVIOUR(a_directory_tells_of_its_entries) {
    NEED(mkdir("folder", 0755));
    start();
    SHOW(inotify_add_watch(in, "folder", IN_ALL_EVENTS));
    make_file("folder/file", "text");
    NEED(mkdir("folder/inner", 0755));
    NEED(symlink("x", "folder/link"));
    NEED(mkfifo("folder/fifo", 0644));
    NEED(link("folder/file", "folder/hard"));
    show_events();
    show_file("folder/file");
    NEED(chmod("folder/file", 0600));
    NEED(unlink("folder/file"));
    NEED(rmdir("folder/inner"));
    show_events();
    make_file("folder/a name of thirty-two bytes here", "");
    show_events();
}

BEHAVIOUR(a_rename_has_one_cookie_at_both_ends) {
    NEED(mkdir("a", 0755));
    NEED(mkdir("b", 0755));
    make_file("a/file", "text");
    make_file("b/other", "text");
    NEED(mkdir("a/inner", 0755));
    start();
    NEED(inotify_add_watch(in, "a", IN_ALL_EVENTS));
    NEED(inotify_add_watch(in, "b", IN_ALL_EVENTS));
    NEED(inotify_add_watch(in, "a/file", IN_ALL_EVENTS));
    NEED(rename("a/file", "b/new"));
    show_events();
    NEED(rename("a/inner", "a/moved"));
    show_events();
    NEED(rename("b/new", "b/other"));
    show_events();
}

BEHAVIOUR(a_removed_file_ends_its_watch) {
    make_file("file", "");
    NEED(mkdir("folder", 0755));
    start();
    NEED(inotify_add_watch(in, "file", IN_DELETE_SELF | IN_ATTRIB));
    NEED(inotify_add_watch(in, "folder", IN_DELETE_SELF));
    const int fd = open("file", O_RDONLY);
    NEED(unlink("file"));
    show_events();
    close(fd);
    show_events();
    NEED(rmdir("folder"));
    show_events();
    SHOW(inotify_rm_watch(in, 1));
}

BEHAVIOUR(watches_are_numbered_and_one_for_a_file) {
    make_file("a", "");
    make_file("b", "");
    NEED(symlink("a", "link"));
    start();
    SHOW(inotify_add_watch(in, "a", IN_OPEN));
    SHOW(inotify_add_watch(in, "b", IN_OPEN));
    SHOW(inotify_add_watch(in, "link", IN_CLOSE));
    SHOW(inotify_add_watch(in, "link", IN_CLOSE | IN_DONT_FOLLOW));
    SHOW(inotify_rm_watch(in, 2));
    show_events();
    SHOW(inotify_rm_watch(in, 2));
    SHOW(inotify_add_watch(in, "b", IN_OPEN));
    close(open("a", O_RDONLY));
    show_events();
}

BEHAVIOUR(masks_are_added_or_replaced) {
    make_file("a", "");
    start();
    SHOW(inotify_add_watch(in, "a", IN_OPEN));
    SHOW(inotify_add_watch(in, "a", IN_CLOSE | IN_MASK_ADD));
    close(open("a", O_RDONLY));
    show_events();
    SHOW(inotify_add_watch(in, "a", IN_OPEN | IN_MASK_CREATE));
    SHOW(inotify_add_watch(in, "a", IN_OPEN | IN_MASK_CREATE | IN_MASK_ADD));
    SHOW(inotify_add_watch(in, "a", IN_MODIFY | IN_ONESHOT));
    make_file("a", "x");
    show_events();
    SHOW(inotify_rm_watch(in, 1));
}

BEHAVIOUR(calls_are_checked) {
    make_file("a", "");
    NEED(mkfifo("fifo", 0600));
    SHOW(inotify_init1(1));
    start();
    SHOW(inotify_add_watch(in, "a", 0));
    SHOW(inotify_add_watch(in, "a", IN_ONLYDIR | IN_OPEN));
    SHOW(inotify_add_watch(in, "missing", IN_OPEN));
    SHOW(inotify_add_watch(in, (const char*)8, IN_OPEN));
    SHOW(inotify_add_watch(-1, "a", IN_OPEN));
    SHOW(inotify_add_watch(0, "a", IN_OPEN));
    SHOW(inotify_rm_watch(in, 7));
    SHOW(inotify_rm_watch(-1, 1));
    SHOW(inotify_rm_watch(0, 1));
    SHOW(read(in, buffer, 100));
    SHOW(write(in, buffer, 100));
    SHOW(lseek(in, 0, SEEK_SET));
    SHOW(fcntl(inotify_init1(IN_CLOEXEC), F_GETFD));
}

static void watches_unreadable(void) {
    start();
    SHOW(inotify_add_watch(in, "secret", IN_OPEN));
    SHOW(inotify_add_watch(in, "plain", IN_OPEN));
}

BEHAVIOUR(a_watch_needs_read_permission) {
    make_file("secret", "");
    make_file("plain", "");
    NEED(chmod("secret", 0600));
    AS_USER(watches_unreadable);
}

BEHAVIOUR(reads_take_whole_events) {
    int count = -1;
    NEED(mkdir("folder", 0755));
    start();
    NEED(inotify_add_watch(in, "folder", IN_CREATE));
    make_file("folder/a", "");
    make_file("folder/b", "");
    SHOW(ioctl(in, FIONREAD, &count));
    SHOW(count);
    SHOW(read(in, buffer, 16));
    SHOW(read(in, buffer, 40));
    POLL(in);
    SHOW(read(in, buffer, 40));
    POLL(in);
    make_file("folder/c", "");
    const int set = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    NEED(epoll_ctl(set, EPOLL_CTL_ADD, in, &event));
    SHOW(epoll_wait(set, &event, 1, 0));
    SHOW(event.events);
}

BEHAVIOUR(the_same_event_comes_once) {
    make_file("file", "");
    start();
    NEED(inotify_add_watch(in, "file", IN_MODIFY | IN_ATTRIB));
    const int fd = open("file", O_WRONLY);
    for (int i = 0; i < 5; ++i) NEED(write(fd, "x", 1));
    NEED(fchmod(fd, 0600));
    for (int i = 0; i < 5; ++i) NEED(write(fd, "x", 1));
    show_events();
}

static int limit(void) {
    FILE* file = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
    int count = 0;
    return file != NULL && fscanf(file, "%d", &count) == 1 ? count : -1;
}

BEHAVIOUR(too_many_events_are_an_overflow) {
    struct inotify_event event, last = {0};
    make_file("file", "");
    start();
    SHOW(limit());
    NEED(inotify_add_watch(in, "file", IN_ATTRIB | IN_MODIFY));
    const int fd = open("file", O_WRONLY);
    for (int i = 0; i < 8200; ++i) {
        NEED(fchmod(fd, 0600));
        NEED(write(fd, "x", 1));
    }
    int count = 0;
    while (read(in, &event, sizeof event) == sizeof event) ++count, last = event;
    printf("%d events, the last %d %x\n", count, last.wd, last.mask);
}

BEHAVIOUR(an_unlinked_file_is_excluded_when_asked) {
    NEED(mkdir("folder", 0755));
    make_file("folder/file", "text");
    start();
    NEED(inotify_add_watch(in, "folder", IN_MODIFY | IN_EXCL_UNLINK));
    const int fd = open("folder/file", O_WRONLY);
    NEED(write(fd, "x", 1));
    NEED(unlink("folder/file"));
    NEED(write(fd, "x", 1));
    show_events();
}

static void reads_one(void) {
    in = (int)NEED(inotify_init1(0));
    NEED(inotify_add_watch(in, "file", IN_OPEN));
    SHOW(read(in, buffer, sizeof buffer));
}

BEHAVIOUR(a_blocking_read_waits_for_the_first_event) {
    make_file("file", "");
    const pid_t child = child_of(reads_one);
    until_asleep(child);
    close(open("file", O_RDONLY));
    show_end("child", child);
}

BEHAVIOUR(attributes_of_directories_are_told_as_such) {
    NEED(mkdir("directory", 0755));
    NEED(mkdir("directory/below", 0755));
    start();
    SHOW(inotify_add_watch(in, "directory", IN_ATTRIB | IN_ACCESS | IN_MODIFY));
    SHOW(inotify_add_watch(in, "directory/below", IN_ATTRIB));
    NEED(chmod("directory", 0700));
    NEED(chmod("directory/below", 0700));
    NEED(chown("directory", 1, 1));
    NEED(utimensat(AT_FDCWD, "directory", NULL, 0));
    show_events();
}

NATIVE(a_watched_tmpfs_is_unmounted, "qemu-aarch64 passes mounts on to the host") {
    NEED(mkdir("m", 0755));
    NEED(mount("none", "m", "tmpfs", 0, NULL));
    make_file("m/file", "");
    start();
    SHOW(inotify_add_watch(in, "m/file", IN_MODIFY));
    SHOW(umount("m"));
    show_events();
    SHOW(inotify_rm_watch(in, 1));
    NEED(mount("none", "m", "tmpfs", 0, NULL));
    SHOW(inotify_add_watch(in, "m", IN_MODIFY));
    SHOW(umount2("m", MNT_DETACH));
    show_events();
}

NATIVE(a_program_is_opened_read_and_closed, "qemu-aarch64 reads the program itself") {
    const int fd = open("program", O_CREAT | O_WRONLY, 0755);
    NEED(write(fd, "no program", 10));
    start();
    SHOW(inotify_add_watch(in, "program", IN_ALL_EVENTS));
    SHOW(execl("program", "program", NULL));
    show_events();
    close(fd);
    show_events();
    SHOW(execl("program", "program", NULL));
    show_events();
}

DOCUMENTED(a_queue_lists_its_watches, "Documentation/filesystems/proc.rst, fdinfo of inotify",
           "inotify_add_watch(in, \"one\", IN_OPEN) = 1\n"
           "inotify_add_watch(in, \"two\", IN_ATTRIB | IN_EXCL_UNLINK) = 2\n"
           "wd:2 mask:4000004 ignored_mask:0 the file\n"
           "wd:1 mask:20 ignored_mask:0 the file\n") {
    unsigned watch, device, mask, ignored;
    unsigned long inode;
    struct stat one, two;
    char name[64], line[256];
    make_file("one", "");
    make_file("two", "");
    start();
    SHOW(inotify_add_watch(in, "one", IN_OPEN));
    SHOW(inotify_add_watch(in, "two", IN_ATTRIB | IN_EXCL_UNLINK));
    NEED(stat("one", &one));
    NEED(stat("two", &two));
    snprintf(name, sizeof name, "/proc/self/fdinfo/%d", in);
    FILE* const file = fopen(name, "r");
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "inotify wd:%x ino:%lx sdev:%x mask:%x ignored_mask:%x fhandle-bytes:",
                   &watch, &inode, &device, &mask, &ignored) == 5)
            printf("wd:%x mask:%x ignored_mask:%x %s\n", watch, mask, ignored,
                   inode == (watch == 1 ? one.st_ino : two.st_ino) ? "the file" : "another file");
    }
}
