// SPDX-License-Identifier: GPL-2.0-or-later
// Landlock: ports of TCP, abstract AF_UNIX sockets, signals, and other processes.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "behaviour.h"
#include "landlock_steps.h"

static void restrict_ports(uint64_t handled, unsigned port, uint64_t allowed) {
    const int ruleset = ruleset_of(0, handled, 0);
    if (allowed != 0) allow_port(ruleset, port, allowed);
    enter_domain(ruleset);
}
static struct sockaddr_in of_lo(unsigned port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}
static int bind_to(int file, unsigned port) {
    const struct sockaddr_in address = of_lo(port);
    return bind(file, (const void*)&address, sizeof address);
}
static int connect_to(int file, unsigned port) {
    const struct sockaddr_in address = of_lo(port);
    return connect(file, (const void*)&address, sizeof address);
}
static int tcp(void) {
    return (int)NEED(socket(AF_INET, SOCK_STREAM, 0));
}
static int listener(unsigned port) {
    const int file = tcp();
    NEED(bind_to(file, port));
    NEED(listen(file, 5));
    return file;
}

NATIVE(tcp_is_bound_to_the_rules_port_only, LACKS) {
    restrict_ports(BIND_TCP, 4000, BIND_TCP);
    SHOW(bind_to(tcp(), 4000));
    SHOW(bind_to(tcp(), 4001));
    SHOW(bind_to(tcp(), 0));
    SHOW(bind_to(tcp(), 80));
    SHOW(connect_to(tcp(), 4002));
    SHOW(listen(tcp(), 1));
    SHOW(bind_to((int)NEED(socket(AF_INET, SOCK_DGRAM, 0)), 4001));
}

NATIVE(tcp_is_connected_to_the_rules_port_only, LACKS) {
    listener(4000), listener(4001);
    restrict_ports(CONNECT_TCP, 4000, CONNECT_TCP);
    SHOW(connect_to(tcp(), 4000));
    SHOW(connect_to(tcp(), 4001));
    SHOW(connect_to(tcp(), 4002));
    SHOW(bind_to(tcp(), 4003));
    SHOW(connect_to((int)NEED(socket(AF_INET, SOCK_DGRAM, 0)), 4001));
}

NATIVE(a_rule_for_port_0_lets_the_kernel_choose, LACKS) {
    restrict_ports(BIND_TCP, 0, BIND_TCP);
    SHOW(bind_to(tcp(), 0));
    SHOW(bind_to(tcp(), 4000));
}

NATIVE(layers_must_all_allow_a_port, LACKS) {
    restrict_ports(BIND_TCP | CONNECT_TCP, 4000, BIND_TCP);
    SHOW(bind_to(tcp(), 4000));
    restrict_ports(BIND_TCP, 4001, BIND_TCP);
    SHOW(bind_to(tcp(), 4000));
    SHOW(bind_to(tcp(), 4001));
    SHOW(connect_to(tcp(), 4000));
}

NATIVE(an_address_of_another_family_is_judged_before_the_port, LACKS) {
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(4000)};
    struct sockaddr_in four = of_lo(4000);
    restrict_ports(BIND_TCP | CONNECT_TCP, 0, 0);
    const int of_six = (int)NEED(socket(AF_INET6, SOCK_STREAM, 0));
    SHOW(bind(of_six, (const void*)&six, sizeof six));
    SHOW(bind(of_six, (const void*)&four, sizeof four));
    SHOW(connect(of_six, (const void*)&four, sizeof four));
    SHOW(bind(tcp(), (const void*)&six, sizeof six));
    SHOW(connect(tcp(), (const void*)&six, sizeof six));
    SHOW(bind(tcp(), (const void*)&four, 1));
    SHOW(bind(tcp(), (const void*)&four, 2));
    SHOW(bind(tcp(), (const void*)&four, 15));
    SHOW(bind(tcp(), (const void*)&four, 16));
    SHOW(bind(of_six, (const void*)&six, 23));
    SHOW(bind(of_six, (const void*)&six, 24));
    SHOW(connect(tcp(), (const void*)&four, 15));
    SHOW(bind(tcp(), (const void*)1, sizeof four));
    four.sin_family = AF_UNIX;
    SHOW(bind(tcp(), (const void*)&four, sizeof four));
    SHOW(connect(tcp(), (const void*)&four, sizeof four));
}

NATIVE(an_address_without_a_family_is_judged_by_the_call, LACKS) {
    struct sockaddr_in none = {.sin_family = AF_UNSPEC, .sin_port = htons(4000)};
    listener(4001);
    const int connected = tcp();
    NEED(connect_to(connected, 4001));
    restrict_ports(BIND_TCP | CONNECT_TCP, 0, 0);
    SHOW(bind(tcp(), (const void*)&none, sizeof none));
    SHOW(bind((int)NEED(socket(AF_INET6, SOCK_STREAM, 0)), (const void*)&none, sizeof none));
    SHOW(connect(connected, (const void*)&none, sizeof none));
    SHOW(connect_to(connected, 4001));
    none.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SHOW(bind(tcp(), (const void*)&none, sizeof none));
}

