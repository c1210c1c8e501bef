// SPDX-License-Identifier: GPL-2.0-or-later
// Where the cycles of a hit go: a bar for each kernel that grows with the steps, and the sums of
// the kernel that is looked at.
import { billOf } from "./data.js";
import { el, name, svg } from "./dom.js";
import { cycles, grouped } from "./numbers.js";

const HEIGHT = 14;
const LABELS = { "entry-exit": "entry, exit", "cache-maintenance": "caches", user: "EL0", "system-call": "system call" };

function bar(report, run, current, hideRest) {
  const scale = 1000 / report.longest;
  let x = 0;
  const parts = [];
  if (!hideRest) parts.push(svg("rect", { class: "rest", x: 0, y: 0, width: run.totals.cycles * scale, height: HEIGHT }));
  for (const [work, sum] of billOf(report, run, current)) {
    if (sum === 0) continue;
    parts.push(svg("rect", { class: `work ${work}`, x, y: 0, width: sum * scale, height: HEIGHT }, svg("title", {}, `${work}: ${grouped(sum)} cycles`)));
    x += sum * scale;
  }
  return svg("svg", { class: "bar", viewBox: `0 0 1000 ${HEIGHT}`, preserveAspectRatio: "none", role: "img",
    "aria-label": [...billOf(report, run, current)].filter(([, s]) => s > 0).map(([w, s]) => `${w} ${cycles(s)}`).join(", ") || "no cycles yet" }, parts);
}

export function theBill(report, place) {
  const { frames } = report.rows[place.row];
  const sums = billOf(report, report.runs[place.kernel], frames[place.kernel]);
  return [
    el("div", { class: "bars" }, report.runs.map((run, k) => el("div", { class: "bill-row" },
      name(run.kernel.name, { class: k === place.kernel ? "name chosen" : "name" }), bar(report, run, frames[k], place.ask),
      el("span", { class: "figure" }, el("strong", { "data-so-far": k }, cycles(run.frames[frames[k]].total)),
        place.ask ? "" : ` of ${cycles(run.totals.cycles)}`)))),
    el("ul", { class: "kinds" }, report.work_kinds.filter((kind) => report.runs.some((run) => run.events.some((e) => e.work === kind.name)))
      .map((kind) => el("li", { title: kind.meaning }, el("span", { class: `swatch ${kind.name}` }), LABELS[kind.name] ?? kind.name, " ",
        el("strong", { class: "figure", "data-work": kind.name }, cycles(sums.get(kind.name)))))),
  ];
}
