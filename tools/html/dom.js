// SPDX-License-Identifier: GPL-2.0-or-later
// Elements from data. Text only ever becomes a text node, so a name that looks like markup stays a
// name.
const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === undefined || value === null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

// The document's own text direction must not be changed by a name's.
export function name(text, attributes = {}) {
  return el("bdi", { class: "name", title: text.length > 60 ? text : undefined, ...attributes }, text);
}

// A part of the page that has a heading.
export function section(id, heading, ...children) {
  return el("section", { id, "aria-labelledby": `${id}-h`, tabindex: "-1" }, el("h2", { id: `${id}-h` }, heading), ...children);
}

export function replace(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
}
