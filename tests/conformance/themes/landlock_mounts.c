// SPDX-License-Identifier: GPL-2.0-or-later
// Landlock and mounts: rules hold wherever a file is shown, and no mount is changed.
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "behaviour.h"
#include "landlock_steps.h"

static void make_mounts(void) {
    NEED(unshare(CLONE_NEWNS));
    NEED(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    NEED(mkdir("tree", 0755));
    NEED(mkdir("tree/in", 0755));
    NEED(mkdir("tree/out", 0755));
    NEED(mkdir("at", 0755));
    make_file("tree/in/a", "in");
    make_file("tree/out/b", "out");
}
static void bind_at(const char* from, const char* to) {
    NEED(mount(from, to, NULL, MS_BIND, NULL));
}

enum { TREE_CLONE = 1, FS_SET_FLAG = 0, FS_CREATE = 6, FS_RECONFIGURE = 7, FROM_EMPTY = 4 };

NATIVE(no_mount_is_changed_under_rules_of_files, LACKS) {
    struct {
        uint64_t set, clear, propagation, space;
    } attributes = {1, 0, 0, 0};
    make_mounts();
    NEED(mkdir("other", 0755));
    NEED(mount("none", "other", "tmpfs", 0, NULL));
    const int picked = (int)NEED(syscall(SYS_fspick, AT_FDCWD, "other", 0));
    restrict_files(MAKE_SOCK, "/", MAKE_SOCK);
    SHOW(mount("none", "at", "tmpfs", 0, NULL));
    SHOW(mount("tree", "at", NULL, MS_BIND, NULL));
    SHOW(mount("none", "other", NULL, MS_REMOUNT | MS_RDONLY, NULL));
    SHOW(mount(NULL, "other", NULL, MS_SHARED, NULL));
    SHOW(mount("other", "at", NULL, MS_MOVE, NULL));
    SHOW(umount("other"));
    SHOW(umount2("other", MNT_DETACH));
    SHOW(umount("at"));
    SHOW(umount("absent"));
    SHOW(mount("none", "absent", "tmpfs", 0, NULL));
    SHOW(syscall(SYS_pivot_root, "other", "other"));
    SHOW(syscall(SYS_fsconfig, picked, FS_SET_FLAG, "ro", NULL, 0));
    SHOW(syscall(SYS_fsconfig, picked, FS_RECONFIGURE, NULL, NULL, 0));
    const int tree = (int)syscall(SYS_open_tree, AT_FDCWD, "tree", TREE_CLONE);
    SHOW(tree >= 0);
    SHOW(syscall(SYS_move_mount, tree, "", AT_FDCWD, "at", FROM_EMPTY));
    const int context = (int)syscall(SYS_fsopen, "tmpfs", 0);
    SHOW(context >= 0);
    SHOW(syscall(SYS_fsconfig, context, FS_CREATE, NULL, NULL, 0));
    SHOW(syscall(SYS_fsmount, context, 0, 0) >= 0);
    SHOW(syscall(SYS_mount_setattr, AT_FDCWD, "other", 0, &attributes, sizeof attributes));
    SHOW(chroot("tree"));
}

NATIVE(mounts_are_free_under_rules_of_the_network, LACKS) {
    make_mounts();
    enter_domain(ruleset_of(0, BIND_TCP, SCOPE_SIGNAL));
    SHOW(mount("none", "at", "tmpfs", 0, NULL));
    SHOW(umount("at"));
}

NATIVE(a_rule_holds_where_its_directory_is_shown_too, LACKS) {
    make_mounts();
    bind_at("tree/in", "at");
    restrict_files(READ_FILE, "tree/in", READ_FILE);
    show_file("tree/in/a");
    show_file("at/a");
    show_file("tree/out/b");
}

NATIVE(a_rule_above_a_mount_holds_in_it, LACKS) {
    make_mounts();
    bind_at("tree/in", "tree/out");
    restrict_files(READ_FILE, "tree", READ_FILE);
    show_file("tree/out/a");
    show_file("tree/in/a");
}

NATIVE(a_rule_above_what_is_shown_does_not_hold_there, LACKS) {
    make_mounts();
    bind_at("tree/in", "at");
    restrict_files(READ_FILE, "tree", READ_FILE);
    show_file("tree/in/a");
    show_file("at/a");
}

NATIVE(a_directory_that_a_mount_covers_has_no_say, LACKS) {
    make_mounts();
    const int ruleset = ruleset_of(READ_FILE, 0, 0);
    allow(ruleset, "at", READ_FILE);
    bind_at("tree/in", "at");
    enter_domain(ruleset);
    show_file("at/a");
}

NATIVE(the_top_of_a_mount_has_a_rule, LACKS) {
    make_mounts();
    NEED(mount("none", "at", "tmpfs", 0, NULL));
    make_file("at/c", "tmpfs");
    restrict_files(READ_FILE, "at", READ_FILE);
    show_file("at/c");
    show_file("tree/in/a");
}

NATIVE(mounts_upon_mounts_are_passed, LACKS) {
    make_mounts();
    NEED(mount("none", "at", "tmpfs", 0, NULL));
    NEED(mount("none", "at", "tmpfs", 0, NULL));
    NEED(mkdir("at/d", 0755));
    bind_at("tree/in", "at/d");
    restrict_files(READ_FILE, ".", READ_FILE);
    show_file("at/d/a");
}

NATIVE(a_move_between_mounts_is_refused_as_ever, LACKS) {
    make_mounts();
    NEED(mount("none", "at", "tmpfs", 0, NULL));
    restrict_files(MAKE_REG | REFER, NULL, 0);
    SHOW(rename("tree/in/a", "at/a"));
    SHOW(link("tree/in/a", "at/a"));
}

NATIVE(a_move_in_a_shown_part_is_judged_from_there, LACKS) {
    make_mounts();
    bind_at("tree", "at");
    restrict_files(REFER | MAKE_REG | REMOVE_FILE, "at", REFER | MAKE_REG | REMOVE_FILE);
    SHOW(rename("at/in/a", "at/out/a"));
    SHOW(rename("tree/out/a", "tree/in/a"));
    SHOW(link("tree/out/b", "link"));
}

NATIVE(a_read_only_mount_is_told_first, LACKS) {
    make_mounts();
    NEED(mount("none", "at", "tmpfs", 0, NULL));
    make_file("at/c", "1");
    NEED(mount("none", "at", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
    restrict_files(MAKE_DIR | REMOVE_FILE | MAKE_REG | TRUNCATE | WRITE_FILE, NULL, 0);
    SHOW(mkdir("at/d", 0755));
    SHOW(mkdir("at/c", 0755));
    SHOW(unlink("at/c"));
    SHOW(rename("at/c", "at/d"));
    SHOW(open("at/d", O_WRONLY | O_CREAT, 0644));
    SHOW(truncate("at/c", 0));
    SHOW(open("at/c", O_WRONLY));
}

NATIVE(a_tree_without_a_place_has_its_own_rules, LACKS) {
    make_mounts();
    const int tree = (int)NEED(syscall(SYS_open_tree, AT_FDCWD, "tree", TREE_CLONE));
    restrict_files(READ_FILE, "tree/in", READ_FILE);
    SHOW(openat(tree, "in/a", O_RDONLY) >= 0);
    SHOW(openat(tree, "out/b", O_RDONLY));
}
