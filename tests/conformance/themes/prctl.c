// SPDX-License-Identifier: GPL-2.0-or-later
// prctl, by option.
#include <linux/capability.h>
#include <linux/prctl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define OWN "qemu-aarch64 answers some options itself"

static long control(long option, long a, long b, long c, long d) {
    return syscall(SYS_prctl, option, a, b, c, d);
}

NATIVE(an_unknown_option_is_einval, OWN) {
    SHOW(control(-1, 0, 0, 0, 0));
    SHOW(control(999999, 0, 0, 0, 0));
}

NATIVE(the_death_signal_is_checked_and_told, OWN) {
    int signal = -1;
    SHOW(control(PR_SET_PDEATHSIG, 65, 0, 0, 0));
    SHOW(control(PR_SET_PDEATHSIG, -1, 0, 0, 0));
    SHOW(control(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0));
    SHOW(control(PR_GET_PDEATHSIG, (long)&signal, 0, 0, 0));
    SHOW(signal == SIGUSR1);
    SHOW(control(PR_GET_PDEATHSIG, 16, 0, 0, 0));
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        control(PR_GET_PDEATHSIG, (long)&signal, 0, 0, 0);
        _exit(signal);
    }
    show_end("child", child);
}

NATIVE(the_death_signal_arrives_when_the_parent_ends, OWN) {
    int ends[2];
    NEED(pipe(ends));
    const pid_t middle = (pid_t)NEED(fork());
    if (middle == 0) {
        int ready[2];
        NEED(pipe(ready));
        if (fork() == 0) {
            sigset_t set;
            sigemptyset(&set);
            sigaddset(&set, SIGUSR1);
            sigprocmask(SIG_BLOCK, &set, NULL);
            control(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0);
            NEED(write(ready[1], "x", 1));
            siginfo_t info;
            const int got = sigwaitinfo(&set, &info);
            const char answer = got == SIGUSR1 && info.si_code == SI_USER ? 'y' : 'n';
            NEED(write(ends[1], &answer, 1));
            _exit(0);
        }
        char byte;
        NEED(read(ready[0], &byte, 1));
        _exit(0);
    }
    show_end("middle", middle);
    char answer = 0;
    SHOW(read(ends[0], &answer, 1));
    SHOW(answer == 'y');
}

NATIVE(the_name_is_cut_at_fifteen, OWN) {
    char name[17] = {0};
    SHOW(control(PR_SET_NAME, (long)"a name that is too long", 0, 0, 0));
    SHOW(control(PR_GET_NAME, (long)name, 0, 0, 0));
    puts(name);
    show_file("/proc/self/comm");
    SHOW(control(PR_SET_NAME, 16, 0, 0, 0));
    SHOW(control(PR_GET_NAME, 16, 0, 0, 0));
}

NATIVE(dumpable_is_zero_or_one, OWN) {
    SHOW(control(PR_GET_DUMPABLE, 0, 0, 0, 0));
    SHOW(control(PR_SET_DUMPABLE, 2, 0, 0, 0));
    SHOW(control(PR_SET_DUMPABLE, 0, 0, 0, 0));
    SHOW(control(PR_GET_DUMPABLE, 0, 0, 0, 0));
}

