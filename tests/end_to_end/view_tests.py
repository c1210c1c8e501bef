# SPDX-License-Identifier: GPL-2.0-or-later
"""The views of a run, and runs that end before their program: system calls compared with qemu-aarch64's own trace,
exceptions compared with the report's counts, progress, signals to the simulator, limits, deadlocks."""
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import tempfile
import time

import harness
import judge
import trace_tests

CALL = re.compile(r"^\[pid (\d+)\] \d+\.\d{6} (.*)$")
ENDED = re.compile(r"^(\w+)\((.*)\) += (\?|-?\w+)(?: (E\w+) \((.*)\))?$", re.S)
QEMU_CALL = re.compile(r"^\d+ (\w+)\((.*)\) = (-?\w+)(?: errno=(\d+) .*)?$")
EXCEPTION = re.compile(r"^\d+\.\d{9} cpu\d+ \[pid \d+\] (.+?); ELR (.+); ([\d,]+) \+ ([\d,]+) cycles$")
# Calls that both do for the same reason, with results that do not depend on where memory is. What ld.so does not find is left
# out: it looks in folders for the CPU's features.
COMPARED = {"openat", "close", "read", "pread64", "newfstatat", "fstat", "faccessat", "fadvise64", "write", "getpid"}
BUSY = ["/bin/sh", "-c", "while :; do :; done"]


class Views:
    def __init__(self, context, root, scratch):
        self.context, self.root, self.scratch = context, root, scratch

    def check(self, name, action):
        """An action returns what is wrong, or None."""
        if self.context.wants(name):
            self.context.check(name, action())

    def words(self, options, program):
        return [self.context.simulator.binary, "run", "--root", self.root, *options, "--", *program]

    def run(self, options, program, **more):
        more = {"capture_output": True, "timeout": harness.TIMEOUT_SECONDS, "stdin": subprocess.DEVNULL, **more}
        return subprocess.run(self.words(options, program), env=self.environment(), **more)

    def environment(self):
        return {**os.environ, "TMPDIR": self.scratch}

    def start(self, options, program, **more):
        """A run in the background that takes SIGINT as one at a terminal does."""
        def take_signals():
            signal.signal(signal.SIGINT, signal.SIG_DFL)

        more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **more}
        return subprocess.Popen(self.words(options, program), env=self.environment(), preexec_fn=take_signals, **more)

    def path(self, name):
        return os.path.join(self.scratch, name)


def _calls(text):
    """(pid, rest of the line) of each line that is one."""
    return [match.groups() for match in map(CALL.match, text.splitlines()) if match]


def _path_of(call):
    """Of the calls that have one and show it."""
    return re.search(r'"([^"]*)"', call[2])[1] if call[1] in ("openat", "faccessat") else None


def _cat_calls_match_qemu(views, root):
    report = views.path("report")
    got = views.run(["--strace", "-o", report], ["/bin/cat", "/case/text"])
    ours = []
    for _, line in _calls(got.stderr.decode()):
        match = ENDED.match(line)
        if match and match[1] in COMPARED and match[4] != "ENOENT" and match.group(1, 2) != ("close", "2"):
            ours.append((match[1], _path_of(match), f"-1 {match[5]}" if match[4] else match[3]))

    def enter():
        os.chroot(root.path)
        os.chdir("/")

    run = judge.run("qemu-aarch64", ["/.qemu", "-strace", "/bin/cat", "/case/text"], b"", preexec_fn=enter, env={"LANG": "C"})
    theirs = []
    for line in run.stderr.decode(errors="replace").splitlines():
        match = QEMU_CALL.match(line)
        # qemu writes to the descriptor that cat closes last.
        if match and match[1] in COMPARED and match[4] != "2" and match.group(1, 2) != ("close", "2"):
            theirs.append((match[1], _path_of(match), f"-1 {os.strerror(int(match[4]))}" if match[4] else match[3]))
    if not ours or ours != theirs:
        different = next((pair for pair in zip(ours, theirs) if pair[0] != pair[1]), (len(ours), len(theirs)))
        return f"calls differ from qemu-aarch64's, first {different}; {len(ours)} and {len(theirs)}"
    return None


