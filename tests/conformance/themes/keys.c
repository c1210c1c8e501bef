// SPDX-License-Identifier: GPL-2.0-or-later
// Keys and keyrings: add_key(2), request_key(2), keyctl(2).
#include <linux/keyctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define QEMU_LACKS "qemu 7.2 has no keys"

static long add(const char* type, const char* name, const void* data, size_t size, int ring) {
    return syscall(SYS_add_key, type, name, data, size, ring);
}
static long control(int operation, unsigned long a, unsigned long b, unsigned long c,
                    unsigned long d) {
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

NATIVE(a_revoked_key_tells_nothing, QEMU_LACKS) {
    own_session();
    char text[100] = "";
    const int key = (int)NEED(add("user", "gone", "abc", 3, KEY_SPEC_SESSION_KEYRING));
    NEED(control(KEYCTL_REVOKE, key, 0, 0, 0));
    SHOW(control(KEYCTL_DESCRIBE, key, (long)text, sizeof text, 0));
    SHOW(control(KEYCTL_CHOWN, key, 0, -1, 0));
    SHOW(control(KEYCTL_SETPERM, key, 0x3f3f3f3f, 0, 0));
    SHOW(control(KEYCTL_SET_TIMEOUT, key, 10, 0, 0));
    SHOW(control(KEYCTL_UNLINK, key, KEY_SPEC_SESSION_KEYRING, 0, 0));
}

NATIVE(an_expired_key_gets_no_new_time, QEMU_LACKS) {
    own_session();
    const int key = (int)NEED(add("user", "late", "abc", 3, KEY_SPEC_SESSION_KEYRING));
    NEED(control(KEYCTL_SET_TIMEOUT, key, 1, 0, 0));
    sleep_ms(1200);
    SHOW(control(KEYCTL_SET_TIMEOUT, key, 0, 0, 0));
}

NATIVE(the_keyring_of_requests_is_kept, QEMU_LACKS) {
    own_session();
    SHOW(control(KEYCTL_SET_REQKEY_KEYRING, KEY_REQKEY_DEFL_NO_CHANGE, 0, 0, 0));
    SHOW(control(KEYCTL_SET_REQKEY_KEYRING, 7, 0, 0, 0));
    SHOW(control(KEYCTL_SET_REQKEY_KEYRING, 6, 0, 0, 0));
    SHOW(control(KEYCTL_SET_REQKEY_KEYRING, 8, 0, 0, 0));
    SHOW(control(KEYCTL_SET_REQKEY_KEYRING, 1, 0, 0, 0));
    SHOW(control(KEYCTL_SET_REQKEY_KEYRING, -1, 0, 0, 0));
}

NATIVE(a_keyring_is_read_whole_or_not, QEMU_LACKS) {
    own_session();
    char bytes[20];
    const int ring = (int)NEED(add("keyring", "full", NULL, 0, KEY_SPEC_SESSION_KEYRING));
    NEED(add("user", "one", "a", 1, ring));
    NEED(add("user", "two", "b", 1, ring));
    memset(bytes, 0x55, sizeof bytes);
    SHOW(control(KEYCTL_READ, ring, (long)bytes, 4, 0));
    SHOW(bytes[0] == 0x55);
    SHOW(control(KEYCTL_READ, ring, (long)bytes, 6, 0));
    SHOW(control(KEYCTL_READ, ring, (long)bytes, 8, 0));
    SHOW(bytes[0] == 0x55 && bytes[4] == 0x55);
}

// What /proc/key-users has of user 1000: keys and bytes. A host's user 1000 may have some already.
struct use {
    unsigned keys, most_keys, bytes, most_bytes;
};
static struct use use_of_user(void) {
    struct use use = {0, 0, 0, 0};
    char line[200];
    FILE* const file = fopen("/proc/key-users", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        struct use of = {0, 0, 0, 0};
        unsigned user = 0;
        const int read =
            sscanf(line, "%u: %*d %*d/%*d %u/%u %u/%u", &user, &of.keys, &of.most_keys, &of.bytes,
                   &of.most_bytes);
        if (read == 5 && user == 1000) use = of;
    }
    if (file != NULL) fclose(file);
    return use;
}
static void show_use_since(struct use before) {
    const struct use now = use_of_user();
    printf("%u/%u %u/%u\n", now.keys - before.keys, now.most_keys, now.bytes - before.bytes,
           now.most_bytes);
}
static void counts_its_keys(void) {
    char big[19000] = "";
    const struct use before = use_of_user();
    NEED(add("user", "first", "abc", 3, KEY_SPEC_THREAD_KEYRING));
    show_use_since(before);
    NEED(add("user", "other", "abcd", 4, KEY_SPEC_THREAD_KEYRING));
    show_use_since(before);
    SHOW(add("user", "big", big, sizeof big, KEY_SPEC_THREAD_KEYRING) > 0);
    SHOW(add("user", "bigger", big, sizeof big, KEY_SPEC_THREAD_KEYRING));
}
NATIVE(keys_and_links_are_counted, QEMU_LACKS) {
    AS_USER(counts_its_keys);
    show_file("/proc/sys/kernel/keys/maxkeys");
    show_file("/proc/sys/kernel/keys/root_maxbytes");
    show_file("/proc/sys/kernel/keys/gc_delay");
}

NATIVE(keys_that_may_be_seen_are_listed, QEMU_LACKS) {
    own_session();
    NEED(add("user", "conformance_one", "abc", 3, KEY_SPEC_SESSION_KEYRING));
    NEED(add("keyring", "conformance_two", NULL, 0, KEY_SPEC_SESSION_KEYRING));
    const int late = (int)NEED(add("logon", "conformance:3", "a", 1, KEY_SPEC_SESSION_KEYRING));
    NEED(control(KEYCTL_SET_TIMEOUT, late, 100000, 0, 0));
    char line[300], first[4][300] = {""};
    FILE* const file = fopen("/proc/keys", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char* const at = strstr(line, "conformance");
        if (at == NULL) continue;
        const int place = at[11] == ':' ? 2 : at[12] == 'o' ? 0 : 1;
        snprintf(first[place], sizeof first[place], "%s", line + 9);
    }
    for (int i = 0; i < 3; ++i) printf("%s", first[i]);
}
