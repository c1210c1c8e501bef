// SPDX-License-Identifier: GPL-2.0-or-later
// io_uring: setup, enter and register, the basic operations, links and timeouts.
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/uio.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define QEMU_LACKS "qemu 7.2 has no io_uring"

static int ring;
static struct io_uring_params params;
static char* memory;
static struct io_uring_sqe* entries;
static char data[64];

#define WORD(offset) (*(volatile unsigned*)(memory + (offset)))

static void make_ring(void) {
    ring = (int)NEED(syscall(SYS_io_uring_setup, 4, &params));
    size_t size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    const size_t other = params.sq_off.array + params.sq_entries * 4;
    if (other > size) size = other;
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
    entries = mmap(NULL, params.sq_entries * sizeof *entries, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
    NEED(memory == MAP_FAILED || entries == MAP_FAILED ? -1 : 0);
}

static struct io_uring_sqe* prepare(int operation, int fd, const void* address, unsigned size, uint64_t offset) {
    const unsigned tail = WORD(params.sq_off.tail), index = tail & WORD(params.sq_off.ring_mask);
    struct io_uring_sqe* const entry = &entries[index];
    memset(entry, 0, sizeof *entry);
    entry->opcode = (unsigned char)operation;
    entry->fd = fd;
    entry->addr = (uintptr_t)address;
    entry->len = size;
    entry->off = offset;
    entry->user_data = tail + 1;
    ((volatile unsigned*)(memory + params.sq_off.array))[index] = index;
    __atomic_store_n((unsigned*)(memory + params.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
    return entry;
}

static long enter(unsigned submits, unsigned waits) {
    return syscall(SYS_io_uring_enter, ring, submits, waits, waits != 0 ? IORING_ENTER_GETEVENTS : 0, NULL, 0);
}

static void show_completions(void) {
    unsigned head = WORD(params.cq_off.head);
    while (head != WORD(params.cq_off.tail)) {
        const struct io_uring_cqe* const c = (struct io_uring_cqe*)(memory + params.cq_off.cqes) + (head & WORD(params.cq_off.ring_mask));
        printf("%llu: %d %s\n", (unsigned long long)c->user_data, c->res < 0 ? -1 : c->res, c->res < 0 ? strerrorname_np(-c->res) : "");
        ++head;
    }
    WORD(params.cq_off.head) = head;
}

NATIVE(errors_of_setup_and_enter, QEMU_LACKS) {
    SHOW(syscall(SYS_io_uring_setup, 0, &params));
    SHOW(syscall(SYS_io_uring_setup, 40000, &params));
    SHOW(syscall(SYS_io_uring_setup, 4, (void*)8));
    params.flags = 1u << 31;
    SHOW(syscall(SYS_io_uring_setup, 4, &params));
    params.flags = 0, params.resv[0] = 1;
    SHOW(syscall(SYS_io_uring_setup, 4, &params));
    params.resv[0] = 0;
    make_ring();
    SHOW(params.sq_entries);
    SHOW(params.cq_entries);
    SHOW(syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0));
    SHOW(syscall(SYS_io_uring_enter, 0, 0, 0, 0, NULL, 0));
    SHOW(syscall(SYS_io_uring_enter, ring, 0, 0, 1 << 20, NULL, 0));
    SHOW(enter(0, 0));
    SHOW(enter(1, 0));
}

NATIVE(a_nop_completes, QEMU_LACKS) {
    make_ring();
    prepare(IORING_OP_NOP, -1, NULL, 0, 0);
    prepare(IORING_OP_NOP, -1, NULL, 0, 0);
    SHOW(enter(2, 2));
    show_completions();
    prepare(255, -1, NULL, 0, 0);
    SHOW(enter(1, 1));
    show_completions();
}

NATIVE(completions_without_a_place_come_later, QEMU_LACKS) {
    make_ring();
    for (int round = 0; round < 6; ++round) {
        for (int i = 0; i < 4; ++i) prepare(IORING_OP_NOP, -1, NULL, 0, 0);
        SHOW(enter(4, 0));
    }
    for (int round = 0; round < 3; ++round) {
        SHOW(WORD(params.sq_off.flags) & IORING_SQ_CQ_OVERFLOW);
        show_completions();
        if (round < 2) SHOW(enter(0, 1));
    }
    SHOW(WORD(params.sq_off.flags) & IORING_SQ_CQ_OVERFLOW);
    SHOW(WORD(params.cq_off.overflow));
}

// One request alone: of several that run, any may end first.
static void complete(void) {
    SHOW(enter(1, 1));
    show_completions();
}

NATIVE(a_file_is_written_and_read, QEMU_LACKS) {
    struct iovec parts[2] = {{"abc", 3}, {"defg", 4}}, to = {data, 60};
    make_ring();
    const int fd = open("file", O_CREAT | O_RDWR, 0600);
    prepare(IORING_OP_WRITEV, fd, parts, 2, 0);
    complete();
    prepare(IORING_OP_READV, fd, &to, 1, 2);
    complete();
    printf("%s\n", data);
    prepare(IORING_OP_WRITE, fd, "XY", 2, 1);
    complete();
    prepare(IORING_OP_FSYNC, fd, NULL, 0, 0);
    complete();
    prepare(IORING_OP_READ, fd, data, 60, (uint64_t)-1);
    complete();
    prepare(IORING_OP_READ, -1, data, 60, 0);
    complete();
    prepare(IORING_OP_READ, fd, (void*)8, 60, 0);
    complete();
    printf("%s\n", data);
}

NATIVE(a_read_of_a_pipe_waits, QEMU_LACKS) {
    int ends[2];
    make_ring();
    NEED(pipe(ends));
    prepare(IORING_OP_READ, ends[0], data, 10, 0);
    SHOW(enter(1, 0));
    show_completions();
    NEED(write(ends[1], "later", 5));
    SHOW(enter(0, 1));
    show_completions();
    printf("%s\n", data);
    prepare(IORING_OP_POLL_ADD, ends[0], NULL, 0, 0)->poll32_events = POLLIN;
    SHOW(enter(1, 0));
    NEED(write(ends[1], "x", 1));
    SHOW(enter(0, 1));
    show_completions();
}

NATIVE(a_poll_is_removed, QEMU_LACKS) {
    int ends[2];
    make_ring();
    NEED(pipe(ends));
    prepare(IORING_OP_POLL_ADD, ends[0], NULL, 0, 0)->poll32_events = POLLIN;
    SHOW(enter(1, 0));
    prepare(IORING_OP_POLL_REMOVE, -1, (void*)1, 0, 0);
    SHOW(enter(1, 2));
    WORD(params.cq_off.head) = WORD(params.cq_off.tail);
    prepare(IORING_OP_POLL_REMOVE, -1, (void*)99, 0, 0);
    SHOW(enter(1, 1));
    show_completions();
}

NATIVE(a_timeout_ends, QEMU_LACKS) {
    struct __kernel_timespec time = {0, 10000000}, day = {86400, 0};
    make_ring();
    prepare(IORING_OP_TIMEOUT, -1, &time, 1, 0);
    SHOW(enter(1, 1));
    show_completions();
    prepare(IORING_OP_TIMEOUT, -1, &day, 1, 1);
    SHOW(enter(1, 0));
    prepare(IORING_OP_NOP, -1, NULL, 0, 0);
    SHOW(enter(1, 2));
    WORD(params.cq_off.head) = WORD(params.cq_off.tail);
    prepare(IORING_OP_TIMEOUT, -1, &day, 1, 0);
    SHOW(enter(1, 0));
    prepare(IORING_OP_TIMEOUT_REMOVE, -1, (void*)4, 0, 0);
    SHOW(enter(1, 2));
    WORD(params.cq_off.head) = WORD(params.cq_off.tail);
    prepare(IORING_OP_TIMEOUT_REMOVE, -1, (void*)44, 0, 0);
    SHOW(enter(1, 1));
    show_completions();
}

NATIVE(linked_requests_follow_each_other, QEMU_LACKS) {
    make_ring();
    const int fd = open("file", O_CREAT | O_RDWR, 0600);
    prepare(IORING_OP_WRITE, fd, "abc", 3, 0)->flags = IOSQE_IO_LINK;
    prepare(IORING_OP_READ, fd, data, 3, 0);
    SHOW(enter(2, 2));
    show_completions();
    prepare(IORING_OP_READ, -1, data, 3, 0)->flags = IOSQE_IO_LINK;
    prepare(IORING_OP_NOP, -1, NULL, 0, 0);
    SHOW(enter(2, 2));
    show_completions();
}

NATIVE(sockets_are_connected_and_used, QEMU_LACKS) {
    struct sockaddr_un name = {AF_UNIX, "socket"};
    make_ring();
    const int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    NEED(bind(server, (void*)&name, sizeof name));
    NEED(listen(server, 1));
    prepare(IORING_OP_ACCEPT, server, NULL, 0, 0);
    SHOW(enter(1, 0));
    prepare(IORING_OP_CONNECT, client, &name, 0, sizeof name);
    SHOW(enter(1, 2));
    const struct io_uring_cqe* const all = (struct io_uring_cqe*)(memory + params.cq_off.cqes);
    const int end = all[0].user_data == 1 ? all[0].res : all[1].res;
    SHOW(end > client);
    WORD(params.cq_off.head) = WORD(params.cq_off.tail);
    prepare(IORING_OP_SEND, client, "hello", 5, 0);
    SHOW(enter(1, 1));
    show_completions();
    prepare(IORING_OP_RECV, end, data, 60, 0);
    SHOW(enter(1, 1));
    show_completions();
    printf("%s\n", data);
    prepare(IORING_OP_CLOSE, end, NULL, 0, 0);
    SHOW(enter(1, 1));
    show_completions();
    SHOW(fcntl(end, F_GETFD));
}

NATIVE(files_and_an_eventfd_are_registered, QEMU_LACKS) {
    uint64_t count = 0;
    make_ring();
    int fd = open("file", O_CREAT | O_RDWR, 0600), event = eventfd(0, EFD_NONBLOCK);
    SHOW(syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &fd, 1));
    SHOW(syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &fd, 1));
    SHOW(syscall(SYS_io_uring_register, ring, IORING_REGISTER_EVENTFD, &event, 1));
    SHOW(syscall(SYS_io_uring_register, ring, IORING_REGISTER_EVENTFD, &event, 1));
    close(fd);
    prepare(IORING_OP_WRITE, 0, "abc", 3, 0)->flags = IOSQE_FIXED_FILE;
    SHOW(enter(1, 1));
    show_completions();
    SHOW(read(event, &count, 8));
    SHOW(count);
    prepare(IORING_OP_WRITE, 7, "abc", 3, 0)->flags = IOSQE_FIXED_FILE;
    SHOW(enter(1, 1));
    show_completions();
    SHOW(syscall(SYS_io_uring_register, ring, IORING_UNREGISTER_FILES, NULL, 0));
    SHOW(syscall(SYS_io_uring_register, ring, IORING_UNREGISTER_FILES, NULL, 0));
    SHOW(syscall(SYS_io_uring_register, ring, 200, NULL, 0));
    SHOW(syscall(SYS_io_uring_register, 0, IORING_REGISTER_FILES, &fd, 1));
}

