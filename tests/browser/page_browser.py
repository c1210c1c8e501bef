# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages in Debian's Chromium: what the tests of pages share. Besides rules of our own, pages are judged by axe-core where
tools/setup/fetch-checkers has fetched it. Exit status 77: Chromium, its driver or python3-selenium is not
installed, or the tool was built without trigger targets (said on stderr)."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SKIPPED = 77
DEBIAN_PYTHON = "/usr/bin/python3"
CHECKERS = pathlib.Path(__file__).resolve().parents[2] / "build/checkers/node_modules"

try:
    from selenium import webdriver
except ImportError:
    # Debian's selenium is a module of Debian's python only.
    if os.path.exists(DEBIAN_PYTHON) and os.path.realpath(sys.executable) != os.path.realpath(DEBIAN_PYTHON):
        os.execv(DEBIAN_PYTHON, [DEBIAN_PYTHON, *sys.argv])
    print("skipped: python3-selenium is not installed", file=sys.stderr)
    sys.exit(SKIPPED)


def open_browser(width=1024, height=768, dark=False):
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(service=webdriver.chrome.service.Service(shutil.which("chromedriver")), options=options)
    resize(browser, width, height)
    paint(browser, "dark" if dark else "light")
    return browser


def resize(browser, width, height):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})


def paint(browser, scheme, media=""):
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                            {"media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]})


CONTRAST = r"""
const luminance = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const numbers = (color) => color.match(/[\d.]+/g).map(Number);
const ground = (e) => {
  for (; e; e = e.parentElement) {
    const c = numbers(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c;
  }
  return [255, 255, 255];
};
const found = [];
for (const walker = document.createTreeWalker(document.getElementById("page"), NodeFilter.SHOW_TEXT); walker.nextNode(); ) {
  const node = walker.currentNode, e = node.parentElement;
  if (!node.data.trim() || e.closest("svg") || !e.checkVisibility()) continue;
  const a = luminance(numbers(getComputedStyle(e).color)), b = luminance(ground(e));
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) found.push([node.data.slice(0, 40), ratio.toFixed(2)]);
}
return found;
"""

NAMELESS = """
const name = (e) => e.getAttribute("aria-label") || e.textContent.trim() || [...(e.labels ?? [])].map((l) => l.textContent).join("");
return [...document.querySelectorAll("button, input, summary, a, [role=img], progress, section")]
  .filter((e) => !(e.tagName === "SECTION" ? document.getElementById(e.getAttribute("aria-labelledby"))?.textContent : name(e)) && e.checkVisibility())
  .map((e) => e.outerHTML.slice(0, 200));
"""


# The rules that pages keep besides, each with what breaks it: names of Web Content Accessibility Guidelines 2.2 in brackets.
RULES = r"""
const all = (query) => [...document.querySelectorAll(query)];
const found = [];
const wrong = (rule, list) => list.forEach((e) => found.push([rule, typeof e === "string" ? e : e.outerHTML.slice(0, 120)]));
const shown = (e) => e.checkVisibility();
const ids = all("[id]").map((e) => e.id);
wrong("an id is there once (4.1.2)", ids.filter((id, i) => ids.indexOf(id) !== i));
wrong("what is referred to is there (1.3.1)", all("[aria-labelledby], [aria-describedby], [for]").filter((e) =>
  ["aria-labelledby", "aria-describedby", "for"].some((a) => e.getAttribute(a)?.split(" ").some((id) => !document.getElementById(id)))).filter((e) => !e.closest("[hidden]")));
wrong("the page has a title and a language (2.4.2, 3.1.1)", document.title && document.documentElement.lang ? [] : ["html"]);
const headings = all("h1, h2, h3, h4").filter((e) => !e.closest("[hidden], details:not([open])"));
wrong("there is one first heading (1.3.1)", headings.filter((e) => e.tagName === "H1").length === 1 ? [] : ["h1"]);
wrong("no level of headings is left out (1.3.1)", headings.filter((e, i) => Number(e.tagName[1]) > (i ? Number(headings[i - 1].tagName[1]) : 0) + 1));
wrong("all text is in a landmark (1.3.1)", [...document.body.children].filter((e) => !["MAIN", "NOSCRIPT", "SCRIPT"].includes(e.tagName)));
wrong("focus follows the reading order (2.4.3)", all("[tabindex]").filter((e) => Number(e.getAttribute("tabindex")) > 0));
wrong("a control is not in another (4.1.2)", all("button button, button a, a button, summary button, summary a, label button"));
wrong("cells of a head say what they are for (1.3.1)", all("th").filter((e) => !e.scope && !e.closest("table.words, table.registers, table.fields")));
wrong("lists have items only (1.3.1)", all("ul, ol").filter((e) => [...e.children].some((c) => c.tagName !== "LI")));
wrong("definitions have terms (1.3.1)", all("dl").filter((e) => [...e.children].some((c) => !["DT", "DD", "DIV"].includes(c.tagName))));
wrong("a picture has a name (1.1.1)", all("svg:not([aria-hidden])").filter((e) => e.getAttribute("role") !== "img" || !e.getAttribute("aria-label")).filter((e) => !e.closest("svg svg")));
wrong("a button says whether it is pressed (4.1.2)", all("[aria-pressed]").filter((e) => !["true", "false"].includes(e.getAttribute("aria-pressed"))));
wrong("changes are read out (4.1.3)", document.querySelector("[aria-live=polite]") ? [] : ["aria-live"]);
// Buttons within text excepted.
wrong("targets have 24 pixels (2.5.8)", all("button, summary, input").filter(shown).filter((e) => !e.matches(".term, .plain, .figure-link, .small, .register summary, input[type=radio]"))
  .filter((e) => { const r = e.getBoundingClientRect(); return r.width < 24 || (r.height < 20 && e.type !== "range"); }));
wrong("nothing moves by itself for those who do not want it (2.3.3)", document.getAnimations().map(() => "animation"));
return found;
"""

# On paper of A4 with margins of 15 mm, in pixels of CSS.
PAPER_WIDTH = 680
PAPER = r"""
const least = [...document.querySelectorAll("#page *")].filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
  .map((e) => [parseFloat(getComputedStyle(e).fontSize), e]).sort((a, b) => a[0] - b[0])[0];
const beyond = [...document.querySelectorAll("#page *")].filter((e) => e.checkVisibility() && !e.closest(".hidden, svg svg") && e.getBoundingClientRect().right > arguments[0] + 1);
return { least: least[0], beyond: beyond.map((e) => e.outerHTML.slice(0, 120)), buttons: [...document.querySelectorAll("#controls, .small")].filter((e) => e.checkVisibility()).length };
"""


# Each finding with what it is about. Contrast is computed by ours too, but axe knows more of overlays.
AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, { resultTypes: ["violations"] }).then(
  (found) => done(found.violations.flatMap((v) => v.nodes.map((n) => [v.id, v.help, n.target.join(" "), n.html.slice(0, 120)]))),
  (error) => done([["axe-core failed", String(error)]]));
