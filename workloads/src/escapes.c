// SPDX-License-Identifier: GPL-2.0-or-later
// Tries to reach, from inside a guest, what lies outside of its root, binds and scratch layer.
// usage:
//   escapes ways OUTSIDE [FIRST [COUNT]]  each way of naming the host folder OUTSIDE, with each
//   call on the name escapes set-ids        set-ID bits on files in /rw, by each way of making them
//   escapes special        FIFOs, sockets, devices and removed programs
//   escapes threads OUTSIDE   one thread exchanges a name for a link while another uses it
//   escapes swap OUTSIDE N    exchanges /rw/race for a link to OUTSIDE/secret, N times
//   escapes use N             changes /rw/race, N times
// /rw is a bind that may be written. Prints a line for each attempt; the caller
// checks OUTSIDE afterwards.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wunused-result"  // what fails shows on the host

#include "escape_names.h"

// ---- calls on the name ----
static long call_read(const char* name) {
    char bytes[256];
    const int fd = open(name, O_RDONLY | O_NONBLOCK);
    if (fd < 0) return -1;
    const long n = read(fd, bytes, sizeof bytes);
    if (n > 0) fwrite(bytes, 1, (size_t)n, stdout);
    close(fd);
    return n;
}
static long written(int fd) {
    if (fd < 0) return -1;
    const long n = write(fd, "escaped", 7);
    close(fd);
    return n;
}
static long call_write(const char* name) {
    return written(open(name, O_WRONLY | O_NONBLOCK));
}
static long call_create(const char* name) {
    return written(open(name, O_RDWR | O_CREAT | O_TRUNC, 0666));
}
static long call_append(const char* name) {
    return written(open(name, O_WRONLY | O_APPEND));
}
static long call_truncate(const char* name) {
    return truncate(name, 1);
}
static long call_map(const char* name) {
    const int fd = open(name, O_RDWR);
    if (fd < 0) return -1;
    char* at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at == MAP_FAILED) return -1;
    struct stat s;
    if (stat(name, &s) == 0 && s.st_size > 0) at[0] = 'X';
    munmap(at, 4096);
    return 0;
}
static long call_chmod(const char* name) {
    return chmod(name, 04777);
}
static long call_fchmod(const char* name) {
    const int fd = open(name, O_RDONLY | O_NONBLOCK);
    if (fd < 0) return -1;
    const long done = fchmod(fd, 04777);
    close(fd);
    return done;
}
static long call_fchmodat2(const char* name) {
    const int fd = open(name, O_PATH);
    if (fd < 0) return -1;
    const long done = syscall(452, fd, "", 04777, AT_EMPTY_PATH);
    close(fd);
    return done;
}
static long call_chown(const char* name) {
    return chown(name, 4242, 4242);
}
static long call_chown_path(const char* name) {
    const int fd = open(name, O_PATH);
    if (fd < 0) return -1;
    const long done = fchownat(fd, "", 4242, 4242, AT_EMPTY_PATH);
    close(fd);
    return done;
}
static long call_times(const char* name) {
    const struct timespec t[2] = {{1, 0}, {1, 0}};
    return utimensat(AT_FDCWD, name, t, 0);
}
static long call_times_path(const char* name) {
    const struct timespec t[2] = {{1, 0}, {1, 0}};
    const int fd = open(name, O_PATH);
    if (fd < 0) return -1;
    const long done = utimensat(fd, "", t, AT_EMPTY_PATH);
    close(fd);
    return done;
}
static long call_xattr(const char* name) {
    return setxattr(name, "user.escaped", "x", 1, 0);
}
static long call_link(const char* name) {
    unlink("/rw/hard");
    const long done = linkat(AT_FDCWD, name, AT_FDCWD, "/rw/hard", AT_SYMLINK_FOLLOW);
    if (done == 0) chmod("/rw/hard", 04777);
    unlink("/rw/hard");
    return done;
}
static long call_rename_onto(const char* name) {
    close(open("/rw/mover", O_CREAT | O_RDWR, 0666));
    return rename("/rw/mover", name);
}
static long call_rename_from(const char* name) {
    const long done = rename(name, "/rw/taken");
    unlink("/rw/taken");
    return done;
}
static long call_unlink(const char* name) {
    return unlink(name);
}
static long call_remove_above(const char* name) {
    char above[4 * PATH_MAX];
    snprintf(above, sizeof above, "%s/../canary", name);
    return rmdir(above);
}
static long call_make_beside(const char* name) {
    char beside[4 * PATH_MAX];
    snprintf(beside, sizeof beside, "%s/../made", name);
    return mkdir(beside, 0777);
}
static long call_exec(const char* name) {
    const pid_t child = fork();
    if (child == 0) {
        execl(name, name, (char*)NULL);
        _exit(errno == ENOEXEC || errno == EACCES ? 1 : 2);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status;
}
static long call_enter(const char* name) {
    char above[4 * PATH_MAX];
    snprintf(above, sizeof above, "%s/..", name);
    if (chdir(above) != 0) return -1;
    const long done = call_write("secret");
    if (chdir("/") != 0) return -1;
    return done;
}

static const struct {
    const char* what;
    long (*call)(const char*);
} calls[] = {
    {"read", call_read},
    {"write", call_write},
    {"chmod", call_chmod},
    {"fchmod", call_fchmod},
    {"fchmodat2", call_fchmodat2},
    {"chown", call_chown},
    {"chown-path", call_chown_path},
    {"times", call_times},
    {"times-path", call_times_path},
    {"xattr", call_xattr},
    {"truncate", call_truncate},
    {"map", call_map},
    {"append", call_append},
    {"link", call_link},
    {"exec", call_exec},
    {"enter", call_enter},
    {"make-beside", call_make_beside},
    {"remove-above", call_remove_above},
    {"create", call_create},
    {"rename-onto", call_rename_onto},
    {"rename-from", call_rename_from},
    {"unlink", call_unlink},
};

static void ways(void) {
    for (size_t n = 0; n < sizeof names / sizeof names[0]; ++n) {
        for (size_t c = 0; c < sizeof calls / sizeof calls[0]; ++c) {
            held = -1;
            const char* name = names[n].name();
            char own[4 * PATH_MAX];
            snprintf(own, sizeof own, "%s", name != NULL ? name : "/none");
            errno = 0;
            const long done = calls[c].call(own);
            printf("%s %s: %ld %s\n", names[n].what, calls[c].what, done,
                   done < 0 ? strerror(errno) : "");
            if (held >= 0) close(held);
        }
    }
}

// ---- set-ID bits ----
static void show_mode(const char* what, const char* name) {
    struct stat s;
    if (lstat(name, &s) != 0) {
        printf("%s: %s\n", what, strerror(errno));
        return;
    }
    printf("%s: %o\n", what, s.st_mode);
}
static void set_ids(void) {
    umask(0);
    int fd = open("/rw/s-open", O_CREAT | O_RDWR, 06755);
    show_mode("open", "/rw/s-open");
    fchmod(fd, 04711);
    show_mode("fchmod", "/rw/s-open");
    write(fd, "\177ELF", 4);
    close(fd);
    close(open("/rw/s-chmod", O_CREAT | O_RDWR, 0755));
    chmod("/rw/s-chmod", 06777);
    show_mode("chmod", "/rw/s-chmod");
    mknod("/rw/s-mknod", S_IFREG | 06755, 0);
    show_mode("mknod", "/rw/s-mknod");
    mkdir("/rw/s-mkdir", 06755);
    chmod("/rw/s-mkdir", 02775);
    show_mode("mkdir", "/rw/s-mkdir");
    mkdir("/rw/s-mkdir/below", 0755);
    show_mode("inherited", "/rw/s-mkdir/below");
    close(open("/rw/s-mkdir/file", O_CREAT | O_RDWR, 02755));
    show_mode("in it", "/rw/s-mkdir/file");
    mkdir("/rw/hosts-group/below", 0755);
    show_mode("inherited from the host", "/rw/hosts-group/below");
    close(open("/rw/s-from", O_CREAT | O_RDWR, 0755));
    chmod("/rw/s-from", 04755);
    close(open("/rw/s-to", O_CREAT | O_RDWR, 0755));
    rename("/rw/s-from", "/rw/s-to");
    show_mode("rename", "/rw/s-to");
    link("/rw/s-to", "/rw/s-link");
    chmod("/rw/s-link", 06711);
    show_mode("link", "/rw/s-to");
    fd = open("/rw/s-path", O_CREAT | O_RDWR, 0755);
    close(fd);
    fd = open("/rw/s-path", O_PATH);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    chmod(path, 06755);
    show_mode("path", "/rw/s-path");
    close(open("/rw/s-second", O_CREAT | O_EXCL | O_RDWR, 04000));
    show_mode("only", "/rw/s-second");
    fd = open("/rw/hosts-set-id", O_WRONLY);
    write(fd, "mine", 4);
    close(fd);
    const int socket_fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/rw/s-socket"};
    bind(socket_fd, (const struct sockaddr*)&address, sizeof address);
    chmod("/rw/s-socket", 06777);
    show_mode("socket", "/rw/s-socket");
    printf("capability: %d\n", setxattr("/rw/s-open", "security.capability",
                                        "\1\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, 0));
}

// ---- what is no file ----
static void try_open(const char* name) {
    static const int flags[] = {O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY | O_NONBLOCK};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; ++i) {
        const int fd = open(name, flags[i]);
        printf("%s %d: %s\n", name, flags[i], fd < 0 ? strerror(errno) : "open");
        if (fd >= 0) close(fd);
    }
    const int fd = open(name, O_PATH);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const int again = open(path, O_RDWR);
    printf("%s again: %s\n", name, again < 0 ? strerror(errno) : "open");
}
static void special(void) {
    static const char* things[] = {"/rw/hosts-fifo",   "/ro/hosts-fifo", "/hosts-fifo",
                                   "/rw/hosts-socket", "/hosts-socket",  "/rw/hosts-device",
                                   "/hosts-device",    "/rw/hosts-disk"};
    for (size_t i = 0; i < sizeof things / sizeof things[0]; ++i) try_open(things[i]);
    static const char* sockets[] = {"/rw/hosts-socket", "/hosts-socket"};
    for (size_t i = 0; i < 2; ++i) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        strcpy(address.sun_path, sockets[i]);
        const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        printf("connect %s: %d\n", sockets[i],
               connect(fd, (const struct sockaddr*)&address, sizeof address));
        close(fd);
    }
    printf("mknod: %d %d\n", mknod("/rw/device", S_IFCHR | 0666, 0x103),
           mknod("/rw/disk", S_IFBLK | 0666, 0xfe00));
    printf("fifo: %d\n", mkfifo("/rw/fifo", 0666));
    char bytes[65536];
    const int memory = (int)syscall(SYS_memfd_create, "program", 0);
    const int self = open("/proc/self/exe", O_RDONLY);
    for (long n = 0; (n = read(self, bytes, sizeof bytes)) > 0;) write(memory, bytes, (size_t)n);
    printf("memfd chmod: %d\n", fchmod(memory, 06777));
    snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
    printf("memfd chmod by name: %d\n", chmod(path, 06755));
    const pid_t child = fork();
    if (child == 0) {
        execl(path, "program", "none", (char*)NULL);
        _exit(9);
    }
    int status = 0;
    waitpid(child, &status, 0);
    printf("memfd exec: %d\n", WEXITSTATUS(status));
}

// ---- races ----
static long rounds = 2000;
static void* exchange(void* unused) {
    (void)unused;
    for (long i = 0; i < rounds; ++i) {
        unlink("/rw/race");
        close(open("/rw/race", O_CREAT | O_RDWR, 0644));
        unlink("/rw/race");
        symlink(secret(), "/rw/race");
        unlink("/rw/race");
        if (i % 4 == 0 && mkdir("/rw/race", 0755) == 0) rmdir("/rw/race");
        symlink("../outside/secret", "/rw/race-link");
        rename("/rw/race-link", "/rw/race");
    }
    return NULL;
}
static void use(void) {
    for (long i = 0; i < rounds; ++i) {
        chmod("/rw/race", 04777);
        chown("/rw/race", 4242, 4242);
        written(open("/rw/race", O_WRONLY | O_NONBLOCK));
        written(open("/rw/race", O_RDWR | O_CREAT | O_TRUNC, 0666));
        call_times("/rw/race");
        truncate("/rw/race", 1);
        const int fd = open("/rw/race", O_PATH);
        if (fd < 0) continue;
        char name[64];
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        chmod(name, 04777);
        written(open(name, O_WRONLY | O_NONBLOCK));
        close(fd);
    }
}

int main(int argc, char** argv) {
    const char* mode = argc > 1 ? argv[1] : "";
    outside = argc > 2 ? argv[2] : "/none";
    if (strcmp(mode, "ways") == 0) {
        ways();
    } else if (strcmp(mode, "set-ids") == 0) {
        set_ids();
    } else if (strcmp(mode, "special") == 0) {
        special();
    } else if (strcmp(mode, "threads") == 0) {
        pthread_t thread;
        rounds = 200;
        pthread_create(&thread, NULL, exchange, NULL);
        use();
        pthread_join(thread, NULL);
    } else if (strcmp(mode, "swap") == 0) {
        if (argc > 3) rounds = atol(argv[3]);
        exchange(NULL);
    } else if (strcmp(mode, "use") == 0) {
        if (argc > 2) rounds = atol(argv[2]);
        use();
    } else if (strcmp(mode, "none") != 0) {
        return 2;
    }
    return 0;
}
