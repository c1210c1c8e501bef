// SPDX-License-Identifier: GPL-2.0-or-later
// Scheduling: policies, priorities, affinity.
#include <fcntl.h>
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

struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t least, most;
};

static long set_policy(pid_t pid, int policy, int priority) {
    const struct sched_param param = {priority};
    return syscall(SYS_sched_setscheduler, pid, policy, &param);
}
static int priority_of(pid_t pid) {
    struct sched_param param = {-1};
    syscall(SYS_sched_getparam, pid, &param);
    return param.sched_priority;
}

NATIVE(a_policy_is_set_and_told, OWN) {
    SHOW(sched_getscheduler(0));
    SHOW(set_policy(0, SCHED_FIFO, 10));
    SHOW(sched_getscheduler(0));
    SHOW(priority_of(0));
    SHOW(set_policy(0, SCHED_RR, 99));
    SHOW(sched_getscheduler(0));
    SHOW(set_policy(0, SCHED_BATCH, 0));
    SHOW(sched_getscheduler(0));
    SHOW(set_policy(0, SCHED_IDLE, 0));
    SHOW(sched_getscheduler(0));
    SHOW(set_policy(0, SCHED_OTHER, 0));
    SHOW(priority_of(0));
}

NATIVE(policies_and_priorities_are_checked, OWN) {
    struct sched_param param = {0};
    SHOW(set_policy(0, SCHED_FIFO, 0));
    SHOW(set_policy(0, SCHED_FIFO, 100));
    SHOW(set_policy(0, SCHED_OTHER, 1));
    SHOW(set_policy(0, SCHED_DEADLINE, 0));
    SHOW(set_policy(0, 4, 0));
    SHOW(set_policy(0, 77, 0));
    SHOW(set_policy(0, -1, 0));
    SHOW(set_policy(-1, SCHED_OTHER, 0));
    SHOW(set_policy(99999, SCHED_OTHER, 0));
    SHOW(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, NULL));
    SHOW(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, (void*)16));
    SHOW(syscall(SYS_sched_getscheduler, -1));
    SHOW(syscall(SYS_sched_getscheduler, 99999));
    SHOW(syscall(SYS_sched_getparam, -1, &param));
    SHOW(syscall(SYS_sched_getparam, 99999, &param));
    SHOW(syscall(SYS_sched_getparam, 0, NULL));
    SHOW(syscall(SYS_sched_getparam, 0, (void*)16));
}

NATIVE(sched_setparam_keeps_the_policy, OWN) {
    struct sched_param param = {5};
    SHOW(syscall(SYS_sched_setparam, 0, &param));
    NEED(set_policy(0, SCHED_RR, 3));
    SHOW(syscall(SYS_sched_setparam, 0, &param));
    SHOW(priority_of(0));
    SHOW(sched_getscheduler(0));
    param.sched_priority = 0;
    SHOW(syscall(SYS_sched_setparam, 0, &param));
    SHOW(syscall(SYS_sched_setparam, -1, &param));
    SHOW(syscall(SYS_sched_setparam, 99999, &param));
    SHOW(syscall(SYS_sched_setparam, 0, NULL));
}

static void user_wants_fifo(void) {
    const struct rlimit none = {0, 0};
    NEED(setrlimit(RLIMIT_RTPRIO, &none));
    SHOW(set_policy(0, SCHED_FIFO, 1));
    SHOW(set_policy(0, SCHED_BATCH, 0));
    SHOW(set_policy(0, SCHED_IDLE, 0));
    SHOW(set_policy(getppid(), SCHED_OTHER, 0));
    SHOW(syscall(SYS_sched_setaffinity, getppid(), 8, &(uint64_t){1}));
    SHOW(setpriority(PRIO_PROCESS, (id_t)getppid(), 3));
}
NATIVE(a_user_cannot_become_real_time, OWN) {
    AS_USER(user_wants_fifo);
}

static void user_has_limit(void) {
    SHOW(set_policy(0, SCHED_FIFO, 5));
    SHOW(set_policy(0, SCHED_FIFO, 6));
    SHOW(set_policy(0, SCHED_FIFO, 2));
    SHOW(set_policy(0, SCHED_OTHER, 0));
}
DOCUMENTED(rlimit_rtprio_lets_a_user_be_real_time, "sched(7), RLIMIT_RTPRIO",
           "set_policy(0, SCHED_FIFO, 5) = 0\n"
           "set_policy(0, SCHED_FIFO, 6) = -1 EPERM\n"
           "set_policy(0, SCHED_FIFO, 2) = 0\n"
           "set_policy(0, SCHED_OTHER, 0) = 0\n"
           "user_has_limit: status 0\n") {
    const struct rlimit some = {5, 5};
    NEED(setrlimit(RLIMIT_RTPRIO, &some));
    AS_USER(user_has_limit);
}

NATIVE(children_inherit_the_policy_unless_it_is_reset, OWN) {
    NEED(set_policy(0, SCHED_RR, 7));
    pid_t child = (pid_t)NEED(fork());
    if (child == 0) _exit(sched_getscheduler(0) * 10 + priority_of(0));
    show_end("inherits", child);
    NEED(set_policy(0, SCHED_RR | SCHED_RESET_ON_FORK, 7));
    SHOW(sched_getscheduler(0) == (SCHED_RR | SCHED_RESET_ON_FORK));
    child = (pid_t)NEED(fork());
    if (child == 0) _exit(sched_getscheduler(0) * 10 + priority_of(0));
    show_end("is reset", child);
}

