# SPDX-License-Identifier: GPL-2.0-or-later
"""SIGKILL at random moments: what a guest was told is done is there in the next run, and nothing is half-written or left behind.

All runs share one scratch directory. Its guest replaces, changes and removes eight files in turn and prints the number
of each step that is done, so that what must be there follows from the last number.
"""
import json
import os
import random
import re
import shutil
import subprocess
import tempfile
import time

import harness

SEED = 1
LONGEST = 0.4  # seconds to a kill: a start takes some 0.05, a step some 0.001
SECONDS = 120
OLD_REPORT = b"yesterday\n"
FILES = 8
ROOTS = b"the root's\n"
LINE = re.compile(rb"^/case/churn/(\w+): (\d+) .* holds (-?[0-9a-f]+)")


def _fnv1a(data):
    hash_ = 0x811C9DC5
    for byte in data:
        hash_ = (hash_ ^ byte) * 0x01000193 & 0xFFFFFFFF
    return hash_


def _shown(content, mode):
    return f"{0o100000 | mode:o}", f"{_fnv1a(content) ^ len(content):x}"


def _step(files, number):
    """What the guest's step makes of the files: name: (mode, checksum) as it shows them."""
    after = dict(files)
    name = str(number % FILES)
    if number % 5 == 0:
        after.pop(name, None)
    else:
        after[name] = _shown(b"%d\n" % number, 0o600 | number & 0o77)
    return after


def _log_failure(path):
    """The log is lines with their checksums; only the last may be torn."""
    if not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        lines = file.read().split(b"\n")
    for number, line in enumerate(lines[:-1]):
        text, mark, checksum = line.rpartition(b" #")
        if not mark or checksum != b"%08x" % _fnv1a(text):
            return f"line {number + 1} of {len(lines) - 1} of the log is torn: {line[:200]!r}"
    return None if lines[0].startswith(b"uprobesim-scratch 1 #") else f"the log begins with {lines[0][:60]!r}"


class _Killed:
    def __init__(self, context, top):
        self.binary, self.top, self.random = context.simulator.binary, top, random.Random(SEED)
        for name in ("root/case/churn", "scratch", "temporary", "written"):
            os.makedirs(self.path(name))
        for program in ("file_steps", "trig_push"):
            shutil.copy(os.path.join(context.workloads, program), self.path("root"))
        for number in range(FILES):
            with open(self.path(f"root/case/churn/{number}"), "wb") as file:
                file.write(ROOTS)
            os.chmod(self.path(f"root/case/churn/{number}"), 0o644)
        self.files = {str(number): _shown(ROOTS, 0o644) for number in range(FILES)}
        self.next_step = 1
        self.steps = 0
        self.environment = {**os.environ, "TMPDIR": self.path("temporary")}

    def path(self, name):
        return os.path.join(self.top, name)

    def _run(self, words):
        return subprocess.run([self.binary, *words], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False)

    def _killed_run(self, words):
        """What it printed until it was killed."""
        with open(self.path("printed"), "wb") as printed:
            tool = subprocess.Popen([self.binary, *words], env=self.environment, stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.PIPE)
            time.sleep(self.random.uniform(0, LONGEST))
            ended = tool.poll()
            tool.kill()
            errors = tool.communicate()[1]
        if ended not in (None, 0):
            raise AssertionError(f"ended by itself with {ended}: {harness.shown(errors)}")
        with open(self.path("printed"), "rb") as file:
            return file.read()

    def _report_failure(self):
        with open(self.path("written/report"), "rb") as file:
            report = file.read()
        if report != OLD_REPORT:
            json.loads(report)
        left = [name for name in os.listdir(self.path("written")) if name != "report"]
        return f"left beside the report: {left}" if left else None

    def _kept(self):
        """One kill of the guest with a kept scratch directory."""
        root, scratch = ["--root", self.path("root")], ["--scratch", self.path("scratch")]
        first = self.next_step
        printed = self._killed_run(["run", *root, *scratch, "-f", "json", "-o", self.path("written/report"), "/file_steps", "churn", str(first), "/case/churn"])
        failure = _log_failure(self.path("scratch/.uprobesim/state"))
        if failure:
            return failure
        done = printed.count(b"\n")
        self.steps += done
        for number in range(first, first + done):
            self.files = _step(self.files, number)
        last = first + done  # this step may be done as well
        again = self._run(["run", *root, *scratch, "-o", os.devnull, "/file_steps", "look", "/case/churn"])
        if again.returncode != 0:
            return f"the next run fails: {harness.shown(again.stderr)}"
        seen = {name.decode(): (mode.decode(), held.decode()) for name, mode, held in (m.groups() for m in map(LINE.match, again.stdout.splitlines()) if m)}
        seen.pop("new", None)
        with_it = _step(self.files, last)
        if seen not in (self.files, with_it):
            wrong = {name: (self.files.get(name), seen.get(name)) for name in {*self.files, *seen} if seen.get(name) != self.files.get(name)}
            return f"after step {last - 1} is there {wrong}"
        self.files, self.next_step = seen, last + 1
        return _log_failure(self.path("scratch/.uprobesim/state"))

    def _temporary(self):
        probe = ["-p", "uprobe:/trig_push:uprobe_target_push"]
        report = ["-f", "json", "-o", self.path("written/report")]
        command = self.random.choice([["compare", "--root", self.path("root"), *report, *probe, "/trig_push", "30000"],
                                      ["run", "--root", self.path("root"), *report, "/file_steps", "churn", "1", "/case/churn"],
                                      ["bench", *report, "uprobe-push"]])
        self._killed_run(command)
        ended = self._run(["run", "--root", self.path("root"), "-o", os.devnull, "/trig_push", "1"])
        return None if ended.returncode == 0 else f"the next run fails: {harness.shown(ended.stderr)}"

    def kill(self, number):
        with open(self.path("written/report"), "wb") as file:
            file.write(OLD_REPORT)
        failure = self._temporary() if number % 5 == 4 else self._kept()
        # A run that keeps its scratch directory makes no folder and so removes none.
        if not failure and number % 5 == 4 and os.listdir(self.path("temporary")):
            failure = f"left behind: {os.listdir(self.path('temporary'))}"
        return failure or self._report_failure()


def kills_part(context):
    with tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as top:
        killed = _Killed(context, top)
        for number in range(context.kills):
            failure = killed.kill(number)
            context.check(f"kill-{number}", failure)
            if failure:
                break  # what must be there is not known any more
        if killed.steps == 0:
            context.check("steps", "no guest came so far that it did one")
        print(f"kills: {context.kills} kills, {killed.steps} steps of guests were done")
