// SPDX-License-Identifier: GPL-2.0-or-later
// General registers that a step changed, and the system registers bit by bit.
import { el } from "./dom.js";
import { REGISTERS } from "./fields.js";
import { term } from "./glossary.js";
import { isHit, placeOf } from "./story.js";

function changedRow(name, before, now) {
  return el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, el("s", {}, before)), el("td", {}, el("strong", {}, now)));
}

export function changedRegisters(frame) {
  const names = frame.event ? Object.keys(frame.event.registers) : [];
  const table = names.length === 0
    ? el("p", { class: "quiet" }, frame.event ? "No register of the program changes." : "Nothing has happened yet.")
    : el("table", { class: "registers" },
        el("caption", { class: "hidden" }, "registers that this step changes"),
        el("thead", { class: "hidden" }, el("tr", {}, el("th", { scope: "col" }, "register"), el("th", { scope: "col" }, "before"), el("th", { scope: "col" }, "now"))),
        el("tbody", {}, names.map((n) => changedRow(n, frame.last.registers[n], frame.registers[n]))));
  return [table, el("details", { class: "all-registers", "data-fold": "registers" }, el("summary", {}, "All registers of the program"),
    el("dl", { class: "grid" }, Object.entries(frame.registers).map(([n, v]) =>
      el("div", { class: names.includes(n) ? "changed" : "" }, el("dt", {}, n), el("dd", {}, v)))))];
}

const fieldValue = (bits, high, low) => (bits >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n);

// One box for each bit; the boxes of a field stand together under its name. Reserved bits are one
// box without a value.
function bitRow(name, value, before) {
  const bits = BigInt(value), old = before === null ? bits : BigInt(before);
  const box = (at) => {
    const bit = (bits >> at) & 1n, changed = bit !== ((old >> at) & 1n);
    return el("i", { class: `${bit ? "one" : "zero"}${changed ? " changed" : ""}` }, bit.toString());
  };
  return el("span", { class: "bits", "aria-hidden": "true" }, REGISTERS[name].map(([field, high, low]) =>
    el("span", { class: "field" }, el("span", { class: field.length > 2 * (high - low + 1) ? "field-name upright" : "field-name" }, field),
      el("span", { class: "boxes" }, field ? Array.from({ length: high - low + 1 }, (_, i) => box(BigInt(high - i))) : el("i", { class: "reserved" })))));
}

function fieldTable(name, value, words) {
  const bits = BigInt(value);
  return el("table", { class: "fields" },
    el("thead", {}, el("tr", {}, ["bits", "field", "value", "meaning"].map((h) => el("th", { scope: "col" }, h)))),
    el("tbody", {}, REGISTERS[name].filter(([field]) => field).map(([field, high, low, meaning]) =>
      el("tr", {}, el("td", {}, high === low ? `${high}` : `${high}:${low}`), el("th", { scope: "row" }, field),
        el("td", {}, `0x${fieldValue(bits, high, low).toString(16)}`), el("td", {}, words[field] ?? meaning)))));
}

function register(name, value, before, words = {}) {
  if (value === undefined) return el("p", { class: "quiet" }, term(name), " has not been written.");
  const changed = before !== null && before !== value;
  return el("div", { class: "register" },
    el("p", { class: changed ? "value changed" : "value" }, term(name), " ", changed ? [el("s", {}, before), " "] : "",
      el("strong", { "data-register": name }, value)),
    REGISTERS[name] ? el("details", { "data-fold": name },
      el("summary", {}, el("span", { class: "hidden" }, `fields of ${name} `), bitRow(name, value, before)), fieldTable(name, value, words)) : null);
}

export function systemRegisters(run, frame) {
  if (!frame.system) return el("p", { class: "quiet" }, `No exception has been taken yet: ESR_EL1, ELR_EL1 and SPSR_EL1 hold nothing of this ${isHit(run) ? "hit" : "exception"}.`);
  const { esr_el1, elr_el1, spsr_el1, mdscr_el1_ss, far_el1 } = frame.system;
  const old = frame.last?.system;
  const before = (key) => (old ? old[key] ?? null : null);
  // The words for ESR are those of the exception that wrote it.
  let cause = frame;
  while (cause.event && !cause.event.esr) cause = cause.last;
  const why = cause.event ? { EC: cause.event.ec_name, ISS: cause.event.iss_text } : {};
  const place = placeOf(run, frame.state, elr_el1);
  const elr = el("div", { class: "register" }, el("p", { class: before("elr_el1") !== null && before("elr_el1") !== elr_el1 ? "value changed" : "value" },
    term("ELR_EL1"), " ", before("elr_el1") !== null && before("elr_el1") !== elr_el1 ? [el("s", {}, before("elr_el1")), " "] : "",
    el("strong", { "data-register": "ELR_EL1" }, elr_el1), place ? ` (${place})` : ""));
  const mdscr = before("mdscr_el1_ss");
  return [
    elr,
    register("ESR_EL1", esr_el1, before("esr_el1"), why),
    register("SPSR_EL1", spsr_el1, before("spsr_el1")),
    el("div", { class: "register" }, el("p", { class: mdscr !== null && mdscr !== mdscr_el1_ss ? "value changed" : "value" },
      term("MDSCR_EL1.SS"), " ", mdscr !== null && mdscr !== mdscr_el1_ss ? [el("s", {}, mdscr), " "] : "", el("strong", { "data-register": "MDSCR_EL1.SS" }, `${mdscr_el1_ss}`),
      mdscr_el1_ss ? " software step is enabled" : " software step is off")),
    far_el1 ? el("div", { class: "register" }, el("p", { class: "value" }, term("FAR_EL1"), " ", el("strong", { "data-register": "FAR_EL1" }, far_el1), " address that faulted")) : null,
  ];
}
