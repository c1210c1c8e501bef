#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/measure/measure without a machine to measure: measure_test.py UPROBESIM SOURCE.

Its program is trigger.S and counts what it says; its lines have the rates that a stand-in for the machine has, and
calibrate reads them.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

UPROBESIM, SOURCE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
MEASURE = os.path.join(SOURCE, "tools/measure/measure")

# The rows of next-20241104 in the list thread (STP stepped), M/s.
RATES = {"uprobe-nop": 2.044, "uprobe-push": 0.415, "uprobe-ret": 2.047, "uretprobe-nop": 0.832, "uretprobe-push": 0.328, "uretprobe-ret": 0.833}
GIGAHERTZ = 2.4

# Says which probe is held for as long as it runs, as bpftrace -e and perf stat do.
BPFTRACE = """#!/bin/sh
echo "$2" | sed -n 's/^\\(u[a-z]*\\):.*:uprobe_target_\\([a-z]*\\) .*/\\1-\\2/p' > "$STATE"
trap 'rm -f "$STATE"; exit 0' TERM
while :; do sleep 0.02; done
"""
PERF = """#!/bin/sh
case "$1 $*" in
probe*' -d '*) rm -f "$STATE.event" ;;
probe*%return*) echo "$*" | sed 's/.*uprobe_target_\\([a-z]*\\)%.*/uretprobe-\\1/' > "$STATE.event" ;;
probe*) echo "$*" | sed 's/.*uprobe_target_/uprobe-/' > "$STATE.event" ;;
stat*)
    mv "$STATE.event" "$STATE"
    trap 'rm -f "$STATE"; exit 0' TERM
    while :; do sleep 0.02; done ;;
esac
"""
# The machine: trigger LETTER COUNT prints count, ticks, ticks a second. 2 ns a call without a probe.
MACHINE = """#!/bin/sh
held=$(cat "$STATE" 2> /dev/null || true)
awk -v letter="$2" -v count="$3" -v held="$held" 'BEGIN {
%s
    ns = letter == "f" ? 64 / %s : 2
    split(held, part, "-")
    if (held != "" && substr(part[2], 1, 1) == letter) ns = 1e3 / rate[held]
    printf "%%d %%.0f 1000000000\\n", count, count * ns
}'
""" % ("\n".join(f'    rate["{name}"] = {rate}' for name, rate in RATES.items()), GIGAHERTZ)


def script(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o755)
    return path


def run(words, environment=None):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, timeout=120, check=False)


def check(what, got, wanted):
    if got != wanted:
        sys.exit(f"FAILED {what}: {got!r}, not {wanted!r}")


def measured(folder, tool):
    machine = script(folder, "machine", MACHINE)
    tools = os.path.join(folder, tool)
    os.mkdir(tools)
    script(tools, tool, {"bpftrace": BPFTRACE, "perf": PERF}[tool])
    environment = {**os.environ, "PATH": f"{tools}:/usr/bin:/bin", "MEASURE_RUN": machine, "STATE": os.path.join(folder, "held")}
    done = run(["sh", MEASURE, "-r", "2", "-t", tool], environment)
    check(f"{tool}: status, {done.stderr}", done.returncode, 0)
    check(f"{tool}: what is held in the end", os.path.exists(environment["STATE"]), False)
    return done.stdout


def check_program(folder):
    trigger = os.path.join(folder, "trigger")
    check("-w", run(["sh", MEASURE, "-w", trigger]).returncode, 0)
    for letter, target in (("n", "nop"), ("p", "push"), ("r", "ret")):
        report = os.path.join(folder, "report.csv")
        words = ["run", "--root", folder, "-p", f"uprobe:/trigger:uprobe_target_{target}", "-f", "json", "-o", report, "/trigger", letter, "1234"]
        done = run([UPROBESIM, *words])
        check(f"{target}: status, {done.stderr}", done.returncode, 0)
        check(f"{target}: line", bool(re.fullmatch(r"1234 \d+ \d+\n", done.stdout)), True)
        with open(report, encoding="utf-8") as file:
            check(f"{target}: hits", re.search(r'"hits": (\d+)', file.read())[1], "1234")
    check("a wrong letter", run([UPROBESIM, "run", "--root", folder, "/trigger", "x", "1"]).returncode, 2)


def main():
    with tempfile.TemporaryDirectory() as folder:
        check_program(folder)
        for tool in ("bpftrace", "perf"):
            lines = measured(folder, tool)
            rates = {name: float(rate) for name, rate in re.findall(r"^(\S+) +\( 1 cpus\): +([0-9.]+) ±", lines, re.M)}
            check(f"{tool}: rows", sorted(rates), sorted(RATES))
            for name, rate in rates.items():
                check(f"{tool}: {name}", abs(rate / RATES[name] - 1) < 2e-3, True)
            check(f"{tool}: frequency", f"# frequency: {GIGAHERTZ:.3f} GHz" in lines, True)
            check(f"{tool}: consumer", f"# consumer: {tool}" in lines, True)
            bench = os.path.join(folder, f"{tool}.txt")
            with open(bench, "w", encoding="utf-8") as file:
                file.write(lines)
            profile = os.path.join(folder, f"{tool}.toml")
            done = run([UPROBESIM, "calibrate", bench, "--kernel", "v6.12", "-o", profile])
            check(f"{tool}: calibrate, {done.stderr}", done.returncode, 0)
            check(f"{tool}: profile", run([UPROBESIM, "model", "check", profile]).returncode, 0)
    refused = run(["sh", MEASURE, "-t", "strace"], {**os.environ, "MEASURE_RUN": "true"})
    check("another tool", (refused.returncode, "bpftrace or perf" in refused.stderr), (1, True))
    if shutil.which("aarch64-linux-gnu-gcc"):
        check("bytes of trigger.S", run([os.path.join(SOURCE, "tools/dev/embed_trigger.py"), "--check"]).returncode, 0)
    for shell in ("dash", "busybox"):
        if shutil.which(shell):
            check(shell, run([shell, *(["sh"] if shell == "busybox" else []), "-n", MEASURE]).returncode, 0)


if __name__ == "__main__":
    main()
