#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The sliders in the pages of run, compare, whatif, bench and estimate: cost_sliders_test.py BINARY WORKLOADS.

What a page makes of random settings is compared with what the tool makes of them: whatif --set of the saved report, or the
command itself with --set. Exit status 77: see page_browser.py.
"""
import json
import os
import pathlib
import random
import shlex
import subprocess
import sys
import unittest

from page_browser import PageTest, resize, skip_if_missing
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

BINARY = WORKLOADS = ""
SEED = 15
GUEST = ["--root", "WORKLOADS", "-p", "uprobe:/trig_push:*"]
COMMANDS = {
    "run": ["run", *GUEST, "/trig_push", "20"],
    "set": ["run", *GUEST, "--set", "machine.ops.isb=40", "--set", "kernel.paths.uprobe.lookup.insns=500", "/trig_push", "20"],
    "compare": ["compare", *GUEST, "--kernels", "v6.12,v6.13+stp", "/trig_push", "20"],
    "whatif": ["whatif", "--set", "machine.ops.ic-ivau=200", "--machine", "kunpeng916", "FOLDER/run.json"],
    "bench": ["bench", "uprobe-push", "uretprobe-ret", "--kernels", "v6.12,next-20241104+stp", "--machines", "kunpeng916,generic-a72"],
    "estimate": ["estimate", "--root", "WORKLOADS", "--rate", "100k", "--kernels", "v6.12,v6.13+stp", "uprobe:/trig_push:*"],
    "several CPUs": ["run", *GUEST, "--cpus", "2", "/trig_push", "20"],
}
KEYS = ("total_ns", "kernel_cycles", "overhead_ns", "mean_hit_cycles")  # of whatif, in the page's order

# Set to measure: a test has no limit of time.
MEASURED = os.environ.get("UPROBESIM_MEASURE")

RESULTS = """
const items = [];
for (const tr of document.querySelectorAll("#cost-results tr[data-item]"))
  (items[Number(tr.dataset.item)] ??= [])[Number(tr.dataset.answer)] = Number(tr.querySelector("[data-value]").dataset.value);
return { items, range: { ...document.getElementById("cost-range").dataset }, command: document.getElementById("command-line").textContent,
  swings: document.getElementById("cost-range").dataset.swings.split(" ") };
