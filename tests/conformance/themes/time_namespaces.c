// SPDX-License-Identifier: GPL-2.0-or-later
// Namespaces of times: what their offsets change (time_namespaces(7)).
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define OWN "qemu-aarch64 would have its own threads in the namespace"
#define SECOND 1000000000LL
enum { kMonotonicOffset = 1000, kBoottimeOffset = 5000 };

static long long now(clockid_t clock) {
    struct timespec time;
    NEED(clock_gettime(clock, &time));
    return time.tv_sec * SECOND + time.tv_nsec;
}
// By a system call, whatever the C library reads.
static long long asked(clockid_t clock) {
    struct timespec time;
    NEED(syscall(SYS_clock_gettime, clock, &time));
    return time.tv_sec * SECOND + time.tv_nsec;
}
static void write_offsets(const char* text) {
    const int fd = (int)NEED(open("/proc/self/timens_offsets", O_WRONLY));
    const ssize_t size = (ssize_t)strlen(text);
    SHOW(write(fd, text, (size_t)size) == size ? 0 : -1);
    close(fd);
}
// A namespace for the children, whose clocks are ahead.
static void make_offsets(void) {
    NEED(unshare(CLONE_NEWTIME));
    write_offsets("monotonic 1000 0\nboottime 5000 0");
}
static ino_t number_of(const char* name) {
    struct stat status;
    NEED(stat(name, &status));
    return status.st_ino;
}

static const clockid_t kClocks[] = {CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_MONOTONIC_COARSE,
                                    CLOCK_BOOTTIME,  CLOCK_REALTIME,      CLOCK_REALTIME_COARSE,
                                    CLOCK_TAI};
enum { kCount = sizeof kClocks / sizeof *kClocks };
static long long before[kCount];
static void remember(void) {
    for (int i = 0; i < kCount; ++i) before[i] = now(kClocks[i]);
}
// In thousands of seconds: a test takes less than one.
static void show_ahead(void) {
    for (int i = 0; i < kCount; ++i)
        printf("clock %d: %lld, asked %lld\n", (int)kClocks[i],
               (now(kClocks[i]) - before[i]) / (1000 * SECOND),
               (asked(kClocks[i]) - before[i]) / (1000 * SECOND));
}
NATIVE(clocks_of_the_children_are_ahead, OWN) {
    remember();
    make_offsets();
    show_ahead();
    IN_CHILD(show_ahead);
}

NATIVE(offsets_may_be_negative, OWN) {
    char text[64];
    const long long up = now(CLOCK_MONOTONIC) / SECOND;
    NEED(unshare(CLONE_NEWTIME));
    snprintf(text, sizeof text, "monotonic -%lld 0", up + 100);
    write_offsets(text);
    snprintf(text, sizeof text, "monotonic -%lld 0", up);
    write_offsets(text);
    if (fork() == 0) {
        SHOW(now(CLOCK_MONOTONIC) < 100 * SECOND);
        _exit(0);
    }
    wait(NULL);
}

NATIVE(wrong_offsets_are_refused, OWN) {
    NEED(unshare(CLONE_NEWTIME));
    write_offsets("monotonic");
    write_offsets("monotonic 1");
    write_offsets("realtime 1 0");
    write_offsets("monotonic 1 1000000000");
    write_offsets("monotonic 1 -1");
    write_offsets("monotonic x 0");
    write_offsets("monotonic 9223372037 0");
    write_offsets("monotonic 9223372036 0");
    write_offsets("boottime -9223372037 0");
    write_offsets("monotonic 10 0\nboottime x 0");
    show_file("/proc/self/timens_offsets");
    write_offsets("1 20 3");
    write_offsets("7 30 4\n");
    write_offsets("monotonic   40   5");
    show_file("/proc/self/timens_offsets");
}

static void stays_as_it_is(void) {
    write_offsets("monotonic 7 0");
    show_file("/proc/self/timens_offsets");
}
NATIVE(offsets_stay_when_somebody_is_in_the_namespace, OWN) {
    write_offsets("monotonic 7 0");
    make_offsets();
    IN_CHILD(stays_as_it_is);
    write_offsets("monotonic 7 0");
    show_file("/proc/self/timens_offsets");
}

static void writes_as_user(void) {
    write_offsets("monotonic 7 0");
    SHOW(unshare(CLONE_NEWTIME));
}
NATIVE(offsets_want_a_privilege, OWN) {
    AS_USER(writes_as_user);
}

