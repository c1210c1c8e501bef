// SPDX-License-Identifier: GPL-2.0-or-later
// Timers: timer_create, setitimer, alarm, timerfd.
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
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

typedef int timer_id;
static long make(clockid_t clock, struct sigevent* event, timer_id* id) {
    return syscall(SYS_timer_create, clock, event, id);
}
static long set(timer_id id, int flags, long first_ns, long interval_ns, struct itimerspec* old) {
    const struct itimerspec value = {
        {interval_ns / 1000000000, interval_ns % 1000000000},
        {first_ns / 1000000000, first_ns % 1000000000},
    };
    return syscall(SYS_timer_settime, id, flags, &value, old);
}
static void spin_ms(clockid_t clock, long ms) {
    struct timespec begin, now;
    clock_gettime(clock, &begin);
    do {
        clock_gettime(clock, &now);
    } while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < ms);
}

NATIVE(timer_create_knows_its_clocks, OWN) {
    timer_id id;
    for (int clock = 0; clock < 13; ++clock) {
        if (clock == 8 || clock == 9) continue;
        printf("%d: ", clock);
        SHOW(make(clock, NULL, &id));
    }
    SHOW(make(-1, NULL, &id));
    SHOW(make(99, NULL, &id));
    SHOW(make(CLOCK_REALTIME, NULL, (timer_id*)16));
    SHOW(make(CLOCK_REALTIME, (struct sigevent*)16, &id));
}

NATIVE(timer_create_checks_the_event, OWN) {
    timer_id id;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = 0};
    SHOW(make(CLOCK_REALTIME, &event, &id));
    event.sigev_signo = 65;
    SHOW(make(CLOCK_REALTIME, &event, &id));
    event.sigev_notify = 77;
    SHOW(make(CLOCK_REALTIME, &event, &id));
    event = (struct sigevent){.sigev_notify = SIGEV_NONE, .sigev_signo = 99};
    SHOW(make(CLOCK_REALTIME, &event, &id));
    event = (struct sigevent){.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
    event._sigev_un._tid = 99999;
    SHOW(make(CLOCK_REALTIME, &event, &id));
    event._sigev_un._tid = getpid();
    SHOW(make(CLOCK_REALTIME, &event, &id));
}

NATIVE(timers_have_ids_in_order, OWN) {
    timer_id id = -1;
    for (int i = 0; i < 3; ++i) {
        make(CLOCK_REALTIME, NULL, &id);
        SHOW(id);
    }
    SHOW(syscall(SYS_timer_delete, 1));
    SHOW(syscall(SYS_timer_delete, 1));
    SHOW(make(CLOCK_REALTIME, NULL, &id));
    SHOW(id);
}

NATIVE(wrong_timers_and_times_are_einval, OWN) {
    timer_id id;
    struct itimerspec value = {{0, 0}, {0, 0}};
    NEED(make(CLOCK_REALTIME, NULL, &id));
    SHOW(set(99, 0, 1, 0, NULL));
    SHOW(syscall(SYS_timer_settime, id, 0, NULL, NULL));
    SHOW(syscall(SYS_timer_settime, id, 0, (void*)16, NULL));
    value.it_value.tv_nsec = 1000000000;
    SHOW(syscall(SYS_timer_settime, id, 0, &value, NULL));
    value.it_value.tv_nsec = -1;
    SHOW(syscall(SYS_timer_settime, id, 0, &value, NULL));
    value.it_value = (struct timespec){-1, 0};
    SHOW(syscall(SYS_timer_settime, id, 0, &value, NULL));
    value = (struct itimerspec){{0, 1000000000}, {0, 0}};
    SHOW(syscall(SYS_timer_settime, id, 0, &value, NULL));
    SHOW(syscall(SYS_timer_settime, id, 0, &(struct itimerspec){0}, (void*)16));
    SHOW(syscall(SYS_timer_gettime, 99, &value));
    SHOW(syscall(SYS_timer_gettime, -1, &value));
    SHOW(syscall(SYS_timer_gettime, id, (void*)16));
    SHOW(syscall(SYS_timer_getoverrun, 99));
    SHOW(syscall(SYS_timer_getoverrun, id));
    SHOW(syscall(SYS_timer_delete, 99));
}

static volatile int code, value_int, overrun;
static void note(int signal, siginfo_t* info, void* unused) {
    (void)unused;
    signals_taken = signals_taken + 1;
    last_signal = signal;
    code = info->si_code;
    value_int = info->si_value.sival_int;
    overrun = info->si_overrun;
}
static void note_signal(int signal) {
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    action.sa_sigaction = note;
    NEED(sigaction(signal, &action, NULL));
}

