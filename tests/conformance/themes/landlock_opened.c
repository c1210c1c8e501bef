// SPDX-License-Identifier: GPL-2.0-or-later
// Landlock: what an open file, a device or a program may be used for, and opening it again.
#include <errno.h>
#include <mqueue.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "behaviour.h"
#include "landlock_steps.h"

#define QUEUE "/landlock-queue"

NATIVE(an_open_file_is_cut_by_the_rights_of_its_opening, LACKS) {
    make_tree();
    const int before = (int)NEED(open("out/c", O_RDWR));
    restrict_files(TRUNCATE, "in", TRUNCATE);
    const int inside = (int)NEED(open("in/a", O_RDWR)), outside = (int)NEED(open("out/c", O_RDWR));
    SHOW(ftruncate(before, 2));
    SHOW(ftruncate(inside, 1));
    SHOW(ftruncate(outside, 1));
    SHOW(ftruncate((int)NEED(dup(outside)), 1));
    SHOW(ftruncate((int)NEED(open("out/c", O_RDONLY)), 1));
    SHOW(write(outside, "x", 1));
    show_file("out/c");
    const int created = (int)NEED(open("out/new", O_RDWR | O_CREAT, 0644));
    SHOW(ftruncate(created, 1));
    SHOW(fallocate(outside, 0, 0, 100));
    SHOW(ftruncate((int)NEED(memfd_create("m", 0)), 1));
}

NATIVE(a_later_domain_does_not_reach_an_open_file, LACKS) {
    char text[8] = "";
    make_tree();
    const int file = (int)NEED(open("out/c", O_RDWR)), place = (int)NEED(open("out", O_RDONLY));
    restrict_files(READ_FILE | WRITE_FILE | TRUNCATE | READ_DIR, NULL, 0);
    SHOW(read(file, text, 3));
    SHOW(write(file, "x", 1));
    SHOW(ftruncate(file, 2));
    SHOW(openat(place, "c", O_RDONLY));
    SHOW(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) != MAP_FAILED);
}

static void execute(void) {
    char* arguments[] = {"/proc/self/exe", "list", NULL};
    NEED(close(1));
    execv("program", arguments);
    _exit(errno == EACCES ? 13 : 1);
}
static void copy_program(const char* to) {
    char bytes[4096];
    const int from = (int)NEED(open("/proc/self/exe", O_RDONLY)),
              copy = (int)NEED(open(to, O_WRONLY | O_CREAT, 0755));
    for (long n; (n = NEED(read(from, bytes, sizeof bytes))) > 0;)
        NEED(write(copy, bytes, (size_t)n));
    close(from), close(copy);
}
static void execute_with(uint64_t handled, uint64_t allowed) {
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        const int ruleset = ruleset_of(handled, 0, 0);
        allow(ruleset, "program", allowed);
        // Of a host's program too the interpreter and its libraries.
        const char* const others[] = {"/lib", "/lib64", "/usr"};
        for (int i = 0; i < 3; ++i) {
            if (access(others[i], F_OK) == 0) allow(ruleset, others[i], handled);
        }
        enter_domain(ruleset);
        execute();
    }
    show_end("execute", child);
}
NATIVE(a_program_needs_the_right_to_execute_and_to_read_it, LACKS) {
    copy_program("program");
    execute_with(EXECUTE | READ_FILE, EXECUTE | READ_FILE);
    execute_with(EXECUTE | READ_FILE, READ_FILE);
    execute_with(EXECUTE | READ_FILE, EXECUTE);
    execute_with(EXECUTE, EXECUTE);
}

NATIVE(a_program_by_a_descriptor_needs_the_right_too, LACKS) {
    char* arguments[] = {"program", "list", NULL};
    copy_program("program");
    const int file = (int)NEED(open("program", O_RDONLY));
    restrict_files(EXECUTE, NULL, 0);
    SHOW(syscall(SYS_execveat, file, "", arguments, NULL, AT_EMPTY_PATH));
    SHOW(execv("program", arguments));
    SHOW(access("program", X_OK));
    SHOW(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0) != MAP_FAILED);
}

