// SPDX-License-Identifier: GPL-2.0-or-later
// The loop around a trigger target, shared by the trig_* programs: calls the target argv[1] times (default 1000).
// Static and without a C library, so that the instruction count is the same everywhere:
// per call the target's own instructions and the loop's three (bl, subs, b.ne).
#ifdef NO_MAIN  // the loop is another file's
#define TRIGGER_MAIN(target)
#else
#define TRIGGER_MAIN(target)                                                  \
    .text;                                                                    \
    .globl _start;                                                            \
    .type _start, %function;                                                  \
    _start:                                                                   \
    ldr x0, [sp];            /* argc */                                       \
    mov x19, 1000;                                                            \
    cmp x0, 2;                                                                \
    b.lt 3f;                                                                  \
    ldr x1, [sp, 16];        /* argv[1], decimal */                           \
    mov x19, 0;                                                               \
    mov x3, 10;                                                               \
    1 : ldrb w2, [x1], 1;                                                     \
    cbz w2, 2f;                                                               \
    sub w2, w2, 48;                                                           \
    madd x19, x19, x3, x2;                                                    \
    b 1b;                                                                     \
    2 : cbz x19, 4f;                                                          \
    3 : bl target;                                                            \
    subs x19, x19, 1;                                                         \
    b.ne 3b;                                                                  \
    4 : mov x0, 0;                                                            \
    mov x8, 94;              /* exit_group */                                 \
    svc 0;                                                                    \
    .size _start, . - _start
#endif

#define FUNCTION(name)     \
    .globl name;           \
    .type name, %function; \
    .balign 16;            \
    name:
#define END(name) .size name, . - name

// What gcc -mbranch-protection=standard puts first (and, where the return address is stored, before the return): a leaf
// gets a landing pad only, a function that calls signs its return address, which is a landing pad as well.
#ifdef BRANCH_PROTECTION
#define LANDING_PAD bti c;
#define SIGN_LINK paciasp;
#define CHECK_LINK autiasp;
#else
#define LANDING_PAD
#define SIGN_LINK
#define CHECK_LINK
#endif
