// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "arguments.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "random.h"

enum { PAGE = 4096, BUFFER_PAGES = 4, SLOT = 1024, MOST_DESCRIPTORS = 64 };

// Four pages to write, then one that is not mapped, then one to read only, one without any right, and a shared one.
static uint8_t* arena;
static uint8_t* read_only;
static uint8_t* no_access;
static uint8_t* shared;
static uint64_t last_slot;  // what was filled last
static int descriptors[MOST_DESCRIPTORS];
static int descriptor_count;

static void keep(int fd) {
    if (fd >= 0 && descriptor_count < MOST_DESCRIPTORS) descriptors[descriptor_count++] = fd;
}

static void keep_pair(const int pair[2]) {
    keep(pair[0]);
    keep(pair[1]);
}

static void open_files(void) {
    mkdir("/tmp/d", 0777);
    keep(open("/tmp/regular", O_RDWR | O_CREAT, 0666));
    keep(open("/tmp/append", O_RDWR | O_CREAT | O_APPEND, 0600));
    keep(open("/tmp/regular", O_RDONLY));
    keep(open("/tmp/d", O_RDONLY | O_DIRECTORY));
    keep(open("/tmp", O_PATH));
    symlink("regular", "/tmp/link");
    keep(open("/tmp/link", O_PATH | O_NOFOLLOW));
    int removed = open("/tmp/removed", O_RDWR | O_CREAT, 0666);
    unlink("/tmp/removed");
    keep(removed);
    mkfifo("/tmp/fifo", 0666);
    keep(open("/tmp/fifo", O_RDWR | O_NONBLOCK));
    keep(open("/proc/self/exe", O_RDONLY));
    keep(open("/proc/self/maps", O_RDONLY));
    keep(open("/proc/self/fd", O_RDONLY | O_DIRECTORY));
    keep(open("/proc/self/mem", O_RDWR));
    keep(open("/proc", O_RDONLY | O_DIRECTORY));
    keep(open("/dev/null", O_RDWR));
    keep(open("/dev/zero", O_RDWR));
    keep(open("/dev/urandom", O_RDONLY));
    keep(open("/dev/tty", O_RDWR));
}

