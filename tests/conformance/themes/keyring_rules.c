// SPDX-License-Identifier: GPL-2.0-or-later
// What keyrings take: restrictions, moves between them, and keys that nobody can make.
#include <linux/keyctl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define QEMU_LACKS "qemu 7.2 has no keys"
#ifndef KEYCTL_RESTRICT_KEYRING
#define KEYCTL_RESTRICT_KEYRING 29
#endif
#ifndef KEYCTL_MOVE
#define KEYCTL_MOVE 30
#endif

enum { kNobodys = 0x7fffffff };
static const unsigned long kAllRights = 0x3f3f3f3f;

static long add(const char* type, const char* name, long ring) {
    return syscall(SYS_add_key, type, name, strcmp(type, "keyring") == 0 ? NULL : "abc",
                   strcmp(type, "keyring") == 0 ? 0ul : 3ul, ring);
}
static long new_ring(const char* name) {
    return NEED(add("keyring", name, KEY_SPEC_PROCESS_KEYRING));
}
static long control(int operation, long a, const void* b, const void* c, long d) {
    return syscall(SYS_keyctl, operation, a, b, c, d);
}
static long restrict_ring(long ring, const char* type, const char* how) {
    return control(KEYCTL_RESTRICT_KEYRING, ring, type, how, 0);
}
static long move(long key, long from, long to, long flags) {
    return syscall(SYS_keyctl, KEYCTL_MOVE, key, from, to, flags);
}
static long link_to(long key, long ring) {
    return syscall(SYS_keyctl, KEYCTL_LINK, key, ring);
}
static long search(long ring, const char* name) {
    return syscall(SYS_keyctl, KEYCTL_SEARCH, ring, "user", name, 0);
}
static void without(long key, unsigned long rights) {
    NEED(syscall(SYS_keyctl, KEYCTL_SETPERM, key, kAllRights & ~(rights * 0x01010101)));
}
static long request(const char* type, const char* name, const char* callout, long ring) {
    return syscall(SYS_request_key, type, name, callout, ring);
}

NATIVE(a_restricted_keyring_takes_no_links, QEMU_LACKS) {
    const long ring = new_ring("restricted"), other = new_ring("other");
    const long key = NEED(add("user", "key", other));
    NEED(add("user", "before", ring));
    SHOW(restrict_ring(ring, NULL, NULL));
    SHOW(restrict_ring(ring, NULL, NULL));
    SHOW(link_to(key, ring));
    SHOW(add("user", "later", ring));
    SHOW(add("user", "before", ring));
    SHOW(add("keyring", "later", ring));
    SHOW(move(key, other, ring, 0));
    SHOW(search(ring, "before") > 0);
    SHOW(syscall(SYS_keyctl, KEYCTL_UNLINK, search(ring, "before"), ring));
}

NATIVE(errors_of_a_restriction, QEMU_LACKS) {
    const long ring = new_ring("ring"), kept = new_ring("kept");
    const long key = NEED(add("user", "key", ring));
    without(kept, 0x20);
    SHOW(restrict_ring(ring, NULL, "anything"));
    SHOW(restrict_ring(ring, "user", NULL));
    SHOW(restrict_ring(ring, "nosuchtype", "anything"));
    SHOW(restrict_ring(ring, "user", "anything"));
    SHOW(restrict_ring(ring, "keyring", "anything"));
    SHOW(restrict_ring(ring, ".user", "anything"));
    SHOW(restrict_ring(ring, (void*)8, "anything"));
    SHOW(restrict_ring(ring, "user", (void*)8));
    SHOW(restrict_ring(key, NULL, NULL));
    SHOW(restrict_ring(kNobodys, NULL, NULL));
    SHOW(restrict_ring(kept, NULL, NULL));
}

NATIVE(a_move_displaces_a_key_unless_it_is_exclusive, QEMU_LACKS) {
    const long from = new_ring("from"), to = new_ring("to");
    const long key = NEED(add("user", "key", from)), old = NEED(add("user", "key", to));
    NEED(link_to(old, KEY_SPEC_PROCESS_KEYRING));
    SHOW(move(key, from, to, 1));
    SHOW(search(to, "key") == old);
    SHOW(move(key, from, from, 0));
    SHOW(search(from, "key") == key);
    SHOW(move(key, from, to, 0));
    SHOW(search(to, "key") == key);
    SHOW(search(from, "key"));
}

NATIVE(errors_of_a_move, QEMU_LACKS) {
    const long from = new_ring("from"), to = new_ring("to"), inner = new_ring("inner");
    const long closed = new_ring("closed");
    const long key = NEED(add("user", "key", from)), other = NEED(add("user", "other", to));
    NEED(link_to(inner, to));
    without(closed, 4);
    SHOW(move(key, from, to, 2));
    SHOW(move(kNobodys, from, to, 0));
    SHOW(move(key, kNobodys, to, 0));
    SHOW(move(key, from, kNobodys, 0));
    SHOW(move(key, other, to, 0));
    SHOW(move(key, from, other, 0));
    SHOW(move(other, from, to, 0));
    SHOW(move(inner, to, inner, 0));
    SHOW(move(key, from, closed, 0));
}

