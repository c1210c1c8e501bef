// SPDX-License-Identifier: GPL-2.0-or-later
// Landlock's calls: rulesets, their rules and layers of domains.
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "behaviour.h"
#include "landlock_steps.h"

DOCUMENTED(the_version_is_asked_without_attributes,
           "landlock.rst, Previous limitations: IPC scoping (ABI < 6), of Linux 6.12",
           "create_ruleset(NULL, 0, 1) = 6\n") {
    SHOW(create_ruleset(NULL, 0, 1));
}

NATIVE(a_question_of_the_version_has_no_attributes, LACKS) {
    const struct ruleset_attr attr = {READ_FILE, 0, 0};
    SHOW(create_ruleset(&attr, 0, 1));
    SHOW(create_ruleset(NULL, sizeof attr, 1));
    SHOW(create_ruleset(&attr, sizeof attr, 1));
    SHOW(create_ruleset(NULL, 0, 0x80000001));
    SHOW(create_ruleset(NULL, 0, 0x40));
    SHOW(create_ruleset(&attr, sizeof attr, 0x40));
}

NATIVE(attributes_have_a_least_and_a_most_size, LACKS) {
    static uint64_t words[1024];
    words[0] = READ_FILE;
    SHOW(create_ruleset(NULL, 8, 0));
    SHOW(create_ruleset(NULL, 0, 0));
    SHOW(create_ruleset(words, 0, 0));
    SHOW(create_ruleset(words, 7, 0));
    SHOW(create_ruleset(words, 8, 0) >= 0);
    SHOW(create_ruleset(words, 9, 0) >= 0);
    SHOW(create_ruleset(words, 16, 0) >= 0);
    SHOW(create_ruleset(words, 24, 0) >= 0);
    SHOW(create_ruleset(words, 4096, 0) >= 0);
    SHOW(create_ruleset(words, 4097, 0));
    SHOW(create_ruleset((void*)1, 8, 0));
}

NATIVE(attributes_that_the_kernel_does_not_know_must_be_zero, LACKS) {
    static uint64_t words[1024];
    words[0] = READ_FILE;
    words[511] = 1;
    SHOW(create_ruleset(words, 4096, 0));
    SHOW(create_ruleset(words, 4088, 0) >= 0);
}

NATIVE(a_ruleset_handles_something_that_is_known, LACKS) {
    struct ruleset_attr attr = {0, 0, 0};
    SHOW(create_ruleset(&attr, sizeof attr, 0));
    attr.files = 1ull << 60;
    SHOW(create_ruleset(&attr, sizeof attr, 0));
    attr = (struct ruleset_attr){READ_FILE, 1ull << 60, 0};
    SHOW(create_ruleset(&attr, sizeof attr, 0));
    attr = (struct ruleset_attr){READ_FILE, 0, 1ull << 60};
    SHOW(create_ruleset(&attr, sizeof attr, 0));
    attr = (struct ruleset_attr){0, BIND_TCP, 0};
    SHOW(create_ruleset(&attr, sizeof attr, 0) >= 0);
    SHOW(create_ruleset(&attr, 8, 0));
    attr = (struct ruleset_attr){0, 0, SCOPE_SIGNAL};
    SHOW(create_ruleset(&attr, sizeof attr, 0) >= 0);
    SHOW(create_ruleset(&attr, 16, 0));
}

NATIVE(a_ruleset_is_a_descriptor_without_data, LACKS) {
    char link[40], text[80] = "";
    const int ruleset = ruleset_of(READ_FILE, 0, 0);
    struct stat status;
    struct epoll_event event = {.events = EPOLLIN};
    SHOW(fcntl(ruleset, F_GETFD));
    SHOW(fcntl(ruleset, F_GETFL) & O_ACCMODE);
    SHOW(read(ruleset, text, 1));
    SHOW(write(ruleset, text, 1));
    SHOW(lseek(ruleset, 0, SEEK_SET));
    SHOW(fstat(ruleset, &status));
    printf("%o\n", status.st_mode);
    const int poll = (int)NEED(epoll_create1(0));
    SHOW(epoll_ctl(poll, EPOLL_CTL_ADD, ruleset, &event));
    snprintf(link, sizeof link, "/proc/self/fd/%d", ruleset);
    NEED(readlink(link, text, sizeof text - 1));
    puts(text);
    SHOW(mmap(NULL, 4096, PROT_READ, MAP_SHARED, ruleset, 0) == MAP_FAILED);
    SHOW(ftruncate(ruleset, 0));
}

