// SPDX-License-Identifier: GPL-2.0-or-later
// Bombs of files: descriptions, names, locks, pipes, epoll sets.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "bombs.h"

static void pipes_of(long most, long size) {
    many_descriptors();
    long n = 0;
    for (; n < most; ++n) {
        int ends[2];
        if (pipe2(ends, O_NONBLOCK) != 0) break;
        if (size != 0) fcntl(ends[1], F_SETPIPE_SZ, size);
        while (write(ends[1], block, sizeof block) > 0) {
        }
    }
    told("pipes", n, most);
}
static void pipes(long most) {
    pipes_of(most, 0);
}
static void large_pipes(long most) {
    pipes_of(most, 1 << 20);
}
static void empty_pipes(long most) {
    many_descriptors();
    long n = 0;
    int ends[2];
    while (n < most && pipe(ends) == 0) ++n;
    told("pipes", n, most);
}

static void descriptors(long most) {
    many_descriptors();
    long n = 0;
    while (n < most && dup(0) >= 0) ++n;
    told("descriptors", n, most);
}

static void descriptions(long most) {
    many_descriptors();
    long n = 0;
    while (n < most && open("/", O_RDONLY | O_DIRECTORY) >= 0) ++n;
    told("descriptions", n, most);
}

static void event_descriptors(long most) {
    many_descriptors();
    long n = 0;
    for (; n < most; ++n) {
        const int timer = timerfd_create(CLOCK_MONOTONIC, 0);
        const struct itimerspec when = {{0, 0}, {1000, 0}};
        if (timer < 0 || timerfd_settime(timer, 0, &when, NULL) != 0 || eventfd(0, 0) < 0) break;
    }
    told("pairs", n, most);
}

static void epoll_sets(long most) {
    many_descriptors();
    const int event = eventfd(0, 0);
    long n = 0;
    int set = -1;
    for (; n < most; ++n) {
        if (n % 1000 == 0 && (set = epoll_create1(0)) < 0) break;
        const int copy = n < 1000 ? dup(event) : (int)(event + 2 + n % 900);
        struct epoll_event wanted = {EPOLLIN, {.fd = copy}};
        if (epoll_ctl(set, EPOLL_CTL_ADD, copy, &wanted) != 0 && errno != EEXIST && errno != EBADF) break;
    }
    told("items", n, most);
}

// Many items of one set, all ready, and removed again.
static void ready_items(long most) {
    many_descriptors();
    const int set = epoll_create1(0);
    const int event = eventfd(1, 0);
    if (most > 100000) most = 100000;
    long n = 0;
    static int copies[100000];
    for (; n < most; ++n) {
        copies[n] = dup(event);
        struct epoll_event wanted = {EPOLLIN, {.fd = copies[n]}};
        if (copies[n] < 0 || epoll_ctl(set, EPOLL_CTL_ADD, copies[n], &wanted) != 0) break;
    }
    told("items", n, most);
    for (long i = 0; i < n; ++i) epoll_ctl(set, EPOLL_CTL_DEL, copies[n - 1 - i], NULL);
}

// Levels of sets, each of which watches all of the level below: more chains lead up than there are
// sets.
static void epoll_levels(long most) {
    enum { WIDTH = 100, LEVELS = 5 };
    many_descriptors();
    const int event = eventfd(0, 0);
    int below[WIDTH] = {event}, here[WIDTH], count = 1;
    long n = 0;
    for (int level = 0; level < LEVELS; ++level) {
        for (int i = 0; i < WIDTH; ++i) {
            here[i] = epoll_create1(0);
            for (int j = 0; j < count && n < most; ++j) {
                struct epoll_event wanted = {EPOLLIN, {.fd = below[j]}};
                if (epoll_ctl(here[i], EPOLL_CTL_ADD, below[j], &wanted) == 0) ++n;
            }
        }
        memcpy(below, here, sizeof here);
        count = WIDTH;
    }
    const uint64_t one = 1;
    for (int i = 0; i < 20; ++i) {
        struct epoll_event got;
        if (write(event, &one, sizeof one) != sizeof one) break;
        epoll_wait(below[i], &got, 1, 0);
    }
    told("items", n, most);
}

static void epoll_chain(long most) {
    many_descriptors();
    int last = epoll_create1(0);
    long n = 0;
    for (; n < most; ++n) {
        const int next = epoll_create1(0);
        struct epoll_event wanted = {EPOLLIN, {.fd = last}};
        if (next < 0 || epoll_ctl(next, EPOLL_CTL_ADD, last, &wanted) != 0) break;
        last = next;
    }
    told("levels", n, most);
}

static void range_locks(long most) {
    const int fd = open("/tmp/locks", O_RDWR | O_CREAT, 0600);
    long n = 0;
    for (; n < most; ++n) {
        const struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2 * n, .l_len = 1};
        if (fcntl(fd, F_SETLK, &lock) != 0) break;
    }
    told("locks", n, most);
}

