# SPDX-License-Identifier: GPL-2.0-or-later
"""Every call of the tool to its host fails once: it is told, nothing is half-written, and the next run goes on.

failing_calls is preloaded into the tool; the calls of a kind are counted, and then each of them (or some, spread
evenly) fails in a run of its own. What a guest has been told is written must be there in the next run.
"""
import errno
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import tempfile

import harness

SECONDS = 120
OLD_REPORT = b"yesterday\n"
ON = "on"  # every later call fails as well
SHORT = "short"  # half is transferred
# Kind of calls: how they fail. EINTR and short transfers must not be seen at all.
HOW = {
    "read": [errno.EIO, errno.EINTR, SHORT],
    "write": [errno.ENOSPC, errno.EIO, errno.EINTR, SHORT, (errno.ENOSPC, ON)],
    "open": [errno.EMFILE, errno.EIO, (errno.EMFILE, ON)],
    "status": [errno.EIO],
    "list": [errno.EIO],
    "link": [errno.EIO],
    "size": [errno.EIO, errno.ENOSPC],
    "sync": [errno.EIO],
    "rename": [errno.ENOSPC, errno.EIO],
    "make": [errno.ENOSPC, (errno.ENOSPC, ON)],
    "remove": [errno.EIO],
    "attribute": [errno.EPERM, errno.EIO],
    "close": [errno.EIO],
    "lock": [errno.ENOLCK],
    "mount": [errno.EPERM],
    "memory": [errno.ENOMEM, (errno.ENOMEM, ON)],
}
UNSEEN = (errno.EINTR, SHORT)
# The CPU engine does not look whether it got memory: without any from some moment on it crashes when it is closed.
WITHOUT_ENGINE = ("audit", "whatif", "model", "sweep")
LOOKING = ("read", "open", "status", "list", "link", "lock", "close")
FAILURES = (2, 3, 126, 127)  # the exit statuses of what did not run
SEEN_BY_GUEST = re.compile(r"\bE[A-Z]{2,}\b")

SCENARIO = b"""
title = "looks"
description = "two programs that look"
cpus = 1
[[process]]
name = "first"
arguments = ["/file_steps", "look", "/case"]
[[process]]
name = "second"
arguments = ["/trig_push", "3"]
"""
PLAN = """
command = "run"
arguments = ["--root", "ROOT", "-p", "uprobe:/trig_push:uprobe_target_push", "/trig_push", "9"]
[[axis]]
seeds = [1, 2, 3, 4]
"""
KERNEL = b"""
name = "mine"
based-on = "v6.12"
description = "as 6.12"
"""


class _World:
    """A root that no run changes, and beside it, made anew for each run, all that a run may write."""

    def __init__(self, context, top):
        self.top, self.binary, self.library = top, context.simulator.binary, context.failing_calls
        os.makedirs(self.path("root/case/empty"))
        for program in ("file_steps", "trig_push"):
            shutil.copy(os.path.join(context.workloads, program), self.path("root"))
        for name, content in (("old", b"o" * 90000), ("gone", b"gone\n"), ("kept/one", b"1\n"), ("kept/two", b"two\n"), ("mapped", b"p" * 9000)):
            self.put("root/case/" + name, content)
        self.put("inputs/looks.toml", SCENARIO)
        self.put("inputs/kernel.toml", KERNEL)
        self.put("count", bytes(8))

    def path(self, name):
        return os.path.join(self.top, name)

    def put(self, name, content):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as file:
            file.write(content)
        os.utime(self.path(name), (1_700_000_000, 1_700_000_000))

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def fresh(self):
        for name in ("written", "rw", "scratch", "temporary"):
            shutil.rmtree(self.path(name), ignore_errors=True)
            os.mkdir(self.path(name))
        self.put("rw/here", b"here\n")
        self.put("written/report", OLD_REPORT)

    def run(self, words, **faults):
        environment = {"PATH": os.environ["PATH"], "TMPDIR": self.path("temporary"), "HOME": self.path("temporary"), **faults}
        with open(self.path("inputs/looks.toml"), "rb") as stdin:
            try:
                return subprocess.run([self.binary, *words], env=environment, stdin=stdin, capture_output=True, timeout=SECONDS, check=False)
            except subprocess.TimeoutExpired:
                return None

    def run_failing(self, words, kind, at=0, how=0):
        number, on = how if isinstance(how, tuple) else (how, "")
        return self.run(words, LD_PRELOAD=self.library, FAILING_KIND=kind, FAILING_AT=str(at), FAILING_HOW=str(number), FAILING_ON=on)

    def count(self, words, kind):
        self.put("count", bytes(8))
        got = self.run(words, LD_PRELOAD=self.library, FAILING_KIND=kind, FAILING_COUNT=self.path("count"))
        return struct.unpack("=Q", self.read("count"))[0], got

    def commands(self):
        """name: (words, whether the report is JSON)."""
        report = ["-o", self.path("written/report")]
        root = ["--root", self.path("root")]
        run = ["run", *root, "-f", "json", *report]
        probe = ["-p", "uprobe:/trig_push:uprobe_target_push"]
        return {
            "kept": [*run, "--bind", self.path("rw") + ":/rw:rw", "--scratch", self.path("scratch"), "/file_steps", "do", "/case", "/rw"],
            "temporary": [*run, "--bind", self.path("rw") + ":/rw:rw", "/file_steps", "do", "/case", "/rw"],
            "views": [*run, *probe, "--strace", "--strace-output", self.path("written/strace"), "--kernel", self.path("inputs/kernel.toml"),
                      "/trig_push", "3"],
            "compare": ["compare", *root, "-f", "json", *report, *probe, "-j", "1", "/trig_push", "3"],
            "endings": ["compare", *root, "-f", "json", *report, *probe, "-j", "1", "--attach-at", "hit:uprobe:/trig_push:uprobe_target_push:2",
                        "/trig_push", "3"],
            "scenario": ["run", *root, "-f", "json", *report, self.path("inputs/looks.toml")],
            "audit": ["audit", "-f", "json", *report, self.path("root/trig_push")],
            "whatif": ["whatif", "-f", "json", *report, self.path("inputs/saved.json")],
            "sweep": ["sweep", "collect", "-f", "json", *report, self.path("inputs/plan.toml"), self.path("inputs/results.sqlite"),
                      self.path("inputs/parts")],
            "explain": ["explain", "-f", "json", *report, "push"],
            "model": ["model", "show", "-f", "json", *report, self.path("inputs/kernel.toml")],
        }

    def look_again(self):
        return self.run(["run", "--root", self.path("root"), "--bind", self.path("rw") + ":/rw", "--scratch", self.path("scratch"), "-o", os.devnull,
                         "/file_steps", "look", "/case", "/rw"])


