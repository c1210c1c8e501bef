// SPDX-License-Identifier: GPL-2.0-or-later
// Loop devices: block devices that are files. The page judges: a host may have none, or all in use.
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define PAGE "loop(4), linux/loop.h, block/ioctl.c"

enum { kBytes = 8192 + 700 };  // seventeen sectors, and some more

static int control(void) {
    return (int)NEED(open("/dev/loop-control", O_RDWR));
}
static void path_of_free(char path[32]) {
    const int fd = control();
    snprintf(path, 32, "/dev/loop%d", (int)NEED(ioctl(fd, LOOP_CTL_GET_FREE)));
    close(fd);
}
static int file_of(const char* name, int flags) {
    const int fd = (int)NEED(open(name, O_RDWR | O_CREAT, 0600));
    NEED(ftruncate(fd, kBytes));
    close(fd);
    return (int)NEED(open(name, flags));
}
// A device that is bound to the file, opened to read and write.
static int bound(const char* name, char path[32]) {
    path_of_free(path);
    const int fd = (int)NEED(open(path, O_RDWR)), file = file_of(name, O_RDWR);
    NEED(ioctl(fd, LOOP_SET_FD, file));
    close(file);
    return fd;
}
static void show_size(int fd) {
    unsigned long long bytes = 0;
    unsigned long sectors = 0;
    NEED(ioctl(fd, BLKGETSIZE64, &bytes));
    NEED(ioctl(fd, BLKGETSIZE, &sectors));
    printf("%llu bytes, %lu sectors, ends at %ld\n", bytes, sectors, (long)lseek(fd, 0, SEEK_END));
}

DOCUMENTED(a_loop_device_is_as_long_as_its_file, PAGE,
           "0 bytes, 0 sectors, ends at 0\n"
           "ioctl(fd, LOOP_SET_FD, file) = 0\n"
           "8704 bytes, 17 sectors, ends at 8704\n"
           "S_ISBLK(status.st_mode) = 1\n"
           "major 7\n"
           "status.st_size = 0\n"
           "ioctl(fd, LOOP_SET_FD, file) = -1 EBUSY\n"
           "ioctl(fd, LOOP_CLR_FD, 0) = 0\n"
           "ioctl(fd, LOOP_CLR_FD, 0) = -1 ENXIO\n") {
    char path[32];
    struct stat status;
    path_of_free(path);
    const int fd = (int)NEED(open(path, O_RDWR)), file = file_of("disk", O_RDWR);
    show_size(fd);
    SHOW(ioctl(fd, LOOP_SET_FD, file));
    show_size(fd);
    NEED(fstat(fd, &status));
    SHOW(S_ISBLK(status.st_mode));
    printf("major %lu\n", (unsigned long)status.st_rdev >> 8);
    SHOW(status.st_size);
    SHOW(ioctl(fd, LOOP_SET_FD, file));
    SHOW(ioctl(fd, LOOP_CLR_FD, 0));
    SHOW(ioctl(fd, LOOP_CLR_FD, 0));
}

DOCUMENTED(what_is_written_to_a_loop_device_is_in_its_file, PAGE,
           "pwrite(fd, text, 5, 1000) = 5\n"
           "fsync(fd) = 0\n"
           "text = hello\n"
           "pread(fd, text, 5, 1000) = 5\n"
           "pread(fd, text, 10, 8700) = 4\n"
           "pread(fd, text, 10, 8704) = 0\n"
           "pwrite(fd, text, 10, 8700) = 4\n"
           "pwrite(fd, text, 10, 8704) = -1 ENOSPC\n") {
    char path[32], text[20] = "hello";
    const int fd = bound("disk", path), file = (int)NEED(open("disk", O_RDWR));
    SHOW(pwrite(fd, text, 5, 1000));
    SHOW(fsync(fd));
    memset(text, 0, sizeof text);
    NEED(pread(file, text, 5, 1000));
    printf("text = %s\n", text);
    SHOW(pread(fd, text, 5, 1000));
    SHOW(pread(fd, text, 10, 8700));
    SHOW(pread(fd, text, 10, 8704));
    SHOW(pwrite(fd, text, 10, 8700));
    SHOW(pwrite(fd, text, 10, 8704));
    NEED(ioctl(fd, LOOP_CLR_FD, 0));
}

