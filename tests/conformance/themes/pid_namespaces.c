// SPDX-License-Identifier: GPL-2.0-or-later
// How namespaces of process ids are made, entered and told (pid_namespaces(7), clone(2), setns(2)).
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "behaviour.h"
#include "pid_steps.h"

static ino_t number_of(const char* name) {
    struct stat status;
    NEED(stat(name, &status));
    return status.st_ino;
}
static ino_t number_of_file(int fd) {
    struct stat status;
    NEED(fstat(fd, &status));
    return status.st_ino;
}
static int own_space(void) {
    return (int)NEED(open("/proc/self/ns/pid", O_RDONLY));
}
static void end_with_7(void) {
    _exit(7);
}

static void first_and_second(void) {
    SHOW(getpid());
    SHOW(syscall(SYS_gettid));
    SHOW(getppid());
    SHOW(getpgid(0));
    SHOW(getsid(0));
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        SHOW(getpid());
        SHOW(getppid());
        _exit(3);
    }
    show_end("child", child);
    SHOW(child);
}
NATIVE(the_first_process_of_a_namespace_is_process_1, OWN) {
    AS_FIRST(first_and_second);
}

NATIVE(clone_returns_the_number_that_the_parent_knows, OWN) {
    const pid_t before = ended_child();
    const pid_t child = first_of(end_with_7);
    SHOW(child > before);
    SHOW(child == 1);
    show_end("child", child);
}

static void makes_another(void) {
    const pid_t inner = first_of(first_and_second);
    show_end("inner", inner);
    SHOW(inner);
}
NATIVE(namespaces_are_nested, OWN) {
    AS_FIRST(makes_another);
}

NATIVE(unshare_is_for_children_only, OWN) {
    const pid_t self = getpid();
    SHOW(unshare(CLONE_NEWPID));
    SHOW(getpid() == self);
    show_end("first", child_of(first_and_second));
}

static void show_own(void) {
    SHOW(getpid());
    SHOW(getppid());
}
static void stays(void) {
    for (;;) pause();
}
NATIVE(all_children_after_unshare_are_in_one_namespace, OWN) {
    NEED(unshare(CLONE_NEWPID));
    const pid_t first = child_of(stays);
    IN_CHILD(show_own);
    IN_CHILD(show_own);
    NEED(kill(first, SIGKILL));
    show_end("first", first);
}

NATIVE(one_namespace_is_to_be_entered_before_the_next_is_made, OWN) {
    SHOW(unshare(CLONE_NEWPID));
    SHOW(unshare(CLONE_NEWPID));
    SHOW(clone_with(CLONE_NEWPID));
}

NATIVE(threads_are_in_the_namespace_of_their_process, OWN) {
    const unsigned long thread = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
    SHOW(syscall(SYS_clone, CLONE_NEWPID | thread, 0, 0, 0, 0));
    NEED(unshare(CLONE_NEWPID));
    SHOW(syscall(SYS_clone, thread, 0, 0, 0, 0));
}

static void has_sibling(void) {
    SHOW(clone_with(CLONE_PARENT));
}
NATIVE(process_1_makes_no_siblings, OWN) {
    AS_FIRST(has_sibling);
}

NATIVE(clone_parent_makes_a_sibling_in_a_new_namespace, OWN) {
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) _exit(clone_with(CLONE_NEWPID | CLONE_PARENT) >= 0 ? 5 : 6);
    int ends = 0, status = 0;
    while (wait(&status) > 0) ++ends;
    SHOW(ends);
}

static void tries_to_make_one(void) {
    SHOW(unshare(CLONE_NEWPID));
    SHOW(clone_with(CLONE_NEWPID));
    SHOW(unshare(CLONE_NEWUSER | CLONE_NEWPID));
    IN_CHILD(show_own);
}
NATIVE(a_user_makes_one_in_an_own_user_namespace, OWN) {
    AS_USER(tries_to_make_one);
}

static void nests(void) {
    const pid_t inner = clone_with(CLONE_NEWPID);
    if (inner == 0) {
        nests();
        _exit(0);
    }
    if (inner < 0) {
        SHOW(clone_with(CLONE_NEWPID));
        SHOW(unshare(CLONE_NEWPID));
        return;
    }
    reap(inner);
}
NATIVE(namespaces_are_nested_to_a_limit, OWN) {
    nests();
}

DOCUMENTED(the_number_of_namespaces_has_a_limit, "namespaces(7)",
           "unshare(CLONE_NEWPID) = -1 ENOSPC\nunshare(CLONE_NEWPID) = 0\n") {
    const int fd = (int)NEED(open("/proc/sys/user/max_pid_namespaces", O_RDWR));
    NEED(write(fd, "0", 1));
    SHOW(unshare(CLONE_NEWPID));
    NEED(pwrite(fd, "15000", 5, 0));
    SHOW(unshare(CLONE_NEWPID));
}

NATIVE(a_file_of_the_namespace_tells_it, OWN) {
    const ino_t first = number_of("/proc/self/ns/pid");
    SHOW(number_of("/proc/self/ns/pid_for_children") == first);
    char text[64] = "";
    NEED(unshare(CLONE_NEWPID));
    SHOW(number_of("/proc/self/ns/pid") == first);
    // There is nobody in it yet.
    SHOW(readlink("/proc/self/ns/pid_for_children", text, sizeof text));
    SHOW(open("/proc/self/ns/pid_for_children", O_RDONLY));
    struct stat status;
    SHOW(lstat("/proc/self/ns/pid_for_children", &status));
    const pid_t child = child_of(stays);
    SHOW(readlink("/proc/self/ns/pid_for_children", text, sizeof text) > 0);
    SHOW(strncmp(text, "pid:[", 5));
    SHOW(number_of("/proc/self/ns/pid_for_children") == first);
    NEED(kill(child, SIGKILL));
    reap(child);
}

