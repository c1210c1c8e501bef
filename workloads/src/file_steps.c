// SPDX-License-Identifier: GPL-2.0-or-later
// Uses files in every way, one step a line, and then shows what is there: a step that the host's
// files refuse shows its errno and the next one goes on. Or replaces and removes eight files in turn
// without an end, each step whole before its number is printed. Usage:
// file_steps do|look [FOLDER]..., file_steps churn FROM FOLDER
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "show.h"

enum { kLarge = 150000 };
static char bytes[kLarge];

static uint32_t sum_of(const char* data, long size) {
    uint32_t h = 0x811c9dc5u;
    for (long i = 0; i < size; ++i) h = (h ^ (unsigned char)data[i]) * 0x01000193u;
    return h;
}

// All of it, or -1: a short write is a refused one.
static long put(const char* path, int flags, long size) {
    const int fd = open(path, flags, 0644);
    if (fd < 0) return -1;
    long done = 0, n = 0;
    while (done < size && (n = write(fd, bytes + done, (size_t)(size - done))) > 0) done += n;
    if (close(fd) != 0 || n < 0) return -1;
    return done;
}

static long get(const char* path) {
    const int fd = open(path, O_RDONLY);
    if (fd < 0) return -1;
    long done = 0, n = 0;
    static char all[2 * kLarge];
    while ((n = read(fd, all + done, sizeof all - (size_t)done)) > 0) done += n;
    close(fd);
    if (n < 0) return -1;
    return (long)(sum_of(all, done) ^ (uint32_t)done);
}

static long through_mapping(const char* path) {
    const int fd = open(path, O_RDWR);
    if (fd < 0) return -1;
    char* page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) return close(fd), -1;
    memset(page, 'm', 5000);
    int failed = msync(page, 8192, MS_SYNC);
    munmap(page, 8192);
    failed |= fsync(fd);
    failed |= close(fd);
    return failed;
}

static void steps(void) {
    for (int i = 0; i < kLarge; ++i) bytes[i] = (char)('a' + i % 23);
    SHOW(get("/case/old"));
    SHOW(put("/case/new", O_WRONLY | O_CREAT | O_EXCL, 10000));
    SHOW(put("/case/new", O_WRONLY | O_APPEND, 3000));
    SHOW(put("/case/old", O_WRONLY | O_APPEND, 700));
    SHOW(mkdir("/case/made", 0750));
    SHOW(put("/case/made/in", O_WRONLY | O_CREAT, 20));
    SHOW(rename("/case/made", "/case/moved"));
    SHOW(rename("/case/kept/one", "/case/kept/uno"));
    SHOW(unlink("/case/gone"));
    SHOW(rmdir("/case/empty"));
    SHOW(link("/case/new", "/case/hard"));
    SHOW(symlink("moved/in", "/case/soft"));
    SHOW(get("/case/soft"));
    SHOW(chmod("/case/new", 04711));
    SHOW(chown("/case/old", 7, 8));
    SHOW(truncate("/case/kept/two", 3));
    SHOW(through_mapping("/case/new"));
    SHOW(through_mapping("/case/mapped"));
    const struct timespec times[2] = {{1000, 1}, {2000, 2}};
    SHOW(utimensat(AT_FDCWD, "/case/hard", times, 0));
    SHOW(put("/rw/log", O_WRONLY | O_CREAT | O_APPEND, 9000));
    SHOW(put("/rw/here", O_WRONLY | O_TRUNC, kLarge));
    SHOW(rename("/rw/here", "/rw/there"));
    SHOW(mkdir("/rw/folder", 0700));
    SHOW(through_mapping("/rw/there"));
    SHOW(mkfifo("/case/fifo", 0600));
    SHOW(put("/case/large", O_WRONLY | O_CREAT, kLarge));
}

static int by_name(const void* a, const void* b) {
    return strcmp(*(char* const*)a, *(char* const*)b);
}

static void look(const char* path);

static void look_below(const char* path) {
    DIR* folder = opendir(path);
    if (folder == NULL) {
        printf("%s: list %s\n", path, strerrorname_np(errno));
        return;
    }
    char* names[100];
    size_t n = 0;
    errno = 0;
    for (const struct dirent* e; n < 100 && (e = readdir(folder)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) names[n++] = strdup(e->d_name);
    if (errno != 0) printf("%s: entries %s\n", path, strerrorname_np(errno));
    closedir(folder);
    qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n; ++i) {
        char below[1000];
        snprintf(below, sizeof below, "%s/%s", path, names[i]);
        look(below);
        free(names[i]);
    }
}

static void look(const char* path) {
    struct stat s;
    if (lstat(path, &s) != 0) {
        printf("%s: status %s\n", path, strerrorname_np(errno));
        return;
    }
    printf("%s: %o %u:%u ino %lu links %lu", path, s.st_mode, s.st_uid, s.st_gid, (unsigned long)s.st_ino,
           (unsigned long)s.st_nlink);
    if (!S_ISDIR(s.st_mode)) printf(" size %ld mtime %ld.%09ld", (long)s.st_size, (long)s.st_mtime, (long)s.st_mtim.tv_nsec);
    char target[100] = "";
    if (S_ISLNK(s.st_mode)) {
        const long n = readlink(path, target, sizeof target - 1);
        printf(" to %s", n < 0 ? strerrorname_np(errno) : target);
    } else if (S_ISREG(s.st_mode)) {
        errno = 0;
        const long sum = get(path);
        printf(" holds %lx", sum);
        if (sum < 0) printf(" %s", strerrorname_np(errno));
    }
    printf("\n");
    if (S_ISDIR(s.st_mode)) look_below(path);
}

// Step n: every fifth removes the file, each other one replaces it by one that holds n.
static void churn(unsigned n, const char* folder) {
    if (chdir(folder) != 0) exit(1);
    for (;; ++n) {
        char name[20];
        snprintf(name, sizeof name, "%u", n % 8);
        if (n % 5 == 0) {
            if (unlink(name) != 0 && errno != ENOENT) exit(1);
        } else {
            const int fd = open("new", O_WRONLY | O_CREAT | O_TRUNC, 0600);
            if (fd < 0 || dprintf(fd, "%u\n", n) < 0 || fchmod(fd, 0600 | (n & 077)) != 0 || close(fd) != 0) exit(1);
            if (rename("new", name) != 0) exit(1);
        }
        printf("%u\n", n);
    }
}

int main(int argc, char** argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 2) return 2;
    if (strcmp(argv[1], "churn") == 0 && argc == 4) churn((unsigned)atoi(argv[2]), argv[3]);
    if (strcmp(argv[1], "do") == 0) {
        steps();
        printf("there is\n");
    }
    for (int i = 2; i < argc; ++i) look(argv[i]);
    return ferror(stdout) ? 9 : 0;
}
