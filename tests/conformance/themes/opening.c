// SPDX-License-Identifier: GPL-2.0-or-later
// open, openat2, creat: combinations of flags, and what they refuse.
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/socket.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

// The descriptor's number does not matter.
static int opens(const char* name, int flags) {
    const int fd = open(name, flags, 0644);
    if (fd >= 0) close(fd);
    return fd < 0 ? -1 : 0;
}

BEHAVIOUR(o_creat_with_o_excl_wants_no_name_at_all) {
    make_file("file", "");
    NEED(symlink("nowhere", "link"));
    SHOW(opens("file", O_CREAT | O_EXCL | O_RDWR));
    SHOW(opens("link", O_CREAT | O_EXCL | O_RDWR));
    SHOW(opens("link", O_CREAT | O_RDWR));
    SHOW(access("nowhere", F_OK));
    SHOW(opens("new/", O_CREAT | O_RDWR));
    SHOW(opens("missing/new", O_CREAT | O_RDWR));
    SHOW(opens("file/new", O_CREAT | O_RDWR));
}

BEHAVIOUR(directories_are_read_only) {
    NEED(mkdir("folder", 0755));
    SHOW(opens("folder", O_RDONLY));
    SHOW(opens("folder", O_WRONLY));
    SHOW(opens("folder", O_RDWR));
    SHOW(opens("folder", O_RDONLY | O_CREAT));
    SHOW(opens("folder", O_RDONLY | O_TRUNC));
    SHOW(opens("folder", O_RDONLY | O_CREAT | O_EXCL));
    make_file("file", "");
    SHOW(opens("file", O_DIRECTORY));
    SHOW(opens("file/", O_RDONLY));
    SHOW(opens("folder/", O_RDONLY));
    SHOW(opens("", O_RDONLY));
}

BEHAVIOUR(links_are_followed_forty_times) {
    char name[20], target[20];
    make_file("link0", "");
    for (int i = 1; i <= 41; ++i) {
        snprintf(name, sizeof name, "link%d", i);
        snprintf(target, sizeof target, "link%d", i - 1);
        NEED(symlink(target, name));
    }
    SHOW(opens("link40", O_RDONLY));
    SHOW(opens("link41", O_RDONLY));
    SHOW(opens("link1", O_RDONLY | O_NOFOLLOW));
    NEED(symlink("self", "self"));
    SHOW(opens("self", O_RDONLY));
    SHOW(opens("self", O_CREAT | O_RDWR));
    SHOW(opens("self/x", O_RDONLY));
}

BEHAVIOUR(names_have_their_length) {
    static char name[5000];
    memset(name, 'a', sizeof name - 1);
    SHOW(opens(name, O_RDONLY));
    name[256] = 0;
    SHOW(opens(name, O_RDONLY));
    SHOW(opens(name, O_CREAT | O_RDWR));
    name[255] = 0;
    SHOW(opens(name, O_RDONLY));
    SHOW(opens(name, O_CREAT | O_RDWR));
    SHOW(opens((const char*)8, O_RDONLY));
}

BEHAVIOUR(o_path_gives_a_place_only) {
    struct stat status;
    char byte;
    make_file("file", "text");
    const int fd = (int)NEED(open("file", O_PATH | O_RDWR | O_CREAT));
    SHOW(read(fd, &byte, 1));
    SHOW(write(fd, &byte, 1));
    SHOW(fstat(fd, &status));
    SHOW(fchmod(fd, 0600));
    SHOW(fchown(fd, 0, 0));
    SHOW(ftruncate(fd, 0));
    SHOW(fcntl(fd, F_GETFL) == O_PATH);
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(fd, F_SETFL, 0));
    SHOW(fsync(fd));
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(fchdir(fd));
    NEED(symlink("file", "link"));
    const int link = (int)NEED(open("link", O_PATH | O_NOFOLLOW));
    NEED(fstat(link, &status));
    SHOW(S_ISLNK(status.st_mode));
    SHOW(readlinkat(link, "", &byte, 1));
    SHOW(readlinkat(fd, "", &byte, 1));
    SHOW(opens("link", O_PATH | O_NOFOLLOW | O_DIRECTORY));
}