NATIVE(a_timer_sends_its_signal, OWN) {
    timer_id id;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    event.sigev_value.sival_int = 33;
    note_signal(SIGUSR1);
    NEED(make(CLOCK_MONOTONIC, &event, &id));
    SHOW(set(id, 0, 5000000, 0, NULL));
    while (signals_taken == 0) sleep_ms(1);
    SHOW(code);
    SHOW(value_int);
    struct itimerspec left;
    SHOW(syscall(SYS_timer_gettime, id, &left));
    SHOW(left.it_value.tv_nsec + left.it_value.tv_sec);
}

NATIVE(without_an_event_a_timer_sends_sigalrm_with_its_id, OWN) {
    timer_id id;
    note_signal(SIGALRM);
    NEED(make(CLOCK_REALTIME, NULL, &id));
    NEED(make(CLOCK_REALTIME, NULL, &id));
    SHOW(set(id, 0, 2000000, 0, NULL));
    while (signals_taken == 0) sleep_ms(1);
    SHOW(last_signal == SIGALRM);
    SHOW(value_int == id);
}

NATIVE(missed_periods_are_overruns, OWN) {
    timer_id id;
    sigset_t set_alarm;
    sigemptyset(&set_alarm);
    sigaddset(&set_alarm, SIGALRM);
    note_signal(SIGALRM);
    sigprocmask(SIG_BLOCK, &set_alarm, NULL);
    NEED(make(CLOCK_MONOTONIC, NULL, &id));
    NEED(set(id, 0, 1000000, 1000000, NULL));
    sleep_ms(50);
    sigprocmask(SIG_UNBLOCK, &set_alarm, NULL);
    SHOW(signals_taken >= 1);
    SHOW(overrun > 20);
    NEED(set(id, 0, 0, 0, NULL));
    SHOW(syscall(SYS_timer_getoverrun, id));
}

NATIVE(overruns_stop_at_the_largest_int, OWN) {
    timer_id id;
    sigset_t alarm_set;
    sigemptyset(&alarm_set);
    sigaddset(&alarm_set, SIGALRM);
    sigprocmask(SIG_BLOCK, &alarm_set, NULL);
    NEED(make(CLOCK_REALTIME, NULL, &id));
    NEED(set(id, TIMER_ABSTIME, 1, 1, NULL));
    siginfo_t info;
    SHOW(sigwaitinfo(&alarm_set, &info) == SIGALRM);
    SHOW(info.si_overrun);
    SHOW(syscall(SYS_timer_getoverrun, id));
}

NATIVE(a_silent_timer_counts_down, OWN) {
    timer_id id;
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    struct itimerspec left;
    NEED(make(CLOCK_MONOTONIC, &event, &id));
    NEED(set(id, 0, 5000000, 0, NULL));
    sleep_ms(20);
    SHOW(syscall(SYS_timer_gettime, id, &left));
    SHOW(left.it_value.tv_nsec);
    NEED(set(id, 0, 1000000, 1000000000, NULL));
    sleep_ms(10);
    SHOW(syscall(SYS_timer_gettime, id, &left));
    SHOW(left.it_value.tv_nsec > 100000000);
    SHOW(left.it_interval.tv_sec);
}

NATIVE(a_timer_on_cpu_time_needs_the_program_to_run, OWN) {
    timer_id id;
    note_signal(SIGALRM);
    NEED(make(CLOCK_PROCESS_CPUTIME_ID, NULL, &id));
    NEED(set(id, 0, 20000000, 0, NULL));
    sleep_ms(40);
    SHOW(signals_taken);
    spin_ms(CLOCK_PROCESS_CPUTIME_ID, 60);
    SHOW(signals_taken);
    SHOW(code);
}

NATIVE(timers_are_limited, OWN) {
    struct rlimit few = {4, 4};
    NEED(setrlimit(RLIMIT_SIGPENDING, &few));
    NEED(setresuid(4343, 4343, 4343));
    timer_id id;
    for (int i = 0; i < 6; ++i) SHOW(make(CLOCK_MONOTONIC, NULL, &id));
}

BEHAVIOUR(a_forked_child_has_no_timers) {
    timer_t id;
    NEED(timer_create(CLOCK_MONOTONIC, NULL, &id));
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        struct itimerspec left;
        _exit(timer_gettime(id, &left) < 0 ? 1 : 0);
    }
    show_end("child", child);
}

static volatile int calls, met_in_call, met_in_code;
static void sample(int signal) {
    (void)signal;
    ++*(calls ? &met_in_call : &met_in_code);
}
BEHAVIOUR(a_timer_of_cpu_time_meets_short_code_between_calls) {
    const struct itimerval often = {{0, 1000}, {0, 1000}};
    signal(SIGPROF, sample);
    NEED(setitimer(ITIMER_PROF, &often, NULL));
    while (met_in_call + met_in_code < 40) {
        calls = 1;
        syscall(SYS_getppid);
        calls = 0;
        for (volatile int i = 0; i < 100; ++i) {
        }
    }
    SHOW(met_in_call > 0);
    SHOW(met_in_code > 0);
}
