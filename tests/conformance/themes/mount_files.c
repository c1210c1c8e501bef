// SPDX-License-Identifier: GPL-2.0-or-later
// Mounts as descriptors: fsopen, fsconfig, fsmount, fspick, open_tree, move_mount, mount_setattr.
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "qemu-aarch64 does not know the call"

enum { SET_FLAG = 0, SET_STRING = 1, SET_BINARY = 2, SET_FD = 5, CREATE = 6, RECONFIGURE = 7 };

static long fs_open(const char* type, unsigned flags) {
    return syscall(430, type, flags);
}
static long fs_config(int fd, unsigned command, const char* key, const void* value, int aux) {
    return syscall(431, fd, command, key, value, aux);
}
static long fs_mount(int fd, unsigned flags, unsigned attributes) {
    return syscall(432, fd, flags, attributes);
}
static long moves(int from, const char* from_path, int to, const char* to_path, unsigned flags) {
    return syscall(429, from, from_path, to, to_path, flags);
}
static long opens_tree(int at, const char* path, unsigned flags) {
    return syscall(428, at, path, flags);
}
static int new_tmpfs(void) {
    const int fs = (int)NEED(fs_open("tmpfs", 0));
    NEED(fs_config(fs, CREATE, NULL, NULL, 0));
    return (int)NEED(fs_mount(fs, 0, 0));
}

NATIVE(a_file_system_is_described_step_by_step, WHY) {
    const int fs = (int)NEED(fs_open("tmpfs", 1));
    SHOW(fcntl(fs, F_GETFD));
    SHOW(fs_config(fs, SET_STRING, "source", "mine", 0));
    SHOW(fs_config(fs, SET_STRING, "size", "64k", 0));
    SHOW(fs_config(fs, SET_FLAG, "ro", NULL, 0));
    SHOW(fs_mount(fs, 0, 0));
    SHOW(fs_config(fs, CREATE, NULL, NULL, 0));
    const int tree = (int)NEED(fs_mount(fs, 1, 8));
    SHOW(fs_mount(fs, 0, 0));
    NEED(mkdir("m", 0755));
    SHOW(moves(tree, "", AT_FDCWD, "m", 4));
    SHOW(open("m/file", O_CREAT | O_WRONLY, 0600));
    SHOW(umount2("m", MNT_DETACH));
}

NATIVE(fsopen_refuses_bad_arguments, WHY) {
    SHOW(fs_open("no-such-type", 0));
    SHOW(fs_open("tmpfs", 0x10));
    SHOW(fs_open(NULL, 0));
}

NATIVE(a_context_is_open_to_read_and_write, WHY) {
    const int fs = (int)NEED(fs_open("tmpfs", 0));
    SHOW(fcntl(fs, F_GETFL) & O_ACCMODE);
    SHOW(write(fs, "x", 1));
}

NATIVE(fsconfig_refuses_bad_arguments, WHY) {
    const int fs = (int)NEED(fs_open("tmpfs", 0));
    SHOW(fs_config(-1, CREATE, NULL, NULL, 0));
    SHOW(fs_config(fs, 100, NULL, NULL, 0));
    SHOW(fs_config(fs, SET_FLAG, NULL, NULL, 0));
    SHOW(fs_config(fs, SET_FLAG, "ro", "value", 0));
    SHOW(fs_config(fs, SET_FLAG, "ro", NULL, 1));
    SHOW(fs_config(fs, SET_STRING, "size", NULL, 0));
    SHOW(fs_config(fs, SET_STRING, NULL, "value", 0));
    SHOW(fs_config(fs, SET_BINARY, "key", "value", 0));
    SHOW(fs_config(fs, SET_FD, "key", NULL, -1));
    SHOW(fs_config(fs, CREATE, "key", NULL, 0));
    SHOW(fs_config(fs, RECONFIGURE, NULL, NULL, 0));
    SHOW(fs_config(fs, SET_STRING, "nonsense", "1", 0));
    make_file("file", "");
    SHOW(fs_config(open("file", O_RDONLY), CREATE, NULL, NULL, 0));
}

NATIVE(fsmount_refuses_bad_arguments, WHY) {
    const int fs = (int)NEED(fs_open("tmpfs", 0));
    NEED(fs_config(fs, CREATE, NULL, NULL, 0));
    SHOW(fs_mount(-1, 0, 0));
    SHOW(fs_mount(fs, 0x100, 0));
    SHOW(fs_mount(fs, 0, 0x4000));
    SHOW(fs_mount(fs, 0, 0x30));
    make_file("file", "");
    SHOW(fs_mount(open("file", O_RDONLY), 0, 0));
}

