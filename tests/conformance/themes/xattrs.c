// SPDX-License-Identifier: GPL-2.0-or-later
// Extended attributes.
#include <fcntl.h>
#include <linux/xattr.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static char value[70000];

BEHAVIOUR(an_attribute_is_set_read_and_removed) {
    make_file("file", "");
    SHOW(setxattr("file", "user.a", "text", 4, 0));
    SHOW(getxattr("file", "user.a", value, sizeof value));
    printf("%.4s\n", value);
    SHOW(getxattr("file", "user.a", NULL, 0));
    SHOW(getxattr("file", "user.a", value, 3));
    SHOW(getxattr("file", "user.b", value, 3));
    SHOW(setxattr("file", "user.a", "x", 1, XATTR_CREATE));
    SHOW(setxattr("file", "user.b", "x", 1, XATTR_REPLACE));
    SHOW(setxattr("file", "user.a", "x", 1, XATTR_REPLACE));
    SHOW(setxattr("file", "user.empty", NULL, 0, 0));
    SHOW(getxattr("file", "user.empty", value, 10));
    SHOW(removexattr("file", "user.a"));
    SHOW(removexattr("file", "user.a"));
    SHOW(setxattr("file", "user.a", "x", 1, 3));
    SHOW(setxattr("file", "user.a", "x", 1, 4));
}

static int holds(const char* list, ssize_t size, const char* name) {
    for (const char* at = list; at < list + size; at += strlen(at) + 1)
        if (strcmp(at, name) == 0) return 1;
    return 0;
}

BEHAVIOUR(the_list_has_every_name) {
    make_file("file", "");
    SHOW(listxattr("file", NULL, 0));
    NEED(setxattr("file", "user.a", "x", 1, 0));
    NEED(setxattr("file", "user.longer", "x", 1, 0));
    NEED(setxattr("file", "trusted.t", "x", 1, 0));
    SHOW(listxattr("file", NULL, 0));
    const ssize_t size = listxattr("file", value, sizeof value);
    SHOW(size);
    printf("%d %d %d\n", holds(value, size, "user.a"), holds(value, size, "user.longer"),
           holds(value, size, "trusted.t"));
    SHOW(listxattr("file", value, 5));
    SHOW(listxattr("missing", value, 5));
    SHOW(listxattr("file", (char*)8, 100));
}

BEHAVIOUR(names_and_values_have_limits) {
    static char name[300] = "user.";
    make_file("file", "");
    memset(name + 5, 'x', 251);
    SHOW(setxattr("file", name, "x", 1, 0));
    name[255] = 0;
    SHOW(setxattr("file", name, "x", 1, 0));
    SHOW(setxattr("file", "", "x", 1, 0));
    SHOW(setxattr("file", "user.", "x", 1, 0));
    SHOW(setxattr("file", "nonsense", "x", 1, 0));
    SHOW(setxattr("file", "other.name", "x", 1, 0));
    SHOW(getxattr("file", "other.name", value, 1));
    SHOW(removexattr("file", "other.name"));
    SHOW(setxattr("file", "user.big", value, 65537, 0));
    SHOW(setxattr("file", "user.a", (void*)8, 1, 0));
    SHOW(setxattr("file", (const char*)8, "x", 1, 0));
    SHOW(setxattr("missing", "user.a", "x", 1, 0));
    SHOW(setxattr("file/x", "user.a", "x", 1, 0));
    SHOW(getxattr("file", name, (void*)8, 4));
}

BEHAVIOUR(user_attributes_are_of_files_and_directories) {
    NEED(mkfifo("fifo", 0666));
    NEED(symlink("file", "link"));
    NEED(mkdir("folder", 0755));
    make_file("file", "");
    SHOW(setxattr("fifo", "user.a", "x", 1, 0));
    SHOW(getxattr("fifo", "user.a", value, 1));
    SHOW(removexattr("fifo", "user.a"));
    SHOW(lsetxattr("link", "user.a", "x", 1, 0));
    SHOW(lgetxattr("link", "user.a", value, 1));
    SHOW(lsetxattr("link", "trusted.a", "x", 1, 0));
    SHOW(lgetxattr("link", "trusted.a", value, 1));
    SHOW(llistxattr("link", value, 100));
    SHOW(lremovexattr("link", "trusted.a"));
    SHOW(setxattr("folder", "user.a", "x", 1, 0));
    SHOW(setxattr("link", "user.a", "x", 1, 0));
    SHOW(getxattr("file", "user.a", value, 1));
}

BEHAVIOUR(a_descriptor_has_its_files_attributes) {
    make_file("file", "");
    const int fd = open("file", O_RDONLY);
    SHOW(fsetxattr(fd, "user.a", "x", 1, 0));
    SHOW(fgetxattr(fd, "user.a", value, 1));
    SHOW(flistxattr(fd, value, 100));
    SHOW(fremovexattr(fd, "user.a"));
    SHOW(fgetxattr(fd, "user.a", value, 1));
    SHOW(fsetxattr(-1, "user.a", "x", 1, 0));
    SHOW(fsetxattr(open("file", O_PATH), "user.a", "x", 1, 0));
    SHOW(fgetxattr(open("file", O_PATH), "user.a", value, 1));
    int ends[2];
    NEED(pipe(ends));
    SHOW(fsetxattr(ends[0], "user.a", "x", 1, 0));
    SHOW(fgetxattr(ends[0], "user.a", value, 1));
}

static void as_user(void) {
    SHOW(getxattr("readable", "user.a", value, 1));
    SHOW(setxattr("readable", "user.a", "x", 1, 0));
    SHOW(removexattr("readable", "user.a"));
    SHOW(getxattr("secret", "user.a", value, 1));
    SHOW(getxattr("readable", "trusted.a", value, 1));
    SHOW(setxattr("writable", "trusted.a", "x", 1, 0));
    SHOW(setxattr("writable", "user.a", "x", 1, 0));
    SHOW(setxattr("writable", "security.a", "x", 1, 0));
    SHOW(listxattr("readable", value, 1000) > 0);
    SHOW(setxattr("sticky", "user.a", "x", 1, 0));
}

BEHAVIOUR(attributes_need_permissions) {
    make_file("readable", "");
    make_file("secret", "");
    make_file("writable", "");
    NEED(mkdir("sticky", 0755));
    NEED(chmod("sticky", 01777));
    NEED(setxattr("readable", "user.a", "x", 1, 0));
    NEED(setxattr("readable", "trusted.a", "x", 1, 0));
    NEED(setxattr("secret", "user.a", "x", 1, 0));
    NEED(chmod("secret", 0600));
    NEED(chmod("writable", 0666));
    AS_USER(as_user);
}

BEHAVIOUR(attributes_go_with_the_file) {
    make_file("file", "");
    NEED(setxattr("file", "user.a", "x", 1, 0));
    NEED(link("file", "second"));
    NEED(rename("file", "third"));
    SHOW(getxattr("second", "user.a", value, 1));
    SHOW(getxattr("third", "user.a", value, 1));
    NEED(unlink("third"));
    NEED(unlink("second"));
    make_file("file", "");
    SHOW(getxattr("file", "user.a", value, 1));
}

BEHAVIOUR(proc_has_no_attributes) {
    char names[100];
    SHOW(listxattr("/proc/self/status", names, sizeof names));
    SHOW(getxattr("/proc/self/status", "user.one", names, sizeof names));
}
