// SPDX-License-Identifier: GPL-2.0-or-later
// stat, statx, statfs; chmod, chown, utimensat.
#include <fcntl.h>
#include <linux/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static struct stat status;

static unsigned mode_of(const char* name) {
    NEED(lstat(name, &status));
    return status.st_mode;
}

static void show_times(const char* name) {
    NEED(lstat(name, &status));
    printf("%ld.%09ld %ld.%09ld\n", (long)status.st_atim.tv_sec, status.st_atim.tv_nsec,
           (long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

BEHAVIOUR(stat_refuses) {
    make_file("file", "");
    NEED(symlink("self", "self"));
    SHOW(stat("missing", &status));
    SHOW(stat("file/x", &status));
    SHOW(stat("file/", &status));
    SHOW(stat("self", &status));
    SHOW(lstat("self", &status));
    SHOW(stat("", &status));
    SHOW(syscall(SYS_newfstatat, AT_FDCWD, "file", 8, 0));
    SHOW(fstat(-1, &status));
    SHOW(fstatat(AT_FDCWD, "file", &status, 0x80000));
    SHOW(fstatat(-1, "file", &status, 0));
    SHOW(fstatat(0, "/", &status, 0));
    const int fd = open("file", O_RDONLY);
    SHOW(fstatat(fd, "x", &status, 0));
    SHOW(fstatat(fd, "", &status, AT_EMPTY_PATH));
    SHOW(fstatat(AT_FDCWD, "", &status, AT_EMPTY_PATH));
    SHOW(S_ISDIR(status.st_mode));
}

NATIVE(statx_fills_the_basic_fields, "qemu 7.2 copies fewer fields") {
    static struct statx all;
    make_file("file", "text");
    SHOW(syscall(SYS_statx, AT_FDCWD, "file", 0, STATX_BASIC_STATS, &all));
    printf("mask %x, size %lld, mode %o, links %u\n", all.stx_mask & STATX_BASIC_STATS,
           all.stx_size, all.stx_mode, all.stx_nlink);
    SHOW(syscall(SYS_statx, AT_FDCWD, "file", 0, 0, &all));
    SHOW(syscall(SYS_statx, AT_FDCWD, "file", 0, STATX_BTIME, &all));
    SHOW(all.stx_mask & STATX_BTIME);
    SHOW(syscall(SYS_statx, AT_FDCWD, "file", 0, STATX_MNT_ID, &all));
    SHOW(all.stx_mask & STATX_MNT_ID);
    SHOW(all.stx_mnt_id != 0);
    SHOW(syscall(SYS_statx, AT_FDCWD, "file", 0, 0x80000000u, &all));
    SHOW(syscall(SYS_statx, AT_FDCWD, "file", AT_STATX_SYNC_TYPE, 0, &all));
    SHOW(syscall(SYS_statx, AT_FDCWD, "file", AT_STATX_FORCE_SYNC, 0, &all));
    SHOW(syscall(SYS_statx, AT_FDCWD, "file", 0x80000, 0, &all));
    SHOW(syscall(SYS_statx, AT_FDCWD, "missing", 0, 0, &all));
    SHOW(syscall(SYS_statx, AT_FDCWD, "", 0, 0, &all));
    SHOW(syscall(SYS_statx, -1, "", AT_EMPTY_PATH, 0, &all));
    SHOW(syscall(SYS_statx, AT_FDCWD, "file", 0, 0, 8));
    SHOW(syscall(SYS_statx, AT_FDCWD, 8, 0, 0, &all));
}

BEHAVIOUR(statfs_of_a_tmpfs) {
    struct statfs system;
    NEED(mkdir("place", 0755));
    NEED(mount("none", "place", "tmpfs", 0, NULL));
    NEED(chdir("place"));
    make_file("file", "");
    SHOW(statfs(".", &system));
    printf("type %lx, block %ld, name %ld\n", (long)system.f_type, (long)system.f_bsize,
           (long)system.f_namelen);
    SHOW(fstatfs(open("file", O_RDONLY), &system));
    SHOW(fstatfs(open("file", O_PATH), &system));
    SHOW(fstatfs(-1, &system));
    SHOW(statfs("missing", &system));
    SHOW(statfs("file/x", &system));
    SHOW(statfs("file", (void*)8));
    SHOW(statfs("/proc", &system));
    printf("type %lx\n", (long)system.f_type);
    int ends[2];
    NEED(pipe(ends));
    SHOW(fstatfs(ends[0], &system));
    printf("type %lx\n", (long)system.f_type);
}

BEHAVIOUR(chmod_takes_twelve_bits) {
    make_file("file", "");
    NEED(symlink("file", "link"));
    SHOW(chmod("file", 0107777));
    printf("%o\n", mode_of("file"));
    SHOW(chmod("link", 0600));
    printf("%o\n", mode_of("file"));
    SHOW(chmod("missing", 0600));
    SHOW(chmod("file/x", 0600));
    SHOW(fchmod(-1, 0600));
    NEED(mkdir("folder", 0755));
    SHOW(chmod("folder", 07777));
    printf("%o\n", mode_of("folder"));
}

NATIVE(fchmodat2_knows_its_flags, "qemu 7.2 does not know fchmodat2") {
    make_file("file", "");
    NEED(symlink("file", "link"));
    SHOW(syscall(452, AT_FDCWD, "file", 0640, 0));
    SHOW(syscall(452, AT_FDCWD, "link", 0600, AT_SYMLINK_NOFOLLOW));
    SHOW(syscall(452, AT_FDCWD, "file", 0600, AT_SYMLINK_NOFOLLOW));
    printf("%o\n", mode_of("file"));
    SHOW(syscall(452, open("file", O_PATH), "", 0644, AT_EMPTY_PATH));
    printf("%o\n", mode_of("file"));
    SHOW(syscall(452, AT_FDCWD, "file", 0600, 0x8000));
}

BEHAVIOUR(chown_takes_the_set_id_bits) {
    make_file("file", "");
    make_file("no execute", "");
    NEED(mkdir("folder", 0755));
    NEED(chmod("file", 06755));
    NEED(chmod("no execute", 06644));
    NEED(chmod("folder", 06755));
    SHOW(chown("file", 1000, 2000));
    SHOW(chown("no execute", 1000, -1));
    SHOW(chown("folder", 1000, 2000));
    printf("%o %o %o\n", mode_of("file"), mode_of("no execute"), mode_of("folder"));
    NEED(chmod("file", 06755));
    SHOW(chown("file", -1, -1));
    printf("%o %u %u\n", mode_of("file"), status.st_uid, status.st_gid);
    SHOW(fchownat(AT_FDCWD, "file", 0, 0, 0x8000));
    SHOW(fchownat(open("file", O_PATH), "", 5, 6, AT_EMPTY_PATH));
    printf("%u %u\n", (mode_of("file"), status.st_uid), status.st_gid);
    NEED(symlink("file", "link"));
    SHOW(lchown("link", 7, 8));
    printf("%u %u\n", (mode_of("link"), status.st_uid), status.st_gid);
    SHOW(chown("missing", 0, 0));
}

static void writes(void) {
    const int fd = (int)NEED(open("file", O_WRONLY));
    SHOW(write(fd, "x", 1));
    printf("%o\n", mode_of("file"));
}

BEHAVIOUR(a_users_write_takes_the_set_id_bits) {
    make_file("file", "");
    NEED(chmod("file", 06777));
    IN_CHILD(writes);
    AS_USER(writes);
    NEED(chmod("file", 06767));
    AS_USER(writes);
}

BEHAVIOUR(a_set_group_id_directory_gives_its_group) {
    NEED(mkdir("folder", 0755));
    NEED(chown("folder", 0, 2000));
    NEED(chmod("folder", 02777));
    make_file("folder/file", "");
    NEED(mkdir("folder/inner", 0755));
    printf("%o %u\n", mode_of("folder/file"), status.st_gid);
    printf("%o %u\n", mode_of("folder/inner"), status.st_gid);
}

BEHAVIOUR(utimensat_sets_now_or_omits) {
    const struct timespec given[2] = {{100, 5}, {200, 999999999}};
    const struct timespec first[2] = {{300, 7}, {0, UTIME_OMIT}};
    const struct timespec bad[2] = {{300, 1000000000}, {0, 0}};
    const struct timespec negative[2] = {{-5, 0}, {0, -1}};
    const struct timespec before[2] = {{-5, 0}, {-1, 1}};
    make_file("file", "");
    NEED(symlink("file", "link"));
    SHOW(utimensat(AT_FDCWD, "file", given, 0));
    show_times("file");
    SHOW(utimensat(AT_FDCWD, "file", first, 0));
    show_times("file");
    SHOW(utimensat(AT_FDCWD, "file", bad, 0));
    SHOW(utimensat(AT_FDCWD, "file", negative, 0));
    SHOW(utimensat(AT_FDCWD, "file", before, 0));
    show_times("file");
    SHOW(utimensat(AT_FDCWD, "link", given, AT_SYMLINK_NOFOLLOW));
    show_times("link");
    SHOW(utimensat(AT_FDCWD, "missing", given, 0));
    SHOW(utimensat(AT_FDCWD, "file", given, 0x8000));
    SHOW(futimens(open("file", O_RDONLY), given));
    show_times("file");
    SHOW(futimens(-1, given));
    SHOW(syscall(SYS_utimensat, AT_FDCWD, NULL, given, 0));
    SHOW(syscall(SYS_utimensat, AT_FDCWD, "file", 8, 0));
    const struct timespec none[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
    SHOW(utimensat(AT_FDCWD, "missing", none, 0));
    SHOW(utimensat(open("file", O_PATH), "", given, AT_EMPTY_PATH));
}

static int later(const struct timespec* a, const struct timespec* b) {
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

BEHAVIOUR(which_times_a_call_moves) {
    struct stat before, after;
    char byte;
    make_file("file", "text");
    const int fd = open("file", O_RDWR);
    const char* const names[] = {"read", "write", "chmod", "truncate", "the same size", "link"};
    for (int i = 0; i < 6; ++i) {
        NEED(fstat(fd, &before));
        sleep_ms(30);
        if (i == 0) NEED(read(fd, &byte, 1));
        if (i == 1) NEED(write(fd, "x", 1));
        if (i == 2) NEED(fchmod(fd, 0600));
        if (i == 3) NEED(ftruncate(fd, 2));
        if (i == 4) NEED(ftruncate(fd, 2));
        if (i == 5) NEED(link("file", "second"));
        NEED(fstat(fd, &after));
        printf("%s: atime %d, mtime %d, ctime %d\n", names[i],
               later(&after.st_atim, &before.st_atim), later(&after.st_mtim, &before.st_mtim),
               later(&after.st_ctim, &before.st_ctim));
    }
}

NATIVE(times_of_a_descriptor_have_no_flags, "the C library of qemu-aarch64 looks at them itself") {
    struct timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}},
                    omit[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
    make_file("file", "");
    const int fd = open("file", O_RDWR);
    SHOW(syscall(SYS_utimensat, fd, NULL, now, 0));
    SHOW(syscall(SYS_utimensat, fd, NULL, now, AT_SYMLINK_NOFOLLOW));
    SHOW(syscall(SYS_utimensat, fd, NULL, NULL, AT_EMPTY_PATH));
    SHOW(syscall(SYS_utimensat, fd, NULL, omit, AT_SYMLINK_NOFOLLOW));
    SHOW(syscall(SYS_utimensat, AT_FDCWD, "file", now, 0x40000));
    SHOW(syscall(SYS_utimensat, AT_FDCWD, "file", omit, 0x40000));
}

#define OLD "qemu 7.2 does not know it"

static long mount_id_of_line(const char* point) {
    char line[1000], where[500];
    long id, found = -1;
    FILE* file = fopen("/proc/self/mountinfo", "r");
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "%ld %*d %*s %*s %499s", &id, where) == 2 &&
            strcmp(where + strlen(where) - strlen(point), point) == 0)
            found = id;
    }
    fclose(file);
    return found;
}

NATIVE(statx_tells_the_mount, OLD) {
    static struct statx all;
    const unsigned long long root = 0x2000;
    long id;
    NEED(mkdir("mounted-here", 0700));
    NEED(mount("tmpfs", "mounted-here", "tmpfs", 0, ""));
    make_file("mounted-here/file", "");
    SHOW(syscall(SYS_statx, AT_FDCWD, "mounted-here", 0, STATX_MNT_ID, &all));
    SHOW((all.stx_attributes_mask & root) != 0);
    SHOW((all.stx_attributes & root) != 0);
    SHOW((long)all.stx_mnt_id == mount_id_of_line("/mounted-here"));
    id = (long)all.stx_mnt_id;
    SHOW(syscall(SYS_statx, AT_FDCWD, "mounted-here/file", 0, STATX_MNT_ID, &all));
    SHOW((all.stx_attributes & root) != 0);
    SHOW((long)all.stx_mnt_id == id);
    SHOW(syscall(SYS_statx, AT_FDCWD, "mounted-here/file", 0, 0x4000, &all));
    SHOW(all.stx_mask & 0x5000);
    SHOW(all.stx_mnt_id > 1ull << 31);
    const int fd = open("mounted-here", O_RDONLY);
    SHOW(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0, &all));
    SHOW((all.stx_attributes & root) != 0);
    char text[1000] = "", *line;
    snprintf(text, sizeof text, "/proc/self/fdinfo/%d", fd);
    const int info = open(text, O_RDONLY);
    NEED(read(info, text, sizeof text - 1));
    line = strstr(text, "mnt_id:");
    SHOW(line != NULL && atol(line + 7) == id);
    close(fd);
    SHOW(umount("mounted-here"));
}

NATIVE(a_descriptor_needs_no_path, OLD) {
    static struct statx all;
    struct stat status;
    make_file("file", "text");
    const int fd = open("file", O_RDONLY);
    SHOW(syscall(SYS_statx, fd, NULL, AT_EMPTY_PATH, STATX_SIZE, &all));
    SHOW(all.stx_size);
    SHOW(syscall(SYS_statx, fd, NULL, 0, STATX_SIZE, &all));
    SHOW(syscall(SYS_statx, 1000, NULL, AT_EMPTY_PATH, STATX_SIZE, &all));
    SHOW(syscall(SYS_newfstatat, fd, NULL, &status, AT_EMPTY_PATH));
    SHOW(status.st_size);
    SHOW(syscall(SYS_newfstatat, fd, NULL, &status, 0));
}