NATIVE(a_detached_tree_is_used_by_its_descriptor, WHY) {
    const int tree = new_tmpfs();
    const int fd = (int)NEED(openat(tree, "file", O_CREAT | O_WRONLY, 0600));
    SHOW(write(fd, "x", 1));
    close(fd);
    SHOW(faccessat(tree, "file", F_OK, 0));
    NEED(mkdir("m", 0755));
    SHOW(moves(tree, "", AT_FDCWD, "m", 4));
    show_file("m/file");
    umount("m");
}

NATIVE(move_mount_refuses_bad_arguments, WHY) {
    const int tree = new_tmpfs();
    NEED(mkdir("m", 0755));
    make_file("file", "");
    SHOW(moves(tree, "", AT_FDCWD, "m", 0));
    SHOW(moves(tree, "", AT_FDCWD, "absent", 4));
    SHOW(moves(-1, "", AT_FDCWD, "m", 4));
    SHOW(moves(tree, "", AT_FDCWD, "m", 0x8000));
    SHOW(moves(tree, "", AT_FDCWD, "file", 4));
    SHOW(moves(AT_FDCWD, "m", AT_FDCWD, "m", 0));
}

NATIVE(a_clone_of_a_tree_is_another_mount, WHY) {
    NEED(mkdir("a", 0755));
    make_file("a/file", "text");
    const int tree = (int)NEED(opens_tree(AT_FDCWD, "a", 1));
    NEED(mkdir("b", 0755));
    SHOW(moves(tree, "", AT_FDCWD, "b", 4));
    show_file("b/file");
    SHOW(umount("b"));
    SHOW(umount2("b", MNT_DETACH));
}

NATIVE(open_tree_refuses_bad_arguments, WHY) {
    NEED(mkdir("a", 0755));
    SHOW(opens_tree(AT_FDCWD, "a", 2));
    SHOW(opens_tree(AT_FDCWD, "a", 0x8000));
    SHOW(opens_tree(AT_FDCWD, "absent", 0));
    SHOW(opens_tree(-1, "a", 0));
    SHOW(opens_tree(AT_FDCWD, "a", 0) >= 0);
}

NATIVE(a_mounted_file_system_is_picked_and_changed, WHY) {
    NEED(mkdir("m", 0755));
    NEED(mount("none", "m", "tmpfs", 0, NULL));
    const int fs = (int)NEED(syscall(433, AT_FDCWD, "m", 0));
    SHOW(fs_config(fs, SET_FLAG, "ro", NULL, 0));
    SHOW(fs_config(fs, RECONFIGURE, NULL, NULL, 0));
    SHOW(open("m/file", O_CREAT | O_WRONLY, 0600));
    SHOW(fs_config(fs, CREATE, NULL, NULL, 0));
    SHOW(syscall(433, AT_FDCWD, "absent", 0));
    SHOW(syscall(433, AT_FDCWD, "m", 0x100));
    NEED(mkdir("d", 0755));
    SHOW(syscall(433, AT_FDCWD, "d", 0));
    umount("m");
}

struct attributes {
    uint64_t set, clear, propagation, user;
};
static long set_attributes(const char* path, unsigned flags, struct attributes* a, size_t size) {
    return syscall(442, AT_FDCWD, path, flags, a, size);
}

NATIVE(attributes_of_a_mount_are_set_and_cleared, WHY) {
    struct attributes a = {.set = 1 | 8};
    struct statvfs status;
    NEED(mkdir("m", 0755));
    NEED(mount("none", "m", "tmpfs", 0, NULL));
    SHOW(set_attributes("m", 0, &a, sizeof a));
    NEED(statvfs("m", &status));
    SHOW((int)(status.f_flag & (ST_RDONLY | ST_NOEXEC)));
    a = (struct attributes){.clear = 1};
    SHOW(set_attributes("m", 0, &a, sizeof a));
    NEED(statvfs("m", &status));
    SHOW((int)(status.f_flag & (ST_RDONLY | ST_NOEXEC)));
    a = (struct attributes){.set = 0x10};
    SHOW(set_attributes("m", 0, &a, sizeof a));
    a = (struct attributes){.set = 0x10, .clear = 0x70};
    SHOW(set_attributes("m", 0, &a, sizeof a));
    a = (struct attributes){.set = 0x4000};
    SHOW(set_attributes("m", 0, &a, sizeof a));
    SHOW(set_attributes("m", 0x1, &a, sizeof a));
    SHOW(set_attributes("m", 0, &a, 8));
    SHOW(set_attributes("m", 0, &a, 5000));
    SHOW(set_attributes("m", 0, NULL, sizeof a));
    a = (struct attributes){.propagation = MS_SHARED | MS_PRIVATE};
    SHOW(set_attributes("m", 0, &a, sizeof a));
    a = (struct attributes){.propagation = MS_SHARED};
    SHOW(set_attributes("m", 0, &a, sizeof a));
    umount("m");
}

