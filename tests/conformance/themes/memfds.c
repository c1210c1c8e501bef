// SPDX-License-Identifier: GPL-2.0-or-later
// memfd_create and its seals.
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

BEHAVIOUR(memfd_create_refuses) {
    static char name[300];
    memset(name, 'x', sizeof name - 1);
    SHOW(memfd_create(name, 0));
    name[249] = 0;
    SHOW(memfd_create(name, 0) > 0);
    SHOW(memfd_create("", 0) > 0);
    SHOW(memfd_create("x", 0x8000));
    SHOW(memfd_create((const char*)8, 0));
}

BEHAVIOUR(a_memfd_is_an_unlinked_file) {
    struct stat status;
    const int fd = memfd_create("x", MFD_CLOEXEC);
    NEED(fstat(fd, &status));
    printf("%o, %ld links, %ld bytes\n", status.st_mode, (long)status.st_nlink, (long)status.st_size);
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(fd, F_GET_SEALS));
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    SHOW(fcntl(fd, F_GETFL) & O_ACCMODE);
    SHOW(lseek(fd, 0, SEEK_HOLE));
    NEED(ftruncate(fd, 10000));
    SHOW(lseek(fd, 0, SEEK_DATA));
    NEED(pwrite(fd, "x", 1, 5000));
    SHOW(lseek(fd, 0, SEEK_DATA));
    SHOW(lseek(fd, 5000, SEEK_HOLE));
    SHOW(fchmod(fd, 0600));
    SHOW(fchown(fd, 1, 1));
}

BEHAVIOUR(seals_forbid) {
    const int fd = memfd_create("x", MFD_ALLOW_SEALING);
    NEED(ftruncate(fd, 8192));
    SHOW(fcntl(fd, F_GET_SEALS));
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
    SHOW(ftruncate(fd, 8193));
    SHOW(write(fd, "x", 1));
    SHOW(pwrite(fd, "xx", 2, 8191));
    SHOW(pwrite(fd, "xx", 2, 8192));
    SHOW(fallocate(fd, 0, 8192, 1));
    SHOW(ftruncate(fd, 4096));
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
    SHOW(ftruncate(fd, 0));
    SHOW(fcntl(fd, F_ADD_SEALS, 0x8000));
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    SHOW(write(fd, "x", 1));
    SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
    SHOW(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
    SHOW(errno == EPERM);
    SHOW(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
    SHOW(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) == MAP_FAILED);
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
    SHOW(fcntl(fd, F_GET_SEALS));
}

BEHAVIOUR(a_writable_mapping_keeps_the_seal_away) {
    const int fd = memfd_create("x", MFD_ALLOW_SEALING);
    NEED(ftruncate(fd, 4096));
    void* at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
    SHOW(write(fd, "x", 1));
    NEED(munmap(at, 4096));
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    SHOW(fcntl(fd, F_GET_SEALS));
}

BEHAVIOUR(seals_are_memfds_only) {
    char path[40];
    const int fd = memfd_create("x", MFD_ALLOW_SEALING);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const int reader = open(path, O_RDONLY);
    SHOW(fcntl(reader, F_ADD_SEALS, F_SEAL_WRITE));
    SHOW(fcntl(reader, F_GET_SEALS));
    int ends[2];
    NEED(pipe(ends));
    SHOW(fcntl(ends[0], F_GET_SEALS));
    SHOW(fcntl(-1, F_GET_SEALS));
}

NATIVE(noexec_seal_takes_the_execute_bits, "qemu 7.2 refuses the flags") {
    struct stat status;
    const int fd = memfd_create("x", 8);
    NEED(fstat(fd, &status));
    printf("%o\n", status.st_mode);
    SHOW(fcntl(fd, F_GET_SEALS));
    SHOW(fchmod(fd, 0777));
    SHOW(fchmod(fd, 0600));
    SHOW(memfd_create("x", 0x18));
    const int may = memfd_create("x", 0x10);
    SHOW(fcntl(may, F_GET_SEALS));
}
