// SPDX-License-Identifier: GPL-2.0-or-later
// Which waits a signal's handler ends and which go on after it, with and without SA_RESTART
// (signal(7)). A timer goes on interrupting, so that it does not matter when a wait begins; the
// third time the handler makes happen what the call waits for. No wait's own timeout is reached.
// What a stop and a continuation do comes last.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

static int ends[2], pair[2], event, set, listener;
static uint32_t word;
static sem_t semaphore;
static pid_t child;
static volatile int interruptions;
static void (*volatile completion)(void);

static void interrupt(int signal) {
    (void)signal;
    if (++interruptions == 3 && completion != NULL) completion();
}

static void timer(int milliseconds) {
    const struct itimerval t = {{0, milliseconds * 1000}, {0, milliseconds * 1000}};
    setitimer(ITIMER_REAL, &t, NULL);
}

static void feed_pipe(void) {
    if (write(ends[1], "x", 1) != 1) abort();
}
static void feed_pair(void) {
    if (write(pair[1], "x", 1) != 1) abort();
}
static void feed_event(void) {
    const uint64_t one = 1;
    if (write(event, &one, sizeof one) != sizeof one) abort();
}
static void post(void) {
    sem_post(&semaphore);
}
static void wake(void) {
    word = 1;
    syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0);
}
static void kill_child(void) {
    kill(child, SIGKILL);
}
static void connect_to_listener(void) {
    struct sockaddr_in a;
    socklen_t size = sizeof a;
    const int s = socket(AF_INET, SOCK_STREAM, 0);
    if (getsockname(listener, (struct sockaddr*)&a, &size) != 0 ||
        connect(s, (struct sockaddr*)&a, size) != 0)
        abort();
}

// Once without and once with SA_RESTART.
#define WAIT(name, what, call)                                    \
    for (int restart = 0; restart < 2; ++restart) {               \
        struct sigaction action = {.sa_handler = interrupt};      \
        action.sa_flags = restart ? SA_RESTART : 0;               \
        sigaction(SIGALRM, &action, NULL);                        \
        interruptions = 0;                                        \
        completion = what;                                        \
        timer(5);                                                 \
        errno = 0;                                                \
        const long result = (long)(call);                         \
        const int error = errno;                                  \
        timer(0);                                                 \
        printf("%s%s: %s\n", name, restart ? ", restarting" : "", \
               result >= 0 ? "done" : strerrorname_np(error));    \
        drain();                                                  \
    }