NATIVE(a_devices_requests_need_a_right, LACKS) {
    int bytes = 0, on = 1;
    const int before = (int)NEED(open("/dev/null", O_RDWR));
    restrict_files(IOCTL_DEV, NULL, 0);
    const int null = (int)NEED(open("/dev/null", O_RDWR));
    SHOW(ioctl(null, FIONREAD, &bytes));
    SHOW(ioctl(null, TCGETS, &bytes));
    SHOW(ioctl(null, 0x12345, 0));
    SHOW(ioctl(null, FIONBIO, &on));
    SHOW(ioctl(null, FIOCLEX, 0));
    SHOW(ioctl(null, FIONCLEX, 0));
    SHOW(ioctl(null, _IOR('f', 1, long), &bytes));
    SHOW(ioctl(before, FIONREAD, &bytes));
    SHOW(ioctl(before, 0x12345, 0));
}

NATIVE(what_is_no_device_needs_no_right_for_requests, LACKS) {
    int ends[2], bytes = 0;
    make_tree();
    NEED(mkfifo("fifo", 0644));
    restrict_files(IOCTL_DEV, NULL, 0);
    NEED(pipe(ends));
    SHOW(ioctl((int)NEED(open("in/a", O_RDONLY)), FIONREAD, &bytes));
    SHOW(ioctl((int)NEED(open("fifo", O_RDWR)), FIONREAD, &bytes));
    SHOW(ioctl(ends[0], FIONREAD, &bytes));
    SHOW(ioctl((int)NEED(socket(AF_UNIX, SOCK_STREAM, 0)), FIONREAD, &bytes));
    SHOW(ioctl((int)NEED(open("in", O_RDONLY)), 0x12345, 0));
}

NATIVE(a_rule_gives_a_device_its_requests, LACKS) {
    restrict_files(IOCTL_DEV | READ_FILE | WRITE_FILE, "/dev/null", IOCTL_DEV | READ_FILE);
    const int null = (int)NEED(open("/dev/null", O_RDONLY));
    SHOW(ioctl(null, 0x12345, 0));
    SHOW(may_open("/dev/null", O_RDWR));
    SHOW(may_open("/dev/zero", O_RDONLY));
}

static void open_again(const char* what, int file, int flags) {
    char name[40];
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    printf("%s: ", what);
    SHOW(may_open(name, flags));
}
NATIVE(a_descriptor_is_opened_again_by_its_files_rights, LACKS) {
    int ends[2];
    make_tree();
    NEED(mkfifo("fifo", 0644));
    NEED(pipe(ends));
    const int inside = (int)NEED(open("in/a", O_PATH)), outside = (int)NEED(open("out/c", O_PATH)),
              held = (int)NEED(open("out/c", O_RDWR)), directory = (int)NEED(open("out", O_RDONLY)),
              fifo = (int)NEED(open("fifo", O_RDWR)), memory = (int)NEED(memfd_create("m", 0));
    restrict_files(READ_FILE | WRITE_FILE | READ_DIR, "in", READ_FILE | WRITE_FILE);
    open_again("inside", inside, O_RDWR);
    open_again("outside", outside, O_RDONLY);
    open_again("held", held, O_RDONLY);
    open_again("held path", held, O_PATH);
    open_again("directory", directory, O_RDONLY);
    open_again("fifo", fifo, O_RDWR);
    open_again("pipe", ends[0], O_RDONLY);
    open_again("memory", memory, O_RDWR);
    open_again("name space", (int)NEED(open("/proc/self/ns/uts", O_PATH)), O_RDONLY);
    SHOW(may_open("/proc/self/status", O_RDONLY));
}

NATIVE(a_rule_follows_its_file_and_not_its_name, LACKS) {
    make_tree();
    const int ruleset = ruleset_of(READ_FILE, 0, 0);
    allow(ruleset, "in", READ_FILE);
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        NEED(rename("in", "was"));
        NEED(rename("out", "in"));
        NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
        NEED(restrict_self(ruleset, 0));
        show_file("was/a");
        show_file("in/c");
        _exit(0);
    }
    show_end("child", child);
}