def _cat_lines_are_strace_s(views):
    got = views.run(["--strace", "-o", views.path("report")], ["/bin/cat", "/case/text"])
    lines = [line for _, line in _calls(got.stderr.decode())]
    for wanted in (r'openat\(AT_FDCWD, "/case/text", O_RDONLY\) = 3', r'read\(3, "one\\ntwo\\n", 131072\) += 8',
                   r'write\(1, "one\\ntwo\\n", 8\) += 8', r'read\(3, "", 131072\) += 0', r"close\(3\) += 0",
                   r'openat\(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY\|O_CLOEXEC\) = .*',
                   r"mmap\(NULL, 139264, PROT_READ\|PROT_WRITE, MAP_PRIVATE\|MAP_ANONYMOUS, -1, 0\) = 0x[0-9a-f]+",
                   r"exit_group\(0\) += \?", r"\+\+\+ exited with 0 \+\+\+"):
        if not any(re.fullmatch(wanted, line) for line in lines):
            return f"no line is {wanted}"
    return None if got.stdout == b"one\ntwo\n" else f"prints {harness.shown(got.stdout)}"


def _every_call_of_the_report_is_a_line(views):
    got = views.run(["--strace", "-f", "json", "-o", views.path("report")], ["/bin/ls", "/usr"])
    counted = {}
    for _, line in _calls(got.stderr.decode()):
        match = re.match(r"(\w+)\(", line)
        if match:
            counted[match[1]] = counted.get(match[1], 0) + 1
    wanted = json.load(open(views.path("report")))["kernel"]["syscalls"]
    return None if counted == wanted else f"{counted} against {wanted}"


def _strace_changes_no_report(views):
    reports = []
    for options in ([], ["--strace", "--log-exceptions"]):
        views.run([*options, "-f", "json", "-o", views.path("report")], ["/bin/ls", "/usr"])
        reports.append(open(views.path("report"), "rb").read())
    return None if reports[0] == reports[1] else "the report differs"


def _pipeline_is_unfinished_and_resumed(views):
    got = views.run(["--strace", "-o", views.path("report")], ["/bin/sh", "-c", "echo hi | cat; exit 3"])
    text = "\n".join(line for _, line in _calls(got.stderr.decode()))
    for wanted in (r"^wait4\(-1, <unfinished \.\.\.>$", r"^<\.\.\. wait4 resumed>\[\{WIFEXITED\(s\) && WEXITSTATUS\(s\) == 0\}\], 0, NULL\) = \d+$",
                   r"^--- SIGCHLD \{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=\d+, si_uid=0, si_status=0\} ---$",
                   r"^clone\(child_stack=NULL, flags=CLONE_CHILD_CLEARTID\|CLONE_CHILD_SETTID\|SIGCHLD, child_tidptr=0x[0-9a-f]+\) = \d+$",
                   r'^execve\("/(usr/)?bin/cat", \["cat"\], 0x[0-9a-f]+ /\* \d+ vars \*/\) = 0$', r"^\+\+\+ exited with 3 \+\+\+$"):
        if not re.search(wanted, text, re.M):
            return f"no line is {wanted}"
    if len({pid for pid, _ in _calls(got.stderr.decode())}) != 3:
        return "not three tasks"
    return None


def _filter_and_limit(views):
    calls = views.path("calls")
    views.run(["--strace-output", calls, "--strace-filter", "openat,%network", "--strace-limit", "2", "-o", views.path("report")],
              ["/bin/ls", "/usr"])
    lines = open(calls).read().splitlines()
    if len(lines) != 3 or not all(CALL.match(line)[2].startswith("openat(") for line in lines[:2]):
        return f"lines are {lines}"
    return None if re.fullmatch(r"uprobesim: \d+ more system calls and signals are not shown", lines[2]) else lines[2]