// --- abstract sockets

static struct sockaddr_un abstract_name(const char* name, socklen_t* size) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path + 1, name);
    *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
    return address;
}
static int bind_name(int file, const char* name) {
    socklen_t size;
    const struct sockaddr_un address = abstract_name(name, &size);
    return bind(file, (const void*)&address, size);
}
static int connect_name(int type, const char* name) {
    socklen_t size;
    const struct sockaddr_un address = abstract_name(name, &size);
    return connect((int)NEED(socket(AF_UNIX, type, 0)), (const void*)&address, size);
}
static int served(int type, const char* name) {
    const int file = (int)NEED(socket(AF_UNIX, type, 0));
    NEED(bind_name(file, name));
    if (type != SOCK_DGRAM) NEED(listen(file, 5));
    return file;
}

NATIVE(an_abstract_name_outside_the_scope_is_not_reached, LACKS) {
    served(SOCK_STREAM, "stream"), served(SOCK_SEQPACKET, "packets"),
        served(SOCK_DGRAM, "datagrams");
    NEED(bind_name((int)NEED(socket(AF_UNIX, SOCK_STREAM, 0)), "deaf"));
    restrict_scope(SCOPE_ABSTRACT);
    SHOW(connect_name(SOCK_STREAM, "stream"));
    SHOW(connect_name(SOCK_SEQPACKET, "packets"));
    SHOW(connect_name(SOCK_DGRAM, "datagrams"));
    SHOW(connect_name(SOCK_STREAM, "deaf"));
    SHOW(connect_name(SOCK_STREAM, "absent"));
    SHOW(connect_name(SOCK_DGRAM, "stream"));
}

NATIVE(an_abstract_name_inside_the_scope_is_reached, LACKS) {
    restrict_scope(SCOPE_ABSTRACT);
    served(SOCK_STREAM, "stream"), served(SOCK_DGRAM, "datagrams");
    SHOW(connect_name(SOCK_STREAM, "stream"));
    SHOW(connect_name(SOCK_DGRAM, "datagrams"));
    restrict_scope(SCOPE_ABSTRACT);
    SHOW(connect_name(SOCK_STREAM, "stream"));
}

static void serve_below(void) {
    restrict_scope(SCOPE_ABSTRACT);
    served(SOCK_STREAM, "below");
    pause();
}
NATIVE(an_abstract_name_of_a_domain_below_is_reached, LACKS) {
    restrict_scope(SCOPE_ABSTRACT);
    const pid_t child = child_of(serve_below);
    for (int i = 0; i < 200 && connect_name(SOCK_STREAM, "below") < 0; ++i) sleep_ms(10);
    SHOW(connect_name(SOCK_STREAM, "below"));
    NEED(kill(child, SIGKILL));
}

NATIVE(the_scope_that_counts_is_the_last_layers, LACKS) {
    restrict_scope(SCOPE_SIGNAL);
    served(SOCK_STREAM, "stream");
    enter_domain(ruleset_of(MAKE_SOCK, 0, 0));
    SHOW(connect_name(SOCK_STREAM, "stream"));
    restrict_scope(SCOPE_ABSTRACT);
    SHOW(connect_name(SOCK_STREAM, "stream"));
    served(SOCK_STREAM, "own");
    enter_domain(ruleset_of(MAKE_SOCK, 0, 0));
    SHOW(connect_name(SOCK_STREAM, "own"));
}

NATIVE(a_datagram_is_sent_where_the_socket_was_connected_before, LACKS) {
    socklen_t size;
    const struct sockaddr_un address = abstract_name("datagrams", &size);
    const struct sockaddr_un second = abstract_name("second", &size);
    socklen_t first_size;
    abstract_name("datagrams", &first_size);
    served(SOCK_DGRAM, "datagrams"), served(SOCK_DGRAM, "second");
    const int connected = (int)NEED(socket(AF_UNIX, SOCK_DGRAM, 0)),
              other = (int)NEED(socket(AF_UNIX, SOCK_DGRAM, 0));
    NEED(connect(connected, (const void*)&address, first_size));
    restrict_scope(SCOPE_ABSTRACT);
    SHOW(send(connected, "x", 1, 0));
    SHOW(write(connected, "x", 1));
    SHOW(sendto(connected, "x", 1, 0, (const void*)&address, first_size));
    SHOW(sendto(connected, "x", 1, 0, (const void*)&second, size));
    SHOW(sendto(other, "x", 1, 0, (const void*)&address, first_size));
}