static void drain(void) {
    char bytes[64];
    while (read(ends[0], bytes, 0) == 0) {
        struct pollfd p = {ends[0], POLLIN, 0};
        if (poll(&p, 1, 0) != 1) break;
        if (read(ends[0], bytes, sizeof bytes) < 0) abort();
    }
    while (recv(pair[0], bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
    }
    struct pollfd p = {event, POLLIN, 0};
    if (poll(&p, 1, 0) == 1 && read(event, bytes, 8) != 8) abort();
    while (sem_trywait(&semaphore) == 0) {
    }
    word = 0;
}

static pid_t sleeping_child(void) {
    const pid_t pid = fork();
    if (pid != 0) return pid;
    for (;;) pause();
}
static long wait_for_child(void) {
    child = sleeping_child();
    const long result = waitpid(child, NULL, 0);
    const int error = errno;
    if (result < 0) {
        kill(child, SIGKILL);
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    errno = error;
    return result;
}

static struct timespec in_a_while(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    t.tv_sec += 1000;
    return t;
}

// What a call answers that a stop and a continuation fell into.
static void stopped(const char* name, long (*call)(void)) {
    fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
        errno = 0;
        const long result = call();
        printf("%s, stopped and continued: %s\n", name,
               result >= 0 ? "done" : strerrorname_np(errno));
        fflush(stdout);
        _exit(0);
    }
    int status;
    // The child says that it is about to wait; how far it is does not matter much.
    char byte;
    if (read(pair[0], &byte, 1) != 1) abort();
    nanosleep(&(struct timespec){0, 100 * 1000 * 1000}, NULL);
    kill(pid, SIGSTOP);
    waitpid(pid, &status, WUNTRACED);
    kill(pid, SIGCONT);
    nanosleep(&(struct timespec){0, 100 * 1000 * 1000}, NULL);
    feed_pipe();
    waitpid(pid, &status, 0);
    drain();
}
static long stopped_epoll(void) {
    feed_pair();
    struct epoll_event e;
    return epoll_wait(set, &e, 1, -1);
}
static long stopped_poll(void) {
    feed_pair();
    struct pollfd p = {ends[0], POLLIN, 0};
    return poll(&p, 1, -1);
}
static long stopped_read(void) {
    feed_pair();
    char byte;
    return read(ends[0], &byte, 1);
}
static long stopped_sleep(void) {
    feed_pair();
    return nanosleep(&(struct timespec){0, 300 * 1000 * 1000}, NULL);
}
static long stopped_futex(void) {
    feed_pair();
    const struct timespec t = {0, 300 * 1000 * 1000};
    const long result = syscall(SYS_futex, &word, FUTEX_WAIT, 0, &t, NULL, 0);
    if (result < 0 && errno == ETIMEDOUT) return 0;
    return result;
}

// The page that handlers return to is a child's too, wherever the child maps memory of its own.
static void handled(int signal) {
    (void)signal;
}
static void handlers_return_in_a_child(void) {
    signal(SIGUSR1, handled);
    raise(SIGUSR1);
    const pid_t pid = fork();
    if (pid == 0) {
        for (int i = 0; i < 20; ++i)
            mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        raise(SIGUSR1);
        _exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    printf("a child's handler returned: %x\n", (unsigned)status);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    handlers_return_in_a_child();
    if (pipe(ends) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return 1;
    event = eventfd(0, 0);
    sem_init(&semaphore, 0, 0);
    set = epoll_create1(0);
    struct epoll_event e = {.events = EPOLLIN};
    epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &e);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr*)&a, sizeof a) != 0 || listen(listener, 10) != 0) return 1;
    char byte;
    uint64_t number;
    const struct timespec longer = {1000, 0};
    const struct timeval limit = {1000, 0};

    WAIT("read of a pipe", feed_pipe, read(ends[0], &byte, 1));
    WAIT("read of an eventfd", feed_event, read(event, &number, 8));
    WAIT("recv", feed_pair, recv(pair[0], &byte, 1, 0));
    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    WAIT("recv with SO_RCVTIMEO", feed_pair, recv(pair[0], &byte, 1, 0));
    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){0, 0}, sizeof limit);
    WAIT("accept", connect_to_listener, accept(listener, NULL, NULL));
    setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    WAIT("accept with SO_RCVTIMEO", connect_to_listener, accept(listener, NULL, NULL));
    WAIT("waitpid", kill_child, wait_for_child());
    WAIT("futex", wake, syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0));
    WAIT("futex with a timeout", wake, syscall(SYS_futex, &word, FUTEX_WAIT, 0, &longer, NULL, 0));
    struct timespec then = in_a_while(CLOCK_MONOTONIC);
    WAIT("futex until a time", wake,
         syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 0, &then, NULL, FUTEX_BITSET_MATCH_ANY));
    WAIT("sem_wait", post, sem_wait(&semaphore));
    then = in_a_while(CLOCK_REALTIME);
    WAIT("sem_timedwait", post, sem_timedwait(&semaphore, &then));
    WAIT("poll", feed_pipe, poll(&(struct pollfd){ends[0], POLLIN, 0}, 1, -1));
    WAIT("poll with a timeout", feed_pipe, poll(&(struct pollfd){ends[0], POLLIN, 0}, 1, 1000000));
    WAIT("select", feed_pipe, ({
             fd_set files;
             FD_ZERO(&files);
             FD_SET(ends[0], &files);
             select(ends[0] + 1, &files, NULL, NULL, NULL);
         }));
    WAIT("epoll_wait", feed_pipe, epoll_wait(set, &e, 1, -1));
    WAIT("nanosleep", NULL, nanosleep(&longer, NULL));
    WAIT("clock_nanosleep", NULL,
         (errno = clock_nanosleep(CLOCK_MONOTONIC, 0, &longer, NULL)) == 0 ? 0 : -1);
    WAIT("pause", NULL, pause());
    sigset_t none, other;
    sigemptyset(&none);
    sigemptyset(&other);
    sigaddset(&other, SIGUSR2);
    sigprocmask(SIG_BLOCK, &other, NULL);
    WAIT("sigsuspend", NULL, sigsuspend(&none));
    WAIT("sigtimedwait", NULL, sigtimedwait(&other, NULL, &longer));

    stopped("epoll_wait", stopped_epoll);
    stopped("poll", stopped_poll);
    stopped("read", stopped_read);
    stopped("nanosleep", stopped_sleep);
    stopped("futex", stopped_futex);
    return 0;
}
