// SPDX-License-Identifier: GPL-2.0-or-later
// What all charts are made of: texts that fit, figures, the frame of a picture.
import { svg } from "./dom.js";

// How wide a text will be.
const pen = document.createElement("canvas").getContext("2d");
export const widthOf = (text) => {
  pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  return pen.measureText(text).width;
};
// In the middle: names differ at their ends.
export function shortened(text, room) {
  const letters = [...text];
  const wide = widthOf(text);
  if (wide <= room) return text;
  const most = Math.max(6, Math.floor((letters.length * room) / wide));
  const head = Math.floor((most - 1) * 0.4);
  return `${letters.slice(0, head).join("")}…${letters.slice(letters.length - (most - 1 - head)).join("")}`;
}

export const colour = (chart, s) => chart.series[s].work || `series-${chart.series[s].colour ?? s % 7}`;
export const present = (values) => values.filter((v) => v !== null);

export function figure(value) {
  if (value === 0 || Math.abs(value) >= 1000) return Math.round(value).toString().replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return Number(value.toPrecision(4)).toString();
}

export function picture(chart, height, width, ...parts) {
  return svg("svg", { class: "picture", width, height, viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `${chart.title}, ${chart.unit}; ${chart.told ?? "the figures are in the table below"}` }, parts);
}
