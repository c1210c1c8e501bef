// SPDX-License-Identifier: GPL-2.0-or-later
// User and group ids: real, effective, saved, of the file system, supplementary; who may signal
// whom by them.
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static void show_uids(void) {
    uid_t real = 9, effective = 9, saved = 9;
    NEED(getresuid(&real, &effective, &saved));
    printf("uids %u %u %u, fs %d\n", real, effective, saved, setfsuid(-1));
}

static void show_gids(void) {
    gid_t real = 9, effective = 9, saved = 9;
    NEED(getresgid(&real, &effective, &saved));
    printf("gids %u %u %u, fs %d\n", real, effective, saved, setfsgid(-1));
}

BEHAVIOUR(the_superusers_setuid_sets_all_ids) {
    SHOW(setuid(65534));
    show_uids();
    SHOW(setuid(0));
}

BEHAVIOUR(a_users_setuid_sets_the_effective_id_only) {
    NEED(setresuid(65534, 1000, 2000));
    SHOW(setuid(65534));
    show_uids();
    SHOW(setuid(2000));
    show_uids();
    SHOW(setuid(1000));
    SHOW(setuid(-1));
}

BEHAVIOUR(setreuid_saves_the_effective_id_when_the_real_one_is_set) {
    SHOW(setreuid(-1, 1000));
    show_uids();
    SHOW(setreuid(1000, -1));
    show_uids();
    SHOW(setreuid(1000, 0));
    show_uids();
    SHOW(setreuid(3, -1));
}

BEHAVIOUR(setreuid_saves_an_effective_id_unlike_the_real_one) {
    SHOW(setreuid(-1, 0));
    show_uids();
    SHOW(setreuid(5, 7));
    show_uids();
    SHOW(setreuid(7, 5));
    show_uids();
    SHOW(setreuid(-1, 9));
}

BEHAVIOUR(setresuid_gives_a_user_what_it_has) {
    NEED(setresuid(1, 2, 3));
    SHOW(setresuid(3, 1, 2));
    show_uids();
    SHOW(setresuid(-1, -1, 4));
    SHOW(setresuid(-1, -1, -1));
    SHOW(getuid());
    SHOW(geteuid());
}

BEHAVIOUR(the_groups_follow_the_same_rules) {
    NEED(setresgid(1, 2, 3));
    show_gids();
    NEED(setresuid(1, 2, 3));
    SHOW(setregid(2, 1));
    show_gids();
    SHOW(setgid(2));
    show_gids();
    SHOW(setresgid(4, -1, -1));
    SHOW(setgid(4));
    SHOW(setregid(-1, 4));
}

BEHAVIOUR(setfsuid_tells_the_old_id_and_never_fails) {
    SHOW(setfsuid(1000));
    SHOW(setfsuid(-1));
    show_uids();
    SHOW(seteuid(2000));
    show_uids();
    SHOW(setfsuid(77));
    SHOW(setfsuid(0));
    show_uids();
    SHOW(setfsgid(77));
    show_gids();
}

BEHAVIOUR(supplementary_groups_are_shown_sorted) {
    const gid_t wanted[] = {30, 10, 20};
    gid_t got[4] = {0};
    SHOW(setgroups(3, wanted));
    SHOW(getgroups(0, NULL));
    SHOW(getgroups(4, got));
    printf("%u %u %u\n", got[0], got[1], got[2]);
    SHOW(getgroups(2, got));
    SHOW(getgroups(-1, got));
    SHOW(setgroups(0, NULL));
    SHOW(getgroups(4, got));
}

static void as_user(void) {
    const gid_t wanted[] = {30};
    SHOW(setgroups(1, wanted));
}

BEHAVIOUR(setgroups_is_the_superusers) {
    SHOW(setgroups(65537, NULL));
    SHOW(setgroups(1, (const gid_t*)8));
    AS_USER(as_user);
}

static void shows_ids(void) {
    show_uids();
    show_gids();
    SHOW(getgroups(0, NULL));
}

BEHAVIOUR(a_child_has_its_parents_ids) {
    const gid_t wanted[] = {30, 40};
    NEED(setgroups(2, wanted));
    NEED(setresgid(4, 5, 6));
    NEED(setresuid(1, 2, 3));
    IN_CHILD(shows_ids);
}

static void* drop_alone(void* unused) {
    SHOW(syscall(SYS_setresuid, 1000, 1000, 1000));
    SHOW(geteuid());
    return unused;
}

BEHAVIOUR(the_call_itself_is_one_threads) {
    pthread_t thread;
    NEED(-pthread_create(&thread, NULL, drop_alone, NULL));
    pthread_join(thread, NULL);
    SHOW(geteuid());
}

static pid_t target;

static void signals_target(void) {
    SHOW(kill(target, 0));
    SHOW(kill(target, SIGTERM));
    SHOW(kill(getppid(), 0));
}

static pid_t sleeper(uid_t real, uid_t effective, uid_t saved) {
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        NEED(setresuid(real, effective, saved));
        for (;;) pause();
    }
    until_asleep(child);
    return child;
}

BEHAVIOUR(kill_needs_the_same_user) {
    target = sleeper(2000, 2000, 2000);
    AS_USER(signals_target);
    kill(target, SIGKILL);
    show_end("target", target);
    target = sleeper(1000, 2000, 2000);
    AS_USER(signals_target);
    show_end("target", target);
    target = sleeper(2000, 1000, 2000);
    AS_USER(signals_target);
    kill(target, SIGKILL);
    show_end("target", target);
    target = sleeper(2000, 2000, 1000);
    AS_USER(signals_target);
    show_end("target", target);
}

static void continues_target(void) {
    SHOW(kill(target, SIGCONT));
    NEED(setsid());
    SHOW(kill(target, SIGCONT));
    SHOW(kill(-1, SIGUSR1));
}

BEHAVIOUR(sigcont_reaches_the_session) {
    target = sleeper(2000, 2000, 2000);
    AS_USER(continues_target);
    kill(target, SIGKILL);
    show_end("target", target);
}

BEHAVIOUR(proc_shows_the_ids) {
    const gid_t wanted[] = {30, 40};
    char line[200];
    NEED(setgroups(2, wanted));
    NEED(setresgid(4, 5, 6));
    NEED(setresuid(1, 2, 3));
    FILE* status = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, status))
        if (strncmp(line, "Uid:", 4) == 0 || strncmp(line, "Gid:", 4) == 0 ||
            strncmp(line, "Groups:", 7) == 0)
            fputs(line, stdout);
}

static void changes_priority(void) {
    SHOW(setpriority(PRIO_PROCESS, target, 5));
    SHOW(setpriority(PRIO_PROCESS, 0, -5));
    SHOW(setpriority(PRIO_PROCESS, 0, 5));
    SHOW(setpriority(PRIO_PROCESS, 0, 4));
}

BEHAVIOUR(priorities_of_others_are_theirs) {
    target = sleeper(2000, 2000, 2000);
    AS_USER(changes_priority);
    kill(target, SIGKILL);
    show_end("target", target);
}
