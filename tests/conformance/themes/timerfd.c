// SPDX-License-Identifier: GPL-2.0-or-later
// timerfd, setitimer and alarm.
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define OWN "qemu-aarch64 keeps timers of its own"

NATIVE(interval_timers_are_checked, OWN) {
    struct itimerval value = {{0, 0}, {0, 1000000}}, old;
    SHOW(syscall(SYS_setitimer, 9, &value, NULL));
    SHOW(syscall(SYS_getitimer, 9, &value));
    SHOW(syscall(SYS_setitimer, ITIMER_REAL, &value, NULL));
    value.it_value = (struct timeval){-1, 0};
    SHOW(syscall(SYS_setitimer, ITIMER_REAL, &value, NULL));
    SHOW(syscall(SYS_setitimer, ITIMER_REAL, (void*)16, NULL));
    SHOW(syscall(SYS_getitimer, ITIMER_REAL, (void*)16));
    value.it_value = (struct timeval){100, 0};
    value.it_interval = (struct timeval){7, 0};
    SHOW(setitimer(ITIMER_VIRTUAL, &value, NULL));
    SHOW(getitimer(ITIMER_VIRTUAL, &old));
    SHOW(old.it_interval.tv_sec);
    SHOW(old.it_value.tv_sec >= 99);
    SHOW(setitimer(ITIMER_PROF, &value, &old));
    SHOW(old.it_value.tv_sec);
}

BEHAVIOUR(each_interval_timer_has_its_signal) {
    const struct itimerval soon = {{0, 0}, {0, 10000}};
    count_signal(SIGALRM, 0);
    count_signal(SIGVTALRM, 0);
    count_signal(SIGPROF, 0);
    setitimer(ITIMER_REAL, &soon, NULL);
    while (signals_taken == 0) sleep_ms(1);
    SHOW(last_signal == SIGALRM);
    setitimer(ITIMER_VIRTUAL, &soon, NULL);
    while (signals_taken == 1) {
    }
    SHOW(last_signal == SIGVTALRM);
    setitimer(ITIMER_PROF, &soon, NULL);
    while (signals_taken == 2) {
    }
    SHOW(last_signal == SIGPROF);
}

BEHAVIOUR(alarm_tells_what_was_left) {
    SHOW(alarm(100));
    SHOW(alarm(50));
    SHOW(alarm(0));
    SHOW(alarm(0));
    struct itimerval value;
    alarm(UINT32_MAX);
    SHOW(getitimer(ITIMER_REAL, &value));
    SHOW(value.it_value.tv_sec > 1000000);
}

BEHAVIOUR(timerfd_checks_its_arguments) {
    struct itimerspec value = {{0, 0}, {0, 1000000000}};
    const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    SHOW(timerfd_create(99, 0));
    SHOW(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
    SHOW(timerfd_create(CLOCK_MONOTONIC, 1));
    SHOW(timerfd_settime(fd, 0, &value, NULL));
    SHOW(timerfd_settime(0, 0, &(struct itimerspec){0}, NULL));
    SHOW(timerfd_settime(99, 0, &(struct itimerspec){0}, NULL));
    SHOW(timerfd_settime(fd, 8, &(struct itimerspec){0}, NULL));
    SHOW(timerfd_gettime(0, &value));
    SHOW(timerfd_gettime(99, &value));
    SHOW(syscall(SYS_timerfd_gettime, fd, (void*)16));
    SHOW(syscall(SYS_timerfd_settime, fd, 0, (void*)16, NULL));
    uint64_t count;
    SHOW(read(fd, &count, 4));
    SHOW(read(fd, &count, 8));
    SHOW(write(fd, &count, 8));
}

BEHAVIOUR(timerfd_counts_expirations) {
    const struct itimerspec value = {{0, 5000000}, {0, 5000000}};
    const int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    SHOW(timerfd_settime(fd, 0, &value, NULL));
    sleep_ms(23);
    uint64_t count = 0;
    SHOW(read(fd, &count, 8));
    SHOW(count >= 4);
    struct itimerspec left;
    SHOW(timerfd_gettime(fd, &left));
    SHOW(left.it_interval.tv_nsec);
    SHOW(left.it_value.tv_nsec > 0);
}

DOCUMENTED(a_timerfd_is_cancelled_when_the_time_is_set,
           "timerfd_create(2), TFD_TIMER_CANCEL_ON_SET",
           "timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &value, NULL) = 0\n"
           "read(fd, &count, 8) = -1 EAGAIN\n"
           "clock_settime(CLOCK_REALTIME, &now) = 0\n"
           "poll fd 1\n"
           "read(fd, &count, 8) = -1 ECANCELED\n"
           "read(fd, &count, 8) = -1 EAGAIN\n") {
    struct timespec now;
    uint64_t count;
    const int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
    clock_gettime(CLOCK_REALTIME, &now);
    struct itimerspec value = {{0, 0}, {now.tv_sec + 1000, 0}};
    SHOW(timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &value, NULL));
    SHOW(read(fd, &count, 8));
    SHOW(clock_settime(CLOCK_REALTIME, &now));
    POLL(fd);
    SHOW(read(fd, &count, 8));
    SHOW(read(fd, &count, 8));
}

NATIVE(alarm_clocks_and_ticks_of_a_timerfd, OWN) {
    unsigned long ticks = 5, none = 0, got = 0;
    SHOW(timerfd_create(CLOCK_REALTIME_ALARM, 0) >= 0);
    SHOW(timerfd_create(CLOCK_BOOTTIME_ALARM, 0) >= 0);
    const int fd = (int)NEED(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
    SHOW(ioctl(fd, 0x40085400, &ticks));
    SHOW(read(fd, &got, sizeof got));
    SHOW(got);
    SHOW(ioctl(fd, 0x40085400, &none));
    SHOW(ioctl(fd, 0x40085400, NULL));
    SHOW(read(fd, &got, sizeof got));
}