NATIVE(who_may_not_view_a_key_has_no_label_of_it, QEMU_LACKS) {
    char text[20] = "xx";
    const long key = NEED(add("user", "key", KEY_SPEC_PROCESS_KEYRING));
    without(key, 1);
    SHOW(control(KEYCTL_DESCRIBE, key, text, (void*)20, 0));
    SHOW(control(KEYCTL_GET_SECURITY, key, text, (void*)20, 0));
    SHOW(control(KEYCTL_GET_SECURITY, kNobodys, text, (void*)20, 0));
}

// With callout information, and without a program that makes it.
NATIVE(a_key_that_nobody_makes_is_negative, QEMU_LACKS) {
    int serial = 0;
    NEED(add("user", "mine", KEY_SPEC_THREAD_KEYRING));
    NEED(syscall(SYS_keyctl, KEYCTL_CLEAR, KEY_SPEC_THREAD_KEYRING));
    SHOW(request("user", "nobodys", "callout", KEY_SPEC_THREAD_KEYRING) < 0);
    SHOW(control(KEYCTL_READ, KEY_SPEC_THREAD_KEYRING, &serial, (void*)sizeof serial, 0));
    SHOW(serial > 0);
    SHOW(control(KEYCTL_READ, serial, NULL, NULL, 0));
    SHOW(control(KEYCTL_DESCRIBE, serial, NULL, NULL, 0) > 0);
    SHOW(request("user", "nobodys", "callout", KEY_SPEC_THREAD_KEYRING));
    SHOW(request("user", "nobodys", NULL, 0));
    SHOW(request("user", "another", NULL, 0));
    SHOW(add("user", "nobodys", KEY_SPEC_THREAD_KEYRING) == serial);
    SHOW(request("user", "nobodys", NULL, 0) == serial);
}

NATIVE(what_may_not_be_asked_for_with_callout_information, QEMU_LACKS) {
    SHOW(request("keyring", "nobodys", "callout", KEY_SPEC_THREAD_KEYRING));
    SHOW(request("logon", "nobodys", "callout", KEY_SPEC_THREAD_KEYRING));
    SHOW(request("nosuchtype", "nobodys", "callout", KEY_SPEC_THREAD_KEYRING));
    NEED(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL));
    NEED(syscall(SYS_keyctl, KEYCTL_SETPERM, KEY_SPEC_SESSION_KEYRING, 0x0b000000));
    NEED(syscall(SYS_keyctl, KEYCTL_SET_REQKEY_KEYRING, KEY_REQKEY_DEFL_SESSION_KEYRING));
    SHOW(request("user", "nobodys", "callout", 0));
}

NATIVE(a_session_is_given_to_the_parent, QEMU_LACKS) {
    NEED(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL));
    const long before =
        NEED(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
    const pid_t child = fork();
    if (child == 0) {
        NEED(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL));
        NEED(add("user", "from the child", KEY_SPEC_SESSION_KEYRING));
        _exit(syscall(SYS_keyctl, KEYCTL_SESSION_TO_PARENT) == 0 ? 0 : 1);
    }
    show_end("the child", child);
    SHOW(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) != before);
    SHOW(search(KEY_SPEC_SESSION_KEYRING, "from the child") > 0);
}

// Made one in the other, as far as they can be written to.
NATIVE(keyrings_are_possessed_to_a_depth, QEMU_LACKS) {
    long ring = KEY_SPEC_PROCESS_KEYRING, top = 0;
    for (int depth = 0; depth < 12; ++depth) {
        ring = add("keyring", "nested", ring);
        if (ring < 0) {
            SHOW(ring);
            break;
        }
        if (depth == 0) top = ring;
        SHOW(add("user", "key", ring) > 0);
        SHOW(search(top, "key") > 0);
    }
}

NATIVE(keyrings_are_linked_to_a_depth, QEMU_LACKS) {
    char name[20];
    long below = new_ring("lowest"), lowest = below;
    for (int depth = 0; depth < 10; ++depth) {
        snprintf(name, sizeof name, "ring %d", depth);
        const long ring = new_ring(name);
        SHOW(link_to(below, ring));
        SHOW(link_to(ring, lowest));
        below = ring;
    }
}

NATIVE(a_key_of_many_keyrings_is_found, QEMU_LACKS) {
    const long first = new_ring("first"), second = new_ring("second"), both = new_ring("both");
    const long key = NEED(add("user", "key", first)), kept = new_ring("kept");
    SHOW(link_to(key, second));
    SHOW(link_to(key, kept));
    SHOW(link_to(first, both));
    SHOW(link_to(second, both));
    SHOW(syscall(SYS_keyctl, KEYCTL_UNLINK, key, first));
    SHOW(search(both, "key") == key);
    // In place of the one of this name.
    const long other = NEED(add("user", "key", first));
    SHOW(link_to(other, second));
    SHOW(search(second, "key") == other);
    // It is the name that is unlinked.
    SHOW(syscall(SYS_keyctl, KEYCTL_UNLINK, key, second));
    SHOW(search(second, "key"));
    SHOW(move(key, first, second, 0));
    SHOW(search(first, "key"));
    SHOW(search(second, "key") == key);
}
