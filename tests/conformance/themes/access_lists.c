// SPDX-License-Identifier: GPL-2.0-or-later
// Access control lists: system.posix_acl_access and system.posix_acl_default.
#include <fcntl.h>
#include <grp.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define NONE "lists need a file system that has them: a tmpfs of its own"
#define ACCESS "system.posix_acl_access"
#define DEFAULT "system.posix_acl_default"

enum { OWNER = 1, USER = 2, GROUP = 4, NAMED_GROUP = 8, MASK = 16, OTHER = 32 };
struct entry {
    unsigned short tag, rights;
    unsigned id;
};
struct list {
    unsigned version;
    struct entry entries[8];
};
#define NOBODY ~0u
#define SIZE(n) (4 + 8 * (size_t)(n))

static const struct list user_1000_reads = {2,
                                            {{OWNER, 6, NOBODY},
                                             {USER, 4, 1000},
                                             {GROUP, 0, NOBODY},
                                             {MASK, 4, NOBODY},
                                             {OTHER, 0, NOBODY}}};
static const struct list as_a_mode = {2,
                                      {{OWNER, 6, NOBODY}, {GROUP, 4, NOBODY}, {OTHER, 4, NOBODY}}};
static const struct list of_new_files = {2,
                                         {{OWNER, 7, NOBODY},
                                          {USER, 7, 1000},
                                          {GROUP, 5, NOBODY},
                                          {MASK, 7, NOBODY},
                                          {OTHER, 0, NOBODY}}};

static void begin(void) {
    NEED(mkdir("tree", 0777));
    NEED(mount("tmpfs", "tree", "tmpfs", 0, "mode=777"));
    NEED(chdir("tree"));
    make_file("file", "text");
}
static void end(void) {
    NEED(chdir(".."));
    NEED(umount("tree"));
}

static void show_list(const char* file, const char* name) {
    struct list list;
    const ssize_t size = getxattr(file, name, &list, sizeof list);
    if (size < 0) {
        SHOW(size);
        return;
    }
    printf("%s: version %u", file, list.version);
    for (size_t i = 0; SIZE(i) < (size_t)size; ++i)
        printf(", %u %u %d", list.entries[i].tag, list.entries[i].rights, (int)list.entries[i].id);
    puts("");
}
static void show_mode(const char* file) {
    struct stat status;
    NEED(stat(file, &status));
    printf("%s: %o\n", file, status.st_mode & 07777);
}

NATIVE(a_list_shows_in_the_mode, NONE) {
    begin();
    show_list("file", ACCESS);
    SHOW(setxattr("file", ACCESS, &user_1000_reads, SIZE(5), 0));
    show_list("file", ACCESS);
    show_mode("file");
    char names[100];
    SHOW(listxattr("file", names, sizeof names));
    end();
}

NATIVE(chmod_changes_the_mask, NONE) {
    begin();
    NEED(setxattr("file", ACCESS, &user_1000_reads, SIZE(5), 0));
    SHOW(chmod("file", 0600));
    show_list("file", ACCESS);
    SHOW(chmod("file", 0757));
    show_list("file", ACCESS);
    end();
}

NATIVE(a_list_that_says_what_a_mode_says_becomes_one, NONE) {
    begin();
    NEED(setxattr("file", ACCESS, &user_1000_reads, SIZE(5), 0));
    SHOW(setxattr("file", ACCESS, &as_a_mode, SIZE(3), 0));
    show_list("file", ACCESS);
    show_mode("file");
    end();
}

