#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""End-to-end tests: run_tests.py PART --uprobesim BINARY --workloads FOLDER --sysroot FOLDER [--only NAME] [-v].

Parts: programs (same output as qemu-aarch64), probes (probes change nothing but the counts), placing (breakpoints cost what
they cost on a real kernel), counts (instruction totals), tasks (programs of several tasks on one and several simulated
CPUs), scenarios (servers with their clients), bad-input (a clear line or a guest signal each), host-files (input paths that are no files, outputs that cannot be
written), host-faults (each call to the host fails once), host-calls (paths that the tool opens, by strace), kills
(SIGKILL at random moments), same-bytes (the same bytes on another day and under another environment), escapes
(a guest reaches nothing outside of its root, binds and scratch layer), determinism (the same bytes
twice), views (what a run shows while it goes on, and runs that end before their program), redis (redis-server and
redis-cli answer as on qemu-aarch64, and what is probed in them is hit once a command), list (what specs match is what
binutils and bpftrace name, and runs reach it), faults (programs with a killed peer, or without free disk space, memory,
pipes or descriptors), budgets (a guest that takes one thing without end is refused, within --memory),
sweeps (a sweep that is killed and started again has the results of one that was not), cores (what cores beyond Armv8.0
execute, as qemu-aarch64 with the same core), whole (debuggers, language runtimes, servers with their clients; needs a
sysroot of its own), slurm (a sweep as an array job of a Slurm that runs here; a task is killed and another
requeued), attach (probes that come late are hit from then on, and attaching takes what was measured), contention
(threads on several CPUs that hit one probe), endings (runs that share their start report what runs of their own do), teaching (the exercises of docs/teaching and their grading).
Exit status 77: something that the tests need is not installed (said on stderr).
"""
import argparse
import os
import sys

sys.dont_write_bytecode = True  # a test leaves nothing in the source tree

import attach_tests
import bad_input
import budget_tests
import contention_tests
import core_tests
import ending_tests
import escape_tests
import gdb_tests
import harness
import host_calls
import host_faults
import host_files
import kills
import list_tests
import placing_tests
import probe_tests
import redis_tests
import same_bytes
import same_results
import scenario_tests
import slurm_tests
import sweep_tests
import task_tests
import teaching_tests
import view_tests

PARTS = {
    "programs": same_results.programs_part,
    "counts": same_results.counts_part,
    "determinism": same_results.determinism_part,
    "probes": probe_tests.probes_part,
    "placing": placing_tests.placing_part,
    "tasks": task_tests.tasks_part,
    "scenarios": scenario_tests.scenarios_part,
    "bad-input": bad_input.bad_input_part,
    "host-files": host_files.host_files_part,
    "host-faults": host_faults.host_faults_part,
    "host-calls": host_calls.host_calls_part,
    "kills": kills.kills_part,
    "same-bytes": same_bytes.same_bytes_part,
    "escapes": escape_tests.escapes_part,
    "views": view_tests.views_part,
    "list": list_tests.list_part,
    "redis": redis_tests.redis_part,
    "faults": task_tests.faults_part,
    "budgets": budget_tests.budgets_part,
    "sweeps": sweep_tests.sweeps_part,
    "whole": task_tests.whole_part,
    "cores": core_tests.cores_part,
    "slurm": slurm_tests.slurm_part,
    "attach": attach_tests.attach_part,
    "contention": contention_tests.contention_part,
    "endings": ending_tests.endings_part,
    "gdb": gdb_tests.gdb_part,
    "teaching": teaching_tests.teaching_part,
}


class Context:
    """What every part gets: the programs under test, and where to say what was found."""

    def __init__(self, arguments):
        self.simulator = harness.Simulator(os.path.abspath(arguments.uprobesim))
        self.workloads = os.path.abspath(arguments.workloads)
        self.sysroot = os.path.abspath(os.environ.get("UPROBESIM_SYSROOT", arguments.sysroot))
        self.failing_calls, self.faults_each = arguments.failing_calls, arguments.faults_each
        self.kills = arguments.kills
        self.short = not arguments.long
        self.only, self.verbose = arguments.only, arguments.verbose
        self.checked, self.failures = 0, []

    def wants(self, name):
        return self.only is None or self.only in name

    def check(self, name, failure):
        """Notes one result: failure is a line that says what is wrong, or None."""
        self.checked += 1
        if failure:
            self.failures.append(name)
            print(f"FAILED {name}: {failure}", flush=True)
        elif self.verbose:
            print(f"ok     {name}", flush=True)

    def guest_root(self, source):
        if not os.path.isdir(source):
            raise harness.Missing(f"{source} is not there (tools/setup/fetch-sysroot, or build the workloads)")
        return harness.GuestRoot(source)


def become_root():
    """The reference runs in a chroot: as root of a user namespace when we are not root."""
    if os.geteuid() != 0 and "UPROBESIM_E2E_UNSHARED" not in os.environ:
        environment = {**os.environ, "UPROBESIM_E2E_UNSHARED": "1"}
        try:
            os.execvpe("unshare", ["unshare", "--map-root-user", sys.executable, *sys.argv], environment)
        except OSError:
            raise harness.Missing("neither root nor unshare")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=sorted(PARTS))
    parser.add_argument("--uprobesim", required=True)
    parser.add_argument("--workloads", required=True)
    parser.add_argument("--sysroot", required=True)
    parser.add_argument("--failing-calls", help="the library that makes calls of the tool fail (host-faults)")
    parser.add_argument("--faults-each", type=int, default=1, help="how many calls of each kind fail (host-faults)")
    parser.add_argument("--kills", type=int, default=15, help="how many runs are killed (kills, sweeps)")
    parser.add_argument("--long", action="store_true", help="every command (same-bytes), every way (endings)")
    parser.add_argument("--only", help="only the cases whose name contains this")
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()
    context = Context(arguments)
    try:
        become_root()
        harness.find_qemu()
        PARTS[arguments.part](context)
    except harness.Missing as missing:
        print(f"skipped: {missing}", file=sys.stderr)
        sys.exit(77)
    print(f"{arguments.part}: {context.checked} checked, {len(context.failures)} failed")
    if context.failures:
        print("failed: " + " ".join(context.failures))
    sys.exit(1 if context.failures or context.checked == 0 else 0)


if __name__ == "__main__":
    main()