NATIVE(a_new_namespace_has_the_offsets_of_the_old_one, OWN) {
    make_offsets();
    SHOW(unshare(CLONE_NEWTIME));
    show_file("/proc/self/timens_offsets");
    write_offsets("monotonic 2000 0");
    show_file("/proc/self/timens_offsets");
}

NATIVE(the_files_tell_both_namespaces, OWN) {
    const ino_t first = number_of("/proc/self/ns/time");
    SHOW(number_of("/proc/self/ns/time_for_children") == first);
    NEED(unshare(CLONE_NEWTIME));
    SHOW(number_of("/proc/self/ns/time") == first);
    SHOW(number_of("/proc/self/ns/time_for_children") == first);
    const int fd = (int)NEED(open("/proc/self/ns/time_for_children", O_RDONLY));
    SHOW(ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWTIME);
    SHOW(ioctl(fd, NS_GET_PARENT));
    if (fork() == 0) {
        SHOW(number_of("/proc/self/ns/time") == first);
        SHOW(number_of("/proc/self/ns/time") == number_of("/proc/self/ns/time_for_children"));
        _exit(0);
    }
    wait(NULL);
}

NATIVE(setns_enters_at_once, OWN) {
    const int first = (int)NEED(open("/proc/self/ns/time", O_RDONLY));
    remember();
    make_offsets();
    const int next = (int)NEED(open("/proc/self/ns/time_for_children", O_RDONLY));
    SHOW(setns(next, CLONE_NEWTIME));
    show_ahead();
    SHOW(number_of("/proc/self/ns/time") == number_of("/proc/self/ns/time_for_children"));
    SHOW(setns(first, 0));
    show_ahead();
}

static void* waits(void* unused) {
    for (;;) pause();
    return unused;
}
NATIVE(setns_wants_to_be_alone, OWN) {
    pthread_t thread;
    const int fd = (int)NEED(open("/proc/self/ns/time", O_RDONLY));
    NEED(pthread_create(&thread, NULL, waits, NULL));
    SHOW(setns(fd, CLONE_NEWTIME));
    SHOW(unshare(CLONE_NEWTIME));
}

NATIVE(setns_by_a_pidfd_enters_that_of_the_process, OWN) {
    remember();
    make_offsets();
    const pid_t child = paused_child();
    const int fd = (int)NEED(syscall(SYS_pidfd_open, child, 0));
    SHOW(setns(fd, CLONE_NEWTIME));
    show_ahead();
    kill(child, SIGKILL);
    show_end("child", child);
}

NATIVE(clone3_makes_the_child_a_namespace, OWN) {
    struct clone_args args = {.flags = CLONE_NEWTIME, .exit_signal = SIGCHLD};
    const ino_t first = number_of("/proc/self/ns/time");
    const pid_t child = (pid_t)syscall(SYS_clone3, &args, sizeof args);
    if (child == 0) {
        SHOW(number_of("/proc/self/ns/time") == first);
        write_offsets("monotonic 7 0");
        _exit(0);
    }
    show_end("child", child);
    SHOW(number_of("/proc/self/ns/time_for_children") == first);
}

NATIVE(a_child_in_the_same_memory_has_the_clocks_of_its_parent, OWN) {
    remember();
    make_offsets();
    const pid_t child = vfork();
    if (child == 0) {
        show_ahead();
        _exit(0);
    }
    show_end("child", child);
}

static struct timespec time_of(long long ns) {
    return (struct timespec){ns / SECOND, ns % SECOND};
}
static void sleeps(void) {
    for (int i = 0; i < 2; ++i) {
        const clockid_t clock = i == 0 ? CLOCK_MONOTONIC : CLOCK_BOOTTIME;
        const long long end = now(clock) + SECOND / 50;
        struct timespec until = time_of(end);
        SHOW(clock_nanosleep(clock, TIMER_ABSTIME, &until, NULL));
        SHOW(now(clock) >= end && now(clock) < end + SECOND * 10);
        // Before the namespace began.
        until = time_of(SECOND);
        SHOW(clock_nanosleep(clock, TIMER_ABSTIME, &until, NULL));
        until = time_of(SECOND / 100);
        SHOW(clock_nanosleep(clock, 0, &until, NULL));
    }
}
NATIVE(sleeps_end_by_the_clock_of_the_namespace, OWN) {
    make_offsets();
    IN_CHILD(sleeps);
}

