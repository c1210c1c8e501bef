// SPDX-License-Identifier: GPL-2.0-or-later
// A system call of any number with any six arguments, without the C library. Returns x0.
#ifndef RAW_CALL_H
#define RAW_CALL_H

#include <stdint.h>

static long raw_call(uint64_t number, const uint64_t* a) {
    register uint64_t x8 __asm__("x8") = number;
    register uint64_t x0 __asm__("x0") = a[0];
    register uint64_t x1 __asm__("x1") = a[1];
    register uint64_t x2 __asm__("x2") = a[2];
    register uint64_t x3 __asm__("x3") = a[3];
    register uint64_t x4 __asm__("x4") = a[4];
    register uint64_t x5 __asm__("x5") = a[5];
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return (long)x0;
}

#endif
