// SPDX-License-Identifier: GPL-2.0-or-later
// User namespaces: their maps of ids, and what the superuser of one may do.
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define OWN "qemu-aarch64 would have its own threads in the namespace"

// Writes at once, and shows whether that was taken.
static void put(const char* name, const char* text) {
    const int fd = open(name, O_WRONLY);
    printf("%s <- %s: ", name, text);
    SHOW(write(fd, text, strlen(text)) < 0 ? -1 : 0);
    close(fd);
}

NATIVE(without_a_map_everybody_is_nobody, OWN) {
    SHOW(unshare(CLONE_NEWUSER));
    SHOW(getuid());
    SHOW(getegid());
    uid_t ids[3];
    SHOW(getresuid(&ids[0], &ids[1], &ids[2]));
    SHOW(ids[2]);
    show_file("/proc/self/uid_map");
    show_file("/proc/self/setgroups");
    SHOW(setuid(0));
    SHOW(setresuid(0, 0, 0));
    SHOW(setreuid(-1, -1));
    SHOW(setgroups(0, NULL));
    struct stat status;
    SHOW(stat("/", &status));
    SHOW(status.st_uid);
}

NATIVE(the_superuser_maps_itself, OWN) {
    NEED(unshare(CLONE_NEWUSER));
    put("/proc/self/uid_map", "0 0 1");
    put("/proc/self/uid_map", "0 0 1");
    put("/proc/self/setgroups", "deny");
    put("/proc/self/gid_map", "5 0 1\n");
    put("/proc/self/setgroups", "allow");
    put("/proc/self/setgroups", "perhaps");
    show_file("/proc/self/uid_map");
    show_file("/proc/self/gid_map");
    SHOW(getuid());
    SHOW(getgid());
    SHOW(setuid(1));
    SHOW(setuid(0));
    SHOW(setgroups(0, NULL));
    struct stat status;
    SHOW(stat("/", &status));
    SHOW(status.st_uid);
    SHOW(status.st_gid);
    make_file("file", "");
    SHOW(chown("file", 0, 5));
    SHOW(chown("file", 1, 5));
    SHOW(chown("file", 0, 0));
}

