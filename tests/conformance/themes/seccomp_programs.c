// SPDX-License-Identifier: GPL-2.0-or-later
// seccomp: what a filter is written in and sees, and who has it.
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

static volatile int trapped, number_is, data_is;
static long try_program(struct sock_filter* filter, unsigned short count) {
    struct sock_fprog program = {count, filter};
    return seccomp(SECCOMP_SET_MODE_FILTER, 0, &program);
}
#define PROGRAM(...)                                     \
    do {                                                 \
        struct sock_filter p_[] = {__VA_ARGS__};         \
        SHOW(try_program(p_, sizeof p_ / sizeof p_[0])); \
    } while (0)

static void installs_wrong(void) {
    PROGRAM(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0));
    PROGRAM(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), BPF_STMT(BPF_RET | BPF_A, 0));
    PROGRAM(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), BPF_STMT(BPF_RET | BPF_A, 0));
    PROGRAM(BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), BPF_STMT(BPF_RET | BPF_A, 0));
    PROGRAM(BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0), BPF_STMT(BPF_RET | BPF_A, 0));
    PROGRAM(BPF_STMT(BPF_JMP | BPF_JA, 7), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    PROGRAM(BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    PROGRAM(BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    PROGRAM(BPF_STMT(BPF_LD | BPF_MEM, 16), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    PROGRAM(BPF_STMT(BPF_LD | BPF_MEM, 3), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    PROGRAM(BPF_STMT(0xffff, 0), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    PROGRAM(BPF_STMT(BPF_RET | BPF_X, 0));
    PROGRAM(BPF_STMT(BPF_LD | BPF_IMM, 5), BPF_STMT(BPF_ST, 2), BPF_STMT(BPF_LDX | BPF_MEM, 2),
            BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0), BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 10),
            BPF_STMT(BPF_ALU | BPF_NEG, 0), BPF_STMT(BPF_MISC | BPF_TAX, 0),
            BPF_JUMP(BPF_JMP | BPF_JSET | BPF_X, 0, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW), BPF_STMT(BPF_RET | BPF_K, 0));
    PROGRAM(BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 64, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW), BPF_STMT(BPF_RET | BPF_K, 0));
}
NATIVE(programs_are_checked_before_they_are_installed, NO_SECCOMP) {
    IN_CHILD(installs_wrong);
}

static void looks_at_arguments(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_dup3, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 1000, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    SHOW(try_program(filter, 6));
    SHOW(dup3(0, 999, 99));
    SHOW(dup3(0, 1000, 99));
    SHOW(dup3(0, 50, 0));
}
NATIVE(a_filter_sees_the_arguments, NO_SECCOMP) {
    IN_CHILD(looks_at_arguments);
}

static void* tells(void* go) {
    while (*(volatile int*)go == 0) sched_yield();
    return (void*)(intptr_t)syscall(SYS_getppid);
}
static void synchronises(void) {
    static int go;
    pthread_t thread;
    pthread_create(&thread, NULL, tells, &go);
    SHOW(install(SECCOMP_RET_ERRNO | 9, SECCOMP_FILTER_FLAG_TSYNC));
    go = 1;
    void* result;
    pthread_join(thread, &result);
    SHOW((intptr_t)result);
}
NATIVE(tsync_gives_all_threads_the_filter, NO_SECCOMP) {
    IN_CHILD(synchronises);
}

static void new_program(void) {
    static char* const words[] = {"seccomp", "list", NULL};
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    NEED(try_program(filter, 4));
    execv("/proc/self/exe", words);
}
NATIVE(a_new_program_keeps_the_filter, NO_SECCOMP) {
    IN_CHILD(new_program);
}

static void in_status(void) {
    NEED(install(SECCOMP_RET_ERRNO | 1, 0));
    char text[8192];
    FILE* const file = fopen("/proc/self/status", "r");
    while (fgets(text, sizeof text, file) != NULL) {
        if (strncmp(text, "Seccomp", 7) == 0 || strncmp(text, "NoNewPrivs", 10) == 0)
            fputs(text, stdout);
    }
}
NATIVE(proc_tells_the_mode_and_the_filters, NO_SECCOMP) {
    IN_CHILD(in_status);
}
