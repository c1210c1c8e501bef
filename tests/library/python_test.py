#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The installed module uprobesim. installed_test.py starts it, with ROOT, EXPECTED (reports of the command) and PUSH set."""
import ast
import ctypes
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import unittest

import uprobesim
import uprobesim._core

ROOT, PUSH, EXPECTED = os.environ["ROOT"], os.environ["PUSH"], pathlib.Path(os.environ["EXPECTED"])


def expected(name):
    return (EXPECTED / name).read_bytes().decode()


def pushes(count=500, **options):
    return uprobesim.Simulation(["/trig_push", count], root=ROOT, probe=PUSH, kernel="v6.12", **options)


def threads():
    return uprobesim.Simulation("/mutexes", root=ROOT, probe=["uprobe:/mutexes:main"], cpus=2)


# Prints how the engine is used and whether the bytes are the command's; argv: how another libunicorn was loaded before.
OTHER_PROCESS = """
import ctypes, os, sys
if sys.argv[1] != "no":
    ctypes.CDLL("libunicorn.so.2", mode=ctypes.RTLD_GLOBAL if sys.argv[1] == "global" else ctypes.RTLD_LOCAL)
import uprobesim
report = uprobesim.Simulation(["/trig_push", 500], root=os.environ["ROOT"], probe=os.environ["PUSH"], kernel="v6.12").run()
print(uprobesim.engine().edited, report.json == open(os.environ["EXPECTED"] + "/run.json").read(), uprobesim.engine().reason)
"""


class Module(unittest.TestCase):
    def test_reports_are_those_of_the_command(self):
        report = pushes().run()
        self.assertEqual(report.json, expected("run.json"))
        self.assertEqual(report.text("csv"), expected("run.csv"))
        self.assertEqual(report.text(all=True), expected("run.txt"))
        self.assertEqual(report.text("svg"), expected("run.svg"))
        with self.assertRaisesRegex(ValueError, "a report of audit has no charts"):
            uprobesim.Audit(pathlib.Path(ROOT) / "trig_push").run().text("svg")
        self.assertEqual(report.data, json.loads(expected("run.json")))
        self.assertEqual(report.exit, uprobesim.Exit("exited", 0, ""))
        self.assertEqual([p.hits for p in report.probes], [500])
        self.assertEqual(report.figures["total_ns"], report.data["time"]["total_ns"])
        self.assertEqual(threads().run().json, expected("threads.json"))
        self.assertEqual(uprobesim.Bench("uprobe-push", kernel="v6.12").run().json, expected("bench.json"))
        self.assertEqual(uprobesim.Audit(pathlib.Path(ROOT) / "trig_push").run().json, expected("audit.json"))
        estimate = uprobesim.Estimate([f"uprobe:{ROOT}/trig_push:uprobe_target_push"], rate="100k", budget="1%").run()
        self.assertEqual((estimate.json, estimate.status), (expected("estimate.json"), 1))
        cheaper = uprobesim.WhatIf(EXPECTED / "run.json", set={"machine.ops.ic-ivau": 0}).run()
        self.assertEqual(cheaper.json, expected("whatif.json"))
        again = uprobesim.WhatIf(report, set={"machine.ops.ic-ivau": 0}).run()
        self.assertEqual(again.figures, cheaper.figures)
        self.assertLess(again.figures["total_ns"], report.figures["total_ns"])

    def test_the_output_of_the_program_is_in_the_report(self):
        with open(f"{ROOT}/trig_push", "rb") as program:
            self.assertEqual(program.read(4), b"\x7fELF")
        report = uprobesim.Simulation("/dump", root=ROOT, input=b"abc").run()
        self.assertIsInstance(report.output, bytes)

    def test_simulations_in_threads_give_the_bytes_that_they_give_alone(self):
        reports = {}

        def work(name, make):
            for _ in range(3):
                reports.setdefault(name, set()).add(make().run(lambda p: time.sleep(0), every=0).json)

        workers = [threading.Thread(target=work, args=pair) for pair in (("long", lambda: pushes(20000)), ("threads", threads))]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(reports, {"long": {expected("long.json")}, "threads": {expected("threads.json")}})

    def test_mistakes_are_exceptions_with_the_command_s_line(self):
        with self.assertRaises(uprobesim.Error) as caught:
            uprobesim.Simulation("/trig_push", root=ROOT, kernal="v6.12").run()
        self.assertIn("did you mean", str(caught.exception))
        self.assertEqual((caught.exception.status, caught.exception.where), (2, "kernal"))
        with self.assertRaises(uprobesim.Error) as caught:
            uprobesim.Simulation("/none", root=ROOT).run()
        self.assertEqual(caught.exception.status, 127)
        with self.assertRaises(uprobesim.Error):
            uprobesim.Simulation("/trig_push", root=ROOT, max_sim_time="long").check()
        with self.assertRaises(ValueError):
            pushes().run().text("pdf")
        with self.assertRaises(TypeError):
            uprobesim.Simulation("/trig_push", input=3).run()

    def test_control_c_ends_a_run(self):
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        begun = time.monotonic()
        with self.assertRaises(KeyboardInterrupt):
            pushes(1_000_000_000).run()
        self.assertLess(time.monotonic() - begun, 10)
        self.assertEqual(pushes().run().json, expected("run.json"))

    def test_other_threads_go_on_during_a_run(self):
        turns, over = [0], threading.Event()

        def count():
            while not over.is_set():
                turns[0] += 1
                time.sleep(0.001)

        counter = threading.Thread(target=count)
        counter.start()
        pushes(200_000).run()
        over.set()
        counter.join()
        self.assertGreater(turns[0], 10)

    def test_the_progress_can_end_a_run_and_fail(self):
        seen = []
        report = pushes(1_000_000_000).run(lambda p: seen.append(p) or p.hits < 1000, every=0)
        self.assertTrue(report.interrupted)
        self.assertEqual(report.exit.end, "interrupted")
        self.assertIsInstance(seen[-1], uprobesim.Progress)
        with self.assertRaises(ZeroDivisionError):
            pushes(1_000_000_000).run(lambda p: 1 // 0 == 0, every=0)

    def test_another_engine_in_the_process_changes_nothing(self):
        for before in ("no", "local", "global"):
            done = subprocess.run([sys.executable, "-c", OTHER_PROCESS, before], capture_output=True, text=True, check=True)
            self.assertEqual(done.stdout.split()[:2], ["True", "True"], before + done.stdout)

    def test_the_stubs_name_what_there_is(self):
        stub = ast.parse(pathlib.Path(uprobesim._core.__file__).with_name("_core.pyi").read_text())
        named = {node.name for node in stub.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        self.assertEqual(named, {name for name in dir(uprobesim._core) if not name.startswith("_")})
        for name in uprobesim.__all__:
            self.assertTrue(getattr(uprobesim, name).__doc__, name)
        self.assertTrue(pathlib.Path(uprobesim.__file__).with_name("py.typed").exists())


if __name__ == "__main__":
    unittest.main()
