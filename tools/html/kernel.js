// SPDX-License-Identifier: GPL-2.0-or-later
// What a step is made of: functions, instructions, operations, with their sources.
import { el } from "./dom.js";
import { term } from "./glossary.js";
import { cycles, exact, many, sourced } from "./numbers.js";

// "machine.ops.ic-ivau" is ic-ivau, "machine.kernel-cpi" what instructions take.
function figureName(figure) {
  const key = figure.replace(/^machine\./, "");
  return key === "kernel-cpi" ? "instructions" : term(key.replace(/^ops\./, ""));
}

function termRow(row, total, change) {
  const share = total > 0 ? row.cycles / total : 0;
  return el("tr", {}, el("th", { scope: "row" }, figureName(row.figure), row.per_unit ? " per unit" : ""), el("td", { class: "figure" }, exact(row.count)),
    el("td", { class: "figure" }, exact(row.each)), el("td", { class: "figure" }, cycles(row.cycles)),
    el("td", { class: "share" }, el("progress", { max: "1", value: share.toFixed(3), "aria-label": `${Math.round(share * 100)} percent` })),
    el("td", { class: "source" }, el("button", { type: "button", class: "small", "aria-label": `change ${row.figure}`, onclick: () => change(row.figure) }, "change"),
      ` ${sourced(row)}`));
}

// `change`: opens the slider of a figure.
export function kernelWork(frame, change) {
  const { event } = frame;
  if (!event) return el("p", { class: "quiet" }, "The kernel is not running.");
  if (!event.terms) return el("p", { class: "quiet" }, "This step takes no time of its own.");
  return [
    event.functions?.length ? [el("h3", {}, "Functions, in call order"), el("ol", { class: "functions" }, event.functions.map((f) => el("li", {}, el("code", {}, `${f}()`))))] : null,
    event.path ? el("p", {}, `${many(event.el1_insns, "instruction")} at EL1`, event.units ? `, of them for ${many(event.units, event.unit)}` : "",
      `. Counts: ${sourced(event)}.`) : null,
    el("div", { class: "scroll" }, el("table", { class: "terms" },
      el("caption", { class: "hidden" }, "what the cycles of this step are made of"),
      el("thead", {}, el("tr", {}, ["what", "count", "each", "cycles", "share", "confidence and source"].map((h) => el("th", { scope: "col" }, h)))),
      el("tbody", {}, event.terms.filter((t) => t.cycles > 0).map((t) => termRow(t, event.cycles, change))))),
    event.terms.some((t) => t.cycles === 0) ? el("p", { class: "quiet" }, "Priced at 0 cycles, because their time is in that of the instructions: ",
      event.terms.filter((t) => t.cycles === 0).map((t) => `${exact(t.count)} ${t.figure.replace(/^machine\.(ops\.)?/, "")}`).join(", "), ".") : null,
  ];
}
