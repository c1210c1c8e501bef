// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/locks: what it shows of locks and leases, and of who waits for them.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "qemu-aarch64 shows the host's"

static pid_t known[2];

static const char* name_of(int pid) {
    static char text[20];
    if (pid == getpid()) return "own";
    if (pid == known[0]) return "child";
    if (pid == known[1]) return "second";
    snprintf(text, sizeof text, pid == -1 ? "-1" : pid == 0 ? "0" : "another");
    return text;
}
// The lines of a file's locks, with neither its number nor those of processes.
static void show_locks(const char* file) {
    struct stat status;
    char line[200], place[60];
    NEED(stat(file, &status));
    snprintf(place, sizeof place, " %02x:%02x:%lu ", major(status.st_dev), minor(status.st_dev),
             (unsigned long)status.st_ino);
    FILE* const locks = fopen("/proc/locks", "r");
    while (fgets(line, sizeof line, locks) != NULL) {
        char* const at = strstr(line, place);
        if (at == NULL) continue;
        char* before = at;
        while (before > line && before[-1] != ' ') --before;
        const int pid = atoi(before);
        *before = 0;
        printf("  %s%s %s", strchr(line, ':') + 1, name_of(pid), at + strlen(place));
    }
    fclose(locks);
    puts("  -");
}
// Each CPU has a list of its own: what is made on one is in its order.
static void stay_here(void) {
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(0, &first);
    NEED(sched_setaffinity(0, sizeof first, &first));
}
static void lock(int file, int command, int type, long start, long length) {
    const struct flock range = {
        .l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    NEED(fcntl(file, command, &range));
}
static int opened(int flags) {
    return (int)NEED(open("file", flags));
}

NATIVE(locks_of_ranges_are_shown, WHY) {
    stay_here();
    make_file("file", "0123456789");
    const int file = opened(O_RDWR);
    show_locks("file");
    lock(file, F_SETLK, F_WRLCK, 0, 0);
    show_locks("file");
    lock(file, F_SETLK, F_UNLCK, 0, 0);
    lock(file, F_SETLK, F_RDLCK, 2, 3);
    show_locks("file");
    lock(file, F_SETLK, F_RDLCK, 5, 2);
    show_locks("file");
    lock(file, F_SETLK, F_UNLCK, 0, 0);
    show_locks("file");
}

NATIVE(the_last_lock_comes_first, WHY) {
    stay_here();
    make_file("file", "0123456789");
    const int file = opened(O_RDWR);
    lock(file, F_SETLK, F_RDLCK, 0, 1);
    lock(file, F_SETLK, F_WRLCK, 4, 1);
    lock(file, F_SETLK, F_RDLCK, 8, 1);
    NEED(flock(file, LOCK_SH));
    show_locks("file");
}

NATIVE(locks_of_descriptions_have_no_process, WHY) {
    stay_here();
    make_file("file", "0123456789");
    const int file = opened(O_RDWR);
    lock(file, F_OFD_SETLK, F_WRLCK, 1, 2);
    show_locks("file");
    NEED(close(file));
    show_locks("file");
}

static void hold_flock(void) {
    const int file = opened(O_RDONLY);
    NEED(flock(file, LOCK_SH));
    pause();
}
NATIVE(locks_of_whole_files_are_shown, WHY) {
    stay_here();
    make_file("file", "");
    NEED(flock(opened(O_RDONLY), LOCK_SH));
    show_locks("file");
    known[0] = child_of(hold_flock);
    until_asleep(known[0]);
    show_locks("file");
    NEED(kill(known[0], SIGKILL));
    NEED(waitpid(known[0], NULL, 0));
    show_locks("file");
    const int file = opened(O_RDONLY);
    NEED(flock(file, LOCK_SH));
    NEED(flock(file, LOCK_UN));
    show_locks("file");
}

static void wait_for_range(void) {
    lock(opened(O_RDWR), F_SETLKW, F_WRLCK, 3, 4);
}
static void wait_for_flock(void) {
    NEED(flock(opened(O_RDWR), LOCK_EX));
}
static void wait_for_description(void) {
    lock(opened(O_RDWR), F_OFD_SETLKW, F_RDLCK, 3, 0);
}
NATIVE(who_waits_is_shown_below, WHY) {
    stay_here();
    make_file("file", "0123456789");
    const int file = opened(O_RDWR);
    lock(file, F_SETLK, F_WRLCK, 0, 0);
    known[0] = child_of(wait_for_range);
    until_asleep(known[0]);
    show_locks("file");
    lock(file, F_SETLK, F_UNLCK, 0, 0);
    NEED(waitpid(known[0], NULL, 0));
    show_locks("file");
}
NATIVE(who_waits_for_a_whole_file_is_shown_below, WHY) {
    stay_here();
    make_file("file", "");
    const int file = opened(O_RDWR);
    NEED(flock(file, LOCK_EX));
    known[0] = child_of(wait_for_flock);
    until_asleep(known[0]);
    show_locks("file");
    NEED(kill(known[0], SIGKILL));
    NEED(waitpid(known[0], NULL, 0));
    show_locks("file");
}
NATIVE(a_description_that_waits_is_shown_below, WHY) {
    stay_here();
    make_file("file", "0123456789");
    const int file = opened(O_RDWR);
    lock(file, F_OFD_SETLK, F_WRLCK, 0, 0);
    known[0] = child_of(wait_for_description);
    until_asleep(known[0]);
    show_locks("file");
    NEED(kill(known[0], SIGKILL));
    NEED(waitpid(known[0], NULL, 0));
}

NATIVE(leases_are_shown, WHY) {
    stay_here();
    make_file("file", "");
    const int file = opened(O_RDONLY);
    NEED(fcntl(file, F_SETLEASE, F_RDLCK));
    show_locks("file");
    signal(SIGIO, SIG_IGN);
    SHOW(open("file", O_WRONLY | O_NONBLOCK));
    show_locks("file");
    NEED(fcntl(file, F_SETLEASE, F_UNLCK));
    show_locks("file");
    NEED(close(file));
    const int writer = opened(O_RDWR);
    NEED(fcntl(writer, F_SETLEASE, F_WRLCK));
    show_locks("file");
}

NATIVE(locks_of_several_files_are_numbered, WHY) {
    char line[200];
    stay_here();
    make_file("file", "");
    make_file("other", "");
    NEED(flock(opened(O_RDONLY), LOCK_EX));
    NEED(flock((int)NEED(open("other", O_RDONLY)), LOCK_SH));
    FILE* const locks = fopen("/proc/locks", "r");
    while (fgets(line, sizeof line, locks) != NULL) printf("%.24s\n", line);
    fclose(locks);
}