static void waits_by_timerfd(void) {
    for (int i = 0; i < 2; ++i) {
        const clockid_t clock = i == 0 ? CLOCK_MONOTONIC : CLOCK_BOOTTIME;
        const int fd = (int)NEED(timerfd_create(clock, 0));
        const long long end = now(clock) + SECOND / 50;
        struct itimerspec wanted = {.it_value = time_of(end)}, left;
        uint64_t count = 0;
        NEED(timerfd_settime(fd, TFD_TIMER_ABSTIME, &wanted, NULL));
        NEED(timerfd_gettime(fd, &left));
        SHOW(left.it_value.tv_sec);
        SHOW(read(fd, &count, sizeof count));
        SHOW(now(clock) >= end && now(clock) < end + SECOND * 10);
        wanted.it_value = time_of(SECOND);
        NEED(timerfd_settime(fd, TFD_TIMER_ABSTIME, &wanted, NULL));
        SHOW(read(fd, &count, sizeof count));
    }
}
NATIVE(timerfds_expire_by_the_clock_of_the_namespace, OWN) {
    make_offsets();
    IN_CHILD(waits_by_timerfd);
}

static void waits_by_timer(void) {
    block_signal(SIGUSR1);
    const sigset_t set = signal_set(SIGUSR1);
    for (int i = 0; i < 2; ++i) {
        const clockid_t clock = i == 0 ? CLOCK_MONOTONIC : CLOCK_BOOTTIME;
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
        timer_t timer;
        NEED(timer_create(clock, &event, &timer));
        const long long end = now(clock) + SECOND / 50;
        struct itimerspec wanted = {.it_value = time_of(end)}, left;
        NEED(timer_settime(timer, TIMER_ABSTIME, &wanted, NULL));
        NEED(timer_gettime(timer, &left));
        SHOW(left.it_value.tv_sec);
        SHOW(sigwaitinfo(&set, NULL));
        SHOW(now(clock) >= end && now(clock) < end + SECOND * 10);
        wanted.it_value = time_of(SECOND);
        NEED(timer_settime(timer, TIMER_ABSTIME, &wanted, NULL));
        SHOW(sigwaitinfo(&set, NULL));
        NEED(timer_delete(timer));
    }
}
NATIVE(timers_expire_by_the_clock_of_the_namespace, OWN) {
    make_offsets();
    IN_CHILD(waits_by_timer);
}

static void waits_for_word(void) {
    int word = 0;
    const long long end = now(CLOCK_MONOTONIC) + SECOND / 50;
    const struct timespec until = time_of(end);
    SHOW(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 0, &until, NULL, FUTEX_BITSET_MATCH_ANY));
    SHOW(now(CLOCK_MONOTONIC) >= end && now(CLOCK_MONOTONIC) < end + SECOND * 10);
}
NATIVE(locks_time_out_by_the_clock_of_the_namespace, OWN) {
    make_offsets();
    IN_CHILD(waits_for_word);
}

static long long field(const char* name, int which) {
    char text[1024] = "";
    const int fd = (int)NEED(open(name, O_RDONLY));
    NEED(read(fd, text, sizeof text - 1));
    close(fd);
    char* at = strrchr(text, ')') != NULL ? strrchr(text, ')') + 2 : text;
    for (int i = 0; i < which; ++i) at = strchr(at, ' ') + 1;
    return atoll(at);
}
static long long up_before, info_before, start_before;
static long long uptime_of_info(void) {
    struct sysinfo info;
    NEED(sysinfo(&info));
    return info.uptime;
}
static void show_uptime(void) {
    printf("/proc/uptime %lld\n", (field("/proc/uptime", 0) - up_before) / 1000);
    printf("sysinfo %lld\n", (uptime_of_info() - info_before) / 1000);
    // Of a process that started before.
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/stat", (int)getppid());
    printf("start %lld\n", (field(name, 19) - start_before) / 1000 / sysconf(_SC_CLK_TCK));
}
NATIVE(the_time_since_the_start_is_that_of_the_namespace, OWN) {
    up_before = field("/proc/uptime", 0);
    info_before = uptime_of_info();
    start_before = field("/proc/self/stat", 19);
    SHOW(start_before <= (up_before + 1) * sysconf(_SC_CLK_TCK));
    make_offsets();
    IN_CHILD(show_uptime);
}
