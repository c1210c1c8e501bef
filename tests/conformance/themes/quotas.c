// SPDX-License-Identifier: GPL-2.0-or-later
// quotactl and quotactl_fd, where no file system has quotas; which files acct takes.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/quota.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "qemu-aarch64 passes neither on"

static long control(int command, int type, const char* device, int id, void* data) {
    return syscall(SYS_quotactl, QCMD(command, type), device, id, data);
}
static long control_fd(int file, int command, int type, void* data) {
    return syscall(SYS_quotactl_fd, file, QCMD(command, type), 0, data);
}

NATIVE(a_quota_is_of_a_block_device, WHY) {
    struct dqblk block;
    make_file("file", "");
    NEED(mknod("chr", S_IFCHR | 0600, makedev(1, 3)));
    SHOW(control(Q_GETQUOTA, USRQUOTA, "file", 0, &block));
    SHOW(control(Q_GETQUOTA, USRQUOTA, "chr", 0, &block));
    SHOW(control(Q_GETQUOTA, USRQUOTA, ".", 0, &block));
    SHOW(control(Q_GETQUOTA, USRQUOTA, "absent", 0, &block));
    SHOW(control(Q_GETQUOTA, USRQUOTA, "file/x", 0, &block));
    SHOW(control(Q_GETQUOTA, USRQUOTA, "", 0, &block));
    SHOW(control(Q_GETQUOTA, USRQUOTA, (char*)1, 0, &block));
    SHOW(control(Q_GETQUOTA, USRQUOTA, NULL, 0, &block));
}
NATIVE(a_device_that_is_not_mounted_has_no_quota, WHY) {
    struct dqblk block;
    NEED(mknod("blk", S_IFBLK | 0600, makedev(240, 77)));
    SHOW(control(Q_GETQUOTA, USRQUOTA, "blk", 0, &block));
    SHOW(control(Q_QUOTAON, GRPQUOTA, "blk", 2, "absent"));
    SHOW(control(Q_SYNC, USRQUOTA, "blk", 0, NULL));
    SHOW(control(0x7777, USRQUOTA, "blk", 0, NULL));
}
NATIVE(types_of_quotas_are_three, WHY) {
    SHOW(control(Q_SYNC, 0, NULL, 0, NULL));
    SHOW(control(Q_SYNC, 2, NULL, 0, NULL));
    SHOW(control(Q_SYNC, 3, NULL, 0, NULL));
    SHOW(control(Q_GETQUOTA, 3, "absent", 0, NULL));
    SHOW(control(Q_GETINFO, 0, NULL, 0, NULL));
}
static void as_a_user(void) {
    struct dqblk block;
    SHOW(control(Q_SYNC, USRQUOTA, NULL, 0, NULL));
    SHOW(control(Q_QUOTAON, USRQUOTA, "file", 0, &block));
    SHOW(control_fd(open("file", O_RDONLY), Q_QUOTAON, USRQUOTA, &block));
}
NATIVE(a_user_is_told_the_same, WHY) {
    make_file("file", "");
    AS_USER(as_a_user);
}
NATIVE(a_descriptors_file_system_has_no_quota, WHY) {
    struct dqblk block;
    make_file("file", "");
    const int file = (int)NEED(open("file", O_RDONLY));
    SHOW(control_fd(-1, Q_GETQUOTA, USRQUOTA, &block));
    SHOW(control_fd(-1, Q_GETQUOTA, 3, &block));
    SHOW(control_fd(file, Q_GETQUOTA, 3, &block));
    SHOW(control_fd(file, Q_GETQUOTA, USRQUOTA, &block));
    SHOW(control_fd(file, Q_SYNC, USRQUOTA, NULL));
    SHOW(control_fd(file, Q_QUOTAON, PRJQUOTA, NULL));
    SHOW(control_fd(file, 0x7777, USRQUOTA, NULL));
    SHOW(control_fd((int)NEED(open("file", O_PATH)), Q_GETQUOTA, USRQUOTA, &block));
    int ends[2];
    NEED(pipe(ends));
    SHOW(control_fd(ends[0], Q_GETQUOTA, USRQUOTA, &block));
    SHOW(control_fd((int)NEED(open("/proc/self/stat", O_RDONLY)), Q_GETQUOTA, USRQUOTA, &block));
}
NATIVE(a_command_that_may_write_finds_a_read_only_mount, WHY) {
    struct dqblk block;
    static const int commands[] = {Q_SYNC,    Q_QUOTAON,  Q_QUOTAOFF, Q_GETFMT, Q_GETINFO,
                                   Q_SETINFO, Q_GETQUOTA, Q_SETQUOTA, 0x800009, 0x5801,
                                   0x5802,    0x5803,     0x5804,     0x5805,   0x5806,
                                   0x5807,    0x5808,     0x5809,     0x7777};
    NEED(unshare(CLONE_NEWNS));
    NEED(mkdir("m", 0755));
    NEED(mount("none", "m", "tmpfs", MS_RDONLY, NULL));
    const int top = (int)NEED(open("m", O_RDONLY));
    for (size_t i = 0; i < sizeof commands / sizeof *commands; ++i) {
        printf("%#x: ", (unsigned)commands[i]);
        SHOW(control_fd(top, commands[i], USRQUOTA, &block));
    }
}
NATIVE(a_device_on_a_mount_without_devices_is_not_reached, WHY) {
    NEED(unshare(CLONE_NEWNS));
    NEED(mkdir("m", 0755));
    NEED(mount("none", "m", "tmpfs", MS_NODEV, NULL));
    NEED(mknod("m/blk", S_IFBLK | 0600, makedev(240, 77)));
    SHOW(control(Q_SYNC, USRQUOTA, "m/blk", 0, NULL));
}

static void account_as_a_user(void) {
    SHOW(acct(NULL));
    SHOW(acct("absent"));
}
NATIVE(who_may_not_account_is_told_first, WHY) {
    AS_USER(account_as_a_user);
}
NATIVE(accounting_wants_a_regular_file, WHY) {
    NEED(mknod("null", S_IFCHR | 0600, makedev(1, 3)));
    SHOW(acct(NULL));
    SHOW(acct("absent"));
    SHOW(acct("."));
    SHOW(acct((char*)1));
    SHOW(acct("null"));
    SHOW(acct("/proc/self/comm"));
    SHOW(acct("/proc/self/comm/x"));
}
