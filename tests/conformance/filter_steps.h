// SPDX-License-Identifier: GPL-2.0-or-later
// A filter of system calls that the themes of seccomp install.
#ifndef FILTER_STEPS_H
#define FILTER_STEPS_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NO_SECCOMP "qemu-aarch64 has no seccomp for the guest"

static inline long seccomp(unsigned operation, unsigned flags, void* arguments) {
    return syscall(SYS_seccomp, operation, flags, arguments);
}

// A filter that answers getppid with `action` and allows the rest.
static struct sock_filter filter_code[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};
static inline long install(uint32_t action, unsigned flags) {
    struct sock_fprog program = {4, filter_code};
    filter_code[2].k = action;
    return seccomp(SECCOMP_SET_MODE_FILTER, flags, &program);
}

#endif
