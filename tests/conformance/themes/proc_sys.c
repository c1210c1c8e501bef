// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/sys and the files of /proc that are of the whole system. What a behaviour changes it puts
// back: the judge's kernel is the host's.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "what qemu-aarch64 passes on is the host's"

static long number_of(const char* name) {
    char text[100] = "";
    const int fd = open(name, O_RDONLY);
    if (fd < 0 || read(fd, text, sizeof text - 1) <= 0) return -1;
    close(fd);
    return strtol(text, NULL, 10);
}

// Where a file begins with this line's words.
static void first_words(const char* name, int words) {
    char text[4000] = "";
    const int fd = (int)NEED(open(name, O_RDONLY));
    NEED(read(fd, text, sizeof text - 1));
    char* word = strtok(text, " \t\n");
    for (int i = 0; i < words && word != NULL; ++i, word = strtok(NULL, " \t\n"))
        printf("%s ", word);
    puts("");
}

NATIVE(a_message_limit_is_written_and_read, WHY) {
    write_text("/proc/sys/kernel/msgmax", "4096");
    show_file("/proc/sys/kernel/msgmax");
    write_text("/proc/sys/kernel/msgmax", "8192\n");
    show_file("/proc/sys/kernel/msgmax");
    write_text("/proc/sys/kernel/msgmax", "-1");
    write_text("/proc/sys/kernel/msgmax", "many");
    show_file("/proc/sys/kernel/msgmax");
}

NATIVE(the_semaphores_limits_are_four, WHY) {
    show_file("/proc/sys/kernel/sem");
    write_text("/proc/sys/kernel/sem", "31000");
    show_file("/proc/sys/kernel/sem");
    write_text("/proc/sys/kernel/sem", "32000 1024000000 500 32000");
    show_file("/proc/sys/kernel/sem");
}

NATIVE(shared_memory_has_its_limits, WHY) {
    show_file("/proc/sys/kernel/shmmni");
    show_file("/proc/sys/kernel/shmmax");
    show_file("/proc/sys/kernel/shmall");
    show_file("/proc/sys/kernel/msgmni");
    show_file("/proc/sys/kernel/msgmnb");
}

NATIVE(what_is_fixed_is_not_written_by_root, WHY) {
    SHOW(open("/proc/sys/kernel/ngroups_max", O_WRONLY));
    SHOW(open("/proc/sys/kernel/osrelease", O_RDWR));
    show_file("/proc/sys/kernel/ngroups_max");
    show_file("/proc/sys/kernel/ostype");
    show_file("/proc/sys/kernel/cap_last_cap");
}

static void writes_as_a_user(void) {
    SHOW(open("/proc/sys/kernel/msgmax", O_WRONLY));
    SHOW(open("/proc/sys/kernel/msgmax", O_RDONLY) >= 0);
    SHOW(open("/proc/sys/vm/drop_caches", O_WRONLY));
}
NATIVE(a_user_writes_no_parameter, WHY) {
    AS_USER(writes_as_a_user);
}

NATIVE(the_host_name_is_of_the_uts_namespace, WHY) {
    char name[65];
    write_text("/proc/sys/kernel/hostname", "other\n");
    NEED(gethostname(name, sizeof name));
    puts(name);
    show_file("/proc/sys/kernel/hostname");
    NEED(sethostname("third", 5));
    show_file("/proc/sys/kernel/hostname");
    write_text("/proc/sys/kernel/domainname", "example");
    NEED(getdomainname(name, sizeof name));
    puts(name);
}

NATIVE(the_release_is_that_of_uname, WHY) {
    struct utsname name;
    char text[100] = "";
    NEED(uname(&name));
    NEED(read((int)NEED(open("/proc/sys/kernel/osrelease", O_RDONLY)), text, sizeof text - 1));
    SHOW(strncmp(text, name.release, strlen(name.release)));
}

NATIVE(limits_are_there, WHY) {
    SHOW(number_of("/proc/sys/kernel/pid_max") > 300);
    SHOW(number_of("/proc/sys/kernel/threads-max") > 0);
    SHOW(number_of("/proc/sys/fs/nr_open"));
    SHOW(number_of("/proc/sys/fs/file-max") > 0);
    SHOW(number_of("/proc/sys/fs/pipe-max-size"));
    SHOW(number_of("/proc/sys/fs/pipe-user-pages-soft"));
    SHOW(number_of("/proc/sys/fs/lease-break-time"));
    SHOW(number_of("/proc/sys/fs/inotify/max_queued_events"));
    SHOW(number_of("/proc/sys/fs/mqueue/msg_max"));
    SHOW(number_of("/proc/sys/vm/max_map_count") > 65000);
    SHOW(number_of("/proc/sys/vm/overcommit_ratio"));
    SHOW(number_of("/proc/sys/kernel/sched_rr_timeslice_ms"));
    SHOW(number_of("/proc/sys/kernel/sched_rt_period_us"));
    SHOW(number_of("/proc/sys/net/ipv4/ip_unprivileged_port_start"));
}

