// SPDX-License-Identifier: GPL-2.0-or-later
// fanotify: groups that are asked before a file is used.
#include <signal.h>

#include "fanotify_steps.h"

// What a child does meets with an answer.
static void answer_with(unsigned response, void (*act)(void)) {
    const pid_t child = child_of(act);
    struct pollfd ready = {group, POLLIN, 0};
    int open_events = 0;
    while (poll(&ready, 1, 5000) > 0) {
        ssize_t size = read(group, buffer, sizeof buffer);
        const struct fanotify_event_metadata* event = (const struct fanotify_event_metadata*)buffer;
        for (; FAN_EVENT_OK(event, size); event = FAN_EVENT_NEXT(event, size)) {
            struct fanotify_response answer = {event->fd, response};
            printf("  asked for %#llx\n", (unsigned long long)event->mask);
            SHOW(write(group, &answer, sizeof answer));
            SHOW(write(group, &answer, sizeof answer));
            close(event->fd);
            ++open_events;
        }
        int status;
        if (waitpid(child, &status, WNOHANG) == child) {
            show_status("child", status);
            return;
        }
        // The child ends, or asks again.
        for (int i = 0; i < 100 && poll(&ready, 1, 0) == 0; ++i) {
            if (waitpid(child, &status, WNOHANG) == child) {
                show_status("child", status);
                return;
            }
            sleep_ms(5);
        }
    }
    show_end("child", child);
}
static void open_it(void) {
    const int fd = open("file", O_RDONLY);
    _exit(fd >= 0 ? 0 : errno);
}
static void read_it(void) {
    char byte;
    const int fd = open("file", O_RDONLY);
    _exit(read(fd, &byte, 1) == 1 ? 0 : errno);
}
static void cut_it(void) {
    const int fd = open("file", O_WRONLY | O_TRUNC);
    _exit(fd >= 0 ? 0 : errno);
}
static void make_it(void) {
    const int fd = open("new", O_WRONLY | O_CREAT, 0644);
    _exit(fd >= 0 ? 0 : errno);
}
static void list_it(void) {
    const int fd = open("folder", O_RDONLY | O_DIRECTORY);
    _exit(syscall(SYS_getdents64, fd, buffer, sizeof buffer) > 0 ? 0 : errno);
}
NATIVE(an_open_waits_for_the_answer, LACKS) {
    make_file("file", "text");
    start(FAN_CLASS_CONTENT);
    NEED(mark(0, FAN_OPEN_PERM, "file"));
    answer_with(FAN_ALLOW, open_it);
    answer_with(FAN_DENY, open_it);
}
NATIVE(a_read_waits_for_the_answer, LACKS) {
    make_file("file", "text");
    start(FAN_CLASS_PRE_CONTENT);
    NEED(mark(0, FAN_ACCESS_PERM, "file"));
    answer_with(FAN_ALLOW, read_it);
    answer_with(FAN_DENY, read_it);
}
NATIVE(a_file_that_may_not_be_opened_is_not_cut, LACKS) {
    make_file("file", "text");
    start(FAN_CLASS_CONTENT);
    NEED(mark(0, FAN_OPEN_PERM, "file"));
    answer_with(FAN_DENY, cut_it);
    NEED(fanotify_mark(group, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL));
    show_file("file");
}
NATIVE(a_file_that_was_made_may_be_denied, LACKS) {
    start(FAN_CLASS_CONTENT);
    NEED(mark(0, FAN_OPEN_PERM | FAN_EVENT_ON_CHILD, "."));
    answer_with(FAN_DENY, make_it);
    SHOW(access("new", F_OK));
}
NATIVE(a_listing_waits_for_the_answer, LACKS) {
    NEED(mkdir("folder", 0755));
    start(FAN_CLASS_CONTENT);
    NEED(mark(0, FAN_ACCESS_PERM | FAN_ONDIR, "folder"));
    answer_with(FAN_DENY, list_it);
    answer_with(FAN_ALLOW, list_it);
}
NATIVE(answers_are_checked, LACKS) {
    static const struct fanotify_response wrong[] = {{0, 0},
                                                     {0, FAN_ALLOW | FAN_DENY},
                                                     {0, FAN_ALLOW | FAN_AUDIT},
                                                     {0, 0x40 | FAN_ALLOW},
                                                     {-1, FAN_ALLOW},
                                                     {FAN_NOFD, FAN_ALLOW},
                                                     {100, FAN_ALLOW}};
    start(FAN_CLASS_CONTENT);
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; ++i)
        SHOW(write(group, &wrong[i], sizeof wrong[i]));
    SHOW(write(group, &wrong[0], sizeof wrong[0] - 1));
}
NATIVE(the_end_of_a_group_allows_what_it_was_asked, LACKS) {
    make_file("file", "text");
    start(FAN_CLASS_CONTENT);
    NEED(mark(0, FAN_OPEN_PERM, "file"));
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        close(group);
        open_it();
    }
    sleep_ms(50);
    close(group);
    show_end("child", child);
}
NATIVE(an_exec_waits_for_the_answer, LACKS) {
    char self[200];
    const ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    self[size < 0 ? 0 : size] = 0;
    start(FAN_CLASS_CONTENT);
    NEED(mark(0, FAN_OPEN_EXEC_PERM, self));
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        execl(self, self, "none", NULL);
        _exit(errno);
    }
    struct pollfd ready = {group, POLLIN, 0};
    NEED(poll(&ready, 1, 5000));
    NEED(read(group, buffer, sizeof buffer));
    const struct fanotify_event_metadata* event = (const struct fanotify_event_metadata*)buffer;
    const struct fanotify_response answer = {event->fd, FAN_DENY};
    printf("%#llx\n", (unsigned long long)event->mask);
    SHOW(write(group, &answer, sizeof answer));
    show_end("child", child);
}

