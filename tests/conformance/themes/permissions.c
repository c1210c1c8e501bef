// SPDX-License-Identifier: GPL-2.0-or-later
// Which permissions file calls ask for, and of whom.
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static void opens_each(void) {
    SHOW(may_open("owner", O_RDONLY));
    SHOW(may_open("group", O_RDONLY));
    SHOW(may_open("group", O_WRONLY));
    SHOW(may_open("other", O_RDONLY));
    SHOW(may_open("mine", O_RDONLY));
    SHOW(may_open("mine", O_RDWR));
    SHOW(may_open("mine", O_RDONLY | O_TRUNC));
}

BEHAVIOUR(the_first_class_decides) {
    make_owned_file("owner", 1000, 0, 0077);
    make_owned_file("group", 0, 1000, 0747);
    make_owned_file("other", 0, 0, 0004);
    make_owned_file("mine", 1000, 1000, 0400);
    AS_USER(opens_each);
}

static void with_group_30(void) {
    const gid_t groups[] = {20, 30};
    NEED(setgroups(2, groups));
    NEED(setresgid(1000, 1000, 1000));
    NEED(setresuid(1000, 1000, 1000));
    SHOW(may_open("shared", O_RDWR));
    SHOW(may_open("denied", O_RDONLY));
}

BEHAVIOUR(supplementary_groups_count) {
    make_owned_file("shared", 0, 30, 0660);
    make_owned_file("denied", 0, 20, 0604);
    IN_CHILD(with_group_30);
}

BEHAVIOUR(the_file_systems_ids_decide) {
    make_owned_file("mine", 1000, 1000, 0600);
    make_owned_file("roots", 0, 0, 0600);
    setfsuid(1000);
    SHOW(may_open("mine", O_RDONLY));
    SHOW(may_open("roots", O_RDONLY));
    setfsuid(0);
    SHOW(may_open("roots", O_RDONLY));
}

BEHAVIOUR(new_files_have_the_effective_ids) {
    struct stat status;
    NEED(chmod(".", 0777));
    NEED(setegid(2000));
    NEED(seteuid(1000));
    NEED(close(open("new", O_CREAT | O_WRONLY, 0666)));
    NEED(mkdir("folder", 0777));
    NEED(stat("new", &status));
    printf("%u %u %o\n", status.st_uid, status.st_gid, status.st_mode);
    NEED(stat("folder", &status));
    printf("%u %u %o\n", status.st_uid, status.st_gid, status.st_mode);
}

static void accesses(void) {
    SHOW(access("roots", R_OK));
    SHOW(faccessat(AT_FDCWD, "roots", R_OK, AT_EACCESS));
    SHOW(access("mine", R_OK | W_OK));
    SHOW(faccessat(AT_FDCWD, "mine", R_OK | W_OK, AT_EACCESS));
    SHOW(access("mine", X_OK));
    SHOW(access("missing", F_OK));
    SHOW(access("mine", 8));
    SHOW(access("mine/x", F_OK));
}

NATIVE(access_asks_for_the_real_ids, "glibc asks for AT_EACCESS itself where qemu 7.2 lacks it") {
    make_owned_file("mine", 1000, 1000, 0600);
    make_owned_file("roots", 0, 0, 0600);
    NEED(setresuid(1000, 0, 0));
    accesses();
    NEED(setresuid(0, 0, 0));
    NEED(setresuid(0, 1000, 0));
    accesses();
}

BEHAVIOUR(the_superuser_executes_what_someone_may) {
    make_owned_file("none", 1000, 1000, 0666);
    make_owned_file("some", 1000, 1000, 0001);
    SHOW(access("none", R_OK | W_OK));
    SHOW(access("none", X_OK));
    SHOW(access("some", X_OK));
    NEED(mkdir("folder", 0));
    SHOW(access("folder", R_OK | W_OK | X_OK));
}

static void removes_sticky(void) {
    SHOW(unlink("sticky/roots"));
    SHOW(unlink("sticky/mine"));
    SHOW(rename("sticky/roots", "sticky/new"));
    SHOW(rename("sticky/second", "sticky/roots"));
    SHOW(rmdir("sticky/folder"));
    SHOW(rename("sticky/second", "sticky/third"));
}

