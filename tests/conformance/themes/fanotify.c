// SPDX-License-Identifier: GPL-2.0-or-later
// fanotify: which events a group hears, by which marks, and how it is told.
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define LACKS "qemu-aarch64 does not translate what fanotify tells"
#ifndef FAN_RENAME
#define FAN_RENAME 0x10000000
#endif
#ifndef FAN_REPORT_TARGET_FID
#define FAN_REPORT_TARGET_FID 0x1000
#endif
#ifndef FAN_MARK_EVICTABLE
#define FAN_MARK_EVICTABLE 0x200
#endif
#ifndef FAN_MARK_IGNORE
#define FAN_MARK_IGNORE 0x400
#endif
#ifndef FAN_FS_ERROR
#define FAN_FS_ERROR 0x8000
#endif
enum { kOldDfidName = 10, kNewDfidName = 12 };

static int group;
static char buffer[65536] __attribute__((aligned(8)));

static void start(unsigned flags) {
    group = (int)NEED(fanotify_init(FAN_NONBLOCK | flags, O_RDONLY));
}
static int mark(unsigned flags, uint64_t mask, const char* path) {
    return fanotify_mark(group, FAN_MARK_ADD | flags, mask, AT_FDCWD, path);
}
static int unmark(unsigned flags, uint64_t mask, const char* path) {
    return fanotify_mark(group, FAN_MARK_REMOVE | flags, mask, AT_FDCWD, path);
}

// --- what is told

union handle {
    struct file_handle head;
    char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
};
static struct {
    const char* label;
    union handle handle;
} known[10];
static int known_count;
static void know(const char* path) {
    int mount;
    known[known_count].label = path;
    known[known_count].handle.head.handle_bytes = MAX_HANDLE_SZ;
    NEED(name_to_handle_at(AT_FDCWD, path, &known[known_count].handle.head, &mount, 0));
    ++known_count;
}
static const char* label_of(const struct file_handle* handle) {
    for (int i = 0; i < known_count; ++i) {
        const struct file_handle* one = &known[i].handle.head;
        if (one->handle_bytes == handle->handle_bytes && one->handle_type == handle->handle_type &&
            memcmp(one->f_handle, handle->f_handle, handle->handle_bytes) == 0)
            return known[i].label;
    }
    return "another";
}
static void show_file_info(const struct fanotify_event_info_fid* info) {
    struct statfs system;
    const struct file_handle* handle = (const struct file_handle*)info->handle;
    NEED(statfs(".", &system));
    const int kind = info->hdr.info_type;
    const int named =
        kind == FAN_EVENT_INFO_TYPE_DFID_NAME || kind == kOldDfidName || kind == kNewDfidName;
    printf(" [%d %s%s%s%s]", kind, label_of(handle), named ? " '" : "",
           named ? (const char*)handle->f_handle + handle->handle_bytes : "", named ? "'" : "");
    if (memcmp(&info->fsid, &system.f_fsid, sizeof info->fsid) != 0) printf(" of another system");
}
static void show_name(int fd) {
    char link[40], path[300];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(link, path, sizeof path - 1);
    path[size < 0 ? 0 : size] = 0;
    const char* name = strrchr(path, '/');
    printf(" %s", strstr(path, "/behaviour-") != NULL && name != NULL &&
                          strncmp(name, "/behaviour-", 11) != 0
                      ? name + 1
                      : "folder");
    close(fd);
}
static void show_event(const struct fanotify_event_metadata* event) {
    printf("  %#llx%s", (unsigned long long)event->mask,
           event->pid == getpid() ? ""
           : event->pid == 0      ? " by nobody"
                                  : " by another");
    if (event->fd >= 0) {
        show_name(event->fd);
    } else if (event->fd != FAN_NOFD) {
        printf(" fd %d", event->fd);
    }
    const char* end = (const char*)event + event->event_len;
    for (const char* at = (const char*)event + event->metadata_len; at < end;) {
        const struct fanotify_event_info_header* head =
            (const struct fanotify_event_info_header*)at;
        if (head->info_type == 4) {
            const int fd = ((const int*)head)[1];
            printf(" [process %s]", fd >= 0 ? "found" : fd == -1 ? "gone" : "lost");
            close(fd);
        } else {
            show_file_info((const struct fanotify_event_info_fid*)head);
        }
        at += head->len;
    }
    puts("");
}
static void show_events(void) {
    for (;;) {
        ssize_t size = read(group, buffer, sizeof buffer);
        if (size < 0 && errno != EAGAIN) printf("  read: %s\n", strerrorname_np(errno));
        if (size <= 0) break;
        const struct fanotify_event_metadata* event = (const struct fanotify_event_metadata*)buffer;
        for (; FAN_EVENT_OK(event, size); event = FAN_EVENT_NEXT(event, size)) show_event(event);
    }
    puts("  -");
}
static void use_file(const char* name) {
    char byte;
    const int reader = (int)NEED(open(name, O_RDONLY));
    NEED(read(reader, &byte, 1));
    close(reader);
    const int writer = (int)NEED(open(name, O_WRONLY));
    NEED(write(writer, "x", 1));
    close(writer);
}
static void list(const char* name) {
    const int fd = (int)NEED(open(name, O_RDONLY | O_DIRECTORY));
    NEED(syscall(SYS_getdents64, fd, buffer, sizeof buffer));
    close(fd);
}

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

// --- events with handles

