// SPDX-License-Identifier: GPL-2.0-or-later
// copy_file_range, sendfile, splice on files; fallocate.
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static int in, out;

static void open_two(int flags) {
    make_file("in", "text of a file");
    make_file("out", "");
    in = (int)NEED(open("in", O_RDWR));
    out = (int)NEED(open("out", O_RDWR | flags));
}

NATIVE(copy_file_range_copies, "qemu 7.2 lets the host's libc decide") {
    off_t from = 5, to = 2;
    open_two(0);
    SHOW(copy_file_range(in, NULL, out, NULL, 4, 0));
    SHOW(lseek(in, 0, SEEK_CUR));
    SHOW(copy_file_range(in, &from, out, &to, 100, 0));
    SHOW(from);
    SHOW(to);
    SHOW(lseek(out, 0, SEEK_CUR));
    SHOW(lseek(out, 0, SEEK_END));
    SHOW(copy_file_range(in, &from, out, &to, 100, 0));
    SHOW(copy_file_range(in, NULL, out, NULL, 0, 0));
}

NATIVE(copy_file_range_refuses, "qemu 7.2 lets the host's libc decide") {
    int ends[2];
    off_t from = 0, to = 2, far = 0x7fffffffffffffff, negative = -1;
    NEED(pipe(ends));
    open_two(0);
    SHOW(copy_file_range(in, NULL, out, NULL, 4, 1));
    SHOW(copy_file_range(in, NULL, open("out", O_RDONLY), NULL, 4, 0));
    SHOW(copy_file_range(open("in", O_WRONLY), NULL, out, NULL, 4, 0));
    SHOW(copy_file_range(in, NULL, open("out", O_WRONLY | O_APPEND), NULL, 4, 0));
    SHOW(copy_file_range(open(".", O_RDONLY), NULL, out, NULL, 4, 0));
    SHOW(copy_file_range(in, NULL, ends[1], NULL, 4, 0));
    SHOW(copy_file_range(ends[0], NULL, out, NULL, 4, 0));
    SHOW(copy_file_range(in, &from, in, &to, 4, 0));
    SHOW(copy_file_range(in, &from, out, &far, 4, 0));
    SHOW(copy_file_range(in, &negative, out, NULL, 4, 0));
    SHOW(copy_file_range(-1, NULL, out, NULL, 4, 0));
    SHOW(copy_file_range(in, (off_t*)8, out, NULL, 4, 0));
}

BEHAVIOUR(sendfile_sends) {
    int ends[2];
    off_t from = 5;
    NEED(pipe(ends));
    open_two(0);
    SHOW(sendfile(out, in, &from, 4));
    SHOW(from);
    SHOW(lseek(in, 0, SEEK_CUR));
    SHOW(sendfile(ends[1], in, NULL, 100));
    SHOW(lseek(in, 0, SEEK_CUR));
    show_file("out");
    from = -1;
    SHOW(sendfile(out, in, &from, 4));
    SHOW(sendfile(out, ends[0], NULL, 4));
    SHOW(sendfile(in, open("out", O_WRONLY), NULL, 4));
    SHOW(sendfile(open("out", O_RDONLY), in, NULL, 4));
    SHOW(sendfile(-1, in, NULL, 4));
    SHOW(sendfile(out, -1, NULL, 4));
    SHOW(sendfile(out, in, (off_t*)8, 4));
    SHOW(sendfile(open("out", O_WRONLY | O_APPEND), in, NULL, 4));
    SHOW(sendfile(out, open(".", O_RDONLY), NULL, 4));
}

BEHAVIOUR(splice_moves_between_a_pipe_and_a_file) {
    int ends[2];
    loff_t from = 5;
    char text[20] = "";
    NEED(pipe(ends));
    open_two(0);
    SHOW(splice(in, &from, ends[1], NULL, 4, 0));
    SHOW(from);
    SHOW(splice(ends[0], NULL, out, NULL, 100, 0));
    show_file("out");
    SHOW(splice(in, NULL, ends[1], NULL, 100, 0));
    SHOW(read(ends[0], text, 20));
    SHOW(splice(in, NULL, ends[1], NULL, 100, 0));
    SHOW(splice(in, NULL, out, NULL, 4, 0));
    SHOW(splice(ends[0], &from, out, NULL, 4, 0));
    SHOW(splice(ends[0], NULL, ends[1], NULL, 4, 0));
    SHOW(splice(in, NULL, ends[0], NULL, 4, 0));
    SHOW(splice(-1, NULL, ends[1], NULL, 4, 0));
    SHOW(splice(ends[0], NULL, open("out", O_WRONLY | O_APPEND), NULL, 4, 0));
    SHOW(splice(ends[0], NULL, out, NULL, 4, 0x100));
    SHOW(splice(ends[0], NULL, out, NULL, 4, SPLICE_F_NONBLOCK));
    SHOW(splice(-1, NULL, -1, NULL, 0, 0));
}

