// SPDX-License-Identifier: GPL-2.0-or-later
// A slider for each figure that the cycles follow from, grouped as profiles are.
import { el, replace } from "./dom.js";
import { term } from "./glossary.js";
import { exact, sourced } from "./numbers.js";
import { commandLine } from "./prices.js";

const GROUPS = [
  ["Machine", (key) => key.startsWith("machine.") && !key.startsWith("machine.ops.")],
  ["Operations", (key) => key.startsWith("machine.ops.")],
  ["Instructions of kernel paths", (key) => key.startsWith("kernel.paths.")],
];
// These decide what is done, and not only what it costs.
const NOT_OFFERED = "Not offered, because they change what is done: machine.idc, machine.dic, machine.kpti, machine.bhb, the numbers of cores and traps, " +
  "and all keys of kernels but instructions. Run the tool again for those: uprobesim explain --set machine.dic=1";

const FEW = 12; // rows
const STEPS = 200; // from 0 to the figure, which a step must hit
const short = (key) => key.replace(/^machine\.(ops\.)?|^kernel\.paths\.|\.insns(?=$|-)/g, "");

// Far enough to show what a figure does: twice its highest value.
function limitsOf(figure) {
  const step = (figure.value === 0 ? 100 : figure.value) / STEPS;
  const most = figure.value === 0 ? 100 : Math.max(figure.high, figure.value) * 2;
  return { min: figure.key === "machine.frequency" ? figure.value / 4 : 0, max: Math.ceil(most / step) * step, step };
}

// `figures`: those to offer. `notOffered`: a sentence of those that are not. `command`: gives what the settings are added to.
// `folded`: groups of many figures are closed. `results`: where the page shows what comes of it, above the sliders.
export class Sliders {
  constructor({ figures, notOffered = NOT_OFFERED, command = () => "", folded = false }, settings, onChange) {
    Object.assign(this, { settings, onChange, words: command });
    this.rows = new Map();
    this.command = el("code", { id: "command-line" });
    this.results = el("div");
    this.now = el("p", { id: "cost-now" });
    const groups = GROUPS.map(([title, belongs]) => [title, figures.filter((f) => belongs(f.key))]).filter(([, list]) => list.length);
    this.element = el("details", { id: "sliders" }, el("summary", {}, "Change the costs"),
      el("p", {}, "The page multiplies its counts by your figures. Low and high are what the figure's confidence leaves. ",
        el("button", { type: "button", id: "reset-all", onclick: () => this.reset() }, "Reset all")),
      el("p", { class: "command" }, "Reproduce with: ", this.command),
      this.results, folded ? this.now : null,
      groups.map(([title, list]) => {
        const set = el("fieldset", {}, el("legend", {}, title), list.map((f) => this.row(f)));
        return folded && list.length > FEW ? el("details", {}, el("summary", {}, `${title}: ${list.length} figures`), set) : set;
      }),
      el("p", { class: "quiet" }, notOffered));
    this.show();
  }

  row(figure) {
    const { min, max, step } = limitsOf(figure), id = `slider-${figure.key}`;
    const change = (text) => {
      const value = Number(text);
      if (text.trim() === "" || !Number.isFinite(value) || value < 0 || (figure.key === "machine.frequency" && value === 0)) return;
      if (value === figure.value) this.settings.delete(figure.key);
      else this.settings.set(figure.key, value);
      this.show();
      this.onChange();
    };
    const range = el("input", { type: "range", id, min, max, step, "aria-label": figure.key, oninput: () => change(range.value) });
    const number = el("input", { type: "number", min: 0, step: "any", "aria-label": `${figure.key}, exactly`, onchange: () => change(number.value) });
    const reset = el("button", { type: "button", "aria-label": `reset ${figure.key}`, onclick: () => change(`${figure.value}`) }, "Reset");
    this.rows.set(figure.key, { range, number, reset, figure });
    return el("div", { class: "slider" }, el("span", { class: "key", title: figure.key }, term(short(figure.key))), range, number,
      el("span", { class: "unit" }, figure.unit), reset,
      el("span", { class: "source" }, `${exact(figure.low)} to ${exact(figure.high)}; ${sourced(figure)}`));
  }

  show() {
    for (const [key, { range, number, reset, figure }] of this.rows) {
      const value = this.settings.get(key) ?? figure.value;
      if (document.activeElement !== range) range.value = `${value}`;
      number.value = `${value}`;
      reset.disabled = !this.settings.has(key);
    }
    const settings = commandLine(this.settings);
    replace(this.command, settings ? `${this.words()} ${settings}`.trim() : "nothing is changed");
  }

  reset() {
    this.settings.clear();
    this.show();
    this.onChange();
  }

  // Opens the drawer at a figure's slider.
  focus(key) {
    const row = this.rows.get(key);
    if (!row) return;
    this.element.open = true;
    row.range.scrollIntoView({ block: "center" });
    row.range.focus();
  }
}