static void make_things(void) {
    NEED(mkdir("folder", 0755));
    NEED(mkdir("other", 0755));
    NEED(mkdir("folder/inner", 0755));
    make_file("folder/file", "text");
    know("folder");
    know("other");
    know("folder/inner");
    know("folder/file");
}
static void change_names(void) {
    make_file("folder/new", "text");
    know("folder/new");
    NEED(mkdir("folder/made", 0755));
    know("folder/made");
    show_events();
    NEED(rename("folder/new", "folder/newer"));
    show_events();
    NEED(rename("folder/newer", "other/newest"));
    show_events();
    NEED(unlink("other/newest"));
    NEED(rmdir("folder/made"));
    show_events();
}
#define NAMES (FAN_CREATE | FAN_DELETE | FAN_MOVED_FROM | FAN_MOVED_TO | FAN_ONDIR)

NATIVE(a_group_with_handles_is_told_the_folder_of_a_name, LACKS) {
    make_things();
    start(FAN_REPORT_FID);
    NEED(mark(0, NAMES, "folder"));
    change_names();
}
NATIVE(a_group_with_names_is_told_them_too, LACKS) {
    make_things();
    start(FAN_REPORT_DIR_FID | FAN_REPORT_NAME);
    NEED(mark(0, NAMES, "folder"));
    NEED(mark(0, NAMES, "other"));
    change_names();
}
NATIVE(a_group_with_targets_is_told_whose_name_it_is, LACKS) {
    make_things();
    start(FAN_REPORT_FID | FAN_REPORT_DIR_FID | FAN_REPORT_NAME | FAN_REPORT_TARGET_FID);
    NEED(mark(0, NAMES, "folder"));
    NEED(mark(0, NAMES, "other"));
    change_names();
}
NATIVE(a_rename_is_told_with_both_names, LACKS) {
    make_things();
    start(FAN_REPORT_DIR_FID | FAN_REPORT_NAME);
    NEED(mark(0, FAN_RENAME | FAN_ONDIR, "folder"));
    NEED(rename("folder/file", "folder/again"));
    show_events();
    NEED(rename("folder/again", "other/file"));
    show_events();
    NEED(rename("other/file", "folder/file"));
    show_events();
    NEED(rename("folder/inner", "other/inner"));
    show_events();
    NEED(mark(0, FAN_RENAME | FAN_ONDIR, "other"));
    NEED(rename("other/inner", "folder/inner"));
    show_events();
    start(FAN_REPORT_FID | FAN_REPORT_DIR_FID | FAN_REPORT_NAME | FAN_REPORT_TARGET_FID);
    NEED(mark(FAN_MARK_FILESYSTEM, FAN_RENAME, "folder"));
    NEED(rename("folder/file", "other/file"));
    show_events();
}

static void use_things(void) {
    use_file("folder/file");
    NEED(chmod("folder/file", 0600));
    show_events();
    list("folder");
    NEED(chmod("folder", 0700));
    list("folder/inner");
    show_events();
}
#define USES (FAN_OPEN | FAN_CLOSE | FAN_MODIFY | FAN_ATTRIB)
NATIVE(uses_are_told_by_the_handle_of_the_file, LACKS) {
    make_things();
    start(FAN_REPORT_FID);
    NEED(mark(0, USES | FAN_EVENT_ON_CHILD | FAN_ONDIR, "folder"));
    use_things();
}
NATIVE(uses_are_told_by_the_handle_of_the_folder, LACKS) {
    make_things();
    start(FAN_REPORT_DIR_FID);
    NEED(mark(0, USES | FAN_EVENT_ON_CHILD | FAN_ONDIR, "folder"));
    use_things();
}
NATIVE(uses_are_told_by_name, LACKS) {
    make_things();
    start(FAN_REPORT_DIR_FID | FAN_REPORT_NAME);
    NEED(mark(0, USES | FAN_EVENT_ON_CHILD | FAN_ONDIR, "folder"));
    use_things();
}
NATIVE(uses_are_told_by_name_and_handle, LACKS) {
    make_things();
    start(FAN_REPORT_FID | FAN_REPORT_DIR_FID | FAN_REPORT_NAME);
    NEED(mark(0, USES | FAN_EVENT_ON_CHILD | FAN_ONDIR, "folder"));
    use_things();
}
NATIVE(a_marked_file_is_told_with_its_name, LACKS) {
    make_things();
    start(FAN_REPORT_FID | FAN_REPORT_DIR_FID | FAN_REPORT_NAME);
    NEED(mark(0, USES | FAN_MOVE_SELF | FAN_DELETE_SELF, "folder/file"));
    use_things();
    NEED(rename("folder/file", "other/file"));
    show_events();
    NEED(unlink("other/file"));
    show_events();
}
NATIVE(a_file_system_is_told_with_names, LACKS) {
    make_things();
    start(FAN_REPORT_FID | FAN_REPORT_DIR_FID | FAN_REPORT_NAME);
    NEED(mark(FAN_MARK_FILESYSTEM, USES | NAMES, "folder"));
    use_things();
    change_names();
}
NATIVE(the_end_of_a_folder_is_told, LACKS) {
    make_things();
    start(FAN_REPORT_FID);
    NEED(mark(0, FAN_DELETE_SELF | FAN_MOVE_SELF | FAN_ONDIR, "folder/inner"));
    NEED(rename("folder/inner", "other/inner"));
    show_events();
    NEED(rmdir("other/inner"));
    show_events();
    SHOW(unmark(0, FAN_DELETE_SELF, "folder/file"));
}

// --- permission

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
    until_asleep(child);
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