static int told[2], wait_for[2];
static void mapped_child(void) {
    char byte;
    SHOW(getuid());
    NEED(write(told[1], "x", 1));
    NEED(read(wait_for[0], &byte, 1));
    SHOW(getuid());
    SHOW(getgid());
    SHOW(setresgid(5, 5, 5));
    SHOW(setresuid(5, 5, 5));
    SHOW(getuid());
    SHOW(open("made", O_CREAT | O_RDWR, 0644) >= 0);
}
NATIVE(a_parent_maps_many_ids_of_its_child, OWN) {
    NEED(pipe(told));
    NEED(pipe(wait_for));
    NEED(chmod(".", 0777));
    const pid_t child = (pid_t)NEED(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
    if (child == 0) {
        mapped_child();
        _exit(0);
    }
    char byte, users[64], groups[64];
    NEED(read(told[0], &byte, 1));
    snprintf(users, sizeof users, "/proc/%d/uid_map", (int)child);
    snprintf(groups, sizeof groups, "/proc/%d/gid_map", (int)child);
    const int user_map = (int)NEED(open(users, O_RDWR)),
              group_map = (int)NEED(open(groups, O_RDWR));
    SHOW(write(user_map, "0 100000 65536\n", 15));
    SHOW(write((int)NEED(open(users, O_RDWR)), "0 100000 65536\n", 15));
    SHOW(write(group_map, "0 100000 x", 10));
    SHOW(write(group_map, "0 100000 0", 10));
    SHOW(write(group_map, "0 100000", 8));
    SHOW(write(group_map, "0 100000 4294967295", 19));
    SHOW(write(group_map, "0 100000 10\n5 200000 10", 23));
    SHOW(write(group_map, "0 100000 10\n10 100005 10", 24));
    SHOW(write(group_map, "0 100000 10\n10 200000 10", 24));
    char text[200];
    const ssize_t size = pread(group_map, text, sizeof text, 0);
    printf("%.*s", size < 0 ? 0 : (int)size, text);
    NEED(write(wait_for[1], "x", 1));
    int status;
    NEED(waitpid(child, &status, 0));
    show_status("child", status);
    struct stat made;
    SHOW(stat("made", &made));
    SHOW(made.st_uid);
    SHOW(made.st_gid);
}

static void user_makes_one(void) {
    NEED(prctl(PR_SET_DUMPABLE, 1));
    SHOW(unshare(CLONE_NEWUSER));
    SHOW(prctl(PR_SET_DUMPABLE, 1));
    put("/proc/self/gid_map", "0 1000 1");
    put("/proc/self/setgroups", "deny");
    put("/proc/self/gid_map", "0 1001 1");
    put("/proc/self/gid_map", "0 1000 2");
    put("/proc/self/gid_map", "0 1000 1");
    put("/proc/self/uid_map", "0 0 1");
    put("/proc/self/uid_map", "7 1000 1");
    SHOW(getuid());
    SHOW(getgid());
    SHOW(setuid(0));
    SHOW(setuid(7));
}
NATIVE(a_user_maps_itself_and_nobody_else, OWN) {
    AS_USER(user_makes_one);
}

static void rule_own(void) {
    SHOW(sethostname("other", 5));
    SHOW(mount("tmpfs", "/tmp", "tmpfs", 0, ""));
    SHOW(unshare(CLONE_NEWUSER | CLONE_NEWUTS | CLONE_NEWNS));
    SHOW(sethostname("other", 5));
    SHOW(mount("tmpfs", "/tmp", "tmpfs", 0, ""));
    SHOW(kill(1, 0));
    SHOW(syscall(SYS_setdomainname, "other", 5));
    SHOW(chroot("/"));
    SHOW(acct(NULL));
}
NATIVE(the_superuser_of_a_namespace_rules_what_is_of_it, OWN) {
    AS_USER(rule_own);
}

NATIVE(capabilities_end_at_the_namespace, OWN) {
    make_owned_file("others", 1000, 1000, 0600);
    make_owned_file("own", 0, 0, 0600);
    NEED(unshare(CLONE_NEWUSER));
    SHOW(may_open("own", O_RDWR));
    SHOW(may_open("others", O_RDWR));
    put("/proc/self/uid_map", "0 0 1");
    SHOW(may_open("others", O_RDWR));
    SHOW(chown("own", 1000, -1));
    SHOW(sethostname("other", 5));
    SHOW(unshare(CLONE_NEWUTS));
    SHOW(sethostname("other", 5));
}

NATIVE(one_who_is_in_a_part_of_the_tree_makes_none, OWN) {
    NEED(mkdir("root", 0755));
    NEED(chroot("root"));
    SHOW(unshare(CLONE_NEWUSER));
    SHOW(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
}

NATIVE(nobody_enters_the_namespace_that_it_is_in, OWN) {
    const int own = (int)NEED(open("/proc/self/ns/user", O_RDONLY));
    SHOW(setns(own, CLONE_NEWUSER));
    NEED(unshare(CLONE_NEWUSER));
    SHOW(setns(own, CLONE_NEWUSER));
}

static void make_another(void) {
    SHOW(unshare(CLONE_NEWUTS));
    SHOW(unshare(CLONE_NEWUTS));
}
DOCUMENTED(namespaces_are_as_many_as_the_limit_says, "namespaces(7), The /proc/sys/user directory",
           "write(fd, \"0\", 1) = 1\n"
           "unshare(CLONE_NEWUTS) = -1 ENOSPC\nunshare(CLONE_NEWUTS) = -1 ENOSPC\n"
           "make_another: status 0\n") {
    const int fd = open("/proc/sys/user/max_uts_namespaces", O_WRONLY);
    SHOW(write(fd, "0", 1));
    IN_CHILD(make_another);
    NEED(write(fd, "1000", 4));
}