"""
# A slider to another value, as the keyboard would move it, and until the page has followed.
MOVE = """
const range = document.getElementById(arguments[0]), begin = performance.now();
range.value = arguments[1];
range.dispatchEvent(new Event("input"));
document.body.offsetHeight;
return performance.now() - begin;
"""


def filled(words, folder):
    return [word.replace("WORKLOADS", WORKLOADS).replace("FOLDER", folder) for word in words]


class CostSliders(PageTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.random = random.Random(SEED)
        cls.pages, cls.sheets = {}, {}
        for name, words in COMMANDS.items():
            for form in ("json", "html"):
                path = cls.path(f"{name.replace(' ', '-')}.{form}")
                subprocess.run([BINARY, words[0], "-f", form, "-o", str(path), *filled(words[1:], cls.folder.name)], check=True, capture_output=True)
            cls.pages[name] = path

    @classmethod
    def path(cls, name):
        return pathlib.Path(cls.folder.name, name)

    def open(self, name, settings=None):
        fragment = "&".join(f"set={key}={value!r}" for key, value in (settings or {}).items())
        self.show(self.pages[name], f"#{fragment}" if fragment else "")
        return json.loads(self.browser.execute_script("return document.getElementById('cost-data').textContent"))

    def results(self):
        return self.browser.execute_script(RESULTS)

    def choose(self, item):
        for select in self.browser.find_elements(By.ID, "cost-item"):
            Select(select).select_by_index(item)

    def tool(self, *words):
        return json.loads(subprocess.run([BINARY, *words, "-f", "json"], check=True, capture_output=True).stdout)

    def draw(self, name, most=5):
        """Some figures at random values, as --set takes them."""
        figures = self.open(name)["figures"]
        chosen = self.random.sample(figures, self.random.randint(1, most))
        return {f["key"]: round(self.random.uniform(0.2, 3) * (f["value"] or 50), 3) for f in chosen}

    @staticmethod
    def options(settings):
        return [word for key, value in settings.items() for word in ("--set", f"{key}={value!r}")]

    def assert_answers(self, shown, answers, settings):
        self.assertEqual(len(shown), sum(key in answers for key in KEYS) if answers["mean_hit_cycles"] else 2, settings)
        for got, key in zip(shown, KEYS):
            self.assertAlmostEqual(got, answers[key], delta=0.0011, msg=f"{key} at {settings}")

    def check_against_whatif(self, name, words, item, settings):
        self.open(name, settings)
        self.choose(item)
        shown = self.results()
        wanted = self.tool("whatif", "--range", *words, *self.options(settings))
        self.assert_answers(shown["items"][item], wanted["after"], settings)
        for key, value in (("low", wanted["range"]["low"]["total_ns"]), ("high", wanted["range"]["high"]["total_ns"]),
                           ("independentLow", wanted["range"]["independent_low_ns"]), ("independentHigh", wanted["range"]["independent_high_ns"])):
            self.assertAlmostEqual(float(shown["range"][key]), value, delta=0.0011 + 1e-9 * value, msg=f"{key} at {settings}")
        self.assertEqual(shown["swings"], [swing["figure"] for swing in wanted["range"]["swings"][:12]])

    def test_a_run_at_thirty_random_settings_is_what_whatif_says(self):
        for _ in range(30):
            self.check_against_whatif("run", [str(self.path("run.json"))], 0, self.draw("run"))

    def test_what_set_gave_has_no_range(self):
        for _ in range(4):
            self.check_against_whatif("set", [str(self.path("set.json"))], 0, self.draw("set"))

    def test_each_column_of_a_comparison_is_what_whatif_says(self):
        for _ in range(5):
            settings = self.draw("compare")
            for item in range(3):
                self.check_against_whatif("compare", [str(self.path("compare.json")), "--run", str(item + 1)], item, settings)

    def test_a_page_of_whatif_goes_on_from_its_own_settings(self):
        for _ in range(5):
            self.check_against_whatif("whatif", [*filled(COMMANDS["whatif"][1:], self.folder.name)], 0, self.draw("whatif"))

    # Where the counts are the same: a longer run meets more ticks.
    def test_the_benchmark_is_what_it_is_with_the_settings(self):
        before = [row["exceptions_per_hit"] for table in self.tool(*COMMANDS["bench"])["tables"] for row in table["rows"]]
        compared = 0
        for _ in range(10):
            settings = self.draw("bench")
            self.open("bench", settings)
            shown = self.results()["items"]
            tables = self.tool(*COMMANDS["bench"], *self.options(settings))["tables"]
            rows = [row for table in tables for row in table["rows"]]
            self.assertEqual(len(shown), len(rows))
            for (cycles, rate), row, exceptions in zip(shown, rows, before):
                if row["exceptions_per_hit"] != exceptions:
                    continue
                compared += 1
                self.assertAlmostEqual(cycles, row["cycles_per_hit"], delta=0.011, msg=str(settings))
                self.assertAlmostEqual(rate, row["million_hits_per_second"], delta=0.0011, msg=str(settings))
        self.assertGreaterEqual(compared, 40)

    def test_an_estimate_is_what_it_is_with_the_settings(self):
        for _ in range(10):
            settings = self.draw("estimate")
            self.open("estimate", settings)
            shown = self.results()
            places = self.tool(*filled(COMMANDS["estimate"], self.folder.name), *self.options(settings))["places"]
            self.assertEqual(len(shown["items"]), len(places))
            for (percent, _), place in zip(shown["items"], places):
                self.assertAlmostEqual(percent, place["total"]["ns"] / 1e7, delta=1e-6 * percent + 1e-6, msg=str(settings))

    def test_the_command_that_the_page_shows_gives_what_it_shows(self):
        for name, item in (("run", 0), ("compare", 2), ("whatif", 0)):
            settings = self.draw(name)
            self.open(name, settings)
            self.choose(item)
            shown = self.results()
            words = shlex.split(shown["command"])
            self.assertEqual(words[:2], ["uprobesim", "whatif"])
            if "report.json" in words:
                self.path("report.json").write_bytes(self.path(f"{name}.json").read_bytes())
            done = subprocess.run([BINARY, *words[1:], "-f", "json"], check=True, capture_output=True, cwd=self.folder.name)
            self.assert_answers(shown["items"][item], json.loads(done.stdout)["after"], settings)
        settings = {"machine.kernel-cpi": 1.0}
        self.open("bench", settings)
        shown = self.results()
        done = subprocess.run([BINARY, *shlex.split(shown["command"])[1:], "-f", "json"], check=True, capture_output=True)
        self.assertAlmostEqual(json.loads(done.stdout)["tables"][0]["rows"][0]["cycles_per_hit"], shown["items"][0][0], delta=0.011)

    def test_unchanged_costs_give_the_report_itself(self):
        self.open("run")
        self.open_sliders()
        report = json.loads(self.path("run.json").read_text(encoding="utf-8"))
        shown = self.results()
        for got, wanted in zip(shown["items"][0], (report["time"]["total_ns"], report["kernel"]["cycles"], report["probes"]["overhead_ns"], report["probes"]["mean_hit_cycles"])):
            self.assertAlmostEqual(got, wanted, delta=0.0011)
        self.assertEqual(shown["command"], "nothing is changed")

    def test_a_moved_slider_changes_the_page_at_once_and_the_address_keeps_it(self):
        self.open("run")
        self.open_sliders()
        before = self.results()["items"][0][0]
        slider = self.browser.find_element(By.ID, "slider-machine.kernel-cpi")
        slider.send_keys(Keys.ARROW_RIGHT * 10)
        moved = self.results()
        self.assertGreater(moved["items"][0][0], before)
        value = slider.get_attribute("value")
        self.assertIn(f"set=machine.kernel-cpi={float(value):g}", self.browser.current_url)
        self.assertIn("--set machine.kernel-cpi=", moved["command"])
        self.browser.find_element(By.ID, "reset-all").send_keys(Keys.ENTER)
        self.assertEqual(self.results()["items"][0][0], before)
        self.assertNotIn("machine.kernel-cpi", self.browser.current_url)

    @unittest.skipUnless(MEASURED, "UPROBESIM_MEASURE is not set")
    def test_how_long_a_move_takes(self):
        for name in ("run", "compare", "bench", "estimate"):
            key = self.open(name)["figures"][-1]["key"]
            self.open_sliders()
            times = [self.browser.execute_script(MOVE, f"slider-{key}", value) for value in range(1, 12)]
            print(f"{name}: a move takes {sorted(times)[len(times) // 2]:.1f} ms, {min(times):.1f} to {max(times):.1f}")

    def test_what_changes_behaviour_is_not_offered_and_the_run_for_it_is_named(self):
        sheet = self.open("run")
        offered = {figure["key"] for figure in sheet["figures"]}
        for key in ("machine.dic", "machine.core", "kernel.decode-table", "kernel.slots", "machine.shareability-cores"):
            self.assertNotIn(key, offered)
        self.open_sliders()
        text = self.browser.find_element(By.ID, "sliders").text
        self.assertIn("kernel.decode-table", text)
        words = shlex.split(sheet["run_instead"].replace("KEY=VALUE", "kernel.slot-copy=if-changed"))
        done = subprocess.run([BINARY, *words[1:2], "-f", "json", "-o", "-", *words[2:]], capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("kernel.slot-copy=if-changed", done.stdout.decode())

    def test_a_report_of_several_cpus_says_why_it_has_none(self):
        self.open("several CPUs")
        text = self.browser.find_element(By.ID, "other-costs").text
        self.assertIn("several CPUs", text)
        self.assertIn("uprobesim run", text)

    def test_the_open_drawer_fits_at_any_width(self):
        for width in (360, 768, 1024, 1920):
            resize(self.browser, width, 800)
            for name in ("run", "compare", "bench"):
                self.open(name, {"machine.kernel-cpi": 1.5})
                self.browser.execute_script("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
                self.assertLessEqual(self.browser.execute_script("return document.documentElement.scrollWidth"), width, name)


if __name__ == "__main__":
    BINARY, WORKLOADS = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
    skip_if_missing(BINARY)
    unittest.main()
