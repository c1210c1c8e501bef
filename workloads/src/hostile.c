// SPDX-License-Identifier: GPL-2.0-or-later
// Exercises what no program should do; each must end in a signal, an errno or a plain exit of the
// guest, and never harm the simulator. usage: hostile MODE
//   jump      calls an address where nothing is            SIGSEGV
//   data      calls bytes that are no instructions         SIGSEGV (not executable)
//   illegal   executes undefined instructions              SIGILL
//   recurse   calls itself for ever                        SIGSEGV
//   kernel    reads the kernel's half of the addresses     SIGSEGV
//   oddpc     jumps to an address that is not aligned      SIGBUS
//   badstack  takes a signal with nowhere to put its frame SIGSEGV
//   sigreturn returns from a signal that never came        SIGSEGV
//   replace   puts 2^40 bytes under its own name           (exits 0)
//   spin      never ends                                   (the simulator's --max-insns)
//   years     sleeps for thirty years                      (the end of simulated time)
//   terabyte  maps a terabyte and touches a page of each gigabyte, then asks for more than there
//   are addresses wild      calls every system call number from 0 to 500 with arguments that point
//   nowhere
// The "wild" mode is for the simulator: under a real kernel, as root, some of these calls would be
// obeyed.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "raw_call.h"

#define GIB (1ul << 30)

// Calls that end, split or stop the caller by their purpose, whatever their arguments.
static int harmless(long number) {
    static const int skipped[] = {SYS_exit,
                                  SYS_exit_group,
                                  SYS_kill,
                                  SYS_tkill,
                                  SYS_tgkill,
                                  SYS_rt_sigqueueinfo,
                                  SYS_rt_sigreturn,
                                  SYS_clone,
                                  SYS_clone3,
                                  SYS_rt_tgsigqueueinfo,
                                  SYS_pidfd_send_signal,
                                  SYS_nanosleep,
                                  SYS_clock_nanosleep,
                                  SYS_rt_sigsuspend,
                                  SYS_rt_sigtimedwait,
                                  SYS_reboot,
                                  SYS_close,
                                  SYS_close_range,
                                  SYS_pselect6,
                                  SYS_ppoll};
    for (size_t i = 0; i < sizeof skipped / sizeof skipped[0]; ++i) {
        if (number == skipped[i]) return 0;
    }
    return 1;
}

static int wild(void) {
    char* page = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(page + 4096, 4096, PROT_NONE);
    dup2(open("/dev/null", O_RDWR), 9);               // the one descriptor the calls may have
    const uint64_t edge = (uint64_t)page + 4096 - 3;  // three good bytes, then none
    const uint64_t text = (uint64_t)(uintptr_t)&wild;
    const uint64_t sets[][6] = {
        {8, 8, 8, 8, 8, 8},
        {9, 16, 4096, 16, 16, 16},
        {9, edge, 1ul << 40, edge, edge, edge},
        {edge, edge, edge, edge, edge, edge},
        {9, text, 64, text, text, 8},
        {0xdead000000000000, 0xdead000000000000, 0xdead000000000000, 0xdead000000000000,
         0xdead000000000000, 0xdead000000000000},
        {0xffff800000080000, 0xffff800000080000, 8, 0xffff800000080000, 8, 8},
        {9, 0xfffffffffffffff8, 0xfffffffffffffff8, 8, 0xfffffffffffffff8, 8},
        {(uint64_t)AT_FDCWD, edge, edge, 8, edge, 8},
        {0x0000fffffffff000, 0x0001000000000000, 0x7fffffffffffffff, 0xffff, 8, 8},
    };
    unsigned long calls = 0, refused = 0;
    for (size_t set = 0; set < sizeof sets / sizeof sets[0]; ++set) {
        for (long number = 0; number <= 500; ++number) {
            if (!harmless(number)) continue;
            const long result = raw_call(number, sets[set]);
            ++calls;
            if (result < 0 && result >= -4095) ++refused;
        }
    }
    printf("alive after %lu calls, most refused: %s\n", calls, refused > calls / 2 ? "yes" : "no");
    return 0;
}

static int terabyte(void) {
    // With 39-bit addresses a terabyte does not fit, a quarter does.
    for (unsigned long size = 1024; size >= 256; size /= 2) {
        char* at = mmap(NULL, size * GIB, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (at == MAP_FAILED) {
            printf("%lu GiB: errno %d\n", size, errno);
            continue;
        }
        unsigned long sum = 0;
        for (unsigned long i = 0; i < size; ++i) {
            at[i * GIB] = 1;
            sum += (unsigned long)at[i * GIB] + (unsigned long)at[i * GIB + 4096];
        }
        printf("%lu GiB: touched %lu\n", size, sum);
        munmap(at, size * GIB);
    }
    void* more =
        mmap(NULL, 1ul << 48, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    printf("all addresses: %s\n", more == MAP_FAILED && errno == ENOMEM ? "ENOMEM" : "given");
    more = mmap(NULL, ~0ul, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("too long to round: %s\n", more == MAP_FAILED && errno == ENOMEM ? "ENOMEM" : "given");
    return 0;
}

// Another file under the program's own name, of 2^40 bytes that the disk need not hold.
static int replace(const char* program) {
    unlink(program);
    const int fd = open(program, O_WRONLY | O_CREAT, 0755);
    if (fd < 0 || ftruncate(fd, 1l << 40) != 0) {
        perror(program);
        return 1;
    }
    return 0;
}

__attribute__((noinline, noclone)) static long recurse(volatile long* above) {
    volatile long here[64];
    here[0] = above ? above[0] + 1 : 0;
    return above && above[0] < 0 ? 0 : recurse(here) + here[0];
}

static void nothing(int number) {
    (void)number;
}

static void jump_to(uint64_t address) {
    __asm__ volatile("br %0" : : "r"(address));
}

int main(int argc, char** argv) {
    const char* mode = argc > 1 ? argv[1] : "";
    uint64_t zeros[6] = {0};
    static uint64_t data[4] = {~0ul, ~0ul, ~0ul, ~0ul};
    if (strcmp(mode, "wild") == 0) return wild();
    if (strcmp(mode, "terabyte") == 0) return terabyte();
    if (strcmp(mode, "replace") == 0) return replace(argv[0]);
    if (strcmp(mode, "jump") == 0) jump_to(0x123456788);
    if (strcmp(mode, "data") == 0) jump_to((uint64_t)data);
    if (strcmp(mode, "illegal") == 0) __asm__ volatile("udf #0\n .word 0xffffffff");
    if (strcmp(mode, "recurse") == 0) return (int)recurse(NULL);
    if (strcmp(mode, "kernel") == 0) return *(volatile char*)0xffff800008000000;
    if (strcmp(mode, "oddpc") == 0) jump_to((uint64_t)(uintptr_t)&wild + 2);
    if (strcmp(mode, "badstack") == 0) {
        signal(SIGUSR1, nothing);
        __asm__ volatile("mov sp, %0\n mov x8, #129\n mov x0, %1\n mov x1, #10\n svc 0"
                         :
                         : "r"(0x1000ul), "r"((long)getpid())
                         : "x0", "x1", "x8");
    }
    if (strcmp(mode, "sigreturn") == 0) raw_call(SYS_rt_sigreturn, zeros);
    if (strcmp(mode, "years") == 0)
        return nanosleep(&(struct timespec){30l * 365 * 24 * 3600, 0}, NULL);
    if (strcmp(mode, "spin") == 0) {
        for (;;) __asm__ volatile("");
    }
    fputs("usage: hostile MODE\n", stderr);
    return 2;
}
