// SPDX-License-Identifier: GPL-2.0-or-later
// Reading and writing at a place: lseek, pread, pwrite, O_APPEND, vectors and their flags.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static char data[8192];

BEHAVIOUR(lseek_goes_anywhere_but_before_the_start) {
    make_file("file", "text");
    const int fd = open("file", O_RDWR);
    SHOW(lseek(fd, 2, SEEK_SET));
    SHOW(lseek(fd, -1, SEEK_CUR));
    SHOW(lseek(fd, 10, SEEK_END));
    SHOW(read(fd, data, 1));
    SHOW(lseek(fd, -5, SEEK_END));
    SHOW(lseek(fd, -1, SEEK_SET));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(lseek(fd, 0, 9));
    SHOW(lseek(-1, 0, SEEK_SET));
    SHOW(lseek(fd, 0x7fffffffffffffff, SEEK_CUR));
    SHOW(write(fd, "x", 1));
    SHOW(lseek(fd, 0, SEEK_END));
}

BEHAVIOUR(holes_are_found_by_page) {
    const int fd = open("file", O_CREAT | O_RDWR, 0644);
    NEED(pwrite(fd, "x", 1, 8192));
    NEED(ftruncate(fd, 20000));
    SHOW(lseek(fd, 0, SEEK_DATA));
    SHOW(lseek(fd, 0, SEEK_HOLE));
    SHOW(lseek(fd, 8192, SEEK_HOLE));
    SHOW(lseek(fd, 9000, SEEK_DATA));
    SHOW(lseek(fd, 12288, SEEK_DATA));
    SHOW(lseek(fd, 19999, SEEK_HOLE));
    SHOW(lseek(fd, 20000, SEEK_HOLE));
    SHOW(lseek(fd, 20000, SEEK_DATA));
    SHOW(lseek(fd, -1, SEEK_DATA));
}

BEHAVIOUR(o_append_writes_at_the_end) {
    make_file("file", "text");
    const int fd = open("file", O_RDWR | O_APPEND);
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(write(fd, "a", 1));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(pwrite(fd, "b", 1, 0));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(lseek(fd, 1, SEEK_SET));
    SHOW(read(fd, data, 1));
    SHOW(write(fd, "c", 1));
    SHOW(lseek(fd, 0, SEEK_CUR));
    show_file("file");
}

BEHAVIOUR(pread_and_pwrite_leave_the_offset) {
    make_file("file", "text");
    const int fd = open("file", O_RDWR);
    SHOW(pread(fd, data, 2, 2));
    SHOW(pread(fd, data, 2, 4));
    SHOW(pread(fd, data, 2, -1));
    SHOW(pwrite(fd, "x", 1, 0x7fffffffffffffff));
    SHOW(pwrite(fd, "yz", 2, 3));
    SHOW(lseek(fd, 0, SEEK_CUR));
    show_file("file");
    SHOW(pread(open(".", O_RDONLY), data, 1, 0));
    SHOW(read(open(".", O_RDONLY), data, 1));
    SHOW(pwrite(open("file", O_RDONLY), data, 1, 0));
    SHOW(pread(open("file", O_WRONLY), data, 1, 0));
}

NATIVE(bad_memory_is_efault, "qemu 7.2 asks for all of the memory first") {
    make_file("file", "text");
    char* pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(munmap(pages + 4096, 4096));
    const int fd = open("file", O_RDWR);
    SHOW(read(fd, (void*)8, 4));
    SHOW(read(fd, pages + 4094, 4));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(write(fd, (void*)8, 4));
    SHOW(write(fd, pages + 4094, 4));
    SHOW(read(fd, (void*)8, 0));
    SHOW(write(fd, (void*)8, 0));
    SHOW(read(fd, data, (size_t)-1));
}

BEHAVIOUR(vectors_are_checked_whole) {
    make_file("file", "text of a file");
    const int fd = open("file", O_RDWR);
    struct iovec parts[3] = {{data, 2}, {data + 100, 0}, {data + 200, 3}};
    SHOW(readv(fd, parts, 3));
    printf("%.2s %.3s\n", data, data + 200);
    SHOW(readv(fd, parts, 0));
    SHOW(readv(fd, parts, -1));
    SHOW(readv(fd, parts, 1025));
    parts[1].iov_len = (size_t)-1;
    SHOW(readv(fd, parts, 3));
    parts[1] = (struct iovec){(void*)8, 4};
    SHOW(readv(fd, parts, 3));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(readv(fd, (void*)8, 1));
    SHOW(writev(fd, parts, 3));
    SHOW(preadv(fd, parts, 1, 3));
    SHOW(pwritev(fd, parts, 1, -1));
    parts[0].iov_len = parts[2].iov_len = 0x7ffffffffffffff0;
    SHOW(writev(fd, parts, 3));
}

