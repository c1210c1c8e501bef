// SPDX-License-Identifier: GPL-2.0-or-later
// A flame graph of folded stacks, the root on top: as wide as its cycles, each frame under its
// caller. What probes cost has a colour of its own. A part that any page can use.
import { el, svg } from "./dom.js";
import { grouped } from "./numbers.js";

const ROW = 18, CHARACTER = 6.6, LEAST = 0.5; // pixels

// What a frame is, by its name: all that is on top of "[uprobe]" is a probe's.
function kindOf(parent, name) {
  if (parent?.kind === "probe" || name === "[uprobe]") return "probe";
  if (parent?.kind === "kernel" || /^\[(svc|brk|software-step|data-abort|insn-abort|undefined|sysreg-trap|pc-alignment|irq)\]$/.test(name)) return "kernel";
  return "user";
}

// stacks: [["program;function;[svc]", cycles], ...]. A node has name, kind, total, self, children by
// total, and its parent.
export function treeOf(stacks) {
  const root = { name: "all", kind: "user", total: 0, self: 0, children: new Map(), parent: null, depth: 0 };
  for (const [stack, cycles] of stacks) {
    let node = root;
    node.total += cycles;
    for (const name of stack.split(";")) {
      let next = node.children.get(name);
      if (!next) {
        next = { name, kind: kindOf(node, name), total: 0, self: 0, children: new Map(), parent: node, depth: node.depth + 1 };
        node.children.set(name, next);
      }
      next.total += cycles;
      node = next;
    }
    node.self += cycles;
  }
  const sort = (node) => {
    node.children = [...node.children.values()].sort((a, b) => b.total - a.total || (a.name < b.name ? -1 : 1));
    node.children.forEach(sort);
  };
  sort(root);
  return root;
}

export function everyNode(node, visit) {
  visit(node);
  node.children.forEach((child) => everyNode(child, visit));
}

// "program;function", of the root "".
export function pathOf(node) {
  return node.parent ? [pathOf(node.parent), node.name].filter(Boolean).join(";") : "";
}

export function findPath(root, path) {
  let node = root;
  for (const name of path === "" ? [] : path.split(";")) {
    const next = node.children.find((child) => child.name === name);
    if (!next) return node;
    node = next;
  }
  return node;
}

export const share = (node, root) => `${((100 * node.total) / Math.max(root.total, 1)).toFixed(2)} %`;

export function describe(node, root) {
  return `${node.name}: ${grouped(node.total)} cycles, ${share(node, root)}` + (node.self && node.children.length ? `, itself ${grouped(node.self)}` : "");
}

// `top`: the node that is as wide as the picture; those that it is called by stand above it.
// `matches`: which frames to mark, or null. `onPick(node)`: one was chosen.
export function flameGraph(root, { top, width, matches, current, onPick }) {
  const parts = [];
  let depth = top.depth;
  const frame = (node, x, w, above) => {
    const y = node.depth * ROW, name = node.name;
    depth = Math.max(depth, node.depth);
    const room = Math.floor((w - 6) / CHARACTER);
    const text = room < 3 ? "" : name.length <= room ? name : `${name.slice(0, room - 1)}…`;
    const marked = matches && matches(node) ? " match" : "";
    const rect = svg("g", { class: `frame ${node.kind}${above ? " above" : ""}${marked}${node === current ? " current" : ""}` },
      svg("title", {}, describe(node, root)), svg("rect", { x, y, width: Math.max(w - 0.5, LEAST), height: ROW - 1 }),
      text ? svg("text", { x: x + 3, y: y + 13 }, text) : null);
    rect.addEventListener("click", () => onPick(node));
    parts.push(rect);
  };
  for (let node = top; node; node = node.parent) frame(node, 0, width, node !== top);
  const below = (node, x0, scale) => {
    let x = x0;
    for (const child of node.children) {
      const w = child.total * scale;
      if (w < LEAST) break; // the others are narrower still
      frame(child, x, w, false);
      below(child, x, scale);
      x += w;
    }
  };
  below(top, 0, width / Math.max(top.total, 1));
  const height = (depth + 1) * ROW;
  return svg("svg", { class: "flame", role: "img", width, height, viewBox: `0 0 ${width} ${height}`,
    "aria-label": `Flame graph of ${describe(top, root)}` }, parts);
}

export function flameLegend() {
  return el("ul", { class: "kinds flame-legend" }, [["user", "program"], ["kernel", "exceptions and kernel"], ["probe", "probes"]].map(([kind, text]) =>
    el("li", {}, el("span", { class: `swatch flame-${kind}` }), text)));
}
