#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures how fast the simulator is, as ratios to qemu-aarch64.

Each job (jobs.py) is run N times by uprobesim with everything counted and priced and, each time right after it, by
qemu-aarch64. The ratio of a pair is qemu's user + system CPU seconds divided by uprobesim's. The table gives the median
of the N ratios with the lowest and highest, their geometric mean over the jobs and the worst job; --uncounted adds runs
without counting. After it come probe hits a second, the wall time of /bin/true beside qemu's, resident memory, and the
host CPU seconds of redis SET for each simulated second. Host times are for people: nothing tests them.
"""
import argparse
import hashlib
import json
import math
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import jobs

ENVIRONMENT = {"LC_ALL": "C", "HOME": "/nonexistent"}
HITS = 1_000_000
HIT_KERNELS = [("emulated", "next-20241104+stp"), ("stepped", "next-20241104")]


class Run:
    """One child process: its CPU seconds, wall seconds, peak memory in bytes and output."""

    def __init__(self, words):
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            start = time.monotonic()
            # grep looks at nothing but the first match when its output is /dev/null, so a file it is.
            child = subprocess.Popen(words, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
            _, status, usage = os.wait4(child.pid, 0)
            self.wall = time.monotonic() - start
            child.returncode = self.status = os.waitstatus_to_exitcode(status)
            self.cpu = usage.ru_utime + usage.ru_stime
            self.memory = usage.ru_maxrss * 1024
            output.seek(0)
            errors.seek(0)
            self.digest = hashlib.file_digest(output, "sha256").hexdigest()
            if self.status not in (0, 1):
                sys.exit(f"host_speed: {' '.join(words)}: status {self.status}: {errors.read(300).decode(errors='replace')}")


def mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


class Bench:
    def __init__(self, arguments, folder):
        self.arguments, self.folder = arguments, folder
        self.job_folder = os.path.join(folder, "job")
        self.report_path = os.path.join(folder, "report")
        self.kept = {"jobs": [], "others": {}}

    def simulated(self, command, *options, root=None):
        return [self.arguments.uprobesim, "run", "--root", root or self.arguments.sysroot, "--bind", f"{self.folder}:{self.folder}",
                "--bind", f"{self.job_folder}:{self.job_folder}:rw", "--cwd", self.job_folder, "--env", "LC_ALL=C", "--env", f"HOME={ENVIRONMENT['HOME']}",
                "-o", self.report_path, "-f", "json", *options, "--", *command]

    def emulated(self, command, root):
        return [self.arguments.qemu, "-L", root, root + command[0], *command[1:]]

    def report(self):
        with open(self.report_path, encoding="utf-8") as file:
            return json.load(file)

    def fresh(self, job):
        shutil.rmtree(self.job_folder, ignore_errors=True)
        os.mkdir(self.job_folder)
        job.fill(self.job_folder)

    def times(self, job, words_of):
        """CPU seconds of all commands of a job, EL0 instructions (of the simulator), and what was printed."""
        self.fresh(job)
        cpu, insns, printed = 0.0, 0, []
        for command in job.commands:
            command = [self.path_of(word) for word in command]
            run = Run(words_of(command))
            cpu += run.cpu
            printed.append(run.digest)
            if os.path.exists(self.report_path):
                insns += self.report()["user"]["insns"]
                os.unlink(self.report_path)
        return cpu, insns, printed

    def path_of(self, word):
        if word in jobs.SIZES:
            return os.path.join(self.folder, word)
        return word.replace("FOLDER", self.job_folder)

    def job(self, job):
        root = self.arguments.wide if job.large else self.arguments.sysroot
        counted, bare, qemu = [], [], []
        for _ in range(self.arguments.repeat):
            seconds, insns, printed = self.times(job, lambda command: self.simulated(command, root=root))
            counted.append(seconds)
            if self.arguments.uncounted:
                bare.append(self.times(job, lambda command: self.simulated(command, "--no-counting", root=root))[0])
            seconds, _, wanted = self.times(job, lambda command: self.emulated(command, root))
            qemu.append(seconds)
        ratios = [theirs / ours for ours, theirs in zip(counted, qemu)]
        row = {"name": job.name, "large": job.large, "insns": insns, "counted_s": counted, "uncounted_s": bare, "qemu_s": qemu,
               "ratio": statistics.median(ratios), "lowest": min(ratios), "highest": max(ratios), "same_output": printed == wanted}
        self.kept["jobs"].append(row)
        uncounted = f"{statistics.median(bare):>11.2f}" if bare else ""
        print(f"{job.name:<32}{insns / 1e6:>8.0f}{statistics.median(counted):>10.2f}{uncounted}{statistics.median(qemu):>8.2f}"
              f"{row['ratio']:>8.2f}  {row['lowest']:.2f} to {row['highest']:.2f}" + ("" if row["same_output"] else "   OUTPUT DIFFERS FROM QEMU"), flush=True)

    def all_jobs(self):
        uncounted = f"{'uncounted':>11}" if self.arguments.uncounted else ""
        print(f"{'job, CPU seconds (medians)':<32}{'MInsn':>8}{'counted':>10}{uncounted}{'qemu':>8}{'ratio':>8}  lowest to highest")
        for large in (False, True):
            for job in jobs.JOBS:
                if job.large == large and (self.arguments.only or job.name) in job.name:
                    self.job(job)
            rows = [row for row in self.kept["jobs"] if row["large"] == large]
            if rows:
                worst = min(rows, key=lambda row: row["ratio"])
                print(f"{'geometric mean of ' + str(len(rows)):<32}{'':>{26 + len(uncounted)}}{mean([row['ratio'] for row in rows]):>8.2f}"
                      f"  worst: {worst['ratio']:.2f} {worst['name']}", flush=True)

    def tell(self, name, value, unit, more=""):
        self.kept["others"][name] = {"value": value, "unit": unit}
        print(f"{name:<32}{value:>10.2f} {unit}{more}", flush=True)

    def hits(self):
        """CPU seconds of the loop with the push probed, less those without."""
        def seconds(*options):
            return statistics.median(Run(self.simulated(["/trig_push", str(HITS)], *options, root=self.arguments.workloads)).cpu
                                     for _ in range(self.arguments.repeat))
        for name, kernel in HIT_KERNELS:
            without = seconds("--kernel", kernel)
            probed = seconds("--kernel", kernel, "-p", "uprobe:/trig_push:uprobe_target_push")
            self.tell(f"hits {name}", self.report()["probes"]["hits"] / (probed - without) / 1e6, "million a second")

    def small(self):
        plain = [self.arguments.uprobesim, "run", "--root", self.arguments.sysroot, "--", "/bin/true"]
        pairs = [(Run(plain), Run(self.emulated(["/bin/true"], self.arguments.sysroot)))
                 for _ in range(max(20, self.arguments.repeat))]
        ours, theirs = (statistics.median(pair[half].wall * 1e3 for pair in pairs) for half in (0, 1))
        self.tell("run -- /bin/true", ours, "ms wall", f", qemu {theirs:.2f}: {ours / theirs:.2f} times")
        for name, command in (("/bin/true", ["/bin/true"]), ("busybox sort 1.5MB", ["/bin/busybox", "sort", self.path_of("SMALL")])):
            host = Run(self.simulated(command)).memory
            guest = self.report()["guest"]["memory_peak_bytes"]
            own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            self.tell("memory of " + name, host / 2**20, "MiB resident", f", {guest / 2**20:.1f} of them the guest's"
                      + (" (at most: it is this script's own)" if host <= own else ""))

    def redis(self):
        """Each column of the table of redis SET: a run of the scenario."""
        words = [self.arguments.uprobesim, "compare", "redis-set", "--root", self.arguments.sysroot, "-f", "json", "-o", self.report_path]
        run = Run(words)
        simulated = sum(run["time"]["total_ns"] for run in self.report()["runs"]) / 1e9
        self.tell("compare redis-set", run.wall, "s wall", f", {run.cpu / simulated:.2f} CPU seconds for each simulated one")


def main():
    here = os.path.join(jobs.REPOSITORY, "build")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uprobesim", default=os.path.join(here, "release/bin/uprobesim"))
    parser.add_argument("--sysroot", default=os.environ.get("UPROBESIM_SYSROOT", os.path.join(here, "sysroot")))
    parser.add_argument("--wide", default=os.path.join(here, "sysroot-wide"), help="the sysroot of the tests, for the large jobs")
    parser.add_argument("--workloads", default=os.path.join(here, "release/workloads"))
    parser.add_argument("--qemu", default=shutil.which("qemu-aarch64"))
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="pairs of each job (default 5)")
    parser.add_argument("--uncounted", action="store_true", help="run each job without counting too")
    parser.add_argument("--only", help="only the jobs whose name contains this; 'hits', 'small' and 'redis' name the rest")
    parser.add_argument("--json", metavar="FILE", help="keep all figures")
    arguments = parser.parse_args()
    for path in (arguments.uprobesim, arguments.sysroot, arguments.wide, arguments.workloads, arguments.qemu or "qemu-aarch64"):
        if not os.path.exists(path):
            sys.exit(f"host_speed: {path} is not there: run tools/setup/check first")
    with tempfile.TemporaryDirectory(prefix="uprobesim-bench-") as folder:
        jobs.make_texts(folder)
        bench = Bench(arguments, folder)
        os.mkdir(bench.job_folder)
        bench.all_jobs()
        for part in ("hits", "small", "redis"):
            if arguments.only in (None, part):
                getattr(bench, part)()
        if arguments.json:
            with open(arguments.json, "w", encoding="utf-8") as file:
                json.dump(bench.kept, file, indent=1)


main()
