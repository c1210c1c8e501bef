// SPDX-License-Identifier: GPL-2.0-or-later
// Limits in /proc/sys that the superuser writes, and what obeys them; limits of a tmpfs.
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

// Those of inotify and of leases are not of a namespace: a judge would change the host's.
#define PASSED_ON "qemu-aarch64 passes the host's numbers on, of another word size"

NATIVE(shared_memory_obeys_its_limits, PASSED_ON) {
    struct shminfo info;
    write_text("/proc/sys/kernel/shmmax", "8192");
    SHOW(shmget(IPC_PRIVATE, 8193, 0600));
    SHOW(shmget(IPC_PRIVATE, 8192, 0600) >= 0);
    SHOW(shmctl(0, IPC_INFO, (struct shmid_ds*)&info) >= 0);
    SHOW(info.shmmax);
    write_text("/proc/sys/kernel/shmmni", "1");
    SHOW(shmget(IPC_PRIVATE, 4096, 0600));
    write_text("/proc/sys/kernel/shmmni", "100");
    write_text("/proc/sys/kernel/shmall", "3");
    SHOW(shmget(IPC_PRIVATE, 8192, 0600));
    SHOW(shmget(IPC_PRIVATE, 4096, 0600) >= 0);
}

NATIVE(messages_obey_their_limits, PASSED_ON) {
    struct msqid_ds state;
    struct {
        long type;
        char text[20];
    } message = {1, ""};
    write_text("/proc/sys/kernel/msgmni", "2");
    const int first = (int)NEED(msgget(IPC_PRIVATE, 0600));
    write_text("/proc/sys/kernel/msgmnb", "100");
    const int second = (int)NEED(msgget(IPC_PRIVATE, 0600));
    SHOW(msgget(IPC_PRIVATE, 0600));
    NEED(msgctl(first, IPC_STAT, &state));
    SHOW(state.msg_qbytes);
    NEED(msgctl(second, IPC_STAT, &state));
    SHOW(state.msg_qbytes);
    write_text("/proc/sys/kernel/msgmax", "10");
    SHOW(msgsnd(first, &message, 11, 0));
    SHOW(msgsnd(first, &message, 10, 0));
}

NATIVE(semaphores_obey_their_limits, PASSED_ON) {
    struct sembuf raise[3] = {{0, 1, 0}, {0, 1, 0}, {0, 1, 0}};
    write_text("/proc/sys/kernel/sem", "3 5 2 2");
    show_file("/proc/sys/kernel/sem");
    SHOW(semget(IPC_PRIVATE, 4, 0600));
    const int set = (int)NEED(semget(IPC_PRIVATE, 3, 0600));
    SHOW(semop(set, raise, 3));
    SHOW(semop(set, raise, 2));
    SHOW(semget(IPC_PRIVATE, 3, 0600));
    SHOW(semget(IPC_PRIVATE, 1, 0600) >= 0);
    SHOW(semget(IPC_PRIVATE, 1, 0600));
    write_text("/proc/sys/kernel/sem", "7");
    show_file("/proc/sys/kernel/sem");
}

