// SPDX-License-Identifier: GPL-2.0-or-later
// Rulesets of Landlock. The C library has no functions for them, and its headers may be older.
#ifndef LANDLOCK_STEPS_H
#define LANDLOCK_STEPS_H

#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "steps.h"

#define LACKS "qemu-aarch64 has no Landlock"

enum {
    EXECUTE = 1 << 0,
    WRITE_FILE = 1 << 1,
    READ_FILE = 1 << 2,
    READ_DIR = 1 << 3,
    REMOVE_DIR = 1 << 4,
    REMOVE_FILE = 1 << 5,
    MAKE_CHAR = 1 << 6,
    MAKE_DIR = 1 << 7,
    MAKE_REG = 1 << 8,
    MAKE_SOCK = 1 << 9,
    MAKE_FIFO = 1 << 10,
    MAKE_BLOCK = 1 << 11,
    MAKE_SYM = 1 << 12,
    REFER = 1 << 13,
    TRUNCATE = 1 << 14,
    IOCTL_DEV = 1 << 15,
};
enum { BIND_TCP = 1, CONNECT_TCP = 2 };
enum { SCOPE_ABSTRACT = 1, SCOPE_SIGNAL = 2 };
enum { PATH_BENEATH = 1, NET_PORT = 2 };

struct ruleset_attr {
    uint64_t files, network, scoped;
};
struct path_rule {
    uint64_t rights;
    int32_t parent;
} __attribute__((packed));
struct port_rule {
    uint64_t rights, port;
};

static inline long create_ruleset(const void* attr, size_t size, unsigned flags) {
    return syscall(SYS_landlock_create_ruleset, attr, size, flags);
}
static inline long add_rule(int ruleset, int type, const void* rule, unsigned flags) {
    return syscall(SYS_landlock_add_rule, ruleset, type, rule, flags);
}
static inline long restrict_self(int ruleset, unsigned flags) {
    return syscall(SYS_landlock_restrict_self, ruleset, flags);
}

static inline int ruleset_of(uint64_t files, uint64_t network, uint64_t scoped) {
    const struct ruleset_attr attr = {files, network, scoped};
    return (int)NEED(create_ruleset(&attr, sizeof attr, 0));
}
static inline void allow(int ruleset, const char* path, uint64_t rights) {
    const struct path_rule rule = {rights, (int)NEED(open(path, O_PATH | O_CLOEXEC))};
    NEED(add_rule(ruleset, PATH_BENEATH, &rule, 0));
    close(rule.parent);
}
static inline void allow_port(int ruleset, unsigned port, uint64_t rights) {
    const struct port_rule rule = {rights, port};
    NEED(add_rule(ruleset, NET_PORT, &rule, 0));
}
static inline void enter_domain(int ruleset) {
    NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    NEED(restrict_self(ruleset, 0));
    close(ruleset);
}
// Nothing of what is handled is allowed but beneath one file.
static inline void restrict_files(uint64_t handled, const char* path, uint64_t allowed) {
    const int ruleset = ruleset_of(handled, 0, 0);
    if (path != NULL) allow(ruleset, path, allowed);
    enter_domain(ruleset);
}
static inline void restrict_scope(uint64_t scoped) {
    enter_domain(ruleset_of(0, 0, scoped));
}

// A tree to give rights in, and files beside it.
static inline void make_tree(void) {
    NEED(mkdir("in", 0755));
    NEED(mkdir("in/sub", 0755));
    NEED(mkdir("out", 0755));
    make_file("in/a", "in");
    make_file("in/sub/b", "sub");
    make_file("out/c", "out");
}

#endif
