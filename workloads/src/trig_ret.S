// SPDX-License-Identifier: GPL-2.0-or-later
// Exercises a probe on `ret`: a loop over the trigger target "ret" of the kernel's uprobe benchmark, uprobe_target_ret.
#include "trig.h"

TRIGGER_MAIN(uprobe_target_ret)

FUNCTION(uprobe_target_ret)
    LANDING_PAD
    ret
END(uprobe_target_ret)
