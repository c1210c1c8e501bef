// SPDX-License-Identifier: GPL-2.0-or-later
// Bombs of the kernel's further objects: watches, IPC, keys, rings, attributes, mounts, namespaces,
// filters, groups.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/aio_abi.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/loop.h>
#include <linux/seccomp.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "bombs.h"

// Children that take something each and keep it.
static void in_children(const char* what, long most, void (*take)(void)) {
    long n = 0;
    for (; n < most; ++n) {
        const pid_t child = fork();
        if (child < 0) break;
        if (child > 0) continue;
        take();
        for (;;) pause();
    }
    told(what, n, most);
    kill(-1, SIGKILL);
}

static void watches(long most) {
    many_descriptors();
    char name[40];
    long n = 0;
    int fd = inotify_init1(IN_NONBLOCK);
    for (; n < most; ++n) {
        snprintf(name, sizeof name, "/tmp/w%ld", n);
        if (mkdir(name, 0700) != 0) break;
        if (inotify_add_watch(fd, name, IN_ALL_EVENTS) < 0) {
            fd = inotify_init1(IN_NONBLOCK);
            if (fd < 0 || inotify_add_watch(fd, name, IN_ALL_EVENTS) < 0) break;
        }
    }
    told("watches", n, most);
}
static void watched_events(long most) {
    char name[300] = "/tmp/";
    const int fd = inotify_init1(IN_NONBLOCK);
    inotify_add_watch(fd, "/tmp", IN_CREATE | IN_DELETE);
    memset(name + 5, 'n', 250);
    long n = 0;
    for (; n < most; ++n) {
        snprintf(name + 255, 20, "%ld", n % 1000);
        if (mkdir(name, 0700) != 0 || rmdir(name) != 0) break;
    }
    told("events", n, most);
}

static void semaphore_sets(long most) {
    long n = 0;
    while (n < most && semget(IPC_PRIVATE, 32000, 0600) >= 0) ++n;
    told("sets", n, most);
}
static int undo_set;
static void undo_one(void) {
    struct sembuf up = {0, 1, SEM_UNDO};
    semop(undo_set, &up, 1);
}
static void undos(long most) {
    undo_set = semget(IPC_PRIVATE, 32000, 0600);
    in_children("undos", most, undo_one);
}
static void ipc_messages(long most) {
    long n = 0;
    for (; n < most; ++n) {
        const int queue = msgget(IPC_PRIVATE, 0600);
        if (queue < 0) break;
        while (msgsnd(queue, block, 1, IPC_NOWAIT) == 0) {
        }
    }
    told("queues", n, most);
}
static void posix_queues(long most) {
    many_descriptors();
    char name[40];
    long n = 0;
    for (; n < most; ++n) {
        snprintf(name, sizeof name, "/q%ld", n);
        struct mq_attr attributes = {.mq_maxmsg = 10, .mq_msgsize = 8192};
        const mqd_t queue = mq_open(name, O_CREAT | O_RDWR | O_NONBLOCK, 0600, &attributes);
        if (queue < 0) break;
        while (mq_send(queue, block, 8192, 0) == 0) {
        }
        close(queue);
    }
    told("queues", n, most);
}

static void keys(long most) {
    char name[40];
    long n = 0;
    for (; n < most; ++n) {
        snprintf(name, sizeof name, "key %ld", n);
        if (syscall(SYS_add_key, "user", name, block, 32000, -4) < 0) break;
    }
    told("keys", n, most);
}

// Each keyring has all keys.
static void linked_keys(long most) {
    enum { KEYS = 500 };
    long made[KEYS], n = 0;
    char name[40];
    for (int i = 0; i < KEYS; ++i) {
        snprintf(name, sizeof name, "key %d", i);
        made[i] = syscall(SYS_add_key, "user", name, "x", 1, KEY_SPEC_PROCESS_KEYRING);
    }
    for (; n < most; ++n) {
        snprintf(name, sizeof name, "keyring %ld", n);
        const long ring = syscall(SYS_add_key, "keyring", name, NULL, 0, KEY_SPEC_PROCESS_KEYRING);
        if (ring < 0) break;
        for (int i = 0; i < KEYS; ++i) {
            if (syscall(SYS_keyctl, KEYCTL_LINK, made[i], ring) < 0) goto refused;
        }
    }
refused:
    told("keyrings", n, most);
}
// Each in the one before, which alone has it.
static void nested_keyrings(long most) {
    const long own = KEY_SPEC_PROCESS_KEYRING;
    long n = 0, last = own;
    for (; n < most; ++n) {
        const long ring = syscall(SYS_add_key, "keyring", "nested", NULL, 0, own);
        if (ring < 0 || syscall(SYS_keyctl, KEYCTL_SETPERM, ring, 0x3f3f3f3f) < 0) break;
        if (last != own && syscall(SYS_keyctl, KEYCTL_LINK, ring, last) < 0) break;
        if (n > 0 && syscall(SYS_keyctl, KEYCTL_UNLINK, ring, own) < 0) break;
        if (n == 0) syscall(SYS_keyctl, KEYCTL_MOVE, ring, own, KEY_SPEC_THREAD_KEYRING, 0);
        last = ring;
    }
    told("keyrings", n, most);
}

