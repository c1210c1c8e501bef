// SPDX-License-Identifier: GPL-2.0-or-later
// What a process gives up or asks of all its memory: write and execute at once (PR_SET_MDWE),
// READ_IMPLIES_EXEC, locked and droppable pages.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define OWN "qemu-aarch64 keeps mappings of its own"

enum { MDWE = 65, GET_MDWE = 66, REFUSE = 1, NO_INHERIT = 2, GET_AUXV = 0x41555856 };
enum { PAGE = 4096 };

static char* pages(int count, int prot) {
    char* const at = mmap(NULL, (size_t)count * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(at == MAP_FAILED ? -1 : 0);
    return at;
}
// 0, or -1: of a mapping that is tried.
static int maps(int prot) {
    return mmap(NULL, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}
// The number of a line of /proc/self/status; -1: there is none.
static long status_line(const char* name) {
    char line[256];
    long value = -1;
    FILE* const file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
            sscanf(line + strlen(name) + 1, "%ld", &value);
    }
    if (file != NULL) fclose(file);
    return value;
}

// --- memory that denies write and execute

NATIVE(memory_that_denies_is_asked_once, OWN) {
    SHOW(prctl(MDWE, 4, 0, 0, 0));
    SHOW(prctl(MDWE, NO_INHERIT, 0, 0, 0));
    SHOW(prctl(MDWE, REFUSE, 1, 0, 0));
    SHOW(prctl(GET_MDWE, 1, 0, 0, 0));
    SHOW(prctl(GET_MDWE, 0, 0, 0, 0));
    SHOW(prctl(MDWE, REFUSE, 0, 0, 0));
    SHOW(prctl(MDWE, REFUSE, 0, 0, 0));
    SHOW(prctl(MDWE, 0, 0, 0, 0));
    SHOW(prctl(MDWE, REFUSE | NO_INHERIT, 0, 0, 0));
    SHOW(prctl(GET_MDWE, 0, 0, 0, 0));
}

NATIVE(memory_that_denies_is_never_both, OWN) {
    char* const text = pages(1, PROT_READ | PROT_EXEC);
    char* const data = pages(1, PROT_READ | PROT_WRITE);
    NEED(prctl(MDWE, REFUSE, 0, 0, 0));
    SHOW(maps(PROT_READ | PROT_WRITE));
    SHOW(maps(PROT_READ | PROT_EXEC));
    SHOW(maps(PROT_WRITE | PROT_EXEC));
    SHOW(mprotect(data, PAGE, PROT_READ | PROT_EXEC));
    SHOW(mprotect(data, PAGE, PROT_READ));
    SHOW(mprotect(text, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
    SHOW(mprotect(text, PAGE, PROT_EXEC));
    SHOW(mprotect(text, PAGE, PROT_READ | PROT_WRITE));
}

static void asks(void) {
    SHOW(prctl(GET_MDWE, 0, 0, 0, 0));
}
NATIVE(children_deny_too, OWN) {
    NEED(prctl(MDWE, REFUSE, 0, 0, 0));
    IN_CHILD(asks);
}
NATIVE(children_need_not_deny, OWN) {
    NEED(prctl(MDWE, REFUSE | NO_INHERIT, 0, 0, 0));
    asks();
    IN_CHILD(asks);
}

// --- personality

static char rights_of(const void* at) {
    char line[512], rights[5] = "";
    unsigned long begin, end;
    FILE* const maps_file = fopen("/proc/self/maps", "r");
    while (maps_file != NULL && fgets(line, sizeof line, maps_file) != NULL) {
        if (sscanf(line, "%lx-%lx %4s", &begin, &end, rights) == 3 && begin <= (unsigned long)at &&
            (unsigned long)at < end)
            break;
        rights[2] = '?';
    }
    if (maps_file != NULL) fclose(maps_file);
    return rights[2];
}
NATIVE(what_is_read_may_be_executed_by_personality, OWN) {
    NEED(personality(READ_IMPLIES_EXEC));
    char* const at = pages(1, PROT_READ);
    printf("mapped %c\n", rights_of(at));
    NEED(mprotect(at, PAGE, PROT_NONE));
    printf("taken %c\n", rights_of(at));
    NEED(mprotect(at, PAGE, PROT_READ | PROT_WRITE));
    printf("given %c\n", rights_of(at));
}

NATIVE(timeouts_stay_by_personality, OWN) {
    struct timeval time = {0, 2000};
    SHOW(select(0, NULL, NULL, NULL, &time));
    SHOW(time.tv_usec);
    time.tv_usec = 2000;
    NEED(personality(STICKY_TIMEOUTS));
    SHOW(select(0, NULL, NULL, NULL, &time));
    SHOW(time.tv_usec);
}

// --- locked and dropped pages

NATIVE(lengths_that_wrap_are_nothing, OWN) {
    char* const at = pages(1, PROT_READ | PROT_WRITE);
    SHOW(mlock(at, (size_t)-1));
    SHOW(munlock(at, (size_t)-1));
    SHOW(msync(at, (size_t)-1, MS_SYNC));
}

NATIVE(status_tells_of_locked_memory, OWN) {
    char* const at = pages(4, PROT_READ | PROT_WRITE);
    SHOW(status_line("VmLck"));
    NEED(mlock(at, 2 * PAGE));
    SHOW(status_line("VmLck"));
    NEED(munlockall());
    SHOW(status_line("VmLck"));
    SHOW(status_line("VmPin"));
    SHOW(status_line("VmSwap"));
    SHOW(status_line("RssAnon") > 0);
    SHOW(status_line("VmStk") >= 128);
    SHOW(status_line("VmData") > 0);
    SHOW(status_line("VmPTE") > 0);
}

NATIVE(smaps_tells_of_locked_memory, OWN) {
    char line[256];
    long locked = 0;
    char* const at = pages(4, PROT_READ | PROT_WRITE);
    NEED(mlock(at, 4 * PAGE));
    FILE* const file = fopen("/proc/self/smaps", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        long kb;
        if (sscanf(line, "Locked: %ld kB", &kb) == 1) locked += kb;
    }
    SHOW(locked);
}

static char* locked_page;
static void grows_past_the_limit(void) {
    SHOW(mremap(locked_page, PAGE, 64 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0);
}
NATIVE(locked_memory_grows_to_its_limit, OWN) {
    const struct rlimit limit = {8 * PAGE, 8 * PAGE};
    locked_page = pages(1, PROT_READ | PROT_WRITE);
    NEED(setrlimit(RLIMIT_MEMLOCK, &limit));
    NEED(mlock(locked_page, PAGE));
    grows_past_the_limit();
    locked_page = pages(1, PROT_READ | PROT_WRITE);
    NEED(mlock(locked_page, PAGE));
    NEED(setgid(1000));
    NEED(setuid(1000));
    grows_past_the_limit();
}

static char* dropped;
static void reads_dropped(void) {
    SHOW(dropped[0]);
}
NATIVE(droppable_memory_is_wiped_by_fork, OWN) {
    enum { DROPPABLE = 8 };
    dropped = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, DROPPABLE | MAP_ANONYMOUS, -1, 0);
    NEED(dropped == MAP_FAILED ? -1 : 0);
    dropped[0] = 7;
    reads_dropped();
    IN_CHILD(reads_dropped);
    SHOW(mmap(NULL, PAGE, PROT_READ, DROPPABLE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0) == MAP_FAILED
             ? -1
             : 0);
}

NATIVE(the_auxiliary_vector_is_told_again, OWN) {
    unsigned long words[64] = {0}, page = 0;
    SHOW(prctl(GET_AUXV, words, sizeof words, 1, 0));
    SHOW(prctl(GET_AUXV, 16, sizeof words, 0, 0));
    SHOW(prctl(GET_AUXV, words, 8, 0, 0) > 300);
    SHOW(words[1]);
    NEED(prctl(GET_AUXV, words, sizeof words, 0, 0));
    for (int n = 0; n < 64 && words[n] != AT_NULL; n += 2)
        if (words[n] == AT_PAGESZ) page = words[n + 1];
    SHOW(page);
}

// --- kernel parameters, which are the host's own where a judge runs

static void set(const char* name, const char* text) {
    const int fd = (int)NEED(open(name, O_WRONLY));
    NEED(write(fd, text, strlen(text)));
    close(fd);
}

DOCUMENTED(mappings_are_limited_in_number, "admin-guide/sysctl/vm.rst: max_map_count",
           "failed 1, of fewer than 100: 1\n") {
    int made = 0;
    set("/proc/sys/vm/max_map_count", "100");
    for (; made < 200; ++made) {
        const int prot = made % 2 != 0 ? PROT_READ : PROT_NONE;
        if (maps(prot) != 0) break;
    }
    printf("failed %d, of fewer than 100: %d\n", errno == ENOMEM, made < 100);
}

DOCUMENTED(memory_is_promised_by_a_rule, "admin-guide/sysctl/vm.rst: overcommit_memory",
           "guess -1, always 0, never -1\n") {
    const size_t much = (size_t)1 << 37;
    int got[3];
    for (int rule = 0; rule < 3; ++rule) {
        set("/proc/sys/vm/overcommit_memory", (const char*[]){"0", "1", "2"}[rule]);
        void* const at =
            mmap(NULL, much, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        got[rule] = at == MAP_FAILED ? -1 : munmap(at, much);
    }
    printf("guess %d, always %d, never %d\n", got[0], got[1], got[2]);
}
