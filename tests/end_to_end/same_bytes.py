# SPDX-License-Identifier: GPL-2.0-or-later
"""Every command gives the same bytes on another day, under another environment, other limits and load.

Each command runs in two surroundings that differ in all that must not count: the current folder, the environment, the
umask, the limits of stack and descriptors, the number of CPUs, priority and load, the day (libfaketime, where it is
installed), and the times at which the guest's files were read and their folders changed. Status, both streams and the
files written are compared byte by byte.
"""
import contextlib
import glob
import os
import resource
import shutil
import subprocess
import tempfile
import time

import harness

SECONDS = 300
FAKETIME = "/usr/lib/*/faketime/libfaketime.so.1"
SHORT = 13  # of COMMANDS, in the short test

PUSH = "-p uprobe:/trig_push:uprobe_target_push"
# The words as a user types them. ROOT: the guest programs, DEBIAN: the sysroot, IN: input files, OUT: where outputs go.
COMMANDS = [
    "run --root ROOT /faults",
    "run --root ROOT -f json -o OUT/report --cpus 4 -p uprobe:/threads:hot /threads 8 200",
    "run --root ROOT --bind IN:/rw:rw --scratch OUT/scratch -f json -o OUT/report /file_steps do /case /rw",
    "run --root DEBIAN -p uprobe:/bin/ls:* /bin/ls -la /etc /usr /proc/self/fd",
    "run --root DEBIAN --strace --strace-output OUT/strace -o OUT/report /bin/sh -c 'date; id; pwd; umask; ulimit -a; env; cat /proc/self/limits /proc/meminfo /proc/cpuinfo /proc/mounts; df'",
    "compare --root ROOT -f json -o OUT/report " + PUSH + " /trig_push 2000",
    "bench -f json -o OUT/report uprobe-push",
    "explain -f json push",
    "explain -f html push",
    "audit --root ROOT -f csv /trig_push",
    "whatif -f md --range IN/saved.json",
    "whatif -f html --range IN/saved.json",
    "compare --root ROOT -f html -o OUT/report " + PUSH + " /trig_push 100",
    "reproduce -f md",
    "model show kunpeng916 -f json",
    "run --root ROOT -f md -o OUT/report " + PUSH + " /trig_push 100",
    "run --root ROOT -f csv -o OUT/report " + PUSH + " /trig_push 100",
    "run --root ROOT --log-exceptions -o OUT/report " + PUSH + " /trig_push 3",
    "run --root ROOT --log-exceptions --log-exceptions-output OUT/log -o OUT/report /faults",
    "run --root ROOT --max-sim-time 1ms -o OUT/report /hostile spin",
    "run --root ROOT --max-insns 100000 -f json -o OUT/report /hostile spin",
    "run --root ROOT --memory 32M /forks",
    "run --root ROOT /clocks",
    "run --root ROOT /terminals",
    "run --root ROOT --seed 9 /threads 4 50",
    "run --root ROOT --uid 1000 --bind IN:/rw:rw /file_steps do /case /rw",
    "run --root ROOT /nosuch",
    "run --root ROOT --frobnicate /faults",
    "run --root DEBIAN -f json -o OUT/report /usr/bin/perl -e 'print join(q{ }, time, rand, $$, localtime, stat(q{/etc/passwd}), %ENV)'",
    "run --root DEBIAN /bin/bash -c 'echo $RANDOM $SECONDS $EPOCHREALTIME $COLUMNS; for i in 1 2 3; do seq $i | wc -l & done; wait; ls -l --time=atime /etc | head; touch /tmp/x; stat /tmp/x /etc'",
    "run --root DEBIAN --cpus 2 /bin/sh -c 'sleep 1 & sleep 2; kill -9 $!; times'",
    "run --root DEBIAN /usr/bin/sort -R /etc/passwd",
    "run --root DEBIAN -o OUT/report /bin/tar -cf - -C /etc passwd group",
    "compare --root ROOT " + PUSH + " --kernels v6.12,v6.13,v6.13+stp /trig_push 100",
    "compare --root ROOT -f md " + PUSH + " /trig_push 100",
    "bench --lines uprobe-nop uretprobe-ret",
    "explain ret --kind uretprobe",
    "audit --root DEBIAN -f json /bin/ls",
    "audit --root ROOT /forks",
    "whatif -f json --set machine.ops.ic-ivau=0 IN/saved.json",
    "calibrate -f json",
    "model diff next-20241104 v6.13",
    "sweep --jobs 1 --results OUT/results IN/plan.toml",
    "sweep collect -f html IN/plan.toml IN/saved.sqlite",
    "sweep indices -f json IN/plan.toml IN/saved.sqlite",
    "scenario show redis-set",
]


