// SPDX-License-Identifier: GPL-2.0-or-later
// Process 1 of a namespace of process ids: the signals that it takes, the orphans that it gets, and
// what ends with it (pid_namespaces(7), reboot(2)).
#include <fcntl.h>
#include <linux/reboot.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "behaviour.h"
#include "pid_steps.h"

static void stays(void) {
    for (;;) pause();
}

static void signals_itself(void) {
    SHOW(kill(1, SIGTERM));
    SHOW(kill(1, SIGKILL));
    SHOW(kill(1, SIGSTOP));
    SHOW(raise(SIGUSR1));
    count_signal(SIGUSR2, 0);
    SHOW(raise(SIGUSR2));
    SHOW(signals_taken);
}
NATIVE(process_1_takes_from_inside_what_it_handles, OWN) {
    AS_FIRST(signals_itself);
}

static void has_child_that_kills(void) {
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        SHOW(kill(1, SIGKILL));
        SHOW(kill(1, SIGSTOP));
        SHOW(kill(-1, SIGKILL));
        SHOW(kill(0, 0));
        _exit(5);
    }
    show_end("child", child);
}
NATIVE(process_1_is_not_killed_by_its_children, OWN) {
    AS_FIRST(has_child_that_kills);
}

static void tells_and_stays(void) {
    say(told);
    stays();
}
static void sends_from_outside(int signal) {
    open_talk();
    const pid_t child = first_of(tells_and_stays);
    int status = 0;
    hear(told);
    NEED(kill(child, SIGTERM));
    NEED(kill(child, SIGTSTP));
    NEED(kill(child, signal));
    NEED(waitpid(child, &status, WUNTRACED));
    show_status("process 1", status);
    if (!WIFSTOPPED(status)) return;
    NEED(kill(child, SIGKILL));
    show_end("process 1", child);
}
NATIVE(process_1_is_killed_from_outside, OWN) {
    sends_from_outside(SIGKILL);
}
NATIVE(process_1_is_stopped_from_outside, OWN) {
    sends_from_outside(SIGSTOP);
}

static void does_wrong(void) {
    volatile int* const nowhere = (int*)16;
    *nowhere = 1;
}
NATIVE(process_1_dies_of_its_own_mistakes, OWN) {
    const struct rlimit none = {0, 0};
    NEED(setrlimit(RLIMIT_CORE, &none));
    AS_FIRST(does_wrong);
}

static void blocks_and_ignores(void) {
    block_signal(SIGTERM);
    SHOW(raise(SIGTERM));
    SHOW(signal_is_pending(SIGTERM));
    unblock_signal(SIGTERM);
    puts("goes on");
}
NATIVE(a_blocked_signal_waits_for_process_1_and_is_dropped, OWN) {
    AS_FIRST(blocks_and_ignores);
}

static void gets_orphan(void) {
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        if (NEED(fork()) == 0) {
            hear(heard);
            _exit(getppid() == 1 ? 21 : 22);
        }
        _exit(0);
    }
    show_end("child", child);
    say(heard);
    show_end("orphan", -1);
}
NATIVE(orphans_are_those_of_process_1, OWN) {
    open_talk();
    AS_FIRST(gets_orphan);
}

static void has_a_reaper(void) {
    const pid_t reaper = (pid_t)NEED(fork());
    if (reaper == 0) {
        NEED(prctl(PR_SET_CHILD_SUBREAPER, 1));
        gets_orphan();
        _exit(0);
    }
    reap(reaper);
}
static void orphan_of_inner(void) {
    // Its parent, outside, ends: it goes to the reaper there.
    hear(heard);
    SHOW(getppid());
}
NATIVE(a_subreaper_takes_orphans_of_its_namespace, OWN) {
    open_talk();
    AS_FIRST(has_a_reaper);
}
NATIVE(process_1_may_become_an_orphan, OWN) {
    NEED(prctl(PR_SET_CHILD_SUBREAPER, 1));
    open_talk();
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        first_of(orphan_of_inner);
        _exit(0);
    }
    show_end("parent", child);
    say(heard);
    show_end("process 1", -1);
}

