#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures how fast the simulator is: bench.py [--uprobesim BINARY] [--sysroot DIR] [--workloads DIR] [--repeat N] [--only TEXT].

Nine jobs of Debian's own programs, each in one sitting on the same file by uprobesim with everything counted and priced, by
uprobesim without counting, and by qemu-aarch64: user + system CPU seconds, the least of N. Then probe hits a second, the
wall time of /bin/true, and resident memory beyond the guest's. Host times are for people: nothing tests them.
"""
import argparse
import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

REPOSITORY = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
ENVIRONMENT = {"LC_ALL": "C"}

# (name, command); FULL is the text of 50 MB, MID its first 8 MB, SMALL its first 1.5 MB.
JOBS = [
    ("grep -c hello 50MB", ["/bin/grep", "-c", "hello", "FULL"]),
    ("grep -c regex 50MB", ["/bin/grep", "-c", "h[aeiou]l+o", "FULL"]),
    ("grep -cE back-reference 1.5MB", ["/bin/grep", "-cE", r"([a-z])\1[a-z]*\1", "SMALL"]),
    ("grep -cP 8MB", ["/bin/grep", "-cP", r"\b(\w+) \1\b", "MID"]),
    ("busybox wc 50MB", ["/bin/busybox", "wc", "FULL"]),
    ("busybox md5sum 50MB", ["/bin/busybox", "md5sum", "FULL"]),
    ("busybox sort 1.5MB", ["/bin/busybox", "sort", "SMALL"]),
    ("busybox awk 1.5MB", ["/bin/busybox", "awk", "{n+=NF;c[$1]++}END{print n}", "SMALL"]),
    ("busybox gzip 8MB", ["/bin/busybox", "gzip", "-c", "MID"]),
]
SIZES = {"FULL": 50_000_000, "MID": 8_000_000, "SMALL": 1_500_000}
HITS = 1_000_000
HIT_KERNELS = [("emulated", "next-20241104+stp"), ("stepped", "next-20241104")]


class Run:
    """One child process: its CPU seconds, wall seconds, peak memory and output."""

    def __init__(self, words):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.monotonic()
        # grep looks at nothing but the first match when its output is /dev/null, so a pipe it is.
        child = subprocess.Popen(words, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.output, self.errors = child.communicate()
        self.wall = time.monotonic() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.status = child.returncode


def peak_memory(words):
    """Resident peak in bytes, as the kernel says at the child's end."""
    child = subprocess.Popen(words, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(child.pid, 0)
    child.returncode = 0
    return usage.ru_maxrss * 1024


def best(words, repeat):
    runs = [Run(words) for _ in range(repeat)]
    for run in runs:
        if run.status not in (0, 1):
            sys.exit(f"bench: {' '.join(words)}: status {run.status}: {run.errors.decode(errors='replace')[:300]}")
    return min(runs, key=lambda run: run.cpu)


def make_texts(folder):
    text = os.path.join(REPOSITORY, "build/text-50MB.txt")
    if not os.path.exists(text):
        text = os.path.join(folder, "text")
        subprocess.run([os.path.join(REPOSITORY, "tools/setup/make-text"), text, "50"], check=True)
    for name, size in SIZES.items():
        with open(text, "rb") as source, open(os.path.join(folder, name), "wb") as out:
            out.write(source.read(size))


class Bench:
    def __init__(self, arguments, folder):
        self.arguments, self.folder = arguments, folder

    def simulated(self, command, *options, root=None):
        words = [self.arguments.uprobesim, "run", "--root", root or self.arguments.sysroot, "--bind", f"{self.folder}:/bench", "--cwd", "/bench",
                 "--env", "LC_ALL=C", "-o", os.path.join(self.folder, "report"), "-f", "json"]
        return words + list(options) + ["--", *command]

    def report(self):
        with open(os.path.join(self.folder, "report"), encoding="utf-8") as file:
            return json.load(file)

    def emulated(self, command):
        words = [os.path.join(self.folder, word) if word in SIZES else word for word in command]
        return [self.arguments.qemu, "-L", self.arguments.sysroot, self.arguments.sysroot + words[0], *words[1:]]

    def jobs(self):
        print(f"{'job':<32}{'MInsn':>8}{'counted':>10}{'uncounted':>11}{'qemu':>8}{'qemu/counted':>14}{'uncounted/counted':>19}")
        of_qemu, of_engine = [], []
        for name, command in JOBS:
            if self.arguments.only and self.arguments.only not in name:
                continue
            counted = best(self.simulated(command), self.arguments.repeat)
            insns = self.report()["user"]["insns"]
            bare = best(self.simulated(command, "--no-counting"), self.arguments.repeat)
            qemu = best(self.emulated(command), self.arguments.repeat)
            same = counted.output == qemu.output or b"/bench" in counted.output or name.startswith(("busybox wc", "busybox md5sum"))
            of_qemu.append(qemu.cpu / counted.cpu)
            of_engine.append(bare.cpu / counted.cpu)
            print(f"{name:<32}{insns / 1e6:>8.0f}{counted.cpu:>10.2f}{bare.cpu:>11.2f}{qemu.cpu:>8.2f}{of_qemu[-1]:>14.2f}{of_engine[-1]:>19.2f}"
                  + ("" if same else "   OUTPUT DIFFERS FROM QEMU"), flush=True)
        if of_qemu:
            print(f"{'geometric mean':<32}{'':>37}{mean(of_qemu):>14.2f}{mean(of_engine):>19.2f}")

    def hits(self):
        """CPU seconds of the loop with the push probed, less those without."""
        for name, kernel in HIT_KERNELS:
            loop = ["/trig_push", str(HITS)]
            without = best(self.simulated(loop, root=self.arguments.workloads), self.arguments.repeat)
            probed = best(self.simulated(loop, "--kernel", kernel, "-p", "uprobe:/trig_push:uprobe_target_push", root=self.arguments.workloads),
                          self.arguments.repeat)
            hits = self.report()["probes"]["hits"]
            print(f"hits {name:<27}{hits / (probed.cpu - without.cpu) / 1e6:>8.2f} million a second ({probed.cpu:.2f} s for {hits})", flush=True)

    def small(self):
        runs = [Run(self.simulated(["/bin/true"])) for _ in range(max(5, self.arguments.repeat))]
        print(f"{'run -- /bin/true':<32}{min(run.wall for run in runs) * 1e3:>8.1f} ms wall, {min(run.cpu for run in runs) * 1e3:.1f} ms CPU")
        for name, command in (("/bin/true", ["/bin/true"]), ("busybox sort 1.5MB", JOBS[6][1])):
            host = peak_memory(self.simulated(command))
            guest = self.report()["guest"]["memory_peak_bytes"]
            print(f"{'memory of ' + name:<32}{host / 2**20:>8.1f} MiB resident, {guest / 2**20:.1f} of them the guest's, {(host - guest) / 2**20:.1f} ours")


def mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uprobesim", default=os.path.join(REPOSITORY, "build/release/bin/uprobesim"))
    parser.add_argument("--sysroot", default=os.environ.get("UPROBESIM_SYSROOT", os.path.join(REPOSITORY, "build/sysroot")))
    parser.add_argument("--workloads", default=os.path.join(REPOSITORY, "build/release/workloads"))
    parser.add_argument("--qemu", default=shutil.which("qemu-aarch64"))
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", help="only the jobs whose name contains this; 'hits' and 'small' name the rest")
    arguments = parser.parse_args()
    for path in (arguments.uprobesim, arguments.sysroot, arguments.workloads, arguments.qemu or "qemu-aarch64"):
        if not os.path.exists(path):
            sys.exit(f"bench: {path} is not there: run tools/setup/check first")
    with tempfile.TemporaryDirectory(prefix="uprobesim-bench-") as folder:
        make_texts(folder)
        bench = Bench(arguments, folder)
        bench.jobs()
        if arguments.only in (None, "hits"):
            bench.hits()
        if arguments.only in (None, "small"):
            bench.small()


main()
