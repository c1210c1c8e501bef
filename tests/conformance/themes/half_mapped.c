// SPDX-License-Identifier: GPL-2.0-or-later
// Reads and writes of buffers that end in memory that is not mapped, and of those that need none.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHOLE "qemu-aarch64 checks whole buffers"

enum { PAGE = 4096 };
static char* end;  // of what is mapped: four pages of 'x'
static char all[8 * PAGE];

static void map_half(void) {
    char* const begin =
        mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(begin, 'x', 8 * PAGE);
    NEED(munmap(begin + 4 * PAGE, 4 * PAGE));
    end = begin + 4 * PAGE;
}

NATIVE(a_pipe_takes_whole_pages, WHOLE) {
    int ends[2];
    map_half();
    NEED(pipe2(ends, O_NONBLOCK));
    SHOW(write(ends[1], end - 1, 2));
    SHOW(write(ends[1], end - PAGE, 2 * PAGE));
    SHOW(read(ends[0], all, sizeof all));
    SHOW(write(ends[1], end - 5000, 8192));
    SHOW(read(ends[0], all, sizeof all));
    const struct iovec small[] = {{end - PAGE, 10}, {end - 1, 10}},
                       large[] = {{end - 2 * PAGE, PAGE}, {end - 1, 10}};
    SHOW(writev(ends[1], small, 2));
    SHOW(read(ends[0], all, sizeof all));
    SHOW(writev(ends[1], large, 2));
    SHOW(read(ends[0], all, sizeof all));
}

NATIVE(a_pipe_keeps_what_cannot_be_stored, WHOLE) {
    int ends[2];
    map_half();
    NEED(pipe2(ends, O_NONBLOCK));
    SHOW(read(ends[0], end, 10));
    NEED(write(ends[1], all, 100));
    SHOW(read(ends[0], end - 10, 100));
    SHOW(read(ends[0], end, 100));
    SHOW(read(ends[0], all, sizeof all));
    NEED(write(ends[1], all, 3 * PAGE));
    SHOW(read(ends[0], end - 5000, 3 * PAGE));
    SHOW(read(ends[0], all, sizeof all));
    NEED(write(ends[1], all, 100));
    SHOW(read(ends[0], end - 100, 5000));
    close(ends[1]);
    SHOW(read(ends[0], end, 10));
}

static void show_stream(int from, int to) {
    SHOW(write(from, end - 1, 2));
    SHOW(write(from, end - 5000, 8192));
    NEED(write(from, all, 100));
    SHOW(read(to, end - 10, 100));
    SHOW(read(to, all, sizeof all));
}
NATIVE(a_stream_socket_keeps_what_cannot_be_stored, WHOLE) {
    int pair[2];
    map_half();
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    show_stream(pair[0], pair[1]);

    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    const int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    NEED(bind(listener, (struct sockaddr*)&name, sizeof name));
    NEED(listen(listener, 1));
    NEED(getsockname(listener, (struct sockaddr*)&name, &size));
    NEED(connect(client, (struct sockaddr*)&name, size));
    show_stream(client, (int)NEED(accept(listener, NULL, NULL)));
}

NATIVE(a_datagram_that_cannot_be_stored_is_lost, WHOLE) {
    int pair[2];
    map_half();
    NEED(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair));
    SHOW(write(pair[0], end - 1, 2));
    NEED(write(pair[0], all, 100));
    SHOW(read(pair[1], end - 10, 100));
    SHOW(read(pair[1], all, sizeof all));
}

NATIVE(a_file_takes_what_can_be_read, WHOLE) {
    map_half();
    const int fd = (int)NEED(open("file", O_RDWR | O_CREAT, 0600));
    SHOW(write(fd, end - 1, 2));
    SHOW(write(fd, end - 5000, 8192));
    SHOW(lseek(fd, 0, SEEK_END));
    SHOW(pread(fd, end - 10, 100, 0));
    SHOW(pread(fd, end - 5000, 8192, 0));
    SHOW(pread(fd, end, 1, 0));
    SHOW(write(eventfd(0, 0), end - 4, 8));
}

NATIVE(the_end_of_a_file_needs_no_buffer, WHOLE) {
    map_half();
    make_file("file", "text");
    const int fd = (int)NEED(open("file", O_RDONLY));
    SHOW(pread(fd, end, 10, 4));
    SHOW(pread(fd, end, 10, 100));
    SHOW(pread(fd, end, 10, 3));
    SHOW(read(open("/dev/null", O_RDONLY), end, 10));
}

NATIVE(devices_that_ignore_data_need_no_buffer, WHOLE) {
    map_half();
    SHOW(write(open("/dev/null", O_WRONLY), end, 10));
    SHOW(write(open("/dev/zero", O_WRONLY), end, 10));
    SHOW(write(open("/dev/full", O_WRONLY), end, 10));
    SHOW(write(open("/dev/null", O_WRONLY), end - 1, 2));
    SHOW(read(open("/dev/zero", O_RDONLY), end - 10, 100));
}