NATIVE(a_socket_has_the_domain_of_its_making, LACKS) {
    const int file = (int)NEED(socket(AF_UNIX, SOCK_STREAM, 0));
    restrict_scope(SCOPE_ABSTRACT);
    NEED(bind_name(file, "stream"));
    NEED(listen(file, 5));
    SHOW(connect_name(SOCK_STREAM, "stream"));
}

NATIVE(a_path_of_a_socket_is_in_no_scope, LACKS) {
    const struct sockaddr_un address = {AF_UNIX, "socket"};
    const int file = (int)NEED(socket(AF_UNIX, SOCK_STREAM, 0));
    NEED(bind(file, (const void*)&address, sizeof address));
    NEED(listen(file, 5));
    restrict_scope(SCOPE_ABSTRACT);
    SHOW(
        connect((int)NEED(socket(AF_UNIX, SOCK_STREAM, 0)), (const void*)&address, sizeof address));
}

// --- signals

NATIVE(a_signal_does_not_leave_the_scope, LACKS) {
    const pid_t other = paused_child();
    restrict_scope(SCOPE_SIGNAL);
    SHOW(kill(other, 0));
    SHOW(kill(other, SIGTERM));
    SHOW(kill(other, SIGCONT));
    SHOW(syscall(SYS_tkill, other, SIGTERM));
    SHOW(syscall(SYS_tgkill, other, other, 0));
    SHOW(kill(other, 77));
    SHOW(kill(getppid(), 0));
    const int file = (int)NEED(syscall(SYS_pidfd_open, other, 0));
    SHOW(syscall(SYS_pidfd_send_signal, file, 0, NULL, 0));
    siginfo_t info = {.si_code = SI_QUEUE};
    SHOW(syscall(SYS_rt_sigqueueinfo, other, SIGTERM, &info));
}

NATIVE(a_signal_inside_the_scope_is_sent, LACKS) {
    restrict_scope(SCOPE_SIGNAL);
    const pid_t child = paused_child();
    SHOW(kill(getpid(), 0));
    SHOW(raise(0));
    SHOW(kill(child, 0));
    restrict_scope(SCOPE_ABSTRACT);
    SHOW(kill(child, SIGTERM));
    show_end("child", child);
}

NATIVE(other_rules_hold_no_signal_back, LACKS) {
    const pid_t other = paused_child();
    restrict_scope(SCOPE_ABSTRACT);
    enter_domain(ruleset_of(0xffff, BIND_TCP | CONNECT_TCP, 0));
    SHOW(kill(other, SIGTERM));
    show_end("child", other);
}

static void restricted_child(void) {
    restrict_scope(SCOPE_SIGNAL);
    pause();
}
NATIVE(a_scoped_process_takes_signals_from_outside, LACKS) {
    const pid_t child = child_of(restricted_child);
    until_asleep(child);
    SHOW(kill(child, SIGTERM));
    show_end("child", child);
}

static pid_t signalled;
static void* signal_from_thread(void* unused) {
    restrict_scope(SCOPE_SIGNAL);
    SHOW(kill(getpid(), 0));
    SHOW(syscall(SYS_tgkill, getpid(), getpid(), 0));
    SHOW(kill(signalled, 0));
    return unused;
}
NATIVE(a_scoped_thread_signals_its_own_process, LACKS) {
    pthread_t thread;
    signalled = paused_child();
    NEED(pthread_create(&thread, NULL, signal_from_thread, NULL));
    pthread_join(thread, NULL);
    SHOW(kill(signalled, 0));
}

NATIVE(a_group_is_signalled_inside_the_scope_only, LACKS) {
    const pid_t outside = paused_child();
    restrict_scope(SCOPE_SIGNAL);
    const pid_t inside = paused_child();
    NEED(signal(SIGTERM, SIG_IGN) == SIG_ERR ? -1 : 0);
    SHOW(kill(0, SIGTERM));
    show_end("inside", inside);
    SHOW(waitpid(outside, NULL, WNOHANG));
    SHOW(kill(-getpgrp(), 0));
}

static void own_pipe_and_wait(void) {
    pause();
}
NATIVE(an_owner_outside_the_scope_is_not_signalled, LACKS) {
    int pair[2];
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    const pid_t outside = child_of(own_pipe_and_wait), second = child_of(own_pipe_and_wait);
    until_asleep(outside), until_asleep(second);
    // Set before, it is judged as before.
    int early[2];
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, early));
    NEED(fcntl(early[0], F_SETOWN, second));
    NEED(fcntl(early[0], F_SETFL, O_ASYNC));
    restrict_scope(SCOPE_SIGNAL);
    SHOW(fcntl(pair[0], F_SETOWN, outside));
    SHOW(fcntl(pair[0], F_SETFL, O_ASYNC));
    NEED(write(pair[1], "x", 1));
    NEED(write(early[1], "x", 1));
    show_end("second", second);
    SHOW(waitpid(outside, NULL, WNOHANG));
}

