// SPDX-License-Identifier: GPL-2.0-or-later
// What inotify and fanotify tell of a FIFO that has a name.
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/uio.h>

#include "fanotify_steps.h"

static int in;

static void watch(const char* name) {
    in = (int)NEED(inotify_init1(IN_NONBLOCK));
    NEED(mkfifo("fifo", 0644));
    NEED(inotify_add_watch(in, name, IN_ALL_EVENTS));
}
// Mask and name of all that waits.
static void show_told(void) {
    for (;;) {
        const ssize_t size = read(in, buffer, sizeof buffer);
        if (size <= 0) break;
        for (char* at = buffer; at < buffer + size;) {
            const struct inotify_event* event = (const struct inotify_event*)at;
            printf("  %x %s\n", event->mask, event->len ? event->name : "");
            at += sizeof *event + event->len;
        }
    }
    puts("  -");
}

BEHAVIOUR(a_fifo_is_opened_read_written_and_closed) {
    char bytes[4];
    watch("fifo");
    const int reader = (int)NEED(open("fifo", O_RDONLY | O_NONBLOCK));
    const int writer = (int)NEED(open("fifo", O_WRONLY));
    show_told();
    NEED(write(writer, "abc", 3));
    show_told();
    NEED(read(reader, bytes, 2));
    show_told();
    NEED(close(writer));
    show_told();
    NEED(read(reader, bytes, 2));
    SHOW(read(reader, bytes, 2));
    NEED(close(reader));
    show_told();
}

BEHAVIOUR(a_directory_tells_of_its_fifos_uses) {
    char bytes[4];
    watch(".");
    const int both = (int)NEED(open("fifo", O_RDWR));
    NEED(write(both, "abc", 3));
    NEED(read(both, bytes, 3));
    NEED(close(both));
    show_told();
}

BEHAVIOUR(what_fails_on_a_fifo_is_not_told) {
    char byte;
    watch("fifo");
    SHOW(open("fifo", O_WRONLY | O_NONBLOCK));
    const int reader = (int)NEED(open("fifo", O_RDONLY | O_NONBLOCK));
    SHOW(read(reader, &byte, 1));
    const int writer = (int)NEED(open("fifo", O_WRONLY | O_NONBLOCK));
    SHOW(read(reader, &byte, 1));
    SHOW(read(reader, &byte, 0));
    SHOW(write(writer, "", 0));
    show_told();
    NEED(close(reader));
    signal(SIGPIPE, SIG_IGN);
    SHOW(write(writer, "x", 1));
    show_told();
}

static void open_and_write(void) {
    const int writer = (int)NEED(open("fifo", O_WRONLY));
    NEED(write(writer, "x", 1));
}
BEHAVIOUR(an_open_that_waits_is_told_when_it_returns) {
    watch("fifo");
    const pid_t child = child_of(open_and_write);
    until_asleep(child);
    show_told();
    const int reader = (int)NEED(open("fifo", O_RDONLY));
    NEED(waitpid(child, NULL, 0));
    NEED(close(reader));
    int opens = 0, others = 0;
    const ssize_t size = read(in, buffer, sizeof buffer);
    for (char* at = buffer; at < buffer + size; at += sizeof(struct inotify_event)) {
        const unsigned mask = ((const struct inotify_event*)at)->mask;
        opens += mask == IN_OPEN;
        others |= (int)mask;
    }
    printf("%d %x\n", opens, (unsigned)others);
}

BEHAVIOUR(a_fifo_that_is_opened_again_tells_too) {
    char name[40];
    watch("fifo");
    const int both = (int)NEED(open("fifo", O_RDWR));
    show_told();
    snprintf(name, sizeof name, "/proc/self/fd/%d", both);
    const int again = (int)NEED(open(name, O_RDONLY));
    show_told();
    NEED(close(again));
    const int copy = (int)NEED(dup(both));
    NEED(close(copy));
    show_told();
    NEED(close(both));
    show_told();
}

