// SPDX-License-Identifier: GPL-2.0-or-later
// mount, umount2, chroot, pivot_root, unshare and setns.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "qemu-aarch64 passes mounts on to the host"

static void make_tmpfs(const char* at) {
    NEED(mkdir(at, 0755));
    NEED(mount("none", at, "tmpfs", 0, NULL));
}

NATIVE(a_tmpfs_is_empty_and_apart, WHY) {
    struct stat below, above;
    make_file("file", "1");
    make_tmpfs("m");
    make_file("m/file", "2");
    show_file("m/file");
    NEED(stat(".", &above));
    NEED(stat("m", &below));
    SHOW(above.st_dev != below.st_dev);
    printf("%o\n", below.st_mode);
    SHOW(rename("m/file", "other"));
    SHOW(link("file", "m/link"));
    SHOW(umount("m"));
    SHOW(access("m/file", F_OK));
}

NATIVE(a_mount_point_is_busy, WHY) {
    make_tmpfs("m");
    SHOW(rmdir("m"));
    SHOW(rename("m", "n"));
    SHOW(mkdir("m", 0700));
    SHOW(unlink("m"));
    NEED(umount("m"));
    SHOW(rmdir("m"));
}

NATIVE(mount_refuses_what_it_does_not_know, WHY) {
    NEED(mkdir("d", 0755));
    make_file("file", "");
    SHOW(mount("none", "d", "no-such-type", 0, NULL));
    SHOW(mount("none", "d", NULL, 0, NULL));
    SHOW(mount("none", "absent", "tmpfs", 0, NULL));
    SHOW(mount("none", "file", "tmpfs", 0, NULL));
    SHOW(mount("none", "file/x", "tmpfs", 0, NULL));
    SHOW(mount("none", (char*)1, "tmpfs", 0, NULL));
    SHOW(mount("none", "d", (char*)1, 0, NULL));
    SHOW(mount("none", "d", "tmpfs", 0, "nonsense=1"));
    SHOW(mount("none", "d", "tmpfs", 0, "mode=999"));
}

static void mounts_as_a_user(void) {
    SHOW(mount("none", "d", "tmpfs", 0, NULL));
    SHOW(mount("none", "absent", "tmpfs", 0, NULL));
    SHOW(umount("d"));
    SHOW(chroot("d"));
    SHOW(unshare(CLONE_NEWNS));
    SHOW(sethostname("x", 1));
}
NATIVE(a_user_mounts_nothing, WHY) {
    NEED(mkdir("d", 0755));
    AS_USER(mounts_as_a_user);
}

NATIVE(options_of_a_tmpfs_set_its_top, WHY) {
    struct stat status;
    NEED(mkdir("d", 0755));
    NEED(mount("none", "d", "tmpfs", 0, "mode=0700,uid=12,gid=34,size=64k"));
    NEED(stat("d", &status));
    printf("%o %d %d\n", status.st_mode, (int)status.st_uid, (int)status.st_gid);
    umount("d");
}

