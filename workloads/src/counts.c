// SPDX-License-Identifier: GPL-2.0-or-later
// Exercises the instruction count: a program without a C library whose path depends on nothing outside it - sieve,
// quicksort, a hash over indirect calls, recursion - and which prints one line of checksums. Its instruction total is
// one number for ever (per compiler), so two simulators can be compared to the instruction.
typedef unsigned long u64;
typedef unsigned char u8;

static long syscall3(long number, long a, long b, long c) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}

// The compiler may call these for our loops; there is no library to have them.
void* memset(void* to, int value, u64 size) {
    for (volatile u8* p = to; size--;) *p++ = (u8)value;
    return to;
}

static u8 sieve[1 << 14];
static u64 sieve_primes(void) {
    u64 primes = 0;
    for (u64 i = 2; i < sizeof sieve; ++i) {
        if (sieve[i]) continue;
        ++primes;
        for (u64 j = i * i; j < sizeof sieve; j += i) sieve[j] = 1;
    }
    return primes;
}

static u64 values[1024];
static void quicksort(long low, long high) {
    if (low >= high) return;
    const u64 pivot = values[(low + high) / 2];
    long i = low, j = high;
    while (i <= j) {
        while (values[i] < pivot) ++i;
        while (values[j] > pivot) --j;
        if (i <= j) {
            const u64 swap = values[i];
            values[i++] = values[j];
            values[j--] = swap;
        }
    }
    quicksort(low, j);
    quicksort(i, high);
}

static u64 sort_checksum(void) {
    u64 x = 88172645463325252ul, sum = 0;
    for (int i = 0; i < 1024; ++i) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        values[i] = x;
    }
    quicksort(0, 1023);
    for (u64 i = 0; i < 1024; ++i) sum += values[i] * (i + 1);
    return sum;
}

typedef u64 (*Mixer)(u64);
static u64 rotate(u64 x) {
    return (x << 7) | (x >> 57);
}
static u64 scramble(u64 x) {
    return x * 0x9e3779b97f4a7c15ul;
}
static u64 fold(u64 x) {
    return x ^ (x >> 31);
}
static u64 mix(void) {
    static Mixer volatile const mixers[] = {rotate, scramble, fold};
    u64 x = 1;
    for (u64 i = 0; i < 5000; ++i) x = mixers[(x ^ i) % 3](x + i);
    return x;
}

__attribute__((noinline)) static u64 fib(u64 n) {
    __asm__ volatile("" : "+r"(n));
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static char line[128];
static u64 put(u64 at, u64 value) {
    for (int shift = 60; shift >= 0; shift -= 4) line[at++] = "0123456789abcdef"[(value >> shift) & 15];
    line[at++] = ' ';
    return at;
}

void _start(void) {
    u64 at = put(0, sieve_primes());
    at = put(at, sort_checksum());
    at = put(at, mix());
    at = put(at, fib(15));
    line[at - 1] = '\n';
    syscall3(64, 1, (long)line, (long)at);
    syscall3(94, 0, 0, 0);
    __builtin_unreachable();
}
