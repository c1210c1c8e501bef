// SPDX-License-Identifier: GPL-2.0-or-later
// What execve does to ids and capabilities. The program executes itself with the name of the
// second half as its first argument's behaviour.
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

// Runs before main where the program was executed by a behaviour.
__attribute__((constructor)) static void second_half(int count, char** arguments) {
    if (count < 1 || strcmp(arguments[0], "second-half") != 0) return;
    uid_t u[3];
    gid_t g[3];
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    getresuid(&u[0], &u[1], &u[2]);
    getresgid(&g[0], &g[1], &g[2]);
    syscall(SYS_capget, &header, data);
    const unsigned some = 1u << CAP_CHOWN | 1u << CAP_KILL;
    printf("uids %u %u %u, gids %u %u %u, secure %lu, effective %x, permitted %x\n", u[0], u[1], u[2],
           g[0], g[1], g[2], getauxval(AT_SECURE), data[0].effective & some,
           data[0].permitted & some);
    printf("keepcaps %d, dumpable %d, no new privileges %d\n", prctl(PR_GET_KEEPCAPS),
           prctl(PR_GET_DUMPABLE), prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    fflush(stdout);
    _exit(0);
}

static void copy_self(const char* name, uid_t user, gid_t group, mode_t mode) {
    struct stat status;
    const int from = (int)NEED(open("/proc/self/exe", O_RDONLY));
    const int to = (int)NEED(open(name, O_CREAT | O_WRONLY, 0755));
    NEED(fstat(from, &status));
    NEED(sendfile(to, from, NULL, (size_t)status.st_size));
    NEED(fchown(to, user, group));
    NEED(fchmod(to, mode));
    close(from);
    close(to);
}

static void execute(void) {
    char* const arguments[] = {"second-half", NULL};
    execv("./program", arguments);
    SHOW(errno);
}

NATIVE(a_set_user_id_program_has_its_owners_id, "qemu is executed, not the program") {
    copy_self("program", 2000, 2000, 04755);
    AS_USER(execute);
}

NATIVE(a_set_group_id_program_has_its_files_group, "qemu is executed, not the program") {
    copy_self("program", 2000, 2000, 02755);
    AS_USER(execute);
}

NATIVE(set_group_id_needs_the_groups_execute_permission, "qemu is executed, not the program") {
    copy_self("program", 2000, 2000, 02745);
    AS_USER(execute);
}

NATIVE(the_superusers_program_has_all_capabilities, "qemu is executed, not the program") {
    copy_self("program", 0, 0, 04755);
    AS_USER(execute);
    IN_CHILD(execute);
}

static void without_new_privileges(void) {
    NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    execute();
}

NATIVE(no_new_privileges_means_no_set_ids, "qemu is executed, not the program") {
    copy_self("program", 0, 0, 06755);
    AS_USER(without_new_privileges);
}

static void as_another(void) {
    NEED(prctl(PR_SET_KEEPCAPS, 1));
    NEED(setresuid(1000, 1000, 1000));
    execute();
}

NATIVE(kept_capabilities_end_at_execve, "qemu is executed, not the program") {
    copy_self("program", 0, 0, 0755);
    IN_CHILD(as_another);
}

static void with_ambient(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0}};
    NEED(prctl(PR_SET_KEEPCAPS, 1));
    NEED(setresuid(1000, 1000, 1000));
    data[0].effective = data[0].permitted = data[0].inheritable = 1u << CAP_KILL | 1u << CAP_CHOWN;
    NEED(syscall(SYS_capset, &header, data));
    NEED(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
    execute();
}

NATIVE(ambient_capabilities_are_kept_by_execve, "qemu is executed, not the program") {
    copy_self("program", 0, 0, 0755);
    IN_CHILD(with_ambient);
}

static void bounded(void) {
    NEED(prctl(PR_CAPBSET_DROP, CAP_KILL));
    execute();
}

NATIVE(execve_stays_in_the_bounding_set, "qemu is executed, not the program") {
    copy_self("program", 0, 0, 0755);
    IN_CHILD(bounded);
}

static void with_another_effective_user(void) {
    NEED(setresuid(1000, 2000, 3000));
    execute();
}

NATIVE(execve_saves_the_effective_id, "qemu is executed, not the program") {
    copy_self("program", 0, 0, 0755);
    IN_CHILD(with_another_effective_user);
}

static void without_root(void) {
    NEED(prctl(PR_SET_SECUREBITS, SECBIT_NOROOT));
    execute();
}

NATIVE(noroot_gives_the_superuser_nothing, "qemu is executed, not the program") {
    copy_self("program", 0, 0, 0755);
    IN_CHILD(without_root);
}
