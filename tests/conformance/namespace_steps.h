// SPDX-License-Identifier: GPL-2.0-or-later
// A user namespace of two users: inside, 0 is the superuser outside, and 1 is user 1000.
#ifndef NAMESPACE_STEPS_H
#define NAMESPACE_STEPS_H

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "steps.h"

#define OWN "qemu-aarch64 would have its own threads in the namespace"

static inline void map_two(pid_t task, const char* which) {
    static const char text[] = "0 0 1\n1 1000 1";
    char name[40];
    snprintf(name, sizeof name, "/proc/%d/%s", (int)task, which);
    const int fd = (int)NEED(open(name, O_WRONLY));
    NEED(write(fd, text, sizeof text - 1));
    close(fd);
}
// Only one who is outside may map two ids.
static inline void enter(int others) {
    int made[2], done[2];
    char byte;
    NEED(pipe(made));
    NEED(pipe(done));
    const pid_t task = getpid(), helper = (pid_t)NEED(fork());
    if (helper == 0) {
        NEED(read(made[0], &byte, 1));
        map_two(task, "uid_map");
        map_two(task, "gid_map");
        NEED(write(done[1], "x", 1));
        _exit(0);
    }
    NEED(unshare(CLONE_NEWUSER | others));
    NEED(write(made[1], "x", 1));
    NEED(read(done[0], &byte, 1));
    NEED(waitpid(helper, NULL, 0));
}
static inline void become(id_t id) {
    NEED(setgroups(0, NULL));
    NEED(setresgid(id, id, id));
    NEED(setresuid(id, id, id));
}

#endif
