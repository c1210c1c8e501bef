// SPDX-License-Identifier: GPL-2.0-or-later
// The hit of one kernel as blocks in three lanes, time to the right: what EL0, the hardware and EL1
// do. All kernels are drawn on one axis.
import scaleLinear from "d3-scale/src/linear.js";
import { svg } from "./dom.js";
import { grouped } from "./numbers.js";
import { isElsewhere, titleOf } from "./story.js";

const LANE = 20, GAP = 4, TOP = 2, AXIS = 18;
const LANES = { el0: 0, hardware: 1, el1: 2 };
const BOTTOM = TOP + 3 * LANE + 2 * GAP;
const STUB = 22; // of the program before and after the hit
const laneTop = (lane) => TOP + LANES[lane] * (LANE + GAP);
const CHARACTER = 6.3; // width of one, in pixels, at the size of the labels

function laneOf(event) {
  if (event.event === "exception" || event.event === "nested-exception") return "hardware";
  return event.event === "slot" || isElsewhere(event) ? "el0" : "el1";
}

// A mark without width: the way back to EL0, the exit work, a call and its result, a signal.
const isMark = (event) => event.event !== "slot" && event.work === undefined;

function positions(report, place, k, x) {
  return report.runs[k].frames.map((frame) => {
    if (!place.equal) return [x(frame.begins), x(frame.total)];
    const row = Math.max(1, report.rows.findIndex((r) => r.frames[k] === frame.index));
    return frame.event ? [x(row - 1), x(row)] : [x(0), x(0)];
  });
}

// Short names of exceptions, by class.
const NAMES = { brk: "BRK", "software-step": "step", "insn-abort": "abort", "data-abort": "abort", svc: "SVC", irq: "IRQ", undefined: "undef" };

function block(frame, [x0, x1], shown, label) {
  const { event } = frame, lane = laneOf(event), y = laneTop(lane);
  const width = Math.max(x1 - x0, 2);
  const parts = [svg("rect", { x: x0, y, width, height: LANE, class: `work ${event.work ?? "none"}` })];
  if (label && label.length * CHARACTER + 12 < width)
    parts.push(svg("text", { x: x0 + 7, y: y + 14, class: `label on-${event.work ?? "none"}` }, label));
  return svg("g", { class: shown }, svg("title", {}, `${titleOf(frame)}: ${grouped(event.cycles)} cycles`), parts);
}

function arrow(x, from, to, shown) {
  const up = to < from, tip = up ? to + 6 : to - 6;
  return svg("path", { class: `arrow ${shown}`, d: `M${x} ${from}V${tip}M${x - 4} ${tip}L${x} ${to}L${x + 4} ${tip}Z` });
}

function mark(frame, [x0, x1], shown, equal) {
  const at = equal ? (x0 + x1) / 2 : x0;
  if (frame.event.event === "eret") return arrow(at, laneTop("el1") + LANE / 2, laneTop("el0") + LANE / 2, shown);
  if (isElsewhere(frame.event))
    return svg("g", { class: shown },
      svg("title", {}, titleOf(frame)),
      svg("rect", { x: x0, y: laneTop("el0") + 4, width: Math.max(x1 - x0, 12), height: LANE - 8, class: "work none" }));
  const y = laneTop("el1") + LANE / 2;
  return svg("path", { class: `mark ${shown}`, d: `M${at - 4} ${y}L${at} ${y - 5}L${at + 4} ${y}L${at} ${y + 5}Z` },
    svg("title", {}, titleOf(frame)));
}

function label(event) {
  if (event.event === "path") return event.path.replace(/^uprobe\./, "");
  if (event.event === "exception") return NAMES[event.class] ?? event.class;
  return "";
}

