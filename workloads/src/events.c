// SPDX-License-Identifier: GPL-2.0-or-later
// Descriptors without a name - eventfd, timerfd, signalfd, memfd, pidfd - and timers that send signals.
// Usage: events.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static volatile int hits, over;
static volatile long val;
static void on(int s, siginfo_t* i, void* u) {
    (void)s;
    (void)u;
    hits++;
    over += i->si_overrun;
    val = i->si_value.sival_int;
}
static int pol(int fd) {
    struct pollfd f = {fd, POLLIN | POLLOUT, 0};
    poll(&f, 1, 0);
    return f.revents;
}
int main(void) {
    setvbuf(stdout, 0, _IONBF, 0);
    uint64_t v;
    ssize_t n;
    int e = eventfd(3, EFD_NONBLOCK);
    printf("%x\n", pol(e));
    n = read(e, &v, 8);
    printf("%zd %lu\n", n, (unsigned long)v);
    n = read(e, &v, 8);
    printf("%zd %d %x\n", n, errno, pol(e));
    v = ~0ull - 1;
    write(e, &v, 8);
    v = 1;
    n = write(e, &v, 8);
    printf("%zd %d %x\n", n, errno, pol(e));
    v = ~0ull;
    n = write(e, &v, 8);
    printf("%zd %d\n", n, errno);
    n = read(e, &v, 4);
    printf("%zd %d\n", n, errno);
    close(e);
    e = eventfd(2, EFD_SEMAPHORE);
    char b16[16];
    n = read(e, b16, 16);
    printf("sem %zd %d\n", n, b16[0]);
    read(e, &v, 8);
    if (fork() == 0) {
        usleep(1000);
        v = 5;
        write(e, &v, 8);
        _exit(0);
    }
    n = read(e, &v, 8);
    printf("blocked %zd %lu\n", n, v);
    wait(0);
    close(e);
    printf("bad %d %d\n", eventfd(0, 77), errno);
    int t = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    n = read(t, &v, 8);
    printf("t %zd %d\n", n, errno);
    struct itimerspec s = {{0, 10000000}, {0, 5000000}}, g;
    timerfd_settime(t, 0, &s, 0);
    timerfd_gettime(t, &g);
    printf("%ld.%d %ld\n", (long)g.it_value.tv_sec, g.it_value.tv_nsec > 4000000, g.it_interval.tv_nsec);
    usleep(28000);
    printf("%x\n", pol(t));
    n = read(t, &v, 8);
    printf("%zd %d\n", n, v >= 3);
    memset(&s, 0, sizeof s);
    timerfd_settime(t, 0, &s, &g);
    printf("%d\n", g.it_value.tv_nsec > 0);
    n = read(t, &v, 8);
    printf("%zd %d\n", n, errno);
    close(t);
    t = timerfd_create(CLOCK_REALTIME, 0);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    s.it_value = now;
    s.it_value.tv_sec += 1;
    timerfd_settime(t, TFD_TIMER_ABSTIME, &s, 0);
    n = read(t, &v, 8);
    printf("abs %zd %lu\n", n, v);
    struct timespec l;
    clock_gettime(CLOCK_REALTIME, &l);
    printf("%d\n", l.tv_sec > now.tv_sec);
    s.it_value.tv_sec = 1;
    timerfd_settime(t, TFD_TIMER_ABSTIME, &s, 0);
    n = read(t, &v, 8);
    printf("past %zd %lu\n", n, v);
    printf("%d %d\n", timerfd_create(99, 0), errno);
    s.it_value.tv_nsec = -1;
    n = timerfd_settime(t, 0, &s, 0);
    printf("%zd %d\n", n, errno);
    n = timerfd_settime(0, 0, &s, 0);
    printf("%zd %d\n", n, errno);
    close(t);
    sigset_t m;
    sigemptyset(&m);
    sigaddset(&m, SIGUSR1);
    sigaddset(&m, SIGCHLD);
    sigaddset(&m, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &m, 0);
    int sf = signalfd(-1, &m, SFD_NONBLOCK);
    struct signalfd_siginfo si[4];
    n = read(sf, si, sizeof si);
    printf("sig %zd %d\n", n, errno);
    kill(getpid(), SIGUSR1);
    union sigval sv = {.sival_int = 42};
    sigqueue(getpid(), SIGRTMIN, sv);
    printf("%x\n", pol(sf));
    n = read(sf, si, sizeof si);
    printf("%zd %u %d %d | %u %d %d\n", n, si[0].ssi_signo, si[0].ssi_code, si[0].ssi_pid == (unsigned)getpid(),
           si[1].ssi_signo, si[1].ssi_code, si[1].ssi_int);
    n = read(sf, si, 10);
    printf("%zd %d\n", n, errno);
    fcntl(sf, F_SETFL, 0);
    pid_t c = fork();
    if (c == 0) {
        usleep(2000);
        _exit(7);
    }
    n = read(sf, si, 128);
    printf("chld %zd %u %d %d\n", n, si[0].ssi_signo, si[0].ssi_status, si[0].ssi_pid == (unsigned)c);
    wait(0);
    close(sf);
    printf("%d %d\n", signalfd(0, &m, 0), errno);
    int mf = memfd_create("x", MFD_ALLOW_SEALING);
    struct stat st;
    write(mf, "hello", 5);
    fstat(mf, &st);
    printf("memfd %ld %o %d\n", (long)st.st_size, st.st_mode, (int)st.st_nlink);
    ftruncate(mf, 8192);
    char* a = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, mf, 0);
    printf("%s\n", a);
    a[4096] = 'Z';
    a[0] = 'J';
    char buf[8] = {0};
    pread(mf, buf, 5, 0);
    printf("%s\n", buf);
    pread(mf, buf, 1, 4096);
    printf("%c\n", buf[0]);
    pwrite(mf, "QQ", 2, 4095);
    printf("%c%c\n", a[4095], a[4096]);
    n = fcntl(mf, F_ADD_SEALS, F_SEAL_WRITE);
    printf("%zd %d\n", n, errno);
    munmap(a, 8192);
    n = fcntl(mf, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK);
    printf("%zd %d\n", n, fcntl(mf, F_GET_SEALS));
    n = write(mf, "a", 1);
    printf("%zd %d\n", n, errno);
    n = ftruncate(mf, 0);
    printf("%zd %d\n", n, errno);
    a = mmap(0, 4096, PROT_WRITE | PROT_READ, MAP_SHARED, mf, 0);
    printf("%d %d\n", a == MAP_FAILED, errno);
    a = mmap(0, 4096, PROT_WRITE | PROT_READ, MAP_PRIVATE, mf, 0);
    a[1] = 'x';
    printf("%c%c\n", a[0], a[1]);
    char lk[64] = {0};
    char pn[32];
    sprintf(pn, "/proc/self/fd/%d", mf);
    readlink(pn, lk, 63);
    printf("%s\n", lk);
    int m2 = memfd_create("y", 0);
    printf("%d\n", fcntl(m2, F_GET_SEALS));
    n = fcntl(m2, F_ADD_SEALS, 1);
    printf("%zd %d\n", n, errno);
    pn[0] = 0;
    memset(lk, 0, 64);
    int ee = eventfd(0, 0);
    sprintf(pn, "/proc/self/fd/%d", ee);
    readlink(pn, lk, 63);
    printf("%s\n", lk);
    printf("%d %d\n", fcntl(ee, F_GET_SEALS), errno);
    c = fork();
    if (c == 0) {
        usleep(3000);
        _exit(3);
    }
    int pf = syscall(SYS_pidfd_open, c, 0);
    printf("pidfd %x\n", pol(pf) & 1);
    struct pollfd f = {pf, POLLIN, 0};
    printf("%d %x\n", poll(&f, 1, -1), f.revents);
    siginfo_t inf;
    memset(&inf, 0, sizeof inf);
    n = waitid(3, pf, &inf, WEXITED);
    printf("%zd %d %d\n", n, inf.si_status, inf.si_pid == c);
    n = syscall(SYS_pidfd_send_signal, pf, SIGTERM, 0, 0);
    printf("%zd %d\n", n, errno);
    struct sigaction sa = {.sa_sigaction = on, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR2, &sa, 0);
    struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2, .sigev_value.sival_int = 77};
    timer_t id;
    printf("tc %d\n", timer_create(CLOCK_MONOTONIC, &ev, &id));
    struct itimerspec ts = {{0, 20000000}, {0, 20000000}};
    timer_settime(id, 0, &ts, 0);
    struct timespec r = {0, 110000000}, rem;
    while (nanosleep(&r, &rem) < 0) r = rem;
    printf("hits %d %ld\n", hits >= 4, val);
    timer_gettime(id, &g);
    printf("%ld\n", g.it_interval.tv_nsec);
    sigset_t u;
    sigemptyset(&u);
    sigaddset(&u, SIGUSR2);
    sigprocmask(SIG_BLOCK, &u, 0);
    usleep(30000);
    over = 0;
    hits = 0;
    r.tv_sec = 0;
    r.tv_nsec = 105000000;
    nanosleep(&r, 0);
    sigprocmask(SIG_UNBLOCK, &u, 0);
    printf("over %d %d %d\n", hits >= 1, over >= 4, timer_getoverrun(id) >= 0);
    timer_delete(id);
    printf("%d\n", timer_delete(id) < 0 ? errno : 0);
    signal(SIGVTALRM, SIG_DFL);
    ev.sigev_notify = SIGEV_NONE;
    timer_create(CLOCK_REALTIME, &ev, &id);
    ts.it_interval.tv_nsec = 0;
    ts.it_value.tv_sec = 1;
    ts.it_value.tv_nsec = 0;
    timer_settime(id, 0, &ts, &g);
    timer_gettime(id, &g);
    printf("none %d\n", g.it_value.tv_nsec > 900000000 || g.it_value.tv_sec == 1);
    ev.sigev_notify = 9;
    printf("%d %d\n", timer_create(CLOCK_REALTIME, &ev, &id), errno);
    printf("%d %d\n", timer_create(42, 0, &id), errno);
    hits = 0;
    sigaction(SIGPROF, &sa, 0);
    sigaction(SIGVTALRM, &sa, 0);
    struct itimerval iv = {{0, 10000}, {0, 10000}};
    setitimer(ITIMER_PROF, &iv, 0);
    for (volatile long i = 0; i < 60000000 && hits < 3; i++)
        ;
    printf("prof %d\n", hits >= 3);
    memset(&iv, 0, sizeof iv);
    setitimer(ITIMER_PROF, &iv, 0);
    iv.it_value.tv_usec = 20000;
    hits = 0;
    setitimer(ITIMER_VIRTUAL, &iv, 0);
    for (volatile long i = 0; i < 200000000 && hits < 1; i++)
        ;
    printf("virt %d\n", hits);
    if (fork() == 0) {
        struct itimerspec q;
        printf("child %d\n", timer_gettime(id, &q) < 0 ? errno : 0);
        _exit(0);
    }
    wait(0);
    return 0;
}
