// SPDX-License-Identifier: GPL-2.0-or-later
// Mounts of what is mounted already, and mounts that become read-only while files are open.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define OWN "qemu-aarch64 passes mounts on to the host"

NATIVE(a_directory_is_bound_to_itself_and_freed, OWN) {
    NEED(mkdir("own", 0755));
    SHOW(mount("own", "own", NULL, MS_BIND, NULL));
    SHOW(umount("own"));
    SHOW(umount("own"));
}

NATIVE(writers_are_counted_by_mount, OWN) {
    NEED(mkdir("one", 0755));
    NEED(mkdir("two", 0755));
    NEED(mount("tmpfs", "one", "tmpfs", 0, NULL));
    NEED(mount("one", "two", NULL, MS_BIND, NULL));
    const int fd = (int)NEED(open("one/file", O_CREAT | O_WRONLY, 0600));
    SHOW(mount(NULL, "two", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL));
    SHOW(mount(NULL, "one", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL));
    SHOW(mount(NULL, "one", NULL, MS_REMOUNT | MS_RDONLY, NULL));
    close(fd);
    NEED(mknod("one/null", S_IFCHR | 0666, 0x103));
    NEED(open("one/null", O_RDWR));
    SHOW(mount(NULL, "one", NULL, MS_REMOUNT | MS_RDONLY, NULL));
}
