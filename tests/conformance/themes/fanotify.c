// SPDX-License-Identifier: GPL-2.0-or-later
// fanotify: which events a group hears, by which marks, and with which descriptors.
#include "fanotify_steps.h"

// --- fanotify_init

NATIVE(the_flags_of_a_group_are_checked, LACKS) {
    static const unsigned flags[] = {
        0,
        FAN_CLOEXEC,
        FAN_NONBLOCK,
        FAN_CLASS_CONTENT,
        FAN_CLASS_PRE_CONTENT,
        FAN_CLASS_CONTENT | FAN_CLASS_PRE_CONTENT,
        FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS,
        FAN_REPORT_TID,
        FAN_REPORT_FID,
        FAN_REPORT_DIR_FID,
        FAN_REPORT_NAME,
        FAN_REPORT_DIR_FID | FAN_REPORT_NAME,
        FAN_REPORT_FID | FAN_REPORT_NAME,
        FAN_REPORT_FID | FAN_REPORT_DIR_FID | FAN_REPORT_NAME,
        FAN_REPORT_FID | FAN_CLASS_CONTENT,
        FAN_REPORT_DIR_FID | FAN_CLASS_PRE_CONTENT,
        FAN_REPORT_TARGET_FID,
        FAN_REPORT_TARGET_FID | FAN_REPORT_FID | FAN_REPORT_DIR_FID,
        FAN_REPORT_TARGET_FID | FAN_REPORT_FID | FAN_REPORT_DIR_FID | FAN_REPORT_NAME,
        FAN_REPORT_PIDFD,
        FAN_REPORT_PIDFD | FAN_REPORT_TID,
        FAN_REPORT_PIDFD | FAN_REPORT_FID,
        0x80000000};
    for (unsigned i = 0; i < sizeof flags / sizeof *flags; ++i) {
        printf("%#x:", flags[i]);
        SHOW(fanotify_init(flags[i], O_RDONLY) >= 0);
    }
    SHOW(fanotify_init(0, O_RDWR) >= 0);
    SHOW(fanotify_init(0, O_WRONLY | O_CLOEXEC | O_APPEND | O_NOATIME | O_NONBLOCK) >= 0);
    SHOW(fanotify_init(0, O_RDWR | O_WRONLY));
    SHOW(fanotify_init(0, O_TRUNC));
    SHOW(fanotify_init(0, O_CREAT));
    SHOW(fanotify_init(0, 0x80000000));
}

