// SPDX-License-Identifier: GPL-2.0-or-later
// madvise, process_madvise, mseal.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define QEMU_IGNORES "qemu 7.2 ignores most advice"
enum { kPage = 4096 };
static char* page;

static char* map(size_t pages, int prot, int flags) {
    char* const at = mmap(NULL, pages * kPage, prot, flags | MAP_ANONYMOUS, -1, 0);
    NEED(at == MAP_FAILED ? -1 : 0);
    return at;
}
static char* own(size_t pages) {
    return map(pages, PROT_READ | PROT_WRITE, MAP_PRIVATE);
}

NATIVE(errors_of_madvise, QEMU_IGNORES) {
    char* const at = own(4);
    SHOW(madvise(at + 1, kPage, MADV_NORMAL));
    SHOW(madvise(at, (size_t)-1, MADV_NORMAL));
    SHOW(madvise(at, kPage, 1212));
    SHOW(madvise(at, 0, MADV_DONTNEED));
    NEED(munmap(at + kPage, kPage));
    SHOW(madvise(at, 4 * kPage, MADV_NORMAL));
    SHOW(madvise(at, 4 * kPage, MADV_DONTNEED));
    SHOW(madvise(at + kPage, kPage, MADV_WILLNEED));
    SHOW(madvise(at, kPage, MADV_WILLNEED));
    SHOW(madvise(at, kPage, MADV_REMOVE));
    NEED(mlock(at, kPage));
    SHOW(madvise(at, kPage, MADV_DONTNEED));
    SHOW(madvise(at, kPage, MADV_FREE));
    SHOW(madvise(at, kPage, MADV_COLD));
    SHOW(madvise(at, kPage, MADV_PAGEOUT));
    SHOW(madvise(at, kPage, 24));
}

NATIVE(dontneed_forgets_and_free_is_for_anonymous_memory, QEMU_IGNORES) {
    char* const at = own(1);
    *at = 7;
    SHOW(madvise(at, kPage, MADV_DONTNEED));
    SHOW(*at);
    make_file("file", "text");
    const int fd = open("file", O_RDWR);
    char* const file = mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    *file = 'X';
    SHOW(madvise(file, kPage, MADV_FREE));
    SHOW(madvise(file, kPage, MADV_DONTNEED));
    printf("%c\n", *file);
    char* const shared = map(1, PROT_READ | PROT_WRITE, MAP_SHARED);
    *shared = 8;
    SHOW(madvise(shared, kPage, MADV_DONTNEED));
    SHOW(*shared);
    SHOW(madvise(shared, kPage, MADV_FREE));
}

NATIVE(remove_punches_a_hole, QEMU_IGNORES) {
    char* const shared = map(2, PROT_READ | PROT_WRITE, MAP_SHARED);
    shared[0] = 1, shared[kPage] = 2;
    SHOW(madvise(shared, kPage, MADV_REMOVE));
    SHOW(shared[0]);
    SHOW(shared[kPage]);
    char* const reader = map(1, PROT_READ, MAP_SHARED);
    SHOW(madvise(reader, kPage, MADV_REMOVE));
    make_file("file", "text");
    const int fd = open("file", O_RDONLY);
    char* const file = mmap(NULL, kPage, PROT_READ, MAP_SHARED, fd, 0);
    SHOW(madvise(file, kPage, MADV_REMOVE));
}

static void show_page(void) {
    SHOW(page[0]);
    SHOW(page[kPage]);
}
NATIVE(a_child_finds_wiped_pages_zero, QEMU_IGNORES) {
    page = own(2);
    page[0] = 5, page[kPage] = 6;
    SHOW(madvise(page, kPage, MADV_WIPEONFORK));
    IN_CHILD(show_page);
    SHOW(page[0]);
    SHOW(madvise(page, kPage, MADV_KEEPONFORK));
    IN_CHILD(show_page);
    char* const shared = map(1, PROT_READ, MAP_SHARED);
    SHOW(madvise(shared, kPage, MADV_WIPEONFORK));
}

