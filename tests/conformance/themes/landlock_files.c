// SPDX-License-Identifier: GPL-2.0-or-later
// Landlock: which calls on files a domain allows.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "behaviour.h"
#include "landlock_steps.h"

NATIVE(files_are_read_beneath_the_rule_only, LACKS) {
    make_tree();
    restrict_files(READ_FILE, "in", READ_FILE);
    show_file("in/a");
    show_file("in/sub/b");
    show_file("in/../out/c");
    show_file("out/c");
    SHOW(may_open("out/c", O_WRONLY));
    SHOW(may_open("out/c", O_RDWR));
    SHOW(may_open("out", O_RDONLY | O_DIRECTORY));
    SHOW(may_open("out/absent", O_RDONLY));
}

NATIVE(directories_are_listed_beneath_the_rule_only, LACKS) {
    make_tree();
    restrict_files(READ_DIR, "in", READ_DIR);
    SHOW(may_open("in", O_RDONLY));
    SHOW(may_open("in/sub", O_RDONLY | O_DIRECTORY));
    SHOW(may_open("out", O_RDONLY));
    SHOW(may_open(".", O_RDONLY));
    SHOW(may_open("out", O_PATH));
    show_file("out/c");
}

NATIVE(files_are_written_beneath_the_rule_only, LACKS) {
    make_tree();
    restrict_files(WRITE_FILE, "in", WRITE_FILE);
    SHOW(may_open("in/a", O_RDWR));
    SHOW(may_open("in/a", O_WRONLY | O_APPEND));
    SHOW(may_open("out/c", O_RDONLY));
    SHOW(may_open("out/c", O_WRONLY));
    SHOW(may_open("out/c", O_RDWR));
    SHOW(may_open("out/c", O_WRONLY | O_RDWR));
    SHOW(may_open("out", O_WRONLY));
}

NATIVE(an_open_that_makes_a_file_needs_both_rights, LACKS) {
    make_tree();
    restrict_files(MAKE_REG | WRITE_FILE | READ_FILE, "in", MAKE_REG | READ_FILE);
    SHOW(open("in/new", O_RDONLY | O_CREAT, 0644) >= 0);
    SHOW(open("in/written", O_WRONLY | O_CREAT, 0644));
    SHOW(access("in/written", F_OK));
    SHOW(open("out/new", O_RDONLY | O_CREAT, 0644));
    SHOW(access("out/new", F_OK));
    SHOW(open("in/a", O_RDONLY | O_CREAT | O_EXCL, 0644));
    SHOW(open("out/c", O_RDONLY | O_CREAT | O_EXCL, 0644));
    SHOW(open("in/a", O_RDONLY | O_CREAT, 0644) >= 0);
}

NATIVE(each_kind_of_file_has_a_right_to_make_it, LACKS) {
    make_tree();
    const struct sockaddr_un name = {AF_UNIX, "in/bound"};
    restrict_files(MAKE_CHAR | MAKE_DIR | MAKE_REG | MAKE_SOCK | MAKE_FIFO | MAKE_BLOCK | MAKE_SYM,
                   "in/sub", MAKE_REG);
    SHOW(mknod("in/reg", S_IFREG | 0644, 0));
    SHOW(mknod("in/none", 0644, 0));
    SHOW(mknod("in/fifo", S_IFIFO | 0644, 0));
    SHOW(mknod("in/socket", S_IFSOCK | 0644, 0));
    SHOW(mknod("in/chr", S_IFCHR | 0644, makedev(1, 3)));
    SHOW(mknod("in/blk", S_IFBLK | 0644, makedev(7, 0)));
    SHOW(mkdir("in/dir", 0755));
    SHOW(symlink("x", "in/link"));
    SHOW(bind((int)NEED(socket(AF_UNIX, SOCK_STREAM, 0)), (const void*)&name, sizeof name));
    SHOW(mknod("in/sub/reg", S_IFREG | 0644, 0));
    SHOW(mknod("in/sub/fifo", S_IFIFO | 0644, 0));
    SHOW(mkdir("in/a", 0755));
    SHOW(mkdir("in/absent/x", 0755));
}

