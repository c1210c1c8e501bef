// SPDX-License-Identifier: GPL-2.0-or-later
// Executes random A64 words, each once in a random state, and prints what came of them: the signal with its code and
// address, and a hash of all registers and of the memory that they point to. Everything happens in the handler of the signal
// that ends a word: it notes the outcome, and returns into the next word. Code and data are at fixed addresses, so that two
// kernels and two processors can be compared line by line.
// usage: word_fuzz SEED WORDS [all]   ("all": a line for each word, not for each batch)
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ucontext.h>
#include <unistd.h>

#include "random.h"

enum { SLOTS = 1000, SLOT_WORDS = 16, DATA_WORDS = 512, BRK_AFTER = 0xd42acf00u /* brk #0x5678 */ };
#define CODE 0x2000000000ul
#define DATA 0x3000000000ul
#define HOLE 0x3800000000ul  // nothing is there

// Words that the comparison is not about.
static const struct {
    uint32_t mask, value;
    const char* why;
} kSkipped[] = {
    {0xffe0001f, 0xd4000001, "SVC: a system call"},
    {0xffe0001f, 0xd4400000, "HLT: qemu-aarch64 takes it for semihosting"},
    {0xffffffff, 0xd503207f, "WFI: waits"},
    {0xffffffff, 0xd503205f, "WFE: waits"},
    {0xffffff00, 0xd53be000, "MRS of the counters: time"},
    {0xfff00000, 0xd5300000, "MRS: what the kernel shows of its processor"},
    {0xfff80000, 0xd5080000, "SYS: qemu-aarch64 does no cache maintenance"},
    {0xfff80000, 0xd5280000, "SYSL"},
};

static uint32_t* const code = (uint32_t*)CODE;
static uint64_t* const data = (uint64_t*)DATA;
static uint32_t words[SLOTS];
static uint64_t wanted, done;
static int in_batch, show_all, started;
static uint64_t batch_hash, data_hash, clean_hash;
static ucontext_t before;
static uint64_t thread_pointer;

static struct fpsimd_context* vectors_of(ucontext_t* u) {
    return (struct fpsimd_context*)u->uc_mcontext.__reserved;
}

static uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static int skipped(uint32_t word) {
    for (size_t i = 0; i < sizeof kSkipped / sizeof kSkipped[0]; ++i)
        if ((word & kSkipped[i].mask) == kSkipped[i].value) return 1;
    return 0;
}

static uint64_t hash_of_data(void) {
    uint64_t hash = 0;
    for (int i = 0; i < DATA_WORDS; ++i) hash = (hash << 1 | hash >> 63) ^ data[i] * 0x9e3779b97f4a7c15u;
    return hash;
}

static void fill_data(void) {
    for (uint64_t i = 0; i < DATA_WORDS; ++i) data[i] = i * 0x0101010101010101u;
}

static void make_batch(void) {
    for (int i = 0; i < SLOTS; ++i) {
        do words[i] = (uint32_t)(next_random() >> 32);
        while (skipped(words[i]));
        for (int k = 0; k < SLOT_WORDS; ++k) code[i * SLOT_WORDS + k] = BRK_AFTER;
        code[i * SLOT_WORDS + SLOT_WORDS / 2] = words[i];
    }
    __builtin___clear_cache((char*)code, (char*)(code + SLOTS * SLOT_WORDS));
}

// Values that a register has: addresses of the data, of nothing, and numbers that are no address. None that an x86-64 host
// takes for non-canonical: qemu-aarch64 would report address 0 of those.
static uint64_t any_value(void) {
    switch (below(8)) {
        case 0: return HOLE + below(4096);
        case 1: return below(512);
        case 2: return ~below(512);
        case 3: return (DATA + 2048 + 16 * below(16)) | below(128) << 56;  // tagged
        case 4: return DATA + 2048 + below(64);
        default: return DATA + 2048 + 16 * below(16);
    }
}