NATIVE(an_owner_inside_the_scope_is_signalled, LACKS) {
    int pair[2];
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    restrict_scope(SCOPE_SIGNAL);
    const pid_t child = child_of(own_pipe_and_wait);
    until_asleep(child);
    NEED(fcntl(pair[0], F_SETOWN, child));
    NEED(fcntl(pair[0], F_SETFL, O_ASYNC));
    NEED(write(pair[1], "x", 1));
    show_end("child", child);
    count_signal(SIGIO, 0);
    NEED(fcntl(pair[0], F_SETOWN, getpid()));
    NEED(write(pair[1], "x", 1));
    SHOW(signals_taken);
}

// --- other processes

static void open_of(pid_t task, const char* file) {
    char name[60], what[60];
    snprintf(name, sizeof name, "/proc/%d/%s", (int)task, file);
    const int opened = open(name, O_RDONLY);
    snprintf(what, sizeof what, "%s%s", file, opened < 0 ? " is not opened" : " is opened");
    puts(what);
    if (opened < 0) puts(strerrorname_np(errno));
}
static long byte = 1;
static void look_into(pid_t task) {
    char text[100], name[40];
    long copy = 0;
    const struct iovec here = {&copy, sizeof copy}, there = {&byte, sizeof byte};
    SHOW(ptrace(PTRACE_SEIZE, task, 0, 0));
    SHOW(process_vm_readv(task, &here, 1, &there, 1, 0));
    SHOW(syscall(SYS_kcmp, getpid(), task, 1, 0, 0) >= 0);
    const int file = (int)NEED(syscall(SYS_pidfd_open, task, 0));
    SHOW(syscall(SYS_pidfd_getfd, file, 0, 0) >= 0);
    open_of(task, "mem"), open_of(task, "status"), open_of(task, "exe");
    snprintf(name, sizeof name, "/proc/%d/cwd", (int)task);
    SHOW(readlink(name, text, sizeof text) > 0);
}

NATIVE(a_process_outside_the_domain_is_not_looked_into, LACKS) {
    const pid_t other = paused_child();
    enter_domain(ruleset_of(0, BIND_TCP, 0));
    look_into(other);
}
// The superuser's kernel may tell what is mapped to whoever may monitor it.
static void look_into_as_a_user(void) {
    NEED(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
    const pid_t other = paused_child();
    enter_domain(ruleset_of(0, BIND_TCP, 0));
    open_of(other, "maps"), open_of(other, "environ"), open_of(other, "stat");
    const pid_t inside = paused_child();
    open_of(inside, "maps"), open_of(inside, "environ");
}
NATIVE(what_a_process_outside_the_domain_has_mapped_is_not_told, LACKS) {
    AS_USER(look_into_as_a_user);
}
NATIVE(a_process_inside_the_domain_is_looked_into, LACKS) {
    enter_domain(ruleset_of(0, BIND_TCP, 0));
    look_into(paused_child());
}
static void restrict_and_wait(void) {
    enter_domain(ruleset_of(0, BIND_TCP, 0));
    pause();
}
NATIVE(a_process_in_a_domain_below_is_looked_into, LACKS) {
    enter_domain(ruleset_of(0, BIND_TCP, 0));
    const pid_t child = child_of(restrict_and_wait);
    until_asleep(child);
    look_into(child);
}
NATIVE(a_process_of_another_domain_is_not_looked_into, LACKS) {
    const pid_t child = child_of(restrict_and_wait);
    until_asleep(child);
    enter_domain(ruleset_of(0, BIND_TCP, 0));
    SHOW(ptrace(PTRACE_SEIZE, child, 0, 0));
    open_of(child, "mem");
}
static void ask_to_be_traced(void) {
    SHOW(ptrace(PTRACE_TRACEME, 0, 0, 0));
}
static void restrict_and_ask(void) {
    enter_domain(ruleset_of(0, BIND_TCP, 0));
    ask_to_be_traced();
}
NATIVE(a_parent_traces_who_is_in_its_domain, LACKS) {
    IN_CHILD(restrict_and_ask);
    enter_domain(ruleset_of(0, BIND_TCP, 0));
    IN_CHILD(ask_to_be_traced);
    IN_CHILD(restrict_and_ask);
}

static int go[2];
static void ask_when_told(void) {
    char told;
    NEED(read(go[0], &told, 1));
    ask_to_be_traced();
}
NATIVE(a_parent_in_a_domain_does_not_trace_who_is_outside, LACKS) {
    NEED(pipe(go));
    const pid_t child = child_of(ask_when_told);
    enter_domain(ruleset_of(0, BIND_TCP, 0));
    NEED(write(go[1], "x", 1));
    show_end("child", child);
}
