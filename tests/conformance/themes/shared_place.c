// SPDX-License-Identifier: GPL-2.0-or-later
// What clone shares with CLONE_FS: the root, the working directory and the mask of new files.
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "qemu-aarch64 clones with fork"
enum { KCMP_FS = 3 };

// A process that runs `steps`, with what the flags share.
static void in_clone(unsigned long flags, void (*steps)(void)) {
    const long pid = NEED(syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0));
    if (pid == 0) {
        steps();
        fflush(stdout);
        _exit(0);
    }
    NEED(waitpid((pid_t)pid, NULL, 0));
}
static void moves(void) {
    chdir("below");
    umask(077);
}
static void show_place(void) {
    char path[4096];
    const char* name = strrchr(NEED(syscall(SYS_getcwd, path, sizeof path)) > 0 ? path : "/?", '/');
    const mode_t mask = umask(0);
    umask(mask);
    printf("below: %d, mask %o\n", strcmp(name, "/below") == 0, mask);
}

NATIVE(a_process_that_shares_its_place_moves_its_parent, WHY) {
    NEED(mkdir("below", 0755));
    umask(022);
    fflush(stdout);
    in_clone(CLONE_FS, moves);
    show_place();
}

NATIVE(a_forked_process_moves_alone, WHY) {
    NEED(mkdir("below", 0755));
    umask(022);
    fflush(stdout);
    in_clone(0, moves);
    show_place();
}

static void parts(void) {
    SHOW(unshare(CLONE_FS));
    moves();
}
NATIVE(unshare_gives_a_place_of_its_own, WHY) {
    NEED(mkdir("below", 0755));
    umask(022);
    fflush(stdout);
    in_clone(CLONE_FS, parts);
    show_place();
}

static void compares(void) {
    SHOW(syscall(SYS_kcmp, getpid(), getppid(), KCMP_FS, 0, 0) != 0);
    unshare(CLONE_FS);
    SHOW(syscall(SYS_kcmp, getpid(), getppid(), KCMP_FS, 0, 0) != 0);
}
NATIVE(kcmp_tells_a_shared_place, WHY) {
    fflush(stdout);
    in_clone(CLONE_FS, compares);
}

static void takes_mounts(void) {
    SHOW(unshare(CLONE_NEWNS));
    moves();
}
NATIVE(mounts_of_its_own_need_a_place_of_its_own, WHY) {
    NEED(mkdir("below", 0755));
    umask(022);
    SHOW(syscall(SYS_clone, CLONE_FS | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0));
    fflush(stdout);
    in_clone(CLONE_FS, takes_mounts);
    show_place();
}
