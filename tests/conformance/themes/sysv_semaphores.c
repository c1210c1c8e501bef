// SPDX-License-Identifier: GPL-2.0-or-later
// System V semaphores: semget, semop, semtimedop, semctl.
#include <signal.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

union semun {
    int val;
    struct semid_ds* buf;
    unsigned short* array;
    struct seminfo* info;
};

static int set;

static void make_set(int count) {
    set = (int)NEED(semget(IPC_PRIVATE, count, 0600));
}

static int operate(int number, int change, int flags) {
    struct sembuf one = {(unsigned short)number, (short)change, (short)flags};
    return semop(set, &one, 1);
}

static int value(int number) {
    return semctl(set, number, GETVAL);
}

BEHAVIOUR(semaphores_begin_with_zero_and_are_added_to) {
    make_set(3);
    SHOW(value(0));
    SHOW(operate(1, 5, 0));
    SHOW(operate(1, -2, 0));
    SHOW(value(1));
    SHOW(semctl(set, 1, GETPID) == getpid());
    SHOW(semctl(set, 0, GETPID));
}

BEHAVIOUR(a_key_finds_the_same_set) {
    const int one = (int)NEED(semget(0x1234, 2, IPC_CREAT | 0600));
    SHOW(semget(0x1234, 2, 0) == one);
    SHOW(semget(0x1234, 0, 0) == one);
    SHOW(semget(0x1234, 3, 0));
    SHOW(semget(0x1234, 2, IPC_CREAT | IPC_EXCL));
    SHOW(semget(0x1235, 2, 0));
    SHOW(semget(IPC_PRIVATE, 0, 0600));
    SHOW(semget(IPC_PRIVATE, -1, 0600));
    SHOW(semget(IPC_PRIVATE, 32001, 0600));
    semctl(one, 0, IPC_RMID);
    SHOW(semget(0x1234, 2, 0));
}

BEHAVIOUR(a_semop_that_would_wait_is_eagain_with_nowait) {
    make_set(1);
    SHOW(operate(0, -1, IPC_NOWAIT));
    NEED(operate(0, 1, 0));
    SHOW(operate(0, 0, IPC_NOWAIT));
    SHOW(operate(0, -1, IPC_NOWAIT));
    SHOW(operate(0, 0, IPC_NOWAIT));
}

BEHAVIOUR(errors_of_semop) {
    struct sembuf many[501] = {{0, 1, 0}};
    make_set(2);
    SHOW(operate(2, 1, 0));
    SHOW(semop(set, many, 501));
    SHOW(semop(set, many, 0));
    SHOW(semop(-1, many, 1));
    SHOW(semop(set, (void*)8, 1));
    SHOW(operate(0, 32767, 0));
    SHOW(operate(0, 1, 0));
    SHOW(operate(1, 30000, SEM_UNDO));
    SHOW(operate(1, 2768, SEM_UNDO));
    SHOW(value(1));
    semctl(set, 0, IPC_RMID);
    SHOW(operate(0, 1, 0));
}

BEHAVIOUR(all_operations_are_done_or_none) {
    struct sembuf both[2] = {{0, 3, 0}, {1, -1, IPC_NOWAIT}};
    make_set(2);
    SHOW(semop(set, both, 2));
    SHOW(value(0));
    NEED(operate(1, 1, 0));
    SHOW(semop(set, both, 2));
    SHOW(value(0));
}

BEHAVIOUR(a_timed_semop_ends_with_eagain) {
    const struct timespec short_time = {0, 20000000}, wrong = {0, 1000000000}, before = {-1, 0};
    struct sembuf take = {0, -1, 0};
    make_set(1);
    SHOW(semtimedop(set, &take, 1, &short_time));
    SHOW(semtimedop(set, &take, 1, &wrong));
    SHOW(semtimedop(set, &take, 1, &before));
    SHOW(semtimedop(set, &take, 1, (void*)8));
}

static void wait_for_one(void) {
    SHOW(operate(0, -1, 0));
}
static void wait_for_zero(void) {
    SHOW(operate(0, 0, 0));
}

BEHAVIOUR(getncnt_and_getzcnt_count_the_waiters) {
    make_set(1);
    const pid_t one = child_of(wait_for_one);
    until_asleep(one);
    SHOW(semctl(set, 0, GETNCNT));
    SHOW(semctl(set, 0, GETZCNT));
    NEED(operate(0, 1, 0));
    show_end("one", one);
    NEED(operate(0, 1, 0));
    const pid_t zero = child_of(wait_for_zero);
    until_asleep(zero);
    SHOW(semctl(set, 0, GETZCNT));
    NEED(operate(0, -1, 0));
    show_end("zero", zero);
    SHOW(semctl(set, 0, GETNCNT));
}

BEHAVIOUR(removing_a_set_ends_its_waits_with_eidrm) {
    make_set(1);
    const pid_t one = child_of(wait_for_one);
    until_asleep(one);
    const int removed = semctl(set, 0, IPC_RMID);
    show_end("one", one);
    SHOW(removed);
}

static void wait_with_handler(void) {
    count_signal(SIGUSR1, SA_RESTART);
    SHOW(operate(0, -1, 0));
}

BEHAVIOUR(a_signal_ends_semop_with_eintr_even_with_restart) {
    make_set(1);
    const pid_t one = child_of(wait_with_handler);
    until_asleep(one);
    kill(one, SIGUSR1);
    show_end("one", one);
}

