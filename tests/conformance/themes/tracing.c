// SPDX-License-Identifier: GPL-2.0-or-later
// ptrace: stops, requests and events.
#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "qemu-aarch64 has no ptrace"

static volatile long word = 41;
static pid_t tracee;

// Starts a child that is traced and stops itself once.
static void start(void (*run)(void)) {
    tracee = (pid_t)NEED(fork());
    if (tracee == 0) {
        NEED(ptrace(PTRACE_TRACEME, 0, 0, 0));
        raise(SIGSTOP);
        run();
        _exit(3);
    }
    int status = 0;
    NEED(waitpid(tracee, &status, 0));
}

static void show_wait(int options) {
    int status = 0;
    const pid_t pid = waitpid(tracee, &status, options | __WALL);
    if (pid <= 0) {
        SHOW(pid);
    } else if (WIFSTOPPED(status)) {
        printf("stopped %d event %d\n", WSTOPSIG(status), status >> 16);
    } else {
        show_status("tracee", status);
    }
}

static void does_nothing(void) {}

NATIVE(a_tracee_stops_at_a_signal, WHY) {
    tracee = (pid_t)NEED(fork());
    if (tracee == 0) {
        SHOW(ptrace(PTRACE_TRACEME, 0, 0, 0));
        SHOW(ptrace(PTRACE_TRACEME, 0, 0, 0));
        raise(SIGSTOP);
        _exit(3);
    }
    show_wait(0);
    SHOW(ptrace(PTRACE_CONT, tracee, 0, 0));
    show_wait(0);
}

NATIVE(words_are_peeked_and_poked, WHY) {
    start(does_nothing);
    errno = 0;
    SHOW(ptrace(PTRACE_PEEKDATA, tracee, &word, 0));
    SHOW(ptrace(PTRACE_POKEDATA, tracee, &word, 42));
    SHOW(ptrace(PTRACE_PEEKTEXT, tracee, &word, 0));
    SHOW(word);
    SHOW(ptrace(PTRACE_PEEKDATA, tracee, 8, 0));
    SHOW(ptrace(PTRACE_POKEDATA, tracee, 8, 0));
    // Text is not writable, but for a debugger.
    const long code = ptrace(PTRACE_PEEKTEXT, tracee, (void*)does_nothing, 0);
    SHOW(ptrace(PTRACE_POKETEXT, tracee, (void*)does_nothing, code));
    kill(tracee, SIGKILL);
    show_wait(0);
}

static void exits_by_word(void) {
    _exit((int)word);
}
NATIVE(a_poked_word_is_used, WHY) {
    start(exits_by_word);
    NEED(ptrace(PTRACE_POKEDATA, tracee, &word, 7));
    NEED(ptrace(PTRACE_CONT, tracee, 0, 0));
    show_wait(0);
}

static void raises_a_signal(void) {
    count_signal(SIGUSR1, 0);
    raise(SIGUSR1);
    _exit(signals_taken);
}
NATIVE(a_signal_is_suppressed, WHY) {
    start(raises_a_signal);
    NEED(ptrace(PTRACE_CONT, tracee, 0, 0));
    show_wait(0);
    NEED(ptrace(PTRACE_CONT, tracee, 0, 0));
    show_wait(0);
}
NATIVE(a_signal_is_passed_on, WHY) {
    start(raises_a_signal);
    NEED(ptrace(PTRACE_CONT, tracee, 0, 0));
    show_wait(0);
    NEED(ptrace(PTRACE_CONT, tracee, 0, SIGUSR1));
    show_wait(0);
}
NATIVE(another_signal_may_be_passed_on, WHY) {
    start(raises_a_signal);
    NEED(ptrace(PTRACE_CONT, tracee, 0, 0));
    show_wait(0);
    NEED(ptrace(PTRACE_CONT, tracee, 0, SIGTERM));
    show_wait(0);
}

