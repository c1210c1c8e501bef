# SPDX-License-Identifier: GPL-2.0-or-later
"""Sweeps that are killed, disturbed and continued."""
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

import harness

SEED = 1
SECONDS = 300
RUNS = """
command = "run"
arguments = ["--root", "ROOT", "-p", "uprobe:/trig_push:uprobe_target_push", "/trig_push", "200"]
[[axis]]
seeds = [SEEDS]
[[axis]]
setting = "kernel.slot-copy"
values = ["always", "if-changed"]
"""
PRICED = """
command = "run"
arguments = ["--root", "ROOT", "-p", "uprobe:/trig_push:uprobe_target_push", "/trig_push", "200"]
[sample]
count = 4000
design = "DESIGN"
[[axis]]
kernels = ["v6.12", "v6.13+stp"]
[[axis]]
setting = "machine.kernel-cpi"
sample = "confidence"
[[axis]]
setting = "machine.ops.ic-ivau"
sample = [0, 200]
"""
FAILING = """
command = "run"
arguments = ["--root", "ROOT", "/trig_push", "20"]
[[axis]]
probes = ["uprobe:/trig_push:uprobe_target_push", "uprobe:/trig_push:nowhere"]
"""


def dump(path):
    with sqlite3.connect(path) as database:
        return "\n".join(database.iterdump())