def _tree_of(stdout):
    return stdout.partition(b"there is\n")[2]


def _comparable(tree):
    """Of a bind, the next run has the host's times, and numbers made of the names of that day."""
    return re.sub(rb"(?m)^(/rw.*) ino \d+( .*?)( mtime [0-9.]+)?( holds .*)?$", rb"\1\2\4", tree)


def _untimed(output):
    """Simulated time goes on while something is asked for again."""
    return re.sub(rb"(?m)( mtime \d+)\.\d+", rb"\1", output)


def _report_of(content):
    """The report without what tells one run from another; None: it is not whole."""
    try:
        report = json.loads(content)
    except ValueError:
        return None
    for part in (report, *(report.get("runs") or [])):
        if isinstance(part, dict):
            part.pop("provenance", None)  # a program that could not be read for it is "not hashed"
    return report


class _Baseline:
    """The same command where nothing fails."""

    def __init__(self, world, words):
        world.fresh()
        self.guest = words[0] in ("run", "compare")
        self.scenario = words[-1].endswith(".toml")  # what its processes print is not shown
        self.run = world.run(words)
        self.report = _report_of(world.read("written/report"))
        if self.run is None or self.run.returncode != 0 or self.report is None:
            raise AssertionError(f"does not run where nothing fails: {self.run}")


def _told(world, got, baseline, kind, how):
    """What is wrong with how a failed call was told, or None."""
    report = world.read("written/report")
    errors = got.stderr.decode(errors="replace")
    if got.returncode in FAILURES:
        lines = errors.splitlines()
        if kind == "write" and isinstance(how, tuple):  # nor can the line be written
            return None if report == OLD_REPORT else "a failed command replaced the report"
        if not lines or not lines[-1].startswith("uprobesim: "):
            return f"status {got.returncode} without a line: {errors!r}"
        if len([line for line in lines if line.startswith("uprobesim: ")]) != 1:
            return f"more than one line: {errors!r}"
        # Of two outputs, the one that is whole may have its name already.
        strace_failed = world.path("written/strace") in errors and _report_of(report) is not None
        return None if report == OLD_REPORT or strace_failed else "a failed command replaced the report"
    whole = _report_of(report)
    if whole is None:
        return f"status {got.returncode} and the report is not whole, {len(report)} bytes; {errors!r}"
    if got.returncode == 0 and _untimed(got.stdout) == _untimed(baseline.run.stdout):
        # A page that is read ahead may fail and be asked for again, and a C library at its start ignores errors: that takes time.
        if whole == baseline.report or whole.get("lost_writes") or (kind in LOOKING and baseline.guest) or baseline.scenario:
            return None
        differ = [key for key in whole if whole[key] != baseline.report.get(key)]
        return f"the report differs, and nothing says why: {differ}; {errors!r}"
    # An open descriptor's status is taken for granted: where the host refuses it, a file may show other attributes.
    if kind == "status" or (got.returncode == 1 and "differs from" in errors):
        return None
    # The guest ended by a signal, or saw an error.
    seen = got.returncode in (128 + signal.SIGBUS, 128 + signal.SIGSEGV, 128 + signal.SIGKILL, 9)
    new = [line for line in got.stdout.decode(errors="replace").splitlines() if line.encode() not in baseline.run.stdout]
    if seen or any(SEEN_BY_GUEST.search(line) for line in new) or whole.get("lost_writes"):
        return None
    return f"status {got.returncode}, another output and no error in it: {new[:3]} {errors!r}"


