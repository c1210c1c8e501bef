// SPDX-License-Identifier: GPL-2.0-or-later
// The system as a whole: barriers, CPUs, personality, names, modules, reboot, restarting calls.
#include <fcntl.h>
#include <linux/membarrier.h>
#include <linux/reboot.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define OWN "qemu-aarch64 answers itself"

static long barrier(int command, unsigned flags) {
    return syscall(SYS_membarrier, command, flags, 0);
}

NATIVE(membarrier_wants_registration, OWN) {
    SHOW((barrier(MEMBARRIER_CMD_QUERY, 0) & 0x1f) == 0x1f);
    SHOW(barrier(MEMBARRIER_CMD_QUERY, 1));
    SHOW(barrier(MEMBARRIER_CMD_GLOBAL, 0));
    SHOW(barrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0));
    SHOW(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0));
    SHOW(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0));
    SHOW(barrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0));
    SHOW(barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0));
    SHOW(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0));
    SHOW(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 1));
    SHOW(barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0));
    SHOW(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0));
    SHOW(barrier(1 << 20, 0));
    SHOW(barrier(-1, 0));
}

NATIVE(critical_sections_have_a_barrier_of_their_own, OWN) {
    enum { kRestart = 0x80, kRegister = 0x100, kOfCpu = 1 };
    SHOW(barrier(kRestart, 0));
    SHOW(barrier(kRegister, kOfCpu));
    SHOW(barrier(kRegister, 0));
    SHOW(barrier(kRestart, 0));
    SHOW(barrier(kRestart, kOfCpu));
    SHOW(barrier(kRestart, 2));
    SHOW(barrier(MEMBARRIER_CMD_QUERY, 0) & (kRestart | kRegister));
}

NATIVE(a_child_inherits_the_registration, OWN) {
    NEED(barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0));
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) _exit(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0) == 0 ? 1 : 2);
    show_end("child", child);
}

NATIVE(getcpu_tells_cpu_and_node, OWN) {
    unsigned cpu = 77, node = 77;
    const uint64_t first = 1;
    NEED(syscall(SYS_sched_setaffinity, 0, 8, &first));
    SHOW(syscall(SYS_getcpu, &cpu, &node, NULL));
    SHOW(cpu);
    SHOW(node);
    SHOW(syscall(SYS_getcpu, NULL, NULL, NULL));
    SHOW(syscall(SYS_getcpu, (void*)16, NULL, NULL));
    SHOW(syscall(SYS_getcpu, NULL, (void*)16, NULL));
}

BEHAVIOUR(personality_is_kept_and_inherited) {
    SHOW(personality(0xffffffff));
    SHOW(personality(ADDR_NO_RANDOMIZE));
    SHOW(personality(0xffffffff) == ADDR_NO_RANDOMIZE);
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) _exit(personality(0xffffffff) == ADDR_NO_RANDOMIZE ? 1 : 2);
    show_end("child", child);
}

static void user_without_privilege(void) {
    SHOW(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_CAD_ON, 0));
    SHOW(syscall(SYS_reboot, 0, 0, 0, 0));
    SHOW(sethostname("name", 4));
    SHOW(syscall(SYS_setdomainname, "name", 4));
    SHOW(syscall(SYS_vhangup));
    SHOW(syscall(SYS_acct, NULL));
    SHOW(syscall(SYS_swapon, "none", 0));
    SHOW(syscall(SYS_swapoff, "none"));
    SHOW(syscall(SYS_syslog, 3, NULL, 0));
}
NATIVE(a_user_may_not_change_the_system, OWN) {
    AS_USER(user_without_privilege);
}

NATIVE(reboot_wants_its_magic_numbers, OWN) {
    SHOW(syscall(SYS_reboot, 0, 0, LINUX_REBOOT_CMD_CAD_ON, 0));
    SHOW(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, 0, LINUX_REBOOT_CMD_CAD_ON, 0));
    SHOW(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, 77, 0));
}