static void make_each(uint64_t right) {
    restrict_files(MAKE_CHAR | MAKE_DIR | MAKE_REG | MAKE_SOCK | MAKE_FIFO | MAKE_BLOCK | MAKE_SYM,
                   "in", right);
    SHOW(mknod("in/reg", S_IFREG | 0644, 0));
    SHOW(mknod("in/fifo", S_IFIFO | 0644, 0));
    SHOW(mknod("in/socket", S_IFSOCK | 0644, 0));
    SHOW(mknod("in/chr", S_IFCHR | 0644, makedev(1, 3)));
    SHOW(mknod("in/blk", S_IFBLK | 0644, makedev(7, 0)));
    SHOW(mkdir("in/dir", 0755));
    SHOW(symlink("x", "in/link"));
}
static void make_fifos(void) {
    make_each(MAKE_FIFO);
}
static void make_devices(void) {
    make_each(MAKE_CHAR | MAKE_BLOCK);
}
static void make_directories(void) {
    make_each(MAKE_DIR | MAKE_SYM | MAKE_SOCK);
}
NATIVE(a_right_makes_its_kind_alone, LACKS) {
    make_tree();
    IN_CHILD(make_fifos);
    IN_CHILD(make_devices);
    IN_CHILD(make_directories);
}

NATIVE(names_are_removed_beneath_the_rule_only, LACKS) {
    make_tree();
    NEED(mkdir("out/dir", 0755));
    NEED(mkdir("in/sub/dir", 0755));
    restrict_files(REMOVE_DIR | REMOVE_FILE, "in", REMOVE_DIR | REMOVE_FILE);
    SHOW(rmdir("in/sub/dir"));
    SHOW(unlink("in/a"));
    SHOW(rmdir("out/dir"));
    SHOW(unlink("out/c"));
    SHOW(unlink("out/dir"));
    SHOW(rmdir("out/c"));
    SHOW(unlink("out/absent"));
    SHOW(rmdir("out/absent"));
    SHOW(unlink("out/dir/"));
    SHOW(unlink("out/c/"));
    SHOW(rmdir("in/sub"));
    SHOW(rmdir("in/."));
    SHOW(access("out/c", F_OK));
}

NATIVE(a_file_is_cut_beneath_the_rule_only, LACKS) {
    make_tree();
    restrict_files(TRUNCATE, "in", TRUNCATE);
    SHOW(truncate("in/a", 1));
    SHOW(truncate("out/c", 1));
    SHOW(may_open("in/a", O_WRONLY | O_TRUNC));
    SHOW(may_open("out/c", O_WRONLY | O_TRUNC));
    SHOW(may_open("out/c", O_RDONLY | O_TRUNC));
    SHOW(may_open("out/c", O_WRONLY));
    SHOW(truncate("out", 1));
    SHOW(truncate("out/absent", 1));
    SHOW(creat("out/new", 0644) >= 0);
    show_file("out/c");
}

NATIVE(a_file_is_cut_without_the_right_to_write_it, LACKS) {
    make_tree();
    restrict_files(WRITE_FILE | TRUNCATE, "in", TRUNCATE);
    SHOW(truncate("in/a", 1));
    SHOW(may_open("in/a", O_RDONLY | O_TRUNC));
    SHOW(may_open("in/a", O_WRONLY | O_TRUNC));
    show_file("in/a");
}

NATIVE(what_only_looks_is_not_restricted, LACKS) {
    struct stat status;
    char text[10];
    make_tree();
    NEED(symlink("out", "link"));
    restrict_files(0xffff, NULL, 0);
    SHOW(stat("out/c", &status));
    SHOW(access("out/c", R_OK | W_OK));
    SHOW(readlink("link", text, sizeof text));
    SHOW(chmod("out/c", 0600));
    SHOW(chown("out/c", 1, 1));
    SHOW(utimensat(AT_FDCWD, "out/c", NULL, 0));
    SHOW(chdir("out"));
    SHOW(may_open("c", O_PATH));
    SHOW(may_open("c", O_RDONLY));
    SHOW(chroot("."));
}
