// SPDX-License-Identifier: GPL-2.0-or-later
// What the superuser of a user namespace may do with what is of it, and with what is not.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "namespace_steps.h"
#include "steps.h"

static int told[2];

static void wait_as_other(void) {
    become(1);
    pause();
}
static pid_t child_inside(void) {
    const pid_t child = child_of(wait_as_other);
    sleep_ms(50);
    return child;
}
static pid_t child_outside(void) {
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        become(1000);
        NEED(prctl(PR_SET_PDEATHSIG, SIGKILL));  // nobody inside can
        pause();
    }
    sleep_ms(50);
    return child;
}
static void kill_child(pid_t child) {
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

// --- System V

static void use_queue(int id) {
    struct msqid_ds state;
    struct {
        long type;
        char text[1];
    } message = {1, "x"};
    SHOW(msgctl(id, IPC_STAT, &state));
    SHOW(msgsnd(id, &message, 1, IPC_NOWAIT));
    memset(&state, 0, sizeof state);
    state.msg_perm.uid = 5;
    state.msg_qbytes = 100;
    SHOW(msgctl(id, IPC_SET, &state));
    state.msg_perm.uid = 1;
    state.msg_perm.gid = 1;
    state.msg_perm.mode = 0600;
    SHOW(msgctl(id, IPC_SET, &state));
    state.msg_qbytes = 1 << 20;
    SHOW(msgctl(id, IPC_SET, &state));
    SHOW(msgctl(id, IPC_RMID, NULL));
}
static void make_queue_inside(void) {
    become(1);
    NEED(msgget(77, IPC_CREAT | 0600));
    NEED(shmget(78, 4096, IPC_CREAT | 0600));
    NEED(semget(79, 1, IPC_CREAT | 0600));
}
static void make_queue_outside(void) {
    become(1000);
    NEED(msgget(77, IPC_CREAT | 0600));
    NEED(shmget(78, 4096, IPC_CREAT | 0600));
    NEED(semget(79, 1, IPC_CREAT | 0600));
}
static void show_queue(int id) {
    struct msqid_ds state;
    SHOW(msgctl(id, IPC_STAT, &state));
    SHOW(state.msg_perm.uid);
    SHOW(state.msg_perm.cuid);
    SHOW(state.msg_perm.gid);
}
static void use_objects(void) {
    use_queue((int)NEED(msgget(77, 0)));
    const int segment = (int)NEED(shmget(78, 4096, 0)), set = (int)NEED(semget(79, 1, 0));
    SHOW(shmctl(segment, SHM_LOCK, NULL));
    SHOW(shmat(segment, NULL, 0) != (void*)-1);
    SHOW(shmctl(segment, IPC_RMID, NULL));
    SHOW(semctl(set, 0, SETVAL, 1));
    SHOW(semctl(set, 0, IPC_RMID));
}
NATIVE(objects_of_its_own_ipc_are_the_superusers, OWN) {
    enter(CLONE_NEWIPC);
    IN_CHILD(make_queue_inside);
    show_queue((int)NEED(msgget(77, 0600)));
    use_objects();
}
NATIVE(objects_of_another_ipc_are_their_owners, OWN) {
    IN_CHILD(make_queue_outside);
    const int own = (int)NEED(msgget(80, IPC_CREAT | 0666));
    struct msqid_ds state = {.msg_perm = {.uid = 7, .gid = 8, .mode = 0666}, .msg_qbytes = 100};
    NEED(msgctl(own, IPC_SET, &state));
    enter(0);
    show_queue(own);
    use_objects();
}
// --- other tasks

static void change_task(pid_t task) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    struct rlimit limit = {10, 10};
    SHOW(setpriority(PRIO_PROCESS, (id_t)task, 5));
    SHOW(setpriority(PRIO_PROCESS, (id_t)task, 1));
    SHOW(sched_setaffinity(task, sizeof one, &one));
    SHOW(prlimit(task, RLIMIT_NOFILE, &limit, NULL));
    SHOW(syscall(SYS_ioprio_set, 1, task, 2 << 13 | 3));
    SHOW(kill(task, 0));
    SHOW(getpriority(PRIO_PROCESS, (id_t)task));
}
NATIVE(tasks_of_its_namespace_obey_it, OWN) {
    enter(0);
    const pid_t child = child_inside();
    change_task(child);
    SHOW(setpriority(PRIO_USER, 1, 7));
    SHOW(setpriority(PRIO_USER, 5, 7));
    kill_child(child);
}
NATIVE(tasks_of_another_namespace_do_not, OWN) {
    const pid_t child = child_outside();
    enter(0);
    change_task(child);
    SHOW(setpriority(PRIO_USER, 1, 7));
    SHOW(ptrace(PTRACE_SEIZE, child, 0, 0));
}
NATIVE(tasks_of_the_superuser_outside_are_of_the_same_user, OWN) {
    const pid_t child = paused_child();
    enter(0);
    change_task(child);
    SHOW(ptrace(PTRACE_SEIZE, child, 0, 0));
    kill_child(child);
}

