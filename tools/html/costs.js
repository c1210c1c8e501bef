// SPDX-License-Identifier: GPL-2.0-or-later
// The part of a report's page in which its costs can be changed: sliders, and what the report's
// figures are then.
import { figure as digitsOf } from "./chart_parts.js";
import { chartFrame } from "./charts.js";
import { el, name, replace, section } from "./dom.js";
import { readSettings, writeSettings } from "./place.js";
import { Priced } from "./priced.js";
import { Sliders } from "./sliders.js";

const MOST_SWINGS = 12, MOST_BARS = 12;

const value = (number, unit) => (number === undefined || !Number.isFinite(number) ? "-" : unit === "ns" ? inTime(number) : digitsOf(number));
function inTime(ns) {
  const [scale, unit] = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]].find(([one]) => ns >= one) ?? [1, "ns"];
  return `${digitsOf(ns / scale)} ${unit}`;
}
const parts = (now, before) => (before > 0 ? `${now >= before ? "+" : "−"}${Math.abs(100 * (now / before - 1)).toFixed(1)} %` : "");

class Costs {
  constructor(sheet) {
    this.sheet = sheet;
    this.priced = new Priced(sheet);
    this.settings = readSettings(sheet.figures);
    this.before = this.priced.at(new Map());
    // What whoever opens this most likely asks about: the last run has probes.
    this.chosen = sheet.items.length - 1;
    this.table = el("tbody");
    this.ranges = el("p", { class: "quiet", id: "cost-range" });
    this.bars = el("div");
    this.tornado = el("div");
    this.sliders = new Sliders({ figures: sheet.figures, notOffered: this.notOffered(), folded: true, command: () => sheet.items[this.chosen].command },
      this.settings, () => this.show());
    this.sliders.results.append(this.results());
    this.element = section("costs", "At other costs", this.sliders.element);
    if (this.settings.size) this.sliders.element.open = true;
    this.sliders.element.addEventListener("toggle", () => this.show());
  }

  notOffered() {
    const { behaviour, run_instead: run } = this.sheet;
    const keys = behaviour.length ? behaviour.join(", ") : "the keys of kernels and machines that are not here";
    return ["Not offered, because they change what is done, and not only what it costs: ", keys, ". Run the tool again for those: ", el("code", {}, run)];
  }

  results() {
    const choose = el("select", { id: "cost-item", onchange: () => { this.chosen = Number(choose.value); this.sliders.show(); this.show(); } },
      this.sheet.items.map((item, i) => el("option", { value: i, selected: i === this.chosen }, item.label)));
    return el("div", { id: "cost-results" },
      el("div", { class: "scroll" }, el("table", { class: "rows" }, el("thead", {}, el("tr", {}, ["figure", "as reported", "at these costs", "change"].map((text, c) =>
        el("th", { scope: "col", class: c ? "figure" : undefined }, text)))), this.table)),
      this.bars,
      this.sheet.items.length > 1 ? el("p", {}, el("label", {}, "Range and command of ", choose)) : null,
      this.ranges, this.tornado);
  }

  show() {
    writeSettings(this.settings);
    if (!this.sliders.element.open) return;
    const now = this.priced.at(this.settings);
    const several = now.length > 1;
    replace(this.table, now.flatMap((item, i) => [several ? el("tr", {}, el("th", { scope: "colgroup", colspan: 4 }, name(item.label))) : null,
      ...this.sheet.items[i].answers.map((answer, a) => el("tr", { "data-item": i, "data-answer": a },
      el("th", { scope: "row", class: several ? "part" : undefined }, titled(answer)),
      el("td", { class: "figure" }, value(this.before[i].answers[a], answer.unit)),
      el("td", { class: "figure", "data-value": item.answers[a] }, value(item.answers[a], answer.unit)),
      el("td", { class: "figure" }, item.answers[a] === this.before[i].answers[a] ? "" : parts(item.answers[a], this.before[i].answers[a]))))]));
    this.drawBars(now);
    this.drawRange();
    this.sayNow(now);
  }

