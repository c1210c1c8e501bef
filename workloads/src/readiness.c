// SPDX-License-Identifier: GPL-2.0-or-later
// Files that a program waits for: epoll in its modes, eventfd, timerfd, pipes; splice, memfd, and locks between
// processes. Prints every answer. No arguments.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "show.h"

static char buf[1 << 17];
static struct epoll_event out[8];
static int e;

static int control(int operation, int fd, unsigned events) {
    struct epoll_event event = {events, {.u64 = 7700 + (unsigned)fd % 2}};
    return epoll_ctl(e, operation, fd, &event);
}

static void wait_events(int line) {
    out[0].events = 0;
    const int n = epoll_wait(e, out, 8, 0);
    printf("%d: %d %x\n", line, n, n > 0 ? out[0].events : 0);
}
#define WAIT() wait_events(__LINE__)

static void epoll_modes(void) {
    puts("-- epoll");
    int s[2];
    e = epoll_create1(0);
    SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
    SHOW(control(EPOLL_CTL_ADD, s[0], EPOLLIN));
    SHOW(control(EPOLL_CTL_ADD, s[0], EPOLLIN));
    SHOW(control(EPOLL_CTL_MOD, s[1], EPOLLIN));
    SHOW(control(EPOLL_CTL_DEL, s[1], EPOLLIN));
    SHOW(control(EPOLL_CTL_ADD, e, EPOLLIN));
    SHOW(control(EPOLL_CTL_ADD, 999, EPOLLIN));
    SHOW(control(9, s[1], EPOLLIN));
    int file = open("readiness.file", O_RDWR | O_CREAT, 0600);
    SHOW(control(EPOLL_CTL_ADD, file, EPOLLIN));
    unlink("readiness.file");
    close(file);
    WAIT();
    puts("level");
    SHOW(write(s[1], "abc", 3));
    WAIT();
    WAIT();
    puts("edge");
    SHOW(control(EPOLL_CTL_MOD, s[0], EPOLLIN | EPOLLET));
    WAIT();
    WAIT();
    SHOW(write(s[1], "d", 1));
    WAIT();
    SHOW(read(s[0], buf, 2));
    WAIT();
    puts("once");
    SHOW(control(EPOLL_CTL_MOD, s[0], EPOLLIN | EPOLLONESHOT));
    WAIT();
    SHOW(write(s[1], "e", 1));
    WAIT();
    puts("ends");
    SHOW(control(EPOLL_CTL_MOD, s[0], EPOLLIN | EPOLLOUT | EPOLLRDHUP));
    WAIT();
    SHOW(shutdown(s[1], SHUT_WR));
    WAIT();
    close(s[1]);
    WAIT();
    SHOW(dup2(s[0], 40));
    close(s[0]);
    WAIT();
    close(40);
    WAIT();
    SHOW(epoll_wait(e, out, 0, 0));
    SHOW(epoll_wait(0, out, 1, 0) == -1 && errno == EINVAL);
    SHOW(epoll_wait(99, out, 1, 0));
    SHOW(epoll_wait(e, out, 8, 3));
}