NATIVE(an_ignored_signal_stops_a_tracee_too, WHY) {
    start(raises_a_signal);
    kill(tracee, SIGCHLD);
    NEED(ptrace(PTRACE_CONT, tracee, 0, 0));
    show_wait(0);
    kill(tracee, SIGKILL);
    show_wait(0);
}

// The kill is the process's, the other signal its thread's.
NATIVE(a_killed_tracee_does_not_stop_at_another_signal, WHY) {
    start(does_nothing);
    SHOW(syscall(SYS_tgkill, tracee, tracee, SIGUSR1));
    SHOW(kill(tracee, SIGKILL));
    show_wait(0);
}

NATIVE(the_signals_data_is_read_and_changed, WHY) {
    siginfo_t info;
    start(raises_a_signal);
    NEED(ptrace(PTRACE_CONT, tracee, 0, 0));
    show_wait(0);
    SHOW(ptrace(PTRACE_GETSIGINFO, tracee, 0, &info));
    SHOW(info.si_signo);
    SHOW(info.si_code);
    SHOW(info.si_pid == tracee);
    info.si_code = SI_QUEUE;
    SHOW(ptrace(PTRACE_SETSIGINFO, tracee, 0, &info));
    SHOW(ptrace(PTRACE_GETSIGINFO, tracee, 0, &info));
    SHOW(info.si_code);
    SHOW(ptrace(PTRACE_GETSIGINFO, tracee, 0, 1));
    kill(tracee, SIGKILL);
    show_wait(0);
}

static void calls_getppid(void) {
    syscall(SYS_getppid);
}
NATIVE(each_call_stops_twice, WHY) {
    start(calls_getppid);
    NEED(ptrace(PTRACE_SETOPTIONS, tracee, 0, PTRACE_O_TRACESYSGOOD));
    NEED(ptrace(PTRACE_SYSCALL, tracee, 0, 0));
    show_wait(0);  // of the raise
    NEED(ptrace(PTRACE_SYSCALL, tracee, 0, 0));
    show_wait(0);
    struct __ptrace_syscall_info info;
    SHOW(ptrace(0x420e, tracee, sizeof info, &info) > 0);
    SHOW(info.op);
    SHOW((long)info.entry.nr == SYS_getppid || info.op != 1);
    NEED(ptrace(PTRACE_CONT, tracee, 0, 0));
    show_wait(0);
}

NATIVE(without_the_option_a_call_stops_with_sigtrap, WHY) {
    start(calls_getppid);
    NEED(ptrace(PTRACE_SYSCALL, tracee, 0, 0));
    show_wait(0);
    siginfo_t info;
    SHOW(ptrace(PTRACE_GETSIGINFO, tracee, 0, &info));
    SHOW(info.si_signo);
    kill(tracee, SIGKILL);
    show_wait(0);
}

static void forks(void) {
    const pid_t child = fork();
    if (child == 0) _exit(5);
    int status = 0;
    waitpid(child, &status, 0);
    _exit(WEXITSTATUS(status));
}
NATIVE(a_fork_is_an_event, WHY) {
    unsigned long message = 0;
    int status = 0;
    start(forks);
    NEED(ptrace(PTRACE_SETOPTIONS, tracee, 0, PTRACE_O_TRACEFORK));
    NEED(ptrace(PTRACE_CONT, tracee, 0, 0));
    show_wait(0);
    SHOW(ptrace(PTRACE_GETEVENTMSG, tracee, 0, &message));
    const pid_t child = (pid_t)message;
    SHOW(waitpid(child, &status, __WALL) == child);
    SHOW(WIFSTOPPED(status) ? WSTOPSIG(status) : 0);
    NEED(ptrace(PTRACE_CONT, child, 0, 0));
    NEED(ptrace(PTRACE_CONT, tracee, 0, 0));
    SHOW(waitpid(child, &status, __WALL) == child);
    show_status("child", status);
    show_wait(0);  // its SIGCHLD
    NEED(ptrace(PTRACE_CONT, tracee, 0, 0));
    show_wait(0);
}

