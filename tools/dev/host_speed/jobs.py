# SPDX-License-Identifier: GPL-2.0-or-later
"""What host_speed.py runs: nine jobs of small programs, and ten of large ones, with the files that they read.

A job is one or more commands, one after the other, in an empty folder of its own that guest and qemu see under the same
name. None executes a second program, which qemu-aarch64 could not do without binfmt_misc. FOLDER, FULL, MID, SMALL
stand for paths of the texts: 50 MB, their first 8 MB, their first 1.5 MB.
"""
import dataclasses
import json
import os
import subprocess
import sys

REPOSITORY = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
SIZES = {"FULL": 50_000_000, "MID": 8_000_000, "SMALL": 1_500_000}
GIT = ["/usr/bin/git", "-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "user.name=bench", "-c", "user.email=bench@localhost"]


@dataclasses.dataclass(frozen=True)
class Job:
    name: str
    commands: list
    large: bool = False    # needs the sysroot of the tests
    compared: bool = True  # what it prints is the same on qemu-aarch64
    setup: str = ""        # a function of this module that fills the job's folder

    def fill(self, folder):
        if self.setup:
            subprocess.run([sys.executable, __file__, self.setup, folder], check=True)


def one(name, *command, **more):
    return Job(name, [list(command)], **more)


JOBS = [
    one("grep -c hello 50MB", "/bin/grep", "-c", "hello", "FULL"),
    one("grep -c regex 50MB", "/bin/grep", "-c", "h[aeiou]l+o", "FULL"),
    one("grep -cE back-reference 1.5MB", "/bin/grep", "-cE", r"([a-z])\1[a-z]*\1", "SMALL"),
    one("grep -cP 8MB", "/bin/grep", "-cP", r"\b(\w+) \1\b", "MID"),
    one("busybox wc 50MB", "/bin/busybox", "wc", "FULL"),
    one("busybox md5sum 50MB", "/bin/busybox", "md5sum", "FULL"),
    one("busybox sort 1.5MB", "/bin/busybox", "sort", "SMALL"),
    one("busybox awk 1.5MB", "/bin/busybox", "awk", "{n+=NF;c[$1]++}END{print n}", "SMALL"),
    one("busybox gzip 8MB", "/bin/busybox", "gzip", "-c", "MID"),
    one("python3 import asyncio", "/usr/bin/python3", "-c", "import asyncio", large=True),
    one("python3 generator 300,000", "/usr/bin/python3", "-c", "print(sum(i * i % 7 for i in range(300000)))", large=True),
    one("cc1 -O2 2,000 lines", "/usr/lib/gcc/aarch64-linux-gnu/12/cc1", "-quiet", "-O2", "FOLDER/source.c", "-o", "FOLDER/source.s",
        large=True, setup="c_source"),
    one("sqlite3 recursion 1,000,000", "/usr/bin/sqlite3", ":memory:",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT sum(i % 97) FROM n;", large=True),
    one("sqlite3 file 10,000 inserts", "/usr/bin/sqlite3", "FOLDER/db", ".read FOLDER/inserts.sql", large=True, setup="inserts"),
    one("perl words of 1.5MB", "/usr/bin/perl", "-ne", r"$n{lc $_}++ for /\w+/g; END { print scalar(keys %n), qq(\n) }", "SMALL", large=True),
    Job("git add, commit 500 files", [["/usr/bin/git", "init", "-q", "FOLDER/tree"], [*GIT, "-C", "FOLDER/tree", "add", "."],
                                      [*GIT, "-C", "FOLDER/tree", "commit", "-q", "-m", "all"]], large=True, setup="tree"),
    one("bash 300 forks", "/bin/bash", "-c", "for ((i = 0; i < 300; i++)); do (: $((n += i))); done; echo $i", large=True),
    Job("tar, xz 500 files", [["/bin/tar", "--format=ustar", "--mtime=@0", "-cf", "FOLDER/all.tar", "-C", "FOLDER", "tree"],
                              ["/usr/bin/xz", "-T1", "-k", "FOLDER/all.tar"]], large=True, setup="tree"),
    one("jq 5MB", "/usr/bin/jq", "[.[] | select(.even) | .value] | add", "FOLDER/rows.json", large=True, setup="rows"),
]


def make_texts(folder):
    text = os.path.join(REPOSITORY, "build/text-50MB.txt")
    if not os.path.exists(text):
        text = os.path.join(folder, "text")
        subprocess.run([os.path.join(REPOSITORY, "tools/setup/make-text"), text, "50"], check=True)
    for name, size in SIZES.items():
        # By the piece: what this process has once held is the least that the kernel says of its children's peak.
        with open(text, "rb") as source, open(os.path.join(folder, name), "wb") as out:
            while out.tell() < size:
                out.write(source.read(min(size - out.tell(), 1 << 20)))


def _write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def c_source(folder):
    functions = (f"""unsigned f{i}(unsigned *a, unsigned n) {{
    unsigned s = {i};
    for (unsigned i = 0; i < n; ++i) {{
        if (a[i] % {i % 13 + 2} == 0) s += a[i] * {i + 3}u;
        else s ^= a[i] << {i % 7};
    }}
    return s{f" + f{i - 1}(a, n / 2)" if i else ""};
}}

""" for i in range(222))
    _write(os.path.join(folder, "source.c"), "".join(functions))


def inserts(folder):
    rows = (f"INSERT INTO t VALUES ({i}, 'row {i * 7919 % 10007}');\n" for i in range(10000))
    _write(os.path.join(folder, "inserts.sql"), "CREATE TABLE t (id INTEGER PRIMARY KEY, text);\nCREATE INDEX by_text ON t (text);\nBEGIN;\n"
           + "".join(rows) + "COMMIT;\nSELECT count(DISTINCT text) FROM t;\n")


def tree(folder):
    for i in range(500):
        sub = os.path.join(folder, "tree", f"part{i % 10}")
        os.makedirs(sub, exist_ok=True)
        _write(os.path.join(sub, f"file{i}.txt"), "".join(f"line {j} of file {i}: {i * j * 2654435761 % 1000003}\n" for j in range(60)))


def rows(folder):
    table = [{"name": f"row {i}", "value": i * 7919 % 10007, "even": i % 2 == 0, "tags": [f"t{i % 5}", f"u{i % 11}"]} for i in range(70000)]
    _write(os.path.join(folder, "rows.json"), json.dumps(table))


if __name__ == "__main__":  # jobs.py SETUP FOLDER, in a process of its own: what it holds is not the benchmark's
    {"c_source": c_source, "inserts": inserts, "tree": tree, "rows": rows}[sys.argv[1]](sys.argv[2])
