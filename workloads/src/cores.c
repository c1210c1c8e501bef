// SPDX-License-Identifier: GPL-2.0-or-later
// What later cores than an Armv8.0 one have: cores WHAT. Each part prints what the instructions
// gave, the same on every machine that has them, or which signal came instead.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/prctl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

#define THREADS 64
#define ROUNDS 500

static sigjmp_buf back;
static volatile int signal_seen, code_seen;
static volatile uint64_t pstate_in_handler;
static char alternate[32768];

static void on_signal(int number, siginfo_t* info, void* context) {
    (void)context;
    signal_seen = number;
    // qemu-aarch64 has another code for an undefined instruction than Linux.
    code_seen = number == SIGILL ? 0 : info->si_code;
    siglongjmp(back, 1);
}

static void catch_all(void) {
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    sigaltstack(&stack, NULL);
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGILL, &action, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

// Runs the statement; prints the signal that it got, or that it got none.
#define TRIED(name, statement)                                           \
    do {                                                                 \
        signal_seen = code_seen = 0;                                     \
        if (sigsetjmp(back, 1) == 0) {                                   \
            statement;                                                   \
        }                                                                \
        printf("%s: signal %d code %d\n", name, signal_seen, code_seen); \
    } while (0)

static uint64_t added, largest, set_bits, swapped_sum;
static __uint128_t pair;
static pthread_barrier_t start;

static void* use_atomics(void* argument) {
    const uint64_t me = (uint64_t)argument;
    pthread_barrier_wait(&start);
    uint64_t mine = me + 1, kept = 0;
    static uint64_t slot;
    for (int i = 0; i < ROUNDS; ++i) {
        uint64_t old;
        __asm__ volatile(".arch armv8.1-a\n ldaddal %1, %0, %2"
                         : "=r"(old), "+r"(mine), "+Q"(added));
        __asm__ volatile(".arch armv8.1-a\n ldumaxal %1, %0, %2"
                         : "=r"(old)
                         : "r"(old), "Q"(largest)
                         : "memory");
        __asm__ volatile(".arch armv8.1-a\n stset %0, %1"
                         :
                         : "r"(UINT64_C(1) << (me % 64)), "Q"(set_bits)
                         : "memory");
        // What is in the slot goes from hand to hand: nothing is lost, nothing twice.
        uint64_t given = i == 0 ? me + 1 : kept;
        __asm__ volatile(".arch armv8.1-a\n swpal %1, %0, %2"
                         : "=&r"(kept)
                         : "r"(given), "Q"(slot)
                         : "memory");
        register uint64_t a __asm__("x4"), b __asm__("x5"), c __asm__("x6"), d __asm__("x7");
        for (;;) {
            const uint64_t low = (uint64_t)pair, high = (uint64_t)(pair >> 64);
            a = low, b = high, c = low + 1, d = high + 2;
            __asm__ volatile(".arch armv8.1-a\n caspal x4, x5, x6, x7, [%4]"
                             : "+r"(a), "+r"(b)
                             : "r"(c), "r"(d), "r"(&pair)
                             : "memory");
            if (a == low && b == high) break;
        }
    }
    uint64_t expected, wanted;
    do {
        expected = swapped_sum, wanted = expected + kept;
        const uint64_t before = expected;
        __asm__ volatile(".arch armv8.1-a\n casal %0, %1, %2"
                         : "+r"(expected)
                         : "r"(wanted), "Q"(swapped_sum)
                         : "memory");
        if (before == expected) break;
    } while (1);
    return &slot;  // what is left in it is nobody's
}

static void lse(void) {
    pthread_t threads[THREADS];
    pthread_barrier_init(&start, NULL, THREADS);
    for (uint64_t t = 0; t < THREADS; ++t) pthread_create(&threads[t], NULL, use_atomics, (void*)t);
    void* slot = NULL;
    for (int t = 0; t < THREADS; ++t) pthread_join(threads[t], &slot);
    printf("added %lu\n", added);
    printf("bits %lx\n", set_bits);
    printf("handed on %lu\n", swapped_sum + *(uint64_t*)slot);
    printf("pair %lu %lu\n", (uint64_t)pair, (uint64_t)(pair >> 64));
    uint32_t word = 5;
    uint64_t old;
    __asm__ volatile(".arch armv8.1-a\n ldclr %w1, %w0, %2"
                     : "=r"(old)
                     : "r"(4), "Q"(word)
                     : "memory");
    printf("ldclr %lu -> %u\n", old, word);
    uint8_t byte = 0x80;
    __asm__ volatile(".arch armv8.1-a\n ldsminb %w1, %w0, %2"
                     : "=r"(old)
                     : "r"(0x7f), "Q"(byte)
                     : "memory");
    printf("ldsminb %lx -> %x\n", old, byte);
}

static void fp16(void) {
    uint16_t a[8], b[8], c[8] = {0};
    for (int i = 0; i < 8; ++i)
        a[i] = (uint16_t)(0x3c00 + i * 0x80), b[i] = (uint16_t)(0x4000 + i * 0x33);
    __asm__ volatile(
        ".arch armv8.2-a+fp16\n"
        "ldr q0, [%0]\n ldr q1, [%1]\n fmul v2.8h, v0.8h, v1.8h\n fmla v2.8h, v0.8h, v1.h[3]\n"
        "fadd h3, h0, h1\n ins v2.h[7], v3.h[0]\n str q2, [%2]"
        :
        : "r"(a), "r"(b), "r"(c)
        : "v0", "v1", "v2", "v3", "memory");
    for (int i = 0; i < 8; ++i) printf("%04x ", c[i]);
    uint64_t n;
    __asm__ volatile(".arch armv8.2-a+fp16\n fmov h0, #3.5\n fcvtzs %0, h0\n" : "=r"(n) : : "v0");
    printf("%lu\n", n);
}

static void dot(void) {
    uint8_t a[16], b[16];
    uint32_t c[4] = {1, 2, 3, 4};
    int32_t d[4] = {1, 2, 3, 4};
    for (int i = 0; i < 16; ++i) a[i] = (uint8_t)(i * 17), b[i] = (uint8_t)(255 - i);
    __asm__ volatile(
        ".arch armv8.2-a+dotprod\n ldr q0, [%0]\n ldr q1, [%1]\n ldr q2, [%2]\n ldr q3, [%3]\n"
        "udot v2.4s, v0.16b, v1.16b\n sdot v3.4s, v0.16b, v1.4b[2]\n str q2, [%2]\n str q3, [%3]"
        :
        : "r"(a), "r"(b), "r"(c), "r"(d)
        : "v0", "v1", "v2", "v3", "memory");
    for (int i = 0; i < 4; ++i) printf("%u %d ", c[i], d[i]);
    printf("\n");
}

static void rcpc(void) {
    uint64_t word = 0x1122334455667788, got;
    __asm__ volatile(".arch armv8.3-a\n ldapr %0, %1" : "=r"(got) : "Q"(word));
    printf("ldapr %lx\n", got);
}

// DC ZVA clears a block; how large, DCZID_EL0 says.
static void zva(void) {
    uint64_t id;
    __asm__ volatile("mrs %0, dczid_el0" : "=r"(id));
    printf("dczid %lx\n", id);
    static unsigned char bytes[512] __attribute__((aligned(256)));
    memset(bytes, 0xaa, sizeof bytes);
    __asm__ volatile("dc zva, %0" : : "r"(bytes + 200) : "memory");
    unsigned first = 0, zeros = 0;
    for (unsigned i = 0; i < sizeof bytes; ++i) {
        if (bytes[i] == 0 && zeros++ == 0) first = i;
    }
    printf("zeros %u from %u\n", zeros, first);
    unsigned char* const fresh =
        mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(fresh, 1, 4096);
    __asm__ volatile("dc zva, %0" : : "r"(fresh + 64) : "memory");
    __asm__ volatile("dc zva, %0" : : "r"(fresh + 4096 + 128) : "memory");
    printf("%d %d %d\n", fresh[63], fresh[64], fresh[128]);
    mprotect(fresh, 4096, PROT_READ);
    TRIED("zva of a page that is read only", __asm__ volatile("dc zva, %0"
                                                              :
                                                              : "r"(fresh + 64)
                                                              : "memory"));
    TRIED("zva of nothing", __asm__ volatile("dc zva, %0" : : "r"((char*)NULL + 128) : "memory"));
}

static void hwcaps(void) {
    const uint64_t event_stream = 4;  // EVTSTRM
    printf("hwcap %lx %lx\n", getauxval(AT_HWCAP) & ~event_stream, getauxval(AT_HWCAP2));
#define SHOW(name, encoding)                                 \
    do {                                                     \
        uint64_t value;                                      \
        __asm__ volatile("mrs %0, " encoding : "=r"(value)); \
        printf("%s %lx\n", name, value);                     \
    } while (0)
    SHOW("pfr0", "s3_0_c0_c4_0");
    SHOW("pfr1", "s3_0_c0_c4_1");
    SHOW("isar0", "s3_0_c0_c6_0");
    SHOW("isar1", "s3_0_c0_c6_1");
    SHOW("mmfr2", "s3_0_c0_c7_2");
}

// Which of its variants the C library chose: where each is, in this program.
static void variants(void) {
#define VARIANT(function)                                                                          \
    do {                                                                                           \
        uint64_t at;                                                                               \
        __asm__("adrp %0, :got:" #function "\n ldr %0, [%0, :got_lo12:" #function "]" : "=r"(at)); \
        printf(#function " %lx\n", at);                                                            \
    } while (0)
    VARIANT(memcpy);
    VARIANT(memset);
    VARIANT(memchr);
    VARIANT(strlen);
}

static void cpuinfo(void) {
    char line[1024];
    FILE* const file = fopen("/proc/cpuinfo", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        fputs(line, stdout);
        if (strncmp(line, "CPU revision", 12) == 0) break;
    }
}

static void ssbs(void) {
    uint64_t value;
    __asm__ volatile("mrs %0, s3_3_c4_c2_6" : "=r"(value));
    printf("ssbs %lx", value);
    __asm__ volatile(".inst 0xd503403f\n mrs %0, s3_3_c4_c2_6" : "=r"(value));  // msr ssbs, #0
    printf(" %lx", value);
    __asm__ volatile("msr s3_3_c4_c2_6, %1\n mrs %0, s3_3_c4_c2_6"
                     : "=r"(value)
                     : "r"(UINT64_C(0x1000)));
    printf(" %lx\n", value);
}

static uint32_t* code_page(int protection, const uint32_t* words, size_t count) {
    uint32_t* const page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(page, words, count * sizeof *words);
    __builtin___clear_cache((char*)page, (char*)(page + count));
    if (mprotect(page, 4096, PROT_READ | PROT_EXEC | protection) != 0) {
        printf("mprotect: %s\n", strerror(errno));
        exit(1);
    }
    return page;
}

// What a core without the feature must refuse.
static void absent(uint32_t word) {
    const uint32_t words[] = {word, 0xd65f03c0};
    void (*const function)(void) = (void (*)(void))code_page(0, words, 2);
    static uint64_t data[8] __attribute__((aligned(64)));
    char name[32];
    snprintf(name, sizeof name, "%08x", word);
    TRIED(name, __asm__ volatile("mov x0, %1\n mov x1, %1\n mov x2, #0\n mov x3, #0\n blr %0"
                                 :
                                 : "r"(function), "r"(data)
                                 : "x0", "x1", "x2", "x3", "x4", "x5", "x30", "v0", "v1", "v2",
                                   "memory"));
}

static void unaligned(void) {
    static unsigned char data[64] __attribute__((aligned(64)));
    for (int i = 0; i < 64; ++i) data[i] = (unsigned char)i;
    volatile uint64_t got = 0;
    TRIED("ldar, 4 bytes off", __asm__ volatile("ldar %0, [%1]"
                                                : "=r"(got)
                                                : "r"(data + 4)
                                                : "memory"));
    printf("%lx\n", got);
    TRIED("ldar across 16 bytes", __asm__ volatile("ldar %0, [%1]"
                                                   : "=r"(got)
                                                   : "r"(data + 12)
                                                   : "memory"));
    TRIED("stlr, 2 bytes off", __asm__ volatile("stlr %w0, [%1]"
                                                :
                                                : "r"(7), "r"(data + 18)
                                                : "memory"));
    TRIED("stlr across 16 bytes", __asm__ volatile("stlr %w0, [%1]"
                                                   :
                                                   : "r"(7), "r"(data + 30)
                                                   : "memory"));
    TRIED("ldapr, 2 bytes off", __asm__ volatile(".arch armv8.3-a\n ldapr %w0, [%1]"
                                                 : "=r"(got)
                                                 : "r"(data + 2)));
    printf("%lx\n", got);
}

static uint64_t sign(uint64_t pointer, uint64_t modifier) {
    __asm__ volatile(".arch armv8.3-a\n pacia %0, %1" : "+r"(pointer) : "r"(modifier));
    return pointer;
}
static uint64_t authenticate(uint64_t pointer, uint64_t modifier) {
    __asm__ volatile(".arch armv8.3-a\n autia %0, %1" : "+r"(pointer) : "r"(modifier));
    return pointer;
}
__attribute__((noinline)) static int called(int n) {
    return n + 1;
}

// It changes the key that its own return address would be signed by.
__attribute__((target("branch-protection=none"))) static void pac(void) {
    const uint64_t pointer = (uint64_t)&called;
    const uint64_t with_pac = sign(pointer, 42);
    uint64_t stripped = with_pac, generic;
    __asm__ volatile(".arch armv8.3-a\n xpaci %0" : "+r"(stripped));
    __asm__ volatile(".arch armv8.3-a\n pacga %0, %1, %2"
                     : "=r"(generic)
                     : "r"(pointer), "r"(UINT64_C(42)));
    printf("signed %d, authenticated %d, stripped %d, low bits %d, generic %d\n",
           with_pac != pointer, authenticate(with_pac, 42) == pointer, stripped == pointer,
           (with_pac & 0x7fffffffff) == pointer, (generic & 0xffffffff) == 0 && generic != 0);
    // A signature of few bits is right by chance, now and then.
    int by_chance = 0;
    uint64_t before[64];
    for (uint64_t m = 0; m < 64; ++m) {
        by_chance += authenticate(with_pac, 43 + m) == pointer;
        before[m] = sign(pointer, m);
    }
    printf("other modifiers fail %d\n", by_chance < 8);
    int (*const function)(int) = (int (*)(int))authenticate(sign(pointer, 7), 7);
    printf("call %d\n", function(4));
    printf("reset: %d", prctl(PR_PAC_RESET_KEYS, PR_PAC_APIAKEY, 0, 0, 0));
    int kept = 0;
    for (uint64_t m = 0; m < 64; ++m) kept += sign(pointer, m) == before[m];
    printf(", other signatures %d\n", kept < 8);
    printf("bad keys: %d", prctl(PR_PAC_RESET_KEYS, 0x100, 0, 0, 0));
    printf(" errno %d\n", errno);
    exit(0);  // main()'s return address has the old key's signature
}

// A pointer whose signature is wrong is used.
static void pac_failure(void) {
    const uint64_t pointer = (uint64_t)&called;
    const uint64_t bad = sign(pointer, 42) ^ (UINT64_C(1) << 50);
    int (*const function)(int) = (int (*)(int))authenticate(bad, 42);
    printf("calling\n");
    fflush(stdout);
    printf("returned %d\n", function(1));
}

static void show_pstate(int number, siginfo_t* info, void* context) {
    (void)number, (void)info;
    pstate_in_handler = ((ucontext_t*)context)->uc_mcontext.pstate;
}

static void bti(void) {
    const uint32_t words[] = {0xd503245f /* bti c */,
                              0xd65f03c0,
                              0xd503201f /* nop */,
                              0xd65f03c0,
                              0xd503249f /* bti j */,
                              0xd65f03c0,
                              0xd503233f /* paciasp */,
                              0xd50323bf,
                              0xd65f03c0};
    uint32_t* const page = code_page(PROT_BTI, words, sizeof words / sizeof *words);
    TRIED("call of bti c", __asm__ volatile("blr %0" : : "r"(page) : "x30"));
    TRIED("call of nop", __asm__ volatile("blr %0" : : "r"(page + 2) : "x30"));
    TRIED("call of bti j", __asm__ volatile("blr %0" : : "r"(page + 4) : "x30"));
    TRIED("call of paciasp", __asm__ volatile("blr %0" : : "r"(page + 6) : "x30"));
    TRIED("jump to bti c by x16", __asm__ volatile("mov x16, %0\n adr x30, 1f\n br x16\n1: nop"
                                                   :
                                                   : "r"(page)
                                                   : "x16", "x30"));
    TRIED("jump to bti c by x1", __asm__ volatile("mov x1, %0\n adr x30, 1f\n br x1\n1: nop"
                                                  :
                                                  : "r"(page)
                                                  : "x1", "x30"));
    TRIED("jump to bti j by x1", __asm__ volatile("mov x1, %0\n adr x30, 1f\n br x1\n1: nop"
                                                  :
                                                  : "r"(page + 4)
                                                  : "x1", "x30"));
    TRIED("return to nop", __asm__ volatile("adr x30, 1f\n ret %0\n1: nop"
                                            :
                                            : "r"(page + 2)
                                            : "x30"));
    struct sigaction action = {.sa_sigaction = show_pstate, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    printf("btype of who is interrupted %lu\n", pstate_in_handler >> 10 & 3);
}

int main(int argc, char** argv) {
    const char* const what = argc > 1 ? argv[1] : "";
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(what, "pac-failure") != 0) catch_all();
    if (strcmp(what, "lse") == 0)
        lse();
    else if (strcmp(what, "fp16") == 0)
        fp16();
    else if (strcmp(what, "dot") == 0)
        dot();
    else if (strcmp(what, "rcpc") == 0)
        rcpc();
    else if (strcmp(what, "zva") == 0)
        zva();
    else if (strcmp(what, "hwcaps") == 0)
        hwcaps();
    else if (strcmp(what, "variants") == 0)
        variants();
    else if (strcmp(what, "cpuinfo") == 0)
        cpuinfo();
    else if (strcmp(what, "ssbs") == 0)
        ssbs();
    else if (strcmp(what, "unaligned") == 0)
        unaligned();
    else if (strcmp(what, "pac") == 0)
        pac();
    else if (strcmp(what, "pac-failure") == 0)
        pac_failure();
    else if (strcmp(what, "bti") == 0)
        bti();
    else if (strcmp(what, "absent") == 0) {
        for (int i = 2; i < argc; ++i) absent((uint32_t)strtoul(argv[i], NULL, 16));
    } else
        return 2;
    return 0;
}
