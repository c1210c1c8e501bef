// SPDX-License-Identifier: GPL-2.0-or-later
// By which ids users are told of on either side of a user namespace.
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "namespace_steps.h"
#include "steps.h"

static int told[2], ends[2];
static void send_ids(pid_t pid, uid_t user, gid_t group) {
    struct ucred ids = {pid, user, group};
    char control[CMSG_SPACE(sizeof ids)] = {0};
    struct iovec bytes = {"x", 1};
    struct msghdr message = {.msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr* const head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_CREDENTIALS;
    head->cmsg_len = CMSG_LEN(sizeof ids);
    memcpy(CMSG_DATA(head), &ids, sizeof ids);
    SHOW(sendmsg(ends[0], &message, 0));
}
static void show_ids(void) {
    struct ucred ids;
    char control[CMSG_SPACE(sizeof ids)], byte;
    struct iovec bytes = {&byte, 1};
    struct msghdr message = {.msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    while (recvmsg(ends[1], &message, MSG_DONTWAIT) > 0) {
        memcpy(&ids, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof ids);
        printf("sent by %d %d\n", (int)ids.uid, (int)ids.gid);
        message.msg_controllen = sizeof control;
    }
}
static void send_from_inside(void) {
    enter(0);
    send_ids(getpid(), 0, 0);
    send_ids(getpid(), 1, 1);
    send_ids(getpid(), 5, 0);
    show_ids();
    send_ids(getpid(), 1, 0);
    become(1);
    send_ids(getpid(), 1, 1);
    send_ids(getpid(), 0, 1);
}
NATIVE(ids_that_are_sent_are_the_receivers, OWN) {
    const int on = 1;
    NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
    NEED(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    IN_CHILD(send_from_inside);
    show_ids();
}

static void show_peer(int fd) {
    struct ucred ids = {0, 9, 9};
    socklen_t size = sizeof ids;
    SHOW(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ids, &size));
    printf("peer %d %d\n", (int)ids.uid, (int)ids.gid);
}
NATIVE(the_ids_of_a_peer_are_those_of_who_asks, OWN) {
    NEED(setresgid(1000, 1000, 0));
    NEED(setresuid(1000, 1000, 0));
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    int others[2];
    NEED(setresuid(0, 0, 0));
    NEED(setresgid(0, 1001, 0));
    NEED(setresuid(0, 1001, 0));
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, others));
    NEED(setresuid(0, 0, 0));
    NEED(setresgid(0, 0, 0));
    show_peer(ends[0]);
    show_peer(others[0]);
    enter(0);
    show_peer(ends[0]);
    show_peer(others[0]);
}

static void signal_parent(void) {
    enter(0);
    become(1);
    siginfo_t info;
    NEED(write(told[1], "x", 1));
    const sigset_t set = signal_set(SIGUSR2);
    SHOW(sigwaitinfo(&set, &info));
    SHOW(info.si_uid);
}
static void end_as_other(void) {
    become(1);
}
NATIVE(the_senders_id_is_the_receivers, OWN) {
    siginfo_t info;
    char byte;
    NEED(pipe(told));
    block_signal(SIGUSR2);
    block_signal(SIGCHLD);
    const pid_t child = child_of(signal_parent);
    NEED(read(told[0], &byte, 1));
    NEED(setresuid(1001, 0, 0));
    NEED(kill(child, SIGUSR2));
    const sigset_t ended = signal_set(SIGCHLD);
    SHOW(sigwaitinfo(&ended, &info));
    SHOW(info.si_uid);
    memset(&info, 0, sizeof info);
    SHOW(waitid(P_PID, (id_t)child, &info, WEXITED));
    SHOW(info.si_uid);
    NEED(setresuid(0, 0, 0));
    enter(0);
    const pid_t other = child_of(end_as_other);
    SHOW(waitid(P_PID, (id_t)other, &info, WEXITED));
    SHOW(info.si_uid);
}

NATIVE(groups_are_shown_as_they_are_known, OWN) {
    const gid_t groups[] = {5, 1000};
    NEED(setgroups(2, groups));
    enter(0);
    gid_t shown[3];
    SHOW(getgroups(3, shown));
    printf("%d %d\n", (int)shown[0], (int)shown[1]);
    FILE* const file = fopen("/proc/self/status", "r");
    char line[200];
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "Groups", 6) == 0 || strncmp(line, "Uid", 3) == 0) fputs(line, stdout);
    }
    fclose(file);
}
