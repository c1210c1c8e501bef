#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of `explain -f html` in Debian's Chromium: explain_page_test.py BINARY.

What the page shows is compared with `explain -f json` of the same hit.
"""
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import unittest

from page_browser import axe_of, CONTRAST, NAMELESS, PageTest, RULES, forget_log, needs_checker, paint, paper_of, resize, skip_if_missing

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

BINARY = ""
MOST_BYTES = 400_000
HITS = {
    "stepped": ["--kernels", "next-20241104", "push"],
    "emulated": ["--kernels", "next-20241104+stp", "push"],
    "first hit": ["--kernels", "v6.12", "--hit", "1", "push"],
    "BRK after the slot": ["--kernels", "whatif-brk-after-slot", "push"],
    "return probe": ["--kernels", "v6.12", "--kind", "uretprobe", "push"],
    "signal in the slot": ["--kernels", "v6.12", "--hit", "1", "f9400000"],
    "two kernels": ["push"],
}
# A program without a C library, as machine code: it reads and writes a fresh page (copy-on-write over the zero page), installs a
# handler for SIGUSR1, sends it to itself, counts for longer than a tick, and ends by an undefined instruction.
PROGRAM = [
    0xd2801bc8, 0xd2800000, 0xd2820001, 0xd2800062, 0xd2800443, 0x92800004, 0xd2800005, 0xd4000001, 0xaa0003f3, 0xf9400261, 0xf9000261,
    0x10000261, 0xf9000261, 0xd2800081, 0xf9000661, 0xd28010c8, 0xd2800140, 0xaa1303e1, 0xd2800002, 0xd2800103, 0xd4000001, 0xd2801588,
    0xd4000001, 0xd2801028, 0xd2800141, 0xd4000001, 0xd2a01409, 0xf1000529, 0x54ffffe1, 0x00000000, 0xd2800034, 0xd65f03c0,
]
EXCEPTIONS = {
    "copy-on-write fault": ["cow"],
    "system call": ["svc"],
    "signal": ["signal"],
    "fatal signal": ["undefined"],
    "interrupt": ["irq"],
}
HOSTILE = "<script>window.broken=1</script>'\"&amp;\u202ertl" + "long" * 1000


def make_program(path):
    """ELF-64 with one segment, read and execute, at 0x400000."""
    base, head = 0x400000, 120
    code = b"".join(struct.pack("<I", word) for word in PROGRAM)
    ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    header = struct.pack("<HHIQQQIHHHHHH", 2, 183, 1, base + head, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, head + len(code), head + len(code), 4096)
    path.write_bytes(ident + header + segment + code)
    path.chmod(0o755)


def explain(form, words):
    return subprocess.run([BINARY, "explain", "-f", form, *words], check=True, capture_output=True).stdout.decode()


def exact(value):
    """All digits of a figure; a sum of cycles has two."""
    return f"{value:,.6f}".rstrip("0").rstrip(".")


def page_text(page):
    if not page["present"]:
        return "not present"
    return f"the zero page, {page['rights']}" if page["zero_page"] else f"frame {page['frame']}, {page['rights']}"


# What a reader sees of the current step, taken from the page at once.
SHOWN = """
const all = (query, key) => Object.fromEntries([...document.querySelectorAll(query)].map((e) => [e.dataset[key], e.textContent]));
const text = (query) => document.querySelector(query)?.textContent ?? null;
return {
  heading: text("#step h3"), cycles: text("#step-cycles"), total: text("#total-cycles"), counter: text(".counter"),
  system: all("#registers [data-register]", "register"), flags: all("#task [data-flag]", "flag"),
  work: all("[data-work]", "work"), bars: all("[data-so-far]", "soFar"), utask: text("#task .value .term"),
  changed: [...document.querySelectorAll("#step .registers tbody tr")].map((tr) => [...tr.children].map((c) => c.textContent)),
  all: Object.fromEntries([...document.querySelectorAll(".all-registers dl div")].map((d) => [d.children[0].textContent, d.children[1].textContent])),
  page: text("#fault-page"),
  pc: [...document.querySelectorAll("#memory tr.pc")].map((tr) => [...tr.children].slice(1).map((c) => c.textContent)),
  functions: [...document.querySelectorAll("#work .functions li")].map((li) => li.textContent.replace("()", "")),
  terms: [...document.querySelectorAll("#work .terms tbody tr")].map((tr) => [...tr.children].slice(1, 4).map((c) => c.textContent)),
};
"""
# A key several times, with what a script sees after each: all in the page, because calls of the driver are slow.
WALK = """
const look = () => { %s };
return Array.from({ length: arguments[1] }, () => {
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: arguments[0], bubbles: true, cancelable: true }));
  return look();
});
"""
MARKED = "return [...document.querySelectorAll('#memory tr.changed')].map((tr) => [tr.children[1].textContent, tr.children[2].textContent]);"
# Answers the question of the next step, and goes on: what the page said of the answer.
ANSWER = """
const [text] = arguments;
for (const option of document.querySelectorAll("#ask input[type=radio]")) if (option.value === text || option.value.split(" (")[0] === text) option.click();
for (const field of document.querySelectorAll("#ask input[type=text]")) field.value = text;
document.getElementById("check").click();
const said = document.querySelector("#ask h2").textContent;
document.getElementById("go-on").click();
return said;
"""
BOTTOMS = """
return ["#stage", "#cost", "#registers", "#step .cost, #step .registers"].map((query) =>
  [query, Math.max(0, ...[...document.querySelectorAll(query)].map((e) => e.getBoundingClientRect().bottom))]);
