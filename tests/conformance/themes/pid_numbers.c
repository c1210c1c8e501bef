// SPDX-License-Identifier: GPL-2.0-or-later
// A number of a process is that of the namespace where it is told: by each call that has one.
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>

#include "behaviour.h"
#include "pid_steps.h"

static pid_t outside;  // the number of a process outside
static int* word;      // shared by all
static void share_word(void) {
    word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}
static void stays(void) {
    for (;;) pause();
}

static void looks_for_others(void) {
    SHOW(kill(outside, 0));
    SHOW(getpgid(outside));
    SHOW(getsid(outside));
    SHOW(getpriority(PRIO_PROCESS, (id_t)outside));
    SHOW(sched_getscheduler(outside));
    SHOW(syscall(SYS_pidfd_open, outside, 0));
    SHOW(prlimit(outside, RLIMIT_CORE, NULL, NULL));
    SHOW(ptrace(PTRACE_ATTACH, outside, NULL, NULL));
    SHOW(syscall(SYS_kcmp, 1, outside, 0, 0, 0));
    SHOW(waitpid(outside, NULL, 0));
    SHOW(syscall(SYS_tgkill, outside, outside, 0));
    SHOW(fcntl(0, F_SETOWN, outside));
}
NATIVE(who_is_outside_has_no_number_inside, OWN) {
    // A number that the namespace has not come to.
    while ((outside = paused_child()) < 20) NEED(kill(outside, SIGKILL));
    AS_FIRST(looks_for_others);
    NEED(kill(outside, SIGKILL));
}

static void shows_groups(void) {
    SHOW(getpgid(0));
    SHOW(getsid(0));
    SHOW(setsid());
    SHOW(getpgid(0));
    SHOW(getsid(0));
    const pid_t child = paused_child();
    SHOW(getpgid(child));
    SHOW(setpgid(child, 0));
    SHOW(getpgid(child));
    SHOW(setpgid(child, 1));
    SHOW(getpgid(child));
    SHOW(setpgid(child, 77));
    SHOW(kill(-1, SIGKILL));
    SHOW(waitpid(-1, NULL, 0));
}
NATIVE(groups_and_sessions_of_outside_are_0, OWN) {
    AS_FIRST(shows_groups);
}

NATIVE(a_child_has_its_own_number_at_each_place_it_is_told, OWN) {
    pid_t in_parent = 0;
    share_word();
    struct clone_args args = {.flags = CLONE_NEWPID | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID |
                                       CLONE_CHILD_CLEARTID,
                              .exit_signal = SIGCHLD,
                              .parent_tid = (uintptr_t)&in_parent,
                              .child_tid = (uintptr_t)word};
    const pid_t child = (pid_t)NEED(syscall(SYS_clone3, &args, sizeof args));
    if (child == 0) _exit(*word == 1 && getpid() == 1 ? 4 : 5);
    SHOW(in_parent == child);
    show_end("child", child);
    SHOW(*word);
}

static void on_signal(int signal, siginfo_t* info, void* context) {
    (void)context;
    *word = info->si_pid;
    signals_taken = signals_taken + 1;
    last_signal = signal;
}
static void count_senders(int signal) {
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    NEED(sigaction(signal, &action, NULL));
}
static void takes_one(void) {
    *word = -1;
    block_signal(SIGUSR1);
    count_senders(SIGUSR1);
    say(told);
    const sigset_t none = signal_set(0);
    sigsuspend(&none);
    SHOW(*word);
}
NATIVE(a_sender_outside_is_0, OWN) {
    share_word();
    open_talk();
    const pid_t child = first_of(takes_one);
    hear(told);
    NEED(kill(child, SIGUSR1));
    show_end("child", child);
}
NATIVE(a_queued_signal_from_outside_has_no_sender, OWN) {
    share_word();
    open_talk();
    const pid_t child = first_of(takes_one);
    hear(told);
    NEED(sigqueue(child, SIGUSR1, (union sigval){.sival_int = 5}));
    show_end("child", child);
}

static void signals_itself(void) {
    block_signal(SIGUSR2);
    NEED(kill(getpid(), SIGUSR2));
    const sigset_t set = signal_set(SIGUSR2);
    siginfo_t info;
    SHOW(sigwaitinfo(&set, &info));
    SHOW(info.si_pid);
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        NEED(kill(1, SIGUSR2));
        _exit(0);
    }
    SHOW(sigwaitinfo(&set, &info));
    SHOW(info.si_pid == child);
    const int fd = (int)NEED(signalfd(-1, &set, 0));
    NEED(kill(getpid(), SIGUSR2));
    struct signalfd_siginfo record;
    NEED(read(fd, &record, sizeof record));
    SHOW(record.ssi_pid);
}
NATIVE(a_sender_inside_has_its_number_there, OWN) {
    AS_FIRST(signals_itself);
}

static void exits(void) {
    _exit(9);
}
NATIVE(the_parent_is_told_of_its_child_by_the_number_it_knows, OWN) {
    block_signal(SIGCHLD);
    const sigset_t set = signal_set(SIGCHLD);
    siginfo_t info;
    const pid_t child = first_of(exits);
    NEED(sigwaitinfo(&set, &info));
    SHOW(info.si_pid == child);
    SHOW(info.si_status);
    siginfo_t waited = {0};
    NEED(waitid(P_PID, (id_t)child, &waited, WEXITED | WNOWAIT));
    SHOW(waited.si_pid == child);
    show_end("child", child);
}