PLAN = """
command = "run"
arguments = ["--root", "ROOT", "-p", "uprobe:/trig_push:uprobe_target_push", "/trig_push", "50"]
[sample]
count = 40
design = "saltelli"
[[axis]]
kernels = ["v6.12", "v6.13+stp"]
[[axis]]
setting = "machine.exception-*"
sample = "confidence"
"""


class _Surroundings:
    """One of two: `other` has all that must not count otherwise."""

    def __init__(self, top, other):
        self.other = other
        self.folder = os.path.join(top, "elsewhere, far below/and deeper" if other else "here")
        self.home = os.path.join(self.folder, "home")
        self.temporary = os.path.join(self.folder, "temporary files of another name" if other else "tmp")
        for folder in (self.home, self.temporary):
            os.makedirs(folder)
        self.cpus = sorted(os.sched_getaffinity(0))

    def environment(self):
        common = {"PATH": os.environ["PATH"], "HOME": self.home, "TMPDIR": self.temporary}
        if not self.other:
            return {**common, "LANG": "C", "TZ": "UTC", "TERM": "dumb", "COLUMNS": "80", "USER": "one"}
        there = {**common, "LANG": "de_DE.UTF-8", "LC_ALL": "C.UTF-8", "LC_NUMERIC": "de_DE.UTF-8", "TZ": "Asia/Tokyo", "TERM": "xterm-256color", "COLUMNS": "43",
                 "LINES": "7", "USER": "two", "POSIXLY_CORRECT": "1", "MALLOC_PERTURB_": "170", "MALLOC_ARENA_MAX": "1", "XDG_CACHE_HOME": self.home + "/cache"}
        found = glob.glob(FAKETIME)
        if found:
            there.update({"LD_PRELOAD": found[0], "FAKETIME": "+1711d", "NO_FAKE_STAT": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
        return there

    def enter(self):
        os.umask(0o077 if self.other else 0o022)
        os.sched_setaffinity(0, self.cpus if self.other else self.cpus[:1])
        if self.other:
            os.nice(5)
        for limit, here, there in ((resource.RLIMIT_STACK, 8 << 20, 3 << 20), (resource.RLIMIT_NOFILE, 1024, 300), (resource.RLIMIT_CORE, 0, 4096)):
            hard = resource.getrlimit(limit)[1]
            wanted = there if self.other else here
            resource.setrlimit(limit, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))

    @contextlib.contextmanager
    def load(self):
        """A neighbour that takes a CPU."""
        neighbour = subprocess.Popen(["sh", "-c", "while :; do :; done"]) if self.other else None
        try:
            yield
        finally:
            if neighbour:
                neighbour.kill()
                neighbour.wait()


def _touch(root, at):
    """The guest's files were read, and the folder above them was changed, at some time of the host's."""
    os.utime(os.path.dirname(root), (at, at))
    for name in ("", "bin", "etc", "etc/passwd", "case/old", "trig_push"):
        path = os.path.join(root, name)
        if os.path.exists(path):
            os.utime(path, ns=(at * 1_000_000_000, os.stat(path).st_mtime_ns))


def _inputs(folder):
    os.makedirs(folder)
    for name, content in (("here", b"here\n"), ("notes", b"a\nb\n")):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)
        os.utime(os.path.join(folder, name), (1_700_000_000, 1_700_000_000))