BEHAVIOUR(the_range_of_priorities_is_told) {
    SHOW(sched_get_priority_max(SCHED_FIFO));
    SHOW(sched_get_priority_min(SCHED_FIFO));
    SHOW(sched_get_priority_max(SCHED_RR));
    SHOW(sched_get_priority_max(SCHED_OTHER));
    SHOW(sched_get_priority_min(SCHED_BATCH));
    SHOW(sched_get_priority_max(SCHED_IDLE));
    SHOW(sched_get_priority_min(6));
    SHOW(sched_get_priority_max(-1));
    SHOW(sched_get_priority_min(4));
}

NATIVE(rr_get_interval_tells_the_slice, OWN) {
    struct timespec slice = {9, 9};
    NEED(set_policy(0, SCHED_RR, 1));
    SHOW(sched_rr_get_interval(0, &slice));
    SHOW(slice.tv_sec);
    SHOW(slice.tv_nsec);
    NEED(set_policy(0, SCHED_FIFO, 1));
    SHOW(sched_rr_get_interval(0, &slice));
    SHOW(slice.tv_nsec);
    SHOW(sched_rr_get_interval(-1, &slice));
    SHOW(sched_rr_get_interval(99999, &slice));
    SHOW(syscall(SYS_sched_rr_get_interval, 0, (void*)16));
}

NATIVE(attributes_are_set_and_told, OWN) {
    struct attributes a = {.size = 48, .policy = SCHED_OTHER, .nice = 5};
    SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
    memset(&a, 0, sizeof a);
    SHOW(syscall(SYS_sched_getattr, 0, &a, 48, 0));
    printf("size %u policy %u nice %d priority %u\n", a.size, a.policy, a.nice, a.priority);
    a = (struct attributes){.size = 48, .policy = SCHED_FIFO, .priority = 4};
    SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
    memset(&a, 0, sizeof a);
    SHOW(syscall(SYS_sched_getattr, 0, &a, sizeof a, 0));
    printf("policy %u nice %d priority %u\n", a.policy, a.nice, a.priority);
}

NATIVE(attributes_are_checked, OWN) {
    struct attributes a = {.size = 48, .policy = SCHED_OTHER};
    SHOW(syscall(SYS_sched_setattr, -1, &a, 0));
    SHOW(syscall(SYS_sched_setattr, 99999, &a, 0));
    SHOW(syscall(SYS_sched_setattr, 0, NULL, 0));
    SHOW(syscall(SYS_sched_setattr, 0, (void*)16, 0));
    SHOW(syscall(SYS_sched_setattr, 0, &a, 1));
    a.size = 20;
    SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
    SHOW(a.size);
    a = (struct attributes){.size = 48, .policy = 77};
    SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
    a = (struct attributes){.size = 48, .policy = (uint32_t)-1};
    SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
    a = (struct attributes){.size = 48, .flags = 0x1000};
    SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
    a = (struct attributes){.size = 48, .policy = SCHED_DEADLINE};
    SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
    SHOW(syscall(SYS_sched_getattr, 0, &a, 47, 0));
    SHOW(syscall(SYS_sched_getattr, 0, &a, 4097, 0));
    SHOW(syscall(SYS_sched_getattr, 0, &a, 48, 1));
    SHOW(syscall(SYS_sched_getattr, 0, NULL, 48, 0));
    SHOW(syscall(SYS_sched_getattr, -1, &a, 48, 0));
    SHOW(syscall(SYS_sched_getattr, 99999, &a, 48, 0));
}

NATIVE(a_deadline_is_accepted, OWN) {
    struct attributes a = {.size = 48,
                           .policy = SCHED_DEADLINE,
                           .runtime = 10000000,
                           .deadline = 30000000,
                           .period = 30000000};
    SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
    memset(&a, 0, sizeof a);
    SHOW(syscall(SYS_sched_getattr, 0, &a, 48, 0));
    printf("%u %lu %lu %lu\n", a.policy, (long)a.runtime, (long)a.deadline, (long)a.period);
    SHOW(fork());
    SHOW(sched_getscheduler(0));
    a.runtime = 40000000;
    SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
    a.runtime = 500;
    SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
    a.runtime = 10000000;
    a.deadline = 50000000;
    SHOW(syscall(SYS_sched_setattr, 0, &a, 0));
    struct attributes ordinary = {.size = 48, .policy = SCHED_OTHER};
    SHOW(syscall(SYS_sched_setattr, 0, &ordinary, 0));
}

DOCUMENTED(the_slice_of_a_round_is_a_parameter, "sched_rr_get_interval(2), kernel/sysctl.rst",
           "ticks = 3\n"
           "the usual one = 100\n"
           "write(fd, \"1000001\", 7) = -1 EINVAL\n") {
    const struct sched_param one = {1};
    struct timespec slice;
    char text[8] = "";
    NEED(sched_setscheduler(0, SCHED_RR, &one));
    int fd = (int)NEED(open("/proc/sys/kernel/sched_rr_timeslice_ms", O_RDWR));
    NEED(write(fd, "10", 2));
    NEED(sched_rr_get_interval(0, &slice));
    printf("ticks = %ld\n", slice.tv_nsec / 4000000);
    NEED(pwrite(fd, "-1", 2, 0));
    NEED(pread(fd, text, sizeof text - 1, 0));
    printf("the usual one = %s", text);
    fd = (int)NEED(open("/proc/sys/kernel/sched_rt_runtime_us", O_WRONLY));
    SHOW(write(fd, "1000001", 7));
}
