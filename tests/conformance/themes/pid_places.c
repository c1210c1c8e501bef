// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers of processes in /proc, locks in memory, terminals, sockets and tracing, by namespace.
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "behaviour.h"
#include "pid_steps.h"

#ifndef NS_GET_PID_FROM_PIDNS
#define NS_GET_PID_FROM_PIDNS _IOR(NSIO, 6, int)
#define NS_GET_TGID_FROM_PIDNS _IOR(NSIO, 7, int)
#define NS_GET_PID_IN_PIDNS _IOR(NSIO, 8, int)
#define NS_GET_TGID_IN_PIDNS _IOR(NSIO, 9, int)
#endif

static int* word;  // shared by all
static void share_word(void) {
    word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}
// The lines of a file that begin with one of these words, "Pid:" and the like.
static void show_lines(const char* name, const char* words) {
    char text[8192] = "";
    const int fd = (int)NEED(open(name, O_RDONLY));
    NEED(read(fd, text, sizeof text - 1));
    close(fd);
    for (char* line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char key[32] = " ";
        strncat(key, line, strcspn(line, "\t"));
        if (strstr(words, key) != NULL) puts(line);
    }
}
#define NUMBERS " Tgid: Pid: PPid: TracerPid:"
#define LEVELS " NStgid: NSpid: NSpgid: NSsid:"

