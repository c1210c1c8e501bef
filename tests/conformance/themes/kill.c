// SPDX-License-Identifier: GPL-2.0-or-later
// Sending signals: kill, tkill, tgkill, sigqueue, pidfd_send_signal.
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define OWN "qemu-aarch64 keeps signals of its own"

static long queue(pid_t pid, int signal, int code) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    info.si_signo = signal;
    info.si_code = code;
    info.si_pid = getpid();
    info.si_value.sival_int = 7;
    return syscall(SYS_rt_sigqueueinfo, pid, signal, &info);
}

BEHAVIOUR(kill_refuses_what_is_not_there) {
    SHOW(kill(ended_child(), 0));
    SHOW(kill(ended_child(), SIGTERM));
    SHOW(kill(-ended_child(), SIGTERM));
    SHOW(kill(getpid(), 65));
    SHOW(kill(getpid(), -1));
    SHOW(kill(getpid(), 0));
    SHOW(kill(INT_MAX, 0));
}

NATIVE(a_signals_number_is_checked_where_somebody_is, OWN) {
    SHOW(kill(INT_MAX, 200));
    SHOW(kill(0, 200));
    SHOW(tgkill(INT_MAX, INT_MAX, 200));
    SHOW(queue(INT_MAX, 200, SI_QUEUE));
}

NATIVE(kill_of_the_most_negative_pid_is_esrch, OWN) {
    SHOW(kill(INT_MIN, 0));
    SHOW(kill(INT_MIN, SIGTERM));
}

BEHAVIOUR(a_zombie_can_be_sent_signals) {
    const pid_t pid = (pid_t)NEED(fork());
    if (pid == 0) _exit(3);
    siginfo_t info;
    NEED(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
    SHOW(kill(pid, 0));
    SHOW(kill(pid, SIGKILL));
    show_end("zombie", pid);
}

static pid_t target;
static void user_kills(void) {
    SHOW(kill(target, 0));
    SHOW(kill(target, SIGTERM));
    SHOW(syscall(SYS_tkill, target, SIGTERM));
    SHOW(syscall(SYS_tgkill, target, target, 0));
    SHOW(queue(target, SIGTERM, SI_QUEUE));
    SHOW(kill(getpid(), 0));
}
BEHAVIOUR(a_user_cannot_signal_the_superusers_processes) {
    target = paused_child();
    AS_USER(user_kills);
    kill(target, SIGKILL);
    show_end("target", target);
}

static void user_continues(void) {
    SHOW(kill(target, SIGCONT));
}
BEHAVIOUR(sigcont_may_be_sent_within_the_session) {
    target = paused_child();
    AS_USER(user_continues);
    kill(target, SIGKILL);
    show_end("target", target);
}

BEHAVIOUR(kill_of_a_group_reaches_all_of_it) {
    const pid_t one = paused_child(), two = paused_child();
    NEED(setpgid(one, one));
    NEED(setpgid(two, one));
    SHOW(kill(-one, SIGTERM));
    show_end("one", one);
    show_end("two", two);
}

BEHAVIOUR(kill_zero_is_the_own_group) {
    setpgid(0, 0);
    count_signal(SIGUSR1, 0);
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        while (signals_taken == 0) sleep_ms(1);
        _exit(signals_taken);
    }
    SHOW(kill(0, SIGUSR1));
    SHOW(signals_taken);
    show_end("child", child);
}

BEHAVIOUR(tkill_and_tgkill_check_their_ids) {
    SHOW(syscall(SYS_tkill, 0, SIGTERM));
    SHOW(syscall(SYS_tkill, -1, SIGTERM));
    SHOW(syscall(SYS_tkill, ended_child(), SIGTERM));
    SHOW(syscall(SYS_tkill, getpid(), 65));
    SHOW(syscall(SYS_tgkill, 0, getpid(), 0));
    SHOW(syscall(SYS_tgkill, getpid(), 0, 0));
    SHOW(syscall(SYS_tgkill, -1, getpid(), 0));
    SHOW(syscall(SYS_tgkill, getppid(), getpid(), 0));
    SHOW(syscall(SYS_tgkill, getpid(), getpid(), 0));
}

