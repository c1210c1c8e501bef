// SPDX-License-Identifier: GPL-2.0-or-later
// Dumps and restores a process as CRIU does, by ptrace: a child that counts in its memory is seized and
// interrupted; its mappings, memory, registers and signal mask are read (/proc/PID/maps, mem,
// process_vm_readv, PTRACE_GETREGSET); it is let go on and changes all of them; then what was read is
// written back, and the child continues from the moment of the dump. The word that it counts, a page
// that it fills and a signal that it blocks tell whether it did.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEED(expression) need((long)(expression), #expression)
static long need(long value, const char* expression) {
    if (value >= 0) return value;
    printf("failed: %s: %s\n", expression, strerror(errno));
    exit(1);
}

struct area {
    unsigned long begin, end;
    char* bytes;
};
static struct area areas[64];
static int area_count;

struct state {  // shared with the child: how it tells where it is
    volatile int asked, answered;
};
static struct state* shared;
static volatile unsigned long counted;  // in the child's own memory

static void child(void) {
    char* page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int round = 0;; ++round) {
        while (shared->asked == shared->answered) usleep(1000);
        ++counted;
        memset(page, 'a' + (int)counted, 8192);
        printf("child: count %lu, page %c%c\n", counted, page[0], page[8191]);
        shared->answered = shared->asked;
    }
}

static void ask(void) {
    ++shared->asked;
    while (shared->answered != shared->asked) usleep(1000);
}

static void stop(pid_t pid) {
    int status;
    NEED(ptrace(PTRACE_INTERRUPT, pid, 0, 0));
    NEED(waitpid(pid, &status, __WALL));
    if (!WIFSTOPPED(status) || status >> 16 != PTRACE_EVENT_STOP) puts("failed: not an event's stop");
}

// The private mappings that may be written.
static void read_memory(pid_t pid) {
    char name[64], line[512];
    snprintf(name, sizeof name, "/proc/%d/maps", pid);
    FILE* maps = fopen(name, "r");
    while (fgets(line, sizeof line, maps) != NULL && area_count < 64) {
        char rights[5];
        struct area* area = &areas[area_count];
        if (sscanf(line, "%lx-%lx %4s", &area->begin, &area->end, rights) != 3) continue;
        if (strcmp(rights, "rw-p") != 0) continue;
        const size_t size = area->end - area->begin;
        area->bytes = malloc(size);
        struct iovec own = {area->bytes, size}, other = {(void*)area->begin, size};
        NEED(process_vm_readv(pid, &own, 1, &other, 1, 0) == (ssize_t)size ? 0 : -1);
        ++area_count;
    }
    fclose(maps);
}

static void write_memory(pid_t pid) {
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/mem", pid);
    const int fd = (int)NEED(open(name, O_RDWR));
    for (int i = 0; i < area_count; ++i) {
        const size_t size = areas[i].end - areas[i].begin;
        NEED(pwrite(fd, areas[i].bytes, size, (off_t)areas[i].begin) == (ssize_t)size ? 0 : -1);
    }
    close(fd);
}

int main(void) {
    static char registers[272], vectors[528], later[272];
    struct iovec general = {registers, sizeof registers}, fp = {vectors, sizeof vectors};
    uint64_t mask = 0;
    int status;
    setvbuf(stdout, NULL, _IONBF, 0);
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const pid_t pid = (pid_t)NEED(fork());
    if (pid == 0) child();
    ask();
    ask();
    NEED(ptrace(PTRACE_SEIZE, pid, 0, 0));
    stop(pid);
    NEED(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &general));
    NEED(ptrace(PTRACE_GETREGSET, pid, NT_PRFPREG, &fp));
    NEED(ptrace(PTRACE_GETSIGMASK, pid, 8, &mask));
    read_memory(pid);
    printf("dumped: %d mappings or more, registers %zu, vectors %zu\n", area_count > 2 ? 3 : area_count,
           general.iov_len, fp.iov_len);
    NEED(ptrace(PTRACE_CONT, pid, 0, 0));
    ask();
    ask();
    stop(pid);
    general.iov_base = later;
    NEED(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &general));
    general.iov_base = registers;
    write_memory(pid);
    NEED(ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &general));
    NEED(ptrace(PTRACE_SETREGSET, pid, NT_PRFPREG, &fp));
    NEED(ptrace(PTRACE_SETSIGMASK, pid, 8, &mask));
    errno = 0;
    printf("restored: count %ld\n", ptrace(PTRACE_PEEKDATA, pid, &counted, 0));
    NEED(ptrace(PTRACE_DETACH, pid, 0, 0));
    ask();
    NEED(kill(pid, SIGKILL));
    NEED(waitpid(pid, &status, 0));
    printf("ended by signal %d\n", WTERMSIG(status));
    return 0;
}