NATIVE(a_read_only_mount_refuses_changes, WHY) {
    make_tmpfs("m");
    make_file("m/file", "text");
    NEED(mkdir("m/dir", 0755));
    SHOW(mount("none", "m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
    SHOW(open("m/file", O_WRONLY));
    SHOW(open("m/file", O_RDONLY) >= 0);
    SHOW(open("m/new", O_CREAT | O_WRONLY, 0600));
    SHOW(mkdir("m/new", 0700));
    SHOW(unlink("m/file"));
    SHOW(rmdir("m/dir"));
    SHOW(rename("m/file", "m/b"));
    SHOW(link("m/file", "m/b"));
    SHOW(symlink("x", "m/b"));
    SHOW(mknod("m/b", S_IFIFO | 0600, 0));
    SHOW(chmod("m/file", 0600));
    SHOW(chown("m/file", 1, 1));
    SHOW(truncate("m/file", 0));
    SHOW(utimensat(AT_FDCWD, "m/file", NULL, 0));
    SHOW(access("m/file", W_OK));
    SHOW(access("m/file", R_OK));
    SHOW(mount("none", "m", NULL, MS_REMOUNT, NULL));
    SHOW(unlink("m/file"));
    umount2("m", MNT_DETACH);
}

NATIVE(a_file_that_is_written_keeps_a_mount_writable, WHY) {
    make_tmpfs("m");
    make_file("m/file", "text");
    const int fd = (int)NEED(open("m/file", O_WRONLY));
    SHOW(mount("none", "m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
    close(fd);
    SHOW(mount("none", "m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
    umount("m");
}

static void runs_it(void) {
    SHOW(execl("m/program", "program", NULL));
}
NATIVE(a_noexec_mount_runs_nothing, WHY) {
    char own[4000];
    make_tmpfs("m");
    const ssize_t length = NEED(readlink("/proc/self/exe", own, sizeof own - 1));
    own[length] = 0;
    make_file("m/program", "#!/no/such/interpreter\n");
    NEED(chmod("m/program", 0755));
    IN_CHILD(runs_it);
    NEED(mount("none", "m", NULL, MS_REMOUNT | MS_NOEXEC, NULL));
    IN_CHILD(runs_it);
    SHOW(access("m/program", X_OK));
    umount("m");
}

NATIVE(a_nodev_mount_opens_no_device, WHY) {
    NEED(mkdir("m", 0755));
    NEED(mount("/dev", "m", NULL, MS_BIND, NULL));
    SHOW(open("m/null", O_RDONLY) >= 0);
    NEED(mount("none", "m", NULL, MS_REMOUNT | MS_BIND | MS_NODEV, NULL));
    SHOW(open("m/null", O_RDONLY));
    umount2("m", MNT_DETACH);
}

NATIVE(a_nosymfollow_mount_follows_no_link, WHY) {
    make_tmpfs("m");
    make_file("m/file", "text");
    NEED(symlink("file", "m/link"));
    SHOW(open("m/link", O_RDONLY) >= 0);
    NEED(mount("none", "m", NULL, MS_REMOUNT | MS_NOSYMFOLLOW, NULL));
    SHOW(open("m/link", O_RDONLY));
    SHOW(readlink("m/link", (char[10]){0}, 10));
    umount2("m", MNT_DETACH);
}

NATIVE(a_bind_shows_the_same_files, WHY) {
    struct stat one, two;
    NEED(mkdir("a", 0755));
    NEED(mkdir("b", 0755));
    make_file("a/file", "text");
    SHOW(mount("a", "b", NULL, MS_BIND, NULL));
    show_file("b/file");
    make_file("b/more", "more");
    show_file("a/more");
    NEED(stat("a/file", &one));
    NEED(stat("b/file", &two));
    SHOW(one.st_ino == two.st_ino && one.st_dev == two.st_dev);
    SHOW(rename("a/file", "b/moved"));
    SHOW(link("a/file", "b/link"));
    SHOW(umount("b"));
    SHOW(access("b/file", F_OK));
}

NATIVE(a_file_is_bound_to_a_file, WHY) {
    make_file("a", "one");
    make_file("b", "two");
    NEED(mkdir("d", 0755));
    SHOW(mount("a", "d", NULL, MS_BIND, NULL));
    SHOW(mount("a", "b", NULL, MS_BIND, NULL));
    show_file("b");
    SHOW(unlink("b"));
    SHOW(umount("b"));
    show_file("b");
    SHOW(mount("absent", "b", NULL, MS_BIND, NULL));
    SHOW(mount(NULL, "b", NULL, MS_BIND, NULL));
}

NATIVE(a_bind_may_be_read_only_alone, WHY) {
    NEED(mkdir("a", 0755));
    NEED(mkdir("b", 0755));
    NEED(mount("a", "b", NULL, MS_BIND, NULL));
    SHOW(mount("none", "b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
    SHOW(open("b/file", O_CREAT | O_WRONLY, 0600));
    SHOW(open("a/file", O_CREAT | O_WRONLY, 0600) >= 0);
    struct statvfs status;
    NEED(statvfs("b", &status));
    SHOW((status.f_flag & ST_RDONLY) != 0);
    umount2("b", MNT_DETACH);
}

NATIVE(a_recursive_bind_has_the_mounts_below, WHY) {
    NEED(mkdir("a", 0755));
    NEED(mkdir("plain", 0755));
    NEED(mkdir("rec", 0755));
    make_tmpfs("a/m");
    make_file("a/m/file", "text");
    NEED(mount("a", "plain", NULL, MS_BIND, NULL));
    NEED(mount("a", "rec", NULL, MS_BIND | MS_REC, NULL));
    SHOW(access("plain/m/file", F_OK));
    SHOW(access("rec/m/file", F_OK));
    umount2("rec", MNT_DETACH);
    umount2("plain", MNT_DETACH);
    umount2("a/m", MNT_DETACH);
}

NATIVE(a_mount_is_moved, WHY) {
    NEED(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL));
    make_tmpfs("a");
    make_file("a/file", "text");
    NEED(mkdir("b", 0755));
    NEED(mkdir("a/below", 0755));
    SHOW(mount("a", "b", NULL, MS_MOVE, NULL));
    SHOW(access("a/file", F_OK));
    show_file("b/file");
    SHOW(mount("b", "b/below", NULL, MS_MOVE, NULL));
    SHOW(mount("b/below", "a", NULL, MS_MOVE, NULL));
    umount2("b", MNT_DETACH);
}

NATIVE(mounts_are_stacked, WHY) {
    make_tmpfs("m");
    make_file("m/one", "");
    NEED(mount("none", "m", "tmpfs", 0, NULL));
    SHOW(access("m/one", F_OK));
    SHOW(umount("m"));
    SHOW(access("m/one", F_OK));
    SHOW(umount("m"));
    SHOW(umount("m"));
}

NATIVE(umount_refuses_what_is_none, WHY) {
    NEED(mkdir("d", 0755));
    SHOW(umount("d"));
    SHOW(umount("absent"));
    SHOW(umount2("d", 0x40));
    SHOW(umount((char*)1));
    SHOW(umount(""));
}

NATIVE(an_open_file_keeps_a_mount_busy, WHY) {
    make_tmpfs("m");
    make_file("m/file", "text");
    const int fd = (int)NEED(open("m/file", O_RDONLY));
    SHOW(umount("m"));
    SHOW(umount2("m", MNT_DETACH));
    SHOW(access("m/file", F_OK));
    char byte = 0;
    SHOW(read(fd, &byte, 1));
    SHOW(byte);
}

NATIVE(a_working_directory_keeps_a_mount_busy, WHY) {
    make_tmpfs("m");
    NEED(chdir("m"));
    SHOW(umount("../m"));
    NEED(chdir(".."));
    SHOW(umount("m"));
}

NATIVE(an_unused_mount_expires_at_the_second_time, WHY) {
    make_tmpfs("m");
    SHOW(umount2("m", MNT_EXPIRE | MNT_DETACH));
    SHOW(umount2("m", MNT_EXPIRE));
    SHOW(umount2("m", MNT_EXPIRE));
    SHOW(umount2("m", MNT_EXPIRE));
}

NATIVE(umount_may_leave_a_link, WHY) {
    make_tmpfs("m");
    NEED(symlink("m", "link"));
    SHOW(umount2("link", UMOUNT_NOFOLLOW));
    SHOW(umount2("link", 0));
}

static long mounts_there_are(void) {
    FILE* const file = fopen("/proc/self/mountinfo", "r");
    long lines = 0;
    for (int c; file != NULL && (c = getc(file)) != EOF;) lines += c == '\n';
    if (file != NULL) fclose(file);
    return lines;
}

NATIVE(a_shared_mount_bound_into_itself_is_copied_into_its_peers, WHY) {
    make_tmpfs("m");
    NEED(mount(NULL, "m", NULL, MS_SHARED, NULL));
    const char* const folders[] = {"m/a", "m/b", "m/c"};
    for (int i = 0; i < 3; ++i) {
        NEED(mkdir(folders[i], 0755));
        const long before = mounts_there_are();
        SHOW(mount("m", folders[i], NULL, MS_BIND | MS_REC, NULL));
        SHOW(mounts_there_are() - before);
    }
    umount2("m", MNT_DETACH);
}

NATIVE(one_kind_of_propagation_at_a_time, WHY) {
    make_tmpfs("m");
    NEED(mkdir("m/d", 0755));
    SHOW(mount(NULL, "m", NULL, MS_PRIVATE, NULL));
    SHOW(mount(NULL, "m", NULL, MS_SHARED | MS_SLAVE, NULL));
    SHOW(mount(NULL, "m/d", NULL, MS_SHARED, NULL));
    SHOW(mount(NULL, "m", NULL, MS_UNBINDABLE, NULL));
    NEED(mkdir("b", 0755));
    SHOW(mount("m", "b", NULL, MS_BIND, NULL));
    umount("m");
}

NATIVE(peers_receive_what_is_mounted, WHY) {
    NEED(mkdir("b", 0755));
    make_tmpfs("a");
    NEED(mkdir("a/d", 0755));
    NEED(mount(NULL, "a", NULL, MS_SHARED, NULL));
    NEED(mount("a", "b", NULL, MS_BIND, NULL));
    NEED(mount("none", "b/d", "tmpfs", 0, NULL));
    make_file("b/d/file", "text");
    show_file("a/d/file");
    NEED(umount("a/d"));
    SHOW(access("b/d/file", F_OK));
    NEED(mount(NULL, "b", NULL, MS_SLAVE, NULL));
    NEED(mount("none", "b/d", "tmpfs", 0, NULL));
    make_file("b/d/own", "");
    SHOW(access("a/d/own", F_OK));
    NEED(umount("b/d"));
    NEED(mount("none", "a/d", "tmpfs", 0, NULL));
    make_file("a/d/given", "");
    SHOW(access("b/d/given", F_OK));
    umount2("b", MNT_DETACH);
    umount2("a", MNT_DETACH);
}

NATIVE(dots_lead_out_of_a_mount, WHY) {
    char name[4000], *last;
    make_tmpfs("m");
    NEED(mkdir("m/d", 0755));
    NEED(chdir("m/d"));
    NEED(getcwd(name, sizeof name) != NULL ? 0 : -1);
    last = strrchr(name, '/');
    puts(last);
    NEED(chdir("../.."));
    SHOW(access("m", F_OK));
    umount("m");
}

NATIVE(the_tables_tell_of_a_mount, WHY) {
    static char text[60000];
    struct pollfd wait = {.fd = (int)NEED(open("/proc/self/mounts", O_RDONLY)), .events = POLLPRI};
    SHOW(poll(&wait, 1, 0));
    NEED(mkdir("with blank", 0755));
    NEED(mount("my source", "with blank", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOATIME, NULL));
    SHOW(poll(&wait, 1, 0));
    SHOW((wait.revents & POLLERR) != 0 && (wait.revents & POLLPRI) != 0);
    size_t at = 0;
    for (ssize_t n; (n = pread(wait.fd, text + at, sizeof text - 1 - at, (off_t)at)) > 0;)
        at += (size_t)n;
    char* line = strstr(text, "my\\040source ");
    SHOW(line != NULL);
    SHOW(line != NULL && strstr(line, "/with\\040blank tmpfs rw,nosuid,nodev,noatime") != NULL);
    umount("with blank");
}

static void goes_into_a_root(void) {
    char name[100];
    SHOW(chroot("absent"));
    SHOW(chroot("file"));
    SHOW(chroot("r"));
    SHOW(access("/inside", F_OK));
    SHOW(chdir("/"));
    SHOW(access("../../inside", F_OK));
    NEED(getcwd(name, sizeof name) != NULL ? 0 : -1);
    puts(name);
    SHOW(open("/link", O_RDONLY) >= 0);
}
NATIVE(a_root_is_not_left, WHY) {
    NEED(mkdir("r", 0755));
    make_file("file", "");
    make_file("r/inside", "");
    NEED(symlink("/inside", "r/link"));
    IN_CHILD(goes_into_a_root);
}

static void looks_from_a_root(void) {
    NEED(chroot("r"));
    struct stat above, root;
    NEED(chdir("/"));
    NEED(stat("/", &root));
    NEED(stat("..", &above));
    SHOW(root.st_ino == above.st_ino);
    SHOW(access("/proc/self", F_OK));
}
NATIVE(the_parent_of_a_root_is_itself, WHY) {
    NEED(mkdir("r", 0755));
    IN_CHILD(looks_from_a_root);
}

static void has_its_own_mounts(void) {
    SHOW(unshare(CLONE_NEWNS));
    NEED(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    NEED(mount("none", "m", "tmpfs", 0, NULL));
    make_file("m/file", "");
    SHOW(access("m/file", F_OK));
}
NATIVE(mounts_of_a_namespace_are_its_own, WHY) {
    NEED(mkdir("m", 0755));
    IN_CHILD(has_its_own_mounts);
    SHOW(access("m/file", F_OK));
}

NATIVE(a_namespace_of_names_is_left_and_entered, WHY) {
    char name[65];
    const int before = (int)NEED(open("/proc/self/ns/uts", O_RDONLY));
    NEED(sethostname("first", 5));
    SHOW(unshare(CLONE_NEWUTS));
    NEED(sethostname("second", 6));
    SHOW(setns(before, CLONE_NEWNS));
    SHOW(setns(before, CLONE_NEWUTS));
    NEED(gethostname(name, sizeof name));
    puts(name);
    SHOW(setns(-1, 0));
    make_file("file", "");
    SHOW(setns(open("file", O_RDONLY), 0));
}

NATIVE(unshare_refuses_unknown_flags, WHY) {
    SHOW(unshare(0));
    SHOW(unshare(CLONE_FS));
    SHOW(unshare(CLONE_FILES));
    SHOW(unshare(CLONE_VFORK));
    SHOW(unshare(0x1));
}

NATIVE(names_have_their_limits, WHY) {
    static char name[200];
    memset(name, 'x', sizeof name - 1);
    SHOW(sethostname(name, 64));
    SHOW(sethostname(name, 65));
    SHOW(syscall(SYS_sethostname, name, -1));
    SHOW(syscall(SYS_sethostname, 1, 3));
    SHOW(setdomainname(name, 65));
    SHOW(setdomainname("", 0));
}

static void pivots(void) {
    NEED(unshare(CLONE_NEWNS));
    NEED(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    NEED(mkdir("base", 0755));
    NEED(mount("none", "base", "tmpfs", 0, NULL));
    NEED(chdir("base"));
    NEED(mkdir("r", 0755));
    NEED(mount("none", "r", "tmpfs", 0, NULL));
    make_file("r/new", "");
    NEED(mkdir("r/old", 0755));
    NEED(mkdir("other", 0755));
    SHOW(syscall(SYS_pivot_root, "other", "other"));
    SHOW(syscall(SYS_pivot_root, "r", "other"));
    SHOW(syscall(SYS_pivot_root, "r", "r/absent"));
    NEED(chdir("r"));
    SHOW(syscall(SYS_pivot_root, ".", "old"));
    SHOW(access("/new", F_OK));
    SHOW(access("/old/proc", F_OK));
    SHOW(umount2("/old", MNT_DETACH));
    SHOW(access("/old/proc", F_OK));
}
NATIVE(a_root_is_replaced, WHY) {
    IN_CHILD(pivots);
}

NATIVE(statfs_knows_what_is_mounted, WHY) {
    struct statfs status;
    make_tmpfs("m");
    NEED(statfs("m", &status));
    printf("%lx %d\n", (long)status.f_type, (int)status.f_namelen);
    NEED(statfs("/proc", &status));
    printf("%lx\n", (long)status.f_type);
    NEED(statfs("/sys", &status));
    printf("%lx\n", (long)status.f_type);
    umount("m");
}

NATIVE(proc_is_mounted_once_more, WHY) {
    NEED(mkdir("p", 0755));
    SHOW(mount("none", "p", "proc", 0, NULL));
    SHOW(access("p/self/status", R_OK));
    SHOW(mount("none", "p", "proc", 0, NULL));
    SHOW(umount("p"));
}