"""


def axe_of(browser):
    """What axe-core finds wrong with the page that is open."""
    browser.execute_script((CHECKERS / "axe-core/axe.min.js").read_text(encoding="utf-8"))
    return browser.execute_async_script(AXE)


def needs_checker(name):
    """For a test that asks a program from npm."""
    return unittest.skipUnless((CHECKERS / name).is_dir(), f"{name} is not fetched (tools/setup/fetch-checkers)")


def paper_of(browser):
    """What is wrong with the page on paper."""
    resize(browser, PAPER_WIDTH, 1000)
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    paint(browser, "light", "print")
    return browser.execute_script(PAPER, PAPER_WIDTH)


def log_of(browser):
    """Messages of the console, and URLs that were asked for."""
    requests = [message["params"]["request"]["url"] for message in (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
                if message["method"] == "Network.requestWillBeSent"]
    return browser.get_log("browser"), requests


def forget_log(browser):
    for log in ("browser", "performance"):
        browser.get_log(log)


class PageTest(unittest.TestCase):
    """A folder and a browser for the tests of a class; each begins at 1024 x 768, light."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="page_test.")
        cls.browser = open_browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()
        cls.folder.cleanup()

    def setUp(self):
        resize(self.browser, 1024, 768)
        paint(self.browser, "light")

    def show(self, path, fragment=""):
        self.browser.get("about:blank")
        self.browser.get(path.as_uri() + fragment)

    def open_sliders(self):
        """And waits for the page, which draws them when it is told that they are open: some time after the click."""
        self.browser.execute_async_script("""
            const drawn = arguments[0], sliders = document.getElementById("sliders");
            sliders.addEventListener("toggle", () => drawn(), { once: true });
            sliders.querySelector("summary").click();
            """)

    def check_nothing_was_asked_for(self, path, most_bytes):
        """After forget_log and show: no message, no request but for the page, and its size."""
        messages, requests = log_of(self.browser)
        self.assertEqual(messages, [])
        self.assertEqual([r for r in requests if r not in (path.as_uri(), "about:blank")], [])
        self.assertLess(path.stat().st_size, most_bytes)


def missing(binary):
    for program, package in (("chromium", "chromium"), ("chromedriver", "chromium-driver")):
        if shutil.which(program) is None:
            return f"{package} is not installed"
    if subprocess.run([binary, "explain", "push"], capture_output=True).returncode != 0:
        return "this build has no trigger targets"
    return None


def skip_if_missing(binary):
    reason = missing(binary)
    if reason:
        print(f"skipped: {reason}", file=sys.stderr)
        sys.exit(SKIPPED)