BEHAVIOUR(a_sticky_directory_keeps_what_others_own) {
    NEED(mkdir("sticky", 0755));
    NEED(chmod("sticky", 01777));
    make_owned_file("sticky/roots", 0, 0, 0666);
    make_owned_file("sticky/mine", 1000, 1000, 0600);
    make_owned_file("sticky/second", 1000, 1000, 0600);
    NEED(mkdir("sticky/folder", 0777));
    AS_USER(removes_sticky);
}

static void changes_modes(void) {
    const int roots = open("roots", O_RDONLY);
    SHOW(chmod("mine", 0640));
    SHOW(chmod("roots", 0777));
    SHOW(fchmod(roots, 0777));
    SHOW(chown("mine", 1000, 1000));
    SHOW(chown("mine", -1, -1));
    SHOW(chown("mine", 0, -1));
    SHOW(chown("mine", -1, 0));
    SHOW(chown("roots", -1, -1));
    SHOW(fchown(roots, 1000, -1));
    SHOW(truncate("roots", 0));
}

BEHAVIOUR(owners_change_modes_and_not_owners) {
    make_owned_file("mine", 1000, 1000, 0644);
    make_owned_file("roots", 0, 0, 0644);
    AS_USER(changes_modes);
}

static void set_times(void) {
    const struct timespec given[2] = {{1, 0}, {2, 0}};
    const struct timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
    const struct timespec half[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
    const struct timespec none[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
    SHOW(utimensat(AT_FDCWD, "writable", given, 0));
    SHOW(utimensat(AT_FDCWD, "writable", now, 0));
    SHOW(utimensat(AT_FDCWD, "writable", NULL, 0));
    SHOW(utimensat(AT_FDCWD, "writable", half, 0));
    SHOW(utimensat(AT_FDCWD, "roots", NULL, 0));
    SHOW(utimensat(AT_FDCWD, "roots", given, 0));
    SHOW(utimensat(AT_FDCWD, "roots", none, 0));
    SHOW(utimensat(AT_FDCWD, "mine", given, 0));
}

BEHAVIOUR(times_need_the_owner_or_write_permission) {
    make_owned_file("writable", 0, 0, 0666);
    make_owned_file("roots", 0, 0, 0644);
    make_owned_file("mine", 1000, 1000, 0444);
    AS_USER(set_times);
}

static void sets_group_bits(void) {
    struct stat status;
    SHOW(chmod("other-group", 02755));
    NEED(stat("other-group", &status));
    printf("%o\n", status.st_mode);
    SHOW(chmod("own-group", 02755));
    NEED(stat("own-group", &status));
    printf("%o\n", status.st_mode);
}

BEHAVIOUR(set_group_id_is_for_members) {
    make_owned_file("other-group", 1000, 30, 0755);
    make_owned_file("own-group", 1000, 1000, 0755);
    AS_USER(sets_group_bits);
}

static void makes_set_group_files(void) {
    struct stat seen;
    SHOW(close(open("shared/file", O_CREAT | O_WRONLY, 02777)));
    SHOW(mknod("shared/fifo", S_IFIFO | 02777, 0));
    SHOW(close(open("shared/plain", O_CREAT | O_WRONLY, 02767)));
    NEED(fstat(open("shared", O_TMPFILE | O_RDWR, 02777), &seen));
    printf("%o\n", seen.st_mode);
    for (int i = 0; i < 3; ++i) {
        static const char* const kNames[] = {"shared/file", "shared/fifo", "shared/plain"};
        NEED(stat(kNames[i], &seen));
        printf("%o %u %u\n", seen.st_mode, seen.st_uid, seen.st_gid);
        NEED(unlink(kNames[i]));
    }
}

NATIVE(nobody_runs_files_as_a_group_that_is_not_theirs, "qemu 7.2 has not O_TMPFILE") {
    umask(0);
    NEED(mkdir("shared", 0777));
    NEED(chown("shared", 0, 7));
    NEED(chmod("shared", 02777));
    AS_USER(makes_set_group_files);
    makes_set_group_files();
    umask(010);
    AS_USER(makes_set_group_files);
}
