// SPDX-License-Identifier: GPL-2.0-or-later
// The task: its state in the hit as a diagram, and its thread flags.
import { el, name, svg } from "./dom.js";
import { term } from "./glossary.js";
import { isHit } from "./story.js";

const NODES = [["UTASK_RUNNING", 1, 1], ["UTASK_SSTEP", 161, 1], ["UTASK_SSTEP_ACK", 161, 57], ["UTASK_SSTEP_TRAPPED", 161, 113]];
const WIDTH = 124, HEIGHT = 28;
// A stepped instruction that takes a signal instead is TRAPPED; both ways lead back.
const ARROWS = ["M125 15H160", "M223 29V56", "M161 71H78V30", "M285 15H300V127H287", "M161 127H48V30"];

function diagram(state) {
  return svg("svg", { class: "utask", role: "img", viewBox: "0 0 302 142", width: "302", height: "142", "aria-label": `task state ${state}` },
    svg("defs", {}, svg("marker", { id: "tip", viewBox: "0 0 8 8", refX: "7", refY: "4", markerWidth: "8", markerHeight: "8", orient: "auto" }, svg("path", { d: "M0 0L8 4L0 8Z" }))),
    ARROWS.map((d) => svg("path", { class: "edge", d, "marker-end": "url(#tip)" })),
    NODES.map(([node, x, y]) => svg("g", { class: node === state ? "lit" : "" },
      svg("rect", { x, y, width: WIDTH, height: HEIGHT, rx: 2 }),
      svg("text", { x: x + WIDTH / 2, y: y + 18, "text-anchor": "middle" }, node.replace("UTASK_", "")))));
}

const FLAGS = [["TIF_UPROBE", "tif_uprobe"], ["TIF_SINGLESTEP", "tif_singlestep"], ["TIF_SIGPENDING", "tif_sigpending"]];

// Without a probe there is no state of a hit.
function probeState(state, last) {
  return [
    el("p", { class: "value" }, term(state.utask), last && last.state.utask !== state.utask ? [" was ", el("s", {}, last.state.utask)] : ""),
    diagram(state.utask),
  ];
}

export function taskState(run, frame) {
  const { state, last } = frame;
  const probed = isHit(run) || run.events.some((e) => e.state.utask !== "UTASK_RUNNING" || e.state.xol_page);
  return [
    probed ? probeState(state, last) : el("p", { class: "value" }, name(run.task)),
    el("ul", { class: "flags" }, FLAGS.map(([flag, key]) => el("li", { class: `${state[key] ? "set" : ""}${last && last.state[key] !== state[key] ? " changed" : ""}` },
      term(flag), " ", el("strong", { "data-flag": flag }, state[key] ? "1" : "0")))),
    !probed ? null : el("p", {}, "Pending returns: ", el("strong", { "data-flag": "pending_returns" }, `${state.pending_returns}`)),
    "slot" in state ? el("p", {}, `${state.slot_shared ? "Shared slot" : "Slot"} ${state.slot} holds ${state.slot_word}.`) : null,
  ];
}