NATIVE(errors_of_a_rule_in_their_order, LACKS) {
    struct path_rule rule = {READ_FILE, -1};
    int ends[2];
    const int ruleset = ruleset_of(READ_FILE, 0, 0);
    NEED(pipe(ends));
    SHOW(add_rule(-1, PATH_BENEATH, &rule, 1));
    SHOW(add_rule(-1, PATH_BENEATH, &rule, 0));
    SHOW(add_rule(ends[0], PATH_BENEATH, &rule, 0));
    SHOW(add_rule(ruleset, PATH_BENEATH, &rule, 1));
    SHOW(add_rule(ruleset, 0, &rule, 0));
    SHOW(add_rule(ruleset, 77, NULL, 0));
    SHOW(add_rule(ruleset, PATH_BENEATH, NULL, 0));
    SHOW(add_rule(ruleset, PATH_BENEATH, &rule, 0));
    rule.rights = 0;
    SHOW(add_rule(ruleset, PATH_BENEATH, &rule, 0));
    rule.rights = READ_FILE | WRITE_FILE;
    SHOW(add_rule(ruleset, PATH_BENEATH, &rule, 0));
    rule.rights = 1ull << 60;
    SHOW(add_rule(ruleset, PATH_BENEATH, &rule, 0));
}

static long rule_at(int ruleset, int parent, uint64_t rights) {
    const struct path_rule rule = {rights, parent};
    return add_rule(ruleset, PATH_BENEATH, &rule, 0);
}
NATIVE(a_rule_is_of_a_file_that_a_path_leads_to, LACKS) {
    int ends[2], pair[2];
    const int ruleset = ruleset_of(READ_FILE | READ_DIR, 0, 0);
    NEED(pipe(ends));
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    const int memory = (int)NEED(memfd_create("m", 0));
    const int space = (int)NEED(open("/proc/self/ns/uts", O_RDONLY));
    SHOW(rule_at(ruleset, ruleset, READ_FILE));
    SHOW(rule_at(ruleset, ends[0], READ_FILE));
    SHOW(rule_at(ruleset, pair[0], READ_FILE));
    SHOW(rule_at(ruleset, memory, READ_FILE));
    SHOW(rule_at(ruleset, space, READ_FILE));
    SHOW(rule_at(ruleset, (int)NEED(open("/proc/self/status", O_RDONLY)), READ_FILE));
    SHOW(rule_at(ruleset, (int)NEED(open("/dev/null", O_RDONLY)), READ_FILE));
}

NATIVE(a_rule_of_a_file_has_no_rights_of_directories, LACKS) {
    const int ruleset = ruleset_of(READ_FILE | READ_DIR | MAKE_REG | REFER | TRUNCATE, 0, 0);
    make_file("file", "text");
    const int file = (int)NEED(open("file", O_RDONLY));
    SHOW(rule_at(ruleset, file, READ_FILE | READ_DIR));
    SHOW(rule_at(ruleset, file, MAKE_REG));
    SHOW(rule_at(ruleset, file, REFER));
    SHOW(rule_at(ruleset, file, READ_FILE | TRUNCATE));
    SHOW(rule_at(ruleset, (int)NEED(open("file", O_PATH)), READ_FILE));
    SHOW(rule_at(ruleset, (int)NEED(open(".", O_PATH)), READ_DIR | MAKE_REG | REFER));
}

static long rule_of_port(int ruleset, uint64_t port, uint64_t rights) {
    const struct port_rule rule = {rights, port};
    return add_rule(ruleset, NET_PORT, &rule, 0);
}
NATIVE(errors_of_a_rule_for_a_port, LACKS) {
    const int ruleset = ruleset_of(READ_FILE, BIND_TCP, 0), files = ruleset_of(READ_FILE, 0, 0);
    SHOW(add_rule(ruleset, NET_PORT, NULL, 0));
    SHOW(rule_of_port(ruleset, 80, 0));
    SHOW(rule_of_port(ruleset, 80, CONNECT_TCP));
    SHOW(rule_of_port(ruleset, 65536, CONNECT_TCP));
    SHOW(rule_of_port(ruleset, 65536, BIND_TCP));
    SHOW(rule_of_port(ruleset, 65535, BIND_TCP));
    SHOW(rule_of_port(ruleset, 0, BIND_TCP));
    SHOW(rule_of_port(files, 80, BIND_TCP));
    SHOW(rule_at(ruleset, AT_FDCWD, READ_FILE));
}

