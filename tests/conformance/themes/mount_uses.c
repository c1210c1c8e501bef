// SPDX-License-Identifier: GPL-2.0-or-later
// What a use of a mount does: MNT_EXPIRE's mark, times of reading, places that take no mount; and
// the file systems mqueue and devpts.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "qemu-aarch64 passes mounts on to the host"

NATIVE(a_use_of_a_mount_ends_its_mark, WHY) {
    NEED(mkdir("mounted", 0700));
    NEED(mount("tmpfs", "mounted", "tmpfs", 0, ""));
    SHOW(umount2("mounted", MNT_EXPIRE));
    SHOW(access("mounted", F_OK));
    SHOW(umount2("mounted", MNT_EXPIRE));
    SHOW(umount2("mounted", MNT_EXPIRE));
}

static void show_access_times(const char* name, unsigned long flags) {
    struct stat before, after;
    char byte;
    NEED(mount("tmpfs", "times", "tmpfs", flags, ""));
    make_file("times/file", "abc");
    NEED(mkdir("times/folder", 0700));
    make_file("times/folder/entry", "");
    for (int again = 0; again < 2; ++again) {
        NEED(stat("times/file", &before));
        sleep_ms(30);
        const int fd = open("times/file", O_RDONLY);
        NEED(read(fd, &byte, 1));
        close(fd);
        NEED(stat("times/file", &after));
        printf("%s: file %d", name, after.st_atim.tv_nsec != before.st_atim.tv_nsec);
        NEED(stat("times/folder", &before));
        sleep_ms(30);
        DIR* folder = opendir("times/folder");
        while (readdir(folder) != NULL) continue;
        closedir(folder);
        NEED(stat("times/folder", &after));
        printf(", folder %d\n", after.st_atim.tv_nsec != before.st_atim.tv_nsec);
    }
    NEED(umount("times"));
}
NATIVE(the_mount_says_which_reads_are_told, WHY) {
    NEED(mkdir("times", 0700));
    show_access_times("noatime", MS_NOATIME);
    show_access_times("strictatime", MS_STRICTATIME);
    show_access_times("strictatime, nodiratime", MS_STRICTATIME | MS_NODIRATIME);
    show_access_times("relatime", 0);
    show_access_times("nodiratime", MS_NODIRATIME);
}

NATIVE(nothing_is_mounted_on_what_a_descriptor_is_shown_as, WHY) {
    char name[64];
    make_file("file", "");
    const int file = open("file", O_RDONLY);
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    const int link = (int)NEED(open(name, O_PATH | O_NOFOLLOW));
    snprintf(name, sizeof name, "/proc/%d/fd/%d", (int)getpid(), link);
    SHOW(mount("file", name, "", MS_BIND, NULL));
    snprintf(name, sizeof name, "/proc/%d/fdinfo/%d", (int)getpid(), link);
    SHOW(mount("file", name, "", MS_BIND, NULL));
}

NATIVE(message_queues_are_files_of_a_mount, "qemu-aarch64 opens queues by another number") {
    static char text[200];
    NEED(mkdir("queues", 0700));
    NEED(mount("mqueue", "queues", "mqueue", 0, NULL));
    const int queue = (int)NEED(syscall(SYS_mq_open, "listed", O_CREAT | O_RDWR, 0600, NULL));
    SHOW(access("queues/listed", F_OK));
    SHOW(syscall(SYS_mq_timedsend, queue, "hello", 5, 0, NULL));
    const int shown = (int)NEED(open("queues/listed", O_RDONLY));
    NEED(read(shown, text, sizeof text - 1));
    printf("%.11s\n", text);
    struct stat status;
    SHOW(fstat(shown, &status));
    SHOW(status.st_size);
    SHOW(status.st_mode);
    SHOW(unlink("queues/listed"));
    SHOW(access("queues/listed", F_OK));
    SHOW(syscall(SYS_mq_open, "listed", O_RDWR, 0, NULL));
    struct statfs system;
    SHOW(statfs("queues", &system));
    printf("%lx\n", (long)system.f_type);
    close(shown);
    SHOW(umount("queues"));
}

NATIVE(a_file_system_of_terminals_is_mounted, WHY) {
    struct statfs system;
    NEED(mkdir("terminals", 0700));
    SHOW(mount("devpts", "terminals", "devpts", 0, "newinstance,ptmxmode=0666"));
    SHOW(access("terminals/ptmx", F_OK));
    SHOW(statfs("terminals", &system));
    printf("%lx\n", (long)system.f_type);
    SHOW(umount("terminals"));
}