def _hits_are_logged(views):
    log = views.path("log")
    views.run(["--log-exceptions-output", log, "--log-exceptions-filter", "brk,step", "-p", "uprobe:/bin/ls:*", "-f", "json",
               "-o", views.path("report")], ["/bin/ls", "/usr"])
    report = json.load(open(views.path("report")))
    rows = [EXCEPTION.match(line) for line in open(log).read().splitlines()]
    if not all(rows):
        return "a line has another form"
    counts = {row["class"]: row["times"] for row in report["kernel"]["exceptions"]}
    got = {"brk": sum(row[1].startswith("BRK") for row in rows), "software-step": sum(row[1].startswith("software step") for row in rows)}
    wanted = {name: counts[name] for name in got}
    if got != wanted:
        return f"{got} against {wanted}"
    brk = next(row for row in rows if row[1].startswith("BRK"))
    return None if re.fullmatch(r"/(usr/)?bin/ls\+0x[0-9a-f]+ \w+\+0x0", brk[2]) else f"the place is {brk[2]}"


# Programs of one and of several tasks, that call execve too, with entry and return probes.
PROBED = {
    "ls": (["-p", "uprobe:/bin/ls:*"], ["/bin/ls", "/usr"]),
    "pipeline": (["-p", "uretprobe:/lib/aarch64-linux-gnu/libc.so.6:malloc"], ["/bin/sh", "-c", "ls /usr | cat; (sleep 0.01)& wait; exit 3"]),
    "forks": (["--cpus", "3", "-p", "uprobe:/usr/bin/perl:*"], ["/usr/bin/perl", "-e", "for (1..2) {fork} for ($i = 0; $i < 300; $i++) {}"]),
}
FOLDED = re.compile(r"^([^;\x00-\x1f]+(?:;[^;\x00-\x1f]+)*) ([1-9]\d*)$")


def _stacks_sum_to_the_report(views, options, program):
    stacks, report, plain = (views.path(name) for name in ("stacks", "report", "plain"))
    views.run([*options, "-f", "json", "-o", plain], program)
    views.run([*options, "--stacks", stacks, "-f", "json", "-o", report], program)
    if open(report, "rb").read() != open(plain, "rb").read():
        return "the report differs"
    lines = open(stacks).read().splitlines()
    rows = [FOLDED.match(line) for line in lines]
    if not rows or not all(rows) or lines != sorted(lines, key=lambda line: line.rsplit(" ", 1)[0].encode()):
        return "a line has another form, or they are not sorted"
    told = json.load(open(report))
    wanted = round(told["user"]["cycles"] + told["kernel"]["cycles"])
    got = sum(int(row[2]) for row in rows)
    if got != wanted:
        return f"{got} cycles against {wanted}"
    # What is in a slot is the program's.
    probes = [row for row in rows if "[uprobe]" in row[1].split(";") and not row[1].endswith(";[slot]")]
    # Each line is within a cycle of what it was.
    wanted = sum(cycles for account, cycles in told["kernel"]["account_cycles"].items() if account.startswith("probe-"))
    got = sum(int(row[2]) for row in probes)
    return None if abs(got - wanted) <= len(probes) else f"{got} cycles of probes against {wanted}"


def _own_cycles(views, calls, options=(), environment=None):
    """Of the functions of trig_push, by name: its EL0 cycles."""
    path = views.path("own")
    subprocess.run(views.words(["--stacks", path, *options], ["/case/trig_push", str(calls)]), env={**views.environment(), **(environment or {})},
                   capture_output=True, timeout=harness.TIMEOUT_SECONDS)
    text = open(path).read()
    return text, {stack.split(";")[1]: int(cycles) for stack, cycles in (line.rsplit(" ", 1) for line in text.splitlines()) if stack.count(";") == 1}


