// SPDX-License-Identifier: GPL-2.0-or-later
// Tables of a page: sorted by a column, the first rows of long ones, and found in by a word.
import { el } from "./dom.js";
import { many } from "./numbers.js";

const FIND_FROM = 25; // rows

// A row and the notes under it.
function rowsOf(body) {
  const rows = [];
  for (const tr of body.rows) {
    if (tr.classList.contains("note")) rows[rows.length - 1].push(tr);
    else rows.push([tr]);
  }
  return rows;
}

// Numbers as the report has them in all digits; what is missing comes last, whatever the order.
function comparer(column, down) {
  const valueOf = ([tr]) => {
    const cell = tr.cells[column];
    return cell?.dataset.value !== undefined ? Number(cell.dataset.value === "" ? "NaN" : cell.dataset.value) : cell?.textContent ?? "";
  };
  return (a, b) => {
    const x = valueOf(a), y = valueOf(b);
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    if (typeof x !== typeof y) return typeof x === "number" ? -1 : 1;
    const order = x < y ? -1 : x > y ? 1 : 0;
    return down ? -order : order;
  };
}

class RowTable {
  constructor(table, say) {
    this.table = table;
    this.say = say;
    this.body = table.tBodies[0];
    this.rows = rowsOf(this.body);
    this.first = Number(table.dataset.first);
    this.all = false;
    this.query = "";
    this.headings = [...table.tHead.rows[0].cells];
    if (table.hasAttribute("data-sorts")) this.addSorting();
    this.addControls();
    this.show();
  }

  addSorting() {
    this.headings.forEach((heading, column) => {
      const text = heading.textContent;
      if (text === "") return;
      heading.replaceChildren(el("button", { type: "button", class: "sort", title: `sort by ${text.slice(0, 200)}`, onclick: () => this.sort(column) }, ...heading.childNodes));
    });
  }

  // A number's first order is the largest first.
  sort(column) {
    const heading = this.headings[column], was = heading.getAttribute("aria-sort");
    const numbers = this.rows.some(([tr]) => tr.cells[column]?.dataset.value !== undefined);
    const down = was === null ? numbers : was === "ascending";
    for (const other of this.headings) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    this.rows.sort(comparer(column, down));
    this.body.append(...this.rows.flat());
    this.show();
    this.say(`sorted by ${heading.textContent}, ${down ? "descending" : "ascending"}`);
  }

  addControls() {
    const long = this.first > 0 && this.rows.length > this.first;
    const finds = this.rows.length >= FIND_FROM && this.table.hasAttribute("data-sorts");
    if (!long && !finds) return;
    this.more = long ? el("button", { type: "button", class: "more", "aria-expanded": "false", onclick: () => { this.all = !this.all; this.show(); this.say(this.count.value); } }) : null;
    this.count = el("output", { class: "quiet" });
    const heading = this.headings[0].textContent;
    this.find = finds ? el("input", { type: "search", "aria-label": `rows of ${heading} with this word`, placeholder: "find", spellcheck: "false", autocomplete: "off",
      oninput: () => { this.query = this.find.value.trim().toLowerCase(); this.show(); this.say(this.count.value); } }) : null;
    this.table.parentElement.after(el("p", { class: "table-controls" }, this.more, this.find, this.count));
  }

  show() {
    const { query } = this;
    let found = 0, shown = 0;
    for (const row of this.rows) {
      const matches = query === "" || row.some((tr) => tr.textContent.toLowerCase().includes(query));
      if (matches) ++found;
      const hides = !matches || (query === "" && this.first > 0 && !this.all && found > this.first);
      if (!hides) ++shown;
      for (const tr of row) tr.hidden = hides;
    }
    if (this.more) {
      this.more.hidden = query !== "";
      this.more.setAttribute("aria-expanded", `${this.all}`);
      this.more.textContent = this.all ? `Show the first ${this.first} only` : `Show ${many(this.rows.length - this.first, "more row")}`;
    }
    if (this.count) this.count.value = query === "" ? `${shown} of ${many(this.rows.length, "row")}` : `${many(found, "row")} with it`;
  }

  unfold() {
    this.all = true;
    this.show();
  }
}

// `say`: tells a reader who hears the page what changed.
export function enhanceTables(say) {
  return [...document.querySelectorAll("table.rows")].map((table) => new RowTable(table, say));
}
