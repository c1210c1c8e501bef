// SPDX-License-Identifier: GPL-2.0-or-later
// futex(2): waiting, waking, requeueing, locks with an owner, vectors.
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define OWN "qemu-aarch64 lacks some operations and checks less"

static long futex(void* word, int op, uint32_t value, void* time, void* other, uint32_t last) {
    return syscall(SYS_futex, word, op, value, time, other, last);
}
static uint32_t word, second;
static char* const unmapped = (char*)0x10000;

NATIVE(a_wait_checks_the_word, OWN) {
    const struct timespec none = {0, 1}, wrong = {0, 1000000000}, negative = {-1, 0};
    SHOW(futex(&word, FUTEX_WAIT, 1, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_WAIT, 0, (void*)&none, NULL, 0));
    SHOW(futex(&word, FUTEX_WAIT, 0, (void*)&wrong, NULL, 0));
    SHOW(futex(&word, FUTEX_WAIT, 0, (void*)&negative, NULL, 0));
    SHOW(futex(&word, FUTEX_WAIT, 0, (void*)16, NULL, 0));
    SHOW(futex((char*)&word + 1, FUTEX_WAIT, 0, NULL, NULL, 0));
    SHOW(futex(unmapped, FUTEX_WAIT, 0, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_WAIT_BITSET, 0, (void*)&none, NULL, 1));
    SHOW(futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, (void*)&none, NULL, 1));
    SHOW(futex(&word, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 0, (void*)&none, NULL, 0));
}

