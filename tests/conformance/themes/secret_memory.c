// SPDX-License-Identifier: GPL-2.0-or-later
// memfd_secret: memory that nobody else reaches.
#include <fcntl.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define NO_SECRET "qemu-aarch64 has no memfd_secret"
enum { kSize = 8192 };

static int secret(void) {
    const int fd = (int)NEED(syscall(SYS_memfd_secret, 0));
    NEED(ftruncate(fd, kSize));
    return fd;
}
static char* mapped(int fd) {
    char* at = mmap(NULL, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) exit(1);
    return at;
}
static const char* mapping(int protection, int flags, int fd) {
    return mmap(NULL, kSize, protection, flags, fd, 0) == MAP_FAILED ? strerrorname_np(errno)
                                                                     : "mapped";
}

NATIVE(the_flags_of_secret_memory_are_checked, NO_SECRET) {
    SHOW(syscall(SYS_memfd_secret, 1));
    SHOW(syscall(SYS_memfd_secret, O_NONBLOCK));
    const int fd = (int)NEED(syscall(SYS_memfd_secret, O_CLOEXEC));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(secret(), F_GETFD));
    SHOW(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
}

NATIVE(secret_memory_is_neither_read_nor_written_as_a_file, NO_SECRET) {
    struct stat status;
    char byte;
    const int fd = secret();
    SHOW(read(fd, &byte, 1));
    SHOW(write(fd, &byte, 1));
    SHOW(pread(fd, &byte, 1, 0));
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(fallocate(fd, 0, 0, 4096));
    SHOW(fsync(fd));
    SHOW(sendfile(fd, open("/proc/self/exe", O_RDONLY), NULL, 10));
    SHOW(fstat(fd, &status));
    printf("%o %ld\n", status.st_mode, (long)status.st_size);
    SHOW(fcntl(fd, F_GET_SEALS));
}

NATIVE(the_size_of_secret_memory_is_given_once, NO_SECRET) {
    const int fd = (int)NEED(syscall(SYS_memfd_secret, 0));
    SHOW(ftruncate(fd, 0));
    SHOW(ftruncate(fd, kSize));
    SHOW(ftruncate(fd, 2 * kSize));
    SHOW(ftruncate(fd, kSize));
    SHOW(ftruncate(fd, 0));
}

NATIVE(secret_memory_is_mapped_shared_only, NO_SECRET) {
    const int fd = secret();
    puts(mapping(PROT_READ, MAP_PRIVATE, fd));
    puts(mapping(PROT_READ | PROT_WRITE, MAP_SHARED, fd));
    char* one = mapped(fd);
    char* other = mapped(fd);
    strcpy(one, "text");
    puts(other);
}

static void touch_behind(void) {
    const int fd = (int)NEED(syscall(SYS_memfd_secret, 0));
    NEED(ftruncate(fd, 4096));
    char* at = mapped(fd);
    at[0] = 1;
    at[4096] = 1;
}
NATIVE(behind_the_end_of_secret_memory_is_a_bus_error, NO_SECRET) {
    IN_CHILD(touch_behind);
}

static void read_the_parents(char* at) {
    char text[5] = "";
    struct iovec own = {text, 4}, theirs = {at, 4};
    SHOW(process_vm_readv(getppid(), &own, 1, &theirs, 1, 0));
    SHOW(process_vm_writev(getppid(), &own, 1, &theirs, 1, 0));
    printf("%d\n", at[0]);
}
NATIVE(no_other_process_reads_secret_memory, NO_SECRET) {
    char* at = mapped(secret());
    strcpy(at, "text");
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        read_the_parents(at);
        _exit(0);
    }
    show_end("child", child);
}

NATIVE(proc_mem_does_not_show_secret_memory, NO_SECRET) {
    char text[5] = "";
    char* at = mapped(secret());
    strcpy(at, "text");
    const int memory = (int)NEED(open("/proc/self/mem", O_RDWR));
    SHOW(pread(memory, text, 4, (off_t)at));
    SHOW(pwrite(memory, "more", 4, (off_t)at));
    puts(at);
}

