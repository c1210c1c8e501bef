// SPDX-License-Identifier: GPL-2.0-or-later
// Exercises: what the C library builds on futexes besides plain locks: robust mutexes whose owner dies (a thread, a
// process), mutexes with priority inheritance, waits with absolute ends on two clocks, cancelled waits, broadcasts,
// locks shared by processes, errors. Prints every answer. No arguments.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 200 };

struct shared {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    sem_t semaphore;
    long count;
    int stage;
};

static struct shared* shared;

static void show(const char* what, int error) {
    printf("%s: %s\n", what, error == 0 ? "0" : strerrorname_np(error));
    fflush(stdout);
}

static void make_mutex(pthread_mutex_t* mutex, int kind, int robust, int protocol) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_settype(&attributes, kind);
    if (robust) pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    show("protocol", pthread_mutexattr_setprotocol(&attributes, protocol));
    show("init", pthread_mutex_init(mutex, &attributes));
}

static struct timespec in_ms(clockid_t clock, long ms) {
    struct timespec t;
    clock_gettime(clock, &t);
    t.tv_nsec += ms * 1000000;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

static void* lock_and_end(void* unused) {
    (void)unused;
    pthread_mutex_lock(&shared->mutex);
    return NULL;
}

static void* count(void* unused) {
    (void)unused;
    for (int i = 0; i < ROUNDS; ++i) {
        pthread_mutex_lock(&shared->mutex);
        ++shared->count;
        pthread_mutex_unlock(&shared->mutex);
    }
    return NULL;
}

static void robust(int protocol) {
    pthread_t thread;
    make_mutex(&shared->mutex, PTHREAD_MUTEX_ERRORCHECK, 1, protocol);
    pthread_create(&thread, NULL, lock_and_end, NULL);
    pthread_join(thread, NULL);
    show("owner ended", pthread_mutex_lock(&shared->mutex));
    show("consistent", pthread_mutex_consistent(&shared->mutex));
    show("unlock", pthread_mutex_unlock(&shared->mutex));
    if (fork() == 0) {
        pthread_mutex_lock(&shared->mutex);
        raise(SIGKILL);
    }
    int status;
    wait(&status);
    show("process killed", pthread_mutex_trylock(&shared->mutex));
    show("unlock without consistent", pthread_mutex_unlock(&shared->mutex));
    show("not recoverable", pthread_mutex_lock(&shared->mutex));
    pthread_mutex_destroy(&shared->mutex);
    // A waiter is woken by the owner's death.
    make_mutex(&shared->mutex, PTHREAD_MUTEX_ERRORCHECK, 1, protocol);
    shared->stage = 0;
    const pid_t child = fork();
    if (child == 0) {
        pthread_mutex_lock(&shared->mutex);
        __atomic_store_n(&shared->stage, 1, __ATOMIC_SEQ_CST);
        usleep(20000);
        _exit(0);
    }
    while (__atomic_load_n(&shared->stage, __ATOMIC_SEQ_CST) == 0) usleep(1000);
    show("waited for the dead", pthread_mutex_lock(&shared->mutex));
    show("consistent", pthread_mutex_consistent(&shared->mutex));
    show("unlock", pthread_mutex_unlock(&shared->mutex));
    wait(&status);
    pthread_mutex_destroy(&shared->mutex);
}

static void inherit(void) {
    make_mutex(&shared->mutex, PTHREAD_MUTEX_ERRORCHECK, 0, PTHREAD_PRIO_INHERIT);
    shared->count = 0;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; ++i) pthread_create(&threads[i], NULL, count, NULL);
    for (int i = 0; i < THREADS; ++i) pthread_join(threads[i], NULL);
    printf("counted %ld\n", shared->count);
    pthread_mutex_lock(&shared->mutex);
    show("own again", pthread_mutex_lock(&shared->mutex));
    if (fork() == 0) {
        show("held elsewhere", pthread_mutex_trylock(&shared->mutex));
        const struct timespec end = in_ms(CLOCK_REALTIME, 5);
        show("timed", pthread_mutex_timedlock(&shared->mutex, &end));
        show("not the owner", pthread_mutex_unlock(&shared->mutex));
        _exit(0);
    }
    wait(NULL);
    show("unlock", pthread_mutex_unlock(&shared->mutex));
    if (fork() == 0) {
        count(NULL);
        _exit(0);
    }
    count(NULL);
    wait(NULL);
    printf("counted %ld\n", shared->count);
    pthread_mutex_destroy(&shared->mutex);
}

static void unlock(void* mutex) {
    pthread_mutex_unlock(mutex);
}

