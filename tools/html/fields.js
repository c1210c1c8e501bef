// SPDX-License-Identifier: GPL-2.0-or-later
// The fields of the registers, named as in the Arm Architecture Reference Manual: name, highest
// bit, lowest bit, meaning. A field without a name is reserved.
export const REGISTERS = {
  ESR_EL1: [
    ["EC", 31, 26, "exception class: why the exception was taken"],
    ["IL", 25, 25, "length of the trapped instruction: 1 is 32 bits"],
    ["ISS", 24, 0, "syndrome: what EC's kind of exception adds"],
  ],
  SPSR_EL1: [
    ["N", 31, 31, "negative"],
    ["Z", 30, 30, "zero"],
    ["C", 29, 29, "carry"],
    ["V", 28, 28, "overflow"],
    ["", 27, 26, "reserved"],
    ["TCO", 25, 25, "tag check override"],
    ["DIT", 24, 24, "data independent timing"],
    ["UAO", 23, 23, "user access override"],
    ["PAN", 22, 22, "privileged access never"],
    ["SS", 21, 21, "software step: one instruction runs before the exception"],
    ["IL", 20, 20, "illegal execution state"],
    ["", 19, 14, "reserved"],
    ["ALLINT", 13, 13, "all interrupts masked"],
    ["SSBS", 12, 12, "speculative store bypass safe"],
    ["BTYPE", 11, 10, "branch type, for BTI"],
    ["D", 9, 9, "debug exceptions masked"],
    ["A", 8, 8, "SError masked"],
    ["I", 7, 7, "IRQ masked"],
    ["F", 6, 6, "FIQ masked"],
    ["", 5, 5, "reserved"],
    ["M", 4, 0, "mode: 0 is EL0t in AArch64"],
  ],
  // Only SS is recorded.
  MDSCR_EL1: [["SS", 0, 0, "software step is enabled"]],
};
