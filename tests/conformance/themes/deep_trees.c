// SPDX-License-Identifier: GPL-2.0-or-later
// Trees that are deeper than any path may be long.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

enum { kLevels = 60 };

static char name[201], text[2 * PATH_MAX];

static void go_down(void) {
    memset(name, 'd', sizeof name - 1);
    for (int i = 0; i < kLevels; ++i) {
        NEED(mkdir(name, 0755));
        NEED(chdir(name));
    }
}
static void go_up(void) {
    for (int i = 0; i < kLevels; ++i) NEED(chdir(".."));
}

BEHAVIOUR(files_below_the_longest_path_are_files_like_others) {
    struct stat status;
    go_down();
    make_file("one", "text");
    SHOW(rename("one", "two"));
    SHOW(link("two", "three"));
    SHOW(symlink("three", "link"));
    show_file("link");
    SHOW(stat("two", &status));
    SHOW(status.st_nlink);
    SHOW(mkdir("folder", 0755));
    SHOW(rename("two", "folder/two"));
    SHOW(rename("folder/two", "../two"));
    SHOW(truncate("../two", 2));
    show_file("three");
    SHOW(chmod("three", 0600));
    DIR* const here = opendir(".");
    long entries = 0;
    while (readdir(here) != NULL) ++entries;
    SHOW(entries);
    closedir(here);
    SHOW(unlink("../two"));
    SHOW(unlink("three"));
    show_file("link");
}

BEHAVIOUR(a_tree_below_the_longest_path_can_be_moved_and_removed) {
    go_down();
    make_file("one", "text");
    go_up();
    SHOW(rename(name, "moved"));
    NEED(chdir("moved"));
    for (int i = 1; i < kLevels; ++i) NEED(chdir(name));
    show_file("one");
    SHOW(unlink("one"));
    for (int i = 1; i < kLevels; ++i) {
        NEED(chdir(".."));
        NEED(rmdir(name));
    }
    NEED(chdir(".."));
    SHOW(rmdir("moved"));
}

// getcwd, d_path
BEHAVIOUR(a_path_that_is_too_long_is_not_told) {
    go_down();
    make_file("one", "text");
    SHOW(syscall(SYS_getcwd, text, sizeof text));
    SHOW(syscall(SYS_getcwd, text, 10));
    SHOW(readlink("/proc/self/cwd", text, sizeof text));
    char of_file[40];
    const int file = open("one", O_RDONLY);
    snprintf(of_file, sizeof of_file, "/proc/self/fd/%d", file);
    SHOW(readlink(of_file, text, sizeof text));
    SHOW(open(of_file, O_RDWR) >= 0);
    go_up();
    SHOW(syscall(SYS_getcwd, text, sizeof text) > 0);
}
