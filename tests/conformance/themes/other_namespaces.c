// SPDX-License-Identifier: GPL-2.0-or-later
// Namespaces of System V and POSIX IPC, of the network and of control groups.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <mqueue.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define OWN "qemu-aarch64 would have its own threads in the namespace"

static void change(const char* name, int flag) {
    char path[64], before[64] = "", after[64] = "";
    snprintf(path, sizeof path, "/proc/self/ns/%s", name);
    NEED(readlink(path, before, sizeof before - 1));
    SHOW(unshare(flag));
    NEED(readlink(path, after, sizeof after - 1));
    printf("%s changed: %d\n", name, strcmp(before, after) != 0);
}

NATIVE(unshare_gives_a_new_namespace, OWN) {
    change("ipc", CLONE_NEWIPC);
    change("net", CLONE_NEWNET);
    change("cgroup", CLONE_NEWCGROUP);
    change("uts", CLONE_NEWUTS);
}

static ino_t number_of(int fd) {
    struct stat status;
    NEED(fstat(fd, &status));
    return status.st_ino;
}
static int space(const char* name) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/ns/%s", name);
    return (int)NEED(open(path, O_RDONLY));
}
NATIVE(the_first_namespaces_have_none_above, OWN) {
    SHOW(ioctl(space("user"), NS_GET_PARENT));
    SHOW(ioctl(space("user"), NS_GET_USERNS));
    SHOW(ioctl(space("pid"), NS_GET_PARENT));
    SHOW(ioctl(space("uts"), NS_GET_PARENT));
    SHOW(ioctl(space("mnt"), NS_GET_PARENT));
}

NATIVE(a_namespace_tells_who_owns_it, OWN) {
    const int first = space("user");
    NEED(unshare(CLONE_NEWUTS));
    const int owner = (int)NEED(ioctl(space("uts"), NS_GET_USERNS));
    SHOW(number_of(owner) == number_of(first));
    SHOW(fcntl(owner, F_GETFD));
    SHOW(ioctl(owner, NS_GET_NSTYPE) == CLONE_NEWUSER);
}

NATIVE(the_namespace_above_is_out_of_sight_inside, OWN) {
    const int uts = space("uts");
    NEED(unshare(CLONE_NEWUSER | CLONE_NEWNET));
    SHOW(ioctl(space("user"), NS_GET_PARENT));
    SHOW(ioctl(uts, NS_GET_USERNS));
    const int owner = (int)NEED(ioctl(space("net"), NS_GET_USERNS));
    SHOW(number_of(owner) == number_of(space("user")));
}

static int hold[2];
static void waits_inside(void) {
    NEED(unshare(CLONE_NEWUSER));
    NEED(write(hold[1], "x", 1));
    pause();
}
NATIVE(the_namespace_above_is_seen_from_outside, OWN) {
    char path[64], byte;
    NEED(pipe(hold));
    const pid_t child = child_of(waits_inside);
    NEED(read(hold[0], &byte, 1));
    snprintf(path, sizeof path, "/proc/%d/ns/user", (int)child);
    const int inside = (int)NEED(open(path, O_RDONLY));
    const int above = (int)NEED(ioctl(inside, NS_GET_PARENT));
    SHOW(number_of(above) == number_of(space("user")));
    SHOW(number_of((int)NEED(ioctl(inside, NS_GET_USERNS))) == number_of(space("user")));
    kill(child, SIGKILL);
    show_end("child", child);
}

static void makes_what_is_not_built_in(void) {
    SHOW(unshare(CLONE_NEWPID));
    SHOW(unshare(CLONE_NEWUTS));
}
NATIVE(rights_are_checked_first, OWN) {
    AS_USER(makes_what_is_not_built_in);
}

NATIVE(objects_of_ipc_are_of_one_namespace, OWN) {
    const int first = (int)NEED(open("/proc/self/ns/ipc", O_RDONLY));
    const int id = (int)NEED(shmget(77, 4096, IPC_CREAT | 0600));
    NEED(msgget(77, IPC_CREAT | 0600));
    NEED(semget(77, 1, IPC_CREAT | 0600));
    SHOW(unshare(CLONE_NEWIPC));
    SHOW(shmget(77, 4096, 0));
    SHOW(msgget(77, 0));
    SHOW(semget(77, 1, 0));
    SHOW(shmget(77, 8192, IPC_CREAT | 0600) >= 0);
    SHOW(setns(first, CLONE_NEWNET));
    SHOW(setns(first, CLONE_NEWIPC));
    SHOW(shmget(77, 4096, 0) == id);
    SHOW(shmget(77, 8192, 0));
}

NATIVE(posix_queues_are_of_one_namespace, OWN) {
    const mqd_t queue = mq_open("/queue", O_CREAT | O_RDWR, 0600, NULL);
    SHOW(queue >= 0);
    SHOW(unshare(CLONE_NEWIPC));
    SHOW(mq_open("/queue", O_RDWR));
    SHOW(mq_send(queue, "x", 1, 0));
    SHOW(mq_unlink("/queue"));
}