NATIVE(an_exit_is_an_event, WHY) {
    unsigned long message = 0;
    start(does_nothing);
    NEED(ptrace(PTRACE_SETOPTIONS, tracee, 0, PTRACE_O_TRACEEXIT));
    NEED(ptrace(PTRACE_CONT, tracee, 0, 0));
    show_wait(0);
    SHOW(ptrace(PTRACE_GETEVENTMSG, tracee, 0, &message));
    SHOW(message);
    SHOW(ptrace(PTRACE_PEEKDATA, tracee, &word, 0));
    NEED(ptrace(PTRACE_CONT, tracee, 0, 0));
    show_wait(0);
}

static void executes(void) {
    execl("/proc/self/exe", "x", NULL);
}
NATIVE(an_execve_stops_with_sigtrap, WHY) {
    start(executes);
    NEED(ptrace(PTRACE_CONT, tracee, 0, 0));
    show_wait(0);
    NEED(ptrace(PTRACE_CONT, tracee, 0, 0));
    show_wait(0);
}
NATIVE(an_execve_is_an_event, WHY) {
    unsigned long message = 0;
    start(executes);
    NEED(ptrace(PTRACE_SETOPTIONS, tracee, 0, PTRACE_O_TRACEEXEC));
    NEED(ptrace(PTRACE_CONT, tracee, 0, 0));
    show_wait(0);
    SHOW(ptrace(PTRACE_GETEVENTMSG, tracee, 0, &message));
    SHOW((pid_t)message == tracee);
    NEED(ptrace(PTRACE_CONT, tracee, 0, 0));
    show_wait(0);
}

static void sleeps(void) {
    for (;;) pause();
}
static void sleeper(void) {
    tracee = child_of(sleeps);
    until_asleep(tracee);
}

NATIVE(an_attached_process_stops, WHY) {
    sleeper();
    SHOW(ptrace(PTRACE_ATTACH, tracee, 0, 0));
    SHOW(ptrace(PTRACE_ATTACH, tracee, 0, 0));
    show_wait(0);
    SHOW(ptrace(PTRACE_DETACH, tracee, 0, 0));
    SHOW(ptrace(PTRACE_DETACH, tracee, 0, 0));
    show_wait(WNOHANG);
    kill(tracee, SIGKILL);
    show_wait(0);
}

NATIVE(a_seized_process_goes_on, WHY) {
    sleeper();
    SHOW(ptrace(PTRACE_SEIZE, tracee, 1, 0));
    SHOW(ptrace(PTRACE_SEIZE, tracee, 0, 0x40000000));
    SHOW(ptrace(PTRACE_SEIZE, tracee, 0, 0));
    show_wait(WNOHANG);
    SHOW(ptrace(PTRACE_CONT, tracee, 0, 0));
    SHOW(ptrace(PTRACE_INTERRUPT, tracee, 0, 0));
    show_wait(0);
    SHOW(ptrace(PTRACE_CONT, tracee, 0, 0));
    kill(tracee, SIGUSR1);
    show_wait(0);
    SHOW(ptrace(PTRACE_DETACH, tracee, 0, 0));
    kill(tracee, SIGKILL);
    show_wait(0);
}

NATIVE(a_seized_process_listens_while_its_group_is_stopped, WHY) {
    sleeper();
    NEED(ptrace(PTRACE_SEIZE, tracee, 0, 0));
    kill(tracee, SIGSTOP);
    show_wait(0);
    NEED(ptrace(PTRACE_CONT, tracee, 0, SIGSTOP));
    show_wait(0);
    SHOW(ptrace(PTRACE_LISTEN, tracee, 0, 0));
    SHOW(ptrace(PTRACE_CONT, tracee, 0, 0));
    kill(tracee, SIGCONT);
    show_wait(0);
    kill(tracee, SIGKILL);
    show_wait(0);
}

