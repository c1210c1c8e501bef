// SPDX-License-Identifier: GPL-2.0-or-later
// What becomes of mappings when their file is cut, and when it gets a hole.
#include <fcntl.h>
#include <linux/falloc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

enum { PAGE = 4096 };

static sigjmp_buf back;
static void took_signal(int signal, siginfo_t* info, void* context) {
    (void)context;
    siglongjmp(back, signal * 10 + info->si_code);
}

// The character there, or the signal.
static void look(const char* name, const char* at) {
    const int signal = sigsetjmp(back, 1);
    if (signal != 0) {
        printf("%s: %s\n", name,
               signal == SIGBUS * 10 + BUS_ADRERR ? "SIGBUS, BUS_ADRERR" : "another signal");
        return;
    }
    printf("%s: '%c'\n", name, *(const volatile char*)at != 0 ? *(const volatile char*)at : '0');
}
#define LOOK(at) look(#at, at)

static int new_file(void) {
    const struct sigaction action = {.sa_sigaction = took_signal, .sa_flags = SA_SIGINFO};
    NEED(sigaction(SIGBUS, &action, NULL));
    const int fd = (int)NEED(open("file", O_RDWR | O_CREAT | O_TRUNC, 0600));
    static char text[2 * PAGE];
    memset(text, 'f', sizeof text);
    NEED(write(fd, text, sizeof text));
    return fd;
}
static char* map(int fd, int flags) {
    char* const mapped = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
    mapped[0] = 'a';
    mapped[PAGE] = 'b';
    return mapped;
}

BEHAVIOUR(a_page_behind_the_cut_is_SIGBUS) {
    const int fd = new_file();
    char* const mapped = map(fd, MAP_SHARED);
    NEED(ftruncate(fd, PAGE + 1));
    LOOK(mapped + PAGE);
    NEED(ftruncate(fd, PAGE));
    LOOK(mapped);
    LOOK(mapped + PAGE);
    NEED(ftruncate(fd, 2 * PAGE));
    LOOK(mapped + PAGE);
    NEED(ftruncate(fd, 0));
    LOOK(mapped);
}

BEHAVIOUR(a_cut_takes_the_copies_of_private_mappings) {
    const int fd = new_file();
    char* const mapped = map(fd, MAP_PRIVATE);
    NEED(ftruncate(fd, PAGE));
    LOOK(mapped);
    LOOK(mapped + PAGE);
    NEED(ftruncate(fd, 2 * PAGE));
    LOOK(mapped + PAGE);
    NEED(pwrite(fd, "w", 1, PAGE));
    LOOK(mapped + PAGE);
}

BEHAVIOUR(a_hole_leaves_the_copies_of_private_mappings) {
    const int fd = new_file();
    char *const copied = map(fd, MAP_PRIVATE), *const shared = map(fd, MAP_SHARED);
    SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, PAGE));
    LOOK(copied + PAGE);
    LOOK(shared + PAGE);
    shared[PAGE] = 's';
    LOOK(shared + PAGE);
    LOOK(copied + PAGE);
}

BEHAVIOUR(a_memfd_is_cut_as_a_file_is) {
    new_file();
    const int fd = memfd_create("memory", 0);
    NEED(ftruncate(fd, 2 * PAGE));
    char *const copied = map(fd, MAP_PRIVATE), *const shared = map(fd, MAP_SHARED);
    NEED(ftruncate(fd, 1));
    LOOK(copied + PAGE);
    LOOK(shared + PAGE);
    NEED(ftruncate(fd, 2 * PAGE));
    LOOK(copied + PAGE);
    LOOK(shared);
    SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE));
    LOOK(copied);
    LOOK(shared);
}

static char* inherited;
static void looks_in_child(void) {
    LOOK(inherited);
    LOOK(inherited + PAGE);
}
BEHAVIOUR(a_cut_reaches_every_process) {
    const int fd = new_file();
    inherited = map(fd, MAP_SHARED);
    int ready[2];
    char byte;
    NEED(pipe(ready));
    const pid_t child = fork();
    if (child == 0) {
        LOOK(inherited + PAGE);
        read(ready[0], &byte, 1);
        looks_in_child();
        _exit(0);
    }
    until_asleep(child);
    NEED(ftruncate(fd, PAGE));
    NEED(write(ready[1], "x", 1));
    show_end("child", child);
}

BEHAVIOUR(opening_with_O_TRUNC_and_truncate_cut_mappings) {
    const int fd = new_file();
    char* const mapped = map(fd, MAP_PRIVATE);
    SHOW(truncate("file", PAGE));
    LOOK(mapped);
    LOOK(mapped + PAGE);
    NEED(open("file", O_WRONLY | O_TRUNC));
    LOOK(mapped);
}

BEHAVIOUR(a_locked_page_goes_with_the_cut_too) {
    const int fd = new_file();
    char* const mapped = map(fd, MAP_SHARED);
    SHOW(mlock(mapped, 2 * PAGE));
    NEED(ftruncate(fd, PAGE));
    LOOK(mapped + PAGE);
}

NATIVE(a_call_gets_EFAULT_from_a_page_behind_the_cut, "qemu-aarch64 checks whole buffers") {
    const int fd = new_file();
    char* const mapped = map(fd, MAP_SHARED);
    NEED(ftruncate(fd, PAGE));
    int ends[2];
    NEED(pipe(ends));
    SHOW(write(ends[1], mapped + PAGE, 1));
    SHOW(write(ends[1], mapped + PAGE - 1, 2));
}