static void user_opens_queues(void) {
    struct mq_attr attributes = {.mq_maxmsg = 6, .mq_msgsize = 100};
    SHOW(mq_open("/third", O_CREAT | O_RDWR, 0600, &attributes));
    attributes.mq_maxmsg = 2;
    attributes.mq_msgsize = 1001;
    SHOW(mq_open("/third", O_CREAT | O_RDWR, 0600, &attributes));
    attributes.mq_msgsize = 1000;
    SHOW(mq_open("/third", O_CREAT | O_RDWR, 0600, &attributes) >= 0);
    SHOW(mq_open("/fourth", O_CREAT | O_RDWR, 0600, &attributes));
}
NATIVE(posix_queues_obey_their_limits, PASSED_ON) {
    struct mq_attr attributes;
    write_text("/proc/sys/fs/mqueue/msg_max", "5");
    write_text("/proc/sys/fs/mqueue/msgsize_max", "1000");
    write_text("/proc/sys/fs/mqueue/msg_default", "3");
    write_text("/proc/sys/fs/mqueue/msgsize_default", "500");
    const mqd_t queue = mq_open("/first", O_CREAT | O_RDWR, 0600, NULL);
    SHOW(mq_getattr(queue, &attributes));
    SHOW(attributes.mq_maxmsg);
    SHOW(attributes.mq_msgsize);
    write_text("/proc/sys/fs/mqueue/queues_max", "2");
    AS_USER(user_opens_queues);
    write_text("/proc/sys/fs/mqueue/msg_max", "0");
}
// Not judged by the host's kernel: the superuser of a container may be without the capability.
DOCUMENTED(the_superuser_opens_more_posix_queues, "mq_overview(7), /proc interfaces",
           "/proc/sys/fs/mqueue/queues_max <- 1: write(fd, text, strlen(text)) == "
           "(ssize_t)strlen(text) ? 0 : -1 = 0\n"
           "mq_open(\"/first\", O_CREAT | O_RDWR, 0600, NULL) >= 0 = 1\n"
           "mq_open(\"/second\", O_CREAT | O_RDWR, 0600, NULL) >= 0 = 1\n") {
    write_text("/proc/sys/fs/mqueue/queues_max", "1");
    SHOW(mq_open("/first", O_CREAT | O_RDWR, 0600, NULL) >= 0);
    SHOW(mq_open("/second", O_CREAT | O_RDWR, 0600, NULL) >= 0);
}

DOCUMENTED(a_queue_of_events_keeps_the_limit_it_began_with, "inotify(7), /proc interfaces",
           "/proc/sys/fs/inotify/max_queued_events <- 1: write(fd, text, strlen(text)) == "
           "(ssize_t)strlen(text) ? 0 : -1 = 0\n"
           "/proc/sys/fs/inotify/max_queued_events <- 16384: write(fd, text, strlen(text)) == "
           "(ssize_t)strlen(text) ? 0 : -1 = 0\n"
           "read(fd, bytes, sizeof bytes) = 32\n"
           "((struct inotify_event*)bytes)[1].mask == IN_Q_OVERFLOW = 1\n") {
    char bytes[400];
    make_file("file", "");
    write_text("/proc/sys/fs/inotify/max_queued_events", "1");
    const int fd = (int)NEED(inotify_init1(IN_NONBLOCK));
    write_text("/proc/sys/fs/inotify/max_queued_events", "16384");
    NEED(inotify_add_watch(fd, "file", IN_OPEN | IN_CLOSE));
    NEED(may_open("file", O_RDONLY));
    SHOW(read(fd, bytes, sizeof bytes));
    SHOW(((struct inotify_event*)bytes)[1].mask == IN_Q_OVERFLOW);
}

DOCUMENTED(instances_of_inotify_are_limited, "inotify(7), /proc interfaces",
           "/proc/sys/fs/inotify/max_user_instances <- 2: write(fd, text, strlen(text)) == "
           "(ssize_t)strlen(text) ? 0 : -1 = 0\n"
           "inotify_init() >= 0 = 1\n"
           "inotify_init() >= 0 = 1\n"
           "inotify_init() = -1 EMFILE\n"
           "/proc/sys/fs/inotify/max_user_instances <- 128: write(fd, text, strlen(text)) == "
           "(ssize_t)strlen(text) ? 0 : -1 = 0\n"
           "inotify_init() >= 0 = 1\n") {
    write_text("/proc/sys/fs/inotify/max_user_instances", "2");
    SHOW(inotify_init() >= 0);
    SHOW(inotify_init() >= 0);
    SHOW(inotify_init());
    write_text("/proc/sys/fs/inotify/max_user_instances", "128");
    SHOW(inotify_init() >= 0);
}

