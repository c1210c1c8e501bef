#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The SVG files of `-f svg`, opened in Debian's Chromium: pictures_test.py BINARY WORKLOADS.

Lengths are compared with -f json of the same command, colours with the styles of the pages. Exit status 77: see page_browser.py.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest
import xml.etree.ElementTree as xml

from page_browser import PageTest, forget_log, skip_if_missing

BINARY = WORKLOADS = ""
SOURCES = pathlib.Path(__file__).resolve().parents[2] / "tools"
SVG = "{http://www.w3.org/2000/svg}"
GUEST = ["--root", "WORKLOADS", "-p", "uprobe:/trig_push:*"]
KERNELS = "v6.12,next-20241104+stp"
PICTURES = {
    "run": ["run", *GUEST, "/trig_push", "20"],
    "no hit": ["run", "--root", "WORKLOADS", "/trig_push", "20"],
    "compare": ["compare", *GUEST, "--kernels", KERNELS, "/trig_push", "20"],
    "grid": ["compare", *GUEST, "--machines", "kunpeng916,generic-a72", "/trig_push", "20"],
    "bench": ["bench", "--kernels", KERNELS],
    "producers": ["bench", "--producers", "1,4,16", "uprobe-push", "uprobe-ret", "--machine", "kunpeng916", "--starts", "4"],
    "whatif": ["whatif", "--range", "--set", "machine.ops.ic-ivau=0", "FOLDER/run.json"],
    "estimate": ["estimate", "--root", "WORKLOADS", "--rate", "100k", "uprobe:/trig_push:*"],
    "reproduce": ["reproduce"],
    "scaling": ["reproduce", "scaling", "--starts", "2"],
    "sweep": ["sweep", "plot", "--figures", "cycles_per_hit", "FOLDER/plan.toml"],
}
PLAN = """
command = "run"
arguments = ["--root", "WORKLOADS", "-p", "uprobe:/trig_push:uprobe_target_push", "/trig_push", "20"]
[sample]
count = 40
design = "latin-hypercube"
[[axis]]
kernels = ["v6.12", "v6.13+stp"]
[[axis]]
setting = "machine.kernel-cpi"
sample = "confidence"
[[axis]]
setting = "machine.ops.ic-ivau"
sample = [0, 200]
"""
# Texts beyond the picture's edges, and texts that lie on each other.
MISPLACED = r"""
const box = document.documentElement.viewBox.baseVal;
const texts = [...document.querySelectorAll("text")].map((t) => [t.textContent, t.getBoundingClientRect()]);
const beyond = texts.filter(([, r]) => r.left < -1 || r.right > box.width + 1 || r.bottom > box.height + 1).map(([t]) => t);
const on = [];
for (let i = 0; i < texts.length; ++i)
  for (let j = i + 1; j < texts.length; ++j) {
    const [a, p] = texts[i], [b, q] = texts[j];
    if (Math.min(p.right, q.right) - Math.max(p.left, q.left) > 2 && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 5) on.push([a, b]);
  }
return { beyond, on };
"""
HOSTILE = "<script>window.broken=1</script>'\"&amp;\u202ertl" + "long" * 100


