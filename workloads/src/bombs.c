// SPDX-License-Identifier: GPL-2.0-or-later
// Exercises: the budgets of the kernel's objects. Takes one kind of them without end, until an errno or the OOM
// killer answers.
//
//     bombs KIND [MOST]     bombs list
#define _GNU_SOURCE
#include "bombs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

char block[1 << 20];

void told(const char* what, long taken, long most) {
    printf("%s: %ld, %s\n", what, taken, taken >= most ? "the most asked for" : strerrorname_np(errno));
    fflush(stdout);
}

void many_descriptors(void) {
    const struct rlimit limit = {1 << 20, 1 << 20};
    setrlimit(RLIMIT_NOFILE, &limit);
}

static const struct bomb* const tables[] = {memory_bombs, task_bombs, file_bombs, socket_bombs, object_bombs};

int main(int argc, char** argv) {
    memset(block, 7, sizeof block);
    const char* kind = argc > 1 ? argv[1] : "list";
    const long most = argc > 2 ? atol(argv[2]) : 10000000;
    for (size_t t = 0; t < sizeof tables / sizeof *tables; ++t) {
        for (const struct bomb* b = tables[t]; b->name; ++b) {
            if (strcmp(kind, "list") == 0) puts(b->name);
            if (strcmp(kind, b->name) != 0) continue;
            b->run(most);
            return 0;
        }
    }
    return strcmp(kind, "list") == 0 ? 0 : 2;
}
