// SPDX-License-Identifier: GPL-2.0-or-later
// Pipes and FIFOs.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static int ends[2];

static void make_pipe(int flags) {
    NEED(pipe2(ends, flags));
}

BEHAVIOUR(a_read_without_writers_is_end_of_file) {
    char byte;
    make_pipe(0);
    SHOW(write(ends[1], "x", 1));
    close(ends[1]);
    SHOW(read(ends[0], &byte, 1));
    SHOW(read(ends[0], &byte, 1));
}

BEHAVIOUR(a_write_without_readers_is_sigpipe_and_epipe) {
    make_pipe(0);
    close(ends[0]);
    count_signal(SIGPIPE, 0);
    SHOW(write(ends[1], "x", 1));
    SHOW(signals_taken);
}

BEHAVIOUR(a_nonblocking_read_of_an_empty_pipe_is_eagain) {
    char byte;
    make_pipe(O_NONBLOCK);
    SHOW(read(ends[0], &byte, 1));
    SHOW(read(ends[0], &byte, 0));
}

BEHAVIOUR(a_nonblocking_write_takes_what_fits) {
    static char data[100000];
    make_pipe(O_NONBLOCK);
    SHOW(write(ends[1], data, sizeof data));
    SHOW(write(ends[1], data, 1));
    SHOW(read(ends[0], data, 4095));
    SHOW(write(ends[1], data, 1));
    SHOW(read(ends[0], data, 1));
    SHOW(write(ends[1], data, 4097));
    SHOW(write(ends[1], data, 4096));
}

BEHAVIOUR(the_size_is_set_in_whole_powers_of_two) {
    make_pipe(0);
    SHOW(fcntl(ends[0], F_GETPIPE_SZ));
    SHOW(fcntl(ends[0], F_SETPIPE_SZ, 1));
    SHOW(fcntl(ends[0], F_SETPIPE_SZ, 5000));
    SHOW(fcntl(ends[1], F_GETPIPE_SZ));
    SHOW(fcntl(ends[0], F_SETPIPE_SZ, -1));
}

BEHAVIOUR(a_pipe_has_no_offset) {
    make_pipe(0);
    SHOW(lseek(ends[0], 0, SEEK_CUR));
    SHOW(pread(ends[0], &ends, 1, 0));
    SHOW(pwrite(ends[1], &ends, 1, 0));
}

BEHAVIOUR(each_end_goes_one_way) {
    char byte;
    make_pipe(0);
    SHOW(read(ends[1], &byte, 1));
    SHOW(write(ends[0], &byte, 1));
}

BEHAVIOUR(fionread_counts_what_is_in_it) {
    int count = -1;
    make_pipe(0);
    NEED(write(ends[1], "abc", 3));
    SHOW(ioctl(ends[0], FIONREAD, &count));
    SHOW(count);
}

BEHAVIOUR(a_nonblocking_open_of_a_fifo_for_writing_needs_a_reader) {
    NEED(mkfifo("fifo", 0600));
    SHOW(open("fifo", O_WRONLY | O_NONBLOCK));
    const int reader = (int)NEED(open("fifo", O_RDONLY | O_NONBLOCK));
    SHOW(open("fifo", O_WRONLY | O_NONBLOCK) > reader);
}

BEHAVIOUR(packets_keep_their_ends) {
    char data[10];
    make_pipe(O_DIRECT);
    SHOW(write(ends[1], "abc", 3));
    SHOW(write(ends[1], "defgh", 5));
    SHOW(read(ends[0], data, 2));
    SHOW(read(ends[0], data, 10));
}

NATIVE(a_vmsplice_that_does_not_block_takes_what_fits,
       "qemu 7.2 does not know vmsplice's partial results") {
    static char data[100000];
    struct iovec part = {data, sizeof data};
    make_pipe(0);
    SHOW(vmsplice(ends[1], &part, 1, SPLICE_F_NONBLOCK) > 0);
}
