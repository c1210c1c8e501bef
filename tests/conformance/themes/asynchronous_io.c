// SPDX-License-Identifier: GPL-2.0-or-later
// Linux AIO: io_setup(2), io_submit(2), io_getevents(2), io_cancel(2), io_destroy(2).
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define QEMU_LACKS "qemu 7.2 has no AIO"

static aio_context_t context;
static struct iocb request;
static struct iocb* requests[1] = {&request};
static struct io_event got[4];
static char data[100];

static long setup(unsigned events) {
    return syscall(SYS_io_setup, events, &context);
}
static long submit(int fd, int operation, void* buffer, size_t size, long offset) {
    memset(&request, 0, sizeof request);
    request.aio_data = 77;
    request.aio_fildes = (unsigned)fd;
    request.aio_lio_opcode = (unsigned short)operation;
    request.aio_buf = (uintptr_t)buffer;
    request.aio_nbytes = size;
    request.aio_offset = offset;
    return syscall(SYS_io_submit, context, 1l, requests);
}
static long fetch(long least, long most) {
    struct timespec limit = {1, 0};
    return syscall(SYS_io_getevents, context, least, most, got, &limit);
}

NATIVE(errors_of_io_setup_and_io_destroy, QEMU_LACKS) {
    SHOW(setup(0));
    context = 1;
    SHOW(setup(1));
    context = 0;
    SHOW(syscall(SYS_io_setup, 1, (void*)8));
    SHOW(setup(1));
    SHOW(syscall(SYS_io_destroy, context));
    SHOW(syscall(SYS_io_destroy, context));
    SHOW(syscall(SYS_io_destroy, 0ul));
}

NATIVE(a_file_is_written_and_read, QEMU_LACKS) {
    const int fd = open("file", O_CREAT | O_RDWR, 0600);
    NEED(setup(4));
    SHOW(submit(fd, IOCB_CMD_PWRITE, "hello", 5, 2));
    SHOW(fetch(1, 4));
    SHOW(got[0].res);
    SHOW(got[0].data);
    SHOW(got[0].obj == (uintptr_t)&request);
    SHOW(submit(fd, IOCB_CMD_PREAD, data, 100, 0));
    SHOW(fetch(1, 1));
    SHOW(got[0].res);
    SHOW(data[2]);
    SHOW(submit(fd, IOCB_CMD_PREAD, data, 100, 50));
    SHOW(fetch(1, 1));
    SHOW(got[0].res);
}

NATIVE(errors_of_io_submit, QEMU_LACKS) {
    const int fd = open("file", O_CREAT | O_RDWR, 0600), reader = open("file", O_RDONLY),
              writer = open("file", O_WRONLY);
    struct iocb* bad[1] = {(void*)8};
    SHOW(syscall(SYS_io_submit, 0ul, 1l, requests));
    NEED(setup(4));
    SHOW(syscall(SYS_io_submit, context, -1l, requests));
    SHOW(syscall(SYS_io_submit, context, 0l, requests));
    SHOW(syscall(SYS_io_submit, context, 1l, (void*)8));
    SHOW(syscall(SYS_io_submit, context, 1l, bad));
    SHOW(submit(-1, IOCB_CMD_PREAD, data, 1, 0));
    SHOW(submit(reader, IOCB_CMD_PWRITE, data, 1, 0));
    SHOW(submit(writer, IOCB_CMD_PREAD, data, 1, 0));
    SHOW(submit(fd, 99, data, 1, 0));
    SHOW(submit(fd, IOCB_CMD_PREAD, data, (size_t)-1, 0));
}

NATIVE(errors_of_io_getevents, QEMU_LACKS) {
    struct timespec none = {0, 0};
    SHOW(syscall(SYS_io_getevents, 0ul, 0l, 1l, got, NULL));
    NEED(setup(4));
    SHOW(syscall(SYS_io_getevents, context, -1l, 1l, got, NULL));
    SHOW(syscall(SYS_io_getevents, context, 2l, 1l, got, NULL));
    SHOW(syscall(SYS_io_getevents, context, 0l, -1l, got, NULL));
    SHOW(syscall(SYS_io_getevents, context, 1l, 1l, got, &none));
    SHOW(syscall(SYS_io_getevents, context, 1l, 1l, got, (void*)8));
}