static void take_with_undo(void) {
    SHOW(operate(0, -3, SEM_UNDO));
    SHOW(operate(1, 2, SEM_UNDO));
    SHOW(operate(1, 2, 0));
}

BEHAVIOUR(undo_is_done_at_exit) {
    make_set(2);
    NEED(operate(0, 5, 0));
    IN_CHILD(take_with_undo);
    SHOW(value(0));
    SHOW(value(1));
}

static void take_and_be_reset(void) {
    const union semun ten = {.val = 10};
    SHOW(operate(0, -3, SEM_UNDO));
    SHOW(semctl(set, 0, SETVAL, ten));
}

BEHAVIOUR(setval_forgets_the_undo) {
    make_set(1);
    NEED(operate(0, 5, 0));
    IN_CHILD(take_and_be_reset);
    SHOW(value(0));
}

BEHAVIOUR(setall_and_getall) {
    unsigned short values[3] = {1, 2, 3}, got[3] = {0};
    make_set(3);
    SHOW(semctl(set, 0, SETALL, (union semun){.array = values}));
    SHOW(semctl(set, 0, GETALL, (union semun){.array = got}));
    SHOW(got[0] * 100 + got[1] * 10 + got[2]);
    values[1] = 32768;
    SHOW(semctl(set, 0, SETALL, (union semun){.array = values}));
    SHOW(semctl(set, 0, SETVAL, (union semun){.val = 32768}));
    SHOW(semctl(set, 0, SETVAL, (union semun){.val = -1}));
    SHOW(semctl(set, 3, SETVAL, (union semun){.val = 1}));
    SHOW(semctl(set, 3, GETVAL));
    SHOW(semctl(set, -1, GETVAL));
    SHOW(semctl(set, 0, GETALL, (union semun){.array = (void*)8}));
    SHOW(semctl(set, 0, 999));
    SHOW(semctl(-1, 0, IPC_STAT));
}

BEHAVIOUR(a_set_shows_its_state) {
    struct semid_ds state = {0};
    make_set(4);
    SHOW(semctl(set, 0, IPC_STAT, (union semun){.buf = &state}));
    SHOW(state.sem_nsems);
    SHOW(state.sem_otime);
    SHOW(state.sem_ctime > 0);
    SHOW(state.sem_perm.mode);
    NEED(operate(0, 1, 0));
    semctl(set, 0, IPC_STAT, (union semun){.buf = &state});
    SHOW(state.sem_otime > 0);
    state.sem_perm.mode = 0640;
    SHOW(semctl(set, 0, IPC_SET, (union semun){.buf = &state}));
    semctl(set, 0, IPC_STAT, (union semun){.buf = &state});
    SHOW(state.sem_perm.mode);
    SHOW(semctl(set, 0, IPC_STAT, (union semun){.buf = (void*)8}));
}

NATIVE(the_limits_and_the_use_of_semaphores, "qemu 7.2 converts seminfo, to be sure") {
    struct seminfo info = {0};
    struct semid_ds state;
    make_set(4);
    SHOW(semctl(0, 0, IPC_INFO, (union semun){.info = &info}) >= 0);
    SHOW(info.semmni);
    SHOW(info.semmsl);
    SHOW(info.semopm);
    SHOW(info.semvmx);
    SHOW(info.semmns);
    SHOW(info.semusz);
    semctl(0, 0, SEM_INFO, (union semun){.info = &info});
    const struct seminfo before = info;
    make_set(5);
    const int highest = semctl(0, 0, SEM_INFO, (union semun){.info = &info});
    SHOW(info.semusz - before.semusz);
    SHOW(info.semaem - before.semaem);
    SHOW(semctl(highest, 0, SEM_STAT, (union semun){.buf = &state}) == set);
    SHOW(state.sem_nsems);
    SHOW(semctl(highest + 1, 0, SEM_STAT, (union semun){.buf = &state}));
    SHOW(semctl(highest, 0, SEM_STAT_ANY, (union semun){.buf = &state}) == set);
}

static void as_stranger(void) {
    struct semid_ds state;
    SHOW(operate(0, 1, 0));
    SHOW(operate(0, 0, 0));
    SHOW(semctl(set, 0, GETVAL));
    SHOW(semctl(set, 0, IPC_STAT, (union semun){.buf = &state}));
    SHOW(semctl(set, 0, SETVAL, (union semun){.val = 1}));
    SHOW(semctl(set, 0, IPC_RMID));
    SHOW(semget(0x4321, 1, 0400) >= 0);
    SHOW(semget(0x4321, 1, 0600));
}

BEHAVIOUR(permissions_are_looked_at) {
    set = (int)NEED(semget(0x4321, 1, IPC_CREAT | 0604));
    AS_USER(as_stranger);
    semctl(set, 0, IPC_RMID);
}

BEHAVIOUR(waiters_are_served_in_order_of_arrival) {
    make_set(1);
    const pid_t first = child_of(wait_for_one);
    until_asleep(first);
    const pid_t second = child_of(wait_for_one);
    until_asleep(second);
    NEED(operate(0, 1, 0));
    show_end("first", first);
    SHOW(waitpid(second, NULL, WNOHANG));
    NEED(operate(0, 1, 0));
    show_end("second", second);
}