// Each user has keyrings of its own.
static void keys_of_users(long most) {
    long n = 0;
    for (; n < most; ++n) {
        if (setresuid(n, n, 0) < 0 ||
            syscall(SYS_add_key, "user", "key", "x", 1, KEY_SPEC_USER_KEYRING) < 0)
            break;
        setresuid(0, 0, 0);
    }
    told("keys of users", n, most);
}

// Waits for an event that does not come.
static struct io_uring_sqe read_of(int event) {
    return (struct io_uring_sqe){
        .opcode = IORING_OP_READ, .fd = event, .addr = (uintptr_t)block, .len = 8};
}

static void rings(long most) {
    many_descriptors();
    long n = 0;
    for (; n < most; ++n) {
        struct io_uring_params params = {0};
        if (syscall(SYS_io_uring_setup, 4096, &params) < 0) break;
    }
    told("rings", n, most);
}
// The same request again and again, until the ring takes no more. Returns how many.
static long fill_ring(unsigned size, const struct io_uring_sqe* request, long most) {
    struct io_uring_params params = {0};
    const int ring = (int)syscall(SYS_io_uring_setup, size, &params);
    if (ring < 0) return -1;
    const size_t bytes = params.sq_off.array + size * sizeof(unsigned);
    char* memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
    struct io_uring_sqe* entries = mmap(NULL, size * sizeof *entries, PROT_READ | PROT_WRITE,
                                        MAP_SHARED, ring, IORING_OFF_SQES);
    long n = 0;
    if (memory == MAP_FAILED || entries == MAP_FAILED) return -1;
    while (n < most) {
        volatile unsigned* tail = (volatile unsigned*)(memory + params.sq_off.tail);
        for (unsigned i = 0; i < size; ++i) {
            const unsigned at = (*tail + i) & (size - 1);
            entries[at] = *request;
            ((unsigned*)(memory + params.sq_off.array))[at] = at;
        }
        *tail += size;
        const long got = syscall(SYS_io_uring_enter, ring, size, 0, 0, NULL, 0);
        if (got <= 0) break;
        n += got;
    }
    munmap(memory, bytes);
    munmap(entries, size * sizeof *entries);
    return n;
}
static void ring_requests(long most) {
    const struct io_uring_sqe request = read_of(eventfd(0, 0));
    told("requests", fill_ring(4096, &request, most), most);
}
// One chain of all entries, each time.
static void linked_requests(long most) {
    const struct io_uring_sqe request = {.opcode = IORING_OP_NOP, .flags = IOSQE_IO_LINK};
    told("linked requests", fill_ring(32768, &request, most), most);
}
// Each would cancel itself, if it waited.
static void cancelling_requests(long most) {
    const struct io_uring_sqe request = {
        .opcode = IORING_OP_ASYNC_CANCEL, .flags = IOSQE_IO_HARDLINK, .addr = 1, .user_data = 1};
    told("cancelling requests", fill_ring(4096, &request, most), most);
}
static void requests_of_rings(long most) {
    many_descriptors();
    const struct io_uring_sqe request = read_of(eventfd(0, 0));
    long n = 0;
    while (n < most) {
        const long got = fill_ring(256, &request, most - n);
        if (got <= 0) break;
        n += got;
    }
    told("requests of rings", n, most);
}
static void aio_contexts(long most) {
    long n = 0;
    for (; n < most; ++n) {
        aio_context_t context = 0;
        if (syscall(SYS_io_setup, 1000, &context) != 0) break;
    }
    told("contexts", n, most);
}

static void attributes(long most) {
    char name[40];
    long n = 0;
    for (; n < most; ++n) {
        snprintf(name, sizeof name, "/tmp/a%ld", n);
        close(open(name, O_CREAT | O_WRONLY, 0600));
        if (setxattr(name, "user.large", block, 60000, 0) != 0) break;
    }
    told("attributes", n, most);
}

