# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that tries to leave its root, binds and scratch layer: what lies outside stays as it was, to the time of its last change."""
import hashlib
import os
import shutil
import socket
import stat
import subprocess
import tempfile

import harness
import host_calls

SECRET = b"the-secret-that-no-guest-may-read\n"
SET_IDS = stat.S_ISUID | stat.S_ISGID


def _picture(folder):
    """Everything that a guest could change of the files below a folder, by name. Looking leaves no trace itself."""
    seen = {}
    for where, folders, files in os.walk(folder):
        for name in ["", *folders, *files]:
            path = os.path.join(where, name)
            s = os.lstat(path)
            content = None
            if stat.S_ISLNK(s.st_mode):
                content = os.readlink(path)
            elif stat.S_ISREG(s.st_mode):
                fd = os.open(path, os.O_RDONLY | os.O_NOATIME)
                content = hashlib.sha256(os.read(fd, 1 << 24)).hexdigest()
                os.close(fd)
            # A link's time of reading, and a folder's, are moved by looking at them here.
            read = s.st_atime_ns if stat.S_ISREG(s.st_mode) else None
            attributes = [(n, os.getxattr(path, n, follow_symlinks=False)) for n in os.listxattr(path, follow_symlinks=False)]
            seen[path] = (s.st_mode, s.st_uid, s.st_gid, s.st_nlink, s.st_size, s.st_mtime_ns, s.st_ctime_ns, read, content, attributes)
    return seen


def _changes(before, after):
    lines = [f"{path}: {before.get(path)} became {after.get(path)}" for path in sorted({*before, *after}) if before.get(path) != after.get(path)]
    return "; ".join(lines[:3]) or None


class _Tree:
    """root, rw, ro and scratch for the guest; outside beside them."""

    def __init__(self, workloads):
        self.top = tempfile.mkdtemp(prefix="escapes-")
        for name in ("root", "rw", "ro", "scratch", "outside/canary", "temporary"):
            os.makedirs(self.path(name))
        shutil.copy(os.path.join(workloads, "escapes"), self.path("root/escapes"))
        self._write("outside/secret", SECRET)
        self._write("outside/canary/below", b"canary\n")
        self._write("rw/file", b"a file\n")
        os.makedirs(self.path("root/tmp"))
        for kind, folder in (("hosts", "rw"), ("hosts", "ro"), ("roots", "root")):
            os.symlink(self.path("outside/secret"), self.path(f"{folder}/{kind}-link"))
            os.symlink("../outside/secret", self.path(f"{folder}/{kind}-relative"))
            os.symlink(self.path("outside"), self.path(f"{folder}/{kind}-folder"))
        for folder in ("rw", "ro", "root"):
            os.mkfifo(self.path(f"{folder}/hosts-fifo"))
            self._listen(f"{folder}/hosts-socket")
            self._device(f"{folder}/hosts-device", stat.S_IFCHR, os.makedev(1, 3))
            self._device(f"{folder}/hosts-disk", stat.S_IFBLK, os.makedev(7, 250))
        os.mkdir(self.path("rw/hosts-group"))
        os.chmod(self.path("rw/hosts-group"), 0o2777)
        self._write("rw/hosts-set-id", b"program\n")
        os.chmod(self.path("rw/hosts-set-id"), 0o6777)

    def path(self, name):
        return os.path.join(self.top, name)

    def _write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)

    def _listen(self, name):
        listener = socket.socket(socket.AF_UNIX)
        here = os.getcwd()
        os.chdir(os.path.dirname(self.path(name)))  # a socket's name has at most 107 bytes
        listener.bind(os.path.basename(name))
        os.chdir(here)
        listener.listen(1)
        self.listeners = [*getattr(self, "listeners", []), listener]

    def _device(self, name, kind, number):
        try:
            os.mknod(self.path(name), kind | 0o666, number)
        except OSError:
            pass  # only the host's superuser makes one

    def words(self, *arguments, scratch=None):
        options = ["--root", self.path("root"), "--bind", self.path("rw") + ":/rw:rw", "--bind", self.path("ro") + ":/ro"]
        if scratch:
            options += ["--scratch", scratch]
        return ["run", *options, "-o", os.devnull, "/escapes", *arguments]

    def picture(self):
        return {name: value for part in ("outside", "root", "ro") for name, value in _picture(self.path(part)).items()}

    def set_ids(self):
        """Files of the bind with a set-ID bit, but for the folder that the host made so."""
        found = []
        for where, folders, files in os.walk(self.path("rw")):
            found += [name for name in [*folders, *files] if os.lstat(os.path.join(where, name)).st_mode & SET_IDS]
        return sorted(set(found) - {"hosts-group"})

    def close(self):
        for listener in self.listeners:
            listener.close()
        shutil.rmtree(self.top)


