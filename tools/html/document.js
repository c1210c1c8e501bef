// SPDX-License-Identifier: GPL-2.0-or-later
// The page of any report but explain's. All text is there without this script, which draws the
// charts, sorts and folds the tables, and links the glossary.
import { drawCharts } from "./charts.js";
import { costsPart } from "./costs.js";
import { el } from "./dom.js";
import { closeGlossary, glossaryList, glossaryPanel, linked, term } from "./glossary.js";
import { enhanceTables } from "./tables.js";

// Names that a guest chose stay as they are: of those only a whole text is a term.
function linkTerms() {
  const seen = new Set();
  for (const element of document.querySelectorAll(".facts dt, .lines p")) element.replaceChildren(...linked(element.textContent, seen));
  for (const name of document.querySelectorAll("table.rows th[scope=row] bdi")) {
    const text = name.textContent;
    if (text.length < 40) name.replaceChildren(term(text));
  }
}

// What -f json writes, as a file of its own: whatif reads it.
function saveJson() {
  const url = URL.createObjectURL(new Blob([document.getElementById("report").textContent], { type: "application/json" }));
  const link = el("a", { download: "report.json" });
  link.href = url;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

// A table that is wider than the page scrolls, with the keyboard too.
function watchWidths() {
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const wide = target.scrollWidth > target.clientWidth;
      if (wide) {
        target.tabIndex = 0;
        target.setAttribute("role", "group");
        target.setAttribute("aria-label", "a table that scrolls sideways");
      } else {
        for (const name of ["tabindex", "role", "aria-label"]) target.removeAttribute(name);
      }
    }
  });
  for (const scroll of document.querySelectorAll(".scroll")) observer.observe(scroll);
}

const live = el("p", { class: "hidden", "aria-live": "polite", id: "live" });
document.getElementById("page").prepend(live);
const tables = enhanceTables((text) => { live.textContent = text; });
linkTerms();
drawCharts();
const costs = costsPart();
if (costs) (document.querySelector("section.charts") ?? document.querySelector("header")).after(costs);
watchWidths();
document.getElementById("page").append(
  glossaryList(),
  el("footer", {}, el("button", { type: "button", class: "small", id: "save", onclick: saveJson }, "Save this report as JSON"), " for uprobesim whatif, jq and programs"),
  glossaryPanel());
document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeGlossary(); });
addEventListener("beforeprint", () => {
  for (const table of tables) table.unfold();
});
