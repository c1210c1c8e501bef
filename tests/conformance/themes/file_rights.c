// SPDX-License-Identifier: GPL-2.0-or-later
// Which permissions directories, devices and flags of open ask for.
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static void searches(void) {
    struct stat status;
    SHOW(stat("shut/file", &status));
    SHOW(stat("listed/file", &status));
    SHOW(open("listed/file", O_RDONLY));
    SHOW(opendir("listed") != NULL);
    SHOW(opendir("passed") == NULL ? -1 : 0);
    SHOW(stat("passed/file", &status));
    SHOW(chdir("listed"));
    SHOW(chdir("passed"));
    SHOW(mkdir("../passed/new", 0755));
    SHOW(unlink("file"));
    SHOW(rename("file", "other"));
    SHOW(symlink("x", "link"));
    SHOW(link("file", "hard"));
}

BEHAVIOUR(directories_are_searched_and_written) {
    const char* const names[] = {"shut", "listed", "passed"};
    const mode_t modes[] = {0700, 0744, 0711};
    for (int i = 0; i < 3; ++i) {
        char name[40];
        NEED(mkdir(names[i], 0755));
        snprintf(name, sizeof name, "%s/file", names[i]);
        make_file(name, "");
        NEED(chmod(names[i], modes[i]));
    }
    AS_USER(searches);
}

static void opens_without_trace(void) {
    SHOW(may_open("roots", O_RDONLY | O_NOATIME));
    SHOW(may_open("mine", O_RDONLY | O_NOATIME));
    const int fd = open("roots", O_RDONLY);
    SHOW(fcntl(fd, F_SETFL, O_NOATIME));
}

BEHAVIOUR(o_noatime_is_the_owners) {
    make_owned_file("roots", 0, 0, 0644);
    make_owned_file("mine", 1000, 1000, 0644);
    AS_USER(opens_without_trace);
}

static void makes_nodes(void) {
    SHOW(mknod("null", S_IFCHR | 0666, 1 << 8 | 3));
    SHOW(mknod("block", S_IFBLK | 0666, 1 << 8 | 3));
    SHOW(mknod("file", S_IFREG | 0644, 0));
    SHOW(mknod("plain", 0644, 0));
    SHOW(mknod("fifo", S_IFIFO | 0644, 0));
    SHOW(mknod("socket", S_IFSOCK | 0644, 0));
    SHOW(mknod("folder", S_IFDIR | 0755, 0));
    SHOW(mknod("link", S_IFLNK | 0755, 0));
    SHOW(mknod("file", S_IFREG | 0644, 0));
    SHOW(acct("file"));
    SHOW(sethostname("x", 1));
}

BEHAVIOUR(devices_are_made_by_the_superuser) {
    NEED(chmod(".", 0777));
    AS_USER(makes_nodes);
}