def _functions_have_their_own_cycles(views):
    """As many as they are called; the same by both ways of the engine."""
    (_, few), (text, many) = _own_cycles(views, 1000), _own_cycles(views, 3000)
    if not 0 < few["uprobe_target_push"] * 3 - many["uprobe_target_push"] + 3 < 6:
        return f"{few} for 1000 calls, {many} for 3000"
    for options in ((), ("-p", "uprobe:/case/trig_push:uprobe_target_push")):
        edited, _ = _own_cycles(views, 1000, options)
        plain, _ = _own_cycles(views, 1000, options, {"UPROBESIM_ENGINE": "plain"})
        if edited != plain:
            return f"the engine's ways differ: {edited} against {plain}"
    return None if text else "no stacks"


def _wait_for_file(path, run):
    """Until the guest, which writes it, is at work."""
    for _ in range(600):
        if run.poll() is not None or os.path.exists(path):
            return
        time.sleep(0.1)


def _interrupted(views, number):
    with tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as shared:
        report = views.path("report")
        run = views.start(["--bind", f"{shared}:/shared:rw", "-f", "json", "-o", report],
                          ["/bin/sh", "-c", ": > /shared/started; while :; do :; done"])
        _wait_for_file(os.path.join(shared, "started"), run)
        run.send_signal(number)
        run.communicate(timeout=60)
        if run.returncode != 128 + number:
            return f"exit status {run.returncode}"
    end = json.load(open(report))
    if end["guest"]["end"] != "interrupted" or end["guest"]["exit_code"] != 128 + number or end["user"]["insns"] == 0:
        return f"the report says {end['guest']}"
    left = [name for name in os.listdir(views.scratch) if name.startswith("uprobesim-")]
    return f"{left} was left over" if left else None


def _interrupted_in_a_read(views):
    run = views.start(["-o", views.path("report")], ["/bin/sh", "-c", "echo ready; cat"], stdin=subprocess.PIPE)
    run.stdout.readline()
    time.sleep(1)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=60)
    text = open(views.path("report")).read()
    if run.returncode != 130 or "interrupted (SIGINT)" not in text:
        return f"exit status {run.returncode}, stderr {harness.shown(errors)}, report {text[:200]}"
    return None


def _interrupted_comparison(views):
    words = [views.context.simulator.binary, "compare", "--root", views.root, "-f", "json", "-o", views.path("report"),
             "-p", "uprobe:/bin/sh:*", "--", *BUSY]
    run = subprocess.Popen(words, env=views.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    time.sleep(3)
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=60)
    runs = json.load(open(views.path("report")))["runs"]
    if run.returncode != 143 or len(runs) != 1 or runs[0]["guest"]["end"] != "interrupted":
        return f"exit status {run.returncode}, {len(runs)} runs"
    return None


STATUS = rb"simulated [\d.]+ \w+, [\d,]+ EL0 insns?, [\d.]+ MIPS, [\d,]+ hits?, \d+ tasks?"
# For runs with a known end. A narrow terminal shows the first parts only.
SHARE = rb"(, \d+ % done(, [^,\x1b]+ left)?)?"


def _status_on_request(views):
    run = views.start(["--max-sim-time", "20s", "-o", views.path("report")], BUSY)
    time.sleep(2)
    run.send_signal(signal.SIGUSR1)
    time.sleep(2)
    run.send_signal(signal.SIGTERM)
    _, errors = run.communicate(timeout=60)
    return None if re.fullmatch(rb"uprobesim: " + STATUS + SHARE + rb"\n", errors) else f"stderr {harness.shown(errors)}"


def _on_a_terminal(views, options, program):
    """A run with a terminal as stderr: its output there, and its report."""
    ours, its = pty.openpty()
    run = views.start([*options, "-f", "json", "-o", views.path("report")], program, stdout=subprocess.DEVNULL, stderr=its)
    os.close(its)
    written = b""
    try:
        while part := os.read(ours, 65536):
            written += part
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    run.wait(timeout=60)
    return written, open(views.path("report"), "rb").read()