def _set_id_failure(tree, got):
    if tree.set_ids():
        return f"set-ID on the host: {' '.join(tree.set_ids())}"
    shown = dict(line.split(": ", 1) for line in got.stdout.decode().splitlines() if ": " in line)
    wanted = {"open": "106755", "fchmod": "104711", "chmod": "106777", "mknod": "106755", "mkdir": "42775", "inherited": "42755", "rename": "104755",
              "link": "106711", "path": "106755", "only": "104000"}
    wrong = {name: shown.get(name) for name, mode in wanted.items() if shown.get(name) != mode}
    return f"the guest sees {wrong}" if wrong else None


def _race(context, tree):
    """Two simulators over one bind: one exchanges what the other uses."""
    command = [context.simulator.binary]
    environment = {**os.environ, "TMPDIR": tree.path("temporary")}
    runs = [subprocess.Popen([*command, *tree.words(*words)], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for words in (("swap", tree.path("outside"), "1500"), ("use", "3000"), ("use", "3000"))]
    ends = [(run.communicate(timeout=600), run.returncode) for run in runs]
    wrong = [error for (_, error), status in ends if status != 0]
    return f"a run failed: {wrong[0]!r}" if wrong else None


def _traced_failure(context, tree):
    """No call of the simulator's names a path that neither the command line nor the host's libraries are."""
    if not shutil.which("strace"):
        print("escapes: strace is not installed, the calls of the simulator are not looked at", flush=True)
        return None
    log, binary = tree.path("temporary/calls"), context.simulator.binary
    own = {"TMPDIR": tree.path("temporary"), "HOME": tree.path("temporary"), "XDG_CACHE_HOME": tree.path("temporary")}
    ended = host_calls.traced(binary, tree.words("ways", tree.path("outside")), log, own, stdin=subprocess.DEVNULL)
    if ended.returncode != 0:
        return f"strace ends with {ended.returncode}: {ended.stderr[-200:]!r}"
    return host_calls.stray_call(log, binary, [tree.path(part) for part in ("root", "rw", "ro", "temporary")], [tree.top])


def escapes_part(context):
    if not os.path.exists(os.path.join(context.workloads, "escapes")):
        raise harness.Missing("the guest program 'escapes' is not built")
    tree = _Tree(context.workloads)
    try:
        before = tree.picture()

        def run(name, *words, scratch=None, failure=None):
            if not context.wants(name):
                return
            os.environ["TMPDIR"] = tree.path("temporary")
            got = context.simulator.raw(tree.words(*words, scratch=scratch), timeout=600)
            del os.environ["TMPDIR"]
            wrong = None
            if got.status != 0:
                wrong = f"status {got.status}: {harness.shown(got.stderr)}"
            elif SECRET.strip() in got.stdout:
                line = next(line for line in got.stdout.splitlines() if SECRET.strip() in line)
                wrong = f"the guest reads the secret: {line!r}"
            context.check(name, wrong or _changes(before, tree.picture()) or (failure(got) if failure else None))

        outside = tree.path("outside")
        run("ways", "ways", outside)
        run("ways-in-kept-scratch", "ways", outside, scratch=tree.path("scratch"))
        run("ways-again", "ways", outside, scratch=tree.path("scratch"))
        run("set-ids", "set-ids", failure=lambda got: _set_id_failure(tree, got))
        run("special", "special", failure=lambda got: None if b"open\n" not in got.stdout else "a FIFO or device was opened")
        run("threads", "threads", outside)
        if context.wants("simulators"):
            failure = _race(context, tree)
            context.check("simulators", failure or _changes(before, tree.picture()))
        if context.wants("strace"):
            failure = _traced_failure(context, tree)
            context.check("strace", failure or _changes(before, tree.picture()))
    finally:
        tree.close()
