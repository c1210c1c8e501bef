// SPDX-License-Identifier: GPL-2.0-or-later
// Making, renaming and removing names.
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static long links_of(const char* name) {
    struct stat status;
    return lstat(name, &status) < 0 ? -1 : (long)status.st_nlink;
}

BEHAVIOUR(a_hard_link_is_another_name) {
    make_file("file", "text");
    SHOW(link("file", "second"));
    SHOW(links_of("file"));
    SHOW(link("file", "second"));
    SHOW(link("missing", "third"));
    NEED(mkdir("folder", 0755));
    SHOW(link("folder", "third"));
    SHOW(link("file", "folder/"));
    SHOW(link("file", "new/"));
    SHOW(link("file", "missing/third"));
    SHOW(link("file/x", "third"));
    SHOW(link("", "third"));
    SHOW(link("file", ""));
    NEED(unlink("file"));
    SHOW(links_of("second"));
    show_file("second");
}

BEHAVIOUR(linkat_follows_when_asked) {
    make_file("file", "text");
    NEED(symlink("file", "link"));
    SHOW(linkat(AT_FDCWD, "link", AT_FDCWD, "same", 0));
    SHOW(linkat(AT_FDCWD, "link", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW));
    SHOW(links_of("link"));
    SHOW(links_of("file"));
    SHOW(linkat(AT_FDCWD, "link", AT_FDCWD, "x", 0x8000));
    SHOW(linkat(-1, "file", AT_FDCWD, "x", 0));
    const int fd = open("file", O_RDONLY);
    SHOW(linkat(fd, "file", AT_FDCWD, "x", 0));
    SHOW(linkat(fd, "", AT_FDCWD, "by descriptor", AT_EMPTY_PATH));
    SHOW(links_of("by descriptor"));
}

BEHAVIOUR(directories_count_their_subdirectories) {
    NEED(mkdir("folder", 0755));
    SHOW(links_of("folder"));
    NEED(mkdir("folder/a", 0755));
    NEED(mkdir("folder/b", 0755));
    make_file("folder/c", "");
    SHOW(links_of("folder"));
    NEED(rename("folder/a", "a"));
    SHOW(links_of("folder"));
    NEED(rmdir("folder/b"));
    SHOW(links_of("folder"));
}

BEHAVIOUR(mkdir_refuses) {
    make_file("file", "");
    SHOW(mkdir("file", 0755));
    SHOW(mkdir("file/x", 0755));
    SHOW(mkdir("missing/x", 0755));
    SHOW(mkdir("", 0755));
    SHOW(mkdir(".", 0755));
    SHOW(mkdir("/", 0755));
    SHOW(mkdir("new//", 0755));
    SHOW(mkdir("new/.", 0755));
    NEED(symlink("nowhere", "link"));
    SHOW(mkdir("link", 0755));
    SHOW(mkdir((const char*)8, 0755));
}

BEHAVIOUR(rmdir_refuses) {
    make_file("file", "");
    NEED(mkdir("folder", 0755));
    NEED(mkdir("folder/inner", 0755));
    NEED(symlink("folder/inner", "link"));
    SHOW(rmdir("file"));
    SHOW(rmdir("folder"));
    SHOW(rmdir("folder/inner/."));
    SHOW(rmdir("folder/inner/.."));
    SHOW(rmdir("link"));
    SHOW(rmdir("link/"));
    SHOW(rmdir("missing"));
    SHOW(rmdir("/"));
    SHOW(rmdir("folder/inner/"));
    SHOW(unlinkat(AT_FDCWD, "folder", AT_REMOVEDIR | 1));
    SHOW(unlinkat(AT_FDCWD, "folder", AT_REMOVEDIR));
}

BEHAVIOUR(unlink_refuses) {
    make_file("file", "");
    NEED(mkdir("folder", 0755));
    NEED(symlink("folder", "link"));
    SHOW(unlink("folder"));
    SHOW(unlink("folder/"));
    SHOW(unlink("link/"));
    SHOW(unlink("file/"));
    SHOW(unlink("missing"));
    SHOW(unlink("missing/"));
    SHOW(unlink("."));
    SHOW(unlink("/"));
    SHOW(unlink("link"));
    SHOW(unlink("file/x"));
    SHOW(unlink(""));
}

BEHAVIOUR(a_removed_file_lives_on_in_its_descriptor) {
    struct stat status;
    char text[9] = "";
    make_file("file", "text");
    const int fd = open("file", O_RDWR);
    NEED(unlink("file"));
    NEED(fstat(fd, &status));
    SHOW(status.st_nlink);
    SHOW(read(fd, text, 8));
    SHOW(write(fd, "more", 4));
    NEED(fstat(fd, &status));
    SHOW(status.st_size);
    SHOW(fchmod(fd, 0600));
    SHOW(linkat(fd, "", AT_FDCWD, "back", AT_EMPTY_PATH));
}

BEHAVIOUR(rename_replaces) {
    make_file("a", "a");
    make_file("b", "b");
    NEED(mkdir("empty", 0755));
    NEED(mkdir("full", 0755));
    make_file("full/file", "");
    SHOW(rename("a", "b"));
    show_file("b");
    SHOW(rename("b", "empty"));
    SHOW(rename("empty", "b"));
    SHOW(rename("empty", "full"));
    SHOW(rename("full", "empty"));
    SHOW(rename("empty", "empty/inner"));
    SHOW(rename("empty/file", "."));
    SHOW(rename("missing", "x"));
    SHOW(rename("b", "missing/x"));
    SHOW(rename("b", "new/"));
    SHOW(rename("empty", "new/"));
    SHOW(rename("new", "new"));
    SHOW(rename("b/", "c"));
    SHOW(rename(".", "x"));
    SHOW(rename("new/..", "x"));
    SHOW(rename("new", "new/file/x"));
}

