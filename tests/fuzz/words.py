#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random A64 words: each ends with the same signal, code, address, registers and memory as on qemu-aarch64 -cpu cortex-a72,
or, with --machine neoverse-n1 --cpu neoverse-n1, as on a Neoverse N1.

    tests/fuzz/words.py --uprobesim build/release/bin/uprobesim --guest build/release/workloads/word_fuzz --words 1000000

CTest runs it shortly. A word that differs is told with both outcomes.
"""
import argparse
import collections
import os
import shutil
import subprocess
import sys
import tempfile

QEMU = "qemu-aarch64-static"
HANG_SECONDS = 600
MOST_SHOWN = 20


def run(words):
    done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=HANG_SECONDS)
    if done.returncode != 0:
        sys.exit(f"{words[0]} ended with {done.returncode}: {done.stderr.strip()[-1000:]}")
    return done.stdout.splitlines()


def both(args, root, *words):
    judge = run([QEMU, "-cpu", args.cpu, args.guest, *words])
    ours = run([args.uprobesim, "run", "--machine", args.machine, "--root", root, "-o", os.devnull, "--", "/word_fuzz", *words])
    return judge, ours


def disassembly(word):
    tool = shutil.which("aarch64-linux-gnu-objdump")
    if not tool:
        return ""
    with tempfile.NamedTemporaryFile() as file:
        file.write(int(word, 16).to_bytes(4, "little"))
        file.flush()
        text = subprocess.run([tool, "-D", "-b", "binary", "-m", "aarch64", file.name], capture_output=True, text=True).stdout
    return " ".join(text.strip().splitlines()[-1].split("\t")[2:])


def show_differences(judge, ours):
    different = [pair for pair in zip(judge, ours) if pair[0] != pair[1]]
    by_form = collections.Counter()
    for theirs, mine in different[:MOST_SHOWN]:
        print(f"{disassembly(theirs.split()[0])}\n    qemu-aarch64 {theirs}\n    uprobesim    {mine}")
    for theirs, _ in different:
        by_form[disassembly(theirs.split()[0]).split(" ")[0]] += 1
    print(", ".join(f"{form} {times}" for form, times in by_form.most_common(MOST_SHOWN)))
    return len(different) + abs(len(judge) - len(ours))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uprobesim", required=True)
    parser.add_argument("--guest", required=True, help="the guest program word_fuzz")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--words", default="20000")
    parser.add_argument("--machine", default="generic-a72")
    parser.add_argument("--cpu", default="cortex-a72", help="the judge's: qemu-aarch64 -cpu")
    args = parser.parse_args()
    for needed in (args.guest, shutil.which(QEMU) or QEMU):
        if not os.path.exists(needed):
            print(f"skipped: there is no {needed}")
            return 77
    with tempfile.TemporaryDirectory(prefix="uprobesim-fuzz-") as root:
        shutil.copy(args.guest, os.path.join(root, "word_fuzz"))
        judge, ours = both(args, root, args.seed, args.words)
        if judge == ours:
            print(f"{args.words} words of seed {args.seed}: the same as on qemu-aarch64")
            return 0
        differing = show_differences(*both(args, root, args.seed, args.words, "all"))
    print(f"FAIL {differing} of {args.words} words of seed {args.seed} differ from qemu-aarch64")
    return 1


if __name__ == "__main__":
    sys.exit(main())