class Sweeps:
    def __init__(self, context, top):
        self.context, self.binary, self.top, self.random = context, context.simulator.binary, top, random.Random(SEED)
        os.makedirs(self.path("root"))
        os.makedirs(self.path("temporary"))
        shutil.copy(os.path.join(context.workloads, "trig_push"), self.path("root"))
        self.environment = {**os.environ, "TMPDIR": self.path("temporary")}

    def path(self, name):
        return os.path.join(self.top, name)

    def plan(self, name, text):
        path = self.path(f"{name}.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("ROOT", self.path("root")))
        return path

    def run(self, *words, **more):
        return subprocess.run([self.binary, "sweep", *words], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS,
                              check=False, **more)

    def whole(self, plan, results):
        """The dump of an undisturbed sweep."""
        done = self.run(plan, "--results", results, "--jobs", "2")
        if done.returncode != 0:
            raise AssertionError(harness.shown(done.stderr or done.stdout))
        return dump(results)

    def killed(self, name, text):
        plan = self.plan(name, text)
        begin = time.monotonic()
        expected = self.whole(plan, self.path(f"{name}-whole.sqlite"))
        longest = time.monotonic() - begin
        results = self.path(f"{name}-killed.sqlite")
        # As a start leaves it that is killed before anything is in it.
        open(results, "wb").close()
        before = self.done(plan, results)
        if before != 0:
            return f"{before} points are done in an empty file"
        for _ in range(self.context.kills):
            with subprocess.Popen([self.binary, "sweep", plan, "--results", results, "--jobs", "2"], env=self.environment, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as tool:
                time.sleep(self.random.uniform(0, longest / 4))
                tool.send_signal(signal.SIGKILL)
                errors = tool.communicate()[1]
            if errors:
                return f"a start after a kill says {harness.shown(errors)}"
            if os.path.exists(results):
                done = self.done(plan, results)
                if done < before:
                    return f"{before} points were finished, and {done} are"
                before = done
        last = self.whole(plan, results)
        return None if last == expected else f"the dumps differ: {len(expected)} and {len(last)} characters"

    def done(self, plan, results):
        counts = self.run("status", plan, results, "-f", "csv")
        if counts.returncode != 0:
            raise AssertionError(harness.shown(counts.stderr))
        return int(counts.stdout.split(b"\r\n")[1].split(b",")[1])

    def chunks(self):
        plan = self.plan("parts", RUNS.replace("SEEDS", "1, 2, 3"))
        for number in (3, 1, 2):
            done = self.run("run", plan, "--chunk", f"{number}/3")
            if done.returncode != 0 or b"2 points: 2 done" not in done.stdout:
                return f"chunk {number}: {harness.shown(done.stdout + done.stderr)}"
        parts = self.run("collect", plan, "-f", "csv")
        self.whole(plan, self.path("parts-whole.sqlite"))
        whole = self.run("collect", plan, self.path("parts-whole.sqlite"), "-f", "csv")
        if whole.stdout.count(b",done,") != 6:
            return f"not all are done: {harness.shown(whole.stdout)}"
        return None if parts.stdout == whole.stdout else "the parts differ from the whole"

    def parts(self):
        """Chunks of a list of points as files, the first of them killed before: the same rows as in one database."""
        plan = self.plan("files", RUNS.replace("SEEDS", "1, 2, 3, 4, 5"))
        os.mkdir(self.path("files.parts"))
        with open(self.path("list.txt"), "w", encoding="ascii") as file:
            file.write("1-4\n6\n8-10\n")
        words = ["--only", self.path("list.txt"), "--parts", self.path("files.parts"), "--jobs", "1"]
        with subprocess.Popen([self.binary, "sweep", "run", plan, "--chunk", "1/2", *words], env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as tool:
            time.sleep(1)
            tool.send_signal(signal.SIGTERM)
        for number in (1, 2):
            done = self.run("run", plan, "--chunk", f"{number}/2", *words)
            if done.returncode != 0 or b"4 points: 4 done" not in done.stdout:
                return f"chunk {number}: {harness.shown(done.stdout + done.stderr)}"
        status = self.run("status", plan)
        if b"8 of 10 points done, 0 failed, 2 missing" not in status.stdout:
            return harness.shown(status.stdout + status.stderr)
        merged = self.path("files-merged.sqlite")
        self.run("collect", plan, "--into", merged)
        if self.whole(plan, merged) != self.whole(plan, self.path("files-whole.sqlite")):
            return "the merged results, completed, are not those of an undisturbed sweep"
        with open(self.path("files.parts/chunk-1-of-2.9.jsonl"), "w", encoding="ascii") as file:
            file.write("wrong\n")
        wrong = self.run("status", plan)
        if wrong.returncode != 2 or wrong.stderr.count(b"\n") != 1 or b"chunk-1-of-2.9.jsonl:1" not in wrong.stderr:
            return f"a wrong part: {harness.shown(wrong.stderr)}"
        return None

    def dry_run(self):
        plan = self.plan("dry", RUNS.replace("SEEDS", "1, 2"))
        got = self.run("submit", "--slurm", "--dry-run", "--chunk", "2", plan)
        script = self.path("dry.parts/job-1.sh")
        if got.returncode != 0 or got.stdout.decode() != f"4 points in 2 tasks: sbatch {script}\n":
            return harness.shown(got.stdout + got.stderr)
        # What a task of Slurm does.
        for task in ("1", "2"):
            done = subprocess.run(["bash", script], env={**self.environment, "SLURM_ARRAY_TASK_ID": task}, capture_output=True, timeout=SECONDS, check=False)
            if done.returncode != 0:
                return harness.shown(done.stdout + done.stderr)
        again = self.run("submit", "--slurm", plan)
        return None if again.stdout == b"no point is missing\n" else harness.shown(again.stdout + again.stderr)

    def changed(self):
        plan, program = self.plan("changed", RUNS.replace("SEEDS", "1")), self.path("root/trig_push")
        results = self.path("changed.sqlite")
        self.whole(plan, results)
        if self.done(plan, results) != 2:
            return "not both are done"
        with open(program, "ab") as file:
            file.write(b"\0")
        try:
            if self.done(plan, results) != 0:
                return "another program was not noticed"
        finally:
            os.truncate(program, os.path.getsize(program) - 1)
        return None if self.done(plan, results) == 2 else "the results of the first program are gone"

    def failing(self):
        plan = self.plan("failing", FAILING)
        first = self.run(plan)
        if first.returncode != 1 or b"2 points: 1 done, 1 failed" not in first.stdout:
            return harness.shown(first.stdout + first.stderr)
        again, retried = self.run(plan), self.run(plan, "--retry-failed")
        if b"2 were there before" not in again.stdout:
            return f"a failed point was made again: {harness.shown(again.stdout)}"
        if b"1 were there before" not in retried.stdout or retried.returncode != 1:
            return f"--retry-failed: {harness.shown(retried.stdout)}"
        status = self.run("status", plan)
        return None if b"nowhere" in status.stdout else f"no reason: {harness.shown(status.stdout)}"

    def limits(self):
        text = 'time-limit = "100ms"\n' + FAILING.replace('"20"]', '"200000000"]').replace(', "uprobe:/trig_push:nowhere"', "")
        status = self.run(self.plan("slow", text))
        reason = self.run("status", self.path("slow.toml"))
        if status.returncode != 1 or b"took longer than 100.0 ms" not in reason.stdout:
            return harness.shown(status.stderr + reason.stdout)
        return None

    def full_disk(self):
        plan, results = self.plan("full", PRICED.replace("DESIGN", "latin-hypercube")), self.path("full.sqlite")
        limit = 600_000

        def small_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        full = self.run(plan, "--results", results, "--jobs", "1", preexec_fn=small_files)
        if full.returncode != 3 or full.stderr.count(b"\n") != 1 or not full.stderr.startswith(b"uprobesim: "):
            return f"status {full.returncode}: {harness.shown(full.stderr)}"
        last = self.whole(plan, results)
        return None if last == self.whole(plan, self.path("full-whole.sqlite")) else "the dumps differ"

    def no_folder(self):
        plan = self.plan("nofolder", RUNS.replace("SEEDS", "1"))
        got = self.run(plan, "--results", self.path("nowhere/results.sqlite"))
        if got.returncode != 2 or got.stderr.count(b"\n") != 1 or b"nowhere/results.sqlite" not in got.stderr:
            return f"status {got.returncode}: {harness.shown(got.stderr)}"
        return None

    def indices(self):
        plan = self.plan("indices", PRICED.replace("4000", "500").replace("DESIGN", "saltelli"))
        self.whole(plan, self.path("indices.sqlite"))
        got = self.run("indices", plan, "--figures", "cycles_per_hit", "-f", "csv")
        rows = [row.split(b",") for row in got.stdout.split(b"\r\n")[1:-1]]
        # v6.13+stp emulates the push: nothing is synchronised, and only the kernel's instructions count.
        if got.returncode != 0 or len(rows) != 4 or rows[2][1] != b"kernel=v6.13+stp" or rows[2][2] != b"machine.kernel-cpi":
            return harness.shown(got.stdout + got.stderr)
        return None if float(rows[2][5]) > 0.99 and float(rows[3][5]) == 0 else harness.shown(got.stdout)


def sweeps_part(context):
    with tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as top:
        sweeps = Sweeps(context, top)
        seeds = ", ".join(str(n) for n in range(1, 101 if context.short else 251))
        cases = [("killed-runs", lambda: sweeps.killed("runs", RUNS.replace("SEEDS", seeds))),
                 ("killed-priced", lambda: sweeps.killed("priced", PRICED.replace("DESIGN", "saltelli"))),
                 ("chunks", sweeps.chunks), ("parts", sweeps.parts), ("dry-run", sweeps.dry_run), ("changed-program", sweeps.changed), ("failing", sweeps.failing), ("limits", sweeps.limits),
                 ("full-disk", sweeps.full_disk), ("no-folder", sweeps.no_folder), ("indices", sweeps.indices)]
        for name, case in cases:
            if not context.wants(name):
                continue
            try:
                failure = case()
            except (AssertionError, sqlite3.Error, ValueError, IndexError) as error:
                failure = str(error)
            context.check(name, failure)
