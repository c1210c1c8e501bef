// SPDX-License-Identifier: GPL-2.0-or-later
// Exercises a probe on `stp x29, x30, [sp, #-16]!`, the push of fp and lr a function that calls another begins with:
// a loop over the trigger target "push" of the kernel's uprobe benchmark, uprobe_target_push, as gcc -O2 compiles it.
#include "trig.h"

TRIGGER_MAIN(uprobe_target_push)

FUNCTION(uprobe_target_push)
    SIGN_LINK
    stp x29, x30, [sp, -16]!
    mov x29, sp
    bl empty
    mov w0, 1
    ldp x29, x30, [sp], 16
    CHECK_LINK
    ret
END(uprobe_target_push)

FUNCTION(empty)
    LANDING_PAD
    ret
END(empty)