  // In sight while the sliders below are moved.
  sayNow(now) {
    const { label, answers } = this.sheet.items[this.chosen];
    replace(this.sliders.now, name(label), ": ", answers.map((answer, a) => {
      const is = now[this.chosen].answers[a], was = this.before[this.chosen].answers[a];
      return [a ? "; " : "", `${titled(answer)} `, el("strong", {}, value(is, answer.unit)), is === was ? "" : ` (${parts(is, was)})`];
    }));
  }

  drawBars(now) {
    const items = now.filter((item) => item.work).slice(0, MOST_BARS);
    const used = this.priced.kinds.filter((kind) => items.some((item) => item.work.some(([one, cycles]) => one === kind && cycles > 0)));
    const rows = items.map((item) => ({ name: item.label, values: used.map((kind) => {
      const cycles = item.work.find(([one]) => one === kind)[1];
      return { value: cycles, text: digitsOf(Math.round(cycles)) };
    }) }));
    const sum = (row) => row.values.reduce((all, v) => all + v.value, 0);
    replace(this.bars, rows.length ? chartFrame({ kind: "stacked", told: rows.map((row) => `${row.name} ${digitsOf(sum(row))}`).join("; "), title: "Where the cycles of a hit go at these costs", unit: "cycles a hit", axis: 0,
      series: used.map((kind) => ({ name: kind, work: kind })), rows }) : []);
  }

  drawRange() {
    const item = this.sheet.items[this.chosen], range = this.priced.rangeOf(this.chosen, this.settings), [answer] = item.answers;
    Object.assign(this.ranges.dataset, { low: range.low[0], high: range.high[0], independentLow: range.independent[0], independentHigh: range.independent[1],
      swings: range.swings.slice(0, MOST_SWINGS).map(({ key }) => key).join(" ") });
    replace(this.ranges, `${item.label}, ${answer.name}: ${value(range.base, answer.unit)}; within the confidence of the figures that are not set from ${value(range.low[0], answer.unit)} to ` +
      `${value(range.high[0], answer.unit)} if all are off together, from ${value(range.independent[0], answer.unit)} to ${value(range.independent[1], answer.unit)} if each is by itself.`,
      item.rows.some(([path]) => path === "exception irq") ? " Ticks are taken as they were counted: a longer run has more." : "");
    const percent = (number) => (100 * number) / range.base;
    replace(this.tornado, range.swings.length && range.base > 0 ? chartFrame({ kind: "tornado", told: range.swings.slice(0, MOST_SWINGS).map(({ key, low, high }) => `${key} ${digitsOf(percent(low[0]))} to ${digitsOf(percent(high[0]))}`).join("; "), title: `One figure at a time: ${answer.name} of ${item.label}`, unit: "% of the value", base: 100,
      series: [{ name: answer.name }], rows: range.swings.slice(0, MOST_SWINGS).map(({ key, low, high, figure }) => ({ name: key,
        note: together(figure), values: [{ value: 100, low: percent(low[0]), high: percent(high[0]), text: "100" }] })) }) : []);
  }
}

const titled = ({ name: what, unit }) => (unit === "ns" || what.includes(unit) ? what : `${what}, ${unit}`);

// Instructions of a path and of its units go together: their range is that of each.
const together = (figure) => (figure.key.startsWith("kernel.paths.") ? "" : `${digitsOf(figure.low)} to ${digitsOf(figure.high)}`);

// Null where the report has no costs that could be changed.
export function costsPart() {
  const sheet = JSON.parse(document.getElementById("cost-data").textContent);
  if (sheet === null) return null;
  if (sheet.why_not) return section("other-costs", "At other costs", el("p", { class: "quiet" }, `This report cannot be priced again: ${sheet.why_not}.`));
  const costs = new Costs(sheet);
  costs.show();
  return costs.element;
}
