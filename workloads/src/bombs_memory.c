// SPDX-License-Identifier: GPL-2.0-or-later
// Bombs of memory: pages, page tables, mappings, shared memory, code.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "bombs.h"

static char* reserve(size_t bytes) {
    return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

static void megabytes(long most, int sharing) {
    long n = 0;
    for (; n < most; ++n) {
        char* p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) break;
        memset(p, 1, 1 << 20);
    }
    told("megabytes", n, most);
}

static void pages(long most) { megabytes(most, MAP_PRIVATE); }

// A page in every 2 MiB: each needs a table of its own.
static void page_tables(long most) {
    char* p = reserve(1L << 38);
    long n = 0;
    for (; p != MAP_FAILED && n < most && n < 1L << 17; ++n) p[n << 21] = 1;
    told("tables", n, most);
}

// The same by reading: all see the zero page.
static void zero_page_tables(long most) {
    volatile char* p = reserve(1L << 38);
    long n = 0;
    for (; p != MAP_FAILED && n < most && n < 1L << 17; ++n) (void)p[n << 21];
    told("tables", n, most);
}

static void mappings(long most) {
    char* p = mmap(NULL, 1L << 36, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    long n = 0;
    while (p != MAP_FAILED && n < most && mprotect(p + n * 8192, 4096, PROT_READ) == 0) ++n;
    told("mappings", n, most);
}

// Each below the last one, and none merges with it.
static void small_mappings(long most) {
    long n = 0;
    while (n < most && mmap(NULL, 4096, n % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        ++n;
    told("mappings", n, most);
}

static void populate(long most) {
    long n = 0;
    while (n < most && mmap(NULL, 1 << 22, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) !=
                           MAP_FAILED)
        ++n;
    told("mappings", n, most);
}

static void shared_memory(long most) {
    long n = 0;
    for (; n < most; ++n) {
        const int id = shmget(IPC_PRIVATE, 1 << 20, 0600);
        char* p = id < 0 ? (char*)-1 : shmat(id, NULL, 0);
        if (p == (char*)-1) break;
        memset(p, 1, 1 << 20);
    }
    told("segments", n, most);
}

// Segments that no page is taken of.
static void empty_segments(long most) {
    long n = 0;
    while (n < most && shmget(IPC_PRIVATE, 4096, 0600) >= 0) ++n;
    told("segments", n, most);
}

static void memory_files(long most) {
    many_descriptors();
    long n = 0;
    for (; n < most; ++n) {
        const int fd = memfd_create("bomb", 0);
        if (fd < 0 || pwrite(fd, block, sizeof block, 1L << 40) != sizeof block) break;
    }
    told("files", n, most);
}

static void empty_memory_files(long most) {
    many_descriptors();
    long n = 0;
    while (n < most && memfd_create("bomb", 0) >= 0) ++n;
    told("files", n, most);
}

// Takes the pages of a file, and those that all mappings share.
static void anonymous_shared(long most) { megabytes(most, MAP_SHARED); }

// Code that is written, run and written again: a function of `length` instructions that counts.
enum { kLength = 250 };
static void write_code(uint32_t* at, long round) {
    for (int i = 0; i < kLength; ++i)
        at[i] = 0x91000000u | (uint32_t)((round + i) & 0xfff) << 10;  // add x0, x0, #n
    at[kLength] = 0xd65f03c0;                                         // ret
    __builtin___clear_cache((char*)at, (char*)(at + kLength + 1));
}

static void new_code(long most) {
    if (most > 200000) most = 200000;
    uint32_t* p = mmap(NULL, 1 << 22, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned long sum = 0;
    long n = 0;
    for (; p != MAP_FAILED && n < most; ++n) {
        uint32_t* at = p + n % 1024 * 1024;
        write_code(at, n);
        sum += ((unsigned long (*)(unsigned long))at)(1);
    }
    printf("sum %lu\n", sum);
    told("functions", n, most);
}

// The same with accesses whose alignment is checked: the simulator ends blocks before them.
static void checked_code(long most) {
    if (most > 200000) most = 200000;
    uint32_t* p = mmap(NULL, 1 << 22, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned long sum = 0, word = 1;
    long n = 0;
    for (; p != MAP_FAILED && n < most; ++n) {
        uint32_t* at = p + n % 1024 * 1024;
        write_code(at, n);
        for (long i = n % 7 + 1; i < kLength; i += n % 5 + 1) at[i] = 0xc8dffc22;  // ldar x2, [x1]
        __builtin___clear_cache((char*)at, (char*)(at + kLength + 1));
        sum += ((unsigned long (*)(unsigned long, unsigned long*))at)(1, &word);
    }
    printf("sum %lu\n", sum);
    told("functions", n, most);
}

// Code that does not change, entered at each of its instructions: every entry begins another block.
static void code_entries(long most) {
    if (most > 60) most = 60;
    unsigned long sum = 0;
    long n = 0;
    for (; n < most; ++n) {
        uint32_t* p = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) break;
        for (int page = 0; page < 64; ++page) write_code(p + page * 256, n);
        for (int i = 0; i < 64 * 256; ++i) {
            if (i % 256 < kLength) sum += ((unsigned long (*)(unsigned long))(p + i))(1);
        }
    }
    printf("sum %lu\n", sum);
    told("regions", n, most);
}

static void break_(long most) {
    long n = 0;
    for (; n < most; ++n) {
        char* p = sbrk(1 << 20);
        if (p == (char*)-1) break;
        memset(p, 1, 1 << 20);
    }
    told("megabytes", n, most);
}

static int deeper(int n) {
    volatile char room[1 << 16];
    room[0] = (char)n;
    return n > 0 ? deeper(n - 1) + room[0] : 0;
}
static void stack(long most) {
    (void)most;
    printf("%d\n", deeper(1 << 20));
}

const struct bomb memory_bombs[] = {
    {"pages", pages},
    {"page-tables", page_tables},
    {"zero-page-tables", zero_page_tables},
    {"mappings", mappings},
    {"small-mappings", small_mappings},
    {"populate", populate},
    {"shared-memory", shared_memory},
    {"empty-segments", empty_segments},
    {"memory-files", memory_files},
    {"empty-memory-files", empty_memory_files},
    {"anonymous-shared", anonymous_shared},
    {"new-code", new_code},
    {"checked-code", checked_code},
    {"code-entries", code_entries},
    {"break", break_},
    {"stack", stack},
    {NULL, NULL},
};