def _unseen(world, got, baseline):
    if got.returncode != 0 or got.stdout != baseline.run.stdout:
        return f"is seen: status {got.returncode}, {harness.shown(got.stderr)}, {harness.shown(got.stdout)}"
    return None if _report_of(world.read("written/report")) == baseline.report else "changes the report"


# Without these a folder cannot be emptied and removed.
REMOVING = ("remove", "lock", "list", "open", "status", "memory")


def _left(world, kind):
    """What is left behind, but for what could not be removed, which the next run clears away."""
    left = os.listdir(world.path("temporary"))
    if left and kind in REMOVING:
        world.run(["run", "--root", world.path("root"), "-o", os.devnull, "/trig_push", "1"])
        left = os.listdir(world.path("temporary"))
    parts = [name for name in os.listdir(world.path("written")) if name not in ("report", "strace")]
    return f"left behind: {left + parts}" if left or (parts and kind != "remove") else None


def _goes_on(world, got):
    """The next run over the kept scratch directory sees what this one's guest saw at its end."""
    again = world.look_again()
    if again is None or again.returncode != 0:
        return f"the next run fails: {harness.shown(again.stderr) if again else 'it hangs'}"
    if os.listdir(world.path("temporary")):
        return f"left behind by the next run: {os.listdir(world.path('temporary'))}"
    seen = _comparable(_tree_of(got.stdout))
    report = _report_of(world.read("written/report")) or {}
    if not seen or SEEN_BY_GUEST.search(seen.decode(errors="replace")) or report.get("lost_writes") or got.returncode != 0:
        return None
    now = _comparable(again.stdout)
    return None if now == seen else f"the next run sees another tree: {harness.first_difference(now, seen, 'this run')}"


def _failure(world, name, words, baseline, fault):
    kind, at, how = fault
    world.fresh()
    got = world.run_failing(words, kind, at, how)
    if got is None:
        return f"hangs for {SECONDS} s"
    if got.returncode < 0 or b"internal error" in got.stderr or b"terminate called" in got.stderr:
        return f"crashes: {got.returncode}, {harness.shown(got.stderr)}"
    failure = _unseen(world, got, baseline) if how in UNSEEN else _told(world, got, baseline, kind, how)
    failure = failure or _left(world, kind)
    return failure or (_goes_on(world, got) if name == "kept" else None)


def _name(how):
    number, on = how if isinstance(how, tuple) else (how, "")
    return (number if number == SHORT else errno.errorcode[number]) + ("-" + on if on else "")


def _spread(calls, most, turn):
    """At most so many of the numbers from 1; with two or more, the first and the last among them. A single one is another one in
    each turn, 0 to 1."""
    if calls <= most:
        return range(1, calls + 1)
    if most == 1:
        return [1 + round((calls - 1) * turn)]
    return sorted({1 + (calls - 1) * i // (most - 1) for i in range(most)})


def _walk(context, world, name, words):
    baseline = _Baseline(world, words)
    for kind, hows in HOW.items():
        if not any(context.wants(f"{name}-{kind}-{_name(how)}") for how in hows):
            continue
        world.fresh()
        calls, got = world.count(words, kind)
        if got is None or got.returncode != 0:
            context.check(f"{name}-{kind}", f"does not run while calls are counted: {got and harness.shown(got.stderr)}")
            continue
        for turn, how in enumerate(hows):
            case = f"{name}-{kind}-{_name(how)}"
            if not context.wants(case) or (how == (errno.ENOMEM, ON) and name not in WITHOUT_ENGINE):
                continue
            walked = list(_spread(calls, context.faults_each, turn / max(1, len(hows) - 1)))
            wrong = [(at, failure) for at in walked if (failure := _failure(world, name, words, baseline, (kind, at, how)))]
            context.faults += len(walked)
            context.check(case, "; ".join(f"call {at} of {calls}: {failure}" for at, failure in wrong[:20]) or None)


def host_faults_part(context):
    if not context.failing_calls or not os.path.exists(context.failing_calls):
        raise harness.Missing("the library failing_calls is not built")
    with tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as top:
        world = _World(context, top)
        world.fresh()
        probe = ["-p", "uprobe:/trig_push:uprobe_target_push"]
        saved = world.run(["run", "--root", world.path("root"), "-f", "json", "-o", world.path("inputs/saved.json"), *probe, "/trig_push", "9"])
        if saved is None or saved.returncode != 0:
            raise AssertionError(f"no report: {saved}")
        plan = world.path("inputs/plan.toml")
        world.put("inputs/plan.toml", PLAN.replace("ROOT", world.path("root")).encode())
        os.mkdir(world.path("inputs/parts"))
        for words in (["--results", world.path("inputs/results.sqlite"), "--chunk", "1/2"], ["--parts", world.path("inputs/parts"), "--chunk", "2/2"]):
            if (swept := world.run(["sweep", "run", plan, *words])) is None or swept.returncode != 0:
                raise AssertionError(f"no sweep: {swept}")
        context.faults = 0
        for name, words in world.commands().items():
            _walk(context, world, name, words)
        print(f"host-faults: {context.faults} runs with a failed call")
