#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks the rules of the source tree that a compiler cannot see: lint.py [--graph] [REPOSITORY].

- Includes go down the layers only (layers.py), and neither folders nor files include each other in a ring.
- A library stays in the one place that wraps it; nothing reads a wall clock, host randomness or an unordered container.
- Every source begins with its licence. No file is longer than MAX_LINES; no folder holds more than MAX_SOURCES sources.

A line that must break a "banned" rule carries, or follows, a comment "lint: allow (reason)". Prints one
"file:line: what" per violation; exit status 1 if there is any. --graph prints which folder includes which instead.
"""
import os
import re
import sys
from collections import defaultdict

import layers

MAX_LINES = 500
MAX_SOURCES = 30
LICENCE = "SPDX-License-Identifier: GPL-2.0-or-later"
SKIPPED_FOLDERS = {"build", ".git", ".cache", "__pycache__"}
OUR_ROOTS = ("sim/", "kernel_model/", "probes/", "tools/", "tests/")

# (header pattern, files that may include it, why)
WRAPPED = [
    (r"unicorn/", r"^sim/cpu/unicorn/", "only sim/cpu/unicorn knows the engine"),
    (r"capstone/", r"^sim/insn/", "only sim/insn knows the disassembler"),
    (r"boost/", r"^tools/cli/", "only tools/cli reads command lines"),
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
    return path.endswith((".cpp", ".h")) and not path.startswith(("workloads/", "tests/conformance/"))


def is_source(path):
    return path.endswith((".cpp", ".h", ".c", ".S", ".py", ".cmake", ".def", ".toml", "CMakeLists.txt")) or (
        path.startswith(("tools/setup/", ".ci/")) and not path.endswith(".md"))


def check_include(path, line):
    match = INCLUDE.match(line)
    if not match:
        return
    quoted, header = match[1] == '"', match[2]
    if quoted and not header.startswith(OUR_ROOTS):
        yield f'include "{header}" by its full path from the repository root'
    elif quoted:
        wrong = layers.check_include(path, header)
        if wrong:
            yield wrong
    for pattern, places, why in WRAPPED:
        if not quoted and re.match(pattern, header) and not re.match(places, path):
            yield f"includes <{header}>: {why}"


def check_banned(line):
    # Text in comments and messages is free; an include is neither.
    code = line if INCLUDE.match(line) else COMMENT_OR_STRING.sub("", line)
    for pattern, why in BANNED:
        if re.search(pattern, code):
            yield f"{re.search(pattern, code)[0].strip()}: {why}"


def check_lines(path, lines):
    if LICENCE not in "\n".join(lines[:2] if lines and lines[0].startswith("#!") else lines[:1]):
        yield 1, f"the first line must say {LICENCE}"
    if len(lines) > MAX_LINES:
        yield len(lines), f"{len(lines)} lines; the limit is {MAX_LINES}"
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


def check_folders(sources):
    counts = defaultdict(int)
    for path in sources:
        counts[os.path.dirname(path)] += 1
    for folder, count in sorted(counts.items()):
        if count > MAX_SOURCES and not folder.startswith("workloads"):
            yield folder, f"{count} source files in one folder; the limit is {MAX_SOURCES}"


def include_graphs(texts):
    """The includes of each file and of each folder. Without tests, which no other folder includes."""
    files, folders = defaultdict(set), defaultdict(set)
    for path, lines in texts.items():
        for line in lines if is_cpp(path) else ():
            match = INCLUDE.match(line)
            if match and match[1] == '"' and match[2] in texts:
                files[path].add(match[2])
                mine, theirs = os.path.dirname(path), os.path.dirname(match[2])
                if not path.startswith("tests/") and mine != theirs:
                    folders[mine].add(theirs)
    return files, folders


def check_tree(root):
    """Yields (number of files read) first, then "place: what" for each violation."""
    texts = {}
    for path in repository_files(root):
        if is_source(path):
            with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
                texts[path] = file.read().splitlines()
    yield len(texts)
    for path, lines in texts.items():
        for line, what in check_lines(path, lines):
            yield f"{path}:{line}: {what}"
    for folder, what in check_folders(path for path in texts if path.endswith((".cpp", ".h"))):
        yield f"{folder}: {what}"
    for graph in include_graphs(texts):
        for ring in layers.rings(graph):
            yield f"{ring[0]}: includes in a ring: {', '.join(ring)}"


def print_graph(root):
    texts = {path: open(os.path.join(root, path), encoding="utf-8").read().splitlines()
             for path in repository_files(root) if is_cpp(path)}
    folders = include_graphs(texts)[1]
    for folder in sorted(folders):
        print(f"{folder}: {' '.join(sorted(folders[folder]))}")


def main():
    words = [word for word in sys.argv[1:] if word != "--graph"]
    root = words[0] if words else os.path.join(os.path.dirname(__file__), "..", "..", "..")
    if "--graph" in sys.argv[1:]:
        print_graph(root)
        return
    found = check_tree(root)
    checked = next(found)
    violations = 0
    for what in found:
        violations += 1
        print(what)
    print(f"lint: {checked} files, {violations} violations")
    if checked == 0:
        sys.exit("lint: no sources found")
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
