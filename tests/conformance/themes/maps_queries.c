// SPDX-License-Identifier: GPL-2.0-or-later
// PROCMAP_QUERY, which asks /proc/PID/maps for one mapping.
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "qemu 7.2 does not know the request"

struct query {
    uint64_t size, flags, address;
    uint64_t begin, end, rights, page_size, offset, inode;
    uint32_t major, minor, name_size, build_id_size;
    uint64_t name, build_id;
};
#define QUERY _IOWR('f', 17, struct query)

static int maps;
static char* memory;
static struct query query;

static void open_maps(void) {
    maps = (int)NEED(open("/proc/self/maps", O_RDONLY));
    memory = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(mprotect(memory, 4096, PROT_NONE));
    NEED(mprotect(memory + 3 * 4096, 4096, PROT_READ));
}
static long ask(const char* at, uint64_t flags) {
    memset(&query, 0, sizeof query);
    query.size = sizeof query;
    query.address = (uintptr_t)at;
    query.flags = flags;
    return ioctl(maps, QUERY, &query);
}

NATIVE(a_mapping_is_found_by_its_address, WHY) {
    open_maps();
    SHOW(ask(memory + 5000, 0));
    SHOW(query.begin == (uintptr_t)memory + 4096);
    SHOW(query.end == (uintptr_t)memory + 3 * 4096);
    SHOW(query.rights);
    SHOW(query.page_size);
    SHOW(query.inode);
    SHOW(ask(memory + 5000, 1));
    SHOW(ask(memory + 5000, 4));
    SHOW(ask(memory + 5000, 32));
    SHOW(ask((char*)8, 0));
    SHOW(ask((char*)8, 16));
}

NATIVE(the_next_mapping_that_fits_is_found, WHY) {
    open_maps();
    SHOW(ask(memory, 16 | 2));
    SHOW(query.begin == (uintptr_t)memory + 4096);
    SHOW(ask((char*)-4096l, 16));
}

NATIVE(a_mapping_has_the_name_of_its_file, WHY) {
    char name[100] = "";
    maps = (int)NEED(open("/proc/self/maps", O_RDONLY));
    make_file("named", "text");
    const int fd = (int)NEED(open("named", O_RDONLY));
    const char* const at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    SHOW(ask(at, 32));
    SHOW(query.rights);
    query.name = (uintptr_t)name;
    query.name_size = sizeof name;
    SHOW(ioctl(maps, QUERY, &query));
    SHOW(strcmp(strrchr(name, '/'), "/named"));
    query.name_size = 3;
    SHOW(ioctl(maps, QUERY, &query));
}

NATIVE(a_query_is_checked, WHY) {
    open_maps();
    SHOW(ask(memory, 128));
    query.flags = 0, query.name_size = 10;
    SHOW(ioctl(maps, QUERY, &query));
    query.name_size = 0, query.size = 8;
    SHOW(ioctl(maps, QUERY, &query));
    query.size = 8192;
    SHOW(ioctl(maps, QUERY, &query));
    SHOW(ioctl(maps, QUERY, (void*)8));
    SHOW(ioctl(maps, _IO('f', 99), 0));
}
