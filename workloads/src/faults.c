// SPDX-License-Identifier: GPL-2.0-or-later
// Exercises faults and signals: handlers for SIGSEGV, SIGBUS, SIGILL and SIGTRAP that mend and return, sigaltstack,
// siglongjmp out of a handler, masks and pending signals, signals to self, stack growth, mmap, mprotect, munmap and
// copy-on-write. Every line printed is the same on any arm64 Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096ul
#define ALONE __attribute__((noinline, noclone))

static sigjmp_buf out;
static volatile int handled, code, on_other_stack;
static volatile uintptr_t address, place;
static char other_stack[64 * 1024] __attribute__((aligned(16)));

static void note(siginfo_t* info, void* context) {
    ++handled;
    code = info->si_code;
    address = (uintptr_t)info->si_addr;
    place = (uintptr_t)((ucontext_t*)context)->uc_mcontext.pc;
}

static void install(int number, void (*handler)(int, siginfo_t*, void*), int flags) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | flags;
    sigaction(number, &action, NULL);
    handled = 0;
}

static void* pages(unsigned long count, int protection) {
    void* at = mmap(NULL, count * PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) perror("mmap");
    return at;
}

// --- faults that a handler mends ---

static void open_page(int number, siginfo_t* info, void* context) {
    (void)number;
    note(info, context);
    mprotect((void*)(address & ~(PAGE - 1)), PAGE, PROT_READ | PROT_WRITE);
}

static void mended_faults(void) {
    volatile char* at = pages(4, PROT_NONE);
    install(SIGSEGV, open_page, 0);
    at[5] = 'x';
    printf("write to PROT_NONE: %d handled, code %d, offset %lu, then %c\n", handled, code, address - (uintptr_t)at,
           at[5]);
    handled = 0;
    printf("read of PROT_NONE: %d", at[PAGE + 7]);
    printf(" after %d handled\n", handled);
    mprotect((void*)(at + 2 * PAGE), PAGE, PROT_READ);
    handled = 0;
    const char was = at[2 * PAGE];
    at[2 * PAGE] = 'w';
    printf("write to PROT_READ: %d handled, code %d, %d became %c\n", handled, code, was, at[2 * PAGE]);
    // Eight bytes across the border of an open and a closed page: the fault is at the second one's first byte.
    handled = 0;
    uint64_t value = 0x1122334455667788u;
    char* across = (char*)at + 3 * PAGE - 4;
    __asm__ volatile("str %0, [%1]" : : "r"(value), "r"(across) : "memory");
    memcpy(&value, across, 8);
    printf("store across pages: %d handled, %lx\n", handled, (unsigned long)value);
    munmap((void*)at, 4 * PAGE);
}

static void jump_out(int number, siginfo_t* info, void* context) {
    note(info, context);
    const char here = 0;
    on_other_stack = &here >= other_stack && &here < other_stack + sizeof other_stack;
    siglongjmp(out, number);
}

static void unmapped(void) {
    install(SIGSEGV, jump_out, 0);
    volatile char* gone = pages(2, PROT_READ | PROT_WRITE);
    gone[PAGE] = 1;
    munmap((void*)(gone + PAGE), PAGE);
    gone[0] = 2;
    if (sigsetjmp(out, 1) == 0) {
        gone[PAGE] = 3;
        puts("not reached");
    }
    printf("write after munmap: %d handled, code %d, offset %lu\n", handled, code, address - (uintptr_t)gone);
    if (sigsetjmp(out, 1) == 0) {
        ((void (*)(void))0x10)();
        puts("not reached");
    }
    printf("jump to 0x10: code %d, address %lx, pc %lx\n", code, address, place);
    void* data = pages(1, PROT_READ | PROT_WRITE);
    if (sigsetjmp(out, 1) == 0) {
        ((void (*)(void))data)();
        puts("not reached");
    }
    printf("jump to data: code %d, same address %d, same pc %d\n", code, address == (uintptr_t)data,
           place == (uintptr_t)data);
}

