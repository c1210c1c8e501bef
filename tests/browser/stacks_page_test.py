#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The flame graph of `run --stacks FILE.html` in Debian's Chromium: stacks_page_test.py BINARY WORKLOADS.

What the page shows is compared with the folded stacks of the same run, and so is what speedscope's importer makes of these.
"""
import base64
import json
import os
import pathlib
import subprocess
import sys
import time
import unittest

from page_browser import axe_of, CHECKERS, CONTRAST, NAMELESS, PageTest, RULES, forget_log, needs_checker, paint, paper_of, resize, skip_if_missing

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

BINARY = WORKLOADS = ""
MOST_BYTES = 400_000


def folded(path):
    return [(stack, int(cycles)) for stack, cycles in (line.rsplit(" ", 1) for line in path.read_text().splitlines())]


# speedscope's bundle has no other way in than its page: what it imported is what it writes as a file of its own.
HOOK = """
window.saved = null;
const create = URL.createObjectURL;
URL.createObjectURL = (blob) => { blob.text().then((text) => { window.saved = text; }); return create.call(URL, blob); };
HTMLAnchorElement.prototype.click = () => {};
"""


class StacksPage(PageTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.page, text = (pathlib.Path(cls.folder.name, name) for name in ("stacks.html", "stacks"))
        for path in (cls.page, text):
            subprocess.run([BINARY, "run", "--root", WORKLOADS, "-p", "uprobe:/trig_push:uprobe_target_push", "--stacks", str(path), "-o", "/dev/null", "/trig_push", "500"],
                           check=True, capture_output=True)
        cls.stacks = folded(text)
        cls.total = sum(cycles for _, cycles in cls.stacks)

    def open(self, fragment=""):
        self.show(self.page, fragment)

    def text(self, query):
        return self.browser.find_element(By.CSS_SELECTOR, query).text

    def sum_of(self, wanted):
        return sum(cycles for stack, cycles in self.stacks if wanted(stack.split(";")))

    def test_it_opens_from_disk_without_an_error_or_a_request(self):
        forget_log(self.browser)
        self.open()
        self.check_nothing_was_asked_for(self.page, MOST_BYTES)

    def test_the_sums_are_those_of_the_folded_stacks(self):
        self.open()
        self.assertIn(f"{self.total:,} cycles", self.text("#answer"))
        self.assertEqual(self.text("#probe-cycles"), f"{self.sum_of(lambda frames: '[uprobe]' in frames):,}")
        rows = self.browser.find_elements(By.CSS_SELECTOR, "#most tbody tr")
        names = [row.find_element(By.CSS_SELECTOR, "th").text for row in rows]
        for row, name in list(zip(rows, names))[:8]:
            shown = int(row.find_element(By.CSS_SELECTOR, "td").text.replace(",", ""))
            self.assertEqual(shown, self.sum_of(lambda frames: frames[-1] == name), name)

    def test_frames_are_as_wide_as_their_cycles_and_lie_on_their_callers(self):
        self.open()
        shown = self.browser.execute_script("""return [...document.querySelectorAll(".flame .frame")].map((g) => {
          const r = g.querySelector("rect");
          return [g.querySelector("title").textContent.split(": ")[0], Number(r.getAttribute("x")), Number(r.getAttribute("y")), Number(r.getAttribute("width"))]; })""")
        whole = shown[0][3]
        for name, x, y, width in shown:
            row = round(y / 18)
            wanted = {self.sum_of(lambda frames: frames[: row] == stack.split(";")[:row]) for stack, _ in self.stacks
                      if len(stack.split(";")) >= row and (row == 0 or stack.split(";")[row - 1] == name)}
            self.assertTrue(any(abs(width - whole * cycles / self.total) <= 1 for cycles in wanted), (name, width))
            if row:
                self.assertTrue(any(ox - 1 <= x and x + width <= ox + owidth + 1 for _, ox, oy, owidth in shown if round(oy / 18) == row - 1), name)

    def test_a_chosen_frame_fills_the_picture_and_up_goes_back(self):
        self.open()
        self.browser.find_element(By.XPATH, "//section[@id='frame']//button[contains(., 'trig_push')]").send_keys(Keys.ENTER)
        wanted = self.sum_of(lambda frames: frames[0] == "trig_push")
        self.assertTrue(self.text("#frame-figures").startswith(f"{wanted:,} cycles"))
        self.assertIn("at=trig_push", self.browser.current_url)
        self.assertIn("trig_push", self.browser.find_element(By.ID, "live").get_attribute("textContent"))
        self.browser.find_element(By.ID, "up").click()
        self.assertTrue(self.text("#frame-figures").startswith(f"{self.total:,} cycles"))

    def imported_by_speedscope(self):
        page = CHECKERS / "speedscope/dist/release/index.html"
        profile = pathlib.Path(self.folder.name, "profile.js")
        data = base64.b64encode(pathlib.Path(self.folder.name, "stacks").read_bytes()).decode()
        profile.write_text(f"speedscope.loadFileFromBase64('stacks', '{data}')", encoding="utf-8")
        self.show(page, f"#localProfilePath={profile}")
        self.browser.execute_script(HOOK)
        for _ in range(100):
            self.browser.execute_script("window.dispatchEvent(new KeyboardEvent('keypress', { key: 's', code: 'KeyS', ctrlKey: true }));"
                                        "window.dispatchEvent(new KeyboardEvent('keydown', { key: 's', code: 'KeyS', ctrlKey: true }))")
            time.sleep(0.05)
            saved = self.browser.execute_script("return window.saved")
            if saved:
                return json.loads(saved)
        self.fail("speedscope has not saved what it read")

    @needs_checker("speedscope")
    def test_speedscope_reads_the_stacks_with_all_their_cycles(self):
        saved = self.imported_by_speedscope()
        (profile,) = saved["profiles"]
        frames = [frame["name"] for frame in saved["shared"]["frames"]]
        # Each stretch between two events is of the stack that is open then.
        read, opened, last = {}, [], profile["startValue"]
        for event in profile["events"]:
            if event["at"] > last:
                stack = ";".join(opened)
                read[stack] = read.get(stack, 0) + event["at"] - last
                last = event["at"]
            if event["type"] == "O":
                opened.append(frames[event["frame"]])
            else:
                self.assertEqual(opened.pop(), frames[event["frame"]])
        self.assertEqual(sorted(read.items()), sorted(self.stacks))
        self.assertEqual(profile["endValue"] - profile["startValue"], self.total)

    @needs_checker("axe-core")
    def test_axe_finds_nothing(self):
        for scheme in ("light", "dark"):
            paint(self.browser, scheme)
            self.open("#at=trig_push&find=slot")
            self.assertEqual(axe_of(self.browser), [], scheme)

    def test_find_sums_up_what_it_marks(self):
        self.open()
        self.browser.find_element(By.ID, "find").send_keys("uprobe.slot")
        self.assertTrue(self.text("#found").startswith(f"{self.sum_of(lambda frames: any('uprobe.slot' in f for f in frames)):,} cycles"))
        self.assertGreater(len(self.browser.find_elements(By.CSS_SELECTOR, ".flame .match")), 0)
        self.open("#find=no-such-frame")
        self.assertTrue(self.text("#found").startswith("0 cycles"))

    def test_nothing_overflows_and_everything_has_contrast_and_a_name(self):
        for width in (360, 768, 1024, 1920):
            resize(self.browser, width, 800)
            self.open()
            self.assertLessEqual(self.browser.execute_script("return document.documentElement.scrollWidth"), width)
        for scheme in ("light", "dark"):
            paint(self.browser, scheme)
            self.open("#at=trig_push")
            self.assertEqual(self.browser.execute_script(CONTRAST), [], scheme)
            self.assertEqual(self.browser.execute_script(NAMELESS), [], scheme)

    def test_it_keeps_the_rules_of_accessible_pages_and_prints(self):
        self.open("#at=trig_push&find=slot")
        self.assertEqual(self.browser.execute_script(RULES), [])
        paper = paper_of(self.browser)
        self.assertEqual((paper["beyond"], paper["buttons"]), ([], 0))
        self.assertGreaterEqual(paper["least"], 9)

    def test_the_keyboard_reaches_everything(self):
        self.open("#at=trig_push")
        wanted = self.browser.execute_script(
            "return [...document.querySelectorAll('button, input, summary')].filter((e) => e.checkVisibility()).map((e, i) => (e.dataset.n = i, i)).length")
        reached = set()
        for step in range(wanted + 8):
            (self.browser.switch_to.active_element if step else self.browser.find_element(By.TAG_NAME, "body")).send_keys(Keys.TAB)
            reached.add(self.browser.execute_script("return document.activeElement.dataset.n ?? null"))
        self.assertEqual(reached - {None}, {str(n) for n in range(wanted)})


if __name__ == "__main__":
    BINARY, WORKLOADS = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
    skip_if_missing(BINARY)
    unittest.main()
