// SPDX-License-Identifier: GPL-2.0-or-later
// Clocks, sleeping and setting the time.
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define OWN "qemu-aarch64 checks by its own rules"

static long get(clockid_t id) {
    struct timespec time;
    return syscall(SYS_clock_gettime, id, &time);
}
static int64_t ns(clockid_t id) {
    struct timespec time = {0, 0};
    clock_gettime(id, &time);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}
static long sleep_on(clockid_t id, int flags, time_t seconds, long nanoseconds) {
    struct timespec time = {seconds, nanoseconds};
    return syscall(SYS_clock_nanosleep, id, flags, &time, NULL);
}

NATIVE(the_clocks_that_there_are, OWN) {
    for (int id = 0; id < 13; ++id) {
        if (id == CLOCK_REALTIME_ALARM || id == CLOCK_BOOTTIME_ALARM) continue;
        printf("%d: ", id);
        SHOW(get(id));
    }
    SHOW(get(-1));
    SHOW(get(99));
    SHOW(syscall(SYS_clock_gettime, CLOCK_REALTIME, (void*)16));
    SHOW(syscall(SYS_clock_getres, CLOCK_REALTIME, (void*)16));
    SHOW(syscall(SYS_clock_getres, CLOCK_REALTIME, NULL));
    SHOW(syscall(SYS_clock_getres, 99, NULL));
}

BEHAVIOUR(resolutions_are_told) {
    struct timespec step;
    SHOW(clock_getres(CLOCK_MONOTONIC, &step));
    SHOW(step.tv_nsec);
    SHOW(clock_getres(CLOCK_PROCESS_CPUTIME_ID, &step));
    SHOW(step.tv_nsec);
    SHOW(clock_getres(CLOCK_THREAD_CPUTIME_ID, &step));
    SHOW(step.tv_nsec);
}

NATIVE(another_process_has_a_cpu_clock, OWN) {
    clockid_t id;
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        for (;;) pause();
    }
    SHOW(clock_getcpuclockid(child, &id));
    SHOW(get(id));
    SHOW(clock_getcpuclockid(99999, &id) == ESRCH);
    SHOW(get((~99999u) << 3 | 2));
    SHOW(get((~0u) << 3 | 2));
    SHOW(get((~0u) << 3 | 6));
    SHOW(get((~0u) << 3 | 3));
    kill(child, SIGKILL);
    show_end("child", child);
}

BEHAVIOUR(cpu_clocks_run_while_the_program_does) {
    const int64_t before = ns(CLOCK_PROCESS_CPUTIME_ID), thread = ns(CLOCK_THREAD_CPUTIME_ID);
    for (volatile int i = 0; i < 1000000; ++i) {
    }
    SHOW(ns(CLOCK_PROCESS_CPUTIME_ID) > before);
    SHOW(ns(CLOCK_THREAD_CPUTIME_ID) > thread);
    const int64_t idle = ns(CLOCK_PROCESS_CPUTIME_ID);
    sleep_ms(30);
    SHOW(ns(CLOCK_PROCESS_CPUTIME_ID) - idle < 20000000);
}

NATIVE(clock_nanosleep_checks_clock_and_time, OWN) {
    for (int id = 0; id < 13; ++id) {
        // There may be no device that wakes the machine, and a process that sleeps has no CPU time.
        if (id == CLOCK_REALTIME_ALARM || id == CLOCK_BOOTTIME_ALARM ||
            id == CLOCK_PROCESS_CPUTIME_ID)
            continue;
        printf("%d: ", id);
        SHOW(sleep_on(id, 0, 0, 1));
    }
    SHOW(sleep_on(-1, 0, 0, 1));
    SHOW(sleep_on(CLOCK_MONOTONIC, 0, 0, 1000000000));
    SHOW(sleep_on(CLOCK_MONOTONIC, 0, -1, 0));
    SHOW(sleep_on(CLOCK_MONOTONIC, 0, 0, -1));
    SHOW(sleep_on(CLOCK_MONOTONIC, TIMER_ABSTIME, 0, 0));
    SHOW(sleep_on(CLOCK_REALTIME, TIMER_ABSTIME, 1, 0));
    SHOW(sleep_on(CLOCK_MONOTONIC, 8, 0, 1));
    SHOW(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (void*)16, NULL));
    SHOW(syscall(SYS_nanosleep, (void*)16, NULL));
}