BEHAVIOUR(a_removed_fifo_tells_till_its_end) {
    watch("fifo");
    const int both = (int)NEED(open("fifo", O_RDWR));
    NEED(unlink("fifo"));
    show_told();
    NEED(write(both, "x", 1));
    show_told();
    NEED(close(both));
    show_told();
}

BEHAVIOUR(attributes_of_a_fifo_are_told) {
    watch("fifo");
    const int both = (int)NEED(open("fifo", O_RDWR));
    NEED(fchmod(both, 0600));
    NEED(chmod("fifo", 0640));
    NEED(rename("fifo", "other"));
    show_told();
}

BEHAVIOUR(vectors_and_splices_of_a_fifo_are_told) {
    char bytes[4];
    int ends[2];
    const struct iovec parts[2] = {{"a", 1}, {"b", 1}}, room[2] = {{bytes, 1}, {bytes + 1, 1}};
    watch("fifo");
    const int both = (int)NEED(open("fifo", O_RDWR));
    NEED(pipe(ends));
    show_told();
    NEED(writev(both, parts, 2));
    show_told();
    NEED(readv(both, room, 2));
    show_told();
    NEED(write(ends[1], "abc", 3));
    SHOW(splice(ends[0], NULL, both, NULL, 2, 0));
    show_told();
    SHOW(tee(both, ends[1], 1, 0));
    show_told();
    SHOW(splice(both, NULL, ends[1], NULL, 2, 0));
    show_told();
}

BEHAVIOUR(calls_that_a_fifo_lacks_stay_so) {
    int bytes = 0;
    NEED(mkfifo("fifo", 0644));
    const int both = (int)NEED(open("fifo", O_RDWR));
    NEED(write(both, "abc", 3));
    SHOW(fsync(both));
    SHOW(lseek(both, 0, SEEK_SET));
    SHOW(ftruncate(both, 0));
    SHOW(fcntl(both, F_SETLEASE, F_RDLCK));
    SHOW(ioctl(both, FIONREAD, &bytes));
    SHOW(bytes);
    SHOW(ioctl(both, _IOR('f', 1, long), &bytes));
    SHOW(pread(both, buffer, 1, 0));
}

NATIVE(fanotify_tells_a_fifos_opens_and_ends_by_its_handle, LACKS) {
    NEED(mkfifo("fifo", 0644));
    know("fifo"), know(".");
    start(FAN_REPORT_DFID_NAME);
    SHOW(mark(FAN_MARK_ONLYDIR, FAN_OPEN | FAN_CLOSE | FAN_ACCESS | FAN_MODIFY | FAN_EVENT_ON_CHILD,
              "."));
    const int both = (int)NEED(open("fifo", O_RDWR));
    show_events();
    NEED(write(both, "x", 1));
    show_events();
    NEED(read(both, buffer, 1));
    NEED(close(both));
    show_events();
}
NATIVE(fanotify_tells_of_a_marked_fifo, LACKS) {
    NEED(mkfifo("fifo", 0644));
    know("fifo");
    start(FAN_REPORT_FID);
    SHOW(mark(0, FAN_OPEN | FAN_CLOSE | FAN_ACCESS | FAN_MODIFY, "fifo"));
    const int both = (int)NEED(open("fifo", O_RDWR));
    NEED(write(both, "x", 1));
    NEED(read(both, buffer, 1));
    show_events();
    NEED(close(both));
    show_events();
}
NATIVE(fanotify_opens_a_fifo_for_its_reader, LACKS) {
    NEED(mkfifo("fifo", 0644));
    const int both = (int)NEED(open("fifo", O_RDWR));
    start(0);
    SHOW(mark(0, FAN_OPEN | FAN_CLOSE | FAN_ACCESS | FAN_MODIFY, "fifo"));
    NEED(write(both, "x", 1));
    show_events();
    NEED(read(both, buffer, 1));
    show_events();
    const int second = (int)NEED(open("fifo", O_WRONLY));
    NEED(close(second));
    show_events();
}
