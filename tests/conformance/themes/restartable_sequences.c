// SPDX-License-Identifier: GPL-2.0-or-later
// rseq: registration, and critical sections that are left by their abort handler.
#include <signal.h>
#include <stddef.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define NONE "qemu-aarch64 has no restartable sequences"
#define FIRST_SIZE 32

static long registered(void* area, unsigned length, int flags, unsigned signature) {
    return syscall(SYS_rseq, area, length, flags, signature);
}

// That of libc.
static struct rseq* own_area(void) {
    return (struct rseq*)((char*)__builtin_thread_pointer() + __rseq_offset);
}

static char room[256] __attribute__((aligned(64)));
#define ELSEWHERE ((struct rseq*)room)

NATIVE(the_area_tells_the_cpu, NONE) {
    SHOW(__rseq_size > 0);
    SHOW((int)own_area()->cpu_id >= 0);
    SHOW(own_area()->cpu_id == own_area()->cpu_id_start);
    SHOW(own_area()->flags);
    SHOW(own_area()->rseq_cs);
}

NATIVE(a_registration_is_made_once, NONE) {
    struct rseq* const area = own_area();
    SHOW(registered(area, FIRST_SIZE, 0, RSEQ_SIG));
    SHOW(registered(ELSEWHERE, FIRST_SIZE, 0, RSEQ_SIG));
    SHOW(registered(area, FIRST_SIZE, 0, 1));
    SHOW(registered(area, FIRST_SIZE, 2, RSEQ_SIG));
}

NATIVE(unregistering_wants_the_same_arguments, NONE) {
    struct rseq* const area = own_area();
    SHOW(registered(area, 2 * FIRST_SIZE, RSEQ_FLAG_UNREGISTER, RSEQ_SIG));
    SHOW(registered(ELSEWHERE, FIRST_SIZE, RSEQ_FLAG_UNREGISTER, RSEQ_SIG));
    SHOW(registered(area, FIRST_SIZE, RSEQ_FLAG_UNREGISTER, 1));
    SHOW(registered(area, FIRST_SIZE, RSEQ_FLAG_UNREGISTER, RSEQ_SIG));
    SHOW((int)area->cpu_id);
    SHOW(area->cpu_id_start);
    SHOW(registered(area, FIRST_SIZE, RSEQ_FLAG_UNREGISTER, RSEQ_SIG));
}

NATIVE(an_area_has_its_size_and_alignment, NONE) {
    NEED(registered(own_area(), FIRST_SIZE, RSEQ_FLAG_UNREGISTER, RSEQ_SIG));
    SHOW(registered(room + 1, FIRST_SIZE, 0, RSEQ_SIG));
    SHOW(registered(ELSEWHERE, FIRST_SIZE - 1, 0, RSEQ_SIG));
    SHOW(registered(ELSEWHERE, FIRST_SIZE / 2, 0, RSEQ_SIG));
    SHOW(registered((void*)0x1000, FIRST_SIZE, 0, RSEQ_SIG));
    SHOW(registered((void*)~0xfffUL, FIRST_SIZE, 0, RSEQ_SIG));
    SHOW(registered(NULL, FIRST_SIZE, 0, RSEQ_SIG));
    SHOW(registered(ELSEWHERE, FIRST_SIZE, 0, RSEQ_SIG));
    SHOW((int)ELSEWHERE->cpu_id >= 0);
}

static void register_again(void) {
    SHOW(registered(own_area(), FIRST_SIZE, 0, RSEQ_SIG));
}
NATIVE(a_forked_child_has_the_registration, NONE) {
    IN_CHILD(register_again);
}

// Counts until it is disturbed. The section is from 1 to 2; its abort handler, which the signature
// precedes, is 4.
#define TEXT(x) #x
#define STRING(x) TEXT(x)
#define SECTION                                        \
    ".pushsection .data.rseq_cs, \"aw\"\n.balign 32\n" \
    "3: .long 0, 0\n.quad 1f, 2f - 1f, 4f\n.popsection\n"
#if defined(__aarch64__)
#define SPIN_UNTIL_DISTURBED(signature)                                                  \
    __asm__ volatile(SECTION                                                             \
                     "adrp x9, 3b\nadd x9, x9, :lo12:3b\nstr x9, [%[area], #8]\n"        \
                     "1: ldr x9, [%[turns]]\nadd x9, x9, #1\nstr x9, [%[turns]]\nb 1b\n" \
                     "2: .inst " STRING(signature) "\n4: mov %[aborted], #1\n"           \
                     : [aborted] "+r"(aborted)                                           \
                     : [area] "r"(own_area()), [turns] "r"(&turns)                       \
                     : "x9", "memory", "cc")
#else
#define SPIN_UNTIL_DISTURBED(signature)                                         \
    __asm__ volatile(SECTION                                                    \
                     "leaq 3b(%%rip), %%rax\nmovq %%rax, 8(%[area])\n"          \
                     "1: addq $1, (%[turns])\njmp 1b\n"                         \
                     "2: .long " STRING(signature) "\n4: movq $1, %[aborted]\n" \
                     : [aborted] "+r"(aborted)                                  \
                     : [area] "r"(own_area()), [turns] "r"(&turns)              \
                     : "rax", "memory", "cc")
#endif

static long disturbed(void) {
    long turns = 0, aborted = 0;
    SPIN_UNTIL_DISTURBED(RSEQ_SIG);
    return aborted;
}
static long disturbed_without_signature(void) {
    long turns = 0, aborted = 0;
    SPIN_UNTIL_DISTURBED(0x12345678);
    return aborted;
}

static void alarm_soon(void) {
    const struct itimerval soon = {.it_value = {0, 20000}};
    count_signal(SIGALRM, 0);
    NEED(setitimer(ITIMER_REAL, &soon, NULL));
}

static void spin(void) {
    alarm_soon();
    SHOW(disturbed());
    SHOW(own_area()->rseq_cs);
}
NATIVE(a_disturbed_section_is_left_by_its_abort_handler, NONE) {
    IN_CHILD(spin);
}

static void spin_without_signature(void) {
    alarm_soon();
    SHOW(disturbed_without_signature());
}
NATIVE(an_abort_handler_without_the_signature_is_a_fault, NONE) {
    IN_CHILD(spin_without_signature);
}

static void spin_beside_another(void) {
    const pid_t other = (pid_t)NEED(fork());
    for (volatile long turns = 0; other == 0;) turns = turns + 1;
    SHOW(disturbed());
    kill(other, SIGKILL);
    show_end("other", other);
}
NATIVE(another_task_on_the_cpu_disturbs_a_section, NONE) {
    const unsigned long first = 1;
    NEED(syscall(SYS_sched_setaffinity, 0, sizeof first, &first));
    IN_CHILD(spin_beside_another);
}

static void set_bad_section(void) {
    own_area()->rseq_cs = ~0xfffUL;
    raise(SIGUSR1);
    puts("went on");
}
NATIVE(a_section_outside_of_user_space_is_a_fault, NONE) {
    count_signal(SIGUSR1, 0);
    IN_CHILD(set_bad_section);
}

static void told(int number) {
    const char text[] = "taken\n";
    (void)!write(1, text, sizeof text - 1);
    own_area()->rseq_cs = 0;
    (void)number;
}
static void set_bad_section_with_handlers(void) {
    signal(SIGUSR1, told);
    signal(SIGSEGV, told);
    set_bad_section();
}
NATIVE(a_handler_of_the_fault_does_not_end_a_bad_section, NONE) {
    IN_CHILD(set_bad_section_with_handlers);
}