def _progress_on_a_terminal_only(views):
    options = ["--max-sim-time", "800ms"]
    written, report = _on_a_terminal(views, options, BUSY)
    lines = written.split(b"\r")
    shown = [line for line in lines if re.fullmatch(STATUS + SHARE + rb"\x1b\[K", line)]
    if not shown or not written.endswith(b"\r\x1b[K"):
        return f"the terminal shows {harness.shown(written)}"
    piped = views.run([*options, "-f", "json", "-o", views.path("report")], BUSY)
    if piped.stderr:
        return f"a pipe is told {harness.shown(piped.stderr)}"
    return None if open(views.path("report"), "rb").read() == report else "the report differs"


def _time_limit(views):
    got = views.run(["--max-sim-time", "20ms", "-f", "json", "-o", views.path("report")], BUSY)
    report = json.load(open(views.path("report")))
    total = report["time"]["total_ns"]
    if got.returncode != 125 or report["guest"]["end"] != "limit-reached" or not 20e6 <= total < 20.1e6:
        return f"exit status {got.returncode}, {report['guest']}, {total} ns"
    return None


def _deadlock(views):
    perl = ["/usr/bin/perl", "-e", "pipe(R, W); if (!fork) { sysread(R, $x, 1); exit } wait"]
    got = views.run([], perl)
    text = got.stderr.decode()
    for wanted in (r"^  guest +stuck \(nothing can run any more\)$", r"^ +task 1000 \(perl\) waits in wait4 for any child: process 1001 \(perl\)$",
                   r"^ +task 1001 \(perl\) waits in read for descriptor 3, pipe:\[\d+\]$"):
        if not re.search(wanted, text, re.M):
            return f"no line is {wanted}: {text[:600]}"
    if got.returncode != 125:
        return f"exit status {got.returncode}"
    views.run(["-f", "json", "-o", views.path("report")], perl)
    waiting = json.load(open(views.path("report")))["guest"]["waiting"]
    return None if [row["syscall"] for row in waiting] == ["wait4", "read"] else f"{waiting}"


def views_part(context):
    with context.guest_root(context.sysroot) as root, tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as scratch:
        os.makedirs(root.case_path())
        with open(root.case_path("text"), "w") as file:
            file.write("one\ntwo\n")
        shutil.copy(os.path.join(context.workloads, "trig_push"), root.case_path("trig_push"))
        views = Views(context, root.path, scratch)
        views.check("strace-beside-qemu", lambda: _cat_calls_match_qemu(views, root))
        views.check("strace-lines", lambda: _cat_lines_are_strace_s(views))
        views.check("strace-counts", lambda: _every_call_of_the_report_is_a_line(views))
        views.check("strace-same-report", lambda: _strace_changes_no_report(views))
        views.check("strace-pipeline", lambda: _pipeline_is_unfinished_and_resumed(views))
        views.check("strace-filter-limit", lambda: _filter_and_limit(views))
        views.check("exceptions-of-hits", lambda: _hits_are_logged(views))
        for name, (options, program) in PROBED.items():
            views.check(f"stacks-{name}", lambda: _stacks_sum_to_the_report(views, options, program))
        views.check("stacks-functions", lambda: _functions_have_their_own_cycles(views))
        trace_tests.check_traces(views, PROBED)
        views.check("interrupt-sigint", lambda: _interrupted(views, signal.SIGINT))
        views.check("interrupt-sigterm", lambda: _interrupted(views, signal.SIGTERM))
        views.check("interrupt-in-read", lambda: _interrupted_in_a_read(views))
        views.check("interrupt-compare", lambda: _interrupted_comparison(views))
        views.check("status-on-sigusr1", lambda: _status_on_request(views))
        views.check("progress-on-terminal", lambda: _progress_on_a_terminal_only(views))
        views.check("time-limit", lambda: _time_limit(views))
        views.check("deadlock", lambda: _deadlock(views))