NATIVE(the_open_files_are_counted, WHY) {
    first_words("/proc/sys/fs/file-nr", 0);
    SHOW(number_of("/proc/sys/fs/file-nr") >= 0);
}

NATIVE(a_parameter_is_in_a_directory, WHY) {
    struct stat status;
    NEED(stat("/proc/sys/fs/inotify", &status));
    printf("%o\n", status.st_mode);
    NEED(stat("/proc/sys/kernel/msgmax", &status));
    printf("%o %d\n", status.st_mode, (int)status.st_size);
    SHOW(open("/proc/sys/kernel/nothing", O_RDONLY));
    SHOW(mkdir("/proc/sys/new", 0700));
    SHOW(unlink("/proc/sys/kernel/msgmax"));
}

NATIVE(the_load_has_five_words, WHY) {
    char text[100] = "", one[20], two[20], three[20], tasks[20], last[20];
    NEED(read((int)NEED(open("/proc/loadavg", O_RDONLY)), text, sizeof text - 1));
    SHOW(sscanf(text, "%19s %19s %19s %19s %19s", one, two, three, tasks, last));
    SHOW(strchr(tasks, '/') != NULL);
}

NATIVE(stat_begins_with_the_cpus, WHY) {
    first_words("/proc/stat", 1);
    char text[30000] = "";
    NEED(read((int)NEED(open("/proc/stat", O_RDONLY)), text, sizeof text - 1));
    SHOW(strstr(text, "\ncpu0 ") != NULL);
    SHOW(strstr(text, "\nbtime ") != NULL);
    SHOW(strstr(text, "\nprocesses ") != NULL);
    SHOW(strstr(text, "\nprocs_running ") != NULL);
    SHOW(strstr(text, "\nctxt ") != NULL);
}

NATIVE(meminfo_has_what_programs_look_for, WHY) {
    static const char* const kNames[] = {
        "MemTotal:",    "\nMemFree:",     "\nMemAvailable:", "\nBuffers:",
        "\nCached:",    "\nSwapTotal:",   "\nSwapFree:",     "\nShmem:",
        "\nSlab:",      "\nCommitLimit:", "\nCommitted_AS:", "\nVmallocTotal:",
        "\nAnonPages:", "\nMapped:",      "\nUnevictable:",  "\nMlocked:"};
    char text[8000] = "";
    NEED(read((int)NEED(open("/proc/meminfo", O_RDONLY)), text, sizeof text - 1));
    for (size_t i = 0; i < sizeof kNames / sizeof *kNames; ++i)
        printf("%s %d\n", kNames[i] + (kNames[i][0] == '\n'), strstr(text, kNames[i]) != NULL);
}

NATIVE(vmstat_counts_events, WHY) {
    char text[30000] = "";
    const int fd = (int)NEED(open("/proc/vmstat", O_RDONLY));
    size_t at = 0;
    for (ssize_t n; (n = read(fd, text + at, sizeof text - 1 - at)) > 0;) at += (size_t)n;
    SHOW(strstr(text, "nr_free_pages ") == text);
    SHOW(strstr(text, "\npgfault ") != NULL);
    SHOW(strstr(text, "\npgmajfault ") != NULL);
    SHOW(strstr(text, "\npswpin ") != NULL);
}

NATIVE(the_objects_of_system_v_are_listed, WHY) {
    first_words("/proc/sysvipc/shm", 16);
    first_words("/proc/sysvipc/sem", 10);
    first_words("/proc/sysvipc/msg", 14);
}

NATIVE(a_uuid_is_new_at_each_reading, WHY) {
    char one[40] = "", two[40] = "";
    NEED(read((int)NEED(open("/proc/sys/kernel/random/uuid", O_RDONLY)), one, 37));
    NEED(read((int)NEED(open("/proc/sys/kernel/random/uuid", O_RDONLY)), two, 37));
    SHOW((int)strlen(one));
    SHOW(strcmp(one, two) != 0);
    SHOW(one[14]);
}

NATIVE(file_systems_are_named, WHY) {
    char text[4000] = "";
    NEED(read((int)NEED(open("/proc/filesystems", O_RDONLY)), text, sizeof text - 1));
    SHOW(strstr(text, "nodev\ttmpfs\n") != NULL);
    SHOW(strstr(text, "nodev\tproc\n") != NULL);
    SHOW(strstr(text, "nodev\tsysfs\n") != NULL);
    SHOW(strstr(text, "nodev\tdevpts\n") != NULL);
    SHOW(strstr(text, "nodev\tmqueue\n") != NULL);
}

NATIVE(drop_caches_takes_one_to_four, WHY) {
    write_text("/proc/sys/vm/drop_caches", "0");
    SHOW(open("/proc/sys/vm/drop_caches", O_RDONLY));
}

NATIVE(proc_net_is_of_the_process, WHY) {
    char target[40] = "";
    SHOW(readlink("/proc/net", target, sizeof target - 1));
    puts(target);
    SHOW(access("/proc/self/net/tcp", R_OK));
    SHOW(access("/proc/net/unix", R_OK));
}
