// SPDX-License-Identifier: GPL-2.0-or-later
// futex(2): locks with an owner, and waiters that are moved to them.
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

NATIVE(a_lock_with_an_owner_is_taken_and_released, OWN) {
    SHOW(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    SHOW(word == (uint32_t)getpid());
    SHOW(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    SHOW(word);
    SHOW(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    word = 99999;
    SHOW(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    word = 0;
    const struct timespec wrong = {0, 1000000000};
    SHOW(futex(&word, FUTEX_LOCK_PI, 0, (void*)&wrong, NULL, 0));
}

static void* locks(void* unused) {
    (void)unused;
    const struct timespec past = {1, 0};
    SHOW(futex(&word, FUTEX_LOCK_PI, 0, (void*)&past, NULL, 0));
    SHOW(futex(&word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    return NULL;
}
NATIVE(a_lock_is_handed_to_the_waiter, OWN) {
    pthread_t thread;
    NEED(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    pthread_create(&thread, NULL, locks, NULL);
    sleep_ms(50);
    NEED(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    pthread_join(thread, NULL);
    SHOW(word & FUTEX_TID_MASK);
}

NATIVE(requeueing_to_a_lock_is_checked, OWN) {
    const struct timespec soon = {0, 1};
    SHOW(futex(&word, FUTEX_WAIT_REQUEUE_PI, 0, (void*)&soon, &second, 0));
    SHOW(futex(&word, FUTEX_WAIT_REQUEUE_PI, 1, NULL, &second, 0));
    SHOW(futex(&word, FUTEX_WAIT_REQUEUE_PI, 0, NULL, &word, 0));
    SHOW(futex(&word, FUTEX_CMP_REQUEUE_PI, 1, (void*)1, &word, 0));
    SHOW(futex(&word, FUTEX_CMP_REQUEUE_PI, 2, (void*)1, &second, 0));
    SHOW(futex(&word, FUTEX_CMP_REQUEUE_PI, 1, (void*)1, &second, 7));
    SHOW(futex(&word, FUTEX_CMP_REQUEUE_PI, 1, (void*)1, &second, 0));
}

static void* waits_for_lock(void* unused) {
    (void)unused;
    SHOW(futex(&word, FUTEX_WAIT_REQUEUE_PI, 0, NULL, &second, 0));
    SHOW((second & FUTEX_TID_MASK) == (uint32_t)syscall(SYS_gettid));
    SHOW(futex(&second, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    return NULL;
}
NATIVE(a_waiter_requeued_to_a_free_lock_gets_it, OWN) {
    pthread_t thread;
    pthread_create(&thread, NULL, waits_for_lock, NULL);
    sleep_ms(50);
    const long moved = futex(&word, FUTEX_CMP_REQUEUE_PI, 1, (void*)1, &second, 0);
    pthread_join(thread, NULL);
    SHOW(moved);
}
NATIVE(a_waiter_requeued_to_a_held_lock_waits_for_it, OWN) {
    pthread_t thread;
    pthread_create(&thread, NULL, waits_for_lock, NULL);
    sleep_ms(50);
    NEED(futex(&second, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_CMP_REQUEUE_PI, 1, (void*)1, &second, 0));
    const long unlocked = futex(&second, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
    pthread_join(thread, NULL);
    SHOW(unlocked);
}
