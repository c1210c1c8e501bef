// SPDX-License-Identifier: GPL-2.0-or-later
// The page of `run --stacks FILE.html`: a flame graph, and the same as a list that a keyboard goes
// through.
import { el, name, replace, section } from "./dom.js";
import { describe, everyNode, findPath, flameGraph, flameLegend, pathOf, share, treeOf } from "./flame.js";
import { grouped } from "./numbers.js";

const MOST_ROWS = 25;

class StacksPage {
  constructor(report) {
    this.report = report;
    this.root = treeOf(report.stacks);
    const words = new URLSearchParams(location.hash.slice(1));
    this.top = this.current = findPath(this.root, words.get("at") ?? "");
    this.query = words.get("find") ?? "";
    this.build();
    addEventListener("hashchange", () => location.reload());
    new ResizeObserver(() => this.draw()).observe(this.parts.flame);
    this.show();
  }

  build() {
    const { report, root } = this;
    const p = this.parts = { live: el("p", { class: "hidden", "aria-live": "polite", id: "live" }) };
    for (const part of ["flame", "path", "list", "self", "found"]) p[part] = el("div", { class: "content" });
    const search = el("input", { type: "search", id: "find", value: this.query, "aria-label": "find frames", placeholder: "find", spellcheck: "false", autocomplete: "off",
      oninput: () => { this.query = search.value; this.show(); } });
    replace(document.getElementById("page"),
      el("header", {}, el("h1", { class: "hidden" }, "Flame graph"), el("p", { class: "what" }, name(report.command.join(" ")), " on ", name(report.machine), ", ", name(report.kernel)), this.sentence()),
      el("nav", { id: "controls", "aria-label": "frames" },
        el("button", { type: "button", id: "up", onclick: () => this.go(this.top.parent ?? root) }, "Up"),
        el("button", { type: "button", id: "all", onclick: () => this.go(root) }, "All"), search, p.found, flameLegend()),
      p.live,
      section("graph", "Flame graph", p.flame),
      el("div", { id: "machine", class: "two" }, section("frame", "This frame and what it calls", p.path, p.list), section("most", "Where cycles are spent", p.self)),
      el("footer", {}, `uprobesim ${report.version}`));
  }

  sentence() {
    const { root } = this;
    let probes = 0;
    everyNode(root, (node) => { if (node.kind === "probe" && node.parent.kind !== "probe") probes += node.total; });
    return el("p", { id: "answer" }, el("strong", {}, `${grouped(root.total)} cycles`), probes
      ? [", of them ", el("strong", { id: "probe-cycles" }, grouped(probes)), ` (${((100 * probes) / root.total).toFixed(1)} %) of probes.`] : ", none of them of probes.");
  }

  go(node) {
    this.top = this.current = node;
    this.show();
    this.parts.live.textContent = describe(node, this.root);
  }

  matcher() {
    const query = this.query.trim().toLowerCase();
    return query === "" ? null : (node) => node.name.toLowerCase().includes(query);
  }

  draw() {
    const width = Math.max(280, Math.floor(this.parts.flame.clientWidth));
    replace(this.parts.flame, flameGraph(this.root, { top: this.top, current: this.current, width, matches: this.matcher(), onPick: (node) => this.go(node) }));
  }

  row(node, total) {
    return el("tr", {}, el("th", { scope: "row" }, el("span", { class: `swatch flame-${node.kind}` }),
      el("button", { type: "button", class: "plain", onclick: () => this.go(node) }, name(node.name))),
      el("td", { class: "figure" }, grouped(total)), el("td", { class: "figure" }, `${((100 * total) / Math.max(this.root.total, 1)).toFixed(2)} %`));
  }

  table(caption, rows) {
    return el("div", { class: "scroll" }, el("table", { class: "frames" }, el("caption", { class: "hidden" }, caption),
      el("thead", {}, el("tr", {}, ["frame", "cycles", "of all"].map((h) => el("th", { scope: "col" }, h)))), el("tbody", {}, rows)));
  }

  // Functions and paths by their own cycles, wherever they stand.
  spent() {
    const sums = new Map();
    everyNode(this.top, (node) => {
      if (node.self === 0) return;
      const key = `${node.kind} ${node.name}`, known = sums.get(key);
      if (known) known.self += node.self;
      else sums.set(key, { node, self: node.self });
    });
    return [...sums.values()].sort((a, b) => b.self - a.self || (a.node.name < b.node.name ? -1 : 1));
  }

  show() {
    const { top, root, parts } = this;
    this.draw();
    const path = [];
    for (let node = top; node; node = node.parent) path.unshift(node);
    replace(parts.path, el("p", { class: "crumbs" }, path.map((node, i) => [i ? " › " : "",
      node === top ? el("strong", {}, name(node.name)) : el("button", { type: "button", class: "plain", onclick: () => this.go(node) }, name(node.name))])),
      el("p", { id: "frame-figures" }, `${grouped(top.total)} cycles, ${share(top, root)}`, top.self ? `; its own ${grouped(top.self)}` : "", "."));
    replace(parts.list, top.children.length ? this.table("what this frame calls", top.children.slice(0, MOST_ROWS).map((node) => this.row(node, node.total))) : el("p", { class: "quiet" }, "It calls nothing."),
      top.children.length > MOST_ROWS ? el("p", { class: "quiet" }, `${grouped(top.children.length - MOST_ROWS)} more have fewer.`) : null);
    const spent = this.spent();
    replace(parts.self, this.table("own cycles within this frame", spent.slice(0, MOST_ROWS).map(({ node, self }) => this.row(node, self))),
      spent.length > MOST_ROWS ? el("p", { class: "quiet" }, `${grouped(spent.length - MOST_ROWS)} more have fewer.`) : null);
    const matches = this.matcher();
    let found = 0;
    if (matches) {
      const sum = (node) => { if (matches(node)) found += node.total; else node.children.forEach(sum); };
      sum(root);
    }
    replace(parts.found, matches ? el("output", { id: "found" }, `${grouped(found)} cycles, ${((100 * found) / Math.max(root.total, 1)).toFixed(2)} %`) : "");
    const words = new URLSearchParams();
    if (top !== root) words.set("at", pathOf(top));
    if (this.query) words.set("find", this.query);
    history.replaceState(null, "", `#${words}`);
  }
}

new StacksPage(JSON.parse(document.getElementById("report").textContent));