static void make_one(void) {
    NEED(prctl(PR_SET_DUMPABLE, 1));
    NEED(unshare(CLONE_NEWUSER));
    SHOW(prctl(PR_GET_DUMPABLE));
    NEED(unshare(CLONE_NEWUSER));
    SHOW(prctl(PR_GET_DUMPABLE));
}
static void enter_child(void) {
    char byte;
    NEED(pipe(told));
    NEED(prctl(PR_SET_DUMPABLE, 1));
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        NEED(unshare(CLONE_NEWUSER));
        NEED(write(told[1], "x", 1));
        pause();
    }
    NEED(read(told[0], &byte, 1));
    char name[40];
    snprintf(name, sizeof name, "/proc/%d/ns/user", (int)child);
    SHOW(setns((int)NEED(open(name, O_RDONLY)), 0));
    SHOW(prctl(PR_GET_DUMPABLE));
    kill_child(child);
}
NATIVE(who_makes_one_may_be_looked_into, OWN) {
    AS_USER(make_one);
    AS_USER(enter_child);
}

// --- what is of the first namespace alone

NATIVE(the_machine_is_not_its_own, OWN) {
    const struct sched_param first = {.sched_priority = 1};
    const struct rlimit more = {4096, 1 << 20}, less = {4096, 4096};
    struct timeval now;
    NEED(setrlimit(RLIMIT_NOFILE, &less));
    enter(CLONE_NEWNS);
    SHOW(setrlimit(RLIMIT_NOFILE, &more));
    SHOW(setpriority(PRIO_PROCESS, 0, -1));
    SHOW(sched_setscheduler(0, SCHED_FIFO, &first));
    SHOW(syscall(SYS_ioprio_set, 1, 0, 1 << 13));
    NEED(gettimeofday(&now, NULL));
    SHOW(settimeofday(&now, NULL));
    SHOW(mknod("device", S_IFCHR | 0600, makedev(1, 3)));
    SHOW(mknod("whiteout", S_IFCHR | 0600, 0));
    SHOW(chroot("."));
    SHOW(syscall(SYS_syslog, 3, NULL, 0));
    SHOW(swapoff("none"));
    SHOW(vhangup());
}

NATIVE(options_of_sockets_are_the_networks, OWN) {
    const int old = (int)NEED(socket(AF_INET, SOCK_DGRAM, 0)), value = 7;
    const socklen_t size = sizeof value;
    enter(CLONE_NEWNET);
    const int own = (int)NEED(socket(AF_INET, SOCK_DGRAM, 0));
    SHOW(setsockopt(own, SOL_SOCKET, SO_PRIORITY, &value, size));
    SHOW(setsockopt(own, SOL_SOCKET, SO_MARK, &value, size));
    SHOW(setsockopt(own, SOL_SOCKET, SO_SNDBUFFORCE, &value, size));
    SHOW(setsockopt(old, SOL_SOCKET, SO_PRIORITY, &value, size));
    SHOW(setsockopt(old, SOL_SOCKET, SO_MARK, &value, size));
    SHOW(socket(AF_INET, SOCK_RAW, 255) >= 0);
}

// --- other namespaces

NATIVE(namespaces_outside_are_not_entered, OWN) {
    const pid_t other = paused_child();
    const int process = (int)NEED(syscall(SYS_pidfd_open, other, 0)),
              network = (int)NEED(open("/proc/self/ns/net", O_RDONLY)),
              mounts = (int)NEED(open("/proc/self/ns/mnt", O_RDONLY)),
              names = (int)NEED(open("/proc/self/ns/uts", O_RDONLY)),
              users = (int)NEED(open("/proc/self/ns/user", O_RDONLY));
    enter(CLONE_NEWNET | CLONE_NEWUTS);
    SHOW(setns(process, CLONE_NEWNET));
    SHOW(setns(process, CLONE_NEWNS));
    SHOW(setns(process, CLONE_NEWUTS));
    SHOW(setns(process, CLONE_NEWIPC | CLONE_NEWUSER));
    SHOW(setns(process, CLONE_NEWUSER));
    SHOW(setns(network, 0));
    SHOW(setns(mounts, 0));
    SHOW(setns(names, 0));
    SHOW(setns(users, 0));
    kill_child(other);
}
static void enter_and_wait(void) {
    enter(CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWNS | CLONE_NEWIPC);
    NEED(write(told[1], "x", 1));
    pause();
}
NATIVE(those_of_a_child_are_entered_together, OWN) {
    char byte;
    NEED(pipe(told));
    const pid_t child = child_of(enter_and_wait);
    NEED(read(told[0], &byte, 1));
    const int process = (int)NEED(syscall(SYS_pidfd_open, child, 0));
    SHOW(setns(process, CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNS));
    SHOW(getuid());
    SHOW(sethostname("other", 5));
    SHOW(mount("tmpfs", "/tmp", "tmpfs", 0, ""));
    kill_child(child);
}
