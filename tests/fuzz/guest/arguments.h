// SPDX-License-Identifier: GPL-2.0-or-later
// Arguments for random system calls: descriptors of every kind, addresses of every kind, and
// buffers that hold what calls expect to find there (paths, vectors, socket addresses, times, sets,
// flags).
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <stdint.h>

// Maps the pages and opens the descriptors that arguments are drawn from.
void make_arguments(void);
// Fills the shared buffer anew.
void refresh_buffer(void);
// One argument of any kind.
uint64_t any_argument(void);
// A process that may be signalled or changed: the caller, its group, a child, or none. Never the
// one that counts.
uint64_t any_process(void);
uint64_t any_descriptor(void);
uint64_t any_address(void);
uint64_t any_number(void);

#endif