static void* wait_for_stage(void* unused) {
    (void)unused;
    pthread_mutex_lock(&shared->mutex);
    pthread_cleanup_push(unlock, &shared->mutex);
    ++shared->count;
    while (shared->stage == 0) pthread_cond_wait(&shared->cond, &shared->mutex);
    ++shared->stage;
    pthread_cleanup_pop(1);
    return NULL;
}

static void conditions(int protocol) {
    make_mutex(&shared->mutex, PTHREAD_MUTEX_NORMAL, 0, protocol);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_condattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_cond_init(&shared->cond, &attributes);
    pthread_mutex_lock(&shared->mutex);
    struct timespec end = in_ms(CLOCK_MONOTONIC, 5);
    show("timed wait", pthread_cond_timedwait(&shared->cond, &shared->mutex, &end));
    end = in_ms(CLOCK_REALTIME, 5);
    show("other clock", pthread_cond_clockwait(&shared->cond, &shared->mutex, CLOCK_REALTIME, &end));
    end.tv_nsec = 1000000000;
    show("no such time", pthread_cond_timedwait(&shared->cond, &shared->mutex, &end));
    shared->stage = 0;
    shared->count = 0;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; ++i) pthread_create(&threads[i], NULL, wait_for_stage, NULL);
    while (shared->count < THREADS) {
        pthread_mutex_unlock(&shared->mutex);
        usleep(1000);
        pthread_mutex_lock(&shared->mutex);
    }
    pthread_mutex_unlock(&shared->mutex);
    pthread_cancel(threads[0]);
    void* result;
    pthread_join(threads[0], &result);
    printf("cancelled %d\n", result == PTHREAD_CANCELED);
    pthread_mutex_lock(&shared->mutex);
    shared->stage = 1;
    pthread_cond_broadcast(&shared->cond);
    pthread_mutex_unlock(&shared->mutex);
    for (int i = 1; i < THREADS; ++i) pthread_join(threads[i], NULL);
    printf("stage %d\n", shared->stage);
    pthread_cond_destroy(&shared->cond);
    pthread_mutex_destroy(&shared->mutex);
}

static void semaphores(void) {
    sem_init(&shared->semaphore, 1, 0);
    struct timespec end = in_ms(CLOCK_REALTIME, 5);
    show("semaphore timed", sem_timedwait(&shared->semaphore, &end) == 0 ? 0 : errno);
    end = in_ms(CLOCK_MONOTONIC, 5);
    show("semaphore clock", sem_clockwait(&shared->semaphore, CLOCK_MONOTONIC, &end) == 0 ? 0 : errno);
    if (fork() == 0) {
        for (int i = 0; i < ROUNDS; ++i) sem_post(&shared->semaphore);
        _exit(0);
    }
    for (int i = 0; i < ROUNDS; ++i) sem_wait(&shared->semaphore);
    wait(NULL);
    show("semaphore empty", sem_trywait(&shared->semaphore) == 0 ? 0 : errno);
}

static void raw(void) {
    static int word = 1;
    struct timespec none = {0, 0}, bad = {0, -1};
    const struct {
        const char* what;
        long op, value;
        void* time;
        long bitset;
    } calls[] = {{"wait, other value", 0, 2, NULL, 0},
                 {"wait, no time", 0, 1, &none, 0},
                 {"wait, bad time", 0, 1, &bad, 0},
                 {"wait, no bits", 9, 1, NULL, 0},
                 {"wake", 1, 5, NULL, 0},
                 {"wake, no bits", 10, 1, NULL, 0},
                 {"no such", 77, 0, NULL, 0},
                 {"fd", 2, 0, NULL, 0},
                 {"unlock_pi, not held", 7, 0, NULL, 0},
                 {"trylock_pi, odd word", 8, 0, NULL, 0}};
    for (unsigned i = 0; i < sizeof calls / sizeof *calls; ++i) {
        errno = 0;
        const long got = syscall(SYS_futex, &word, calls[i].op, calls[i].value, calls[i].time, NULL, calls[i].bitset);
        printf("%s: %ld %s\n", calls[i].what, got, got < 0 ? strerrorname_np(errno) : "");
    }
    errno = 0;
    printf("unaligned: %ld", syscall(SYS_futex, (char*)&word + 1, 0, 1, NULL, NULL, 0));
    printf(" %s\n", strerrorname_np(errno));
    printf("requeue to itself, other value: %ld", syscall(SYS_futex, &word, 4, 1, 1, &word, 9));
    printf(" %s\n", strerrorname_np(errno));
}

int main(void) {
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    robust(PTHREAD_PRIO_NONE);
    robust(PTHREAD_PRIO_INHERIT);
    inherit();
    conditions(PTHREAD_PRIO_NONE);
    conditions(PTHREAD_PRIO_INHERIT);
    semaphores();
    raw();
    return 0;
}
