// SPDX-License-Identifier: GPL-2.0-or-later
// The program that tools/measure/measure probes: the loop of the kernel's uprobe benchmark around one of its three
// targets, without a C library. Its bytes are in that script, because the machine that is measured may have no compiler.
//
//     trigger n|p|r|f COUNT
//
// calls uprobe_target_nop, _push or _ret, or a chain of 64 dependent EOR of a cycle each (an in-order core takes a few more
// for the loop), so often, and prints in decimal: COUNT, the ticks that the loop took by CNTVCT_EL0, and the ticks of a second (CNTFRQ_EL0).
#define FUNCTION(name) .balign 16; .type name, %function; name:
#define END(name) .size name, . - name

    .text
FUNCTION(uprobe_target_nop)
    nop
    ret
END(uprobe_target_nop)

FUNCTION(uprobe_target_push)
    stp x29, x30, [sp, -16]!
    ldp x29, x30, [sp], 16
    ret
END(uprobe_target_push)

FUNCTION(uprobe_target_ret)
    ret
END(uprobe_target_ret)

FUNCTION(frequency)
    .rept 64
    eor x9, x9, x10
    .endr
    ret
END(frequency)

    .globl _start
FUNCTION(_start)
    ldr x0, [sp]                    // argc
    cmp x0, 3
    b.ne usage
    ldr x1, [sp, 16]                // argv[1]
    ldr x2, [sp, 24]                // argv[2]
    ldrb w3, [x1]
    adr x20, uprobe_target_nop
    cmp w3, 'n'
    b.eq 1f
    adr x20, uprobe_target_push
    cmp w3, 'p'
    b.eq 1f
    adr x20, uprobe_target_ret
    cmp w3, 'r'
    b.eq 1f
    adr x20, frequency
    cmp w3, 'f'
    b.ne usage
1:  mov x19, 0
    mov x4, 10
2:  ldrb w3, [x2], 1
    cbz w3, 3f
    sub w3, w3, '0'
    cmp w3, 9
    b.hi usage
    madd x19, x19, x4, x3
    b 2b
3:  cbz x19, usage
    mov x21, x19
    isb
    mrs x22, cntvct_el0
4:  blr x20
    subs x21, x21, 1
    b.ne 4b
    isb
    mrs x23, cntvct_el0
    sub x22, x23, x22

    sub sp, sp, 96                  // the line is written from its end
    add x2, sp, 96
    mrs x0, cntfrq_el0
    mov w1, '\n'
    bl decimal
    mov x0, x22
    mov w1, ' '
    bl decimal
    mov x0, x19
    mov w1, ' '
    bl decimal
    mov x0, 1
    mov x1, x2
    add x3, sp, 96
    sub x2, x3, x2
    mov x8, 64                      // write
    svc 0
    mov x0, 0
    b exit
usage:
    mov x0, 2
exit:
    mov x8, 94                      // exit_group
    svc 0
END(_start)

// x0 in decimal and w1 behind it, below x2, which moves down.
FUNCTION(decimal)
    strb w1, [x2, -1]!
    mov x4, 10
1:  udiv x5, x0, x4
    msub x6, x5, x4, x0
    add w6, w6, '0'
    strb w6, [x2, -1]!
    mov x0, x5
    cbnz x0, 1b
    ret
END(decimal)