static void count_it(int number) {
    (void)number;
}
static void open_with_handler(void) {
    signal(SIGUSR1, count_it);
    open_it();
}
// The next events of a group that is asked, or none.
static void answer_next(int of, const char* name, unsigned response) {
    struct pollfd ready = {of, POLLIN, 0};
    if (poll(&ready, 1, 1000) <= 0) {
        printf("  %s: nothing\n", name);
        return;
    }
    ssize_t size = read(of, buffer, sizeof buffer);
    const struct fanotify_event_metadata* event = (const struct fanotify_event_metadata*)buffer;
    for (; FAN_EVENT_OK(event, size); event = FAN_EVENT_NEXT(event, size)) {
        const struct fanotify_response answer = {event->fd, response};
        printf("  %s: %#llx %zd\n", name, (unsigned long long)event->mask,
               write(of, &answer, sizeof answer));
        close(event->fd);
    }
}
static int group_of(unsigned class) {
    const int of = (int)NEED(fanotify_init(FAN_NONBLOCK | class, O_RDONLY));
    NEED(fanotify_mark(of, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD, "file"));
    return of;
}
NATIVE(groups_are_asked_one_after_the_other, LACKS) {
    make_file("file", "text");
    const int later = group_of(FAN_CLASS_CONTENT), first = group_of(FAN_CLASS_PRE_CONTENT);
    pid_t child = child_of(open_it);
    sleep_ms(50);
    struct pollfd ready = {later, POLLIN, 0};
    SHOW(poll(&ready, 1, 0));
    answer_next(first, "first", FAN_ALLOW);
    answer_next(later, "later", FAN_ALLOW);
    show_end("child", child);
    child = child_of(open_it);
    answer_next(first, "first", FAN_DENY);
    show_end("child", child);
    SHOW(poll(&ready, 1, 0));
}

NATIVE(only_a_fatal_signal_ends_the_wait_for_an_answer, LACKS) {
    make_file("file", "text");
    const int of = group_of(FAN_CLASS_CONTENT);
    pid_t child = child_of(open_with_handler);
    sleep_ms(50);
    NEED(kill(child, SIGUSR1));
    sleep_ms(20);
    answer_next(of, "group", FAN_ALLOW);
    show_end("child", child);
    const int fatal[] = {SIGKILL, SIGTERM};
    for (int i = 0; i < 2; ++i) {
        child = child_of(open_it);
        sleep_ms(50);
        NEED(kill(child, fatal[i]));
        show_end("child", child);
        struct pollfd ready = {of, POLLIN, 0};
        SHOW(poll(&ready, 1, 0));
        SHOW(read(of, buffer, sizeof buffer));
    }
}