static void open_for_writing(void) {
    SHOW(may_open("file", O_RDWR));
}
DOCUMENTED(a_lease_is_broken_after_the_time_that_is_set, "fcntl(2), Leases",
           "/proc/sys/fs/lease-break-time <- 1: write(fd, text, strlen(text)) == "
           "(ssize_t)strlen(text) ? 0 : -1 = 0\n"
           "fcntl(fd, F_SETLEASE, F_RDLCK) = 0\n"
           "may_open(\"file\", O_RDWR) = 0\n"
           "child: status 0\n"
           "after.tv_sec - before.tv_sec < 5 = 1\n"
           "/proc/sys/fs/lease-break-time <- 45: write(fd, text, strlen(text)) == "
           "(ssize_t)strlen(text) ? 0 : -1 = 0\n") {
    struct timespec before, after;
    write_text("/proc/sys/fs/lease-break-time", "1");
    make_file("file", "text");
    const int fd = (int)NEED(open("file", O_RDONLY));
    signal(SIGIO, SIG_IGN);
    SHOW(fcntl(fd, F_SETLEASE, F_RDLCK));
    clock_gettime(CLOCK_MONOTONIC, &before);
    const pid_t child = child_of(open_for_writing);
    show_end("child", child);
    clock_gettime(CLOCK_MONOTONIC, &after);
    SHOW(after.tv_sec - before.tv_sec < 5);
    write_text("/proc/sys/fs/lease-break-time", "45");
}

// --- a tmpfs

static void show_space(void) {
    struct statfs state;
    NEED(statfs("tree", &state));
    printf("blocks %ld of %ld, files %ld of %ld\n", (long)state.f_bfree, (long)state.f_blocks,
           (long)state.f_ffree, (long)state.f_files);
}
static void mount_small(const char* options) {
    NEED(mkdir("tree", 0755));
    NEED(mount("tmpfs", "tree", "tmpfs", 0, options));
}

NATIVE(a_tmpfs_is_full_at_its_size, PASSED_ON) {
    static char bytes[40000];
    mount_small("size=64k,nr_inodes=10");
    show_space();
    const int fd = (int)NEED(open("tree/file", O_CREAT | O_RDWR, 0644));
    SHOW(write(fd, bytes, sizeof bytes));
    show_space();
    SHOW(write(fd, bytes, sizeof bytes));
    SHOW(write(fd, bytes, sizeof bytes));
    SHOW(fallocate(fd, 0, 0, 100000));
    SHOW(ftruncate(fd, 0));
    show_space();
    SHOW(ftruncate(fd, 1 << 30));
    SHOW(pwrite(fd, bytes, 4096, 1 << 20));
    show_space();
    close(fd);
    NEED(umount("tree"));
}

NATIVE(a_tmpfs_has_so_many_inodes, PASSED_ON) {
    mount_small("nr_inodes=4");
    make_file("tree/one", "");
    SHOW(mkdir("tree/two", 0755));
    SHOW(symlink("one", "tree/three"));
    SHOW(mkdir("tree/four", 0755));
    SHOW(open("tree/four", O_CREAT | O_RDWR, 0644));
    SHOW(unlink("tree/three"));
    SHOW(mknod("tree/four", S_IFIFO | 0644, 0));
    NEED(umount("tree"));
}

NATIVE(a_remount_changes_the_limits, PASSED_ON) {
    mount_small("size=64k,nr_inodes=10,mode=0700");
    make_file("tree/file", "text");
    SHOW(mount(NULL, "tree", NULL, MS_REMOUNT, "size=128k,nr_inodes=20"));
    show_space();
    SHOW(mount(NULL, "tree", NULL, MS_REMOUNT, "size=4k"));
    SHOW(mount(NULL, "tree", NULL, MS_REMOUNT, "nr_inodes=1"));
    SHOW(mount(NULL, "tree", NULL, MS_REMOUNT, "mode=0755"));
    struct stat state;
    SHOW(stat("tree", &state));
    SHOW(state.st_mode & 0777);
    NEED(umount("tree"));
}

