// SPDX-License-Identifier: GPL-2.0-or-later
// Capabilities of programs: security.capability, and what execve makes of it.
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define NONE "qemu-aarch64 starts programs itself"
#define NAME "security.capability"

struct value {
    unsigned head, permitted, inheritable, more_permitted, more_inheritable, root;
};
enum { EFFECTIVE = 1, SECOND = 0x02000000, WORDS = 20 };
static const struct value raw_network = {SECOND | EFFECTIVE, 1 << CAP_NET_RAW, 0, 0, 0, 0};

// This program itself, on a file system that keeps attributes.
static void copy_program(unsigned long flags) {
    NEED(mkdir("tree", 0777));
    NEED(mount("tmpfs", "tree", "tmpfs", flags, "mode=777"));
    NEED(chdir("tree"));
    const int from = (int)NEED(open("/proc/self/exe", O_RDONLY)),
              to = (int)NEED(open("program", O_CREAT | O_WRONLY, 0755));
    static char bytes[1 << 16];
    for (ssize_t size; (size = read(from, bytes, sizeof bytes)) > 0;)
        NEED(write(to, bytes, (size_t)size));
    close(from);
    close(to);
}
static void end(void) {
    NEED(chdir(".."));
    NEED(umount("tree"));
}

// The program that is executed: this one, and all that it does.
__attribute__((constructor)) static void show_own(void) {
    if (getenv("SHOW_CAPABILITIES") == NULL) return;
    FILE* const file = fopen("/proc/self/status", "r");
    char line[300];
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "CapP", 4) == 0 || strncmp(line, "CapE", 4) == 0) fputs(line, stdout);
    }
    exit(0);
}
static void execute(void) {
    char* const arguments[] = {"program", NULL};
    char* const environment[] = {"SHOW_CAPABILITIES=1", NULL};
    SHOW(execve("./program", arguments, environment));
}

NATIVE(a_user_gets_the_programs_capabilities, NONE) {
    copy_program(0);
    SHOW(setxattr("program", NAME, &raw_network, WORDS, 0));
    AS_USER(execute);
    end();
}

NATIVE(without_the_effective_bit_they_are_permitted_alone, NONE) {
    struct value value = raw_network;
    value.head = SECOND;
    copy_program(0);
    NEED(setxattr("program", NAME, &value, WORDS, 0));
    AS_USER(execute);
    end();
}

static void drop_and_execute(void) {
    NEED(prctl(PR_CAPBSET_DROP, CAP_NET_RAW));
    NEED(setgroups(0, NULL));
    NEED(setgid(1000));
    NEED(setuid(1000));
    execute();
}
NATIVE(a_program_that_cannot_have_them_does_not_start, NONE) {
    copy_program(0);
    NEED(setxattr("program", NAME, &raw_network, WORDS, 0));
    IN_CHILD(drop_and_execute);
    end();
}

static void execute_without_new_privileges(void) {
    NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    execute();
}
NATIVE(no_new_privileges_means_no_capabilities_of_files, NONE) {
    copy_program(0);
    NEED(setxattr("program", NAME, &raw_network, WORDS, 0));
    AS_USER(execute_without_new_privileges);
    end();
}

NATIVE(a_nosuid_mount_gives_none, NONE) {
    copy_program(MS_NOSUID);
    SHOW(setxattr("program", NAME, &raw_network, WORDS, 0));
    AS_USER(execute);
    NEED(chmod("program", 04755));
    AS_USER(execute);
    end();
}

static void user_sets(void) {
    SHOW(setxattr("program", NAME, &raw_network, WORDS, 0));
    SHOW(removexattr("program", NAME));
}
NATIVE(capabilities_of_files_are_checked, NONE) {
    copy_program(0);
    SHOW(setxattr("program", NAME, &raw_network, WORDS - 1, 0));
    SHOW(setxattr("program", NAME, &raw_network, 12, 0));
    struct value value = raw_network;
    value.head = 0x04000000;
    SHOW(setxattr("program", NAME, &value, WORDS, 0));
    SHOW(setxattr("program", NAME, &raw_network, WORDS, 0));
    memset(&value, 0, sizeof value);
    SHOW(getxattr("program", NAME, &value, sizeof value));
    SHOW(value.head);
    SHOW(value.permitted);
    AS_USER(user_sets);
    SHOW(removexattr("program", NAME));
    SHOW(removexattr("program", NAME));
    end();
}

NATIVE(a_change_of_the_file_takes_them, NONE) {
    copy_program(0);
    NEED(setxattr("program", NAME, &raw_network, WORDS, 0));
    SHOW(chown("program", 0, 0));
    SHOW(getxattr("program", NAME, NULL, 0));
    NEED(setxattr("program", NAME, &raw_network, WORDS, 0));
    SHOW(chmod("program", 0755));
    SHOW(getxattr("program", NAME, NULL, 0));
    const int fd = (int)NEED(open("program", O_WRONLY));
    SHOW(pwrite(fd, "\x7f", 1, 0));
    SHOW(getxattr("program", NAME, NULL, 0));
    close(fd);
    end();
}
