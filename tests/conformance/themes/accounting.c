// SPDX-License-Identifier: GPL-2.0-or-later
// The records that acct writes of processes that end.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/acct.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "qemu-aarch64 passes acct on, with the path of its own process"

static void named_end(int status) {
    prctl(PR_SET_NAME, "accounted");
    _exit(status);
}

// The records of processes with that name, and who they were of.
static void show_records(const char* file, pid_t child) {
    struct acct_v3 record;
    const int fd = open(file, O_RDONLY);
    while (read(fd, &record, sizeof record) == sizeof record) {
        if (strcmp(record.ac_comm, "accounted") != 0) continue;
        printf("flags %x version %d exit %x ids %u %u own %d parent %d tty %d\n",
               record.ac_flag & ~ASU, record.ac_version & 15, record.ac_exitcode, record.ac_uid,
               record.ac_gid, (pid_t)record.ac_pid == child, (pid_t)record.ac_ppid == getpid(),
               record.ac_tty);
        const long late = time(NULL) - record.ac_btime;
        printf("begin %d elapsed %d memory %d faults %d\n", late >= 0 && late <= 3,
               record.ac_etime >= 0 && record.ac_etime<300, record.ac_mem> 0, record.ac_minflt > 0);
    }
    close(fd);
}

NATIVE(a_process_that_ends_leaves_a_record, WHY) {
    make_file("log", "");
    NEED(acct("log"));
    const pid_t child = fork();
    if (child == 0) named_end(5);
    waitpid(child, NULL, 0);
    SHOW(acct(NULL));
    show_records("log", child);
}
NATIVE(a_record_tells_of_the_signal, WHY) {
    make_file("log", "");
    const struct rlimit none = {0, 0};
    NEED(acct("log"));
    const pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_NAME, "accounted");
        setrlimit(RLIMIT_CORE, &none);
        raise(SIGTERM);
    }
    waitpid(child, NULL, 0);
    SHOW(acct(NULL));
    show_records("log", child);
}
NATIVE(a_record_has_the_real_ids, WHY) {
    make_file("log", "");
    NEED(acct("log"));
    const pid_t child = fork();
    if (child == 0) {
        setresgid(1001, 1002, 1003);
        setresuid(1004, 1005, 1006);
        named_end(0);
    }
    waitpid(child, NULL, 0);
    SHOW(acct(NULL));
    show_records("log", child);
}
NATIVE(records_come_behind_what_the_file_has, WHY) {
    make_file("log", "before");
    NEED(acct("log"));
    const pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_NAME, "accounted");
        for (int i = 0; i < 3; ++i) {
            const pid_t other = vfork();
            if (other == 0) _exit(i);
            waitpid(other, NULL, 0);
        }
        _exit(9);
    }
    waitpid(child, NULL, 0);
    SHOW(acct(NULL));
    char text[8] = "";
    const int fd = open("log", O_RDONLY);
    SHOW(read(fd, text, 6));
    puts(text);
    struct acct_v3 record;
    while (read(fd, &record, sizeof record) == sizeof record) {
        if (strcmp(record.ac_comm, "accounted") == 0)
            printf("exit %x own %d\n", record.ac_exitcode, (pid_t)record.ac_pid == child);
    }
}
NATIVE(what_ends_after_the_end_of_accounting_is_not_recorded, WHY) {
    make_file("log", "");
    NEED(acct("log"));
    NEED(acct(NULL));
    const pid_t child = fork();
    if (child == 0) named_end(5);
    waitpid(child, NULL, 0);
    show_file("log");
}
NATIVE(another_file_takes_the_place_of_the_first, WHY) {
    make_file("log", "");
    make_file("second", "");
    NEED(acct("log"));
    NEED(acct("second"));
    const pid_t child = fork();
    if (child == 0) named_end(5);
    waitpid(child, NULL, 0);
    NEED(acct(NULL));
    show_file("log");
    show_records("second", child);
}
NATIVE(long_times_are_kept_as_a_fraction_and_an_exponent, WHY) {
    make_file("log", "");
    NEED(acct("log"));
    const pid_t child = fork();
    if (child == 0) named_end(0);
    waitpid(child, NULL, 0);
    NEED(acct(NULL));
    struct acct_v3 record;
    const int fd = open("log", O_RDONLY);
    SHOW(read(fd, &record, sizeof record) == sizeof record);
    SHOW(record.ac_swaps);
    SHOW(record.ac_majflt);
    SHOW((record.ac_mem >> 13) <= 7);
}
