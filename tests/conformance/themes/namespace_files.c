// SPDX-License-Identifier: GPL-2.0-or-later
// Mounts and attributes of files as the superuser of a user namespace may change them.
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "behaviour.h"
#include "namespace_steps.h"
#include "steps.h"

// --- mounts

NATIVE(mounts_that_were_there_stay, OWN) {
    NEED(mkdir("tree", 0777));
    NEED(mount("tmpfs", "tree", "tmpfs", MS_RDONLY | MS_NOSUID, ""));
    NEED(mkdir("other", 0777));
    enter(CLONE_NEWNS);
    SHOW(umount("tree"));
    SHOW(umount2("tree", MNT_DETACH));
    SHOW(mount(NULL, "tree", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID, ""));
    SHOW(mount(NULL, "tree", NULL, MS_REMOUNT | MS_BIND | MS_NOSUID, ""));
    SHOW(mount(NULL, "tree", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, ""));
    SHOW(mount(NULL, "tree", NULL, MS_REMOUNT, ""));
    SHOW(mount("tree", "other", NULL, MS_BIND, ""));
    SHOW(umount("other"));
    SHOW(mount("/", "other", NULL, MS_BIND, ""));
    SHOW(mount("tmpfs", "tree", "tmpfs", 0, ""));
    SHOW(umount("tree"));
    SHOW(mount("tree", "other", NULL, MS_MOVE, ""));
}
static void mount_inside(void) {
    enter(CLONE_NEWNS);
    SHOW(mount("tmpfs", "tree/inner", "tmpfs", 0, ""));
    make_file("tree/inner/file", "");
}
NATIVE(its_mounts_do_not_reach_outside, OWN) {
    NEED(mkdir("tree", 0777));
    NEED(mount("tmpfs", "tree", "tmpfs", 0, ""));
    NEED(mount(NULL, "tree", NULL, MS_SHARED, NULL));
    NEED(mkdir("tree/inner", 0777));
    IN_CHILD(mount_inside);
    SHOW(may_open("tree/inner/file", O_RDONLY));
    NEED(umount("tree"));
}

static void show_top(void) {
    struct stat status;
    SHOW(stat("tree", &status));
    printf("owner %d %d, mode %o\n", (int)status.st_uid, (int)status.st_gid,
           status.st_mode & 07777);
    SHOW(umount("tree"));
}
NATIVE(some_file_systems_are_for_everybody, OWN) {
    NEED(mkdir("tree", 0777));
    enter(CLONE_NEWNS);
    SHOW(mount("proc", "tree", "proc", 0, ""));
    SHOW(mount("sysfs", "tree", "sysfs", 0, ""));
    SHOW(mount("devtmpfs", "tree", "devtmpfs", 0, ""));
    SHOW(mount("none", "tree", "nonesuch", 0, ""));
    SHOW(mount("ramfs", "tree", "ramfs", 0, ""));
    show_top();
    SHOW(mount("tmpfs", "tree", "tmpfs", 0, "uid=5"));
    SHOW(mount("tmpfs", "tree", "tmpfs", 0, "uid=1,gid=1,mode=700"));
    show_top();
    setfsgid(1);
    setfsuid(1);
    SHOW(mount("tmpfs", "tree", "tmpfs", 0, ""));
    SHOW(mount(NULL, "tree", NULL, MS_REMOUNT, "size=64k"));
    show_top();
}

// --- attributes

NATIVE(capabilities_of_a_file_are_the_namespaces, OWN) {
    struct {
        unsigned head, permitted, inheritable, more[2], root;
    } value = {0x02000001, 1 << CAP_NET_RAW, 0, {0, 0}, 0};
    NEED(mkdir("tree", 0777));
    NEED(mount("tmpfs", "tree", "tmpfs", 0, "mode=777"));
    make_owned_file("tree/own", 1000, 1000, 0755);
    make_owned_file("tree/others", 1001, 1001, 0755);
    NEED(setxattr("tree/others", "security.capability", &value, 20, 0));
    enter(0);
    SHOW(setxattr("tree/own", "security.capability", &value, 20, 0));
    SHOW(setxattr("tree/others", "security.capability", &value, 20, 0));
    memset(&value, 0, sizeof value);
    SHOW(getxattr("tree/own", "security.capability", &value, sizeof value));
    printf("%x %x %u\n", value.head, value.permitted, value.root);
    SHOW(getxattr("tree/others", "security.capability", &value, sizeof value));
    value.head = 0x03000001;
    value.root = 1;
    SHOW(setxattr("tree/own", "security.capability", &value, 24, 0));
    SHOW(getxattr("tree/own", "security.capability", &value, sizeof value));
    printf("%x %x %u\n", value.head, value.permitted, value.root);
    value.root = 5;
    SHOW(setxattr("tree/own", "security.capability", &value, 24, 0));
    SHOW(setxattr("tree/own", "security.other", &value, 20, 0));
    SHOW(setxattr("tree/own", "trusted.other", &value, 20, 0));
    SHOW(getxattr("tree/own", "trusted.other", &value, 20));
    SHOW(removexattr("tree/others", "security.capability"));
    SHOW(removexattr("tree/own", "security.capability"));
}
static const struct {
    unsigned version;
    struct {
        unsigned short tag, rights;
        unsigned id;
    } entries[5];
} list = {2, {{1, 6, ~0u}, {2, 4, 1}, {4, 0, ~0u}, {16, 4, ~0u}, {32, 0, ~0u}}};
static void show_list(const char* name) {
    unsigned words[11] = {0};
    SHOW(getxattr(name, "system.posix_acl_access", words, sizeof words));
    printf("user %d\n", (int)words[4]);
}
static void set_list(void) {
    enter(0);
    SHOW(setxattr("tree/own", "system.posix_acl_access", &list, sizeof list, 0));
    show_list("tree/own");
    show_list("tree/others");
}
NATIVE(ids_of_an_access_list_are_the_namespaces, OWN) {
    NEED(mkdir("tree", 0777));
    NEED(mount("tmpfs", "tree", "tmpfs", 0, "mode=777"));
    make_owned_file("tree/own", 0, 0, 0600);
    make_owned_file("tree/others", 0, 0, 0600);
    NEED(setxattr("tree/others", "system.posix_acl_access", &list, sizeof list, 0));
    IN_CHILD(set_list);
    show_list("tree/own");
    NEED(umount("tree"));
}
