// SPDX-License-Identifier: GPL-2.0-or-later
// Exercises a probe on `nop`: a loop over the trigger target "nop" of the kernel's uprobe benchmark, uprobe_target_nop.
#include "trig.h"

TRIGGER_MAIN(uprobe_target_nop)

FUNCTION(uprobe_target_nop)
    LANDING_PAD
    nop
    ret
END(uprobe_target_nop)