static void mount_own_proc(void) {
    NEED(unshare(CLONE_NEWNS));
    NEED(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    NEED(mount("proc", "/proc", "proc", 0, NULL));
}
static void reads_own_proc(void) {
    char text[64] = "";
    mount_own_proc();
    NEED(readlink("/proc/self", text, sizeof text));
    puts(text);
    NEED(setsid());
    show_lines("/proc/self/status", NUMBERS LEVELS);
    show_lines("/proc/1/status", NUMBERS);
    const pid_t child = paused_child();
    SHOW(child);
    show_lines("/proc/2/status", NUMBERS LEVELS);
    SHOW(access("/proc/3", F_OK));
    SHOW(access("/proc/2/task/2", F_OK));
    memset(text, 0, sizeof text);
    NEED(readlink("/proc/thread-self", text, sizeof text));
    puts(text);
    show_file("/proc/self/task/1/children");
}
NATIVE(proc_shows_the_namespace_of_who_mounted_it, OWN) {
    AS_FIRST(reads_own_proc);
}

static void reads_old_proc(void) {
    // The proc of outside has its process by the number there.
    char text[64] = "", path[80];
    NEED(readlink("/proc/self", text, sizeof text));
    SHOW(atoi(text) > 1);
    snprintf(path, sizeof path, "/proc/%s/status", text);
    char status[4096] = "";
    const int fd = (int)NEED(open(path, O_RDONLY));
    NEED(read(fd, status, sizeof status - 1));
    // Its numbers from there on: the last is the own one.
    char* const line = strstr(status, "NSpid:");
    *strchr(line, '\n') = 0;
    SHOW(strcmp(strrchr(line, '\t'), "\t1"));
    SHOW(strncmp(line + 7, text, strlen(text)));
}
NATIVE(a_proc_of_outside_tells_both_numbers, OWN) {
    AS_FIRST(reads_old_proc);
}

static void is_inside(void) {
    mount_own_proc();
    *word = (int)NEED(open("/proc", O_RDONLY | O_DIRECTORY));
    say(told);
    hear(heard);
}
NATIVE(who_is_outside_has_no_self_in_a_proc_of_inside, OWN) {
    char text[64];
    share_word();
    open_talk();
    const pid_t child = first_of(is_inside);
    hear(told);
    const int process = (int)NEED(syscall(SYS_pidfd_open, child, 0));
    const int fd = (int)NEED(syscall(SYS_pidfd_getfd, process, *word, 0));
    SHOW(readlinkat(fd, "self", text, sizeof text));
    SHOW(faccessat(fd, "1/status", F_OK, 0));
    say(heard);
    show_end("child", child);
}

static void tells_pidfd(void) {
    const pid_t child = paused_child();
    char path[64];
    mount_own_proc();
    const int fd = (int)NEED(syscall(SYS_pidfd_open, child, 0));
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    show_lines(path, " Pid: NSpid:");
    NEED(kill(child, SIGKILL));
    reap(child);
    show_lines(path, " Pid: NSpid:");
}
NATIVE(a_pidfd_tells_the_number_of_the_namespace_of_proc, OWN) {
    AS_FIRST(tells_pidfd);
}

static int of_outside;
static void signals_by_pidfd(void) {
    SHOW(syscall(SYS_pidfd_send_signal, of_outside, 0, NULL, 0));
    SHOW(syscall(SYS_pidfd_send_signal, of_outside, SIGKILL, NULL, 0));
}
NATIVE(a_pidfd_of_outside_sends_no_signal, OWN) {
    const pid_t bystander = paused_child();
    of_outside = (int)NEED(syscall(SYS_pidfd_open, bystander, 0));
    AS_FIRST(signals_by_pidfd);
    NEED(kill(bystander, SIGKILL));
    show_end("bystander", bystander);
}

static void locks(void) {
    SHOW(syscall(SYS_futex, word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    SHOW(*word);
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        *word = 0;
        SHOW(syscall(SYS_futex, word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
        SHOW(*word);
        SHOW(syscall(SYS_futex, word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
        _exit(0);
    }
    reap(child);
    *word = 31999;
    SHOW(syscall(SYS_futex, word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
}
NATIVE(a_lock_in_memory_has_the_number_of_its_namespace, OWN) {
    share_word();
    AS_FIRST(locks);
}

static void waits_for_lock(void) {
    // The holder, outside, hands it over: the word is this one's number.
    *word = 0;
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        NEED(syscall(SYS_futex, word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
        say(told);
        hear(heard);
        NEED(syscall(SYS_futex, word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
        _exit(0);
    }
    hear(told);
    const pid_t waiter = (pid_t)NEED(fork());
    if (waiter == 0) {
        SHOW(syscall(SYS_futex, word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
        SHOW(*word & FUTEX_TID_MASK);
        _exit(0);
    }
    until_asleep(waiter);
    say(heard);
    reap(child);
    reap(waiter);
}
static void waits_with_proc(void) {
    mount_own_proc();
    waits_for_lock();
}
NATIVE(a_lock_is_handed_over_by_the_number_of_the_namespace, OWN) {
    share_word();
    open_talk();
    AS_FIRST(waits_with_proc);
}

static void* robust[3];
static void dies_with_lock(void) {
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        robust[0] = word + 4;
        *(void**)(word + 4) = robust;
        robust[1] = (void*)-16;
        NEED(syscall(SYS_set_robust_list, robust, sizeof robust));
        *word = getpid();
        _exit(0);
    }
    reap(child);
    SHOW(*word == (int)FUTEX_OWNER_DIED);
}
NATIVE(a_robust_lock_is_known_by_the_number_of_the_namespace, OWN) {
    share_word();
    AS_FIRST(dies_with_lock);
}

static void uses_terminal(void) {
    pid_t group = 0;
    NEED(setsid());
    const int master = (int)NEED(posix_openpt(O_RDWR | O_NOCTTY));
    NEED(grantpt(master));
    NEED(unlockpt(master));
    const int slave = (int)NEED(open(ptsname(master), O_RDWR | O_NOCTTY));
    NEED(ioctl(slave, TIOCSCTTY, 0));
    SHOW(ioctl(slave, TIOCGPGRP, &group));
    SHOW(group);
    SHOW(ioctl(slave, TIOCGSID, &group));
    SHOW(group);
    const pid_t child = paused_child();
    NEED(setpgid(child, child));
    group = child;
    SHOW(ioctl(slave, TIOCSPGRP, &group));
    group = 0;
    SHOW(ioctl(master, TIOCGPGRP, &group));
    SHOW(group == child);
    group = 31999;
    SHOW(ioctl(slave, TIOCSPGRP, &group));
}
NATIVE(the_group_of_a_terminal_has_the_number_of_who_asks, OWN) {
    AS_FIRST(uses_terminal);
}

static void binds_netlink(void) {
    struct sockaddr_nl own = {.nl_family = AF_NETLINK};
    socklen_t size = sizeof own;
    const int fd = (int)NEED(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
    NEED(bind(fd, (struct sockaddr*)&own, size));
    NEED(getsockname(fd, (struct sockaddr*)&own, &size));
    SHOW(own.nl_pid);
}
NATIVE(a_netlink_socket_has_the_number_of_the_namespace, OWN) {
    NEED(unshare(CLONE_NEWNET));
    AS_FIRST(binds_netlink);
}

static void waits(void) {
    hear(heard);
}
NATIVE(a_file_of_a_namespace_translates_numbers, OWN) {
    char path[64];
    open_talk();
    const pid_t child = first_of(waits);
    snprintf(path, sizeof path, "/proc/%d/ns/pid", (int)child);
    const int fd = (int)NEED(open(path, O_RDONLY));
    SHOW(ioctl(fd, NS_GET_PID_FROM_PIDNS, 1) == child);
    SHOW(ioctl(fd, NS_GET_TGID_FROM_PIDNS, 1) == child);
    SHOW(ioctl(fd, NS_GET_PID_FROM_PIDNS, 2));
    SHOW(ioctl(fd, NS_GET_PID_IN_PIDNS, child));
    SHOW(ioctl(fd, NS_GET_TGID_IN_PIDNS, child));
    SHOW(ioctl(fd, NS_GET_PID_IN_PIDNS, getpid()));
    SHOW(ioctl((int)NEED(open("/proc/self/ns/uts", O_RDONLY)), NS_GET_PID_IN_PIDNS, 1));
    say(heard);
    reap(child);
}

static void is_traced(void) {
    NEED(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
    raise(SIGSTOP);
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) _exit(0);
    _exit(child);
}
NATIVE(a_tracer_outside_is_told_its_own_numbers, OWN) {
    unsigned long message = 0;
    int status = 0;
    const pid_t child = first_of(is_traced);
    SHOW(waitpid(child, &status, 0) == child);
    NEED(ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL));
    NEED(ptrace(PTRACE_CONT, child, NULL, NULL));
    NEED(waitpid(child, &status, 0));
    SHOW(status >> 8 == (SIGTRAP | PTRACE_EVENT_FORK << 8));
    NEED(ptrace(PTRACE_GETEVENTMSG, child, NULL, &message));
    const pid_t second = (pid_t)message;
    SHOW(second > child);
    SHOW(waitpid(second, &status, __WALL) == second);
    NEED(ptrace(PTRACE_DETACH, second, NULL, NULL));
    NEED(ptrace(PTRACE_DETACH, child, NULL, NULL));
    show_end("child", child);
}

static void asks_clocks(void) {
    struct timespec time;
    clockid_t clock;
    SHOW(clock_getcpuclockid(1, &clock));
    SHOW(clock_gettime(clock, &time));
    SHOW(clock_getcpuclockid(77, &clock));
    show_file("/proc/sys/kernel/ns_last_pid");
    reap((pid_t)NEED(fork()) ?: (_exit(0), 0));
    show_file("/proc/sys/kernel/ns_last_pid");
}
NATIVE(clocks_and_the_last_number_are_of_the_namespace, OWN) {
    AS_FIRST(asks_clocks);
}
