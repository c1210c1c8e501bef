// SPDX-License-Identifier: GPL-2.0-or-later
// Keys and keyrings: add_key(2), request_key(2), keyctl(2).
#include <linux/keyctl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define QEMU_LACKS "qemu 7.2 has no keys"

static long add(const char* type, const char* name, const void* data, size_t size, int ring) {
    return syscall(SYS_add_key, type, name, data, size, ring);
}
static long control(int operation, unsigned long a, unsigned long b, unsigned long c, unsigned long d) {
    return syscall(SYS_keyctl, operation, a, b, c, d);
}
static void own_session(void) {
    NEED(control(KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0));
}

NATIVE(a_key_is_added_read_and_updated, QEMU_LACKS) {
    char text[20] = "";
    own_session();
    const long key = NEED(add("user", "name", "abc", 3, KEY_SPEC_SESSION_KEYRING));
    SHOW(control(KEYCTL_READ, key, (unsigned long)text, 20, 0));
    printf("%s\n", text);
    SHOW(control(KEYCTL_UPDATE, key, (unsigned long)"defg", 4, 0));
    SHOW(control(KEYCTL_READ, key, (unsigned long)text, 2, 0));
    SHOW(control(KEYCTL_READ, key, (unsigned long)text, 20, 0));
    printf("%s\n", text);
    SHOW(add("user", "name", "x", 1, KEY_SPEC_SESSION_KEYRING) == key);
}

NATIVE(errors_of_add_key, QEMU_LACKS) {
    char large[32768] = "";
    own_session();
    SHOW(add("user", "name", "abc", 0, KEY_SPEC_SESSION_KEYRING));
    SHOW(add("user", "name", large, 32768, KEY_SPEC_SESSION_KEYRING));
    SHOW(add("user", "name", (void*)8, 3, KEY_SPEC_SESSION_KEYRING));
    SHOW(add("user", "name", NULL, 3, KEY_SPEC_SESSION_KEYRING));
    SHOW(add("user", "name", "abc", 1 << 20, KEY_SPEC_SESSION_KEYRING));
    SHOW(add("user", "", "abc", 3, KEY_SPEC_SESSION_KEYRING));
    SHOW(add("user", NULL, "abc", 3, KEY_SPEC_SESSION_KEYRING));
    SHOW(add("nonexistent", "name", "abc", 3, KEY_SPEC_SESSION_KEYRING));
    SHOW(add("", "name", "abc", 3, KEY_SPEC_SESSION_KEYRING));
    SHOW(add(".user", "name", "abc", 3, KEY_SPEC_SESSION_KEYRING));
    SHOW(add("keyring", ".name", NULL, 0, KEY_SPEC_SESSION_KEYRING));
    SHOW(add("keyring", "name", "abc", 3, KEY_SPEC_SESSION_KEYRING));
    SHOW(add("logon", "name", "abc", 3, KEY_SPEC_SESSION_KEYRING));
    SHOW(add("logon", "a:name", "abc", 3, KEY_SPEC_SESSION_KEYRING) > 0);
    SHOW(add("user", "name", "abc", 3, 0));
    SHOW(add("user", "name", "abc", 3, -100));
    SHOW(add("user", "name", "abc", 3, 12345678));
    const long key = NEED(add("user", "name", "abc", 3, KEY_SPEC_SESSION_KEYRING));
    SHOW(add("user", "other", "abc", 3, (int)key));
    SHOW(add("user", "thread", "abc", 3, KEY_SPEC_THREAD_KEYRING) > 0);
    SHOW(add("user", "process", "abc", 3, KEY_SPEC_PROCESS_KEYRING) > 0);
    SHOW(add("user", "ofuser", "abc", 3, KEY_SPEC_USER_KEYRING) > 0);
}

NATIVE(a_key_is_requested, QEMU_LACKS) {
    own_session();
    const long key = NEED(add("user", "behaviour", "abc", 3, KEY_SPEC_SESSION_KEYRING));
    SHOW(syscall(SYS_request_key, "user", "behaviour", NULL, 0) == key);
    SHOW(syscall(SYS_request_key, "user", "nonexistent-one", NULL, 0));
    SHOW(syscall(SYS_request_key, "", "behaviour", NULL, 0));
    SHOW(syscall(SYS_request_key, ".user", "behaviour", NULL, 0));
    SHOW(syscall(SYS_request_key, (void*)8, "behaviour", NULL, 0));
    SHOW(control(KEYCTL_REVOKE, key, 0, 0, 0));
    SHOW(syscall(SYS_request_key, "user", "behaviour", NULL, 0));
    SHOW(control(KEYCTL_READ, key, 0, 0, 0));
    SHOW(control(KEYCTL_REVOKE, key, 0, 0, 0));
}