NATIVE(operations_on_unmapped_words_are_efault, OWN) {
    SHOW(futex(unmapped, FUTEX_WAKE, 1, NULL, NULL, 0));
    SHOW(futex(unmapped, FUTEX_WAKE_BITSET, 1, NULL, NULL, 1));
    SHOW(futex(unmapped, FUTEX_REQUEUE, 1, (void*)1, &word, 0));
    SHOW(futex(&word, FUTEX_REQUEUE, 1, (void*)1, unmapped, 0));
    SHOW(futex(unmapped, FUTEX_CMP_REQUEUE, 1, (void*)1, &word, 0));
    SHOW(futex(unmapped, FUTEX_WAKE_OP, 1, (void*)1, &word, 0));
    SHOW(futex(&word, FUTEX_WAKE_OP, 1, (void*)1, unmapped, 0));
    SHOW(futex(unmapped, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    SHOW(futex(unmapped, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
    SHOW(futex(unmapped, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    SHOW(futex((void*)-4096, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0));
}

NATIVE(a_private_wake_does_not_look_at_the_word, OWN) {
    SHOW(futex(unmapped, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0));
}

NATIVE(wakes_and_requeues_are_checked, OWN) {
    SHOW(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0));
    SHOW(futex((char*)&word + 2, FUTEX_WAKE, 1, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_CMP_REQUEUE, 1, (void*)1, &second, 5));
    SHOW(futex(&word, FUTEX_CMP_REQUEUE, (uint32_t)-1, (void*)1, &second, 0));
    SHOW(futex(&word, FUTEX_CMP_REQUEUE, 1, (void*)0x80000000, &second, 0));
    SHOW(futex(&word, FUTEX_REQUEUE, 1, (void*)1, (char*)&second + 1, 0));
    SHOW(futex(&word, FUTEX_FD, 0, NULL, NULL, 0));
    SHOW(futex(&word, 99, 0, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0));
}

NATIVE(wake_op_changes_and_compares, OWN) {
    second = 5;
    SHOW(futex(&word, FUTEX_WAKE_OP, 1, (void*)1, &second,
               FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 5)));
    SHOW(second);
    SHOW(futex(&word, FUTEX_WAKE_OP, 1, (void*)1, &second,
               FUTEX_OP(FUTEX_OP_SET, 0xfff, FUTEX_OP_CMP_GT, 0)));
    SHOW((int32_t)second);
    SHOW(futex(&word, FUTEX_WAKE_OP, 1, (void*)1, &second,
               FUTEX_OP(FUTEX_OP_ANDN, 0xf, FUTEX_OP_CMP_LT, 0)));
    SHOW((int32_t)second);
    SHOW(futex(&word, FUTEX_WAKE_OP, 1, (void*)1, &second, 7u << 28));
    SHOW(futex(&word, FUTEX_WAKE_OP, 1, (void*)1, &second, 9u << 24));
}

static volatile int woken;
static void* waits(void* mask) {
    const long end = futex(&word, FUTEX_WAIT_BITSET, 0, NULL, NULL, (uint32_t)(uintptr_t)mask);
    __atomic_add_fetch(&woken, end == 0, __ATOMIC_SEQ_CST);
    return NULL;
}

NATIVE(bitsets_choose_who_is_woken, OWN) {
    pthread_t one, two;
    pthread_create(&one, NULL, waits, (void*)1);
    pthread_create(&two, NULL, waits, (void*)2);
    sleep_ms(30);
    SHOW(futex(&word, FUTEX_WAKE_BITSET, 10, NULL, NULL, 4));
    SHOW(futex(&word, FUTEX_WAKE_BITSET, 10, NULL, NULL, 2));
    pthread_join(two, NULL);
    SHOW(futex(&word, FUTEX_WAKE_BITSET, 10, NULL, NULL, 1));
    pthread_join(one, NULL);
    SHOW(woken);
}

NATIVE(requeued_waiters_wait_for_the_other_word, OWN) {
    pthread_t threads[3];
    for (int i = 0; i < 3; ++i) pthread_create(&threads[i], NULL, waits, (void*)0xffffffff);
    sleep_ms(30);
    SHOW(futex(&word, FUTEX_CMP_REQUEUE, 1, (void*)1, &second, 0));
    SHOW(futex(&second, FUTEX_WAKE, 10, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_WAKE, 10, NULL, NULL, 0));
    for (int i = 0; i < 3; ++i) pthread_join(threads[i], NULL);
    SHOW(woken);
}

NATIVE(a_timed_wait_is_interrupted_and_an_endless_one_restarted, OWN) {
    const struct timespec long_time = {10, 0};
    struct itimerval soon = {{0, 0}, {0, 20000}};
    count_signal(SIGALRM, SA_RESTART);
    setitimer(ITIMER_REAL, &soon, NULL);
    SHOW(futex(&word, FUTEX_WAIT, 0, (void*)&long_time, NULL, 0));
    SHOW(signals_taken);
}

struct one_wait {
    uint64_t value, address;
    uint32_t flags, reserved;
};
static long wait_many(struct one_wait* waits_, unsigned count, unsigned flags, void* time,
                      int clock) {
    return syscall(449, waits_, count, flags, time, clock);
}

NATIVE(a_vector_is_checked, OWN) {
    struct one_wait list[2] = {{0, (uintptr_t)&word, 2, 0}, {0, (uintptr_t)&second, 2, 0}};
    const struct timespec past = {0, 1}, wrong = {0, 1000000000};
    SHOW(wait_many(list, 2, 0, (void*)&past, CLOCK_MONOTONIC));
    SHOW(wait_many(list, 2, 0, (void*)&past, CLOCK_REALTIME));
    SHOW(wait_many(list, 2, 0, (void*)&past, 9));
    SHOW(wait_many(list, 2, 0, (void*)&wrong, CLOCK_MONOTONIC));
    SHOW(wait_many(list, 2, 1, NULL, CLOCK_MONOTONIC));
    SHOW(wait_many(list, 0, 0, NULL, CLOCK_MONOTONIC));
    SHOW(wait_many(list, 129, 0, NULL, CLOCK_MONOTONIC));
    SHOW(wait_many(NULL, 2, 0, NULL, CLOCK_MONOTONIC));
    SHOW(wait_many((void*)16, 2, 0, NULL, CLOCK_MONOTONIC));
    second = 1;
    SHOW(wait_many(list, 2, 0, NULL, CLOCK_MONOTONIC));
    second = 0;
    list[1].flags = 0x40;
    SHOW(wait_many(list, 2, 0, NULL, CLOCK_MONOTONIC));
    list[1] = (struct one_wait){0, (uintptr_t)&second, 2, 1};
    SHOW(wait_many(list, 2, 0, NULL, CLOCK_MONOTONIC));
    list[1] = (struct one_wait){0, (uintptr_t)&second + 1, 2, 0};
    SHOW(wait_many(list, 2, 0, NULL, CLOCK_MONOTONIC));
    list[1] = (struct one_wait){0, 0x10000, 2, 0};
    SHOW(wait_many(list, 2, 0, NULL, CLOCK_MONOTONIC));
}

static void* waits_for_many(void* unused) {
    (void)unused;
    struct one_wait list[2] = {{0, (uintptr_t)&word, 2 | FUTEX_PRIVATE_FLAG, 0},
                               {0, (uintptr_t)&second, 2 | FUTEX_PRIVATE_FLAG, 0}};
    SHOW(wait_many(list, 2, 0, NULL, CLOCK_MONOTONIC));
    return NULL;
}
NATIVE(a_vector_tells_which_word_was_woken, OWN) {
    pthread_t thread;
    pthread_create(&thread, NULL, waits_for_many, NULL);
    sleep_ms(50);
    const long count = futex(&second, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 5, NULL, NULL, 0);
    pthread_join(thread, NULL);
    SHOW(count);
    SHOW(futex(&word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 5, NULL, NULL, 0));
}

NATIVE(robust_lists_are_told, OWN) {
    struct robust_list_head head = {{&head.list}, 0, NULL}, *told = NULL;
    size_t size = 0;
    SHOW(syscall(SYS_set_robust_list, &head, 7));
    SHOW(syscall(SYS_set_robust_list, &head, sizeof head));
    SHOW(syscall(SYS_get_robust_list, 0, &told, &size));
    SHOW(told == &head);
    SHOW(size);
    SHOW(syscall(SYS_get_robust_list, 99999, &told, &size));
    SHOW(syscall(SYS_get_robust_list, 0, (void*)16, &size));
    SHOW(syscall(SYS_get_robust_list, 0, &told, (void*)16));
}

static pid_t parent;
static void user_asks_robust(void) {
    void* told;
    size_t size;
    SHOW(syscall(SYS_get_robust_list, parent, &told, &size));
    SHOW(syscall(SYS_get_robust_list, 0, &told, &size));
}
NATIVE(the_robust_list_of_another_users_process_is_eperm, OWN) {
    parent = getpid();
    AS_USER(user_asks_robust);
}

#define SIZED "qemu 7.2 does not know the call"
enum { WORD = 2, PRIVATE = 128 };

static unsigned sized_word, other_word;
static long sized_wake(unsigned* word, unsigned long mask, int count, unsigned flags) {
    return syscall(454, word, mask, count, flags);
}
static long sized_wait(unsigned* word, unsigned long value, unsigned long mask, unsigned flags,
                       const struct timespec* until, int clock) {
    return syscall(455, word, value, mask, flags, until, clock);
}

NATIVE(errors_of_sized_futexes, SIZED) {
    const struct timespec past = {1, 0}, wrong = {1, 2000000000};
    sized_word = 5;
    SHOW(sized_wake(&sized_word, ~0u, 1, WORD | PRIVATE));
    SHOW(sized_wake(&sized_word, 0, 1, WORD));
    SHOW(sized_wake(&sized_word, 1, 0, WORD));
    SHOW(sized_wake(&sized_word, 1, 1, 0));
    SHOW(sized_wake(&sized_word, 1, 1, WORD | 0x40));
    SHOW(sized_wake(&sized_word, 1ul << 33, 1, WORD));
    SHOW(sized_wake((unsigned*)((char*)&sized_word + 1), 1, 1, WORD));
    SHOW(sized_wait(&sized_word, 4, 1, WORD, NULL, 0));
    SHOW(sized_wait(&sized_word, 5, 0, WORD, NULL, 0));
    SHOW(sized_wait(&sized_word, 5, 1, WORD, &past, CLOCK_MONOTONIC));
    SHOW(sized_wait(&sized_word, 5, 1, WORD, &past, CLOCK_BOOTTIME));
    SHOW(sized_wait(&sized_word, 5, 1, WORD, &wrong, CLOCK_MONOTONIC));
    SHOW(sized_wait(&sized_word, 1ul << 33, 1, WORD, NULL, 0));
    SHOW(sized_wait(NULL, 0, 1, WORD, NULL, 0));
}

struct sized_entry {
    uint64_t value, address;
    uint32_t flags, reserved;
};
NATIVE(errors_of_a_sized_requeue, SIZED) {
    struct sized_entry words[2] = {{.value = 5, .address = (uintptr_t)&sized_word, .flags = WORD},
                                   {.address = (uintptr_t)&other_word, .flags = WORD}};
    sized_word = 5;
    SHOW(syscall(456, words, 0, 1, 1));
    SHOW(syscall(456, words, 1, 1, 1));
    SHOW(syscall(456, NULL, 0, 1, 1));
    SHOW(syscall(456, words, 0, -1, 1));
    words[0].value = 4;
    SHOW(syscall(456, words, 0, 1, 1));
    words[1].flags = 0;
    SHOW(syscall(456, words, 0, 1, 1));
}

NATIVE(sized_futexes_wake_by_their_bits_and_move, SIZED) {
    unsigned* const shared =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct sized_entry words[2] = {{.address = (uintptr_t)shared, .flags = WORD},
                                   {.address = (uintptr_t)(shared + 1), .flags = WORD}};
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) _exit(sized_wait(shared, 0, 2, WORD, NULL, 0) == 0 ? 7 : errno);
    until_asleep(child);
    SHOW(sized_wake(shared, 1, 1, WORD));
    SHOW(syscall(456, words, 0, 0, 1));
    SHOW(sized_wake(shared, 2, 1, WORD));
    SHOW(sized_wake(shared + 1, 2, 5, WORD));
    show_end("child", child);
}