NATIVE(a_group_is_a_file_of_its_own, LACKS) {
    char byte;
    start(FAN_CLOEXEC);
    SHOW(fcntl(group, F_GETFD));
    SHOW(fcntl(group, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
    SHOW(lseek(group, 5, SEEK_SET));
    SHOW(read(group, &byte, 1));
    SHOW(read(group, buffer, sizeof buffer));
    SHOW(write(group, "x", 1));
    struct pollfd ready = {group, POLLIN | POLLOUT, 0};
    SHOW(poll(&ready, 1, 0));
    int bytes = 7;
    SHOW(ioctl(group, FIONREAD, &bytes));
    printf("%d\n", bytes);
    make_file("file", "text");
    NEED(mark(0, FAN_OPEN, "file"));
    NEED(open("file", O_RDONLY));
    SHOW(poll(&ready, 1, 0));
    printf("%#x\n", (unsigned)ready.revents);
    SHOW(ioctl(group, FIONREAD, &bytes));
    printf("%d\n", bytes);
    SHOW(read(group, buffer, 23));
    SHOW(read(group, buffer, 0));
    SHOW(read(group, (void*)16, sizeof buffer));
    show_events();
}

// --- fanotify_mark

NATIVE(what_a_mark_asks_for_is_checked, LACKS) {
    make_file("file", "text");
    NEED(mkdir("folder", 0755));
    start(0);
    SHOW(mark(0, 0, "file"));
    SHOW(mark(0, 1ull << 32 | FAN_OPEN, "file"));
    SHOW(mark(0, 0x00800000, "file"));
    SHOW(mark(0, FAN_Q_OVERFLOW, "file"));
    SHOW(mark(0x1000, FAN_OPEN, "file"));
    SHOW(mark(FAN_MARK_REMOVE, FAN_OPEN, "file"));
    SHOW(fanotify_mark(group, 0, FAN_OPEN, AT_FDCWD, "file"));
    SHOW(mark(FAN_MARK_MOUNT | FAN_MARK_FILESYSTEM, FAN_OPEN, "file"));
    SHOW(mark(FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORE, FAN_OPEN, "file"));
    SHOW(mark(0, FAN_OPEN, "none"));
    SHOW(mark(FAN_MARK_ONLYDIR, FAN_OPEN, "file"));
    SHOW(mark(FAN_MARK_ONLYDIR, FAN_OPEN, "folder"));
    SHOW(mark(0, FAN_OPEN_PERM, "file"));
    SHOW(mark(0, FAN_CREATE, "folder"));
    SHOW(mark(0, FAN_ATTRIB, "file"));
    SHOW(mark(0, FAN_MOVE_SELF, "file"));
    SHOW(mark(0, FAN_RENAME, "folder"));
    SHOW(mark(0, FAN_FS_ERROR, "file"));
    SHOW(mark(FAN_MARK_EVICTABLE | FAN_MARK_MOUNT, FAN_OPEN, "file"));
    SHOW(mark(FAN_MARK_EVICTABLE, FAN_OPEN, "file"));
    SHOW(fanotify_mark(-1, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "file"));
    SHOW(fanotify_mark(0, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "file"));
    SHOW(fanotify_mark(group, FAN_MARK_FLUSH | FAN_MARK_ONLYDIR, 0, AT_FDCWD, NULL));
    SHOW(fanotify_mark(group, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL));
    SHOW(fanotify_mark(group, FAN_MARK_FLUSH | FAN_MARK_MOUNT, 0, -1, NULL));
    SHOW(fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN, -1, NULL));
    SHOW(fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN, open("file", O_RDONLY), NULL));
    SHOW(fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_ONLYDIR, FAN_OPEN, open("file", O_RDONLY),
                       NULL));
}

NATIVE(a_group_with_handles_may_ask_for_more, LACKS) {
    make_file("file", "text");
    NEED(mkdir("folder", 0755));
    start(FAN_REPORT_FID);
    SHOW(mark(0, FAN_CREATE | FAN_ATTRIB | FAN_MOVE_SELF | FAN_DELETE_SELF, "folder"));
    SHOW(mark(FAN_MARK_MOUNT, FAN_CREATE, "folder"));
    SHOW(mark(FAN_MARK_MOUNT, FAN_OPEN, "folder"));
    SHOW(mark(FAN_MARK_FILESYSTEM, FAN_CREATE | FAN_DELETE, "folder"));
    SHOW(mark(0, FAN_RENAME, "folder"));
    SHOW(mark(0, FAN_OPEN_PERM, "file"));
    SHOW(mark(0, FAN_CREATE | FAN_ONDIR, "file"));
    SHOW(mark(FAN_MARK_FILESYSTEM, FAN_OPEN, "/proc"));
    start(FAN_REPORT_FID | FAN_REPORT_DIR_FID | FAN_REPORT_NAME | FAN_REPORT_TARGET_FID);
    SHOW(mark(0, FAN_RENAME, "folder"));
    SHOW(mark(0, FAN_CREATE, "file"));
    SHOW(mark(0, FAN_OPEN | FAN_ONDIR, "file"));
    SHOW(mark(0, FAN_OPEN | FAN_EVENT_ON_CHILD, "file"));
    SHOW(mark(0, FAN_OPEN, "file"));
}

NATIVE(a_mark_is_removed_bit_by_bit, LACKS) {
    make_file("file", "text");
    start(0);
    SHOW(unmark(0, FAN_OPEN, "file"));
    SHOW(mark(0, FAN_OPEN | FAN_CLOSE, "file"));
    SHOW(unmark(0, FAN_OPEN, "file"));
    use_file("file");
    show_events();
    SHOW(unmark(0, FAN_CLOSE, "file"));
    SHOW(unmark(0, FAN_CLOSE, "file"));
    use_file("file");
    show_events();
    SHOW(mark(0, FAN_OPEN, "file"));
    SHOW(mark(FAN_MARK_MOUNT, FAN_MODIFY, "file"));
    SHOW(fanotify_mark(group, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL));
    use_file("file");
    show_events();
}

