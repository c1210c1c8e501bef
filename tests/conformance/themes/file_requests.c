// SPDX-License-Identifier: GPL-2.0-or-later
// ioctls that the kernel answers for files of every kind, and those of its random devices.
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/random.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#ifndef FIOQSIZE
#define FIOQSIZE 0x5460
#endif
#define WHY "qemu 7.2 has not these ioctls"

NATIVE(a_tmpfs_clones_no_blocks, WHY) {
    make_file("from", "text");
    make_file("to", "");
    int ends[2];
    NEED(pipe(ends));
    const int from = open("from", O_RDONLY), to = open("to", O_RDWR),
              appends = open("to", O_WRONLY | O_APPEND), directory = open(".", O_RDONLY);
    struct file_clone_range range = {.src_fd = from};
    SHOW(ioctl(to, FICLONE, from));
    SHOW(ioctl(to, FICLONERANGE, &range));
    SHOW(ioctl(to, FICLONERANGE, 8));
    SHOW(ioctl(to, FICLONE, -1));
    SHOW(ioctl(to, FICLONE, open("from", O_PATH)));
    SHOW(ioctl(from, FICLONE, to));
    SHOW(ioctl(appends, FICLONE, from));
    SHOW(ioctl(to, FICLONE, open("from", O_WRONLY)));
    SHOW(ioctl(to, FICLONE, directory));
    SHOW(ioctl(directory, FICLONE, from));
    SHOW(ioctl(to, FICLONE, ends[0]));
    SHOW(ioctl(ends[1], FICLONE, ends[0]));
}

NATIVE(where_a_file_has_its_blocks, WHY) {
    long long bytes = 0;
    int block = 3, ends[2];
    make_file("file", "text");
    NEED(pipe(ends));
    const int fd = open("file", O_RDWR);
    SHOW(ioctl(fd, FIOQSIZE, &bytes));
    SHOW(bytes);
    SHOW(ioctl(open(".", O_RDONLY), FIOQSIZE, &bytes));
    SHOW(ioctl(ends[0], FIOQSIZE, &bytes));
    SHOW(ioctl(fd, FIOQSIZE, 8));
    SHOW(ioctl(fd, FIBMAP, &block));
    SHOW(block);
    SHOW(ioctl(fd, FIBMAP, 8));
    SHOW(ioctl(open(".", O_RDONLY), FIBMAP, &block));
}

static void asks_the_random_device(void) {
    const int fd = open("/dev/urandom", O_RDONLY);
    int bits = 0;
    SHOW(ioctl(fd, RNDGETENTCNT, &bits));
    SHOW(ioctl(fd, RNDADDTOENTCNT, &bits));
    SHOW(ioctl(fd, RNDCLEARPOOL, 0));
    SHOW(ioctl(fd, RNDZAPENTCNT, 0));
    SHOW(ioctl(fd, RNDRESEEDCRNG, 0));
    SHOW(ioctl(fd, RNDADDENTROPY, 0));
    SHOW(ioctl(fd, TCGETS, &bits));
}

NATIVE(random_devices_take_requests, WHY) {
    struct {
        int bits, bytes;
        char data[4];
    } given = {0, 4, "abc"};
    int bits = -1;
    const int fd = open("/dev/random", O_RDWR);
    SHOW(ioctl(fd, RNDGETENTCNT, &bits));
    SHOW(bits);
    SHOW(ioctl(fd, RNDGETENTCNT, 8));
    bits = -1;
    SHOW(ioctl(fd, RNDADDTOENTCNT, &bits));
    bits = 0;
    SHOW(ioctl(fd, RNDADDTOENTCNT, &bits));
    SHOW(ioctl(fd, RNDADDENTROPY, &given));
    given.bits = -1;
    SHOW(ioctl(fd, RNDADDENTROPY, &given));
    SHOW(ioctl(fd, RNDADDENTROPY, 8));
    SHOW(ioctl(fd, RNDCLEARPOOL, 0));
    SHOW(ioctl(fd, RNDZAPENTCNT, 0));
    AS_USER(asks_the_random_device);
}

NATIVE(only_what_can_signal_takes_o_async, WHY) {
    int ends[2], on = 1, off = 0;
    make_file("file", "");
    NEED(pipe(ends));
    const int fd = open("file", O_RDWR);
    SHOW(fcntl(fd, F_SETFL, O_ASYNC));
    SHOW((fcntl(fd, F_GETFL) & O_ASYNC) != 0);
    SHOW(ioctl(fd, FIOASYNC, &on));
    SHOW(ioctl(fd, FIOASYNC, &off));
    SHOW(ioctl(ends[0], FIOASYNC, &on));
    SHOW((fcntl(ends[0], F_GETFL) & O_ASYNC) != 0);
    SHOW(fcntl(ends[0], F_SETFL, 0));
    SHOW((fcntl(ends[0], F_GETFL) & O_ASYNC) != 0);
}
