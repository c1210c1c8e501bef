// SPDX-License-Identifier: GPL-2.0-or-later
// Exercises: threads under contention. THREADS threads (default 64) share a counter under a mutex, another by atomic
// adds, a bounded queue with two condition variables, a barrier, a read-write lock and a semaphore, for ROUNDS rounds
// (default 2000). Every total is known beforehand; a lost wake-up ends in a deadlock, a lost update in exit status 1.
//
//     threads [THREADS [ROUNDS]]
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 256, SLOTS = 8 };

static int threads = 64, rounds = 2000;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long under_mutex;
static atomic_long by_atomics;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static long written[2];  // equal whenever no writer is in
static long torn;
static sem_t semaphore;
static atomic_long inside, most_inside;
static pthread_barrier_t barrier;

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t not_full, not_empty;
    long slots[SLOTS];
    int used, next;
} queue = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER, {0}, 0, 0};

static void put(long value) {
    pthread_mutex_lock(&queue.mutex);
    while (queue.used == SLOTS) pthread_cond_wait(&queue.not_full, &queue.mutex);
    queue.slots[(queue.next + queue.used++) % SLOTS] = value;
    pthread_cond_signal(&queue.not_empty);
    pthread_mutex_unlock(&queue.mutex);
}

static long take(void) {
    pthread_mutex_lock(&queue.mutex);
    while (queue.used == 0) pthread_cond_wait(&queue.not_empty, &queue.mutex);
    const long value = queue.slots[queue.next];
    queue.next = (queue.next + 1) % SLOTS;
    --queue.used;
    pthread_cond_signal(&queue.not_full);
    pthread_mutex_unlock(&queue.mutex);
    return value;
}

// The function to probe: called by every thread in every round.
__attribute__((noinline)) long hot(long value) {
    pthread_mutex_lock(&mutex);
    under_mutex += value;
    pthread_mutex_unlock(&mutex);
    return atomic_fetch_add(&by_atomics, value);
}

static void with_semaphore(void) {
    sem_wait(&semaphore);
    const long now = atomic_fetch_add(&inside, 1) + 1;
    long most = atomic_load(&most_inside);
    while (now > most && !atomic_compare_exchange_weak(&most_inside, &most, now)) {
    }
    atomic_fetch_sub(&inside, 1);
    sem_post(&semaphore);
}

static void* work(void* argument) {
    const long self = (long)argument;
    long sum = 0;
    pthread_barrier_wait(&barrier);
    for (int round = 0; round < rounds; ++round) {
        hot(1);
        if (round % 16 == 0) {
            pthread_rwlock_wrlock(&rwlock);
            ++written[0];
            ++written[1];
            pthread_rwlock_unlock(&rwlock);
        } else if (round % 4 == 0) {
            pthread_rwlock_rdlock(&rwlock);
            if (written[0] != written[1]) ++torn;
            pthread_rwlock_unlock(&rwlock);
        }
        if (round % 8 == 0) with_semaphore();
        // Even threads produce what odd ones consume.
        if (self % 2 == 0) {
            put(round);
        } else {
            sum += take();
        }
    }
    return (void*)sum;
}

int main(int argc, char** argv) {
    if (argc > 1) threads = atoi(argv[1]);
    if (argc > 2) rounds = atoi(argv[2]);
    if (threads < 2 || threads > MOST || threads % 2 != 0 || rounds < 1) {
        fprintf(stderr, "usage: threads [2..%d, even [ROUNDS]]\n", MOST);
        return 2;
    }
    pthread_t ids[MOST];
    sem_init(&semaphore, 0, 3);
    pthread_barrier_init(&barrier, NULL, (unsigned)threads);
    for (long i = 0; i < threads; ++i) {
        if (pthread_create(&ids[i], NULL, work, (void*)i) != 0) return 3;
    }
    long taken = 0;
    for (int i = 0; i < threads; ++i) {
        void* sum;
        pthread_join(ids[i], &sum);
        taken += (long)sum;
    }
    const long calls = (long)threads * rounds;
    const long queued = (long)threads / 2 * rounds * (rounds - 1) / 2;
    const long writes = (long)threads * ((rounds + 15) / 16);
    const int right = under_mutex == calls && by_atomics == calls && taken == queued && written[0] == writes &&
                      written[1] == writes && torn == 0 && most_inside <= 3;
    printf("%d threads: mutex %ld, atomics %ld, queue %ld, rwlock %ld: %s\n", threads, under_mutex,
           atomic_load(&by_atomics), taken, written[0], right ? "right" : "WRONG");
    return right ? 0 : 1;
}