static void past_the_end(void) {
    install(SIGBUS, jump_out, 0);
    const int fd = open("/proc/self/exe", O_RDONLY);
    const off_t size = lseek(fd, 0, SEEK_END);
    const unsigned long whole = ((unsigned long)size + PAGE - 1) & ~(PAGE - 1);
    volatile char* at = mmap(NULL, whole + PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    printf("last byte of a mapped file's page: %d\n", at[whole - 1]);
    if (sigsetjmp(out, 1) == 0) printf("not reached %d\n", at[whole]);
    printf("page after a mapped file's end: SIGBUS %d handled, code %d\n", handled, code);
    close(fd);
}

// --- traps ---

static void skip_instruction(int number, siginfo_t* info, void* context) {
    (void)number;
    note(info, context);
    ((ucontext_t*)context)->uc_mcontext.pc += 4;
}

extern char brk_here[], udf_here[];
ALONE static void traps(void) {
    install(SIGTRAP, skip_instruction, 0);
    __asm__ volatile(".globl brk_here\nbrk_here: brk #77");
    printf("brk: %d handled, code %d, at it %d\n", handled, code, place == (uintptr_t)brk_here);
    install(SIGILL, skip_instruction, 0);
    __asm__ volatile(".globl udf_here\nudf_here: udf #0");
    printf("udf: %d handled, at it %d %d\n", handled, place == (uintptr_t)udf_here, address == place);
    // What a handler writes into the frame is what the program finds.
    uint64_t x = 5;
    __asm__ volatile("mov x9, %1\n udf #1\n mov %0, x9" : "=r"(x) : "r"(x) : "x9");
    printf("registers over a handler: %lu\n", (unsigned long)x);
}

static void change_registers(int number, siginfo_t* info, void* context) {
    ucontext_t* user = context;
    (void)number;
    note(info, context);
    user->uc_mcontext.regs[9] = 1234;
    user->uc_mcontext.pc += 4;
    // The frame brings vector registers back, whatever the handler does with its own.
    __asm__ volatile("movi v20.2d, #0" : : : "v20");
}

static void changed_registers(void) {
    install(SIGILL, change_registers, 0);
    uint64_t x = 5, v = 6;
    __asm__ volatile("mov x9, %0\n fmov d20, %1\n udf #2\n mov %0, x9\n fmov %1, d20"
                     : "+r"(x), "+r"(v)
                     :
                     : "x9", "v20");
    printf("registers a handler changed, and did not: %lu %lu\n", (unsigned long)x, (unsigned long)v);
}

// --- masks, pending signals, signals to self ---

static volatile int order[8];
static volatile int taken;
static void record(int number, siginfo_t* info, void* context) {
    (void)context;
    order[taken++ & 7] = number;
    code = info->si_code;
}

static void masks(void) {
    install(SIGUSR1, record, 0);
    install(SIGUSR2, record, 0);
    sigset_t both, pending, before;
    sigemptyset(&both);
    sigaddset(&both, SIGUSR1);
    sigaddset(&both, SIGUSR2);
    sigprocmask(SIG_BLOCK, &both, &before);
    kill(getpid(), SIGUSR2);
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR1);
    sigpending(&pending);
    printf("blocked: taken %d, pending %d %d\n", taken, sigismember(&pending, SIGUSR1), sigismember(&pending, SIGUSR2));
    sigprocmask(SIG_SETMASK, &before, NULL);
    printf("unblocked: taken %d\n", taken);
    printf("code of kill: %d\n", code);
    raise(SIGUSR1);
    printf("code of raise: %d, taken %d\n", code, taken);
    struct sigaction action;
    sigaction(SIGUSR1, NULL, &action);
    printf("flags kept: %d\n", (action.sa_flags & SA_SIGINFO) != 0);
    signal(SIGUSR1, SIG_IGN);
    kill(getpid(), SIGUSR1);
    printf("ignored: taken %d\n", taken);
    printf("signal 0: %d, signal 999: %d errno %d\n", kill(getpid(), 0), kill(getpid(), 999), errno == EINVAL);
}