static void uses_mount_calls(void) {
    SHOW(fs_open("tmpfs", 0));
    SHOW(opens_tree(AT_FDCWD, ".", 1));
    SHOW(opens_tree(AT_FDCWD, ".", 0) >= 0);
    SHOW(moves(AT_FDCWD, ".", AT_FDCWD, ".", 0));
    SHOW(syscall(433, AT_FDCWD, ".", 0));
}
NATIVE(a_user_has_no_mounts_as_descriptors, WHY) {
    AS_USER(uses_mount_calls);
}

static void show_log(int fd) {
    char text[300];
    long size = 0;
    while ((size = read(fd, text, sizeof text)) >= 0) printf("%.*s", (int)size, text);
    SHOW(read(fd, text, sizeof text));
}
NATIVE(a_context_tells_what_is_wrong, WHY) {
    char text[4];
    const int fd = (int)NEED(fs_open("tmpfs", 0));
    SHOW(fs_config(fd, FSCONFIG_SET_FLAG, "foo", NULL, 0));
    SHOW(fs_config(fd, FSCONFIG_SET_STRING, "size", "zz", 0));
    SHOW(fs_config(fd, FSCONFIG_SET_STRING, "source", "one", 0));
    SHOW(fs_config(fd, FSCONFIG_SET_STRING, "source", "two", 0));
    SHOW(fs_config(fd, FSCONFIG_SET_PATH, "foo", "/dev/null", AT_FDCWD));
    show_log(fd);
    SHOW(fs_config(fd, FSCONFIG_SET_FLAG, "bar", NULL, 0));
    SHOW(read(fd, text, sizeof text));
    show_log(fd);
}

NATIVE(a_flag_may_come_with_a_value, WHY) {
    const int fd = (int)NEED(fs_open("tmpfs", 0)), other = (int)NEED(fs_open("ramfs", 0));
    NEED(mkdir("shown", 0755));
    SHOW(fs_config(fd, FSCONFIG_SET_STRING, "sync", "x", 0));
    SHOW(fs_config(fd, FSCONFIG_SET_STRING, "size", "1m", 0));
    SHOW(fs_config(fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
    const int mount = (int)NEED(fs_mount(fd, 0, 0));
    SHOW(moves(mount, "", AT_FDCWD, "shown", 4));
    char line[400];
    FILE* const file = fopen("/proc/self/mounts", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strstr(line, "/shown ") != NULL) printf("%s", strstr(line, ",size="));
    fclose(file);
    NEED(umount("shown"));
    SHOW(fs_config(other, FSCONFIG_SET_FLAG, "anything", NULL, 0));
    SHOW(fs_config(other, FSCONFIG_SET_STRING, "mode", "junk", 0));
}

NATIVE(a_mount_is_put_beneath_another, WHY) {
    NEED(mkdir("below", 0755));
    NEED(mkdir("top", 0755));
    NEED(mount("tmpfs", "below", "tmpfs", 0, ""));
    NEED(mount("tmpfs", "top", "tmpfs", 0, ""));
    make_file("below/of-below", "");
    make_file("top/of-top", "");
    const int tree = (int)NEED(opens_tree(AT_FDCWD, "below", 1));
    SHOW(moves(tree, "", AT_FDCWD, "top", 4 | 0x200));
    close(tree);
    SHOW(access("top/of-top", F_OK));
    SHOW(access("top/of-below", F_OK));
    SHOW(umount("top"));
    SHOW(access("top/of-below", F_OK));
    SHOW(umount("top"));
    SHOW(access("top/of-below", F_OK));
    SHOW(moves(new_tmpfs(), "", AT_FDCWD, "top", 4 | 0x200));
    SHOW(moves(new_tmpfs(), "", AT_FDCWD, "/", 4 | 0x200));
    SHOW(umount("below"));
}