"""


class ExplainPage(PageTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pages = {}
        root = pathlib.Path(cls.folder.name, "root")
        root.mkdir()
        make_program(root / "p")
        exceptions = {title: ["--root", str(root), "--exception", *words, "1", "/p"] for title, words in EXCEPTIONS.items()}
        for title, words in {**HITS, **exceptions}.items():
            path = pathlib.Path(cls.folder.name, title.replace(" ", "-") + ".html")
            path.write_text(explain("html", words))
            cls.pages[title] = (path, json.loads(explain("json", words)))

    def open(self, title, fragment=""):
        path, report = self.pages[title]
        self.show(path, fragment)
        return report

    def press(self, key):
        self.browser.find_element(By.TAG_NAME, "body").send_keys(key)

    def walk(self, key, steps, script=SHOWN):
        return self.browser.execute_script(WALK % script, key, steps)

    def test_every_page_opens_from_disk_without_an_error_or_a_request(self):
        for title, (path, _) in self.pages.items():
            with self.subTest(title):
                forget_log(self.browser)
                self.open(title)
                self.check_nothing_was_asked_for(path, MOST_BYTES)
                self.assertTrue(self.browser.find_element(By.ID, "answer").is_displayed())

    def compare(self, report, run, k, index, shown):
        """The page at the state after event `index` of a run."""
        event = run["events"][index]
        state = event["state"]
        title = {"exception": event.get("ec_name"), "path": event.get("path"), "eret": "ERET to EL0", "call": event.get("name"), "signal": event.get("name"),
                 "call-end": event.get("result", "").removeprefix("= ")}.get(event["event"])
        if title:
            self.assertIn(title, shown["heading"])
        self.assertIn(f"EL{event['el']}", shown["heading"])
        if event["event"] not in ("function", "handler"):
            self.assertEqual(shown["cycles"], exact(event["cycles"]))
            self.assertEqual(shown["total"], exact(event["cycles_so_far"]))
        self.assertEqual(shown["bars"][str(k)], exact(event["cycles_so_far"]))
        system = event["system_registers"]
        wanted = {"ELR_EL1": system["elr_el1"], "SPSR_EL1": system["spsr_el1"], "MDSCR_EL1.SS": str(system["mdscr_el1_ss"])}
        if "esr_el1" in system:
            wanted["ESR_EL1"] = system["esr_el1"]
        if "far_el1" in system:
            wanted["FAR_EL1"] = system["far_el1"]
        self.assertEqual(shown["system"], wanted)
        flags = {"TIF_UPROBE": str(int(state["tif_uprobe"])), "TIF_SINGLESTEP": str(int(state["tif_singlestep"])), "TIF_SIGPENDING": str(int(state["tif_sigpending"]))}
        if "probe" in run:
            flags["pending_returns"] = str(state["pending_returns"])
            self.assertEqual(shown["utask"], state["utask"])
        self.assertEqual(shown["flags"], flags)
        self.assertEqual(shown["page"] is not None, "page" in state)
        if "page" in state:
            self.assertIn(page_text(state["page"]), shown["page"])
        self.assertEqual({name: now for name, _, now in shown["changed"]}, event["registers"])
        for name, before, now in shown["changed"]:
            self.assertNotEqual(before, now)
        self.assertEqual(shown["all"]["pc"], state["pc"])
        self.assertEqual(shown["all"]["sp"], state["sp"])
        self.assertEqual(shown["all"]["x30"], state["x30"])
        self.assertEqual(shown["all"]["pstate"], state["pstate"])
        if shown["pc"]:
            self.assertEqual([row[0] for row in shown["pc"]], [state["pc"]])
        work = {kind["name"]: 0 for kind in report["work_kinds"]}
        for past in run["events"][: index + 1]:
            if "work" in past:
                work[past["work"]] += past["cycles"]
        self.assertEqual(shown["work"], {name: exact(round(work[name], 2)) for name in shown["work"]})
        self.assertEqual(exact(round(sum(work.values()), 2)), exact(event["cycles_so_far"]))
        self.assertEqual(shown["functions"], event.get("functions", []))
        self.assertEqual(shown["terms"], [[exact(t["count"]), exact(t["each"]), exact(t["cycles"])] for t in event.get("terms", []) if t["cycles"] > 0])

    def test_each_step_shows_what_the_json_says_forwards_and_backwards(self):
        for title in self.pages:
            if title == "two kernels":
                continue
            with self.subTest(title):
                report = self.open(title)
                run = report["runs"][0]
                shown = self.browser.execute_script(SHOWN)
                self.assertEqual(shown["all"], run["before"]["registers"])
                self.assertEqual(shown["pc"][0][0], run["before"]["pc"])
                last = len(run["events"]) - 1
                *forwards, beyond = self.walk("ArrowRight", last + 2)
                for index, shown in enumerate(forwards):
                    self.compare(report, run, 0, index, shown)
                self.assertIn(f"step {last + 1} of {last + 1}", beyond["counter"])
                for index, shown in zip(reversed(range(last)), self.walk("ArrowLeft", last), strict=True):
                    self.compare(report, run, 0, index, shown)

    def test_what_an_exception_does_is_said_at_its_step(self):
        wanted = {
            "copy-on-write fault": ["Exception: data abort from EL0", "fault.anon.over_zero", "ERET to EL0"],
            "system call": ["Exception: SVC in AArch64", "System call: mmap", "sys.mmap.anon", "The call's result: 0x", "ERET to EL0"],
            "signal": ["Exception: SVC in AArch64", "System call: kill", "sys.kill", "The call's result: 0", "Signal: SIGUSR1", "signal.deliver",
                       "data-abort-same-el", "fault.anon.write",  # the stack's next page
                       "The signal frame is pushed", "ERET to EL0", "The handler runs", "Exception: SVC in AArch64", "System call: rt_sigreturn", "signal.return",
                       "The call's result: ", "ERET to EL0"],
            "interrupt": ["Exception: IRQ", "irq.tick", "ERET to EL0"],
        }
        for title, headings in wanted.items():
            with self.subTest(title):
                self.open(title)
                steps = self.walk("ArrowRight", len(headings))
                for heading, shown in zip(headings, steps, strict=True):
                    self.assertIn(heading, shown["heading"])
                self.assertRegex(steps[-1]["counter"], r"^step (\d+) of \1$")

    def test_kernels_step_together_and_each_shows_its_own_events_in_order(self):
        report = self.open("two kernels")
        steps = int(self.browser.find_element(By.CSS_SELECTOR, "#controls input").get_attribute("max"))
        for k, run in enumerate(report["runs"]):
            self.open("two kernels", f"#kernel={k}")
            index = -1
            for shown in self.walk("ArrowRight", steps):
                if not shown["heading"].startswith("Nothing"):
                    index += 1
                    self.compare(report, run, k, index, shown)
                self.assertEqual(shown["bars"][str(k)], exact(run["events"][index]["cycles_so_far"]))
            self.assertEqual(index, len(run["events"]) - 1)

    def test_the_words_written_to_a_slot_are_marked_where_they_are_written(self):
        report = self.open("first hit")
        events = report["runs"][0]["events"]
        for index, (event, marked) in enumerate(zip(events, self.walk("ArrowRight", len(events), MARKED), strict=True)):
            self.assertEqual(marked, [[w["address"], f"{w['before']} {w['word']}"] for w in event["words"] if "before" in w], index)

    def test_stage_registers_and_bill_are_on_the_first_screen(self):
        report = self.open("two kernels")
        for bottoms in self.walk("ArrowRight", len(report["runs"][0]["events"]), BOTTOMS):
            for query, bottom in bottoms:
                self.assertLessEqual(bottom, 768, query)

    def test_nothing_overflows_at_any_width(self):
        for width in (360, 390, 512, 768, 1024, 1920):
            resize(self.browser, width, 800)
            for title in ("two kernels", "return probe", "signal", "copy-on-write fault"):
                self.open(title, "#step=9")
                self.assertLessEqual(self.browser.execute_script("return document.documentElement.scrollWidth"), width, title)

    def test_text_has_contrast_and_every_control_a_name_in_light_and_dark(self):
        for scheme in ("light", "dark"):
            paint(self.browser, scheme)
            for step in (0, 1, 8, 14, 17):
                self.open("two kernels", f"#step={step}")
                self.browser.execute_script("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
                self.assertEqual(self.browser.execute_script(CONTRAST), [], (scheme, step))
                self.assertEqual(self.browser.execute_script(NAMELESS), [], (scheme, step))
            for title, step in (("signal", 5), ("copy-on-write fault", 2), ("interrupt", 1)):
                self.open(title, f"#step={step}")
                self.browser.execute_script("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
                self.assertEqual(self.browser.execute_script(CONTRAST), [], (scheme, title))
                self.assertEqual(self.browser.execute_script(NAMELESS), [], (scheme, title))

    @needs_checker("axe-core")
    def test_axe_finds_nothing_in_light_and_dark(self):
        for scheme in ("light", "dark"):
            paint(self.browser, scheme)
            for title, fragment in (("two kernels", "#step=8"), ("two kernels", "#step=8&ask&projector"), ("signal", "#step=5"), ("copy-on-write fault", "#step=2")):
                self.open(title, fragment)
                self.browser.execute_script("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
                with self.subTest(title, fragment=fragment, scheme=scheme):
                    self.assertEqual(axe_of(self.browser), [])

    def test_the_keyboard_reaches_everything(self):
        self.open("two kernels", "#step=8")
        wanted = self.browser.execute_script(
            "return [...document.querySelectorAll('button, input, summary')].filter((e) => e.checkVisibility()).map((e, i) => (e.dataset.n = i, i)).length")
        reached = set()
        for _ in range(wanted + 8):
            self.press(Keys.TAB) if not reached else self.browser.switch_to.active_element.send_keys(Keys.TAB)
            reached.add(self.browser.execute_script("return document.activeElement.dataset.n ?? null"))
        self.assertEqual(reached - {None}, {str(n) for n in range(wanted)})

    def test_keys_move_choose_and_toggle(self):
        report = self.open("two kernels")
        counter = lambda: self.browser.find_element(By.CSS_SELECTOR, ".counter").text
        self.press(Keys.END)
        last = counter()
        self.assertRegex(last, r"^step (\d+) of \1$")
        self.press(Keys.HOME)
        self.assertTrue(counter().startswith("step 0 "))
        self.press("2")
        self.press(Keys.ARROW_RIGHT)
        self.assertIn("kernel=1", self.browser.current_url)
        self.assertIn("step=1", self.browser.current_url)
        self.press("s")
        self.assertIn("equal", self.browser.current_url)
        self.press("p")
        self.assertIn("projector", self.browser.current_url)
        live = self.browser.find_element(By.ID, "live").get_attribute("textContent")
        self.assertIn(report["runs"][1]["kernel"]["name"], live)
        self.assertIn(report["runs"][1]["events"][0]["ec_name"], live)

    def test_a_link_opens_the_page_at_its_step(self):
        report = self.open("stepped", "#step=7")
        self.compare(report, report["runs"][0], 0, 6, self.browser.execute_script(SHOWN))

    def test_a_term_opens_its_glossary_entry_and_escape_goes_back_to_it(self):
        self.open("stepped", "#step=1")
        button = self.browser.find_element(By.CSS_SELECTOR, "#registers .term")
        button.send_keys(Keys.ENTER)
        panel = self.browser.find_element(By.ID, "glossary")
        self.assertTrue(panel.is_displayed())
        self.assertIn("exception link register", panel.text)
        self.press(Keys.ESCAPE)
        self.assertFalse(panel.is_displayed())
        self.assertEqual(self.browser.switch_to.active_element, button)

    def answer(self, text):
        return self.browser.execute_script(ANSWER, text)

    def test_a_question_is_answered_by_mouse_and_keys(self):
        report = self.open("stepped", "#ask")
        self.browser.find_element(By.ID, "next").click()
        name = report["runs"][0]["events"][0]["ec_name"]
        for option in self.browser.find_elements(By.CSS_SELECTOR, "#ask input[type=radio]"):
            if name in (option.get_attribute("value"), option.get_attribute("value").split(" (")[0]):
                option.click()
        for field in self.browser.find_elements(By.CSS_SELECTOR, "#ask input[type=text]"):
            field.send_keys(name)
        self.browser.find_element(By.CSS_SELECTOR, "#check").click()
        self.assertEqual(self.browser.find_element(By.CSS_SELECTOR, "#ask h2").text, "Right")
        self.browser.find_element(By.CSS_SELECTOR, "#go-on").click()
        self.assertTrue(self.browser.find_element(By.CSS_SELECTOR, ".counter").text.startswith("step 1 "))

    def test_questions_about_an_exception_take_the_answers_of_the_report(self):
        right = {"call": lambda e, run: hex({"kill": 129, "mmap": 222, "rt_sigreturn": 139}[e["name"]]), "call-end": lambda e, run: e["x0"],
                 "signal": lambda e, run: e["action"], "signal-frame": lambda e, run: e["address"], "eret": lambda e, run: e["elr"],
                 "exception": lambda e, run: e["ec_name"] if e is run["events"][0] else e["elr"], "path": lambda e, run: e["meaning"]}
        for title in ("system call", "signal"):
            report = self.open(title, "#ask")
            run = report["runs"][0]
            for event in run["events"]:
                self.browser.find_element(By.ID, "next").click()
                if event["event"] not in right:
                    continue
                self.assertEqual(self.answer(right[event["event"]](event, run)), "Right", event)
            self.assertEqual(json.loads(self.browser.find_element(By.CSS_SELECTOR, "#score code").text)["exception"]["kind"], report["exception"]["kind"])

    def test_questions_take_the_answers_of_the_report_only(self):
        report = self.open("stepped", "#ask")
        events = report["runs"][0]["events"]
        right = 0
        for index, event in enumerate(events):
            self.browser.find_element(By.ID, "next").click()
            true = {"path": event.get("meaning"), "exit-work": "TIF_UPROBE", "slot": str(event.get("insns")), "eret": event.get("elr"),
                    "exception": event.get("ec_name") if index == 0 else event.get("elr")}[event["event"]]
            wrong = event["event"] == "slot"
            right += not wrong
            self.assertEqual(self.answer("17" if wrong else true), "Not so" if wrong else "Right", event)
        score = json.loads(self.browser.find_element(By.CSS_SELECTOR, "#score code").text)
        self.assertEqual((score["schema"], score["asked"], score["right"]), ("uprobesim.answers/1", len(events), right))

    def test_changed_costs_give_what_the_tool_says_of_the_same_settings(self):
        report = self.open("two kernels", "#step=99")
        draw = random.Random(1)
        for _ in range(30):
            chosen = draw.sample(report["figures"], draw.randint(1, 6))
            settings = {f["key"]: round(draw.uniform(0.2, 3) * (f["value"] or 10), 2) for f in chosen}
            words = [f"--set={key}={value}" for key, value in settings.items()]
            wanted = json.loads(explain("json", [*words, "push"]))
            fragment = "&".join(f"set={key}={value}" for key, value in settings.items())
            self.open("two kernels", f"#step=99&{fragment}")
            shown = self.browser.execute_script(SHOWN)
            for k, run in enumerate(wanted["runs"]):
                # The simulator rounds the units of a path with those of earlier hits.
                self.assertAlmostEqual(float(shown["bars"][str(k)].replace(",", "")), run["totals"]["cycles"], delta=0.011, msg=str(settings))
            command = self.browser.find_element(By.ID, "command-line").get_attribute("textContent")
            self.assertEqual(command.split(), [w for key, value in settings.items() for w in ("--set", f"{key}={value:g}" if value == int(value) else f"{key}={value}")])

    def test_a_slider_moves_the_hit_at_once_and_can_be_reset(self):
        report = self.open("stepped", "#step=99")
        self.open_sliders()
        slider = self.browser.find_element(By.ID, "slider-machine.ops.ic-ivau")
        value = float(slider.get_attribute("value"))
        slider.send_keys(Keys.ARROW_RIGHT * 5)
        moved = float(slider.get_attribute("value"))
        self.assertGreater(moved, value)
        total = float(self.browser.execute_script(SHOWN)["bars"]["0"].replace(",", ""))
        self.assertAlmostEqual(total - report["runs"][0]["totals"]["cycles"], moved - value, delta=0.011)
        self.assertTrue(self.browser.find_element(By.ID, "priced").is_displayed())
        self.browser.find_element(By.ID, "reset-all").send_keys(Keys.ENTER)
        self.assertEqual(self.browser.execute_script(SHOWN)["bars"]["0"], exact(report["runs"][0]["totals"]["cycles"]))
        self.assertFalse(self.browser.find_element(By.ID, "priced").is_displayed())

    def test_paper_has_every_step(self):
        report = self.open("stepped")
        self.browser.execute_script("dispatchEvent(new Event('beforeprint'))")
        paint(self.browser, "dark", "print")
        self.assertEqual(len(self.browser.find_elements(By.CSS_SELECTOR, ".steps > li")), len(report["runs"][0]["events"]) + 1)
        self.assertTrue(all(li.is_displayed() for li in self.browser.find_elements(By.CSS_SELECTOR, ".steps > li")))
        self.assertFalse(self.browser.find_element(By.ID, "controls").is_displayed())
        self.assertEqual(self.browser.execute_script(CONTRAST), [])

    def test_paper_is_legible_and_holds_the_whole_width(self):
        for title in ("two kernels", "return probe", "signal"):
            # As drawn for a wide window.
            self.open(title, "#step=6")
            paper = paper_of(self.browser)
            self.assertEqual(paper["beyond"], [], title)
            self.assertGreaterEqual(paper["least"], 9, title)  # 7 pt
            self.assertEqual(paper["buttons"], 0, title)
            resize(self.browser, 1024, 768)
            paint(self.browser, "light")

    def test_the_page_keeps_the_rules_of_accessible_pages(self):
        for title, step in (("two kernels", 8), ("signal", 9), ("copy-on-write fault", 2), ("return probe", 12)):
            for unfolded in (False, True):
                self.open(title, f"#step={step}")
                if unfolded:
                    self.browser.execute_script("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
                self.assertEqual(self.browser.execute_script(RULES), [], title)
        self.open("signal", "#step=8&ask")
        self.browser.find_element(By.ID, "next").click()
        self.assertEqual(self.browser.execute_script(RULES), [])

    def test_without_javascript_the_text_report_stands_there(self):
        words = ["--all", *HITS["stepped"]]
        self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        try:
            self.open("stepped")
            text = self.browser.find_element(By.CSS_SELECTOR, "noscript pre")
            self.assertGreater(text.size["height"], 0)
            self.assertEqual(text.text.split(), explain("text", words).split())
        finally:
            self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})

    def test_a_name_that_looks_like_markup_stays_text(self):
        profile = pathlib.Path(self.folder.name, "hostile.toml")
        profile.write_text(f'name = {json.dumps(HOSTILE)}\nbased-on = "next-20241104"\ndescription = {json.dumps(HOSTILE)}\n'
                           'release = "6.12.0"\n')
        page = pathlib.Path(self.folder.name, "hostile.html")
        page.write_text(explain("html", ["--kernels", f"{profile},next-20241104+stp", "push"]))
        self.browser.get_log("browser")
        self.browser.get(page.as_uri())
        self.assertEqual(self.browser.get_log("browser"), [])
        self.assertIsNone(self.browser.execute_script("return window.broken ?? null"))
        names = [e.get_attribute("textContent") for e in self.browser.find_elements(By.CSS_SELECTOR, "#stage .name")]
        self.assertIn(HOSTILE, names)
        self.assertLessEqual(self.browser.execute_script("return document.documentElement.scrollWidth"), 1024)
        self.assertEqual(len(self.browser.find_elements(By.TAG_NAME, "script")), 3)


if __name__ == "__main__":
    BINARY = os.path.abspath(sys.argv.pop(1))
    skip_if_missing(BINARY)
    unittest.main()
