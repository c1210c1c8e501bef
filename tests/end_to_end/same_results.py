# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs give the same results and instruction totals as on qemu-aarch64, and the same bytes twice."""
import os
import subprocess

import harness
import judge
import programs


def _timeout_or(action):
    try:
        return action(), None
    except subprocess.TimeoutExpired as expired:
        return None, f"not finished after {expired.timeout:.0f} s"
    except AssertionError as wrong:
        return None, str(wrong)


def _compare_all(context, root, cases):
    for case in cases:
        if not context.wants(case.name):
            continue
        got, failure = _timeout_or(lambda: context.simulator.run(root, case))
        if not failure:
            judged = judge.Judge("qemu-aarch64", lambda: harness.run_qemu(root, case))
            failure = judged.difference(lambda wanted: harness.difference(case, wanted, got))
        if not failure and got.report is None:
            failure = "no report was written"
        context.check(case.name, failure)


def programs_part(context):
    with context.guest_root(context.workloads) as root:
        _compare_all(context, root, programs.WORKLOADS)
    with context.guest_root(context.sysroot) as root:
        _compare_all(context, root, programs.PROGRAMS)


def qemu_instruction_count(root, argv):
    """Instructions by qemu's own trace: one "Trace" line for each one-instruction block that runs."""
    def enter():
        os.chroot(root.path)

    words = ["/.qemu", "-singlestep", "-d", "exec,nochain", *argv]
    with subprocess.Popen(words, preexec_fn=enter, env={}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE) as run:
        return sum(line.startswith(b"Trace") for line in run.stderr)


def counts_part(context):
    with context.guest_root(context.workloads) as root:
        for argv in programs.COUNTED:
            case = programs.Case(" ".join(argv), argv)
            if not context.wants(case.name):
                continue
            got, failure = _timeout_or(lambda: context.simulator.run(root, case))
            if not failure and got.report is None:
                failure = f"no report; stderr {harness.shown(got.stderr)}"
            if not failure:
                wanted = qemu_instruction_count(root, argv)
                if got.report.user_insns != wanted:
                    failure = f"{got.report.user_insns} instructions, qemu-aarch64 -singlestep counts {wanted}"
            context.check(case.name, failure)
        _refused_count(context, root)


def _refused_count(context, root):
    """--max-insns ends the run at the named count."""
    case = programs.Case("max-insns", ["/hostile", "spin"])
    if not context.wants(case.name):
        return
    got, failure = _timeout_or(lambda: context.simulator.run(root, case, ["--max-insns", "1000000"]))
    if not failure and got.report is None:
        failure = f"no report; stderr {harness.shown(got.stderr)}"
    if not failure and not 1_000_000 <= got.report.user_insns < 1_010_000:
        failure = f"{got.report.user_insns} instructions ran"
    if not failure and got.status != 125:
        failure = f"exit status {got.status}"
    context.check(case.name, failure)


# (name, root is the sysroot, options, command). Standard input is a pipe with programs.WORDS in it.
TWICE = [
    ("grep-probed", True, ["-p", "uprobe:/bin/grep:*"], ["/bin/grep", "-c", "hello", "words.txt"]),
    ("perl-random", True, [], ["/usr/bin/perl", "-e", "print rand(), ' ', time(), ' ', $$, qq{\\n}; print join(',', keys %{{map {$_ => 1} 1..30}})"]),
    ("shuf", True, ["--seed", "7"], ["/usr/bin/shuf", "words.txt"]),
    ("date", True, [], ["/bin/date", "+%s.%N"]),
    ("piped-stdin", False, ["-p", "uprobe:/scanner:*"], ["/scanner", "-c", "hello", "-"]),
    ("faults", False, [], ["/faults"]),
    ("threads", False, ["--cpus", "16", "-p", "uprobe:/threads:hot"], ["/threads", "64", "1000"]),
    ("push-stepped", False, ["-p", "uprobe:/trig_push:uprobe_target_push"], ["/trig_push", "2000"]),
]


def determinism_part(context):
    for from_sysroot in (False, True):
        with context.guest_root(context.sysroot if from_sysroot else context.workloads) as root:
            for name, wants_sysroot, options, argv in TWICE:
                if wants_sysroot == from_sysroot and context.wants(name):
                    _check_twice(context, root, programs.Case(name, argv, stdin=programs.WORDS, pipe=True), options)
    with context.guest_root(context.workloads) as root:
        _check_compare_twice(context, root)


def _check_twice(context, root, case, options):
    runs = []
    for _ in range(2):
        got, failure = _timeout_or(lambda: context.simulator.run(root, case, options))
        if failure or got.report is None:
            context.check(case.name, failure or f"no report; stderr {harness.shown(got.stderr)}")
            return
        runs.append(got)
    first, second = runs
    # The scratch folder's own name is part of the command the report repeats.
    different = [what for what in ("status", "stdout", "stderr") if getattr(first, what) != getattr(second, what)]
    for key in first.report.json:
        if key != "provenance" and first.report.json[key] != second.report.json.get(key):
            different.append(f"report.{key}")
    context.check(case.name, "different twice: " + ", ".join(different) if different else None)


def _check_compare_twice(context, root):
    """The whole text of a comparison, byte by byte."""
    words = ["compare", "--root", root.path, "-p", "uprobe:/trig_push:uprobe_target_push", "--", "/trig_push", "3000"]
    for name, extra in (("compare-text", []), ("compare-json", ["-f", "json"])):
        if context.wants(name):
            first, second = (context.simulator.raw([words[0], *extra, *words[1:]]) for _ in range(2))
            failure = None if (first.status, first.stdout, first.stderr) == (second.status, second.stdout, second.stderr) else "different twice"
            if first.status != 0:
                failure = f"exit status {first.status}: {harness.shown(first.stderr)}"
            context.check(name, failure)
