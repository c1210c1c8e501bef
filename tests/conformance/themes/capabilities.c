// SPDX-License-Identifier: GPL-2.0-or-later
// Capabilities: what they are after a change of ids, what capset and prctl let change.
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static struct __user_cap_data_struct data[2];

static long get(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    return syscall(SYS_capget, &header, data);
}

static long set(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    return syscall(SYS_capset, &header, data);
}

static void show(const char* when) {
    NEED(get());
    printf("%s: effective %x, permitted %x, inheritable %x; ambient chown %d, bound chown %d\n", when,
           data[0].effective, data[0].permitted, data[0].inheritable,
           prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0),
           prctl(PR_CAPBSET_READ, CAP_CHOWN));
}

// Into few capabilities: what the judge's superuser has may not be all.
static void keep(unsigned mask) {
    NEED(get());
    data[0].effective = data[0].permitted = mask;
    data[1].effective = data[1].permitted = 0;
    data[0].inheritable = data[1].inheritable = 0;
    NEED(set());
}

#define BIT(cap) (1u << (cap))
#define SOME (BIT(CAP_CHOWN) | BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_SETPCAP) | BIT(CAP_KILL))

NATIVE(another_user_has_none, "qemu 7.2 does not convert capsets") {
    keep(SOME);
    show("before");
    NEED(setuid(1000));
    show("after");
}

NATIVE(another_effective_user_keeps_the_permitted_ones, "qemu 7.2 does not convert capsets") {
    keep(SOME);
    NEED(seteuid(1000));
    show("another");
    NEED(seteuid(0));
    show("again");
}

NATIVE(keepcaps_keeps_the_permitted_ones, "qemu 7.2 does not convert capsets") {
    keep(SOME);
    SHOW(prctl(PR_SET_KEEPCAPS, 1));
    NEED(setuid(1000));
    show("after");
    SHOW(prctl(PR_GET_KEEPCAPS));
    data[0].effective = BIT(CAP_CHOWN);
    SHOW(set());
    show("raised");
    SHOW(prctl(PR_SET_KEEPCAPS, 2));
}

NATIVE(capset_raises_what_is_permitted, "qemu 7.2 does not convert capsets") {
    keep(SOME);
    data[0].effective = 0;
    SHOW(set());
    data[0].effective = BIT(CAP_CHOWN);
    SHOW(set());
    data[0].effective = BIT(CAP_SYS_ADMIN);
    SHOW(set());
    data[0].effective = 0;
    data[0].permitted = SOME | BIT(CAP_SYS_ADMIN);
    SHOW(set());
    data[0].permitted = SOME;
    data[0].inheritable = BIT(CAP_CHOWN);
    SHOW(set());
    show("after");
}

NATIVE(capset_checks_its_header, "qemu 7.2 does not convert capsets") {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    SHOW(syscall(SYS_capget, &header, NULL));
    header.pid = -1;
    SHOW(syscall(SYS_capget, &header, data));
    header.pid = 999999;
    SHOW(syscall(SYS_capget, &header, data));
    header.pid = 1;
    SHOW(syscall(SYS_capset, &header, data));
    header = (struct __user_cap_header_struct){77, 0};
    SHOW(syscall(SYS_capset, &header, data));
    SHOW(header.version == _LINUX_CAPABILITY_VERSION_3);
    header.version = 0;
    SHOW(syscall(SYS_capget, &header, data));
    header.version = 0;
    SHOW(syscall(SYS_capget, &header, NULL));
    SHOW(syscall(SYS_capget, (void*)8, data));
    header.version = _LINUX_CAPABILITY_VERSION_1;
    SHOW(syscall(SYS_capget, &header, data));
}

NATIVE(the_bounding_set_only_shrinks, "qemu 7.2 does not convert capsets") {
    SHOW(prctl(PR_CAPBSET_READ, CAP_SYS_BOOT));
    SHOW(prctl(PR_CAPBSET_DROP, CAP_SYS_BOOT));
    SHOW(prctl(PR_CAPBSET_READ, CAP_SYS_BOOT));
    SHOW(prctl(PR_CAPBSET_READ, 64));
    SHOW(prctl(PR_CAPBSET_DROP, 64));
    keep(0);
    SHOW(prctl(PR_CAPBSET_DROP, CAP_CHOWN));
}

NATIVE(ambient_ones_are_permitted_and_inheritable, "qemu 7.2 does not convert capsets") {
    keep(SOME);
    SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
    data[0].inheritable = BIT(CAP_CHOWN);
    NEED(set());
    SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
    show("raised");
    SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 64, 0, 0));
    SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 1));
    SHOW(prctl(PR_CAP_AMBIENT, 9, 0, 0, 0));
    data[0].inheritable = 0;
    NEED(set());
    show("not inheritable");
    data[0].inheritable = BIT(CAP_CHOWN);
    NEED(set());
    NEED(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
    SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
    show("cleared");
    NEED(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
    NEED(setuid(1000));
    show("another user");
}

NATIVE(securebits_change_the_rules, "qemu 7.2 does not convert capsets") {
    keep(SOME);
    SHOW(prctl(PR_GET_SECUREBITS));
    SHOW(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP));
    NEED(seteuid(1000));
    show("no fix-up");
    SHOW(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED));
    SHOW(prctl(PR_SET_SECUREBITS, 0));
    SHOW(prctl(PR_GET_SECUREBITS));
    SHOW(prctl(PR_SET_SECUREBITS, 1 << 20));
    keep(0);
    SHOW(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED));
}

NATIVE(the_file_systems_user_has_the_file_ones, "qemu 7.2 does not convert capsets") {
    keep(SOME | BIT(CAP_DAC_OVERRIDE));
    syscall(SYS_setfsuid, 1000);
    show("another");
    syscall(SYS_setfsuid, 0);
    show("again");
}

NATIVE(setuid_needs_its_capability, "qemu 7.2 does not convert capsets") {
    keep(BIT(CAP_SETGID));
    SHOW(setuid(1000));
    SHOW(setgid(1000));
    SHOW(setresuid(-1, 1000, -1));
    keep(0);
    SHOW(setgid(2000));
    SHOW(syscall(SYS_setgroups, 0, NULL));
}