NATIVE(limits_of_ipc_are_the_namespaces_own, OWN) {
    write_text("/proc/sys/kernel/msgmni", "7");
    NEED(unshare(CLONE_NEWIPC));
    show_file("/proc/sys/kernel/msgmni");
    write_text("/proc/sys/kernel/msgmni", "9");
    show_file("/proc/sys/kernel/msgmni");
}

static const struct sockaddr_in place = {.sin_family = AF_INET};
static struct sockaddr_in loopback(int port) {
    struct sockaddr_in address = place;
    address.sin_port = htons((unsigned short)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}
static void raise_lo(void) {
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    SHOW(ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &request));
}

NATIVE(a_new_network_has_lo_which_is_down, OWN) {
    const struct sockaddr_in to = loopback(9);
    NEED(unshare(CLONE_NEWNET));
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq request = {.ifr_name = "lo"};
    SHOW(ioctl(fd, SIOCGIFFLAGS, &request));
    SHOW(request.ifr_flags);
    SHOW(connect(fd, (const struct sockaddr*)&to, sizeof to));
    SHOW(sendto(fd, "x", 1, 0, (const struct sockaddr*)&to, sizeof to));
    raise_lo();
    SHOW(connect(fd, (const struct sockaddr*)&to, sizeof to));
}

NATIVE(ports_and_names_are_of_one_network, OWN) {
    const struct sockaddr_in at = loopback(4000);
    const struct sockaddr_un name = {AF_UNIX, "\0name"};
    const int listener = socket(AF_INET, SOCK_STREAM, 0), named = socket(AF_UNIX, SOCK_STREAM, 0);
    SHOW(bind(listener, (const struct sockaddr*)&at, sizeof at));
    SHOW(listen(listener, 5));
    SHOW(bind(named, (const struct sockaddr*)&name, 7));
    SHOW(listen(named, 5));
    NEED(unshare(CLONE_NEWNET));
    raise_lo();
    SHOW(connect(socket(AF_INET, SOCK_STREAM, 0), (const struct sockaddr*)&at, sizeof at));
    SHOW(bind(socket(AF_INET, SOCK_STREAM, 0), (const struct sockaddr*)&at, sizeof at));
    SHOW(connect(socket(AF_UNIX, SOCK_STREAM, 0), (const struct sockaddr*)&name, 7));
    SHOW(bind(socket(AF_UNIX, SOCK_STREAM, 0), (const struct sockaddr*)&name, 7));
}

NATIVE(clone_makes_namespaces_of_the_child, OWN) {
    static const int kinds[] = {CLONE_NEWUTS, CLONE_NEWIPC,    CLONE_NEWNET,
                                CLONE_NEWNS,  CLONE_NEWCGROUP, CLONE_NEWUSER};
    for (int i = 0; i < 6; ++i) {
        const pid_t child = (pid_t)syscall(SYS_clone, kinds[i] | SIGCHLD, 0, 0, 0, 0);
        if (child == 0) _exit(i);
        if (child < 0)
            SHOW(child);
        else
            show_end("child", child);
    }
    SHOW(syscall(SYS_clone, CLONE_NEWNS | CLONE_FS | SIGCHLD, 0, 0, 0, 0));
    SHOW(syscall(SYS_clone, CLONE_NEWIPC | CLONE_SYSVSEM | SIGCHLD, 0, 0, 0, 0));
}

static void user_makes_namespaces(void) {
    static const int kinds[] = {CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS,
                                CLONE_NEWCGROUP};
    for (int i = 0; i < 5; ++i) {
        SHOW(unshare(kinds[i]));
        SHOW(syscall(SYS_clone, kinds[i] | SIGCHLD, 0, 0, 0, 0));
    }
    SHOW(setns(open("/proc/self/ns/net", O_RDONLY), 0));
    SHOW(unshare(CLONE_FS | CLONE_FILES | CLONE_SYSVSEM));
}
NATIVE(a_user_makes_and_enters_none, OWN) {
    AS_USER(user_makes_namespaces);
}

NATIVE(the_namespaces_of_a_process_are_entered_by_its_descriptor, OWN) {
    const pid_t other = paused_child();
    const int fd = (int)NEED(syscall(SYS_pidfd_open, other, 0));
    SHOW(setns(fd, 0));
    SHOW(setns(fd, CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET));
    SHOW(setns(fd, CLONE_NEWUSER));
    SHOW(setns(fd, CLONE_VM));
    kill(other, SIGKILL);
    show_end("other", other);
    SHOW(setns(fd, CLONE_NEWUTS));
}

NATIVE(a_namespace_tells_its_kind, OWN) {
    SHOW(ioctl(open("/proc/self/ns/uts", O_RDONLY), 0xb703));
    SHOW(ioctl(open("/proc/self/ns/net", O_RDONLY), 0xb703));
    unsigned owner = 7;
    SHOW(ioctl(open("/proc/self/ns/user", O_RDONLY), 0xb704, &owner));
    SHOW(owner);
    SHOW(ioctl(open("/proc/self/ns/uts", O_RDONLY), 0xb704, &owner));
}