NATIVE(a_grandchild_finds_wiped_pages_zero_too, QEMU_IGNORES) {
    page = own(2);
    NEED(madvise(page, kPage, MADV_WIPEONFORK));
    const pid_t child = fork();
    if (child == 0) {
        page[0] = 5;
        IN_CHILD(show_page);
        _exit(0);
    }
    show_end("child", child);
}

NATIVE(a_child_has_no_pages_that_are_not_forked, QEMU_IGNORES) {
    page = own(2);
    SHOW(madvise(page, kPage, MADV_DONTFORK));
    IN_CHILD(show_page);
    SHOW(madvise(page, kPage, MADV_DOFORK));
    IN_CHILD(show_page);
}

NATIVE(advice_that_changes_nothing_here, QEMU_IGNORES) {
    char* const at = own(1);
    SHOW(madvise(at, kPage, MADV_RANDOM));
    SHOW(madvise(at, kPage, MADV_SEQUENTIAL));
    SHOW(madvise(at, kPage, MADV_DONTDUMP));
    SHOW(madvise(at, kPage, MADV_DODUMP));
    SHOW(madvise(at, kPage, MADV_COLD));
    SHOW(madvise(at, kPage, MADV_PAGEOUT));
}

NATIVE(pages_are_populated, QEMU_IGNORES) {
    unsigned char there[3] = {0};
    char* const at = own(3);
    SHOW(madvise(at, 2 * kPage, 23));
    NEED(mincore(at, 3 * kPage, there));
    SHOW((there[0] & 1) + (there[1] & 1) + (there[2] & 1));
    char* const reader = map(1, PROT_READ, MAP_PRIVATE);
    SHOW(madvise(reader, kPage, 22));
    SHOW(madvise(reader, kPage, 23));
    char* const none = map(1, PROT_NONE, MAP_PRIVATE);
    SHOW(madvise(none, kPage, 22));
    NEED(munmap(at + kPage, kPage));
    SHOW(madvise(at, 3 * kPage, 22));
    make_file("file", "");
    const int fd = open("file", O_RDWR);
    char* const beyond = mmap(NULL, kPage, PROT_READ, MAP_SHARED, fd, 0);
    SHOW(madvise(beyond, kPage, 22));
}

static void poison(void) {
    char* const at = own(1);
    SHOW(madvise(at, kPage, MADV_HWPOISON));
}
NATIVE(poisoning_is_not_built_in, QEMU_IGNORES) {
    AS_USER(poison);
}

NATIVE(another_process_is_advised, "qemu 7.2 has no process_madvise") {
    char* const at = own(1);
    struct iovec part = {at, kPage};
    const int fd = (int)NEED(syscall(SYS_pidfd_open, getpid(), 0));
    SHOW(syscall(SYS_process_madvise, fd, &part, 1ul, MADV_COLD, 0));
    SHOW(syscall(SYS_process_madvise, fd, &part, 1ul, MADV_COLD, 1));
    SHOW(syscall(SYS_process_madvise, -1, &part, 1ul, MADV_COLD, 0));
    SHOW(syscall(SYS_process_madvise, fd, (void*)8, 1ul, MADV_COLD, 0));
    part.iov_base = at + 1;
    SHOW(syscall(SYS_process_madvise, fd, &part, 1ul, MADV_COLD, 0));
}

NATIVE(sealed_mappings_do_not_change, "qemu 7.2 has no mseal") {
    char* const at = own(3);
    SHOW(syscall(462, at + kPage, (size_t)kPage, 1ul));
    SHOW(syscall(462, at + 1, (size_t)kPage, 0ul));
    SHOW(syscall(462, at + kPage, (size_t)kPage, 0ul));
    SHOW(munmap(at + kPage, kPage));
    SHOW(mprotect(at, 2 * kPage, PROT_READ));
    SHOW(mremap(at + kPage, kPage, 2 * kPage, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0);
    SHOW(mmap(at, 3 * kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED ? -1 : 0);
    SHOW(madvise(at + kPage, kPage, MADV_DONTNEED));
    SHOW(munmap(at, kPage));
    at[kPage] = 1;
}