BEHAVIOUR(names_of_one_file_stay_at_a_rename) {
    make_file("a", "");
    NEED(link("a", "b"));
    SHOW(rename("a", "b"));
    SHOW(links_of("a"));
}

NATIVE(renameat2_replaces_or_not, "qemu 7.2 is built of an older kernel's headers") {
    make_file("a", "a");
    make_file("b", "b");
    SHOW(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_NOREPLACE));
    SHOW(renameat2(AT_FDCWD, "a", AT_FDCWD, "c", RENAME_NOREPLACE));
    SHOW(renameat2(AT_FDCWD, "c", AT_FDCWD, "b", RENAME_NOREPLACE | RENAME_EXCHANGE));
    SHOW(renameat2(AT_FDCWD, "c", AT_FDCWD, "b", RENAME_EXCHANGE | RENAME_WHITEOUT));
    SHOW(renameat2(AT_FDCWD, "c", AT_FDCWD, "b", 64));
}

NATIVE(renameat2_exchanges, "qemu 7.2 is built of an older kernel's headers") {
    make_file("a", "a");
    NEED(mkdir("folder", 0755));
    make_file("folder/b", "b");
    const int fd = open("folder", O_RDONLY);
    SHOW(renameat2(AT_FDCWD, "a", AT_FDCWD, "folder/b", RENAME_EXCHANGE));
    show_file("a");
    show_file("folder/b");
    SHOW(renameat2(AT_FDCWD, "a", AT_FDCWD, "folder", RENAME_EXCHANGE));
    show_file("folder");
    show_file("a/b");
    SHOW(faccessat(fd, "b", F_OK, 0));
    SHOW(renameat2(AT_FDCWD, "a", AT_FDCWD, "missing", RENAME_EXCHANGE));
    SHOW(renameat2(AT_FDCWD, "a", AT_FDCWD, "a/b", RENAME_EXCHANGE));
}

NATIVE(renameat2_leaves_a_whiteout, "qemu 7.2 is built of an older kernel's headers") {
    struct stat status;
    make_file("a", "a");
    SHOW(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_WHITEOUT));
    NEED(stat("a", &status));
    printf("%o %lx\n", status.st_mode, (long)status.st_rdev);
    show_file("b");
}

BEHAVIOUR(symlinks_hold_any_text) {
    static char text[5000];
    char got[10] = "";
    SHOW(symlink("", "empty"));
    SHOW(symlink("any text", "link"));
    SHOW(symlink("other", "link"));
    SHOW(readlink("link", got, 3));
    printf("%s\n", got);
    SHOW(readlink("link", got, 0));
    SHOW(readlink(".", got, 3));
    SHOW(readlink("missing", got, 3));
    SHOW(readlink("link/x", got, 3));
    memset(text, 'x', sizeof text - 1);
    SHOW(symlink(text, "long"));
    text[4095] = 0;
    SHOW(symlink(text, "long"));
    SHOW(symlink("x", "new/"));
    struct stat status;
    NEED(lstat("link", &status));
    printf("%o %ld\n", status.st_mode, (long)status.st_size);
}

BEHAVIOUR(a_removed_directory_is_empty_for_ever) {
    char where[10];
    NEED(mkdir("folder", 0755));
    NEED(chdir("folder"));
    NEED(rmdir("../folder"));
    SHOW(getcwd(where, sizeof where) == NULL ? -1 : 0);
    SHOW(open("x", O_CREAT | O_RDWR, 0644));
    SHOW(mkdir("x", 0755));
    SHOW(links_of("."));
    SHOW(chdir(".."));
    SHOW(syscall(SYS_getcwd, where, 1));
    SHOW(syscall(SYS_getcwd, NULL, 4096));
}

BEHAVIOUR(getdents_wants_room_for_one) {
    static char entries[4096];
    make_file("file", "");
    const int fd = open(".", O_RDONLY);
    SHOW(syscall(SYS_getdents64, fd, entries, 4));
    SHOW(syscall(SYS_getdents64, fd, entries, sizeof entries));
    SHOW(syscall(SYS_getdents64, fd, entries, sizeof entries));
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(syscall(SYS_getdents64, fd, (void*)8, 4096));
    const int file = open("file", O_RDONLY);
    SHOW(syscall(SYS_getdents64, file, entries, sizeof entries));
    SHOW(syscall(SYS_getdents64, -1, entries, sizeof entries));
    NEED(mkdir("gone", 0755));
    const int gone = open("gone", O_RDONLY);
    NEED(rmdir("gone"));
    SHOW(syscall(SYS_getdents64, gone, entries, sizeof entries));
}

static void user_leaves_one(void) {
    SHOW(renameat2(AT_FDCWD, "file", AT_FDCWD, "other", RENAME_WHITEOUT));
    SHOW(mknod("device", S_IFCHR | 0600, 0));
}
NATIVE(a_user_leaves_a_whiteout, "qemu 7.2 is built of an older kernel's headers") {
    NEED(mkdir("tree", 0777));
    NEED(mount("tmpfs", "tree", "tmpfs", 0, "mode=777"));
    NEED(chdir("tree"));
    make_owned_file("file", 1000, 1000, 0600);
    AS_USER(user_leaves_one);
}
