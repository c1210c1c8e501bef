// SPDX-License-Identifier: GPL-2.0-or-later
// All steps of the chosen kernel as a list: for reading straight through, and for paper.
import { el } from "./dom.js";
import { cycles } from "./numbers.js";
import { sentenceOf, titleOf } from "./story.js";

export function stepList(run, goTo) {
  return el("ol", { class: "steps", start: "0" }, run.frames.map((frame) => el("li", {},
    el("button", { type: "button", class: "plain", onclick: () => goTo(frame.index) }, titleOf(frame)),
    frame.event ? el("span", { class: "figure" }, ` ${cycles(frame.event.cycles)}, so far ${cycles(frame.total)}`) : "",
    el("p", {}, sentenceOf(run, frame)),
    frame.event?.changes.length ? el("ul", {}, frame.event.changes.map((c) => el("li", {}, c))) : null)));
}
