// SPDX-License-Identifier: GPL-2.0-or-later
// Mounts of proc that hide processes: hidepid, gid and subset.
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "qemu-aarch64 passes mounts on to the host"

static pid_t other;
static char path[60];

static const char* of(const char* file) {
    snprintf(path, sizeof path, "proc/%d%s", (int)other, file);
    return path;
}
// Whether the other process is listed, and how many other names there are than those of processes.
static void show_list(void) {
    DIR* const list = opendir("proc");
    int listed = 0, self = 0, version = 0;
    for (const struct dirent* entry; list != NULL && (entry = readdir(list)) != NULL;) {
        listed += atoi(entry->d_name) == other;
        self += strcmp(entry->d_name, "self") == 0;
        version += strcmp(entry->d_name, "version") == 0;
    }
    closedir(list);
    printf("listed %d, self %d, version %d\n", listed, self, version);
}
static void look(void) {
    struct stat status;
    show_list();
    SHOW(stat(of(""), &status));
    SHOW(stat(of("/stat"), &status));
    SHOW(open(of(""), O_RDONLY | O_DIRECTORY) >= 0);
    SHOW(open(of(""), O_PATH) >= 0);
    SHOW(may_open(of("/stat"), O_RDONLY));
    SHOW(may_open(of("/cmdline"), O_RDONLY));
    SHOW(may_open(of("/task"), O_RDONLY));
    SHOW(access(of(""), X_OK));
    SHOW(chdir(of("")));
    SHOW(may_open("proc/self/stat", O_RDONLY));
}
static void mount_proc(const char* options) {
    other = paused_child();
    NEED(unshare(CLONE_NEWNS));
    NEED(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    NEED(mkdir("proc", 0755));
    NEED(mount("proc", "proc", "proc", 0, options));
}

NATIVE(all_is_seen_without_options, WHY) {
    mount_proc(NULL);
    AS_USER(look);
}
NATIVE(hidepid_1_bars_the_directories_of_others, WHY) {
    mount_proc("hidepid=1");
    AS_USER(look);
}
NATIVE(hidepid_2_hides_the_directories_of_others, WHY) {
    mount_proc("hidepid=invisible");
    AS_USER(look);
}
NATIVE(hidepid_4_hides_who_may_not_be_traced, WHY) {
    mount_proc("hidepid=ptraceable");
    AS_USER(look);
}
NATIVE(the_superuser_sees_all, WHY) {
    mount_proc("hidepid=2");
    look();
}
static void look_in_the_group(void) {
    const gid_t group = 5000;
    NEED(setgroups(1, &group));
    NEED(setgid(1000));
    NEED(setuid(1000));
    look();
}
NATIVE(who_is_in_the_group_sees_all, WHY) {
    mount_proc("hidepid=2,gid=5000");
    IN_CHILD(look_in_the_group);
}
NATIVE(the_group_does_not_count_where_tracing_does, WHY) {
    mount_proc("hidepid=4,gid=5000");
    IN_CHILD(look_in_the_group);
}
static void look_at_an_own_child(void) {
    NEED(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
    other = paused_child();
    look();
}
NATIVE(ones_own_processes_are_seen, WHY) {
    mount_proc("hidepid=4");
    AS_USER(look_at_an_own_child);
}
NATIVE(a_subset_has_processes_alone, WHY) {
    mount_proc("subset=pid");
    show_list();
    SHOW(may_open("proc/version", O_RDONLY));
    SHOW(may_open("proc/sys/kernel/hostname", O_RDONLY));
    SHOW(may_open("proc/mounts", O_RDONLY));
    SHOW(may_open("proc/net", O_RDONLY));
    SHOW(may_open("proc/self/stat", O_RDONLY));
    SHOW(may_open("proc/thread-self/stat", O_RDONLY));
    SHOW(may_open(of("/stat"), O_RDONLY));
}

static void show_options(void) {
    char line[512];
    FILE* const mounts = fopen("/proc/self/mounts", "r");
    char* last = NULL;
    while (fgets(line, sizeof line, mounts) != NULL) {
        char* const at = strstr(line, "/proc proc ");
        if (at != NULL && strstr(line, "behaviour-") != NULL) {
            free(last);
            last = strdup(at + 11);
        }
    }
    printf("%s", last != NULL ? last : "none\n");
    fclose(mounts);
}
NATIVE(options_of_proc_are_shown, WHY) {
    mount_proc("subset=pid,hidepid=2,gid=7");
    show_options();
    NEED(umount("proc"));
    NEED(mount("proc", "proc", "proc", 0, "hidepid=off"));
    show_options();
    NEED(umount("proc"));
    NEED(mount("proc", "proc", "proc", MS_NOSUID, "hidepid=noaccess"));
    show_options();
}
NATIVE(options_that_proc_has_not_are_refused, WHY) {
    mount_proc(NULL);
    SHOW(mount("proc", "proc", "proc", 0, "hidepid=3"));
    SHOW(mount("proc", "proc", "proc", 0, "hidepid=5"));
    SHOW(mount("proc", "proc", "proc", 0, "hidepid=all"));
    SHOW(mount("proc", "proc", "proc", 0, "hidepid="));
    SHOW(mount("proc", "proc", "proc", 0, "hidepid"));
    SHOW(mount("proc", "proc", "proc", 0, "gid=x"));
    SHOW(mount("proc", "proc", "proc", 0, "gid=-1"));
    SHOW(mount("proc", "proc", "proc", 0, "subset=all"));
    SHOW(mount("proc", "proc", "proc", 0, "nonsense=1"));
    SHOW(mount("proc", "proc", "proc", 0, "hidepid=1,,gid=3"));
}
NATIVE(a_remount_changes_what_is_hidden, WHY) {
    mount_proc(NULL);
    NEED(mount("proc", "proc", NULL, MS_REMOUNT, "hidepid=2"));
    show_options();
    AS_USER(show_list);
    NEED(mount("proc", "proc", NULL, MS_REMOUNT, "gid=9"));
    show_options();
    SHOW(mount("proc", "proc", NULL, MS_REMOUNT, "hidepid=9"));
    NEED(mount("proc", "proc", NULL, MS_REMOUNT, "hidepid=0"));
    show_options();
    AS_USER(show_list);
}
NATIVE(each_mount_of_proc_hides_by_itself, WHY) {
    mount_proc("hidepid=2");
    NEED(mkdir("second", 0755));
    NEED(mount("proc", "second", "proc", 0, NULL));
    char name[60];
    snprintf(name, sizeof name, "second/%d/stat", (int)other);
    NEED(setgid(1000));
    NEED(setuid(1000));
    SHOW(may_open(name, O_RDONLY));
    SHOW(may_open(of("/stat"), O_RDONLY));
}
NATIVE(what_is_open_stays_so_when_processes_are_hidden, WHY) {
    char text[8];
    mount_proc(NULL);
    const int directory = (int)NEED(open(of(""), O_RDONLY)),
              file = (int)NEED(open(of("/stat"), O_RDONLY));
    NEED(mount("proc", "proc", NULL, MS_REMOUNT, "hidepid=2"));
    NEED(setgroups(0, NULL));
    NEED(setgid(1000));
    NEED(setuid(1000));
    SHOW(read(file, text, 2));
    SHOW(openat(directory, "stat", O_RDONLY));
}
static void hide_with_fsconfig(const char* key, const char* value) {
    const int context = (int)NEED(syscall(SYS_fsopen, "proc", 0));
    SHOW(syscall(SYS_fsconfig, context, 1, key, value, 0));
    SHOW(syscall(SYS_fsconfig, context, 6, NULL, NULL, 0));
}
NATIVE(options_of_proc_are_set_one_by_one_too, WHY) {
    hide_with_fsconfig("hidepid", "2");
    hide_with_fsconfig("hidepid", "invisible");
    hide_with_fsconfig("hidepid", "x");
    hide_with_fsconfig("subset", "pid");
    hide_with_fsconfig("gid", "3");
    hide_with_fsconfig("mode", "3");
}