NATIVE(a_sleep_on_the_cpu_clock_of_the_process_waits_for_others, OWN) {
    SHOW(sleep_on(CLOCK_THREAD_CPUTIME_ID, 0, 0, 1000));
    count_signal(SIGALRM, 0);
    struct itimerval soon = {{0, 0}, {0, 20000}};
    setitimer(ITIMER_REAL, &soon, NULL);
    SHOW(sleep_on(CLOCK_PROCESS_CPUTIME_ID, 0, 100, 0));
}

BEHAVIOUR(an_interrupted_sleep_tells_what_is_left) {
    struct timespec time = {10, 0}, left = {0, 0};
    struct itimerval soon = {{0, 0}, {0, 20000}};
    count_signal(SIGALRM, SA_RESTART);
    setitimer(ITIMER_REAL, &soon, NULL);
    SHOW(nanosleep(&time, &left));
    SHOW(left.tv_sec);
    setitimer(ITIMER_REAL, &soon, NULL);
    left.tv_sec = 77;
    SHOW(clock_nanosleep(CLOCK_MONOTONIC, 0, &time, &left));
    SHOW(left.tv_sec);
}

BEHAVIOUR(an_absolute_sleep_leaves_the_rest_alone) {
    struct timespec time, left = {77, 0};
    struct itimerval soon = {{0, 0}, {0, 20000}};
    count_signal(SIGALRM, 0);
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += 10;
    setitimer(ITIMER_REAL, &soon, NULL);
    SHOW(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, &left));
    SHOW(left.tv_sec);
}

static void user_sets(void) {
    struct timespec time;
    struct timeval value;
    struct timex settings = {.modes = ADJ_FREQUENCY};
    clock_gettime(CLOCK_REALTIME, &time);
    gettimeofday(&value, NULL);
    SHOW(clock_settime(CLOCK_REALTIME, &time));
    SHOW(settimeofday(&value, NULL));
    SHOW(adjtimex(&settings));
    settings.modes = 0;
    SHOW(adjtimex(&settings) >= 0);
}
NATIVE(a_user_cannot_set_the_time, OWN) {
    AS_USER(user_sets);
}

NATIVE(clock_settime_checks_its_arguments, OWN) {
    struct timespec time = {1, 1000000000};
    SHOW(clock_settime(CLOCK_REALTIME, &time));
    time = (struct timespec){-1, 0};
    SHOW(clock_settime(CLOCK_REALTIME, &time));
    time = (struct timespec){1, -1};
    SHOW(clock_settime(CLOCK_REALTIME, &time));
    SHOW(syscall(SYS_clock_settime, CLOCK_REALTIME, (void*)16));
    time = (struct timespec){1, 0};
    SHOW(clock_settime(CLOCK_MONOTONIC, &time));
    SHOW(clock_settime(CLOCK_BOOTTIME, &time));
    SHOW(clock_settime(CLOCK_PROCESS_CPUTIME_ID, &time));
    SHOW(clock_settime(CLOCK_THREAD_CPUTIME_ID, &time));
    SHOW(clock_settime(CLOCK_TAI, &time));
    SHOW(clock_settime(99, &time));
    SHOW(clock_settime(-1, &time));
    SHOW(syscall(SYS_settimeofday, (void*)16, NULL));
    struct timeval wrong = {1, 1000000};
    SHOW(syscall(SYS_settimeofday, &wrong, NULL));
    wrong = (struct timeval){-1, 0};
    SHOW(syscall(SYS_settimeofday, &wrong, NULL));
    struct timezone zone = {9999, 0};
    SHOW(syscall(SYS_settimeofday, NULL, &zone));
}