static void mounts(long most) {
    char name[40];
    long n = 0;
    for (; n < most; ++n) {
        snprintf(name, sizeof name, "/tmp/m%ld", n);
        mkdir(name, 0700);
        if (mount("none", name, "tmpfs", 0, NULL) != 0) break;
    }
    told("mounts", n, most);
}
// Each bind mount of a tree in itself doubles it.
static void mount_contexts(long most) {
    many_descriptors();
    long n = 0;
    for (; n < most; ++n) {
        const int context = (int)syscall(SYS_fsopen, "tmpfs", 0);
        if (context < 0) break;
        // What it has to say about each of them is kept.
        for (int i = 0; i < 10; ++i)
            syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "unknown", "value", 0);
    }
    told("mount contexts", n, most);
}
// Each is the file of the next, and the last one reads through all.
static void stacked_loops(long most) {
    many_descriptors();
    const int control = open("/dev/loop-control", O_RDWR);
    int below = open("/tmp/disk", O_CREAT | O_RDWR, 0600);
    if (control < 0 || ftruncate(below, 1 << 20) < 0) most = 0;
    long n = 0;
    for (; n < most; ++n) {
        char name[32];
        snprintf(name, sizeof name, "/dev/loop%d", ioctl(control, LOOP_CTL_GET_FREE));
        const int next = open(name, O_RDWR);
        if (next < 0 || ioctl(next, LOOP_SET_FD, below) < 0) break;
        close(below);
        below = next;
    }
    told("stacked loops", n, most);
    if (pread(below, block, 512, 0) != 512) told("read", 0, 1);
}
static void doubled_mounts(long most) {
    long n = 0;
    mkdir("/tmp/m", 0700);
    mount("none", "/tmp/m", "tmpfs", 0, NULL);
    mount(NULL, "/tmp/m", NULL, MS_SHARED, NULL);
    for (; n < most; ++n) {
        char name[40];
        snprintf(name, sizeof name, "/tmp/m/%ld", n);
        mkdir(name, 0700);
        if (mount("/tmp/m", name, NULL, MS_BIND | MS_REC, NULL) != 0) break;
    }
    told("doubled", n, most);
}
static void mount_namespaces(long most) {
    many_descriptors();
    for (int i = 0; i < 500; ++i) {
        char name[40];
        snprintf(name, sizeof name, "/tmp/m%d", i);
        mkdir(name, 0700);
        mount("none", name, "tmpfs", 0, NULL);
    }
    long n = 0;
    while (n < most && unshare(CLONE_NEWNS) == 0 && open("/proc/self/ns/mnt", O_RDONLY) >= 0) ++n;
    told("namespaces", n, most);
}
static void host_names(long most) {
    many_descriptors();
    long n = 0;
    while (n < most && unshare(CLONE_NEWUTS) == 0 && open("/proc/self/ns/uts", O_RDONLY) >= 0) ++n;
    told("namespaces", n, most);
}

static void filter_all(void) {
    static struct sock_filter code[4096];
    for (int i = 0; i < 4096; ++i)
        code[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {4096, code};
    while (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0) {
    }
}
static void filters(long most) {
    in_children("processes", most, filter_all);
}
static void join_all(void) {
    static gid_t all[65536];
    setgroups(65536, all);
}
static void groups(long most) {
    in_children("processes", most, join_all);
}
static void leases(long most) {
    many_descriptors();
    char name[40];
    long n = 0;
    for (; n < most; ++n) {
        snprintf(name, sizeof name, "/tmp/l%ld", n);
        const int fd = open(name, O_CREAT | O_RDONLY, 0600);
        if (fd < 0 || fcntl(fd, F_SETLEASE, F_RDLCK) != 0) break;
    }
    told("leases", n, most);
}

static void udp(long most, int level, int option, int flags) {
    many_descriptors();
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(9)};
    const int on = 1;
    long n = 0;
    for (; n < most; ++n) {
        const int fd = socket(AF_INET, SOCK_DGRAM, 0);
        if (fd < 0) break;
        setsockopt(fd, level, option, &on, sizeof on);
        for (int i = 0; i < 64; ++i)
            sendto(fd, block, 60000, flags | MSG_DONTWAIT, (struct sockaddr*)&at, sizeof at);
    }
    told("sockets", n, most);
}
static void udp_errors(long most) {
    udp(most, IPPROTO_IP, IP_RECVERR, 0);
}
static void corked(long most) {
    udp(most, IPPROTO_UDP, UDP_CORK, MSG_MORE);
}

const struct bomb object_bombs[] = {
    {"watches", watches},
    {"watched-events", watched_events},
    {"semaphore-sets", semaphore_sets},
    {"undos", undos},
    {"ipc-messages", ipc_messages},
    {"posix-queues", posix_queues},
    {"keys", keys},
    {"linked-keys", linked_keys},
    {"nested-keyrings", nested_keyrings},
    {"keys-of-users", keys_of_users},
    {"rings", rings},
    {"ring-requests", ring_requests},
    {"linked-requests", linked_requests},
    {"cancelling-requests", cancelling_requests},
    {"requests-of-rings", requests_of_rings},
    {"aio-contexts", aio_contexts},
    {"attributes", attributes},
    {"mounts", mounts},
    {"mount-contexts", mount_contexts},
    {"stacked-loops", stacked_loops},
    {"doubled-mounts", doubled_mounts},
    {"mount-namespaces", mount_namespaces},
    {"host-names", host_names},
    {"filters", filters},
    {"groups", groups},
    {"leases", leases},
    {"udp-errors", udp_errors},
    {"corked", corked},
    {NULL, NULL},
};
