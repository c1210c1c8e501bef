// SPDX-License-Identifier: GPL-2.0-or-later
// Told of the kernel work that touches lines which other CPUs use: when a CPU begins its steps and
// when they are over. It affects the simulation in no way but that it can end the run.
#pragma once

#include "kernel_model/task/legs.h"

namespace uprobesim {

class LegWatch {
public:
    virtual ~LegWatch() = default;

    virtual void begun(unsigned cpu, CentiCycles at, const Legs& legs) = 0;
    virtual void over(unsigned cpu, CentiCycles at, const Legs& legs) = 0;
    virtual bool wants_end() const { return false; }
};

}  // namespace uprobesim