DOCUMENTED(a_loop_device_may_begin_within_its_file, PAGE,
           "ioctl(fd, LOOP_SET_STATUS64, &info) = 0\n"
           "1024 bytes, 2 sectors, ends at 1024\n"
           "ioctl(fd, LOOP_GET_STATUS64, &info) = 0\n"
           "offset 4096, limit 1024, flags 0, name disk\n"
           "ioctl(fd, LOOP_GET_STATUS, &old) = 0\n"
           "offset 4096, flags 0, name disk\n"
           "pread(fd, &byte, 1, 0) = 1\n"
           "byte = 120\n"
           "ioctl(fd, LOOP_SET_STATUS64, &info) = -1 EINVAL\n"
           "ioctl(fd, LOOP_SET_BLOCK_SIZE, 100) = -1 EINVAL\n"
           "ioctl(fd, LOOP_SET_BLOCK_SIZE, 1024) = 0\n"
           "size = 1024\n") {
    char path[32], byte = 'x';
    const int fd = bound("disk", path), file = (int)NEED(open("disk", O_RDWR));
    struct loop_info64 info = {.lo_offset = 4096, .lo_sizelimit = 1024};
    struct loop_info old;
    NEED(pwrite(file, &byte, 1, 4096));
    strcpy((char*)info.lo_file_name, "disk");
    SHOW(ioctl(fd, LOOP_SET_STATUS64, &info));
    show_size(fd);
    SHOW(ioctl(fd, LOOP_GET_STATUS64, &info));
    printf("offset %llu, limit %llu, flags %x, name %s\n", (unsigned long long)info.lo_offset,
           (unsigned long long)info.lo_sizelimit, info.lo_flags, info.lo_file_name);
    SHOW(ioctl(fd, LOOP_GET_STATUS, &old));
    printf("offset %d, flags %x, name %s\n", old.lo_offset, old.lo_flags, old.lo_name);
    byte = 0;
    SHOW(pread(fd, &byte, 1, 0));
    SHOW(byte);
    info.lo_encrypt_type = 1;
    SHOW(ioctl(fd, LOOP_SET_STATUS64, &info));
    int size = 0;
    SHOW(ioctl(fd, LOOP_SET_BLOCK_SIZE, 100));
    SHOW(ioctl(fd, LOOP_SET_BLOCK_SIZE, 1024));
    NEED(ioctl(fd, BLKSSZGET, &size));
    SHOW(size);
    NEED(ioctl(fd, LOOP_CLR_FD, 0));
}

DOCUMENTED(the_read_ahead_of_a_device_is_in_whole_pages, PAGE,
           "ioctl(fd, BLKRASET, 64) = 0\n"
           "ahead = 64\n"
           "ioctl(fd, BLKRASET, 70) = 0\n"
           "ahead = 64\n"
           "ioctl(fd, BLKRASET, 256) = 0\n"
           "ahead = 256\n") {
    char path[32];
    long ahead = -1;
    path_of_free(path);
    const int fd = (int)NEED(open(path, O_RDONLY));
    SHOW(ioctl(fd, BLKRASET, 64));
    NEED(ioctl(fd, BLKRAGET, &ahead));
    SHOW(ahead);
    SHOW(ioctl(fd, BLKRASET, 70));
    NEED(ioctl(fd, BLKRAGET, &ahead));
    SHOW(ahead);
    SHOW(ioctl(fd, BLKRASET, 256));
    NEED(ioctl(fd, BLKRAGET, &ahead));
    SHOW(ahead);
}

DOCUMENTED(a_file_opened_to_read_makes_a_loop_device_that_is_read, PAGE,
           "ioctl(fd, LOOP_SET_FD, file) = 0\n"
           "read only = 1\n"
           "flags 1\n"
           "write(fd, \"x\", 1) = -1 EPERM\n"
           "read(fd, &byte, 1) = 1\n") {
    char path[32], byte;
    path_of_free(path);
    const int fd = (int)NEED(open(path, O_RDWR)), file = file_of("disk", O_RDONLY);
    struct loop_info64 info;
    int only = 0;
    SHOW(ioctl(fd, LOOP_SET_FD, file));
    NEED(ioctl(fd, BLKROGET, &only));
    printf("read only = %d\n", only);
    NEED(ioctl(fd, LOOP_GET_STATUS64, &info));
    printf("flags %x\n", info.lo_flags);
    SHOW(write(fd, "x", 1));
    SHOW(read(fd, &byte, 1));
    NEED(ioctl(fd, LOOP_CLR_FD, 0));
}

