# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages in Debian's Chromium: what the tests of pages share. Exit status 77: Chromium, its driver or python3-selenium is not
installed, or the tool was built without trigger targets (said on stderr)."""
import json
import os
import shutil
import subprocess
import sys

SKIPPED = 77
DEBIAN_PYTHON = "/usr/bin/python3"

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


def log_of(browser):
    """Messages of the console, and URLs that were asked for."""
    requests = [message["params"]["request"]["url"] for message in (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
                if message["method"] == "Network.requestWillBeSent"]
    return browser.get_log("browser"), requests


def forget_log(browser):
    for log in ("browser", "performance"):
        browser.get_log(log)


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