static void signals_all(void) {
    const pid_t one = paused_child(), other = paused_child();
    SHOW(kill(-1, SIGKILL));
    show_end("one", one);
    show_end("other", other);
}
NATIVE(a_signal_to_all_is_to_all_of_the_namespace, OWN) {
    const pid_t bystander = paused_child();
    AS_FIRST(signals_all);
    SHOW(waitpid(bystander, NULL, WNOHANG));
    NEED(kill(bystander, SIGKILL));
    show_end("bystander", bystander);
}

static int pair[2];
static pid_t sender_at(int fd) {
    char control[256], byte;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    NEED(recvmsg(fd, &message, 0));
    return ((struct ucred*)CMSG_DATA(CMSG_FIRSTHDR(&message)))->pid;
}
static int send_as(int fd, pid_t pid) {
    char control[CMSG_SPACE(sizeof(struct ucred))] = {0}, byte = 'x';
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr* const head = CMSG_FIRSTHDR(&message);
    *head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(struct ucred)),
                             .cmsg_level = SOL_SOCKET,
                             .cmsg_type = SCM_CREDENTIALS};
    *(struct ucred*)CMSG_DATA(head) = (struct ucred){pid, 0, 0};
    return (int)sendmsg(fd, &message, 0);
}
static void sends(void) {
    SHOW(send_as(pair[1], 1));
    SHOW(send_as(pair[1], 31999));
    SHOW(sender_at(pair[1]));
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) _exit(send_as(pair[0], 2) == 1 ? 0 : 1);
    // After its end too.
    reap(child);
    SHOW(sender_at(pair[1]));
}
NATIVE(credentials_of_a_message_have_the_number_of_the_receiver, OWN) {
    const int on = 1;
    NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
    NEED(setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    NEED(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    NEED(write(pair[0], "x", 1));
    const pid_t child = first_of(sends), sender = sender_at(pair[0]);
    show_end("child", child);
    SHOW(sender == child);
}

static pid_t peer_of(int fd) {
    struct ucred ids;
    socklen_t size = sizeof ids;
    NEED(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ids, &size));
    return ids.pid;
}
static void shows_peer(void) {
    SHOW(peer_of(pair[0]));
    int own[2];
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, own));
    SHOW(peer_of(own[0]));
}
NATIVE(the_peer_of_a_socket_has_the_number_of_who_asks, OWN) {
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    SHOW(peer_of(pair[0]) == getpid());
    AS_FIRST(shows_peer);
}

static void shows_owner(void) {
    SHOW(fcntl(pair[0], F_GETOWN));
    SHOW(fcntl(pair[0], F_SETOWN, 1));
    SHOW(fcntl(pair[0], F_GETOWN));
}
NATIVE(the_owner_of_a_file_has_the_number_of_who_asks, OWN) {
    NEED(pipe(pair));
    NEED(fcntl(pair[0], F_SETOWN, getpid()));
    const pid_t child = first_of(shows_owner);
    show_end("child", child);
    NEED(fcntl(pair[0], F_SETOWN, getpid()));
    SHOW(fcntl(pair[0], F_GETOWN) == getpid());
}

static pid_t holder_of(int fd) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    NEED(fcntl(fd, F_GETLK, &lock));
    return lock.l_type == F_UNLCK ? -1 : lock.l_pid;
}
static void shows_holder(void) {
    SHOW(holder_of(pair[0]));
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_start = 10, .l_len = 1};
        NEED(fcntl(pair[0], F_SETLK, &lock));
        say(told);
        stays();
    }
    hear(told);
    struct flock lock = {.l_type = F_WRLCK, .l_start = 10, .l_len = 1};
    NEED(fcntl(pair[0], F_GETLK, &lock));
    SHOW(lock.l_pid == child);
}
NATIVE(the_holder_of_a_lock_has_the_number_of_who_asks, OWN) {
    open_talk();
    pair[0] = (int)NEED(open("file", O_CREAT | O_RDWR, 0600));
    struct flock lock = {.l_type = F_WRLCK, .l_len = 1};
    NEED(fcntl(pair[0], F_SETLK, &lock));
    AS_FIRST(shows_holder);
}

static int ids[3];
static void uses_objects(void) {
    struct sembuf up = {0, 1, 0};
    struct msqid_ds queue;
    struct shmid_ds segment;
    SHOW(semctl(ids[0], 0, GETPID));
    NEED(msgctl(ids[1], IPC_STAT, &queue));
    SHOW(queue.msg_lspid);
    NEED(shmctl(ids[2], IPC_STAT, &segment));
    SHOW(segment.shm_cpid);
    SHOW(segment.shm_lpid);
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        NEED(semop(ids[0], &up, 1));
        NEED(msgsnd(ids[1], &(struct { long kind; }){1}, 0, 0));
        NEED(shmdt((void*)NEED(shmat(ids[2], NULL, 0))));
        _exit(0);
    }
    // After its end too.
    reap(child);
    SHOW(semctl(ids[0], 0, GETPID) == child);
    NEED(msgctl(ids[1], IPC_STAT, &queue));
    SHOW(queue.msg_lspid == child);
    NEED(shmctl(ids[2], IPC_STAT, &segment));
    SHOW(segment.shm_lpid == child);
}
NATIVE(objects_of_ipc_tell_the_number_of_who_asks, OWN) {
    NEED(unshare(CLONE_NEWIPC));
    struct sembuf up = {0, 1, 0};
    ids[0] = (int)NEED(semget(IPC_PRIVATE, 1, 0600));
    NEED(semop(ids[0], &up, 1));
    ids[1] = (int)NEED(msgget(IPC_PRIVATE, 0600));
    NEED(msgsnd(ids[1], &(struct { long kind; }){1}, 0, 0));
    ids[2] = (int)NEED(shmget(IPC_PRIVATE, 4096, 0600));
    AS_FIRST(uses_objects);
    SHOW(semctl(ids[0], 0, GETPID) > 2);
}
