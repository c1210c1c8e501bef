/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the modelled kernel tells its vDSO: the page before the code. C and C++. */
#pragma once

#include <stdint.h>

struct vdso_data {
    uint64_t counter_hz; /* of CNTVCT_EL0 */
    uint64_t epoch_ns;   /* CLOCK_REALTIME less CLOCK_MONOTONIC */
    uint64_t tick_ns;    /* of the coarse clocks */
    /* Of a namespace of times: read by its own functions alone. */
    int64_t monotonic_offset_ns, boottime_offset_ns;
};
