// SPDX-License-Identifier: GPL-2.0-or-later
// getrusage: the most memory that there was, and page faults.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define OWN_MEMORY "qemu-aarch64 has memory of its own besides the guest's"

static void use(size_t mib) {
    char* const memory =
        mmap(NULL, mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(memory, 1, mib << 20);
    munmap(memory, mib << 20);
}
// In tens of MiB: what the program itself takes is less.
static long most(int who) {
    struct rusage used;
    NEED(getrusage(who, &used));
    return used.ru_maxrss / 1024 / 10;
}
static void uses_20(void) {
    use(20);
}
static void waits_for_40(void) {
    const pid_t child = fork();
    if (child == 0) {
        use(40);
        _exit(0);
    }
    NEED(waitpid(child, NULL, 0));
}
static void shows_its_own(void) {
    SHOW(most(RUSAGE_SELF));
    SHOW(most(RUSAGE_CHILDREN));
}

NATIVE(the_most_memory_is_remembered, OWN_MEMORY) {
    SHOW(most(RUSAGE_SELF));
    use(30);
    SHOW(most(RUSAGE_SELF));
    IN_CHILD(shows_its_own);
}

NATIVE(children_that_were_waited_for_count, OWN_MEMORY) {
    SHOW(most(RUSAGE_CHILDREN));
    IN_CHILD(uses_20);
    SHOW(most(RUSAGE_CHILDREN));
    IN_CHILD(waits_for_40);
    SHOW(most(RUSAGE_CHILDREN));
}

NATIVE(children_that_nobody_waits_for_do_not_count, OWN_MEMORY) {
    signal(SIGCHLD, SIG_IGN);
    const pid_t child = fork();
    if (child == 0) {
        use(20);
        _exit(0);
    }
    SHOW(waitpid(child, NULL, 0));
    SHOW(most(RUSAGE_CHILDREN));
}

static long status_of(const char* name) {
    char text[4000] = "";
    const int fd = (int)NEED(open("/proc/self/status", O_RDONLY));
    NEED(read(fd, text, sizeof text - 1));
    close(fd);
    const char* const at = strstr(text, name);
    return at == NULL ? -1 : strtol(at + strlen(name), NULL, 10) / 1024 / 10;
}
NATIVE(the_peaks_of_a_process_are_shown_and_forgotten, OWN_MEMORY) {
    use(30);
    SHOW(status_of("\nVmHWM:"));
    SHOW(status_of("\nVmRSS:"));
    SHOW(status_of("\nVmPeak:") - status_of("\nVmSize:") >= 2);
    write_text("/proc/self/clear_refs", "5");
    SHOW(status_of("\nVmHWM:"));
}

BEHAVIOUR(faults_are_counted) {
    struct rusage before, after;
    NEED(getrusage(RUSAGE_SELF, &before));
    char* const memory =
        mmap(NULL, 100 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    madvise(memory, 100 * 4096, MADV_NOHUGEPAGE);
    for (int page = 0; page < 100; ++page) memory[page * 4096] = 1;
    NEED(getrusage(RUSAGE_SELF, &after));
    SHOW(after.ru_minflt - before.ru_minflt >= 100);
    SHOW(after.ru_minflt - before.ru_minflt < 1000);
}