NATIVE(a_subreaper_gets_the_orphans_and_does_not_pass_that_on, OWN) {
    int is = -1;
    SHOW(control(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
    SHOW(control(PR_GET_CHILD_SUBREAPER, (long)&is, 0, 0, 0));
    SHOW(is);
    const pid_t middle = (pid_t)NEED(fork());
    if (middle == 0) {
        control(PR_GET_CHILD_SUBREAPER, (long)&is, 0, 0, 0);
        if (fork() == 0) {
            sleep_ms(20);
            _exit(6);
        }
        _exit(is);
    }
    show_end("middle", middle);
    int status = 0;
    SHOW(wait(&status) > 0);
    show_status("orphan", status);
    SHOW(control(PR_GET_CHILD_SUBREAPER, 16, 0, 0, 0));
}

NATIVE(zombies_go_to_the_subreaper_too, OWN) {
    NEED(control(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
    const pid_t middle = (pid_t)NEED(fork());
    if (middle == 0) {
        siginfo_t info;
        const pid_t last = fork();
        if (last == 0) _exit(8);
        waitid(P_PID, (id_t)last, &info, WEXITED | WNOWAIT);
        _exit(0);
    }
    show_end("middle", middle);
    int status = 0;
    SHOW(wait(&status) > 0);
    show_status("orphan", status);
}

NATIVE(the_timer_slack_is_the_tasks, OWN) {
    SHOW(control(PR_GET_TIMERSLACK, 0, 0, 0, 0));
    SHOW(control(PR_SET_TIMERSLACK, 70000, 0, 0, 0));
    SHOW(control(PR_GET_TIMERSLACK, 0, 0, 0, 0));
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        SHOW(control(PR_GET_TIMERSLACK, 0, 0, 0, 0));
        control(PR_SET_TIMERSLACK, 1000, 0, 0, 0);
        control(PR_SET_TIMERSLACK, 0, 0, 0, 0);
        SHOW(control(PR_GET_TIMERSLACK, 0, 0, 0, 0));
        _exit(0);
    }
    show_end("child", child);
    SHOW(control(PR_SET_TIMERSLACK, 0, 0, 0, 0));
    SHOW(control(PR_GET_TIMERSLACK, 0, 0, 0, 0));
}

NATIVE(no_new_privs_is_set_for_good, OWN) {
    SHOW(control(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    SHOW(control(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0));
    SHOW(control(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    SHOW(control(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0));
    SHOW(control(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    SHOW(control(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) _exit((int)control(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    show_end("child", child);
}

NATIVE(huge_pages_can_be_disabled, OWN) {
    SHOW(control(PR_GET_THP_DISABLE, 0, 0, 0, 0));
    SHOW(control(PR_GET_THP_DISABLE, 1, 0, 0, 0));
    SHOW(control(PR_SET_THP_DISABLE, 1, 0, 5, 0));
    SHOW(control(PR_SET_THP_DISABLE, 1, 0, 0, 0));
    SHOW(control(PR_GET_THP_DISABLE, 0, 0, 0, 0));
}

NATIVE(seccomp_is_off, OWN) {
    SHOW(control(PR_GET_SECCOMP, 0, 0, 0, 0));
    SHOW(control(PR_SET_SECCOMP, 0, 0, 0, 0));
    SHOW(control(PR_SET_SECCOMP, 9, 0, 0, 0));
    SHOW(control(PR_SET_SECCOMP, 2, 16, 0, 0));
    SHOW(control(PR_SET_SECCOMP, 2, 0, 0, 0));
}

NATIVE(the_kind_of_a_memory_name_is_checked, OWN) {
    SHOW(control(PR_SET_VMA, 1, 0, 4096, 0));
}

NATIVE(set_mm_checks_its_arguments, OWN) {
    SHOW(control(PR_SET_MM, PR_SET_MM_START_BRK, 0, 0, 1));
    SHOW(control(PR_SET_MM, PR_SET_MM_MAP_SIZE, 16, 0, 0));
}

static void sets_mm(void) {
    SHOW(control(PR_SET_MM, PR_SET_MM_START_BRK, 4096, 0, 0));
}
NATIVE(set_mm_needs_a_privilege, OWN) {
    AS_USER(sets_mm);
}

NATIVE(timing_is_statistical, OWN) {
    SHOW(control(PR_GET_TIMING, 0, 0, 0, 0));
    SHOW(control(PR_SET_TIMING, 0, 0, 0, 0));
    SHOW(control(PR_SET_TIMING, 1, 0, 0, 0));
}

NATIVE(the_policy_of_machine_checks_is_kept, OWN) {
    SHOW(control(PR_MCE_KILL_GET, 0, 0, 0, 0));
    SHOW(control(PR_MCE_KILL_GET, 1, 0, 0, 0));
    SHOW(control(PR_MCE_KILL, 9, 0, 0, 0));
    SHOW(control(PR_MCE_KILL, PR_MCE_KILL_SET, 9, 0, 0));
    SHOW(control(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0));
    SHOW(control(PR_MCE_KILL_GET, 0, 0, 0, 0));
    SHOW(control(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 0, 0, 0));
    SHOW(control(PR_MCE_KILL_GET, 0, 0, 0, 0));
}

NATIVE(perf_events_of_a_task_are_switched, OWN) {
    SHOW(control(PR_TASK_PERF_EVENTS_DISABLE, 0, 0, 0, 0));
    SHOW(control(PR_TASK_PERF_EVENTS_ENABLE, 0, 0, 0, 0));
}

NATIVE(speculation_control_checks_what_it_is_asked, OWN) {
    SHOW(control(PR_GET_SPECULATION_CTRL, 9, 0, 0, 0));
    SHOW(control(PR_GET_SPECULATION_CTRL, 0, 1, 0, 0));
    SHOW(control(PR_SET_SPECULATION_CTRL, 9, 0, 0, 0));
    SHOW(control(PR_SET_SPECULATION_CTRL, 0, 0, 1, 0));
}

NATIVE(io_flusher_needs_a_privilege_that_root_may_lack, OWN) {
    SHOW(control(PR_SET_IO_FLUSHER, 2, 0, 0, 0) < 0);
    SHOW(control(PR_GET_IO_FLUSHER, 1, 0, 0, 0) < 0);
}
