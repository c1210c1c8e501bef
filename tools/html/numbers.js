// SPDX-License-Identifier: GPL-2.0-or-later
// Figures as the text report writes them.
export function grouped(value) {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

function digits(value, most) {
  const [whole, part] = Number(value.toFixed(most)).toString().split(".");
  return whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",") + (part ? "." + part : "");
}

// A figure as the report has it.
export const exact = (value) => digits(value, 6);
// To a hundredth, as the simulator counts.
export const cycles = (value) => digits(value, 2);

export function duration(ns) {
  return ns < 1000 ? `${ns.toFixed(1)} ns` : `${(ns / 1000).toFixed(2)} µs`;
}

// "medium: fitted to ...", and "assumption: ..." once.
export function sourced({ confidence, source }) {
  return source.startsWith(`${confidence}:`) ? source : `${confidence}: ${source}`;
}

export function many(count, noun) {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}
