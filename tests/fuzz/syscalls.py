#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random system calls under the simulator: it must neither crash nor hang, and keep to its memory.

    tests/fuzz/syscalls.py --uprobesim build/release/bin/uprobesim --guest build/release/workloads/syscall_fuzz

CTest runs it shortly; --calls and --seeds make it long. A row that fails tells the command that repeats it: one seed gives
the same calls on every run.
"""
import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

GUEST_MIB = 64
# Beyond the guest's memory, which the kernel's objects are charged to: the simulator itself, its translated code and what
# is known of it, as SECURITY.md says for this size.
HOST_MIB_OVER_GUEST = 64
HANG_SECONDS = 120
# (CPUs, processes at a time, options): what differs between the rows.
KINDS = [
    (1, 1, []),
    (1, 3, ["-p", "uprobe:/syscall_fuzz:any_*", "-p", "uretprobe:/syscall_fuzz:refresh_buffer"]),
    (2, 4, []),
    (2, 2, ["-p", "uprobe:/syscall_fuzz:refresh_buffer", "--kernel", "v6.12"]),
    (4, 8, ["-p", "uretprobe:/syscall_fuzz:any_*"]),
]


class Root:
    """A guest root with the fuzzer alone in it."""

    def __init__(self, guest):
        self.path = tempfile.mkdtemp(prefix="uprobesim-fuzz-")
        shutil.copy(guest, os.path.join(self.path, "syscall_fuzz"))
        os.mkdir(os.path.join(self.path, "tmp"))

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def words_of(args, root, seed, cpus, processes, options):
    return [args.uprobesim, "run", "--root", root, "--memory", f"{GUEST_MIB}M", "--scratch-limit", "64M", "--cpus", str(cpus), *options,
            "-f", "json", "-o", os.devnull, "--", "/syscall_fuzz", str(seed), str(args.calls), str(processes)]


def run(words, hang_seconds):
    """(exit status or -signal, stdout, stderr, peak of resident MiB); status None: it did not end."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(words, stdout=out, stderr=err, stdin=subprocess.DEVNULL)
        previous = signal.signal(signal.SIGALRM, lambda *_: process.kill())
        signal.alarm(hang_seconds)
        _, status, usage = os.wait4(process.pid, 0)
        hung = signal.alarm(0) == 0
        signal.signal(signal.SIGALRM, previous)
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
        return (None if hung else process.returncode, *texts, usage.ru_maxrss / 1024)


def fault_of(args, result):
    status, out, err, peak = result
    if status is None:
        return f"did not end in {args.hang_seconds} s"
    if status != 0 or out.strip() != "done":
        return f"exit status {status}, stdout {out.strip()[-200:]!r}, stderr {err.strip()[-2000:]!r}"
    if not args.any_memory and peak > GUEST_MIB + HOST_MIB_OVER_GUEST:
        return f"{peak:.0f} MiB of the host for a guest of {GUEST_MIB} MiB"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uprobesim", required=True)
    parser.add_argument("--guest", required=True, help="the guest program syscall_fuzz")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds for each kind of row")
    parser.add_argument("--calls", type=int, default=20000, help="system calls of each run")
    parser.add_argument("--hang-seconds", type=int, default=HANG_SECONDS, help="the longest that a run may take")
    parser.add_argument("--any-memory", action="store_true", help="do not hold the host's memory to its limit: for sanitizer builds")
    args = parser.parse_args()
    if not os.path.exists(args.guest):
        print(f"skipped: {args.guest} is not built (no aarch64-linux-gnu-gcc)")
        return 77
    failed, peak, calls = 0, 0.0, 0
    with Root(args.guest) as root:
        for seed in range(args.seed, args.seed + args.seeds):
            for cpus, processes, options in KINDS:
                words = words_of(args, root, seed, cpus, processes, options)
                result = run(words, args.hang_seconds)
                fault = fault_of(args, result)
                peak, calls = max(peak, result[3]), calls + args.calls
                if fault:
                    failed += 1
                    print(f"FAIL {fault}\n     {shlex.join(words)}", flush=True)
    print(f"{calls:,} system calls, {failed} failures, {peak:.0f} MiB of the host at most")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
