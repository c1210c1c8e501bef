// SPDX-License-Identifier: GPL-2.0-or-later
// A namespace of process ids with its process 1.
#ifndef PID_STEPS_H
#define PID_STEPS_H

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "steps.h"

#define OWN "qemu-aarch64 would have its own threads in the namespace"

static inline pid_t clone_with(unsigned long flags) {
    return (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
}
// Runs it as process 1 of a new namespace, with these others.
static inline pid_t first_of_with(void (*run)(void), unsigned long flags) {
    const pid_t pid = (pid_t)NEED(clone_with(CLONE_NEWPID | flags));
    if (pid != 0) return pid;
    run();
    _exit(0);
}
static inline pid_t first_of(void (*run)(void)) {
    return first_of_with(run, 0);
}
#define AS_FIRST(run) show_end(#run, first_of(run))
// A child of this process that ends at once is reaped.
static inline void reap(pid_t child) {
    NEED(waitpid(child, NULL, 0));
}

// One side waits until the other says so.
static int told[2], heard[2];
static inline void open_talk(void) {
    NEED(pipe(told));
    NEED(pipe(heard));
}
static inline void say(int* to) {
    NEED(write(to[1], "x", 1));
}
static inline void hear(int* from) {
    char byte;
    NEED(read(from[0], &byte, 1));
}

#endif
