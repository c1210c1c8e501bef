// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/PID: files of a process.
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "qemu-aarch64 answers some of /proc/self itself"

static int opened(const char* name, int flags) {
    return (int)NEED(open(name, flags));
}

NATIVE(own_memory_is_read_through_mem, WHY) {
    static char word[] = "hello";
    char copy[6];
    const int fd = opened("/proc/self/mem", O_RDONLY);
    SHOW(pread(fd, copy, 6, (off_t)(uintptr_t)word));
    SHOW(strcmp(copy, word));
}

NATIVE(own_memory_is_written_through_mem, WHY) {
    static volatile int number = 1;
    const int seven = 7, fd = opened("/proc/self/mem", O_RDWR);
    SHOW(pwrite(fd, &seven, sizeof seven, (off_t)(uintptr_t)&number));
    SHOW(number);
}

NATIVE(mem_writes_what_the_process_may_only_read, WHY) {
    char* page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const int fd = opened("/proc/self/mem", O_RDWR);
    SHOW(pwrite(fd, "x", 1, (off_t)(uintptr_t)page));
    SHOW(page[0]);
}

NATIVE(mem_does_not_write_a_shared_page_that_is_only_read, WHY) {
    make_file("file", "text");
    const int file = opened("file", O_RDONLY);
    char* page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
    const int fd = opened("/proc/self/mem", O_RDWR);
    SHOW(pwrite(fd, "x", 1, (off_t)(uintptr_t)page));
    SHOW(page[0]);
}

NATIVE(mem_reads_what_the_process_may_not, WHY) {
    char* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char byte = 0;
    page[5] = 'q';
    NEED(mprotect(page, 4096, PROT_NONE));
    const int fd = opened("/proc/self/mem", O_RDONLY);
    SHOW(pread(fd, &byte, 1, (off_t)(uintptr_t)page + 5));
    SHOW(byte);
}

NATIVE(mem_ends_where_nothing_is_mapped, WHY) {
    static char buffer[8192];
    char* pages = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(munmap(pages + 4096, 4096));
    const int fd = opened("/proc/self/mem", O_RDONLY);
    SHOW(pread(fd, buffer, 8192, (off_t)(uintptr_t)pages));
    SHOW(pread(fd, buffer, 1, (off_t)(uintptr_t)pages + 4096));
    SHOW(pread(fd, buffer, 1, 0));
}

NATIVE(mem_has_a_position, WHY) {
    static char word[] = "abcdef";
    char byte = 0;
    const int fd = opened("/proc/self/mem", O_RDONLY);
    SHOW(lseek(fd, (off_t)(uintptr_t)word, SEEK_SET) == (off_t)(uintptr_t)word);
    SHOW(read(fd, &byte, 1));
    SHOW(read(fd, &byte, 1));
    SHOW(byte);
    SHOW(lseek(fd, 0, SEEK_END));
}

static int other_memory;
NATIVE(the_memory_of_an_ended_process_is_empty, WHY) {
    int ends[2];
    char name[40], byte;
    NEED(pipe(ends));
    const pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        _exit((int)read(ends[0], &byte, 1));
    }
    sprintf(name, "/proc/%d/mem", child);
    other_memory = opened(name, O_RDONLY);
    SHOW(pread(other_memory, &byte, 1, (off_t)(uintptr_t)name) == 1);
    close(ends[1]);
    waitpid(child, NULL, 0);
    SHOW(pread(other_memory, &byte, 1, (off_t)(uintptr_t)name));
    SHOW(open(name, O_RDONLY));
}

static void opens_the_parents_memory(void) {
    char name[40];
    sprintf(name, "/proc/%d/mem", getppid());
    SHOW(open(name, O_RDONLY));
    sprintf(name, "/proc/%d/maps", getppid());
    SHOW(open(name, O_RDONLY));
    sprintf(name, "/proc/%d/status", getppid());
    SHOW(open(name, O_RDONLY) >= 0);
    sprintf(name, "/proc/%d/environ", getppid());
    SHOW(open(name, O_RDONLY));
}
NATIVE(a_user_does_not_open_roots_memory, WHY) {
    AS_USER(opens_the_parents_memory);
}

NATIVE(pagemap_tells_present_pages, WHY) {
    uint64_t entries[2] = {0, 0};
    char* pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pages[0] = 1;
    const int fd = opened("/proc/self/pagemap", O_RDONLY);
    SHOW(pread(fd, entries, 16, (off_t)((uintptr_t)pages / 4096 * 8)));
    SHOW((int)(entries[0] >> 63));
    SHOW((int)(entries[1] >> 63));
    SHOW((int)(entries[0] >> 61 & 1));
    SHOW(pread(fd, entries, 8, (off_t)((uintptr_t)pages / 4096 * 8 + 1)));
    SHOW(pread(fd, entries, 4, (off_t)((uintptr_t)pages / 4096 * 8)));
}