static void begin_word(ucontext_t* u) {
    mcontext_t* m = &u->uc_mcontext;
    for (int i = 0; i < 31; ++i) m->regs[i] = any_value();
    m->sp = DATA + 2048 + (one_in(16) ? 8 : 0);
    m->pc = CODE + (uint64_t)(in_batch * SLOT_WORDS + SLOT_WORDS / 2) * 4;
    m->pstate = (m->pstate & ~0xf0000000ul) | below(16) << 28;
    struct fpsimd_context* v = vectors_of(u);
    v->fpsr = 0;
    v->fpcr = 0;
    for (int i = 0; i < 32; ++i) {
        uint64_t halves[2] = {next_random(), one_in(2) ? next_random() : below(1000)};
        memcpy(&v->vregs[i], halves, sizeof halves);
    }
    __asm__ volatile("msr tpidr_el0, xzr; clrex");
}

// Linux says ILL_ILLOPC of every undefined instruction (do_el0_undef), qemu-aarch64 ILL_ILLOPN.
static int code_of(const siginfo_t* info) {
    return info->si_signo == SIGILL ? ILL_ILLOPC : info->si_code;
}

static uint64_t hash_of_state(const ucontext_t* u, const siginfo_t* info) {
    const mcontext_t* m = &u->uc_mcontext;
    uint64_t hash = mix((uint64_t)info->si_signo, (uint64_t)code_of(info));
    hash = mix(hash, (uint64_t)info->si_addr);
    for (int i = 0; i < 31; ++i) hash = mix(hash, m->regs[i]);
    hash = mix(mix(mix(hash, m->sp), m->pc), m->pstate >> 28);
    const struct fpsimd_context* v = vectors_of((ucontext_t*)u);
    hash = mix(hash, v->fpsr & 0x9f);
    for (int i = 0; i < 32; ++i) {
        uint64_t halves[2];
        memcpy(halves, &v->vregs[i], sizeof halves);
        hash = mix(mix(hash, halves[0]), halves[1]);
    }
    return mix(hash, data_hash);
}

static void end_word(const ucontext_t* u, const siginfo_t* info) {
    data_hash = hash_of_data();
    if (data_hash != clean_hash) fill_data();
    const uint64_t hash = hash_of_state(u, info);
    batch_hash = mix(batch_hash, hash);
    if (show_all)
        printf("%08x signal %d code %d address %lx pc %lx hash %016lx\n", words[in_batch], info->si_signo, code_of(info),
               (unsigned long)info->si_addr, (unsigned long)u->uc_mcontext.pc, (unsigned long)hash);
    ++done;
    if (++in_batch < SLOTS && done < wanted) return;
    if (!show_all) printf("%lu %016lx\n", (unsigned long)done, (unsigned long)batch_hash);
    in_batch = 0;
    make_batch();
}

static void on_signal(int number, siginfo_t* info, void* context) {
    (void)number;
    ucontext_t* u = context;
    // The C library's own state is at the thread pointer.
    __asm__ volatile("msr tpidr_el0, %0" ::"r"(thread_pointer));
    if (started) {
        end_word(u, info);
    } else {
        started = 1;
        memcpy(&before, u, sizeof before);
    }
    if (done < wanted) {
        begin_word(u);
        return;
    }
    memcpy(u, &before, sizeof before);
    u->uc_mcontext.pc += 4;
}

int main(int argc, char** argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: word_fuzz SEED WORDS [all]\n");
        return 2;
    }
    seed_random(strtoull(argv[1], 0, 0));
    wanted = strtoull(argv[2], 0, 0);
    show_all = argc > 3;
    const size_t code_bytes = (SLOTS * SLOT_WORDS * 4 + 4095) & ~4095ul;
    if (mmap(code, code_bytes, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != code ||
        mmap(data, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != data) {
        perror("mmap");
        return 1;
    }
    fill_data();
    clean_hash = hash_of_data();
    make_batch();
    static char stack[65536];
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, 0);
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    static const int signals[] = {SIGTRAP, SIGILL, SIGSEGV, SIGBUS, SIGFPE};
    for (int i = 0; i < 5; ++i) sigaction(signals[i], &action, 0);
    __asm__ volatile("mrs %0, tpidr_el0" : "=r"(thread_pointer));
    __asm__ volatile("brk #1" ::: "memory");
    printf("%lu words\n", (unsigned long)done);
    return 0;
}
