// SPDX-License-Identifier: GPL-2.0-or-later
// seccomp: strict mode, filters and their actions.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "filter_steps.h"
#include "steps.h"

NATIVE(seccomp_is_checked, NO_SECCOMP) {
    struct sock_fprog program = {0, filter_code};
    uint32_t action = SECCOMP_RET_ALLOW;
    SHOW(seccomp(99, 0, NULL));
    SHOW(seccomp(SECCOMP_SET_MODE_STRICT, 1, NULL));
    SHOW(seccomp(SECCOMP_SET_MODE_STRICT, 0, &program));
    SHOW(seccomp(SECCOMP_SET_MODE_FILTER, 0x8000, &program));
    SHOW(seccomp(SECCOMP_SET_MODE_FILTER, 0, NULL));
    SHOW(seccomp(SECCOMP_SET_MODE_FILTER, 0, (void*)16));
    SHOW(seccomp(SECCOMP_SET_MODE_FILTER, 0, &program));
    program.len = 4097;
    SHOW(seccomp(SECCOMP_SET_MODE_FILTER, 0, &program));
    SHOW(seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action));
    action = SECCOMP_RET_KILL_PROCESS;
    SHOW(seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action));
    action = SECCOMP_RET_LOG;
    SHOW(seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action));
    action = 0x12340000;
    SHOW(seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action));
    SHOW(seccomp(SECCOMP_GET_ACTION_AVAIL, 1, &action));
    SHOW(seccomp(SECCOMP_GET_ACTION_AVAIL, 0, (void*)16));
}

static void user_installs(void) {
    SHOW(install(SECCOMP_RET_ERRNO | 5, 0));
    SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    SHOW(install(SECCOMP_RET_ERRNO | 5, 0));
    SHOW(syscall(SYS_getppid));
}
NATIVE(a_user_needs_no_new_privs_for_a_filter, NO_SECCOMP) {
    AS_USER(user_installs);
}

static void answers_errno(void) {
    SHOW(install(SECCOMP_RET_ERRNO | 13, 0));
    SHOW(syscall(SYS_getppid));
    SHOW(syscall(SYS_getpid) > 0);
    SHOW(prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
    const pid_t child = fork();
    if (child == 0) {
        SHOW(syscall(SYS_getppid));
        _exit(0);
    }
    show_end("child", child);
}
NATIVE(a_filter_answers_with_an_errno_and_children_have_it, NO_SECCOMP) {
    IN_CHILD(answers_errno);
}

static void errno_zero_and_large(void) {
    NEED(install(SECCOMP_RET_ERRNO | 0, 0));
    SHOW(syscall(SYS_getppid));
    NEED(install(SECCOMP_RET_ERRNO | 0xffff, 0));
    SHOW(syscall(SYS_getppid) == -1 && errno == 4095);
}
NATIVE(errnos_of_a_filter_are_cut, NO_SECCOMP) {
    IN_CHILD(errno_zero_and_large);
}

static void kills_thread(void) {
    NEED(install(SECCOMP_RET_KILL_THREAD, 0));
    syscall(SYS_getppid);
}
static void kills_process(void) {
    NEED(install(SECCOMP_RET_KILL_PROCESS, 0));
    syscall(SYS_getppid);
}
NATIVE(a_filter_kills_with_sigsys, NO_SECCOMP) {
    IN_CHILD(kills_thread);
    IN_CHILD(kills_process);
}

static void* calls(void* unused) {
    (void)unused;
    syscall(SYS_getppid);
    return NULL;
}
static void kills_one_thread(void) {
    pthread_t thread;
    NEED(install(SECCOMP_RET_KILL_THREAD, 0));
    pthread_create(&thread, NULL, calls, NULL);
    pthread_join(thread, NULL);
    puts("the others go on");
}
static void kills_all_threads(void) {
    pthread_t thread;
    NEED(install(SECCOMP_RET_KILL_PROCESS, 0));
    pthread_create(&thread, NULL, calls, NULL);
    pthread_join(thread, NULL);
    puts("not reached");
}
NATIVE(one_thread_or_all_are_killed, NO_SECCOMP) {
    IN_CHILD(kills_one_thread);
    IN_CHILD(kills_all_threads);
}

static volatile int trapped, number_is, data_is;
static void on_sys(int signal, siginfo_t* info, void* unused) {
    (void)signal, (void)unused;
    trapped = info->si_code;
    number_is = info->si_syscall == SYS_getppid;
    data_is = info->si_errno;
}
static void traps(void) {
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    action.sa_sigaction = on_sys;
    sigaction(SIGSYS, &action, NULL);
    NEED(install(SECCOMP_RET_TRAP | 77, 0));
    syscall(SYS_getppid);
    SHOW(trapped);
    SHOW(number_is);
    SHOW(data_is);
}
static void traps_by_default(void) {
    NEED(install(SECCOMP_RET_TRAP, 0));
    syscall(SYS_getppid);
}
NATIVE(a_filter_traps_with_sigsys, NO_SECCOMP) {
    IN_CHILD(traps);
    IN_CHILD(traps_by_default);
}

static void traces_and_logs(void) {
    NEED(install(SECCOMP_RET_TRACE | 3, 0));
    SHOW(syscall(SYS_getppid));
}
static void logs(void) {
    NEED(install(SECCOMP_RET_LOG, 0));
    SHOW(syscall(SYS_getppid) > 0);
}
NATIVE(without_a_tracer_trace_is_enosys_and_log_allows, NO_SECCOMP) {
    IN_CHILD(traces_and_logs);
    IN_CHILD(logs);
}

static void unknown_action(void) {
    NEED(install(0x12340000, 0));
    syscall(SYS_getppid);
}
NATIVE(an_unknown_action_kills, NO_SECCOMP) {
    IN_CHILD(unknown_action);
}

static void is_strict(void) {
    NEED(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0));
    NEED(write(1, "written\n", 8));
    syscall(SYS_exit, 4);
}
static void breaks_strict(void) {
    NEED(seccomp(SECCOMP_SET_MODE_STRICT, 0, NULL));
    syscall(SYS_getpid);
}
NATIVE(strict_mode_leaves_read_write_and_exit, NO_SECCOMP) {
    IN_CHILD(is_strict);
    IN_CHILD(breaks_strict);
}

static void mixes(void) {
    NEED(install(SECCOMP_RET_ERRNO | 1, 0));
    SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0));
    NEED(install(SECCOMP_RET_ERRNO | 2, 0));
    SHOW(syscall(SYS_getppid));
    NEED(install(SECCOMP_RET_ALLOW, 0));
    SHOW(syscall(SYS_getppid));
    NEED(install(SECCOMP_RET_TRACE, 0));
    SHOW(syscall(SYS_getppid));
}
NATIVE(the_action_that_comes_first_of_all_filters_counts, NO_SECCOMP) {
    IN_CHILD(mixes);
}

NATIVE(actions_can_be_asked_for, NO_SECCOMP) {
    static const unsigned kActions[] = {0x80000000, 0,          0x00030000, 0x00050000, 0x7fc00000,
                                        0x7ff00000, 0x7ffc0000, 0x7fff0000, 0x12340000};
    for (unsigned i = 0; i < sizeof kActions / sizeof *kActions; ++i)
        SHOW(syscall(SYS_seccomp, 2, 0, &kActions[i]));
    show_file("/proc/sys/kernel/seccomp/actions_avail");
    show_file("/proc/sys/kernel/seccomp/actions_logged");
}
