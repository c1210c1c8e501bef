// SPDX-License-Identifier: GPL-2.0-or-later
// Steps that many behaviours share. A step that fails ends the behaviour with a line that names it.
#ifndef STEPS_H
#define STEPS_H

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

// Ends the behaviour when `value` is negative: the line tells the expression and the errno.
#define NEED(expression) need_value((long)(expression), #expression)
long need_value(long value, const char* expression);

void make_file(const char* name, const char* text);
// What a file holds, printed as one line; "no file: ERRNO" where it cannot be opened.
void show_file(const char* name);

// With these owners and this mode.
void make_owned_file(const char* name, uid_t user, gid_t group, mode_t mode);
// Opens and closes it: 0, or -1 and errno.
int may_open(const char* name, int flags);
// Writes a text to a file that is there, and shows what write returned.
void write_text(const char* name, const char* text);

// Runs `run` in a child and prints how it ends: "NAME: status 3", "NAME: signal SIGSEGV".
#define IN_CHILD(run) show_end(#run, child_of(run))
pid_t child_of(void (*run)(void));
void show_end(const char* name, pid_t child);
void show_status(const char* name, int status);

// In a child that is user and group 1000 with no other group and no capability.
#define AS_USER(run) show_end(#run, user_child_of(run))
pid_t user_child_of(void (*run)(void));

// A child that only waits for signals, and one that has ended and was waited for.
pid_t paused_child(void);
pid_t ended_child(void);

void sleep_ms(long ms);
// Until the task `pid` sleeps in a system call, by /proc/PID/stat; no longer than two seconds.
void until_asleep(pid_t pid);

// A handler that counts in `signals_taken` and remembers the last signal.
extern volatile int signals_taken, last_signal;
void count_signal(int signal, int flags);
// The set of one signal; 0: of none.
sigset_t signal_set(int signal);
void block_signal(int signal);
void unblock_signal(int signal);
int signal_is_pending(int signal);

#endif