static void epoll_nested(void) {
    puts("-- nested, and in order");
    int inner = epoll_create1(0), event = eventfd(0, EFD_NONBLOCK);
    struct epoll_event in = {EPOLLIN, {.u64 = 1}};
    SHOW(epoll_ctl(inner, EPOLL_CTL_ADD, event, &in));
    SHOW(epoll_ctl(e, EPOLL_CTL_ADD, inner, &in));
    SHOW(epoll_ctl(inner, EPOLL_CTL_ADD, e, &in));
    POLL(e);
    SHOW(eventfd_write(event, 3));
    POLL(e);
    POLL(inner);
    WAIT();
    eventfd_t value = 0;
    SHOW(eventfd_read(event, &value));
    SHOW(value);
    POLL(e);
    WAIT();
    SHOW(eventfd_read(event, &value));
    SHOW(eventfd_write(event, -1));
    SHOW(eventfd_write(event, -2));
    POLL(event);
    SHOW(eventfd_write(event, 1));
    SHOW(read(event, buf, 4));
    close(inner);
    close(event);
    int semaphore = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    SHOW(eventfd_read(semaphore, &value));
    SHOW(value);
    SHOW(eventfd_read(semaphore, &value));
    SHOW(eventfd_read(semaphore, &value));
    close(semaphore);
    int f[4];
    static const int order[4] = {2, 0, 3, 1};
    for (int i = 0; i < 4; ++i) {
        f[i] = eventfd(0, 0);
        struct epoll_event one = {EPOLLIN, {.u32 = (unsigned)i}};
        epoll_ctl(e, EPOLL_CTL_ADD, f[i], &one);
    }
    for (int i = 0; i < 4; ++i) eventfd_write(f[order[i]], 1);
    for (int round = 0; round < 3; ++round) {
        const int n = epoll_wait(e, out, 3, 0);
        printf("%d:", n);
        for (int i = 0; i < n; ++i) printf(" %u", out[i].data.u32);
        puts("");
    }
    close(e);
}

static void pipes(void) {
    puts("-- pipes");
    int p[2], waiting = -1;
    SHOW(pipe2(p, O_NONBLOCK));
    POLL(p[0]);
    POLL(p[1]);
    SHOW(fcntl(p[0], F_GETPIPE_SZ));
    SHOW(write(p[1], buf, 61440));
    POLL(p[1]);
    SHOW(write(p[1], buf, 1));
    POLL(p[1]);
    SHOW(write(p[1], buf, 4096));
    SHOW(ioctl(p[0], FIONREAD, &waiting));
    SHOW(waiting);
    SHOW(fcntl(p[0], F_SETPIPE_SZ, 4096));
    SHOW(read(p[0], buf, sizeof buf));
    SHOW(fcntl(p[0], F_SETPIPE_SZ, 5000));
    SHOW(read(p[0], buf, 1));
    SHOW(read(p[1], buf, 1));
    SHOW(write(p[0], buf, 1));
    puts("splice");
    int q[2];
    SHOW(pipe(q));
    SHOW(write(p[1], "hello world", 11));
    SHOW(tee(p[0], q[1], 5, 0));
    SHOW(splice(p[0], 0, q[1], 0, 6, 0));
    SHOW(read(q[0], buf, 100));
    printf("%.11s\n", buf);
    int file = open("readiness.file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    SHOW(splice(p[0], 0, file, 0, 100, 0));
    off_t at = 1;
    SHOW(splice(file, &at, q[1], 0, 3, 0));
    SHOW(at);
    SHOW(read(q[0], buf, 100));
    SHOW(splice(file, 0, file, 0, 3, 0));
    SHOW(splice(p[0], 0, q[1], 0, 3, SPLICE_F_NONBLOCK));
    SHOW(splice(p[0], &at, q[1], 0, 3, 0));
    unlink("readiness.file");
    close(file);
    close(q[0]);
    close(q[1]);
    puts("ends");
    close(p[0]);
    POLL(p[1]);
    SHOW(write(p[1], "x", 1));
    close(p[1]);
    SHOW(pipe(p));
    close(p[1]);
    POLL(p[0]);
    SHOW(read(p[0], buf, 1));
    close(p[0]);
}

static void across_processes(void) {
    puts("-- a writer that waits for room");
    int p[2];
    SHOW(pipe(p));
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        close(p[0]);
        const long n = write(p[1], buf, 100000);
        _exit(n == 100000 ? 5 : 6);
    }
    close(p[1]);
    long sum = 0, n;
    while ((n = read(p[0], buf, 30000)) > 0) sum += n;
    int status = 0;
    waitpid(child, &status, 0);
    SHOW(sum);
    SHOW(WEXITSTATUS(status));
    close(p[0]);
}