// Locks of many files, each closed again while others stay.
static int new_file(char kind, long number) {
    char name[32];
    snprintf(name, sizeof name, "/tmp/%c%ld", kind, number);
    return open(name, O_RDWR | O_CREAT, 0600);
}

static void locked_files(long most) {
    many_descriptors();
    if (most > 5000) most = 5000;
    long n = 0;
    for (; n < most; ++n) {
        const int fd = new_file('l', n);
        const struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
        if (fd < 0 || fcntl(fd, F_SETLK, &lock) != 0 || flock(fd, LOCK_EX) != 0) break;
        close(dup(0));
    }
    told("files", n, most);
}

static void new_files(long most) {
    long n = 0;
    for (; n < most; ++n) {
        const int fd = new_file('f', n);
        if (fd < 0) break;
        close(fd);
    }
    told("files", n, most);
}

static void new_folders(long most) {
    long n = 0;
    for (; n < most; ++n) {
        char name[32];
        snprintf(name, sizeof name, "/tmp/d%ld", n);
        if (mkdir(name, 0700) != 0) break;
    }
    told("folders", n, most);
}

static void missing_names(long most) {
    if (most > 200000) most = 200000;
    long n = 0;
    for (; n < most; ++n) {
        char name[300];
        memset(name, 'n', sizeof name);
        snprintf(name, sizeof name, "/tmp/%0200ld", n);
        if (open(name, O_RDONLY) >= 0 || errno != ENOENT) break;
    }
    told("names", n, most);
}

// Names that come and go.
static void removed_names(long most) {
    if (most > 20000) most = 20000;
    long n = 0;
    for (; n < most; ++n) {
        char name[300];
        snprintf(name, sizeof name, "/tmp/%0200ld", n);
        const int fd = open(name, O_RDWR | O_CREAT, 0600);
        if (fd < 0 || unlink(name) != 0) break;
        close(fd);
    }
    told("names", n, most);
}

static void links(long most) {
    const int fd = open("/tmp/original", O_RDWR | O_CREAT, 0600);
    close(fd);
    long n = 0;
    for (; n < most; ++n) {
        char name[300];
        snprintf(name, sizeof name, "/tmp/s%0100ld", n);
        if (symlink("original", name) != 0) break;
    }
    told("links", n, most);
}

static void deep_folders(long most) {
    if (chdir("/tmp") != 0) return;
    long n = 0;
    while (n < most && mkdir("d", 0700) == 0 && chdir("d") == 0) ++n;
    told("levels", n, most);
}

static void fifos(long most) {
    many_descriptors();
    long n = 0;
    for (; n < most; ++n) {
        char name[32];
        snprintf(name, sizeof name, "/tmp/p%ld", n);
        if (mkfifo(name, 0600) != 0) break;
        const int fd = open(name, O_RDWR | O_NONBLOCK);
        if (fd < 0) break;
        while (write(fd, block, sizeof block) > 0) {
        }
    }
    told("fifos", n, most);
}

static void terminals(long most) {
    many_descriptors();
    long n = 0;
    for (; n < most; ++n) {
        const int fd = posix_openpt(O_RDWR | O_NONBLOCK | O_NOCTTY);
        if (fd < 0) break;
        // Input that nobody reads is dropped, so this would not end by itself.
        for (int i = 0; i < 4 && write(fd, block, 4096) > 0; ++i) {
        }
    }
    told("terminals", n, most);
}

// All folders of /proc, many times.
static void list_processes(long most) {
    if (most > 200) most = 200;
    long names = 0;
    for (int i = 0; i < 200; ++i) {
        if (fork() == 0) {
            pause();
            _exit(0);
        }
    }
    for (long n = 0; n < most; ++n) {
        DIR* folder = opendir("/proc");
        if (!folder) break;
        while (readdir(folder)) ++names;
        closedir(folder);
    }
    told("names", names > 0 ? most : 0, most);
}

const struct bomb file_bombs[] = {
    {"pipes", pipes},
    {"large-pipes", large_pipes},
    {"empty-pipes", empty_pipes},
    {"descriptors", descriptors},
    {"descriptions", descriptions},
    {"event-descriptors", event_descriptors},
    {"epoll-sets", epoll_sets},
    {"ready-items", ready_items},
    {"epoll-chain", epoll_chain},
    {"epoll-levels", epoll_levels},
    {"range-locks", range_locks},
    {"locked-files", locked_files},
    {"new-files", new_files},
    {"new-folders", new_folders},
    {"missing-names", missing_names},
    {"removed-names", removed_names},
    {"links", links},
    {"deep-folders", deep_folders},
    {"fifos", fifos},
    {"terminals", terminals},
    {"list-processes", list_processes},
    {NULL, NULL},
};