static void open_events(void) {
    keep(epoll_create1(0));
    keep(eventfd(0, EFD_NONBLOCK));
    keep(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
    sigset_t set;
    sigfillset(&set);
    keep(signalfd(-1, &set, SFD_NONBLOCK));
    keep((int)syscall(SYS_memfd_create, "m", 3));
    keep((int)syscall(SYS_pidfd_open, getpid(), 0));
    keep((int)syscall(SYS_inotify_init1, O_NONBLOCK));
}

static void open_streams(void) {
    int pair[2];
    if (pipe2(pair, O_NONBLOCK) == 0) keep_pair(pair);
    if (pipe(pair) == 0) keep_pair(pair);
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    for (int i = 0; i < 3; ++i)
        if (socketpair(AF_UNIX, types[i] | SOCK_NONBLOCK, 0, pair) == 0) keep_pair(pair);
    static const int families[] = {AF_UNIX, AF_INET, AF_INET6};
    for (int family = 0; family < 3; ++family)
        for (int type = 0; type < 2; ++type) keep(socket(families[family], types[type] | SOCK_NONBLOCK, 0));
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    bind(listener, (struct sockaddr*)&at, sizeof at);
    listen(listener, 4);
    keep(listener);
    int master, slave;
    if (openpty(&master, &slave, 0, 0, 0) == 0) {
        keep(master);
        keep(slave);
    }
}

void make_arguments(void) {
    descriptor_count = 0;
    uint8_t* all = mmap(0, (BUFFER_PAGES + 4) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    arena = all;
    munmap(all + BUFFER_PAGES * PAGE, PAGE);
    read_only = all + (BUFFER_PAGES + 1) * PAGE;
    mprotect(read_only, PAGE, PROT_READ);
    no_access = read_only + PAGE;
    mprotect(no_access, PAGE, PROT_NONE);
    shared = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    open_files();
    open_events();
    open_streams();
}

uint64_t any_descriptor(void) {
    static const int odd[] = {-1, AT_FDCWD, 0, 1, 2, 3, 999, 0x7fffffff, (int)0x80000000};
    // Those that calls have opened since are small numbers.
    if (one_in(4)) return (uint64_t)(int64_t)PICK(odd);
    if (one_in(4)) return below(100);
    return descriptor_count == 0 ? 0 : (uint64_t)descriptors[below((uint64_t)descriptor_count)];
}

uint64_t any_process(void) {
    static const int odd[] = {0, -0x7fffffff, 999999, 0x7fffffff, (int)0x80000000};
    return one_in(2) ? (uint64_t)getpid() : (uint64_t)(int64_t)PICK(odd);
}

uint64_t any_number(void) {
    static const uint64_t edges[] = {0, 1, 2, 3, 4, 7, 8, 15, 16, 63, 64, 127, 128, 255, 256, 1023, 1024, 4095, 4096, 4097, 65535, 65536,
                                     0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000,
                                     0xfffffffffffff000, 0xffffffffffffffff, 1ul << 36, 1ul << 47, 1ul << 48, 1ul << 52};
    switch (below(5)) {
        case 0: return PICK(edges);
        case 1: return PICK(edges) + below(5) - 2;
        case 2: return 1ul << below(64);
        case 3: return below(512);
        default: return next_random() >> below(64);
    }
}

uint64_t any_address(void) {
    static const uint64_t wild[] = {0, 1, 8, 0xfff, 0x1000, 1ul << 47, (1ul << 48) - 4096, 1ul << 48, 0xffff000000000000, 0xffffffffffffffff,
                                    0x8000000000000000, 0x00ff000000000000};
    const uint64_t buffer = (uint64_t)arena;
    switch (below(12)) {
        case 0: return PICK(wild) + below(16);
        case 1: return (uint64_t)read_only + below(PAGE);
        case 2: return (uint64_t)no_access + below(PAGE);
        case 3: return (uint64_t)shared + (below(2 * PAGE) & ~7ul);
        case 4: return buffer + BUFFER_PAGES * PAGE - below(64);  // its end lies in no mapping
        case 5: return buffer | below(255) << 56;                 // tagged
        case 6: return (uint64_t)&any_address;                    // code
        case 7: return (uint64_t)__builtin_frame_address(0) - 65536;
        case 8: return buffer + below(BUFFER_PAGES * PAGE);
        default: return last_slot;
    }
}

uint64_t any_argument(void) {
    switch (below(3)) {
        case 0: return any_descriptor();
        case 1: return any_address();
        default: return any_number();
    }
}

static void put_path(uint8_t* to) {
    static const char* const paths[] = {"/tmp/regular", "/tmp/d", "/tmp/d/new", "/tmp/link", "/tmp/fifo", "/tmp/removed", "/proc/self/maps",
                                        "/proc/self/fd/3", "/proc/self/fd/7", "/proc/self/exe", "/proc/self/cwd/../..", "/dev/null", "/dev/ptmx",
                                        "/dev/shm/x", "/", ".", "..", "", "regular", "../../../../etc/passwd", "/tmp/socket", "/tmp/a", "/tmp/a/b",
                                        "/tmp/regular (deleted)", "//tmp//d//", "/tmp/d/.", "/tmp/d/..", "/sys", "/proc/1/root"};
    if (one_in(40)) {
        memset(to, one_in(2) ? 'a' : '/', 2 * PAGE);
        return;
    }
    strcpy((char*)to, PICK(paths));
}

static void put_socket_address(uint8_t* to) {
    union {
        struct sockaddr_in four;
        struct sockaddr_in6 six;
        struct sockaddr_un local;
    } a;
    memset(&a, 0, sizeof a);
    switch (below(4)) {
        case 0:
            a.four.sin_family = AF_INET;
            a.four.sin_addr.s_addr = htonl(one_in(3) ? INADDR_ANY : INADDR_LOOPBACK);
            a.four.sin_port = htons((uint16_t)(4000 + below(4)));
            break;
        case 1:
            a.six.sin6_family = AF_INET6;
            a.six.sin6_addr = in6addr_loopback;
            a.six.sin6_port = htons((uint16_t)(4000 + below(4)));
            break;
        case 2:
            a.local.sun_family = AF_UNIX;
            strcpy(a.local.sun_path + below(2), "/tmp/socket");
            break;
        default: a.four.sin_family = (sa_family_t)below(50);
    }
    memcpy(to, &a, sizeof a);
}

static void put_words(uint8_t* to, unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
        uint64_t word = any_argument();
        memcpy(to + 8 * i, &word, 8);
    }
}

static void put_vectors(uint8_t* to) {
    for (int i = 0; i < 8; ++i) {
        struct iovec v = {(void*)any_address(), one_in(4) ? any_number() : below(9000)};
        memcpy(to + (size_t)i * sizeof v, &v, sizeof v);
    }
}

static void put_message(uint8_t* to) {
    struct msghdr m = {.msg_name = (void*)any_address(), .msg_namelen = (socklen_t)below(130), .msg_iov = (struct iovec*)(to + 512),
                       .msg_iovlen = below(9), .msg_control = to + 256, .msg_controllen = below(200), .msg_flags = (int)any_number()};
    put_vectors(to + 512);
    struct cmsghdr c = {.cmsg_len = one_in(4) ? any_number() : 16 + 4 * below(9), .cmsg_level = SOL_SOCKET, .cmsg_type = (int)(1 + below(2))};
    memcpy(to + 256, &c, sizeof c);
    for (int i = 0; i < 8; ++i) {
        int fd = (int)any_descriptor();
        memcpy(to + 256 + sizeof c + 4 * (size_t)i, &fd, 4);
    }
    memcpy(to, &m, sizeof m);
}

static void put_times(uint8_t* to) {
    static const int64_t nanoseconds[] = {0, 1, 1000, 1000000, 999999999, 1000000000, -1, 0x3fffffff, 0x3ffffffe};
    for (int i = 0; i < 4; ++i) {
        int64_t pair[2] = {one_in(4) ? (int64_t)any_number() : (int64_t)below(2), PICK(nanoseconds)};
        memcpy(to + 16 * i, pair, sizeof pair);
    }
}

// Masks, sets, flags and small numbers.
static void put_bits(uint8_t* to) {
    for (unsigned i = 0; i < SLOT / 8; ++i) {
        uint64_t word = next_random() & (one_in(2) ? 0xff : ~0ul);
        memcpy(to + 8 * i, &word, 8);
    }
}

void refresh_buffer(void) {
    // A random call may have unmapped the buffer: then the caller dies here, and the next one begins afresh.
    uint8_t* slot = arena + SLOT * below(BUFFER_PAGES * PAGE / SLOT - 2 * PAGE / SLOT);
    switch (below(7)) {
        case 0: put_path(slot); break;
        case 1: put_socket_address(slot); break;
        case 2: put_words(slot, SLOT / 8); break;
        case 3: put_vectors(slot); break;
        case 4: put_message(slot); break;
        case 5: put_times(slot); break;
        default: put_bits(slot);
    }
    last_slot = (uint64_t)slot;
}
