// SPDX-License-Identifier: GPL-2.0-or-later
// USDT probes as sys/sdt.h writes them, with semaphores: usdt [again]. Fires `tick` six times
// whatever is attached, `slow` only while its semaphore says so, and prints the semaphores: of this
// process, of a child, and of the program executed anew.
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// The counters of a provider lie in .probes, in the program's data.
#define SEMAPHORE(name) \
    __attribute__((section(".probes"), used)) volatile unsigned short demo_##name##_semaphore

SEMAPHORE(slow);
SEMAPHORE(other);

// The note: the address of the probe, of .stapsdt.base, of the semaphore; provider, name,
// arguments.
#define PROBE(name, semaphore, arguments, value)                                 \
    __asm__ volatile(                                                            \
        "990: nop\n"                                                             \
        " .pushsection .note.stapsdt,\"\",\"note\"\n"                            \
        " .balign 4\n .4byte 992f-991f,994f-993f,3\n"                            \
        "991: .asciz \"stapsdt\"\n"                                              \
        "992: .balign 4\n"                                                       \
        "993: .8byte 990b\n .8byte _.stapsdt.base\n .8byte " semaphore           \
        "\n"                                                                     \
        " .asciz \"demo\"\n .asciz \"" name "\"\n .asciz \"" arguments           \
        "\"\n"                                                                   \
        "994: .balign 4\n .popsection\n"                                         \
        " .ifndef _.stapsdt.base\n"                                              \
        " .pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n" \
        " .weak _.stapsdt.base\n .hidden _.stapsdt.base\n"                       \
        "_.stapsdt.base: .space 1\n .size _.stapsdt.base,1\n .popsection\n .endif\n" ::"r"(value))

__attribute__((noinline)) static void tick(int i) {
    PROBE("tick", "0", "-4@w0", i);
}

__attribute__((noinline)) static void slow(int i) {
    PROBE("slow", "demo_slow_semaphore", "-4@w0", i);
}

static void show(const char* who) {
    printf("%s slow %d other %d\n", who, demo_slow_semaphore, demo_other_semaphore);
    fflush(stdout);
}

int main(int argc, char** argv) {
    for (int i = 0; i < 6; i++) {
        tick(i);
        if (demo_slow_semaphore) slow(i);
    }
    if (argc > 1 && strcmp(argv[1], "again") == 0) {
        show("again");
        return 0;
    }
    show("first");
    const pid_t child = fork();
    if (child == 0) {
        show("child");
        execl(argv[0], argv[0], "again", (char*)0);
        return 1;
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status != 0;
}