static volatile int depth, deepest;
static void nested(int number, siginfo_t* info, void* context) {
    (void)info;
    (void)context;
    if (++depth > deepest) deepest = depth;
    if (++taken < 3) raise(number);
    --depth;
}

static void nesting(void) {
    taken = deepest = 0;
    install(SIGUSR1, nested, 0);
    raise(SIGUSR1);
    printf("masked in its own handler: taken %d, deepest %d\n", taken, deepest);
    taken = deepest = 0;
    install(SIGUSR1, nested, SA_NODEFER);
    raise(SIGUSR1);
    printf("SA_NODEFER: taken %d, deepest %d\n", taken, deepest);
    install(SIGUSR1, record, (int)SA_RESETHAND);
    raise(SIGUSR1);
    struct sigaction action;
    sigaction(SIGUSR1, NULL, &action);
    printf("SA_RESETHAND: default again %d\n", action.sa_handler == SIG_DFL);
}

// --- stacks ---

ALONE static unsigned long grow(unsigned long levels) {
    volatile char room[8192];
    room[0] = (char)levels;
    return levels == 0 ? 0 : grow(levels - 1) + (unsigned char)room[0];
}

ALONE static int endless(volatile char* above) {
    volatile char room[4096];
    room[0] = above ? above[0] : 1;
    return above && above[0] == 2 ? 0 : endless(room) + room[0];
}

static void stacks(void) {
    printf("stack grown by 6 MiB: %lu\n", grow(768));
    const stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof other_stack};
    stack_t old;
    sigaltstack(&stack, &old);
    printf("no other stack before: %d\n", old.ss_flags == SS_DISABLE);
    install(SIGSEGV, jump_out, SA_ONSTACK);
    if (sigsetjmp(out, 1) == 0) endless(NULL);
    printf("stack overflow: %d handled, on the other stack %d\n", handled, on_other_stack);
}

// --- copy-on-write ---

static char image[3 * PAGE] __attribute__((aligned(4096))) = "data of the program's file";
static void copies(void) {
    image[0] = 'D';
    const int fd = open("/proc/self/exe", O_RDONLY);
    char magic[4];
    char* copy = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    copy[1] = 'e';
    printf("private copy: %.3s, ", copy + 1);
    printf("file: %zd %.3s\n", pread(fd, magic, 4, 0), magic + 1);
    printf("program's data: %s\n", image);
    char* zero = pages(2, PROT_READ | PROT_WRITE);
    char* volatile nowhere = (char*)0x10;
    const int was = zero[PAGE];
    zero[PAGE] = 9;
    printf("zero page: %d, then %d, neighbour %d\n", was, zero[PAGE], zero[0]);
    errno = 0;
    // A kernel that writes for us breaks the copy too, or says EFAULT where we could not have written.
    const ssize_t good = pread(fd, zero, 4, 0), bad = pread(fd, nowhere, 4, 0);
    printf("read into a page: %zd %.3s, into nowhere: %zd errno %d\n", good, zero + 1, bad, errno == EFAULT);
    mprotect(zero, PAGE, PROT_READ);
    errno = 0;
    const ssize_t closed = pread(fd, zero, 4, 0);
    printf("read into a read-only page: %zd errno %d\n", closed, errno == EFAULT);
    char* moved = mremap(zero, PAGE, 8 * PAGE, MREMAP_MAYMOVE);
    printf("mremap keeps: %.3s\n", moved + 1);
    close(fd);
}

int main(int argc, char** argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    mended_faults();
    unmapped();
    past_the_end();
    traps();
    changed_registers();
    masks();
    nesting();
    stacks();
    copies();
    puts("done");
    if (argc > 1) {  // end by a signal of this number
        signal(atoi(argv[1]), SIG_DFL);
        raise(atoi(argv[1]));
    }
    return 0;
}