static void stops_itself(void) {
    raise(SIGSTOP);
    _exit(4);
}
// As strace starts a program.
NATIVE(a_listener_is_told_of_a_continuation_that_came_before, WHY) {
    tracee = child_of(stops_itself);
    NEED(waitpid(tracee, NULL, WUNTRACED));
    SHOW(ptrace(PTRACE_SEIZE, tracee, 0, 0));
    SHOW(ptrace(PTRACE_INTERRUPT, tracee, 0, 0));
    kill(tracee, SIGCONT);
    show_wait(0);
    SHOW(ptrace(PTRACE_LISTEN, tracee, 0, 0));
    show_wait(0);
    SHOW(ptrace(PTRACE_CONT, tracee, 0, 0));
    show_wait(0);
    SHOW(ptrace(PTRACE_CONT, tracee, 0, SIGCONT));
    show_wait(0);
}

NATIVE(requests_need_a_tracee_that_stands_still, WHY) {
    SHOW(ptrace(PTRACE_CONT, getpid(), 0, 0));
    SHOW(ptrace(PTRACE_CONT, 4194303, 0, 0));
    SHOW(ptrace(PTRACE_ATTACH, 4194303, 0, 0));
    SHOW(ptrace(PTRACE_ATTACH, getpid(), 0, 0));
    sleeper();
    SHOW(ptrace(PTRACE_CONT, tracee, 0, 0));
    SHOW(ptrace(PTRACE_INTERRUPT, tracee, 0, 0));
    NEED(ptrace(PTRACE_ATTACH, tracee, 0, 0));
    show_wait(0);
    SHOW(ptrace(PTRACE_INTERRUPT, tracee, 0, 0));
    SHOW(ptrace(PTRACE_LISTEN, tracee, 0, 0));
    SHOW(ptrace(PTRACE_CONT, tracee, 0, 1000));
    SHOW(ptrace(PTRACE_SETOPTIONS, tracee, 0, 0x8000000));
    SHOW(ptrace((enum __ptrace_request)77, tracee, 0, 0));
    SHOW(ptrace(PTRACE_KILL, tracee, 0, 0));
    show_wait(0);
}

static void attaches_to_the_parent(void) {
    SHOW(ptrace(PTRACE_ATTACH, getppid(), 0, 0));
    SHOW(ptrace(PTRACE_SEIZE, getppid(), 0, 0));
    SHOW(kill(getppid(), 0));
}
NATIVE(a_user_does_not_trace_root, WHY) {
    AS_USER(attaches_to_the_parent);
}

NATIVE(the_mask_of_a_tracee_is_read_and_set, WHY) {
    uint64_t mask = 0;
    start(does_nothing);
    SHOW(ptrace((enum __ptrace_request)0x420a, tracee, 8, &mask));
    SHOW((long)mask);
    mask = 1 << (SIGUSR1 - 1);
    SHOW(ptrace((enum __ptrace_request)0x420b, tracee, 8, &mask));
    mask = 0;
    SHOW(ptrace((enum __ptrace_request)0x420a, tracee, 8, &mask));
    SHOW((long)mask);
    SHOW(ptrace((enum __ptrace_request)0x420a, tracee, 4, &mask));
    kill(tracee, SIGKILL);
    show_wait(0);
}

static void steps(void) {
    for (;;) ++word;
}
NATIVE(a_step_ends_in_sigtrap, WHY) {
    siginfo_t info;
    start(steps);
    SHOW(ptrace(PTRACE_SINGLESTEP, tracee, 0, 0));
    show_wait(0);
    NEED(ptrace(PTRACE_SINGLESTEP, tracee, 0, 0));
    show_wait(0);
    SHOW(ptrace(PTRACE_GETSIGINFO, tracee, 0, &info));
    SHOW(info.si_signo);
    kill(tracee, SIGKILL);
    show_wait(0);
}

