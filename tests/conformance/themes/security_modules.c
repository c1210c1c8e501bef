// SPDX-License-Identifier: GPL-2.0-or-later
// lsm_list_modules, lsm_get_self_attr and lsm_set_self_attr, of a process without attributes.
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define LACKS "qemu-aarch64 has not these calls"

struct context {
    uint64_t id, flags, length, context_length;
    char bytes[64];
};
enum { kCurrent = 100, kKeycreate = 103, kSingle = 1 };

static long list(uint64_t* ids, uint32_t* size, uint32_t flags) {
    return syscall(461, ids, size, flags);
}
static long get(uint32_t attribute, struct context* to, uint32_t* size, uint32_t flags) {
    return syscall(459, attribute, to, size, flags);
}
static long set(uint32_t attribute, struct context* from, uint32_t size, uint32_t flags) {
    return syscall(460, attribute, from, size, flags);
}

NATIVE(capabilities_and_landlock_are_security_modules, LACKS) {
    uint64_t ids[32] = {0};
    uint32_t size = sizeof ids;
    const long count = list(ids, &size, 0);
    SHOW(count >= 1);
    SHOW(size == count * sizeof *ids);
    int capability = 0, landlock = 0;
    for (long i = 0; i < count; ++i) {
        capability += ids[i] == 100;
        landlock += ids[i] == 110;
    }
    SHOW(capability);
    SHOW(landlock);
}
NATIVE(a_list_of_modules_that_has_no_room_tells_how_much_it_needs, LACKS) {
    uint64_t ids[32] = {0};
    uint32_t size = 4;
    SHOW(list(ids, &size, 0));
    SHOW(size >= 8);
    SHOW(ids[0]);
    size = sizeof ids;
    SHOW(list(ids, &size, 1));
    SHOW(size);
    SHOW(list(NULL, &size, 0));
    SHOW(list(ids, NULL, 0));
    size = sizeof ids;
    SHOW(list((uint64_t*)1, &size, 0));
}
NATIVE(an_attribute_that_no_module_has_is_not_supported, LACKS) {
    struct context context = {0};
    uint32_t size = sizeof context;
    SHOW(get(kCurrent + 77, &context, &size, 0));
    SHOW(size);
    size = sizeof context;
    SHOW(get(kCurrent + 77, NULL, &size, 0));
    SHOW(set(kCurrent + 77, &context, sizeof context, 0));
}
NATIVE(a_question_of_an_attribute_has_its_form, LACKS) {
    struct context context = {0};
    uint32_t size = sizeof context;
    SHOW(get(0, &context, &size, 0));
    SHOW(get(kCurrent, &context, NULL, 0));
    SHOW(get(kCurrent, &context, (uint32_t*)1, 0));
    SHOW(get(kCurrent, &context, &size, 2));
    SHOW(get(kCurrent, &context, &size, 3));
    SHOW(get(kCurrent, NULL, &size, kSingle));
    SHOW(get(kCurrent, (struct context*)1, &size, kSingle));
    SHOW(get(kCurrent, &context, &size, kSingle));
    context.id = 110;
    SHOW(get(kCurrent, &context, &size, kSingle));
    context.id = 999;
    SHOW(get(kCurrent, &context, &size, kSingle));
}
NATIVE(a_context_to_set_has_a_least_and_a_most_size, LACKS) {
    struct context context = {.id = 110, .length = 40, .context_length = 8};
    SHOW(set(kCurrent, &context, 16, 0));
    SHOW(set(kCurrent, &context, 4097, 0));
    SHOW(set(kCurrent, NULL, 64, 0));
    SHOW(set(kCurrent, &context, 64, 1));
    SHOW(set(kCurrent, &context, 36, 0));
    SHOW(set(kCurrent, &context, 40, 0));
    context.context_length = 9;
    SHOW(set(kCurrent, &context, 64, 0));
    context.context_length = ~0ul;
    SHOW(set(kCurrent, &context, 64, 0));
}
