// SPDX-License-Identifier: GPL-2.0-or-later
// Charts of a figure over axes: lines with bands, a field of colours, upright axes with a line for
// each point.
import { scaleLinear } from "d3-scale";
import { colour, figure, picture, present, shortened, widthOf } from "./chart_parts.js";
import { el, svg } from "./dom.js";

const TALL = 240, TOP = 10, BELOW = 40; // px

// From light to dark, so that they are in order without colours too.
const SHADES = [[0xfd, 0xf0, 0xd5], [0xf2, 0xb1, 0x34], [0xc8, 0x55, 0x3d], [0x6b, 0x1e, 0x5b], [0x1b, 0x0b, 0x3b]];
// Lines have to show on light and on dark ground.
const STROKES = [[0x33, 0x9c, 0xd8], [0x96, 0x96, 0x96], [0xd5, 0x5e, 0x00]];
function mixed(colours, part) {
  const at = Math.min(Math.max(part, 0), 1) * (colours.length - 1), i = Math.min(Math.floor(at), colours.length - 2);
  return `rgb(${colours[i].map((from, c) => Math.round(from + (colours[i + 1][c] - from) * (at - i))).join(",")})`;
}
const shade = (part) => mixed(SHADES, part);

const rangeOf = (values) => {
  const least = Math.min(...values), most = Math.max(...values);
  return least === most ? [least - 1, most + 1] : [least, most];
};
const partOf = ([least, most], value) => (value - least) / (most - least);
const middle = (x, y, text, more = {}) => svg("text", { x, y, "text-anchor": "middle", ...more }, text);

