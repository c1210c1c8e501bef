#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages of `-f html` of the commands that have a report, in Debian's Chromium: report_pages_test.py BINARY WORKLOADS.

What a page shows is compared with -f json and -f csv of the same command. Exit status 77: see page_browser.py.
"""
import csv
import io
import json
import os
import pathlib
import subprocess
import sys
import time
import unittest

from page_browser import axe_of, CONTRAST, NAMELESS, PageTest, RULES, forget_log, needs_checker, paint, paper_of, resize, skip_if_missing
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

BINARY = WORKLOADS = ""
MOST_BYTES = 400_000
MOST_BYTES_OF_PROFILE = 800_000  # the source of each of its figures
PROBES = ["-p", "uprobe:/trig_push:*"]
GUEST = ["--root", "WORKLOADS", *PROBES]
KERNELS = "v6.12,next-20241104+stp"
PAGES = {
    "run": ["run", *GUEST, "/trig_push", "20"],
    "compare": ["compare", *GUEST, "--kernels", KERNELS, "/trig_push", "20"],
    "grid": ["compare", *GUEST, "--machines", "kunpeng916,generic-a72", "/trig_push", "20"],
    "bench": ["bench", "--kernels", KERNELS],
    "producers": ["bench", "--producers", "1,4,16", "--starts", "4", "--machine", "kunpeng916", "uprobe-push"],
    "scaling": ["reproduce", "scaling", "--starts", "2"],
    "whatif": ["whatif", "--range", "--set", "machine.ops.ic-ivau=0", "FOLDER/run.json"],
    "estimate": ["estimate", "--root", "WORKLOADS", "--rate", "100k", "uprobe:/trig_push:*"],
    "reproduce": ["reproduce"],
    "sweep": ["sweep", "plot", "--figures", "cycles_per_hit", "FOLDER/plan.toml"],
    "list": ["list", "--root", "WORKLOADS", "uprobe:/trig_push:*"],
    "profile": ["model", "show", "v6.12"],
}
PLAN = """
command = "run"
arguments = ["--root", "WORKLOADS", "-p", "uprobe:/trig_push:uprobe_target_push", "/trig_push", "20"]
[sample]
count = 60
design = "saltelli"
[[axis]]
kernels = ["v6.12", "v6.13+stp"]
[[axis]]
setting = "machine.kernel-cpi"
sample = "confidence"
[[axis]]
setting = "machine.ops.ic-ivau"
sample = [0, 200]
[[axis]]
setting = "machine.exception-*"
sample = "confidence"
"""
WITHOUT_CHARTS = {"list", "profile"}
HOSTILE = "<script>window.broken=1</script>'\"&amp;\u202ertl" + "long" * 1000

PICTURES = """
return [...document.querySelectorAll("figure.chart")].map((f) => ({
  title: f.querySelector("figcaption strong").textContent,
  rects: [...f.querySelectorAll("svg rect")].map((r) => ({ row: Number(r.dataset.row), series: Number(r.dataset.series ?? 0), end: r.dataset.end ?? null,
    x: Number(r.getAttribute("x")), width: Number(r.getAttribute("width")) })),
  whiskers: [...f.querySelectorAll(".whiskers title")].map((t) => t.textContent),
  figures: [...f.querySelectorAll("tbody tr")].map((tr) => [...tr.cells].map((c) => c.textContent.trim())),
}));
"""
ROWS = """
const table = typeof arguments[0] !== "string" ? arguments[0] : [...document.querySelectorAll("table.rows")].find((t) => t.tHead.textContent.includes(arguments[0]));
return [...table.tBodies[0].rows].filter((tr) => arguments[1] || !tr.hidden).map((tr) => [...tr.cells].map((c) => c.dataset.value ?? c.textContent));
"""


class ReportPages(PageTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pages = {}
        cls.written("run", "json", PAGES["run"])
        plan = pathlib.Path(cls.folder.name, "plan.toml")
        plan.write_text(PLAN.replace("WORKLOADS", WORKLOADS), encoding="utf-8")
        subprocess.run([BINARY, "sweep", str(plan)], check=True, capture_output=True)
        for name, words in PAGES.items():
            cls.pages[name] = cls.written(name, "html", words)

    @classmethod
    def written(cls, name, form, words):
        path = pathlib.Path(cls.folder.name, f"{name}.{form}")
        filled = [word.replace("WORKLOADS", WORKLOADS).replace("FOLDER", cls.folder.name) for word in words]
        filled[1:1] = ["-f", form, "-o", str(path)] if filled[0] != "model" else []
        if filled[0] == "model":
            filled += ["-f", form, "-o", str(path)]
        subprocess.run([BINARY, *filled], check=True, capture_output=True)
        return path

    @classmethod
    def report(cls, name):
        return json.loads(cls.written(name, "json", PAGES[name]).read_text())

    @classmethod
    def rows_of_csv(cls, name):
        return list(csv.reader(io.StringIO(cls.written(name, "csv", PAGES[name]).read_text())))

    def open(self, name):
        self.show(self.pages[name])
        if name not in WITHOUT_CHARTS:
            self.drawn()

    def drawn(self):
        for _ in range(100):
            if self.browser.execute_script("return [...document.querySelectorAll('figure.chart')].every((f) => f.querySelector('svg'))"):
                return
            time.sleep(0.02)
        self.fail("a chart was not drawn")

    def test_every_page_opens_from_disk_without_an_error_or_a_request(self):
        for name, path in self.pages.items():
            with self.subTest(name):
                forget_log(self.browser)
                self.open(name)
                self.check_nothing_was_asked_for(path, MOST_BYTES_OF_PROFILE if name == "profile" else MOST_BYTES)

    def test_a_page_holds_the_json_of_the_command_and_its_answer(self):
        for name, words in PAGES.items():
            with self.subTest(name):
                self.open(name)
                self.assertEqual(json.loads(self.browser.execute_script("return document.getElementById('report').textContent")), self.report(name))
                text = self.written(name, "text", words).read_text()
                for answer in self.browser.find_elements(By.ID, "answer"):
                    self.assertTrue(" ".join(text.split()).startswith(" ".join(answer.text.split())))

    def test_the_rows_are_those_of_csv_in_their_order(self):
        self.open("run")
        header, *rows = self.rows_of_csv("run")
        wanted = [[row[header.index(key)] for key in ("instruction", "verdict", "hits", "cycles_per_hit", "time_ns")] for row in rows if int(row[header.index("hits")])]
        shown = self.browser.execute_script(ROWS, "cycles/hit", True)
        self.assertEqual([[row[1], row[2], row[3], row[4], row[6]] for row in shown], wanted)
        self.assertGreater(len(wanted), 1)

    def test_a_heading_sorts_by_all_digits_both_ways_and_says_so(self):
        self.open("bench")
        header, *rows = self.rows_of_csv("bench")
        cycles = sorted((float(row[header.index("cycles")]) for row in rows if row[header.index("kernel")] == "v6.12"), reverse=True)
        button = next(b for b in self.browser.find_elements(By.CSS_SELECTOR, "table.rows .sort") if b.text == "cycles")
        for wanted, said in ((cycles, "descending"), (cycles[::-1], "ascending")):
            button.send_keys(Keys.ENTER)
            self.assertEqual([float(row[5]) for row in self.browser.execute_script(ROWS, "EL1 insns", False)], wanted)
            self.assertEqual(button.find_element(By.XPATH, "..").get_attribute("aria-sort"), said)
            self.assertIn(said, self.browser.find_element(By.ID, "live").get_attribute("textContent"))

    def test_long_tables_are_folded_unfolded_and_found_in(self):
        self.open("run")
        every = self.browser.execute_script(ROWS, "EL1 insns", True)
        self.assertGreater(len(every), 10)
        rows = lambda: self.browser.execute_script(ROWS, "EL1 insns", False)
        table = self.browser.find_element(By.XPATH, "//section[.//th[contains(., 'EL1 insns')]]")
        self.assertEqual(rows(), every[:10])
        more = table.find_element(By.CSS_SELECTOR, ".more")
        more.send_keys(Keys.ENTER)
        self.assertEqual((rows(), more.get_attribute("aria-expanded")), (every, "true"))
        more.send_keys(Keys.ENTER)
        self.assertEqual(rows(), every[:10])
        self.open("profile")
        section = self.browser.find_element(By.XPATH, "//section[.//input[@type='search']]")
        table = section.find_element(By.CSS_SELECTOR, "table.rows")
        every = self.browser.execute_script(ROWS, table, True)
        section.find_element(By.CSS_SELECTOR, "input").send_keys("sys.read.file")
        found = self.browser.execute_script(ROWS, table, False)
        self.assertGreater(len(found), 0)
        self.assertEqual([row[0] for row in found if len(row) > 1], [row[0] for row in every if len(row) > 1 and "sys.read.file" in row[0]])

    def test_sort_and_top_of_the_command_line_decide_the_first_rows(self):
        words = ["bench", "--kernels", KERNELS, "--sort", "-cycles"]
        self.show(self.written("sorted", "html", words))
        tables = [table for table in self.browser.find_elements(By.CSS_SELECTOR, "table.rows") if "EL1 insns" in table.text]
        self.assertEqual(len(tables), 2)
        for table in tables:
            cycles = [float(row[5]) for row in self.browser.execute_script(ROWS, table, False)]
            self.assertEqual((len(cycles), cycles), (6, sorted(cycles)))
        self.show(self.written("top", "html", ["run", *GUEST, "--top", "2", "/trig_push", "20"]))
        self.assertEqual(len(self.browser.execute_script(ROWS, "cycles/hit", False)), 2)
        self.assertGreater(len(self.browser.execute_script(ROWS, "cycles/hit", True)), 2)

    def pictures(self, name):
        self.open(name)
        return {p["title"]: p for p in self.browser.execute_script(PICTURES)}

    def assert_to_scale(self, widths, values):
        for width, value in zip(widths, values, strict=True):
            self.assertAlmostEqual(width / max(widths), value / max(values), delta=0.002)

    def test_stacked_bars_are_as_long_as_the_mean_hit_of_each_kernel(self):
        report = self.report("compare")
        hits = [run["probes"]["mean_hit_cycles"] for run in report["runs"] if run["probes"]["hits"]]
        self.assertEqual(len(hits), 2)
        bars = self.pictures("compare")["Where the cycles of a hit go"]
        self.assert_to_scale([sum(r["width"] for r in bars["rects"] if r["row"] == k) for k in range(len(hits))], hits)
        for k, row in enumerate(bars["figures"]):
            parts = [float(cell.replace(",", "")) for cell in row[1:]]
            self.assertAlmostEqual(sum(parts), hits[k], delta=len(parts) * 0.6)

    def test_bars_of_published_rows_have_their_error_and_stand_to_scale(self):
        report = self.report("reproduce")
        pictures = self.pictures("reproduce")
        self.assertEqual(len(pictures), len(report["tables"]))
        for table in report["tables"]:
            picture = pictures[f"{table['id']}: {table['title']}"]
            self.assert_to_scale([r["width"] for r in picture["rects"]],
                                 [row[key] for row in table["rows"] for key in ("published_mhits_per_s", "simulated_mhits_per_s")])
            errors = [(row["published_mhits_per_s"], row["published_plus_minus_mhits_per_s"]) for row in table["rows"] if "published_plus_minus_mhits_per_s" in row]
            ends = [tuple(map(float, text.split(" to "))) for text in picture["whiskers"]]
            self.assertEqual(len(ends), len(errors))
            for (low, high), (value, error) in zip(ends, errors):
                self.assertAlmostEqual(low, value - error, delta=0.001)
                self.assertAlmostEqual(high, value + error, delta=0.001)

    def test_lines_over_cpus_have_the_range_of_the_starts_and_the_scatter_of_published_rows(self):
        self.pictures("producers")
        (rows,) = [variant["rows"] for variant in self.report("producers")["tables"][0]["variants"]]
        figures = self.browser.execute_script(PICTURES)[0]["figures"]
        self.assertEqual([row[0] for row in figures], [str(row["cpus"]) for row in rows])
        for shown, row in zip(figures, rows):
            for cell, key in zip(shown[1:], ("million_hits_per_second", "lowest", "highest")):
                self.assertAlmostEqual(float(cell), row[key], delta=0.001 * max(1, row[key]))
        self.pictures("scaling")
        rows = self.report("scaling")["rows"]
        errors = self.browser.execute_script("return [...document.querySelectorAll('.error title')].map((t) => t.textContent)")
        self.assertEqual(len(errors), len(rows))
        told = [tuple(float(end) for end in text.rsplit(": ", 1)[1].split(" to ")) for text in errors]
        for row in rows:
            low, high = (row["published"] * (1 + sign * row["tolerance"]) for sign in (-1, 1))
            self.assertTrue(any(abs(a - low) <= 0.001 * max(1, low) and abs(b - high) <= 0.001 * max(1, high) for a, b in told), row)

    def test_a_sweep_has_its_shares_lines_cells_and_threads(self):
        self.open("sweep")
        effects = self.report("sweep")["plots"][0]["effects"]
        pictures = self.browser.execute_script(PICTURES)
        for effect, picture in zip(effects, pictures):
            self.assertIn(effect["at"], picture["title"])
            self.assertEqual([row[0] for row in picture["figures"]], [axis["axis"] for axis in effect["axes"]])
            totals = [rect["width"] for rect in picture["rects"] if rect["series"] == 1]
            for axis, width in zip(effect["axes"], totals):
                self.assertAlmostEqual(width / totals[0], axis["total"]["share"] / effect["axes"][0]["total"]["share"], delta=0.01)
        counts = self.browser.execute_script("""return [...document.querySelectorAll("figure.chart")].map((f) =>
          ["circle", ".cell", ".thread"].map((kind) => f.querySelectorAll(kind).length))""")
        lines = [picture for picture, count in zip(pictures, counts) if count[0]]
        self.assertEqual(len(lines), 4)
        self.assertEqual([count[1] for count in counts if count[1]], [self.cells_with_points(effects[0]["axes"])])
        self.assertEqual([count[2] for count in counts if count[2]], [200])
        # The step of a push that v6.13+stp emulates synchronises nothing: its mean is the same over the figure.
        over = next(picture for picture in lines if "machine.ops.ic-ivau" in picture["title"])
        emulated = [float(row[4].replace(",", "")) for row in over["figures"]]
        self.assertLess(max(emulated) / min(emulated), 1.2)

    # Each of the two axes that matter most is cut into twelve equal parts.
    def cells_with_points(self, axes):
        plan = pathlib.Path(self.folder.name, "plan.toml")
        collected = subprocess.run([BINARY, "sweep", "collect", str(plan), "-f", "json"], check=True, capture_output=True)
        points = [point["parameters"] for point in json.loads(collected.stdout)["points"]]
        parts = []
        for axis in axes[:2]:
            values = [point[axis["axis"]] for point in points]
            least, most = min(values), max(values)
            parts.append([min(int((value - least) / (most - least) * 12), 11) for value in values])
        return len(set(zip(*parts)))

    def test_the_tornado_has_the_largest_swings_of_the_json_to_scale(self):
        swings = self.report("whatif")["range"]["swings"]
        picture = self.pictures("whatif")["One parameter at a time: simulated time"]
        rows = [[r for r in picture["rects"] if r["row"] == k] for k in range(len(picture["figures"]))]
        lengths = [max(r["x"] + r["width"] for r in row) - min(r["x"] for r in row) for row in rows]
        self.assert_to_scale(lengths, [swing["swing_ns"] for swing in swings[: len(rows)]])
        for row, swing in zip(picture["figures"], swings):
            self.assertTrue(row[0].startswith(swing["figure"]), row)

    def test_the_range_goes_from_low_to_high(self):
        answers = self.report("whatif")
        picture = self.pictures("whatif")["How far the result moves within the confidence of the figures"]
        time_row = picture["figures"][0]
        for cell, end in ((time_row[2], "low"), (time_row[3], "high")):
            self.assertAlmostEqual(float(cell.replace(",", "")), 100 * answers["range"][end]["total_ns"] / answers["after"]["total_ns"], delta=0.06)

    def test_nothing_overflows_at_any_width(self):
        for name in self.pages:
            for width in (360, 768, 1024, 1920):
                resize(self.browser, width, 800)
                self.open(name)
                self.assertLessEqual(self.browser.execute_script("return document.documentElement.scrollWidth"), width, name)

    def test_text_has_contrast_and_every_control_a_name_in_light_and_dark(self):
        for name in self.pages:
            for scheme in ("light", "dark"):
                paint(self.browser, scheme)
                self.open(name)
                self.browser.execute_script("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
                self.assertEqual(self.browser.execute_script(CONTRAST), [], (name, scheme))
                self.assertEqual(self.browser.execute_script(NAMELESS), [], (name, scheme))

    @needs_checker("axe-core")
    def test_axe_finds_nothing_in_light_and_dark(self):
        for name in self.pages:
            for scheme in ("light", "dark"):
                paint(self.browser, scheme)
                self.open(name)
                self.browser.execute_script("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
                with self.subTest(name, scheme=scheme):
                    self.assertEqual(axe_of(self.browser), [])

    def test_they_keep_the_rules_of_accessible_pages_and_fit_on_paper(self):
        for name in self.pages:
            with self.subTest(name):
                resize(self.browser, 1024, 768)
                paint(self.browser, "light")
                self.open(name)
                self.assertEqual(self.browser.execute_script(RULES), [])
                paper = paper_of(self.browser)
                self.assertEqual((paper["beyond"], paper["buttons"]), ([], 0))
                self.assertGreaterEqual(paper["least"], 9)
                self.assertEqual(self.browser.execute_script("return document.querySelectorAll('table.rows tr[hidden]').length"), 0)

    def test_the_keyboard_reaches_everything(self):
        for name in ("run", "whatif"):
            self.open(name)
            wanted = self.browser.execute_script(
                "return [...document.querySelectorAll('button, input, summary')].filter((e) => e.checkVisibility()).map((e, i) => (e.dataset.n = i, i)).length")
            reached = set()
            for step in range(wanted + 20):
                (self.browser.switch_to.active_element if step else self.browser.find_element(By.TAG_NAME, "body")).send_keys(Keys.TAB)
                reached.add(self.browser.execute_script("return document.activeElement.dataset.n ?? null"))
            self.assertEqual(reached - {None}, {str(n) for n in range(wanted)}, name)

    def test_a_term_opens_its_glossary_entry_and_escape_goes_back_to_it(self):
        self.open("run")
        button = next(b for b in self.browser.find_elements(By.CSS_SELECTOR, ".facts .term") if b.text == "EL0")
        button.send_keys(Keys.ENTER)
        panel = self.browser.find_element(By.ID, "glossary")
        self.assertIn("exception levels", panel.text)
        self.browser.find_element(By.TAG_NAME, "body").send_keys(Keys.ESCAPE)
        self.assertFalse(panel.is_displayed())
        self.assertEqual(self.browser.switch_to.active_element, button)

    def test_the_saved_json_is_the_report_and_whatif_reads_it(self):
        downloads = pathlib.Path(self.folder.name, "downloads")
        downloads.mkdir()
        self.browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)})
        self.open("run")
        self.browser.find_element(By.ID, "save").click()
        saved = downloads / "report.json"
        for _ in range(200):
            if saved.exists():
                break
            time.sleep(0.05)
        self.assertEqual(json.loads(saved.read_text()), self.report("run"))
        subprocess.run([BINARY, "whatif", str(saved)], check=True, capture_output=True)

    def test_without_javascript_tables_and_figures_of_charts_stand_there(self):
        self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        try:
            self.browser.get("about:blank")
            self.browser.get(self.pages["whatif"].as_uri())
            for query in ("#answer", "figure.chart table", "table.rows", ".facts"):
                elements = self.browser.find_elements(By.CSS_SELECTOR, query)
                self.assertTrue(elements and all(e.is_displayed() for e in elements), query)
        finally:
            self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})

    def test_names_that_look_like_markup_stay_text(self):
        profile = pathlib.Path(self.folder.name, "hostile.toml")
        profile.write_text(f'name = {json.dumps(HOSTILE)}\nbased-on = "next-20241104"\ndescription = {json.dumps(HOSTILE)}\nrelease = "6.12.0"\n')
        shown = HOSTILE.replace("\u202e", "\\xe2\\x80\\xae")
        for name, words in {"run": ["run", *GUEST, "--kernel", str(profile), "/trig_push", "20", HOSTILE],
                            "compare": ["compare", *GUEST, "--kernels", f"{profile},v6.12", "/trig_push", "20", HOSTILE],
                            "bench": ["bench", "--kernels", f"{profile},v6.12"],
                            "estimate": ["estimate", "--root", "WORKLOADS", "--kernels", f"{profile},v6.12", "uprobe:/trig_push:*"]}.items():
            with self.subTest(name):
                resize(self.browser, 1024, 768)
                page = self.written(f"hostile-{name}", "html", words)
                self.browser.get_log("browser")
                self.browser.get("about:blank")
                self.browser.get(page.as_uri())
                self.drawn()
                self.assertEqual(self.browser.get_log("browser"), [])
                self.assertIsNone(self.browser.execute_script("return window.broken ?? null"))
                self.assertEqual(len(self.browser.find_elements(By.TAG_NAME, "script")), 3)
                self.assertIn(shown, self.browser.execute_script("return document.getElementById('page').textContent"))
                for width in (360, 1024):
                    resize(self.browser, width, 768)
                    self.assertLessEqual(self.browser.execute_script("return document.documentElement.scrollWidth"), width)
                self.assertEqual(self.browser.execute_script(CONTRAST), [])


if __name__ == "__main__":
    BINARY, WORKLOADS = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
    skip_if_missing(BINARY)
    unittest.main()
