// SPDX-License-Identifier: GPL-2.0-or-later
// userfaultfd: pages that a program gives itself.
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define LACKS "qemu-aarch64 has not this call"

#ifndef UFFDIO_POISON
struct uffdio_poison {
    struct uffdio_range range;
    __u64 mode;
    __s64 updated;
};
#define UFFDIO_POISON _IOWR(UFFDIO, 0x08, struct uffdio_poison)
#endif

#ifndef UFFDIO_MOVE
struct uffdio_move {
    __u64 dst, src, len, mode;
    __s64 move;
};
#define UFFDIO_MOVE _IOWR(UFFDIO, 0x05, struct uffdio_move)
#endif

enum { kPage = 4096 };

static long file_of(int flags) {
    return syscall(SYS_userfaultfd, flags);
}
static int agreed(unsigned long features) {
    struct uffdio_api api = {.api = UFFD_API, .features = features};
    const int fd = (int)NEED(file_of(O_CLOEXEC | O_NONBLOCK));
    NEED(ioctl(fd, UFFDIO_API, &api));
    return fd;
}
static char* memory(int pages) {
    return mmap(NULL, pages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static long enlist(int fd, char* at, int pages, unsigned long mode) {
    struct uffdio_register wanted = {.range = {(unsigned long)at, pages * kPage}, .mode = mode};
    return ioctl(fd, UFFDIO_REGISTER, &wanted);
}
static long copy(int fd, char* to, const char* from, int pages, unsigned long mode) {
    struct uffdio_copy wanted = {
        .dst = (unsigned long)to, .src = (unsigned long)from, .len = pages * kPage, .mode = mode};
    const long done = ioctl(fd, UFFDIO_COPY, &wanted);
    const int error = errno;
    printf("copied %ld\n", (long)wanted.copy);
    errno = error;
    return done;
}
static long zero(int fd, char* at, int pages) {
    struct uffdio_zeropage wanted = {.range = {(unsigned long)at, pages * kPage}};
    return ioctl(fd, UFFDIO_ZEROPAGE, &wanted);
}
static long protect(int fd, char* at, int pages, unsigned long mode) {
    struct uffdio_writeprotect wanted = {.range = {(unsigned long)at, pages * kPage}, .mode = mode};
    return ioctl(fd, UFFDIO_WRITEPROTECT, &wanted);
}
static long poison(int fd, char* at) {
    struct uffdio_poison wanted = {.range = {(unsigned long)at, kPage}};
    return ioctl(fd, UFFDIO_POISON, &wanted);
}

// --- who answers the faults

static int answered;
static char* base;
enum how { GIVE, ZERO, WAKE_LATER, UNPROTECT, POISON, CLOSE, RELEASE } how;

static void* answer(void* unused) {
    (void)unused;
    char* const page = memory(1);
    memset(page, 'x', kPage);
    struct pollfd ready = {answered, POLLIN, 0};
    NEED(poll(&ready, 1, 5000));
    struct uffd_msg message;
    NEED(read(answered, &message, sizeof message));
    printf("event %x flags %llx page %lld offset %lld\n", message.event,
           message.arg.pagefault.flags,
           ((long long)message.arg.pagefault.address - (long long)base) / kPage,
           message.arg.pagefault.address % kPage);
    char* const at = (char*)(message.arg.pagefault.address & -(unsigned long)kPage);
    struct uffdio_range range = {(unsigned long)at, kPage};
    switch (how) {
        case GIVE: SHOW(copy(answered, at, page, 1, 0)); break;
        case ZERO: SHOW(zero(answered, at, 1)); break;
        case WAKE_LATER:
            SHOW(copy(answered, at, page, 1, UFFDIO_COPY_MODE_DONTWAKE));
            SHOW(ioctl(answered, UFFDIO_WAKE, &range));
            break;
        case UNPROTECT:
            printf("before %d\n", *at);
            SHOW(protect(answered, at, 1, 0));
            break;
        case POISON: SHOW(poison(answered, at)); break;
        case CLOSE: close(answered); break;
        case RELEASE: SHOW(ioctl(answered, UFFDIO_UNREGISTER, &range)); break;
    }
    return NULL;
}
static pthread_t answering(int fd, enum how way, char* start) {
    pthread_t thread;
    answered = fd, how = way, base = start;
    NEED(pthread_create(&thread, NULL, answer, NULL));
    return thread;
}

// A read of a missing page, answered so.
static void show_answered_read(enum how how_answered) {
    const int fd = agreed(0);
    char* const at = memory(1);
    NEED(enlist(fd, at, 1, UFFDIO_REGISTER_MODE_MISSING));
    const pthread_t other = answering(fd, how_answered, at);
    const char got = *(volatile char*)at;
    pthread_join(other, NULL);
    SHOW(got);
}

NATIVE(a_missing_page_is_given_by_another_thread, LACKS) {
    const int fd = agreed(0);
    char* const at = memory(4);
    SHOW(enlist(fd, at, 4, UFFDIO_REGISTER_MODE_MISSING));
    const pthread_t other = answering(fd, GIVE, at);
    volatile char* const read_here = at + 2 * kPage + 77;
    const char got = *read_here;
    pthread_join(other, NULL);
    SHOW(got);
    SHOW(at[2 * kPage]);
}
NATIVE(a_write_to_a_missing_page_is_told_as_one, LACKS) {
    const int fd = agreed(0);
    char* const at = memory(4);
    NEED(enlist(fd, at, 4, UFFDIO_REGISTER_MODE_MISSING));
    const pthread_t other = answering(fd, ZERO, at);
    ((volatile char*)at)[kPage] = 'w';
    pthread_join(other, NULL);
    SHOW(at[kPage]);
    SHOW(at[kPage + 1]);
}
NATIVE(a_page_may_be_given_without_a_wake, LACKS) {
    show_answered_read(WAKE_LATER);
}
NATIVE(a_call_of_the_kernel_waits_for_a_page_too, LACKS) {
    const int fd = agreed(0);
    char* const at = memory(2);
    int ends[2];
    NEED(pipe(ends));
    NEED(enlist(fd, at, 2, UFFDIO_REGISTER_MODE_MISSING));
    const pthread_t other = answering(fd, GIVE, at);
    const long wrote = write(ends[1], at + kPage + 5, 3);
    pthread_join(other, NULL);
    SHOW(wrote);
    char text[4] = "";
    SHOW(read(ends[0], text, 3));
    puts(text);
}
NATIVE(a_file_of_user_mode_lets_the_kernel_fail, LACKS) {
    struct uffdio_api api = {.api = UFFD_API};
    const int fd = (int)NEED(file_of(O_NONBLOCK | UFFD_USER_MODE_ONLY));
    NEED(ioctl(fd, UFFDIO_API, &api));
    char* const at = memory(1);
    int ends[2];
    NEED(pipe(ends));
    NEED(enlist(fd, at, 1, UFFDIO_REGISTER_MODE_MISSING));
    SHOW(write(ends[1], at, 3));
    SHOW(read(fd, &api, sizeof(struct uffd_msg)));
}
NATIVE(the_end_of_the_file_lets_those_go_on_who_wait, LACKS) {
    show_answered_read(CLOSE);
}
NATIVE(the_end_of_the_registration_lets_those_go_on_who_wait, LACKS) {
    show_answered_read(RELEASE);
}
NATIVE(a_write_to_a_protected_page_is_asked_for, LACKS) {
    const int fd = agreed(UFFD_FEATURE_PAGEFAULT_FLAG_WP);
    char* const at = memory(2);
    memset(at, 1, 2 * kPage);
    SHOW(enlist(fd, at, 2, UFFDIO_REGISTER_MODE_WP));
    SHOW(protect(fd, at, 2, UFFDIO_WRITEPROTECT_MODE_WP));
    SHOW(at[kPage]);
    const pthread_t other = answering(fd, UNPROTECT, at);
    ((volatile char*)at)[kPage] = 9;
    pthread_join(other, NULL);
    SHOW(at[kPage]);
    SHOW(at[0]);
}
NATIVE(pages_may_be_given_protected, LACKS) {
    const int fd = agreed(UFFD_FEATURE_PAGEFAULT_FLAG_WP);
    char *const at = memory(1), *const from = memory(1);
    memset(from, 3, kPage);
    NEED(enlist(fd, at, 1, UFFDIO_REGISTER_MODE_WP | UFFDIO_REGISTER_MODE_MISSING));
    SHOW(copy(fd, at, from, 1, UFFDIO_COPY_MODE_WP));
    SHOW(at[5]);
    const pthread_t other = answering(fd, UNPROTECT, at);
    ((volatile char*)at)[5] = 9;
    pthread_join(other, NULL);
    SHOW(at[5]);
}

static int shows_code = 1;
static sigjmp_buf back;
static void on_bus(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)context;
    printf("SIGBUS code %d\n", shows_code ? info->si_code : -1);
    siglongjmp(back, 1);
}
static void catch_bus(void) {
    struct sigaction action = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO};
    sigaction(SIGBUS, &action, NULL);
}
NATIVE(a_fault_may_be_a_signal_in_place_of_a_question, LACKS) {
    const int fd = agreed(UFFD_FEATURE_SIGBUS);
    char* const at = memory(1);
    NEED(enlist(fd, at, 1, UFFDIO_REGISTER_MODE_MISSING));
    catch_bus();
    if (sigsetjmp(back, 1) == 0) printf("%d\n", *(volatile char*)at);
    SHOW(zero(fd, at, 1));
    SHOW(*(volatile char*)at);
}
NATIVE(a_poisoned_page_is_an_error_of_memory, LACKS) {
    const int fd = agreed(0);
    char* const at = memory(1);
    NEED(enlist(fd, at, 1, UFFDIO_REGISTER_MODE_MISSING));
    catch_bus();
    shows_code = 0;  // that of a machine with CONFIG_MEMORY_FAILURE is another one
    const pthread_t other = answering(fd, POISON, at);
    if (sigsetjmp(back, 1) == 0) printf("%d\n", *(volatile char*)at);
    pthread_join(other, NULL);
    SHOW(zero(fd, at, 1));
    SHOW(madvise(at, kPage, MADV_DONTNEED));
    SHOW(zero(fd, at, 1));
    SHOW(*(volatile char*)at);
}
NATIVE(a_child_has_no_registration, LACKS) {
    const int fd = agreed(0);
    char* const at = memory(1);
    NEED(enlist(fd, at, 1, UFFDIO_REGISTER_MODE_MISSING));
    const pid_t child = fork();
    if (child == 0) {
        // It has no registration, and finds zeros.
        _exit(*(volatile char*)at);
    }
    int status = 0;
    NEED(waitpid(child, &status, 0));
    show_status("child", status);
    const pthread_t other = answering(fd, GIVE, at);
    const char got = *(volatile char*)at;
    pthread_join(other, NULL);
    SHOW(got);
}
static void* after_signal(void* main_thread) {
    sleep_ms(100);
    pthread_kill(*(pthread_t*)main_thread, SIGUSR1);
    sleep_ms(100);
    printf("signals %d\n", signals_taken);
    return answer(NULL);
}
NATIVE(a_signal_is_handled_while_a_page_is_missing, LACKS) {
    const int fd = agreed(0);
    char* const at = memory(1);
    NEED(enlist(fd, at, 1, UFFDIO_REGISTER_MODE_MISSING));
    count_signal(SIGUSR1, 0);
    pthread_t self = pthread_self(), other;
    answered = fd, how = GIVE, base = at;
    NEED(pthread_create(&other, NULL, after_signal, &self));
    const char got = *(volatile char*)at;
    pthread_join(other, NULL);
    SHOW(got);
}
NATIVE(a_page_that_is_there_is_not_given_again, LACKS) {
    const int fd = agreed(0);
    char *const at = memory(4), *const from = memory(4);
    memset(from, 'a', 4 * kPage);
    at[2 * kPage] = 1;
    NEED(enlist(fd, at, 4, UFFDIO_REGISTER_MODE_MISSING));
    SHOW(copy(fd, at, from, 4, 0));
    SHOW(copy(fd, at, from, 1, 0));
    SHOW(zero(fd, at + 2 * kPage, 1));
    SHOW(at[kPage]);
    SHOW(at[2 * kPage]);
    SHOW(madvise(at, kPage, MADV_DONTNEED));
    SHOW(copy(fd, at, from, 1, 0));
}
NATIVE(the_version_is_agreed_first_and_once, LACKS) {
    struct uffdio_api api = {.api = UFFD_API};
    struct uffd_msg message;
    char* const at = memory(1);
    const int fd = (int)NEED(file_of(O_NONBLOCK));
    SHOW(enlist(fd, at, 1, UFFDIO_REGISTER_MODE_MISSING));
    SHOW(read(fd, &message, sizeof message));
    POLL(fd);
    api.api = 1;
    SHOW(ioctl(fd, UFFDIO_API, &api));
    SHOW(api.api);
    api = (struct uffdio_api){.api = UFFD_API, .features = 1ul << 60};
    SHOW(ioctl(fd, UFFDIO_API, &api));
    SHOW(api.features);
    api = (struct uffdio_api){.api = UFFD_API};
    SHOW(ioctl(fd, UFFDIO_API, &api));
    SHOW(api.ioctls == (1ul << 0 | 1ul << 1 | 1ul << 0x3f));
    api = (struct uffdio_api){.api = UFFD_API};
    SHOW(ioctl(fd, UFFDIO_API, &api));
    POLL(fd);
    SHOW(read(fd, &message, sizeof message));
    SHOW(read(fd, &message, 8));
    SHOW(write(fd, &message, 8));
    SHOW(ioctl(fd, 0x1234, &message));
}
NATIVE(ranges_and_modes_of_a_registration_are_checked, LACKS) {
    const int fd = agreed(0), other = agreed(0);
    char* const at = memory(4);
    SHOW(enlist(fd, at, 1, 0));
    SHOW(enlist(fd, at, 1, 64));
    SHOW(enlist(fd, at + 1, 1, UFFDIO_REGISTER_MODE_MISSING));
    SHOW(enlist(fd, at, 0, UFFDIO_REGISTER_MODE_MISSING));
    munmap(at + 2 * kPage, kPage);
    SHOW(enlist(fd, at + 2 * kPage, 1, UFFDIO_REGISTER_MODE_MISSING));
    SHOW(enlist(fd, at, 4, UFFDIO_REGISTER_MODE_MISSING));
    SHOW(enlist(other, at, 1, UFFDIO_REGISTER_MODE_MISSING));
    SHOW(zero(other, at, 1));
    SHOW(zero(fd, at + kPage, 2));
    SHOW(zero(fd, at + kPage, 1));
    SHOW(protect(fd, at, 1, UFFDIO_WRITEPROTECT_MODE_WP));
    SHOW(copy(fd, at, at + kPage, 1, 64));
    SHOW(copy(fd, at, (char*)1, 1, 0));
    SHOW(copy(fd, at + 5, at + kPage, 1, 0));
}
NATIVE(a_file_that_blocks_cannot_be_polled, LACKS) {
    struct uffdio_api api = {.api = UFFD_API};
    const int fd = (int)NEED(file_of(0));
    NEED(ioctl(fd, UFFDIO_API, &api));
    POLL(fd);
    SHOW(fcntl(fd, F_GETFL) & O_ACCMODE);
    SHOW(file_of(4));
}
static void open_as_user(void) {
    SHOW(file_of(0));
    SHOW(file_of(UFFD_USER_MODE_ONLY) >= 0);
}
NATIVE(a_user_may_only_have_faults_of_user_mode, LACKS) {
    AS_USER(open_as_user);
}
NATIVE(what_has_moved_is_registered_no_more, LACKS) {
    const int fd = agreed(0);
    char* const at = memory(2);
    NEED(enlist(fd, at, 2, UFFDIO_REGISTER_MODE_MISSING));
    char* const room = memory(2);
    char* const moved = mremap(at, 2 * kPage, 2 * kPage, MREMAP_MAYMOVE | MREMAP_FIXED, room);
    SHOW(moved == room);
    SHOW(*(volatile char*)moved);
    SHOW(zero(fd, moved, 1));
}