static void show_space(int fd) {
    struct stat status;
    NEED(fstat(fd, &status));
    printf("size %ld, blocks %ld\n", (long)status.st_size, (long)status.st_blocks);
}

BEHAVIOUR(fallocate_makes_and_punches) {
    char byte = 0;
    const int fd = open("file", O_CREAT | O_RDWR, 0644);
    SHOW(fallocate(fd, 0, 0, 10000));
    show_space(fd);
    SHOW(fallocate(fd, FALLOC_FL_KEEP_SIZE, 10000, 10000));
    show_space(fd);
    NEED(pwrite(fd, "xxxx", 4, 4094));
    SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 4096));
    show_space(fd);
    SHOW(pread(fd, &byte, 1, 4095));
    SHOW(byte);
    SHOW(pread(fd, &byte, 1, 4096));
    SHOW(byte);
    SHOW(ftruncate(fd, 0));
    show_space(fd);
}

BEHAVIOUR(fallocate_refuses) {
    int ends[2];
    NEED(pipe(ends));
    const int fd = open("file", O_CREAT | O_RDWR, 0644);
    SHOW(fallocate(fd, 0, -1, 1));
    SHOW(fallocate(fd, 0, 0, 0));
    SHOW(fallocate(fd, 0, 0, -1));
    SHOW(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 1));
    SHOW(fallocate(fd, 0x8000, 0, 1));
    SHOW(fallocate(open("file", O_RDONLY), 0, 0, 1));
    SHOW(fallocate(ends[1], 0, 0, 1));
    SHOW(fallocate(-1, 0, 0, 1));
    SHOW(fallocate(fd, 0, 0x7ffffffffffffff0, 0x100));
    SHOW(fallocate(open(".", O_RDONLY), 0, 0, 1));
    SHOW(fallocate(open("/dev/null", O_RDWR), 0, 0, 1));
    SHOW(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 4096));
    SHOW(fallocate(fd, FALLOC_FL_INSERT_RANGE, 0, 4096));
    SHOW(fallocate(fd, FALLOC_FL_UNSHARE_RANGE, 0, 4096));
    SHOW(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_KEEP_SIZE, 0, 4096));
}

BEHAVIOUR(blocks_count_what_is_written) {
    const int fd = open("file", O_CREAT | O_RDWR, 0644);
    show_space(fd);
    NEED(pwrite(fd, "x", 1, 100000));
    show_space(fd);
    NEED(pwrite(fd, "x", 1, 0));
    show_space(fd);
    NEED(ftruncate(fd, 1));
    show_space(fd);
}

NATIVE(copy_file_range_stays_in_one_file_system, "qemu 7.2 lets the host's libc decide") {
    off_t at = 0x7fffffffffffffff;
    open_two(0);
    NEED(mkdir("m", 0755));
    NEED(mount("none", "m", "tmpfs", 0, NULL));
    make_file("m/file", "");
    const int other = (int)NEED(open("m/file", O_RDWR)), memory = memfd_create("m", 0);
    SHOW(copy_file_range(in, NULL, other, NULL, 4, 0));
    SHOW(copy_file_range(memory, NULL, out, NULL, 4, 0));
    SHOW(copy_file_range(open("/proc/self/status", O_RDONLY), NULL, out, NULL, 4, 0));
    SHOW(copy_file_range(in, NULL, open(".", O_RDONLY), NULL, 4, 0));
    SHOW(copy_file_range(in, NULL, open("/dev/null", O_WRONLY), NULL, 4, 0));
    SHOW(copy_file_range(in, NULL, out, &at, ~0ul, 0));
    SHOW(copy_file_range(in, &at, out, NULL, 4, 0));
    close(other);
    umount("m");
}