NATIVE(oom_score_adj_is_kept_and_bounded, WHY) {
    show_file("/proc/self/oom_score_adj");
    write_text("/proc/self/oom_score_adj", "500");
    show_file("/proc/self/oom_score_adj");
    write_text("/proc/self/oom_score_adj", "1001");
    write_text("/proc/self/oom_score_adj", "x");
    write_text("/proc/self/oom_score_adj", "700\n");
    show_file("/proc/self/oom_score_adj");
}

static void shows_oom_score_adj(void) {
    show_file("/proc/self/oom_score_adj");
}
NATIVE(oom_score_adj_is_inherited, WHY) {
    write_text("/proc/self/oom_score_adj", "7");
    IN_CHILD(shows_oom_score_adj);
}

NATIVE(oom_adj_is_the_old_scale, WHY) {
    write_text("/proc/self/oom_score_adj", "1000");
    show_file("/proc/self/oom_adj");
    write_text("/proc/self/oom_adj", "16");
}

NATIVE(coredump_filter_is_kept, WHY) {
    show_file("/proc/self/coredump_filter");
    write_text("/proc/self/coredump_filter", "0x1f");
    show_file("/proc/self/coredump_filter");
    write_text("/proc/self/coredump_filter", "7");
    show_file("/proc/self/coredump_filter");
    write_text("/proc/self/coredump_filter", "no");
}

NATIVE(clear_refs_takes_one_to_five, WHY) {
    write_text("/proc/self/clear_refs", "1");
    write_text("/proc/self/clear_refs", "4");
    write_text("/proc/self/clear_refs", "0");
    write_text("/proc/self/clear_refs", "6");
}

NATIVE(timerslack_is_read_and_written, WHY) {
    NEED(prctl(PR_SET_TIMERSLACK, 70000));
    show_file("/proc/self/timerslack_ns");
    write_text("/proc/self/timerslack_ns", "90000");
    SHOW(prctl(PR_GET_TIMERSLACK));
    write_text("/proc/self/timerslack_ns", "0");
}

NATIVE(comm_is_the_threads_name, WHY) {
    char name[16];
    write_text("/proc/self/comm", "a_name_longer_than_sixteen");
    show_file("/proc/self/comm");
    NEED(prctl(PR_GET_NAME, name));
    puts(name);
    show_file("/proc/thread-self/comm");
}

NATIVE(maps_of_the_user_namespace_are_written_once, WHY) {
    write_text("/proc/self/uid_map", "0 0 1");
    show_file("/proc/self/setgroups");
}

NATIVE(io_has_seven_lines, WHY) {
    char text[500] = "";
    const int fd = opened("/proc/self/io", O_RDONLY);
    NEED(read(fd, text, sizeof text - 1));
    for (char* line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        printf("%.*s\n", (int)(strchr(line, ':') - line), line);
}

NATIVE(the_text_is_made_again_at_the_start, WHY) {
    char text[20] = "";
    const int fd = opened("/proc/self/oom_score_adj", O_RDWR);
    NEED(write(fd, "3", 1));
    SHOW(pread(fd, text, 20, 0));
    NEED(write(fd, "44", 2));
    SHOW(pread(fd, text, 20, 0));
    printf("%s", text);
}

NATIVE(fdinfo_tells_position_and_flags, WHY) {
    char name[40], text[300] = "";
    make_file("file", "0123456789");
    const int file = opened("file", O_RDONLY | O_CLOEXEC);
    NEED(lseek(file, 4, SEEK_SET));
    sprintf(name, "/proc/self/fdinfo/%d", file);
    NEED(read(opened(name, O_RDONLY), text, sizeof text - 1));
    puts(strtok(text, "\n"));
    puts(strtok(NULL, "\n") != NULL ? "flags" : "none");
}

NATIVE(a_descriptor_link_shows_its_rights, WHY) {
    struct stat status;
    char name[40];
    make_file("file", "");
    sprintf(name, "/proc/self/fd/%d", opened("file", O_RDONLY));
    NEED(lstat(name, &status));
    printf("%o\n", status.st_mode);
    sprintf(name, "/proc/self/fd/%d", opened("file", O_WRONLY));
    NEED(lstat(name, &status));
    printf("%o\n", status.st_mode);
    sprintf(name, "/proc/self/fd/%d", opened("file", O_RDWR));
    NEED(lstat(name, &status));
    printf("%o\n", status.st_mode);
}

NATIVE(namespace_links_name_their_kind, WHY) {
    static const char* const kKinds[] = {"ipc", "mnt", "net", "pid", "user", "uts"};
    for (size_t i = 0; i < sizeof kKinds / sizeof *kKinds; ++i) {
        char name[40], target[60] = "";
        sprintf(name, "/proc/self/ns/%s", kKinds[i]);
        NEED(readlink(name, target, sizeof target - 1));
        printf("%.*s\n", (int)(strchr(target, '[') - target), target);
    }
}

NATIVE(the_mounts_can_be_polled, WHY) {
    struct pollfd wait = {.fd = opened("/proc/self/mounts", O_RDONLY),
                          .events = POLLIN | POLLPRI | POLLERR};
    SHOW(poll(&wait, 1, 0));
    printf("%x\n", (unsigned)wait.revents);
}

NATIVE(a_file_of_the_kernel_is_empty_to_stat, WHY) {
    struct stat status;
    NEED(stat("/proc/self/maps", &status));
    SHOW((int)status.st_size);
    printf("%o\n", status.st_mode);
    NEED(stat("/proc/self/mem", &status));
    printf("%o\n", status.st_mode);
}

NATIVE(nothing_is_made_or_removed_in_proc, WHY) {
    SHOW(open("/proc/self/new", O_CREAT | O_WRONLY, 0600));
    SHOW(mkdir("/proc/new", 0700));
    SHOW(unlink("/proc/self/maps"));
}

NATIVE(a_file_without_a_write_operation_is_not_written, WHY) {
    const int fd = open("/proc/version", O_WRONLY);
    SHOW(fd >= 0);
    SHOW(write(fd, "x", 1));
}

NATIVE(smaps_rollup_is_one_mapping, WHY) {
    char text[2000] = "";
    NEED(read(opened("/proc/self/smaps_rollup", O_RDONLY), text, sizeof text - 1));
    SHOW(strstr(text, "[rollup]\nRss:") != NULL);
    SHOW(strstr(text, "\nPss:") != NULL);
    SHOW(strstr(text, "Private_Dirty:") != NULL);
}

NATIVE(syscall_tells_where_a_sleeper_waits, WHY) {
    int ends[2];
    char name[40], text[300] = "", byte;
    long number = -5;
    NEED(pipe(ends));
    const pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        _exit((int)read(ends[0], &byte, 1));
    }
    until_asleep(child);
    sprintf(name, "/proc/%d/syscall", child);
    NEED(read(opened(name, O_RDONLY), text, sizeof text - 1));
    number = strtol(text, NULL, 10);
    SHOW(number > 0 || number == 0);
    close(ends[1]);
    waitpid(child, NULL, 0);
}

