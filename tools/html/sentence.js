// SPDX-License-Identifier: GPL-2.0-or-later
// The answer in one or two sentences; its figures go to the step that they are of.
import { el, name } from "./dom.js";
import { term } from "./glossary.js";
import { duration, grouped } from "./numbers.js";
import { isHit, isStepped } from "./story.js";

function figure(text, go) {
  return el("button", { type: "button", class: "figure-link", onclick: go }, text);
}

function compared(totals) {
  const difference = Math.max(...totals) - Math.min(...totals);
  if (difference === 0) return ". ";
  return totals.length === 2 ? `: ${grouped(difference)} ${totals[1] < totals[0] ? "fewer" : "more"}. ` : `. The cheapest saves ${grouped(difference)}. `;
}

export const capital = (text) => text[0].toUpperCase() + text.slice(1);

export function theSentence(report, goTo) {
  const frequency = report.machine.frequency_hz;
  const totals = report.runs.map((run) => run.totals.cycles);
  const runs = report.runs.map((run, k) => [
    k === 0 ? [isHit(run) ? el("code", {}, run.instruction) : capital(report.exception.title), " costs "] : ", ",
    figure(k === 0 ? `${grouped(totals[k])} cycles` : grouped(totals[k]), () => goTo(k, run.frames.length - 1)),
    ` (${duration((totals[k] / frequency) * 1e9)}) `, isHit(run) ? [term(isStepped(run) ? "stepped" : "emulated"), " "] : "", "on ", name(run.kernel.name)]);
  const dearest = totals.indexOf(Math.max(...totals));
  const parts = report.runs[dearest].frames.slice(1).filter((f) => f.event.work);
  const most = parts.reduce((a, b) => (b.event.cycles > a.event.cycles ? b : a), parts[0]);
  return el("p", { id: "answer" }, runs, compared(totals),
    most ? ["The largest part is ", figure(`${grouped(most.event.cycles)} cycles`, () => goTo(dearest, most.index)), " of ", el("code", {}, most.event.path ?? most.event.class ?? "EL0"), "."] : "");
}
