// SPDX-License-Identifier: GPL-2.0-or-later
// process_vm_readv, process_vm_writev, kcmp.
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "qemu-aarch64 knows other processes by the host's addresses"

static char text[20] = "of the child";
static pid_t child;

static void waits(void) {
    strcpy(text, "of the waiting one");
    for (;;) pause();
}
static void start(void) {
    child = child_of(waits);
    until_asleep(child);
}
static void end(void) {
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

NATIVE(memory_of_another_is_read, WHY) {
    char one[7] = "", two[14] = "";
    struct iovec own[2] = {{one, 6}, {two, 13}}, other = {text, 19};
    start();
    SHOW(process_vm_readv(child, own, 2, &other, 1, 0));
    printf("%s|%s\n", one, two);
    end();
}

NATIVE(memory_of_another_is_written, WHY) {
    char given[] = "new", seen[4] = "";
    struct iovec own = {given, 4}, other = {text, 4}, back = {seen, 4};
    start();
    SHOW(process_vm_writev(child, &own, 1, &other, 1, 0));
    SHOW(process_vm_readv(child, &back, 1, &other, 1, 0));
    puts(seen);
    puts(text);
    end();
}

NATIVE(what_may_not_be_written_is_not, WHY) {
    char given[] = "x";
    struct iovec own = {given, 1}, other = {(void*)(uintptr_t)start, 1};
    start();
    SHOW(process_vm_writev(child, &own, 1, &other, 1, 0));
    end();
}

NATIVE(a_transfer_ends_at_the_first_bad_part, WHY) {
    static char buffer[8192];
    char* pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(munmap(pages + 4096, 4096));
    struct iovec own = {buffer, 8192}, other = {pages, 8192}, bad = {pages + 4096, 10};
    SHOW(process_vm_readv(getpid(), &own, 1, &other, 1, 0));
    SHOW(process_vm_readv(getpid(), &own, 1, &bad, 1, 0));
    SHOW(process_vm_readv(getpid(), &bad, 1, &own, 1, 0));
}

NATIVE(bad_arguments_are_refused, WHY) {
    char byte;
    struct iovec own = {&byte, 1};
    SHOW(process_vm_readv(getpid(), &own, 1, &own, 1, 1));
    SHOW(process_vm_readv(4194303, &own, 1, &own, 1, 0));
    SHOW(process_vm_readv(getpid(), &own, 1025, &own, 1, 0));
    SHOW(process_vm_readv(getpid(), &own, 1, &own, 1025, 0));
    SHOW(process_vm_readv(getpid(), (struct iovec*)8, 1, &own, 1, 0));
    SHOW(process_vm_readv(getpid(), &own, 0, &own, 1, 0));
    SHOW(process_vm_readv(getpid(), &own, 1, &own, 0, 0));
    struct iovec negative = {&byte, (size_t)-1};
    SHOW(process_vm_readv(getpid(), &negative, 1, &own, 1, 0));
}

static void reads_the_parent(void) {
    char byte;
    struct iovec own = {&byte, 1};
    SHOW(process_vm_readv(getppid(), &own, 1, &own, 1, 0));
    SHOW(syscall(SYS_kcmp, getpid(), getppid(), 1, 0, 0));
}
NATIVE(a_user_does_not_read_root, WHY) {
    AS_USER(reads_the_parent);
}

NATIVE(files_of_processes_are_compared, WHY) {
    make_file("file", "");
    const int fd = (int)NEED(open("file", O_RDONLY)), same = dup(fd), other = open("file", O_RDONLY);
    start();
    SHOW(syscall(SYS_kcmp, getpid(), getpid(), 0, fd, same));
    SHOW(syscall(SYS_kcmp, getpid(), getpid(), 0, fd, other) > 0);
    SHOW(syscall(SYS_kcmp, getpid(), child, 0, fd, fd));
    SHOW(syscall(SYS_kcmp, getpid(), child, 0, fd, 999));
    end();
}

NATIVE(a_process_shares_all_with_itself, WHY) {
    for (int type = 1; type <= 6; ++type) SHOW(syscall(SYS_kcmp, getpid(), getpid(), type, 0, 0));
    start();
    for (int type = 1; type <= 4; ++type) SHOW(syscall(SYS_kcmp, getpid(), child, type, 0, 0) > 0);
    SHOW(syscall(SYS_kcmp, getpid(), child, 100, 0, 0));
    SHOW(syscall(SYS_kcmp, getpid(), 4194303, 1, 0, 0));
    end();
}