NATIVE(a_poll_waits_and_is_cancelled, QEMU_LACKS) {
    int ends[2];
    struct io_event event;
    NEED(pipe(ends));
    NEED(setup(4));
    SHOW(submit(ends[0], IOCB_CMD_POLL, (void*)POLLIN, 0, 0));
    SHOW(syscall(SYS_io_getevents, context, 0l, 1l, got, NULL));
    NEED(write(ends[1], "x", 1));
    SHOW(fetch(1, 1));
    SHOW(got[0].res);
    NEED(read(ends[0], data, 1));
    SHOW(submit(ends[0], IOCB_CMD_POLL, (void*)POLLIN, 0, 0));
    SHOW(syscall(SYS_io_cancel, context, &request, &event));
    SHOW(syscall(SYS_io_cancel, context, &request, &event));
    SHOW(syscall(SYS_io_cancel, 0ul, &request, &event));
    SHOW(syscall(SYS_io_cancel, context, (void*)8, &event));
}

NATIVE(an_eventfd_is_told, QEMU_LACKS) {
    uint64_t count = 0;
    const int fd = open("file", O_CREAT | O_RDWR, 0600), event = eventfd(0, EFD_NONBLOCK);
    NEED(setup(4));
    memset(&request, 0, sizeof request);
    request.aio_fildes = (unsigned)fd;
    request.aio_lio_opcode = IOCB_CMD_PWRITE;
    request.aio_buf = (uintptr_t)data;
    request.aio_nbytes = 4;
    request.aio_flags = IOCB_FLAG_RESFD;
    request.aio_resfd = (unsigned)event;
    SHOW(syscall(SYS_io_submit, context, 1l, requests));
    SHOW(fetch(1, 1));
    SHOW(read(event, &count, 8));
    SHOW(count);
    request.aio_resfd = (unsigned)fd;
    SHOW(syscall(SYS_io_submit, context, 1l, requests));
}

NATIVE(an_eventfd_that_is_told_too_much_has_an_error, QEMU_LACKS) {
    uint64_t count = UINT64_MAX - 1;
    const int fd = open("file", O_CREAT | O_RDWR, 0600), event = eventfd(0, EFD_NONBLOCK);
    struct pollfd polled = {.fd = event, .events = POLLIN | POLLOUT};
    NEED(setup(4));
    NEED(write(event, &count, 8));
    memset(&request, 0, sizeof request);
    request.aio_fildes = (unsigned)fd;
    request.aio_lio_opcode = IOCB_CMD_PWRITE;
    request.aio_buf = (uintptr_t)data;
    request.aio_nbytes = 4;
    request.aio_flags = IOCB_FLAG_RESFD;
    request.aio_resfd = (unsigned)event;
    SHOW(syscall(SYS_io_submit, context, 1l, requests));
    SHOW(fetch(1, 1));
    SHOW(poll(&polled, 1, 0));
    SHOW(polled.revents);
    SHOW(read(event, &count, 8));
    SHOW(count == UINT64_MAX);
}

NATIVE(flags_of_a_request_are_those_of_preadv2, QEMU_LACKS) {
    const int fd = open("file", O_CREAT | O_RDWR, 0600);
    NEED(setup(4));
    memset(&request, 0, sizeof request);
    request.aio_fildes = (unsigned)fd;
    request.aio_lio_opcode = IOCB_CMD_PWRITE;
    request.aio_buf = (uintptr_t)data;
    request.aio_nbytes = 4;
    request.aio_rw_flags = 1 << 20;
    SHOW(syscall(SYS_io_submit, context, 1l, requests));
    request.aio_rw_flags = 2;
    SHOW(syscall(SYS_io_submit, context, 1l, requests));
    request.aio_lio_opcode = IOCB_CMD_FSYNC;
    request.aio_buf = request.aio_nbytes = 0;
    SHOW(syscall(SYS_io_submit, context, 1l, requests));
}

DOCUMENTED(reserved_events_are_counted, "proc_sys_fs(5)",
           "/proc/sys/fs/aio-nr: \"0\n\"\n"
           "/proc/sys/fs/aio-nr: \"12\n\"\n"
           "/proc/sys/fs/aio-nr: \"0\n\"\n") {
    show_file("/proc/sys/fs/aio-nr");
    NEED(setup(12));
    show_file("/proc/sys/fs/aio-nr");
    NEED(syscall(SYS_io_destroy, context));
    show_file("/proc/sys/fs/aio-nr");
}
