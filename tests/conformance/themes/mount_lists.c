// SPDX-License-Identifier: GPL-2.0-or-later
// statmount and listmount: mounts by their numbers.
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define NEW "qemu 7.2 does not know the call"

struct request {
    uint32_t size, spare;
    uint64_t id, parameter, space;
};
struct answer {
    uint32_t size, options;
    uint64_t mask;
    uint32_t major, minor;
    uint64_t magic;
    uint32_t flags, type;
    uint64_t id, parent;
    uint32_t old_id, old_parent;
    uint64_t attributes, propagation, group, master, from;
    uint32_t root, point;
    uint64_t space, spare[49];
    char texts[4096];
};
enum { SUPER = 1, MOUNT = 2, FROM = 4, ROOT = 8, POINT = 0x10, TYPE = 0x20 };

static struct answer answer;
static uint64_t ids[1000];

static long stat_mount(uint64_t id, uint64_t wanted, size_t room) {
    struct request request = {24, 0, id, wanted, 0};
    memset(&answer, 0, sizeof answer);
    return syscall(457, &request, &answer, room, 0);
}
static long list_mount(uint64_t id, uint64_t last, size_t count, unsigned flags) {
    struct request request = {24, 0, id, last, 0};
    return syscall(458, &request, ids, count, flags);
}
static uint64_t unique_id(const char* name) {
    struct statx all;
    NEED(syscall(SYS_statx, AT_FDCWD, name, 0, 0x4000, &all));
    return all.stx_mnt_id;
}
static uint64_t new_mount(const char* name, unsigned long flags) {
    NEED(mkdir(name, 0755));
    NEED(mount("source", name, "tmpfs", flags, ""));
    return unique_id(name);
}

NATIVE(a_mount_is_told_by_its_number, NEW) {
    const uint64_t above = unique_id("."), id = new_mount("mounted", MS_NOSUID | MS_NOATIME);
    SHOW(stat_mount(id, SUPER | MOUNT | ROOT | POINT | TYPE, sizeof answer));
    SHOW(answer.mask);
    SHOW(answer.magic);
    SHOW(answer.flags);
    SHOW(answer.id == id);
    SHOW(answer.parent == above);
    SHOW(answer.attributes);
    SHOW(answer.propagation);
    puts(answer.texts + answer.type);
    puts(answer.texts + answer.root);
    puts(strrchr(answer.texts + answer.point, '/'));
    SHOW(answer.size == 512 + strlen(answer.texts + answer.type) +
                            strlen(answer.texts + answer.root) +
                            strlen(answer.texts + answer.point) + 4);
    SHOW(stat_mount(id, MOUNT, sizeof answer));
    SHOW(answer.size);
    SHOW(stat_mount(id, MOUNT, 100));
    SHOW(answer.size);
    SHOW(stat_mount(id, TYPE, 512));
    SHOW(stat_mount(id, TYPE, 514));
    SHOW(umount("mounted"));
    SHOW(stat_mount(id, MOUNT, sizeof answer));
}

NATIVE(errors_of_statmount, NEW) {
    const uint64_t id = unique_id(".");
    struct request small = {16, 0, id, MOUNT, 0}, large = {5000, 0, id, MOUNT, 0},
                   spare = {24, 1, id, MOUNT, 0};
    SHOW(stat_mount(1, MOUNT, sizeof answer));
    SHOW(stat_mount(~0ull, MOUNT, sizeof answer));
    SHOW(syscall(457, &small, &answer, sizeof answer, 0));
    SHOW(syscall(457, &large, &answer, sizeof answer, 0));
    SHOW(syscall(457, &spare, &answer, sizeof answer, 0));
    SHOW(syscall(457, NULL, &answer, sizeof answer, 0));
    small.size = 24;
    SHOW(syscall(457, &small, &answer, sizeof answer, 8));
    SHOW(syscall(457, &small, NULL, 512, 0));
}

NATIVE(mounts_below_one_are_listed, NEW) {
    const uint64_t outer = new_mount("outer", 0), one = new_mount("outer/one", 0),
                   two = new_mount("outer/two", 0), deep = new_mount("outer/one/deep", 0);
    SHOW(list_mount(outer, 0, 1000, 0));
    SHOW(ids[0] == one && ids[1] == two && ids[2] == deep);
    SHOW(list_mount(outer, 0, 2, 0));
    SHOW(list_mount(outer, one, 1000, 0));
    SHOW(ids[0] == two && ids[1] == deep);
    SHOW(list_mount(outer, 0, 1000, 1));
    SHOW(ids[0] == deep && ids[2] == one);
    SHOW(list_mount(outer, two, 1000, 1));
    SHOW(list_mount(one, 0, 1000, 0));
    SHOW(list_mount(deep, 0, 1000, 0));
    const long all = list_mount(~0ull, 0, 1000, 0);
    SHOW(all > 4);
    SHOW(ids[all - 1] == deep);
    SHOW(list_mount(outer, 0, 1000, 2));
    SHOW(list_mount(outer, 5, 1000, 0));
    SHOW(list_mount(outer, 0, 1000001, 0));
    SHOW(list_mount(5, 0, 1000, 0));
    SHOW(umount2("outer", MNT_DETACH));
    SHOW(list_mount(outer, 0, 1000, 0));
}

NATIVE(the_cache_of_a_file_is_its_data, NEW) {
    struct {
        uint64_t begin, length;
    } range = {0, 0};
    uint64_t pages[5];
    int ends[2];
    const int fd = open("file", O_CREAT | O_RDWR, 0600);
    NEED(ftruncate(fd, 40960));
    NEED(pwrite(fd, "x", 1, 8192));
    NEED(pwrite(fd, "x", 1, 20480));
    SHOW(syscall(451, fd, &range, pages, 0));
    printf("%ld %ld\n", (long)pages[0], (long)pages[3]);
    range.begin = 8000;
    range.length = 4000;
    SHOW(syscall(451, fd, &range, pages, 0));
    SHOW(pages[0]);
    SHOW(syscall(451, fd, &range, pages, 1));
    SHOW(syscall(451, fd, NULL, pages, 0));
    SHOW(syscall(451, fd, &range, NULL, 0));
    SHOW(syscall(451, -1, &range, pages, 0));
    NEED(pipe(ends));
    SHOW(syscall(451, ends[1], &range, pages, 0));
    SHOW(pages[0]);
}
