// SPDX-License-Identifier: GPL-2.0-or-later
// Exercises one probe on many CPUs: argv[2] threads, thread i on CPU i, each of which calls a trigger target argv[1]
// times, as the producers of the kernel's uprobe benchmark do. They wait for each other and then begin at different
// times, within some 10 us, by argv[3]: farther apart than simulated CPUs see a store at different times, so that their
// order is by chance. With argv[4] a thread does something else between its calls, for so many turns of a loop on
// average, by chance from none to twice as many. Static and without a C library; ends when the first thread does.
#include <stdint.h>

#include "raw_call.h"

void TARGET(void);

enum { MOST = 64, STACK = 4096 };
enum { SYS_exit = 93, SYS_exit_group = 94, SYS_sched_setaffinity = 122, SYS_clone = 220 };
// CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM
static const uint64_t kThread = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000;

static char stacks[MOST][STACK] __attribute__((aligned(16)));
static volatile unsigned ready, go;
static uint64_t hits, producers, pause;
static uint64_t seed = 1;  // so that the segment has bytes in the file

static uint64_t number(const char* text) {
    uint64_t n = 0;
    while (*text != 0) n = n * 10 + (uint64_t)(*text++ - '0');
    return n;
}

static long call(uint64_t nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e) {
    const uint64_t args[6] = {a, b, c, d, e, 0};
    return raw_call(nr, args);
}

static void produce(uint64_t me) {
    const uint64_t mask = (uint64_t)1 << me;
    call(SYS_sched_setaffinity, 0, sizeof mask, (uint64_t)&mask, 0, 0);
    if (__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST) == producers) go = 1;
    while (!go) {
    }
    uint32_t x = (uint32_t)((seed * 64 + me + 1) * 2654435761u);
    x ^= x << 13, x ^= x >> 17, x ^= x << 5;
    for (uint32_t i = x % 24000; i != 0; --i) __asm__ volatile("");  // about a cycle each
    if (pause != 0) {
        for (uint64_t i = hits; i != 0; --i) {
            x ^= x << 13, x ^= x >> 17, x ^= x << 5;
            for (uint64_t turns = x % (2 * pause); turns != 0; --turns) __asm__ volatile("");
            TARGET();
        }
        call(SYS_exit_group, 0, 0, 0, 0, 0);
    }
    for (uint64_t i = hits; i != 0; --i) TARGET();
    call(SYS_exit_group, 0, 0, 0, 0, 0);
}

// Not inlined: the thread comes back from the call with another stack.
static __attribute__((noinline)) void start(uint64_t me) {
    register uint64_t x8 __asm__("x8") = SYS_clone;
    register uint64_t x0 __asm__("x0") = kThread;
    register uint64_t x1 __asm__("x1") = (uint64_t)(stacks[me] + STACK);
    register uint64_t x2 __asm__("x2") = 0;
    register uint64_t x3 __asm__("x3") = 0;
    register uint64_t x4 __asm__("x4") = 0;
    register uint64_t x19 __asm__("x19") = me;
    __asm__ volatile(
        "svc 0\n"
        "cbnz x0, 1f\n"
        "mov x0, x19\n"
        "bl produce_here\n"
        "1:"
        : "+r"(x0)
        : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x19)
        : "memory", "x30");
}

void produce_here(uint64_t me) { produce(me); }

void begin(const uint64_t* stack) {
    const char* const* argv = (const char* const*)(stack + 1);
    hits = number(argv[1]);
    producers = number(argv[2]);
    seed = number(argv[3]);
    pause = argv[4] != 0 ? number(argv[4]) : 0;
    for (uint64_t i = 1; i < producers; ++i) start(i);
    produce(0);
}

__asm__(".globl _start\n_start:\n mov x0, sp\n bl begin\n");