NATIVE(an_expired_key_is_ekeyexpired, QEMU_LACKS) {
    own_session();
    const long key = NEED(add("user", "short", "abc", 3, KEY_SPEC_SESSION_KEYRING));
    SHOW(control(KEYCTL_SET_TIMEOUT, key, 1, 0, 0));
    SHOW(control(KEYCTL_READ, key, 0, 0, 0));
    sleep_ms(1500);
    SHOW(control(KEYCTL_READ, key, 0, 0, 0));
    SHOW(syscall(SYS_request_key, "user", "short", NULL, 0));
}

NATIVE(a_keyring_lists_its_keys, QEMU_LACKS) {
    int serials[4] = {0};
    own_session();
    const long ring = NEED(add("keyring", "ring", NULL, 0, KEY_SPEC_SESSION_KEYRING));
    const long key = NEED(add("user", "one", "abc", 3, (int)ring));
    SHOW(control(KEYCTL_READ, ring, (unsigned long)serials, sizeof serials, 0));
    SHOW(serials[0] == key);
    SHOW(control(KEYCTL_SEARCH, ring, (unsigned long)"user", (unsigned long)"one", 0) == key);
    SHOW(control(KEYCTL_SEARCH, ring, (unsigned long)"user", (unsigned long)"two", 0));
    SHOW(control(KEYCTL_LINK, key, KEY_SPEC_SESSION_KEYRING, 0, 0));
    SHOW(control(KEYCTL_UNLINK, key, ring, 0, 0));
    SHOW(control(KEYCTL_UNLINK, key, ring, 0, 0));
    SHOW(control(KEYCTL_READ, ring, (unsigned long)serials, sizeof serials, 0));
    SHOW(control(KEYCTL_LINK, ring, ring, 0, 0));
    SHOW(control(KEYCTL_LINK, key, key, 0, 0));
    SHOW(control(KEYCTL_CLEAR, key, 0, 0, 0));
    SHOW(control(KEYCTL_CLEAR, KEY_SPEC_SESSION_KEYRING, 0, 0, 0));
}

NATIVE(a_key_is_described, QEMU_LACKS) {
    char text[100] = "";
    own_session();
    const long key = NEED(add("user", "name", "abc", 3, KEY_SPEC_SESSION_KEYRING));
    SHOW(control(KEYCTL_DESCRIBE, key, (unsigned long)text, sizeof text, 0));
    printf("%s\n", text);
    SHOW(control(KEYCTL_SETPERM, key, 0x3f000000, 0, 0));
    SHOW(control(KEYCTL_SETPERM, key, 0xff000000, 0, 0));
    SHOW(control(KEYCTL_DESCRIBE, key, (unsigned long)text, 5, 0));
    SHOW(control(KEYCTL_SETPERM, key, 0, 0, 0));
    SHOW(control(KEYCTL_DESCRIBE, key, (unsigned long)text, sizeof text, 0));
    SHOW(control(KEYCTL_READ, key, 0, 0, 0));
}

NATIVE(special_keyrings_have_ids, QEMU_LACKS) {
    own_session();
    SHOW(control(KEYCTL_GET_KEYRING_ID, KEY_SPEC_THREAD_KEYRING, 0, 0, 0));
    SHOW(control(KEYCTL_GET_KEYRING_ID, KEY_SPEC_THREAD_KEYRING, 1, 0, 0) > 0);
    SHOW(control(KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 0, 0, 0));
    SHOW(control(KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0, 0, 0) > 0);
    SHOW(control(KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 0, 0, 0) > 0);
    SHOW(control(KEYCTL_GET_KEYRING_ID, KEY_SPEC_GROUP_KEYRING, 0, 0, 0));
    SHOW(control(KEYCTL_GET_KEYRING_ID, KEY_SPEC_REQKEY_AUTH_KEY, 0, 0, 0));
    SHOW(control(999, 0, 0, 0, 0));
    SHOW(control(KEYCTL_INSTANTIATE, 1, 0, 0, 0));
}

static void show_session(void) {
    SHOW(syscall(SYS_request_key, "user", "mine", NULL, 0) > 0);
}
NATIVE(a_child_has_the_session_keyring, QEMU_LACKS) {
    own_session();
    NEED(add("user", "mine", "abc", 3, KEY_SPEC_SESSION_KEYRING));
    IN_CHILD(show_session);
    own_session();
    IN_CHILD(show_session);
}