function outline(frame, [x0, x1]) {
  if (!frame.event) return svg("rect", { class: "now", x: 1, y: laneTop("el0") - 1, width: STUB, height: LANE + 2 });
  const thin = isMark(frame.event) || x1 - x0 < 6;
  const left = thin ? (x0 + x1) / 2 - 6 : x0;
  const eret = frame.event.event === "eret";
  return svg("rect", {
    class: "now", x: left, y: laneTop(eret ? "el0" : laneOf(frame.event)) - 1, rx: 1,
    width: thin ? 12 : x1 - x0, height: eret ? BOTTOM - TOP + 2 : LANE + 2,
  });
}

export function stageOf(report, place, k, width, onPick) {
  const run = report.runs[k], current = report.rows[place.row].frames[k];
  const span = place.equal ? report.rows.length - 1 : report.longest;
  const x = scaleLinear([0, span], [STUB + 2, width - STUB - 2]);
  const at = positions(report, place, k, x);
  const last = run.frames.length - 1;
  const parts = [], marks = []; // marks lie above the blocks
  for (const lane of Object.keys(LANES))
    parts.push(svg("rect", { class: "lane", x: 0, y: laneTop(lane), width, height: LANE }));
  const end = at[last][1];
  const stub = (x0, x1, shown) => svg("rect", { class: `work program ${shown}`, x: x0, y: laneTop("el0"), width: Math.max(0, x1 - x0), height: LANE });
  parts.push(stub(0, STUB, "past"));
  if (run.finished && !(place.ask && current < last)) {
    parts.push(stub(end + 2, width, current === last ? "past" : "future"));
    const saved = report.longest - run.totals.cycles;
    const text = `back in the program, ${grouped(saved)} cycles earlier`;
    if (!place.equal && saved > 0 && text.length * CHARACTER < width - end - 12)
      parts.push(svg("text", { x: end + 10, y: laneTop("el0") + 14, class: "label on-program" }, text));
  }
  for (const frame of run.frames.slice(1)) {
    if (place.ask && frame.index > current) break;
    const shown = frame.index <= current ? "past" : "future";
    const [x0] = at[frame.index];
    if (isMark(frame.event)) marks.push(mark(frame, at[frame.index], shown, place.equal));
    else parts.push(block(frame, at[frame.index], shown, label(frame.event)));
    if (frame.event.event === "exception") marks.push(arrow(Math.max(x0, 6), laneTop("el0") + LANE / 2, laneTop("el1") + LANE / 2, shown));
  }
  parts.push(marks, outline(run.frames[current], at[current]));
  const picture = svg("svg", {
    class: "stage", role: "img", width, height: BOTTOM + 2, viewBox: `0 0 ${width} ${BOTTOM + 2}`,
    "aria-label": `${run.kernel.name}: ${grouped(run.frames[current].total)} of ${grouped(run.totals.cycles)} cycles, ${titleOf(run.frames[current])}`,
  }, parts);
  const pick = (event) => {
    const left = event.clientX - picture.getBoundingClientRect().left;
    let best = 0;
    at.forEach(([x0, x1], i) => {
      const distance = (p) => Math.abs((p[0] + p[1]) / 2 - left) - (left >= p[0] && left <= p[1] ? 1e6 : 0);
      if (distance([x0, x1]) < distance(at[best])) best = i;
    });
    onPick(k, best);
  };
  picture.addEventListener("pointerdown", pick);
  picture.addEventListener("pointermove", (event) => event.buttons === 1 && pick(event));
  return picture;
}

export function axisOf(report, place, width) {
  const span = place.equal ? report.rows.length - 1 : report.longest;
  const x = scaleLinear([0, span], [STUB + 2, width - STUB - 2]);
  const ticks = x.ticks(Math.max(2, Math.floor(width / 110)));
  return svg("svg", { class: "axis", width, height: AXIS, viewBox: `0 0 ${width} ${AXIS}`, "aria-hidden": "true" },
    ticks.map((t, i) => [
      svg("line", { x1: x(t), x2: x(t), y1: 0, y2: 4 }),
      svg("text", { x: x(t), y: 15, "text-anchor": i === 0 ? "start" : "middle" },
        i === 0 ? (place.equal ? "0 steps" : "0 cycles") : grouped(t)),
    ]));
}