NATIVE(registers_are_moved_in_sets, WHY) {
    static char bytes[2000];
    struct iovec part = {bytes, sizeof bytes};
    start(does_nothing);
    SHOW(ptrace(PTRACE_GETREGSET, tracee, NT_PRSTATUS, &part));
    SHOW(part.iov_len > 100 && part.iov_len < sizeof bytes);
    SHOW(ptrace(PTRACE_SETREGSET, tracee, NT_PRSTATUS, &part));
    part.iov_len = 16;
    SHOW(ptrace(PTRACE_GETREGSET, tracee, NT_PRSTATUS, &part));
    SHOW(part.iov_len);
    part.iov_len = 5;
    SHOW(ptrace(PTRACE_GETREGSET, tracee, NT_PRSTATUS, &part));
    part.iov_len = sizeof bytes;
    SHOW(ptrace(PTRACE_GETREGSET, tracee, NT_PRFPREG, &part));
    SHOW(ptrace(PTRACE_GETREGSET, tracee, 0x7777, &part));
    SHOW(ptrace(PTRACE_GETREGSET, tracee, NT_PRSTATUS, 8));
    kill(tracee, SIGKILL);
    show_wait(0);
}

NATIVE(queued_signals_are_peeked, WHY) {
    struct __ptrace_peeksiginfo_args args = {.off = 0, .flags = 1, .nr = 4};
    siginfo_t infos[4];
    start(does_nothing);
    kill(tracee, SIGUSR2);
    SHOW(ptrace(PTRACE_PEEKSIGINFO, tracee, &args, infos));
    SHOW(infos[0].si_signo);
    args.flags = 0;
    SHOW(ptrace(PTRACE_PEEKSIGINFO, tracee, &args, infos));
    args.flags = 4;
    SHOW(ptrace(PTRACE_PEEKSIGINFO, tracee, &args, infos));
    args.flags = 0;
    args.nr = -1;
    SHOW(ptrace(PTRACE_PEEKSIGINFO, tracee, &args, infos));
    kill(tracee, SIGKILL);
    show_wait(0);
}

static void traces_and_leaves(void) {
    NEED(ptrace(PTRACE_ATTACH, tracee, 0, 0));
    NEED(waitpid(tracee, NULL, __WALL));
}
NATIVE(a_tracee_outlives_its_tracer, WHY) {
    sleeper();
    IN_CHILD(traces_and_leaves);
    until_asleep(tracee);
    show_wait(WNOHANG);
    kill(tracee, SIGKILL);
    show_wait(0);
}

static void traces_for_life(void) {
    NEED(ptrace(PTRACE_SEIZE, tracee, 0, PTRACE_O_EXITKILL));
}
NATIVE(a_tracee_may_end_with_its_tracer, WHY) {
    sleeper();
    IN_CHILD(traces_for_life);
    show_wait(0);
}

NATIVE(the_status_names_the_tracer, WHY) {
    char name[40], text[4000] = "";
    start(does_nothing);
    sprintf(name, "/proc/%d/status", tracee);
    NEED(read((int)NEED(open(name, O_RDONLY)), text, sizeof text - 1));
    SHOW(strstr(text, "State:\tt (tracing stop)") != NULL);
    const char* line = strstr(text, "TracerPid:\t");
    SHOW(line != NULL && atoi(line + 11) == getpid());
    kill(tracee, SIGKILL);
    show_wait(0);
}

NATIVE(waitid_tells_of_a_trap, WHY) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    tracee = (pid_t)NEED(fork());
    if (tracee == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGUSR1);
        _exit(0);
    }
    SHOW(waitid(P_PID, (id_t)tracee, &info, WSTOPPED | WNOWAIT));
    SHOW(info.si_code == CLD_TRAPPED);
    SHOW(info.si_status);
    SHOW(waitid(P_PID, (id_t)tracee, &info, WSTOPPED));
    SHOW(waitid(P_PID, (id_t)tracee, &info, WSTOPPED | WNOHANG));
    kill(tracee, SIGKILL);
    show_wait(0);
}

NATIVE(the_memory_file_of_a_tracee_is_written, WHY) {
    char name[40];
    const long nine = 9;
    start(exits_by_word);
    sprintf(name, "/proc/%d/mem", tracee);
    SHOW(pwrite((int)NEED(open(name, O_RDWR)), &nine, sizeof nine, (off_t)(uintptr_t)&word));
    NEED(ptrace(PTRACE_CONT, tracee, 0, 0));
    show_wait(0);
}
