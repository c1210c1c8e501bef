# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs one command on uprobesim or on qemu-aarch64, over the same files, and reads reports."""
import contextlib
import json
import os
import resource
import shutil
import stat
import subprocess
import tempfile

import judge
import programs

CASE_ROOT = "/case"  # where a command's files are, inside the guest's root
QEMU_NAME = "qemu-aarch64-static"
TIMEOUT_SECONDS = 300


class Missing(Exception):
    """Something the tests need is not installed: the test is skipped."""


class Result:
    def __init__(self, status, stdout, stderr, files, report=None):
        self.status, self.stdout, self.stderr, self.files, self.report = status, stdout, stderr, files, report


class Report:
    """A run's JSON report by the names the tests use."""

    def __init__(self, text):
        self.text = text
        self.json = json.loads(text)
        self.user_insns = self.json["user"]["insns"]
        self.exceptions = {row["class"]: row["times"] for row in self.json["kernel"]["exceptions"]}
        self.syscalls = self.json["kernel"]["syscalls"]
        self.probes = self.json["probes"]["by_probe"]

    def exception(self, name):
        return self.exceptions.get(name, 0)

    def hits(self, kind="hits"):
        return sum(row[kind] for row in self.probes)


def find_qemu():
    qemu = shutil.which(QEMU_NAME)
    if not qemu:
        raise Missing(f"{QEMU_NAME} is not installed")
    return qemu


def write_tree(folder):
    for name, data in programs.TREE.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
    # Times and modes are part of what programs print.
    for where, folders, names in os.walk(folder):
        for name in folders + names:
            path = os.path.join(where, name)
            os.chmod(path, 0o755 if os.path.isdir(path) else 0o644)
            os.utime(path, (1_700_000_000, 1_700_000_000))
    os.utime(folder, (1_700_000_000, 1_700_000_000))


def write_files(folder, files):
    for name, data in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        os.utime(path, (1_700_000_000, 1_700_000_000))


def listing(folder):
    """Everything about a tree that a stray write would change."""
    found = []
    for where, folders, names in sorted(os.walk(folder)):
        for name in sorted(folders + names):
            path = os.path.join(where, name)
            status = os.lstat(path)
            data = open(path, "rb").read() if stat.S_ISREG(status.st_mode) else b""
            found.append((os.path.relpath(path, folder), status.st_mode, status.st_size, status.st_mtime_ns, data))
    return found


