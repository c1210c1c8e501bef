// SPDX-License-Identifier: GPL-2.0-or-later
// The vDSO functions for reading clocks on machines whose counter does not trap: those that vdso(7)
// lists for arm64, without the signal trampoline. Compiled for the guest. The modelled kernel's
// data page is mapped directly before the code. OF_TIMES: for the processes of a namespace of times,
// whose clocks have offsets.
#include <stdint.h>

#include "data_page.h"

struct timespec {
    int64_t seconds, nanoseconds;
};
struct timeval {
    int64_t seconds, microseconds;
};
struct timezone {
    int32_t minutes_west, dst_kind;
};

enum {
    kRealtime = 0,
    kMonotonic = 1,
    kMonotonicRaw = 4,
    kRealtimeCoarse = 5,
    kMonotonicCoarse = 6,
    kBoottime = 7,
    kTai = 11
};
enum { kSysClockGettime = 113, kSysClockGetres = 114 };

#define NS_PER_SECOND INT64_C(1000000000)

extern const struct vdso_data vdso_data __attribute__((visibility("hidden")));

static int system_call(int64_t number, int64_t clock, void* answer) {
    register int64_t x0 __asm__("x0") = clock;
    register void* x1 __asm__("x1") = answer;
    register int64_t x8 __asm__("x8") = number;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x1), "r"(x8) : "memory");
    return (int)x0;
}

// CLOCK_MONOTONIC. The barrier orders the read of the counter after all earlier instructions.
static uint64_t monotonic_ns(void) {
    uint64_t ticks;
    const uint64_t hz = vdso_data.counter_hz;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
    return ticks / hz * NS_PER_SECOND + ticks % hz * NS_PER_SECOND / hz;
}

// What a namespace of times adds to the clocks that count from the start of the machine.
static uint64_t own_monotonic(uint64_t ns) {
#ifdef OF_TIMES
    return ns + (uint64_t)vdso_data.monotonic_offset_ns;
#else
    return ns;
#endif
}

static uint64_t coarse(uint64_t ns) {
    return ns / vdso_data.tick_ns * vdso_data.tick_ns;
}

int __kernel_clock_gettime(int32_t clock, struct timespec* now) {
    uint64_t ns;
    switch (clock) {
        case kRealtime:
        case kTai: ns = vdso_data.epoch_ns + monotonic_ns(); break;
        case kRealtimeCoarse: ns = coarse(vdso_data.epoch_ns + monotonic_ns()); break;
#ifdef OF_TIMES
        case kMonotonic:
        case kMonotonicRaw: ns = own_monotonic(monotonic_ns()); break;
        case kBoottime: ns = monotonic_ns() + (uint64_t)vdso_data.boottime_offset_ns; break;
#else
        case kMonotonic:
        case kMonotonicRaw:
        case kBoottime: ns = monotonic_ns(); break;
#endif
        case kMonotonicCoarse: ns = own_monotonic(coarse(monotonic_ns())); break;
        default: return system_call(kSysClockGettime, clock, now);
    }
    now->seconds = (int64_t)(ns / NS_PER_SECOND);
    now->nanoseconds = (int64_t)(ns % NS_PER_SECOND);
    return 0;
}

int __kernel_gettimeofday(struct timeval* now, struct timezone* zone) {
    if (now != 0) {
        const uint64_t ns = vdso_data.epoch_ns + monotonic_ns();
        now->seconds = (int64_t)(ns / NS_PER_SECOND);
        now->microseconds = (int64_t)(ns % NS_PER_SECOND / 1000);
    }
    if (zone != 0) *zone = (struct timezone){0, 0};
    return 0;
}

int __kernel_clock_getres(int32_t clock, struct timespec* resolution) {
    int64_t ns = 1;
    switch (clock) {
        case kRealtime:
        case kMonotonic:
        case kMonotonicRaw:
        case kBoottime:
        case kTai: break;
        case kRealtimeCoarse:
        case kMonotonicCoarse: ns = (int64_t)vdso_data.tick_ns; break;
        default: return system_call(kSysClockGetres, clock, resolution);
    }
    if (resolution != 0) *resolution = (struct timespec){0, ns};
    return 0;
}