DOCUMENTED(the_file_goes_with_the_last_description_of_the_device, PAGE,
           "ioctl(fd, LOOP_CLR_FD, 0) = 0\n"
           "ioctl(other, LOOP_GET_STATUS64, &info) = 0\n"
           "flags 4\n"
           "ioctl(again, LOOP_GET_STATUS64, &info) = -1 ENXIO\n") {
    char path[32];
    const int fd = bound("disk", path), other = (int)NEED(open(path, O_RDWR));
    struct loop_info64 info;
    SHOW(ioctl(fd, LOOP_CLR_FD, 0));
    close(fd);
    SHOW(ioctl(other, LOOP_GET_STATUS64, &info));
    printf("flags %x\n", info.lo_flags);
    close(other);
    const int again = (int)NEED(open(path, O_RDWR));
    SHOW(ioctl(again, LOOP_GET_STATUS64, &info));
}

DOCUMENTED(errors_of_loop_devices, PAGE,
           "ioctl(fd, LOOP_GET_STATUS64, &info) = -1 ENXIO\n"
           "ioctl(fd, LOOP_SET_CAPACITY, 0) = -1 ENXIO\n"
           "ioctl(fd, LOOP_SET_BLOCK_SIZE, 512) = -1 ENXIO\n"
           "ioctl(fd, LOOP_SET_FD, -1) = -1 EBADF\n"
           "ioctl(fd, LOOP_SET_FD, fd) = -1 EBADF\n"
           "ioctl(fd, LOOP_SET_FD, folder) = -1 EINVAL\n"
           "ioctl(fd, LOOP_SET_FD, pipes[1]) = -1 EINVAL\n"
           "ioctl(fd, LOOP_CONFIGURE, &config) = -1 EINVAL\n"
           "ioctl(fd, LOOP_CONFIGURE, &config) = -1 EINVAL\n"
           "ioctl(fd, LOOP_CONFIGURE, NULL) = -1 EFAULT\n"
           "ioctl(fd, LOOP_CONFIGURE, &config) = 0\n"
           "ioctl(fd, LOOP_CHANGE_FD, config.fd) = -1 EINVAL\n"
           "ioctl(fd, TIOCSTI, 0) = -1 EINVAL\n") {
    char path[32];
    int pipes[2];
    path_of_free(path);
    const int fd = (int)NEED(open(path, O_RDWR)), folder = (int)NEED(open(".", O_RDONLY));
    struct loop_info64 info;
    NEED(pipe(pipes));
    SHOW(ioctl(fd, LOOP_GET_STATUS64, &info));
    SHOW(ioctl(fd, LOOP_SET_CAPACITY, 0));
    SHOW(ioctl(fd, LOOP_SET_BLOCK_SIZE, 512));
    SHOW(ioctl(fd, LOOP_SET_FD, -1));
    SHOW(ioctl(fd, LOOP_SET_FD, fd));
    SHOW(ioctl(fd, LOOP_SET_FD, folder));
    SHOW(ioctl(fd, LOOP_SET_FD, pipes[1]));
    struct loop_config config = {.fd = (unsigned)file_of("disk", O_RDWR), .block_size = 1000};
    SHOW(ioctl(fd, LOOP_CONFIGURE, &config));
    config.block_size = 0;
    config.info.lo_flags = 1 << 20;
    SHOW(ioctl(fd, LOOP_CONFIGURE, &config));
    SHOW(ioctl(fd, LOOP_CONFIGURE, NULL));
    config.info.lo_flags = 0;
    SHOW(ioctl(fd, LOOP_CONFIGURE, &config));
    SHOW(ioctl(fd, LOOP_CHANGE_FD, config.fd));
    SHOW(ioctl(fd, TIOCSTI, 0));
    NEED(ioctl(fd, LOOP_CLR_FD, 0));
}

DOCUMENTED(loop_devices_are_added_and_removed, PAGE,
           "ioctl(fd, LOOP_CTL_ADD, 777) = 777\n"
           "ioctl(fd, LOOP_CTL_ADD, 777) = -1 EEXIST\n"
           "access(\"/dev/loop777\", F_OK) = 0\n"
           "ioctl(fd, LOOP_CTL_REMOVE, 777) = 0\n"
           "ioctl(fd, LOOP_CTL_REMOVE, 777) = -1 ENODEV\n"
           "ioctl(fd, LOOP_CTL_REMOVE, -1) = -1 EINVAL\n"
           "ioctl(fd, 0x4c83, 0) = -1 ENOSYS\n") {
    const int fd = control();
    SHOW(ioctl(fd, LOOP_CTL_ADD, 777));
    SHOW(ioctl(fd, LOOP_CTL_ADD, 777));
    SHOW(access("/dev/loop777", F_OK));
    SHOW(ioctl(fd, LOOP_CTL_REMOVE, 777));
    SHOW(ioctl(fd, LOOP_CTL_REMOVE, 777));
    SHOW(ioctl(fd, LOOP_CTL_REMOVE, -1));
    SHOW(ioctl(fd, 0x4c83, 0));
}