class _Twice:
    def __init__(self, context, top, roots):
        self.binary, self.top, self.roots = context.simulator.binary, top, roots
        self.surroundings = [_Surroundings(top, other) for other in (False, True)]
        self.saved = os.path.join(top, "saved.json")
        subprocess.run([self.binary, "run", "--root", roots["ROOT"], "-f", "json", "-o", self.saved, *PUSH.split(), "/trig_push", "50"],
                       check=True, stdin=subprocess.DEVNULL, capture_output=True)
        self.plan, self.results = os.path.join(top, "plan.toml"), os.path.join(top, "saved.sqlite")
        with open(self.plan, "w", encoding="utf-8") as file:
            file.write(PLAN.replace("ROOT", roots["ROOT"]))
        subprocess.run([self.binary, "sweep", self.plan, "--results", self.results], check=True, stdin=subprocess.DEVNULL, capture_output=True)

    def path(self, name):
        return os.path.join(self.top, name)

    def _run(self, command, where, at):
        for name in ("in", "out"):
            shutil.rmtree(self.path(name), ignore_errors=True)
        _inputs(self.path("in"))
        for source in (self.saved, self.plan, self.results):
            copy = shutil.copy(source, self.path("in"))
            os.utime(copy, (1_700_000_000, 1_700_000_000))
        os.makedirs(self.path("out/scratch"))
        for root in self.roots.values():
            _touch(root, at)
        places = {**self.roots, "IN": self.path("in"), "OUT": self.path("out")}
        for name, place in places.items():
            command = command.replace(name, place)
        with where.load():
            got = subprocess.run(["sh", "-c", f"exec {self.binary} {command}"], cwd=where.folder, env=where.environment(), preexec_fn=where.enter,
                                 stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False)
        files = {}
        for name in sorted(os.listdir(self.path("out"))):
            if os.path.isfile(self.path("out/" + name)):
                with open(self.path("out/" + name), "rb") as file:
                    files[name] = file.read()
        state = self.path("out/scratch/.uprobesim/state")
        if os.path.exists(state):
            with open(state, "rb") as file:
                files["state"] = file.read()
        return {"status": b"%d" % got.returncode, "stdout": got.stdout, "stderr": got.stderr, **files}

    def difference(self, command):
        first = self._run(command, self.surroundings[0], 1_600_000_000)
        second = self._run(command, self.surroundings[1], int(time.time()) - 5)
        if first["status"].startswith(b"-") or not (first["stdout"] or first["stderr"] or len(first) > 3):
            return f"gives nothing: {first}"
        for what in {**first, **second}:
            a, b = first.get(what, b""), second.get(what, b"")
            if a != b:
                return f"{what} {harness.first_difference(b, a, 'the first')}"
        left = [name for where in self.surroundings for name in os.listdir(where.temporary)]
        return f"left behind: {left}" if left else None


def same_bytes_part(context):
    commands = COMMANDS[:SHORT] if context.short else COMMANDS
    if not glob.glob(FAKETIME):
        print("same-bytes: libfaketime is not installed, both runs are of one day", flush=True)
    with tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as top, context.guest_root(context.workloads) as programs, \
            context.guest_root(context.sysroot) as debian:
        os.makedirs(os.path.join(programs.path, "case/kept"))
        for name in ("old", "mapped", "gone", "kept/one", "kept/two"):
            with open(os.path.join(programs.path, "case", name), "wb") as file:
                file.write(name.encode() * 3000)
        twice = _Twice(context, top, {"ROOT": programs.path, "DEBIAN": debian.path})
        for number, command in enumerate(commands):
            name = f"{number:02}-{command.split()[0]}"
            if context.wants(name):
                context.check(name, twice.difference(command))
