#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""libuprobesim as it is installed: installed_test.py BUILD BINARY WORKLOADS [PYTHON].

Installs the library into a folder of its own, and compiles and runs what uses it from there: the examples by CMake's
find_package, library_test.cpp by pkg-config, python_test.py with PYTHON (none: the module is not built). Reports are compared
with those of BINARY.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "tools/library/examples"
BUILD = BINARY = WORKLOADS = PYTHON = ""
PUSH = "uprobe:/trig_push:uprobe_target_push"
# Functions of the engine that ours stand in the way of (sim/cpu/unicorn/README.md).
INTERPOSED = re.compile(r"(_aarch64|^qht_(remove|reset_size))$")
PUBLIC = re.compile(r"\buprobesim::(Simulation|Report|Bench|Audit|Estimate|WhatIf|Error)\b|^uprobesim::(version|engine|raise_open_file_limit)")
SKIPPED = 77


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def report(path, *words, status=0):
    """What the command writes to `path`, its program having pipes as the library gives it."""
    done = subprocess.run([BINARY, words[0], "-o", str(path), *words[1:]], input=b"", stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != status:
        raise AssertionError(f"{words}: status {done.returncode}: {done.stderr.decode()}")


def write_reports(folder):
    run_push = ["run", "--root", WORKLOADS, "-p", PUSH, "--kernel", "v6.12"]
    report(folder / "run.json", *run_push, "-f", "json", "/trig_push", "500")
    report(folder / "run.csv", *run_push, "-f", "csv", "/trig_push", "500")
    report(folder / "run.svg", *run_push, "-f", "svg", "/trig_push", "500")
    report(folder / "run.txt", *run_push, "--all", "/trig_push", "500")
    report(folder / "long.json", *run_push, "-f", "json", "/trig_push", "20000")
    report(folder / "threads.json", "run", "--root", WORKLOADS, "-p", "uprobe:/mutexes:main", "--cpus", "2", "-f", "json", "/mutexes")
    report(folder / "bench.json", "bench", "uprobe-push", "--kernel", "v6.12", "-f", "json")
    report(folder / "audit.json", "audit", WORKLOADS + "/trig_push", "-f", "json")
    report(folder / "estimate.json", "estimate", f"uprobe:{WORKLOADS}/trig_push:uprobe_target_push", "--rate", "100k", "--budget", "1%",
           "-f", "json", status=1)
    report(folder / "whatif.json", "whatif", str(folder / "run.json"), "--set", "machine.ops.ic-ivau=0", "-f", "json")


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        top = pathlib.Path(cls.temporary.name)
        cls.prefix, cls.expected, cls.work = top / "prefix", top / "expected", top / "work"
        cls.expected.mkdir()
        cls.work.mkdir()
        for component in ["library", "library-dev"] + (["python"] if PYTHON else []):
            run("cmake", "--install", BUILD, "--prefix", cls.prefix, "--component", component)
        cls.library = next(cls.prefix.glob("lib/**/libuprobesim.so"))
        write_reports(cls.expected)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def test_a_program_is_built_by_pkg_config_and_gets_the_reports_of_the_command(self):
        flags = run("pkg-config", "--cflags", "--libs", "uprobesim", env={**os.environ, "PKG_CONFIG_PATH": self.library.parent / "pkgconfig"}).split()
        program = self.work / "library_test"
        run("c++", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", HERE / "library_test.cpp", "-o", program, *flags,
            f"-Wl,-rpath,{self.library.parent}")
        words = [program, WORKLOADS, self.expected]
        self.assertIn("edited code", run(*words))
        self.assertIn("UPROBESIM_ENGINE=plain", run(*words, env={**os.environ, "UPROBESIM_ENGINE": "plain"}))

    def test_the_examples_are_built_by_find_package_and_run(self):
        build = self.work / "examples"
        run("cmake", "-S", EXAMPLES, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}")
        run("cmake", "--build", build)
        printed = run(build / "compare_kernels", "--root", WORKLOADS, PUSH, "/trig_push", "500")
        self.assertRegex(printed, r"v6\.12 +.* 500 hits")

    def test_the_library_exports_its_interface_and_nothing_else(self):
        names = run("nm", "-DC", "--defined-only", self.library).splitlines()
        names = [line.split(maxsplit=2)[2] for line in names]
        self.assertEqual([n for n in names if not INTERPOSED.search(n) and not PUBLIC.search(n)], [])
        self.assertTrue(any(n.startswith("uprobesim::Simulation::run(") for n in names))
        self.assertIn("SONAME", run("readelf", "-d", self.library))

    def test_its_headers_include_no_others_but_the_standard_library_s(self):
        for header in self.prefix.glob("include/uprobesim/*.h"):
            for name in re.findall(r'#\s*include\s*[<"]([^>"]+)', header.read_text()):
                self.assertRegex(name, r"^(uprobesim/\w+\.h|[a-z_]+)$", header)

    def test_the_python_module_does_what_the_command_does(self):
        if not PYTHON:
            self.skipTest("the module is not built")
        module = next(self.prefix.glob("**/uprobesim/__init__.py")).parent.parent
        run(PYTHON, HERE / "python_test.py", env={**os.environ, "PYTHONPATH": str(module), "ROOT": WORKLOADS, "EXPECTED": str(self.expected), "PUSH": PUSH})

    def test_the_example_that_sweeps_writes_its_table_and_chart(self):
        if not PYTHON:
            self.skipTest("the module is not built")
        module = next(self.prefix.glob("**/uprobesim/__init__.py")).parent.parent
        run(PYTHON, EXAMPLES / "sweep_and_plot.py", "--root", WORKLOADS, "--probe", PUSH, "--output", self.work / "chart", "/trig_push", "500",
            env={**os.environ, "PYTHONPATH": str(module)})
        rows = (self.work / "chart.csv").read_text().splitlines()
        self.assertEqual(len(rows), 1 + 3 * 9)
        self.assertIn("<svg", (self.work / "chart.svg").read_text())


if __name__ == "__main__":
    if not os.path.exists(sys.argv[3] + "/trig_push") or not shutil.which("pkg-config"):
        print("installed_test: skipped: the guest programs are not built, or there is no pkg-config")
        sys.exit(SKIPPED)
    BUILD, BINARY, WORKLOADS, PYTHON = (sys.argv[1:] + [""])[:4]
    unittest.main(argv=sys.argv[:1])