NATIVE(the_kind_of_the_file_is_that_of_the_flag, OWN) {
    SHOW(ioctl(own_space(), NS_GET_NSTYPE) == CLONE_NEWPID);
    SHOW(setns(own_space(), CLONE_NEWNET));
    SHOW(setns(own_space(), CLONE_NEWPID));
    SHOW(setns(own_space(), 0));
}

static int outer;
static void looks_above(void) {
    const int own = own_space();
    SHOW(ioctl(own, NS_GET_PARENT));
    SHOW(ioctl(outer, NS_GET_PARENT));
    SHOW(setns(outer, CLONE_NEWPID));
    SHOW(setns(own, CLONE_NEWPID));
    SHOW(unshare(CLONE_NEWPID));
}
NATIVE(what_is_above_is_not_entered, OWN) {
    outer = own_space();
    AS_FIRST(looks_above);
}

static void tells(void) {
    say(told);
    hear(heard);
}
NATIVE(a_namespace_below_tells_the_own_one_as_its_parent, OWN) {
    char path[64];
    open_talk();
    const pid_t child = first_of(tells);
    hear(told);
    snprintf(path, sizeof path, "/proc/%d/ns/pid", (int)child);
    const int inner = (int)NEED(open(path, O_RDONLY));
    const int parent = (int)NEED(ioctl(inner, NS_GET_PARENT));
    SHOW(number_of_file(parent) == number_of("/proc/self/ns/pid"));
    SHOW(fcntl(parent, F_GETFD));
    SHOW(number_of_file((int)NEED(ioctl(inner, NS_GET_USERNS))) == number_of("/proc/self/ns/user"));
    say(heard);
    reap(child);
    // The file keeps the namespace, where nobody can be any more.
    SHOW(setns(inner, CLONE_NEWPID));
    SHOW(fork());
}

NATIVE(setns_is_for_children_only, OWN) {
    char path[64];
    open_talk();
    const pid_t child = first_of(tells), self = getpid();
    hear(told);
    snprintf(path, sizeof path, "/proc/%d/ns/pid", (int)child);
    const int inner = (int)NEED(open(path, O_RDONLY));
    SHOW(setns(inner, CLONE_NEWPID));
    SHOW(getpid() == self);
    IN_CHILD(show_own);
    SHOW(unshare(CLONE_NEWPID));
    SHOW(setns(own_space(), CLONE_NEWPID));
    const pid_t outside = child_of(end_with_7);
    SHOW(outside > 2);
    show_end("outside", outside);
    SHOW(setns(inner, 0));
    IN_CHILD(show_own);
    say(heard);
    show_end("first", child);
}

NATIVE(setns_by_a_pidfd_enters_the_namespace_of_the_process, OWN) {
    open_talk();
    const pid_t child = first_of(tells);
    hear(told);
    const int fd = (int)NEED(syscall(SYS_pidfd_open, child, 0));
    SHOW(setns(fd, CLONE_NEWPID));
    IN_CHILD(show_own);
    say(heard);
    show_end("first", child);
}

static struct clone_args with_numbers(pid_t* numbers, size_t count, uint64_t flags) {
    return (struct clone_args){.flags = flags,
                               .exit_signal = SIGCHLD,
                               .set_tid = (uintptr_t)numbers,
                               .set_tid_size = count};
}
static long chosen(pid_t* numbers, size_t count, uint64_t flags) {
    struct clone_args args = with_numbers(numbers, count, flags);
    const long child = syscall(SYS_clone3, &args, sizeof args);
    if (child == 0) _exit(getpid() % 100);
    return child;
}
static void chooses(void) {
    SHOW(chosen((pid_t[]){41}, 1, 0));
    show_end("one", 41);
    const long both = NEED(chosen((pid_t[]){42, 31234}, 2, 0));
    SHOW(both);
    show_end("both", 42);
    SHOW(chosen((pid_t[]){1}, 1, 0));
    SHOW(chosen((pid_t[]){43, 1}, 2, 0));
    SHOW(chosen((pid_t[]){43, 0}, 2, 0));
}
NATIVE(clone3_chooses_the_numbers_of_several_levels, OWN) {
    AS_FIRST(chooses);
}
NATIVE(the_first_number_of_a_namespace_is_1, OWN) {
    SHOW(chosen((pid_t[]){2}, 1, CLONE_NEWPID));
    SHOW(chosen((pid_t[]){1, 31235}, 2, CLONE_NEWPID));
    show_end("first", 31235);
    static pid_t many[32] = {1};
    SHOW(chosen(many, 32, CLONE_NEWPID));
    SHOW(chosen(many, 33, CLONE_NEWPID));
}

static void mounts_it(void) {
    char text[64] = "";
    SHOW(mount("proc", "/proc", "proc", 0, NULL));
    SHOW(readlink("/proc/self", text, sizeof text));
    puts(text);
}
static void changes_user(void) {
    NEED(setgid(1000));
    NEED(setuid(1000));
    show_end("with proc",
             first_of_with(mounts_it, CLONE_NEWUSER | CLONE_NEWNS));
    NEED(unshare(CLONE_NEWUSER | CLONE_NEWNS));
    SHOW(mount("proc", "/proc", "proc", 0, NULL));
}
NATIVE(proc_is_mounted_by_who_owns_the_namespace, OWN) {
    IN_CHILD(changes_user);
}