static void has_children_and_ends(void) {
    for (int i = 0; i < 3; ++i) {
        if (NEED(fork()) == 0) {
            if (i == 2 && NEED(setsid()) > 0 && NEED(fork()) >= 0) signal(SIGTERM, SIG_IGN);
            say(told);
            stays();
        }
    }
    for (int i = 0; i < 4; ++i) hear(told);
    _exit(33);
}
NATIVE(all_end_with_process_1, OWN) {
    open_talk();
    const pid_t child = first_of(has_children_and_ends);
    show_end("process 1", child);
    // Nobody has the other end of the pipe.
    close(told[1]);
    char byte;
    SHOW(read(told[0], &byte, 1));
}

static void makes_inner(void) {
    NEED(first_of(tells_and_stays));
    hear(told);
    say(told);
    stays();
}
NATIVE(namespaces_below_end_too, OWN) {
    open_talk();
    const pid_t child = first_of(makes_inner);
    hear(told);
    NEED(kill(child, SIGKILL));
    show_end("process 1", child);
    close(told[1]);
    char byte;
    SHOW(read(told[0], &byte, 1));
}

static void tells(void) {
    say(told);
    hear(heard);
}
NATIVE(a_namespace_without_process_1_takes_nobody, OWN) {
    NEED(unshare(CLONE_NEWPID));
    const pid_t first = (pid_t)NEED(fork());
    if (first == 0) _exit(4);
    show_end("first", first);
    SHOW(fork());
    SHOW(fork());
    SHOW(unshare(CLONE_NEWPID));
}

NATIVE(process_1_ends_after_a_member_whose_parent_is_outside, OWN) {
    open_talk();
    NEED(unshare(CLONE_NEWPID));
    const pid_t first = child_of(tells), member = child_of(tells);
    hear(told);
    hear(told);
    block_signal(SIGCHLD);
    NEED(kill(first, SIGKILL));
    // The member has been killed, and is a zombie that only this process may reap.
    siginfo_t info = {0};
    NEED(waitid(P_PID, (id_t)member, &info, WEXITED | WNOWAIT));
    SHOW(info.si_status);
    SHOW(waitpid(first, NULL, WNOHANG));
    const int fd = (int)NEED(syscall(SYS_pidfd_open, first, 0));
    POLL(fd);
    reap(member);
    show_end("first", first);
}

static void restarts(void) {
    NEED(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART,
                 NULL));
}
static void powers_off(void) {
    if (NEED(fork()) == 0)
        NEED(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
                     LINUX_REBOOT_CMD_POWER_OFF, NULL));
    stays();
}
static void asks_otherwise(void) {
    SHOW(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, 1, LINUX_REBOOT_CMD_RESTART, NULL));
    SHOW(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_CAD_ON,
                 NULL));
    SHOW(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, 77, NULL));
    NEED(setuid(1000));
    SHOW(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART,
                 NULL));
}
NATIVE(reboot_ends_the_namespace, OWN) {
    AS_FIRST(restarts);
    AS_FIRST(powers_off);
    AS_FIRST(asks_otherwise);
}

static void sees_its_death_signal(void) {
    NEED(prctl(PR_SET_PDEATHSIG, SIGKILL));
    say(told);
    stays();
}
NATIVE(the_death_of_a_parent_outside_kills_process_1, OWN) {
    NEED(prctl(PR_SET_CHILD_SUBREAPER, 1));
    open_talk();
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        first_of(sees_its_death_signal);
        hear(told);
        _exit(0);
    }
    show_end("parent", child);
    show_end("process 1", -1);
}

static void makes_a_child(void) {
    const pid_t child = paused_child();
    SHOW(child);
    SHOW(kill(child, SIGKILL));
    show_end("child", child);
}
NATIVE(numbers_begin_anew_in_each_namespace, OWN) {
    AS_FIRST(makes_a_child);
    AS_FIRST(makes_a_child);
}

NATIVE(process_1_is_waited_for_by_nobody_where_its_end_is_ignored, OWN) {
    open_talk();
    signal(SIGCHLD, SIG_IGN);
    first_of(has_children_and_ends);
    SHOW(wait(NULL));
}
