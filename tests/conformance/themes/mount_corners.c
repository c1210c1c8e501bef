// SPDX-License-Identifier: GPL-2.0-or-later
// Names across mounts, and the poll of their tables.
#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "qemu-aarch64 passes mounts on to the host"

static void make_tmpfs(const char* at) {
    NEED(mkdir(at, 0755));
    NEED(mount("none", at, "tmpfs", 0, NULL));
}

NATIVE(nothing_is_linked_into_what_is_read_only, WHY) {
    make_file("file", "");
    make_tmpfs("m");
    make_file("m/file", "");
    NEED(mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
    SHOW(link("file", "m/link"));
    SHOW(link("file", "m/file"));
    SHOW(rename("file", "m/name"));
    SHOW(rename("m/file", "name"));
    SHOW(rename("m/file", "m/name"));
    umount("m");
}

NATIVE(a_change_of_mounts_is_told_once, WHY) {
    struct pollfd wait = {.fd = (int)NEED(open("/proc/self/mounts", O_RDONLY)), .events = POLLPRI};
    make_tmpfs("m");
    SHOW(poll(&wait, 1, 0));
    SHOW(poll(&wait, 1, 0));
    umount("m");
    SHOW(poll(&wait, 1, 0));
    SHOW(poll(&wait, 1, 0));
}
