// SPDX-License-Identifier: GPL-2.0-or-later
// mmap, munmap, mprotect, mremap, msync, brk and their like: flags and errors.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define QEMU_MAPS "qemu 7.2 keeps mappings of its own"
enum { kPage = 4096 };

static char* map(size_t pages, int flags) {
    char* const at = mmap(NULL, pages * kPage, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    NEED(at == MAP_FAILED ? -1 : 0);
    return at;
}
static int failed(const void* at) {
    return at == MAP_FAILED ? -1 : 0;
}
static void limit(int what, rlim_t value) {
    const struct rlimit both = {value, value};
    NEED(setrlimit(what, &both));
}

NATIVE(errors_of_mmap, QEMU_MAPS) {
    make_file("file", "text");
    const int reader = open("file", O_RDONLY), writer = open("file", O_WRONLY), both = open("file", O_RDWR);
    int ends[2];
    NEED(pipe(ends));
    SHOW(failed(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
    SHOW(failed(mmap(NULL, kPage, PROT_READ, MAP_ANONYMOUS, -1, 0)));
    SHOW(failed(mmap(NULL, kPage, PROT_READ, MAP_PRIVATE, -1, 0)));
    SHOW(failed(mmap(NULL, kPage, PROT_READ, MAP_PRIVATE, reader, 1)));
    SHOW(failed(mmap(NULL, kPage, PROT_READ, MAP_PRIVATE, writer, 0)));
    SHOW(failed(mmap(NULL, kPage, PROT_WRITE, MAP_SHARED, reader, 0)));
    SHOW(failed(mmap(NULL, kPage, PROT_WRITE, MAP_PRIVATE, reader, 0)));
    SHOW(failed(mmap(NULL, kPage, PROT_READ, MAP_PRIVATE, ends[0], 0)));
    SHOW(failed(mmap(NULL, (size_t)-1 & ~4095ul, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
    SHOW(failed(mmap((void*)1, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)));
    SHOW(failed(mmap(NULL, kPage, PROT_READ, MAP_SHARED_VALIDATE | (1 << 23), both, 0)));
    SHOW(failed(mmap(NULL, kPage, PROT_READ, MAP_SHARED | (1 << 23), both, 0)));
    SHOW(failed(mmap(NULL, kPage, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, both, 0)));
    SHOW(failed(mmap(NULL, kPage, PROT_READ, MAP_SHARED_VALIDATE, both, 0)));
    SHOW(failed(mmap(NULL, kPage, PROT_READ, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0)));
    SHOW(failed(mmap(NULL, kPage * 2, PROT_READ, MAP_PRIVATE, both, (off_t)0x7ffffffffffff000)));
}

NATIVE(fixed_noreplace_does_not_replace, QEMU_MAPS) {
    char* const at = map(3, MAP_PRIVATE);
    SHOW(failed(mmap(at + kPage, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)));
    NEED(munmap(at + kPage, kPage));
    SHOW(mmap(at + kPage, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == at + kPage);
    SHOW(failed(mmap(at, 3 * kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)));
}

NATIVE(errors_of_munmap_and_mprotect, QEMU_MAPS) {
    char* const at = map(4, MAP_PRIVATE);
    SHOW(munmap(at + 1, kPage));
    SHOW(munmap(at, 0));
    SHOW(munmap(at, (size_t)-1));
    SHOW(munmap(at + kPage, kPage));
    SHOW(munmap(at + kPage, kPage));
    SHOW(mprotect(at + 1, kPage, PROT_READ));
    SHOW(mprotect(at, 4 * kPage, PROT_READ));
    SHOW(mprotect(at, 0, PROT_READ));
    SHOW(mprotect(at, kPage, 0x100));
    SHOW(mprotect(at + kPage, kPage, PROT_READ));
    SHOW(mprotect(at, kPage, PROT_READ | PROT_GROWSDOWN));
    SHOW(mprotect(at, kPage, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP));
    make_file("file", "text");
    const int reader = open("file", O_RDONLY);
    char* const shared = mmap(NULL, kPage, PROT_READ, MAP_SHARED, reader, 0);
    SHOW(mprotect(shared, kPage, PROT_READ | PROT_WRITE));
    SHOW(mprotect(shared, kPage, PROT_NONE));
}

NATIVE(errors_of_mremap, QEMU_MAPS) {
    char* const at = map(4, MAP_PRIVATE);
    char* const other = map(4, MAP_PRIVATE);
    SHOW(failed(mremap(at + 1, kPage, kPage, 0)));
    SHOW(failed(mremap(at, kPage, 0, 0)));
    SHOW(failed(mremap(at, kPage, kPage, 8)));
    SHOW(failed(mremap(at, kPage, kPage, MREMAP_FIXED, other)));
    SHOW(failed(mremap(at, kPage, kPage, MREMAP_MAYMOVE | MREMAP_FIXED, other + 1)));
    SHOW(failed(mremap(at, 2 * kPage, 2 * kPage, MREMAP_MAYMOVE | MREMAP_FIXED, at + kPage)));
    SHOW(failed(mremap(at, kPage, 2 * kPage, MREMAP_MAYMOVE | 4)));
    SHOW(failed(mremap(at, kPage, kPage, 4)));
    SHOW(failed(mremap(at, 0, kPage, MREMAP_MAYMOVE)));
    NEED(munmap(at + kPage, kPage));
    SHOW(failed(mremap(at, 3 * kPage, 5 * kPage, MREMAP_MAYMOVE)));
    SHOW(failed(mremap(at + kPage, kPage, 2 * kPage, MREMAP_MAYMOVE)));
    *other = 7;
    char* const moved = mremap(other, kPage, kPage, MREMAP_MAYMOVE | 4);
    SHOW(failed(moved));
    SHOW(*moved);
    SHOW(*other);
}

static void map_locked(void) {
    limit(RLIMIT_MEMLOCK, 2 * kPage);
    SHOW(failed(mmap(NULL, 3 * kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0)));
    SHOW(failed(mmap(NULL, 2 * kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0)));
    char* const at = map(4, MAP_PRIVATE);
    SHOW(mlock(at, kPage));
    SHOW(munlockall());
    SHOW(mlock(at, 2 * kPage));
    SHOW(mlock(at, kPage));
    SHOW(mlock(at + kPage, 2 * kPage));
    SHOW(mlockall(MCL_CURRENT));
    SHOW(mlockall(MCL_FUTURE));
    SHOW(failed(mmap(NULL, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
    munlockall();
    limit(RLIMIT_MEMLOCK, 0);
    SHOW(mlock(at, kPage));
    SHOW(mlockall(MCL_CURRENT));
    SHOW(failed(mmap(NULL, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0)));
    SHOW(munlock(at, kPage));
}
NATIVE(locked_memory_is_limited, QEMU_MAPS) {
    AS_USER(map_locked);
}

NATIVE(errors_of_mlock, QEMU_MAPS) {
    char* const at = map(4, MAP_PRIVATE);
    NEED(munmap(at + 2 * kPage, kPage));
    SHOW(mlock(at, 4 * kPage));
    SHOW(mlock(at + 1, 1));
    SHOW(munlock(at + 2 * kPage, kPage));
    SHOW(mlock2(at, kPage, 8));
    SHOW(mlock2(at, kPage, MLOCK_ONFAULT));
    SHOW(mlock(at, (size_t)-4096));
    SHOW(mlockall(0));
    SHOW(mlockall(8));
    SHOW(mlockall(MCL_ONFAULT));
    SHOW(mlockall(MCL_FUTURE | MCL_ONFAULT));
    SHOW(munlockall());
}

NATIVE(mlock_brings_pages_in_and_mlock2_does_not, QEMU_MAPS) {
    unsigned char there[2] = {9, 9};
    char* const at = map(2, MAP_PRIVATE);
    NEED(mincore(at, 2 * kPage, there));
    SHOW((there[0] & 1) + (there[1] & 1));
    NEED(mlock2(at, 2 * kPage, MLOCK_ONFAULT));
    NEED(mincore(at, 2 * kPage, there));
    SHOW((there[0] & 1) + (there[1] & 1));
    NEED(mlock(at, 2 * kPage));
    NEED(mincore(at, 2 * kPage, there));
    SHOW((there[0] & 1) + (there[1] & 1));
}

NATIVE(errors_of_mincore_and_msync, QEMU_MAPS) {
    unsigned char there[8];
    char* const at = map(4, MAP_PRIVATE);
    SHOW(mincore(at + 1, kPage, there));
    SHOW(mincore(at, kPage, (void*)8));
    SHOW(mincore(at, kPage, NULL));
    SHOW(mincore(at, (size_t)-1, there));
    SHOW(msync(at + 1, kPage, MS_SYNC));
    SHOW(msync(at, kPage, MS_SYNC | MS_ASYNC));
    SHOW(msync(at, kPage, 8));
    SHOW(msync(at, kPage, 0));
    SHOW(mlock(at, kPage));
    SHOW(msync(at, kPage, MS_SYNC | MS_INVALIDATE));
    SHOW(msync(at, kPage, MS_INVALIDATE));
    NEED(munmap(at + kPage, kPage));
    SHOW(msync(at, 3 * kPage, MS_SYNC));
    SHOW(msync(at, 3 * kPage, MS_ASYNC));
    SHOW(mincore(at, 3 * kPage, there));
}

NATIVE(pages_of_a_file_are_mapped_in_another_order, QEMU_MAPS) {
    char* const at = map(4, MAP_SHARED);
    for (int i = 0; i < 4; ++i) at[i * kPage] = (char)('a' + i);
    SHOW(syscall(SYS_remap_file_pages, at, kPage, 0, 2, 0));
    printf("%c%c\n", at[0], at[kPage]);
    SHOW(syscall(SYS_remap_file_pages, at, kPage, PROT_READ, 2, 0));
    SHOW(syscall(SYS_remap_file_pages, at, 0, 0, 2, 0));
    SHOW(syscall(SYS_remap_file_pages, at, 5 * kPage, 0, 0, 0));
    char* const own = map(1, MAP_PRIVATE);
    SHOW(syscall(SYS_remap_file_pages, own, kPage, 0, 0, 0));
}

static void touch(void) {
    char* const at = map(4, MAP_PRIVATE);
    NEED(mprotect(at, kPage, PROT_READ));
    *(volatile char*)at = 1;
}
NATIVE(the_address_space_is_limited, QEMU_MAPS) {
    IN_CHILD(touch);
    limit(RLIMIT_AS, 1 << 30);
    SHOW(failed(mmap(NULL, 2ul << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
}

NATIVE(policies_of_one_node, "qemu 7.2 has no memory policies") {
    int mode = 9;
    unsigned long mask[16] = {5}, wrong = 1ul << 40;
    char* const at = map(1, MAP_PRIVATE);
    SHOW(syscall(SYS_get_mempolicy, &mode, mask, 1024ul, NULL, 0));
    SHOW(mode);
    SHOW(mask[0]);
    SHOW(syscall(SYS_get_mempolicy, NULL, mask, 1024ul, NULL, 4));
    SHOW(mask[0] & 1);
    SHOW(syscall(SYS_get_mempolicy, &mode, NULL, 0ul, at, 0));
    SHOW(syscall(SYS_get_mempolicy, &mode, mask, 1024ul, NULL, 4 | 2));
    SHOW(syscall(SYS_get_mempolicy, &mode, mask, 1024ul, (void*)8, 2));
    SHOW(syscall(SYS_get_mempolicy, &mode, NULL, 0ul, NULL, 8));
    mask[0] = 1;
    SHOW(syscall(SYS_set_mempolicy, 2, mask, 64ul));
    SHOW(syscall(SYS_get_mempolicy, &mode, mask, 1024ul, NULL, 0));
    SHOW(mode);
    SHOW(syscall(SYS_set_mempolicy, 99, mask, 64ul));
    SHOW(syscall(SYS_set_mempolicy, 0, mask, 64ul));
    SHOW(syscall(SYS_set_mempolicy, 2, &wrong, 64ul));
    SHOW(syscall(SYS_set_mempolicy, 2, NULL, 0ul));
    SHOW(syscall(SYS_set_mempolicy, 2, (void*)8, 64ul));
    SHOW(syscall(SYS_set_mempolicy, 0, NULL, 0ul));
    SHOW(syscall(SYS_mbind, at, (unsigned long)kPage, 2, mask, 64ul, 0));
    SHOW(syscall(SYS_mbind, at + 1, (unsigned long)kPage, 2, mask, 64ul, 0));
    SHOW(syscall(SYS_mbind, at, (unsigned long)kPage, 2, mask, 64ul, 64));
    SHOW(syscall(SYS_mbind, (void*)kPage, (unsigned long)kPage, 2, mask, 64ul, 0));
}

NATIVE(pages_tell_their_node, "qemu 7.2 has no memory policies") {
    char* const at = map(3, MAP_PRIVATE);
    void* pages[3] = {at, at + kPage, (void*)kPage};
    int status[3] = {9, 9, 9}, nodes[3] = {0, 0, 0};
    *at = 1;
    SHOW(syscall(SYS_move_pages, 0, 3ul, pages, NULL, status, 2));
    SHOW(status[0]);
    SHOW(status[1]);
    SHOW(status[2]);
    SHOW(syscall(SYS_move_pages, 0, 1ul, pages, nodes, status, 2));
    SHOW(status[0]);
    nodes[0] = 1000;
    SHOW(syscall(SYS_move_pages, 0, 1ul, pages, nodes, status, 2));
    SHOW(syscall(SYS_move_pages, 0, 1ul, pages, NULL, status, 8));
    SHOW(syscall(SYS_move_pages, 1234567, 1ul, pages, NULL, status, 2));
}
