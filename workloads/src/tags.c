// SPDX-License-Identifier: GPL-2.0-or-later
// Tagged pointers (Documentation/arch/arm64/tagged-pointers.rst and tagged-address-abi.rst): the
// top byte of an address is ignored by loads, stores and branches; calls that manage memory take
// it, and those that read and write memory once prctl() allows it.
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

enum { PAGE = 4096, PAGES = 256 };

static sigjmp_buf after_fault;
static volatile int fault_signal, fault_code;
static volatile uintptr_t fault_address;

static void* tagged(const void* pointer, unsigned tag) {
    return (void*)((uintptr_t)pointer | (uintptr_t)tag << 56);
}

static void on_fault(int signal, siginfo_t* info, void* context) {
    (void)context;
    fault_signal = signal;
    fault_code = info->si_code;
    fault_address = (uintptr_t)info->si_addr;
    siglongjmp(after_fault, 1);
}

#define FAULT(what, base, access)                                                 \
    do {                                                                          \
        if (sigsetjmp(after_fault, 1) == 0) {                                     \
            access;                                                               \
            puts(what ": no fault");                                              \
        } else {                                                                  \
            printf(what ": signal %d code %d at %lx\n", fault_signal, fault_code, \
                   (unsigned long)(fault_address - (uintptr_t)(base)));           \
        }                                                                         \
    } while (0)

typedef int (*Function)(int);
__attribute__((noinline)) static int twice(int x) {
    return 2 * x;
}

static void data(char* memory) {
    char* const through = tagged(memory, 0x5a);
    printf("fresh %d\n", *(volatile uint8_t*)(through + 10));
    for (int i = 0; i < PAGES; ++i)
        *(volatile uint64_t*)((char*)tagged(memory, i & 0xff) + i * PAGE) = (uint64_t)i * 3;
    uint64_t sum = 0;
    for (int i = 0; i < PAGES; ++i) sum += *(volatile uint64_t*)(memory + i * PAGE);
    printf("sum %lu\n", (unsigned long)sum);
    unsigned wrong = 0;
    for (uint32_t i = 0; i < 100000; ++i) {
        const uint32_t at = i % 5000 * 4;
        *(volatile uint32_t*)(memory + at) = i;
        wrong += *(volatile uint32_t*)(through + at) != i;
        *(volatile uint32_t*)(through + at) = ~i;
        wrong += *(volatile uint32_t*)(memory + at) != ~i;
    }
    printf("wrong %u\n", wrong);
    *(volatile uint64_t*)(through + PAGE - 4) = 0x1122334455667788;
    printf("across %x %x\n", *(volatile uint32_t*)(memory + PAGE - 4),
           *(volatile uint32_t*)(memory + PAGE));
    memcpy(through + 2 * PAGE - 2, "hello world of pairs", 20);
    printf("copied %.20s\n", memory + 2 * PAGE - 2);
    __atomic_store_n((long*)(through + 64), 1, __ATOMIC_RELEASE);
    __atomic_fetch_add((long*)(through + 64), 41, __ATOMIC_SEQ_CST);
    printf("atomic %ld\n", __atomic_load_n((long*)(memory + 64), __ATOMIC_ACQUIRE));
    fflush(stdout);
    // Copy on write, by a store through a tag.
    const pid_t pid = fork();
    if (pid == 0) {
        *(volatile long*)(through + 64) = 5;
        _exit(*(volatile long*)(memory + 64) == 5 ? 0 : 1);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    printf("child %d, parent %ld\n", status, *(volatile long*)(memory + 64));
}

static void code(void) {
    printf("call %d\n", ((Function)tagged((void*)twice, 0x77))(21));
    uint32_t* const page =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (unsigned i = 0; i < 3; ++i) {
        volatile uint32_t* const through = tagged(page, 0x11 * i);
        through[0] = 0x52800000u | (100 + i) << 5;  // mov w0, #100 + i
        through[1] = 0xd65f03c0u;                   // ret
        __builtin___clear_cache((char*)page, (char*)(page + 2));
        printf("written code %d %d\n", ((Function)page)(0), ((Function)tagged(page, 3))(0));
    }
}

static void faults(char* memory) {
    const struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    char* const through = tagged(memory, 0x5a);
    mprotect(memory, PAGE, PROT_NONE);
    FAULT("load without rights", memory, *(volatile char*)(through + 5));
    mprotect(memory, PAGE, PROT_READ);
    FAULT("store without rights", memory, *(volatile char*)(through + 5) = 1);
    mprotect(memory, PAGE, PROT_READ | PROT_WRITE);
    FAULT("with rights", memory, *(volatile char*)(through + 5) = 1);
    munmap(memory, PAGE);
    FAULT("load of nothing", memory, *(volatile char*)(through + 5));
    FAULT("store to nothing", memory, *(volatile char*)(through + 5) = 1);
    FAULT("call of nothing", memory, ((Function)through)(1));
    FAULT("load at the top", 0, *(volatile char*)-7L);
    mmap(memory, PAGE, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("new page %d\n", *(volatile char*)(through + 5));
}

static void calls(char* memory) {
    strcpy(memory, "some text\n");
    char* const through = tagged(memory, 0x5a);
    int ends[2];
    if (pipe(ends) != 0) exit(1);
    SHOW(prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0));
    SHOW(write(ends[1], through, 10));
    SHOW(prctl(PR_SET_TAGGED_ADDR_CTRL, PR_TAGGED_ADDR_ENABLE, 0, 0, 1));
    SHOW(prctl(PR_SET_TAGGED_ADDR_CTRL, PR_TAGGED_ADDR_ENABLE, 0, 0, 0));
    SHOW(prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0));
    SHOW(write(ends[1], through, 10));
    SHOW(read(ends[0], through + 100, 10));
    printf("read %s", memory + 100);
    const struct iovec parts[] = {{through, 4}, {memory + 4, 6}};
    SHOW(writev(ends[1], tagged(parts, 1), 2));
    SHOW(access(strcpy(tagged(memory + 200, 2), "/"), F_OK));
    fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) _exit(prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0) == 1 ? 0 : 1);
    int status = 0;
    waitpid(pid, &status, 0);
    printf("inherited %d\n", status);
    SHOW(mprotect(through + PAGE, PAGE, PROT_READ | PROT_WRITE));
    SHOW(madvise(through + PAGE, PAGE, MADV_DONTNEED));
    SHOW(munmap(through + PAGE, PAGE));
    SHOW(prctl(PR_SET_TAGGED_ADDR_CTRL, 0, 0, 0, 0));
    SHOW(write(ends[1], through, 10));
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    char* const memory =
        mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    data(memory);
    code();
    faults(memory);
    calls(memory);
    return 0;
}