NATIVE(fixed_buffers_are_read_into, QEMU_LACKS) {
    struct iovec part = {data, sizeof data};
    make_ring();
    make_file("file", "fixed");
    const int fd = open("file", O_RDWR);
    SHOW(syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &part, 1));
    prepare(IORING_OP_READ_FIXED, fd, data + 2, 10, 0);
    SHOW(enter(1, 1));
    show_completions();
    printf("%s\n", data + 2);
    prepare(IORING_OP_READ_FIXED, fd, data + 60, 10, 0);
    prepare(IORING_OP_READ_FIXED, fd, data, 10, 0)->buf_index = 1;
    SHOW(enter(2, 2));
    show_completions();
}

NATIVE(a_ring_is_polled, QEMU_LACKS) {
    make_ring();
    POLL(ring);
    prepare(IORING_OP_NOP, -1, NULL, 0, 0);
    SHOW(enter(1, 1));
    POLL(ring);
    SHOW(read(ring, data, 1));
}

NATIVE(a_path_is_opened, QEMU_LACKS) {
    make_ring();
    make_file("file", "text");
    prepare(IORING_OP_OPENAT, AT_FDCWD, "file", 0, 0)->open_flags = O_RDONLY;
    SHOW(enter(1, 1));
    const struct io_uring_cqe* const all = (struct io_uring_cqe*)(memory + params.cq_off.cqes);
    SHOW(read(all[0].res, data, 10));
    WORD(params.cq_off.head) = WORD(params.cq_off.tail);
    prepare(IORING_OP_OPENAT, AT_FDCWD, "missing", 0, 0);
    SHOW(enter(1, 1));
    show_completions();
}

