// SPDX-License-Identifier: GPL-2.0-or-later
// Charts from the figures that the report gives of them: bars to scale, with the figures written
// beside them. Every figure is in the table under the chart too.
import { scaleLinear } from "d3-scale";
import { colour, figure, picture, present, shortened, widthOf } from "./chart_parts.js";
import { el, svg } from "./dom.js";
import { heat, heatLegend, lines, parallel } from "./plots.js";

const BAR = 16, GAP = 8, AXIS = 24; // px
const NARROW = 480;

const noted = (row) => row.name + (row.note ? ` ${row.note}` : "");

// "+3.1 %", of the base.
function moved(value, base) {
  const part = (100 * (value - base)) / base;
  return `${part < 0 ? "−" : "+"}${Math.abs(part).toFixed(1)} %`;
}

// The rows' names in a column of their own, or above the bars where that would leave them no room.
function layoutOf(chart, width, heightOf) {
  const long = Math.max(...chart.rows.map((row) => widthOf(noted(row))));
  const above = width < NARROW && long > 110;
  const left = above ? 0 : Math.min(long + 12, Math.max(120, width * 0.4));
  const room = 72; // for the figure at a bar's end
  let y = 4;
  const rows = chart.rows.map((row) => {
    const at = y + (above ? BAR : 0);
    y = at + heightOf(row) + GAP;
    return at;
  });
  return { above, left, right: width - room, rows, bottom: y, height: y + AXIS };
}

function nameOf(chart, layout, r, height) {
  const row = chart.rows[r];
  const room = (layout.above ? layout.right : layout.left - 8) - widthOf(row.note ? ` ${row.note}` : "");
  return svg("text", { class: "row-name", x: layout.above ? 0 : layout.left - 8, y: layout.above ? layout.rows[r] - 4 : layout.rows[r] + height / 2 + 4,
    "text-anchor": layout.above ? "start" : "end" }, svg("title", {}, row.name), shortened(row.name, room),
  row.note ? svg("tspan", { class: "note" }, ` ${row.note}`) : null);
}

function axis(layout, x) {
  const ticks = x.ticks(Math.max(2, Math.floor((layout.right - layout.left) / 90)));
  return svg("g", { class: "ticks" }, ticks.map((tick) => [
    svg("line", { x1: x(tick), x2: x(tick), y1: 0, y2: layout.bottom }),
    svg("text", { x: x(tick), y: layout.bottom + 14, "text-anchor": x(tick) < 12 ? "start" : "middle" }, figure(tick))]));
}

function stacked(chart, width) {
  const layout = layoutOf(chart, width, () => BAR + 4);
  const sums = chart.rows.map((row) => present(row.values).reduce((sum, v) => sum + v.value, 0));
  const x = scaleLinear([0, Math.max(chart.axis, ...sums) || 1], [layout.left, layout.right]);
  return picture(chart, layout.height, width, axis(layout, x), chart.rows.map((row, r) => {
    let from = 0;
    const y = layout.rows[r];
    return [nameOf(chart, layout, r, BAR + 4), row.values.map((v, s) => {
      if (!v || v.value === 0) return null;
      const at = x(from), wide = x(from + v.value) - at;
      from += v.value;
      return [svg("rect", { class: `work ${colour(chart, s)}`, x: at, y, width: wide, height: BAR + 4, "data-series": s, "data-row": r },
        svg("title", {}, `${chart.series[s].name}: ${v.text} ${chart.unit}, ${((100 * v.value) / sums[r]).toFixed(1)} %`)),
      wide > widthOf(v.text) + 6 ? svg("text", { class: `label on-${colour(chart, s)}`, x: at + wide / 2, y: y + 14, "text-anchor": "middle" }, v.text) : null];
    }), svg("text", { class: "sum", x: x(from) + 6, y: y + 14 }, figure(sums[r]))];
  }));
}

function whiskers(v, x, y) {
  if (v.low === undefined || v.high === undefined) return null;
  return svg("path", { class: "whiskers", d: `M${x(v.low)} ${y - 4}v8m0 -4H${x(v.high)}m0 -4v8` }, svg("title", {}, `${figure(v.low)} to ${figure(v.high)}`));
}

function bars(chart, width) {
  const count = chart.series.length, high = (count === 1 ? BAR + 2 : BAR) * count;
  const layout = layoutOf(chart, width, () => high);
  const x = scaleLinear([0, Math.max(...chart.rows.flatMap((row) => present(row.values).map((v) => v.high ?? v.value))) || 1], [layout.left, layout.right]);
  return picture(chart, layout.height, width, axis(layout, x), chart.rows.map((row, r) => [nameOf(chart, layout, r, high), row.values.map((v, s) => {
    if (!v) return null;
    const y = layout.rows[r] + (s * high) / count, tall = high / count - 1;
    return [svg("rect", { class: `work ${colour(chart, s)}`, x: layout.left, y, width: Math.max(0.5, x(v.value) - layout.left), height: tall, "data-series": s, "data-row": r },
      svg("title", {}, `${chart.series[s].name}: ${v.text} ${chart.unit}`)),
    whiskers(v, x, y + tall / 2),
    svg("text", { class: "sum", x: x(v.high ?? v.value) + 6, y: y + tall / 2 + 4 }, v.text)];
  })]));
}