static void timers(void) {
    puts("-- timerfd");
    int t = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    unsigned long count = 0;
    struct itimerspec once = {{0, 0}, {0, 2000000}}, many = {{0, 1000000}, {0, 1000000}}, off = {{0, 0}, {0, 0}}, now;
    SHOW(read(t, &count, 8));
    SHOW(timerfd_settime(t, 0, &once, 0));
    POLL(t);
    SHOW(timerfd_gettime(t, &now));
    SHOW(now.it_value.tv_nsec > 0 && now.it_value.tv_nsec <= 2000000);
    struct pollfd p = {t, POLLIN, 0};
    SHOW(poll(&p, 1, 1000));
    SHOW(read(t, &count, 8));
    SHOW(count);
    SHOW(read(t, &count, 8));
    SHOW(timerfd_settime(t, 0, &many, 0));
    usleep(3500);
    SHOW(read(t, &count, 8));
    SHOW(count >= 3);
    SHOW(timerfd_settime(t, 0, &off, &now));
    SHOW(now.it_interval.tv_nsec);
    SHOW(read(t, &count, 4));
    SHOW(timerfd_settime(0, 0, &off, 0));
    SHOW(timerfd_settime(t, 8, &off, 0));
    close(t);
    SHOW(timerfd_create(99, 0));
}

static void memory_files(void) {
    puts("-- memfd");
    int m = memfd_create("name", MFD_ALLOW_SEALING);
    SHOW(write(m, "hello", 5));
    SHOW(ftruncate(m, 8192));
    char* at = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, m, 0);
    printf("%s\n", at);
    at[4096] = 'x';
    SHOW(pread(m, buf, 2, 4096));
    SHOW(buf[0]);
    SHOW(pwrite(m, "J", 1, 0));
    printf("%s\n", at);
    SHOW(lseek(m, 0, SEEK_END));
    SHOW(read(m, buf, 10));
    SHOW(fcntl(m, F_GET_SEALS));
    SHOW(fcntl(m, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK));
    SHOW(ftruncate(m, 1));
    SHOW(ftruncate(m, 10000));
    SHOW(fcntl(m, F_ADD_SEALS, F_SEAL_SEAL));
    SHOW(fcntl(m, F_ADD_SEALS, F_SEAL_WRITE));
    munmap(at, 8192);
    close(m);
}

static int try_locks(int fd) {
    struct flock lock = {.l_type = F_WRLCK, .l_start = 5, .l_len = 1};
    const int other = open("readiness.lock", O_RDWR);
    const int posix = fcntl(fd, F_SETLK, &lock);
    lock.l_type = F_WRLCK;
    const int asked = fcntl(fd, F_GETLK, &lock);
    const int whole = flock(other, LOCK_SH | LOCK_NB);
    return (posix != 0) + 2 * (asked == 0 && lock.l_type == F_WRLCK && lock.l_start == 0) + 4 * (whole != 0);
}

static int in_child(int fd) {
    int status = 0;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) _exit(try_locks(fd));
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static void locks(void) {
    puts("-- locks");
    int fd = open("readiness.lock", O_RDWR | O_CREAT, 0600), second = open("readiness.lock", O_RDWR);
    struct flock lock = {.l_type = F_WRLCK, .l_start = 0, .l_len = 10};
    SHOW(fcntl(fd, F_SETLK, &lock));
    SHOW(fcntl(second, F_SETLK, &lock));
    SHOW(flock(fd, LOCK_EX));
    SHOW(flock(second, LOCK_EX | LOCK_NB));
    SHOW(in_child(fd));
    SHOW(flock(fd, LOCK_UN));
    SHOW(in_child(fd));
    close(second);
    SHOW(in_child(fd));
    SHOW(fcntl(fd, F_OFD_SETLK, &lock));
    SHOW(in_child(fd));
    second = open("readiness.lock", O_RDWR);
    SHOW(fcntl(second, F_OFD_SETLK, &lock));
    close(fd);
    SHOW(fcntl(second, F_OFD_SETLK, &lock));
    close(second);
    unlink("readiness.lock");
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    epoll_modes();
    epoll_nested();
    pipes();
    across_processes();
    timers();
    memory_files();
    locks();
    return 0;
}