class Pictures(PageTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.written("run", "json")
        pathlib.Path(cls.folder.name, "plan.toml").write_text(PLAN.replace("WORKLOADS", WORKLOADS), encoding="utf-8")
        subprocess.run([BINARY, "sweep", str(pathlib.Path(cls.folder.name, "plan.toml"))], check=True, capture_output=True)
        cls.files = {name: cls.written(name, "svg") for name in PICTURES}

    @classmethod
    def written(cls, name, form):
        path = pathlib.Path(cls.folder.name, f"{name.replace(' ', '-')}.{form}")
        words = [word.replace("WORKLOADS", WORKLOADS).replace("FOLDER", cls.folder.name) for word in PICTURES[name]]
        subprocess.run([BINARY, words[0], "-f", form, "-o", str(path), *words[1:]], check=True, capture_output=True)
        return path

    @classmethod
    def report(cls, name):
        return json.loads(cls.written(name, "json").read_text(encoding="utf-8"))

    @classmethod
    def rects(cls, name):
        """[title, width] of each bar, in the file's order."""
        return [(title.text, float(rect.get("width"))) for rect in xml.parse(cls.files[name]).iter(f"{SVG}rect") for title in rect.iter(f"{SVG}title")]

    def test_each_is_one_file_without_a_script_or_a_request_and_the_same_twice(self):
        for name, path in self.files.items():
            with self.subTest(name):
                before = path.read_bytes()
                self.assertEqual(self.written(name, "svg").read_bytes(), before)
                root = xml.fromstring(before)
                self.assertEqual(root.tag, f"{SVG}svg")
                self.assertEqual([e.tag for e in root.iter() if e.tag in (f"{SVG}script", f"{SVG}image", f"{SVG}style", f"{SVG}a")], [])
                self.assertEqual(re.findall(rb"(?:href|url\()", before), [])
                self.assertEqual(sum(e.tag == f"{SVG}g" for e in root.iter()) > 0, name != "no hit" or b"time" in before)

    def test_no_text_leaves_the_picture_or_lies_on_another(self):
        for name, path in self.files.items():
            with self.subTest(name):
                forget_log(self.browser)
                self.show(path)
                wrong = self.browser.execute_script(MISPLACED)
                self.assertEqual(wrong["beyond"], [])
                if name != "sweep":  # upright axes have marks beside each other
                    self.assertEqual(wrong["on"], [])

    def test_bars_are_as_long_as_the_figures(self):
        report = self.report("compare")
        hits = [run["probes"]["mean_hit_cycles"] for run in report["runs"] if run["probes"]["hits"]]
        parts = [width for title, width in self.rects("compare") if title.endswith("cycles a hit")]
        # Two bars, whose ends are the mean hits: the first has the parts of a stepped hit.
        best = min(abs(sum(parts[:cut]) / sum(parts[cut:]) - hits[0] / hits[1]) for cut in range(1, len(parts)))
        self.assertLess(best, 0.003)
        tables = self.report("reproduce")["tables"]
        values = [row[key] for table in tables for row in table["rows"] for key in ("published_mhits_per_s", "simulated_mhits_per_s")]
        widths = [width for title, width in self.rects("reproduce") if "million" in title]
        self.assertEqual(len(widths), len(values))
        at = 0
        for table in tables:
            count = 2 * len(table["rows"])
            for width, value in zip(widths[at : at + count], values[at : at + count]):
                self.assertAlmostEqual(width / max(widths[at : at + count]), value / max(values[at : at + count]), delta=0.002)
            at += count

    def test_points_of_many_cpus_stand_at_their_rates(self):
        rows = self.report("scaling")["rows"]
        for variant in sorted({row["row"].rsplit(" ", 1)[0] for row in rows}):
            wanted = [value for row in rows if row["row"].startswith(variant + " ") for value in (row["published"], row["simulated"]["million_hits_per_second"])]
            circles = [(float(c.get("cy")), float(t.text.split(": ")[-1].split()[0].replace(",", ""))) for c in xml.parse(self.files["scaling"]).iter(f"{SVG}circle")
                       for t in c.iter(f"{SVG}title") if t.text.startswith(variant + " ")]
            self.assertEqual(len(circles), len(wanted))
            for (_, told), value in zip(sorted(circles, key=lambda c: c[1]), sorted(wanted)):
                self.assertAlmostEqual(told, value, delta=0.0006 * max(1, value))
            # On a straight scale: any three points agree.
            (y0, v0), (y1, v1) = min(circles, key=lambda c: c[1]), max(circles, key=lambda c: c[1])
            for y, value in circles:
                self.assertAlmostEqual((y - y0) * (v1 - v0), (value - v0) * (y1 - y0), delta=0.5 * (v1 - v0) + 0.01 * abs(y1 - y0))

    def test_the_colours_are_those_of_the_pages(self):
        page, charts, picture = ((SOURCES / name).read_text(encoding="utf-8") for name in ("html/page.css", "html/charts.css", "picture/chart_svg.cpp"))
        light = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", charts)) | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", page[: page.index("@media")]))
        works = dict(re.findall(r'WorkFill\{"([a-z-]+)", "(#[0-9a-f]{6})"\}', picture))
        named = {work: light.get(variable) for work, variable in re.findall(r"\.work\.([a-z-]+), \.swatch\.[a-z-]+ \{ fill: var\(--([a-z-]+)\)", page + charts)}
        for work, colour in works.items():
            self.assertEqual(colour, named.get(work) or light.get(work), work)
        self.assertEqual(re.findall(r"\.work\.series-\d, \.swatch\.series-\d \{ fill: (#[0-9a-f]{6})", charts),
                         re.findall(r'"(#[0-9a-f]{6})"', picture[picture.index("kSeriesFills") :])[:7])

    def test_a_name_that_looks_like_markup_stays_text(self):
        path = pathlib.Path(self.folder.name, "hostile.svg")
        subprocess.run([BINARY, "run", "-f", "svg", "-o", str(path), "--root", WORKLOADS, "-p", "uprobe:/trig_push:*", "/trig_push", "3", HOSTILE], check=True, capture_output=True)
        root = xml.parse(path).getroot()
        self.assertEqual([e for e in root.iter() if "script" in str(e.tag)], [])
        self.assertNotIn("\u202e", path.read_text(encoding="utf-8"))
        self.show(path)
        self.assertIsNone(self.browser.execute_script("return window.broken ?? null"))


if __name__ == "__main__":
    BINARY, WORKLOADS = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
    skip_if_missing(BINARY)
    unittest.main()
