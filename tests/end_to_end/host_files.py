# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tool reads and writes of the host's: inputs that are no files or have no end, outputs that cannot be written, killed runs."""
import json
import os
import resource
import signal
import socket
import subprocess
import time

import harness
from bad_input import MISTAKE, _one_line_failure

SECONDS = 30  # far more than reading any input takes, on a loaded machine as well
MANY = 60_000
MIB = 1 << 20
FULL = "No space left on device"

# (what is given as an input, the words around it, what the tool calls it). FILE has the ending .toml.
READERS = [
    ("scenario", ["scenario", "check", "FILE"], "scenario"),
    ("run-scenario", ["run", "FILE"], "scenario"),
    ("profile", ["model", "check", "FILE"], "profile"),
    ("kernel", ["run", "--root", "ROOT", "--kernel", "FILE", "/trig_nop"], "kernel profile"),
    ("machine", ["run", "--root", "ROOT", "--machine", "FILE", "/trig_nop"], "machine profile"),
    ("rows", ["calibrate", "--rows", "FILE"], "set of published rows"),
    ("report", ["whatif", "FILE"], "report"),
    ("audit", ["audit", "FILE"], "program"),
    ("estimate --counts", ["estimate", "--root", "ROOT", "uprobe:/trig_nop:uprobe_target_nop", "--counts", "FILE"], "count"),
    ("probe", ["run", "--root", "ROOT", "--bind", "FILE:/input", "-p", "uprobe:/input:main", "/trig_nop"], "binary of a probe"),
]
# (name, what the line must say) of files that no reader accepts.
NO_FILES = [("folder", "folder"), ("fifo", "FIFO"), ("socket", "socket"), ("device", "device"), ("sparse", "too large: 1099511627776 bytes")]
# TOML of all sorts of depth.
NESTED = {
    "brackets": "a = " + "[" * MANY,
    "braces": "a = " + "{a=" * MANY,
    "key": ".".join(["a"] * MANY) + " = 1\n",
    "header": "[" + ".".join(["a"] * MANY) + "]\n",
    "closed": "a = " + "[" * MANY + "]" * MANY + "\n",
}


def _run(context, words, **more):
    """The tool's result, or a line that says that it hangs."""
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": SECONDS, **more}
    try:
        got = subprocess.run([context.simulator.binary, *words], **options)
    except subprocess.TimeoutExpired:
        return None
    return harness.Result(got.returncode, got.stdout or b"", got.stderr or b"", {})


def _make_inputs(folder):
    os.mkdir(os.path.join(folder, "folder.toml"))
    os.mkfifo(os.path.join(folder, "fifo.toml"))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.path.join(folder, "socket.toml"))
    os.symlink("/dev/zero", os.path.join(folder, "device.toml"))
    with open(os.path.join(folder, "sparse.toml"), "wb") as file:
        file.truncate(1 << 40)
    for name, text in NESTED.items():
        with open(os.path.join(folder, name + ".toml"), "w", encoding="utf-8") as file:
            file.write(text)
    return listener


def _inputs(context, root):
    folder = os.path.join(root.temporary, "inputs")
    os.mkdir(folder)
    listener = _make_inputs(folder)
    for reader, words, what in READERS:
        for name, says in NO_FILES + [(name, None) for name in NESTED]:
            case = f"input-{reader}-{name}"
            if not context.wants(case):
                continue
            path = os.path.join(folder, name + ".toml")
            got = _run(context, [word.replace("FILE", path).replace("ROOT", root.path) for word in words])
            if got is None:
                context.check(case, f"hangs for {SECONDS} s")
                continue
            # A folder of programs can be audited, and the guest sees what is bound as it is.
            named = [] if reader == "audit" and name in ("folder", "fifo", "socket", "device") or reader == "probe" else [name + ".toml"]
            if says and reader not in ("audit", "probe"):
                named += [f"the {what} file is", says]
            if name == "sparse":
                named += ["too large", "at most"]
            context.check(case, _one_line_failure(got, MISTAKE, named))
    listener.close()


def _outputs(context, root):
    """A failed start, a killed run and a full disk leave the old report."""
    report = os.path.join(root.temporary, "kept.txt")
    run = ["run", "--root", root.path]

    def old_report():
        with open(report, "w", encoding="utf-8") as file:
            file.write("yesterday\n")
        return os.listdir(root.temporary)

    def is_kept(before):
        if open(report, encoding="utf-8").read() != "yesterday\n":
            return "the old report is gone"
        return None if sorted(os.listdir(root.temporary)) == sorted(before) else "something is left beside it"

    for name, words in (("program", ["-o", report, "/nosuch"]), ("probe", ["-o", report, "-p", "uprobe:/trig_nop:nosuch", "/trig_nop"]),
                        ("strace", ["-o", os.devnull, "--strace-output", report, "/nosuch"])):
        if context.wants(f"output-refused-{name}"):
            before = old_report()
            _run(context, run + words)
            context.check(f"output-refused-{name}", is_kept(before))
    if context.wants("output-killed"):
        before = old_report()
        for attempt in range(5):
            tool = subprocess.Popen([context.simulator.binary, *run, "-o", report, "--strace-output", report + ".log", "/hostile", "spin"],
                                    stderr=subprocess.DEVNULL)
            time.sleep(0.05 * attempt)
            tool.kill()
            tool.wait()
        context.check("output-killed", is_kept(before))
    if context.wants("output-too-large"):
        before = old_report()
        got = _run(context, run + ["-f", "json", "-o", report, "/trig_nop", "1"],
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)))
        context.check("output-too-large", is_kept(before) or _one_line_failure(got, (3,), [report, "File too large"]))