BEHAVIOUR(o_tmpfile_has_no_name_until_it_gets_one) {
    struct stat status;
    char path[40];
    const int fd = (int)NEED(open(".", O_TMPFILE | O_RDWR, 0640));
    SHOW(write(fd, "text", 4));
    NEED(fstat(fd, &status));
    printf("%o, %ld links, %ld bytes\n", status.st_mode, (long)status.st_nlink, (long)status.st_size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    SHOW(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
    show_file("named");
    NEED(fstat(fd, &status));
    SHOW(status.st_nlink);
    SHOW(linkat(fd, "", AT_FDCWD, "again", AT_EMPTY_PATH));
    SHOW(access("again", F_OK));
}

BEHAVIOUR(o_tmpfile_wants_a_directory_to_write) {
    make_file("file", "");
    SHOW(opens(".", O_TMPFILE | O_RDONLY));
    SHOW(opens("file", O_TMPFILE | O_RDWR));
    SHOW(opens("missing", O_TMPFILE | O_RDWR));
    char path[40];
    const int fd = (int)NEED(open(".", O_TMPFILE | O_EXCL | O_RDWR, 0600));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    SHOW(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
}

NATIVE(o_creat_with_o_directory_is_refused, "an older kernel may judge") {
    NEED(mkdir("folder", 0755));
    SHOW(opens("folder", O_CREAT | O_DIRECTORY));
    SHOW(opens("new", O_CREAT | O_DIRECTORY));
    SHOW(access("new", F_OK));
}

BEHAVIOUR(a_socket_is_not_opened) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    NEED(bind(fd, (struct sockaddr*)&address, sizeof address));
    SHOW(opens("socket", O_RDWR));
    SHOW(opens("socket", O_PATH));
    NEED(mknod("no device", S_IFCHR | 0600, 250 << 8 | 77));
    SHOW(opens("no device", O_RDWR));
    SHOW(opens("no device", O_PATH));
}

BEHAVIOUR(a_made_device_is_the_device) {
    char byte = 9;
    NEED(mknod("zero", S_IFCHR | 0600, 1 << 8 | 5));
    const int fd = open("zero", O_RDWR);
    SHOW(fd < 0);
    SHOW(read(fd, &byte, 1));
    SHOW(byte);
    struct stat status;
    NEED(stat("zero", &status));
    SHOW(status.st_rdev == (1 << 8 | 5));
    SHOW(S_ISCHR(status.st_mode));
}

BEHAVIOUR(the_lowest_descriptor_is_given) {
    struct rlimit limit = {6, 6};
    const int first = (int)NEED(open("/", O_RDONLY));
    const int second = (int)NEED(open("/", O_RDONLY));
    close(first);
    SHOW(open("/", O_RDONLY) == first);
    SHOW(second == first + 1);
    limit.rlim_cur = limit.rlim_max = (rlim_t)second + 1;
    NEED(setrlimit(RLIMIT_NOFILE, &limit));
    SHOW(open("/", O_RDONLY));
    SHOW(open("missing", O_RDONLY));
    SHOW(dup(0));
}

BEHAVIOUR(the_umask_is_taken_away) {
    struct stat status;
    SHOW(umask(0777777) == 022);
    SHOW(umask(027));
    close(open("file", O_CREAT | O_RDWR, 07777));
    NEED(stat("file", &status));
    printf("%o\n", status.st_mode);
    close(creat("created", 0644));
    NEED(mkdir("folder", 07777));
    NEED(stat("folder", &status));
    printf("%o\n", status.st_mode);
    NEED(mkfifo("fifo", 0666));
    NEED(stat("fifo", &status));
    printf("%o\n", status.st_mode);
}

static int opens2(const char* name, __u64 flags, __u64 mode, __u64 resolve) {
    const struct open_how how = {flags, mode, resolve};
    const int fd = (int)syscall(SYS_openat2, AT_FDCWD, name, &how, sizeof how);
    if (fd >= 0) close(fd);
    return fd < 0 ? -1 : 0;
}

NATIVE(openat2_refuses_what_it_does_not_know, "qemu 7.2 does not know openat2") {
    struct {
        struct open_how how;
        __u64 more;
    } longer = {{O_RDONLY, 0, 0}, 0};
    make_file("file", "");
    SHOW(opens2("file", O_RDONLY, 0, 0));
    SHOW(opens2("file", 1ull << 40, 0, 0));
    SHOW(opens2("file", O_RDONLY, 0644, 0));
    SHOW(opens2("new", O_CREAT | O_RDWR, 010000, 0));
    SHOW(opens2("file", O_RDONLY, 0, 1 << 12));
    SHOW(opens2("file", O_PATH | O_RDWR, 0, 0));
    SHOW(opens2("file", O_RDONLY, 0, RESOLVE_BENEATH | RESOLVE_IN_ROOT));
    SHOW(opens2("file", O_CREAT | O_RDWR, 0644, RESOLVE_CACHED));
    SHOW(syscall(SYS_openat2, AT_FDCWD, "file", &longer, 23));
    SHOW(syscall(SYS_openat2, AT_FDCWD, "file", &longer, sizeof longer) < 0);
    longer.more = 1;
    SHOW(syscall(SYS_openat2, AT_FDCWD, "file", &longer, sizeof longer));
    SHOW(syscall(SYS_openat2, AT_FDCWD, "file", NULL, sizeof longer.how));
    SHOW(syscall(SYS_openat2, -1, "file", &longer, sizeof longer.how));
}

NATIVE(openat2_stays_where_it_is_told, "qemu 7.2 does not know openat2") {
    NEED(mkdir("folder", 0755));
    NEED(symlink("../file", "folder/up"));
    NEED(symlink("/file", "folder/absolute"));
    NEED(symlink("inside", "folder/relative"));
    make_file("file", "");
    make_file("folder/inside", "");
    SHOW(chdir("folder"));
    const char* const names[] = {"inside", "../file", "up",  "absolute", "relative", "/inside",
                                 ".",      "..",      "/..", "./../folder/inside"};
    const __u64 flags[] = {RESOLVE_BENEATH, RESOLVE_IN_ROOT, RESOLVE_NO_SYMLINKS};
    for (int f = 0; f < 3; ++f)
        for (int i = 0; i < 10; ++i) {
            errno = 0;
            const int got = opens2(names[i], O_RDONLY, 0, flags[f]);
            printf("%s, %llx: %s\n", names[i], flags[f], got < 0 ? strerrorname_np(errno) : "ok");
        }
    SHOW(opens2("new", O_CREAT | O_RDWR, 0644, RESOLVE_BENEATH));
    SHOW(opens2("relative", O_PATH | O_NOFOLLOW, 0, RESOLVE_NO_SYMLINKS));
    SHOW(opens2("/proc/self/exe", O_RDONLY, 0, RESOLVE_NO_MAGICLINKS));
    SHOW(opens2("/proc/self/exe", O_PATH | O_NOFOLLOW, 0, RESOLVE_NO_MAGICLINKS));
    SHOW(opens2("/proc/version", O_RDONLY, 0, RESOLVE_NO_XDEV));
    SHOW(opens2("inside", O_RDONLY, 0, RESOLVE_NO_XDEV));
}