NATIVE(preadv2_knows_its_flags, "qemu 7.2 does not know preadv2") {
    make_file("file", "text");
    const int fd = open("file", O_RDWR);
    struct iovec part = {data, 2};
    SHOW(preadv2(fd, &part, 1, -1, 0));
    SHOW(preadv2(fd, &part, 1, -1, 0));
    SHOW(preadv2(fd, &part, 1, 0, RWF_HIPRI));
    SHOW(preadv2(fd, &part, 1, 0, 0x10000));
    SHOW(preadv2(fd, &part, 1, -2, 0));
    SHOW(pwritev2(fd, &part, 1, 0, RWF_APPEND));
    SHOW(lseek(fd, 0, SEEK_END));
    SHOW(pwritev2(fd, &part, 1, 0, RWF_SYNC | RWF_DSYNC));
    SHOW(pwritev2(fd, &part, 1, -1, RWF_APPEND));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(pwritev2(fd, &part, 1, 0, RWF_NOWAIT) == 2 || errno == EOPNOTSUPP || errno == EAGAIN);
    const int append = open("file", O_RDWR | O_APPEND);
    SHOW(pwritev2(append, &part, 1, 0, 0x20));
    SHOW(lseek(append, 0, SEEK_END));
    SHOW(pwritev2(append, &part, 1, 0, 0x20 | RWF_APPEND));
}

NATIVE(rwf_nowait_on_a_pipe, "qemu 7.2 does not know preadv2") {
    int ends[2];
    struct iovec part = {data, 2};
    NEED(pipe(ends));
    SHOW(preadv2(ends[0], &part, 1, -1, RWF_NOWAIT));
    SHOW(preadv2(ends[0], &part, 1, 0, 0));
    SHOW(pwritev2(ends[1], &part, 1, -1, RWF_NOWAIT));
    SHOW(preadv2(ends[0], &part, 1, -1, RWF_NOWAIT));
}

BEHAVIOUR(a_write_stops_at_the_size_limit) {
    const struct rlimit limit = {10, 10};
    count_signal(SIGXFSZ, 0);
    NEED(setrlimit(RLIMIT_FSIZE, &limit));
    const int fd = open("file", O_CREAT | O_RDWR, 0644);
    SHOW(write(fd, data, 20));
    SHOW(signals_taken);
    SHOW(write(fd, data, 1));
    SHOW(signals_taken);
    SHOW(ftruncate(fd, 11));
    SHOW(truncate("file", 11));
    SHOW(signals_taken);
    SHOW(pwrite(fd, data, 5, 8));
}

BEHAVIOUR(o_trunc_and_truncate_empty_it) {
    struct stat status;
    make_file("file", "text");
    NEED(close(open("file", O_WRONLY | O_TRUNC)));
    NEED(stat("file", &status));
    SHOW(status.st_size);
    SHOW(truncate("file", 5));
    SHOW(truncate("file", -1));
    SHOW(truncate("missing", 0));
    SHOW(truncate("file/x", 0));
    SHOW(truncate(".", 0));
    SHOW(truncate("", 0));
    SHOW(ftruncate(open("file", O_RDONLY), 0));
    SHOW(ftruncate(open(".", O_RDONLY), 0));
    SHOW(ftruncate(-1, 0));
    int ends[2];
    NEED(pipe(ends));
    SHOW(ftruncate(ends[1], 0));
    NEED(mkfifo("fifo", 0644));
    SHOW(truncate("fifo", 0));
}

BEHAVIOUR(fsync_wants_a_file) {
    int ends[2];
    NEED(pipe(ends));
    make_file("file", "text");
    SHOW(fsync(open("file", O_RDONLY)));
    SHOW(fdatasync(open("file", O_WRONLY)));
    SHOW(fsync(open(".", O_RDONLY)));
    SHOW(fsync(ends[1]));
    SHOW(fdatasync(ends[0]));
    SHOW(fsync(-1));
    SHOW(syncfs(ends[0]));
    SHOW(syncfs(open("file", O_RDONLY)));
    SHOW(syncfs(-1));
    SHOW(fsync(open("/dev/null", O_RDWR)));
}

BEHAVIOUR(advice_wants_a_file) {
    int ends[2];
    NEED(pipe(ends));
    make_file("file", "text");
    const int fd = open("file", O_RDWR);
    SHOW(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
    SHOW(posix_fadvise(fd, 0, 0, 99));
    SHOW(posix_fadvise(fd, 0, -1, POSIX_FADV_NORMAL));
    SHOW(posix_fadvise(ends[0], 0, 0, POSIX_FADV_NORMAL));
    SHOW(posix_fadvise(-1, 0, 0, POSIX_FADV_NORMAL));
    SHOW(readahead(fd, 0, 4096));
    SHOW(readahead(ends[0], 0, 4096));
    SHOW(readahead(open("file", O_WRONLY), 0, 4096));
    SHOW(readahead(-1, 0, 4096));
    SHOW(readahead(open(".", O_RDONLY), 0, 4096));
    SHOW(sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE));
    SHOW(sync_file_range(fd, -1, 0, SYNC_FILE_RANGE_WRITE));
    SHOW(sync_file_range(fd, 0, 0, 99));
    SHOW(sync_file_range(ends[0], 0, 0, SYNC_FILE_RANGE_WRITE));
    SHOW(sync_file_range(open("/dev/null", O_RDWR), 0, 0, SYNC_FILE_RANGE_WRITE));
    SHOW(sync_file_range(-1, 0, 0, 0));
}