NATIVE(sigqueue_checks_code_and_target, OWN) {
    const pid_t other = paused_child();
    SHOW(queue(other, SIGTERM, SI_USER));
    SHOW(queue(other, SIGTERM, SI_TKILL));
    SHOW(queue(other, 65, SI_QUEUE));
    SHOW(queue(other, 0, SI_QUEUE));
    SHOW(queue(ended_child(), SIGTERM, SI_QUEUE));
    SHOW(syscall(SYS_rt_sigqueueinfo, other, SIGTERM, (void*)16));
    SHOW(queue(other, SIGTERM, SI_QUEUE));
    show_end("other", other);
}

static volatile int code_taken, value_taken, pid_is_mine;
static void note(int signal, siginfo_t* info, void* unused) {
    (void)unused;
    last_signal = signal;
    code_taken = info->si_code;
    value_taken = info->si_value.sival_int;
    pid_is_mine = info->si_pid == getpid();
}
static void note_signal(int signal) {
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    action.sa_sigaction = note;
    NEED(sigaction(signal, &action, NULL));
}

BEHAVIOUR(the_way_of_sending_is_told) {
    note_signal(SIGUSR1);
    kill(getpid(), SIGUSR1);
    SHOW(code_taken);
    SHOW(pid_is_mine);
    syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
    SHOW(code_taken);
    union sigval value = {.sival_int = 42};
    sigqueue(getpid(), SIGUSR1, value);
    SHOW(code_taken);
    SHOW(value_taken);
}

NATIVE(a_process_may_send_itself_any_code, OWN) {
    note_signal(SIGUSR1);
    SHOW(queue(getpid(), SIGUSR1, SI_USER));
    SHOW(code_taken);
    SHOW(queue(getpid(), SIGUSR1, SI_KERNEL));
    SHOW(code_taken);
}

NATIVE(rt_tgsigqueueinfo_checks_its_ids, OWN) {
    siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};
    note_signal(SIGUSR1);
    SHOW(syscall(SYS_rt_tgsigqueueinfo, 0, getpid(), SIGUSR1, &info));
    SHOW(syscall(SYS_rt_tgsigqueueinfo, getpid(), -1, SIGUSR1, &info));
    SHOW(syscall(SYS_rt_tgsigqueueinfo, getppid(), getpid(), SIGUSR1, &info));
    SHOW(syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), 65, &info));
    SHOW(syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGUSR1, (void*)16));
    SHOW(syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGUSR1, &info));
    SHOW(code_taken);
}

NATIVE(rt_sigqueueinfo_to_a_thread_reaches_its_process, OWN) {
    int ends[2];
    NEED(pipe(ends));
    note_signal(SIGUSR1);
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) _exit(0);
    waitpid(child, NULL, 0);
    SHOW(queue(getpid(), SIGUSR1, SI_QUEUE));
    SHOW(value_taken);
}

BEHAVIOUR(a_zombie_takes_the_signals_of_its_thread_too) {
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) _exit(0);
    siginfo_t info;
    NEED(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
    SHOW(syscall(SYS_tgkill, child, child, 0));
    SHOW(syscall(SYS_tgkill, child, child, SIGUSR1));
    SHOW(syscall(SYS_tkill, child, SIGUSR1));
    SHOW(syscall(SYS_tkill, child, 1000));
    SHOW(syscall(SYS_tgkill, child + 1, child, 0));
    NEED(waitid(P_PID, (id_t)child, &info, WEXITED));
    SHOW(syscall(SYS_tkill, child, 0));
}

static volatile pid_t number_of_thread;
static void* pauses_there(void* unused) {
    number_of_thread = (pid_t)syscall(SYS_gettid);
    for (;;) pause();
    return unused;
}
NATIVE(a_process_is_found_by_the_number_of_its_thread, OWN) {
    pthread_t thread;
    NEED(pthread_create(&thread, NULL, pauses_there, NULL));
    while (number_of_thread == 0) sleep_ms(1);
    SHOW(kill(number_of_thread, 0));
    SHOW(getpgid(number_of_thread) == getpgid(0));
    SHOW(getsid(number_of_thread) == getsid(0));
    SHOW(setpgid(number_of_thread, 0));
    SHOW(kill(number_of_thread, SIGTERM));
    sleep_ms(1000);
}
