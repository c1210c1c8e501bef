// SPDX-License-Identifier: GPL-2.0-or-later
// The words of the program's text and of the page of slots, with the pc.
import { el, name } from "./dom.js";
import { term } from "./glossary.js";
import { isHit, pageText } from "./story.js";

const HEADINGS = { program: () => "Program text", xol: () => [term("XOL page"), " ([uprobes])"], shared: () => "Page of shared slots" };
const MOST = 8; // rows of a page

// Those next to the pc or changed, the first one always: the trampoline is there.
function interesting(words, frame) {
  if (words.length <= MOST) return words;
  const pc = BigInt(frame.state.pc);
  const rank = (w, i) => (frame.changedWords.has(w.address) ? 0 : i === 0 ? 1 : Number((BigInt(w.address) > pc ? BigInt(w.address) - pc : pc - BigInt(w.address)) / 4n) + 2);
  const chosen = words.map((w, i) => [rank(w, i), w]).sort((a, b) => a[0] - b[0]).slice(0, MOST).map(([, w]) => w);
  return words.filter((w) => chosen.includes(w));
}

// A slot that nothing has been written to.
const unused = (word, frame) => word.page === "xol" && word.word === "00000000" && word.address !== frame.state.pc && !frame.changedWords.has(word.address);

function wordRow(word, frame) {
  const here = word.address === frame.state.pc, changed = frame.changedWords.has(word.address);
  return el("tr", { class: `${here ? "pc" : ""}${changed ? " changed" : ""}` },
    el("td", { class: "arrow-cell" }, here ? el("span", { title: "the pc is here" }, el("span", { class: "hidden" }, "pc"), "▸") : ""),
    el("th", { scope: "row" }, word.address),
    el("td", {}, changed ? [el("s", {}, word.before), " "] : "", word.word),
    el("td", { class: "text" }, word.text));
}

// The page of the address that faulted, in memory: before this step and now.
function faultPage(frame) {
  const { page } = frame.state, old = frame.last?.state.page ?? page;
  const changed = pageText(page) !== pageText(old);
  return el("div", { class: "page" }, el("h3", {}, "Page that faulted"),
    el("p", { class: "value" }, page.address, page.mapping_rights ? [", ", page.mapping_rights, " of ", name(page.mapping || "anonymous memory")] : ", in no mapping"),
    el("p", { class: changed ? "value changed" : "value", id: "fault-page" }, changed ? [el("s", {}, pageText(old)), " "] : "", el("strong", {}, pageText(page))));
}

export function codePages(run, frame) {
  const tables = Object.keys(HEADINGS).map((page) => {
    const words = [...frame.words.values()].filter((w) => w.page === page && !unused(w, frame)).sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
    if (words.length === 0) return null;
    const rows = interesting(words, frame);
    const lines = rows.flatMap((w, i) => {
      const gap = i > 0 && BigInt(w.address) - BigInt(rows[i - 1].address) > 4n;
      return [gap ? el("tr", { class: "gap", "aria-hidden": "true" }, el("td", {}), el("td", { colspan: "3" }, "···")) : null, wordRow(w, frame)];
    });
    return el("div", { class: "page" }, el("h3", {}, HEADINGS[page]()), el("div", { class: "scroll" },
      el("table", { class: "words" }, el("thead", { class: "hidden" }, el("tr", {}, ["pc", "address", "word", "instruction"].map((h) => el("th", { scope: "col" }, h)))), el("tbody", {}, lines))));
  });
  if (frame.state.page) tables.push(faultPage(frame));
  if (isHit(run) && !frame.state.xol_page && !frame.state.shared_page)
    tables.push(el("p", { class: "quiet" }, "The process has no page of slots."));
  return tables;
}
