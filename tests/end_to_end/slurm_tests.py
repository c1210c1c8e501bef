# SPDX-License-Identifier: GPL-2.0-or-later
"""A sweep as an array job of a Slurm that runs here, one of whose tasks is killed and another requeued."""
import os
import signal
import subprocess
import tempfile
import time

import harness
import slurm_cluster
import sweep_tests

POINTS = 200
CHUNK = 8
TASKS = POINTS // CHUNK
SECONDS = 240


class _Array:
    def __init__(self, sweeps, cluster):
        self.sweeps, self.cluster = sweeps, cluster
        sweeps.environment.update(cluster.environment)
        seeds = ", ".join(str(n) for n in range(1, POINTS // 2 + 1))
        self.plan = sweeps.plan("array", sweep_tests.RUNS.replace("SEEDS", seeds))
        self.parts = sweeps.path("array.parts")
        self.job = None

    def must(self, *words):
        got = self.sweeps.run(*words)
        if got.returncode != 0:
            raise AssertionError(f"sweep {words[0]}: {harness.shown(got.stdout + got.stderr)}")
        return got.stdout.decode()

    def lines(self, task, start=1):
        """Of a part: whole rows."""
        try:
            with open(os.path.join(self.parts, f"chunk-{task}-of-{TASKS}.{start}.jsonl"), "rb") as file:
                return file.read().count(b'{"point":')
        except OSError:
            return 0

    def begun(self):
        """Two tasks that have done their first points and are not near their end."""
        tasks = [task for task in range(1, TASKS + 1) if 0 < self.lines(task) <= CHUNK // 2]
        return tasks[:2] if len(tasks) > 1 else None

    def logs(self):
        """What tasks said."""
        said = ""
        for name in sorted(os.listdir(self.parts)):
            if name.endswith(".log"):
                with open(os.path.join(self.parts, name), encoding="utf-8", errors="replace") as file:
                    text = file.read()
                said += f"{name}: {text}\n" if text else ""
        return said

    def wait(self, what, ready):
        end = time.monotonic() + SECONDS
        while True:
            value = ready()
            if value:
                return value
            if time.monotonic() > end:
                states = self.cluster.run("squeue", "-r", "--states=all").stdout
                raise AssertionError(f"{what} took too long: {states}{self.logs()}")
            time.sleep(0.02)

    def process_of(self, task):
        """The tool's own process of a task, which was started for a file in our folder."""
        wanted = {f"{task}/{TASKS}".encode(), self.parts.encode()}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    if wanted <= set(file.read().split(b"\0")):
                        return int(pid)
            except OSError:
                continue
        return None

    def slurm(self, *words):
        got = self.cluster.run(*words)
        if got.returncode != 0:
            raise AssertionError(f"{' '.join(words)}: {got.stderr or got.stdout}")

    def requeue(self, task):
        self.slurm("scontrol", "requeue", f"{self.job}_{task}")

    def start_now(self, task):
        # Slurm waits two minutes before it starts a requeued task. It cannot start in the second in which it ended: its
        # credential would not be newer than the revoked one, of which only the second is kept.
        self.wait("requeueing", lambda: self.cluster.run("squeue", "-h", "-r", "-o", "%T", f"--jobs={self.job}_{task}").stdout.strip() == "PENDING")
        self.slurm("scontrol", "update", f"JobId={self.job}_{task}", "StartTime=now+2")

    def states(self):
        return dict(line.split("|") for line in self.cluster.run("squeue", "-h", "-r", "--states=all", "-o", "%i|%T").stdout.split())

    def array(self):
        told = self.must("submit", "--slurm", "--chunk", str(CHUNK), self.plan, "--", "--comment=a test")
        if f"{POINTS} points in {TASKS} tasks: job " not in told:
            return f"submit says {told}"
        self.job = told.split()[-1]
        killed, requeued = self.wait("the first points of two tasks", self.begun)
        process = self.process_of(killed)
        if process is None:
            return "the task has no process"
        os.kill(process, signal.SIGKILL)
        self.requeue(requeued)  # while it runs: SIGTERM
        self.wait("the end of the killed task", lambda: self.states().get(f"{self.job}_{killed}") == "FAILED")
        kept = self.lines(killed)
        if not 0 < kept < CHUNK:
            return f"the killed task had {kept} points"
        status = self.must("status", self.plan)
        if "FAILED" not in status or "PENDING" not in status:
            return f"status does not ask Slurm: {status}"
        self.requeue(killed)
        for task in (killed, requeued):
            self.start_now(task)
        self.wait("the array", lambda: set(self.states().values()) == {"COMPLETED"})
        for task in (killed, requeued):
            first, second = self.lines(task), self.lines(task, 2)
            if first + second != CHUNK or second == 0:
                return f"task {task} did {first} points, and {second} when it was started again"
        return None

    def collected(self):
        merged = self.sweeps.path("merged.sqlite")
        got = self.must("collect", self.plan, "--into", merged, "-f", "csv")
        if got.count(",done,") != POINTS:
            return f"{got.count(',done,')} points are done"
        status = self.must("status", self.plan)
        if f"{POINTS} of {POINTS} points done, 0 failed, 0 missing" not in status or "COMPLETED" not in status:
            return status
        whole = self.sweeps.whole(self.plan, self.sweeps.path("whole.sqlite"))
        return None if sweep_tests.dump(merged) == whole else "the merged results are not those of an undisturbed sweep"

    def nothing_left(self):
        told = self.must("submit", "--slurm", self.plan)
        return None if told == "no point is missing\n" else told

    def refused(self):
        seeds = self.sweeps.plan("refused", sweep_tests.RUNS.replace("SEEDS", "1"))
        got = self.sweeps.run("submit", "--slurm", seeds, "--", "--partition=nowhere")
        if got.returncode != 2 or got.stderr.count(b"\n") != 1 or b"sbatch refuses: " not in got.stderr:
            return f"status {got.returncode}: {harness.shown(got.stderr)}"
        return None


def slurm_part(context):
    with tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as top:
        try:
            with slurm_cluster.Cluster(cpus=4) as cluster:
                array = _Array(sweep_tests.Sweeps(context, top), cluster)
                for name, case in (("array", array.array), ("collected", array.collected), ("nothing-left", array.nothing_left), ("refused", array.refused)):
                    try:
                        failure = case()
                    except (AssertionError, ValueError, subprocess.TimeoutExpired) as error:
                        failure = str(error)
                    context.check(name, failure)
                    if failure and name == "array":
                        break
        except slurm_cluster.Missing as missing:
            raise harness.Missing(str(missing)) from missing