static void opens_below_its_root(void) {
    NEED(chroot("other"));
    NEED(chdir("/"));
    prepare(IORING_OP_OPENAT, AT_FDCWD, "/inside", 0, 0)->open_flags = O_RDONLY;
    SHOW(enter(1, 1));
    const unsigned head = WORD(params.cq_off.head);
    const struct io_uring_cqe* const c =
        (struct io_uring_cqe*)(memory + params.cq_off.cqes) + (head & WORD(params.cq_off.ring_mask));
    SHOW(c->res >= 0);
    SHOW(fcntl(c->res, F_GETFD) >= 0);
    WORD(params.cq_off.head) = head + 1;
}
NATIVE(who_submits_a_request_resolves_its_path, QEMU_LACKS) {
    NEED(mkdir("other", 0755));
    make_file("other/inside", "text");
    make_ring();
    IN_CHILD(opens_below_its_root);
    prepare(IORING_OP_OPENAT, AT_FDCWD, "/inside", 0, 0)->open_flags = O_RDONLY;
    complete();
}

NATIVE(an_eventfd_of_a_ring_overflows, QEMU_LACKS) {
    uint64_t count = UINT64_MAX - 1;
    const int event = (int)NEED(eventfd(0, EFD_NONBLOCK));
    struct pollfd polled = {.fd = event, .events = POLLIN | POLLOUT};
    make_ring();
    NEED(write(event, &count, 8));
    NEED(syscall(SYS_io_uring_register, ring, IORING_REGISTER_EVENTFD, &event, 1));
    prepare(IORING_OP_NOP, -1, NULL, 0, 0);
    complete();
    SHOW(poll(&polled, 1, 0));
    SHOW(polled.revents);
}