NATIVE(a_tracer_does_not_see_secret_memory, NO_SECRET) {
    int status;
    char* at = mapped(secret());
    strcpy(at, "text");
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        _exit(at[0]);
    }
    NEED(waitpid(child, &status, 0));
    errno = 0;
    SHOW(ptrace(PTRACE_PEEKDATA, child, at, NULL));
    SHOW(ptrace(PTRACE_POKEDATA, child, at, NULL));
    ptrace(PTRACE_CONT, child, NULL, NULL);
    show_end("child", child);
}

NATIVE(the_kernel_copies_secret_memory_for_its_owner, NO_SECRET) {
    int ends[2];
    char text[5] = "";
    char* at = mapped(secret());
    strcpy(at, "text");
    NEED(pipe(ends));
    SHOW(write(ends[1], at, 4));
    SHOW(read(ends[0], text, 4));
    puts(text);
    SHOW(write(ends[1], "more", 4));
    SHOW(read(ends[0], at, 4));
    puts(at);
}

NATIVE(pages_of_secret_memory_are_not_given_away, NO_SECRET) {
    int ends[2];
    char* at = mapped(secret());
    struct iovec part = {at, 4};
    strcpy(at, "text");
    NEED(pipe(ends));
    SHOW(vmsplice(ends[1], &part, 1, 0));
    SHOW(syscall(SYS_futex, at, FUTEX_WAKE, 1, NULL, NULL, 0));
    SHOW(syscall(SYS_futex, at, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
}

static long locked_kb(void) {
    char line[100];
    long kb = -1;
    FILE* status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "VmLck:", 6) == 0) kb = atol(line + 6);
    }
    if (status != NULL) fclose(status);
    return kb;
}
NATIVE(secret_memory_is_locked_and_stays_so, NO_SECRET) {
    const int fd = secret();
    printf("%ld kB\n", locked_kb());
    char* at = mapped(fd);
    printf("%ld kB\n", locked_kb());
    SHOW(munlock(at, kSize));
    SHOW(munlockall());
    printf("%ld kB\n", locked_kb());
    SHOW(mlock(at, kSize));
    SHOW(madvise(at, kSize, MADV_DONTNEED));
    SHOW(munmap(at, kSize));
    printf("%ld kB\n", locked_kb());
}

static void map_within_a_limit(void) {
    const struct rlimit limit = {4096, 4096};
    const int fd = secret();
    NEED(setrlimit(RLIMIT_MEMLOCK, &limit));
    puts(mapping(PROT_READ, MAP_SHARED, fd));
    puts(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? strerrorname_np(errno)
                                                                      : "mapped");
    puts(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? strerrorname_np(errno)
                                                                      : "mapped");
}
NATIVE(secret_memory_counts_as_locked_memory_of_a_user, NO_SECRET) {
    AS_USER(map_within_a_limit);
}

NATIVE(a_child_shares_secret_memory, NO_SECRET) {
    char* at = mapped(secret());
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        strcpy(at, "child's");
        _exit(0);
    }
    show_end("child", child);
    puts(at);
}

NATIVE(secret_memory_has_a_name_that_is_gone, NO_SECRET) {
    char link[40], path[100] = "", line[300];
    const int fd = secret();
    char* at = mapped(fd);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    NEED(readlink(link, path, sizeof path - 1));
    puts(path);
    SHOW(open(link, O_RDWR));
    FILE* maps = fopen("/proc/self/maps", "r");
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        if (strtoul(line, NULL, 16) == (unsigned long)at)
            printf("%.4s %s", strchr(line, ' ') + 1,
                   strrchr(line, '/') != NULL ? strrchr(line, '/') : "\n");
    }
}
