// SPDX-License-Identifier: GPL-2.0-or-later
// Handlers: their stacks, masks and flags, and faults.
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define OWN "qemu-aarch64 keeps signals of its own"

static char alternate[262144];
static volatile int was_on, change_result, change_errno;
static void on_stack(int signal) {
    (void)signal;
    stack_t now, other = {alternate, 0, 65536};
    sigaltstack(NULL, &now);
    was_on = now.ss_flags;
    change_result = sigaltstack(&other, NULL);
    change_errno = errno;
}

BEHAVIOUR(a_stack_in_use_cannot_be_changed) {
    stack_t stack = {alternate, 0, 65536}, old;
    SHOW(sigaltstack(&stack, &old));
    SHOW(old.ss_flags);
    struct sigaction action = {.sa_flags = SA_ONSTACK};
    action.sa_handler = on_stack;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    SHOW(was_on);
    SHOW(change_result);
    SHOW(change_errno == EPERM);
    sigaltstack(NULL, &old);
    SHOW(old.ss_flags);
}

BEHAVIOUR(sigaltstack_checks_size_and_flags) {
    stack_t stack = {alternate, 0, 100}, old;
    SHOW(sigaltstack(&stack, NULL));
    stack.ss_size = (size_t)getauxval(AT_MINSIGSTKSZ) - 1;
    stack.ss_size = 65536;
    stack.ss_flags = 99;
    SHOW(sigaltstack(&stack, NULL));
    stack.ss_flags = SS_ONSTACK;
    SHOW(sigaltstack(&stack, NULL));
    sigaltstack(NULL, &old);
    SHOW(old.ss_flags);
    stack.ss_flags = SS_DISABLE;
    stack.ss_size = 0;
    SHOW(sigaltstack(&stack, NULL));
    sigaltstack(NULL, &old);
    SHOW(old.ss_flags);
    SHOW(old.ss_sp == NULL);
    SHOW(old.ss_size);
    SHOW(syscall(SYS_sigaltstack, (void*)16, NULL));
    SHOW(syscall(SYS_sigaltstack, NULL, (void*)16));
}

static volatile int flags_inside;
static void looks_at_stack(int signal) {
    (void)signal;
    stack_t now, other = {alternate + 131072, 0, 65536};
    sigaltstack(NULL, &now);
    flags_inside = now.ss_flags;
    change_result = sigaltstack(&other, NULL);
}

NATIVE(a_disarmed_stack_can_be_changed_and_comes_back, OWN) {
    stack_t stack = {alternate, (int)(1u << 31), 65536}, old;
    SHOW(sigaltstack(&stack, NULL));
    struct sigaction action = {.sa_flags = SA_ONSTACK};
    action.sa_handler = looks_at_stack;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    SHOW(flags_inside);
    SHOW(change_result);
    sigaltstack(NULL, &old);
    SHOW(old.ss_flags == (int)(1u << 31));
    SHOW(old.ss_sp == alternate);
}

static void fills_stack(void) {
    static void* const here = alternate;
    struct sigaction action = {.sa_flags = SA_ONSTACK};
    stack_t stack = {here, 0, 65536};
    action.sa_handler = on_stack;
    sigaltstack(&stack, NULL);
    mprotect((void*)((uintptr_t)alternate & ~4095ul), 4096 * 20, PROT_NONE);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
}
NATIVE(a_frame_that_cannot_be_written_is_a_fault, OWN) {
    IN_CHILD(fills_stack);
}

static volatile int depth, deepest;
static void nests(int signal) {
    if (++depth > deepest) deepest = depth;
    if (depth < 3) raise(signal);
    --depth;
}

BEHAVIOUR(sa_nodefer_lets_a_handler_be_interrupted_by_its_signal) {
    struct sigaction action = {.sa_flags = SA_NODEFER};
    action.sa_handler = nests;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    SHOW(deepest);
    deepest = 0;
    action.sa_flags = 0;
    sigaction(SIGUSR1, &action, NULL);
    depth = 2;
    raise(SIGUSR1);
    SHOW(deepest);
}

BEHAVIOUR(sa_resethand_works_once) {
    struct sigaction now;
    count_signal(SIGUSR1, (int)SA_RESETHAND);
    raise(SIGUSR1);
    sigaction(SIGUSR1, NULL, &now);
    SHOW(now.sa_handler == SIG_DFL);
    SHOW(signals_taken);
}

static void raises_segv_blocked(void) {
    block_signal(SIGSEGV);
    *(volatile int*)16 = 1;
}
static void raises_segv_ignored(void) {
    signal(SIGSEGV, SIG_IGN);
    *(volatile int*)16 = 1;
}
NATIVE(a_fault_ends_the_program_that_blocks_or_ignores_it, OWN) {
    IN_CHILD(raises_segv_blocked);
    IN_CHILD(raises_segv_ignored);
}

static void sends_segv_ignored(void) {
    signal(SIGSEGV, SIG_IGN);
    raise(SIGSEGV);
    block_signal(SIGBUS);
    raise(SIGBUS);
    SHOW(signal_is_pending(SIGBUS));
}
NATIVE(a_fault_that_is_sent_can_be_ignored_or_blocked, OWN) {
    IN_CHILD(sends_segv_ignored);
}