function yAxis(y, left, right) {
  return svg("g", { class: "ticks" }, y.ticks(5).map((tick) => [svg("line", { x1: left, x2: right, y1: y(tick), y2: y(tick) }),
    svg("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, figure(tick))]));
}

export function lines(chart, width) {
  const values = chart.rows.flatMap((row) => present(row.values));
  const ends = values.flatMap((v) => [v.low ?? v.value, v.high ?? v.value]);
  // Rates are compared by their lengths; a figure over a parameter by its changes.
  const y = scaleLinear(chart.even ? [0, Math.max(...ends)] : rangeOf(ends), [TOP + TALL, TOP]).nice();
  const left = Math.max(...y.ticks(5).map((tick) => widthOf(figure(tick)))) + 14, right = width - 16;
  const x = scaleLinear(rangeOf(chart.rows.map((row) => row.at)), [left + 6, right - 6]);
  const ticks = svg("g", { class: "ticks" }, chart.even ? chart.rows.map((row) => middle(x(row.at), TOP + TALL + 16, row.name))
    : x.ticks(Math.max(2, Math.floor((right - left) / 80))).map((tick) => middle(x(tick), TOP + TALL + 16, figure(tick))));
  return picture(chart, TOP + TALL + BELOW, width, yAxis(y, left, right), ticks, middle((left + right) / 2, TOP + TALL + 34, chart.row_axis),
    chart.series.map((series, s) => {
      const places = chart.rows.filter((row) => row.values[s]).map((row) => ({ at: x(row.at), name: row.name, v: row.values[s] }));
      if (!places.length) return null;
      const path = (of) => places.map((p) => `${p.at.toFixed(1)} ${y(of(p.v)).toFixed(1)}`);
      const high = path((v) => v.high ?? v.value), low = path((v) => v.low ?? v.value);
      const marks = series.points ? places.map((p) => svg("path", { class: "error", d: `M${p.at - 4} ${y(p.v.high)}h8m-4 0V${y(p.v.low)}m-4 0h8` },
        svg("title", {}, `${series.name}: ${figure(p.v.low)} to ${figure(p.v.high)}`)))
        : [svg("path", { class: "band", d: `M${high.join("L")}L${low.reverse().join("L")}Z` }), svg("path", { class: "mean", d: `M${path((v) => v.value).join("L")}` })];
      return svg("g", { class: `line ${colour(chart, s)}`, "data-series": s }, marks,
        places.map((p) => svg("circle", { cx: p.at, cy: y(p.v.value), r: series.points ? 4 : 3, class: series.points ? "hollow" : undefined }, svg("title", {}, `${series.name}, ${chart.row_axis} ${p.name}: ${p.v.text} ${chart.unit}`))));
    }));
}

export function heat(chart, width) {
  const range = rangeOf(chart.rows.flatMap((row) => present(row.values).map((v) => v.value)));
  const left = Math.min(width * 0.3, Math.max(...chart.rows.map((row) => widthOf(row.name)))) + 12, right = width - 8;
  const wide = (right - left) / chart.series.length, tall = Math.max(18, Math.min(34, 300 / chart.rows.length));
  const bottom = TOP + 16 + tall * chart.rows.length;
  const every = Math.max(1, Math.ceil(Math.max(...chart.series.map((one) => Math.min(widthOf(one.name), 90) + 8)) / wide));
  return picture(chart, bottom + BELOW, width, svg("text", { class: "note", x: 0, y: TOP + 6 }, chart.row_axis),
    chart.rows.map((row, r) => {
      const y = bottom - tall * (r + 1);
      return [svg("text", { x: left - 8, y: y + tall / 2 + 4, "text-anchor": "end" }, svg("title", {}, row.name), shortened(row.name, left - 12)),
        row.values.map((v, s) => {
          const x = left + s * wide, part = v ? partOf(range, v.value) : 0;
          if (!v) return svg("rect", { class: "no-cell", x, y, width: wide, height: tall });
          return [svg("rect", { class: "cell", x, y, width: wide, height: tall, fill: shade(part), "data-row": r, "data-series": s },
            svg("title", {}, `${chart.series_axis} ${chart.series[s].name}, ${chart.row_axis} ${row.name}: ${v.text} ${chart.unit}`)),
          wide > widthOf(v.text) + 6 ? middle(x + wide / 2, y + tall / 2 + 4, v.text, { class: part > 0.52 ? "on-dark" : "on-light" }) : null];
        })];
    }),
    chart.series.map((one, s) => (s % every ? null : middle(left + (s + 0.5) * wide, bottom + 16, shortened(one.name, wide * every - 6)))),
    middle((left + right) / 2, bottom + 34, chart.series_axis, { class: "note" }));
}

// The last axis has the figure, by which the lines are coloured.
export function parallel(chart, width) {
  const last = chart.series.length - 1, top = TOP + 34;
  const side = 56, gap = (width - 2 * side) / Math.max(1, last);
  const scales = chart.series.map((series, s) => scaleLinear(series.words.length ? [-0.5, series.words.length - 0.5]
    : rangeOf(chart.rows.map((row) => row.values[s].value)), [top + TALL, top]));
  const range = rangeOf(chart.rows.map((row) => row.values[last].value));
  return picture(chart, top + TALL + 12, width,
    chart.rows.map((row) => svg("path", { class: "thread", stroke: mixed(STROKES, partOf(range, row.values[last].value)),
      d: `M${row.values.map((v, s) => `${(side + s * gap).toFixed(1)} ${scales[s](v.value).toFixed(1)}`).join("L")}` }, svg("title", {}, row.name))),
    chart.series.map((series, s) => {
      const x = side + s * gap, ticks = series.words.length ? series.words.map((_, i) => i) : scales[s].ticks(4);
      const text = (tick) => (series.words.length ? series.words[tick] : figure(tick));
      return [svg("line", { class: "pole", x1: x, x2: x, y1: top, y2: top + TALL }),
        middle(x, s % 2 ? TOP + 4 : TOP + 20, shortened(series.name, 2 * gap - 8), { class: "row-name" }),
        ticks.map((tick) => svg("text", { class: "row-name", x: x + 4, y: scales[s](tick) + 4 }, shortened(text(tick), Math.max(gap - 8, 40))))];
    }));
}

// What the colours mean: the figure's two ends.
export function heatLegend(chart) {
  const of = chart.kind === "heat" ? chart.rows.flatMap((row) => present(row.values).map((v) => v.value))
    : chart.rows.map((row) => row.values[chart.series.length - 1].value);
  const [least, most] = rangeOf(of);
  const unit = chart.kind === "heat" ? ` ${chart.unit}` : "";
  const colours = chart.kind === "heat" ? SHADES : STROKES;
  const ramp = [0, 0.25, 0.5, 0.75, 1].map((part) => mixed(colours, part)).join(",");
  const bar = el("span", { class: "ramp" });
  bar.style.background = `linear-gradient(to right, ${ramp})`;
  return el("ul", { class: "kinds" }, el("li", {}, `${figure(least)} `, bar, ` ${figure(most)}${unit}`));
}
