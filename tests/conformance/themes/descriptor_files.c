// SPDX-License-Identifier: GPL-2.0-or-later
// What /proc shows of descriptors and opens again by their links, and which file system they are
// of.
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "qemu 7.2 answers for its own descriptors"

static long open_link(int fd, int flags) {
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    return open(name, flags);
}
// The lines of fdinfo that begin so.
static void show_info(int fd, const char* begin) {
    char name[64], line[256];
    snprintf(name, sizeof name, "/proc/self/fdinfo/%d", fd);
    FILE* file = fopen(name, "r");
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, begin, strlen(begin)) == 0) printf("%s", line);
    fclose(file);
}

NATIVE(a_link_to_a_file_of_proc_opens_it_anew, WHY) {
    char text[4];
    const int first = (int)NEED(open("/proc/version", O_RDONLY));
    NEED(read(first, text, sizeof text));
    const int second = (int)NEED(open_link(first, O_RDONLY));
    SHOW(lseek(second, 0, SEEK_CUR));
    SHOW(lseek(first, 0, SEEK_CUR));
    const int path = (int)NEED(open_link(first, O_PATH));
    SHOW((fcntl(path, F_GETFL) & O_PATH) != 0);
    SHOW(read(path, text, sizeof text));
    const int again = (int)NEED(open_link(path, O_RDONLY));
    SHOW(read(again, text, sizeof text));
}
NATIVE(what_has_no_name_cannot_be_opened_again, WHY) {
    int pair[2];
    sigset_t none;
    sigemptyset(&none);
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    SHOW(open_link(pair[0], O_RDWR));
    SHOW(open_link(pair[0], O_RDONLY | O_DIRECTORY));
    const int path = (int)NEED(open_link(pair[0], O_PATH));
    SHOW((fcntl(path, F_GETFL) & O_PATH) != 0);
    SHOW(write(path, "x", 1));
    SHOW(open_link((int)NEED(socket(AF_INET, SOCK_DGRAM, 0)), O_RDWR));
    SHOW(open_link((int)NEED(eventfd(0, 0)), O_RDWR));
    SHOW(open_link((int)NEED(epoll_create1(0)), O_RDONLY));
    SHOW(open_link((int)NEED(timerfd_create(CLOCK_MONOTONIC, 0)), O_RDONLY));
    SHOW(open_link((int)NEED(signalfd(-1, &none, 0)), O_RDONLY));
    SHOW(open_link((int)NEED(inotify_init1(0)), O_RDONLY));
}
NATIVE(fdinfo_of_a_pidfd_tells_the_process, WHY) {
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        pause();
        _exit(0);
    }
    const int fd = (int)NEED(syscall(SYS_pidfd_open, child, 0));
    char name[64], line[128];
    snprintf(name, sizeof name, "/proc/self/fdinfo/%d", fd);
    FILE* file = fopen(name, "r");
    int pid = 0, inner = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        sscanf(line, "Pid: %d", &pid);
        sscanf(line, "NSpid: %d", &inner);
    }
    fclose(file);
    SHOW(pid == child);
    SHOW(inner == child);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    show_info(fd, "Pid:");
    show_info(fd, "NSpid:");
}
NATIVE(fdinfo_of_events_tells_what_they_hold, WHY) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    show_info((int)NEED(signalfd(-1, &set, 0)), "sigmask:");
    const int event = (int)NEED(eventfd(17, EFD_SEMAPHORE));
    show_info(event, "eventfd-count:");
    show_info(event, "eventfd-semaphore:");
}
NATIVE(namespaces_are_of_a_file_system_of_their_own, WHY) {
    struct statfs s;
    const char* const names[] = {"mnt", "uts", "ipc", "net", "pid", "user"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
        char name[64];
        snprintf(name, sizeof name, "/proc/self/ns/%s", names[i]);
        const int fd = (int)NEED(open(name, O_RDONLY));
        SHOW(fstatfs(fd, &s));
        SHOW(s.f_type == NSFS_MAGIC);
        SHOW(statfs(name, &s));
        SHOW(s.f_type == NSFS_MAGIC);
    }
}
NATIVE(a_file_in_memory_has_no_extents, WHY) {
    struct fiemap map = {.fm_length = 4096};
    SHOW(ioctl((int)NEED(memfd_create("m", 0)), FS_IOC_FIEMAP, &map));
    int ends[2];
    NEED(pipe(ends));
    SHOW(ioctl(ends[0], FS_IOC_FIEMAP, &map));
}