static long move(int fd, char* to, char* from, int pages, unsigned long mode) {
    struct uffdio_move wanted = {(unsigned long)to, (unsigned long)from, pages * kPage, mode, 77};
    const long done = ioctl(fd, UFFDIO_MOVE, &wanted);
    const int error = errno;
    printf("moved %ld\n", (long)wanted.move);
    errno = error;
    return done;
}
NATIVE(pages_are_moved_to_where_they_are_missing, LACKS) {
    const int fd = agreed(0);
    char *const at = memory(4), *const from = memory(4);
    NEED(enlist(fd, at, 4, UFFDIO_REGISTER_MODE_MISSING));
    memset(from, 'm', 2 * kPage);
    SHOW(move(fd, at, from, 2, 0));
    SHOW(at[0] == 'm' && at[2 * kPage - 1] == 'm');
    SHOW(from[0]);
    SHOW(move(fd, at + 2 * kPage, from + 2 * kPage, 1, 0));
    SHOW(move(fd, at + 2 * kPage, from + 2 * kPage, 1, 2));
    from[3 * kPage] = 'n';
    SHOW(move(fd, at + 2 * kPage, from + 2 * kPage, 2, 2));
    SHOW(at[3 * kPage]);
    from[0] = 'o';
    SHOW(move(fd, at, from, 1, 0));
    at[0] = 'p';
    SHOW(at[0]);
}
NATIVE(what_may_not_be_moved, LACKS) {
    const int fd = agreed(0);
    char *const at = memory(2), *const from = memory(2), *const other = memory(1);
    NEED(enlist(fd, at, 2, UFFDIO_REGISTER_MODE_MISSING));
    from[0] = from[kPage] = 'm';
    SHOW(move(fd, at, from, 1, 4));
    SHOW(move(fd, at, from + 1, 1, 0));
    SHOW(move(fd, at, from, 0, 0));
    SHOW(move(fd, other, from, 1, 0));
    NEED(mprotect(from, kPage, PROT_READ));
    SHOW(move(fd, at, from, 1, 0));
    NEED(mprotect(from, kPage, PROT_READ | PROT_WRITE));
    const pid_t child = paused_child();
    SHOW(move(fd, at, from, 1, 0));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}