def _broken_pipe():
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "wb")


def _streams(context, root):
    """A stream that cannot be written: status 3, and a line on the other one."""
    run = ["run", "--root", root.path]
    for name, words in (("report", run + ["-o", "-", "/trig_nop", "1"]), ("help", ["--help"]), ("list", ["model", "list"]), ("check", ["doctor"]),
                        ("audit", ["audit", os.path.join(root.path, "trig_nop")])):
        for kind, says in (("full", FULL), ("pipe", "Broken pipe"), ("closed", "Bad file descriptor")):
            case = f"stdout-{kind}-{name}"
            if not context.wants(case):
                continue
            if kind == "closed":
                got = _run(context, words, stdout=None, preexec_fn=lambda: os.close(1))
            else:
                with _broken_pipe() if kind == "pipe" else open("/dev/full", "wb") as stream:
                    got = _run(context, words, stdout=stream)
            context.check(case, f"hangs for {SECONDS} s" if got is None else _one_line_failure(got, (3,), [says]))
    for name, words in (("report", run + ["/trig_nop", "1"]), ("strace", run + ["-o", os.devnull, "--strace", "/trig_nop", "1"])):
        for kind in ("full", "closed"):
            case = f"stderr-{kind}-{name}"
            if not context.wants(case):
                continue
            with open("/dev/full", "wb") as stream:
                got = _run(context, words, stderr=stream) if kind == "full" else _run(context, words, stderr=None, preexec_fn=lambda: os.close(2))
            context.check(case, None if got and got.status == 3 else f"exit status {got and got.status} instead of 3")


def _guest_streams(context, root):
    """The guest's own writes fail as on Linux: with the errno, and the signal where there is one."""
    words = ["run", "--root", root.path, "-o", os.devnull, "/scanner", "e", "/large-text"]
    with open(os.path.join(root.path, "large-text"), "wb") as file:
        file.write(b"eeeeeeeeeeeeeeee\n" * 20000)
    if context.wants("guest-pipe"):
        with _broken_pipe() as stream:
            got = _run(context, words, stdout=stream)
        context.check("guest-pipe", None if got.status == 128 + signal.SIGPIPE else f"exit status {got.status}")
    if context.wants("guest-file-size"):
        with open(os.path.join(root.temporary, "limited"), "wb") as stream:
            got = _run(context, words, stdout=stream, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)))
        context.check("guest-file-size", None if got.status == 128 + signal.SIGXFSZ else f"exit status {got.status}; {harness.shown(got.stderr)}")


def _temporary_folders(context, root):
    """What killed runs leave is removed by the next; nothing else is."""
    if not context.wants("killed-runs"):
        return
    folder = os.path.join(root.temporary, "tmp")
    os.mkdir(folder)
    environment = {**os.environ, "TMPDIR": folder}
    spin = [context.simulator.binary, "run", "--root", root.path, "-o", os.devnull, "/hostile", "spin"]

    def started():
        before = len(os.listdir(folder))
        tool = subprocess.Popen(spin, env=environment)
        for _ in range(SECONDS * 100):
            if len(os.listdir(folder)) > before:
                break
            time.sleep(0.01)
        return tool

    for _ in range(3):
        tool = started()
        tool.kill()
        tool.wait()
    live = started()
    kept = os.listdir(folder)
    _run(context, ["run", "--root", root.path, "-o", os.devnull, "/trig_nop", "1"], env=environment)
    failure = None if len(kept) == 1 and os.listdir(folder) == kept else f"{kept} and then {os.listdir(folder)} are there"
    live.terminate()
    live.wait()
    context.check("killed-runs", failure or (f"left behind: {os.listdir(folder)}" if os.listdir(folder) else None))
    _run(context, ["run", "--root", root.path, "--bind", "/no/such:/x", "/trig_nop"], env=environment)
    _run(context, ["explain", "--root", root.path, "--bind", "/no/such:/x", "push"], env=environment)
    context.check("refused-bind", f"left behind: {os.listdir(folder)}" if os.listdir(folder) else None)


def _fnv1a64(data):
    hash_ = 0xCBF29CE484222325
    for byte in data:
        hash_ = (hash_ ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{hash_:016x}"


def _provenance(context, root):
    """The report names the program that ran, whatever became of its file."""
    if not context.wants("program-replaces-itself"):
        return
    with open(os.path.join(root.path, "hostile"), "rb") as file:
        expected = _fnv1a64(file.read())
    got = _run(context, ["run", "--root", root.path, "-f", "json", "-o", "-", "/hostile", "replace"])
    if got is None or got.status != 0:
        context.check("program-replaces-itself", f"hangs for {SECONDS} s" if got is None else f"exit status {got.status}; {harness.shown(got.stderr)}")
        return
    found = json.loads(got.stdout)["provenance"]["program"]["hash_fnv1a64"]
    context.check("program-replaces-itself", None if found == expected else f"hash {found} instead of {expected}")


def host_files_part(context):
    with context.guest_root(context.workloads) as root:
        _inputs(context, root)
        _outputs(context, root)
        _streams(context, root)
        _guest_streams(context, root)
        _temporary_folders(context, root)
        _provenance(context, root)
