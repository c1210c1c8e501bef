// SPDX-License-Identifier: GPL-2.0-or-later
// Figures as the text report writes them.
export function grouped(value) {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

// As many digits as there are, to a hundredth.
export function exact(value) {
  const [whole, part] = (Math.round(value * 100) / 100).toString().split(".");
  return whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",") + (part ? "." + part : "");
}

// Cycles to the last digit of the report.
export const cycles = exact;

export function duration(ns) {
  return ns < 1000 ? `${ns.toFixed(1)} ns` : `${(ns / 1000).toFixed(2)} µs`;
}

export function many(count, noun) {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}
