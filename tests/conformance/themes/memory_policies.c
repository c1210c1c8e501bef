// SPDX-License-Identifier: GPL-2.0-or-later
// set_mempolicy, get_mempolicy and mbind on a machine with one node.
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "qemu 7.2 has no memory policies"

static unsigned long nodes = 1;
static void show_policy(const void* at, unsigned long flags) {
    int mode = -1;
    unsigned long mask = 0;
    const long got = syscall(SYS_get_mempolicy, &mode, &mask, 64ul, at, flags);
    printf("%ld %s: mode %d, nodes %lx\n", got, got < 0 ? strerrorname_np(errno) : "", mode, mask);
}
static char* pages(void) {
    return mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

NATIVE(a_mapping_keeps_its_policy, WHY) {
    char* const memory = pages();
    show_policy(memory, MPOL_F_ADDR);
    SHOW(syscall(SYS_mbind, memory + 4096, 4096ul, MPOL_BIND, &nodes, 64ul, 0));
    show_policy(memory, MPOL_F_ADDR);
    show_policy(memory + 4096, MPOL_F_ADDR);
    show_policy(memory + 8192, MPOL_F_ADDR);
    SHOW(syscall(SYS_mbind, memory + 4096, 4096ul, MPOL_DEFAULT, NULL, 0ul, 0));
    show_policy(memory + 4096, MPOL_F_ADDR);
}

NATIVE(an_interleaving_policy_tells_the_next_node, WHY) {
    show_policy(NULL, MPOL_F_NODE);
    SHOW(syscall(SYS_set_mempolicy, MPOL_INTERLEAVE, &nodes, 64ul));
    show_policy(NULL, MPOL_F_NODE);
    show_policy(NULL, 0);
}

NATIVE(numa_maps_has_the_policy, WHY) {
    char line[400], wanted[40];
    char* const memory = pages();
    NEED(syscall(SYS_mbind, memory, 3 * 4096ul, MPOL_PREFERRED, &nodes, 64ul, 0));
    snprintf(wanted, sizeof wanted, "%08lx prefer:0", (unsigned long)memory);
    FILE* const file = fopen("/proc/self/numa_maps", "r");
    int found = 0;
    while (fgets(line, sizeof line, file) != NULL) found += strstr(line, wanted) == line;
    SHOW(found);
}

NATIVE(preferring_no_node_is_the_local_policy, WHY) {
    char* const memory = pages();
    SHOW(syscall(SYS_set_mempolicy, MPOL_PREFERRED, NULL, 0ul));
    show_policy(NULL, 0);
    SHOW(syscall(SYS_mbind, memory, 4096ul, MPOL_PREFERRED, NULL, 0ul, 0));
    show_policy(memory, MPOL_F_ADDR);
}

NATIVE(a_policy_may_have_a_home, WHY) {
    enum { kHome = 450 };
    char* const memory = pages();
    SHOW(syscall(kHome, memory, 4096ul, 0ul, 0ul));
    SHOW(syscall(SYS_mbind, memory, 4096ul, MPOL_BIND, &nodes, 64ul, 0));
    SHOW(syscall(SYS_mbind, memory + 4096, 4096ul, MPOL_INTERLEAVE, &nodes, 64ul, 0));
    SHOW(syscall(kHome, memory, 4096ul, 0ul, 0ul));
    SHOW(syscall(kHome, memory + 4096, 4096ul, 0ul, 0ul));
    SHOW(syscall(kHome, memory, 4096ul, 9ul, 0ul));
    SHOW(syscall(kHome, memory, 4096ul, 0ul, 1ul));
    SHOW(syscall(kHome, memory + 1, 4096ul, 0ul, 0ul));
    SHOW(syscall(kHome, memory, 0ul, 0ul, 0ul));
}