class GuestRoot:
    """A private copy of the sysroot (or an empty root) in which commands may write."""

    def __init__(self, source):
        self.temporary = tempfile.mkdtemp(prefix="uprobesim-e2e-")
        self.path = os.path.join(self.temporary, "root")
        try:
            self._fill(source)
        except BaseException:
            self.close()
            raise

    def _fill(self, source):
        os.mkdir(self.path)
        # Without /dev: only the host's root may make device nodes, and the simulator models its own.
        entries = [os.path.join(source, name) for name in sorted(os.listdir(source)) if name != "dev"]
        subprocess.run(["cp", "-a", "--reflink=auto", *entries, self.path], check=True)
        shutil.copy(find_qemu(), os.path.join(self.path, ".qemu"))
        os.makedirs(os.path.join(self.path, "dev"), exist_ok=True)
        open(os.path.join(self.path, "dev/null"), "ab").close()

    def close(self):
        shutil.rmtree(self.temporary, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def case_path(self, name=""):
        return os.path.join(self.path, CASE_ROOT.lstrip("/"), name)

    def fresh_case(self):
        shutil.rmtree(self.case_path(), ignore_errors=True)
        os.makedirs(self.case_path())
        write_tree(self.case_path())


def environment_of(case):
    return sorted({**dict(programs.ENVIRONMENT), **dict(case.environment)}.items())


@contextlib.contextmanager
def stdin_of(case):
    """The case's standard input: bytes for a pipe where the case asks for one, else a file."""
    if case.pipe:
        yield case.stdin
        return
    with tempfile.TemporaryFile() as file:
        file.write(case.stdin)
        file.seek(0)
        yield file


def execute(case, words):
    with stdin_of(case) as stdin:
        given = {"input": stdin} if case.pipe else {"stdin": stdin}
        return subprocess.run(words, capture_output=True, timeout=TIMEOUT_SECONDS, **given)


def read_files(folder, names):
    files = {}
    for name in names:
        path = os.path.join(folder, name)
        files[name] = open(path, "rb").read() if os.path.isfile(path) else None
    return files


def run_qemu(root, case, cpu=None):
    """On qemu-aarch64, inside the root; as `cpu`, or as its usual one."""
    root.fresh_case()

    def enter():
        os.chroot(root.path)
        os.chdir(CASE_ROOT)

    # qemu-user hands the environment on in reverse order.
    environment = dict(reversed(environment_of(case)))
    with stdin_of(case) as stdin:
        run = judge.run("qemu-aarch64", ["/.qemu", *(["-cpu", cpu] if cpu else []), *case.argv], stdin, env=environment, preexec_fn=enter)
    status = run.returncode if run.returncode >= 0 else 128 - run.returncode
    # What qemu itself says about a fatal signal is not the guest's.
    errors = b"".join(line for line in run.stderr.splitlines(keepends=True) if not line.startswith(b"qemu: uncaught target signal"))
    return Result(status, run.stdout, errors, read_files(root.case_path(), case.leaves))


class Simulator:
    def __init__(self, binary):
        self.binary = binary

    def command(self, root, case, options, report_path, scratch):
        words = [self.binary, "run", "--root", root.path, "--cwd", CASE_ROOT, "--scratch", scratch, "-o", report_path, "-f", "json"]
        for key, value in environment_of(case):
            words += ["--env", f"{key}={value}"]
        return words + list(options) + ["--", *case.argv]

    def run(self, root, case, options=(), more_files=None):
        """On uprobesim; the host's files must be untouched afterwards."""
        root.fresh_case()
        write_files(root.case_path(), more_files or {})
        before = listing(root.case_path())
        with tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as work:
            report_path = os.path.join(work, "report.json")
            scratch = os.path.join(work, "scratch")
            os.mkdir(scratch)
            run = execute(case, self.command(root, case, options, report_path, scratch))
            report = Report(open(report_path).read()) if os.path.isfile(report_path) and os.path.getsize(report_path) else None
            files = read_files(os.path.join(scratch, CASE_ROOT.lstrip("/")), case.leaves)
        if listing(root.case_path()) != before:
            raise AssertionError(f"{case.name}: the guest wrote outside its scratch layer")
        return Result(run.returncode, run.stdout, run.stderr, files, report)

    def raw(self, words, stdin=b"", timeout=TIMEOUT_SECONDS):
        run = subprocess.run([self.binary, *words], input=stdin, capture_output=True, timeout=timeout)
        return Result(run.returncode, run.stdout, run.stderr, {})


@contextlib.contextmanager
def few_descriptors(most):
    """What is started meanwhile may open this many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def shown(data, limit=300):
    text = data.decode(errors="replace")
    return repr(text if len(text) <= limit else text[:limit] + "...")


def first_difference(got, wanted, who):
    """Where two outputs part, and what each has from the line before on."""
    same = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), min(len(got), len(wanted)))
    start = got.rfind(b"\n", 0, max(got.rfind(b"\n", 0, same), 0)) + 1
    return f"differs at byte {same}: {shown(got[start:])}, {who} has {shown(wanted[start:])}"


def difference(case, wanted, got):
    """One line that says how two results differ, or None."""
    order = (lambda text: sorted(text.splitlines())) if case.any_order else (lambda text: text)
    if wanted.status != got.status:
        return f"exit status {got.status}, qemu-aarch64 has {wanted.status}; stderr {shown(got.stderr)}"
    if order(wanted.stdout) != order(got.stdout):
        return f"stdout {first_difference(got.stdout, wanted.stdout, 'qemu-aarch64')}"
    if case.stderr and order(wanted.stderr) != order(got.stderr):
        return f"stderr {shown(got.stderr)}, qemu-aarch64 has {shown(wanted.stderr)}"
    for name in case.leaves:
        if wanted.files[name] is None:
            return f"qemu-aarch64 did not leave {name}: the case is wrong"
        if wanted.files[name] != got.files[name]:
            return f"file {name} differs from what qemu-aarch64 leaves"
    return None