NATIVE(sysinfo_tells_the_memory, OWN) {
    struct sysinfo info;
    SHOW(sysinfo(&info));
    SHOW(info.totalram > 0);
    SHOW(info.freeram <= info.totalram);
    SHOW(info.procs > 0);
    SHOW(info.mem_unit);
    SHOW(syscall(SYS_sysinfo, (void*)16));
}

static volatile int result, error;
static void with_alarm(int flags, long (*call)(void)) {
    struct itimerval soon = {{0, 0}, {0, 20000}};
    signals_taken = 0;
    count_signal(SIGALRM, flags);
    setitimer(ITIMER_REAL, &soon, NULL);
    errno = 0;
    result = (int)call();
    error = errno;
    printf("%d %s, %d signals\n", result, result < 0 ? strerrorname_np(error) : "", signals_taken);
}
static int ends[2], sockets[2];
static void* writes_later(void* unused) {
    (void)unused;
    sleep_ms(60);
    NEED(write(ends[1], "x", 1));
    return NULL;
}
static long reads(void) {
    char byte;
    return read(ends[0], &byte, 1);
}
static void later(void) {
    pthread_t thread;
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &set, &old);
    pthread_create(&thread, NULL, writes_later, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}
BEHAVIOUR(a_read_is_restarted_if_the_action_says_so) {
    NEED(pipe(ends));
    later();
    with_alarm(SA_RESTART, reads);
    with_alarm(0, reads);
}

static long polls(void) {
    struct pollfd one = {ends[0], POLLIN, 0};
    return poll(&one, 1, 10000);
}
static long waits(void) {
    return waitpid(-1, NULL, 0);
}
static long receives(void) {
    char byte;
    return recv(sockets[0], &byte, 1, 0);
}
static long pauses(void) {
    return pause();
}
BEHAVIOUR(some_calls_are_never_restarted) {
    NEED(pipe(ends));
    with_alarm(SA_RESTART, polls);
    with_alarm(SA_RESTART, pauses);
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
    struct timeval limit = {5, 0};
    setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    with_alarm(SA_RESTART, receives);
}
BEHAVIOUR(a_wait_is_interrupted_without_sa_restart) {
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        sleep_ms(200);
        _exit(0);
    }
    with_alarm(0, waits);
}

DOCUMENTED(a_kernel_without_modules_loads_none, "init_module(2), ENOSYS",
           "syscall(SYS_delete_module, \"none\", O_NONBLOCK) = -1 ENOSYS\n"
           "syscall(SYS_init_module, \"none\", 4, \"\") = -1 ENOSYS\n"
           "syscall(SYS_finit_module, 0, \"\", 0) = -1 ENOSYS\n") {
    SHOW(syscall(SYS_delete_module, "none", O_NONBLOCK));
    SHOW(syscall(SYS_init_module, "none", 4, ""));
    SHOW(syscall(SYS_finit_module, 0, "", 0));
}

NATIVE(set_tid_address_tells_the_task, OWN) {
    static int word;
    SHOW(syscall(SYS_set_tid_address, &word) == getpid());
}

NATIVE(proc_loadavg_has_its_five_fields, OWN) {
    double one, five, fifteen;
    int running, all, last;
    FILE* const file = fopen("/proc/loadavg", "r");
    SHOW(fscanf(file, "%lf %lf %lf %d/%d %d", &one, &five, &fifteen, &running, &all, &last));
    SHOW(running >= 1);
    SHOW(all >= running);
    SHOW(last > 0);
}

NATIVE(schedstat_counts_time_and_slices, OWN) {
    long ran = 0, waited = 0, slices = 0;
    for (volatile int i = 0; i < 30000000; ++i) {
    }
    FILE* const file = fopen("/proc/self/schedstat", "r");
    SHOW(file != NULL && fscanf(file, "%ld %ld %ld", &ran, &waited, &slices) == 3);
    SHOW(ran > 5000000);
    SHOW(slices > 0);
}
