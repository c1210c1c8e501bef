// SPDX-License-Identifier: GPL-2.0-or-later
// Flags of files that chattr sets, on a tmpfs: who may set them and what they forbid.
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "qemu 7.2 has not these ioctls"

static int set_flags(const char* name, int flags) {
    const int fd = (int)NEED(open(name, O_RDONLY));
    const int result = ioctl(fd, FS_IOC_SETFLAGS, &flags);
    close(fd);
    return result;
}

static void show_flags(const char* name) {
    const int fd = (int)NEED(open(name, O_RDONLY));
    struct fsxattr form = {0};
    unsigned char whole[256] = {0};
    unsigned long attributes;
    int flags = 0;
    SHOW(ioctl(fd, FS_IOC_GETFLAGS, &flags));
    SHOW(ioctl(fd, FS_IOC_FSGETXATTR, &form));
    NEED(syscall(SYS_statx, AT_FDCWD, name, 0, STATX_BASIC_STATS, whole));
    memcpy(&attributes, whole + 8, sizeof attributes);
    printf("flags %x, xflags %x, attributes %lx\n", flags, form.fsx_xflags, attributes & 0x70);
    close(fd);
}

NATIVE(flags_of_a_file_are_kept_and_told, WHY) {
    make_file("file", "text");
    NEED(mkdir("directory", 0755));
    show_flags("file");
    SHOW(set_flags("file", FS_NODUMP_FL | FS_NOATIME_FL));
    show_flags("file");
    SHOW(set_flags("file", FS_COMPR_FL));
    SHOW(set_flags("file", 0));
    SHOW(set_flags("directory", FS_NODUMP_FL | FS_NOATIME_FL));
    make_file("directory/file", "text");
    show_flags("directory/file");
    const int fd = open("file", O_RDONLY);
    SHOW(ioctl(fd, FS_IOC_GETFLAGS, (int*)8));
    SHOW(ioctl(fd, FS_IOC_SETFLAGS, (int*)8));
    struct fsxattr form = {.fsx_xflags = FS_XFLAG_NODUMP};
    SHOW(ioctl(fd, FS_IOC_FSSETXATTR, &form));
    show_flags("file");
    form.fsx_extsize = 1;
    SHOW(ioctl(fd, FS_IOC_FSSETXATTR, &form));
}

static void sets_flags(void) {
    SHOW(set_flags("own", FS_NODUMP_FL));
    SHOW(set_flags("own", FS_APPEND_FL));
    SHOW(set_flags("other", FS_NODUMP_FL));
}

NATIVE(who_may_set_flags, WHY) {
    make_owned_file("own", 1000, 1000, 0644);
    make_file("other", "");
    AS_USER(sets_flags);
}

NATIVE(nobody_changes_what_is_immutable, WHY) {
    make_file("file", "text");
    NEED(mkdir("directory", 0755));
    make_file("directory/file", "");
    const int before = open("file", O_RDWR);
    NEED(set_flags("file", FS_IMMUTABLE_FL));
    NEED(set_flags("directory", FS_IMMUTABLE_FL));
    show_flags("file");
    SHOW(may_open("file", O_RDONLY));
    SHOW(may_open("file", O_RDWR));
    SHOW(may_open("file", O_WRONLY | O_APPEND));
    SHOW(access("file", W_OK));
    SHOW(unlink("file"));
    SHOW(rename("file", "name"));
    SHOW(link("file", "name"));
    SHOW(chmod("file", 0600));
    SHOW(chown("file", 1, 1));
    SHOW(truncate("file", 0));
    SHOW(utimensat(AT_FDCWD, "file", NULL, 0));
    SHOW(utimensat(AT_FDCWD, "file", (struct timespec[]){{1, 0}, {1, 0}}, 0));
    SHOW(setxattr("file", "user.a", "b", 1, 0));
    SHOW(write(before, "x", 1));
    SHOW(fallocate(before, 0, 0, 100));
    SHOW(open("directory/new", O_CREAT | O_WRONLY, 0644));
    SHOW(unlink("directory/file"));
    SHOW(rename("directory/file", "moved"));
    SHOW(rmdir("directory"));
    NEED(set_flags("file", 0));
    NEED(set_flags("directory", 0));
    SHOW(unlink("directory/file"));
    SHOW(unlink("file"));
}

NATIVE(what_appends_only_appends, WHY) {
    make_file("file", "text");
    NEED(mkdir("directory", 0755));
    make_file("directory/file", "");
    const int before = open("file", O_RDWR | O_APPEND);
    NEED(set_flags("file", FS_APPEND_FL));
    NEED(set_flags("directory", FS_APPEND_FL));
    SHOW(may_open("file", O_RDWR));
    SHOW(may_open("file", O_WRONLY | O_APPEND));
    SHOW(may_open("file", O_WRONLY | O_APPEND | O_TRUNC));
    SHOW(may_open("file", O_RDONLY | O_TRUNC));
    SHOW(write(before, "x", 1));
    SHOW(fcntl(before, F_SETFL, 0));
    SHOW(ftruncate(before, 0));
    SHOW(truncate("file", 0));
    SHOW(fallocate(before, 0, 0, 100));
    SHOW(fallocate(before, 3, 0, 1));
    SHOW(unlink("file"));
    SHOW(rename("file", "name"));
    SHOW(link("file", "name"));
    SHOW(chmod("file", 0600));
    SHOW(utimensat(AT_FDCWD, "file", NULL, 0));
    SHOW(setxattr("file", "user.a", "b", 1, 0));
    SHOW(close(open("directory/new", O_CREAT | O_WRONLY, 0644)));
    SHOW(unlink("directory/file"));
    SHOW(rename("directory/file", "moved"));
    NEED(set_flags("file", 0));
    NEED(set_flags("directory", 0));
}