static void restrict_as_a_user(void) {
    const int ruleset = ruleset_of(READ_FILE, 0, 0);
    SHOW(restrict_self(-1, 0x40));
    SHOW(restrict_self(ruleset, 0));
    SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    SHOW(restrict_self(-1, 0x40));
    SHOW(restrict_self(-1, 0));
    SHOW(restrict_self(1, 0));
    SHOW(restrict_self(ruleset, 0));
}
NATIVE(who_gains_no_privileges_may_restrict_itself, LACKS) {
    AS_USER(restrict_as_a_user);
}
NATIVE(the_superuser_restricts_itself_without_a_promise, LACKS) {
    SHOW(restrict_self(ruleset_of(READ_FILE, 0, 0), 0));
    SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

NATIVE(a_task_has_sixteen_layers_at_most, LACKS) {
    const int ruleset = ruleset_of(MAKE_SOCK, 0, 0);
    for (int i = 0; i < 15; ++i) NEED(restrict_self(ruleset, 0));
    SHOW(restrict_self(ruleset, 0));
    SHOW(restrict_self(ruleset, 0));
    SHOW(restrict_self(-1, 0));
    SHOW(create_ruleset(&(struct ruleset_attr){READ_FILE, 0, 0}, 24, 0) >= 0);
}

NATIVE(a_domain_has_the_rules_of_the_time_of_its_making, LACKS) {
    const int ruleset = ruleset_of(READ_FILE, 0, 0);
    make_file("a", "1");
    make_file("b", "2");
    allow(ruleset, "a", READ_FILE);
    NEED(restrict_self(ruleset, 0));
    allow(ruleset, "b", READ_FILE);
    show_file("a");
    show_file("b");
}

NATIVE(rules_for_one_file_are_joined, LACKS) {
    const int ruleset = ruleset_of(READ_FILE | WRITE_FILE, 0, 0);
    make_file("a", "1");
    allow(ruleset, "a", READ_FILE);
    allow(ruleset, "a", WRITE_FILE);
    enter_domain(ruleset);
    SHOW(may_open("a", O_RDWR));
}

NATIVE(layers_allow_what_all_of_them_allow, LACKS) {
    NEED(mkdir("d", 0755));
    make_file("d/a", "1");
    make_file("d/b", "2");
    restrict_files(READ_FILE, "d", READ_FILE);
    show_file("d/a");
    show_file("d/b");
    restrict_files(READ_FILE, "d/a", READ_FILE);
    show_file("d/a");
    show_file("d/b");
    restrict_files(WRITE_FILE, "d/b", WRITE_FILE);
    show_file("d/a");
    SHOW(may_open("d/a", O_WRONLY));
    SHOW(may_open("d/b", O_WRONLY));
}

static void read_a(void) {
    show_file("a");
}
NATIVE(children_inherit_the_domain, LACKS) {
    make_file("a", "1");
    restrict_files(READ_FILE, NULL, 0);
    IN_CHILD(read_a);
}

static void restrict_in_child(void) {
    restrict_files(READ_FILE, NULL, 0);
    show_file("a");
}
NATIVE(a_childs_domain_is_its_own, LACKS) {
    make_file("a", "1");
    IN_CHILD(restrict_in_child);
    show_file("a");
}

static void* restrict_in_thread(void* unused) {
    restrict_files(READ_FILE, NULL, 0);
    show_file("a");
    return unused;
}
NATIVE(a_threads_domain_is_its_own, LACKS) {
    pthread_t thread;
    make_file("a", "1");
    NEED(pthread_create(&thread, NULL, restrict_in_thread, NULL));
    pthread_join(thread, NULL);
    show_file("a");
}

static void* read_in_thread(void* unused) {
    show_file("a");
    return unused;
}
NATIVE(a_new_thread_inherits_its_makers_domain, LACKS) {
    pthread_t thread;
    make_file("a", "1");
    restrict_files(READ_FILE, NULL, 0);
    NEED(pthread_create(&thread, NULL, read_in_thread, NULL));
    pthread_join(thread, NULL);
}

NATIVE(a_ruleset_that_was_passed_on_restricts_too, LACKS) {
    make_file("a", "1");
    const int ruleset = ruleset_of(READ_FILE, 0, 0);
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        allow(ruleset, "a", READ_FILE);
        _exit(0);
    }
    NEED(waitpid(child, NULL, 0));
    enter_domain(ruleset);
    show_file("a");
}

NATIVE(a_restricted_task_may_still_change_its_ids, LACKS) {
    restrict_files(READ_FILE | WRITE_FILE | READ_DIR, NULL, 0);
    SHOW(setgid(1000));
    SHOW(setuid(1000));
    SHOW(may_open("/", O_RDONLY | O_DIRECTORY));
}
