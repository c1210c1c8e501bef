# SPDX-License-Identifier: GPL-2.0-or-later
"""core_loops_test.py CORE_CYCLES: the Cortex-A72 table against llvm-mca on 40 loops, cycles a pass.

llvm-mca has the model of the Cortex-A57 for the A72. Where the table departs from it, the row says by what: the expected
ratio of the table to llvm-mca, with the reason (docs/model.md). 77: llvm-mca or llvm-mc is not there."""
import re
import shutil
import subprocess
import sys

PASSES = 200
TOLERANCE = 0.06

FMUL = "OSACA measures fmul at 4 and fadd at 3 to 4 cycles, LLVM has 5"
FMADD = "OSACA measures fmadd and fmla at 7 cycles, LLVM has 9 and 10"
MUL_X = "OSACA measures one multiplication of X registers in 3 cycles, LLVM has one a cycle"
WRITEBACK = "llvm-mca makes a written-back base wait for the store"
ROUND = "OSACA measures frint at 3 cycles, LLVM has 5"
DIVIDE = "operands decide how long a division takes: the table is between LLVM's worst case and OSACA's early end"

# (loop, ratio to llvm-mca, why it is not 1)
LOOPS = [
    ("add x0, x0, x1", 1, ""),
    ("add x0, x1, x2; sub x3, x4, x5; eor x6, x7, x8; and x9, x10, x11", 1, ""),
    ("add x0, x1, x2, lsl #3", 1, ""),
    ("add x0, x0, x1, lsl #3", 1, ""),
    ("lsl x0, x0, #3; add x0, x0, #1", 1, ""),
    ("ubfx x0, x0, #3, #5; orr x0, x0, x1", 1, ""),
    ("bfi x0, x1, #4, #8", 1, ""),
    ("csel x0, x0, x1, eq; cmp x0, x2", 1, ""),
    ("clz x0, x0; rbit x0, x0", 1, ""),
    ("madd w0, w0, w1, w2", 1, ""),
    ("madd w0, w1, w2, w0", 1, ""),
    ("madd x0, x0, x1, x2", 1, ""),
    ("madd x0, x1, x2, x0", 1, ""),
    ("smaddl x0, w1, w2, x0", 1, ""),
    ("umull x0, w0, w1", 1, ""),
    ("umulh x0, x0, x1", 1, ""),
    ("mul w0, w0, w1", 1, ""),
    ("mul w2, w3, w4; mul w5, w6, w7", 1, ""),
    ("mul x2, x3, x4; mul x5, x6, x7", 3, MUL_X),
    ("sdiv w0, w0, w1", 12 / 19, DIVIDE),
    ("udiv x0, x0, x1", 12 / 35, DIVIDE),
    ("ldr x1, [x1]", 1, ""),
    ("ldr x0, [x9]; ldr x1, [x9, #8]; ldr x2, [x9, #16]", 1, ""),
    ("ldp x0, x1, [x9]; add x2, x0, x1", 1, ""),
    ("str x0, [x9]; str x1, [x9, #8]", 1, ""),
    ("stp x0, x1, [x9]", 1, ""),
    ("fadd d0, d0, d1", 0.8, FMUL),
    ("fmul d0, d0, d1", 0.8, FMUL),
    ("fmul d0, d1, d2; fmul d3, d4, d5; fmul d6, d7, d16; fmul d17, d18, d19", 1, ""),
    ("fmadd d0, d0, d1, d2", 7 / 9, FMADD),
    ("fmadd d0, d1, d2, d0", 0.75, FMADD),
    ("fcvtzs x0, d0; scvtf d0, x0", 1, ""),
    ("fcvt d0, s0; fcvt s0, d0", 1, ""),
    ("fmov x0, d0; fmov d0, x0", 1, ""),
    ("fcmp d0, d1; fcsel d0, d2, d3, eq", 1, ""),
    ("fabs d0, d0; fneg d0, d0", 1, ""),
    ("frintz d0, d0", 0.6, ROUND),
    ("mla v0.4s, v1.4s, v2.4s", 1, ""),
    ("mul v0.4s, v0.4s, v1.4s", 1, ""),
    ("fmla v0.2d, v1.2d, v2.2d", 0.75, FMADD),
    ("add v0.4s, v0.4s, v1.4s; shl v0.4s, v0.4s, #3", 1, ""),
    ("stp x29, x30, [sp, #-32]!; mov x29, sp; ldp x29, x30, [sp], #32", None, WRITEBACK),
]


def by_mca(loop):
    text = loop.replace(";", "\n")
    run = subprocess.run(["llvm-mca", "-mtriple=aarch64", "-mcpu=cortex-a72", f"-iterations={PASSES}"], input=text, capture_output=True,
                         text=True, check=True)
    return int(re.search(r"Total Cycles:\s+(\d+)", run.stdout).group(1)) / PASSES


def words(loop):
    run = subprocess.run(["llvm-mc", "-triple=aarch64", "-show-encoding"], input=loop.replace(";", "\n"), capture_output=True, text=True, check=True)
    return [int.from_bytes(bytes(int(b, 16) for b in row.split(",")), "little") for row in re.findall(r"encoding: \[([^\]]*)\]", run.stdout)]


def main():
    if not shutil.which("llvm-mca") or not shutil.which("llvm-mc"):
        print("llvm-mca is not there: apt-get install llvm")
        return 77
    blocks = "".join(" ".join(f"{word:08x}" for word in words(loop)) + "\n" for loop, _, _ in LOOPS)
    run = subprocess.run([sys.argv[1], "cortex-a72"], input=blocks, capture_output=True, text=True, check=True)
    failed = 0
    for (loop, ratio, why), ours in zip(LOOPS, (float(line) for line in run.stdout.split())):
        mca = by_mca(loop)
        wrong = ratio is not None and abs(ours - mca * ratio) > TOLERANCE * mca * ratio
        failed += wrong
        print(f"{'WRONG' if wrong else 'ok':6}{ours:8.2f} here {mca:8.2f} llvm-mca  {loop}{'  # ' + why if why else ''}")
    print(f"{len(LOOPS)} loops, {failed} wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