NATIVE(flags_of_a_mark_cannot_be_taken_back, LACKS) {
    make_file("file", "text");
    NEED(mkdir("folder", 0755));
    start(0);
    SHOW(mark(0, FAN_OPEN, "file"));
    SHOW(mark(FAN_MARK_EVICTABLE, FAN_OPEN, "file"));
    SHOW(mark(FAN_MARK_IGNORE, FAN_OPEN, "file"));
    SHOW(mark(FAN_MARK_IGNORED_MASK, FAN_CLOSE, "file"));
    SHOW(mark(FAN_MARK_IGNORE | FAN_MARK_IGNORED_SURV_MODIFY, FAN_OPEN, "file"));
    SHOW(mark(FAN_MARK_IGNORE, FAN_OPEN, "file"));
    SHOW(mark(FAN_MARK_IGNORE, FAN_OPEN, "folder"));
    SHOW(mark(FAN_MARK_IGNORE | FAN_MARK_MOUNT, FAN_OPEN, "folder"));
    SHOW(mark(FAN_MARK_IGNORE | FAN_MARK_IGNORED_SURV_MODIFY, FAN_OPEN, "folder"));
    SHOW(mark(FAN_MARK_IGNORED_MASK | FAN_MARK_MOUNT, FAN_OPEN, "folder"));
}

// --- events with descriptors

NATIVE(a_marked_file_tells_of_its_uses, LACKS) {
    make_file("file", "text");
    make_file("other", "text");
    start(0);
    NEED(mark(0, FAN_ACCESS | FAN_MODIFY | FAN_OPEN | FAN_CLOSE, "file"));
    use_file("file");
    use_file("other");
    show_events();
    const int fd = (int)NEED(open("file", O_RDONLY));
    show_events();
    close(fd);
    show_events();
    NEED(truncate("file", 1));
    show_events();
}

NATIVE(a_marked_folder_tells_of_its_children_if_it_is_asked, LACKS) {
    NEED(mkdir("folder", 0755));
    NEED(mkdir("folder/inner", 0755));
    make_file("folder/file", "text");
    start(0);
    NEED(mark(0, FAN_ACCESS | FAN_OPEN | FAN_CLOSE, "folder"));
    use_file("folder/file");
    list("folder");
    show_events();
    NEED(mark(0, FAN_EVENT_ON_CHILD, "folder"));
    use_file("folder/file");
    list("folder");
    list("folder/inner");
    show_events();
    NEED(mark(0, FAN_ONDIR, "folder"));
    list("folder");
    list("folder/inner");
    show_events();
}

NATIVE(a_mark_of_a_mount_hears_of_all_files_in_it, LACKS) {
    NEED(mkdir("place", 0755));
    NEED(mount("tmpfs", "place", "tmpfs", 0, NULL));
    make_file("place/file", "text");
    make_file("file", "text");
    start(0);
    NEED(mark(FAN_MARK_MOUNT, FAN_OPEN | FAN_MODIFY, "place/file"));
    use_file("place/file");
    use_file("file");
    show_events();
    list("place");
    show_events();
    NEED(mark(FAN_MARK_MOUNT, FAN_ONDIR, "place"));
    list("place");
    show_events();
}

NATIVE(a_mark_of_a_file_system_hears_of_all_its_mounts, LACKS) {
    NEED(mkdir("place", 0755));
    NEED(mkdir("second", 0755));
    NEED(mount("tmpfs", "place", "tmpfs", 0, NULL));
    NEED(mount("place", "second", NULL, MS_BIND, NULL));
    make_file("place/file", "text");
    start(0);
    NEED(mark(FAN_MARK_MOUNT, FAN_OPEN, "place"));
    use_file("second/file");
    show_events();
    NEED(mark(FAN_MARK_FILESYSTEM, FAN_OPEN, "place"));
    use_file("second/file");
    show_events();
}

NATIVE(events_of_one_file_become_one, LACKS) {
    make_file("file", "text");
    make_file("other", "text");
    start(0);
    NEED(mark(0, FAN_OPEN | FAN_CLOSE, "file"));
    NEED(mark(0, FAN_OPEN | FAN_CLOSE, "other"));
    close(open("file", O_RDONLY));
    close(open("other", O_RDONLY));
    close(open("file", O_WRONLY));
    int bytes = 0;
    NEED(ioctl(group, FIONREAD, &bytes));
    printf("%d\n", bytes);
    show_events();
}

