#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks the house rules a compiler cannot see: floors.py [REPOSITORY].

Includes go down the floors only; a library stays in the one place that wraps it; nothing reads a wall clock, host
randomness or an unordered container; every source begins with its licence; no file is longer than MAX_LINES.
A line that must break a "banned" rule carries, or follows, a comment "lint: allow (reason)".
Prints one "file:line: what" per violation; exit status 1 if there is any.
"""
import os
import re
import sys

MAX_LINES = 500
LICENCE = "SPDX-License-Identifier: GPL-2.0-or-later"
SKIPPED_FOLDERS = {"build", ".git", ".cache", "__pycache__"}

# Each folder may include itself and those below it, first match decides. sim/insn and sim/mem stand side by side.
BASE = ["sim/base/"]
INSN = BASE + ["sim/insn/"]
MEM = BASE + ["sim/mem/"]
COST = INSN + ["sim/mem/", "sim/cost/", "sim/data/"]
CPU = COST + ["sim/cpu/"]
SIM = ["sim/"]
KERNEL = SIM + ["kernel_model/"]
PROBES = KERNEL + ["probes/"]
TOOLS = PROBES + ["tools/"]
# Tests may use the fixtures of the floors below theirs.
TESTS_OF_SIM = ["tests/support/", "tests/sim/"]
TESTS_OF_KERNEL = TESTS_OF_SIM + ["tests/kernel_model/"]
TESTS_OF_PROBES = TESTS_OF_KERNEL + ["tests/probes/"]
FLOORS = [
    ("sim/base/", BASE),
    ("sim/insn/", INSN),
    ("sim/mem/", MEM),
    ("sim/data/", BASE + ["sim/data/"]),
    ("sim/cost/", COST),
    ("sim/cpu/", CPU),
    ("sim/", SIM),
    ("kernel_model/", KERNEL),
    ("probes/", PROBES),
    ("tools/", TOOLS),
    ("tests/sim/", SIM + TESTS_OF_SIM),
    ("tests/kernel_model/", KERNEL + TESTS_OF_KERNEL),
    ("tests/probes/", PROBES + TESTS_OF_PROBES),
    ("tests/tools/", TOOLS + TESTS_OF_PROBES + ["tests/tools/"]),
    ("tests/support/", BASE + ["tests/support/"]),
]
# A quoted include of one of these is one of ours.
OUR_ROOTS = ("sim/", "kernel_model/", "probes/", "tools/", "tests/")

# (header pattern, files that may include it, why)
WRAPPED = [
    (r"unicorn/", r"^sim/cpu/unicorn_", "only sim/cpu/unicorn_* knows the engine"),
    (r"capstone/", r"^sim/insn/", "only sim/insn knows the disassembler"),
    (r"boost/", r"^tools/", "only tools reads command lines"),
    (r"(elf|gelf|libelf|dwarf|elfutils/.*)\b", r"^(kernel_model|probes|tools|tests)/", "the machine knows no file formats"),
]
BANNED = [
    (r"#\s*include\s*<(chrono|ctime|time\.h|sys/time\.h)>", "the only clock is the simulated one"),
    (r"#\s*include\s*<random>|\b(std::)?s?rand\s*\(|\brandom_device\b", "randomness comes from the seed"),
    (r"#\s*include\s*<(thread|mutex|future|atomic|condition_variable)>", "the simulator has one thread"),
    (r"\bunordered_(multi)?(map|set)\b", "iteration order must never reach output"),
    (r"::(gettimeofday|clock_gettime|time)\s*\(", "the only clock is the simulated one"),
]
ALLOW = re.compile(r"lint: allow \(.+\)")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
COMMENT_OR_STRING = re.compile(r'//.*|"(\\.|[^"\\])*"')


def repository_files(root):
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(d for d in folders if d not in SKIPPED_FOLDERS)
        for name in sorted(names):
            yield os.path.relpath(os.path.join(folder, name), root)


def is_cpp(path):
    return path.endswith((".cpp", ".h")) and not path.startswith("workloads/")


def is_source(path):
    return path.endswith((".cpp", ".h", ".c", ".S", ".py", ".cmake", ".def", ".toml", "CMakeLists.txt")) or (
        path.startswith(("tools/setup/", ".ci/")) and not path.endswith(".md"))


def check_include(path, line):
    match = INCLUDE.match(line)
    if not match:
        return
    quoted, header = match[1] == '"', match[2]
    if quoted:
        allowed = next((floors for prefix, floors in FLOORS if path.startswith(prefix)), None)
        if not header.startswith(OUR_ROOTS):
            yield f'include "{header}" by its full path from the repository root'
        elif allowed and not header.startswith(tuple(allowed)):
            yield f'includes "{header}", which is not below it'
    for pattern, places, why in WRAPPED:
        if not quoted and re.match(pattern, header) and not re.match(places, path):
            yield f"includes <{header}>: {why}"


def check_banned(line):
    # Text in comments and messages is free; an include is neither.
    code = line if INCLUDE.match(line) else COMMENT_OR_STRING.sub("", line)
    for pattern, why in BANNED:
        if re.search(pattern, code):
            yield f"{re.search(pattern, code)[0].strip()}: {why}"


def check_file(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        lines = file.read().splitlines()
    if LICENCE not in "\n".join(lines[:2] if lines and lines[0].startswith("#!") else lines[:1]):
        yield 1, f"the first line must say {LICENCE}"
    if len(lines) > MAX_LINES:
        yield len(lines), f"{len(lines)} lines; {MAX_LINES} are the most"
    if not is_cpp(path):
        return
    before = ""
    for number, line in enumerate(lines, 1):
        for what in check_include(path, line):
            yield number, what
        if not ALLOW.search(line) and not ALLOW.search(before):
            for what in check_banned(line):
                yield number, what
        before = line


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "..")
    checked = violations = 0
    for path in repository_files(root):
        if not is_source(path):
            continue
        checked += 1
        for line, what in check_file(root, path):
            violations += 1
            print(f"{path}:{line}: {what}")
    print(f"lint: {checked} files, {violations} violations")
    if checked == 0:
        sys.exit("lint: no sources found")
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
