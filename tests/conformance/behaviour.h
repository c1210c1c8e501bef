// SPDX-License-Identifier: GPL-2.0-or-later
// One behaviour of Linux each: a function that prints what it sees. The judge's kernel and the
// modelled one must print the same. What is printed must not depend on the run: no process ids,
// addresses, times or paths.
#ifndef BEHAVIOUR_H
#define BEHAVIOUR_H

#include "show.h"

enum judge { JUDGE_QEMU, JUDGE_NATIVE, JUDGE_DOCUMENTED };

struct behaviour {
    const char* name;
    void (*run)(void);
    const char* source;    // NATIVE: what qemu-aarch64 lacks. DOCUMENTED: the page that says it
    const char* expected;  // DOCUMENTED: the lines
    long judge;
};

#define BEHAVIOUR_OF(name, judge, source, expected)                                         \
    static void name(void);                                                                 \
    static const struct behaviour name##_row __attribute__((                                \
        section("behaviours"), used, aligned(8))) = {#name, name, source, expected, judge}; \
    static void name(void)

// `name` is the sentence that the behaviour stands for. qemu-aarch64 judges it,
#define BEHAVIOUR(name) BEHAVIOUR_OF(name, JUDGE_QEMU, "", "")
// or the host's own kernel, where qemu-aarch64 is wrong or lacks it: `why`,
#define NATIVE(name, why) BEHAVIOUR_OF(name, JUDGE_NATIVE, why, "")
// or a manual page or the kernel's documentation, where neither has it.
#define DOCUMENTED(name, page, lines) BEHAVIOUR_OF(name, JUDGE_DOCUMENTED, page, lines)

#endif