DOCUMENTED(the_superuser_sets_the_time, "clock_settime(2), settimeofday(2)",
           "clock_settime(CLOCK_REALTIME, &time) = 0\n"
           "(ns(CLOCK_REALTIME) - before) / 1000000000 = 1000\n"
           "ns(CLOCK_MONOTONIC) - monotonic < 1000000000 = 1\n"
           "settimeofday(&value, NULL) = 0\n"
           "(ns(CLOCK_REALTIME) - before) / 1000000000 = 50\n") {
    struct timespec time;
    const int64_t before = ns(CLOCK_REALTIME), monotonic = ns(CLOCK_MONOTONIC);
    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_sec += 1000;
    SHOW(clock_settime(CLOCK_REALTIME, &time));
    SHOW((ns(CLOCK_REALTIME) - before) / 1000000000);
    SHOW(ns(CLOCK_MONOTONIC) - monotonic < 1000000000);
    struct timeval value = {(before / 1000000000) + 50, 999999};
    SHOW(settimeofday(&value, NULL));
    SHOW((ns(CLOCK_REALTIME) - before) / 1000000000);
    struct timespec back = {(time_t)(before / 1000000000), (long)(before % 1000000000)};
    clock_settime(CLOCK_REALTIME, &back);
}

NATIVE(adjtimex_reads_and_checks, OWN) {
    struct timex settings = {0};
    SHOW(adjtimex(&settings) >= 0);
    SHOW(settings.tick);
    SHOW(settings.tolerance);
    SHOW(settings.precision);
    SHOW(syscall(SYS_adjtimex, (void*)16));
    settings.modes = ADJ_TICK;
    settings.tick = 900000 / sysconf(_SC_CLK_TCK) - 1;
    SHOW(adjtimex(&settings));
    settings.tick = 1100000 / sysconf(_SC_CLK_TCK) + 1;
    SHOW(adjtimex(&settings));
    settings.modes = 0x8000;
    SHOW(adjtimex(&settings));
    settings.modes = 0;
    SHOW(syscall(SYS_clock_adjtime, CLOCK_REALTIME, &settings) >= 0);
    SHOW(syscall(SYS_clock_adjtime, CLOCK_MONOTONIC, &settings));
    SHOW(syscall(SYS_clock_adjtime, -1, &settings));
    SHOW(syscall(SYS_clock_adjtime, -5, &settings));
    SHOW(syscall(SYS_clock_adjtime, 99, &settings));
    SHOW(syscall(SYS_clock_adjtime, CLOCK_REALTIME, (void*)16));
}

NATIVE(adjtimex_keeps_what_it_is_given, OWN) {
    struct timex settings = {.modes = ADJ_MAXERROR | ADJ_ESTERROR | ADJ_TIMECONST,
                             .maxerror = 500,
                             .esterror = 300,
                             .constant = 2};
    struct timex before = {0};
    adjtimex(&before);
    SHOW(adjtimex(&settings) >= 0);
    settings = (struct timex){0};
    adjtimex(&settings);
    SHOW(settings.esterror);
    SHOW(settings.maxerror >= 500);
    before.modes = ADJ_MAXERROR | ADJ_ESTERROR | ADJ_TIMECONST;
    adjtimex(&before);
}

BEHAVIOUR(gettimeofday_and_times) {
    struct timeval value;
    struct tms used;
    SHOW(gettimeofday(&value, NULL));
    SHOW(value.tv_usec < 1000000);
    SHOW(syscall(SYS_gettimeofday, NULL, NULL));
    SHOW(times(&used) > 0);
    SHOW(syscall(SYS_times, NULL) > 0);
    SHOW(syscall(SYS_times, (void*)16));
}

NATIVE(gettimeofday_with_a_bad_pointer_is_efault, OWN) {
    SHOW(syscall(SYS_gettimeofday, (void*)16, NULL));
    SHOW(syscall(SYS_gettimeofday, NULL, (void*)16));
}

NATIVE(an_offset_that_leads_beyond_the_clock_is_refused, OWN) {
    const long far[] = {9223372035, 0x7fffffffffffffff, -9223372035, -0x7fffffffffffffff};
    for (unsigned i = 0; i < 4; ++i) {
        struct timex settings = {.modes = ADJ_SETOFFSET, .time = {.tv_sec = far[i]}};
        SHOW(adjtimex(&settings));
    }
}
