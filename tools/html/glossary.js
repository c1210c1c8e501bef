// SPDX-License-Identifier: GPL-2.0-or-later
// The glossary of docs/, and text in which its terms open their entries.
import source from "../../docs/glossary.md";
import { el, replace } from "./dom.js";

// "**ESR (ESR_EL1).** The ..." has the terms "ESR" and "ESR_EL1".
function entriesOf(markdown) {
  return markdown.split(/\n\n+/).flatMap((paragraph) => {
    const match = /^\*\*(.+?)\.\*\*\s+([\s\S]+)$/.exec(paragraph);
    if (!match) return [];
    const terms = match[1].split(/,\s*|\s*[()]\s*/).filter(Boolean);
    return [{ heading: match[1], terms, text: match[2].replace(/\s+/g, " ").trim() }];
  });
}

const ENTRIES = entriesOf(source);
// Words of the page that are written otherwise than in the glossary.
const ALSO = { "UTASK_RUNNING": "UTASK states", "UTASK_SSTEP": "UTASK states", "UTASK_SSTEP_ACK": "UTASK states",
  "UTASK_SSTEP_TRAPPED": "UTASK states", "SPSR_EL1": "SPSR.SS", "SPSR.SS": "SPSR.SS", "MDSCR_EL1.SS": "MDSCR.SS",
  "MDSCR_EL1": "MDSCR.SS", "XOL page": "XOL", "XOL slot": "Slot", "software step": "Software step", "slot": "Slot",
  "consumers": "Consumer", "consumer": "Consumer", "stepped": "Stepped", "emulated": "Emulated", "hit": "Hit",
  "trampoline": "Trampoline", "dc-cvau": "DC CVAU", "ic-ivau": "IC IVAU", "dsb-ish": "DSB ISH",
  "confidence": "Confidence", "system call": "system call", "System call": "system call", "signal frame": "Signal frame", "interrupt": "interrupt",
  "data abort": "Data abort", "instruction abort": "instruction abort", "copy-on-write": "Copy-on-write", "zero page": "Zero page", "page": "Page", "handler": "Signal", "return probe": "return probe", "kernel path": "Kernel path" };
const BY_TERM = new Map();
for (const entry of ENTRIES) for (const term of entry.terms) BY_TERM.set(term, entry);
for (const [word, term] of Object.entries(ALSO)) if (BY_TERM.has(term)) BY_TERM.set(word, BY_TERM.get(term));
const PATTERN = new RegExp(
  `(?<![\\w.-])(${[...BY_TERM.keys()].sort((a, b) => b.length - a.length).map((t) => t.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})(?![\\w-])`,
);

const panel = el("aside", { id: "glossary", role: "dialog", "aria-labelledby": "glossary-h", hidden: true, tabindex: "-1" });
let opener = null;

export function closeGlossary() {
  if (panel.hidden) return;
  panel.hidden = true;
  if (opener?.isConnected) opener.focus();
}

function open(entry, button) {
  opener = button;
  replace(panel, el("h2", { id: "glossary-h" }, entry.heading), el("p", {}, ...plain(entry.text)),
    el("button", { type: "button", onclick: closeGlossary }, "Close"));
  panel.hidden = false;
  panel.focus();
}

// Words between backquotes are code.
function plain(text) {
  return text.split(/`([^`]*)`/).map((part, i) => (i % 2 ? el("code", {}, part) : part));
}

export function term(word) {
  const entry = BY_TERM.get(word);
  if (!entry) return word;
  const button = el("button", { type: "button", class: "term" }, word);
  button.addEventListener("click", () => open(entry, button));
  return button;
}

// The first time that a term comes in the text it opens its entry.
export function linked(text, seen = new Set()) {
  const parts = [];
  let rest = text;
  for (let from = 0; ; ) {
    const match = PATTERN.exec(rest.slice(from));
    if (!match) break;
    const at = from + match.index, word = match[0];
    if (seen.has(BY_TERM.get(word))) {
      from = at + word.length;
      continue;
    }
    seen.add(BY_TERM.get(word));
    parts.push(rest.slice(0, at), term(word));
    rest = rest.slice(at + word.length);
    from = 0;
  }
  return [...parts, rest];
}

export function glossaryPanel() {
  return panel;
}

export function glossaryList() {
  return el("details", { id: "glossary-list" }, el("summary", {}, "Glossary"),
    el("dl", {}, ENTRIES.map((e) => [el("dt", {}, e.heading), el("dd", {}, ...plain(e.text))])));
}