static void user_1000_tries(void) {
    SHOW(may_open("file", O_RDONLY));
    SHOW(may_open("file", O_RDWR));
    SHOW(access("file", R_OK));
    SHOW(setxattr("file", ACCESS, &as_a_mode, SIZE(3), 0));
}
static void user_1001_tries(void) {
    NEED(setgroups(0, NULL));
    NEED(setgid(1001));
    NEED(setuid(1001));
    SHOW(may_open("file", O_RDONLY));
}
NATIVE(a_named_user_has_the_lists_rights, NONE) {
    begin();
    NEED(setxattr("file", ACCESS, &user_1000_reads, SIZE(5), 0));
    AS_USER(user_1000_tries);
    IN_CHILD(user_1001_tries);
    NEED(chmod("file", 0600));
    AS_USER(user_1000_tries);
    end();
}

NATIVE(one_group_that_permits_is_enough, NONE) {
    const struct list groups = {2,
                                {{OWNER, 6, NOBODY},
                                 {GROUP, 0, NOBODY},
                                 {NAMED_GROUP, 2, 999},
                                 {NAMED_GROUP, 4, 1000},
                                 {MASK, 7, NOBODY},
                                 {OTHER, 6, NOBODY}}};
    begin();
    SHOW(setxattr("file", ACCESS, &groups, SIZE(6), 0));
    AS_USER(user_1000_tries);
    end();
}

NATIVE(new_files_have_the_directorys_default_list, NONE) {
    begin();
    NEED(mkdir("folder", 0755));
    show_list("folder", DEFAULT);
    SHOW(setxattr("folder", DEFAULT, &of_new_files, SIZE(5), 0));
    show_list("folder", DEFAULT);
    show_mode("folder");
    umask(077);
    make_file("folder/file", "");
    show_list("folder/file", ACCESS);
    show_mode("folder/file");
    NEED(mkdir("folder/folder", 0777));
    show_list("folder/folder", ACCESS);
    show_list("folder/folder", DEFAULT);
    show_mode("folder/folder");
    NEED(mknod("folder/fifo", S_IFIFO | 0666, 0));
    show_mode("folder/fifo");
    SHOW(removexattr("folder", DEFAULT));
    make_file("folder/plain", "");
    show_mode("folder/plain");
    end();
}

NATIVE(lists_are_checked, NONE) {
    begin();
    struct list list = user_1000_reads;
    list.version = 1;
    SHOW(setxattr("file", ACCESS, &list, SIZE(5), 0));
    SHOW(setxattr("file", ACCESS, &user_1000_reads, SIZE(5) - 1, 0));
    SHOW(setxattr("file", ACCESS, &user_1000_reads, SIZE(4), 0));
    SHOW(setxattr("file", ACCESS, &user_1000_reads, 3, 0));
    SHOW(setxattr("file", ACCESS, &user_1000_reads, SIZE(0), 0));
    list = user_1000_reads;
    list.entries[1].id = NOBODY;
    SHOW(setxattr("file", ACCESS, &list, SIZE(5), 0));
    list = user_1000_reads;
    list.entries[0].rights = 8;
    SHOW(setxattr("file", ACCESS, &list, SIZE(5), 0));
    list = user_1000_reads;
    list.entries[3].tag = 3;
    SHOW(setxattr("file", ACCESS, &list, SIZE(5), 0));
    SHOW(setxattr("file", DEFAULT, &as_a_mode, SIZE(3), 0));
    SHOW(symlink("file", "link"));
    SHOW(lsetxattr("link", ACCESS, &as_a_mode, SIZE(3), 0));
    SHOW(lgetxattr("link", ACCESS, &list, sizeof list));
    SHOW(setxattr("file", "system.other", "a", 1, 0));
    end();
}

NATIVE(a_list_is_removed, NONE) {
    begin();
    NEED(setxattr("file", ACCESS, &user_1000_reads, SIZE(5), 0));
    SHOW(removexattr("file", ACCESS));
    show_list("file", ACCESS);
    show_mode("file");
    SHOW(removexattr("file", ACCESS));
    char byte;
    NEED(setxattr("file", ACCESS, &user_1000_reads, SIZE(5), 0));
    SHOW(getxattr("file", ACCESS, &byte, 1));
    SHOW(getxattr("file", ACCESS, NULL, 0));
    end();
}
