// SPDX-License-Identifier: GPL-2.0-or-later
// Exercises: an allocator under many threads. THREADS threads (default 16) allocate ROUNDS blocks each (default 1000) of
// sizes from 16 bytes to 2 KiB; each block is handed to the next thread, which checks what is in it and frees it. Prints
// how many blocks and bytes that were; a block that another thread has written into ends in exit status 1.
//
//     allocators [THREADS [ROUNDS]]
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64, SMALLEST = 16, CLASSES = 8 };

struct block {
    size_t size;
    unsigned char pattern;
    unsigned char bytes[];
};

static int threads = 16, rounds = 1000;
static _Atomic(struct block*) mailbox[MOST];
static atomic_long blocks, bytes, broken;

// The functions to probe: called once for each block.
__attribute__((noinline, noclone, used)) struct block* take_block(size_t size) { return malloc(sizeof(struct block) + size); }
__attribute__((noinline, noclone, used)) void give_back(struct block* b) { free(b); }

static void check_and_free(struct block* b) {
    if (b == NULL) return;
    for (size_t i = 0; i < b->size; ++i) {
        if (b->bytes[i] != b->pattern) {
            ++broken;
            break;
        }
    }
    ++blocks;
    bytes += (long)b->size;
    give_back(b);
}

static void* run(void* argument) {
    const long self = (long)argument;
    unsigned random = 12345u + (unsigned)self;
    for (int i = 0; i < rounds; ++i) {
        random = random * 1103515245u + 12345u;
        const size_t size = (size_t)SMALLEST << (random >> 16) % CLASSES;
        struct block* b = take_block(size);
        if (b == NULL) exit(1);
        b->size = size;
        b->pattern = (unsigned char)(random >> 24);
        memset(b->bytes, b->pattern, size);
        // What the next thread has not taken yet is freed here.
        check_and_free(atomic_exchange(&mailbox[(self + 1) % threads], b));
        check_and_free(atomic_exchange(&mailbox[self], NULL));
    }
    return NULL;
}

int main(int argc, char** argv) {
    if (argc > 1) threads = atoi(argv[1]);
    if (argc > 2) rounds = atoi(argv[2]);
    if (threads < 1 || threads > MOST || rounds < 1) {
        fprintf(stderr, "usage: allocators [THREADS [ROUNDS]], at most %d threads\n", MOST);
        return 2;
    }
    pthread_t all[MOST];
    for (long i = 0; i < threads; ++i) {
        if (pthread_create(&all[i], NULL, run, (void*)i) != 0) return 1;
    }
    for (int i = 0; i < threads; ++i) pthread_join(all[i], NULL);
    for (int i = 0; i < threads; ++i) check_and_free(atomic_exchange(&mailbox[i], NULL));
    printf("%ld blocks, %ld bytes, %ld broken\n", (long)blocks, (long)bytes, (long)broken);
    return broken != 0;
}
