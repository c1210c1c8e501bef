// SPDX-License-Identifier: GPL-2.0-or-later
// Core files. The host's core_pattern is not of a namespace: a judge leaves it as it is, and writes
// none where it is a program.
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/procfs.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define OWN "qemu-aarch64 writes core files itself"

static void permit_core(rlim_t most) {
    struct rlimit limit = {most, RLIM_INFINITY};
    NEED(setrlimit(RLIMIT_CORE, &limit));
}
static void end_by_abort(void) {
    NEED(prctl(PR_SET_NAME, "dumper"));
    abort();
}
static void end_by_fault(void) {
    NEED(prctl(PR_SET_NAME, "dumper"));
    *(volatile int*)16 = 1;
}

NATIVE(signals_of_a_bug_leave_a_core_file, OWN) {
    static const int signals[] = {SIGQUIT, SIGILL,  SIGTRAP, SIGABRT, SIGBUS,  SIGFPE, SIGSEGV,
                                  SIGXCPU, SIGXFSZ, SIGSYS,  SIGTERM, SIGUSR1, SIGKILL};
    permit_core(RLIM_INFINITY);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; ++i) {
        const pid_t child = paused_child();
        kill(child, signals[i]);
        show_end("child", child);
    }
}

static void hide_and_abort(void) {
    NEED(prctl(PR_SET_DUMPABLE, 0));
    abort();
}
NATIVE(one_that_may_not_be_looked_into_leaves_none, OWN) {
    permit_core(RLIM_INFINITY);
    IN_CHILD(hide_and_abort);
    permit_core(0);
    IN_CHILD(end_by_abort);
    permit_core(100);
    IN_CHILD(end_by_abort);
}

static void show_note(const Elf64_Nhdr* note, const char* content) {
    if (note->n_type == NT_PRSTATUS) {
        const struct elf_prstatus* const status = (const void*)content;
        printf("status: signal %d, of %d\n", status->pr_info.si_signo, status->pr_cursig);
    } else if (note->n_type == NT_PRPSINFO) {
        const struct elf_prpsinfo* const info = (const void*)content;
        printf("process: %s, user %d\n", info->pr_fname, (int)info->pr_uid);
    } else if (note->n_type == NT_SIGINFO) {
        const siginfo_t* const info = (const void*)content;
        printf("signal %d, code %d, at %p\n", info->si_signo, info->si_code, info->si_addr);
    } else if (note->n_type == NT_AUXV || note->n_type == NT_FILE) {
        printf("note %x\n", note->n_type);
    }
}

DOCUMENTED(a_core_file_has_notes_and_memory, "core(5), elf(5)",
           "/proc/sys/kernel/core_pattern <- core: "
           "write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1 = 0\n"
           "end_by_fault: signal SIGSEGV, core\n"
           "status.st_mode = 33152\n"
           "header.e_type = 4\n"
           "status: signal 11, of 11\n"
           "process: dumper, user 0\n"
           "signal 11, code 1, at 0x10\n"
           "note 6\n"
           "note 46494c45\n"
           "memory of the text: 1\n") {
    static const char mark[] = "what is searched for in the file";
    write_text("/proc/sys/kernel/core_pattern", "core");
    permit_core(RLIM_INFINITY);
    IN_CHILD(end_by_fault);
    const int fd = (int)NEED(open("core", O_RDONLY));
    struct stat status;
    NEED(fstat(fd, &status));
    SHOW(status.st_mode);
    char* const bytes = malloc((size_t)status.st_size);
    NEED(read(fd, bytes, (size_t)status.st_size) == status.st_size ? 0 : -1);
    const Elf64_Ehdr header = *(const Elf64_Ehdr*)bytes;
    const Elf64_Phdr* const segments = (const void*)(bytes + header.e_phoff);
    SHOW(header.e_type);
    for (size_t at = segments[0].p_offset; at < segments[0].p_offset + segments[0].p_filesz;) {
        const Elf64_Nhdr* const note = (const void*)(bytes + at);
        at += sizeof *note + ((note->n_namesz + 3) & ~3u);
        show_note(note, bytes + at);
        at += (note->n_descsz + 3) & ~3u;
    }
    for (int i = 1; i < header.e_phnum; ++i) {
        const unsigned long wanted = (unsigned long)mark;
        if (wanted < segments[i].p_vaddr || wanted >= segments[i].p_vaddr + segments[i].p_memsz)
            continue;
        printf("memory of the text: %d\n", segments[i].p_type == PT_LOAD);
    }
}

DOCUMENTED(core_pattern_names_the_file, "core(5), Naming of core dump files",
           "/proc/sys/kernel/core_pattern <- dump.%u.%s.%e.%%: "
           "write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1 = 0\n"
           "end_by_abort: signal SIGABRT, core\n"
           "access(\"dump.0.6.dumper.%\", F_OK) = 0\n") {
    write_text("/proc/sys/kernel/core_pattern", "dump.%u.%s.%e.%%");
    permit_core(RLIM_INFINITY);
    IN_CHILD(end_by_abort);
    SHOW(access("dump.0.6.dumper.%", F_OK));
}
