// SPDX-License-Identifier: GPL-2.0-or-later
// Priorities, affinity, and who runs first.
#include <linux/types.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define OWN "qemu-aarch64 answers by its own rules"

static long set_policy(pid_t pid, int policy, int priority) {
    const struct sched_param param = {priority};
    return syscall(SYS_sched_setscheduler, pid, policy, &param);
}

NATIVE(affinity_is_checked, OWN) {
    uint64_t mask[16] = {1};
    SHOW(syscall(SYS_sched_setaffinity, 0, 8, mask));
    SHOW(syscall(SYS_sched_getaffinity, 0, 128, mask) >= 8);
    SHOW(mask[0]);
    SHOW(syscall(SYS_sched_setaffinity, -1, 8, mask));
    SHOW(syscall(SYS_sched_setaffinity, 99999, 8, mask));
    SHOW(syscall(SYS_sched_setaffinity, 0, 8, (void*)16));
    mask[0] = 0;
    SHOW(syscall(SYS_sched_setaffinity, 0, 8, mask));
    SHOW(syscall(SYS_sched_setaffinity, 0, 0, mask));
    SHOW(syscall(SYS_sched_getaffinity, 0, 0, mask));
    SHOW(syscall(SYS_sched_getaffinity, 0, 7, mask));
    SHOW(syscall(SYS_sched_getaffinity, 0, 12, mask));
    SHOW(syscall(SYS_sched_getaffinity, -1, 128, mask));
    SHOW(syscall(SYS_sched_getaffinity, 99999, 128, mask));
    SHOW(syscall(SYS_sched_getaffinity, 0, 128, (void*)16));
}

BEHAVIOUR(priorities_of_processes_groups_and_users) {
    SHOW(setpriority(PRIO_PROCESS, 0, 7));
    SHOW(getpriority(PRIO_PROCESS, 0));
    SHOW(setpriority(PRIO_PROCESS, 0, 100));
    SHOW(getpriority(PRIO_PROCESS, 0));
    SHOW(setpriority(PRIO_PROCESS, 0, -100));
    SHOW(getpriority(PRIO_PROCESS, 0));
    SHOW(setpriority(9, 0, 0));
    SHOW(setpriority(PRIO_PROCESS, 99999, 0));
    SHOW(setpriority(PRIO_PGRP, 99999, 0));
    SHOW(setpriority(PRIO_USER, 99999, 0));
    SHOW(getpriority(9, 0));
    SHOW(getpriority(PRIO_PROCESS, 99999));
    SHOW(getpriority(PRIO_PGRP, 0) <= 0);
}

BEHAVIOUR(children_inherit_the_nice_value) {
    NEED(setpriority(PRIO_PROCESS, 0, 5));
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) _exit(getpriority(PRIO_PROCESS, 0));
    show_end("child", child);
}

NATIVE(io_priorities_are_kept_and_checked, OWN) {
    SHOW(syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 3));
    SHOW(syscall(SYS_ioprio_get, 1, 0));
    SHOW(syscall(SYS_ioprio_set, 1, 0, 3 << 13));
    SHOW(syscall(SYS_ioprio_get, 1, 0));
    SHOW(syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 8));
    SHOW(syscall(SYS_ioprio_set, 1, 0, 7 << 13));
    SHOW(syscall(SYS_ioprio_set, 1, 0, 5));
    SHOW(syscall(SYS_ioprio_set, 8, 0, 0));
    SHOW(syscall(SYS_ioprio_get, 8, 0));
    SHOW(syscall(SYS_ioprio_set, 1, 99999, 2 << 13));
    SHOW(syscall(SYS_ioprio_get, 1, 99999));
    SHOW(syscall(SYS_ioprio_set, 1, 0, 1 << 13 | 4));
    SHOW(syscall(SYS_ioprio_get, 1, 0));
    SHOW(syscall(SYS_ioprio_get, 2, getpgrp()) >= 0);
}

static void user_wants_io(void) {
    SHOW(syscall(SYS_ioprio_set, 1, 0, 1 << 13));
    SHOW(syscall(SYS_ioprio_set, 1, 0, 3 << 13));
}
NATIVE(real_time_io_needs_a_privilege, OWN) {
    AS_USER(user_wants_io);
}

// On one CPU: a real-time task runs before the others, whatever is ready.
static volatile int* events;
static void add_event(int what) {
    events[__atomic_add_fetch(&events[0], 1, __ATOMIC_SEQ_CST)] = what;
}
NATIVE(a_fifo_task_runs_before_the_others, OWN) {
    events = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const uint64_t first = 1;
    NEED(syscall(SYS_sched_setaffinity, 0, 8, &first));
    NEED(set_policy(0, SCHED_FIFO, 50));
    const pid_t low = (pid_t)NEED(fork());
    if (low == 0) {
        NEED(set_policy(0, SCHED_OTHER, 0));
        add_event(1);
        _exit(0);
    }
    const pid_t high = (pid_t)NEED(fork());
    if (high == 0) {
        NEED(set_policy(0, SCHED_FIFO, 60));
        add_event(2);
        sched_yield();
        add_event(3);
        _exit(0);
    }
    sched_yield();
    for (volatile int i = 0; i < 100000; ++i) {
    }
    add_event(4);
    show_end("low", low);
    show_end("high", high);
    for (int i = 1; i <= events[0]; ++i) SHOW(events[i]);
}

NATIVE(a_nice_task_gets_less, OWN) {
    long* const done = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const uint64_t first = 1;
    NEED(syscall(SYS_sched_setaffinity, 0, 8, &first));
    pid_t children[2];
    for (int i = 0; i < 2; ++i) {
        children[i] = (pid_t)NEED(fork());
        if (children[i] == 0) {
            setpriority(PRIO_PROCESS, 0, i * 15);
            for (;;) ++*(volatile long*)&done[i];
        }
    }
    sleep_ms(400);
    kill(children[0], SIGKILL);
    kill(children[1], SIGKILL);
    show_end("usual", children[0]);
    show_end("nice", children[1]);
    SHOW(done[0] > 5 * done[1]);
    SHOW(done[1] > 0);
}
