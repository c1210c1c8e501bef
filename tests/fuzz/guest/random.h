// SPDX-License-Identifier: GPL-2.0-or-later
// Random numbers of a seed (xorshift64*): the same on every run.
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

static uint64_t random_state = 1;

static inline void seed_random(uint64_t seed) {
    random_state = (seed + 1) * 0x9e3779b97f4a7c15u;
    if (random_state == 0) random_state = 1;
}

static inline uint64_t next_random(void) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545f4914f6cdd1du;
}

static inline uint64_t below(uint64_t n) {
    return (next_random() >> 11) % n;
}

static inline int one_in(uint64_t n) {
    return below(n) == 0;
}

#define PICK(table) ((table)[below(sizeof(table) / sizeof((table)[0]))])

#endif