static void open_the_file(void) {
    close(open("file", O_RDONLY));
}
NATIVE(the_process_of_an_event_is_told, LACKS) {
    make_file("file", "text");
    start(0);
    NEED(mark(0, FAN_OPEN, "file"));
    open_the_file();
    IN_CHILD(open_the_file);
    open_the_file();
    show_events();
    start(FAN_REPORT_PIDFD);
    NEED(mark(0, FAN_OPEN, "file"));
    open_the_file();
    IN_CHILD(open_the_file);
    show_events();
}

NATIVE(the_descriptor_of_an_event_is_as_the_group_wanted, LACKS) {
    make_file("file", "text");
    group = (int)NEED(fanotify_init(FAN_NONBLOCK, O_RDWR | O_APPEND | O_CLOEXEC));
    NEED(mark(0, FAN_CLOSE_NOWRITE | FAN_MODIFY | FAN_OPEN, "file"));
    close(open("file", O_RDONLY));
    NEED(read(group, buffer, sizeof buffer));
    const int fd = ((struct fanotify_event_metadata*)buffer)->fd;
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
    // What is done with it is not told.
    SHOW(write(fd, "more", 4));
    close(fd);
    show_events();
    show_file("file");
}

NATIVE(an_event_outlives_the_name_of_its_file, LACKS) {
    char text[5] = "";
    make_file("file", "text");
    start(0);
    NEED(mark(0, FAN_OPEN, "file"));
    close(open("file", O_RDONLY));
    NEED(unlink("file"));
    NEED(read(group, buffer, sizeof buffer));
    SHOW(read(((struct fanotify_event_metadata*)buffer)->fd, text, 4));
    puts(text);
}

NATIVE(a_program_that_runs_is_told, LACKS) {
    char self[200];
    const ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    self[size < 0 ? 0 : size] = 0;
    start(0);
    NEED(mark(0, FAN_OPEN_EXEC, self));
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        execl(self, self, "expected", NULL);
        _exit(1);
    }
    int status = 0;
    NEED(waitpid(child, &status, 0));
    const ssize_t told = read(group, buffer, sizeof buffer);
    const struct fanotify_event_metadata* event = (const struct fanotify_event_metadata*)buffer;
    printf("%d %#llx %d\n", told >= (ssize_t)sizeof *event, (unsigned long long)event->mask,
           event->pid == child);
}

// --- ignored events

NATIVE(an_ignored_event_is_told_again_after_a_change, LACKS) {
    make_file("file", "text");
    start(0);
    NEED(mark(FAN_MARK_MOUNT, FAN_OPEN, "file"));
    SHOW(mark(FAN_MARK_IGNORED_MASK, FAN_OPEN, "file"));
    close(open("file", O_RDONLY));
    show_events();
    use_file("file");
    show_events();
    close(open("file", O_RDONLY));
    show_events();
    SHOW(mark(FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORED_SURV_MODIFY, FAN_OPEN, "file"));
    use_file("file");
    use_file("file");
    show_events();
    SHOW(unmark(FAN_MARK_IGNORED_MASK, FAN_OPEN, "file"));
    close(open("file", O_RDONLY));
    show_events();
}

NATIVE(a_file_that_is_being_written_is_not_ignored, LACKS) {
    make_file("file", "text");
    start(0);
    NEED(mark(0, FAN_OPEN, "file"));
    const int writer = (int)NEED(open("file", O_WRONLY));
    SHOW(mark(FAN_MARK_IGNORED_MASK, FAN_OPEN, "file"));
    show_events();
    close(open("file", O_RDONLY));
    show_events();
    close(writer);
    SHOW(mark(FAN_MARK_IGNORED_MASK, FAN_OPEN, "file"));
    close(open("file", O_RDONLY));
    show_events();
}

