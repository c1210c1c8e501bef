# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of several tasks, on one and on several simulated CPUs, stepped, and twice."""
import os
import shutil
import subprocess
import tempfile

import fault_programs
import harness
import judge
import programs
import self_test_programs
import task_programs
import terminal_programs
import whole_programs
import wide_programs
from task_programs import HERE, HOST, QEMU


def tasks_part(context):
    _run(context, task_programs.CASES + wide_programs.CASES + terminal_programs.CASES)


def faults_part(context):
    _run(context, fault_programs.CASES)


def whole_part(context):
    _run(context, whole_programs.CASES + self_test_programs.CASES)


def _run(context, cases):
    by_root = {}
    for case in cases:
        ours = os.path.exists(os.path.join(context.workloads, case.argv[0].lstrip("/")))
        name = "wide" if case.wide else case.sysroot
        source = context.workloads if ours else "-".join([context.sysroot, *([name] if name else [])])
        by_root.setdefault(source, []).append(case)
    if context.wants("forks-leak"):
        with context.guest_root(context.workloads) as root:
            _check_leaks(context, root)
    for source, cases in by_root.items():
        wanted = [case for case in cases if context.wants(case.name)]
        if not wanted:
            continue
        with context.guest_root(source) as root:
            for case in wanted:
                _check(context, root, case)


FEW_DESCRIPTORS = 40
FORKS = (100, 1000)


def _check_leaks(context, root):
    """A thousand processes need no more memory and no more of the host's descriptors than a hundred."""
    peaks = []
    for times in FORKS:
        case = programs.Case("forks-leak", ["/forks", str(times)])
        with harness.few_descriptors(FEW_DESCRIPTORS):
            got = context.simulator.run(root, case)
        if got.report is None or got.stdout != b"%d rounds: right\n" % times:
            return context.check(case.name, f"{times} rounds print {harness.shown(got.stdout)}; stderr {harness.shown(got.stderr)}")
        peaks.append(got.report.json["guest"]["memory_peak_bytes"])
    context.check("forks-leak", None if peaks[0] == peaks[1] else f"{FORKS} rounds take {peaks} bytes at most")


def _check(context, root, case):
    judged = judge.Judge(case.judge, lambda: _judged(root, case))
    for cpus in case.cpus:
        name = f"{case.name}-{cpus}cpu"
        try:
            got = context.simulator.run(root, case.as_case(), [*case.options, "--cpus", str(cpus)], case.files)
        except (subprocess.TimeoutExpired, AssertionError) as failure:
            context.check(name, str(failure))
            continue
        try:
            context.check(name, judged.difference(lambda wanted: _difference(case, wanted, got)))
        except FileNotFoundError as missing:
            raise harness.Missing(f"the host has no {missing.filename}")


def _difference(case, wanted, got):
    if got.report is None:
        return f"no report was written; stderr {harness.shown(got.stderr)}"
    if got.status != wanted.status:
        return f"exit status {got.status}, {case.judge} has {wanted.status}; stderr {harness.shown(got.stderr)}"
    if wanted.stdout is not None and got.stdout != wanted.stdout:
        return f"stdout {harness.first_difference(got.stdout, wanted.stdout, case.judge)}; stderr {harness.shown(got.stderr)}"
    return None


def _judged(root, case):
    if case.judge == QEMU:
        return harness.run_qemu(root, case.as_case())
    if case.judge == HERE:
        words = [harness.find_qemu(), os.path.join(root.path, case.argv[0].lstrip("/")), *case.argv[1:]]
        run = judge.run(case.judge, words, case.stdin)
        return harness.Result(run.returncode, run.stdout, run.stderr, {})
    if case.judge == HOST:
        return _run_on_host(case)
    return harness.Result(case.status, case.stdout, b"", {})


def _run_on_host(case):
    with tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as folder:
        harness.write_tree(folder)
        harness.write_files(folder, case.files)
        environment = {**dict(programs.ENVIRONMENT), **dict(case.environment)}
        program = shutil.which(os.path.basename(case.argv[0]), path=environment["PATH"])
        if program is None:
            raise FileNotFoundError(2, "no such program", os.path.basename(case.argv[0]))
        run = judge.run(case.judge, [program, *case.argv[1:]], case.stdin, cwd=folder, env=environment)
        return harness.Result(run.returncode, run.stdout, run.stderr, {})