NATIVE(an_unknown_process_has_no_directory, WHY) {
    SHOW(access("/proc/4194304", F_OK));
    SHOW(access("/proc/0", F_OK));
    SHOW(access("/proc/self/task/1234567", F_OK));
}

static void show_vm_flags(const void* at) {
    char line[256], mine[32];
    FILE* const file = fopen("/proc/self/smaps", "r");
    int here = 0;
    snprintf(mine, sizeof mine, "%lx-", (unsigned long)at);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, mine, strlen(mine)) == 0) here = 1;
        if (!here || strncmp(line, "VmFlags:", 8) != 0) continue;
        // Whether a kernel counts soft-dirty pages is a choice of its configuration.
        for (char* word = strtok(line, " \n"); word != NULL; word = strtok(NULL, " \n"))
            if (strcmp(word, "sd") != 0) printf("%s ", word);
        puts("");
        break;
    }
    fclose(file);
}

NATIVE(smaps_tells_flags_of_mappings, WHY) {
    static const int kProt[] = {PROT_READ, PROT_READ | PROT_WRITE, PROT_NONE,
                                PROT_READ | PROT_EXEC};
    const int fd = open("file", O_CREAT | O_RDWR, 0644);
    NEED(ftruncate(fd, 4096));
    for (int i = 0; i < 4; ++i) {
        show_vm_flags(mmap(NULL, 4096, kProt[i], MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        show_vm_flags(mmap(NULL, 4096, kProt[i], MAP_SHARED, fd, 0));
    }
    show_vm_flags(mmap(NULL, 4096, PROT_READ, MAP_SHARED, open("file", O_RDONLY), 0));
    char* const page = mmap(NULL, 3 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(mprotect(page + 4096, 4096, PROT_READ | PROT_WRITE));
    NEED(madvise(page + 4096, 4096, MADV_DONTFORK));
    NEED(madvise(page + 4096, 4096, MADV_DONTDUMP));
    NEED(madvise(page + 4096, 4096, MADV_WIPEONFORK));
    show_vm_flags(page + 4096);
}

NATIVE(timers_and_mapped_files_of_a_process, WHY) {
    timer_t timer;
    struct sigevent event = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 7};
    NEED(timer_create(CLOCK_MONOTONIC, &event, &timer));
    char text[200] = "";
    const int fd = (int)NEED(open("/proc/self/timers", O_RDONLY));
    NEED(read(fd, text, sizeof text - 1));
    printf("%.44s\n", text);
    DIR* folder = opendir("/proc/self/map_files");
    const struct dirent* entry;
    int links = 0;
    while ((entry = readdir(folder)) != NULL) links += strchr(entry->d_name, '-') != NULL;
    SHOW(links > 0);
    show_file("/proc/self/projid_map");
}