NATIVE(a_folder_ignores_events_of_its_children, LACKS) {
    NEED(mkdir("folder", 0755));
    make_file("folder/file", "text");
    start(0);
    NEED(mark(FAN_MARK_MOUNT, FAN_OPEN | FAN_ONDIR, "folder"));
    SHOW(mark(FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORED_SURV_MODIFY, FAN_OPEN, "folder"));
    list("folder");
    use_file("folder/file");
    show_events();
    SHOW(mark(0, FAN_EVENT_ON_CHILD, "folder"));
    list("folder");
    use_file("folder/file");
    show_events();
    SHOW(fanotify_mark(group, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL));
    SHOW(mark(FAN_MARK_IGNORE | FAN_MARK_IGNORED_SURV_MODIFY, FAN_OPEN, "folder"));
    list("folder");
    use_file("folder/file");
    show_events();
    SHOW(mark(FAN_MARK_IGNORE | FAN_MARK_IGNORED_SURV_MODIFY, FAN_EVENT_ON_CHILD, "folder"));
    list("folder");
    use_file("folder/file");
    show_events();
    SHOW(mark(FAN_MARK_IGNORE | FAN_MARK_IGNORED_SURV_MODIFY, FAN_ONDIR, "folder"));
    list("folder");
    show_events();
}

// --- limits and rights

static void limited_group(void) {
    SHOW(fanotify_init(0, O_RDONLY));
    SHOW(fanotify_init(FAN_CLASS_CONTENT, O_RDONLY));
    SHOW(fanotify_init(FAN_REPORT_FID | FAN_UNLIMITED_QUEUE, O_RDONLY));
    SHOW(fanotify_init(FAN_REPORT_FID | FAN_REPORT_PIDFD, O_RDONLY));
    start(FAN_REPORT_FID | FAN_REPORT_DIR_FID | FAN_REPORT_NAME);
    SHOW(mark(FAN_MARK_MOUNT, FAN_OPEN, "file"));
    SHOW(mark(FAN_MARK_FILESYSTEM, FAN_OPEN, "file"));
    SHOW(mark(0, FAN_OPEN, "secret"));
    SHOW(mark(0, FAN_OPEN, "file"));
    close(open("file", O_RDONLY));
    IN_CHILD(open_the_file);
    show_events();
}
NATIVE(a_user_hears_of_files_without_descriptors, LACKS) {
    make_file("file", "text");
    make_owned_file("secret", 0, 0, 0600);
    know("file");
    AS_USER(limited_group);
}

NATIVE(a_full_queue_tells_that_events_were_lost, LACKS) {
    char name[30];
    long limit = 0;
    FILE* settings = fopen("/proc/sys/fs/fanotify/max_queued_events", "r");
    if (settings == NULL || fscanf(settings, "%ld", &limit) != 1) return;
    fclose(settings);
    SHOW(limit > 0);
    NEED(mkdir("folder", 0755));
    start(FAN_REPORT_DIR_FID | FAN_REPORT_NAME);
    NEED(mark(0, FAN_CREATE, "folder"));
    for (long i = 0; i < limit + 10; ++i) {
        snprintf(name, sizeof name, "folder/%ld", i);
        NEED(mknod(name, S_IFIFO | 0600, 0));
    }
    long events = 0, lost = 0;
    for (ssize_t size; (size = read(group, buffer, sizeof buffer)) > 0;) {
        const struct fanotify_event_metadata* event = (const struct fanotify_event_metadata*)buffer;
        for (; FAN_EVENT_OK(event, size); event = FAN_EVENT_NEXT(event, size)) {
            if (event->mask == FAN_Q_OVERFLOW) {
                printf("lost: fd %d, %u bytes\n", event->fd, event->event_len);
                ++lost;
            } else {
                ++events;
            }
        }
    }
    printf("%d %ld\n", events == limit, lost);
}

NATIVE(marks_are_shown_of_a_descriptor, LACKS) {
    make_file("file", "text");
    NEED(mkdir("folder", 0755));
    start(FAN_CLASS_CONTENT);
    NEED(mark(0, FAN_OPEN, "file"));
    NEED(mark(FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORED_SURV_MODIFY, FAN_CLOSE, "file"));
    char name[40], line[300];
    snprintf(name, sizeof name, "/proc/self/fdinfo/%d", group);
    FILE* info = fopen(name, "r");
    while (info != NULL && fgets(line, sizeof line, info) != NULL) {
        if (strncmp(line, "fanotify flags", 14) == 0) printf("%.16s\n", line);
        char* flags = strstr(line, "mflags");
        if (flags == NULL) continue;
        char* end = strstr(flags, " fhandle");
        if (end != NULL) *end = 0;
        printf("%.12s ... %s\n", line, flags);
    }
}