NATIVE(what_is_removed_keeps_the_rights_of_its_place, LACKS) {
    make_tree();
    NEED(mkdir("in/gone", 0755));
    const int inside = (int)NEED(open("in/a", O_RDWR)), outside = (int)NEED(open("out/c", O_RDWR)),
              directory = (int)NEED(open("in/gone", O_RDONLY));
    NEED(unlink("in/a"));
    NEED(unlink("out/c"));
    NEED(rmdir("in/gone"));
    restrict_files(READ_FILE | READ_DIR, "in", READ_FILE | READ_DIR);
    open_again("inside", inside, O_RDONLY);
    open_again("outside", outside, O_RDONLY);
    open_again("outside", outside, O_WRONLY);
    open_again("directory", directory, O_RDONLY);
    SHOW(openat(directory, ".", O_RDONLY) >= 0);
}

NATIVE(a_file_without_a_name_is_made_by_the_rights_to_open_it, LACKS) {
    char name[40];
    make_tree();
    restrict_files(MAKE_REG | READ_FILE | WRITE_FILE | REFER, "in", READ_FILE | WRITE_FILE | REFER);
    const int file = open("in", O_TMPFILE | O_RDWR, 0644);
    SHOW(file >= 0);
    SHOW(open("out", O_TMPFILE | O_RDWR, 0644));
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    SHOW(linkat(AT_FDCWD, name, AT_FDCWD, "in/named", AT_SYMLINK_FOLLOW));
}
NATIVE(a_file_without_a_name_gets_one_by_the_right_to_make_it, LACKS) {
    char name[40];
    make_tree();
    restrict_files(MAKE_REG, "in", MAKE_REG);
    const int file = (int)NEED(open("in", O_TMPFILE | O_RDWR, 0644));
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    SHOW(linkat(AT_FDCWD, name, AT_FDCWD, "in/sub/named", AT_SYMLINK_FOLLOW));
    SHOW(linkat(AT_FDCWD, name, AT_FDCWD, "out/named", AT_SYMLINK_FOLLOW));
    SHOW(linkat(AT_FDCWD, name, AT_FDCWD, "in/named", AT_SYMLINK_FOLLOW));
}

NATIVE(a_message_queue_is_a_file_that_no_path_leads_to, LACKS) {
    struct mq_attr attr = {.mq_maxmsg = 2, .mq_msgsize = 8};
    NEED(mq_open(QUEUE, O_CREAT | O_RDWR, 0600, &attr));
    restrict_files(READ_FILE | WRITE_FILE | MAKE_REG | REMOVE_FILE, "/", READ_FILE | WRITE_FILE);
    SHOW(mq_open(QUEUE, O_RDONLY));
    SHOW(mq_open(QUEUE, O_WRONLY));
    SHOW(mq_open("/other", O_CREAT | O_RDONLY, 0600, &attr));
    SHOW(mq_unlink(QUEUE));
}
NATIVE(a_message_queue_is_made_without_a_right, LACKS) {
    struct mq_attr attr = {.mq_maxmsg = 2, .mq_msgsize = 8};
    restrict_files(MAKE_REG | REMOVE_FILE, NULL, 0);
    SHOW(mq_open(QUEUE, O_CREAT | O_RDWR, 0600, &attr) >= 0);
    SHOW(mq_unlink(QUEUE));
}
NATIVE(fanotify_opens_a_file_for_its_reader_by_the_readers_rights, LACKS) {
    struct fanotify_event_metadata event;
    make_tree();
    const int group = (int)NEED(fanotify_init(FAN_NONBLOCK, O_RDONLY));
    NEED(fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "in/a"));
    NEED(fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "out/c"));
    NEED(may_open("out/c", O_RDONLY));
    NEED(may_open("in/a", O_RDONLY));
    restrict_files(READ_FILE, "in", READ_FILE);
    SHOW(read(group, &event, sizeof event));
    SHOW(read(group, &event, sizeof event));
    SHOW(read(group, &event, sizeof event));
}
