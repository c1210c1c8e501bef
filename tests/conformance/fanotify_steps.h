// SPDX-License-Identifier: GPL-2.0-or-later
// A group of fanotify, and what it is told, as lines.
#ifndef FANOTIFY_STEPS_H
#define FANOTIFY_STEPS_H

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

static inline void start(unsigned flags) {
    group = (int)NEED(fanotify_init(FAN_NONBLOCK | flags, O_RDONLY));
}
static inline int mark(unsigned flags, uint64_t mask, const char* path) {
    return fanotify_mark(group, FAN_MARK_ADD | flags, mask, AT_FDCWD, path);
}
static inline int unmark(unsigned flags, uint64_t mask, const char* path) {
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
static inline void know(const char* path) {
    int mount;
    known[known_count].label = path;
    known[known_count].handle.head.handle_bytes = MAX_HANDLE_SZ;
    NEED(name_to_handle_at(AT_FDCWD, path, &known[known_count].handle.head, &mount, 0));
    ++known_count;
}
static inline const char* label_of(const struct file_handle* handle) {
    for (int i = 0; i < known_count; ++i) {
        const struct file_handle* one = &known[i].handle.head;
        if (one->handle_bytes == handle->handle_bytes && one->handle_type == handle->handle_type &&
            memcmp(one->f_handle, handle->f_handle, handle->handle_bytes) == 0)
            return known[i].label;
    }
    return "another";
}
static inline void show_file_info(const struct fanotify_event_info_fid* info) {
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
static inline void show_name(int fd) {
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
static inline void show_event(const struct fanotify_event_metadata* event) {
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
static inline void show_events(void) {
    for (;;) {
        ssize_t size = read(group, buffer, sizeof buffer);
        if (size < 0 && errno != EAGAIN) printf("  read: %s\n", strerrorname_np(errno));
        if (size <= 0) break;
        const struct fanotify_event_metadata* event = (const struct fanotify_event_metadata*)buffer;
        for (; FAN_EVENT_OK(event, size); event = FAN_EVENT_NEXT(event, size)) show_event(event);
    }
    puts("  -");
}
static inline void use_file(const char* name) {
    char byte;
    const int reader = (int)NEED(open(name, O_RDONLY));
    NEED(read(reader, &byte, 1));
    close(reader);
    const int writer = (int)NEED(open(name, O_WRONLY));
    NEED(write(writer, "x", 1));
    close(writer);
}
static inline void list(const char* name) {
    const int fd = (int)NEED(open(name, O_RDONLY | O_DIRECTORY));
    NEED(syscall(SYS_getdents64, fd, buffer, sizeof buffer));
    close(fd);
}

#endif
