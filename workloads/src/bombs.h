// SPDX-License-Identifier: GPL-2.0-or-later
// What the bombs share. Each takes one resource until it is refused, prints how often it got it and the error, and
// ends. `most` ends it before that.
#ifndef BOMBS_H
#define BOMBS_H

#include <stddef.h>

struct bomb {
    const char* name;
    void (*run)(long most);
};
extern const struct bomb memory_bombs[], task_bombs[], file_bombs[], socket_bombs[], object_bombs[];

// Prints the bomb's result: the number taken, and the error that ended it, or that the limit was reached.
void told(const char* what, long taken, long most);
// A megabyte that is not zero.
extern char block[1 << 20];
// As many descriptors as the superuser may have.
void many_descriptors(void);

#endif