NATIVE(options_of_a_tmpfs_are_checked, PASSED_ON) {
    NEED(mkdir("tree", 0755));
    SHOW(mount("tmpfs", "tree", "tmpfs", 0, "size=junk"));
    SHOW(mount("tmpfs", "tree", "tmpfs", 0, "size=4q"));
    SHOW(mount("tmpfs", "tree", "tmpfs", 0, "mode=9"));
    SHOW(mount("tmpfs", "tree", "tmpfs", 0, "other=1"));
    SHOW(mount("tmpfs", "tree", "tmpfs", 0, "nr_blocks=4"));
    struct statfs state;
    NEED(statfs("tree", &state));
    SHOW(state.f_blocks);
    NEED(umount("tree"));
}

static char* mapped;
static void touch_all(void) {
    for (int page = 0; page < 16; ++page) mapped[page * 4096] = 1;
}
NATIVE(a_page_that_a_full_tmpfs_has_not_is_a_bus_error, PASSED_ON) {
    mount_small("size=8k");
    const int fd = (int)NEED(open("tree/file", O_CREAT | O_RDWR, 0644));
    NEED(ftruncate(fd, 16 * 4096));
    mapped = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    IN_CHILD(touch_all);
    munmap(mapped, 16 * 4096);
    close(fd);
    NEED(umount("tree"));
}

static void makes_pipes(void) {
    int ends[2] = {-1, -1};
    SHOW(pipe(ends));
    SHOW(fcntl(ends[0], F_GETPIPE_SZ));
    SHOW(fcntl(ends[0], F_SETPIPE_SZ, 16384));
}

DOCUMENTED(a_user_has_pipes_of_a_limited_size, "pipe(7), /proc files",
           "/proc/sys/fs/pipe-max-size <- 8192: write(fd, text, strlen(text)) == "
           "(ssize_t)strlen(text) ? 0 : -1 = 0\n"
           "pipe(ends) = 0\n"
           "fcntl(ends[0], F_GETPIPE_SZ) = 8192\n"
           "fcntl(ends[0], F_SETPIPE_SZ, 16384) = -1 EPERM\n"
           "makes_pipes: status 0\n"
           "pipe(ends) = 0\n"
           "fcntl(ends[0], F_GETPIPE_SZ) = 65536\n"
           "fcntl(ends[0], F_SETPIPE_SZ, 16384) = 16384\n"
           "fcntl(ends[0], F_SETPIPE_SZ, 4 << 20) = 4194304\n") {
    int ends[2];
    write_text("/proc/sys/fs/pipe-max-size", "8192");
    AS_USER(makes_pipes);
    makes_pipes();
    NEED(pipe(ends));
    SHOW(fcntl(ends[0], F_SETPIPE_SZ, 4 << 20));
}

DOCUMENTED(a_user_has_a_limited_number_of_pages_in_pipes, "pipe(7), /proc files",
           "/proc/sys/fs/pipe-user-pages-soft <- 1: write(fd, text, strlen(text)) == "
           "(ssize_t)strlen(text) ? 0 : -1 = 0\n"
           "pipe(ends) = 0\n"
           "fcntl(ends[0], F_GETPIPE_SZ) = 8192\n"
           "fcntl(ends[0], F_SETPIPE_SZ, 16384) = -1 EPERM\n"
           "makes_pipes: status 0\n"
           "/proc/sys/fs/pipe-user-pages-hard <- 1: write(fd, text, strlen(text)) == "
           "(ssize_t)strlen(text) ? 0 : -1 = 0\n"
           "pipe(ends) = -1 ENFILE\n"
           "fcntl(ends[0], F_GETPIPE_SZ) = -1 EBADF\n"
           "fcntl(ends[0], F_SETPIPE_SZ, 16384) = -1 EBADF\n"
           "makes_pipes: status 0\n") {
    write_text("/proc/sys/fs/pipe-user-pages-soft", "1");
    AS_USER(makes_pipes);
    write_text("/proc/sys/fs/pipe-user-pages-hard", "1");
    AS_USER(makes_pipes);
}