function ranges(chart, width) {
  const layout = layoutOf(chart, width, () => BAR + 4);
  const x = scaleLinear([0, Math.max(...chart.rows.map((row) => row.values[0].high ?? row.values[0].value)) || 1], [layout.left, layout.right]);
  return picture(chart, layout.height, width, axis(layout, x), chart.rows.map((row, r) => {
    const [v] = row.values, y = layout.rows[r] + BAR / 2 + 2, low = v.low ?? v.value, high = v.high ?? v.value;
    return [nameOf(chart, layout, r, BAR + 4),
      svg("rect", { class: "work range", x: x(low), y: y - 6, width: Math.max(1, x(high) - x(low)), height: 12, "data-row": r }, svg("title", {}, `${figure(low)} to ${figure(high)} ${chart.unit}`)),
      svg("line", { class: "value-mark", x1: x(v.value), x2: x(v.value), y1: y - 9, y2: y + 9 }),
      x(low) - layout.left > widthOf(figure(low)) + 6 ? svg("text", { class: "sum", x: x(low) - 6, y: y + 4, "text-anchor": "end" }, figure(low)) : null,
      svg("text", { class: "sum", x: x(high) + 6, y: y + 4 }, figure(high))];
  }));
}

// The ends of a parameter's range: what they make of the base, the one that lowers it to the left.
function tornado(chart, width) {
  const layout = layoutOf(chart, width, () => BAR);
  const ends = chart.rows.flatMap(({ values: [v] }) => [v.low, v.high]);
  const room = 56;
  const x = scaleLinear([Math.min(chart.base, ...ends), Math.max(chart.base, ...ends)], [layout.left + room, layout.right]);
  const bar = (r, end, value) => svg("rect", { class: `work ${end}`, x: Math.min(x(value), x(chart.base)), y: layout.rows[r], width: Math.abs(x(value) - x(chart.base)), height: BAR,
    "data-row": r, "data-end": end }, svg("title", {}, `at its ${end === "at-low" ? "low" : "high"} end: ${figure(value)} ${chart.unit}`));
  const mark = svg("line", { class: "value-mark", x1: x(chart.base), x2: x(chart.base), y1: 0, y2: layout.bottom });
  return picture(chart, layout.height, width, axis(layout, x), mark, chart.rows.map((row, r) => {
    const [v] = row.values, y = layout.rows[r] + 12, least = Math.min(v.low, v.high, chart.base), most = Math.max(v.low, v.high, chart.base);
    return [nameOf(chart, layout, r, BAR), bar(r, "at-low", v.low), bar(r, "at-high", v.high),
      least < chart.base ? svg("text", { class: "sum", x: x(least) - 6, y, "text-anchor": "end" }, moved(least, chart.base)) : null,
      most > chart.base ? svg("text", { class: "sum", x: x(most) + 6, y }, moved(most, chart.base)) : null];
  }));
}

const KINDS = { stacked, bars, ranges, tornado, lines, heat, parallel };

function legend(chart) {
  if (chart.kind === "heat" || chart.kind === "parallel") return heatLegend(chart);
  const entries = chart.kind === "tornado" ? [["at-low", "the parameter at its low end"], ["at-high", "at its high end"]]
    : chart.kind === "ranges" ? [["range", "low to high"]]
      : chart.series.length > 1 ? chart.series.map((one, s) => [colour(chart, s) + (one.points ? " ring" : ""), one.name]) : [];
  return entries.length ? el("ul", { class: "kinds" }, entries.map(([work, text]) => el("li", {}, el("span", { class: `swatch ${work}` }), text))) : null;
}

// Caption, legend and picture, in a frame that is there or in one of its own; drawn at the width that there is.
export function chartFrame(chart, frame = el("figure", { class: "chart" })) {
  const place = el("div", { class: "place" });
  frame.prepend(el("figcaption", {}, el("strong", {}, chart.title), el("span", { class: "quiet" }, `, ${chart.unit}`)), legend(chart) ?? "", place);
  let drawn = 0;
  new ResizeObserver(() => {
    const width = Math.max(280, Math.floor(place.clientWidth));
    if (width === drawn) return;
    drawn = width;
    place.replaceChildren(KINDS[chart.kind](chart, width));
  }).observe(place);
  return frame;
}

// Puts the picture before the table of a chart, which is folded.
export function drawCharts() {
  for (const frame of document.querySelectorAll("figure.chart")) {
    chartFrame(JSON.parse(frame.dataset.chart), frame);
    frame.querySelector("details").open = false;
  }
}
